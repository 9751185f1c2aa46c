"""A port for a server that takes a number only."""

import random
import socket
from typing import Final

_QUIET: Final = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections. One of those could be taken before the server listens."""


def free_port() -> int:
    """Return a port on which nobody listens."""
    for port in random.sample(_QUIET, len(_QUIET)):
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
