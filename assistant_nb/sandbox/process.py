"""One running kernel: how its process is started, held still and ended, and the lines to it. The home of psutil.

Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import cache
from subprocess import DEVNULL, PIPE, TimeoutExpired
from typing import Final

import psutil

from .channels.line import Address, Line, has_unix_sockets, wait
from .channels.messages import Message, TooMuch, message, request
from .channels.zmtp import Kind
from .errors import KernelError
from .launch import Launch, launch
from .limits import Limits, Room

START_S: Final = 60
_GOODBYE_S: Final = 1
_TICK_S: Final = 0.01
_READ_BYTES: Final = 16 * 2**20
"""A larger message is not read. Reading it would take long, and other threads would wait meanwhile."""
_MOST_BYTES: Final = 128 * 2**20
"""The most that a kernel may send in one execution. A kernel that sends more is ended."""

_HOST: Final = "127.0.0.1"
_CHANNELS: Final = ("shell", "iopub", "stdin", "control", "hb")
_SPOKEN: Final[dict[str, Kind]] = {"shell": "DEALER", "iopub": "SUB", "control": "DEALER"}
"""The channels that are connected, each with the kind of our socket. Nothing listens to the others."""
_SUBSCRIPTION: Final = b"\x01"  # to everything; the kernel answers with a welcome
_COMMAND: Final = [
    sys.executable,
    "-P",  # the kernel must not import a file of the code in place of its own
    *("-m", "ipykernel_launcher"),
    # otherwise the output says that the first plot takes a while
    "--IPKernelApp.exec_lines=__import__('logging').getLogger('matplotlib.font_manager').setLevel('ERROR')",
    *("--log-level=CRITICAL", "--HistoryManager.enabled=False", "--InteractiveShell.colors=nocolor"),
]


class Process:
    """A running kernel. One thread at a time may use it."""

    def __init__(self, room: Room, limits: Limits, layers: Sequence[str]) -> None:
        """Start the kernel and wait until it listens. Raises KernelError."""
        self._key = secrets.token_hex()
        self._unix_path = str(room.connection / "k-ipc") if has_unix_sockets() else ""
        self._ports = dict(zip(_CHANNELS, range(1, 6) if self._unix_path else _free_ports(), strict=True))
        self._lines: dict[str, Line] = {}
        self._received_before = 0
        """The bytes that had come when the execution began."""
        self.flooded = False
        """True if a message of the execution was too large or too costly to read."""
        connection = room.connection / "k.json"
        connection.touch(0o600)
        connection.write_text(json.dumps(self._connection()), encoding="utf-8")
        try:
            self._process, how = _start([*_COMMAND, "-f", str(connection)], room, limits, layers)
        except OSError as error:
            raise KernelError(f"The kernel for code does not start ({error}).") from None
        self.data_path = how.data_path
        self.owner = how.owner
        """The user that owns the files in its room. None: the engine's user."""
        try:
            self._await_ready()
        except BaseException:
            self.close()
            raise
        self.tree = Tree(self._process.pid)

    @property
    def received_bytes(self) -> int:
        """The bytes that have come since the kernel started, also those of messages that are not complete."""
        return sum(line.received_bytes for line in self._lines.values())

    def execute(self, code: str) -> str:
        """Send code. Returns the id that the answering messages name as their parent."""
        self.flooded, self._received_before = False, self.received_bytes
        choices = {"silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False}
        return self._send("shell", "execute_request", {"code": code, "user_expressions": {}, **choices})

    def interrupt(self) -> str:
        """Ask for a KeyboardInterrupt in the running code. Returns the id of the request.

        The kernel answers after the interrupt. Wait for the answer, or the interrupt could hit the next execution.
        """
        return self._send("control", "interrupt_request", {})

    def messages(self, timeout_s: float) -> Iterator[Message]:
        """Wait up to `timeout_s`, then yield at most one message of each channel, so that no flood blocks."""
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
        """Return how it ended, as a sentence. None while it runs and its messages can be read."""
        if self.received_bytes - self._received_before > _MOST_BYTES:
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
        """End the process. Returns when nothing of it is left."""
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

    def _connection(self) -> dict[str, str | int]:
        """Return the content of the connection file."""
        way, place = ("ipc", self._unix_path) if self._unix_path else ("tcp", _HOST)
        ports = {f"{channel}_port": port for channel, port in self._ports.items()}
        return {"transport": way, "ip": place, "key": self._key, "signature_scheme": "hmac-sha256", **ports}

    def _address(self, channel: str) -> Address:
        port = self._ports[channel]
        return f"{self._unix_path}-{port}" if self._unix_path else (_HOST, port)

    def _send(self, channel: str, kind: str, content: Mapping[str, object]) -> str:
        id, frames = request(kind, content, self._key.encode())
        self._lines[channel].send(frames)
        return id

    def _await_ready(self) -> None:
        """Wait until the kernel answers and its published messages arrive."""
        end, heard = time.monotonic() + START_S, set[str]()
        for channel, kind in _SPOKEN.items():
            while channel not in self._lines:
                try:
                    self._lines[channel] = Line(self._address(channel), kind, _READ_BYTES)
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


def _start(
    command: Sequence[str], room: Room, limits: Limits, layers: Sequence[str]
) -> tuple["subprocess.Popen[bytes]", Launch]:
    """Start a kernel in a room. The user that it runs as becomes the owner of the room. Raises OSError.

    Linux tells a child that its parent has died when the *thread* that started it ends. A kernel that a run's thread
    started would end with the run. So one thread starts all kernels, and ends with this process.
    """
    how = launch(command, room, limits, layers)
    if how.owner is not None:
        for folder in (room.scratch, room.temp, room.connection):
            _give(folder, how.owner)
    env = how.env | {"PYTHONHASHSEED": "0"}  # sets print in the same order everywhere: lessons show them
    if not layers and os.name == "posix":  # with layers, the launcher ends the kernel; on Windows it is no number
        env["JPY_PARENT_PID"] = str(os.getpid())

    def started() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  our own words
            how.argv, cwd=room.scratch, env=env, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, start_new_session=True
        )

    return _keeper().submit(started).result(), how


