"""Makes this Python look like Windows as far as the package can see. Run before the package is imported, in a new process.

What other packages need is imported first: they would look for the real Windows.
"""

import os
import select
import socket
import sys
from importlib import import_module

OTHERS = (
    *(
        "asyncio",
        "multiprocessing",
        "subprocess",
        "tempfile",
        "ssl",
        "sqlite3",
        "mimetypes",
        "IPython",
        "ipykernel.kernelapp",
    ),
    *("jupyter_client", "nbclient", "nbformat", "psutil", "zmq", "tqdm", "requests", "openai", "openai.resources.beta"),
    *(
        "httpx2",
        "pydantic",
        "werkzeug.wrappers",
        "werkzeug.routing",
        "cheroot.wsgi",
        "anywidget",
        "ipywidgets",
        "platformdirs",
    ),
)
MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "posix", "syslog")
NAMES: dict[object, tuple[str, ...]] = {
    os: (
        *("fork", "register_at_fork", "geteuid", "getuid", "getgid", "setsid", "setgroups", "setresuid", "setresgid"),
        *("chown", "fchown", "fchmod", "O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "killpg", "mkfifo"),
    ),
    select: ("poll", "epoll"),
    socket: ("AF_UNIX",),
}
"""What Windows does not have, of what POSIX systems have."""


def pretend() -> None:
    for name in OTHERS:
        import_module(name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for owner, names in NAMES.items():
        for name in names:
            if hasattr(owner, name):
                delattr(owner, name)
    sys.platform = "win32"
