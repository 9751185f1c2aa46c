"""The launcher: a process that gives up all that a kernel does not need, and then becomes the kernel.

Its arguments are a spec, in JSON, and the command of the kernel. Every layer that the spec names is put on, or the
process ends: nothing runs half contained. It runs at each start of a kernel, so that it imports little.
"""

import json
import os
import resource
import struct
import sys
from contextlib import suppress
from typing import Any

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
_OWN_PROC = ("cmdline", "comm", "fd", "limits", "maps", "stat", "statm", "status")  # not net: it shows everybody's
_CAPSET = "capset=126/91"
_CAPABILITY_VERSION = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2

Spec = dict[str, Any]
"""As `layers.launch` writes it."""


def main() -> None:
    """Does not return."""
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
    except Exception as error:  # noqa: BLE001  whatever it is, the command must not run
        os.write(2, f"{layer}: {error}\n".encode())
    os._exit(FAILED)


def _drop_privileges(spec: Spec) -> None:
    """No capabilities, none to come back, not even for root; and no life without the engine."""
    kept = []
    if "reading user" in spec["layers"]:  # the Python lies where only root may look
        kept = [right for right in (_DAC_READ_SEARCH, _DAC_OVERRIDE) if prctl(_PR_CAPBSET_READ, right)][:1]
        prctl(_PR_SET_KEEPCAPS, 1)
    with suppress(OSError):  # EPERM where there are none, EINVAL after the last
        for right in range(64):
            if right not in kept:
                prctl(_PR_CAPBSET_DROP, right)
    if spec["uid"] is not None:  # somebody who nobody is, and who owns the room only
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
        os._exit(FAILED)  # it ended before it could be watched


def _limits(spec: Spec) -> None:
    with suppress(PermissionError):  # leads its session already
        os.setsid()  # no terminal, and nobody else in its group
    os.closerange(3, 2**16)
    os.nice(5)  # the engine goes first
    limits = {
        resource.RLIMIT_FSIZE: spec["scratch_bytes"],
        resource.RLIMIT_NOFILE: _FILES,
        resource.RLIMIT_MEMLOCK: 2**16,
        resource.RLIMIT_CORE: 1,  # 0 would let the system's collector of crashes have the memory
    }
    if sys.platform == "linux":  # elsewhere they do not hold
        limits[resource.RLIMIT_AS] = spec["memory_bytes"]
        limits[resource.RLIMIT_NPROC] = _threads_of(os.getuid()) + _THREADS
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def _threads_of(uid: int) -> int:
    """Of all processes of a user, which the kernel counts together. 0 where there is no `/proc`."""
    count = 0
    with suppress(FileNotFoundError):
        for process in os.scandir("/proc"):
            with suppress(OSError):  # it ended meanwhile
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
    """The last: what came before needs calls that it refuses."""
    program = seccomp.program(os.uname().machine, os.getpid())
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, struct.pack("@HP", len(program) // 8, address(program)))


_LAYERS = {"limits": _limits, "landlock": _landlock, "sandbox_init": macos.confine, "seccomp": _seccomp}
