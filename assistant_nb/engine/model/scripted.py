"""A model that says the lines of a script: for tests, and for experiments in a lesson."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..errors import ModelError
from .base import Delta, Finish, Prompt, TextDelta, ToolCall, call_deltas, within


class Refusal(str):
    """A text in which the model says why it does not answer."""

    __slots__ = ()


Said = str | ToolCall
Line = Said | Sequence[Said] | ModelError | Callable[[Prompt], Iterable[Said]]


class Scripted:
    """Gives its lines one after the other, then fails.

    A line is a text, a tool call, several of these, an error to raise, or a function from the prompt
    to pieces of text and calls; the function may wait, so that a run stays `in_progress`.

        Scripted("Hello.", ToolCall("get_weather", '{"city": "Rome"}'), ModelError("out of coffee"))
        Scripted(lambda prompt: ["You said: ", prompt.messages[-1].content])
    """

    name = "scripted"
    models = ("scripted",)

    def __init__(self, *lines: Line) -> None:
        known = (str, ToolCall, list, tuple, ModelError)
        if wrong := [line for line in lines if not (isinstance(line, known) or callable(line))]:
            raise TypeError(
                "A line is a text, a ToolCall, a list of these, a ModelError, or a function from the prompt to texts,"
                f" not {wrong[0]!r}."
            )
        self._lines = lines
        self._asked = itertools.count()
        self.prompts: list[Prompt] = []
        """Every prompt so far, for tests."""

    def __eq__(self, other: object) -> bool:
        """Scripts with the same lines are equal, so running a cell with `start()` again changes nothing."""
        return isinstance(other, Scripted) and self._lines == other._lines

    __hash__ = None  # type: ignore[assignment]  # it is compared, never a key

    def provenance(self) -> str:
        return f"{len(self._lines)} scripted"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        self.prompts.append(prompt)
        n = next(self._asked)
        if n >= len(self._lines):
            raise ModelError(f"The script has {len(self._lines)} lines, and this was prompt {n + 1}. Add a line.")
        line = self._lines[n]
        if isinstance(line, ModelError):
            raise line
        said = [line] if isinstance(line, Said) else line(prompt) if callable(line) else line
        yield from within(prompt.max_completion_tokens, _spoken(said))


def _spoken(said: Iterable[Said]) -> Iterator[Delta]:
    calls = itertools.count()
    for piece in said:
        if isinstance(piece, ToolCall):
            yield from call_deltas(next(calls), piece)
        else:
            yield TextDelta(piece, isinstance(piece, Refusal))
    yield Finish({"answer": "scripted"})
