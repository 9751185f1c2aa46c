"""The statuses of runs and steps as the widgets show them: one table, which the pages get as data.

A new status of the engine needs no change here: it is drawn in the stepper's map at a free place, in a colour of its
own lines, and its legal moves come from the engine. A line in the table gives it a better place and colour.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from .messages import StatusLook

Colour = Literal["run", "ok", "warn", "bad"]
Then = Literal["moves", "waits", "stops", "ends", "unknown"]


class Look(NamedTuple):
    """How a status is shown; its name always stands with its colour."""

    colour: Colour
    place: tuple[int, int] | None
    """Its middle in the stepper's map, in pixels; None for a free place."""
    then: Then
    """What the run does next: it moves by itself, waits for its client, is being stopped, or has ended."""


STATUSES: Final[Mapping[str, Look]] = {
    "queued": Look("run", (76, 50), "moves"),
    "in_progress": Look("run", (246, 50), "moves"),
    "requires_action": Look("warn", (422, 50), "waits"),
    "completed": Look("ok", (590, 50), "ends"),
    "failed": Look("bad", (76, 132), "ends"),
    "expired": Look("bad", (246, 132), "ends"),
    "cancelling": Look("warn", (422, 132), "stops"),
    "incomplete": Look("warn", (590, 132), "ends"),
    "cancelled": Look("bad", (422, 186), "ends"),
}
_UNKNOWN: Final = Look("run", None, "unknown")
_COLUMNS: Final = (76, 246, 422, 590)
_FREE_FROM: Final = 186
_ROW: Final = 54


def colour(status: str) -> Colour:
    return STATUSES.get(status, _UNKNOWN).colour


def is_moving(status: str) -> bool:
    """Return whether a run can change without its client."""
    return STATUSES.get(status, _UNKNOWN).then in ("moves", "stops")


def can_stop(status: str) -> bool:
    """Return whether a client can cancel a run."""
    return STATUSES.get(status, _UNKNOWN).then in ("moves", "waits")


def is_final(status: str) -> bool:
    return STATUSES.get(status, _UNKNOWN).then == "ends"


def looks(names: Iterable[str]) -> dict[str, StatusLook]:
    """Return the rows of these statuses, as a page gets them. A status without a place gets a free one."""
    shown = {name: STATUSES.get(name, _UNKNOWN) for name in names}
    taken = {look.place for look in shown.values()}
    free = ((x, _FREE_FROM + n // 4 * _ROW) for n, x in enumerate(_COLUMNS * (len(shown) + 1)))
    places = (place for place in free if place not in taken)
    return {
        name: {"colour": look.colour, "place": look.place or next(places), "can_stop": can_stop(name)}
        for name, look in shown.items()
    }
