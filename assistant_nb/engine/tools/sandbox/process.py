"""One running kernel, and the line to it. The home of jupyter_client, with `provisioner`.

Jupyter's own clients wait by an asyncio loop for each message; here the sockets are polled themselves.

Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

import logging
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from subprocess import TimeoutExpired
from typing import Any, Final

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from ...errors import KernelError
from .limits import Limits, Room
from .processes import Tree
from .provisioner import Contained, lasting

START_S: Final = 60
_GOODBYE_S: Final = 1
_MESSAGES: Final = 8
"""So many wait on this side at most, some more in the kernel; the rest is lost, and the shell's reply still comes."""
_MOST_BYTES: Final = 128 * 2**20
"""Of a message. A larger one is not taken from the line, which breaks by that."""
_READ_BYTES: Final = 16 * 2**20
"""A larger message is not read: that would take long, and other threads would wait meanwhile."""

_SPEC: Final = KernelSpec(
    argv=[
        sys.executable,
        "-P",  # a file of the code's is not imported in place of the kernel's
        *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
        # it would say in a call's output that the first plot takes a while
        "--IPKernelApp.exec_lines=__import__('logging').getLogger('matplotlib.font_manager').setLevel('ERROR')",
        *("--log-level=CRITICAL", "--HistoryManager.enabled=False", "--InteractiveShell.colors=nocolor"),
    ],
    display_name="Code interpreter",
    language="python",
    interrupt_mode="message",
)
_log: Final = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # what goes wrong is raised as well
_log.propagate = False  # what jupyter_client has to say is in the errors it raises
_log.addHandler(logging.NullHandler())


class _Manager(KernelManager):
    @property
    def kernel_spec(self) -> KernelSpec:
        return _SPEC


@dataclass(frozen=True, slots=True)
class Message:
    channel: str
    """`shell`, `iopub` or `control`."""
    kind: str
    """Such as `stream`."""
    parent: str
    """The id of the request that it belongs to."""
    content: dict[str, Any]


class Process:
    """Used by one thread at a time, not always the same."""

    def __init__(self, room: Room, limits: Limits, layers: Sequence[str]) -> None:
        """Starts the kernel and waits until it listens. Raises KernelError, NotContained."""
        self._context = zmq.Context()
        self._context.setsockopt(zmq.RECONNECT_IVL, 10)  # ms; we connect before the kernel listens
        self._context.setsockopt(zmq.MAXMSGSIZE, _MOST_BYTES)
        self._context.setsockopt(zmq.RCVHWM, _MESSAGES)
        self._context.setsockopt(zmq.LINGER, 0)
        self._manager = _Manager(
            transport="ipc", connection_file=str(room.connection / "k.json"), context=self._context, log=_log
        )
        self._provisioner = Contained(kernel_spec=_SPEC, parent=self._manager)
        self._provisioner.room, self._provisioner.limits, self._provisioner.layers = room, limits, layers
        self._manager.provisioner = self._provisioner
        self._client: BlockingKernelClient | None = None
        self._tree: Tree | None = None
        self._monitors: list[zmq.Socket[bytes]] = []
        self.flooded = False
        """Whether a message of the call was too large to be read."""
        try:
            lasting(self._manager.start_kernel)
            self._client = self._manager.client(context=self._context)
            self._client.start_channels(stdin=False, hb=False)
            self._sockets = {
                "shell": self._client.shell_channel.socket,
                "iopub": self._client.iopub_channel.socket,
                "control": self._client.control_channel.socket,
            }
            self._await_ready()
            self._monitors = [socket.get_monitor_socket(zmq.EVENT_DISCONNECTED) for socket in self._sockets.values()]
        except BaseException:
            self.close()
            raise

    @property
    def data_path(self) -> str:
        return self._provisioner.data_path

    @property
    def owner(self) -> int | None:
        """The user to whom the files in its room belong; None: ours."""
        return self._provisioner.owner

    @property
    def tree(self) -> Tree:
        assert self._tree
        return self._tree

    def execute(self, code: str) -> str:
        """Send code; the id by which the messages that answer name their parent."""
        self.flooded = False
        return str(self._line.execute(code, store_history=True, allow_stdin=False, stop_on_error=False))

    def interrupt(self) -> str:
        """Ask for a KeyboardInterrupt in the running code; the id of the request.

        Once that is answered there will be none any more, so that none strikes the next call.
        """
        request = self._line.session.msg("interrupt_request", {})
        self._line.control_channel.send(request)
        return str(request["header"]["msg_id"])

    def messages(self, timeout_s: float) -> Iterator[Message]:
        """What has come; waits for the first as long as this. At most one a channel, so that floods hold nobody."""
        poller = zmq.Poller()
        for socket in self._sockets.values():
            poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(int(timeout_s * 1000)))
        for channel, socket in self._sockets.items():
            if socket in ready and (message := self._received(channel)):
                yield message

    def died(self) -> str | None:
        """How it ended, in words; None while it runs."""
        process = self._provisioner.process
        if process is None:
            return None
        broken = any(monitor.poll(0) for monitor in self._monitors)
        with suppress(TimeoutExpired):
            code = process.wait(_GOODBYE_S if broken else 0)
            return (
                f"The kernel died of {signal.Signals(-code).name}."
                if code < 0
                else f"The kernel ended itself (exit code {code})."
            )
        return f"The code sent more than {_MOST_BYTES // 2**20} MB at once." if broken else None

    def close(self) -> None:
        """Returns when nothing of the process is left."""
        process = self._provisioner.process
        if process:
            if process.poll() is None:
                Tree(process.pid).kill()
            try:
                process.wait(_GOODBYE_S)
            except TimeoutExpired:
                process.kill()
                process.wait()
            if process.stderr:
                process.stderr.close()
        if self._client:
            self._client.stop_channels()
        self._context.destroy(linger=0)

    @property
    def _line(self) -> BlockingKernelClient:
        assert self._client
        return self._client

    def _received(self, channel: str) -> Message | None:
        """None for what is no message: the code can write on the line, too."""
        try:
            frames = self._sockets[channel].recv_multipart(zmq.NOBLOCK)
            if sum(map(len, frames)) > _READ_BYTES:
                self.flooded = True
                return None
            _, frames = self._line.session.feed_identities(frames)
            message = self._line.session.deserialize(frames)
            kind, parent, content = message["msg_type"], message["parent_header"].get("msg_id"), message["content"]
        except Exception:  # noqa: BLE001  anything at all, deep enough to exhaust the parser
            return None
        return Message(channel, kind, str(parent), content) if isinstance(content, dict) else None

    def _await_ready(self) -> None:
        """Until it answers, and what it publishes arrives."""
        end, heard = time.monotonic() + START_S, set[str]()
        self._line.kernel_info()
        while heard != {"shell", "iopub"}:
            came = {message.channel for message in self.messages(0.05)}
            if not came and "shell" in heard:  # it answered before it knew that we listen
                heard.clear()
                self._line.kernel_info()
            heard |= came
            if self.died() or time.monotonic() > end:
                raise KernelError(f"The kernel for code does not start ({self._last_words()}).")
        process = self._provisioner.process
        assert process
        self._tree = Tree(process.pid)

    def _last_words(self) -> str:
        process = self._provisioner.process
        if process is None or process.stderr is None or process.poll() is None:
            return f"it does not answer within {START_S} s"
        text = process.stderr.read().decode("utf-8", "replace").strip()
        return text.splitlines()[-1] if text else f"exit code {process.returncode}"
