"""Reading files: from bytes to the text that can be searched. One table says who reads what.

Plain text, code, JSON and HTML are read here and now, with the standard library. Archives and PDF can
be made to cost any time and memory, so they are read in a process of their own that has a limit to
both. Where there are no processes (Pyodide), they are read here, too: the file is the learner's own.

Source: API reference, "File search", "Supported files": text has to be UTF-8, UTF-16 or ASCII.
"""

import codecs
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import PurePath
from subprocess import DEVNULL, PIPE
from typing import IO, BinaryIO, Final
from xml.etree.ElementTree import Element, iterparse
from zipfile import ZipFile

from ...machine import in_browser
from ..errors import EngineError

MAX_TEXT_BYTES: Final = 20_000_000
"""As UTF-8: 5,000,000 tokens, the documented limit."""
TIMEOUT_S: Final = 30
MEMORY_BYTES: Final = 2**30
_PIECE_CHARS: Final = 2**16
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Reader = Callable[[BinaryIO], Iterable[str]]
"""Yields the text piece by piece. What it raises makes the file unreadable."""


class Unreadable(EngineError):
    """No text can be had from a file; the message and `code` become its `last_error`."""

    def __init__(self, why: str, code: str = "invalid_file") -> None:
        super().__init__(f"The file could not be parsed because it is {why}.")
        self.why, self.code = why, code


def can_read(name: str) -> bool:
    """Whether files of such a name are taken at all: `can_read("notes.MD")`."""
    return _kind(name) in _READERS


def read(name: str, file: BinaryIO) -> bytes:
    """The text, in UTF-8, of an open file whose name tells its kind. Raises Unreadable."""
    kind = _kind(name)
    apart = kind in _APART and not in_browser()
    text = _read_apart(kind, file) if apart else _read_here(kind, file)
    if not text or text.isspace():
        raise Unreadable("empty: there is no text in it")
    return text


def _kind(name: str) -> str:
    return PurePath(name).suffix.lower()


def _read_here(kind: str, file: BinaryIO) -> bytes:
    pieces, left = [], MAX_TEXT_BYTES
    try:
        for piece in _READERS[kind](file):
            pieces.append(piece.encode("utf-8", "replace"))  # a PDF may hold halves of characters
            left -= len(pieces[-1])
            if left < 0:
                raise _too_large()
    except Unreadable:
        raise
    except MemoryError:
        raise Unreadable("too large to be read in the memory allowed for it") from None
    except Exception as error:  # noqa: BLE001  a broken file makes its reader raise anything
        why = f"{type(error).__name__}: {error}"[:200]
        raise Unreadable(f"damaged, or not what its name says ({why})") from None
    return b"".join(pieces)


def _too_large() -> Unreadable:
    return Unreadable(f"too large: its text takes more than {MAX_TEXT_BYTES // 10**6} MB")


# Text


def _plain(file: BinaryIO) -> Iterator[str]:
    data = file.read(2 * MAX_TEXT_BYTES + 1)  # as UTF-16
    if len(data) > 2 * MAX_TEXT_BYTES:
        raise _too_large()
    try:
        text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8 text; save it in that encoding and upload it again", "unsupported_file") from None
    if "\0" in text:
        raise Unreadable("not text, but binary", "unsupported_file")
    yield text


_ESCAPES: Final = re.compile(r"\\\\|(?:\\u[0-9a-fA-F]{4})+")


def _json(file: BinaryIO) -> Iterator[str]:
    r"""As it stands, but with letters for their escapes (`\u00e9`): those are what people look for."""
    for text in _plain(file):
        yield _ESCAPES.sub(_unescaped, text)


def _unescaped(escapes: re.Match[str]) -> str:
    if escapes[0] == r"\\":
        return escapes[0]
    letters: str = json.loads(f'"{escapes[0]}"')
    return letters.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _html(file: BinaryIO) -> Iterator[str]:
    """What a browser would show, a line for each block."""
    parser, end = _VisibleText(), time.monotonic() + TIMEOUT_S
    for text in _plain(file):
        for start in range(0, len(text), _PIECE_CHARS):
            parser.feed(text[start : start + _PIECE_CHARS])
            if time.monotonic() > end:  # one tag as long as the file is looked at again and again
                raise Unreadable(f"so badly formed that {TIMEOUT_S} s were not enough for it")
    parser.feed("\n")  # instead of close(), which takes for ever over a thousand open tags
    for line in "".join(parser.pieces).split("\n"):
        if words := " ".join(line.split()):
            yield words + "\n"


