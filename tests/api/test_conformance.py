"""The engine beside the hosted API: recorded requests, sent again, get answers of the recorded shape.

Run it as a script to see the differences with their counts, those in the tables too.
"""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.pairs import NotReplayed
from tests.api.recordings import TRAFFIC, api, files, kind, known_orders, known_shapes
from tests.api.replay import ID, Replay
from tests.api.shapes import OURS, Json, events, is_wire_object, mismatches, same_order, sequence, shape

pytestmark = pytest.mark.skipif(not TRAFFIC.exists(), reason=f"the recordings of the hosted API are not at {TRAFFIC}")

HAND_WRITTEN = ("vector_store_search", "vector_stores_search", "http_get_with_error_response")

VOLATILE = {
    "id", "first_id", "last_id", "has_more", "data", "usage", "usage_bytes", "bytes", "file_counts", "delta",
    "created_at", "started_at", "completed_at", "expires_at", "last_active_at", "incomplete_at",
}  # fmt: skip
"""Whose values come from a clock, a counter, the rest of the account, or how a text is cut."""

UNDER_WAY = {"queued", "in_progress"}
"""How soon a run leaves the queue is no matter of conformance."""

NOT_REPLAYED = {
    "it needs what no replayed request has made": 52,
    "it turns the pages of somebody's account": 44,
    "a built-in tool ran in it": 22,
    "uploads in parts are out of scope": 19,
    "in process there is no key to be wrong": 7,
    "it was written by hand, not recorded": 3,
    "the usage of an organisation is out of scope": 1,
    "the service itself had failed": 1,
}
"""Why a recorded request is not sent again, and how many there are of it at most."""

_V1 = "v1 is that of March 2024; this came with v2, or was lost with it"
_OF_APRIL_2024 = (
    "temperature", "top_p", "max_completion_tokens", "max_prompt_tokens", "truncation_strategy", "incomplete_details",
    "response_format", "tool_choice",
)  # fmt: skip
_ONCE = "what takes a while there is done here before the answer"
_ELSEWHERE = "it was put there by requests that no recording shows"

DIFFERENCES = {
    "v1 GET /v1/threads/{thread_id}: 400 instead of 404 Invalid 'thread_id': '…'. Expected an ID that begins with"
    " 'thread'.": _V1,
    "v1 GET /v1/threads/{thread_id}/runs/{run_id}/steps/{step_id}: 400 instead of 404 Invalid 'step_id': '123'. Expected"
    " an ID that begins with 'step'.": _V1,
    **{f"v1 REST assistant: .{key} is missing": _V1 for key in ("top_p", "temperature", "response_format")},
    **{f"v1 {where} thread.run: .{key} is missing": _V1 for where in ("REST", "SSE") for key in _OF_APRIL_2024},
    "v1 REST thread.run: .instructions is None instead of 'You are a specialized Ruby coding assistant. Any code you p": _ELSEWHERE,
    "v1 REST thread.run: .model is 'gpt-4' instead of 'gpt-3.5-turbo-1106'": _ELSEWHERE,
    "v1 POST /v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs: 400 {'error': {'message': 'Runs in status"
    " \"in_progress\" do not accept tool outputs.', 'type': 'invalid_request_error', 'param': None, 'code': None}}"
    " instead of {'error': {'message': 'Runs in status \"completed\" do not accept tool outputs.', 'type':"
    " 'invalid_request_error', 'param': None, 'code': None}}": "how far the run had come by then",
    "v1 POST /v1/threads/{thread_id}/runs: event thread.run.incomplete instead of thread.run.completed": "of April 2024;"
    " the event of that name came later",
    "v1 SSE thread.message: .content[].text.value is 'Columbia University has a strong commitment to diversity an instead"
    " of 'Columbia University has a strong commitment to diversity an": "where a text breaks off is estimated",
    "v1 REST assistant: .instructions is None instead of 'You are a specialized Ruby coding assistant. Any code you p": _ELSEWHERE,
    "v1 GET /v1/threads/{thread_id}/messages: another number of items": "a run with a built-in tool wrote two messages",
    "v1 GET /v1/threads/{thread_id}/runs: another number of items": _ELSEWHERE,
    "v2 REST thread.message: .file_ids is missing": "of 2023, with a header of 2024",
    "v2 POST /v1/threads/{thread_id}/runs: event thread.run.incomplete instead of thread.run.completed": "of April 2024;"
    " the event of that name came later",
    "v2 SSE thread.run: .completed_at is null instead of int": "an incomplete run of April 2024",
    "v2 SSE thread.message: .content[].text.value is 'Sure, I can help with writing Ruby code. However, as an AI  instead of"
    " 'Sure, I can help with writing Ruby code. However, as an AI'": "where a text breaks off is estimated",
    "v2 REST file: .filename is 'csv' instead of 'text/csv'": "a name is kept without folders",
    r"v2 REST file: .filename is 'Assetsimages_dog_and_cat.png' instead of 'Assets\\images_dog_and_cat.png'": "a name is"
    " kept without folders",
    "v2 REST file: .status is 'processed' instead of 'uploaded'": _ONCE,
    "v2 REST vector_store.file: .status is 'completed' instead of 'in_progress'": _ONCE,
    "v2 GET /v1/vector_stores/{vector_store_id}/files: another number of items": _ELSEWHERE,
    "v2 GET /v1/vector_stores/{vector_store_id}/files/{file_id}: 404 instead of 200 No file found with id '…' in vector"
    " store '…'.": _ELSEWHERE,
    "v2 GET /v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/files: another number of items": "there they"
    " came in the order of their ids, whatever was asked for",
    "v2 REST vector_store.file_batch: .status is 'cancelled' instead of 'completed'": "nothing is read before somebody"
    " looks, so that a batch cancelled at once really is",
}
"""Where the engine differs from the recordings, and why it may."""


