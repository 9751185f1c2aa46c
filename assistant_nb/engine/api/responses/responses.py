"""`/v1/responses`. Source: API reference, "Responses"; recorded answers and streams."""

import base64
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from ...errors import ApiError, BadRequest, NoAnswer, RateLimited
from ...objects import ItemBody, Run
from ...params import responses as params
from ...responses import begin, wire
from ...responses.arriving import shown_items
from ...responses.chains import Row
from ...responses.store import delete_response, no_response, response_of
from ...responses.telling import Telling, Told
from ...responses.wire import Response
from ...run_states import ACTIVE, MOVES
from ...wire import Deleted, Listed, Page
from ..base import Answer, Call, Route, Stream
from ..runs import POLL_S, look_at


def create(call: Call[params.CreateResponse]) -> Answer:
    """Whoever reads the answer moves the response; in the background, a thread does."""
    run = begin.begin(call.runner, call.blobs, call.params)
    background, streams = run["request"]["background"], call.params.get("stream", False)
    if background:
        call.runner.go_on(run["id"])
    if streams:
        if (broken := call.runner.begun(run)) is not None:
            raise _refusal(broken)
        shows = call.params.get("stream_options", {}).get("include_obfuscation", True)
        return _stream(call, run, run["request"]["include"], obfuscate=shows)
    if background:
        return _shown(call, run, run["request"]["include"])
    return _whole(call, run)


def create_held(call: Call[params.CreateHeldResponse]) -> Response:
    """A response in the background that is held from the start."""
    body: params.CreateHeldResponse = {**call.params, "background": True}
    run = begin.begin(call.runner, call.blobs, body, body.get("breakpoints", []))
    return _shown(call, run, run["request"]["include"])


def list_all(call: Call[object]) -> Listed[Response]:
    """The responses that are kept, oldest first. None of them moves."""
    return {"object": "list", "data": [_shown(call, run, ()) for run in call.store.responses()]}


def retrieve(call: Call[params.RetrieveQuery]) -> Answer:
    run = response_of(call.store, call.ids["response_id"])
    if call.params.get("stream", "false").lower() == "true":
        if not run["request"]["background"]:
            raise BadRequest(
                "This response was not created in the background, so its stream cannot be read again. Use"
                " background=True and stream=True.",
                param="stream",
            )
        shows = call.params.get("include_obfuscation", "true").lower() != "false"
        return _stream(call, run, call.include, after=call.params.get("starting_after", -1), obfuscate=shows)
    return _shown(call, look_at(call, run), call.include)


def delete(call: Call[object]) -> Deleted:
    with call.store.transaction():
        run = call.runner.seen(response_of(call.store, call.ids["response_id"]))
        if run["status"] in ACTIVE:
            call.runner.live(run["id"]).interrupt()
        thread_is_gone = delete_response(call.store, run)
    if thread_is_gone:
        call.runner.forget(run["thread_id"])
    return {"id": run["id"], "object": "response.deleted", "deleted": True}


def cancel(call: Call[object]) -> Response:
    """Cancel what is under way in the background. What has ended stays as it is."""
    run = response_of(call.store, call.ids["response_id"])
    if not run["request"]["background"]:
        raise BadRequest("Cannot cancel a synchronous response.")
    if "cancelling" in MOVES[call.runner.seen(run)["status"]]:
        with suppress(BadRequest):  # it has ended meanwhile
            call.runner.cancel(run["thread_id"], run["id"])
        call.runner.wait(run["id"], POLL_S)
    return _shown(call, call.runner.seen(response_of(call.store, run["id"])), call.include)


def list_input_items(call: Call[params.ItemsQuery]) -> Page[ItemBody]:
    run = response_of(call.store, call.ids["response_id"])
    return page(call, *call.store.input_items(run, **call.params))


def count_tokens(call: Call[params.CountTokens]) -> Answer:
    tokens = begin.count_tokens(call.runner, call.blobs, call.params)
    return {"object": "response.input_tokens", "input_tokens": tokens}


