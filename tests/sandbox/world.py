"""A world to attack, made for the purpose."""

import os
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant_nb.sandbox.limits import Limits, Room
from tests.sandbox.attacks import ATTACKS, ATTRIBUTE, SECRET

LIMITS = Limits(memory_bytes=2**30, scratch_bytes=2**20)


@dataclass(frozen=True)
class World:
    """Everything in it belongs to the attacker's own user, so that nothing but the sandbox protects it."""

    folder: Path
    room: Room
    targets: dict[str, Any]
    neighbour: subprocess.Popen[bytes]

    def marks(self) -> dict[str, Any]:
        """By path, everything about the files that no attack may change."""
        looks = {path: path.lstat() for path in sorted((self.folder / "world").rglob("*"))}
        return {
            str(path): (look.st_mode, look.st_uid, look.st_mtime_ns, look.st_nlink, path.is_file() and path.read_text())
            for path, look in looks.items()
        }


def as_user(uid: int | None) -> dict[str, Any]:
    """For Popen; None: who runs the tests."""
    return {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}


def make_world(stack: ExitStack, uid: int | None) -> World:
    """Lasts as long as the stack. The folder's name is short, because sockets are in it."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="anb-", dir="/tmp", ignore_cleanup_errors=True)))
    world, home, room = folder / "world", folder / "home", Room(folder / "data", folder / "temp", folder / "run")
    for path in (world / "files", world / "folders", home / ".ssh", room.scratch, room.temp, room.connection):
        path.mkdir(parents=True)
    for name in ATTACKS:
        file = world / "files" / name
        file.write_text(SECRET)
        file.chmod(0o600)
        os.setxattr(file, ATTRIBUTE, b"mark")
        (world / "folders" / name).mkdir()
    for file in (home / ".ssh" / "id_ed25519", world / "kernel.json", room.connection / "kernel.json"):
        file.write_text("{}")
    tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", 0))
    stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)).bind(str(world / "datagram"))
    for address in (str(world / "stream"), f"\0{folder}"):
        stream = stack.enter_context(socket.socket(socket.AF_UNIX))
        stream.bind(address)
        stream.listen()
    if uid is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid)
    neighbour = subprocess.Popen(
        ["/bin/sleep", "600"], stdin=subprocess.DEVNULL, cwd=world, start_new_session=True, **as_user(uid)
    )
    stack.callback(neighbour.wait)
    stack.callback(neighbour.kill)
    descriptor = os.open(world / "files" / "read_an_inherited_descriptor", os.O_RDONLY)
    stack.callback(os.close, descriptor)
    targets = {
        "world": str(world),
        "home": str(home),
        "connection": str(room.connection),
        "abstract": f"\0{folder}",
        "tcp": tcp.getsockname()[1],
        "udp": udp.getsockname()[1],
        "engine": os.getpid(),
        "neighbour": neighbour.pid,
        "descriptor": descriptor,
        "tmp_file": f"/tmp/{folder.name}-planted",
        "threads": 1000,
        "memory_bytes": LIMITS.memory_bytes,
        "scratch_bytes": LIMITS.scratch_bytes,
    }
    return World(folder, room, targets, neighbour)
