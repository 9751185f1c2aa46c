"""The run loop: journal in, events out.

A run moves only when somebody turns the crank. `drive` is the crank: a generator that makes one
transition after the other until the run rests. Each transition is one transaction that first reads
from the journal what comes next, so it does not matter who turned last, how many turn, or whether
the process died in between.

Who turns is a choice: `start` gives the run to a thread of its own (the API's usual behaviour), or,
where there are no threads, drives it at once; the reader of a stream drives it by reading; a run that is
held is turned by nobody but `advance`, and by that no further than its goal.
"""

import itertools
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from .. import wire
from ..errors import BadRequest, IllegalMove, ModelError, NotFound, Unanswered
from ..journal import Entry, RunState, fold
from ..model.base import Model
from ..model.faults import Faulty
from ..model.human import Human
from ..run_states import ACTIVE, MOVES, MOVING
from ..store import Store
from ..threads import add_message, check_references, code_files
from ..tools.base import Tool
from ..wire import RUN_LIFETIME_S, Json
from .answers import Event, Listening, told
from .calls import Calling, take_outputs
from .crank import Crank
from .draft import Draft, RunDeleted, open_draft
from .prompts import exhausted, prompt_of
from .seat import check_answer, waits
from .stepping import Goal, To, next_step

SETTLE_S: Final = 1.0
"""How long a new message, or the end of the engine, waits for runs that are about to end."""
_THREADS: Final = sys.platform != "emscripten"
"""Whether somebody else can do something while a stream is being read."""


