import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from assistant_nb.engine.model.filling import Filling, Said, fillings

CITY: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PAIR: Any = {"properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}


def one(schema: Any, question: str) -> Any:
    return Filling(schema, Said(question)).value


@pytest.mark.parametrize(
    ("schema", "question", "value"),
    [
        ({"type": "integer"}, "Add 3.7 apples", 3),
        ({"type": "number"}, "Between -2.5 and 4", -2.5),
        ({"type": "integer", "minimum": 5, "maximum": 9}, "Take 3", 5),
        ({"type": "integer"}, "On 2026-03-01", 0),
        ({"type": "integer", "default": 7}, "Some", 7),
        ({"type": "string", "format": "date"}, "On 2026-03-01, at 7", "2026-03-01"),
        ({"type": "string", "format": "date-time"}, "On 2026-03-01", "2026-03-01T00:00:00Z"),
        ({"type": "boolean"}, "Exactly", True),
        ({"type": "boolean"}, "Not exactly", False),
        ({"type": "boolean", "default": False}, "Exactly", False),
        ({"enum": ["celsius", "kelvin"]}, "In Kelvin?", "kelvin"),
        ({"enum": ["celsius", "kelvin"]}, "Warm?", "celsius"),
        ({"enum": ["a", "b"], "default": "b"}, "Warm?", "b"),
        ({"const": 4}, "Five", 4),
        ({"type": "string"}, "What is the weather in New York now?", "New York"),
        ({"type": "string"}, 'Is "low tide" near Oslo?', "low tide"),
        ({"type": "string"}, "what now?", "what now?"),
        ({"type": "string", "default": "x"}, "what now?", "x"),
        ({"type": "string", "maxLength": 2}, "Rome", "Ro"),
        ({"type": ["null", "integer"]}, "4", 4),
        ({"type": "null"}, "4", None),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, "4", 4),
        ({"$defs": {"N": {"type": "integer"}}, "$ref": "#/$defs/N"}, "4", 4),
        ({"type": "array", "items": {"type": "integer"}}, "1, 2 and 3", [1, 2, 3]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, "1, 2 and 3", [1, 2]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, "1", [1, 1]),
        ({"type": "array", "items": PAIR}, "1 2 3 4", [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ({}, "what now?", "what now?"),
    ],
)
def test_a_value_is_made_of_the_words_of_the_question(schema: Any, question: str, value: Any) -> None:
    assert one(schema, question) == value


def test_what_is_optional_is_given_when_it_is_named() -> None:
    schema = {**CITY, "properties": {**CITY["properties"], "unit": {"enum": ["C", "F"]}, "days": {"type": "integer"}}}
    assert one(schema, "Rome, 3 times?") == {"city": "Rome"}
    assert one(schema, "Rome in F, 3 days?") == {"city": "Rome", "unit": "F", "days": 3}


def test_more_values_than_one_takes_are_more_fillings() -> None:
    assert fillings(CITY, Said("Rome, Oslo and Bern?")) == [{"city": "Rome"}, {"city": "Oslo"}, {"city": "Bern"}]
    assert fillings(PAIR, Said("1 + 2, 3 + 4, 5")) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert len(fillings(PAIR, Said(" ".join(map(str, range(100)))))) == 8


def test_it_is_complete_when_the_question_holds_all_that_is_required() -> None:
    assert Filling(PAIR, Said("1 + 2")).complete
    assert not Filling(PAIR, Said("1")).complete
    assert not Filling({}, Said("")).complete
    assert not Filling({"type": "object", "properties": {}}, Said("1 + 2")).complete


def test_a_schema_that_names_itself_comes_to_an_end() -> None:
    node = {
        "properties": {name: {"type": "array", "items": {"$ref": "#/$defs/N"}} for name in "abc"},
        "required": [*"abc"],
    }
    assert one({"$defs": {"N": node}, "$ref": "#/$defs/N"}, "1 2 3")
    one({"$defs": {"N": {"$ref": "#/$defs/N"}}, "$ref": "#/$defs/N"}, "1")


TYPED = st.sampled_from(
    [
        {"type": "integer"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "string"},
        {"enum": ["C", "F", 3]},
        {"const": 1},
    ]
)
SCHEMAS = st.recursive(
    TYPED,
    lambda inner: (
        st.builds(lambda some, least: {"type": "array", "items": some, "minItems": least}, inner, st.integers(0, 3))
        | st.dictionaries(st.sampled_from(["city", "unit", "days", "go"]), inner).map(
            lambda some: {
                "type": "object",
                "properties": some,
                "required": sorted(some)[:2],
                "additionalProperties": False,
            }
        )
    ),
    max_leaves=8,
)
QUESTIONS = st.lists(
    st.sampled_from(["Rome", "Oslo", "3", "-2.5", "C", "no", "days", "unit", "2026-01-01", "wind"])
).map(" ".join)


@given(SCHEMAS, QUESTIONS)
def test_whatever_the_question_the_value_fits_its_schema(schema: Any, question: str) -> None:
    for value in fillings(schema, Said(question)):
        Draft202012Validator(schema).validate(value)
    assert fillings(schema, Said(question)) == fillings(schema, Said(question))


KEYS = [
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "default",
    "anyOf",
    "$ref",
    "$defs",
    "minItems",
    "maximum",
    "format",
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["object", "array", "number", "#/$defs/x", "date", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "x"]), inner, max_size=4),
)


@given(ODD, QUESTIONS)
def test_no_schema_is_too_odd(schema: Any, question: str) -> None:
    assert json.dumps(fillings(schema, Said(question)))
