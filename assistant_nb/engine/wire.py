"""The objects as they travel: how each one is born, and how it looks over plain HTTP.

Keys stand in the order in which the real API sent them. The engine keeps an object with all the keys it has in a
stream; `rest()` cuts it to what a plain answer showed.
Source: API reference, "Assistants (v2)", and recorded answers of the hosted API.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Generic, Literal, TypedDict, TypeVar, cast

from .objects import Assistant, Message, Run, RunStep, Stored, T, Thread
from .params.assistants import CreateAssistant, CreateMessage, CreateRun, CreateThread
from .params.fields import PartParam, ToolParam, ToolResources, settings
from .parts import (
    Annotation,
    CallRanking,
    FileSearchCall,
    FileSearchSettings,
    Function,
    FunctionCall,
    ImageFilePart,
    Part,
    RankingOptions,
    RequiredAction,
    StepDetails,
    TextPart,
    Tool,
    ToolCall,
    ToolType,
    Usage,
)

encode: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""Data as JSON text, compact, in ASCII: a lone surrogate in a message must not stop anything."""

RUN_LIFETIME_S: Final = 600
"""A run expires this long after it was created."""

RESULT_CONTENT: Final = "step_details.tool_calls[*].file_search.results[*].content"
"""What `include[]` may ask for."""

_STREAM_ONLY: Final = frozenset({"status", "incomplete_details", "incomplete_at", "completed_at", "sent", "refuses"})
"""Keys of a message that only streams carried, and the engine's own."""
B = TypeVar("B")
H = TypeVar("H", Thread, Run)
M = TypeVar("M", bound=Mapping[str, object])

# Assistants, threads, messages


def assistant(id: str, at: int, body: CreateAssistant, resources: ToolResources | None = None) -> Assistant:
    """A new assistant from the body of its creation; `resources` are what its `tool_resources` have become."""
    tools = [tool(given) for given in body.get("tools", [])]
    return {
        "id": id,
        "object": "assistant",
        "created_at": at,
        "name": body.get("name"),
        "description": body.get("description"),
        "model": body["model"],
        "instructions": body.get("instructions"),
        "tools": tools,
        "top_p": None,  # here and below: the place of a setting, whose value comes at the end
        "temperature": None,
        "reasoning_effort": None,
        "tool_resources": tool_resources(tools, resources or {}),
        "metadata": body.get("metadata", {}),
        "response_format": "auto",
        **settings(body),
    }


def thread(id: str, at: int, body: CreateThread, resources: ToolResources | None = None) -> Thread:
    return {
        "id": id,
        "object": "thread",
        "created_at": at,
        "metadata": body.get("metadata", {}),
        "tool_resources": resources or {},
    }


def message(
    id: str,
    at: int,
    thread_id: str,
    role: Literal["user", "assistant"],
    content: str | Sequence[PartParam],
    *,
    body: CreateMessage | None = None,
    run: Run | None = None,
) -> Message:
    """A message. With `run`, it is that run's and still being written; else it is complete."""
    return {
        "id": id,
        "object": "thread.message",
        "created_at": at,
        "assistant_id": run and run["assistant_id"],
        "thread_id": thread_id,
        "run_id": run and run["id"],
        "status": "in_progress" if run else "completed",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": None if run else at,
        "role": role,
        "content": parts(content),
        "attachments": body.get("attachments", []) if body else [],
        "metadata": body.get("metadata", {}) if body else {},
    }


def parts(content: str | Sequence[PartParam]) -> list[Part]:
    """The content of a message as the API echoes it."""
    return [text(content)] if isinstance(content, str) else [_part(part) for part in content]


def text(value: str, annotations: Sequence[Annotation] = ()) -> TextPart:
    """A piece of message content: `{"type": "text", "text": {"value": …, "annotations": []}}`."""
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


def image(file_id: str, detail: str = "auto") -> ImageFilePart:
    """A picture in a message: `{"type": "image_file", "image_file": {"file_id": …, "detail": "auto"}}`."""
    return {"type": "image_file", "image_file": {"file_id": file_id, "detail": detail}}


def _part(part: PartParam) -> Part:
    match part["type"]:
        case "text":
            return text(part["text"])
        case "image_url":
            url = part["image_url"]
            return {"type": "image_url", "image_url": {"url": url["url"], "detail": url.get("detail", "auto")}}
        case "image_file":
            return image(part["image_file"]["file_id"], part["image_file"].get("detail", "auto"))


