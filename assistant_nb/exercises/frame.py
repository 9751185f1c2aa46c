"""An exercise: its task, what looks whether it is done, and what a learner is told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from .see import See

Verdict = Literal[True] | str | None
"""True: right. A sentence: what is there, what is missing, and the next step. None: nothing of it is there."""


@dataclass(frozen=True)
class Exercise:
    """`check` looks at all candidates that the engine keeps: one that is right is enough."""

    check: Callable[[See], Verdict]
    task: str
    untouched: str
    """What is not there before the first attempt."""
    right: str
    """Why it is right."""
    hints: tuple[str, ...]
    solution: str
    """One way to do it, as code for a cell after the lesson."""


def best(verdicts: Iterable[Verdict]) -> Verdict:
    """Return True if one candidate is right, else what is said of the newest, else None."""
    found = [verdict for verdict in verdicts if verdict is not None]
    return True if True in found else found[-1] if found else None
