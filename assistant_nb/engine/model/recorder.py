"""Keep a model's answers in a recording: the answers of real endpoints and of people, and no others.

A new answer to a known prompt replaces the old exchange. An equal answer does not. So a recording that is made again
differs only where the answers differ.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from ..errors import ModelError, RecordingError
from ..parts import Provenance as Origin
from .base import Anew, Delta, Finish, Model, Prompt, TextDelta, ToolCallDelta
from .recorded import (
    Exchange,
    Provenance,
    RecordedCall,
    RecordedPrompt,
    RecordedUsage,
    Recording,
    normal,
    numbers,
    read,
    write,
)

_KEPT: Final[dict[str, Literal["recorded", "authored"]]] = {"live": "recorded", "authored": "authored"}
"""The kinds of answers that are kept, each with its name in a recording."""

_WRITING: Final = threading.Lock()
"""Several engines of a process may write one file."""


class Recorder:
    """Answers as `model` does, and adds each exchange to the file `path`.

    `title` names a new file. Raises RecordingError for a file that is none, or that cannot be written.
    """

    def __init__(self, model: Model, path: Path, title: str | None = None) -> None:
        self._model, self._path = model, path
        self._title = title or path.stem
        self.name = model.name
        if path.exists():
            read(path)
        else:
            write(path, self._so_far())

    @property
    def models(self) -> Sequence[str]:
        return self._model.models

    def provenance(self) -> str:
        return f"{self._model.provenance()}, kept in {self._path.name}"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        asked, taken = normal(prompt), _Taken()
        for delta in self._model.ask(prompt):
            if isinstance(delta, Finish):
                self._keep(taken.exchange(asked, prompt.number, delta))
            elif isinstance(delta, Anew):
                taken = _Taken()
            else:
                taken.hear(delta)
            yield delta

    def _keep(self, exchange: Exchange | None) -> None:
        if exchange is None:
            return
        try:
            with _WRITING:
                title, exchanges = self._so_far()
                write(self._path, Recording(title, _with(exchanges, exchange)))
        except RecordingError as error:
            raise ModelError(f"The answer came, but was not kept. {error} See to that, then ask again.") from error

    def _so_far(self) -> Recording:
        """Read the file each time: a person or another engine may have changed it."""
        return read(self._path) if self._path.exists() else Recording(self._title, [])


class _Taken:
    """An answer and its times."""

    def __init__(self) -> None:
        self._began = self._first = time.monotonic()
        self._text: list[str] = []
        self._refuses = False
        self._calls: list[tuple[str, list[str]]] = []

    def hear(self, delta: TextDelta | ToolCallDelta) -> None:
        if not (self._text or self._calls):
            self._first = time.monotonic()
        if isinstance(delta, TextDelta):
            self._text.append(delta.text)
            self._refuses = delta.refuses
            return
        if delta.index == len(self._calls):
            self._calls.append((delta.name or "", []))
        self._calls[delta.index][1].append(delta.arguments)

    def exchange(self, asked: RecordedPrompt, number: int, finish: Finish) -> Exchange | None:
        """Return the exchange to keep. None if neither an endpoint nor a person gave the answer."""
        if (origin := _KEPT.get(finish.provenance["answer"])) is None:
            return None
        usage = None
        if finish.prompt_tokens is not None and finish.completion_tokens is not None:
            usage = RecordedUsage(prompt_tokens=finish.prompt_tokens, completion_tokens=finish.completion_tokens)
        exchange = Exchange(
            prompt=asked,
            number=number,
            answer="".join(self._text),
            refuses=self._refuses,
            tool_calls=[RecordedCall(name=name, arguments="".join(pieces)) for name, pieces in self._calls],
            finish_reason=finish.reason,
            usage=usage,
            provenance=_provenance(origin, finish.provenance, counted=usage is not None),
        )
        return exchange.model_copy(update=self._pace(len(list(exchange.deltas()))))

    def _pace(self, n_deltas: int) -> dict[str, int]:
        """Spread the time evenly over the deltas in which the answer will be replayed."""
        wait_s, rest_s = self._first - self._began, time.monotonic() - self._first
        return {"wait_ms": round(1000 * wait_s), "pace_ms": round(1000 * rest_s / n_deltas)}


def _provenance(origin: Literal["recorded", "authored"], given: Origin, *, counted: bool) -> Provenance:
    return Provenance(
        answer=origin,
        usage="recorded" if counted else "estimated",
        model=given.get("model"),
        date=datetime.now(UTC).date().isoformat(),
        endpoint=given.get("endpoint"),
    )


def _with(exchanges: Sequence[Exchange], new: Exchange) -> Sequence[Exchange]:
    """Return the exchanges with a new one. It replaces the exchange with the same prompt and number.

    Answers to one prompt stand in the order of their numbers, whichever came first.
    """
    place = len(exchanges)
    for n, (old, (_, number)) in enumerate(zip(exchanges, numbers(exchanges), strict=True)):
        if old.prompt == new.prompt:
            if number == new.number:
                return exchanges if _said(old) == _said(new) else [*exchanges[:n], new, *exchanges[n + 1 :]]
            place = n + 1 if number < new.number else min(n, place)
    return [*exchanges[:place], new, *exchanges[place:]]


def _said(exchange: Exchange) -> tuple[object, ...]:
    return exchange.answer, exchange.tool_calls, exchange.finish_reason, exchange.usage