def page(call: Call[object], rows: list[Row], has_more: bool) -> Page[ItemBody]:
    """Rows as a page of items."""
    items = list(shown(call, shown_items(rows), call.include))
    first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    return {"object": "list", "data": items, "first_id": first, "has_more": has_more, "last_id": last}


def shown(call: Call[object], items: Iterable[ItemBody], include: Collection[str]) -> Iterator[ItemBody]:
    """Items as a client sees them."""
    picture = _picture(call)
    return (wire.shown(item, include, picture) for item in items)


def _picture(call: Call[object]) -> Callable[[str], str]:
    """The address of a file's bytes; a file that was deleted has none."""

    def address(file_id: str) -> str:
        if not file_id.startswith("file-"):
            return file_id
        try:
            with call.blobs.open(file_id) as file:
                return f"data:image/png;base64,{base64.b64encode(file.read()).decode()}"
        except ApiError:
            return ""

    return address


def _shown(call: Call[object], run: Run, include: Collection[str]) -> Response:
    output = shown_items(call.store.output_items(run["id"]))
    return wire.response(run, list(shown(call, output, include)))


def _whole(call: Call[object], run: Run) -> Response:
    """Read a response to its end. Raises ApiError when it fails: nobody would see that in a plain answer."""
    events, let_go = call.runner.follow(run)
    telling = Telling(run, certain=False)
    try:
        for event in events:
            if event[0] == "error":  # it was deleted meanwhile
                raise no_response(run["id"])
            for _ in telling.take(event):
                pass
    finally:
        let_go()
    if telling.run["status"] in _FAILED:
        raise _refusal(telling.run)
    output = list(shown(call, telling.output, run["request"]["include"]))
    return wire.response(telling.run, output)


_FAILED: Final = ("failed", "expired")


def _refusal(run: Run) -> ApiError:
    """Why a response gives no answer, as the answer to its request. The SDK does not ask again: that would be another
    response, which a script, say, answers with its next line.
    """
    if (error := run["last_error"]) is None:
        return NoAnswer("The response expired: ten minutes had passed.")
    kind = {"rate_limit_exceeded": RateLimited, "invalid_prompt": BadRequest}.get(error["code"], NoAnswer)
    refusal = kind(error["message"], code=error["code"])
    refusal.is_final = True
    return refusal


def _stream(
    call: Call[object], run: Run, include: Collection[str], *, after: int = -1, obfuscate: bool = True
) -> Stream:
    """The events of a response behind number `after`."""
    events, let_go = call.runner.follow(run)
    model = call.runner.live(run["id"]).model or call.runner.model
    telling, picture = Telling(run, certain=not model.may_begin_anew, obfuscate=obfuscate), _picture(call)

    def told() -> Iterator[tuple[str, object]]:
        for event in events:
            if event[0] == "error":
                yield event
            for one in telling.take(event):
                if one["sequence_number"] > after:
                    yield one["type"], _cut(one, include, picture)

    return Stream(told(), let_go, has_mark=False)


def _cut(event: Told, include: Collection[str], picture: Callable[[str], str]) -> Told:
    """An event with what the client asks to see of the items in it."""
    if "delta" in event:
        return event
    if "item" in event:
        return {**event, "item": wire.shown(event["item"], include, picture)}
    if "response" in event and event["response"]["output"]:
        output = [wire.shown(item, include, picture) for item in event["response"]["output"]]
        return {**event, "response": {**event["response"], "output": output}}
    return event


_ONE = "/v1/responses/<response_id>"

ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/responses", create, params.CreateResponse, beta=False),
    Route("POST", "/v1/responses/input_tokens", count_tokens, params.CountTokens, beta=False),
    Route("GET", _ONE, retrieve, params.RetrieveQuery, beta=False, include=params.ResponseInclude),
    Route("DELETE", _ONE, delete, beta=False),
    Route("POST", f"{_ONE}/cancel", cancel, beta=False),
    Route(
        "GET", f"{_ONE}/input_items", list_input_items, params.ItemsQuery, beta=False, include=params.ResponseInclude
    ),
    Route("GET", "/v1/lab/responses", list_all, beta=False),
    Route("POST", "/v1/lab/responses", create_held, params.CreateHeldResponse, beta=False),
]
