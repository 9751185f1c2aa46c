"""The rules of HTTP/1.1 that the server library does not check: the request line, the header, the body's length.

A request that two programs can read in two ways is dangerous. One takes for a body what the other takes for the next
request. The standard says that a server must refuse such a request. Source: RFC 9112 (HTTP/1.1).
"""

import io
import re
from typing import Final, Protocol

from .errors import BadRequest

HEAD_BYTES: Final = 64 * 2**10
"""The most bytes of a request line and its header, and of the extensions and trailers of all chunks together."""
_ONCE: Final = frozenset(
    {b"Host", b"Authorization", b"Content-Length", b"Content-Type", b"Transfer-Encoding", b"Origin"}
)
"""Fields that may come only once: a second line would change what the request means. Others are lists, or unread."""
_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_TEXT: Final = rb"[\t\x20-\x7e\x80-\xff]*"
_REQUEST: Final = re.compile(_TOKEN + rb" [\x21-\x7e]+ HTTP/1\.[01]\r\n")
_FIELD: Final = re.compile(rb"(" + _TOKEN + rb"):(" + _TEXT + rb")\r\n")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,16})([ \t]*;" + _TEXT + rb")?\r\n")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")


class Stream(Protocol):
    """Bytes as they arrive. Both methods wait for all the bytes, and return fewer only at the end."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int = -1, /) -> bytes: ...


def check_request_line(line: bytes) -> None:
    """Raise ValueError unless the line is like b"GET /v1/models HTTP/1.1"."""
    if not _REQUEST.fullmatch(line):
        raise ValueError("its first line is not like 'GET /v1/models HTTP/1.1'.")


def read_header(stream: Stream, version: bytes) -> dict[bytes, bytes]:
    """Return the fields up to the empty line: b"hOST: a" is {b"Host": b"a"}. A comma joins fields that come twice.

    A name with an underscore is left out, because WSGI takes an underscore for a hyphen. Raises ValueError.
    """
    fields: dict[bytes, bytes] = {}
    number = 0
    while (line := stream.readline()) != b"\r\n":
        number += 1
        if not (field := _FIELD.fullmatch(line)):
            raise ValueError(f"line {number} of its header is not like 'Name: value'.")
        name, value = field[1].title(), field[2].strip(b" \t")
        if name in fields:
            if name in _ONCE:
                raise ValueError(f"it has two '{name.decode()}' headers. Send one.")
            value = fields[name] + b", " + value
        if b"_" not in name:
            fields[name] = value
    _check(fields, version)
    return fields


def _check(fields: dict[bytes, bytes], version: bytes) -> None:
    coding, length = fields.get(b"Transfer-Encoding"), fields.get(b"Content-Length")
    if version == b"HTTP/1.1" and b"Host" not in fields:
        raise ValueError("it has no 'Host' header. HTTP/1.1 needs one.")
    if coding is not None and coding.lower() != b"chunked":
        raise ValueError("its 'Transfer-Encoding' is not 'chunked', the only one that this server reads.")
    if coding is not None and (length is not None or version != b"HTTP/1.1"):
        raise ValueError("'Transfer-Encoding' goes without 'Content-Length', and with HTTP/1.1. Leave one out.")
    if length is not None and not _LENGTH.fullmatch(length):
        raise ValueError("its 'Content-Length' is not a number of bytes.")


class Body(io.RawIOBase):
    """A request's body as a file. Reading raises BadRequest if the body is malformed or ends too early."""

    def __init__(self, stream: Stream, length: int | None) -> None:
        """`length` is in bytes, None for a body in chunks."""
        self._stream, self._left, self._chunked = stream, length or 0, length is None
        self._spare = HEAD_BYTES
        self.is_read = length == 0
        """True if nothing is left of it, so that the next request may follow."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._chunked and not self._left and not self.is_read:
            self._begin_chunk()
        if self.is_read:
            return 0
        data = self._stream.read(min(len(buffer), self._left))
        if not data:
            raise BadRequest("The request body broke off before its end.")
        buffer[: len(data)] = data
        self._left -= len(data)
        if not self._left and self._chunked and self._stream.read(2) != b"\r\n":
            raise _bad_chunk("is not as long as it says")
        self.is_read = not self._left and not self._chunked
        return len(data)

    def _begin_chunk(self) -> None:
        line = self._stream.readline(self._spare + 18)
        if not (chunk := _CHUNK.fullmatch(line)):
            raise _bad_chunk("does not begin with its size")
        self._spare -= len(chunk[2] or b"")
        self._left = int(chunk[1], 16)
        if not self._left:
            self._skip_trailers()
            self.is_read = True

    def _skip_trailers(self) -> None:
        while (line := self._stream.readline(self._spare + 2)) != b"\r\n":
            self._spare -= len(line)
            if not _FIELD.fullmatch(line) or self._spare < 0:
                raise _bad_chunk("has a trailer that is malformed, too long, or broke off")


def _bad_chunk(why: str) -> BadRequest:
    return BadRequest(f"A chunk of the request body {why} (RFC 9112, section 7.1).")
