"""What this machine's Python can do, where machines differ. Pure."""

import sys


def in_browser() -> bool:
    """Return True in a browser's Python (Pyodide). It has no threads, no sockets and no other processes."""
    return sys.platform == "emscripten"


def on_windows() -> bool:
    """Return True on Windows. It has no Unix sockets, no `fcntl`, and nothing here that contains a model's code."""
    return sys.platform == "win32"


def not_here(what: str) -> str:
    """Say where something runs that a browser's Python cannot do: `not_here("start a server")`."""
    return (
        f"A page in a browser cannot {what}; JupyterLab on a computer can:"
        " pip install 'assistant_nb[lab]' && assistant-nb lab"
    )
