"""An assistant as a form holds it: a draft, what the API would be sent for it, and what is wrong with it. Pure.

A draft is plain data with a person's own texts in it: numbers as they were typed, schemas as their JSON. None means
"not set".

    params({**new(), "model": "gpt-4o", "temperature": "0.3"})
    {'model': 'gpt-4o', 'temperature': 0.3}
"""

import difflib
import json
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from .fields import FIELDS, Draft
from .tools import TOOLS

if TYPE_CHECKING:
    from openai.types.beta import Assistant, AssistantCreateParams, AssistantUpdateParams

_MOST_LINES: Final = 2_000
"""Longer texts are not compared line by line."""
_LONGEST: Final = 1_000
"""Characters that are shown of a value."""
_BEFORE: Final = 100
"""How many of these stand before the first difference."""


class Change(NamedTuple):
    """What an update would do to one place."""

    path: str
    before: str | None
    after: str | None


def new() -> Draft:
    """Return an empty draft."""
    return of({})


def of(assistant: "AssistantUpdateParams") -> Draft:
    """Return the draft of an assistant, given as JSON."""
    return cast("Draft", {field.name: field.show(assistant.get(field.name)) for field in FIELDS})


def of_object(assistant: "Assistant") -> Draft:
    """Return the draft of an assistant, given as an object of the SDK."""
    return of(cast("AssistantUpdateParams", assistant.to_dict(mode="json", warnings=False)))


def read(draft: Draft) -> "tuple[AssistantCreateParams, dict[str, str]]":
    """Return what the draft sends to the API, and the first mistake of each field. Unreadable values are left out."""
    mistakes = dict[str, str]()

    def note(path: str, sentence: str) -> None:
        mistakes.setdefault(path, sentence)

    values = {field.name: field.read(draft.get(field.name), field.name, note) for field in FIELDS}
    given = {name: value for name, value in values.items() if value is not None}
    return cast("AssistantCreateParams", given), mistakes


def params(draft: Draft) -> "AssistantCreateParams":
    """Return the parameters that create the assistant: only fields that are set."""
    return read(draft)[0]


def mistakes(draft: Draft, before: Draft | None = None) -> dict[str, str]:
    """Return a sentence for each field that is wrong."""
    found = read(draft)[1]
    if before and before.get("reasoning_effort") and not draft.get("reasoning_effort"):
        found["reasoning_effort"] = (
            "The API cannot take an effort back. Choose another one, or duplicate the assistant."
        )
    return found


def update(before: Draft, after: Draft) -> "AssistantUpdateParams":
    """Return the parameters that update the assistant: only fields that differ."""
    old, wanted = params(before), params(after)
    changed = {
        field.name: value
        for field in FIELDS
        if old.get(field.name) != wanted.get(field.name)
        and (value := wanted.get(field.name, field.nothing)) is not None
    }
    if "tool_resources" in changed:  # a list that is left out would stay as it is
        had = old.get("tool_resources") or {}
        emptied = {tool: {look["resource"]: list[str]()} for tool, look in TOOLS.items() if tool in had}
        changed["tool_resources"] = {**emptied, **(wanted.get("tool_resources") or {})}
    return cast("AssistantUpdateParams", changed)


def changes(before: Draft, after: Draft) -> list[Change]:
    """Return what an update would change, place by place, as JSON. Long texts show only lines that differ."""
    old, wanted = params(before), params(after)
    return [
        Change(path, *_short(before, after))
        for field in FIELDS
        for path, before, after in _differences(field.name, old.get(field.name), wanted.get(field.name))
    ]


# What changes


def _differences(path: str, old: object, wanted: object) -> Iterator[Change]:
    if old == wanted:
        return
    if isinstance(old, dict) and isinstance(wanted, dict):
        for key in {**old, **wanted}:
            yield from _differences(f"{path}.{key}", old.get(key), wanted.get(key))
    elif isinstance(old, list) and isinstance(wanted, list):
        yield from _in_list(path, old, wanted)
    elif isinstance(old, str) and isinstance(wanted, str) and "\n" in old + wanted:
        yield _lines(path, old, wanted)
    else:
        yield Change(path, _word(old), _word(wanted))


def _in_list(path: str, old: list[object], wanted: list[object]) -> Iterator[Change]:
    """Compare lists by the items' content: a removed item does not change all the items after it."""
    before, after = ([json.dumps(item) for item in items] for items in (old, wanted))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        both = min(b - a, d - c)
        for n in range(both):
            yield from _differences(f"{path}[{c + n}]", old[a + n], wanted[c + n])
        for n in range(a + both, b):
            yield Change(f"{path}[{n}]", _word(old[n]), None)
        for n in range(c + both, d):
            yield Change(f"{path}[{n}]", None, _word(wanted[n]))


def _lines(path: str, old: str, wanted: str) -> Change:
    if old.count("\n") + wanted.count("\n") > _MOST_LINES:
        return Change(path, _word(old), _word(wanted))
    lines = list(difflib.unified_diff(old.split("\n"), wanted.split("\n"), n=0, lineterm=""))[2:]
    before, after = ("\n".join(line[1:] for line in lines if line[0] == mark) for mark in "-+")
    return Change(path, before, after)


def _word(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _short(before: str | None, after: str | None) -> Iterator[str | None]:
    """Shorten two texts: both start shortly before their first difference."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(before or "", after or "", strict=False))
    start = max(sum(1 for _ in same) - _BEFORE, 0)
    return (text and _cut(text, start) for text in (before, after))


def _cut(text: str, start: int) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{'…' * (start > 0)}{text[start : start + _LONGEST]}… ({len(text):,} characters)"
