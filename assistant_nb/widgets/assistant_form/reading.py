"""Reads what a person types: texts, numbers, words, schemas. Mistakes are noted, nothing is raised. Pure."""

import json
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..schema_text import did_you_mean, parsed

if TYPE_CHECKING:
    from openai.types.shared_params import FunctionParameters

Note = Callable[[str, str], None]
"""Records a mistake: the path of the field, in the API's words, and a sentence."""

_NAME: Final = re.compile("[a-zA-Z0-9_-]{1,64}")


def text(limit: int) -> Callable[[str | None, str, Note], str | None]:
    def read(typed: str | None, path: str, note: Note) -> str | None:
        if typed is not None:
            check_text(typed, limit, path, note)
        return typed

    return read


def check_text(text: str, limit: int, path: str, note: Note) -> None:
    if len(text) > limit:
        note(path, f"{len(text):,} characters are too many. The API takes {limit:,}.")
    if re.search("[\ud800-\udfff]", text):
        note(path, "Half of a character stands in this text. Delete it.")


def number(
    low: float, high: float, kind: type[int | float] = float
) -> Callable[[float | str | None, str, Note], float | None]:
    def read(typed: float | str | None, path: str, note: Note) -> float | None:
        text = str(typed if typed is not None else "").strip()
        if not text:
            return None
        try:
            number = shortest(float(text))
        except (ValueError, OverflowError):
            note(path, f'"{text[:40]}" is no number. Write one such as {5 if kind is int else 0.5}.')
            return None
        if not low <= number <= high:
            note(path, f"{number:g} is outside. The API takes {low:g} to {high:g}.")
        elif kind is int and not isinstance(number, int):
            note(path, f"{number:g} is no whole number.")
        return number

    return read


def shortest(number: float) -> int | float:
    """Return `1` for `1.0`. Raises ValueError or OverflowError for numbers that JSON cannot write."""
    if not math.isfinite(number):
        raise ValueError(number)
    return int(number) if number == int(number) else number


def one_of(words: tuple[str, ...]) -> Callable[[str | None, str, Note], str | None]:
    def read(word: str | None, path: str, note: Note) -> str | None:
        if word and word not in words:
            note(path, f'"{word}" is unknown.{did_you_mean(str(word), words)}')
        return word or None

    return read


def schema(text: str | None, path: str, note: Note) -> "FunctionParameters | None":
    schema, mistake = parsed(text or "")
    if mistake:
        note(path, mistake)
    if schema:
        check_text(json.dumps(schema, ensure_ascii=False), 256_000, path, note)
    return schema


def check_name(name: str, path: str, note: Note) -> None:
    if not _NAME.fullmatch(name):
        given = f'"{name[:64]}" is no name for the API' if name else "A name is missing"
        note(path, f"{given}: 1 to 64 of the characters a-z, A-Z, 0-9, _ and -.")


def show_schema(schema: "FunctionParameters | None") -> str:
    return "" if schema is None else json.dumps(schema, ensure_ascii=False, indent=2)
