"""Faults of a model that are set on purpose: for lessons about errors, and for tests.

    Faulty(Scripted("Hello."), Fault("cut_off", after_deltas=1))
    POST /v1/lab/faults {"kind": "rate_limit", "at_call": 2}

A fault strikes once: at the n-th call after it was set, whoever makes the call.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..errors import ModelError, Unanswered
from ..params.lab import FaultKind
from .base import Delta, Finish, Model, Prompt, ToolCallDelta

_ON_ORDER = "It is no real failure: it was set as a fault, and will not strike again."


@dataclass(frozen=True, slots=True)
class Fault:
    """`Fault("slow", at_call=2, delay_s=5)`: the second call from now takes five seconds longer."""

    kind: FaultKind
    at_call: int = 1
    """Which call it strikes: 1 is the next one."""
    delay_s: float = 1
    """For `slow`: how much later the answer begins."""
    after_deltas: int = 1
    """For `cut_off`: how many deltas still come."""

    def __post_init__(self) -> None:
        if self.at_call < 1 or self.delay_s < 0 or self.after_deltas < 0:
            raise ValueError(f"{self}: calls are counted from 1 on, seconds and deltas from 0 on")

    def strike(self, answer: Iterator[Delta]) -> Iterator[Delta]:
        """Yield an answer with the fault in it."""
        match self.kind:
            case "rate_limit":
                raise ModelError(f"The model's rate limit was reached. {_ON_ORDER}", "rate_limit_exceeded")
            case "server_error":
                raise ModelError(f"The model's server had an error. {_ON_ORDER}")
            case "slow":
                time.sleep(self.delay_s)
                yield from answer
            case "cut_off":
                yield from _cut_off(answer, self.after_deltas)
            case "malformed_arguments":
                yield from _without_last_characters(answer)


class Faulty:
    """A model with faults, which can be set and cleared while it is in use. Without faults it only passes deltas on."""

    def __init__(self, model: Model, *faults: Fault) -> None:
        self.inner, self.name, self._faults = model, model.name, list(faults)
        self._lock = threading.Lock()

    def around(self, model: Model) -> "Faulty":
        """Return another model with the same faults: each still strikes once, whoever of the two is asked."""
        other = Faulty(model)
        other._faults, other._lock = self._faults, self._lock
        return other

    @property
    def models(self) -> Sequence[str]:
        return self.inner.models

    @property
    def may_begin_anew(self) -> bool:
        """Whether an answer may be taken back, and another one begin."""
        return getattr(self.inner, "may_begin_anew", False)

    def provenance(self) -> str:
        return self.inner.provenance()

    @property
    def faults(self) -> list[Fault]:
        """The faults that have not struck. Their `at_call` counts from now."""
        return list(self._faults)

    def set(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        answer = self.inner.ask(prompt)
        if not self._faults:
            yield from answer
            return
        due = self._due()
        for fault in due:
            answer = fault.strike(answer)
        try:
            for delta in answer:
                yield _told(delta, due)
        except Unanswered:
            self._take_back(due)
            raise

    def _due(self) -> list[Fault]:
        """Count a call. Removes the faults that strike it, and returns them."""
        with self._lock:
            due = [fault for fault in self._faults if fault.at_call == 1]
            self._faults[:] = [replace(fault, at_call=fault.at_call - 1) for fault in self._faults if fault.at_call > 1]
        return due

    def _take_back(self, due: list[Fault]) -> None:
        """Undo `_due`: the person who answers has not answered yet."""
        with self._lock:
            self._faults[:] = [*due, *(replace(fault, at_call=fault.at_call + 1) for fault in self._faults)]


def _told(delta: Delta, faults: Sequence[Fault]) -> Delta:
    """Name the faults in the provenance, for the journal."""
    if not (faults and isinstance(delta, Finish)):
        return delta
    return replace(delta, provenance={**delta.provenance, "faults": [fault.kind for fault in faults]})


def _cut_off(answer: Iterator[Delta], after_deltas: int) -> Iterator[Delta]:
    for n, delta in enumerate(answer):
        if n == after_deltas or isinstance(delta, Finish):
            raise ModelError(f"The model's answer was cut off after {n} deltas. {_ON_ORDER}")
        yield delta


def _without_last_characters(answer: Iterator[Delta]) -> Iterator[Delta]:
    """Cut the last character off the arguments of each call: `{"city": "Rome"` is no JSON."""
    held: ToolCallDelta | None = None
    for delta in answer:
        if held and isinstance(delta, ToolCallDelta) and delta.index == held.index:
            yield held
        elif held:
            yield replace(held, arguments=held.arguments.rstrip()[:-1])
        held = delta if isinstance(delta, ToolCallDelta) else None
        if held is None:
            yield delta
