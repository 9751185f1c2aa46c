"""The door of the sandbox: which layers hold on this machine, and how a command is started behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import NotContained
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
    """The user and group id to which everything in the room has to be given before the start; None: leave it."""


def layers() -> tuple[str, ...]:
    """What holds here, such as `("namespaces", "landlock", "seccomp", "limits")`. Raises NotContained."""
    raise NotContained(["not built yet"])


def contained(command: Sequence[str], room: Room, limits: Limits) -> Launch:
    """How to start a command behind all layers that hold here. Raises NotContained."""
    raise NotContained(["not built yet"])