class _VisibleText(HTMLParser):
    _HIDDEN: Final = frozenset({"script", "style", "template"})
    _INLINE: Final = re.compile(
        "a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|s|samp|small|span|strong|sub|sup"
        "|time|tt|u|var|wbr"
    )

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hiding = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  its signature
        self._hiding += tag in self._HIDDEN
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hiding = max(0, self._hiding - (tag in self._HIDDEN))
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hiding:
            self.pieces.append(" ".join(data.split("\n")))

    def _break(self, tag: str) -> None:
        if not self._INLINE.fullmatch(tag):
            self.pieces.append("\n")


# Archives and PDF


def _office(parts: re.Pattern[str], file: BinaryIO) -> Iterator[str]:
    """Paragraphs of Word and PowerPoint files: zipped XML, in which both call a paragraph `p` and a text `t`."""
    with ZipFile(file) as archive:
        names = [name for name in archive.namelist() if parts.fullmatch(name)]
        for name in sorted(names, key=lambda name: (len(name), name)):  # slide2 before slide10
            with archive.open(name) as part:
                yield from _paragraphs(part)


def _paragraphs(part: IO[bytes]) -> Iterator[str]:
    unseen = 0  # what an old program would show instead of what stands right before it
    for event, element in iterparse(part, ("start", "end")):  # noqa: S314  expat refuses bombs, and we are apart
        tag = _tag(element)
        if tag == "Fallback":
            unseen += 1 if event == "start" else -1
        elif tag == "p" and event == "end":
            if not unseen:
                yield "".join(map(_inline, element.iter())) + "\n"
            element.clear()


def _inline(element: Element) -> str:
    tag = _tag(element)
    return (element.text or "") if tag == "t" else {"tab": "\t", "br": "\n", "cr": "\n"}.get(tag, "")


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _pdf(file: BinaryIO) -> Iterator[str]:
    if not find_spec("pypdf"):
        raise Unreadable('a PDF, and what reads those is missing: pip install "assistant_nb[search]"', "server_error")
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    document = PdfReader(file)
    try:
        if document.is_encrypted and not document.decrypt(""):
            raise Unreadable("locked; save it without a password and upload that")
    except DependencyError:  # AES takes a library of C
        raise Unreadable("encrypted; save it without that and upload it again", "unsupported_file") from None
    for page in document.pages:
        yield page.extract_text() + "\n\n"


def _old_word(_: BinaryIO) -> Iterator[str]:
    raise Unreadable("in the old format of Word; save it as .docx and upload that", "unsupported_file")


_APART: Final[dict[str, Reader]] = {
    ".docx": partial(_office, re.compile(r"word/(document|footnotes|endnotes)\d*\.xml")),
    ".pptx": partial(_office, re.compile(r"ppt/slides/slide\d+\.xml")),
    ".pdf": _pdf,
}
_PLAIN: Final = ("c", "cpp", "cs", "css", "go", "java", "js", "md", "php", "py", "rb", "sh", "tex", "ts", "txt")
_READERS: Final[dict[str, Reader]] = {
    **{f".{kind}": _plain for kind in _PLAIN},
    ".json": _json,
    ".html": _html,
    ".doc": _old_word,
    **_APART,
}


# In a process of its own


def _read_apart(kind: str, file: BinaryIO) -> bytes:
    command = [sys.executable, "-P", "-m", __spec__.name, kind]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}  # it finds what we find
    try:
        done = subprocess.run(  # noqa: S603  our own module, and a kind from the table
            command, stdin=file, stdout=PIPE, stderr=DEVNULL, env=environ, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(f"so large or badly formed that {TIMEOUT_S} s were not enough for it") from None
    except OSError as error:
        raise Unreadable(f"to be read by another process, and none can be started ({error})", "server_error") from None
    if done.returncode == 0:
        return done.stdout
    try:
        raise Unreadable(**json.loads(done.stdout))
    except ValueError:  # it was killed before it could say why
        raise Unreadable("too large to be read in the time and memory allowed for it") from None


def _serve(kind: str) -> int:
    """What the other process does: reads its standard input, writes the text, or why there is none."""
    with suppress(ImportError, ValueError, OSError):  # Windows and some others have only the timeout
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT_S, TIMEOUT_S))
    try:
        answer, status = _read_here(kind, sys.stdin.buffer), 0
    except Unreadable as error:
        answer, status = json.dumps({"why": error.why, "code": error.code}).encode(), 1
    sys.stdout.buffer.write(answer)
    return status


if __name__ == "__main__":
    sys.exit(_serve(sys.argv[1]))
