"""What a row of the table of mistakes is, and what several rows share: their lessons and lines to paste.

`what` and `do` are templates. In their braces may stand the groups of `says`, and the words of `advice.py`, such as the
learner's own name for a thread.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from .facts import Facts, Tag

Words = Mapping[str, str]


class Lesson(NamedTuple):
    number: str
    heading: str


class Mistake(NamedTuple):
    name: str
    kind: str
    """A pattern for the error's class."""
    says: str
    """A pattern for its sentence."""
    what: str
    do: tuple[str, ...]
    """Lines that can be pasted."""
    lesson: Lesson | None
    tag: Tag | None = "api"
    fits: Callable[[Facts, Words], bool] | None = None
    choose: bool = False
    """True if one of the lines is enough."""


BEGIN: Final = Lesson("00", "When you are stuck")
EXPIRED: Final = Lesson("09", "A run that nobody answers")
READING: Final = Lesson("01", "Step 5: Display the assistant's response")
STOPPED: Final = Lesson("09", "A run that you stop")
WAITS: Final = Lesson("06", "A run that waits")
AGAIN: Final = "{client}.beta.threads.runs.create_and_poll(thread_id={run}.thread_id, assistant_id={run}.assistant_id)"


def ids_in(listed: str) -> list[str]:
    """`ids_in("'call_1', 'call_2'")` is `["call_1", "call_2"]`."""
    return re.findall(r"'([^']*)'", listed)
