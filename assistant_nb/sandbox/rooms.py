"""The folders of a kernel on disk: making them, emptying them, and removing those of a killed engine.

No kernel runs in a room while this module works on it. But code that ran there may have left anything: links, very deep
folders, names that are not text. So no link is followed, and no long path is used.
"""

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from .errors import KernelError
from .limits import Room

_PREFIX: Final = "anbk-"
_YOUNG_S: Final = 60
_SOCKET_BYTES: Final = 103  # macOS; Linux has room for four more
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Quarters:
    """A room, and beside it a folder for the engine's copies, which the kernel cannot reach."""

    root: Path
    room: Room
    kept: Path
    lock: int
    """An open, locked descriptor of `root`. While this process lives, no other engine removes the folder."""

    def close(self) -> None:
        """Remove everything. Call it once, when the kernel has ended."""
        remove(self.root)
        os.close(self.lock)


def furnish() -> Quarters:
    """Make quarters without the folders that `renew` makes. Raises KernelError."""
    base = _base()
    _sweep(base)
    try:
        root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        root.chmod(0o711)  # a kernel with another user id must pass
        lock = os.open(root, FOLDER)
        fcntl.flock(lock, fcntl.LOCK_EX)
        room, kept = Room(root / "data", root / "temp", root / "c"), root / "kept"
        for folder in (room.scratch, kept):
            folder.mkdir(mode=0o700)
    except OSError as error:
        raise KernelError(
            f"There is no room for a kernel in {base} ({error}). Free some space, or set TMPDIR."
        ) from None
    return Quarters(root, room, kept, lock)


def renew(room: Room) -> None:
    """Make all folders but `scratch` anew, so that the next kernel finds nothing else. Raises KernelError."""
    for folder in (room.temp, room.connection):
        remove(folder)
        with suppress(OSError):
            folder.unlink()  # a link in its place
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise KernelError(f"{folder} cannot be made anew ({error.strerror}).") from None


def _base() -> Path:
    """Return the temporary folder, or `/tmp` if its path is too long for a socket."""
    base = Path(tempfile.gettempdir()).resolve()
    socket = base / f"{_PREFIX}12345678" / "c" / "k-ipc-1"
    return base if len(os.fsencode(socket)) <= _SOCKET_BYTES else Path("/tmp").resolve()  # noqa: S108


@cache
def _sweep(base: Path) -> None:
    """Remove the folders of engines that were killed. Runs once in a process."""
    for root in base.glob(f"{_PREFIX}????????"):
        with suppress(OSError):
            status = root.lstat()
            if status.st_uid != os.geteuid() or time.time() - status.st_mtime < _YOUNG_S:  # it may not be locked yet
                continue
            with opened(root) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(root)


def remove(folder: Path) -> None:
    """Remove a folder with its contents, as far as the system allows, and nothing outside of it."""
    empty(folder)
    with suppress(OSError):
        folder.rmdir()


def empty(folder: Path) -> None:
    """Remove the contents of a folder in the same way."""
    with suppress(OSError), opened(folder) as top:
        _empty(top)


def _empty(top: int) -> None:
    """Move inner folders up before emptying them. So only two folders are open, however deep they are."""
    while folders := list(_unlink_files(top)):
        for name in folders:
            with suppress(OSError):
                os.chmod(name, 0o700, dir_fd=top)  # it is a folder, and no other process of its owner works here
            with opened(name, top) as below:
                for inner in _unlink_files(below):
                    os.rename(inner, secrets.token_hex(8), src_dir_fd=below, dst_dir_fd=top)
            os.rmdir(name, dir_fd=top)


def _unlink_files(folder: int) -> Iterator[str]:
    """Remove all but the folders. Yields their names."""
    for name in os.listdir(folder):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            yield name
        else:
            os.unlink(name, dir_fd=folder)


def put(source: Path, folder: Path, name: str, owner: int | None) -> int:
    """Copy a file to a path below a folder, over anything but a folder. Returns its size in bytes. Raises OSError."""
    draft = f".{secrets.token_hex(8)}"
    with opened(folder) as top, parent_of(top, name, make=True, owner=owner) as (parent, last):
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with source.open("rb") as given, os.fdopen(os.open(draft, flags, 0o644, dir_fd=parent), "wb") as copy:
                shutil.copyfileobj(given, copy, 2**20)
                if owner is not None:
                    os.fchown(copy.fileno(), owner, owner)
                size = copy.tell()
            os.replace(draft, last, src_dir_fd=parent, dst_dir_fd=parent)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=parent)
    return size


@contextmanager
def opened(folder: str | Path, above: int | None = None) -> Iterator[int]:
    """Open a folder, but no link to one. Raises OSError."""
    descriptor = os.open(folder, FOLDER, dir_fd=above)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def parent_of(top: int, name: str, *, make: bool = False, owner: int | None = None) -> Iterator[tuple[int, str]]:
    """Open the folder of a file below `top`. Yields it with the last part of the file's name. Raises OSError.

    With `make`, missing folders are made. Then `owner` owns every folder on the path.
    """
    *folders, last = name.split("/")
    with ExitStack() as stack:
        for folder in folders:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(folder, 0o700, dir_fd=top)
            top = stack.enter_context(opened(folder, top))
            if owner is not None:
                os.fchown(top, owner, owner)
        yield top, last
