"""From bytes to text: what is read, and that nothing hostile costs more than it may."""

import io
import logging
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant_nb.engine.files import readers
from assistant_nb.engine.files.readers import MAX_TEXT_BYTES, Unreadable, can_read, read

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def text_of(tmp_path: Path, name: str, data: bytes) -> str:
    (tmp_path / name).write_bytes(data)
    with (tmp_path / name).open("rb") as file:
        return read(name, file).decode()


def why_not(tmp_path: Path, name: str, data: bytes) -> str:
    with pytest.raises(Unreadable) as unreadable:
        text_of(tmp_path, name, data)
    return f"{unreadable.value.code}: {unreadable.value.why}"


def zipped(parts: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def word(body: str) -> bytes:
    return zipped({"word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'})


def pdf(content: bytes) -> bytes:
    """A page whose content stream is `content`."""
    packed = zlib.compress(content, 1)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for n, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%s endobj\n" % (n, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (table, len(data))
    )


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "utf-8-sig", "utf-16"])
def test_text_is_utf8_or_says_that_it_is_utf16(tmp_path: Path, encoding: str) -> None:
    assert text_of(tmp_path, "a.py", "print(1)".encode(encoding)) == "print(1)"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.txt", b"", "invalid_file: empty: there is no text in it"),
        ("a.md", b" \n", "invalid_file: empty: there is no text in it"),
        ("a.txt", "Grüße".encode("latin-1"), "unsupported_file: not UTF-8 text; save it in that encoding"),
        ("a.txt", "a".encode("utf-16-le"), "unsupported_file: not text, but binary"),
        ("a.txt", b"\xff\xfea", "unsupported_file: not UTF-8 text"),
        ("a.txt", b"x" * (MAX_TEXT_BYTES + 1), "invalid_file: too large: its text takes more than 20 MB"),
        ("a.doc", b"\xd0\xcf\x11\xe0", "unsupported_file: in the old format of Word; save it as .docx"),
        ("a.html", b"<script>alert('Hello')</script>", "invalid_file: empty"),
        ("a.docx", b"no archive", "invalid_file: damaged, or not what its name says (BadZipFile: File is not a zip file)"),
        ("a.docx", zipped({"other.xml": "<a/>"}), "invalid_file: empty"),
        ("a.docx", zipped({"word/document.xml": "<a>"}), "invalid_file: damaged, or not what its name says (ParseError"),
        ("a.pdf", b"no PDF", "invalid_file: damaged, or not what its name says (PdfStreamError"),
        ("a.pdf", pdf(b"0 0 100 100 re f"), "invalid_file: empty"),
        ("a.pdf", pdf(b"")[:300], "invalid_file: "),
    ],
    ids=lambda value: "",
)  # fmt: skip
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    assert why_not(tmp_path, name, data).startswith(why)


def test_html_is_what_a_browser_shows(tmp_path: Path) -> None:
    page = """<!doctype html><html><head><title>Cats &amp; dogs</title><style>p {color: red}</style></head>
    <body><!-- a note --><h1>Of  <em>c</em>ats</h1><template>No</template><p>They
    sleep.<br>Much.</p><table><tr><td>one</td><td>two</td></tr></table><script>if (a < b) {"</p>"}</script>AT&T"""
    text = text_of(tmp_path, "page.html", page.encode())
    assert text.splitlines() == ["Cats & dogs", "Of cats", "They sleep.", "Much.", "one", "two", "AT&T"]


def test_json_has_letters_instead_of_escapes(tmp_path: Path) -> None:
    data = rb'{"a":  "Gr\u00fc\u00dfe \ud83d\ude00", "b": "\\u0041 \ud83d"}'
    assert text_of(tmp_path, "a.json", data) == '{"a":  "Grüße 😀", "b": "\\\\u0041 �"}'


def test_a_word_file_gives_its_paragraphs(tmp_path: Path) -> None:
    body = """<w:p><w:r><w:t>Hel</w:t></w:r><w:r><w:t>lo</w:t><w:tab/><w:t>you</w:t></w:r></w:p>
    <w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
    <x:AlternateContent xmlns:x="m"><x:Choice><w:p><w:t>new</w:t></w:p></x:Choice>
    <x:Fallback><w:p><w:t>old</w:t></w:p></x:Fallback></x:AlternateContent><w:p><w:delText>gone</w:delText></w:p>"""
    assert text_of(tmp_path, "a.DOCX", word(body)) == "Hello\tyou\ncell\nnew\n\n"


