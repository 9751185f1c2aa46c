"""`/v1/threads/{thread_id}/runs` and their steps. Source: API reference, "Runs" and "Run steps"."""

from itertools import chain

from .. import wire
from ..errors import BadRequest
from ..run_states import MOVING
from ..threads import create_thread
from ..wire import Json
from . import params
from .base import Answer, Call, Route, Stream


def create(call: Call) -> Answer:
    return under_way(call, call.runner.create(call.ids["thread_id"], call.body, may_be_empty=call.v1))


def create_thread_and_run(call: Call) -> Answer:
    with call.store.transaction():
        thread = create_thread(call.store, call.body.get("thread") or {})
        run = call.runner.create(thread["id"], call.body, may_be_empty=call.v1)
    return under_way(call, run, thread)


def submit_tool_outputs(call: Call) -> Answer:
    with call.store.transaction():
        run = _run(call)
        before = len(call.store.journal(run["id"]))
        run = call.runner.submit(run, call.body["tool_outputs"])
    return under_way(call, run, start=before)


def list_(call: Call) -> Json:
    thread_id = call.ids["thread_id"]
    call.store.get("thread", thread_id)
    runs, has_more = call.store.page("thread.run", thread_id, **call.query)
    return wire.page([call.runner.seen(run) for run in runs], has_more)


def retrieve(call: Call) -> Json:
    return call.runner.polled(_run(call))


def modify(call: Call) -> Json:
    with call.store.transaction():
        run = retrieve(call)
        if run["status"] in MOVING:
            raise BadRequest(f"Cannot update run with status '{run['status']}'.")
        return call.runner.amend(run["id"], "client.modified", run["id"], call.body)


def cancel(call: Call) -> Json:
    return call.runner.cancel(call.ids["thread_id"], call.ids["run_id"])


def list_steps(call: Call) -> Json:
    run = retrieve(call)
    include = call.query.pop("include[]", ())
    return wire.page(*call.store.page("thread.run.step", run["id"], **call.query), include)


def retrieve_step(call: Call) -> Json:
    run = retrieve(call)
    return wire.rest(call.store.get("thread.run.step", call.ids["step_id"], run["id"]), call.query.get("include[]", ()))


def _run(call: Call) -> Json:
    return call.store.get("thread.run", call.ids["run_id"], call.ids["thread_id"])


def under_way(call: Call, run: Json, thread: Json | None = None, start: int = 0) -> Answer:
    """Somebody has to move a new run: the reader of its stream, or the background."""
    if not call.body.get("stream"):
        call.runner.start(run["id"])
        return run
    events, let_go = call.runner.follow(run, start)
    born = [("thread.created", thread)] if thread else []
    return Stream(chain(born, events), let_go)


ROUTES = [
    Route("POST", "/v1/threads/runs", create_thread_and_run, params.CreateThreadAndRun),
    Route("POST", "/v1/threads/<thread_id>/runs", create, params.CreateRun),
    Route("GET", "/v1/threads/<thread_id>/runs", list_, query=params.ListQuery),
    Route("GET", "/v1/threads/<thread_id>/runs/<run_id>", retrieve),
    Route("POST", "/v1/threads/<thread_id>/runs/<run_id>", modify, params.ModifyMetadata),
    Route("POST", "/v1/threads/<thread_id>/runs/<run_id>/cancel", cancel, attends=False),
    Route(
        "POST",
        "/v1/threads/<thread_id>/runs/<run_id>/submit_tool_outputs",
        submit_tool_outputs,
        params.SubmitToolOutputs,
    ),
    Route("GET", "/v1/threads/<thread_id>/runs/<run_id>/steps", list_steps, query=params.ListStepsQuery),
    Route("GET", "/v1/threads/<thread_id>/runs/<run_id>/steps/<step_id>", retrieve_step, query=params.IncludeQuery),
]