# Runs and their steps


def run(
    id: str, at: int, thread_id: str, assistant: Assistant, body: CreateRun, resources: ToolResources | None = None
) -> Run:
    """A queued run. What its body says goes before what the assistant says.

    Run-level `instructions` replace the assistant's, `additional_instructions` are appended.
    """
    instructions = body.get("instructions", assistant["instructions"])
    if extra := body.get("additional_instructions"):
        instructions = f"{instructions} {extra}" if instructions else extra
    made: Run = {
        "id": id,
        "object": "thread.run",
        "created_at": at,
        "assistant_id": assistant["id"],
        "thread_id": thread_id,
        "status": "queued",
        "started_at": None,
        "expires_at": at + RUN_LIFETIME_S,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": body.get("model", assistant["model"]),
        "instructions": instructions,
        "tools": [tool(given) for given in body["tools"]] if "tools" in body else assistant["tools"],
        "tool_resources": resources or {},
        "metadata": body.get("metadata", {}),
        "temperature": None,
        "top_p": None,
        "reasoning_effort": None,
        "max_completion_tokens": body.get("max_completion_tokens"),
        "max_prompt_tokens": body.get("max_prompt_tokens"),
        "truncation_strategy": {"type": "auto", "last_messages": None, **body.get("truncation_strategy", {})},
        "incomplete_details": None,
        "usage": None,
        "response_format": "auto",
        "tool_choice": body.get("tool_choice", "auto"),
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "provenance": [],  # ours
    }
    return {**made, **settings(body, assistant)}


def step(id: str, at: int, run: Run, details: StepDetails) -> RunStep:
    """A run step that has begun. `details` is its `step_details`: `{"type": "tool_calls", "tool_calls": []}`."""
    return {
        "id": id,
        "object": "thread.run.step",
        "created_at": at,
        "run_id": run["id"],
        "assistant_id": run["assistant_id"],
        "thread_id": run["thread_id"],
        "type": details["type"],
        "status": "in_progress",
        "cancelled_at": None,
        "completed_at": None,
        "expires_at": run["expires_at"],
        "failed_at": None,
        "last_error": None,
        "step_details": details,
        "usage": None,
    }


def tool_call(id: str, kind: ToolType, name: str, arguments: str, run: Run) -> ToolCall:
    """A call in a step's details; it has no answer yet. `kind` is "function" or the type of a built-in tool."""
    match kind:
        case "code_interpreter":
            return {"id": id, "type": kind, kind: {"input": arguments, "outputs": []}}
        case "file_search":
            return {"id": id, "type": kind, kind: {"ranking_options": _ranking(run), "results": []}}
        case "function":
            return {"id": id, "type": kind, kind: {"name": name, "arguments": arguments, "output": None}}


def _ranking(run: Run) -> CallRanking:
    options = search_settings(run)["ranking_options"]
    return {"ranker": options["ranker"], "score_threshold": options["score_threshold"]}


def search_settings(run: Run) -> FileSearchSettings:
    """What a run's tool for file search says."""
    return next(tool["file_search"] for tool in run["tools"] if tool["type"] == "file_search")


def required_action(step: RunStep) -> RequiredAction:
    """What a run waits for: `{"type": "submit_tool_outputs", …}` with the calls of its step, without outputs."""
    calls: list[FunctionCall] = []
    for call in tool_calls(step):
        if call["type"] == "function":
            asked = call["function"]
            calls.append({**call, "function": {"name": asked["name"], "arguments": asked["arguments"]}})
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def tool_calls(step: RunStep) -> list[ToolCall]:
    """The calls of a step; none of one that creates a message."""
    details = step["step_details"]
    return details["tool_calls"] if details["type"] == "tool_calls" else []


# Tools


def tool(given: ToolParam) -> Tool:
    """A tool as the API echoes it: with its defaults spelled out."""
    match given["type"]:
        case "code_interpreter":
            return given
        case "file_search":
            search = given.get("file_search", {})
            ranking: RankingOptions = {
                "ranker": "default_2024_08_21",
                "score_threshold": 0.0,
                "hybrid_search": None,
                **search.get("ranking_options", {}),
            }
            echoed = cast(FileSearchSettings, {**search, "ranking_options": ranking})
            return {"type": "file_search", "file_search": echoed}
        case "function":
            function = given["function"]
            echo: Function = {
                "name": function["name"],
                "description": function.get("description", ""),
                "parameters": function.get("parameters", {"type": "object", "properties": {}}),
                "strict": function.get("strict", False),
            }
            if "description" not in function:
                del echo["description"]
            return {"type": "function", "function": echo}


