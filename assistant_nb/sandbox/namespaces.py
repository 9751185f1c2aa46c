"""Namespaces, by bubblewrap: a file system of its own with little in it, no network, no other processes.

Bubblewrap is small, reviewed, and knows the traps of mounting. Where it is missing or not allowed, other layers hold.
"""

import shutil
from collections.abc import Sequence
from pathlib import PurePath

from .limits import Room

DATA_PATH = "/mnt/data"
_ALONE = (
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--die-with-parent",
)
_AS_ROOT = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP")


def bubblewrap(
    room: Room, readable: Sequence[str], devices: Sequence[str], uid: int | None, *, proc: bool
) -> list[str]:
    """The words before the command. Raises OSError where there is no `bwrap`.

    With a `uid`, root may become that user inside. `proc`: whether Landlock will watch over `/proc`. Without that the
    memory of bubblewrap's own first process, which has no filter, would lie open to its user.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise FileNotFoundError("bubblewrap (`bwrap`) is not installed")
    user = ["--unshare-user"] if uid is None else _AS_ROOT
    binds = [
        *(("--ro-bind", path, path) for path in readable),
        *(("--dev-bind", path, path) for path in devices),
        ("--bind", str(room.scratch), DATA_PATH),
        ("--bind", str(room.temp), str(room.temp)),
        ("--bind", str(room.connection), str(room.connection)),
    ]
    # bubblewrap itself would make them for its own user only
    folders = sorted({str(folder) for _, _, target in binds for folder in PurePath(target).parents} - {"/"})
    made = [
        *(("--dir", folder) for folder in folders),
        *binds,
        *((("--proc", "/proc"),) if proc else ()),
        ("--remount-ro", "/"),
    ]
    return [program, *_ALONE, *user, *(word for step in made for word in step), "--"]
