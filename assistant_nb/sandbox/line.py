"""One channel of a kernel: a Unix socket on which ZMTP is spoken, and at which nobody waits alone.

It connects once, before code runs in the kernel. What code puts in the place of the other end is never reached.
"""

import socket
from collections.abc import Sequence
from select import POLLIN, POLLOUT, poll
from typing import Final

from .zmtp import Decoder, Kind, encode, hello

_PIECE_BYTES: Final = 2**16


class Line:
    def __init__(self, path: str, kind: Kind, most_bytes: int) -> None:
        """Raises OSError if nobody listens there. `most_bytes`: of a message that comes, as for `Decoder`."""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._decoder = Decoder(most_bytes)
        self._out, self._later = bytearray(hello(kind)), bytearray()
        """What is to be sent: now, and when the other side is ready."""
        self.holds = False
        """Whether there may be another message in what has come already."""
        self.received_bytes = 0
        self.broken = False
        """It was closed, or what came is no ZMTP."""

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def events(self) -> int:
        """What it would wait for."""
        return (0 if self.holds else POLLIN) | (POLLOUT if self._out else 0)

    def send(self, frames: Sequence[bytes]) -> None:
        """It goes out when somebody waits."""
        self._later += encode(frames)
        self._release()

    def next(self) -> list[bytes] | None:
        """Like `Decoder.next`, but what is no ZMTP breaks the line."""
        try:
            frames = self._decoder.next()
        except ValueError:
            frames, self.broken = None, True
        self.holds = frames is not None
        self._release()
        return frames

    def transfer(self, events: int) -> None:
        """Send and receive a piece, as far as that goes without waiting."""
        try:
            if events & POLLOUT:
                del self._out[: self._socket.send(self._out)]
            if events & ~POLLOUT and not self.holds:
                piece = self._socket.recv(_PIECE_BYTES)
                self._decoder.feed(piece)
                self.received_bytes += len(piece)
                self.broken = not piece
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True

    def close(self) -> None:
        self._socket.close()

    def _release(self) -> None:
        if self._decoder.ready:
            self._out += self._later
            self._later.clear()


def wait(lines: Sequence[Line], timeout_s: float) -> None:
    """Until something has come on one of them, or has come before and was not asked for."""
    poller, whole = poll(), {line.fileno(): line for line in lines if not line.broken}
    for number, line in whole.items():
        poller.register(number, line.events)
    for number, events in poller.poll(0 if any(line.holds for line in whole.values()) else timeout_s * 1000):
        whole[number].transfer(events)
