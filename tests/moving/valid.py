"""Requests against the published description of responses and conversations."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.api.described import Described

_SCHEMAS = "/components/schemas/"


@cache
def described() -> Described:
    return Described(Path(__file__).parents[1] / "api" / "responses" / "description.json.xz")


def request_faults(body: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the body of a new response."""
    yield from described().faults(f"{_SCHEMAS}CreateResponse", {**body, "input": "…"})
    yield from item_faults(body["input"]) if isinstance(body["input"], list) else ()


def item_faults(items: Iterable[Any]) -> Iterator[str]:
    """What is wrong with items. A message of parts fits two kinds, though the description wants exactly one."""
    for item in items:
        found = [list(described().faults(f"{_SCHEMAS}{kind}", item)) for kind in ("EasyInputMessage", "Item")]
        if all(found):
            yield f"{item}: {found}"
