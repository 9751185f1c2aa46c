"""`/v1/threads/{thread_id}/messages`. Source: API reference, "Messages"."""

from .. import wire
from ..errors import BadRequest
from ..threads import add_message
from ..wire import Json
from . import params
from .base import Call, Route


def create(call: Call) -> Json:
    thread_id = call.ids["thread_id"]
    call.runner.settle(thread_id)
    with call.store.transaction():
        call.store.get("thread", thread_id)
        if active := call.runner.active_run(thread_id):
            raise BadRequest(f"Can't add messages to {thread_id} while a run {active['id']} is active.")
        return wire.rest(add_message(call.store, thread_id, call.body))


def list_(call: Call) -> Json:
    """A plain answer has no key to say that a message is still being written, so it leaves such out."""
    thread_id = call.ids["thread_id"]
    call.store.get("thread", thread_id)
    return wire.page(*call.store.page("thread.message", thread_id, finished=True, **call.query))


def retrieve(call: Call) -> Json:
    return wire.rest(_message(call))


def modify(call: Call) -> Json:
    """The answer has the shape of v1, as the real one always had: `file_ids`, no `attachments`."""
    with call.store.transaction():
        message = _message(call)
        if run_id := message["run_id"]:
            message = call.runner.amend(run_id, "client.modified", message["id"], call.body)
        else:
            message |= call.body
            call.store.put(message)
    file_ids = list(dict.fromkeys(attachment["file_id"] for attachment in message["attachments"]))
    answer = {**wire.rest(message), "attachments": file_ids}
    return {"file_ids" if key == "attachments" else key: value for key, value in answer.items()}


def delete(call: Call) -> Json:
    with call.store.transaction():
        message = _message(call)
        if message["status"] == "in_progress":
            raise BadRequest(f"Can't delete message {message['id']} while run {message['run_id']} is writing it.")
        if run_id := message["run_id"]:
            call.runner.amend(run_id, "client.deleted", message["id"], {})
        else:
            call.store.delete(message["id"])
    return wire.deleted(message)


def _message(call: Call) -> Json:
    return call.store.get("thread.message", call.ids["message_id"], call.ids["thread_id"])


ROUTES = [
    Route("POST", "/v1/threads/<thread_id>/messages", create, params.CreateMessage),
    Route("GET", "/v1/threads/<thread_id>/messages", list_, query=params.ListMessagesQuery),
    Route("GET", "/v1/threads/<thread_id>/messages/<message_id>", retrieve),
    Route("POST", "/v1/threads/<thread_id>/messages/<message_id>", modify, params.ModifyMetadata),
    Route("DELETE", "/v1/threads/<thread_id>/messages/<message_id>", delete),
]
