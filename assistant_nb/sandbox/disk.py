"""How much of the disk a kernel uses.

A limit of Linux stops one file that is too large. Many files, and removed files that are still open, must be counted.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from .limits import MOST_INODES

_HIDDEN_BYTES: Final = 2**62
_MOST_OF_MAPS: Final = 2**21
"""Bytes of the list of mapped files: ten times what libraries need. Code can make the list hundreds of MB long."""

Inode = tuple[tuple[int, int], int]
"""Device and number, then bytes on disk."""


def used_bytes(folders: Iterable[Path], most_bytes: int, pids: Iterable[int] = ()) -> int:
    """Return the bytes of folders, and of removed files that processes hold open. Stops counting above `most_bytes`.

    Too many files, too many mapped files, and folders that cannot be read count as more than any limit.
    """
    total, seen = 0, set[tuple[int, int]]()
    for inode, size in _inodes(list(folders), pids):
        if inode not in seen:
            seen.add(inode)
            total += size
        if len(seen) > MOST_INODES:
            return max(total, most_bytes + 1)
        if total > most_bytes:
            break
    return total


def _inodes(folders: list[Path], pids: Iterable[int]) -> Iterator[Inode]:
    device = folders[0].stat().st_dev
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        yield (status.st_dev, status.st_ino), status.st_blocks * 512
                        if stat.S_ISDIR(status.st_mode):
                            folders.append(folder / entry.name)
        except FileNotFoundError:
            continue
        except OSError:  # not readable, or deeper than the longest path
            yield (0, 0), _HIDDEN_BYTES
    for pid in pids:
        yield from _nameless(pid, device)


def _nameless(pid: int, device: int) -> Iterator[Inode]:
    """Yield the files that were removed while they are open or mapped. Only Linux lists them."""
    proc = Path("/proc", str(pid))
    with suppress(OSError):
        for descriptor in (proc / "fd").iterdir():
            with suppress(OSError):
                status = descriptor.stat()
                if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                    yield (status.st_dev, status.st_ino), status.st_blocks * 512
    with suppress(OSError):
        with (proc / "maps").open("rb") as file:
            maps = file.read(_MOST_OF_MAPS + 1)
        if len(maps) > _MOST_OF_MAPS:
            yield (0, 0), _HIDDEN_BYTES
            return
        for line in maps.decode("utf-8", "replace").splitlines():
            span, _, _, place, inode, *_ = line.split(maxsplit=5)
            major, minor = (int(half, 16) for half in place.split(":"))
            if line.endswith(" (deleted)") and os.makedev(major, minor) == device:
                start, end = (int(half, 16) for half in span.split("-"))
                yield (device, int(inode)), end - start
