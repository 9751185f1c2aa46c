"""The engine beside the hosted API: recorded requests, sent again, give answers of the recorded shape.

The recordings stand beside the project, in `shared/wire` (or in $ASSISTANT_NB_WIRE); without them this is skipped.
"""

import json
import lzma
import os
import re
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model import base
from assistant_nb.engine.model.scripted import Scripted
from tests.api.shapes import OURS, Json, events, is_wire_object, mismatches, same_order, sequence, shape

WIRE = Path(os.environ.get("ASSISTANT_NB_WIRE", Path(__file__).parents[3] / "shared" / "wire"))
TRAFFIC = WIRE / "traffic.jsonl.xz"

pytestmark = pytest.mark.skipif(not TRAFFIC.exists(), reason=f"the recordings of the hosted API are not at {TRAFFIC}")

ID = re.compile(r"\b(?:asst|thread|msg|run|step|call|file|vs|vsfb)[-_][A-Za-z0-9_]{16,}\b")
HAND_WRITTEN = ("vector_store_search", "vector_stores_search", "http_get_with_error_response")

VOLATILE = {
    "id", "first_id", "last_id", "has_more", "data", "usage", "usage_bytes", "bytes", "file_counts", "arguments", "value",
    "created_at", "started_at", "completed_at", "expires_at", "last_active_at", "incomplete_at",
}  # fmt: skip
"""Whose values come from a clock, a counter, the rest of the account, or the model."""

UNDER_WAY = {"queued", "in_progress"}
"""How soon a run leaves the queue is no matter of conformance."""

NOT_REPLAYED = {
    "it needs what no replayed request has made": 52,
    "it turns the pages of somebody's account": 44,
    "a built-in tool ran in it": 22,
    "uploads in parts are out of scope": 19,
    "the engine refuses to make what it needs": 11,
    "in process there is no key to be wrong": 7,
    "it was written by hand, not recorded": 3,
    "the usage of an organisation is out of scope": 1,
    "the service itself had failed": 1,
}
"""Why a recorded request is not sent again, and how many there are of it at most."""

_V1 = "v1 is that of March 2024; this came with v2, or was lost with it"
_ONCE = "what takes a while there is done here before the answer"
_ELSEWHERE = "it was put there by requests that no recording shows"
_TO_DO = "the engine should do as recorded"

DIFFERENCES = {
    "v1 POST /v1/threads/{thread_id}/runs: 400 instead of 200 Run creation requires a Thread with a user message or an"
    " assistant with instructions.": _V1,
    "v1 POST /v1/threads/runs: 400 instead of 200 Run creation requires a Thread with a user message or an assistant"
    " with instructions.": _V1,
    "v1 POST /v1/threads/{thread_id}: 400 instead of 200 Invalid type for 'metadata.modified': expected a string, but"
    " got a boolean instead.": _V1,
    "v1 POST /v1/threads/{thread_id}/messages/{message_id}: 400 instead of 200 Invalid type for 'metadata.modified':"
    " expected a string, but got a boolean instead.": _V1,
    "v1 GET /v1/threads/{thread_id}: 400 instead of 404 Invalid 'thread_id': '…'. Expected an ID that begins with"
    " 'thread'.": _V1,
    "v1 REST assistant: .top_p is missing": _V1,
    "v1 REST assistant: .temperature is missing": _V1,
    "v1 REST assistant: .response_format is missing": _V1,
    "v1 REST assistant: .instructions is None instead of 'You are a specialized Ruby coding assistant. Any code you p": _ELSEWHERE,
    "v1 GET /v1/threads/{thread_id}/messages: another number of items": "a run with a built-in tool wrote two messages",
    "v1 GET /v1/threads/{thread_id}/runs: another number of items": _ELSEWHERE,
    "v2 REST thread.message: .file_ids is missing": "of 2023, with a header of 2024",
    "v2 POST /v1/threads/{thread_id}/runs: event thread.run.incomplete instead of thread.run.completed": "of April 2024;"
    " the event of that name came later",
    "v2 SSE thread.run: .completed_at is null instead of int": "an incomplete run of April 2024",
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
    "v2 REST vector_store.file_batch: .status is 'cancelled' instead of 'completed'": _TO_DO,
    "v2 REST assistant: .tools[function].function.parameters is missing": _TO_DO,
    "v2 SSE thread.run: .tools[function].function.parameters is missing": _TO_DO,
    "v2 REST thread.message: .content[image_url].image_url has its keys in another order": _TO_DO,
}
"""Where the engine differs from the recordings, and why it may."""


