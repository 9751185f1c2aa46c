"""macOS: Seatbelt, by `sandbox_init`. It controls the contents of files, network, processes and signals, not memory.

Source: sandbox_init(3); the profiles in /System/Library/Sandbox/Profiles.
"""

import ctypes
import json

_BASE = """(version 1)
(deny default)
(import "bsd.sb")
(deny network*)
(allow process-exec)
(deny process-fork)
(allow signal (target self))
(allow sysctl-read)
(allow file-read-metadata)
"""
_WRITE = "file-write-data file-write-create file-write-unlink"  # not the mode, owner and times


def profile(readable: list[str], writable: list[str], connection: str) -> str:
    """Return the rules in Seatbelt's language: only these paths, and Unix sockets in `connection`, are allowed."""
    rules = [
        *(
            f"(allow file-read* file-map-executable (subpath {json.dumps(path)}))"
            for path in [*readable, *writable, connection]
        ),
        *(f"(allow {_WRITE} (subpath {json.dumps(path)}))" for path in writable),
        f"(allow {_WRITE} (require-all (vnode-type SOCKET) (subpath {json.dumps(connection)})))",
        f"(allow network-bind network-inbound (local unix-socket (subpath {json.dumps(connection)})))",
    ]
    return _BASE + "\n".join(rules)


def confine(readable: list[str], writable: list[str], connection: str) -> None:
    """Confine this process to these paths for good. Raises OSError."""
    libc, error = ctypes.CDLL(None), ctypes.c_char_p()
    text = profile(readable, writable, connection)
    if libc.sandbox_init(text.encode(), ctypes.c_uint64(0), ctypes.byref(error)):
        raise OSError((error.value or b"no reason given").decode())
