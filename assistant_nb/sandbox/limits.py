"""How much code in the sandbox may use, and the folders that it works in."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

DATA_PATH: Final = "/mnt/data"
"""Where models are told that the files are. Logs show this path too, whatever the real folder is."""
MOST_INODES: Final = 10_000
"""The most files and folders that there may be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Code that goes over a limit ends with a message that the model can read: `Limits(call_s=10)`."""

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
    """The folders of one kernel: mode 0700, absolute, without symbolic links. `Launch.owner` owns everything in them.

    `connection` needs a short path: the path of a socket in it may have 107 bytes.
    """

    scratch: Path
    """The working folder, which the code sees as `Launch.data_path`. Files that it makes there are its results."""
    temp: Path
    """TMPDIR, HOME and caches, such as matplotlib's. Its size counts as scratch; it has no results."""
    connection: Path
    """The connection file and its ipc sockets. The code may only make and remove sockets there."""
