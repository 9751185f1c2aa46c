"""The life of a run: nine statuses and the legal moves between them, as one table.

Source: the Assistants guide, "Run lifecycle", and the `status` field of the run object.
"""

# A run is a *state machine*. At each moment it has one status, and from each status it may move to a few others. A
# client cannot see what happens inside a run. It sees the status, so the status has to answer one question: what do I
# do now?
#
#     queued            Wait. The run exists, and nobody has begun to work on it.
#     in_progress       Wait. The model is answering, or a tool of the engine is at work.
#     requires_action   Act. The model calls functions of yours. Make the calls and submit their outputs.
#     cancelling        Wait. You have cancelled, and what is at work has not stopped yet.
#     completed         Read. The answer is on the thread.
#     incomplete        Read, and see `incomplete_details`. A token limit was reached; half an answer may be there.
#     failed            See `last_error`. The model, or the engine, gave no answer.
#     cancelled         Nothing. You wanted it so.
#     expired           Nothing. Ten minutes had passed, most often in requires_action.
#
# The most common way through:
#
#     queued -> in_progress -> completed
#        ^           |
#        |           v
#        `--- requires_action        once for each round of function calls
#
# Why these moves and no others?
#
# * The last five statuses are *terminal*: their rows in the table are empty. A run is never started again. A client
#   may stop asking as soon as it sees one of them, and another run may begin on the thread.
# * From requires_action a run goes back to queued, not to in_progress. The client has acted; somebody has to take up
#   the work again, and that may take a moment, as it did at the beginning.
# * There is no way from in_progress to cancelled. A model or a tool that is at work cannot always stop at once. So
#   `cancel` is a wish, and cancelling says that it was heard. In between the run may still break and become failed.
#   It cannot become completed any more: the client has been told that it will stop.
# * Everything that is not terminal may expire. Without that, a client that went away would hold its thread for ever,
#   because a thread takes only one active run at a time.
#
# All knowledge of the lifecycle stays in this file. The strings in the table say why a run takes a way; error
# messages, the stepper and the picture in lesson 08 are made from them. Code that moves a run calls `check` first, so
# an illegal move raises and changes nothing.

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
