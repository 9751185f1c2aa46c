"""The door of the sandbox: which layers hold on this machine, and how a command is started behind them.

They are tried by attack, not by version: the canaries run behind the best layers that this machine may have, then
behind fewer, until none of them gets through. Where one always does, nothing is run.
"""

import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ..engine.errors import NotContained
from . import canaries
from .launch import launch
from .limits import Limits, Room

_PROBE_S: Final = 20
_probing = threading.Lock()


def layers() -> tuple[str, ...]:
    """What holds here, such as `("namespaces", "landlock", "seccomp", "limits")`. Raises NotContained.

    Found out at the first call of a process, which takes some 0.1 s.
    """
    with _probing:
        found, reasons = _found()
    if not found:
        raise NotContained(reasons)
    return found


@cache
def _found() -> tuple[tuple[str, ...], list[str]]:
    """The layers that hold; and why those before them do not."""
    reasons: list[str] = []
    for candidate in candidates(sys.platform, root=sys.platform == "linux" and os.getuid() == 0):
        reason = why_not(candidate)
        if reason is None:
            return candidate, reasons
        reasons.append(f"{', '.join(candidate)}: {reason}")
    return (), reasons or [f"no way is known on {sys.platform}"]


def candidates(platform: str, *, root: bool) -> list[tuple[str, ...]]:
    """The sets of layers that may hold, from the best to the least that is still worth trying.

    A spare user is somebody whom nobody else is. A reading user is one, too, who may look where root may, as far as
    Landlock lets it: for a Python that lies in root's HOME.
    """
    if platform == "darwin":
        return [("sandbox_init", "limits")]
    if platform != "linux":
        return []
    files: list[tuple[str, ...]] = [("namespaces", "landlock"), ("landlock",), ("namespaces",)]
    as_root: list[tuple[str, ...]] = [
        *(("namespaces", "spare user", "landlock"), ("spare user", "landlock"), ("reading user", "landlock")),
        ("namespaces", "spare user"),
    ]
    return [(*layers, "seccomp", "limits") for layers in ([*as_root, *files] if root else files)]


def why_not(candidate: Sequence[str]) -> str | None:
    """None if no canary gets through behind these layers, and code can work there."""
    with _target() as (folder, room, targets):
        command = [sys.executable, "-I", "-S", "-c", inspect.getsource(canaries), json.dumps(targets)]
        try:
            start = launch(command, room, Limits(), candidate)
            if start.owner is not None:  # of the target, too: that it is somebody else's must not be what saves it
                for path in (folder, *folder.rglob("*")):
                    os.chown(path, start.owner, start.owner)
            done = subprocess.run(  # noqa: S603  our own words
                start.argv, env=start.env, capture_output=True, text=True, timeout=_PROBE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    if done.returncode:
        return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
    through = json.loads(done.stdout)
    return f"it does not stop {', '.join(through)}" if through else None


@contextmanager
def _target() -> Iterator[tuple[Path, Room, canaries.Targets]]:
    """A folder made to be attacked, with a room beside it, and what else the canaries aim at."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="anb-", ignore_cleanup_errors=True))).resolve()
        room, target = Room(folder / "data", folder / "temp", folder / "run"), folder / "target"
        for path in (room.scratch, room.temp, room.connection, target):
            path.mkdir(0o700)
        (target / "secret").touch(0o600)
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        neighbour = stack.enter_context(socket.socket(socket.AF_UNIX))
        neighbour.bind(str(target / "socket"))
        neighbour.listen()
        targets = {
            "folder": str(target),
            "port": server.getsockname()[1],
            "pid": os.getpid(),
            "connection": str(room.connection),
            "memory_bytes": Limits().memory_bytes,
            "threads": 1000,
        }
        yield folder, room, targets
