"""`/v1/lab`: what the hosted API never showed."""

from typing import Any, Literal, NotRequired, TypedDict

from ..entries import Asked
from ..errors import BadRequest, RecordingError
from ..journal import RunState
from ..model.faults import Fault
from ..objects import Thread
from ..params.lab import ChangeModel, MoveClock, Said, SetFault
from ..run_states import MOVES, Status
from ..runs.forks import copy_thread
from ..runs.seat import remarks
from ..wire import Listed
from .base import Call, Route


class About(TypedDict):
    object: Literal["lab"]
    engine: Literal["assistant_nb"]
    model: str
    moves: dict[Status, dict[Status, str]]


class Clock(TypedDict):
    object: Literal["lab.clock"]
    now: int


class Seat(TypedDict):
    object: Literal["lab.seat", "lab.answer"]
    run_id: str
    thread_id: str
    prompt: Asked | None
    remarks: NotRequired[list[str]]


class FaultShown(SetFault):
    object: Literal["lab.fault"]


def about(call: Call[Any]) -> About:
    """Tells this engine from other servers; brings the table of a run's legal moves, and why each is made."""
    return {"object": "lab", "engine": "assistant_nb", "model": call.runner.model.inner.name, "moves": MOVES}


def change_model(call: Call[ChangeModel]) -> About:
    """Let another model answer new runs. "live" is the endpoint that the engine was started with."""
    name, others = call.params["model"], call.runner.others
    if name not in others:
        raise BadRequest(
            f"This engine has no model '{name}' to change to. It has: {', '.join(others) or 'none'}.",
            param="model",
            code="invalid_value",
        )
    try:
        call.runner.change_model(others[name]())
    except RecordingError:
        raise BadRequest("The recording of this engine cannot be read any more.", param="model") from None
    return about(call)


def move_clock(call: Call[MoveClock]) -> Clock:
    """Let time pass at once: runs expire, as if their client had waited."""
    call.store.move_clock(call.params["advance_s"])
    for run in call.store.active_runs():
        call.runner.seen(run)
    return {"object": "lab.clock", "now": call.store.time()}


def list_seats(call: Call[object]) -> Listed[Seat]:
    """The runs that wait for a person in the model's seat, each with the prompt that a model would get."""
    return {"object": "list", "data": [_seat(state) for state in call.runner.seats()]}


def answer_seat(call: Call[Said]) -> Seat:
    """Answer in the model's place. `remarks` says what a good model would have done otherwise."""
    state = call.runner.answer(call.ids["run_id"], call.params)
    told = list(remarks(state.asked, call.params)) if state.asked else []
    return {**_seat(state), "object": "lab.answer", "remarks": told}


def _seat(state: RunState) -> Seat:
    run = state.run
    return {"object": "lab.seat", "run_id": run["id"], "thread_id": run["thread_id"], "prompt": state.asked}


def copy(call: Call[object]) -> Thread:
    """A copy of a thread, to try things on: what comes of it changes no id and no answer elsewhere."""
    return copy_thread(call.store, call.ids["thread_id"])


def list_faults(call: Call[object]) -> Listed[FaultShown]:
    """What will go wrong; `at_call` counts from now."""
    return {"object": "list", "data": [_fault(fault) for fault in call.runner.model.faults]}


def set_fault(call: Call[SetFault]) -> FaultShown:
    fault = Fault(**call.params)
    call.runner.model.set(fault)
    return _fault(fault)


def clear_faults(call: Call[object]) -> Listed[FaultShown]:
    call.runner.model.clear()
    return list_faults(call)


def _fault(fault: Fault) -> FaultShown:
    shown: FaultShown = {"object": "lab.fault", "kind": fault.kind, "at_call": fault.at_call}
    if fault.kind == "slow":
        shown["delay_s"] = fault.delay_s
    elif fault.kind == "cut_off":
        shown["after_deltas"] = fault.after_deltas
    return shown


ROUTES: list[Route[Any]] = [
    Route("GET", "/v1/lab", about, beta=False),
    Route("POST", "/v1/lab/model", change_model, ChangeModel, beta=False),
    Route("POST", "/v1/lab/clock", move_clock, MoveClock, beta=False),
    Route("GET", "/v1/lab/seats", list_seats, beta=False),
    Route("POST", "/v1/lab/seats/<run_id>", answer_seat, Said, beta=False),
    Route("POST", "/v1/lab/threads/<thread_id>/copy", copy, beta=False),
    Route("GET", "/v1/lab/faults", list_faults, beta=False),
    Route("POST", "/v1/lab/faults", set_fault, SetFault, beta=False),
    Route("DELETE", "/v1/lab/faults", clear_faults, beta=False),
]
