"""The folders of a kernel on disk: made, emptied, and swept when their engine was killed.

No kernel runs in a room while something here looks into it, but what has run there may have left anything: links,
folders without an end, names that are no text. So nothing is followed, and nothing is reached by a long path.
"""

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ..engine.errors import KernelError
from .limits import Room

_PREFIX: Final = "anbk-"
_YOUNG_S: Final = 60
_SOCKET_BYTES: Final = 103  # macOS; Linux has room for four more
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Quarters:
    """A room, and beside it a folder where the engine keeps copies, which the kernel cannot reach."""

    root: Path
    room: Room
    kept: Path
    lock: int
    """An open descriptor of `root`, locked: as long as this process lives, nobody sweeps it."""

    def close(self) -> None:
        """The kernel has ended; everything goes. Call it once."""
        remove(self.root)
        os.close(self.lock)


def furnish() -> Quarters:
    """New; the folders of `renew` are not there yet. Raises KernelError."""
    base = _base()
    _sweep(base)
    try:
        root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        root.chmod(0o711)  # a kernel under another user's number passes through
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
    """Make all folders but `scratch` anew: nothing else of a kernel is there for the next one. Raises KernelError."""
    for folder in (room.temp, room.connection):
        remove(folder)
        with suppress(OSError):
            folder.unlink()  # a link in its place
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise KernelError(f"{folder} cannot be made anew ({error.strerror}).") from None


def _base() -> Path:
    """The temporary folder, or `/tmp` where that is too long for the path of a socket."""
    base = Path(tempfile.gettempdir()).resolve()
    socket = base / f"{_PREFIX}12345678" / "c" / "k-ipc-1"
    return base if len(os.fsencode(socket)) <= _SOCKET_BYTES else Path("/tmp").resolve()  # noqa: S108


@cache
def _sweep(base: Path) -> None:
    """Remove what engines have left that were killed. Once a process."""
    for root in base.glob(f"{_PREFIX}????????"):
        with suppress(OSError):
            status = root.lstat()
            if status.st_uid != os.geteuid() or time.time() - status.st_mtime < _YOUNG_S:  # not locked yet, perhaps
                continue
            lock = os.open(root, FOLDER)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(root)
            finally:
                os.close(lock)


def remove(folder: Path) -> None:
    """A folder and all that is in it, as far as the system allows; never anything outside of it."""
    empty(folder)
    with suppress(OSError):
        folder.rmdir()


def empty(folder: Path) -> None:
    """All that is in a folder, likewise."""
    with suppress(OSError):
        top = os.open(folder, FOLDER)
        try:
            _empty(top)
        finally:
            os.close(top)


def _empty(top: int) -> None:
    """Folders in folders are moved up before they are emptied: however deep they are, it takes two open ones."""
    while folders := list(_unlink_files(top)):
        for name in folders:
            with suppress(OSError):
                os.chmod(name, 0o700, dir_fd=top)  # a folder, as its owner nobody else works here
            below = os.open(name, FOLDER, dir_fd=top)
            try:
                for inner in _unlink_files(below):
                    os.rename(inner, secrets.token_hex(8), src_dir_fd=below, dst_dir_fd=top)
            finally:
                os.close(below)
            os.rmdir(name, dir_fd=top)


def _unlink_files(folder: int) -> Iterator[str]:
    """Yields the names of folders, removes everything else."""
    for name in os.listdir(folder):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            yield name
        else:
            os.unlink(name, dir_fd=folder)


def put(source: Path, folder: Path, name: str, owner: int | None) -> int:
    """Copy a file to a path below a folder, over whatever is there but a folder; its size in bytes. Raises OSError."""
    draft = f".{secrets.token_hex(8)}"
    with _made(folder, name, owner) as (parent, last):
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
def _made(top: Path, name: str, owner: int | None) -> Iterator[tuple[int, str]]:
    """The folder below `top` for a file of this name, open, made if need be; and the last part of the name."""
    *folders, last = name.split("/")
    opened = [os.open(top, FOLDER)]
    try:
        for folder in folders:
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700, dir_fd=opened[-1])
            opened.append(os.open(folder, FOLDER, dir_fd=opened[-1]))
            if owner is not None:
                os.fchown(opened[-1], owner, owner)
        yield opened[-1], last
    finally:
        for descriptor in opened:
            os.close(descriptor)
