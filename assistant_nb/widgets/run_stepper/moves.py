"""A move of the stepper: the page may ask for it, and code that makes it is told in one line where it leads."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from ... import sdk
from ...trace import Frame
from ..panel import work
from .page import line

Stepper = TypeVar("Stepper")
P = ParamSpec("P")
R = TypeVar("R")


class Frames(Protocol):
    """What a stepper shows, one frame at a time."""

    @property
    def frames(self) -> Sequence[Frame]: ...

    def look_at(self, number: int) -> int:
        """Show the frame with this number, from 1, or the last one. Returns the number of the frame that is shown."""


def move(method: Callable[Concatenate[Stepper, P], R]) -> Callable[Concatenate[Stepper, P], R]:
    """Let the page call a method, and print "2 · in_progress · The run is taken up" where code calls it."""

    @wraps(work(method))
    def called(stepper: Any, /, *args: P.args, **named: P.kwargs) -> R:
        result = method(stepper, *args, **named)
        print(line(stepper.frame, stepper.number) if stepper.frame else stepper)  # noqa: T201
        return result

    return called


def reach(stepper: Frames, place: str, advance: Callable[[], None]) -> None:
    """Show the first frame with a status or an event. Only a run that was never there moves, and no further.

    Raises Refused if the run stops before it.
    """
    while not (number := _number_of(stepper, place)):
        known = stepper.look_at(len(stepper.frames))
        advance()
        if len(stepper.frames) == known:
            raise sdk.Refused(
                f"The run stops before it comes to '{place}'. Look at its last frame: it may wait for you."
            )
    stepper.look_at(number)


def _number_of(stepper: Frames, place: str) -> int:
    """Return the number of a place's first frame, from 1; 0 if there is none yet."""
    return next((n for n, frame in enumerate(stepper.frames, 1) if frame.status == place or frame.find(place)), 0)
