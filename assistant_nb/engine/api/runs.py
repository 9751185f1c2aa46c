"""`/v1/threads/{thread_id}/runs` and their steps. Source: API reference, "Runs" and "Run steps"."""

from itertools import chain
from typing import Any, Final, cast

from .. import wire
from ..errors import BadRequest
from ..objects import RUN, RUN_STEP, Run, RunStep, Thread
from ..params.assistants import (
    CreateRun,
    CreateThreadAndRun,
    ListQuery,
    ModifyMetadata,
    SubmitToolOutputs,
)
from ..run_states import MOVING
from ..runs.answer import Event
from ..runs.by_hand import look
from ..threads import create_thread
from ..wire import Page
from . import v1
from .base import Answer, Call, Route, Stream

POLL_S: Final = 0.02
"""How long a poll waits for a run that is moving in the background."""
_MOST_OUTPUT_BYTES: Final = 512 * 1024


def create(call: Call[CreateRun]) -> Answer:
    with call.store.transaction():
        run = call.runner.create(call.ids["thread_id"], call.params, may_be_empty=call.v1)
        _check_model(call, run)
    return under_way(call, run, stream=call.params.get("stream"))


def create_thread_and_run(call: Call[CreateThreadAndRun]) -> Answer:
    body = cast(CreateRun, call.params)  # whose keys it has, but for two
    with call.store.transaction():
        thread = create_thread(call.store, call.params.get("thread", {}))
        resources = call.params.get("tool_resources", {})
        run = call.runner.create(thread["id"], body, resources, may_be_empty=call.v1)
        _check_model(call, run)
    return under_way(call, run, thread, stream=body.get("stream"))


def submit_tool_outputs(call: Call[SubmitToolOutputs]) -> Answer:
    if sum(len(output.get("output", "").encode()) for output in call.params["tool_outputs"]) >= _MOST_OUTPUT_BYTES:
        raise BadRequest(
            "'tool_outputs' too large: the combined tool outputs must be less than 512kb.",
            param="tool_outputs",
            code="invalid_value",
        )
    with call.store.transaction():
        run = _run(call)
        before = len(call.store.journal(run["id"]))
        run = call.runner.submit(run, call.params["tool_outputs"])
    return under_way(call, run, start=before, stream=call.params.get("stream"))


def list_(call: Call[ListQuery]) -> Page[Run]:
    runs, has_more = call.store.page(RUN, call.ids["thread_id"], **call.params)
    return wire.page([call.runner.seen(run) for run in runs], has_more)


def retrieve(call: Call[object]) -> Run:
    return wire.rest(look_at(call, _run(call)))


def look_at(call: Call[object], run: Run) -> Run:
    """A client that polls asks right after it has created the run, and sleeps until it asks again. A recorded answer
    is there in less time than that, so wait for it here. With `polls="step"` this look moves the run instead.
    """
    if call.runner.polls == "step" and call.asker == "client":
        return look(call.runner, run)
    call.runner.wait(run["id"], POLL_S)
    return _polled(call, call.store.get(RUN, run["id"]))


def modify(call: Call[ModifyMetadata]) -> Run:
    with call.store.transaction():
        run = _polled(call, _run(call))
        if run["status"] in MOVING:
            raise BadRequest(f"Cannot update run with status '{run['status']}'.")
        changes: ModifyMetadata = {"metadata": {}} if "metadata" in call.nulls else call.params
        return call.runner.amend(run["id"], "client.modified", run["id"], changes)


def cancel(call: Call[object]) -> Run:
    return call.runner.cancel(call.ids["thread_id"], call.ids["run_id"])


def list_steps(call: Call[ListQuery]) -> Page[RunStep]:
    return wire.page(*call.store.page(RUN_STEP, _polled(call, _run(call))["id"], **call.params), call.include)


def retrieve_step(call: Call[object]) -> RunStep:
    run = _polled(call, _run(call))
    return wire.rest(call.store.get(RUN_STEP, call.ids["step_id"], run["id"]), call.include)


def _polled(call: Call[object], run: Run) -> Run:
    """Where looks move runs, only the SDK's helper lets one go on by itself. A widget, and a list, moves none."""
    moves = call.runner.polls == "watch" or call.asker == "helper"
    return call.runner.polled(run) if moves else call.runner.seen(run)


def _check_model(call: Call[object], run: Run) -> None:
    """The model may be the assistant's, which v2 knows."""
    if call.v1:
        v1.check_model(run["model"])


def _run(call: Call[object]) -> Run:
    return call.store.get(RUN, call.ids["run_id"], call.ids["thread_id"])


def under_way(
    call: Call[object], run: Run, thread: Thread | None = None, *, start: int = 0, stream: bool | None = False
) -> Answer:
    """Somebody has to move a new run: the reader of its stream, or the background."""
    if not stream:
        call.runner.go_on(run["id"])
        return run
    events, let_go = call.runner.follow(run, start)
    born: list[Event] = [("thread.created", thread)] if thread else []
    return Stream(chain(born, events), let_go)


ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/threads/runs", create_thread_and_run, CreateThreadAndRun),
    Route("POST", "/v1/threads/<thread_id>/runs", create, CreateRun),
    Route("GET", "/v1/threads/<thread_id>/runs", list_, ListQuery),
    Route("GET", "/v1/threads/<thread_id>/runs/<run_id>", retrieve),
    Route("POST", "/v1/threads/<thread_id>/runs/<run_id>", modify, ModifyMetadata),
    Route("POST", "/v1/threads/<thread_id>/runs/<run_id>/cancel", cancel, attends=False),
    Route("POST", "/v1/threads/<thread_id>/runs/<run_id>/submit_tool_outputs", submit_tool_outputs, SubmitToolOutputs),
    Route("GET", "/v1/threads/<thread_id>/runs/<run_id>/steps", list_steps, ListQuery),
    Route("GET", "/v1/threads/<thread_id>/runs/<run_id>/steps/<step_id>", retrieve_step),
]
