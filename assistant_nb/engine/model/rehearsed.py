"""Recorded answers for the stage: they fit although the live model has said something else than in the rehearsal.

A recording fits a prompt whose dialogue is the same, word for word. On a stage the live model answers the first
question in other words, so the recorded answer to the second one fits no more. But the person asks the questions as
rehearsed. So here the person's messages decide, and how often tools were used since the last of them.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from .base import Delta, Finish, Prompt
from .recorded import Exchange, Recorded, RecordedPrompt, digest, normal

BY_WORDS: Final = "the person's words"
"""Stands in the provenance of an answer whose dialogue was another one when it was recorded."""


class Rehearsed(Recorded):
    """Replays an exchange that fits exactly, else the one that fits best by the person's words, else none."""

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        best = self._best(normal(prompt))
        if best is None:
            yield from super().ask(prompt)
            return
        for delta in self.replay(best, prompt):
            if isinstance(delta, Finish):
                delta = replace(delta, provenance={**delta.provenance, "matched_by": BY_WORDS})
            yield delta

    def _best(self, asked: RecordedPrompt) -> str | None:
        """Return the fingerprint of the exchange that fits best; None if one fits exactly, or none at all.

        Of equals the one that was recorded last, so that the newest rehearsal counts.
        """
        fitting = [exchange for exchange in self.exchanges if _fits(exchange, asked)]
        if not fitting or digest(asked) in self.answers:
            return None
        return digest(max(reversed(fitting), key=lambda exchange: _nearness(exchange.prompt, asked)).prompt)


def _fits(exchange: Exchange, asked: RecordedPrompt) -> bool:
    """After more rounds of tools than in the rehearsal only an answer without calls fits, so that the rounds end."""
    (recorded, rounds), (words, done) = _key(exchange.prompt), _key(asked)
    offered = {tool.removeprefix("function:") for tool in asked.tools}
    calls = {call.name for call in exchange.tool_calls}
    return recorded == words and ((rounds == done and calls <= offered) or (rounds < done and not calls))


def _key(prompt: RecordedPrompt) -> tuple[list[object], int]:
    """Return the person's messages in order, and the number of rounds of tools since the last one."""
    words, rounds = list[object](), 0
    for turn in prompt.messages:
        if turn.role == "user":
            words.append(turn.content)
            rounds = 0
        else:
            rounds += bool(turn.tool_calls)
    return words, rounds


def _nearness(recorded: RecordedPrompt, asked: RecordedPrompt) -> tuple[int, int]:
    fields = ("instructions", "tools", "tool_choice", "response_format", "model")
    return _key(recorded)[1], sum(getattr(recorded, name) == getattr(asked, name) for name in fields)
