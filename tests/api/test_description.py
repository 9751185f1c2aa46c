"""The engine beside the published description of the API: every operation answers, and with what it promises.

The description stands beside the project, in `shared/wire` (or in $ASSISTANT_NB_WIRE); without it this is skipped.
Where it and the recorded answers of the hosted API disagree, the recordings are right: see DEVIATIONS.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.api.recordings import WIRE
from tests.api.shapes import Json, events, is_wire_object
from tests.api.story import Told
from tests.api.test_wire_keys import told
from tests.bench.fuzz import fuzz

DESCRIPTION = WIRE / "openapi-assistants.json"

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason=f"there is no description of the API at {DESCRIPTION}")

OUT_OF_SCOPE = {
    "createUpload": "uploads in parts: no lesson has a file that large",
    "addUploadPart": "uploads in parts",
    "completeUpload": "uploads in parts",
    "cancelUpload": "uploads in parts",
    "deleteModel": "there are no fine-tuned models to delete",
}
"""Operations that the engine does not have."""

_ONLY_STREAMED = "plain answers never had it, streams have"
_NEVER = "no recorded step has it"
_NULL = "null in all recordings that have nothing to say"

DEVIATIONS = {
    "thread.message: 'status' is a required property": _ONLY_STREAMED,
    "thread.message: 'incomplete_details' is a required property": _ONLY_STREAMED,
    "thread.message: 'completed_at' is a required property": _ONLY_STREAMED,
    "thread.message: 'incomplete_at' is a required property": _ONLY_STREAMED,
    "thread.message: 'attachments' is a required property": "modifying a message answered in the shape of v1",
    "thread.run.step: 'expired_at' is a required property": _NEVER,
    "thread.run.step: 'metadata' is a required property": _NEVER,
    "file.expires_at: None is not of type 'integer'": _NULL,
    "file.status_details: None is not of type 'string'": _NULL,
    "vector_store.expires_after: None is not of type 'object'": _NULL,
    "vector_store.file_batch.object: 'vector_store.file_batch' is not one of ['vector_store.files_batch']": "its name on"
    " the wire, 17 of 17",
}
"""Where our answers break the description, as the recorded answers of the hosted API did."""


@cache
def description() -> Json:
    found: Json = _with_nulls(json.loads(DESCRIPTION.read_text("utf-8")))
    return found


def _with_nulls(part: Any) -> Any:
    """It says `nullable`, as descriptions did before version 3.1; JSON Schema says it with a type."""
    if isinstance(part, list):
        return [_with_nulls(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    inner = {name: _with_nulls(value) for name, value in part.items()}
    return {"anyOf": [inner, {"type": "null"}]} if inner.pop("nullable", False) is True else inner


@cache
def operations() -> dict[str, tuple[str, re.Pattern[str], Json]]:
    """Of each operation its method, its path as a pattern, and itself. Fixed paths come before those with ids."""
    found = {}
    for path, methods in sorted(description()["paths"].items(), key=lambda item: item[0].count("{")):
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for method, operation in methods.items():
            found[operation["operationId"]] = (method.upper(), pattern, operation)
    return found


def operation(one: Told) -> str | None:
    for id, (method, pattern, _) in operations().items():
        if method == one.method and pattern.fullmatch(one.path):
            return id
    return None


@cache
def registry() -> Registry[Any]:
    resources = [("urn:description", DRAFT202012.create_resource(description()))]
    return Registry[Any]().with_resources(resources)


def faults(pointer: str, value: Any) -> Iterator[str]:
    """What a part of the description, named by a JSON pointer, finds wrong: `thread.run .model: … is not …`."""
    validator = Draft202012Validator({"$ref": f"urn:description#{pointer}"}, registry=registry())
    for error in validator.iter_errors(value):
        thing, path = value, list(error.absolute_path)
        if path[:1] == ["data"] and len(path) > 1:  # an item of a list speaks for itself
            thing, path = value["data"][path[1]], path[2:]
        place = "".join("[]" if isinstance(step, int) else f".{step}" for step in path)
        yield f"{thing.get('object')}{place}: {_words(error)}"


def _words(error: ValidationError) -> str:
    if error.validator in ("anyOf", "oneOf"):
        return f"{str(error.instance)[:30]} fits none of {len(error.validator_value)} kinds"
    return str(error.message)


def answer_pointer(id: str) -> str:
    method, _, operation = operations()[id]
    path = next(path for path, methods in description()["paths"].items() if operation in methods.values())
    escaped = path.replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return f"/paths/{escaped}/{method.lower()}/responses/200/content/application~1json/schema"


@cache
def schemas_by_object() -> dict[str, str]:
    """The schema of each object that comes in a stream: `{"thread.run": "/components/schemas/RunObject"}`."""
    found: dict[str, str] = {}
    for name, schema in description()["components"]["schemas"].items():
        for kind in schema.get("properties", {}).get("object", {}).get("enum", []):
            found.setdefault(kind, f"/components/schemas/{name}")
    return found


def all_faults() -> Iterator[tuple[str, str]]:
    for one in told():
        id = operation(one)
        if one.api != "v2" or one.status != 200 or id is None:
            continue
        if not isinstance(one.answer, str):
            yield from ((fault, f"{one.method} {one.path}") for fault in faults(answer_pointer(id), one.answer))
        elif one.answer.startswith("event:"):
            for name, data in events(one.answer):
                if is_wire_object(data) and data["object"] in schemas_by_object():
                    yield from ((fault, name) for fault in faults(schemas_by_object()[data["object"]], data))


def test_every_operation_is_there() -> None:
    hit = {operation(one) for one in told() if one.status == 200}
    assert set(operations()) - hit == set(OUT_OF_SCOPE)


def test_answers_break_the_description_only_where_the_hosted_ones_did() -> None:
    assert {fault: where for fault, where in all_faults() if fault not in DEVIATIONS} == {}


def test_no_request_that_the_description_inspires_breaks_the_engine() -> None:
    """A few; `tests/bench/fuzz.py` makes as many as one likes."""
    assert fuzz(400, 0, description())[1] == []


def test_every_listed_deviation_still_occurs() -> None:
    assert set(DEVIATIONS) - {fault for fault, _ in all_faults()} == set()
