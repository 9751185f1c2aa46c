"""A live run: what this process knows of a run that has not ended, beside its journal.

The journal says what has happened. It cannot say what is happening right now, and after a crash all of that is gone:

    whose turn it is     `turns`, which one thread at a time takes
    who reads            `turns`, too: the events wait there for the reader of a stream
    what is at work      `work`: a model that is answering, or a tool that a call was given to
    who is asked         `seated`: the model has left the answer to a person
    how far it may go    `goal`: for a held run, set by each request to advance it
                         `look`: for any run, while a client's look makes one transition; `looking` lets one at a time
    who answers          `model`: set when another model answers new runs

A reader and the background may both take turns. When a stream is read, its reader moves the run by reading. When
nobody reads, or the reader stalls, the background moves it, and the events wait. So a run does not depend on its
reader, and the reader misses nothing. A response may have several readers: each is a cursor into what was told.
"""

import threading
import time
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final

from ..ids import PREFIXES
from ..journal import Entry, RunState, fold
from ..model.faults import Faulty
from ..store import Store
from .answer import Event, Listening
from .stepping import Goal
from .tool_calls import Calling
from .writer import RunDeleted, Writer

LOOK_AGAIN_S: Final = 1.0
"""How long a reader waits before it looks again: the run's thread may be deleted, the store closed."""
_GLANCE_S: Final = 0.01
"""How often a reader looks for news while somebody else takes a turn."""
_NEVER: Final = (-1, 0)


class Turns:
    """Takes from `events`, a generator, which yields None for what is no event. With `keep` they wait for a reader.

    With `shared` they are kept for any number of readers, also when one has left; each reads from the beginning.
    """

    def __init__(self, events: Iterator[Event | None], *, keep: bool = False, shared: bool = False) -> None:
        self._events, self._keep, self._shared = events, keep, shared
        self._lock = threading.Lock()
        self.told: deque[Event] = deque()
        """What has happened so far, if it is kept; of turns that are not shared, what was not read."""
        self._read = 0
        self._taken_at = time.monotonic()
        self._roused = threading.Event()
        self.waits = False
        """Whether a client has to act next; `events` say so. The turns go on when the client has acted."""
        self.over = False
        """Whether the generator has come to its end."""
        self.broken = False
        """Whether the generator raised, as when the kernel was interrupted in mid-answer."""

    @property
    def is_read(self) -> bool:
        """Whether a reader waits for what comes, or will."""
        return self._keep

    @property
    def is_unattended(self) -> bool:
        """Whether there is a reader who has not begun. The first event does not count: an HTTP client reads ahead."""
        return self._keep and self._read <= 1

    def taken(self, within_s: float) -> bool:
        """Whether somebody is taking a turn, or has taken one a moment ago."""
        return self._lock.locked() or time.monotonic() - self._taken_at < within_s

    def read(self) -> Generator[Event, None, None]:
        """The events for a reader; close it when it does not want them any more."""
        n = 0
        try:
            while self.take(n) or n < len(self.told):
                while n < len(self.told):
                    self._read += 1
                    if self._shared:
                        n += 1
                        yield self.told[n - 1]
                    else:
                        yield self.told.popleft()
                if self.waits and n == len(self.told):
                    self._roused.wait(LOOK_AGAIN_S)
                    self._roused.clear()
        finally:
            if not self._shared:
                self._keep = False
                self.told.clear()

    def rouse(self) -> None:
        """A client has acted: a reader who waits for that looks again."""
        self._roused.set()

    def take(self, read: int | None = None) -> bool:
        """Go on by one event; False at the end. A reader says how many it has read: others may have gone on."""
        while not self._lock.acquire(timeout=_GLANCE_S):  # whoever has it may have told something meanwhile
            if read is not None and read < len(self.told):
                return True
        try:
            if read is not None and read < len(self.told):
                return True
            self.waits = False
            for event in self._events:
                if event and self._keep:
                    self.told.append(event)
                return True
            self.over = True
            return False
        except BaseException:
            self.broken = True
            raise
        finally:
            self._taken_at = time.monotonic()
            self._lock.release()

    def take_all(self) -> None:
        """Go on until the end, or until a client has to act."""
        while self.take() and not self.waits:
            pass


