"""Checks what clients send; what is wrong with it is told in the API's words.

pydantic tells the kind of a fault and where it is; here that becomes the message, `param` and `code`
that the hosted API would have sent. Source: recorded and quoted error bodies.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from ..errors import BadRequest
from ..params.fields import MARK

P = TypeVar("P")

Rules = Literal["body", "form", "query"]
_RULES: Final[dict[Rules, ConfigDict]] = {
    "body": ConfigDict(strict=True, extra="forbid"),
    "form": ConfigDict(extra="forbid"),
    "query": ConfigDict(extra="ignore"),
}
"""Fields of forms and queries are strings, so not strict; what is unknown in a query is passed over, as the API did."""
_ADAPTERS: Final[dict[type[Any], TypeAdapter[Any]]] = {}
_CLIENTS_OWN: Final = frozenset({"metadata", "attributes", "parameters", "schema", "hybrid_search", "parsed"})
"""Keys below which null is a value like any other."""

_EXPECTED: Final = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_parsing": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def check(kind: type[P], given: Any, rules: Rules = "body") -> P:
    """`given` as plain data of the shape `kind`, a TypedDict of `params`. Explicit nulls are left out, at any depth.

    Raises BadRequest for the first fault found, in the API's words.
    """
    try:
        checked: P = _adapter(kind, rules).validate_python(_without_nulls(given))
    except ValidationError as error:
        raise refusal(error) from None
    return checked


def _adapter(kind: type[P], rules: Rules) -> TypeAdapter[P]:
    """Made when it is first needed. The TypedDicts inside of `kind` follow its rules."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(with_config(_RULES[rules])(kind))
    return _ADAPTERS[kind]


def _without_nulls(given: Any) -> Any:
    """Clients send null for what they mean to leave out."""
    if isinstance(given, dict):
        return {
            key: value if key in _CLIENTS_OWN else _without_nulls(value)
            for key, value in given.items()
            if value is not None
        }
    return [_without_nulls(one) for one in given] if isinstance(given, list) else given


def refusal(error: ValidationError) -> BadRequest:
    """The first fault of a body as the API would put it."""
    first = error.errors(include_url=False)[0]
    kind, given, context = first["type"], first["input"], first.get("ctx", {})
    path = _path(first["loc"])
    if word := _EXPECTED.get(kind):
        return _bad_type(given, word, path)
    match kind:
        case "missing":
            return BadRequest(f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter")
        case "extra_forbidden":
            return BadRequest(f"Unknown parameter: '{path}'.", param=path, code="unknown_parameter")
        case "literal_error":
            return _bad_value(given, context["expected"].replace(" or ", ", ").replace("'", "").split(", "), path)
        case "union_tag_not_found" if isinstance(given, dict):
            path = f"{path}.{_told_apart_by(context)}"
            return BadRequest(f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter")
        case "union_tag_invalid" if isinstance(given, dict):
            known = [tag.strip("'").removeprefix(MARK) for tag in context["expected_tags"].split(", ")]
            by = _told_apart_by(context)
            return _bad_value(given[by], [tag for tag in known if tag != "word"], f"{path}.{by}")
        case "union_tag_not_found" | "union_tag_invalid":
            return _bad_type(given, "an object", path)
        case "string_pattern_mismatch":
            return BadRequest(
                f"Invalid '{path}': string does not match pattern. Expected a string that matches the pattern"
                f" '{context['pattern']}'.",
                param=path,
                code="invalid_value",
            )
        case "url":
            path = f"{path}.image_url.url"
            return BadRequest(f"Invalid '{path}'. {first['msg']}.", param=path, code="invalid_value")
        case "string_unicode":
            return BadRequest(f"Invalid '{path}': the string is not valid Unicode.", param=path, code="invalid_value")
        case "greater_than_equal":
            return _out_of_range(path, given, "below minimum", ">=", context["ge"], "below_min")
        case "less_than_equal":
            return _out_of_range(path, given, "above maximum", "<=", context["le"], "above_max")
        case "string_too_short" | "string_too_long" | "too_short" | "too_long":
            return _wrong_length(path, kind, given, context)
        case _:
            where = f"'{path}'" if path else "body"
            return BadRequest(f"Invalid {where}: {first['msg']}.", param=path or None, code="invalid_value")


def _told_apart_by(context: Mapping[str, Any]) -> str:
    """The key that says which member of a union a value is; the function that looks at it is named for it."""
    return str(context["discriminator"]).removesuffix("()").rpartition("by_")[2]


def _bad_type(given: Any, expected: str, path: str) -> BadRequest:
    where = f" for '{path}'" if path else ""
    return BadRequest(
        f"Invalid type{where}: expected {expected}, but got {_article(given)} instead.",
        param=path or None,
        code="invalid_type",
    )


def _bad_value(given: Any, supported: list[str], path: str) -> BadRequest:
    *most, last = (f"'{value}'" for value in supported)
    known = f"{', '.join(most)}{',' if len(most) > 1 else ''} and {last}" if most else last
    return BadRequest(f"Invalid value: '{given}'. Supported values are: {known}.", param=path, code="invalid_value")


def _out_of_range(path: str, given: Any, which: str, sign: str, bound: float, code: str) -> BadRequest:
    number = "integer" if isinstance(bound, int) else "decimal"  # by what the field holds, whatever was given
    return BadRequest(
        f"Invalid '{path}': {number} {which} value. Expected a value {sign} {bound:g}, but got {given} instead.",
        param=path,
        code=f"{number}_{code}_value",
    )


def _wrong_length(path: str, kind: str, given: Any, context: Mapping[str, Any]) -> BadRequest:
    if given == "":
        return BadRequest(
            f"Invalid '{path}': empty string. Expected a string with minimum length {context['min_length']},"
            " but got an empty string instead.",
            param=path,
            code="empty_string",
        )
    if kind.endswith("short"):
        too, most, limit = "too short", "minimum", context["min_length"]
    else:
        too, most, limit = "too long", "maximum", context["max_length"]
    thing = "string" if isinstance(given, str) else "array"
    if isinstance(given, dict):
        return BadRequest(
            f"Invalid '{path}': too many properties. Expected an object with at most {limit} properties,"
            f" but got an object with {len(given)} properties instead.",
            param=path,
            code="object_above_max_properties",
        )
    return BadRequest(
        f"Invalid '{path}': {thing} {too}. Expected {'a' if thing == 'string' else 'an'} {thing} with {most}"
        f" length {limit}, but got {'a' if thing == 'string' else 'an'} {thing} with length {len(given)} instead.",
        param=path,
        code=f"{thing}_{'below_min' if most == 'minimum' else 'above_max'}_length",
    )


def _path(loc: tuple[int | str, ...]) -> str:
    """`("tools", 0, "‹function", "function", "name")` -> "tools[0].function.name"."""
    path = ""
    for step in loc:
        if isinstance(step, int):
            path += f"[{step}]"
        elif not step.startswith(MARK) and step != "[key]":
            path += f".{step}" if path else step
    return path


def _article(value: Any) -> str:
    """A value's JSON type with its article: "a boolean"."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
