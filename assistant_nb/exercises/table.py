"""All exercises of the course, by their keys: lesson, dot, number."""

from typing import Final

from . import (
    lesson_00,
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    lesson_07,
    lesson_08,
    lesson_09,
    lesson_10,
    lesson_11,
)
from .frame import Exercise

TITLES: Final = {
    "00": "Start here",
    "01": "Your first assistant",
    "02": "Raw HTTP",
    "03": "Chat or assistant",
    "04": "Code interpreter",
    "05": "File search",
    "06": "Function calling",
    "07": "Streaming",
    "08": "Inside a run",
    "09": "When things go wrong",
    "10": "Build your own",
    "11": "To the Responses API",
}
FROM_NOTHING: Final = frozenset({"10"})
"""Lessons whose exercises begin with an empty engine."""

_LESSONS: Final = (
    lesson_00,
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    lesson_07,
    lesson_08,
    lesson_09,
    lesson_10,
    lesson_11,
)
EXERCISES: Final[dict[str, Exercise]] = {key: one for lesson in _LESSONS for key, one in lesson.EXERCISES.items()}


def of_lesson(lesson: str) -> list[str]:
    """Return the keys of a lesson's exercises: `of_lesson("00")` is `["00.1"]`."""
    return [key for key in EXERCISES if key.startswith(f"{lesson}.")]


def find(key: str) -> Exercise:
    """Raises ValueError for a key that no exercise has. It lists those that there are."""
    if key in EXERCISES:
        return EXERCISES[key]
    lesson = key.partition(".")[0] if isinstance(key, str) else ""
    ends = (sorted({keys[0], keys[-1]}) for one in TITLES if (keys := of_lesson(one)))
    near = of_lesson(lesson) or [" to ".join(one) for one in ends]
    raise ValueError(f"There is no exercise {key!r}. There are: {', '.join(near)}.")