def test_slides_come_in_their_order(tmp_path: Path) -> None:
    slides = {f"ppt/slides/slide{n}.xml": f'<a:p xmlns:a="x"><a:t>Slide {n}</a:t></a:p>' for n in (10, 2, 1)}
    assert text_of(tmp_path, "a.pptx", zipped(slides)) == "Slide 1\nSlide 2\nSlide 10\n"


def test_a_pdf_gives_its_pages(tmp_path: Path) -> None:
    assert text_of(tmp_path, "a.pdf", pdf(b"BT /F 12 Tf 10 10 Td (Hello from a page) Tj ET")) == "Hello from a page\n\n"


def test_without_the_extra_a_pdf_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)  # as if it were not installed
    monkeypatch.setattr(sys, "platform", "emscripten")  # read here, not in another process
    why = why_not(tmp_path, "a.pdf", pdf(b""))
    assert why == 'server_error: a PDF, and what reads those is missing: pip install "assistant_nb[search]"'


def test_where_no_process_can_be_started_a_pdf_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    assert why_not(tmp_path, "a.pdf", pdf(b"")).startswith("server_error: to be read by another process, and none can")


@given(
    st.sampled_from([(".docx", word("<w:p><w:t>Hello</w:t></w:p>")), (".pdf", pdf(b"BT /F 9 Tf (Hello) Tj ET"))])
    | st.tuples(st.sampled_from([".txt", ".json", ".html"]), st.binary()),
    st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=4),
)
@settings(deadline=None)
def test_a_broken_file_raises_nothing_but_unreadable(case: tuple[str, bytes], errors: list[tuple[int, int]]) -> None:
    (kind, whole), logging.getLogger("pypdf").disabled = case, True
    data = bytearray(whole or b" ")
    for place, byte in errors:
        data[place % len(data)] = byte
    with suppress(Unreadable):
        readers._read_here(kind, io.BytesIO(data)).decode()


def bomb() -> bytes:
    """A thousand times larger than it looks."""
    return word(f"<w:p><w:t>{'0' * 200_000_000}</w:t></w:p>")


def entities() -> bytes:
    lots = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    return zipped({"word/document.xml": f'<!DOCTYPE d [<!ENTITY e0 "ha">{lots}]><d><p><t>&e12;</t></p></d>'})


def countless() -> bytes:
    """An archive that says it holds more files than memory does."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0) + b"word"
    size = len(entry) * 2_000_000
    return entry * 2_000_000 + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65535, 65535, size, 0, 0)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("paragraphs.docx", lambda: word("<w:p><w:t>0123456789</w:t></w:p>" * 2_000_000)),
        ("bomb.docx", bomb),
        ("entities.docx", entities),
        ("countless.docx", countless),
        ("strokes.pdf", lambda: pdf(b"BT /F 12 Tf " + b"(0) Tj " * 6_000_000)),
        ("stream.pdf", lambda: pdf(b" " * 500_000_000)),
        ("tags.html", lambda: b"<a " * 3_000_000),
        ("tag.html", lambda: b"<a " + b"b " * 5_000_000),
        ("comments.html", lambda: b"<!-- <" * 3_000_000),
        ("references.html", lambda: b"&" * 15_000_000),
        ("escapes.json", lambda: b"\\" * 3_000_000 + rb"\u00fc" * 300_000),
    ],
)  # fmt: skip
def test_a_hostile_file_costs_no_more_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: Callable[[], bytes]
) -> None:
    monkeypatch.setattr(readers, "TIMEOUT_S", 1)
    with suppress(Unreadable):
        assert len(text_of(tmp_path, name, data())) <= MAX_TEXT_BYTES


def test_names_tell_what_can_be_read() -> None:
    assert can_read("Notes.MD") and can_read("a.pdf") and not can_read("table.csv") and not can_read("README")
