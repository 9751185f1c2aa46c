"""Moving runs by hand: held runs, which somebody advances, and runs that each look of a client moves."""

from collections import deque

from ..errors import BadRequest
from ..journal import Entry, RunState
from ..objects import RUN, Run
from ..params.lab import Breakpoint, To
from ..run_states import ACTIVE
from ..wire import RUN_LIFETIME_S
from .runner import Runner
from .stepping import Goal


def hold(runner: Runner, run_id: str, breakpoints: list[Breakpoint]) -> RunState:
    """From now on a run moves only when it is advanced; an answer or a tool's work under way is finished first.

    Raises NotFound, and BadRequest for a run that has ended.
    """
    with runner.store.transaction():
        if (state := runner.stand(run_id)).status not in ACTIVE:
            raise BadRequest(f"Run {run_id} has ended as '{state.status}': there is nothing to hold.")
        if state.held != breakpoints:
            runner.amend(run_id, "client.held", run_id, {"breakpoints": breakpoints})
        return runner.stand(run_id)


def release(runner: Runner, run_id: str) -> RunState:
    """Let a held run go on by itself. Raises NotFound."""
    with runner.store.transaction():
        if (state := runner.stand(run_id)).held is None or state.status not in ACTIVE:
            return state
        runner.amend(run_id, "client.released", run_id, {})
    runner.live(run_id).rouse()
    runner.start(run_id)
    return runner.stand(run_id)


def advance(runner: Runner, run_id: str, to: To) -> tuple[RunState, list[Entry]]:
    """Move a held run; returns where it stands then, and what its journal has got meanwhile.

    Raises NotFound, and BadRequest for a run that moves by itself, or is being advanced already.
    """
    _check_held(runner.stand(run_id))
    live = runner.live(run_id)
    live.wait(RUN_LIFETIME_S)  # it may have been held in the middle of an answer
    with runner.store.transaction():
        _check_held(state := runner.stand(run_id))
        if live.goal:
            raise BadRequest(f"Run {run_id} is being advanced already. Wait for the answer to that request.")
        live.goal = Goal(to, start := state.length)
    try:
        if (turns := live.turns) and turns.is_read:  # its reader shall miss nothing
            turns.rouse()
            turns.take_all()
        deque(runner.drive(run_id), maxlen=0)
    finally:
        live.goal = None
    state = runner.stand(run_id)
    return state, state.entries[start:]


def look(runner: Runner, run: Run) -> Run:
    """Make the next transition of a run, and return it. What a thread or the reader of a stream moves is left alone."""
    live = runner.live(run["id"])
    with live.looking:
        if not (live.turns or live.is_moving(within_s=0)):
            live.look = Goal("transition", runner.store.journal_length(run["id"]))
            try:
                deque(runner.drive(run["id"]), maxlen=0)
            finally:
                live.look = None
    return runner.seen(runner.store.get(RUN, run["id"]))


def _check_held(state: RunState) -> None:
    if state.status in ACTIVE and state.held is None:
        id = state.run["id"]
        raise BadRequest(f"Run {id} moves by itself. To advance it, POST /v1/lab/runs/{id}/hold first.")
