"""Landlock: a process and its children lose access to all files but those under given paths, for good.

Landlock does not control `stat`: the size, mode, owner and times of a known path stay visible.

These are forty lines of our own. py-landlock would cost an import at each start of a kernel, and a dependency, for
three system calls. sandlock brings a supervisor that Docker's own profile blocks.

Source: linux/landlock.h, https://docs.kernel.org/userspace-api/landlock.html
"""

import os
import stat
import struct
from collections.abc import Iterable

from .libc import prctl, syscall

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every machine
_PR_SET_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << n for n in range(6))
MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_SYM, REFER, TRUNCATE = (1 << n for n in (7, 8, 9, 12, 13, 14))

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
WRITE = READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER
SOCKETS = READ_FILE | READ_DIR | MAKE_SOCK | REMOVE_FILE
DEVICE = READ_FILE | WRITE_FILE
_OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

# Everything that each ABI can refuse. Rights that are not given are refused, such as devices, pipes, ioctl.
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP = {4: 0b11}  # bind, connect
_SCOPES = {6: 0b11}  # abstract sockets, signals


def restrict(rights: Iterable[tuple[str, int]], abi: int | None = None) -> None:
    """Allow only these paths from now on, each with its rights: a file, or a folder and everything below it.

    Paths that do not exist are left out. `abi` imitates an older Linux, for tests. Raises OSError without Landlock.
    Before ABI 3 (Linux 6.2) truncating is not refused. There only namespaces protect a file: they hide it.
    """
    abi = abi or syscall(_CREATE, None, 0, 1)
    handled = [max((known[n] for n in known if n <= abi), default=0) for known in (_FILES, _TCP, _SCOPES)]
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = syscall(_CREATE, struct.pack("=3Q", *handled), size, 0)
    for path, access in rights:
        try:
            beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        if not stat.S_ISDIR(os.fstat(beneath).st_mode):
            access &= _OF_A_FILE
        syscall(_ADD, ruleset, 1, struct.pack("=Qi", access & handled[0], beneath), 0)
        os.close(beneath)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    syscall(_RESTRICT, ruleset, 0)
    os.close(ruleset)
