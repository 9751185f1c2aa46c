"""Responses and conversations in the store: found, deleted, forgotten. What changes something runs in a transaction."""

from contextlib import suppress

from ..errors import NotFound
from ..objects import RUN, THREAD, Run, Thread
from ..store import Store
from .chains import Row


def no_response(id: str) -> NotFound:
    return NotFound(f"Response with id '{id}' not found.")


def response_of(store: Store, id: str) -> Run:
    """The run that is this response. Raises NotFound."""
    try:
        run = store.get(RUN, id)
    except NotFound:
        raise no_response(id) from None
    if "request" not in run or run["request"]["deleted"]:
        raise no_response(id)
    return run


def conversation_of(store: Store, id: str) -> Thread:
    """The thread that is this conversation. Raises NotFound."""
    try:
        return store.get(THREAD, id)
    except NotFound:
        raise NotFound(f"Conversation with id '{id}' not found.") from None


def item_of(store: Store, thread_id: str, id: str) -> Row:
    """An item that a conversation has. Raises NotFound."""
    conversation_of(store, thread_id)
    if row := store.find_item(id, thread_id):
        return row
    raise NotFound(f"Item with id '{id}' not found.")


def delete_response(store: Store, run: Run) -> bool:
    """Forget a response. Returns whether its hidden thread went with it.

    A conversation keeps the items. A response that others follow is only hidden: they build on its items.
    """
    if store.is_followed(run["id"]):
        store.put({**run, "request": {**run["request"], "deleted": True}})
        return False
    store.drop_items(run["id"])
    store.delete(run["id"])
    if previous := run["request"]["previous_response_id"]:
        with suppress(NotFound):
            before = store.get(RUN, previous)
            if before["request"]["deleted"]:
                return delete_response(store, before)
    if run["request"]["conversation"] or store.has_runs(run["thread_id"]):
        return False
    store.delete(run["thread_id"])
    return True


def delete_conversation(store: Store, thread: Thread) -> None:
    """Forget a conversation. Its responses stay."""
    if store.has_runs(thread["id"]):
        store.hide(thread["id"])
    else:
        store.delete(thread["id"])


def forget_unstored(store: Store, id: str) -> None:
    """Forget a response that has ended, if it was not to be stored. Opens the transaction itself."""
    with store.transaction():
        try:
            run = store.get(RUN, id)
        except NotFound:
            return
        if not run["request"]["store"]:
            delete_response(store, run)
