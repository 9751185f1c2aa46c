"""Two models for the stage: the second answers when the first one fails or is silent.

The first answer is streamed as it comes. If it breaks off in the middle, an `Anew` says so. The half answer is then
removed from the thread. Otherwise the reader and the next prompt would find two answers mixed, and a recording would
not know that dialogue. The run's journal keeps the half answer, and a failed step says why.
"""

import math
import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..errors import ModelError, Unanswered
from .base import Anew, Delta, Finish, Model, Prompt

STALL_S: Final = 10.0
"""How long the first model may be silent, by default."""


class Fallback:
    """`Fallback(live, recorded, stall_s=5)`: `second` answers when `first` raises, or is silent for `stall_s` seconds.

    `stall_s=None` is for a `first` that is never silent for long, such as a recording: it may take its time.
    A thread of its own reads `first` and ends with the answer. Python cannot end a thread that waits. So after a
    silence it ends with the next delta of `first`, or with the time-out of `first`.
    """

    may_begin_anew = True
    """Whether an answer may be taken back. Models that never do so have no such attribute."""

    def __init__(self, first: Model, second: Model, stall_s: float | None = STALL_S) -> None:
        if stall_s is not None:
            check_stall(stall_s)
        self.first, self.second, self.stall_s = first, second, stall_s
        self.name = f"{first.name}, else {second.name}"

    @property
    def models(self) -> Sequence[str]:
        return list(dict.fromkeys([*self.first.models, *self.second.models]))

    def provenance(self) -> str:
        first, second = self.first.provenance(), self.second.provenance()
        silence = f" or is silent for {self.stall_s:g} s" if self.stall_s else ""
        return f"{first}; when that fails{silence}: {second}"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        spoken = False
        try:
            answer = self.first.ask(prompt)
            for delta in _unless_silent(answer, self.stall_s) if self.stall_s else answer:
                yield delta
                if isinstance(delta, Finish):
                    return
                spoken = True
            raise ModelError("it stopped in the middle of its answer")
        except (Unanswered, GeneratorExit):
            raise
        except Exception as error:  # noqa: BLE001  on a stage a bug is as bad as a broken network
            told = str(error).partition("\n")[0] if isinstance(error, ModelError | _Stalled) else repr(error)
            why = f"{self.first.name}: {told}"
            code = error.code if isinstance(error, ModelError) else "server_error"
        if spoken:
            yield Anew(why)
        try:
            for delta in self.second.ask(prompt):
                if isinstance(delta, Finish):
                    delta = replace(delta, provenance={**delta.provenance, "instead_of": why})
                yield delta
        except ModelError as error:
            end = "" if why.endswith((".", "?", "!")) else "."
            raise ModelError(f"{why}{end} The fallback has no answer, either. {error}", code) from error


def check_stall(stall_s: object) -> None:
    """Raise ValueError unless this is a time to wait, in seconds."""
    if not (isinstance(stall_s, int | float) and 0 < stall_s < math.inf):
        raise ValueError(f"stall_s={stall_s!r} is no time to wait. Use a number of seconds above 0.")


class _Stalled(Exception):
    """The first model was silent for too long."""


_Heard = queue.SimpleQueue[Delta | Exception | None]
"""Deltas, then what ended them: an error, or None."""


def _unless_silent(deltas: Iterator[Delta], stall_s: float) -> Iterator[Delta]:
    """Yield the same deltas. Raises _Stalled if one takes longer than `stall_s`; then `deltas` is read no more."""
    heard: _Heard = queue.SimpleQueue()
    left = threading.Event()
    listener = threading.Thread(target=_listen, args=(deltas, heard, left), name="assistant_nb fallback", daemon=True)
    try:
        listener.start()
    except RuntimeError:  # no threads, as in a browser's Python: then silence is not noticed
        yield from deltas
        return
    try:
        while (delta := _next(heard, stall_s)) is not None:
            yield delta
    finally:
        left.set()


def _next(heard: _Heard, stall_s: float) -> Delta | None:
    try:
        delta = heard.get(timeout=stall_s)
    except queue.Empty:
        raise _Stalled(f"nothing came for {stall_s:g} s") from None
    if isinstance(delta, Exception):
        raise delta
    return delta


def _listen(deltas: Iterator[Delta], heard: _Heard, left: threading.Event) -> None:
    """Pass deltas on until `left` is set, then close their generator, and with it its connection."""
    end: Exception | None = None
    try:
        for delta in deltas:
            if left.is_set():
                break
            heard.put(delta)
    except Exception as error:  # noqa: BLE001  it is raised where the deltas are read
        end = error
    finally:
        if isinstance(deltas, Generator):
            deltas.close()
        heard.put(end)
