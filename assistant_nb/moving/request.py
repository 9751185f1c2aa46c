"""A call of the Assistants API as code for the Responses API. Pure.

    of_assistant({"model": "gpt-4o", "name": "Tutor"})
    '# Responses have no assistants: …\\nresponse = client.responses.create(…)'

Responses have no assistants: each request brings the settings. `settings` are those of the assistant or the run.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from .. import as_code
from ..as_code import Code, Params

NAME: Final = "Responses"
_SAME: Final = ("model", "instructions", "temperature", "top_p", "parallel_tool_calls", "metadata")
_USUAL: Final = {"temperature": 1.0, "top_p": 1.0, "parallel_tool_calls": True, "metadata": {}}
_LEAST_TOKENS: Final = 16
"""The smallest limit that a response may have."""
_STATELESS: Final = "# Responses have no assistants: every request brings the settings."
_MOVED: Final = "# `conversation` holds what the thread holds. Make it with client.conversations.create(items=[…])."
_WAITS: Final = (
    "# Without stream or background, `create` comes back when the answer is there: nothing is polled.\n"
    "# A response in the background is looked at like this:"
)


def of_assistant(settings: Params) -> str:
    """Return the request that does what an assistant with these settings would do."""
    made = {**_request(settings), "input": "Your question."}
    return "\n".join([_STATELESS, *_lost(settings), as_code.in_sdk("responses.create", made)])


def of_call(operation: str, params: Params, run: Params) -> str:
    """Return what a client of responses writes instead of a call about a run. `run` has the settings."""
    match operation:
        case "runs.create":
            made = {**_request(run), "conversation": Code("conversation.id")}
            return "\n".join([_MOVED, *_lost(run), as_code.in_sdk("responses.create", made)])
        case "runs.submit_tool_outputs":
            given = [
                {"type": "function_call_output", "call_id": one["tool_call_id"], "output": one["output"]}
                for one in params["tool_outputs"]
            ]
            made = {**_request(run), "conversation": Code("conversation.id"), "input": given}
            return "# The outputs go into the next response.\n" + as_code.in_sdk("responses.create", made)
        case "runs.retrieve":
            return f"{_WAITS}\n{as_code.in_sdk('responses.retrieve', {'response_id': Code('response.id')})}"
        case "messages.list":
            return "print(response.output_text)"
        case "steps.list":
            return "for item in response.output:\n    print(item.type)"
    raise ValueError(f"Nothing is known of {operation} in Responses.")


def _request(settings: Params) -> dict[str, Any]:
    """Return the settings as the parameters of a response; those that are as usual are left out."""
    found = {name: settings[name] for name in _SAME if _is_unusual(settings, name)}
    resources = settings.get("tool_resources") or {}
    if tools := [made for tool in settings.get("tools") or () for made in _tool(tool, resources)]:
        found["tools"] = tools
    if effort := settings.get("reasoning_effort"):
        found["reasoning"] = {"effort": effort}
    if isinstance(form := settings.get("response_format"), Mapping):
        found["text"] = {"format": _flat(form)}
    if (most := settings.get("max_completion_tokens")) and most >= _LEAST_TOKENS:
        found["max_output_tokens"] = most
    if (choice := settings.get("tool_choice")) not in (None, "auto"):
        found["tool_choice"] = _flat(choice) if isinstance(choice, Mapping) else choice
    return found


def _is_unusual(settings: Params, name: str) -> bool:
    return settings.get(name) is not None and settings[name] != _USUAL.get(name)


def _tool(tool: Params, resources: Params) -> Iterator[dict[str, Any]]:
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


def _ids(resources: Params, tool: str, name: str) -> list[str]:
    return list((resources.get(tool) or {}).get(name) or ())


def _search(settings: Params) -> dict[str, Any]:
    found = {"max_num_results": most} if (most := settings.get("max_num_results")) else {}
    ranking = settings.get("ranking_options") or {}
    score = {"score_threshold": ranking["score_threshold"]} if ranking.get("score_threshold") else {}
    return {**found, **({"ranking_options": score} if score else {})}


def _flat(thing: Params) -> dict[str, Any]:
    """Return `{"type": "function", "function": {"name": "add"}}` as `{"type": "function", "name": "add"}`."""
    inner = thing.get(thing["type"]) or {}
    return {"type": thing["type"], **{name: value for name, value in inner.items() if value is not None}}


def _lost(settings: Params) -> Iterable[str]:
    """Yield a comment for each setting that a response does not have."""
    kinds = [tool["type"] for tool in settings.get("tools") or ()]
    if "file_search" in kinds and not _ids(settings.get("tool_resources") or {}, "file_search", "vector_store_ids"):
        yield '# Left out: file_search. Add {"type": "file_search", "vector_store_ids": […]} to the tools.'
    for name in ("name", "description"):
        if settings.get(name):
            yield f"# Left out: the {name}. A response has none."
    if settings.get("max_prompt_tokens"):
        yield "# Left out: max_prompt_tokens. Responses have no such limit."
    if 0 < (settings.get("max_completion_tokens") or 0) < _LEAST_TOKENS:
        yield f"# Left out: max_completion_tokens. A response needs at least {_LEAST_TOKENS} tokens."
