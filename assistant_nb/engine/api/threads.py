"""`/v1/threads`. Source: API reference, "Threads"."""

from .. import wire
from ..threads import check_references, create_thread, with_vector_stores
from ..wire import Json
from . import params
from .base import Call, Route


def create(call: Call) -> Json:
    with call.store.transaction():
        return create_thread(call.store, call.body)


def list_(call: Call) -> Json:
    """Ours: the hosted API could not list threads."""
    return wire.page(*call.store.page("thread", **call.query))


def retrieve(call: Call) -> Json:
    return wire.with_files(_thread(call))


def modify(call: Call) -> Json:
    with call.store.transaction():
        check_references(call.store, call.body)
        thread = with_vector_stores(call.store, {**_thread(call), **call.body}, call.ids["thread_id"])
        call.store.put(thread)
    return thread


def delete(call: Call) -> Json:
    with call.store.transaction():
        thread = _thread(call)
        call.store.delete(thread["id"])
    call.runner.forget(thread["id"])
    return wire.deleted(thread)


def _thread(call: Call) -> Json:
    return call.store.get("thread", call.ids["thread_id"])


ROUTES = [
    Route("POST", "/v1/threads", create, params.CreateThread),
    Route("GET", "/v1/threads", list_, query=params.ListQuery, beta=False),
    Route("GET", "/v1/threads/<thread_id>", retrieve),
    Route("POST", "/v1/threads/<thread_id>", modify, params.ModifyThread),
    Route("DELETE", "/v1/threads/<thread_id>", delete, attends=False),
]
