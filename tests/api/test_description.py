"""The engine beside the published description of the API: every operation answers, and with what it promises.

The description stands beside the project, in `shared/wire` (or in $ASSISTANT_NB_WIRE); without it this is skipped.
Where it and the recorded answers of the hosted API disagree, the recordings are right: see DEVIATIONS.
"""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.api.described import Described
from tests.api.recordings import WIRE
from tests.api.shapes import events, is_wire_object
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
def described() -> Described:
    return Described(DESCRIPTION)


@cache
def schemas_by_object() -> dict[str, str]:
    """The schema of each object that comes in a stream: `{"thread.run": "/components/schemas/RunObject"}`."""
    found: dict[str, str] = {}
    for name, schema in described().description["components"]["schemas"].items():
        for kind in schema.get("properties", {}).get("object", {}).get("enum", []):
            found.setdefault(kind, f"/components/schemas/{name}")
    return found


def all_faults() -> Iterator[tuple[str, str]]:
    for one in told():
        id = described().operation(one.method, one.path)
        if one.api != "v2" or one.status != 200 or id is None:
            continue
        if not isinstance(one.answer, str):
            yield from ((fault, f"{one.method} {one.path}") for fault in described().answer_faults(id, one.answer))
        elif one.answer.startswith("event:"):
            for name, data in events(one.answer):
                if is_wire_object(data) and data["object"] in schemas_by_object():
                    yield from (
                        (fault, name) for fault in described().faults(schemas_by_object()[data["object"]], data)
                    )


def test_every_operation_is_there() -> None:
    hit = {described().operation(one.method, one.path) for one in told() if one.status == 200}
    assert set(described().operations) - hit == set(OUT_OF_SCOPE)


def test_answers_break_the_description_only_where_the_hosted_ones_did() -> None:
    assert {fault: where for fault, where in all_faults() if fault not in DEVIATIONS} == {}


def test_no_request_that_the_description_inspires_breaks_the_engine() -> None:
    """A few; `tests/bench/fuzz.py` makes as many as one likes."""
    assert fuzz(400, 0, described().description)[1] == []


def test_every_listed_deviation_still_occurs() -> None:
    assert set(DEVIATIONS) - {fault for fault, _ in all_faults()} == set()
