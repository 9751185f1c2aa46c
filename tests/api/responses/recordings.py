"""The recorded traffic of the real Responses API, cut to facts, for tests.

`traffic.jsonl.xz` holds one interaction a line, in the order of its conversation. It was made from the official
recordings of openai/openai-dotnet b3b4bbb (MIT), pydantic/pydantic-ai 4fda389 (MIT) and traceloop/openllmetry 93429cf
(Apache-2.0). Statuses, keys, their order, types, words of errors and the order of events are as recorded. Texts, ids,
times and counts are stand-ins. Deltas that follow each other in a stream are one.
"""

import json
import lzma
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.api.shapes import FREE, Json, Shape, item_path, shape

TRAFFIC: Final = Path(__file__).with_name("traffic.jsonl.xz")
ID: Final = re.compile(
    r"\b(resp|conv|msg|fc|fs|ci|rs|cntr|cfile|call|file|vs|cmp|pmpt)[-_](?:\d{1,3}|[A-Za-z0-9_-]{16,})\b"
)
"""A stand-in of the recordings, `resp_1`, or an id of ours."""

Thing = tuple[str, Json]
"""`("item message assistant", {"id": …})`"""


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


def folded(stream: str) -> list[tuple[str, Json]]:
    """The events of a stream of ours. Deltas of one item that follow each other are one."""
    found: list[tuple[str, Json]] = []
    for frame in stream.strip().split("\n\n"):
        name, _, data = frame.partition("\n")
        event = (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        if not (found and event[0].endswith(".delta") and _same_delta(found[-1], event)):
            found.append(event)
    return found


def _same_delta(one: tuple[str, Json], other: tuple[str, Json]) -> bool:
    return one[0] == other[0] and one[1].get("item_id") == other[1].get("item_id")


def things(answer: Any) -> Iterator[Thing]:
    """What an answer is made of: each event, object, item and part by itself, with what is inside taken out."""
    if isinstance(answer, list):
        for name, data in answer:
            yield name, {**data, **{key: {} for key in ("response", "item", "part", "annotation") if key in data}}
            for key in ("response", "item", "part", "annotation"):
                if key in data:
                    yield from things(data[key])
    elif isinstance(answer, dict):
        inner = next((key for key in ("output", "data") if "object" in answer and key in answer), None)
        yield _title(answer), {**answer, inner: []} if inner else answer
        for item in answer[inner] if inner else ():
            yield from things(item)


def _title(thing: Json) -> str:
    kind = str(thing.get("object", thing.get("type")))
    if kind == "response":
        return kind
    return " ".join(filter(None, ["" if "object" in thing else "item", kind, thing.get("role")]))


def without_reasoning(answer: Any) -> Any:
    """The same answer of a model that does not reason."""
    if isinstance(answer, list):
        reasoned = {data["output_index"] for _, data in answer if _is_reasoning(data.get("item", {}))}
        kept = [(name, data) for name, data in answer if data.get("output_index") not in reasoned]
        return [(name, _renumbered(data, reasoned)) for name, data in kept]
    if isinstance(answer, dict) and "output" in answer and "object" in answer:
        return {**answer, "output": [item for item in answer["output"] if not _is_reasoning(item)]}
    return answer


def _is_reasoning(item: Json) -> bool:
    return item.get("type") == "reasoning"


def _renumbered(data: Json, reasoned: set[int]) -> Json:
    if "response" in data:
        return {**data, "response": without_reasoning(data["response"])}
    if "output_index" in data:
        return {**data, "output_index": data["output_index"] - sum(n < data["output_index"] for n in reasoned)}
    return data


@cache
def known_shapes() -> dict[str, Shape]:
    """What was recorded of each kind of thing, in each status and on the whole."""
    pool: dict[str, Shape] = {}
    for title, thing in recorded_things():
        for path, types in shape(thing).items():
            for key in (title, f"{title} {thing.get('status')}"):
                pool.setdefault(key, {}).setdefault(path, set()).update(types)
    return pool


@cache
def recorded_things() -> list[Thing]:
    return [thing for row in traffic() if row["status"] == 200 for thing in things(row["resp"])]


@cache
def known_orders() -> dict[tuple[str, str], set[tuple[str, ...]]]:
    """Every order in which keys came: of a thing by how it came, `("streamed", "response .usage")`."""
    found: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for row in traffic():
        if row["status"] == 200 and not _sorted(row):
            for title, thing in things(row["resp"]):
                for path, keys in orders(thing):
                    found.setdefault((how(row["resp"]), f"{title} {path}"), set()).add(keys)
    return found


def how(answer: Any) -> str:
    return "streamed" if isinstance(answer, list) else "plain"


def orders(value: Any, path: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """The keys of each object in a value, with its path."""
    if isinstance(value, dict) and path.rpartition(".")[2] not in FREE:
        yield path, tuple(value)
        for key, inner in value.items():
            yield from orders(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from orders(item, item_path(path, item))


def _sorted(row: Json) -> bool:
    """Whether keys stand in another order than they came in. One source has sorted those of plain answers."""
    return row["file"].startswith("pydantic-ai ") and isinstance(row["resp"], dict)
