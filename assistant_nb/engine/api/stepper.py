"""`/v1/lab/runs/{run_id}`: a run looked into, moved by hand, seen as it was, and forked."""

from collections.abc import Sequence
from dataclasses import asdict

from .. import wire
from ..errors import NotFound
from ..journal import Entry, RunState, fold
from ..run_states import MOVES
from ..runs.forks import fork as fork_run
from ..runs.stepping import next_transition, seek, why
from ..wire import Json
from . import params
from .base import Answer, Call, Route
from .runs import under_way


def create(call: Call) -> Answer:
    """A run as ever, but held from the start."""
    breakpoints = call.body.get("breakpoints", [])
    return under_way(call, call.runner.create(call.ids["thread_id"], call.body, breakpoints=breakpoints))


def retrieve(call: Call) -> Json:
    return _position(call, call.runner.stand(call.ids["run_id"]))


def hold(call: Call) -> Json:
    return _position(call, call.runner.hold(call.ids["run_id"], call.body.get("breakpoints", [])))


def release(call: Call) -> Json:
    return _position(call, call.runner.release(call.ids["run_id"]))


def advance(call: Call) -> Json:
    """Move a held run, and tell what happened. The answer comes when the run stands again."""
    return _position(call, *call.runner.advance(call.ids["run_id"], call.body.get("to", "transition")))


def journal(call: Call) -> Json:
    """Everything that happened in a run so far, in order, prompts and answers included."""
    run_id = call.ids["run_id"]
    call.store.get("thread.run", run_id)
    entries = call.store.journal(run_id, call.query.get("after", -1) + 1)
    return {"object": "list", "data": [asdict(entry) for entry in entries]}


def find_stop(call: Call) -> Json:
    """The entry at which a move would stop that begins behind an earlier entry. Nothing moves."""
    run_id, after, to = call.ids["run_id"], call.body["after"], call.body["to"]
    call.store.get("thread.run", run_id)
    n = seek(call.store.journal(run_id), after, to, call.body.get("breakpoints", []))
    return {"object": "lab.stop", "run_id": run_id, "n": n}


def view(call: Call) -> Json:
    """The run, its steps and the thread's messages as the plain API gave them when entry `n` was the latest.

    Messages from before the run stand as they are on the thread now.
    """
    run_id, n = call.ids["run_id"], call.ids["n"]
    run, entries = call.store.get("thread.run", run_id), call.store.journal(run_id)
    if not (n.isdecimal() and n.isascii() and int(n) < len(entries)):
        raise NotFound(f"Run {run_id} has no entry {n}: its journal ends with entry {len(entries) - 1}.")
    state = fold(entries[: int(n) + 1])
    written = [body for body in state.objects.values() if body["object"] == "thread.message"]
    finished = [message for message in written if message["status"] != "in_progress"]
    messages = call.store.all("thread.message", run["thread_id"], before=run_id) + finished
    return {
        "object": "lab.view",
        **_standing(state),
        "entry": asdict(entries[int(n)]),
        "steps": [wire.rest(step, call.query.get("include[]", ())) for step in state.steps],
        "messages": [wire.rest(message) for message in messages],
    }


def fork(call: Call) -> Json:
    """A new thread with a new, held run, which begins as this one did."""
    id = fork_run(call.store, call.ids["run_id"], call.body["at"], call.body.get("edit", {}))
    return _position(call, call.runner.stand(id))


def list_forks(call: Call) -> Json:
    """The runs that were forked from this one, from these, and so on; each names its parent."""
    run_id = call.ids["run_id"]
    call.store.get("thread.run", run_id)
    return {"object": "list", "data": [_fork(call, run) for run in call.store.forks(run_id)]}


def _fork(call: Call, run: Json) -> Json:
    named = {"run_id": run["id"], "thread_id": run["thread_id"], "status": run["status"]}
    return {"object": "lab.fork", **named, **_origin(call, run["id"])}


def _origin(call: Call, run_id: str) -> Json:
    """The run that a run was forked from, the last entry that both share, and the edit."""
    parent, n, edit = call.store.origin(run_id) or ("", 0, None)
    return {"parent": {"run_id": parent, "n": n} if parent else None, "edit": edit or None}


def _position(call: Call, state: RunState, entries: Sequence[Entry] = ()) -> Json:
    """Where a run stands, and how it came there."""
    reason, met = why(state, entries, seated=call.runner.seated(state.run["id"]))
    return {
        "object": "lab.run",
        **_standing(state),
        "held": state.held is not None and reason != "ended",
        "breakpoints": state.held or [],
        "why": reason,
        "breakpoint": met,
        "entries": [asdict(entry) for entry in entries],
        **_origin(call, state.run["id"]),
    }


def _standing(state: RunState) -> Json:
    moves = [{"status": status, "reason": reason} for status, reason in MOVES[state.status].items()]
    return {"n": state.length - 1, "run": state.run, "next": next_transition(state), "moves": moves}


ROUTES = [
    Route("POST", "/v1/lab/threads/<thread_id>/runs", create, params.CreateHeldRun, beta=False),
    Route("GET", "/v1/lab/runs/<run_id>", retrieve, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/hold", hold, params.HoldRun, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/release", release, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/advance", advance, params.AdvanceRun, beta=False),
    Route("GET", "/v1/lab/runs/<run_id>/journal", journal, query=params.JournalQuery, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/seek", find_stop, params.SeekRun, beta=False),
    Route("GET", "/v1/lab/runs/<run_id>/at/<n>", view, query=params.IncludeQuery, beta=False),
    Route("POST", "/v1/lab/runs/<run_id>/fork", fork, params.ForkRun, beta=False),
    Route("GET", "/v1/lab/runs/<run_id>/forks", list_forks, beta=False),
]
