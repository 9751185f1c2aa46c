"""What code in the sandbox may use up, and the folders it lives in."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What runs over a limit ends with a message that the model can read."""

    call_s: float = 60
    memory_bytes: int = 2 * 2**30
    scratch_bytes: int = 256 * 2**20
    output_bytes: int = 2**20


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
