"""`/v1/lab`: what the hosted API never showed."""

from ..journal import RunState
from ..model.faults import Fault
from ..run_states import MOVES
from ..runs.seat import remarks
from ..wire import Json
from . import params
from .base import Call, Route


def about(call: Call) -> Json:
    """Tells this engine from other servers; brings the table of a run's legal moves, and why each is made."""
    model = call.runner.model.inner
    return {"object": "lab", "engine": "assistant_nb", "model": model.name, "moves": MOVES}


def move_clock(call: Call) -> Json:
    """Let time pass at once: runs expire, as if their client had waited."""
    call.store.move_clock(call.body["advance_s"])
    for run in call.store.active_runs():
        call.runner.seen(run)
    return {"object": "lab.clock", "now": call.store.time()}


def list_seats(call: Call) -> Json:
    """The runs that wait for a person in the model's seat, each with the prompt that a model would get."""
    return {"object": "list", "data": [_seat(state) for state in call.runner.seats()]}


def answer_seat(call: Call) -> Json:
    """Answer in the model's place. `remarks` says what a good model would have done otherwise."""
    state = call.runner.answer(call.ids["run_id"], call.body)
    return {**_seat(state), "object": "lab.answer", "remarks": list(remarks(state.asked or {}, call.body))}


def _seat(state: RunState) -> Json:
    run = state.run
    return {"object": "lab.seat", "run_id": run["id"], "thread_id": run["thread_id"], "prompt": state.asked}


def list_faults(call: Call) -> Json:
    """What will go wrong; `at_call` counts from now."""
    faults = [{"object": "lab.fault", **fault.as_json()} for fault in call.runner.model.faults]
    return {"object": "list", "data": faults}


def set_fault(call: Call) -> Json:
    fault = Fault(**call.body)
    call.runner.model.set(fault)
    return {"object": "lab.fault", **fault.as_json()}


def clear_faults(call: Call) -> Json:
    call.runner.model.clear()
    return list_faults(call)


ROUTES = [
    Route("GET", "/v1/lab", about, beta=False),
    Route("POST", "/v1/lab/clock", move_clock, params.MoveClock, beta=False),
    Route("GET", "/v1/lab/seats", list_seats, beta=False),
    Route("POST", "/v1/lab/seats/<run_id>", answer_seat, params.AnswerSeat, beta=False),
    Route("GET", "/v1/lab/faults", list_faults, beta=False),
    Route("POST", "/v1/lab/faults", set_fault, params.SetFault, beta=False),
    Route("DELETE", "/v1/lab/faults", clear_faults, beta=False),
]
