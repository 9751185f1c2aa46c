"""`/v1/conversations` and their items. Source: API reference, "Conversations"; recorded answers."""

from typing import Any

from ... import wire as threads_wire
from ...objects import Conversation, ItemBody, Thread
from ...params.assistants import ModifyMetadata
from ...params.responses import CreateConversation, CreateItems, ItemsQuery, ResponseInclude
from ...responses.arriving import arrive, shown_items
from ...responses.begin import add_items, check_unlocked
from ...responses.store import conversation_of, delete_conversation, item_of
from ...responses.wire import conversation
from ...wire import Deleted, Page
from ..base import Call, Route
from .responses import page, shown


def create(call: Call[CreateConversation]) -> Conversation:
    arrived = arrive(call.store, call.blobs, call.params.get("items", []), "items")
    with call.store.transaction():
        id, at = call.store.new_id("conversation"), call.store.now()
        thread = threads_wire.thread(id, at, {"metadata": call.params.get("metadata", {})})
        call.store.put(thread)
        add_items(call.runner, id, arrived)
    return conversation(thread)


def retrieve(call: Call[object]) -> Conversation:
    return conversation(_thread(call))


def modify(call: Call[ModifyMetadata]) -> Conversation:
    with call.store.transaction():
        thread: Thread = {**_thread(call), "metadata": call.params.get("metadata", {})}
        call.store.put(thread)
    return conversation(thread)


def delete(call: Call[object]) -> Deleted:
    """Its responses stay, and so do their items, for them."""
    with call.store.transaction():
        thread = _thread(call)
        delete_conversation(call.store, thread)
    call.runner.forget(thread["id"])
    return {"id": thread["id"], "object": "conversation.deleted", "deleted": True}


def create_items(call: Call[CreateItems]) -> Page[ItemBody]:
    thread = _thread(call)
    arrived = arrive(call.store, call.blobs, call.params["items"], "items")
    call.runner.settle(thread["id"])
    with call.store.transaction():
        rows = add_items(call.runner, _thread(call)["id"], arrived)
    return page(call, rows, has_more=False)


def list_items(call: Call[ItemsQuery]) -> Page[ItemBody]:
    return page(call, *call.store.conversation_items(_thread(call)["id"], **call.params))


def retrieve_item(call: Call[object]) -> ItemBody:
    row = item_of(call.store, call.ids["conversation_id"], call.ids["item_id"])
    return next(shown(call, shown_items([row]), call.include))


def delete_item(call: Call[object]) -> Conversation:
    """The response that brought or made the item keeps it."""
    call.runner.settle(call.ids["conversation_id"])
    with call.store.transaction():
        row = item_of(call.store, call.ids["conversation_id"], call.ids["item_id"])
        check_unlocked(call.runner, call.ids["conversation_id"])
        call.store.take_out(row["id"])
        return conversation(_thread(call))


def _thread(call: Call[object]) -> Thread:
    return conversation_of(call.store, call.ids["conversation_id"])


_ONE = "/v1/conversations/<conversation_id>"

ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/conversations", create, CreateConversation, beta=False),
    Route("GET", _ONE, retrieve, beta=False),
    Route("POST", _ONE, modify, ModifyMetadata, beta=False),
    Route("DELETE", _ONE, delete, beta=False, attends=False),
    Route("POST", f"{_ONE}/items", create_items, CreateItems, beta=False, include=ResponseInclude),
    Route("GET", f"{_ONE}/items", list_items, ItemsQuery, beta=False, include=ResponseInclude),
    Route("GET", f"{_ONE}/items/<item_id>", retrieve_item, beta=False, include=ResponseInclude),
    Route("DELETE", f"{_ONE}/items/<item_id>", delete_item, beta=False),
]
