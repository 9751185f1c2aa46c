"""The objects as they travel: how each one is born, and how it looks over plain HTTP.

Keys stand in the order in which the real API sent them. The engine keeps an object with all the
keys it has in a stream; `rest()` cuts it to what a plain answer showed.

Source: API reference, "Assistants (v2)", and recorded answers of the hosted API.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

Json = dict[str, Any]

encode: Final = json.JSONEncoder(separators=(",", ":")).encode
"""Data as JSON text, compact, in ASCII: a lone surrogate in a message must not stop anything."""

RUN_LIFETIME_S: Final = 600
"""A run expires this long after it was created."""

RESULT_CONTENT: Final = "step_details.tool_calls[*].file_search.results[*].content"
"""What `include[]` may ask for."""

_STREAM_ONLY: Final = ("status", "incomplete_details", "incomplete_at", "completed_at")
"""Keys of a message that only streams carried."""


def assistant(id: str, at: int, body: Json) -> Json:
    """A new assistant from the body of its creation."""
    return {
        "id": id,
        "object": "assistant",
        "created_at": at,
        "name": body.get("name"),
        "description": body.get("description"),
        "model": body["model"],
        "instructions": body.get("instructions"),
        "tools": (tools := [tool(t) for t in body.get("tools", [])]),
        "top_p": body.get("top_p", 1.0),
        "temperature": body.get("temperature", 1.0),
        "reasoning_effort": body.get("reasoning_effort"),
        "tool_resources": tool_resources(tools, body.get("tool_resources", {})),
        "metadata": body.get("metadata", {}),
        "response_format": body.get("response_format", "auto"),
    }


def thread(id: str, at: int, body: Json) -> Json:
    return {
        "id": id,
        "object": "thread",
        "created_at": at,
        "metadata": body.get("metadata", {}),
        "tool_resources": body.get("tool_resources", {}),
    }


def message(
    id: str,
    at: int,
    thread_id: str,
    role: str,
    content: str | Sequence[Json],
    *,
    body: Json | None = None,
    run: Json | None = None,
) -> Json:
    """A message. With `run`, it is that run's and still being written; else it is complete."""
    body = body or {}
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
        "content": [text(content)] if isinstance(content, str) else [_part(part) for part in content],
        "attachments": body.get("attachments", []),
        "metadata": body.get("metadata", {}),
    }


def text(value: str, annotations: Sequence[Json] = ()) -> Json:
    """A piece of message content: `{"type": "text", "text": {"value": …, "annotations": []}}`."""
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


def image(file_id: str) -> Json:
    """A picture in a message: `{"type": "image_file", "image_file": {"file_id": …, "detail": "auto"}}`."""
    return {"type": "image_file", "image_file": {"file_id": file_id, "detail": "auto"}}


def _part(part: Json) -> Json:
    match part["type"]:
        case "text":
            return text(part["text"])
        case "image_url":
            return {"type": "image_url", "image_url": {**part["image_url"], "detail": _detail(part["image_url"])}}
        case _:
            return {"type": "image_file", "image_file": {**part["image_file"], "detail": _detail(part["image_file"])}}


def _detail(image: Json) -> str:
    detail: str = image.get("detail", "auto")
    return detail


def run(id: str, at: int, thread_id: str, assistant: Json, body: Json) -> Json:
    """A queued run. What its body says goes before what the assistant says.

    Run-level `instructions` replace the assistant's, `additional_instructions` are appended.
    """
    instructions = body.get("instructions", assistant["instructions"])
    if extra := body.get("additional_instructions"):
        instructions = f"{instructions} {extra}" if instructions else extra
    return {
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
        "tools": [tool(t) for t in body["tools"]] if "tools" in body else assistant["tools"],
        "tool_resources": body.get("tool_resources", {}),
        "metadata": body.get("metadata", {}),
        "temperature": body.get("temperature", assistant["temperature"]),
        "top_p": body.get("top_p", assistant["top_p"]),
        "reasoning_effort": body.get("reasoning_effort", assistant["reasoning_effort"]),
        "max_completion_tokens": body.get("max_completion_tokens"),
        "max_prompt_tokens": body.get("max_prompt_tokens"),
        "truncation_strategy": {"type": "auto", "last_messages": None, **body.get("truncation_strategy", {})},
        "incomplete_details": None,
        "usage": None,
        "response_format": body.get("response_format", assistant["response_format"]),
        "tool_choice": body.get("tool_choice", "auto"),
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "provenance": [],  # ours: where its answers came from, one after the other
    }


def step(id: str, at: int, run: Json, details: Json) -> Json:
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


def tool_call(id: str, kind: str, name: str, arguments: str, run: Json) -> Json:
    """A call in a step's details; it has no answer yet. `kind` is "function" or the type of a built-in tool."""
    match kind:
        case "code_interpreter":
            inner: Json = {"input": arguments, "outputs": []}
        case "file_search":
            inner = {"ranking_options": _ranking(run), "results": []}
        case _:
            inner = {"name": name, "arguments": arguments, "output": None}
    return {"id": id, "type": kind, kind: inner}


def _ranking(run: Json) -> Json:
    settings = next(tool["file_search"] for tool in run["tools"] if tool["type"] == "file_search")
    return {key: settings["ranking_options"][key] for key in ("ranker", "score_threshold")}


