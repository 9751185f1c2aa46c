"""Putting things on threads. Every function here runs inside a transaction."""

from . import wire
from .store import Store
from .wire import Json


def create_thread(store: Store, body: Json) -> Json:
    """A new thread with the messages its body brings."""
    check_references(store, body)
    thread = wire.thread(store.new_id("thread"), store.now(), body)
    store.put(thread)
    for message in body.get("messages", []):
        add_message(store, thread["id"], message)
    return thread


def add_message(store: Store, thread_id: str, body: Json) -> Json:
    """Put a client's message on a thread."""
    check_references(store, body)
    id, at = store.new_id("thread.message", thread_id), store.now(thread_id)
    message = wire.message(id, at, thread_id, body["role"], body["content"], body=body)
    store.put(message)
    return message


def check_references(store: Store, body: Json) -> None:
    """Raise NotFound when a body names a file or vector store that does not exist."""
    resources = body.get("tool_resources", {})
    file_ids = list((resources.get("code_interpreter") or {}).get("file_ids") or [])
    file_ids += [attachment["file_id"] for attachment in body.get("attachments", [])]
    if isinstance(content := body.get("content"), list):
        file_ids += [part["image_file"]["file_id"] for part in content if part["type"] == "image_file"]
    for id in file_ids:
        store.get("file", id)
    for id in (resources.get("file_search") or {}).get("vector_store_ids") or []:
        store.get("vector_store", id)
