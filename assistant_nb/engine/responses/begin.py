"""A request becomes a response: where it belongs, what it is given, and the run that will answer.

Without a conversation a response belongs to a hidden thread: a new one, or that of the response before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ..errors import ApiError, BadRequest
from ..files.blobs import Blobs
from ..files.vectors import file_of
from ..ids import container_id
from ..journal import RunState
from ..model.base import estimate_prompt_tokens
from ..objects import VECTOR_STORE, Chain, ResponseRequest, Run
from ..params.lab import Breakpoint
from ..params.responses import CountTokens, CreateResponse, FlatTool
from ..run_states import ACTIVE
from ..runs.prompt import check_choice, prompt_of
from ..runs.runner import Runner
from ..runs.writer import Writer
from ..store import Store
from ..threads import file_ids, store_ids
from . import request
from .arriving import Arrived, arrive
from .chains import Row
from .store import conversation_of, response_of
from .turns import check_calls, turns_of


@dataclass(frozen=True)
class Place:
    """Where a response belongs."""

    thread_id: str
    """Empty for a new hidden thread."""
    conversation: str | None
    previous: Run | None

    def context(self, store: Store) -> list[Row]:
        """The items before it."""
        if self.previous:
            return [*store.context(self.previous), *store.output_items(self.previous["id"])]
        return store.conversation_items(self.thread_id, limit=-1, order="asc")[0] if self.conversation else []


def begin(runner: Runner, blobs: Blobs, body: CreateResponse, breakpoints: list[Breakpoint] | None = None) -> Run:
    """A queued response; with a list of `breakpoints`, which may be empty, it is held from the start.

    Raises BadRequest and NotFound for what it cannot be made of, BadRequest for a conversation that is locked.
    """
    store, arrived = runner.store, arrive(runner.store, blobs, body.get("input", []))
    settle(runner, body)
    with store.transaction():
        place = _place(runner, body)
        thread_id = place.thread_id or _new_chain(store)
        id, at = store.new_id("response", thread_id), store.now(thread_id)
        run = request.run(id, at, thread_id, body, _request(body, place))
        _check_tools(store, run, body.get("tools", []))
        rows = [one.row(id, n, thread_id, at, id) for n, one in enumerate(arrived)]
        check_calls([*place.context(store), *rows])
        for row in rows:
            store.put(row)
        writer = Writer(store, RunState(), id, at)
        writer.note("thread.run.created", id, run)
        writer.note("thread.run.queued", id, {})
        if breakpoints is not None:
            writer.note("client.held", id, {"breakpoints": breakpoints})
        writer.keep()
        return run


def count_tokens(runner: Runner, blobs: Blobs, body: CountTokens) -> int:
    """How many tokens the prompt of such a response has, by estimate. Nothing is kept."""
    store, arrived = runner.store, arrive(runner.store, blobs, body.get("input", []))
    place = _place(runner, body, asks=False)
    given = [one.row("resp_", n, place.thread_id, 0, "") for n, one in enumerate(arrived)]
    above, turns = turns_of([*place.context(store), *given])
    body = cast(CreateResponse, body)  # whose other keys may be left out
    run = request.run("resp_", 0, place.thread_id, body, _request(body, place))
    return estimate_prompt_tokens(prompt_of(RunState(objects={"": run}), turns, (), above))


def add_items(runner: Runner, thread_id: str, arrived: Sequence[Arrived]) -> list[Row]:
    """Put items into a conversation. Only inside a transaction. Raises BadRequest while a response is under way."""
    store = runner.store
    check_unlocked(runner, thread_id)
    at = store.now(thread_id)
    rows = [one.row(thread_id, store.count(f"items of {thread_id}"), thread_id, at, None) for one in arrived]
    for row in rows:
        store.put(row)
    return rows


def settle(runner: Runner, body: CountTokens) -> None:
    """Give the response that is under way in a conversation a moment to end. Not in a transaction."""
    conversation = body.get("conversation")
    if conversation is not None:
        runner.attend(conversation)
        runner.settle(conversation)


def _request(body: CreateResponse, place: Place) -> ResponseRequest:
    return {
        "conversation": place.conversation,
        "previous_response_id": place.previous and place.previous["id"],
        "background": body.get("background", False),
        "store": body.get("store", True),
        "include": [*body.get("include", [])],
        "deleted": False,
        "echo": request.echo(body),
    }


def _place(runner: Runner, body: CountTokens, *, asks: bool = True) -> Place:
    conversation, previous = body.get("conversation"), body.get("previous_response_id")
    if conversation is not None and previous is not None:
        raise BadRequest(
            "Mutually exclusive parameters: 'conversation' and 'previous_response_id'. Provide only one of them.",
            param="previous_response_id",
            code="mutually_exclusive_parameters",
        )
    if conversation is not None:
        conversation_of(runner.store, conversation)
        if asks:
            check_unlocked(runner, conversation)
        return Place(conversation, conversation, None)
    if previous is None:
        if "input" not in body:
            raise BadRequest(
                "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.",
                code="missing_required_parameter",
            )
        return Place("", None, None)
    try:
        run = runner.seen(response_of(runner.store, previous))
    except ApiError:
        raise BadRequest(
            f"Previous response with id '{previous}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        ) from None
    if run["status"] in ACTIVE:
        raise BadRequest(
            f"Previous response with id '{previous}' is still '{run['status']}'. Wait for its end first.",
            param="previous_response_id",
        )
    return Place("" if run["request"]["conversation"] else run["thread_id"], None, run)


def check_unlocked(runner: Runner, conversation_id: str) -> None:
    """Raise BadRequest while a response is under way in a conversation."""
    if runner.active_run(conversation_id):
        raise BadRequest(
            "Another process is currently operating on this conversation. Please retry in a few seconds.",
            param="conversation",
            code="conversation_locked",
        )


def _new_chain(store: Store) -> str:
    id, at = store.new_id("chain"), store.now()
    chain: Chain = {"id": id, "object": "chain", "created_at": at}
    store.put(chain)
    return id


def _check_tools(store: Store, run: Run, tools: Sequence[FlatTool]) -> None:
    check_choice(run["tool_choice"], run["tools"])
    for file_id in file_ids(run["tool_resources"]):
        file_of(store, file_id)
    for store_id in store_ids(run["tool_resources"]):
        store.get(VECTOR_STORE, store_id)
    if run["request"]["background"] and not run["request"]["store"]:
        raise BadRequest("A response in the background is stored: 'background' needs 'store'.", param="store")
    mine = container_id(run["thread_id"])
    for n, tool in enumerate(tools):
        if tool["type"] == "code_interpreter" and isinstance(tool["container"], str) and tool["container"] != mine:
            raise BadRequest(
                f"Container with id '{tool['container']}' is not the one of this conversation, {mine}. Let the engine"
                ' choose: {"type": "code_interpreter", "container": {"type": "auto"}}',
                param=f"tools[{n}].container",
            )