def _free_ports() -> list[int]:
    """Return a port for each channel. Another program could take one before the kernel does; then it does not start."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((_HOST, 0))) for _ in _CHANNELS]
        return [one.getsockname()[1] for one in sockets]


def _give(folder: os.PathLike[str], owner: int) -> None:
    """Change the owner of a folder and its contents, while no kernel runs there."""
    for path, _, names in os.walk(folder):
        for name in ("", *names):
            os.chown(os.path.join(path, name), owner, owner, follow_symlinks=False)  # noqa: PTH118


@cache
def _keeper() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="kernels")


if hasattr(os, "register_at_fork"):  # a forked process does not have the thread; Windows does not fork
    os.register_at_fork(after_in_child=_keeper.cache_clear)


class Tree:
    """A process and its children."""

    def __init__(self, pid: int) -> None:
        """Find the processes; none if the process has ended."""
        self._all: list[psutil.Process] = []  # children first
        with suppress(psutil.Error):
            root = psutil.Process(pid)
            self._all = [*reversed(root.children(recursive=True)), root]

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._all]

    def pause(self) -> None:
        """Stop all of them until `resume`."""
        for process in self._all:
            with suppress(psutil.Error):
                process.suspend()

    def resume(self) -> None:
        for process in self._all:
            with suppress(psutil.Error):
                process.resume()

    def kill(self) -> None:
        """End the inner processes. The outer one, bubblewrap, then cleans up and ends by itself."""
        for process in self._all[:-1] or self._all:
            with suppress(psutil.Error):
                process.kill()
        self.resume()

    def memory_bytes(self) -> int:
        """Return the bytes that they take in main memory."""
        total = 0
        for process in self._all:
            with suppress(psutil.Error):
                total += process.memory_info().rss
        return total
