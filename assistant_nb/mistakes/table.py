"""The mistakes of beginners as one table: how each is recognised, what happened, what to do, and where to read on.

The first row that fits counts. So rows about special cases stand before those about all cases.
"""

from typing import Final

from .row import Lesson, Mistake
from .rows import ids, objects, own, responses, runs, said, search, start, values

MISTAKES: Final = (
    *start.ROWS,
    *search.ROWS,
    *ids.ROWS,
    *responses.ROWS,
    *values.ROWS,
    *runs.ROWS,
    *objects.ROWS,
    *said.ROWS,
    *own.ROWS,
    Mistake(
        "another mistake",
        r".*",
        r"",
        "Look at `{about}` in your line.",
        (),
        Lesson("02", "When things go wrong"),
        fits=lambda facts, _: bool(facts.param),
    ),
    Mistake("another mistake", r".*", r"", "", (), None),
)
