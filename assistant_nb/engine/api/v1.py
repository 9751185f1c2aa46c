"""The old wire (`OpenAI-Beta: assistants=v1`) as a thin translation of the new one.

In v1 files hung on assistants, runs and messages as `file_ids`, and file search was `retrieval`.
The engine knows only v2: `upgrade` turns a v1 body into it, `downgrade` turns an answer back.
"""

from typing import Any, Final

from ..errors import BadRequest

_OBJECT: Final = frozenset({"id", "object", "created_at", "metadata"})
_ASSISTANT: Final = _OBJECT | {"model", "instructions", "tools", "file_ids"}
_ON_A_THREAD: Final = _OBJECT | {"assistant_id", "thread_id", "status", "completed_at", "file_ids"}
_KEYS: Final = {
    "assistant": _ASSISTANT | {"name", "description"},
    "thread": _OBJECT,
    "thread.message": _ON_A_THREAD | {"run_id", "incomplete_details", "incomplete_at", "role", "content"},
    "thread.run": _ASSISTANT
    | _ON_A_THREAD
    | {"started_at", "expires_at", "cancelled_at", "failed_at", "required_action", "last_error", "usage"},
}
"""What v1 knew of an object; of other kinds all."""
_USAGE: Final = ("prompt_tokens", "completion_tokens", "total_tokens", "estimated")


_NEWER: Final = ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "chatgpt", "o1", "o3", "o4")
"""How the names of models begin that came with v2."""


def check_model(name: str) -> None:
    """Raise BadRequest for a model that v1 did not know."""
    if name.startswith(_NEWER):
        raise BadRequest(
            f"The requested model '{name}' cannot be used with the Assistants API in v1. Follow the migration guide to"
            " upgrade to v2: https://platform.openai.com/docs/assistants/migration.",
            param="model",
            code="unsupported_model",
        )


def upgrade(body: Any) -> Any:
    """A v1 request body as v2. Anything it does not understand is left for the validation to name.

    Raises BadRequest for a model that v1 did not know.
    """
    if not isinstance(body, dict):
        return body
    body = dict(body)
    if isinstance(model := body.get("model"), str):
        check_model(model)
    if isinstance(tools := body.get("tools"), list):
        body["tools"] = [{"type": "file_search"} if tool == {"type": "retrieval"} else tool for tool in tools]
    if isinstance(thread := body.get("thread"), dict):
        body["thread"] = upgrade(thread)
    for name in ("messages", "additional_messages"):
        if isinstance(messages := body.get(name), list):
            body[name] = [upgrade(message) for message in messages]
    if isinstance(metadata := body.get("metadata"), dict):  # v1 took other values, and made strings of them
        body["metadata"] = {
            key: str(value) if isinstance(value, int | float) else value for key, value in metadata.items()
        }
    if isinstance(body.get("file_ids"), list | None) and (file_ids := body.pop("file_ids", None)) is not None:
        if "role" in body:
            body["attachments"] = [{"file_id": id, "tools": [{"type": "code_interpreter"}]} for id in file_ids]
        else:
            body["tool_resources"] = {"code_interpreter": {"file_ids": file_ids}}
            if file_ids and {"type": "file_search"} in body.get("tools", ()):
                body["tool_resources"]["file_search"] = {"vector_stores": [{"file_ids": file_ids}]}
    return body


def downgrade(answer: Any) -> Any:
    """A v2 answer as v1, lists and all: `{…, "tools": […], "file_ids": […], "metadata": {…}}`."""
    kind = answer.get("object", "")
    if kind == "list":
        return {**answer, "data": [downgrade(item) for item in answer["data"]]}
    known, old = _KEYS.get(kind, answer.keys()), {}
    for key, value in answer.items():
        if key == "metadata" and "file_ids" in known:
            old["file_ids"] = _file_ids(answer)
        if key == "tools":
            value = [_old_tool(tool) for tool in value]
        elif key == "usage" and value:
            value = {name: count for name, count in value.items() if name in _USAGE}
        if key in known:
            old[key] = value
    return old


def _old_tool(tool: Any) -> Any:
    match tool["type"]:
        case "file_search":
            return {"type": "retrieval"}
        case "function":
            return {**tool, "function": {key: value for key, value in tool["function"].items() if key != "strict"}}
        case _:
            return tool


def _file_ids(answer: Any) -> list[str]:
    attached = answer.get("file_ids") or [attachment["file_id"] for attachment in answer.get("attachments", [])]
    resources: list[str] = answer.get("tool_resources", {}).get("code_interpreter", {}).get("file_ids", [])
    return attached + resources
