"""One channel of a kernel: a socket with ZMTP on it. `wait` waits for several channels at once.

It is a Unix socket, which other users cannot reach. Windows has none: there it is a TCP socket of this machine.

A line connects once, before code runs in the kernel. If code replaces the kernel's socket, nothing connects to that.
"""

import select
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from .zmtp import Decoder, Kind, encode, hello

_PIECE_BYTES: Final = 2**16
POLLIN, POLLOUT = 1, 4
"""As in `select`, which does not have them on Windows."""

Address = str | tuple[str, int]
"""The path of a Unix socket, or a host and a port."""


def has_unix_sockets() -> bool:
    return hasattr(socket, "AF_UNIX")


class Line:
    def __init__(self, address: Address, kind: Kind, most_bytes: int) -> None:
        """Connect. `most_bytes` limits a message, as for `Decoder`. Raises OSError if nothing listens there."""
        self._socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        try:
            self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._decoder = Decoder(most_bytes)
        self._out, self._later = bytearray(hello(kind)), bytearray()
        """Bytes to send now, and bytes to send when the other side is ready."""
        self.holds = False
        """True if the received bytes may hold another message."""
        self.received_bytes = 0
        self.broken = False
        """True if the other side has closed it, or has sent something that is not ZMTP."""

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def events(self) -> int:
        """The events of `poll` that the line waits for."""
        return (0 if self.holds else POLLIN) | (POLLOUT if self._out else 0)

    def send(self, frames: Sequence[bytes]) -> None:
        """Send a message. It leaves during the next `wait`."""
        self._later += encode(frames)
        self._release()

    def next(self) -> list[bytes] | None:
        """Like `Decoder.next`, but bytes that are not ZMTP break the line."""
        try:
            frames = self._decoder.next()
        except ValueError:
            frames, self.broken = None, True
        self.holds = frames is not None
        self._release()
        return frames

    def transfer(self, events: int) -> None:
        """Send and receive a piece without waiting."""
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
    """Wait until something arrives on one of the lines. Return at once if a line already holds a message."""
    whole = {line.fileno(): line for line in lines if not line.broken}
    ready = _polled if hasattr(select, "poll") else _selected
    for number, events in ready(whole, 0 if any(line.holds for line in whole.values()) else timeout_s):
        whole[number].transfer(events)


def _polled(lines: Mapping[int, Line], timeout_s: float) -> Iterable[tuple[int, int]]:
    poller = select.poll()
    for number, line in lines.items():
        poller.register(number, line.events)
    return poller.poll(timeout_s * 1000)


def _selected(lines: Mapping[int, Line], timeout_s: float) -> Iterable[tuple[int, int]]:
    """Do the same on Windows, where `select` is all there is."""
    reading, writing = ([number for number, line in lines.items() if line.events & way] for way in (POLLIN, POLLOUT))
    if not (reading or writing):
        return ()
    readable, writable, _ = select.select(reading, writing, [], timeout_s)
    return [*((number, POLLIN) for number in readable), *((number, POLLOUT) for number in writable)]
