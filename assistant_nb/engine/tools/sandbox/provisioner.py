"""How a kernel's process is started: behind the sandbox's layers, by a thread that lives as long as this process.

A jupyter_client provisioner, so that another one, such as a gateway's, can take its place.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from subprocess import DEVNULL, PIPE
from typing import Any, TypeVar

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import ensure_event_loop

from .launch import launch
from .limits import Limits, Room

T = TypeVar("T")


class Contained(LocalProvisioner):
    """Starts the kernel in `room` under `limits` behind `layers`; they are set before the start."""

    room: Room
    limits: Limits
    layers: Sequence[str]
    data_path: str
    owner: int | None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Writes the connection file, and wraps the command. Raises NotContained."""
        kwargs = await super().pre_launch(**kwargs)
        start = launch(kwargs["cmd"], self.room, self.limits, self.layers)
        self.data_path, self.owner = start.data_path, start.owner
        if start.owner is not None:
            for folder in (self.room.scratch, self.room.temp, self.room.connection):
                _give(folder, start.owner)
        return {
            "cmd": list(start.argv),
            "cwd": str(self.room.scratch),
            "env": start.env | {"PYTHONHASHSEED": "0"},  # sets print in the same order everywhere, as lessons show them
            # By JPY_PARENT_PID it would watch for its parent's end. The launcher sees to that by itself, and the
            # number means nothing where processes are counted anew.
            "independent": bool(self.layers),
            "stdin": DEVNULL,
            "stdout": DEVNULL,
            "stderr": PIPE,
        }


def _give(folder: os.PathLike[str], owner: int) -> None:
    """No kernel runs meanwhile."""
    for path, _, names in os.walk(folder):
        for name in ("", *names):
            os.chown(os.path.join(path, name), owner, owner, follow_symlinks=False)  # noqa: PTH118


@cache
def _keeper() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="kernels")


def lasting(start: Callable[[], T]) -> T:
    """Call what starts a process where the process can stay.

    Linux tells a child of its parent's death when the *thread* ends that started it: a kernel started by a run's thread
    would go with the run. So one thread starts them all, and ends with this process.
    """

    def started() -> T:
        with closing(ensure_event_loop()):  # the one that jupyter_client's manager would leave open
            return start()

    return _keeper().submit(started).result()


os.register_at_fork(after_in_child=_keeper.cache_clear)  # a forked process has none of the threads
