"""What a saved notebook shows of an assistant: its fields as a table, and the code that makes it. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from ... import as_code, render
from . import draft as drafts

Json = dict[str, Any]
Names = Mapping[str, str]
"""Of the id of a file or a vector store, its name."""


def text(assistant: Json, names: Names) -> str:
    """The first line is `AssistantForm(asst_abc · Math Teacher)`."""
    name = " ".join((assistant.get("name") or "").split())
    title = f"AssistantForm({assistant['id']}{f' · {name}' if name else ''})"
    rows = "\n".join(f"{field}: {value}" for field, value in _rows(assistant, names))
    return f"{title}\n{rows}\n\n{_making(assistant)}".encode(errors="replace").decode()


def html(assistant: Json, names: Names) -> str:
    """The same as a table and a listing."""
    rows = "".join(f"<tr><th>{field}</th><td>{_cell(value)}</td></tr>" for field, value in _rows(assistant, names))
    return f"<p><b>Assistant</b></p><table>{rows}</table><p>The same as code:</p>{render.code(_making(assistant))}"


def _making(assistant: Json) -> str:
    return as_code.in_sdk("assistants.create", drafts.params(drafts.of(assistant)))


def _rows(assistant: Json, names: Names) -> list[tuple[str, str]]:
    """Of each field its name, which is ours, and its value as a text."""
    rows = [("id", str(assistant["id"]))]
    for name, value in drafts.params(drafts.of(assistant)).items():
        if name == "tools":
            rows += [("tool", _tool(tool)) for tool in value]
        elif name == "tool_resources":
            ids = [id for resource in value.values() for some in resource.values() for id in some]
            rows.append(("files", ", ".join(f"{names[id]} ({id})" if names.get(id) else id for id in ids)))
        else:
            rows.append((name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
    return rows


def _tool(tool: Json) -> str:
    """`get_weather(city: string): The weather in a city.`"""
    if tool["type"] != "function":
        return " ".join([tool["type"], *(json.dumps(settings) for key, settings in tool.items() if key != "type")])
    function = tool["function"]
    properties = function.get("parameters", {}).get("properties", {})
    arguments = ", ".join(f"{name}: {_kind(schema)}" for name, schema in properties.items())
    about = f": {function['description']}" if function.get("description") else ""
    return f"{function['name']}({arguments}){about}"


def _kind(schema: Any) -> str:
    return str(schema.get("type", "any")) if isinstance(schema, dict) else "any"


def _cell(value: str) -> str:
    return render.plain(value) if "\n" in value or len(value) > 200 else render.inline(value)
