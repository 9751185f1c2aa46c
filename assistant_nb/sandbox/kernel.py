"""A Jupyter kernel that runs a model's code: contained, limited, and usable again whatever the code did.

Between executions the kernel is stopped (SIGSTOP). A thread that the code has left running goes on only with the next
execution, so it writes, computes and sends nothing while nobody watches. The files that the code has made are
collected while the kernel is stopped.
"""

import os
import sysconfig
import threading
import weakref
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from . import collect, disk, rooms
from .errors import KernelError
from .execution import LOST, Execution, size
from .layers import layers
from .limits import DATA_PATH, MOST_INODES, Limits
from .outputs import Executed, File, Outputs, at_home

if TYPE_CHECKING:
    from .process import Process

_NEW: Final = "This is a new one: variables and imports are gone."
_REMOVED: Final = "All files that this call made or changed were removed."


class Kernel:
    """`Kernel.start().execute("6 * 7").outputs` is `[Logs("42")]`.

    One thread at a time may use it. `interrupt` and `close` may be called from another thread. A kernel that is not
    closed ends with this process, however this process ends.
    """

    data_path: str
    """Where the code finds its files: `/mnt/data`, or another folder.

    With another folder, `/mnt/data` in code is replaced by its path, and its path in logs by `/mnt/data`.
    """
    layers: Sequence[str]

    @classmethod
    def start(cls, limits: Limits | None = None, *, contained: bool = True) -> "Kernel":
        """Start a kernel. Raises NotContained where nothing contains it, KernelError if it does not start.

        `contained=False` starts it without any layer, for code that a person has read and allowed.
        """
        return cls(limits or Limits(), layers() if contained else ())

    def __init__(self, limits: Limits, layers: Sequence[str]) -> None:
        if not (find_spec("ipykernel") and find_spec("psutil")):
            raise KernelError('Running code takes a Jupyter kernel: pip install "assistant_nb[code]"')
        self.layers, self._limits = layers, limits
        self._busy, self._interrupted, self._closed = threading.Lock(), threading.Event(), False
        self._quarters = rooms.furnish()
        self._running: list[Process] = []  # at most one
        self._end = weakref.finalize(self, _end, self._running, self._quarters, os.getpid())
        self._seen: dict[str, collect.Stamp] = {}
        self._given_bytes = 0
        self._limited = ""
        try:
            self.data_path = self._process().data_path
        except BaseException:
            self.close()
            raise

    def put(self, name: str, source: Path) -> None:
        """Copy a file to `{data_path}/{name}`, over a file of that name. Raises KernelError.

        The copy counts as a result of an execution only if the code changes it.
        """
        if {"", ".", ".."} & set(name.split("/")) or "\0" in name:
            raise KernelError(f"{name!r} is not the path of a file below {DATA_PATH}.")
        with self._busy:
            self._bury()
            owner, scratch = self._process().owner, self._quarters.room.scratch
            try:
                self._given_bytes += rooms.put(source, scratch, name, owner)
            except OSError as error:
                raise KernelError(f"The file {name!r} cannot be put before the kernel ({error.strerror}).") from None
            self._seen = collect.listing(scratch)

    def limit(self, limits: Limits) -> None:
        """Set the limits for the next executions. A process cannot get others of memory and disk, so it is ended."""
        with self._busy:
            old, self._limits = self._limits, limits
            if (old.memory_bytes, old.scratch_bytes) != (limits.memory_bytes, limits.scratch_bytes):
                self._limited = f"The kernel was ended, as its limits have changed. {_NEW}"
                self._stop()

    def execute(self, code: str, interrupted: threading.Event | None = None) -> Executed:
        """Run code until it ends, reaches a limit, or `interrupted` is set.

        Errors of the code and the limits that it reached become `Logs`, for the model to read. Raises KernelError if
        the kernel is closed, or if no new one can be started.
        """
        with self._busy:
            outputs = Outputs(self._limits.output_bytes, self._shown_as())
            self._interrupted = interrupted or threading.Event()
            for why in filter(None, (self._limited, self._bury())):
                outputs.say(why)
            self._limited = ""
            process = self._process()
            execution = Execution(process, outputs, self._limits, self._interrupted, self._excess)
            process.tree.resume()
            try:
                ended = execution.run(at_home(code, self.data_path))
                # The code may have ended before the interrupt came. An empty execution takes that, not the next one.
                if ended and execution.was_interrupted:
                    nothing = Outputs(self._limits.output_bytes)
                    ended = Execution(process, nothing, self._limits, threading.Event(), self._excess).run("")
            except BaseException:  # Ctrl-C
                self._stop()
                raise
            process.tree.pause()
            excess = self._excess() if ended else None
            for why in filter(None, (execution.why, excess)):
                outputs.say(why)
            if excess or not ended:
                self._stop()
                outputs.say(LOST)
            files = self._results(outputs)
            return Executed(outputs.all(), files)

    def interrupt(self) -> None:
        """End the running execution soon; for another thread. Does nothing if none is running."""
        self._interrupted.set()

    def close(self) -> None:
        """Interrupt a running execution, end the process, and remove its folders."""
        self._closed = True
        self._interrupted.set()
        with self._busy:
            self._end()

    def _process(self) -> "Process":
        """Return the running process, or start a new one."""
        if self._closed:
            raise KernelError("This kernel is closed; start another one.")
        if not self._running:
            from .process import Process  # takes a while, and the extra `code`

            rooms.renew(self._quarters.room)
            self._running.append(Process(self._quarters.room, self._limits, self.layers))
            self._seen = collect.listing(self._quarters.room.scratch)  # a new owner is no change
        return self._running[0]

    def _bury(self) -> str | None:
        """Return a sentence if the process has died since the last execution."""
        if not any(process.died() for process in self._running):
            return None
        self._stop()
        return f"The kernel has died since the last call. {_NEW}"

    def _stop(self) -> None:
        while self._running:
            self._running.pop().close()

    def _excess(self) -> str | None:
        """Return a sentence if the process takes too much memory or disk space."""
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
        """Return the files that an execution has made or changed. If they fill the disk, remove them instead."""
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
        """Return the paths that mean nothing to a reader, each with its replacement in logs."""
        room = self._quarters.room
        libraries = {f"File {path}/": "File " for key in ("purelib", "stdlib") if (path := sysconfig.get_path(key))}
        return {self.data_path: DATA_PATH, str(room.scratch): DATA_PATH, **libraries}


def _end(running: list["Process"], quarters: rooms.Quarters, owner: int) -> None:
    """Do nothing in a forked child: its end must not end the kernel of its parent."""
    if os.getpid() == owner:
        while running:
            running.pop().close()
        quarters.close()
