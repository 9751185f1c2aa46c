"""Canaries: a few real attacks. They run behind the layers before any other code. If one succeeds, nothing is run.

The engine passes the source of this file to a contained Python, so it needs the standard library only.
"""

import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from mmap import mmap
from pathlib import Path
from typing import TypedDict


class Targets(TypedDict):
    """What the attacks aim at."""

    folder: str
    """It has a file `secret` and a listening `socket`."""
    port: int
    """A server listens at this port of 127.0.0.1."""
    pid: int
    """The engine's process."""
    connection: str
    """The folder in which the code may make sockets."""
    memory_bytes: int
    """More than the limit."""
    threads: int
    """More than the limit."""


def read(targets: Targets) -> None:
    Path(targets["folder"], "secret").read_text()


def write(targets: Targets) -> None:
    Path(targets["folder"], "planted").write_text("")


def truncate(targets: Targets) -> None:
    os.truncate(targets["folder"] + "/secret", 0)


def list_folder(targets: Targets) -> None:
    list(Path(targets["folder"]).iterdir())


def change_mode(targets: Targets) -> None:
    secret = Path(targets["folder"], "secret")
    secret.chmod(0o644)
    if secret.stat().st_mode & 0o777 != 0o644:
        raise PermissionError("the mode has not changed")


def look_at_the_engine(targets: Targets) -> None:
    Path(f"/proc/{targets['pid']}/cmdline").read_bytes()


def signal(targets: Targets) -> None:
    os.kill(targets["pid"], 0)


def connect(targets: Targets) -> None:
    socket.create_connection(("127.0.0.1", targets["port"]), 2).close()


def connect_unix(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(targets["folder"] + "/socket")


def fork(_: Targets) -> None:
    if os.fork() == 0:
        os._exit(0)


def start_threads(targets: Targets) -> None:
    threading.stack_size(2**16)
    done = threading.Event()
    threads = [threading.Thread(target=done.wait, daemon=True) for _ in range(targets["threads"])]
    try:
        for thread in threads:
            thread.start()
    finally:
        done.set()
        threading.stack_size(0)


def allocate(targets: Targets) -> None:
    mmap(-1, targets["memory_bytes"]).close()


ATTACKS: list[Callable[[Targets], None]] = [
    *(read, write, truncate, list_folder, change_mode, look_at_the_engine, signal, connect, connect_unix, fork),
    *((start_threads, allocate) if sys.platform == "linux" else ()),  # elsewhere the engine watches from outside
]


def work(targets: Targets) -> None:
    """Do what a kernel has to be able to do. Raises OSError or RuntimeError."""
    result = Path("result")
    result.write_text("made here")
    result.unlink()
    thread = threading.Thread(target=os.getpid)
    thread.start()
    thread.join()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(targets["connection"] + "/ipc")
        server.listen()


def through(targets: Targets) -> list[str]:
    """Return the names of the attacks that succeed."""
    names = []
    for attack in ATTACKS:
        try:
            attack(targets)
        except (OSError, MemoryError, RuntimeError):
            continue
        names.append(attack.__name__)
    return names


if __name__ == "__main__":
    aims = json.loads(sys.argv[1])
    work(aims)
    json.dump(through(aims), sys.stdout)
