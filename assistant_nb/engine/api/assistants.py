"""`/v1/assistants`. Source: API reference, "Assistants"."""

from typing import Any, Final

from .. import wire
from ..objects import ASSISTANT, Assistant
from ..params.assistants import AssistantChanges, CreateAssistant, ListQuery, ModifyAssistant
from ..params.fields import ToolResources
from ..threads import check_resources, with_vector_stores
from ..wire import Deleted, Page
from .base import Call, Route

_CLEARED: Final = AssistantChanges.__optional_keys__ - {"model"}
"""Fields that null clears. It leaves `model` and `tools` as they are."""


def create(call: Call[CreateAssistant]) -> Assistant:
    given = call.params.get("tool_resources", {})
    with call.store.transaction():
        check_resources(call.store, given)
        id, at = call.store.new_id("assistant"), call.store.now()
        assistant = wire.assistant(id, at, call.params, with_vector_stores(call.store, given))
        call.store.put(assistant)
    return assistant


def list_(call: Call[ListQuery]) -> Page[Assistant]:
    return wire.page(*call.store.page(ASSISTANT, **call.params))


def retrieve(call: Call[object]) -> Assistant:
    return call.store.get(ASSISTANT, call.ids["assistant_id"])


def modify(call: Call[ModifyAssistant]) -> Assistant:
    body = call.params
    as_it_came: AssistantChanges = body
    with call.store.transaction():
        assistant = retrieve(call)
        resources: ToolResources = {} if "tool_resources" in call.nulls else assistant["tool_resources"]
        if "tool_resources" in body:
            check_resources(call.store, body["tool_resources"])
            resources = with_vector_stores(call.store, body["tool_resources"])
        tools = [wire.tool(tool) for tool in body["tools"]] if "tools" in body else assistant["tools"]
        blank = wire.assistant("", 0, {"model": ""})
        changed: Assistant = {**assistant, **as_it_came}
        changed = call.cleared(changed, blank, *_CLEARED)
        changed["tools"], changed["tool_resources"] = tools, wire.tool_resources(tools, resources)
        call.store.put(changed)
    return changed


def delete(call: Call[object]) -> Deleted:
    with call.store.transaction():
        assistant = retrieve(call)
        call.store.delete(assistant["id"])
    return wire.deleted(assistant)


ROUTES: list[Route[Any]] = [
    Route("POST", "/v1/assistants", create, CreateAssistant),
    Route("GET", "/v1/assistants", list_, ListQuery),
    Route("GET", "/v1/assistants/<assistant_id>", retrieve),
    Route("POST", "/v1/assistants/<assistant_id>", modify, ModifyAssistant),
    Route("DELETE", "/v1/assistants/<assistant_id>", delete),
]
