"""Reads JSON schemas and arguments that a person types, and says what is wrong and where. Pure."""

import difflib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ..texts import read_json

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from openai.types.shared_params import FunctionParameters

    from ..shapes import Tool

_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")


def warm_up() -> None:
    """Import the schema checker early: beside JupyterLab this takes seconds."""
    import jsonschema  # noqa: F401


def parsed(text: str) -> "tuple[FunctionParameters | None, str | None]":
    """Return the schema, or None, and a sentence about its first mistake, or None."""
    if not text.strip():
        return None, None
    schema, fault = _object(text, "A JSON schema is")
    return schema, fault if schema is None else _fault(schema)


def misfit(tools: "Iterable[Tool]", function: str, arguments: str) -> str | None:
    """Return the first mistake in the arguments of a call, by the schema of its function among the tools."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    offered = (tool["function"] for tool in tools if tool["type"] == "function")
    schema = next((one.get("parameters") for one in offered if one["name"] == function), None) or {}
    given, fault = _object(arguments, "Arguments are")
    if given is None:
        return fault
    error = best_match(Draft202012Validator(schema).iter_errors(given))
    return error and f"{': '.join(filter(None, [_place(error), error.message[:200]]))}."


def _object(text: str, what: str) -> "tuple[FunctionParameters | None, str | None]":
    """Return the object that a text holds, or why it holds none."""
    try:
        value = read_json(text)
    except json.JSONDecodeError as error:
        return None, f"Line {error.lineno}, column {error.colno}: this is no JSON. {error.msg}."
    except (ValueError, RecursionError) as error:
        return None, f"This is no JSON that can be sent: {error}."
    return (value, None) if isinstance(value, dict) else (None, f"{what} an object: {{ … }}.")


def _fault(schema: "FunctionParameters") -> str | None:
    """Return what is wrong with a schema, and where."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    try:
        error = best_match(Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema))
    except RecursionError:
        return "This schema is nested too deeply."
    if error is None:
        return None
    place = _place(error)
    given = json.dumps(error.instance, ensure_ascii=False)[:60]
    if error.absolute_path and error.absolute_path[-1] == "type" and isinstance(error.instance, str):
        return f"{place}: {given} is not a JSON type.{did_you_mean(error.instance, _TYPES)}"
    return f"{place}: {given} does not fit: {error.message[:200]}." if place else f"{error.message[:200]}."


def _place(error: "ValidationError") -> str:
    return ".".join(map(str, error.absolute_path))


def did_you_mean(word: str, words: tuple[str, ...]) -> str:
    """Suggest the nearest word, or list all words."""
    near = difflib.get_close_matches(word.lower(), words, 1)
    return f' Did you mean "{near[0]}"?' if near else f" There are: {', '.join(words)}."
