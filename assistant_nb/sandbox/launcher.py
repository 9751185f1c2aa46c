"""The launcher: a process that gives up every right that a kernel does not need, and then becomes the kernel.

Its arguments are a spec, as JSON, and the command of the kernel. It puts on every layer that the spec names. If one
fails, the process ends, so nothing runs half contained. It runs at each start of a kernel, so it imports little.
"""

import json
import os
import resource
import struct
import sys
from contextlib import suppress
from typing import TypedDict

from . import landlock, macos, seccomp
from .libc import address, prctl, syscall

FAILED = 78
"""The exit code where a layer cannot be put on; stderr says which and why."""

_THREADS = 256  # more than libraries start, and few enough to be harmless
_FILES = 512
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_SECCOMP, _PR_CAPBSET_READ, _PR_CAPBSET_DROP = 1, 8, 22, 23, 24
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 38, 47, 2
_SIGKILL = 9
_SECCOMP_MODE_FILTER = 2
_OWN_PROC = (
    "cmdline",
    "comm",
    "fd",
    "limits",
    "maps",
    "stat",
    "statm",
    "status",
)  # not net: it shows the connections of all
_CAPSET = "capset=126/91"
_CAPABILITY_VERSION = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2


class Spec(TypedDict):
    """What the launcher does. `launch` writes it. All paths are absolute."""

    layers: list[str]
    uid: int | None
    """The user to become. None: stay the same."""
    parent: int | None
    """The process with which this one ends. None: not checked."""
    cwd: str
    programs: list[str]
    readable: list[str]
    writable: list[str]
    devices: list[str]
    connection: str
    """The folder in which sockets may be made."""
    memory_bytes: int
    scratch_bytes: int


def main() -> None:
    """Become the kernel, or end. Does not return."""
    spec, command = json.loads(sys.argv[1]), sys.argv[2:]
    layer = "privileges"
    try:
        os.chdir(spec["cwd"])
        if sys.platform == "linux":
            _drop_privileges(spec)
        for layer, put_on in _LAYERS.items():
            if layer in spec["layers"]:
                put_on(spec)
        layer = command[0]
        os.execv(command[0], command)  # noqa: S606  no shell
    except Exception as error:  # noqa: BLE001  whatever fails, the command must not run
        os.write(2, f"{layer}: {error}\n".encode())
    os._exit(FAILED)


def _drop_privileges(spec: Spec) -> None:
    """Drop all capabilities for good, also for root, and end when the engine ends."""
    kept = []
    if "reading user" in spec["layers"]:  # this Python is where only root may read
        kept = [right for right in (_DAC_READ_SEARCH, _DAC_OVERRIDE) if prctl(_PR_CAPBSET_READ, right)][:1]
        prctl(_PR_SET_KEEPCAPS, 1)
    with suppress(OSError):  # EPERM where there are none, EINVAL after the last
        for right in range(64):
            if right not in kept:
                prctl(_PR_CAPBSET_DROP, right)
    if spec["uid"] is not None:  # an unused uid that owns only the room
        os.setgroups([])
        os.setresgid(spec["uid"], spec["uid"], spec["uid"])
        os.setresuid(spec["uid"], spec["uid"], spec["uid"])
    mask = sum(1 << right for right in kept)
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    (capset,) = seccomp.calls(_CAPSET, os.uname().machine).values()
    syscall(capset, header, struct.pack("=6I", mask, mask, mask, 0, 0, 0))
    for right in kept:
        prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, right)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    prctl(_PR_SET_PDEATHSIG, _SIGKILL)  # after the change of user, which forgets it
    if spec["parent"] not in (None, os.getppid()):
        os._exit(FAILED)  # the engine has ended before this process could watch it


def _limits(spec: Spec) -> None:
    with suppress(PermissionError):  # leads its session already
        os.setsid()  # no terminal, and no other process in its group
    os.closerange(3, 2**16)
    os.nice(5)  # the engine goes first
    limits = {
        resource.RLIMIT_FSIZE: spec["scratch_bytes"],
        resource.RLIMIT_NOFILE: _FILES,
        resource.RLIMIT_MEMLOCK: 2**16,
        resource.RLIMIT_CORE: 1,  # with 0 the system's collector of crashes would get the memory
    }
    if sys.platform == "linux":  # other systems do not enforce them
        limits[resource.RLIMIT_AS] = spec["memory_bytes"]
        limits[resource.RLIMIT_NPROC] = _threads_of(os.getuid()) + _THREADS
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def _threads_of(uid: int) -> int:
    """Return the number of threads of a user's processes, which Linux counts together. 0 without a `/proc`."""
    count = 0
    with suppress(FileNotFoundError):
        for process in os.scandir("/proc"):
            with suppress(OSError):  # the process has ended meanwhile
                if process.name.isdigit() and process.stat().st_uid == uid:
                    count += os.stat(f"{process.path}/task").st_nlink - 2  # noqa: PTH116  pathlib takes long to import
    return count


def _landlock(spec: Spec) -> None:
    rights = [
        *((path, landlock.READ) for path in spec["readable"]),
        *((path, landlock.RUN) for path in spec["programs"]),
        *((path, landlock.WRITE) for path in spec["writable"]),
        *((path, landlock.DEVICE) for path in spec["devices"]),
        (spec["connection"], landlock.SOCKETS),
        *((f"/proc/{os.getpid()}/{file}", landlock.READ) for file in _OWN_PROC),
    ]
    landlock.restrict(rights)


def _seccomp(_: Spec) -> None:
    """Put the filter on last: the other layers need calls that it refuses."""
    program = seccomp.program(os.uname().machine, os.getpid())
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, struct.pack("@HP", len(program) // 8, address(program)))


def _sandbox_init(spec: Spec) -> None:
    macos.confine(spec["readable"], spec["writable"], spec["connection"])


_LAYERS = {"limits": _limits, "landlock": _landlock, "sandbox_init": _sandbox_init, "seccomp": _seccomp}
