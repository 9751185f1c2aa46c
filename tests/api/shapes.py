"""The shape of what travels, for tests: which keys, in which order, holding which JSON types."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

Json = dict[str, Any]
Shape = dict[str, set[str]]
"""`{".tools[function].function.name": {"str"}}`, in the order of the wire."""

FREE = frozenset({"metadata", "parameters", "schema", "attributes", "expires_after"})
"""Whose keys are up to whoever writes them."""


OURS = {
    ".usage.estimated": "nobody but a model can count its tokens, and we say when none did",
    ".provenance": "where the answers of a run come from is the first thing that a learner must be able to see",
}
"""Paths that the hosted API did not have, and why we have them."""


def json_type(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def inside(path: str, value: Json) -> Iterator[tuple[str, Any]]:
    """The values in an object with their paths; the member of a union is named: `.tools[function].type`."""
    for key, inner in value.items():
        yield f"{path}.{key}", inner


def item_path(path: str, item: Any) -> str:
    return f"{path}[{item.get('type', '') if isinstance(item, dict) else ''}]"


def shape(value: Any, path: str = "") -> Shape:
    """Every path in a value with the types found there; an object that stands on its own is not entered."""
    found: Shape = {path: {json_type(value)}} if path else {}
    inner: list[Shape] = []
    if isinstance(value, dict) and path.rpartition(".")[2] not in FREE:
        inner = [shape(held, sub) for sub, held in inside(path, value)]
    elif isinstance(value, list):
        inner = [shape(item, item_path(path, item)) for item in value if not is_wire_object(item)]
    for one in inner:
        for sub, types in one.items():
            found.setdefault(sub, set()).update(types)
    return found


def is_wire_object(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("object"), str)


def mismatches(recorded: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Keys inside an object that are missing in ours or stand in another order, at any depth."""
    if isinstance(recorded, dict) and isinstance(ours, dict) and path.rpartition(".")[2] not in FREE:
        yield from (f"{path}.{key} is missing" for key in recorded if key not in ours)
        if path and not same_order(recorded, ours):
            yield f"{path} has its keys in another order"
        for sub, inner in inside(path, recorded):
            yield from mismatches(inner, ours.get(sub.rpartition(".")[2]), sub)
    elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        for one, other in zip(recorded, ours, strict=True):
            if not is_wire_object(one) and item_path(path, one) == item_path(path, other):
                yield from mismatches(one, other, item_path(path, one))


def same_order(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether the keys that both have stand in the same order."""
    mine, theirs = list(one), list(other)
    return [key for key in mine if key in theirs] == [key for key in theirs if key in mine]


def events(stream: str) -> list[tuple[str, Any]]:
    """The events of a stream: `[("thread.run.created", {…}), …, ("done", "[DONE]")]`."""
    found = []
    for frame in stream.replace("\r\n", "\n").strip().split("\n\n"):
        name, _, data = frame.partition("\n")
        text = data.removeprefix("data: ")
        found.append((name.removeprefix("event: "), text if text == "[DONE]" else json.loads(text)))
    return found


def sequence(stream: list[tuple[str, Any]]) -> list[str]:
    """The order of events, steps with their type, deltas in a row as one: `thread.message.delta+`."""
    names = [_name(event, data) for event, data in stream]
    return [f"{name}+" if "delta" in name else name for name, _ in groupby(names)]


def _name(event: str, data: Any) -> str:
    if event == "thread.run.step.delta":
        calls = data["delta"]["step_details"].get("tool_calls", [])
        return f"{event}({calls[0]['type']})" if calls else event
    return f"{event}({data['type']})" if event.startswith("thread.run.step") else event
