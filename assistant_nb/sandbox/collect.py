"""Find the files that code has made, and copy them out, without trusting a name or a link.

No kernel runs meanwhile. Every folder on the path is opened by itself, and no symbolic link is followed. Only regular
files with one name are taken.
"""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from .outputs import File
from .rooms import empty, opened, parent_of

MOST_FILES: Final = 100
_DEEPEST: Final = 8
_OURS: Final = frozenset({"__pycache__"})

Stamp = tuple[int, int, int]
"""Inode, size in bytes, time of the last change in ns. Code cannot set the last one back."""


def listing(folder: Path) -> dict[str, Stamp]:
    """Return all files that could be results, by their path below the folder. Hidden files are left out."""
    with suppress(OSError), opened(folder) as top:
        return dict(_files(top, "", _DEEPEST))
    return {}


def _files(folder: int, prefix: str, levels: int) -> Iterator[tuple[str, Stamp]]:
    for name in sorted(os.listdir(folder)):
        if name.startswith(".") or name in _OURS or not _is_text(name):
            continue
        with suppress(OSError):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                yield prefix + name, (status.st_ino, status.st_size, status.st_ctime_ns)
            elif stat.S_ISDIR(status.st_mode) and levels:
                with opened(name, folder) as below:
                    yield from _files(below, f"{prefix}{name}/", levels - 1)


def _is_text(name: str) -> bool:
    return name.isprintable() and name == name.encode("utf-8", "replace").decode()


def changed(before: Mapping[str, Stamp], after: Mapping[str, Stamp]) -> dict[str, Stamp]:
    return {name: stamp for name, stamp in after.items() if before.get(name) != stamp}


def copies(folder: Path, wanted: Mapping[str, Stamp], kept: Path, most_bytes: int) -> list[File]:
    """Copy files out. Returns fewer than wanted if they are too many or too large."""
    files: list[File] = []
    with opened(folder) as top:
        for name, (_, size, _) in list(wanted.items())[:MOST_FILES]:
            most_bytes -= size
            if most_bytes >= 0:
                with suppress(OSError):
                    files.append(File(name, _copy(top, name, kept / str(len(files)), size)))
    return files


def restore(folder: Path, unchanged: Iterable[str], kept: Path) -> None:
    """Remove everything from a folder but these files. `kept` is an empty folder on the same disk, for a moment."""
    saved: dict[str, Path] = {}
    with opened(folder) as top:
        for name in unchanged:
            with suppress(OSError), parent_of(top, name) as (parent, last):
                saved[name] = kept / str(len(saved))
                os.rename(last, saved[name], src_dir_fd=parent)
    empty(folder)
    for name, path in saved.items():
        with suppress(OSError):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            path.rename(folder / name)


def _copy(top: int, name: str, target: Path, size: int) -> Path:
    with parent_of(top, name) as (parent, last):
        source = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    with os.fdopen(source, "rb") as original, target.open("wb") as copy:
        status = os.fstat(source)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size != size:
            raise OSError("not the file that was seen")
        shutil.copyfileobj(original, copy, 2**20)
    return target
