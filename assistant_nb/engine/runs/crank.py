"""What a run does next, one event at a time, whoever turns.

The reader of a stream turns by reading. The background turns the same crank when nobody reads, and when
the reader stalls; what it brings up then waits for the reader. So a run depends on no reader, and a reader
misses nothing.
"""

import threading
import time
from collections import deque
from collections.abc import Generator, Iterator
from typing import Final

from .answers import Event

LOOK_AGAIN_S: Final = 1.0
"""How long a reader waits before it looks again: the run's thread may be deleted, the store closed."""


class Crank:
    """Turns `events`, a generator, which yields None for what is no event. With `keep` they wait for a reader."""

    def __init__(self, events: Iterator[Event | None], *, keep: bool = False) -> None:
        self._events, self._keep = events, keep
        self._lock = threading.Lock()
        self._unread: deque[Event] = deque()
        self._turned_at = time.monotonic()
        self._roused = threading.Event()
        self.waits = False
        """Whether it stands where a client has the word; `events` say so. It turns again when the client has spoken."""
        self.over = False
        """Whether it has come to its end."""
        self.broken = False
        """Whether something has torn the generator, such as an interrupt of the kernel in mid-answer."""

    @property
    def is_read(self) -> bool:
        """Whether a reader waits for what comes, or will."""
        return self._keep

    def turning(self, within_s: float) -> bool:
        """Whether somebody turns it, or has done so a moment ago."""
        return self._lock.locked() or time.monotonic() - self._turned_at < within_s

    def read(self) -> Generator[Event, None, None]:
        """The events for their reader; close it when nobody wants them any more."""
        try:
            while self.turn() or self._unread:
                while self._unread:
                    yield self._unread.popleft()
                if self.waits and not self._unread:
                    self._roused.wait(LOOK_AGAIN_S)
                    self._roused.clear()
        finally:
            self._keep = False

    def rouse(self) -> None:
        """A client has spoken: whoever waits for that looks again."""
        self._roused.set()

    def turn(self) -> bool:
        """Go on by one event; False at the end."""
        with self._lock:
            self.waits = False
            try:
                for event in self._events:
                    if event and self._keep:
                        self._unread.append(event)
                    return True
                self.over = True
                return False
            except BaseException:
                self.broken = True
                raise
            finally:
                self._turned_at = time.monotonic()

    def run_down(self) -> None:
        """Turn until the end, or until a client has the word."""
        while self.turn() and not self.waits:
            pass