class LiveRun:
    """One run that has not ended."""

    def __init__(self, store: Store, id: str) -> None:
        self.id = id
        self.turns: Turns | None = None
        self.work: Listening | Calling | None = None
        self.seated = False
        self.goal: Goal | None = None
        self.look: Goal | None = None
        self.looking = threading.Lock()
        self.model: Faulty | None = None
        self.thread: threading.Thread | None = None
        """The latest one that moves the run in the background."""
        self.ended = False
        self._store = store
        self._state, self._read_at = RunState(), _NEVER
        """What the journal says; how many transactions had ended, and how long it was, when it was last read."""
        self._lock = threading.Lock()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """The journal, open for the next entries, in one transaction. Only what was added since the last time is read.

        Raises RunDeleted when the run is no more.
        """
        try:
            with self._store.transaction() as is_outermost:
                state = self._up_to_date() if is_outermost else fold(self._store.journal(self.id))
                if not state.length:
                    raise RunDeleted(f"No run found with id '{self.id}'.")
                yield (writer := Writer(self._store, state, self.id))
                writer.keep()
                if is_outermost:  # else the outer one may yet undo what was written here
                    self._read_at = self._store.transactions + 1, state.length
        except BaseException:
            self._state, self._read_at = RunState(), _NEVER
            raise

    def _up_to_date(self) -> RunState:
        """What the journal says; in it are no other entries than the last time, unless others have written."""
        if self._store.transactions != self._read_at[0]:
            new = self._store.journal(self.id, self._state.length)
            if not new and not self._store.journal_length(self.id):
                self._state = RunState()
            for entry in new:
                self._state.apply(entry)
        return self._state

    def entries(self, start: int) -> list[Entry]:
        """The journal from number `start` on; read anew only if others may have written."""
        transactions, length = self._read_at
        if self._store.transactions == transactions:
            return self._state.entries[start:length]
        return self._store.journal(self.id, start)

    def may_move(self, state: RunState) -> bool:
        """Whether it may make its next transition: a held run only as far as it is advanced, one by looks one each."""
        if state.held is None or (state.status == "cancelling" and self.work):
            return self.look is None or not self.look.reached(state)
        return self.goal is not None and not self.goal.reached(state)

    # Who moves it

    def shared_turns(self, turns: Turns) -> Turns:
        """The turns that are being taken; if there are none, these."""
        with self._lock:
            self.turns = self.turns or turns
            return self.turns

    def let_go(self, turns: Turns) -> None:
        """These turns are over. Others may have begun."""
        with self._lock:
            if self.turns is turns:
                self.turns = None

    @property
    def is_response(self) -> bool:
        return self.id.startswith(PREFIXES["response"])

    @property
    def is_read(self) -> bool:
        return self.turns is not None and self.turns.is_read

    def is_moving(self, within_s: float) -> bool:
        """Whether somebody moves it, or has done so a moment ago."""
        turns, thread = self.turns, self.thread
        return bool((thread and thread.is_alive()) or (turns and turns.taken(within_s)))

    def wait(self, at_most_s: float) -> None:
        """Wait for the background to be done. A model's own code may call the API: it does not wait for itself."""
        if (thread := self.thread) and thread is not threading.current_thread():
            thread.join(at_most_s)

    # What ends the work on it

    def interrupt(self) -> str:
        """Turn away from the model or tool at work, if there is one; returns what the model has said so far."""
        self.leave_seat()
        work, self.work = self.work, None
        return work.stop() if work else ""

    def leave_seat(self) -> None:
        """Nobody has to answer in the model's seat any more."""
        self.seated = False
        self.rouse()

    def rouse(self) -> None:
        """What the reader waits for may have come."""
        if turns := self.turns:
            turns.rouse()