def tool_resources(tools: Sequence[Tool], given: ToolResources) -> ToolResources:
    """An assistant's resources: a tool that takes files has its (empty) list from the start."""
    resources: ToolResources = {}
    for one in tools:
        if one["type"] == "code_interpreter":
            resources["code_interpreter"] = {"file_ids": []}
        elif one["type"] == "file_search":
            resources["file_search"] = {"vector_store_ids": []}
    return {**resources, **given}


# Tokens


def usage(prompt_tokens: int, completion_tokens: int, *, estimated: bool = False) -> Usage:
    """Tokens spent. `estimated` is ours: the numbers were counted by the engine, not by a model."""
    spent: Usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    if estimated:
        spent["estimated"] = True
    return spent


def total(usages: Sequence[Usage]) -> Usage:
    """The sum, estimated as soon as one part is."""
    return usage(
        sum(u["prompt_tokens"] for u in usages),
        sum(u["completion_tokens"] for u in usages),
        estimated=any(u.get("estimated") for u in usages),
    )


# Answers over plain HTTP


class Listed(TypedDict, Generic[B]):
    object: Literal["list"]
    data: list[B]


class Page(Listed[B], Generic[B]):
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(TypedDict):
    id: str
    object: str
    deleted: bool


def rest(body: T, include: Sequence[str] = ()) -> T:
    """An object as a plain answer shows it, without the keys of streams and the engine's own notes.

    What search results hold is shown when `include` has `RESULT_CONTENT`.
    """
    return cast(T, _shown(body, include))


def _shown(body: Stored, include: Sequence[str]) -> object:
    match body["object"]:
        case "thread.message":
            # A response was given what was sent, and did not write it.
            return _without({**body, "run_id": None} if "sent" in body else body, _STREAM_ONLY)
        case "thread.run" if "request" in body:
            return _without(body, ["request"])
        case "thread.run.step":
            step: RunStep = body if body["status"] == "in_progress" else {**body, "expires_at": None}
            return step if RESULT_CONTENT in include else _without_result_content(step)
        case "file" | "vector_store.file":
            return _without(body, [key for key in body if key.startswith("_")])
        case _:
            return body


def _without(body: M, hidden: Collection[str]) -> M:
    return cast(M, {key: value for key, value in body.items() if key not in hidden})


def _without_result_content(step: RunStep) -> RunStep:
    calls = tool_calls(step)
    if not any(call["type"] == "file_search" for call in calls):
        return step
    calls = [_names_only(call) if call["type"] == "file_search" else call for call in calls]
    return {**step, "step_details": {"type": "tool_calls", "tool_calls": calls}}


def _names_only(call: FileSearchCall) -> FileSearchCall:
    search = call["file_search"]
    return {**call, "file_search": {**search, "results": [_without(hit, ["content"]) for hit in search["results"]]}}


def in_stream(body: object, include: Collection[str]) -> object:
    """What a stream shows of an event: of a run step what its searches have found only for those who ask for it."""
    kind = body.get("object") if isinstance(body, dict) else None
    if kind == "thread.run.step" and RESULT_CONTENT not in include:
        return _without_result_content(cast(RunStep, body))
    return with_files(cast(Run, body)) if kind in ("thread", "thread.run") else body


def with_files(body: H) -> H:
    """A thread or run as streams show it, and a thread that is retrieved: the code interpreter always has its list."""
    return cast(H, {**body, "tool_resources": {"code_interpreter": {"file_ids": []}, **body["tool_resources"]}})


def page(bodies: Sequence[T], has_more: bool, include: Sequence[str] = ()) -> Page[T]:
    """A list: `{"object": "list", "data": […], "first_id": …, "last_id": …, "has_more": …}`."""
    return {
        "object": "list",
        "data": [rest(body, include) for body in bodies],
        "first_id": bodies[0]["id"] if bodies else None,
        "last_id": bodies[-1]["id"] if bodies else None,
        "has_more": has_more,
    }


def deleted(body: Stored) -> Deleted:
    return {"id": body["id"], "object": f"{body['object']}.deleted", "deleted": True}
