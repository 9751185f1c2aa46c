"""From a kernel's messages to what may be shown: texts and pictures pass, nothing else, and not too much."""

import ast
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.sandbox.outputs import Image, Logs, Outputs, at_home

PNG = b"\x89PNG\r\n\x1a\n and so on"


def shown(*messages: tuple[str, Any], limit_bytes: int = 1000) -> list[Logs | Image]:
    outputs = Outputs(limit_bytes)
    for kind, content in messages:
        outputs.show(kind, content)
    return outputs.all()


def stream(text: object) -> tuple[str, Any]:
    return "stream", {"name": "stdout", "text": text}


def data(**data: object) -> tuple[str, Any]:
    return "display_data", {"data": {name.replace("_", "/", 1): value for name, value in data.items()}}


def test_texts_that_follow_each_other_are_one() -> None:
    assert shown(stream("a"), stream("b\n"), data(text_plain="42")) == [Logs("ab\n42")]


def test_what_is_no_stream_begins_on_a_line_of_its_own() -> None:
    assert shown(stream("a"), data(text_plain="42"), data(text_plain="43")) == [Logs("a\n42\n43")]


def test_a_picture_stands_where_it_was_drawn() -> None:
    drawn = data(image_png=b64encode(PNG).decode(), text_plain="<Figure>")
    assert shown(stream("before"), drawn, stream("after")) == [Logs("before"), Image(PNG), Logs("after")]


def test_a_traceback_has_no_colours() -> None:
    error = {"ename": "E", "evalue": "e", "traceback": ["\x1b[31mE\x1b[39m", "\x1b]8;;http://x\x07link\x1b]8;;\x07: e"]}
    assert shown(("error", error)) == [Logs("E\nlink: e")]


@pytest.mark.parametrize(
    "message",
    [
        data(text_html="<b>"),
        data(application_javascript="alert()"),
        data(image_svg="<svg>"),
        data(image_png="no base64 §"),
        data(image_png=b64encode(b"GIF89a").decode()),
        data(image_png=[]),
        ("display_data", {"data": "text/plain"}),
        ("display_data", {}),
        ("stream", {}),
        stream(["a"]),
        ("error", {"traceback": "no list"}),
        ("comm_open", {"data": {}}),
        ("input_request", {"prompt": "password"}),
        ("update_display_data", {"data": {"text/plain": "a"}}),
    ],
)
def test_everything_else_leaves_no_trace(message: tuple[str, Any]) -> None:
    assert shown(message) in ([], [Logs("")])


def test_a_flood_of_text_ends_at_the_limit() -> None:
    outputs = Outputs(limit_bytes=10)
    outputs.show(*stream("é" * 4))
    assert outputs.all() == [Logs("éééé")]
    outputs.show(*stream("é" * 4))
    assert outputs.over
    outputs.show(*stream("more"))
    outputs.say("Cut.")
    assert outputs.all() == [Logs("ééééé\nCut.")]


def test_a_flood_of_pictures_ends_too() -> None:
    outputs = Outputs(limit_bytes=1000)
    for _ in range(60):
        outputs.show(*data(image_png=b64encode(PNG).decode()))
    assert outputs.over
    assert len(outputs.all()) == 50


def test_halves_of_characters_do_not_break_the_store() -> None:
    [logs] = shown(stream("\ud83d"))
    assert isinstance(logs, Logs)
    assert logs.text.encode()


def test_paths_are_shown_by_what_they_stand_for() -> None:
    outputs = Outputs(100, {"/tmp/anbk-x/data": "/mnt/data"})
    outputs.show(*stream("/tmp/anbk-x/data/a.csv"))
    assert outputs.all() == [Logs("/mnt/data/a.csv")]


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("open('/mnt/data/a.csv')", "open('/x/a.csv')"),
        ('f"/mnt/data/{name}.csv"', 'f"/x/{name}.csv"'),
        ("'''a\n/mnt/data'''\nb = r'/mnt/data'", "'''a\n/x'''\nb = r'/x'"),
        ("é = '/mnt/data'; '/mnt/data'", "é = '/x'; '/x'"),
        ("# /mnt/data", "# /mnt/data"),
        ("root/mnt/data", "root/mnt/data"),
        ("'/mnt/database'", "'/mnt/database'"),
        ("'/mnt/data' +", "'/x' +"),
        ("s = '''/mnt/data", "s = '''/mnt/data"),
        ("", ""),
    ],
)
def test_code_finds_its_files_where_they_are(code: str, changed: str) -> None:
    assert at_home(code, "/x") == changed


@given(st.lists(st.sampled_from(["'/mnt/data'", "'a'", "x", "1", "f'{x}'", "'''\n'''", "ü", "(1,\n2)"])))
def test_code_without_the_path_stays_as_it_is(parts: list[str]) -> None:
    code = "\n".join(parts)
    assert at_home(code, "/mnt/data") == code
    assert ast.dump(ast.parse(at_home(code, "/x/y"))) == ast.dump(ast.parse(code.replace("/mnt/data", "/x/y")))
