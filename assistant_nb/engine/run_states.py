"""The life of a run: nine statuses and the legal moves between them, as one table.

All knowledge of the lifecycle stays in this file. The table's innermost strings say why a run
takes that way; error messages and pictures are made from them. A status with an empty row is
terminal: nothing leaves it.

Source: the Assistants guide, "Run lifecycle", and the `status` field of the run object.
"""

from typing import Final, Literal, get_args

from .errors import IllegalMove

Status = Literal[
    "queued",
    "in_progress",
    "requires_action",
    "cancelling",
    "cancelled",
    "failed",
    "completed",
    "incomplete",
    "expired",
]

MOVES: Final[dict[Status, dict[Status, str]]] = {
    "queued": {
        "in_progress": "the run starts",
        "cancelling": "the client cancels",
        "failed": "the run cannot begin",
        "expired": "ten minutes have passed",
    },
    "in_progress": {
        "completed": "the model has answered",
        "requires_action": "the model calls a function",
        "incomplete": "a token limit is reached",
        "cancelling": "the client cancels",
        "failed": "the model gives no answer",
        "expired": "ten minutes have passed",
    },
    "requires_action": {
        "queued": "the client submits the tool outputs",
        "cancelling": "the client cancels",
        "expired": "ten minutes have passed",
    },
    "cancelling": {
        "cancelled": "what was under way has stopped",
        "failed": "what was under way broke",
        "expired": "ten minutes have passed",
    },
    "cancelled": {},
    "failed": {},
    "completed": {},
    "incomplete": {},
    "expired": {},
}

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
TERMINAL: Final[frozenset[Status]] = frozenset(status for status, ways in MOVES.items() if not ways)
ACTIVE: Final[frozenset[Status]] = frozenset(MOVES) - TERMINAL
# Active runs divide in two: those that can move by themselves,
# and the one that waits for its client.
MOVING: Final[frozenset[Status]] = ACTIVE - {"requires_action"}


def check(now: Status, then: Status) -> None:
    """Raise IllegalMove unless a run that is `now` may become `then`. Changes nothing."""
    ways = MOVES[now]
    if then in ways:
        return
    onward = "from there it can only become " + ", ".join(ways) if ways else "that is where a run ends"
    raise IllegalMove(f"A run that is '{now}' cannot become '{then}': {onward}.")
