"""Responses and conversations beside the published description: every operation answers, and with what it promises.

`description.json.xz` is the description of 2026-08-21 (MIT), cut to these operations and to what a test reads.
Where it and the recorded answers disagree, the recordings are right: see DEVIATIONS.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import pytest

from tests.api.described import Described
from tests.api.responses.recordings import folded, known_shapes, things
from tests.api.responses.replay import responses
from tests.api.responses.story import story
from tests.api.story import Told
from tests.bench.fuzz import RESPONSES, fuzz

_NULL: Final = "null in all recordings that have nothing to say"

DEVIATIONS: Final = {
    "response.user: None is not of type 'string'": _NULL,
    "response.usage: None is not of type 'object'": _NULL,
    **{
        f"response.{event}.response.user: None is not of type 'string'": _NULL
        for event in ("created", "queued", "in_progress", "completed", "incomplete", "failed")
    },
    **{
        f"response.{event}.response.usage: None is not of type 'object'": _NULL
        for event in ("created", "queued", "in_progress")
    },
    "response.text.format: {'type': 'json_schema', 'descr fits none of 3 kinds": "its `description` is recorded as null",
    "response.function_call_arguments.done: 'name' is a required property": "no recorded event has it, 8 of 8",
}
"""Where our answers break the description, and why."""

NEVER_RECORDED: Final = {"response.incomplete", "response.failed"}
"""Events that no recording shows: they are as the description has them."""


@cache
def told() -> list[Told]:
    return story()


@cache
def described() -> Described:
    return Described(RESPONSES)


def answer(one: Told) -> Any:
    """An object, or the events of a stream."""
    streamed = isinstance(one.answer, str) and one.answer.startswith("event:")
    return folded(one.answer) if streamed else one.answer


@cache
def schemas_by_event() -> dict[str, str]:
    """`{"response.created": "/components/schemas/ResponseCreatedEvent"}`"""
    schemas = described().description["components"]["schemas"]
    kinds = {name: schema.get("properties", {}).get("type", {}).get("enum", []) for name, schema in schemas.items()}
    return {kind[0]: f"/components/schemas/{name}" for name, kind in kinds.items() if name.endswith("Event") and kind}


def all_faults() -> Iterator[tuple[str, str]]:
    for one in told():
        id = described().operation(one.method, one.path)
        if one.status != 200 or id is None:
            continue
        if isinstance(said := answer(one), dict):
            yield from ((fault, f"{one.method} {one.path}") for fault in described().answer_faults(id, said))
        else:
            for name, data in said:
                yield from ((fault, name) for fault in described().faults(schemas_by_event()[name], data))


def test_every_operation_is_there() -> None:
    hit = {described().operation(one.method, one.path) for one in told() if one.status == 200}
    assert set(described().operations) - hit == set()


def test_answers_break_the_description_only_where_the_table_says_why() -> None:
    assert {fault: where for fault, where in all_faults() if fault not in DEVIATIONS} == {}


def test_every_listed_deviation_still_occurs() -> None:
    assert set(DEVIATIONS) - {fault for fault, _ in all_faults()} == set()


def test_what_no_recording_shows_is_listed() -> None:
    seen = {title for one in told() if one.status == 200 for title, _ in things(answer(one))}
    assert seen - set(known_shapes()) - {"file", "vector_store"} == NEVER_RECORDED


def test_ids_have_the_recorded_form_and_those_of_a_response_begin_alike() -> None:
    seen = [answer(one) for one in told() if one.status == 200]
    made = [one for said in seen for one in responses(said)]
    assert {len(one["id"]) for one in made} == {len("resp_") + 50}
    ids = [(one["id"][5:21], item["id"].partition("_")) for one in made for item in one["output"]]
    assert {kind for _, (kind, _, _) in ids} == {"msg", "fc", "fs"}
    assert [id for start, (_, _, id) in ids if not (id.startswith(start) and len(id) == 50)] == []
    conversations = [thing["id"] for said in seen for title, thing in things(said) if title == "conversation"]
    assert {len(id) for id in conversations} == {len("conv_") + 48}


def test_no_request_that_the_description_inspires_breaks_the_engine() -> None:
    """A few; `tests/bench/fuzz.py` makes as many as one likes."""
    assert fuzz(400, 0, described().description)[1] == []


@pytest.mark.nightly
def test_no_request_of_ten_thousand_breaks_the_engine() -> None:
    assert fuzz(10_000, 1, described().description)[1] == []
