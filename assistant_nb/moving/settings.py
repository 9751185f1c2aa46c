"""The settings of an assistant or a run, as the parameters of a response. Pure.

    parameters({"model": "gpt-4o", "response_format": {"type": "json_object"}})
    {"model": "gpt-4o", "text": {"format": {"type": "json_object"}}}

`resources` are the `tool_resources` for the tools: those of a run, its thread and its assistant, or of one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from .. import as_code

Settings = Mapping[str, Any]

_LEAST_TOKENS: Final = 16
"""The smallest limit that a response may have."""
_NAMES: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "parallel_tool_calls": "parallel_tool_calls",
    "max_completion_tokens": "max_output_tokens",
    "metadata": "metadata",
}
"""Settings that both APIs have, and their names in Responses."""
_STORE: Final = 'file_search. It needs a store: {"type": "file_search", "vector_store_ids": […]}'


def parameters(settings: Settings, resources: Sequence[Settings]) -> dict[str, Any]:
    """Return the parameters that each request brings. Those that are as usual are left out."""
    found = as_code.unusual(settings, ["model", "instructions"])
    if tools := [made for tool in settings.get("tools") or () for made in _tool(tool, resources)]:
        found["tools"] = tools
    given = as_code.unusual(settings, [*_NAMES, "reasoning_effort", "response_format"])
    if given.get("max_completion_tokens", _LEAST_TOKENS) < _LEAST_TOKENS:
        del given["max_completion_tokens"]
    found |= {_NAMES[name]: value for name, value in given.items() if name in _NAMES and value != {}}
    if "reasoning_effort" in given:
        found["reasoning"] = {"effort": given["reasoning_effort"]}
    if "response_format" in given:
        found["text"] = {"format": _flat(given["response_format"])}
    return found


def choice(settings: Settings) -> dict[str, Any]:
    """Return the tool choice, which belongs to the first request alone: the next ones would have to call again."""
    match settings.get("tool_choice"):
        case None | "auto":
            return {}
        case str(name):
            return {"tool_choice": name}
        case given:
            return {"tool_choice": _flat(given)}


def lost(settings: Settings, resources: Sequence[Settings]) -> Iterator[str]:
    """Yield a comment for each setting that a response does not have."""
    for name in ("name", "description"):
        if settings.get(name):
            yield f"# Left out: the {name}. A response has none."
    if (most := settings.get("max_prompt_tokens")) is not None:
        yield f"# Left out: max_prompt_tokens={most}. Responses have no such limit."
    if (most := settings.get("max_completion_tokens")) is not None and most < _LEAST_TOKENS:
        yield f"# Left out: max_completion_tokens={most}. A response needs at least {_LEAST_TOKENS} tokens."
    kinds = [tool["type"] for tool in settings.get("tools") or ()]
    if "file_search" in kinds and not _ids(resources, "file_search", "vector_store_ids"):
        yield f"# Left out: {_STORE}"


def _tool(tool: Settings, resources: Sequence[Settings]) -> Iterator[dict[str, Any]]:
    """Yield a tool; what it works with stands in it. A search without a store is none."""
    match tool["type"]:
        case "function":
            yield _flat(tool)
        case "file_search":
            if ids := _ids(resources, "file_search", "vector_store_ids"):
                yield {"type": "file_search", "vector_store_ids": ids, **_search(tool.get("file_search") or {})}
        case "code_interpreter":
            ids = _ids(resources, "code_interpreter", "file_ids")
            yield {"type": "code_interpreter", "container": {"type": "auto", **({"file_ids": ids} if ids else {})}}


def _ids(resources: Sequence[Settings], tool: str, name: str) -> list[str]:
    found = ((one.get(tool) or {}).get(name) or [] for one in resources)
    return list(dict.fromkeys(id for ids in found for id in ids))


def _search(settings: Settings) -> dict[str, Any]:
    """Return the settings of a file search that are not as usual."""
    found = {name: settings[name] for name in ("max_num_results", "filters") if settings.get(name) is not None}
    if score := (settings.get("ranking_options") or {}).get("score_threshold"):
        found["ranking_options"] = {"score_threshold": score}
    return found


def _flat(thing: Settings) -> dict[str, Any]:
    """Return `{"type": "function", "function": {"name": "add"}}` as `{"type": "function", "name": "add"}`."""
    inner = thing.get(thing["type"]) or {}
    return {"type": thing["type"], **{name: value for name, value in inner.items() if value is not None}}
