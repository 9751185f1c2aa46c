"""How a kernel's process is started: behind the sandbox's layers, by a thread that lives as long as this process."""

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from subprocess import DEVNULL, PIPE

from .launch import Launch, launch
from .limits import Limits, Room


def start(
    command: Sequence[str], room: Room, limits: Limits, layers: Sequence[str]
) -> tuple["subprocess.Popen[bytes]", Launch]:
    """Start a kernel in a room, which is given to the user that it runs as. Raises OSError.

    Linux tells a child of its parent's death when the *thread* ends that started it: a kernel started by a run's thread
    would go with the run. So one thread starts them all, and ends with this process.
    """
    how = launch(command, room, limits, layers)
    if how.owner is not None:
        for folder in (room.scratch, room.temp, room.connection):
            _give(folder, how.owner)
    env = how.env | {"PYTHONHASHSEED": "0"}  # sets print in the same order everywhere, as lessons show them
    if not layers:  # with them, the launcher sees to it that the kernel ends with this process
        env["JPY_PARENT_PID"] = str(os.getpid())

    def started() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  our own words
            how.argv, cwd=room.scratch, env=env, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, start_new_session=True
        )

    return _keeper().submit(started).result(), how


def _give(folder: os.PathLike[str], owner: int) -> None:
    """No kernel runs meanwhile."""
    for path, _, names in os.walk(folder):
        for name in ("", *names):
            os.chown(os.path.join(path, name), owner, owner, follow_symlinks=False)  # noqa: PTH118


@cache
def _keeper() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="kernels")


os.register_at_fork(after_in_child=_keeper.cache_clear)  # a forked process has none of the threads
