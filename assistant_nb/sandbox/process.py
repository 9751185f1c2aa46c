"""One running kernel, and the lines to it.

Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

import json
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from subprocess import TimeoutExpired
from typing import Any, Final

from ..engine.errors import KernelError
from .limits import Limits, Room
from .line import Line, wait
from .messages import Message, TooMuch, message, request
from .processes import Tree
from .starting import start
from .zmtp import Kind

START_S: Final = 60
_GOODBYE_S: Final = 1
_TICK_S: Final = 0.01
_READ_BYTES: Final = 16 * 2**20
"""A larger message is not read: that would take long, and other threads would wait meanwhile."""
_MOST_BYTES: Final = 128 * 2**20
"""Of all that a kernel says in one call. One that says more is ended."""

_CHANNELS: Final = ("shell", "iopub", "stdin", "control", "hb")
_SPOKEN: Final[dict[str, Kind]] = {"shell": "DEALER", "iopub": "SUB", "control": "DEALER"}
"""Those that are connected, and the kind of our socket. What is said on the others reaches nobody."""
_SUBSCRIPTION: Final = b"\x01"  # to everything; the kernel welcomes a subscriber
_COMMAND: Final = [
    sys.executable,
    "-P",  # a file of the code's is not imported in place of the kernel's
    *("-m", "ipykernel_launcher"),
    # it would say in a call's output that the first plot takes a while
    "--IPKernelApp.exec_lines=__import__('logging').getLogger('matplotlib.font_manager').setLevel('ERROR')",
    *("--log-level=CRITICAL", "--HistoryManager.enabled=False", "--InteractiveShell.colors=nocolor"),
]


class Process:
    """Used by one thread at a time, not always the same."""

    def __init__(self, room: Room, limits: Limits, layers: Sequence[str]) -> None:
        """Starts the kernel and waits until it listens. Raises KernelError."""
        self._key, self._address = secrets.token_hex(), str(room.connection / "k-ipc")
        self._lines: dict[str, Line] = {}
        self._received_before = 0
        """The bytes that had come when the call began."""
        self.flooded = False
        """Whether a message of the call was too large, or too costly, to be read."""
        connection = room.connection / "k.json"
        connection.touch(0o600)
        connection.write_text(json.dumps(self._connection()))
        try:
            self._process, how = start([*_COMMAND, "-f", str(connection)], room, limits, layers)
        except OSError as error:
            raise KernelError(f"The kernel for code does not start ({error}).") from None
        self.data_path = how.data_path
        self.owner = how.owner
        """The user to whom the files in its room belong; None: ours."""
        try:
            self._await_ready()
        except BaseException:
            self.close()
            raise
        self.tree = Tree(self._process.pid)

    def execute(self, code: str) -> str:
        """Send code; the id by which the messages that answer name their parent."""
        self.flooded, self._received_before = False, self._received_bytes
        choices = {"silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False}
        return self._send("shell", "execute_request", {"code": code, "user_expressions": {}, **choices})

    def interrupt(self) -> str:
        """Ask for a KeyboardInterrupt in the running code; the id of the request.

        Once that is answered there will be none any more, so that none strikes the next call.
        """
        return self._send("control", "interrupt_request", {})

    def messages(self, timeout_s: float) -> Iterator[Message]:
        """What has come; waits for the first as long as this. At most one a channel, so that floods hold nobody."""
        wait([*self._lines.values()], timeout_s)
        for channel, line in self._lines.items():
            if (frames := line.next()) is not None:
                try:
                    if not frames:
                        raise TooMuch
                    if came := message(channel, frames):
                        yield came
                except TooMuch:
                    self.flooded = True

    def died(self) -> str | None:
        """How it ended, in words; None while it runs, and can be understood."""
        if self._received_bytes - self._received_before > _MOST_BYTES:
            return f"The code sent more than {_MOST_BYTES // 2**20} MB in one call."
        broken = any(line.broken for line in self._lines.values())
        with suppress(TimeoutExpired):
            code = self._process.wait(_GOODBYE_S if broken else 0)
            return (
                f"The kernel died of {signal.Signals(-code).name}."
                if code < 0
                else f"The kernel ended itself (exit code {code})."
            )
        return "The code broke the connection to its kernel." if broken else None

    def close(self) -> None:
        """Returns when nothing of the process is left."""
        if self._process.poll() is None:
            Tree(self._process.pid).kill()
        try:
            self._process.wait(_GOODBYE_S)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stderr
        self._process.stderr.close()
        for line in self._lines.values():
            line.close()

    @property
    def _received_bytes(self) -> int:
        return sum(line.received_bytes for line in self._lines.values())

    def _connection(self) -> dict[str, Any]:
        """What the kernel is told."""
        ports = {f"{channel}_port": n for n, channel in enumerate(_CHANNELS, 1)}
        return {"transport": "ipc", "ip": self._address, "key": self._key, "signature_scheme": "hmac-sha256", **ports}

    def _path(self, channel: str) -> str:
        return f"{self._address}-{_CHANNELS.index(channel) + 1}"

    def _send(self, channel: str, kind: str, content: dict[str, Any]) -> str:
        id, frames = request(kind, content, self._key.encode())
        self._lines[channel].send(frames)
        return id

    def _await_ready(self) -> None:
        """Until it answers, and what it publishes arrives."""
        end, heard = time.monotonic() + START_S, set[str]()
        for channel, kind in _SPOKEN.items():
            while channel not in self._lines:
                try:
                    self._lines[channel] = Line(self._path(channel), kind, _READ_BYTES)
                except (FileNotFoundError, ConnectionRefusedError):
                    self._check_start(end)
                    time.sleep(_TICK_S)
        self._lines["iopub"].send([_SUBSCRIPTION])
        self._send("shell", "kernel_info_request", {})
        while heard != {"shell", "iopub"}:
            heard |= {message.channel for message in self.messages(_TICK_S)}
            self._check_start(end)

    def _check_start(self, end: float) -> None:
        if self.died() or time.monotonic() > end:
            raise KernelError(f"The kernel for code does not start ({self._last_words()}).")

    def _last_words(self) -> str:
        assert self._process.stderr
        if self._process.poll() is None:
            return f"it does not answer within {START_S} s"
        text = self._process.stderr.read().decode("utf-8", "replace").strip()
        return text.splitlines()[-1] if text else f"exit code {self._process.returncode}"
