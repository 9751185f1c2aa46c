"""What a saved notebook shows of an assistant: its fields as a table, and the code that makes it. Pure."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ... import as_code, render
from ...render import Html
from . import draft as drafts

if TYPE_CHECKING:
    from openai.types.beta import Assistant, AssistantToolParam

Names = Mapping[str, str]
"""The names of files and vector stores, by id."""


def text(assistant: "Assistant", names: Names) -> str:
    """The first line is `AssistantForm(asst_abc · Math Teacher)`."""
    name = " ".join((assistant.name or "").split())
    title = f"AssistantForm({assistant.id}{f' · {name}' if name else ''})"
    rows = "\n".join(f"{field}: {value}" for field, value in _rows(assistant, names))
    return f"{title}\n{rows}\n\n{_making(assistant)}".encode(errors="replace").decode()


def html(assistant: "Assistant", names: Names) -> Html:
    """The same as a table and a listing."""
    row = Html("<tr><th>{}</th><td>{}</td></tr>")
    rows = Html().join(row.format(field, _cell(value)) for field, value in _rows(assistant, names))
    page = Html("<p><b>Assistant</b></p><table>{}</table><p>The same as code:</p>{}")
    return page.format(rows, render.code(_making(assistant)))


def _making(assistant: "Assistant") -> str:
    return as_code.in_sdk("assistants.create", drafts.params(drafts.of_object(assistant)))


def _rows(assistant: "Assistant", names: Names) -> list[tuple[str, str]]:
    """Return the name and the value of each field, as texts."""
    rows = [("id", assistant.id)]
    draft = drafts.of_object(assistant)
    params = drafts.params(draft)
    for name, value in params.items():
        if name == "tools":
            rows += [("tool", _tool(tool)) for tool in params["tools"]]
        elif name == "tool_resources":
            ids = [*draft["tool_resources"]["file_ids"], *draft["tool_resources"]["vector_store_ids"]]
            rows.append(("files", ", ".join(f"{names[id]} ({id})" if names.get(id) else id for id in ids)))
        else:
            rows.append((name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
    return rows


def _tool(tool: "AssistantToolParam") -> str:
    """`get_weather(city: string): The weather in a city.`"""
    if tool["type"] != "function":
        return " ".join([tool["type"], *(json.dumps(settings) for key, settings in tool.items() if key != "type")])
    function = tool["function"]
    properties = function.get("parameters", {}).get("properties")
    given = properties.items() if isinstance(properties, dict) else ()
    arguments = ", ".join(f"{name}: {_kind(schema)}" for name, schema in given)
    about = f": {function['description']}" if function.get("description") else ""
    return f"{function['name']}({arguments}){about}"


def _kind(schema: object) -> str:
    return str(schema.get("type", "any")) if isinstance(schema, dict) else "any"


def _cell(value: str) -> Html:
    return render.plain(value) if "\n" in value or len(value) > 200 else render.inline(value)
