"""`/v1/lab/runs/{run_id}`: a run looked into, moved by hand, seen as it was, and forked."""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from .. import wire
from ..errors import NotFound
from ..journal import Entry, RunState, fold
from ..objects import MESSAGE, RUN, Message, Run, RunStep
from ..params.lab import AdvanceRun, Breakpoint, CreateHeldRun, Edit, ForkRun, HoldRun, JournalQuery, SeekRun
from ..run_states import MOVES, Status
from ..runs import by_hand
from ..runs.forks import fork as fork_run
from ..runs.stepping import Transition, Why, next_transition, seek, why
from ..wire import Listed
from .base import Answer, Call, Route
from .runs import under_way


class Move(TypedDict):
    status: Status
    reason: str


class Standing(TypedDict):
    n: int
    run: Run
    next: Transition | None
    moves: list[Move]


class EntryShown(TypedDict):
    """An `Entry`; `data` holds what its event says."""

    n: int
    at: int
    event: str
    id: str
    data: Any
    follows: bool


class Place(TypedDict):
    run_id: str
    n: int


class Origin(TypedDict):
    parent: Place | None
    edit: Edit | None


class Position(Standing, Origin):
    object: Literal["lab.run"]
    held: bool
    breakpoints: list[Breakpoint]
    why: Why
    breakpoint: Breakpoint | None
    entries: list[EntryShown]


class View(Standing):
    object: Literal["lab.view"]
    entry: EntryShown
    steps: list[RunStep]
    messages: list[Message]


class Fork(Origin):
    object: Literal["lab.fork"]
    run_id: str
    thread_id: str
    status: Status


class Stop(TypedDict):
    object: Literal["lab.stop"]
    run_id: str
    n: int


def create(call: Call[CreateHeldRun]) -> Answer:
    """A run as ever, but held from the start."""
    breakpoints = call.params.get("breakpoints", [])
    run = call.runner.create(call.ids["thread_id"], call.params, breakpoints=breakpoints)
    return under_way(call, run, stream=call.params.get("stream"))


def retrieve(call: Call[object]) -> Position:
    return _position(call, call.runner.stand(call.ids["run_id"]))


def hold(call: Call[HoldRun]) -> Position:
    return _position(call, by_hand.hold(call.runner, call.ids["run_id"], call.params.get("breakpoints", [])))


def release(call: Call[object]) -> Position:
    return _position(call, by_hand.release(call.runner, call.ids["run_id"]))


def advance(call: Call[AdvanceRun]) -> Position:
    """Move a held run, and tell what happened. The answer comes when the run stands again."""
    return _position(call, *by_hand.advance(call.runner, call.ids["run_id"], call.params.get("to", "transition")))


def journal(call: Call[JournalQuery]) -> Listed[EntryShown]:
    """Everything that happened in a run so far, in order, prompts and answers included."""
    run_id = call.ids["run_id"]
    call.store.get(RUN, run_id)
    entries = call.store.journal(run_id, call.params.get("after", -1) + 1)
    return {"object": "list", "data": [_shown(entry) for entry in entries]}


def find_stop(call: Call[SeekRun]) -> Stop:
    """The entry at which a move would stop that begins behind an earlier entry. Nothing moves."""
    run_id, body = call.ids["run_id"], call.params
    call.store.get(RUN, run_id)
    n = seek(call.store.journal(run_id), body["after"], body["to"], body.get("breakpoints", []))
    return {"object": "lab.stop", "run_id": run_id, "n": n}


def view(call: Call[object]) -> View:
    """The run, its steps and the thread's messages as the plain API gave them when entry `n` was the latest.

    Messages from before the run stand as they are on the thread now. What a response was given names it, too: that can
    be edited.
    """
    run_id, n = call.ids["run_id"], call.ids["n"]
    run, entries = call.store.get(RUN, run_id), call.store.journal(run_id)
    if not (n.isdecimal() and n.isascii() and int(n) < len(entries)):
        raise NotFound(f"Run {run_id} has no entry {n}: its journal ends with entry {len(entries) - 1}.")
    state = fold(entries[: int(n) + 1])
    written = [body for body in state.objects.values() if body["object"] == "thread.message"]
    finished = [message for message in written if message["status"] != "in_progress"]
    if "request" in run:  # beside it there may be others on its hidden thread
        before = [row for row in call.store.context(run) if row["object"] == "thread.message"]
    else:
        before = call.store.all(MESSAGE, run["thread_id"], before=run_id)
    messages = before + finished
    return {
        "object": "lab.view",
        **_standing(state),
        "entry": _shown(entries[int(n)]),
        "steps": [wire.rest(step, call.include) for step in state.steps],
        "messages": [{**wire.rest(message), "run_id": message["run_id"]} for message in messages],
    }


def fork(call: Call[ForkRun]) -> Position:
    """A new thread with a new, held run, which begins as this one did."""
    id = fork_run(call.store, call.ids["run_id"], call.params["at"], call.params.get("edit", {}))
    return _position(call, call.runner.stand(id))


def list_forks(call: Call[object]) -> Listed[Fork]:
    """The runs that were forked from this one, from these, and so on; each names its parent."""
    run_id = call.ids["run_id"]
    call.store.get(RUN, run_id)
    return {"object": "list", "data": [_fork(call, run) for run in call.store.forks(run_id)]}


def _fork(call: Call[object], run: Run) -> Fork:
    return {
        "object": "lab.fork",
        "run_id": run["id"],
        "thread_id": run["thread_id"],
        "status": run["status"],
        **_origin(call, run["id"]),
    }


def _origin(call: Call[object], run_id: str) -> Origin:
    """The run that a run was forked from, the last entry that both share, and the edit."""
    if origin := call.store.origin(run_id):
        parent, n, edit = origin
        return {"parent": {"run_id": parent, "n": n}, "edit": edit or None}
    return {"parent": None, "edit": None}


def _position(call: Call[object], state: RunState, entries: Sequence[Entry] = ()) -> Position:
    """Where a run stands, and how it came there."""
    reason, met = why(state, entries, seated=call.runner.seated(state.run["id"]))
    return {
        "object": "lab.run",
        **_standing(state),
        "held": state.held is not None and reason != "ended",
        "breakpoints": state.held or [],
        "why": reason,
        "breakpoint": met,
        "entries": [_shown(entry) for entry in entries],
        **_origin(call, state.run["id"]),
    }


def _shown(entry: Entry) -> EntryShown:
    return {
        "n": entry.n,
        "at": entry.at,
        "event": entry.event,
        "id": entry.id,
        "data": entry.data,
        "follows": entry.follows,
    }


def _standing(state: RunState) -> Standing:
    moves: list[Move] = [{"status": status, "reason": reason} for status, reason in MOVES[state.status].items()]
    return {"n": state.length - 1, "run": state.run, "next": next_transition(state), "moves": moves}


ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/lab/threads/<thread_id>/runs", create, CreateHeldRun, beta=False),
    Route("GET", "/v1/lab/runs/<run_id>", retrieve, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/hold", hold, HoldRun, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/release", release, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/advance", advance, AdvanceRun, beta=False),
    Route("GET", "/v1/lab/runs/<run_id>/journal", journal, JournalQuery, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/seek", find_stop, SeekRun, beta=False),
    Route("GET", "/v1/lab/runs/<run_id>/at/<n>", view, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/fork", fork, ForkRun, beta=False),
    Route("GET", "/v1/lab/runs/<run_id>/forks", list_forks, beta=False),
]
