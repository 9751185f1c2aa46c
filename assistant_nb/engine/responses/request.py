"""A request for a response: what it asks of a run, and what the response repeats of it. Pure."""

from collections.abc import Sequence
from typing import Any, Final, cast

from .. import wire
from ..model.base import tool_name
from ..objects import ResponseRequest, Run
from ..params.fields import Settings, ToolChoice, ToolResources, settings
from ..params.responses import CreateResponse, FlatTool, FlatToolChoice, TextFormatParam
from ..parts import Tool

_REPEATED: Final[dict[str, Any]] = {
    "max_tool_calls": None,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "safety_identifier": None,
    "service_tier": "auto",
    "tool_choice": "auto",
    "top_logprobs": 0,
    "truncation": "disabled",
    "user": None,
}
"""What a response repeats as it came, and what stands there if nothing came."""
_PLAIN: Final[TextFormatParam] = {"type": "text"}


def run(id: str, at: int, thread_id: str, body: CreateResponse, request: ResponseRequest) -> Run:
    """A queued run that is a response. No assistant stands behind it."""
    nobody = wire.assistant("", at, {"model": body["model"]})
    blank = wire.run(id, at, thread_id, nobody, {"assistant_id": "", "metadata": body.get("metadata", {})})
    tools, choice = _tools(request["echo"]["tools"], body.get("tool_choice", "auto"))
    return {
        **blank,
        **_settings(body),
        "instructions": body.get("instructions"),
        "tools": tools,
        "tool_choice": choice,
        "tool_resources": _resources(body.get("tools", [])),
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "max_completion_tokens": body.get("max_output_tokens"),
        "request": request,
    }


def echo(body: CreateResponse) -> dict[str, Any]:
    """The keys of a response that repeat its request, with their defaults."""
    text = body.get("text", {})
    shape = text.get("format", _PLAIN)
    if shape["type"] == "json_schema":
        blank: dict[str, Any] = {"type": "json_schema", "description": None, "name": "", "schema": {}, "strict": False}
        shape = cast(TextFormatParam, {**blank, **shape})
    return {
        **_REPEATED,
        **{key: value for key, value in body.items() if key in _REPEATED},
        "reasoning": {"context": None, "effort": None, "summary": None, **body.get("reasoning", {})},
        "text": {"format": shape, "verbosity": text.get("verbosity", "medium")},
        "tools": [_repeated(tool) for tool in body.get("tools", [])],
    }


def _repeated(tool: FlatTool) -> dict[str, Any]:
    """A tool as a response shows it. A function is strict unless it says otherwise, and takes no other arguments."""
    match tool["type"]:
        case "function":
            strict, none = tool.get("strict", True), {"type": "object", "properties": {}}
            return {
                "type": "function",
                "description": tool.get("description") or None,
                "name": tool["name"],
                "parameters": tool.get("parameters", none) | ({"additionalProperties": False} if strict else {}),
                "strict": strict,
            }
        case "file_search":
            return {
                "type": "file_search",
                "filters": tool.get("filters"),
                "max_num_results": tool.get("max_num_results", 20),
                "ranking_options": {"ranker": "auto", "score_threshold": 0.0, **tool.get("ranking_options", {})},
                "vector_store_ids": tool["vector_store_ids"],
            }
        case "code_interpreter":
            return {**tool}


def _tools(shown: Sequence[dict[str, Any]], choice: FlatToolChoice) -> tuple[list[Tool], ToolChoice]:
    """The tools as runs have them, and the choice among them; `allowed_tools` leaves only some."""
    tools = list(map(_tool, shown))
    if isinstance(choice, str):
        return tools, choice
    if choice["type"] == "allowed_tools":
        names = [one["name"] if one["type"] == "function" else one["type"] for one in choice["tools"]]
        return [tool for tool in tools if tool_name(tool) in names], choice["mode"]
    if choice["type"] == "function":
        return tools, {"type": "function", "function": {"name": choice["name"]}}
    return tools, choice


def _tool(shown: dict[str, Any]) -> Tool:
    kind, fields = shown["type"], {key: value for key, value in shown.items() if key != "type" and value is not None}
    if kind == "code_interpreter":
        return {"type": "code_interpreter"}
    if kind == "file_search":
        ranking = {**fields["ranking_options"], "ranker": "default_2024_08_21", "hybrid_search": None}
        fields = {**fields, "ranking_options": ranking}
    return cast(Tool, {"type": kind, kind: fields})


def _settings(body: CreateResponse) -> Settings:
    """What a request asks of its model, as runs say it. A plain text is the usual answer."""
    shape = body.get("text", {}).get("format", _PLAIN)
    schema = {key: value for key, value in shape.items() if key != "type"}
    format = {"type": shape["type"], **({"json_schema": schema} if schema else {})}
    asked: dict[str, Any] = {key: value for key, value in body.items() if key in ("temperature", "top_p")}
    asked["response_format"] = "auto" if shape["type"] == "text" else format
    return settings(cast(Settings, {**asked, "reasoning_effort": body.get("reasoning", {}).get("effort")}))


def _resources(tools: Sequence[FlatTool]) -> ToolResources:
    resources: ToolResources = {}
    for tool in tools:
        if tool["type"] == "file_search":
            resources["file_search"] = {"vector_store_ids": tool["vector_store_ids"]}
        elif tool["type"] == "code_interpreter" and not isinstance(tool["container"], str):
            resources["code_interpreter"] = {"file_ids": tool["container"].get("file_ids", [])}
    return resources
