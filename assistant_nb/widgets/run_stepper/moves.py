"""A move of the stepper: the page may ask for it, and code that makes it is told in one line where it leads."""

import difflib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from ... import sdk
from ...texts import count
from ...trace import TOLD, Frame
from ..panel import work
from ..statuses import STATUSES, is_final
from .page import line

_PLACES: Final = (*STATUSES, *TOLD)
"""What a run may be asked to come to: its statuses, and events. Others that begin with "thread." are events, too."""

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


def go(stepper: Frames, number: int) -> None:
    """Show the frame with this number. Raises Refused if there is none."""
    known = len(stepper.frames)
    if not known:
        raise sdk.Refused("There is no run yet. The first step makes it.")
    if not 1 <= number <= known:
        last = stepper.frames[-1].status
        more = f"the run is {last}, and has" if is_final(last) else "so far the run has"
        raise sdk.Refused(f"There is no frame {number}: {more} {count(known, 'frame')}.")
    stepper.look_at(number)


def reach(stepper: Frames, place: str, advance: Callable[[], None]) -> None:
    """Show the first frame with a status or an event. Only a run that was never there moves, and no further.

    Raises Refused if the run stops before it, and, without a move, for what is neither a status nor an event.
    """
    if not place.startswith("thread.") and place not in _PLACES:
        near = difflib.get_close_matches(place, _PLACES, 1)
        meant = (
            f"Did you mean '{near[0]}'?" if near else "Give a status, as 'completed', or an event, as 'model.asked'."
        )
        raise sdk.Refused(f"There is no place '{place}'. {meant}")
    while not (number := _number_of(stepper, place)):
        known = stepper.look_at(len(stepper.frames))
        advance()
        if len(stepper.frames) == known:
            raise sdk.Refused(f"{_why(stepper.frames[-1].status)} So it stops before it comes to '{place}'.")
    stepper.look_at(number)


def _why(status: str) -> str:
    """Return why a run moves no further."""
    if is_final(status):
        return f"The run has ended: it is {status}."
    if status == "requires_action":
        return "The run waits for outputs."
    return "The run waits for a person who answers in the model's place."


def _number_of(stepper: Frames, place: str) -> int:
    """Return the number of a place's first frame, from 1; 0 if there is none yet."""
    return next((n for n, frame in enumerate(stepper.frames, 1) if frame.status == place or frame.find(place)), 0)
