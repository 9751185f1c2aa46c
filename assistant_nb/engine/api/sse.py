"""Server-sent events: one public event, one frame. Source: recorded streams of the hosted API."""

from collections.abc import Iterable, Iterator
from typing import Final

from ..wire import encode

DONE: Final = b"event: done\ndata: [DONE]\n\n"


def frame(event: str, data: object) -> bytes:
    r"""`frame("thread.created", {"id": …})` -> b'event: thread.created\ndata: {"id":…}\n\n'"""
    return f"event: {event}\ndata: {encode(data)}\n\n".encode()


def frames(events: Iterable[tuple[str, object]], *, named: bool = True) -> Iterator[bytes]:
    """A whole stream, with its end mark; clients drop a last event without one.

    The frames of chat completions have no names.
    """
    for event, data in events:
        yield frame(event, data) if named else f"data: {encode(data)}\n\n".encode()
    yield DONE if named else b"data: [DONE]\n\n"
