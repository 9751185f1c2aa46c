"""`/v1/lab`: what the hosted API never showed."""

from dataclasses import asdict

from .. import params
from ..errors import NotFound
from ..wire import Json
from .base import Call, Route


def journal(call: Call) -> Json:
    """Everything that happened in a run so far, in order, prompts and answers included."""
    run_id = call.ids["run_id"]
    entries = call.store.journal(run_id)
    if not entries:
        raise NotFound.of("run", run_id)
    return {"object": "list", "data": [asdict(entry) for entry in entries]}


def move_clock(call: Call) -> Json:
    """Let time pass at once: runs expire, as if their client had waited."""
    call.store.move_clock(call.body["advance_s"])
    for run in call.store.active_runs():
        call.runner.seen(run)
    return {"object": "lab.clock", "now": call.store.time()}


ROUTES = [
    Route("GET", "/v1/lab/runs/<run_id>/journal", journal, beta=False),
    Route("POST", "/v1/lab/clock", move_clock, params.MoveClock, beta=False),
]
