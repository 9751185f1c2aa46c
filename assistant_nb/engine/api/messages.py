"""`/v1/threads/{thread_id}/messages`. Source: API reference, "Messages"."""

from typing import Any

from .. import wire
from ..errors import BadRequest
from ..objects import MESSAGE, THREAD, Message
from ..params.assistants import CreateMessage, ListMessagesQuery, ModifyMetadata
from ..threads import add_message
from ..wire import Deleted, Page
from .base import Answer, Call, Route


def create(call: Call[CreateMessage]) -> Message:
    thread_id = call.ids["thread_id"]
    call.runner.settle(thread_id)
    with call.store.transaction():
        call.store.get(THREAD, thread_id)
        if active := call.runner.active_run(thread_id):
            raise BadRequest(f"Can't add messages to {thread_id} while a run {active['id']} is active.")
        return wire.rest(add_message(call.store, thread_id, call.params))


def list_(call: Call[ListMessagesQuery]) -> Page[Message]:
    """A plain answer has no key to say that a message is still being written, so it leaves such out."""
    return wire.page(*call.store.page(MESSAGE, call.ids["thread_id"], finished=True, **call.params))


def retrieve(call: Call[object]) -> Message:
    return wire.rest(_message(call))


def modify(call: Call[ModifyMetadata]) -> Answer:
    """The answer has the shape of v1, as the real one always had: `file_ids`, no `attachments`."""
    with call.store.transaction():
        message = _message(call)
        changes: ModifyMetadata = {"metadata": {}} if "metadata" in call.nulls else call.params
        if run_id := message["run_id"]:
            call.runner.amend(run_id, "client.modified", message["id"], changes)
        else:
            call.store.put({**message, **changes})
        message = _message(call)
    file_ids = list(dict.fromkeys(attachment["file_id"] for attachment in message["attachments"]))
    return {
        "file_ids" if key == "attachments" else key: file_ids if key == "attachments" else value
        for key, value in wire.rest(message).items()
    }


def delete(call: Call[object]) -> Deleted:
    with call.store.transaction():
        message = _message(call)
        if message["status"] == "in_progress":
            raise BadRequest(f"Can't delete message {message['id']} while run {message['run_id']} is writing it.")
        if run_id := message["run_id"]:
            call.runner.amend(run_id, "client.deleted", message["id"], {})
        else:
            call.store.delete(message["id"])
    return wire.deleted(message)


def _message(call: Call[object]) -> Message:
    return call.store.get(MESSAGE, call.ids["message_id"], call.ids["thread_id"])


ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/threads/<thread_id>/messages", create, CreateMessage),
    Route("GET", "/v1/threads/<thread_id>/messages", list_, ListMessagesQuery),
    Route("GET", "/v1/threads/<thread_id>/messages/<message_id>", retrieve),
    Route("POST", "/v1/threads/<thread_id>/messages/<message_id>", modify, ModifyMetadata),
    Route("DELETE", "/v1/threads/<thread_id>/messages/<message_id>", delete),
]