def _check_scope(row: Json) -> None:
    path = row["endpoint"].split()[1]
    if row["status"] == 401:
        raise NotReplayed("in process there is no key to be wrong")
    if row["status"] >= 500:
        raise NotReplayed("the service itself had failed")
    if any(name in row["file"] for name in HAND_WRITTEN):
        raise NotReplayed("it was written by hand, not recorded")
    if path.startswith("/v1/uploads"):
        raise NotReplayed("uploads in parts are out of scope")
    if path.startswith("/v1/organization"):
        raise NotReplayed("the usage of an organisation is out of scope")
    if path == "/v1/assistants" and "after=" in row["path"]:
        raise NotReplayed("it turns the pages of somebody's account")


def compare(replay: Replay, row: Json, answer: TestResponse) -> Iterator[str]:
    """Where our answer differs from the recorded one."""
    what = f"{api(row)} {row['endpoint']}"
    if answer.status_code != row["status"]:
        said = answer.json["error"]["message"] if answer.is_json and answer.json and "error" in answer.json else ""
        yield f"{what}: {answer.status_code} instead of {row['status']} {ID.sub('…', said)}"
    elif row["status"] >= 400:
        recorded = json.loads(replay.ours(json.dumps(row["resp"])))
        ours = {key: answer.json and answer.json.get(key) for key in recorded}
        if ours != recorded:
            yield f"{what}: {row['status']} {ours} instead of {recorded}"
    elif isinstance(row["resp"], str) and row["resp"].startswith("event:"):
        yield from _compare_streams(replay, row, events(row["resp"]), events(answer.text))
    elif isinstance(row["resp"], dict):
        replay.learn(row["resp"], answer.json)
        yield from _compare_objects(row, row["resp"], answer.json or {})


def _compare_streams(
    replay: Replay, row: Json, recorded: list[tuple[str, Any]], ours: list[tuple[str, Any]]
) -> Iterator[str]:
    for theirs, mine in zip_longest(sequence(recorded), sequence(ours)):
        if theirs != mine:
            yield f"{api(row)} {row['endpoint']}: event {mine} instead of {theirs}"
            break
    first = dict(reversed(recorded))
    for name, data in ours:
        if name in first and is_wire_object(data):
            replay.learn(first[name], data)
            yield from _compare_objects(row, first.pop(name), data)
        elif is_wire_object(data):
            yield from (f"{' '.join(kind(row, data))}: {found}" for found in _unknown(row, data))


