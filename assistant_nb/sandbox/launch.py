"""How a command is started behind given layers: its words, its environment, what it may read."""

import itertools
import json
import os
import random
import site
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import namespaces
from .limits import Limits, Room


@dataclass(frozen=True, slots=True)
class Launch:
    """What `subprocess.Popen(launch.argv, env=launch.env)` needs; no pass_fds, no preexec_fn."""

    argv: Sequence[str]
    env: dict[str, str]
    """All of it: nothing of the engine's own environment goes in."""
    data_path: str
    """What the code must use for `/mnt/data`: that itself with namespaces, else the path of the scratch folder."""
    owner: int | None
    """The user and group id to which the room has to be given before the start; None: leave it.

    The folders above have to let that user pass (mode 0711).
    """


_ROOT: Final = Path(__file__).parents[2]
_LAUNCHER: Final = f"import sys; sys.path.append(sys.argv.pop(1)); from {__package__}.launcher import main; main()"
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_STORES: Final = ("/nix/store", "/gnu/store")
_SYSTEM: Final = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", *_STORES, "/System", "/Library", "/opt/homebrew"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf"),
    "/sys/devices/system/cpu",
)
_PROC: Final = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat")
_OF_A_PREFIX: Final = ("bin", "lib", "lib64", "share", "ssl", "etc/fonts", "etc/ipython", "pyvenv.cfg")
"""Not the whole: a learner's environment may lie in HOME itself."""


def launch(command: Sequence[str], room: Room, limits: Limits, layers: Sequence[str]) -> Launch:
    """`command` begins with an absolute path. Without layers it is not contained. Raises OSError without bubblewrap."""
    if not layers:
        return Launch(command, _environment(room), str(room.scratch), None)
    own, uid = "namespaces" in layers, _spare_user() if {"spare user", "reading user"} & {*layers} else None
    data_path = namespaces.DATA_PATH if own else str(room.scratch)
    readable = sorted(path for path in {*_SYSTEM, *_python()} if os.access(path, os.R_OK))
    spec = {
        "layers": layers,
        "uid": uid,
        "parent": None if own else os.getpid(),
        "cwd": data_path,
        "programs": [command[0], *_STORES, *map(str, Path("/").glob("lib*/ld-*.so*"))],
        "readable": [*readable, *_PROC],
        "writable": [data_path, str(room.temp)],
        "devices": _DEVICES,
        "connection": str(room.connection),
        "memory_bytes": limits.memory_bytes,
        "scratch_bytes": limits.scratch_bytes,
    }
    around: Sequence[str] = ()
    if own:
        proc = "landlock" in layers
        shown = [*readable, str(_ROOT / "assistant_nb"), *(() if proc else _PROC)]
        around = namespaces.bubblewrap(room, shown, _DEVICES, uid, proc=proc)
    argv = [*around, sys.executable, "-I", "-S", "-c", _LAUNCHER, str(_ROOT), json.dumps(spec), *command]
    return Launch(argv, _environment(room), data_path, uid)


def _python() -> Iterator[str]:
    """Where this Python and its packages are, by every name they go by."""
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        for place in _OF_A_PREFIX:
            yield from (f"{prefix}/{place}", os.path.realpath(f"{prefix}/{place}"))
    yield from site.getsitepackages()
    if site.ENABLE_USER_SITE:
        yield site.getusersitepackages()


def _environment(room: Room) -> dict[str, str]:
    temp = str(room.temp)
    one_thread = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": temp,
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "TMPDIR": temp,
        "MPLCONFIGDIR": f"{temp}/matplotlib",
        "IPYTHONDIR": f"{temp}/ipython",
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",  # an arena reserves 128 MB, which RLIMIT_AS counts
        **dict.fromkeys(one_thread, "1"),
    }


_SPARE_USERS: Final = range(60578, 61184)
"""Ids that no Linux gives to anybody. Source: systemd, "Users, Groups, UIDs and GIDs"."""
_turns = itertools.count(random.randrange(len(_SPARE_USERS)))  # noqa: S311  two engines rarely meet


def _spare_user() -> int:
    """A user for one kernel, so that kernels are strangers to each other."""
    busy = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            busy.add(process.stat().st_uid)
    turns = (_SPARE_USERS[next(_turns) % len(_SPARE_USERS)] for _ in _SPARE_USERS)
    uid = next((uid for uid in turns if uid not in busy), None)
    if uid is None:
        raise OSError("all spare users are busy")
    return uid
