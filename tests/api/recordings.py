"""The recorded traffic of the hosted API, read for tests.

It stands beside the project, in `shared/wire` (or in $ASSISTANT_NB_WIRE); what needs it is skipped without.
"""

import json
import lzma
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.api.shapes import Json, Shape, events, is_wire_object, shape

WIRE = Path(os.environ.get("ASSISTANT_NB_WIRE", Path(__file__).parents[3] / "shared" / "wire"))
TRAFFIC = WIRE / "traffic.jsonl.xz"


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
    for name, id_key in (("assistant", "id"), ("thread.run", "assistant_id")):
        for row in well:
            for thing in objects(row["resp"]):
                if thing["object"] == name:
                    body: Json = {key: thing[key] for key in ("name", "model", "instructions", "tools") if key in thing}
                    made.setdefault(thing[id_key], creation(row, thing[id_key], "/v1/assistants", body))
    for row in well:
        if thread := re.match(r"/v1/threads/(thread_\w+)", row["path"]):
            made.setdefault(thread[1], creation(row, thread[1], "/v1/threads", {}))
    return made


def creation(row: Json, id: str, path: str, body: Json) -> Json:
    """How something may have been made that was there before a recorded request."""
    return {**row, "endpoint": f"POST {path}", "path": path, "req": body, "resp": {"id": id}}


@cache
def known_shapes() -> dict[tuple[str, ...], Shape]:
    """What was recorded of each kind of object, in each status and on the whole."""
    pool: dict[tuple[str, ...], Shape] = {}
    for row in traffic():
        for thing in objects(row["resp"]):
            for path, types in shape(thing).items():
                for key in (kind(row, thing), (*kind(row, thing), str(thing.get("status")))):
                    pool.setdefault(key, {}).setdefault(path, set()).update(types)
    return pool


@cache
def known_orders() -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    """Every order in which its keys came."""
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
