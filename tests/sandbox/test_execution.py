"""When an execution is over, by what comes from the kernel."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from assistant_nb.sandbox import execution
from assistant_nb.sandbox.channels.messages import Message
from assistant_nb.sandbox.limits import Limits
from assistant_nb.sandbox.outputs import Outputs


class Slow:
    """A kernel that replies, and then takes long to publish: a message that is too large, and that it is idle."""

    def __init__(self, idle: bool) -> None:
        self.now_s, self.received_bytes, self.flooded, self._idle = 0.0, 0, False, idle

    def execute(self, code: str) -> str:
        return "1"

    def messages(self, timeout_s: float) -> Iterator[Message]:
        self.now_s += 0.3
        self.received_bytes += self.received_bytes < 8
        if self.received_bytes == 1:
            yield Message("shell", "execute_reply", "1", {"status": "ok"})
        self.flooded |= self.received_bytes == 7
        if self._idle and self.received_bytes == 8:
            yield Message("iopub", "status", "1", {"execution_state": "idle"})

    def died(self) -> None:
        return None

    def interrupt(self) -> str:
        return ""


@pytest.mark.parametrize("idle", [True, False])
def test_what_comes_slowly_belongs_to_the_execution_that_sent_it(monkeypatch: pytest.MonkeyPatch, idle: bool) -> None:
    kernel: Any = Slow(idle)
    monkeypatch.setattr(execution, "time", SimpleNamespace(monotonic=lambda: kernel.now_s))
    run = execution.Execution(kernel, Outputs(9), Limits(), threading.Event(), lambda: None)
    assert run.run("print()")
    assert kernel.flooded and "The output is longer than" in str(run.why)
