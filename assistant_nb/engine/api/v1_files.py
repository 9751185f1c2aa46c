"""Files of assistants and messages, as `assistants=v1` had them. v2 knows them as tool resources and attachments."""

from .. import wire
from ..errors import NotFound
from ..threads import with_code_files
from ..wire import Json
from . import params
from .base import Call, Route
from .file_params import PutAssistantFile


def put(call: Call) -> Json:
    with call.store.transaction():
        assistant = _assistant(call)
        file = call.store.get("file", call.body["file_id"])
        resources = with_code_files(assistant["tool_resources"], [file["id"]])
        call.store.put({**assistant, "tool_resources": resources})
    return _assistant_file(call, file["id"])


def list_(call: Call) -> Json:
    return _page(call, [_assistant_file(call, id) for id in _file_ids(_assistant(call))])


def retrieve(call: Call) -> Json:
    return _named(call, "assistant file", [_assistant_file(call, id) for id in _file_ids(_assistant(call))])


def delete(call: Call) -> Json:
    """Take a file from the assistant; the file itself stays."""
    with call.store.transaction():
        assistant, file = _assistant(call), retrieve(call)
        left = {"file_ids": [id for id in _file_ids(assistant) if id != file["id"]]}
        resources = {**assistant["tool_resources"], "code_interpreter": left}
        call.store.put({**assistant, "tool_resources": resources})
    return wire.deleted(file)


def list_of_message(call: Call) -> Json:
    return _page(call, _message_files(call))


def retrieve_of_message(call: Call) -> Json:
    return _named(call, "message file", _message_files(call))


def _assistant(call: Call) -> Json:
    return call.store.get("assistant", call.ids["assistant_id"])


def _file_ids(assistant: Json) -> list[str]:
    file_ids: list[str] = assistant["tool_resources"].get("code_interpreter", {}).get("file_ids", [])
    return file_ids


def _assistant_file(call: Call, id: str) -> Json:
    at, owner = _assistant(call)["created_at"], call.ids["assistant_id"]
    return {"id": id, "object": "assistant.file", "created_at": at, "assistant_id": owner}


def _message_files(call: Call) -> list[Json]:
    message = call.store.get("thread.message", call.ids["message_id"], call.ids["thread_id"])
    ids = dict.fromkeys(attachment["file_id"] for attachment in message["attachments"])
    at, owner = message["created_at"], message["id"]
    return [{"id": id, "object": "thread.message.file", "created_at": at, "message_id": owner} for id in ids]


def _named(call: Call, thing: str, files: list[Json]) -> Json:
    for file in files:
        if file["id"] == call.ids["file_id"]:
            return file
    raise NotFound.of(thing, call.ids["file_id"])


def _page(call: Call, files: list[Json]) -> Json:
    """A page of a list that stands in one object. A cursor that is not in it begins anew."""
    files = files if call.query.get("order") == "asc" else files[::-1]
    ids = [file["id"] for file in files]
    start = ids.index(call.query["after"]) + 1 if call.query.get("after") in ids else 0
    end = start + call.query.get("limit", 20)
    return wire.page(files[start:end], len(files) > end)


_ASSISTANT = "/v1/assistants/<assistant_id>/files"
_MESSAGE = "/v1/threads/<thread_id>/messages/<message_id>/files"

ROUTES = [
    Route("POST", _ASSISTANT, put, PutAssistantFile, beta=False, only_v1=True),
    Route("GET", _ASSISTANT, list_, query=params.ListQuery, beta=False, only_v1=True),
    Route("GET", f"{_ASSISTANT}/<file_id>", retrieve, beta=False, only_v1=True),
    Route("DELETE", f"{_ASSISTANT}/<file_id>", delete, beta=False, only_v1=True),
    Route("GET", _MESSAGE, list_of_message, query=params.ListQuery, beta=False, only_v1=True),
    Route("GET", f"{_MESSAGE}/<file_id>", retrieve_of_message, beta=False, only_v1=True),
]
