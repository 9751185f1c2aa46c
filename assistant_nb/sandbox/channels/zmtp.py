"""The wire protocol of ZeroMQ as a client needs it: frames as bytes, and bytes as frames. Pure.

libzmq keeps all parts of a message in this process before it hands over the first one. It has no limit for their sum.
Code can write on the wire of its kernel, so this decoder keeps at most a given number of bytes of a message.

A toy message of two frames, `a` and `bc`, is `01 01 61 00 02 62 63` on the wire: flags, length, body, twice.

Source: ZMTP 3.0, https://rfc.zeromq.org/spec/23/
"""

import struct
from collections.abc import Sequence
from typing import Final, Literal

Kind = Literal["DEALER", "SUB"]

_VERSION: Final = 3
_GREETING: Final = (b"\xff" + bytes(8) + b"\x7f" + bytes([_VERSION, 0]) + b"NULL").ljust(64, b"\0")
_READY: Final = b"\x05READY"
_MORE, _LONG, _COMMAND = 1, 2, 4
_MOST_FRAMES: Final = 1000
_MOST_OF_A_COMMAND: Final = 2**10


def hello(kind: Kind) -> bytes:
    """Return what a client sends first. It must wait for `Decoder.ready` before it sends more."""
    words = _READY + b"\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind.encode()
    return _GREETING + bytes([_COMMAND, len(words)]) + words


def encode(frames: Sequence[bytes]) -> bytes:
    """Return one message as bytes."""
    wire = bytearray()
    for n, frame in enumerate(frames):
        more = _MORE if n < len(frames) - 1 else 0
        wire += struct.pack(">BQ", more | _LONG, len(frame)) if len(frame) > 255 else bytes([more, len(frame)])
        wire += frame
    return bytes(wire)


class Decoder:
    """`feed` it bytes in any pieces, then call `next` until there is no message."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes` limits a message. The rest of a larger one is dropped as it comes."""
        self._most_bytes = most_bytes
        self._came = bytearray()
        self._greeted = False
        self._flags: int | None = None
        """The flags of the current frame. None until its header has come."""
        self._left = 0
        """Bytes of its body that were not taken yet."""
        self._frames: list[bytes] = []
        self._size = 0
        """Bytes of the message, as far as its headers have come."""
        self.ready = False
        """True if the other side takes messages."""

    def feed(self, data: bytes) -> None:
        self._came += data

    def next(self) -> list[bytes] | None:
        """Return the frames of the next message: [] for one that was too large, None if more bytes are needed.

        Raises ValueError for bytes that are not ZMTP, and for a message of too many frames.
        """
        while self._greeting() and (flags := self._header()) is not None and (body := self._body()) is not None:
            self._flags = None
            if flags & _COMMAND:
                self.ready |= body.startswith(_READY)
                continue
            self._frames.append(body)
            if not flags & _MORE:
                frames = [] if self._drops else self._frames
                self._frames, self._size = [], 0
                return frames
        return None

    @property
    def _drops(self) -> bool:
        return self._size > self._most_bytes

    def _greeting(self) -> bool:
        if not self._greeted and len(self._came) >= len(_GREETING):
            if self._came[0] != _GREETING[0] or self._came[9] != _GREETING[9] or self._came[10] < _VERSION:
                raise ValueError("This is no greeting of ZMTP 3.")
            del self._came[: len(_GREETING)]
            self._greeted = True
        return self._greeted

    def _header(self) -> int | None:
        """Return the flags of the current frame."""
        end = 9 if self._came and self._came[0] & _LONG else 2
        if self._flags is None and len(self._came) >= end:
            self._flags, self._left = self._came[0], int.from_bytes(self._came[1:end], "big")
            del self._came[:end]
            if self._flags & _COMMAND:
                if self._left > _MOST_OF_A_COMMAND:
                    raise ValueError(f"A command of {self._left} bytes is none of ZMTP's.")
            elif len(self._frames) == _MOST_FRAMES:
                raise ValueError(f"The message has more than {_MOST_FRAMES} frames.")
            else:
                self._size += self._left
        return self._flags

    def _body(self) -> bytes | None:
        """Return the body of the frame when all of it has come. The body is empty if it is dropped."""
        if self._drops:
            gone = min(self._left, len(self._came))
            del self._came[:gone]
            self._left -= gone
            return None if self._left else b""
        if len(self._came) < self._left:
            return None
        body = bytes(self._came[: self._left])
        del self._came[: self._left]
        return body
