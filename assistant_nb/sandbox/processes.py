"""The processes of a kernel: their memory, how they are held still, how they are ended. The home of psutil."""

from contextlib import suppress

import psutil


class Tree:
    """A process and its children."""

    def __init__(self, pid: int) -> None:
        """Holds nothing if the process has ended."""
        self._all: list[psutil.Process] = []  # children first
        with suppress(psutil.Error):
            root = psutil.Process(pid)
            self._all = [*reversed(root.children(recursive=True)), root]

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._all]

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
