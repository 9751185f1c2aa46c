"""Files of assistants and messages, as `assistants=v1` had them. v2 knows them as tool resources and attachments."""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict, TypeVar

from ..errors import NotFound
from ..objects import ASSISTANT, FILE, MESSAGE, Assistant
from ..params.assistants import ListQuery
from ..params.files import PutAssistantFile
from ..threads import file_ids, with_code_files
from ..wire import Deleted, Page
from .base import Call, Route


class AssistantFile(TypedDict):
    id: str
    object: Literal["assistant.file"]
    created_at: int
    assistant_id: str


class MessageFile(TypedDict):
    id: str
    object: Literal["thread.message.file"]
    created_at: int
    message_id: str


F = TypeVar("F", AssistantFile, MessageFile)


def put(call: Call[PutAssistantFile]) -> AssistantFile:
    with call.store.transaction():
        assistant = _assistant(call)
        file = call.store.get(FILE, call.params["file_id"])
        resources = with_code_files(assistant["tool_resources"], [file["id"]])
        call.store.put({**assistant, "tool_resources": resources})
    return _assistant_file(assistant, file["id"])


def list_(call: Call[ListQuery]) -> Page[AssistantFile]:
    return _page(_assistant_files(call), call.params)


def retrieve(call: Call[object]) -> AssistantFile:
    return _named("assistant file", call.ids["file_id"], _assistant_files(call))


def delete(call: Call[object]) -> Deleted:
    """Take a file from the assistant; the file itself stays."""
    with call.store.transaction():
        assistant, file = _assistant(call), retrieve(call)
        resources = assistant["tool_resources"]
        left = [id for id in file_ids(resources) if id != file["id"]]
        call.store.put({**assistant, "tool_resources": {**resources, "code_interpreter": {"file_ids": left}}})
    return {"id": file["id"], "object": "assistant.file.deleted", "deleted": True}


def list_of_message(call: Call[ListQuery]) -> Page[MessageFile]:
    return _page(_message_files(call), call.params)


def retrieve_of_message(call: Call[object]) -> MessageFile:
    return _named("message file", call.ids["file_id"], _message_files(call))


def _assistant(call: Call[object]) -> Assistant:
    return call.store.get(ASSISTANT, call.ids["assistant_id"])


def _assistant_files(call: Call[object]) -> list[AssistantFile]:
    assistant = _assistant(call)
    return [_assistant_file(assistant, id) for id in file_ids(assistant["tool_resources"])]


def _assistant_file(assistant: Assistant, id: str) -> AssistantFile:
    at, owner = assistant["created_at"], assistant["id"]
    return {"id": id, "object": "assistant.file", "created_at": at, "assistant_id": owner}


def _message_files(call: Call[object]) -> list[MessageFile]:
    message = call.store.get(MESSAGE, call.ids["message_id"], call.ids["thread_id"])
    ids = dict.fromkeys(attachment["file_id"] for attachment in message["attachments"])
    at, owner = message["created_at"], message["id"]
    return [{"id": id, "object": "thread.message.file", "created_at": at, "message_id": owner} for id in ids]


def _named(thing: str, id: str, files: Sequence[F]) -> F:
    for file in files:
        if file["id"] == id:
            return file
    raise NotFound.of(thing, id)


def _page(files: Sequence[F], query: ListQuery) -> Page[F]:
    """A page of a list that stands in one object. A cursor that is not in it begins anew."""
    files = files if query.get("order") == "asc" else files[::-1]
    ids = [file["id"] for file in files]
    start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    end = start + query.get("limit", 20)
    shown = ids[start:end]
    return {
        "object": "list",
        "data": list(files[start:end]),
        "first_id": shown[0] if shown else None,
        "last_id": shown[-1] if shown else None,
        "has_more": len(files) > end,
    }


_ASSISTANT = "/v1/assistants/<assistant_id>/files"
_MESSAGE = "/v1/threads/<thread_id>/messages/<message_id>/files"

ROUTES: list[Route[Any]] = [
    Route("POST", _ASSISTANT, put, PutAssistantFile, beta=False, only_v1=True),
    Route("GET", _ASSISTANT, list_, ListQuery, beta=False, only_v1=True),
    Route("GET", f"{_ASSISTANT}/<file_id>", retrieve, beta=False, only_v1=True),
    Route("DELETE", f"{_ASSISTANT}/<file_id>", delete, beta=False, only_v1=True),
    Route("GET", _MESSAGE, list_of_message, ListQuery, beta=False, only_v1=True),
    Route("GET", f"{_MESSAGE}/<file_id>", retrieve_of_message, beta=False, only_v1=True),
]