def _compare_objects(row: Json, recorded: Json, ours: Json) -> Iterator[str]:
    theirs, mine = recorded.get("data", []), ours.get("data", [])
    pairs = [(recorded, ours), *(zip(theirs, mine, strict=True) if len(theirs) == len(mine) else ())]
    scoped = "{" in row["endpoint"] and "data" in recorded  # lists of the whole account are longer there than here
    if scoped and (len(theirs), recorded["has_more"]) != (len(mine), ours["has_more"]):
        yield f"{api(row)} {row['endpoint']}: another number of items"
    for one, other in pairs:
        title = " ".join(kind(row, other))
        yield from (f"{title}: {found}" for found in mismatches(one, other))
        yield from (f"{title}: {found}" for found in _other_values(one, other))
    for thing in (ours, *mine):
        if is_wire_object(thing):
            yield from (f"{' '.join(kind(row, thing))}: {found}" for found in _unknown(row, thing))


def _other_values(recorded: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Values that depend on none of these, and still differ."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for key in recorded.keys() & ours.keys() - VOLATILE:
            yield from _other_values(recorded[key], ours[key], f"{path}.{key}")
    elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        for one, other in zip(recorded, ours, strict=True):
            yield from _other_values(one, other, f"{path}[]")
    elif recorded != ours and not isinstance(recorded, list) and not _alike(str(recorded), str(ours)):
        yield f"{path} is {ours!r:.60} instead of {recorded!r:.60}"


def _alike(recorded: str, ours: str) -> bool:
    return {recorded, ours} <= UNDER_WAY or bool(ID.fullmatch(recorded) and ID.fullmatch(ours))


def _unknown(row: Json, ours: Json) -> Iterator[str]:
    """Keys, types and orders of keys that no recording of the same kind of object shows."""
    known = known_shapes().get(kind(row, ours), {})
    same = known_shapes().get((*kind(row, ours), str(ours.get("status"))), known)
    if not any(same_order(ours, order) for order in known_orders().get(kind(row, ours), ())):
        yield "it has its keys in an order of its own"
    for path, types in shape(ours).items():
        if path not in known:
            if not path.startswith(tuple(OURS)):
                yield f"{path} was never recorded"
        elif wrong := types - (seen := same.get(path, known[path])):
            yield f"{path} is {' '.join(sorted(wrong))} instead of {' '.join(sorted(seen))}"


@cache
def replayed() -> tuple[Counter[str], Counter[str], Counter[str], dict[str, str]]:
    """All recordings against engines of their own: what was left out, what differs, what was replayed; examples."""
    left_out, differ, done, where = Counter[str](), Counter[str](), Counter[str](), dict[str, str]()
    for file, rows in files().items():
        replay = Replay(rows)
        for row in rows:
            try:
                _check_scope(row)
                found = set(compare(replay, row, replay.send(row)))
            except NotReplayed as reason:
                left_out[str(reason)] += 1
                continue
            done[row["endpoint"]] += 1
            differ.update(found)
            where.update(dict.fromkeys(found, f"{file} {row['n']}"))
        replay.close()
    return left_out, differ, done, where


def test_what_is_not_replayed_has_a_reason_and_does_not_grow() -> None:
    grown = {reason: count for reason, count in replayed()[0].items() if count > NOT_REPLAYED.get(reason, 0)}
    assert grown == {}


def test_the_engine_differs_from_the_recordings_only_where_the_table_says_why() -> None:
    _, differ, _, where = replayed()
    assert {found: where[found] for found in differ if found not in DIFFERENCES} == {}


def test_every_listed_difference_still_occurs() -> None:
    assert [listed for listed in DIFFERENCES if listed not in replayed()[1]] == []


if __name__ == "__main__":
    left_out, differ, done, where = replayed()
    for title, counts in {"not replayed": left_out, "different": differ}.items():
        print(f"--- {title}: {counts.total()}")
        for what, count in counts.most_common():
            print(f"{count:5} {what}\n        {where.get(what, '')}")
    print(f"--- replayed: {done.total()}")
