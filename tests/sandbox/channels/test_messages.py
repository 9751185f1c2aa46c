"""Messages of a kernel that may be hostile: what is none is None, and what costs much is not read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.sandbox.channels.messages import Message, TooMuch, message, request

HEADER, PARENT = b'{"msg_type": "stream"}', b'{"msg_id": "a"}'


def frames(content: bytes, header: bytes = HEADER, parent: bytes = PARENT) -> list[bytes]:
    return [b"topic", b"<IDS|MSG>", b"signature", header, parent, b"{}", content]


def test_a_request_is_signed_and_can_be_read() -> None:
    id, sent = request("execute_request", {"code": "é"}, b"key")
    assert json.loads(sent[2])["msg_id"] == id
    assert len(sent[1]) == 64
    assert message("shell", sent) == Message("shell", "execute_request", "", {"code": "é"})


@pytest.mark.parametrize(
    "text",
    [str(list(range(300_000))), json.dumps([{"a": "b\\c"}] * 30_000), "\n" * 200_000, "∀" * 200_000],
    ids=["list", "JSON", "lines", "signs"],
)
def test_a_long_text_is_read_whatever_is_in_it(text: str) -> None:
    for ascii in (True, False):
        came = message("iopub", frames(json.dumps({"text": text}, ensure_ascii=ascii).encode()))
        assert came == Message("iopub", "stream", "a", {"text": text})


@pytest.mark.parametrize(
    "content",
    [
        b'{"text": [' + b"[]," * 100_001 + b"0]}",
        b'{"text": [' + b'"",' * 100_001 + b"0]}",
        b'{"a": "\\\\", "b": [' + b"[]," * 100_001 + b"0]}",
        b'{"a": "\\"", "b": [' + b"[]," * 100_001 + b"0]}",
        b'{"a": 1.' + b"1" * 3_000_000 + b"}",
        b'{"a": "' + b"\\n" * 1_100_000 + b'"}',
    ],
    ids=["lists", "strings", "after a backslash", "after a quote", "a number", "escapes"],
)
def test_a_content_of_many_pieces_is_not_read(content: bytes) -> None:
    with pytest.raises(TooMuch):
        message("iopub", frames(content))


def test_a_header_is_short() -> None:
    with pytest.raises(TooMuch):
        message("iopub", frames(b"{}", header=b'{"msg_type": "' + b"a" * 20_000 + b'"}'))


@pytest.mark.parametrize(
    "came",
    [
        [],
        [b"<IDS|MSG>"],
        frames(b"[]"),
        frames(b"no"),
        frames(b"[" * 50_000),
        frames(b"{}", header=b"[]"),
        frames(b"{}", header=b'{"msg_type": []}'),
        frames(b"{}", parent=b'{"msg_id": []}'),
        frames('{"a": 1}'.encode("utf-16")),
    ],
)
def test_what_is_no_message_is_none(came: list[bytes]) -> None:
    assert message("iopub", came) is None


@given(st.lists(st.binary()), st.recursive(st.text() | st.none(), lambda below: st.lists(below)))
def test_anything_may_come(came: list[bytes], content: Any) -> None:
    assert message("iopub", came) is None
    assert message("iopub", frames(json.dumps({"said": content}).encode())) is not None
