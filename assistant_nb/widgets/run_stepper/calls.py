"""The calls that a client would make at a frame, as code, and what the server answers. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from ... import render, trace
from ...as_code import DIALECTS, in_http
from ...moving import request
from ...trace import Frame
from ..html import json_html
from ..messages import CodedCall

if TYPE_CHECKING:
    from ...shapes import LabView, Message, Run, RunStep, ToolCall

Params = Mapping[str, Any]
"""The parameters of a call, by their names in the SDK."""


class Listed(TypedDict):
    """A page of things, as the API lists them."""

    object: Literal["list"]
    data: "Sequence[Message | RunStep]"
    first_id: str
    last_id: str
    has_more: bool


_LISTED: Final = 20
"""The default size of a page in the API."""


def calls_here(
    frames: Sequence[Frame], place: int, run: "Run | None", start: Params, at: "Callable[[int], LabView]"
) -> list[CodedCall]:
    """The calls that a client would make at a frame: `{"why", "code": {"SDK": …, "HTTP": …}, "answer"}`.

    `start` is the call that makes the run; `at` gives run, steps and messages as they were at an entry. The server's
    answer is HTML, empty where there is none yet.
    """
    if trace.is_response(run["id"]) if run else "assistant_id" not in start:
        found = list(_of_response(frames, place, run, start, at))
    elif run:
        found = list(_calls(frames, place, run, start, at))
    else:
        found = [("A client makes the run", "runs.create", start, None)]
    return [
        {
            "why": why,
            "code": {**_dialects(operation, params), **_in_responses(operation, params, run)},
            "answer": render.plain("HTTP/1.1 200 OK") + json_html(answer) if answer else "",
        }
        for why, operation, params, answer in found
    ]


def _dialects(operation: str, params: Params) -> dict[str, str]:
    return {name: write(operation, params) for name, write in {**DIALECTS, "HTTP": in_http}.items()}


def _in_responses(operation: str, params: Params, run: "Run | None") -> dict[str, str]:
    """Return the same as code for Responses. A run that is not made yet does not know its assistant's settings."""
    if run is None or trace.is_response(run["id"]):
        return {}
    return {request.NAME: request.of_call(operation, params, run)}


def _calls(
    frames: Sequence[Frame], place: int, run: "Run", start: Params, at: "Callable[[int], LabView]"
) -> "Iterator[tuple[str, str, Params, Run | Listed | None]]":
    """Yield for each call: why it is made, its operation, its parameters, the server's answer."""
    frame, ids = frames[place], {"thread_id": run["thread_id"], "run_id": run["id"]}
    seen, waits = at(frame.n), frame.find("thread.run.requires_action")
    if frame.find("thread.run.created"):
        yield "A client makes the run", "runs.create", {**start, "thread_id": run["thread_id"]}, seen["run"]
    elif waits or trace.outputs(frame):
        then = next((later for later in frames[place:] if trace.outputs(later)), None)
        asked = waits["data"]["required_action"]["submit_tool_outputs"]["tool_calls"] if waits else []
        outputs = trace.outputs(then or frame) or [{"tool_call_id": call["id"], "output": "…"} for call in asked]
        answer = at(then.n)["run"] if then else None
        yield "A client submits the outputs", "runs.submit_tool_outputs", {**ids, "tool_outputs": outputs}, answer
    elif frame.status in ("completed", "incomplete"):
        written = [message for message in seen["messages"] if message["run_id"] == run["id"]]
        yield "A client reads the answer", "messages.list", ids, _page(written)
    else:
        yield "A client looks how far the run is", "runs.retrieve", ids, seen["run"]
        if seen["steps"]:
            yield "And what it did", "steps.list", ids, _page(seen["steps"])


def _of_response(
    frames: Sequence[Frame], place: int, run: "Run | None", start: Params, at: "Callable[[int], LabView]"
) -> "Iterator[tuple[str, str, Params, Run | Listed | None]]":
    """Yield the same for a response. What the server answered then is not kept in the shape of a response."""
    if run is None or frames[place].find("thread.run.created"):
        yield "A client makes the response", "responses.create", start, None
        return
    id, frame = {"response_id": run["id"]}, frames[place]
    over = frame.status in ("completed", "incomplete")
    yield f"A client {'reads the answer' if over else 'looks how far the response is'}", "responses.retrieve", id, None
    if over and (given := unanswered(at(frame.n)["steps"])):
        tools = {"tools": start["tools"]} if "tools" in start else {}
        conversation = start.get("conversation")
        place_of = {"conversation": conversation} if conversation else {"previous_response_id": run["id"]}
        next_one = {"model": run["model"], **place_of, "input": given, **tools}
        yield "The next response carries the outputs", "responses.create", next_one, None


def unanswered(steps: "Sequence[RunStep]") -> list[dict[str, str]]:
    """Return the outputs that the functions called in these run steps still need, as the next response brings them."""
    calls = (call for step in steps for call in tool_calls(step))
    waiting = (call for call in calls if call["type"] == "function" and call["function"].get("output") is None)
    return [{"type": "function_call_output", "call_id": call["id"], "output": "…"} for call in waiting]


def tool_calls(step: "RunStep") -> "Sequence[ToolCall]":
    details = step["step_details"]
    return details["tool_calls"] if details["type"] == "tool_calls" else ()


def _page(things: "Sequence[Message | RunStep]") -> Listed | None:
    """Return the newest things, as the API lists them."""
    shown = list(reversed(things))[:_LISTED]
    if not shown:
        return None
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"],
        "last_id": shown[-1]["id"],
        "has_more": len(things) > _LISTED,
    }
