"""Jupyter messages as frames, and frames as messages. Pure.

The model's code knows the key of its kernel and can write any message. A signature proves nothing, so none is checked.
Instead, reading a message must take little time and memory, whatever the message holds.

Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

_DELIMITER: Final = b"<IDS|MSG>"
_SESSION: Final = uuid4().hex
_MOST_OF_A_HEADER: Final = 2**14
_MOST_PIECES: Final = 100_000
"""Lists, objects, strings and items in a content: an empty list has two bytes here, and 64 as a Python object."""
_MOST_ESCAPES: Final = 2**20
_MOST_OUTSIDE: Final = 2**21
"""Bytes of a content outside of strings."""


@dataclass(frozen=True, slots=True)
class Message:
    channel: str
    """`shell`, `iopub` or `control`."""
    kind: str
    """Such as `stream`."""
    parent: str
    """The id of the request that the message belongs to."""
    content: Mapping[str, object]


class TooMuch(Exception):
    """A message would take too much time or memory to read."""


def request(kind: str, content: Mapping[str, object], key: bytes) -> tuple[str, list[bytes]]:
    """Return the id of a new request, and its frames."""
    id, date = uuid4().hex, datetime.now(UTC).isoformat()
    header = {"msg_id": id, "msg_type": kind, "username": "engine", "session": _SESSION, "date": date, "version": "5.3"}
    parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
    return id, [_DELIMITER, hmac.digest(key, b"".join(parts), "sha256").hex().encode(), *parts]


def message(channel: str, frames: Sequence[bytes]) -> Message | None:
    """Read a message. Returns None for frames that are not a message. Raises TooMuch."""
    try:
        at = frames.index(_DELIMITER)
        _, header, parent, _, content = frames[at + 1 : at + 6]
        if max(len(header), len(parent)) > _MOST_OF_A_HEADER or _is_costly(content):
            raise TooMuch
        kind, id, read = _read(header)["msg_type"], _read(parent).get("msg_id", ""), _read(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Message(channel, kind, id, read) if (type(kind), type(id), type(read)) == (str, str, dict) else None


def _read(part: bytes) -> Any:
    return json.loads(part.decode("utf-8", "replace"))  # given bytes, json would guess the encoding


def _is_costly(content: bytes) -> bool:
    """True if it takes long to read. The length of a string does not count: a printed list is one string."""
    if len(content) <= _MOST_PIECES:
        return False
    if escapes := content.count(b"\\"):
        if escapes > _MOST_ESCAPES:
            return True
        content = content.replace(rb"\\", b"").replace(rb"\"", b"")
    if content.count(b'"') > 2 * _MOST_PIECES:  # now each of them begins or ends a string
        return True
    outside = b"".join(content.split(b'"')[::2])
    return len(outside) > _MOST_OUTSIDE or sum(map(outside.count, (b"[", b"{", b","))) > _MOST_PIECES
