"""The engine beside the real Responses API: recorded requests, sent again, get answers of the recorded shape.

Run it as a script to see the differences with their counts, those in the table too.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice, zip_longest
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from assistant_nb.keys import KEY
from tests.api.pairs import NotReplayed
from tests.api.responses.recordings import (
    ID,
    Thing,
    files,
    folded,
    how,
    known_orders,
    known_shapes,
    orders,
    things,
    traffic,
    without_reasoning,
)
from tests.api.responses.replay import MOVING, Replay
from tests.api.shapes import OURS, Json, mismatches, same_order, shape

NOTHING: Final[Thing] = ("nothing", {})

BY_HAND: Final = {"pydantic-ai verbosity"}

VOLATILE: Final = {
    "id", "first_id", "last_id", "usage", "created_at", "completed_at", "delta", "obfuscation",
    "sequence_number", "index", "start_index", "end_index", "score", "bytes", "input_tokens", "outputs", "code",
    "container_id", "file_id", "filename", "encrypted_content",
}  # fmt: skip
"""Whose values come from a clock, a counter, a tool, or how a text is cut."""

_ITS_OWN: Final = "a container is made for a response, and by nobody else"

NOT_REPLAYED: Final = {
    _ITS_OWN: 20,
    "the model answered with compaction": 2,
    "it was written by hand, not recorded": 1,
}
"""Why a recorded request is not sent again, and how many there are of it at most."""

_REASONS: Final = "no model here tells how it reasons"
_NOT_HERE: Final = "what does not run here is refused"
_LATER: Final = "recorded in 2025, before the keys of events came in the order of the alphabet"
_CHOICE: Final = "what a model of its maker chooses by itself"
_NO_FETCH: Final = "nothing is fetched from anywhere"

DIFFERENCES: Final = {
    "response: .model has no date": "a model has the name that was asked for",
    "POST /v1/responses: 200 instead of 400 ": "any name of a model will do",
    "POST /v1/responses: no reasoning": _REASONS,
    **{f"response: .reasoning.effort is None instead of '{effort}'": _REASONS for effort in ("none", "medium", "high")},
    **{
        f"response: .reasoning.context is None instead of '{turns}'": _REASONS
        for turns in ("current_turn", "all_turns")
    },
    "response: .reasoning.context is 'auto' instead of 'all_turns'": _REASONS,
    "response: .reasoning.context is null instead of str": "the streams of mid 2026 are those of models that reason",
    "response: .reasoning.mode is missing": _REASONS,
    "response: .reasoning.summary is 'auto' instead of 'detailed'": _REASONS,
    "response: .reasoning.generate_summary is missing": "of March 2025; later it was `summary`",
    "item message assistant: .phase is missing": _REASONS,
    "response: .top_p is 1.0 instead of 0.98": _CHOICE,
    **{f"response: .prompt_cache_retention is None instead of '{how}'": _CHOICE for how in ("in_memory", "24h")},
    "response: .prompt_cache_options is missing": "there is no cache of prompts",
    "response: .store is True instead of False": "an organisation that had nothing stored, whatever it asked for",
    **{
        f"response.function_call_arguments.{end}:  has its keys in an order of its own": _LATER
        for end in ("delta", "done")
    },
    **{
        f"response.code_interpreter_call{end}:  has its keys in an order of its own": _LATER
        for end in (".in_progress", "_code.delta", "_code.done", ".interpreting", ".completed")
    },
    **{
        f"{what}logprobs has 0 items instead of 1": "no model here tells probabilities"
        for what in (
            "item message assistant: .content[].",
            "response.output_text.delta: .",
            "response.output_text.done: .",
        )
    },
    "item file_search_call: .queries has 1 items instead of 3": "a call of the model is one query here",
    "POST /v1/responses: 400 instead of 200 Unknown parameter: 'context_management'.": _NOT_HERE,
    "POST /v1/responses: 400 instead of 200 Invalid 'input[0]': 'compaction' does not run here": _NOT_HERE,
    "POST /v1/responses: 400 instead of 200 Invalid 'input[6]': 'compaction' does not run here": _NOT_HERE,
    "POST /v1/responses: 400 instead of 200 Invalid 'input[2]': 'additional_tools' does not ru": _NOT_HERE,
    "POST /v1/responses: 400 instead of 200 Invalid 'prompt': prompt objects are not here: the": _NOT_HERE,
    "response: .moderation is None instead of {'input': {'categories': {'harassment': False, 'harassment/t": _NOT_HERE,
    "response: .moderation is None instead of {'input': {'type': 'moderation_result', 'categories': {'hara": _NOT_HERE,
    "response: .tools[function].output_schema is missing": "came with tool search",
    "POST /v1/responses: 400 instead of 200 Container with id '…' is not the one of this conve": _ITS_OWN,
    "POST /v1/responses: 400 instead of 200 Invalid 'input[0].content[1]': this engine opens n": _NO_FETCH,
    "POST /v1/responses: 400 instead of 200 Invalid 'input[3].output[0]': this engine opens no": _NO_FETCH,
    "POST /v1/responses: 400 .error.message is \"Invalid 'input[3].output[0]': this engine opens no 'file_ur instead of 'The"
    " file type you uploaded is not supported. Please try aga": _NO_FETCH,
    "POST /v1/responses: 400 .error.param is 'input[3].output[0]' instead of 'input'": _NO_FETCH,
    "POST /v1/responses: 400 .error.message is \"Invalid 'input[4].content[0]': this engine opens no 'file_u instead of"
    " 'The file type you uploaded is not supported. Please try aga": _NO_FETCH,
    "POST /v1/responses: 400 .error.param is 'input[4].content[0]' instead of 'input'": _NO_FETCH,
    "POST /v1/responses: 400 .error.code is 'invalid_value' instead of 'unsupported_file'": _NO_FETCH,
}
"""Where the engine differs from the recordings, and why it may."""


def _check_scope(row: Json) -> None:
    path = ID.sub("_", row["path"].partition("?")[0])
    if row["file"] in BY_HAND:
        raise NotReplayed("it was written by hand, not recorded")
    if path.startswith("/v1/containers") and not (row["method"] == "GET" and path == "/v1/containers/_/files"):
        raise NotReplayed(_ITS_OWN)


def _asked(row: Json) -> str:
    """`POST /v1/conversations/{conv}/items`"""
    return f"{row['method']} {ID.sub(lambda match: f'{{{match[1]}}}', row['path'].partition('?')[0])}"


def compare(replay: Replay, row: Json, answer: TestResponse) -> Iterator[str]:
    """Where our answer differs from the recorded one."""
    what = _asked(row)
    if answer.status_code != row["status"]:
        error = (answer.json.get("error") if answer.is_json and answer.json else None) or {}
        said = error.get("message", "")
        yield f"{what}: {answer.status_code} instead of {row['status']} {ID.sub('…', said):.50}"
    elif row["status"] >= 400:
        recorded = json.loads(replay.ours(json.dumps(row["resp"])))
        yield from (f"{what}: {row['status']} {found}" for found in _other_values(replay, recorded, answer.json))
    elif isinstance(row["resp"], list):
        yield from _numbers(what, row, folded(answer.text))
        yield from _compare_things(replay, what, row, folded(answer.text))
    elif isinstance(row["resp"], dict):
        yield from _compare_things(replay, what, row, answer.json)


def _numbers(what: str, row: Json, ours: list[tuple[str, Json]]) -> Iterator[str]:
    """Sequence numbers grow from the one that was asked for."""
    numbers = [data["sequence_number"] for _, data in ours]
    first = int(row["path"].partition("starting_after=")[2].partition("&")[0] or -1) + 1
    if numbers[0] != first or numbers != sorted(set(numbers)):
        yield f"{what}: sequence numbers {numbers[:3]}"


def _compare_things(replay: Replay, what: str, row: Json, ours: Any) -> Iterator[str]:
    recorded = without_reasoning(row["resp"])
    if len(list(things(recorded))) != len(list(things(row["resp"]))):
        yield f"{what}: no reasoning"
    theirs, mine = list(things(recorded)), list(things(ours))
    differ = (
        (other, title) for (title, _), (other, _) in zip_longest(theirs, mine, fillvalue=NOTHING) if title != other
    )
    yield from (f"{what}: {other} instead of {title}" for other, title in islice(differ, 1))
    replay.learn([recorded, *(thing for _, thing in theirs)], [ours, *(thing for _, thing in mine)])
    for title, one, other in _pairs(theirs, mine):
        replay.learn(one, other)
        yield from (f"{title}: {found}" for found in mismatches(one, other) if found.endswith(" is missing"))
        yield from (f"{title}: {found}" for found in _other_values(replay, one, other))
    for title, thing in mine:
        yield from (f"{title}: {found}" for found in _unknown(title, thing))
        yield from (f"{title}: {found}" for found in _unknown_orders(how(ours), title, thing))


def _pairs(theirs: list[tuple[str, Json]], mine: list[tuple[str, Json]]) -> Iterator[tuple[str, Json, Json]]:
    """What has the same title, in order."""
    left = list(mine)
    for title, thing in theirs:
        if fitting := next((one for one in left if one[0] == title), None):
            left.remove(fitting)
            yield title, thing, fitting[1]


def _other_values(replay: Replay, recorded: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Values that depend on none of these, and still differ."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for key in (key for key in recorded if key in ours):
            if key not in VOLATILE or path == ".error":
                yield from _other_values(replay, recorded[key], ours[key], f"{path}.{key}")
            elif (recorded[key] is None) != (ours[key] is None):
                yield f"{path}.{key} is {ours[key]!r:.60} instead of {recorded[key]!r:.60}"
    elif isinstance(recorded, list) and isinstance(ours, list):
        if len(recorded) != len(ours):
            yield f"{path} has {len(ours)} items instead of {len(recorded)}"
        for one, other in zip(recorded, ours, strict=False):
            yield from _other_values(replay, one, other, f"{path}[]")
    elif path == ".model" and ours != recorded and recorded.startswith(ours):
        yield f"{path} has no date"
    elif recorded != ours and path != ".results[].text" and not _alike(replay, recorded, ours):
        yield f"{path} is {ours!r:.60} instead of {recorded!r:.60}"


def _alike(replay: Replay, recorded: Any, ours: Any) -> bool:
    if not (isinstance(recorded, str) and isinstance(ours, str)):
        return False
    same_id = bool(ID.fullmatch(recorded)) and replay.ids.get(recorded, ours) == ours
    return {recorded, ours} <= MOVING or same_id or (recorded.startswith("Text ") and ours.startswith(f"{recorded} "))


def _unknown(title: str, ours: Json) -> Iterator[str]:
    """Keys and types that no recording of the same kind of thing shows."""
    known = known_shapes().get(title)
    if known is None:
        return
    same = known_shapes().get(f"{title} {ours.get('status')}", known)
    for path, types in shape(ours).items():
        if path not in known:
            if not path.startswith(tuple(OURS)):
                yield f"{path} was never recorded"
        elif wrong := types - (seen := same.get(path, known[path])):
            yield f"{path} is {' '.join(sorted(wrong))} instead of {' '.join(sorted(seen))}"


def _unknown_orders(how: str, title: str, ours: Json) -> Iterator[str]:
    """Orders of keys that no recording of the same kind of thing shows."""
    for path, keys in orders(ours):
        known = known_orders().get((how, f"{title} {path}"))
        if known and not any(same_order(keys, order) for order in known):
            yield f"{path} has its keys in an order of its own"


@dataclass(frozen=True, slots=True)
class Found:
    """What came of the recordings: what was left out, what differs, what was replayed; examples."""

    left_out: Counter[str]
    differ: Counter[str]
    done: Counter[str]
    where: dict[str, str]


def runs_code(rows: list[Json]) -> bool:
    return any(
        row["path"].startswith("/v1/containers/") or "code_interpreter" in json.dumps(row["req"]) for row in rows
    )


@cache
def replayed(with_code: bool) -> Found:
    """The recordings in which code runs, or the others, each against an engine of its own."""
    found = Found(Counter(), Counter(), Counter(), {})
    for rows in files().values():
        if runs_code(rows) == with_code:
            replay = Replay(rows)
            for row in rows:
                _replay_row(replay, row, found)
            replay.close()
    return found


def _replay_row(replay: Replay, row: Json, found: Found) -> None:
    try:
        _check_scope(row)
        differ = set(compare(replay, row, replay.send(row)))
    except NotReplayed as reason:
        found.left_out[str(reason)] += 1
        return
    found.done[_asked(row)] += 1
    found.differ.update(differ)
    found.where.update(dict.fromkeys(differ, f"{row['file']} {row['n']}"))


@pytest.fixture(params=[False, True], ids=["without code", "with code"])
def found(request: pytest.FixtureRequest) -> Found:
    if request.param:
        request.getfixturevalue("code_runs")
    return replayed(request.param)


def test_what_is_not_replayed_has_a_reason_and_does_not_grow(found: Found) -> None:
    assert {why: count for why, count in found.left_out.items() if count > NOT_REPLAYED.get(why, 0)} == {}


def test_the_engine_differs_from_the_recordings_only_where_the_table_says_why(found: Found) -> None:
    assert {differ: found.where[differ] for differ in found.differ if differ not in DIFFERENCES} == {}


def test_every_listed_difference_still_occurs(code_runs: None) -> None:
    differ = replayed(False).differ | replayed(True).differ
    assert [listed for listed in DIFFERENCES if listed not in differ] == []


def test_the_recordings_hold_no_key() -> None:
    assert KEY.findall(json.dumps(traffic())) == []


if __name__ == "__main__":
    for one in map(replayed, (False, True)):
        for title, counts in {"not replayed": one.left_out, "different": one.differ}.items():
            print(f"--- {title}: {counts.total()}")
            for what, count in counts.most_common():
                print(f"{count:5} {what}\n        {one.where.get(what, '')}")
        print(f"--- replayed: {one.done.total()}")
