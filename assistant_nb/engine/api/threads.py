"""`/v1/threads`. Source: API reference, "Threads"."""

from typing import Any

from .. import wire
from ..objects import THREAD, Thread
from ..params.assistants import CreateThread, ListQuery, ModifyMetadata, ModifyThread
from ..params.fields import ToolResources
from ..threads import check_resources, create_thread, with_vector_stores
from ..wire import Deleted, Page
from .base import Call, Route


def create(call: Call[CreateThread]) -> Thread:
    with call.store.transaction():
        return create_thread(call.store, call.params)


def list_(call: Call[ListQuery]) -> Page[Thread]:
    """Ours: the hosted API could not list threads."""
    return wire.page(*call.store.page(THREAD, **call.params))


def retrieve(call: Call[object]) -> Thread:
    return wire.with_files(_thread(call))


def modify(call: Call[ModifyThread]) -> Thread:
    metadata: ModifyMetadata = {"metadata": {}} if "metadata" in call.nulls else call.params
    with call.store.transaction():
        given = call.params.get("tool_resources", {})
        check_resources(call.store, given)
        thread = _thread(call)
        resources: ToolResources = {} if "tool_resources" in call.nulls else thread["tool_resources"]
        if "tool_resources" in call.params:
            resources = with_vector_stores(call.store, given, thread["id"])
        thread = {**thread, **metadata, "tool_resources": resources}
        call.store.put(thread)
    return thread


def delete(call: Call[object]) -> Deleted:
    with call.store.transaction():
        thread = _thread(call)
        call.store.delete(thread["id"])
    call.runner.forget(thread["id"])
    return wire.deleted(thread)


def _thread(call: Call[object]) -> Thread:
    return call.store.get(THREAD, call.ids["thread_id"])


ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/threads", create, CreateThread),
    Route("GET", "/v1/threads", list_, ListQuery, beta=False),
    Route("GET", "/v1/threads/<thread_id>", retrieve),
    Route("POST", "/v1/threads/<thread_id>", modify, ModifyThread),
    Route("DELETE", "/v1/threads/<thread_id>", delete, attends=False),
]
