"""Every object has the keys of the hosted API, in its order, holding its types: `wire_keys.json`, told apart by API and transport.

In that file a value is the types seen, or these and what is inside: `["dict null", {"reason": "str"}]`. `?` marks
keys that were not always there, `[function]` the members of a list with that `type`.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.api.shapes import OURS, Json, events, is_wire_object, item_path, same_order
from tests.api.story import Told, story

KEYS: dict[str, dict[str, Json]] = json.loads(Path(__file__).with_name("wire_keys.json").read_text("utf-8"))

NEVER_RECORDED = {
    "thread.message.file": "three answers of v1, which had it as the description of then",
    "vector_store.search_results.page": "the one answer there is was written by hand",
    "vector_store.file_content.page": "as the description has it",
    "list (models)": "as the description has it",
    "model": "as the description has it",
}
"""Objects that no recording shows."""


@cache
def told() -> list[Told]:
    return story()


def objects(one: Told) -> Iterator[tuple[str, Json]]:
    """What stands on its own in an answer, with the table it is looked up in."""
    if isinstance(one.answer, str):
        for _, data in events(one.answer) if one.answer.startswith("event:") else ():
            if is_wire_object(data):
                yield f"{one.api} SSE", data
    elif is_wire_object(one.answer):
        for thing in (one.answer, *filter(is_wire_object, one.answer.get("data", ()))):
            yield f"{one.api} REST", thing


def name(one: Told, thing: Json) -> str:
    """The name in the table; one object had several shapes, after where it was asked for."""
    kind = str(thing["object"])
    if kind == "thread.message" and one.api == "v2" and one.method == "POST" and one.path.count("/") == 4:
        return f"{kind} (modified)"
    if kind == "file" and one.method == "DELETE":
        return f"{kind} (deleted)"
    if kind == "list" and one.path in ("/files", "/models"):
        return f"{kind} ({one.path[1:]})"
    return kind


def faults(known: Any, found: Any, path: str = "") -> Iterator[str]:
    """Missing keys, keys in another order, other types."""
    types, inner = known if isinstance(known, list) else (known, {})
    if type(found).__name__.replace("NoneType", "null") not in types.removeprefix("?").split():
        yield f"{path} is {found!r}, not {types}"
    elif isinstance(found, dict):
        yield from (f"{path}.{key} is missing" for key in inner if key not in found and not _optional(inner[key]))
        yield from (
            f"{path}.{key} is unknown" for key in found if inner and key not in inner and f"{path}.{key}" not in OURS
        )
        if not same_order(found, [key for key in inner if not _optional(inner[key])]):
            yield f"{path} has its keys in the order {list(found)}"
        for key in filter(inner.get, found):
            yield from faults(inner[key], found[key], f"{path}.{key}")
    elif isinstance(found, list) and inner:
        for item in found:
            kind = item_path("", item)
            yield from faults(inner[kind], item, path + kind) if kind in inner else [f"{path}{kind} is unknown"]


def _optional(known: Any) -> bool:
    return str(known[0] if isinstance(known, list) else known).startswith("?")


def looked_up() -> Iterator[tuple[Told, str, str, Json]]:
    for one in told():
        if one.status == 200:
            yield from ((one, table, name(one, thing), thing) for table, thing in objects(one))


def test_every_object_has_the_recorded_keys() -> None:
    wrong = {
        f"{table} {kind}{fault}": f"{one.method} {one.path}"
        for one, table, kind, thing in looked_up()
        if kind in KEYS[table]
        for fault in faults(["dict", KEYS[table][kind]], thing)
    }
    assert wrong == {}


def test_the_story_brings_up_every_recorded_object() -> None:
    seen = {(table, kind) for _, table, kind, _ in looked_up()}
    assert {(table, kind) for table, kinds in KEYS.items() for kind in kinds} - seen == set()
    assert {kind for table, kind in seen if kind not in KEYS[table]} == set(NEVER_RECORDED)


def test_the_story_goes_well() -> None:
    refused = [f"{one.method} {one.path} {one.answer}" for one in told() if one.status != 200]
    assert len(refused) == 1 and "Cannot cancel run with status 'completed'." in refused[0]
