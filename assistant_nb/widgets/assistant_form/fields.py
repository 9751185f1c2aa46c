"""The fields of an assistant: how each is read from a form and shown in one. Pure.

`FIELDS` is the table of them, in the order of the API; `ROWS` says how the page lays them out. A new field is a line in
each, and one in `Draft`. A form holds a person's own texts: numbers as they were typed, schemas as their JSON; None
means "not set".
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict, get_args

from openai.types.shared import ReasoningEffort

from ..messages import Absent, Checks, Control, NamedId, PanelState
from .reading import Note, check_name, check_text, number, one_of, schema, shortest, show_schema, text
from .tools import RANKERS, ToolDraft, ToolLook, read_tools, show_tools

if TYPE_CHECKING:
    from openai.types.beta import (
        AssistantResponseFormatOptionParam,
    )
    from openai.types.beta.assistant_create_params import ToolResources
    from openai.types.shared_params.response_format_json_schema import JSONSchema

EFFORTS: Final = tuple(word for words in get_args(ReasoningEffort) for word in get_args(words))
"""The efforts that the SDK knows."""
FORMATS: Final = ("auto", "text", "json_object", "json_schema")


class ResourcesDraft(TypedDict):
    file_ids: list[str]
    vector_store_ids: list[str]


class FormatDraft(TypedDict):
    type: str
    name: str
    description: str | None
    schema: str
    strict: bool | None


class Draft(TypedDict):
    """An assistant as a form holds it."""

    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[ToolDraft]
    tool_resources: ResourcesDraft
    temperature: float | str | None
    top_p: float | str | None
    reasoning_effort: str | None
    response_format: FormatDraft
    metadata: list[list[str]]


class TakenFunction(TypedDict, total=False):
    """A function of the notebook as a tool, or why it cannot be one."""

    tool: ToolDraft
    error: str


class FormState(PanelState):
    """All that a form draws."""

    assistant: NamedId
    absent: Absent | None
    draft: Draft
    saved: Draft | None
    """The draft of the assistant as the server has it."""
    checks: Checks
    names: dict[str, str]
    """The names of files and vector stores, by id."""
    blank: Draft
    rows: tuple[tuple[Control, ...], ...]
    tools: Mapping[str, ToolLook]


class Field(NamedTuple):
    """A field of the API."""

    name: str
    read: Callable[[Any, str, Note], Any]
    """Turns the draft's value into the API's; None if it is not set."""
    show: Callable[[Any], Any]
    """Turns the API's value into the draft's."""
    nothing: Any
    """The value that resets the field; None if it cannot be reset."""


# Reading


def _model(typed: str | None, path: str, note: Note) -> str | None:
    text = (typed or "").strip()
    if not text:
        note(path, "An assistant needs a model. Choose one, or type its name.")
    check_text(text, 256_000, path, note)
    return text or None


def _tool_resources(ids: ResourcesDraft, path: str, note: Note) -> "ToolResources | None":
    for tool, key, most, some in (
        ("code_interpreter", "file_ids", 20, ids["file_ids"]),
        ("file_search", "vector_store_ids", 1, ids["vector_store_ids"]),
    ):
        if len(some) > most:
            note(f"{path}.{tool}.{key}", f"{len(some)} are too many. The API takes {most}.")
    resources: ToolResources = {}
    if ids["file_ids"]:
        resources["code_interpreter"] = {"file_ids": ids["file_ids"]}
    if ids["vector_store_ids"]:
        resources["file_search"] = {"vector_store_ids": ids["vector_store_ids"]}
    return resources or None


def _response_format(typed: FormatDraft, path: str, note: Note) -> "AssistantResponseFormatOptionParam | None":
    kind = typed["type"]
    if kind != "json_schema":
        return None if kind == "auto" else {"type": kind}  # type: ignore[return-value]  # one of a later day, too
    path = f"{path}.json_schema"
    given: JSONSchema = {"name": typed.get("name") or ""}
    check_name(given["name"], f"{path}.name", note)
    description = text(256_000)(typed.get("description"), f"{path}.description", note)
    if description is not None:
        given["description"] = description
    if (found := schema(typed.get("schema"), f"{path}.schema", note)) is not None:
        given["schema"] = found
    if (strict := typed.get("strict")) is not None:
        given["strict"] = strict
    return {"type": "json_schema", "json_schema": given}


def _metadata(typed: list[list[str]], path: str, note: Note) -> dict[str, str] | None:
    keys = list[str]()
    pairs = [(n, key, value) for n, (key, value) in enumerate(typed) if key or value]
    for n, key, value in pairs:
        check_text(key, 64, f"{path}[{n}].key", note)
        check_text(value, 512, f"{path}[{n}].value", note)
        if key in keys:
            note(f"{path}[{n}].key", f'The key "{key}" is there twice.')
        keys.append(key)
    if len(pairs) > 16:
        note(path, f"{len(pairs)} pairs are too many. The API takes 16.")
    return {key: value for _, key, value in pairs} or None


# Showing


def _as_it_is(text: str | None) -> str | None:
    return text


def _show_model(name: str | None) -> str:
    return name or ""


def _show_number(number: float | None) -> float | None:
    """Return None for 1, the default of temperature and top_p."""
    return None if number in (None, 1) else shortest(number or 0)


def _show_tool_resources(resources: "ToolResources | None") -> ResourcesDraft:
    given = resources or {}
    files, stores = given.get("code_interpreter") or {}, given.get("file_search") or {}
    return {
        "file_ids": list(files.get("file_ids") or []),
        "vector_store_ids": list(stores.get("vector_store_ids") or []),
    }


def _show_response_format(value: "AssistantResponseFormatOptionParam | None") -> FormatDraft:
    given = value if isinstance(value, dict) else None
    schema = given["json_schema"] if given and given["type"] == "json_schema" else None
    return {
        "type": given["type"] if given else "auto",
        "name": schema["name"] if schema else "",
        "description": schema.get("description") if schema else None,
        "schema": show_schema(schema.get("schema") if schema else None),
        "strict": schema.get("strict") if schema else None,
    }


def _show_metadata(metadata: Mapping[str, str] | None) -> list[list[str]]:
    return [[key, text] for key, text in (metadata or {}).items()]


FIELDS: Final = (
    Field("name", text(256), _as_it_is, ""),
    Field("description", text(512), _as_it_is, ""),
    Field("model", _model, _show_model, None),
    Field("instructions", text(256_000), _as_it_is, ""),
    Field("tools", read_tools, show_tools, []),
    Field("tool_resources", _tool_resources, _show_tool_resources, {}),
    Field("temperature", number(0, 2), _show_number, 1),
    Field("top_p", number(0, 1), _show_number, 1),
    Field("reasoning_effort", one_of(EFFORTS), _as_it_is, None),
    Field("response_format", _response_format, _show_response_format, "auto"),
    Field("metadata", _metadata, _show_metadata, {}),
)

ROWS: Final[tuple[tuple[Control, ...], ...]] = (
    (
        {"name": "name", "control": "text", "label": "Name"},
        {"name": "model", "control": "model", "label": "Model"},
    ),
    ({"name": "description", "control": "text", "label": "Description", "lines": 2},),
    ({"name": "instructions", "control": "text", "label": "Instructions", "lines": 7, "limit": 256_000},),
    ({"name": "tools", "control": "tools", "label": "Tools", "words": RANKERS},),
    (
        {"name": "temperature", "control": "number", "label": "temperature", "most": 2},
        {"name": "top_p", "control": "number", "label": "top_p", "most": 1},
    ),
    (
        {"name": "response_format", "control": "format", "label": "response_format", "words": FORMATS},
        {"name": "reasoning_effort", "control": "choice", "label": "reasoning_effort", "words": EFFORTS},
    ),
    ({"name": "response_format", "control": "schema", "label": "json_schema"},),
    ({"name": "metadata", "control": "metadata", "label": "metadata"},),
)
"""The layout of the page. `tool_resources` is drawn with the tools."""
