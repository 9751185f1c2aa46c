"""`/v1/assistants`. Source: API reference, "Assistants"."""

from .. import wire
from ..threads import check_references, with_vector_stores
from ..wire import Json
from . import params
from .base import Call, Route


def create(call: Call) -> Json:
    with call.store.transaction():
        check_references(call.store, call.body)
        assistant = wire.assistant(call.store.new_id("assistant"), call.store.now(), call.body)
        assistant = with_vector_stores(call.store, assistant)
        call.store.put(assistant)
    return assistant


def list_(call: Call) -> Json:
    return wire.page(*call.store.page("assistant", **call.query))


def retrieve(call: Call) -> Json:
    return call.store.get("assistant", call.ids["assistant_id"])


def modify(call: Call) -> Json:
    with call.store.transaction():
        assistant = retrieve(call)
        check_references(call.store, call.body)
        changed = with_vector_stores(call.store, {**assistant, **call.body})
        changed["tools"] = [wire.tool(tool) for tool in changed["tools"]]
        changed["tool_resources"] = wire.tool_resources(changed["tools"], changed["tool_resources"])
        call.store.put(changed)
    return changed


def delete(call: Call) -> Json:
    with call.store.transaction():
        assistant = retrieve(call)
        call.store.delete(assistant["id"])
    return wire.deleted(assistant)


ROUTES = [
    Route("POST", "/v1/assistants", create, params.CreateAssistant),
    Route("GET", "/v1/assistants", list_, query=params.ListQuery),
    Route("GET", "/v1/assistants/<assistant_id>", retrieve),
    Route("POST", "/v1/assistants/<assistant_id>", modify, params.ModifyAssistant),
    Route("DELETE", "/v1/assistants/<assistant_id>", delete),
]
