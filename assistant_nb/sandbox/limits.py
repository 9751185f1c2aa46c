"""What code in the sandbox may use up, and the folders it lives in."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

MOST_INODES: Final = 10_000
"""So many files and folders may be there."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What runs over a limit ends with a message that the model can read: `Limits(call_s=10)`."""

    call_s: float = 60
    memory_bytes: int = 2 * 2**30
    scratch_bytes: int = 256 * 2**20
    output_bytes: int = 2**20

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (isinstance(value, int | float) and 0 < value < math.inf):
                raise ValueError(f"{name}={value!r} is no limit. Use a number above 0.")


@dataclass(frozen=True, slots=True)
class Room:
    """The folders of one kernel, all 0700, absolute and without symlinks; all in them is given to `Launch.owner`.

    `connection` needs a short path: that of a socket in it may take 107 bytes.
    """

    scratch: Path
    """The working folder, which the code sees as `Launch.data_path`. What it makes there are its results."""
    temp: Path
    """TMPDIR, HOME and caches, such as matplotlib's. Counts as scratch, holds no results."""
    connection: Path
    """The connection file and its ipc sockets. The code may make and remove sockets there, nothing else."""
