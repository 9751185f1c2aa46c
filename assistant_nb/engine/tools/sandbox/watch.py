"""What a kernel uses of memory and disk, and how it is held still. The only home of psutil.

The limits of Linux stop a process that takes too much memory, and a file that is too large. Many files, and what the
other layers let through, are found by looking.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from .limits import MOST_INODES

_HIDDEN_BYTES: Final = 2**62


class Tree:
    """A process and its children."""

    def __init__(self, pid: int) -> None:
        """Holds nothing if the process has ended."""
        self._all: list[psutil.Process] = []  # children first
        with suppress(psutil.Error):
            root = psutil.Process(pid)
            self._all = [*reversed(root.children(recursive=True)), root]

    def pause(self) -> None:
        """Nothing of it runs until `resume`."""
        for process in self._all:
            with suppress(psutil.Error):
                process.suspend()

    def resume(self) -> None:
        for process in self._all:
            with suppress(psutil.Error):
                process.resume()

    def kill(self) -> None:
        """The innermost first: what is around it then cleans up and ends by itself, if it is not ended, too."""
        for process in self._all[:-1] or self._all:
            with suppress(psutil.Error):
                process.kill()
        self.resume()

    def memory_bytes(self) -> int:
        """In main memory."""
        total = 0
        for process in self._all:
            with suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def disk_bytes(self, folders: Iterable[Path], most_bytes: int) -> int:
        """What folders take, and files without a name that are open or mapped. Looks no further than `most_bytes`.

        Too many files, and folders that cannot be looked into, take more than any limit.
        """
        total, seen = 0, set[tuple[int, int]]()
        for inode, size in self._inodes(list(folders)):
            if inode not in seen:
                seen.add(inode)
                total += size
            if len(seen) > MOST_INODES:
                return max(total, most_bytes + 1)
            if total > most_bytes:
                break
        return total

    def _inodes(self, folders: list[Path]) -> Iterator[tuple[tuple[int, int], int]]:
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
            except OSError:  # closed to us, or deeper than a path can say
                yield (0, 0), _HIDDEN_BYTES
        for process in self._all:
            yield from _nameless(process.pid, device)


def _nameless(pid: int, device: int) -> Iterator[tuple[tuple[int, int], int]]:
    """Files that were removed while they are open, or mapped; only Linux tells."""
    proc = Path("/proc", str(pid))
    with suppress(OSError):
        for descriptor in (proc / "fd").iterdir():
            with suppress(OSError):
                status = descriptor.stat()
                if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                    yield (status.st_dev, status.st_ino), status.st_blocks * 512
    with suppress(OSError):
        for line in (proc / "maps").read_text(errors="replace").splitlines():
            span, _, _, place, inode, *_ = line.split(maxsplit=5)
            major, minor = (int(half, 16) for half in place.split(":"))
            if line.endswith(" (deleted)") and os.makedev(major, minor) == device:
                start, end = (int(half, 16) for half in span.split("-"))
                yield (device, int(inode)), end - start
