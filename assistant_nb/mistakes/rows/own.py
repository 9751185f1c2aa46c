"""Mistakes with what this package adds: exercises, functions as tools."""

from typing import Final

from ..row import Lesson, Mistake

_EXERCISES: Final = Lesson("00", "Exercises")

ROWS: Final = (
    Mistake(
        "number of an exercise",
        r"ValueError",
        r"^There is no exercise \d+\.\d+\.",
        "The number of an exercise stands in quotation marks.",
        ("{exercise}",),
        _EXERCISES,
        "ours",
    ),
    Mistake(
        "number of an exercise",
        r"ValueError",
        r"^There is no exercise '\d\.\d'",
        "The number of an exercise begins with two digits.",
        ("{exercise}",),
        _EXERCISES,
        "ours",
    ),
    Mistake(
        "parameter without a type",
        r"TypeError",
        r"^(?P<function>\w+)\((?P<param>\w+)\) has no annotation",
        "`{param}` has no type. Write its type behind a colon where you define the function.",
        ("def {function}({param}: str): …",),
        Lesson("06", "Let Python do the paperwork"),
        "ours",
    ),
    Mistake("another refusal", r"TypeError|ValueError|RuntimeError", r"", "", (), None, "ours"),
)
