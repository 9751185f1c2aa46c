"""A model that says what it was told to say: for tests, and for a lesson's own experiments."""

import itertools
from collections.abc import Callable, Iterable, Iterator

from ..errors import ModelError
from .base import Finish, Prompt, TextDelta

Line = str | ModelError | Callable[[Prompt], Iterable[str]]


class Scripted:
    """Gives its lines one after the other, then fails.

    A line is a text, an error to raise, or a function from the prompt to pieces of text; the
    function may wait, so that a run stays `in_progress`.

        Scripted("Hello.", ModelError("out of coffee"), lambda prompt: ["You said: ", prompt.messages[-1].content])
    """

    name = "scripted"

    def __init__(self, *lines: Line) -> None:
        if wrong := [line for line in lines if not (isinstance(line, str | ModelError) or callable(line))]:
            raise TypeError(
                f"A line is a text, a ModelError, or a function from the prompt to texts, not {wrong[0]!r}."
            )
        self._lines = lines
        self._asked = itertools.count()
        self.prompts: list[Prompt] = []
        """Every prompt so far, for a test to look at."""

    def __eq__(self, other: object) -> bool:
        """Two scripts with the same lines are one choice, so that a cell may be run twice."""
        return isinstance(other, Scripted) and self._lines == other._lines

    __hash__ = None  # type: ignore[assignment]  # it is compared, never a key

    def provenance(self) -> str:
        return f"{len(self._lines)} scripted"

    def ask(self, prompt: Prompt) -> Iterator[TextDelta | Finish]:
        self.prompts.append(prompt)
        n = next(self._asked)
        if n >= len(self._lines):
            raise ModelError(f"The script has {len(self._lines)} lines, and this was prompt {n + 1}. Add a line.")
        line = self._lines[n]
        if isinstance(line, ModelError):
            raise line
        for piece in [line] if isinstance(line, str) else line(prompt):
            yield TextDelta(piece)
        yield Finish({"answer": "scripted"})
