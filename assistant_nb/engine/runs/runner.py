"""Creates runs, finds them, lets them move, and recovers them after a crash.

`transitions` says how a run moves; here it is decided who moves it. `start` gives the run to a thread of its own (the
API's usual behaviour), or, where there are no threads, moves it at once. `follow` lets the reader of a stream move it
by reading. A held run is moved by `advance` alone.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from typing import Final, Literal, cast

from ...machine import in_browser
from .. import wire
from ..errors import BadRequest, NotFound
from ..journal import RunState, fold
from ..model.base import Model
from ..model.faults import Faulty
from ..objects import ASSISTANT, MESSAGE, RUN, THREAD, Run
from ..params.assistants import CreateRun, ToolOutput
from ..params.fields import ToolResources
from ..params.lab import Breakpoint, Said
from ..responses.store import forget_unstored, no_response
from ..run_states import ACTIVE, MOVES, MOVING
from ..store import Store
from ..threads import add_message, check_resources
from ..tools.base import Tool
from .answer import Event
from .live_run import LiveRun, Turns
from .prompt import check_choice
from .seat import check_answer, waits
from .tool_calls import take_outputs
from .transitions import RunLoop, is_over
from .writer import Writer, open_writer

SETTLE_S: Final = 1.0
"""How long a new message, or the end of the engine, waits for runs that are about to end."""
Polls = Literal["watch", "step"]
"""Whether a client that polls a run watches how it moves, or moves it: each look by one transition."""
_BEGUN: Final = ("thread.message.completed", "model.called", "thread.run.completed", "thread.run.incomplete")
"""What happens only when an answer has begun, beside its pieces."""
_BROKEN: Final = ("thread.run.failed", "thread.run.expired")
_THREADS: Final = not in_browser()
"""Whether somebody else can do something while a stream is being read."""


class Runner:
    """The runs of one store."""

    def __init__(
        self, store: Store, model: Model, tools: Mapping[str, Tool] | None = None, polls: Polls = "watch"
    ) -> None:
        self.store, self.polls = store, polls
        self.loop = RunLoop(store, Faulty(model), tools or {})
        self.others: Mapping[str, Callable[[], Model]] = {}
        """Whom a request may put in the model's place, by name."""
        self._live: dict[str, LiveRun] = {}
        """By id, from when a run is first moved until it has ended."""

    @property
    def model(self) -> Faulty:
        """Who answers new runs."""
        return self.loop.model

    def change_model(self, model: Model) -> None:
        """Let another model answer from now on. Runs under way finish with the one that they began with."""
        with self.store.transaction():
            for run in self.store.active_runs():
                live = self.live(run["id"])
                live.model = live.model or self.model
            self.loop.model = self.model.around(model)

    # What clients ask for

    def create(
        self,
        thread_id: str,
        body: CreateRun,
        resources: ToolResources | None = None,
        *,
        may_be_empty: bool = False,
        breakpoints: list[Breakpoint] | None = None,
    ) -> Run:
        """A queued run on a thread; with a list of `breakpoints`, which may be empty, it is held from the start.

        Raises NotFound for an unknown assistant or thread, BadRequest while another run is active
        or when there is nothing to answer, unless that is allowed, as it was in v1.
        """
        with self.store.transaction():
            assistant = self.store.get(ASSISTANT, body["assistant_id"])
            self.store.get(THREAD, thread_id)
            check_resources(self.store, resources or {})
            if active := self.active_run(thread_id):
                raise BadRequest(f"Thread {thread_id} already has an active run {active['id']}.")
            for message in body.get("additional_messages", []):
                add_message(self.store, thread_id, message)
            id, at = self.store.new_id("thread.run", thread_id), self.store.now(thread_id)
            run = wire.run(id, at, thread_id, assistant, body, resources)
            check_choice(run["tool_choice"], run["tools"])
            if not (may_be_empty or run["instructions"] or self._has_question(thread_id)):
                raise BadRequest(
                    "Run creation requires a Thread with a user message or an assistant with instructions.",
                    code="invalid_thread",
                )
            writer = Writer(self.store, RunState(), run["id"], run["created_at"])
            writer.note("thread.run.created", run["id"], run)
            writer.note("thread.run.queued", run["id"], {})
            if breakpoints is not None:
                writer.note("client.held", run["id"], {"breakpoints": breakpoints})
            writer.keep()
            return run

    def submit(self, run: Run, outputs: list[ToolOutput]) -> Run:
        """Take the outputs of the tool calls that a run waits for; it is queued again.

        `outputs` are `{"tool_call_id": …, "output": …}`. Raises BadRequest unless the run waits for outputs,
        and unless there is one for each call.
        """
        with self.store.transaction():
            status = (run := self.seen(run))["status"]
            if status != "requires_action":
                raise BadRequest(f'Runs in status "{status}" do not accept tool outputs.')
            with open_writer(self.store, run["id"]) as writer:
                take_outputs(writer, outputs)
                self.live(run["id"]).turns = None  # these are over; their reader may not know yet
                return writer.run

    def cancel(self, thread_id: str, run_id: str) -> Run:
        """Ask a run to stop: it is `cancelling` at once, `cancelled` as soon as its thread gets to it.

        One that is held stays `cancelling`, unless something is under way in it, until it is advanced.
        """
        with self.store.transaction():
            run = self.seen(self.store.get(RUN, run_id, thread_id))
            if "cancelling" not in MOVES[run["status"]]:
                raise BadRequest(f"Cannot cancel run with status '{run['status']}'.")
            with open_writer(self.store, run_id) as writer:
                writer.become("cancelling")
        live = self.live(run_id)
        live.rouse()
        # Not by the turns that others take: whoever takes one may be waiting for the model.
        self._in_background(live, lambda: deque(self._drive(live), maxlen=0))
        return writer.run

    def answer(self, run_id: str, said: Said) -> RunState:
        """Take what a person says in the model's seat: `{"text": …, "tool_calls": [{"name": …, "arguments": …}]}`
        or `{"error": {"message": …, "code": …}}`. Kept before this returns; then the run goes on.

        Raises NotFound for an unknown run, BadRequest unless the run waits for an answer, and for a call of a tool
        that it does not have.
        """
        with self.store.transaction():
            self.seen(self.store.get(RUN, run_id))
            with open_writer(self.store, run_id) as writer:
                check_answer(writer.state, said, seated=self.seated(run_id))
                writer.at = writer.state.at  # time passes with what a run does
                writer.note("client.answered", run_id, said)
        live = self.live(run_id)
        if not live.is_read:
            live.turns = None  # these are over, or are about to be
        live.leave_seat()
        self.go_on(run_id)
        return writer.state

    def seats(self) -> list[RunState]:
        """The runs that wait for a person in the model's seat."""
        states = [fold(self.store.journal(self.seen(run)["id"])) for run in self.store.active_runs()]
        return [state for state in states if waits(state, seated=self.seated(state.run["id"]))]

    def seated(self, run_id: str) -> bool:
        """Whether a run's model has left the answer to a person."""
        live = self._live.get(run_id)
        return live is not None and live.seated

    def amend(self, run_id: str, event: str, id: str, data: object) -> Run:
        """Journal a client's change to a run, or to something that it made; returns the run."""
        with open_writer(self.store, run_id) as writer:
            writer.at = writer.state.at  # time passes with what a run does, not with what is done to it
            writer.note(event, id, data)
            return writer.run

    def seen(self, run: Run) -> Run:
        """The run as it is now: one whose ten minutes are over expires as soon as somebody looks."""
        if not is_over(self.store, run):
            return run
        with self.store.transaction(), open_writer(self.store, run["id"]) as writer:
            if is_over(self.store, writer.run):
                writer.expired(self.live(run["id"]).interrupt())
                self._live.pop(run["id"], None)
            return writer.run

    def polled(self, run: Run) -> Run:
        """The run as `seen`. If nobody is moving it, and it can move, the poll starts it."""
        run_id, live = run["id"], self._live.get(run["id"])
        stays = run["status"] not in MOVING or (live and (live.seated or live.is_moving(SETTLE_S)))
        if not stays and fold(self.store.journal(run_id)).held is None:
            self.start(run_id)
            run = self.store.get(RUN, run_id)
        return self.seen(run)

    def active_run(self, thread_id: str) -> Run | None:
        """The run that holds the thread, if there is one."""
        run = self.store.active_run(thread_id)
        return run if run and (run := self.seen(run))["status"] in ACTIVE else None

    def stand(self, run_id: str) -> RunState:
        """What a run's journal says. Raises NotFound."""
        self.seen(self.store.get(RUN, run_id))
        return fold(self.store.journal(run_id))

    # Who moves a run

    def drive(self, run_id: str) -> Generator[Event | None, None, bool]:
        """Move a run as far as it goes; see `RunLoop.drive`."""
        return self._drive(self.live(run_id))

    def _drive(self, live: LiveRun) -> Generator[Event | None, None, bool]:
        is_asked = yield from self.loop.drive(live)
        if live.ended:
            self._live.pop(live.id, None)
            if live.is_response:
                forget_unstored(self.store, live.id)
        return is_asked

    def follow(self, run: Run, start: int = 0) -> tuple[Iterator[Event], Callable[[], None]]:
        """Move a run by reading: all that happens to it from journal entry `start` on, whoever makes it happen.

        The second value is for when nobody reads any more: then the background goes on where the reader was.
        """
        live = self.live(run["id"])
        if live.is_response:
            turns = live.shared_turns(self._shared(live))
        else:
            turns = live.turns = Turns(self._events(live, run["thread_id"], start), keep=True)
        events = turns.read()

        def let_go() -> None:
            with suppress(ValueError):  # somebody is reading in this moment
                events.close()
            if turns.over:
                live.let_go(turns)
            elif live.turns is turns:
                self._start(live)

        return events, let_go

    def begun(self, run: Run) -> Run | None:
        """Move a response until there is something to tell of an answer, or a client has to act.

        Returns the run if it has ended without an answer.
        """
        live = self.live(run["id"])
        turns, n = live.shared_turns(self._shared(live)), 0
        while True:
            while n < len(turns.told):
                (event, body), n = turns.told[n], n + 1
                if event.endswith(".delta") or event in _BEGUN:
                    return None
                if event in _BROKEN:
                    return cast(Run, body)
            if turns.waits or not turns.take(n):
                return None

    def _shared(self, live: LiveRun) -> Turns:
        return Turns(self._events(live, "", 0), keep=True, shared=True)

    def _events(self, live: LiveRun, thread_id: str, start: int) -> Iterator[Event | None]:
        """Ends with an `error` when the run's thread is deleted meanwhile."""
        state, whole = fold(live.entries(0)[:start] if start else ()), live.is_response
        for delta in itertools.chain([None], self._drive_and_wait(live), [None]):
            if delta:
                yield delta
                continue
            for entry in live.entries(state.length):
                state.apply(entry)
                if entry.event.startswith("thread."):
                    yield entry.event, state.objects[entry.id]
                elif whole:
                    yield entry.event, entry.data
                if entry.event == "thread.run.requires_action":
                    return  # what comes next is told in the stream of the tool outputs
            yield None
        is_over = state.length and state.status not in ACTIVE
        if not (is_over or self.store.journal_length(live.id)):
            gone = no_response(live.id) if whole else NotFound.of("thread", thread_id)
            yield "error", gone.envelope()

    def _drive_and_wait(self, live: LiveRun) -> Iterator[Event | None]:
        """Go on when a client has acted, as long as somebody reads and somebody else can act meanwhile."""
        while (yield from self._drive(live)) and _THREADS and live.is_read:
            if turns := live.turns:
                turns.waits = True
            yield None

    def go_on(self, run_id: str) -> None:
        """Let a run go on, unless the next look moves it."""
        if self.polls == "watch" or self.live(run_id).turns:
            self.start(run_id)

    def start(self, run_id: str) -> None:
        """Let a thread of its own move a run."""
        self._start(self.live(run_id))

    def _start(self, live: LiveRun) -> None:
        turns = live.shared_turns(self._shared(live) if live.is_response else Turns(self._drive(live)))

        def take_all() -> None:
            try:
                turns.take_all()
                if turns.broken:
                    deque(self._drive(live), maxlen=0)
            finally:
                if not turns.waits:
                    live.let_go(turns)

        self._in_background(live, take_all)

    def _in_background(self, live: LiveRun, work: Callable[[], object]) -> None:
        def do() -> None:
            with suppress(Exception):  # the store may be closed under our feet; the journal knows where we were
                work()

        thread = threading.Thread(target=do, name=f"assistant_nb {live.id}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no threads here, as in a browser's Python, or no more of them
            do()
        else:
            live.thread = thread

    def recover(self) -> None:
        """Go on with all runs that were under way when the process ended."""
        for run in self.store.active_runs():
            self.go_on(run["id"])

    def attend(self, thread_id: str) -> None:
        """Move a run of this thread whose stream nobody has begun to read.

        A stream that is kept in a variable would otherwise lock its thread until the run expires. The reader still gets
        each event. A held run is not moved, nor is a run that waits for a person.
        """
        if not (live := self._live_on(thread_id)):
            return
        turns = live.turns
        if turns and turns.is_unattended and not live.seated and self.stand(live.id).held is None:
            if not turns.taken(within_s=0):
                self._start(live)
            live.wait(SETTLE_S)

    def settle(self, thread_id: str) -> None:
        """Give a thread's run a moment to end, if it is moving in the background.

        Between two cells of a notebook a run that answers from a recording has long ended; between
        two calls of a script it may need a few more milliseconds.
        """
        if live := self._live_on(thread_id):
            live.wait(SETTLE_S)

    def wait(self, run_id: str, at_most_s: float) -> None:
        """Wait for a run to stop moving in the background."""
        if live := self._live.get(run_id):
            live.wait(at_most_s)

    def forget(self, thread_id: str) -> None:
        """A thread was deleted: the tools let go of what they keep for it."""
        for tool in self.loop.tools.values():
            tool.forget(thread_id)
        for run_id in [id for id in list(self._live) if not self.store.journal_length(id)]:
            self._live.pop(run_id, None)

    def close(self) -> None:
        """Wait a moment for the threads, so that runs about to end do so."""
        end = time.monotonic() + SETTLE_S
        for live in list(self._live.values()):
            live.wait(max(0, end - time.monotonic()))
        for tool in self.loop.tools.values():
            tool.close()

    # Inside

    def live(self, run_id: str) -> LiveRun:
        return self._live.get(run_id) or self._live.setdefault(run_id, LiveRun(self.store, run_id))

    def _live_on(self, thread_id: str) -> LiveRun | None:
        """The run that holds the thread, if this process has moved it."""
        run = self.store.active_run(thread_id) if self._live else None
        return self._live.get(run["id"]) if run else None

    def _has_question(self, thread_id: str) -> bool:
        return bool(self.store.page(MESSAGE, thread_id, limit=1, where={"role": "user"})[0])
