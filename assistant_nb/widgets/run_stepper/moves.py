"""A move of the stepper: the page may ask for it, and code that makes it is told in one line where it leads."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..panel import work
from .page import line

Stepper = TypeVar("Stepper")
P = ParamSpec("P")
R = TypeVar("R")


def move(method: Callable[Concatenate[Stepper, P], R]) -> Callable[Concatenate[Stepper, P], R]:
    """Let the page call a method, and print "2 · in_progress · The run is taken up" where code calls it."""

    @wraps(work(method))
    def called(stepper: Any, /, *args: P.args, **named: P.kwargs) -> R:
        result = method(stepper, *args, **named)
        print(line(stepper.frame, stepper.number) if stepper.frame else stepper)  # noqa: T201
        return result

    return called
