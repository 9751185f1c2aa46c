"""One execution of code in a kernel. Code goes in, messages come out, and the limits are checked meanwhile."""

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .limits import DATA_PATH, Limits
from .outputs import Outputs

if TYPE_CHECKING:
    from .channels.messages import Message
    from .process import Process

LOST: Final = (
    "The kernel was ended, and the next call starts a new one: variables and imports are gone,"
    f" the files in {DATA_PATH} are still there."
)
_TICK_S: Final = 0.05
_GRACE_S: Final = 2
"""How long interrupted code may take to end."""
_STRAGGLERS_S: Final = 0.5
"""Both shell and iopub say that the execution is over. When one of them has, and nothing comes for this time, it is.

While something comes, a message may be under way that is too large to come at once. It belongs to this execution.
"""


class Execution:
    """Use it once."""

    def __init__(
        self,
        process: "Process",
        outputs: Outputs,
        limits: Limits,
        interrupted: threading.Event,
        excess: Callable[[], str | None],
    ) -> None:
        """`interrupted` may be set at any time. `excess` returns a sentence when the code takes too much."""
        self._process, self._outputs, self._limits = process, outputs, limits
        self._interrupted, self._excess = interrupted, excess
        self._request, self._interrupt = "", ""
        self._error: Message | None = None
        self._exits = False
        self._over = set[str]()
        """The channels that have said that the execution is over."""
        self._received_bytes, self._silent_since = 0, 0.0
        self.was_interrupted = False
        self.why: str | None = None
        """Why the code was interrupted or ended, as a sentence."""

    def run(self, code: str) -> bool:
        """Return when the code has ended: True, or False if the kernel must be ended to stop the code."""
        self._request = self._process.execute(code)
        deadline, patience, next_look = time.monotonic() + self._limits.call_s, math.inf, 0.0
        while not self._is_over():
            for message in self._process.messages(_TICK_S):
                self._take(message)
            now = time.monotonic()
            if now > next_look:
                if why := self._process.died() or self._excess():
                    self.why = why
                    return False
                next_look = time.monotonic() + _TICK_S
            if now > patience:
                return False
            if patience == math.inf and (why := self._enough(now > deadline)):
                self.why = why
                self._interrupt, self.was_interrupted = self._process.interrupt(), True
                patience = now + _GRACE_S
        if self.why is None and self._too_long():
            self.why = f"{self._too_long()}."
        if self._error and not self._outputs.failed:  # its message was lost in a flood
            self._outputs.show("error", self._error.content)
        if self._exits:
            self.why = "The code called exit()."
        return not self._exits

    def _enough(self, late: bool) -> str | None:
        if self._interrupted.is_set():
            return "The call was cancelled."
        if too_long := self._too_long():
            return f"{too_long}, and the code was interrupted."
        return f"The call took longer than {self._limits.call_s:g} s and was interrupted." if late else None

    def _too_long(self) -> str:
        over = self._outputs.over or self._process.flooded
        return f"The output is longer than {size(self._limits.output_bytes)}: the rest is left out" if over else ""

    def _take(self, message: "Message") -> None:
        if message.parent == self._interrupt:
            self._interrupt = ""
        if message.parent != self._request:
            return
        if message.channel == "iopub":
            self._outputs.show(message.kind, message.content)
        if message.kind == "execute_reply":
            self._error = message if message.content.get("status") == "error" else None
            self._exits = "ask_exit" in str(message.content.get("payload"))
            self._over.add("shell")
        elif message.kind == "status" and message.content.get("execution_state") == "idle":
            self._over.add("iopub")

    def _is_over(self) -> bool:
        if self._interrupt:
            return False
        if (came := self._process.received_bytes) != self._received_bytes:
            self._received_bytes, self._silent_since = came, time.monotonic()
        silent = time.monotonic() > self._silent_since + _STRAGGLERS_S
        return len(self._over) == 2 or (bool(self._over) and silent)


def size(n: float) -> str:
    """`size(2**21)` is `"2 MB"`."""
    for unit in ("bytes", "KB", "MB"):
        if n < 1024:
            return f"{n:.4g} {unit}"
        n /= 1024
    return f"{n:.4g} GB"
