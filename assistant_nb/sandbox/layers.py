"""Which layers hold on this machine.

They are tried by attack, not by version. The canaries run behind the best layers that this machine may have, then
behind fewer, until no canary succeeds. If one always succeeds, nothing is run.
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

from . import canaries
from .errors import NotContained
from .launch import launch
from .limits import Limits, Room

_PROBE_S: Final = 20
_probing = threading.Lock()


def layers() -> tuple[str, ...]:
    """Return the layers that hold here, such as `("namespaces", "landlock", "seccomp", "limits")`.

    The first call in a process tries them, which takes about 0.1 s. Raises NotContained.
    """
    with _probing:
        found, reasons = _found()
    if not found:
        raise NotContained(reasons)
    return found


@cache
def _found() -> tuple[tuple[str, ...], list[str]]:
    """Return the layers that hold, and why the better ones do not."""
    reasons: list[str] = []
    for candidate in candidates(sys.platform, root=sys.platform == "linux" and os.getuid() == 0):
        reason = why_not(candidate)
        if reason is None:
            return candidate, reasons
        reasons.append(f"{', '.join(candidate)}: {reason}")
    return (), reasons or [f"no way is known on {sys.platform}"]


def candidates(platform: str, *, root: bool) -> list[tuple[str, ...]]:
    """Return the sets of layers that may hold, from the best to the weakest.

    "spare user": the code runs as an unused user id. "reading user": that user may also read what root may read, as
    far as Landlock allows it. This is for a Python in root's HOME.
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
    """Return None if no canary succeeds behind these layers and code can work there; else the reason."""
    with _target() as (folder, room, targets):
        command = [sys.executable, "-I", "-S", "-c", inspect.getsource(canaries), json.dumps(targets)]
        try:
            start = launch(command, room, Limits(), candidate)
            if start.owner is not None:  # give it the target, too: the owner alone must not protect it
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
    """Make a folder to be attacked and a room beside it. Yields the folder above both, the room, and the targets."""
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
        targets: canaries.Targets = {
            "folder": str(target),
            "port": server.getsockname()[1],
            "pid": os.getpid(),
            "connection": str(room.connection),
            "memory_bytes": Limits().memory_bytes,
            "threads": 1000,
        }
        yield folder, room, targets
