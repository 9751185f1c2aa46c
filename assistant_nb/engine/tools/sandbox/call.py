"""One call of a kernel: code goes in, messages come out, and somebody looks at the clock, the memory and the disk."""

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .limits import Limits
from .outputs import Outputs

if TYPE_CHECKING:
    from .process import Message, Process

_TICK_S: Final = 0.05
_GRACE_S: Final = 2
"""What interrupted code has to come to an end in."""
_STRAGGLERS_S: Final = 0.5
"""How long the other is waited for when one of shell and iopub has said that the call is over."""


class Call:
    """Use it once. `look` tells what there is too much of, if anything."""

    def __init__(self, process: "Process", outputs: Outputs, look: Callable[[], str | None]) -> None:
        self._process, self._outputs, self._look = process, outputs, look
        self._request, self._error = "", dict[str, Any]()
        self._over: dict[str, float] = {}
        """Which channels have said that the call is over, and when."""

    def run(self, code: str, limits: Limits, interrupted: threading.Event) -> bool:
        """Returns when the code has ended; False if nothing but the end of the kernel ends it."""
        self._request = self._process.execute(code)
        deadline, patience, next_look = time.monotonic() + limits.call_s, math.inf, 0.0
        while not self._is_over():
            for message in self._process.messages(_TICK_S):
                self._take(message)
            now = time.monotonic()
            if now > next_look:
                if why := self._process.died() or self._look():
                    self._outputs.say(why)
                    return False
                next_look = time.monotonic() + _TICK_S
            if now > patience:
                return False
            if patience == math.inf and (why := self._enough(limits, interrupted, now > deadline)):
                self._outputs.say(why)
                self._process.interrupt()
                patience = now + _GRACE_S
        if self._error and not self._outputs.failed:  # its message was lost in a flood
            self._outputs.show("error", self._error)
        return True

    def _enough(self, limits: Limits, interrupted: threading.Event, late: bool) -> str | None:
        if interrupted.is_set():
            return "The call was cancelled."
        if self._outputs.over:
            most = size(limits.output_bytes)
            return f"The output is longer than {most}: the rest is left out, and the call was interrupted."
        return f"The call took longer than {limits.call_s:g} s and was interrupted." if late else None

    def _take(self, message: "Message") -> None:
        if message.parent != self._request:
            return
        if message.channel == "iopub":
            self._outputs.show(message.kind, message.content)
        if message.kind == "execute_reply":
            self._error = message.content if message.content.get("status") == "error" else {}
            self._over.setdefault("shell", time.monotonic())
        elif message.kind == "status" and message.content.get("execution_state") == "idle":
            self._over.setdefault("iopub", time.monotonic())

    def _is_over(self) -> bool:
        return len(self._over) == 2 or any(time.monotonic() > at + _STRAGGLERS_S for at in self._over.values())


def size(n: int) -> str:
    """`size(2**21)` is `"2 MB"`."""
    return f"{n / 2**30:g} GB" if n >= 2**30 else f"{n / 2**20:.3g} MB"
