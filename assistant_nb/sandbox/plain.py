"""A kernel without walls for Windows: the same calls as `Kernel`, for code that a person has read and allowed.

Windows has no layer that this package knows, and no descriptors of folders, by which `Kernel` guards its files against
the code. Here code may do what the person may do, so files are handled plainly. The limits hold: time, memory, disk,
output. Between executions the kernel is stopped, as elsewhere.
"""

import shutil
import sysconfig
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .errors import KernelError
from .execution import LOST, Execution, size
from .limits import DATA_PATH, Limits, Room
from .outputs import Executed, File, Outputs, at_home

if TYPE_CHECKING:
    from .process import Process

_MOST_FILES: Final = 100
_NO_NAMES: Final = frozenset({"", ".", ".."})

Stamp = tuple[int, int]
"""Size in bytes, time of the last change in ns."""


class PlainKernel:
    """`PlainKernel(Limits()).execute("6 * 7").outputs` is `[Logs("42")]`. One thread at a time may use it."""

    layers: Sequence[str] = ()

    def __init__(self, limits: Limits) -> None:
        """Raise KernelError if no kernel is installed. It starts with the first execution."""
        if not (find_spec("ipykernel") and find_spec("psutil")):
            raise KernelError('Running code takes a Jupyter kernel: pip install "assistant_nb[code]"')
        self._limits, self._busy, self._closed = limits, threading.Lock(), False
        root = Path(tempfile.mkdtemp(prefix="anbk-")).resolve()
        self._room = Room(root / "data", root / "temp", root / "c")
        for folder in (self._room.scratch, self._room.temp, self._room.connection):
            folder.mkdir()
        self.data_path = self._room.scratch.as_posix()
        self._running: list[Process] = []  # at most one
        self._seen: dict[str, Stamp] = {}
        self._end = weakref.finalize(self, _end, self._running, root)

    def put(self, name: str, source: Path) -> None:
        """Copy a file to `{data_path}/{name}`, over a file of that name. Raises KernelError."""
        if _NO_NAMES & set(name.split("/")) or set("\\:\0") & set(name):
            raise KernelError(f"{name!r} is not the path of a file below {DATA_PATH}.")
        with self._busy:
            target = self._room.scratch / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            except OSError as error:
                raise KernelError(f"The file {name!r} cannot be put before the kernel ({error.strerror}).") from None
            self._seen = self._listing()

    def limit(self, limits: Limits) -> None:
        """Set the limits for the next executions."""
        self._limits = limits

    def execute(self, code: str, interrupted: threading.Event | None = None) -> Executed:
        """Run code until it ends, reaches a limit, or `interrupted` is set. Raises KernelError."""
        with self._busy:
            outputs = Outputs(self._limits.output_bytes, self._shown_as())
            process = self._process()
            stop = interrupted or threading.Event()
            execution = Execution(process, outputs, self._limits, stop, self._excess)
            process.tree.resume()
            try:
                ended = execution.run(at_home(code, self.data_path))
            except BaseException:  # Ctrl-C
                self._stop()
                raise
            process.tree.pause()
            if execution.why:
                outputs.say(execution.why)
            if execution.was_interrupted or not ended:  # an interrupt may come late, and must not hit the next code
                self._stop()
                outputs.say(LOST)
            before, self._seen = self._seen, self._listing()
            made = [name for name, stamp in self._seen.items() if before.get(name) != stamp]
            return Executed(outputs.all(), [File(name, self._room.scratch / name) for name in made[:_MOST_FILES]])

    def close(self) -> None:
        """End the process, and remove its folders."""
        self._closed = True
        with self._busy:
            self._end()

    def _process(self) -> "Process":
        """Return the running process, or start a new one."""
        from .process import Process  # takes a while, and the extra `code`

        if self._closed:
            raise KernelError("This kernel is closed; start another one.")
        if any(process.died() for process in self._running):
            self._stop()
        if not self._running:
            self._running.append(Process(self._room, self._limits, ()))
        return self._running[0]

    def _stop(self) -> None:
        while self._running:
            self._running.pop().close()

    def _excess(self) -> str | None:
        """Return a sentence if the process takes too much memory or disk space."""
        [process] = self._running
        if process.tree.memory_bytes() > self._limits.memory_bytes:
            return f"The code took more than {size(self._limits.memory_bytes)} of memory."
        if sum(length for length, _ in self._listing().values()) > self._limits.scratch_bytes:
            return f"The code wrote more than {size(self._limits.scratch_bytes)}."
        return None

    def _listing(self) -> dict[str, Stamp]:
        return dict(_files(self._room.scratch))

    def _shown_as(self) -> dict[str, str]:
        """Return the paths that mean nothing to a reader, each with its replacement in logs."""
        libraries = {f"File {path}": "File " for key in ("purelib", "stdlib") if (path := sysconfig.get_path(key))}
        scratch = str(self._room.scratch)
        return {self.data_path: DATA_PATH, repr(scratch)[1:-1]: DATA_PATH, scratch: DATA_PATH, **libraries}


def _files(folder: Path) -> Iterator[tuple[str, Stamp]]:
    """Yield the files below a folder by their path. Hidden files are no results."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        with suppress(OSError):
            if not any(part.startswith(".") or part == "__pycache__" for part in parts) and path.is_file():
                status = path.stat()
                yield "/".join(parts), (status.st_size, status.st_mtime_ns)


def _end(running: list["Process"], root: Path) -> None:
    while running:
        running.pop().close()
    shutil.rmtree(root, ignore_errors=True)