class NotReplayed(Exception):
    """Says why."""


@dataclass(eq=False)
class Line:
    """What the model says in one turn of a recorded run, when the recording has come that far."""

    text: str = "Done."
    calls: list[Json] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)


# The recordings


@cache
def traffic() -> list[Json]:
    with lzma.open(TRAFFIC, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def files() -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for row in traffic():
        found.setdefault(row["file"], []).append(row)
    return found


@cache
def makers() -> dict[str, Json]:
    """Of each id the request that made it, whichever file it stands in, or one that could have."""
    made: dict[str, Json] = {}
    well = [row for row in traffic() if row["status"] == 200]
    for row in well:
        for thing in objects(row["resp"]):
            if row["endpoint"].startswith("POST") and thing.get("id", "") not in f"{row['path']} {row['req']}":
                made.setdefault(thing["id"], row)
    for kind, id_key in (("assistant", "id"), ("thread.run", "assistant_id")):
        for row in well:
            for thing in objects(row["resp"]):
                if thing["object"] == kind:
                    body = {key: thing[key] for key in ("name", "model", "instructions", "tools") if key in thing}
                    made.setdefault(thing[id_key], creation(row, thing[id_key], "/v1/assistants", body))
    for row in well:
        if thread := re.match(r"/v1/threads/(thread_\w+)", row["path"]):
            made.setdefault(thread[1], creation(row, thread[1], "/v1/threads", {}))
    return made


def creation(row: Json, id: str, path: str, body: Json) -> Json:
    """How something may have been made that was there before a recorded request."""
    return {**row, "endpoint": f"POST {path}", "path": path, "req": body, "resp": {"id": id}}


@cache
def known_shapes() -> dict[tuple[str, ...], dict[str, set[str]]]:
    """What was recorded of each kind of object, in each status and on the whole."""
    pool: dict[tuple[str, ...], dict[str, set[str]]] = {}
    for row in traffic():
        for thing in objects(row["resp"]):
            for path, types in shape(thing).items():
                for key in (kind(row, thing), (*kind(row, thing), str(thing.get("status")))):
                    pool.setdefault(key, {}).setdefault(path, set()).update(types)
    return pool


@cache
def known_orders() -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    orders: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for row in traffic():
        for thing in objects(row["resp"]):
            orders.setdefault(kind(row, thing), set()).add(tuple(thing))
    return orders


def kind(row: Json, thing: Json) -> tuple[str, ...]:
    """`("v2", "REST", "thread.run")`"""
    return api(row), "SSE" if isinstance(row["resp"], str) else "REST", thing["object"]


def api(row: Json) -> str:
    return "v1" if row["beta"] == "assistants=v1" else "v2"


def objects(answer: Any) -> Iterator[Json]:
    """The objects in an answer that stand on their own: a list and what it lists, what events carry."""
    if isinstance(answer, str):
        for _, data in events(answer) if answer.startswith("event:") else ():
            yield from objects(data)
    elif is_wire_object(answer):
        yield answer
        yield from (item for item in answer.get("data", ()) if is_wire_object(item))


def lines(rows: Iterable[Json]) -> dict[str, list[Line]]:
    """What the model must have said in each run of a file, turn by turn."""
    found: dict[str, list[Line]] = {}
    seen = set()
    for row in rows:
        for thing in sorted(objects(row["resp"]), key=lambda thing: thing.get("created_at", 0)):
            if action := thing.get("required_action"):
                calls = action["submit_tool_outputs"]["tool_calls"]
                if calls[0]["id"] not in seen:
                    found.setdefault(thing["id"], []).append(Line(calls=calls))
                    seen.add(calls[0]["id"])
            elif thing.get("role") == "assistant" and thing["run_id"] and thing["content"] and thing["id"] not in seen:
                text = "".join(part["text"]["value"] for part in thing["content"] if part["type"] == "text")
                found.setdefault(thing["run_id"], []).append(Line(text))
                seen.add(thing["id"])
    return found


def runs_with_built_in_tools(rows: Iterable[Json]) -> set[str]:
    steps = [thing for row in rows for thing in objects(row["resp"]) if thing["object"] == "thread.run.step"]
    return {
        step["run_id"]
        for step in steps
        if step["type"] == "tool_calls"
        and any(call["type"] != "function" for call in step["step_details"]["tool_calls"])
    } | {
        step["run_id"]
        for step in steps
        if step["type"] == "tool_calls" and not step["step_details"]["tool_calls"] and step["status"] == "completed"
    }


# Sending them again


class Replay:
    """One recorded file against a new engine."""

    def __init__(self, rows: list[Json]) -> None:
        self.rows, self.ids = rows, dict[str, str]()
        self.lines, self.tools_ran = lines(rows), runs_with_built_in_tools(rows)
        self.asked: dict[str, list[Line]] = {}
        self.next: deque[Line] = deque()
        self.app = create_app(model=Scripted(*[self._say] * 1000))
        self.client = Client(self.app)
        self.differences: list[str] = []

    def _say(self, prompt: base.Prompt) -> Iterable[Any]:
        line = self.next.popleft()
        line.go.wait(20)
        if line.calls:
            return [base.ToolCall(call["function"]["name"], call["function"]["arguments"]) for call in line.calls]
        return [line.text]

    def close(self) -> None:
        for line in [line for asked in self.asked.values() for line in asked]:
            line.go.set()
        self.app.close()

    def send(self, row: Json) -> TestResponse:
        """Send a recorded request with our ids. Raises NotReplayed."""
        for id in dict.fromkeys(ID.findall(f"{row['path']} {json.dumps(row['req'])}")):
            if id not in self.ids and "call_" not in id:
                self._make(id)
        self._prepare(row)
        path, _, query = self._ours(row["path"]).partition("?")
        headers = {"OpenAI-Beta": row["beta"]} if row["beta"] else {}
        choices: Json = {
            "method": row["endpoint"].split()[0],
            "query_string": query,
            "headers": headers,
            "buffered": True,
        }
        if row["endpoint"] == "POST /v1/files":
            return self.client.open(path, data=_upload(row), **choices)
        if isinstance(row["req"], dict):
            choices["json"] = json.loads(self._ours(json.dumps(row["req"])))
        return self.client.open(path, **choices)

    def learn(self, recorded: Any, ours: Any) -> None:
        """Pair the recorded ids of an answer with ours."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for key, value in recorded.items():
                self.learn(value, ours.get(key))
        elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
            for one, other in zip(recorded, ours, strict=True):
                self.learn(one, other)
        elif isinstance(recorded, str) and isinstance(ours, str) and ID.fullmatch(recorded) and ID.fullmatch(ours):
            self.ids.setdefault(recorded, ours)

    def _ours(self, text: str) -> str:
        return ID.sub(lambda match: self.ids.get(match[0], match[0]), text)

    def _make(self, id: str) -> None:
        """What a file uses but does not make was made in another one, or was there before."""
        if maker := makers().get(id):
            answer = self.send(maker)
            self.learn(maker["resp"], answer.json if isinstance(maker["resp"], dict) else None)
            if id not in self.ids:
                raise NotReplayed("the engine refuses to make what it needs")
        if id not in self.ids:
            raise NotReplayed("it needs what no replayed request has made")

    def _prepare(self, row: Json) -> None:
        """Let the runs come as far as the recorded answer shows them."""
        shown = list(objects(row["resp"]))
        if row["endpoint"].endswith(("/runs", "/submit_tool_outputs")) and row["endpoint"].startswith("POST") and shown:
            run_id = next(thing["id"] for thing in shown if thing["object"] == "thread.run")
            if run_id in self.tools_ran and isinstance(row["resp"], str):
                raise NotReplayed("a built-in tool ran in it")
            if row["endpoint"].endswith("/submit_tool_outputs"):
                self._let_rest(run_id)
            said = self.lines.get(run_id, [])
            line = said.pop(0) if said and run_id not in self.tools_ran else Line()
            self.asked.setdefault(run_id, []).append(line)
            self.next.append(line)
            if isinstance(row["resp"], str):
                line.go.set()
            return
        for thing in shown:
            if thing["object"] == "thread.run.step" and thing["run_id"] in self.tools_ran:
                raise NotReplayed("a built-in tool ran in it")
            if thing["object"] == "thread.run" and thing["status"] not in ("queued", "in_progress", "cancelling"):
                self._let_rest(thing["id"])
            elif thing.get("run_id") and thing.get("status") != "in_progress":
                self._let_rest(thing["run_id"])

    def _let_rest(self, run_id: str) -> None:
        for line in self.asked.get(run_id, []):
            line.go.set()
        if (ours := self.ids.get(run_id)) and (rests := self.app.runner._resting.get(ours)):
            assert rests.wait(10), f"{run_id} does not come to rest"

    # Comparing

    def compare(self, row: Json, answer: TestResponse) -> Iterator[str]:
        """Where our answer differs from the recorded one."""
        what = f"{api(row)} {row['endpoint']}"
        if answer.status_code != row["status"]:
            said = answer.json["error"]["message"] if answer.is_json and answer.json and "error" in answer.json else ""
            yield f"{what}: {answer.status_code} instead of {row['status']} {ID.sub('…', said)}"
        elif row["status"] >= 400:
            recorded = json.loads(self._ours(json.dumps(row["resp"])))
            ours = {key: answer.json and answer.json.get(key) for key in recorded}
            if ours != recorded:
                yield f"{what}: {row['status']} {ours} instead of {recorded}"
        elif isinstance(row["resp"], str) and row["resp"].startswith("event:"):
            yield from self._compare_streams(row, events(row["resp"]), events(answer.text))
        elif isinstance(row["resp"], dict):
            self.learn(row["resp"], answer.json)
            yield from _compare_objects(row, row["resp"], answer.json or {})

    def _compare_streams(
        self, row: Json, recorded: list[tuple[str, Any]], ours: list[tuple[str, Any]]
    ) -> Iterator[str]:
        for theirs, mine in zip_longest(sequence(recorded), sequence(ours)):
            if theirs != mine:
                yield f"{api(row)} {row['endpoint']}: event {mine} instead of {theirs}"
                break
        first = dict(reversed(recorded))
        for name, data in ours:
            if name in first and is_wire_object(data):
                self.learn(first[name], data)
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
    """Values that do not depend on time, chance or how fast a run is, and still differ."""
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
            if path not in OURS:
                yield f"{path} was never recorded"
        elif wrong := types - same.setdefault(path, known[path]):
            yield f"{path} is {' '.join(wrong)} instead of {' '.join(sorted(same[path]))}"


def _upload(row: Json) -> Json:
    """The recordings do not hold what was uploaded, so a small file of the same name goes."""
    purpose = row["resp"].get("purpose", "world_domination")
    name = row["resp"].get("filename", "file.txt")
    content = b'{"prompt": "a", "completion": "b"}\n' if name.endswith("jsonl") else b"A small file.\n"
    return {"purpose": purpose, "file": (BytesIO(content), name)}


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


@cache
def replayed() -> tuple[Counter[str], Counter[str], Counter[str], dict[str, str]]:
    """All recordings against engines of their own: what was left out, what differs, what was replayed; examples."""
    left_out, differ, done, where = Counter[str](), Counter[str](), Counter[str](), dict[str, str]()
    for file, rows in files().items():
        replay = Replay(rows)
        for row in rows:
            try:
                _check_scope(row)
                found = set(replay.compare(row, replay.send(row)))
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


if __name__ == "__main__":  # the differences with their counts, for whoever works on them
    left_out, differ, done, where = replayed()
    for title, counts in {"not replayed": left_out, "different": differ}.items():
        print(f"--- {title}: {counts.total()}")
        for what, count in counts.most_common():
            print(f"{count:5} {what}\n        {where.get(what, '')}")
    print(f"--- replayed: {done.total()}")
