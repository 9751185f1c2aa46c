"""Server-sent events: one public event, one frame. Source: recorded streams of the hosted API."""

from ..wire import encode


def frame(event: str, data: object) -> bytes:
    r"""`frame("thread.created", {"id": …})` -> b'event: thread.created\ndata: {"id":…}\n\n'

    The frames of chat completions have no names: there `event` is "".
    """
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {encode(data)}\n\n".encode()


def done(*, named: bool) -> bytes:
    """The end mark of a stream. Clients drop a last event without one."""
    return b"event: done\ndata: [DONE]\n\n" if named else b"data: [DONE]\n\n"