def required_action(step: Json) -> Json:
    """What a run waits for: `{"type": "submit_tool_outputs", …}` with the calls of its step, without outputs."""
    calls = [
        {**call, "function": {name: call["function"][name] for name in ("name", "arguments")}}
        for call in step["step_details"]["tool_calls"]
        if call["type"] == "function"
    ]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def message_delta(message_id: str, part: Json) -> Json:
    """A piece of a message on its way: of the content part at `part["index"]`."""
    return {"id": message_id, "object": "thread.message.delta", "delta": {"content": [part]}}


def text_delta(index: int, value: str, annotations: Sequence[Json] | None = None) -> Json:
    """A piece of text. The first one brings an (empty) list of annotations, one that points to something its own."""
    text = {"value": value} if annotations is None else {"value": value, "annotations": annotations}
    return {"index": index, "type": "text", "text": text}


def first_call_delta(step_id: str, index: int, call: Json) -> Json:
    """The beginning of a call on its way. What the model writes into it follows as `call_delta`s."""
    return _step_delta(step_id, {"index": index, **call})


def call_delta(step_id: str, index: int, kind: str, **piece: Any) -> Json:
    """`call_delta("step_…", 0, "function", arguments='{"city"')`"""
    return _step_delta(step_id, {"index": index, "type": kind, kind: piece})


def _step_delta(step_id: str, call: Json) -> Json:
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}


def tool(tool: Json) -> Json:
    """A tool as the API echoes it: with its defaults spelled out."""
    if tool["type"] == "function":
        given = {"parameters": {"type": "object", "properties": {}}, "strict": False, **tool["function"]}
        keys = ("name", "description", "parameters", "strict")
        return {"type": "function", "function": {key: given[key] for key in keys if key in given}}
    if tool["type"] == "file_search":
        settings = tool.get("file_search", {})
        ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
        return {
            "type": "file_search",
            "file_search": {**settings, "ranking_options": {**ranking, **settings.get("ranking_options", {})}},
        }
    return tool


def tool_resources(tools: Sequence[Json], given: Json) -> Json:
    """An assistant's resources: a tool that takes files has its (empty) list from the start."""
    empty: Json = {
        "code_interpreter": {"code_interpreter": {"file_ids": []}},
        "file_search": {"file_search": {"vector_store_ids": []}},
    }
    resources: Json = {}
    for one in tools:
        resources |= empty.get(one["type"], {})
    return resources | given


def usage(prompt_tokens: int, completion_tokens: int, *, estimated: bool = False) -> Json:
    """Tokens spent. `estimated` is ours: the numbers were counted by the engine, not by a model."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
        **({"estimated": True} if estimated else {}),
    }


def total(usages: Sequence[Json]) -> Json:
    """The sum, estimated as soon as one part is."""
    return usage(
        sum(u["prompt_tokens"] for u in usages),
        sum(u["completion_tokens"] for u in usages),
        estimated=any(u.get("estimated") for u in usages),
    )


def rest(body: Json, include: Sequence[str] = ()) -> Json:
    """An object as a plain answer shows it: messages without the keys of streams, a finished step without expiry,
    files without the engine's own notes.

    What search results hold is shown when `include` has `RESULT_CONTENT`.
    """
    match body["object"]:
        case "thread.message":
            return {key: value for key, value in body.items() if key not in _STREAM_ONLY}
        case "thread.run.step":
            step = body if body["status"] == "in_progress" else {**body, "expires_at": None}
            return step if RESULT_CONTENT in include else _without_result_content(step)
        case "file" | "vector_store.file":
            return {key: value for key, value in body.items() if not key.startswith("_")}
        case _:
            return body


def _without_result_content(step: Json) -> Json:
    details = step["step_details"]
    if not any(call["type"] == "file_search" for call in details.get("tool_calls", [])):
        return step
    calls = [_names_only(call) if call["type"] == "file_search" else call for call in details["tool_calls"]]
    return {**step, "step_details": {**details, "tool_calls": calls}}


def _names_only(call: Json) -> Json:
    search = call["file_search"]
    hits = [{key: value for key, value in hit.items() if key != "content"} for hit in search["results"]]
    return {**call, "file_search": {**search, "results": hits}}


def with_files(body: Json) -> Json:
    """A thread or run as streams show it, and a thread that is retrieved: the code interpreter always has its list."""
    if body.get("object") not in ("thread", "thread.run"):
        return body
    return {**body, "tool_resources": {"code_interpreter": {"file_ids": []}, **body["tool_resources"]}}


def page(bodies: Sequence[Json], has_more: bool, include: Sequence[str] = ()) -> Json:
    """A list: `{"object": "list", "data": […], "first_id": …, "last_id": …, "has_more": …}`."""
    return {
        "object": "list",
        "data": [rest(body, include) for body in bodies],
        "first_id": bodies[0]["id"] if bodies else None,
        "last_id": bodies[-1]["id"] if bodies else None,
        "has_more": has_more,
    }


def deleted(body: Json) -> Json:
    return {"id": body["id"], "object": f"{body['object']}.deleted", "deleted": True}
