"""A Jupyter kernel in which code of a model runs: contained, limited, and usable again whatever the code did.

Between calls it is stopped (SIGSTOP): what the code has left running in threads goes on with the next call only, and
while nobody watches, nothing is written, computed or sent. Its files are collected while it stands still.
"""

import os
import sysconfig
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..engine.errors import KernelError
from . import collect, disk, rooms
from .call import Call, size
from .collect import File as File
from .layers import layers
from .limits import MOST_INODES, Limits
from .outputs import DATA_PATH, Outputs, at_home
from .outputs import Image as Image
from .outputs import Logs as Logs

if TYPE_CHECKING:
    from .process import Process

_LOST: Final = (
    "The kernel was ended, and the next call starts a new one: variables and imports are gone,"
    f" the files in {DATA_PATH} are still there."
)
_REMOVED: Final = "All files that this call made or changed were removed."


@dataclass(frozen=True, slots=True)
class Executed:
    """What a call of `Kernel.execute` gave."""

    outputs: Sequence[Logs | Image]
    """In order; neighbouring texts are one."""
    files: Sequence[File]
    """Made or changed by the call."""


class Kernel:
    """`Kernel.start().execute("6 * 7").outputs` is `[Logs("42")]`.

    Used by one thread at a time; only `interrupt` and `close` may come from another. Close it; what is left open ends
    with this process, however that ends.
    """

    data_path: str
    """Where the code finds its files: `/mnt/data`, or the folder that stands for it (code that names `/mnt/data` is
    changed to that, and logs back)."""
    layers: Sequence[str]

    @classmethod
    def start(cls, limits: Limits | None = None, *, contained: bool = True) -> "Kernel":
        """Raises NotContained where nothing contains it, KernelError if it does not start.

        With `contained=False` it is started behind no walls at all: for code that a person has read and allowed.
        """
        return cls(limits or Limits(), layers() if contained else ())

    def __init__(self, limits: Limits, layers: Sequence[str]) -> None:
        if not (find_spec("ipykernel") and find_spec("psutil")):
            raise KernelError('Running code takes a Jupyter kernel: pip install "assistant_nb[code]"')
        self.layers, self._limits = layers, limits
        self._calls, self._interrupted, self._closed = threading.Lock(), threading.Event(), False
        self._quarters = rooms.furnish()
        self._running: list[Process] = []  # none, or one
        self._end = weakref.finalize(self, _end, self._running, self._quarters, os.getpid())
        self._seen: dict[str, collect.Stamp] = {}
        self._given_bytes = 0
        try:
            self.data_path = self._process().data_path
        except BaseException:
            self.close()
            raise

    def put(self, name: str, source: Path) -> None:
        """Let a file appear as `{data_path}/{name}`: a copy, over what has that name. Raises KernelError.

        It is no result of a call, unless the code changes it.
        """
        if {"", ".", ".."} & set(name.split("/")) or "\0" in name:
            raise KernelError(f"{name!r} is not the path of a file below {DATA_PATH}.")
        with self._calls:
            self._bury()
            owner, scratch = self._process().owner, self._quarters.room.scratch
            try:
                self._given_bytes += rooms.put(source, scratch, name, owner)
            except OSError as error:
                raise KernelError(f"The file {name!r} cannot be put before the kernel ({error.strerror}).") from None
            self._seen = collect.listing(scratch)

    def execute(self, code: str, interrupted: threading.Event | None = None) -> Executed:
        """Run code to its end, or to that of what it may use up, or until `interrupted` is set.

        Whatever it does, nothing is raised: errors, and words about limits it ran into, are `Logs` for the model to
        read. Raises KernelError if the kernel is closed, or no new one can be started.
        """
        with self._calls:
            outputs = Outputs(self._limits.output_bytes, self._shown_as())
            self._interrupted = interrupted or threading.Event()
            if why := self._bury():
                outputs.say(why)
            process = self._process()
            call = Call(process, outputs, self._limits, self._interrupted, self._excess)
            process.tree.resume()
            try:
                ended = call.run(at_home(code, self.data_path))
                if (
                    ended and call.was_interrupted
                ):  # perhaps after its end: then that strikes an empty call, not the next
                    nothing = Outputs(self._limits.output_bytes)
                    ended = Call(process, nothing, self._limits, threading.Event(), self._excess).run("")
            except BaseException:  # Ctrl-C
                self._stop()
                raise
            process.tree.pause()
            excess = self._excess() if ended else None
            for why in filter(None, (call.why, excess)):
                outputs.say(why)
            if excess or not ended:
                self._stop()
                outputs.say(_LOST)
            files = self._results(outputs)
            return Executed(outputs.all(), files)

    def interrupt(self) -> None:
        """From another thread: the running call ends soon. Nothing happens if none is running."""
        self._interrupted.set()

    def close(self) -> None:
        """End the process and remove its folders; a running call is interrupted first."""
        self._closed = True
        self._interrupted.set()
        with self._calls:
            self._end()

    def _process(self) -> "Process":
        """The one that runs, or a new one."""
        if self._closed:
            raise KernelError("This kernel is closed; start another one.")
        if not self._running:
            from .process import Process  # takes a while, and the extra `code`

            rooms.renew(self._quarters.room)
            self._running.append(Process(self._quarters.room, self._limits, self.layers))
            self._seen = collect.listing(self._quarters.room.scratch)  # a new owner is no change
        return self._running[0]

    def _bury(self) -> str | None:
        """If the process has died since the last call, that, in words."""
        if not any(process.died() for process in self._running):
            return None
        self._stop()
        return "The kernel has died since the last call. This is a new one: variables and imports are gone."

    def _stop(self) -> None:
        while self._running:
            self._running.pop().close()

    def _excess(self) -> str | None:
        """What the process takes too much of, in words."""
        [process] = self._running
        if process.tree.memory_bytes() > self._limits.memory_bytes:
            return f"The code took more than {size(self._limits.memory_bytes)} of memory."
        if self._disk_is_full():
            return f"The code wrote more than {size(self._limits.scratch_bytes)}, or more than {MOST_INODES:,} files."
        return None

    def _disk_is_full(self) -> bool:
        room, most_bytes = self._quarters.room, self._limits.scratch_bytes + self._given_bytes
        pids = [pid for process in self._running for pid in process.tree.pids]
        return disk.used_bytes([room.scratch, room.temp, room.connection], most_bytes, pids) > most_bytes

    def _results(self, outputs: Outputs) -> list[File]:
        """What a call has made or changed; if that is too much, it goes, and with it the kernel has gone."""
        scratch, kept = self._quarters.room.scratch, self._quarters.kept
        rooms.empty(kept)
        before, after = self._seen, collect.listing(scratch)
        if not self._running and self._disk_is_full():
            rooms.empty(self._quarters.room.temp)
            collect.restore(scratch, after.keys() - collect.changed(before, after), kept)
            outputs.say(_REMOVED)
            before = after = collect.listing(scratch)
        self._seen, wanted = after, collect.changed(before, after)
        files = collect.copies(scratch, wanted, kept, self._limits.scratch_bytes)
        if left := len(wanted) - len(files):
            outputs.say(
                f"{left} of the files that this call made or changed are not handed out: too many, or too large."
            )
        return files

    def _shown_as(self) -> dict[str, str]:
        """What stands in logs for paths that mean nothing to a reader."""
        room = self._quarters.room
        libraries = {f"File {path}/": "File " for key in ("purelib", "stdlib") if (path := sysconfig.get_path(key))}
        return {self.data_path: DATA_PATH, str(room.scratch): DATA_PATH, **libraries}


def _end(running: list["Process"], quarters: rooms.Quarters, owner: int) -> None:
    """A forked child ends, too, and must not take the kernel of its parent with it."""
    if os.getpid() == owner:
        while running:
            running.pop().close()
        quarters.close()
