"""How a command is started behind given layers: its words, its environment, and what it may read.

Namespaces come from bubblewrap: a file system of its own with little in it, no network, no other processes. Bubblewrap
is small and reviewed, and it knows the traps of mounting. Where it is missing or not allowed, other layers hold.
"""

import itertools
import json
import os
import random
import shutil
import site
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from .limits import DATA_PATH, Limits, Room

if TYPE_CHECKING:
    from .launcher import Spec


@dataclass(frozen=True, slots=True)
class Launch:
    """What `subprocess.Popen(launch.argv, env=launch.env)` needs. It needs no pass_fds and no preexec_fn."""

    argv: Sequence[str]
    env: dict[str, str]
    """The whole environment. It has nothing of the engine's own environment."""
    data_path: str
    """What the code must use for `/mnt/data`: that path with namespaces, else the path of the scratch folder."""
    owner: int | None
    """The user and group id that must own the room before the start. None: leave the owner as it is.

    The folders above the room must let that user pass (mode 0711).
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
"""Not the whole prefix: a learner's environment may be HOME itself."""
_ALONE: Final = (
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--die-with-parent",
)
_AS_ROOT: Final = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP")


def launch(command: Sequence[str], room: Room, limits: Limits, layers: Sequence[str]) -> Launch:
    """Return how to start `command`, whose first word is an absolute path. Without layers it is not contained.

    Raises OSError if the layers have namespaces and there is no bubblewrap.
    """
    if not layers:
        return Launch(command, _environment(room) | _windows(room), room.scratch.as_posix(), None)
    own, uid = "namespaces" in layers, _spare_user() if {"spare user", "reading user"} & {*layers} else None
    data_path = DATA_PATH if own else str(room.scratch)
    readable = sorted(path for path in {*_SYSTEM, *_python()} if os.access(path, os.R_OK))
    spec: Spec = {
        "layers": [*layers],
        "uid": uid,
        "parent": None if own else os.getpid(),
        "cwd": data_path,
        "programs": [command[0], *_STORES, *map(str, Path("/").glob("lib*/ld-*.so*"))],
        "readable": [*readable, *_PROC],
        "writable": [data_path, str(room.temp)],
        "devices": [*_DEVICES],
        "connection": str(room.connection),
        "memory_bytes": limits.memory_bytes,
        "scratch_bytes": limits.scratch_bytes,
    }
    around: Sequence[str] = ()
    if own:
        proc = "landlock" in layers
        shown = [*readable, str(_ROOT / "assistant_nb"), *(() if proc else _PROC)]
        around = _bubblewrap(room, shown, _DEVICES, uid, proc=proc)
    argv = [*around, sys.executable, "-I", "-S", "-c", _LAUNCHER, str(_ROOT), json.dumps(spec), *command]
    return Launch(argv, _environment(room), data_path, uid)


def _bubblewrap(
    room: Room, readable: Sequence[str], devices: Sequence[str], uid: int | None, *, proc: bool
) -> list[str]:
    """Return bubblewrap's own words, which stand before the command. Raises OSError where there is no `bwrap`.

    With a `uid`, root can become that user inside. `proc` is True if Landlock will protect `/proc`. Without Landlock
    there must be no `/proc`: its user could read the memory of bubblewrap's own first process, which has no filter.
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
    # bubblewrap itself would make these for its own user only
    folders = sorted({str(folder) for _, _, target in binds for folder in PurePath(target).parents} - {"/"})
    made = [
        *(("--dir", folder) for folder in folders),
        *binds,
        *((("--proc", "/proc"),) if proc else ()),
        ("--remount-ro", "/"),
    ]
    return [program, *_ALONE, *user, *(word for step in made for word in step), "--"]


def _python() -> Iterator[str]:
    """Yield where this Python and its packages are, by each of their names."""
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


def _windows(room: Room) -> dict[str, str]:
    """Return what a program needs there to start, and there only. Without SYSTEMROOT, Python has no random numbers."""
    if "SYSTEMROOT" not in os.environ:
        return {}
    kept = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATH", "PATHEXT", "NUMBER_OF_PROCESSORS")
    own = dict.fromkeys(("TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA"), str(room.temp))
    return {name: value for name in kept if (value := os.environ.get(name))} | own | {"PYTHONUTF8": "1"}


_SPARE_USERS: Final = range(60578, 61184)
"""Ids that no Linux gives to a user. Source: systemd, "Users, Groups, UIDs and GIDs"."""
_turns = itertools.count(random.randrange(len(_SPARE_USERS)))  # noqa: S311  so that two engines rarely take the same


def _spare_user() -> int:
    """Return an unused user id for one kernel, so that kernels cannot reach each other."""
    busy = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # the process has ended meanwhile
            busy.add(process.stat().st_uid)
    turns = (_SPARE_USERS[next(_turns) % len(_SPARE_USERS)] for _ in _SPARE_USERS)
    uid = next((uid for uid in turns if uid not in busy), None)
    if uid is None:
        raise OSError("all spare users are busy")
    return uid
