"""A row of the table of mistakes."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .facts import Facts, Tag

Words = Mapping[str, str]


class Lesson(NamedTuple):
    number: str
    heading: str


class Mistake(NamedTuple):
    name: str
    kind: str
    """A pattern for the error's class."""
    says: str
    """A pattern for its sentence."""
    what: str
    do: tuple[str, ...]
    """Lines that can be pasted."""
    lesson: Lesson
    tag: Tag | None = "api"
    fits: Callable[[Facts, Words], bool] | None = None
