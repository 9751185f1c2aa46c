"""Code interpreter: runs the model's code in a kernel of its thread, and keeps the files that the code makes.

A thread's kernel starts at the first call and lives as long as the thread, so variables last between calls. Code finds
the files of its run under `/mnt/data`. Files that it leaves there, and pictures that it draws, become files of the API
(`assistants_output`). Source: the code interpreter guide; recorded run steps.
"""

import mimetypes
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final

from ...machine import in_browser, not_here, on_windows
from ...sandbox.errors import NotContained, SandboxError
from ...sandbox.layers import layers
from ...sandbox.limits import Limits
from ...sandbox.outputs import Executed, Image
from ..errors import DiskError, EngineError, Gone
from ..files import file_objects
from ..files.blobs import Blobs
from ..files.file_objects import File
from ..objects import RUN, Run
from ..parts import CodeAnswer, CodeOutput, Logs
from ..store import Store
from ..threads import DATA, code_files, files_made
from .base import Tool

if TYPE_CHECKING:
    from ...sandbox.kernel import Kernel
    from ...sandbox.plain import PlainKernel

MayRun = Callable[[str], bool]
"""Shows a person code that nothing contains. Returns whether it may run, once."""

_NOT_HERE: Final = not_here("run a model's code")
_PIECE_BYTES: Final = 2**20


class CodeInterpreter(Tool):
    """Runs code contained. Where nothing contains it, asks `may_run` each time, or refuses if there is none."""

    def __init__(self, store: Store, blobs: Blobs, limits: Limits, may_run: MayRun | None = None) -> None:
        self._store, self._blobs = store, blobs
        self.limits, self._may_run = limits, may_run
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._open = True

    def use(self, run: Run, given: str) -> CodeAnswer:
        if in_browser():
            return {"outputs": [_logs(f"The code was not run. {_NOT_HERE}")]}
        try:
            session = self._session(run)
            unwanted = session.unwanted = threading.Event()
            with session.lock:
                kernel = session.kernel_for(given, self.limits)
                self._put_files(session, kernel, run)
                executed = kernel.execute(given, unwanted)
                return {"outputs": list(self._outputs(session, executed, run)), "contained_by": list(kernel.layers)}
        except (EngineError, SandboxError) as error:
            return {"outputs": [_logs(f"The code was not run. {error}")]}

    def interrupt(self, thread_id: str) -> None:
        if session := self._sessions.get(thread_id):
            session.unwanted.set()

    def forget(self, thread_id: str) -> None:
        with self._lock:
            session = self._sessions.pop(thread_id, None)
        if session:
            session.close()

    def close(self) -> None:
        with self._lock:
            self._open, sessions = False, list(self._sessions.values())
            self._sessions.clear()
        for session in sessions:
            session.close()

    def _session(self, run: Run) -> "_Session":
        with self._lock:
            if not self._open:
                raise Gone("The engine was stopped.")
            self._store.get(RUN, run["id"])  # it goes with its thread
            return self._sessions.setdefault(run["thread_id"], _Session(self._may_run))

    def _put_files(self, session: "_Session", kernel: "Kernel | PlainKernel", run: Run) -> None:
        """Copy the run's files that the kernel does not have. A new kernel also gets files that code has made."""
        wanted = {path: file["id"] for path, file in code_files(self._store, run).items()}
        if not session.files:
            wanted |= files_made(self._store, run)
        for path, id in wanted.items():
            if session.files.get(path) != id:
                kernel.put(path.removeprefix(DATA), self._blobs.path(id))
                session.files[path] = id

    def _outputs(self, session: "_Session", executed: "Executed", run: Run) -> Iterator[CodeOutput]:
        """Yield what the step shows, and keep the files that the code has made."""
        for output in executed.outputs:
            if isinstance(output, Image):
                try:
                    file = self._keep(BytesIO(output.png), "", run["thread_id"])
                    yield {"type": "image", "image": {"file_id": file["id"]}}
                except DiskError as error:
                    yield _logs(f"A picture was not kept. {error}")
            else:
                yield _logs(output.text)
        for made in executed.files:
            try:
                with made.path.open("rb") as bytes:
                    file = self._keep(bytes, DATA + made.name, run["thread_id"])
                session.files[file["filename"]] = file["id"]
            except (DiskError, OSError) as error:
                yield _logs(f"The file {DATA}{made.name} was not kept. {error}")

    def _keep(self, bytes: BinaryIO, name: str, thread_id: str) -> File:
        """Make a file of the API. The name of a picture is its id. Raises DiskError."""
        with closing(self._blobs.draft()) as draft:
            while piece := bytes.read(_PIECE_BYTES):
                draft.write(piece)
            with self._store.transaction():
                id, at = self._store.new_id("file", thread_id), self._store.now(thread_id)
                name = name or f"{id}.png"
                kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
                file = file_objects.file(id, at, name, kind, draft.size, "assistants_output")
                file["_thread_id"] = thread_id
                self._store.put(file)
                self._blobs.keep(id, draft)
        return file


class _Session:
    """A thread's kernel, from its first call on. Hold `lock` while you use it."""

    def __init__(self, may_run: MayRun | None) -> None:
        self._may_run = may_run
        self.lock = threading.Lock()
        self.unwanted = threading.Event()
        """Set when the latest call is not needed any more."""
        self.files: dict[str, str] = {}
        """The ids of the files that the kernel has, by path."""
        self._kernel: Kernel | PlainKernel | None = None
        self._open = True

    def kernel_for(self, code: str, limits: Limits) -> "Kernel | PlainKernel":
        """Return the kernel, if the code may run in it. Raises NotContained, KernelError."""
        if not self._open:
            raise Gone("The thread was deleted.")
        try:
            contained = bool(layers())
        except NotContained:
            if not (self._may_run and self._may_run(code)):
                raise
            contained = False
        self._kernel = self._kernel or _started(limits, contained=contained)
        self._kernel.limit(limits)
        return self._kernel

    def close(self) -> None:
        self._open = False
        self.unwanted.set()
        with self.lock:
            if self._kernel:
                self._kernel.close()
            self._kernel = None


def _started(limits: Limits, *, contained: bool) -> "Kernel | PlainKernel":
    """Start a kernel. The imports take a while, and the extra `code`."""
    if on_windows():
        from ...sandbox.plain import PlainKernel

        return PlainKernel(limits)
    from ...sandbox.kernel import Kernel

    return Kernel.start(limits, contained=contained)


def _logs(text: str) -> Logs:
    return {"type": "logs", "logs": text}