class Runner:
    """Creates runs, moves them, ends them."""

    def __init__(self, store: Store, model: Model, tools: Mapping[str, Tool] | None = None) -> None:
        self._store, self._tools = store, tools or {}
        self.model = Faulty(model)
        self._resting: dict[str, threading.Event] = {}
        """Of each run with a thread, its latest: set when the thread is done."""
        self._busy: dict[str, Listening | Calling] = {}
        """Of each run whose model is speaking, or whose tool is at work."""
        self._cranks: dict[str, Crank] = {}
        """Of each run that is under way; somebody else may turn it at any moment."""
        self._seats: set[str] = set()
        """The runs whose model is a person who has not answered."""
        self._goals: dict[str, Goal] = {}
        """Of each held run that is being advanced, how far."""

    # What clients ask for

    def create(
        self, thread_id: str, body: Json, *, may_be_empty: bool = False, breakpoints: list[Json] | None = None
    ) -> Json:
        """A queued run on a thread; with a list of `breakpoints`, which may be empty, it is held from the start.

        Raises NotFound for an unknown assistant or thread, BadRequest while another run is active
        or when there is nothing to answer, unless that is allowed, as it was in v1.
        """
        with self._store.transaction():
            assistant = self._store.get("assistant", body["assistant_id"])
            self._store.get("thread", thread_id)
            check_references(self._store, body)
            if active := self.active_run(thread_id):
                raise BadRequest(f"Thread {thread_id} already has an active run {active['id']}.")
            for message in body.get("additional_messages", []):
                add_message(self._store, thread_id, message)
            run = wire.run(
                self._store.new_id("thread.run", thread_id), self._store.now(thread_id), thread_id, assistant, body
            )
            check_choice(run["tool_choice"], run["tools"])
            if not (may_be_empty or run["instructions"] or self._has_question(thread_id)):
                raise BadRequest(
                    "Run creation requires a Thread with a user message or an assistant with instructions.",
                    code="invalid_thread",
                )
            draft = Draft(self._store, RunState(), run["id"], run["created_at"])
            draft.note("thread.run.created", run["id"], run)
            draft.note("thread.run.queued", run["id"], {})
            if breakpoints is not None:
                draft.note("client.held", run["id"], {"breakpoints": breakpoints})
            return run

    def submit(self, run: Json, outputs: list[Json]) -> Json:
        """Take the outputs of the tool calls that a run waits for; it is queued again.

        `outputs` are `{"tool_call_id": …, "output": …}`. Raises BadRequest unless the run waits for outputs,
        and unless there is one for each call.
        """
        with self._store.transaction():
            status = (run := self.seen(run))["status"]
            if status != "requires_action":
                raise BadRequest(f'Runs in status "{status}" do not accept tool outputs.')
            with open_draft(self._store, run["id"]) as draft:
                take_outputs(draft, outputs)
                self._cranks.pop(run["id"], None)  # that one has come to its end; its reader may not know yet
                return draft.run

    def cancel(self, thread_id: str, run_id: str) -> Json:
        """Ask a run to stop: it is `cancelling` at once, `cancelled` as soon as its thread gets to it.

        One that is held stays `cancelling`, unless something is under way in it, until it is advanced.
        """
        with self._store.transaction():
            run = self.seen(self._store.get("thread.run", run_id, thread_id))
            if "cancelling" not in MOVES[run["status"]]:
                raise BadRequest(f"Cannot cancel run with status '{run['status']}'.")
            with open_draft(self._store, run_id) as draft:
                draft.become("cancelling")
        self._rouse(run_id)
        # Not by the run's crank: whoever turns that may be waiting for the model.
        self._in_background(run_id, lambda: deque(self.drive(run_id), maxlen=0))
        return draft.run

    def answer(self, run_id: str, said: Json) -> RunState:
        """Take what a person says in the model's seat: `{"text": …, "tool_calls": [{"name": …, "arguments": …}]}`
        or `{"error": {"message": …, "code": …}}`. Kept before this returns; then the run goes on.

        Raises NotFound for an unknown run, BadRequest unless the run waits for an answer, and for a call of a tool
        that it does not have.
        """
        with self._store.transaction():
            self.seen(self._store.get("thread.run", run_id))
            with open_draft(self._store, run_id) as draft:
                check_answer(draft.state, said, seated=run_id in self._seats)
                draft.at = draft.state.at  # time passes with what a run does
                draft.note("client.answered", run_id, said)
        if not self._is_read(run_id):
            self._cranks.pop(run_id, None)  # that one has come to its end, or is about to
        self._leave(run_id)
        self.start(run_id)
        return draft.state

    def seats(self) -> list[RunState]:
        """The runs that wait for a person in the model's seat."""
        states = [fold(self._store.journal(self.seen(run)["id"])) for run in self._store.active_runs()]
        return [state for state in states if waits(state, seated=self.seated(state.run["id"]))]

    def seated(self, run_id: str) -> bool:
        """Whether a run's model has left the answer to a person."""
        return run_id in self._seats

    def amend(self, run_id: str, event: str, id: str, data: Json) -> Json:
        """Journal a client's change to something that a run made; returns what became of it."""
        with open_draft(self._store, run_id) as draft:
            draft.at = draft.state.at  # time passes with what a run does, not with what is done to it
            draft.note(event, id, data)
            return draft.state.objects.get(id, {})

    def seen(self, run: Json) -> Json:
        """The run as it is now: one whose ten minutes are over expires as soon as somebody looks."""
        if not self._is_over(run):
            return run
        with self._store.transaction(), open_draft(self._store, run["id"]) as draft:
            if self._is_over(draft.run):
                draft.expired(self._interrupt(run["id"]))
            return draft.run

    def polled(self, run: Json) -> Json:
        """The run as `seen`; and should nobody be turning its crank, the one who asks sees to it."""
        run_id, crank = run["id"], self._cranks.get(run["id"])
        turning = run_id in self._resting or (crank and crank.turning(SETTLE_S))
        at_rest = run["status"] not in MOVING or turning or run_id in self._seats
        if not at_rest and fold(self._store.journal(run_id)).held is None:
            self.start(run_id)
            run = self._store.get("thread.run", run_id)
        return self.seen(run)

    def active_run(self, thread_id: str) -> Json | None:
        """The run that holds the thread, if there is one."""
        run = self._store.active_run(thread_id)
        return run if run and (run := self.seen(run))["status"] in ACTIVE else None

    # Runs that move only by hand

    def stand(self, run_id: str) -> RunState:
        """What a run's journal says. Raises NotFound."""
        self.seen(self._store.get("thread.run", run_id))
        return fold(self._store.journal(run_id))

    def hold(self, run_id: str, breakpoints: list[Json]) -> RunState:
        """From now on a run moves only when it is advanced; an answer or a tool's work under way is finished first.

        Raises NotFound, and BadRequest for a run that has ended.
        """
        with self._store.transaction():
            if (state := self.stand(run_id)).status not in ACTIVE:
                raise BadRequest(f"Run {run_id} has ended as '{state.status}': there is nothing to hold.")
            if state.held != breakpoints:
                self.amend(run_id, "client.held", run_id, {"breakpoints": breakpoints})
            return self.stand(run_id)

    def release(self, run_id: str) -> RunState:
        """Let a held run go on by itself. Raises NotFound."""
        with self._store.transaction():
            if (state := self.stand(run_id)).held is None or state.status not in ACTIVE:
                return state
            self.amend(run_id, "client.released", run_id, {})
        self._rouse(run_id)
        self.start(run_id)
        return self.stand(run_id)

    def advance(self, run_id: str, to: To) -> tuple[RunState, list[Entry]]:
        """Move a held run; returns where it stands then, and what its journal has got meanwhile.

        Raises NotFound, and BadRequest for a run that moves by itself, or is being advanced already.
        """
        self._check_held(self.stand(run_id))
        self._await([run_id], RUN_LIFETIME_S)  # it may have been held in the middle of an answer
        with self._store.transaction():
            self._check_held(state := self.stand(run_id))
            if run_id in self._goals:
                raise BadRequest(f"Run {run_id} is being advanced already. Wait for the answer to that request.")
            self._goals[run_id] = Goal(to, start := state.length)
        try:
            if self._is_read(run_id):  # its reader shall miss nothing
                self._rouse(run_id)
                self._cranks[run_id].run_down()
            deque(self.drive(run_id), maxlen=0)
        finally:
            del self._goals[run_id]
        return self.stand(run_id), self._store.journal(run_id, start)

    def _check_held(self, state: RunState) -> None:
        if state.status in ACTIVE and state.held is None:
            id = state.run["id"]
            raise BadRequest(f"Run {id} moves by itself. To advance it, POST /v1/lab/runs/{id}/hold first.")

    def _may_turn(self, state: RunState) -> bool:
        run_id = state.run["id"]
        if state.held is None or (state.status == "cancelling" and run_id in self._busy):
            return True
        goal = self._goals.get(run_id)
        return goal is not None and not goal.reached(state, self._store.journal(run_id, goal.start))

    # The crank and those who turn it

    def drive(self, run_id: str) -> Generator[Event | None, None, bool]:
        """Move a run until it rests. Yields None after each transition, and each piece of an answer in between.

        Returns whether the run waits for a client: for tool outputs, for an answer in the model's seat, or, as it is
        held, for being advanced.
        """
        goes_on = True
        with suppress(RunDeleted):
            try:
                while goes_on and (turn := self._turn(run_id)):
                    events, goes_on = turn
                    yield from events
            except RunDeleted:
                self._leave(run_id)
                raise
            except Exception as error:  # noqa: BLE001  a bug of ours must not leave the run hanging
                with suppress(IllegalMove), open_draft(self._store, run_id) as draft:
                    broke = ModelError(f"The engine broke: {told(error)}. Please report it.")
                    draft.failed(self._interrupt(run_id), broke)
                yield None
        return not goes_on

    def follow(self, run: Json, start: int = 0) -> tuple[Iterator[Event], Callable[[], None]]:
        """Drive a run by reading: all that happens to it from journal entry `start` on, whoever makes it happen.

        The second value is for when nobody reads any more: then the background goes on where the reader was.
        """
        run_id = run["id"]
        crank = self._cranks[run_id] = Crank(self._events(run, start), keep=True)
        events = crank.read()

        def let_go() -> None:
            with suppress(ValueError):  # somebody is reading in this moment
                events.close()
            if self._cranks.get(run_id) is crank:
                if crank.over:
                    del self._cranks[run_id]
                else:
                    self.start(run_id)

        return events, let_go

    def _events(self, run: Json, start: int) -> Iterator[Event | None]:
        """Ends with an `error` when the run's thread is deleted meanwhile."""
        state = fold(self._store.journal(run["id"])[:start])
        for delta in itertools.chain([None], self._drive_and_wait(run["id"]), [None]):
            if delta:
                yield delta
                continue
            for entry in self._store.journal(run["id"], state.length):
                state.apply(entry)
                if entry.event.startswith("thread."):
                    yield entry.event, dict(state.objects[entry.id])
                if entry.event == "thread.run.requires_action":
                    return  # what comes next is told in the stream of the tool outputs
            yield None
        if not self._store.journal(run["id"]):
            yield "error", NotFound.of("thread", run["thread_id"]).envelope()

    def _drive_and_wait(self, run_id: str) -> Iterator[Event | None]:
        """Drive on when a client has spoken, as long as somebody reads and somebody else can speak meanwhile."""
        while (yield from self.drive(run_id)) and _THREADS and self._is_read(run_id):
            if crank := self._cranks.get(run_id):
                crank.waits = True
            yield None

    def _rouse(self, run_id: str) -> None:
        """What the reader of a run waits for may have come."""
        if crank := self._cranks.get(run_id):
            crank.rouse()

    def _is_read(self, run_id: str) -> bool:
        crank = self._cranks.get(run_id)
        return crank is not None and crank.is_read

    def start(self, run_id: str) -> None:
        """Let a thread of its own turn the crank."""
        crank = self._cranks.setdefault(run_id, Crank(self.drive(run_id)))

        def run_down() -> None:
            try:
                crank.run_down()
                if crank.broken:
                    deque(self.drive(run_id), maxlen=0)
            finally:
                if self._cranks.get(run_id) is crank and not crank.waits:
                    del self._cranks[run_id]

        self._in_background(run_id, run_down)

    def _in_background(self, run_id: str, work: Callable[[], object]) -> None:
        rests = self._resting[run_id] = threading.Event()

        def do() -> None:
            try:
                with suppress(Exception):  # the store may be closed under our feet; the journal knows where we were
                    work()
            finally:
                if self._resting.get(run_id) is rests:
                    self._resting.pop(run_id, None)
                rests.set()

        try:
            threading.Thread(target=do, name=f"assistant_nb {run_id}", daemon=True).start()
        except RuntimeError:  # no threads here, as in a browser's Python, or no more of them
            do()

    def recover(self) -> None:
        """Go on with all runs that were under way when the process ended."""
        for run in self._store.active_runs():
            self.start(run["id"])

    def settle(self, thread_id: str) -> None:
        """Give a thread's run a moment to end, if it is moving in the background.

        Between two cells of a notebook a run that answers from a recording has long ended; between
        two calls of a script it may need a few more milliseconds.
        """
        if run := self._store.active_run(thread_id):
            self._await([run["id"]])

    def forget(self, thread_id: str) -> None:
        """A thread was deleted: the tools let go of what they keep for it."""
        for tool in self._tools.values():
            tool.forget(thread_id)

    def close(self) -> None:
        """Wait a moment for the threads, so that runs about to end do so."""
        self._await(list(self._resting))
        for tool in self._tools.values():
            tool.close()

    def _await(self, run_ids: list[str], at_most_s: float = SETTLE_S) -> None:
        end = time.monotonic() + at_most_s
        mine = threading.current_thread().name  # a model's own code may call the API
        for run_id in run_ids:
            if (rests := self._resting.get(run_id)) and mine != f"assistant_nb {run_id}":
                rests.wait(max(0, end - time.monotonic()))

    # The transitions

    def _turn(self, run_id: str) -> tuple[Iterable[Event | None], bool] | None:
        """Make the next transition, in one transaction; None when the run rests or somebody else is at it.

        Gives what to yield, and whether the crank may go on: not where a client has the word, whose answer may be
        there already, as somebody else goes on with it.
        """
        with open_draft(self._store, run_id) as draft:
            if self._is_over(draft.run):
                draft.expired(self._interrupt(run_id))
                return [None], True
            step = next_step(draft.state)
            if step and not self._may_turn(draft.state):
                return [], False
            match step:
                case "begin":
                    draft.become("in_progress", started_at=draft.at)
                case "ask":
                    self._ask(draft)
                case "listen" if run_id in self._seats:
                    return [], False
                case "listen":
                    model = Human() if draft.state.dictated else self.model
                    listening = Listening(self._store, model, draft.state)
                    return self._occupied(run_id, listening, listening.listen())
                case "use":
                    call = draft.state.unused() or {}
                    calling = Calling(self._store, self._tools.get(call["type"]), draft.state, call)
                    return self._occupied(run_id, calling, calling.go())
                case "require":
                    draft.become(
                        "requires_action",
                        required_action=wire.required_action(draft.state.open_step("tool_calls") or {}),
                    )
                    return [None], False
                case "conclude":
                    self._conclude(draft)
                case "stop":
                    draft.cancelled(self._interrupt(run_id))
                case None:
                    return None
        return [None], True

    def _ask(self, draft: Draft) -> None:
        messages = self._store.all("thread.message", draft.run["thread_id"])
        prompt = prompt_of(draft.state, messages, list(code_files(self._store, draft.run)))
        if limit := exhausted(draft.state, prompt):
            draft.become("incomplete", incomplete_details={"reason": limit})
        else:
            draft.note("model.asked", draft.run["id"], prompt.as_json())

    def _occupied(
        self, run_id: str, work: Listening | Calling, events: Iterator[Event | None]
    ) -> tuple[Iterator[Event | None], bool] | None:
        """Work that takes its time, outside of any transaction; None when somebody is at it already."""
        if run_id in self._busy:
            return None
        self._busy[run_id] = work

        def until_it_ends() -> Iterator[Event | None]:
            try:
                yield from events
            except Unanswered:
                with open_draft(self._store, run_id) as draft:
                    if draft.state.status == "in_progress":
                        self._seats.add(run_id)
            finally:
                if self._busy.get(run_id) is work:
                    self._busy.pop(run_id, None)

        return until_it_ends(), True

    def _conclude(self, draft: Draft) -> None:
        if draft.state.answer and draft.state.answer["finish_reason"] == "length":
            draft.become("incomplete", incomplete_details={"reason": "max_completion_tokens"})
        else:
            draft.become("completed", completed_at=draft.at)

    def _interrupt(self, run_id: str) -> str:
        """Turn away from the model or tool at work, if there is one; returns what the model has said so far."""
        self._leave(run_id)
        work = self._busy.pop(run_id, None)
        return work.stop() if work else ""

    def _leave(self, run_id: str) -> None:
        """Nobody has to answer in the model's seat any more."""
        self._seats.discard(run_id)
        self._rouse(run_id)

    # Reading

    def _is_over(self, run: Json) -> bool:
        return run["status"] in ACTIVE and self._store.time(run["thread_id"]) >= run["expires_at"]

    def _has_question(self, thread_id: str) -> bool:
        return bool(self._store.page("thread.message", thread_id, limit=1, where={"role": "user"})[0])


def check_choice(choice: str | Json, tools: Sequence[Json]) -> None:
    """Raises BadRequest when a model must call a tool that it does not have."""
    offered = [tool["function"]["name"] if tool["type"] == "function" else tool["type"] for tool in tools]
    there = f"It has: {', '.join(offered) or 'none'}."
    match choice:
        case {"function": {"name": str(name)}} | {"type": str(name)} if name not in offered:
            raise BadRequest(
                f"Invalid value for 'tool_choice': there is no tool '{name}'. {there}",
                param="tool_choice",
            )
        case "required" if not offered:
            raise BadRequest(
                "Invalid value for 'tool_choice': 'required' needs a tool, and there is none.", param="tool_choice"
            )
