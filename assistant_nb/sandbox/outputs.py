"""What a model and a person may see of a kernel's messages. Pure.

Code can send any message in the kernel's name, so no message is trusted. Only texts and PNG images pass.

Source: "Messages on the IOPub channel", https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

import binascii
import io
import re
import tokenize
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .limits import DATA_PATH

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_IMAGES: Final = 16
"""Images may take this many times the bytes of texts."""
_MOST_IMAGES: Final = 50
"""The most images that one execution shows."""
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_IN_CODE: Final = re.compile(rf"{DATA_PATH}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Logs:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    png: bytes


@dataclass(frozen=True, slots=True)
class File:
    """A file that an execution has made or changed."""

    name: str
    """The path below `/mnt/data`, such as `out/table.csv`."""
    path: Path
    """A copy, or the file itself. It exists until the next execution, and no code runs meanwhile."""


@dataclass(frozen=True, slots=True)
class Executed:
    """The result of an execution."""

    outputs: Sequence[Logs | Image]
    """In order; neighbouring texts are one."""
    files: Sequence[File]
    """The files that the execution has made or changed."""


class Outputs:
    """What one execution has shown so far: `show("stream", {"name": "stdout", "text": "4\\n"})`."""

    def __init__(self, limit_bytes: int, shown_as: Mapping[str, str] | None = None) -> None:
        """`shown_as` replaces paths, or other texts, in all logs."""
        self._outputs: list[list[str] | Image] = []
        self._text_left, self._images_left = limit_bytes, _IMAGES * limit_bytes
        self._least = _IMAGES * limit_bytes // _MOST_IMAGES
        self._shown_as = shown_as or {}
        self.failed = False
        """True if an error was shown."""

    @property
    def over(self) -> bool:
        """True if more came than is shown."""
        return self._text_left < 0 or self._images_left < 0

    def show(self, kind: str, content: Mapping[str, object]) -> None:
        """Take any message of the iopub channel. Unknown kinds are ignored."""
        if kind == "stream":
            self._write(content.get("text"), fresh_line=False)
        elif kind in ("display_data", "execute_result"):
            self._display(content.get("data"))
        elif kind == "error":
            self.failed = True
            lines = content.get("traceback")
            self._write("\n".join(map(str, lines)) if isinstance(lines, list) else None)

    def say(self, sentence: str) -> None:
        """Add a sentence of the engine's own, whatever the limit."""
        self._texts().append(self._break() + sentence)

    def all(self) -> list[Logs | Image]:
        """Return the outputs in order. Neighbouring texts are joined."""
        return [each if isinstance(each, Image) else Logs(self._clean("".join(each))) for each in self._outputs]

    def _display(self, data: object) -> None:
        if not isinstance(data, dict):
            return
        png = _png(data.get("image/png"))
        if png is None:
            self._write(data.get("text/plain"))
        elif not self.over:
            self._images_left -= max(len(png), self._least)
            if not self.over:
                self._outputs.append(Image(png))

    def _write(self, text: object, *, fresh_line: bool = True) -> None:
        if not isinstance(text, str) or self.over or not text:
            return
        data = text.encode("utf-8", "replace")
        room, self._text_left = self._text_left, self._text_left - len(data)
        self._texts().append((self._break() if fresh_line else "") + data[:room].decode("utf-8", "ignore"))

    def _texts(self) -> list[str]:
        if not self._outputs or isinstance(self._outputs[-1], Image):
            self._outputs.append([])
        texts = self._outputs[-1]
        assert isinstance(texts, list)
        return texts

    def _break(self) -> str:
        """Return a line end where it is missing, for an output that begins on a new line."""
        texts = self._texts()
        return "\n" if texts and not texts[-1].endswith("\n") else ""

    def _clean(self, text: str) -> str:
        text = _ESCAPES.sub("", text)
        for path, name in self._shown_as.items():
            text = text.replace(path, name)
        return text


def _png(encoded: object) -> bytes | None:
    if not isinstance(encoded, str):
        return None
    try:
        png = b64decode(encoded)
    except (binascii.Error, ValueError):
        return None
    return png if png.startswith(_PNG) else None


def at_home(code: str, data_path: str) -> str:
    """Replace `/mnt/data` in the string literals of code by the real folder.

    `at_home("open('/mnt/data/a.csv')", "/tmp/x")` is `"open('/tmp/x/a.csv')"`. Code that is not Python stays as it is.
    """
    if data_path == DATA_PATH:
        return code
    try:
        spans = list(_literals(code))
    except (tokenize.TokenError, SyntaxError):
        return code
    for start, end in reversed(spans):
        code = code[:start] + _IN_CODE.sub(lambda _: data_path, code[start:end]) + code[end:]
    return code


def _literals(code: str) -> Iterator[tuple[int, int]]:
    """Yield where each string begins and ends. An f-string counts as a whole."""
    starts = [0]
    for line in io.StringIO(code):
        starts.append(starts[-1] + len(line))
    opened = getattr(tokenize, "FSTRING_START", None)  # since Python 3.12
    closed = getattr(tokenize, "FSTRING_END", None)
    outer: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
        if token.type == opened:
            outer.append(start)
        elif token.type == closed:
            start = outer.pop()
            if not outer:
                yield start, end
        elif token.type == tokenize.STRING and not outer:
            yield start, end
