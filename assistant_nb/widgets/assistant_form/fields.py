"""The fields of an assistant: how each is read from a form and shown in one. Pure.

`FIELDS` is the table of them, in the order of the API. A form holds a person's own texts: numbers as they were typed,
schemas as their JSON; None means "not set".
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ..schema_text import did_you_mean, parsed

Json = dict[str, Any]
Note = Callable[[str, str], None]
"""Takes down a mistake: the path of its field as the API would name it, and a sentence."""

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
RANKERS: Final = ("auto", "default_2024_08_21")
FORMATS: Final = ("auto", "text", "json_object", "json_schema")
RESOURCES: Final = {"code_interpreter": "file_ids", "file_search": "vector_store_ids"}
"""Of each tool that takes something: what."""
_NOTHING: Final = {"type": "object", "properties": {}}
"""What the API takes for the parameters of a function that has none."""
_NAME: Final = re.compile("[a-zA-Z0-9_-]{1,64}")


class Field(NamedTuple):
    """A field of the API."""

    name: str
    read: Callable[[Any, str, Note], Any]
    """From the draft's value to the API's, None for one that is not set."""
    show: Callable[[Any], Any]
    """From the API's value to the draft's."""
    nothing: Any
    """What takes a value back; None where nothing does."""


# Reading


def _text(limit: int) -> Callable[[Any, str, Note], str | None]:
    def read(value: Any, path: str, note: Note) -> str | None:
        if value is None:
            return None
        _check_text(value, limit, path, note)
        return str(value)

    return read


def _check_text(text: str, limit: int, path: str, note: Note) -> None:
    if len(text) > limit:
        note(path, f"{len(text):,} characters are too many. The API takes {limit:,}.")
    if re.search("[\ud800-\udfff]", text):
        note(path, "Half of a character stands in this text. Delete it.")


def _model(value: Any, path: str, note: Note) -> str | None:
    text = (value or "").strip()
    if not text:
        note(path, "An assistant needs a model. Choose one, or type its name.")
    _check_text(text, 256_000, path, note)
    return text or None


def _number(low: float, high: float, kind: type[int | float] = float) -> Callable[[Any, str, Note], int | float | None]:
    def read(value: Any, path: str, note: Note) -> int | float | None:
        text = str(value if value is not None else "").strip()
        if not text:
            return None
        try:
            number = _shortest(float(text))
        except (ValueError, OverflowError):
            note(path, f'"{text[:40]}" is no number. Write one such as {5 if kind is int else 0.5}.')
            return None
        if not low <= number <= high:
            note(path, f"{number:g} is outside. The API takes {low:g} to {high:g}.")
        elif kind is int and not isinstance(number, int):
            note(path, f"{number:g} is no whole number.")
        return number

    return read


def _shortest(number: float) -> int | float:
    """`1.0` as `1`. Raises ValueError and OverflowError for what JSON has no word for."""
    if not math.isfinite(number):
        raise ValueError(number)
    return int(number) if number == int(number) else number


def _one_of(words: tuple[str, ...]) -> Callable[[Any, str, Note], str | None]:
    def read(value: Any, path: str, note: Note) -> str | None:
        if value and value not in words:
            note(path, f'"{value}" is unknown.{did_you_mean(str(value), words)}')
        return value or None

    return read


def _schema(value: Any, path: str, note: Note) -> Json | None:
    schema, mistake = parsed(value or "")
    if mistake:
        note(path, mistake)
    if schema:
        _check_text(json.dumps(schema, ensure_ascii=False), 256_000, path, note)
    return schema


def _tools(value: Any, path: str, note: Note) -> list[Json] | None:
    if len(value) > 128:
        note(path, f"{len(value)} tools are too many. The API takes 128.")
    return [_TOOLS.get(tool["type"], _other)(tool, f"{path}[{n}]", note) for n, tool in enumerate(value)] or None


def _code_interpreter(_: Json, path: str, note: Note) -> Json:  # noqa: ARG001  the table's shape
    return {"type": "code_interpreter"}


def _file_search(tool: Json, path: str, note: Note) -> Json:
    path = f"{path}.file_search"
    ranking = f"{path}.ranking_options"
    most = _number(1, 50, int)(tool.get("max_num_results"), f"{path}.max_num_results", note)
    ranker = _one_of(RANKERS)(tool.get("ranker"), f"{ranking}.ranker", note)
    score = _number(0, 1)(tool.get("score_threshold"), f"{ranking}.score_threshold", note)
    options = {**({"ranker": ranker} if ranker else {}), "score_threshold": score or 0} if ranker or score else None
    settings = _set(max_num_results=most, ranking_options=options)
    return {"type": "file_search", **({"file_search": settings} if settings else {})}


def _function(tool: Json, path: str, note: Note) -> Json:
    path, name = f"{path}.function", tool.get("name") or ""
    _check_name(name, f"{path}.name", note)
    function = _set(
        name=name,
        description=_text(256_000)(tool.get("description"), f"{path}.description", note),
        parameters=_schema(tool.get("parameters"), f"{path}.parameters", note),
        strict=tool.get("strict"),
    )
    if (kind := function.get("parameters", {}).get("type", "object")) != "object":
        note(
            f"{path}.parameters", f'type: a function takes an object, so write "object" instead of {json.dumps(kind)}.'
        )
    return {"type": "function", "function": function}


def _other(tool: Json, _: str, __: Note) -> Json:
    """A tool of a later day stays as it is."""
    return tool


_TOOLS: Final = {"code_interpreter": _code_interpreter, "file_search": _file_search, "function": _function}


def _check_name(name: str, path: str, note: Note) -> None:
    if not _NAME.fullmatch(name):
        given = f'"{name[:64]}" is no name for the API' if name else "A name is missing"
        note(path, f"{given}: 1 to 64 of the characters a-z, A-Z, 0-9, _ and -.")


def _tool_resources(value: Any, path: str, note: Note) -> Json | None:
    for tool, most in (("code_interpreter", 20), ("file_search", 1)):
        if len(ids := value[RESOURCES[tool]]) > most:
            note(f"{path}.{tool}.{RESOURCES[tool]}", f"{len(ids)} are too many. The API takes {most}.")
    return {tool: {key: value[key]} for tool, key in RESOURCES.items() if value[key]} or None


def _response_format(value: Any, path: str, note: Note) -> Any:
    kind = value["type"]
    if kind != "json_schema":
        return None if kind == "auto" else {"type": kind}
    path = f"{path}.json_schema"
    _check_name(value.get("name") or "", f"{path}.name", note)
    json_schema = _set(
        name=value.get("name") or "",
        description=_text(256_000)(value.get("description"), f"{path}.description", note),
        schema=_schema(value.get("schema"), f"{path}.schema", note),
        strict=value.get("strict"),
    )
    return {"type": kind, "json_schema": json_schema}


def _metadata(value: Any, path: str, note: Note) -> Json | None:
    keys = list[str]()
    pairs = [(n, key, text) for n, (key, text) in enumerate(value) if key or text]
    for n, key, text in pairs:
        _check_text(key, 64, f"{path}[{n}].key", note)
        _check_text(text, 512, f"{path}[{n}].value", note)
        if key in keys:
            note(f"{path}[{n}].key", f'The key "{key}" is there twice.')
        keys.append(key)
    if len(pairs) > 16:
        note(path, f"{len(pairs)} pairs are too many. The API takes 16.")
    return {key: text for _, key, text in pairs} or None


def _set(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}


# Showing


def _as_it_is(value: Any) -> Any:
    return value


def _show_model(value: Any) -> str:
    return value or ""


def _show_number(value: Any) -> int | float | None:
    """One is what the API takes when nothing is set, for temperature and top_p alike."""
    return None if value in (None, 1) else _shortest(value)


def _show_schema(schema: Any) -> str:
    return "" if schema is None else json.dumps(schema, ensure_ascii=False, indent=2)


def _show_tool(tool: Json) -> Json:
    kind, own = tool["type"], tool.get(tool["type"]) or {}
    if kind == "function":
        parameters = None if own.get("parameters") == _NOTHING else own.get("parameters")
        return {
            "type": kind,
            "name": own["name"],
            "description": own.get("description"),
            "parameters": _show_schema(parameters),
            "strict": own.get("strict") or None,
        }
    if kind == "file_search":
        ranking = own.get("ranking_options") or {}
        ranker = ranking.get("ranker")
        return {
            "type": kind,
            "max_num_results": own.get("max_num_results"),
            "ranker": None if ranker == RANKERS[-1] else ranker,
            "score_threshold": _shortest(ranking.get("score_threshold") or 0) or None,
        }
    return {"type": kind} if kind in _TOOLS else tool


def show_tools(tools: Any) -> list[Json]:
    return [_show_tool(tool) for tool in tools or []]


def _show_tool_resources(resources: Any) -> Json:
    return {key: list(((resources or {}).get(tool) or {}).get(key) or []) for tool, key in RESOURCES.items()}


def _show_response_format(value: Any) -> Json:
    kind = value["type"] if isinstance(value, dict) else "auto"
    own = value.get("json_schema") or {} if isinstance(value, dict) else {}
    return {
        "type": kind,
        "name": own.get("name") or "",
        "description": own.get("description"),
        "schema": _show_schema(own.get("schema")),
        "strict": own.get("strict"),
    }


def _show_metadata(metadata: Any) -> list[list[str]]:
    return [[key, value] for key, value in (metadata or {}).items()]


FIELDS: Final = (
    Field("name", _text(256), _as_it_is, ""),
    Field("description", _text(512), _as_it_is, ""),
    Field("model", _model, _show_model, None),
    Field("instructions", _text(256_000), _as_it_is, ""),
    Field("tools", _tools, show_tools, []),
    Field("tool_resources", _tool_resources, _show_tool_resources, {}),
    Field("temperature", _number(0, 2), _show_number, 1),
    Field("top_p", _number(0, 1), _show_number, 1),
    Field("reasoning_effort", _one_of(EFFORTS), _as_it_is, None),
    Field("response_format", _response_format, _show_response_format, "auto"),
    Field("metadata", _metadata, _show_metadata, {}),
)
