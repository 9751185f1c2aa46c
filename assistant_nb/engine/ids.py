"""Ids and time, both injected, both derived rather than drawn.

An id is a function of (seed, parent, prefix, ordinal): the third message of a thread has the same
id in everybody's notebook, whatever else went on in between. Times work alike: each thread counts
its own ticks, so a run in the background cannot disturb what the foreground sees.
"""

import hashlib
import string
import time
from typing import Final, Literal, Protocol

IdKind = Literal[
    "assistant",
    "thread",
    "thread.message",
    "thread.run",
    "thread.run.step",
    "file",
    "vector_store",
    "vector_store.file_batch",
    "tool_call",
    "chat.completion",
    "conversation",
    "chain",
    "response",
]
PREFIXES: Final[dict[IdKind, str]] = {
    "assistant": "asst",
    "thread": "thread",
    "thread.message": "msg",
    "thread.run": "run",
    "thread.run.step": "step",
    "file": "file",
    "vector_store": "vs",
    "vector_store.file_batch": "vsfb",
    "tool_call": "call",
    "chat.completion": "chatcmpl",
    "conversation": "conv",
    "chain": "thread",
    "response": "resp",
}
_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_HEX: Final = "0123456789abcdef"
_USUAL: Final = ("_", _ALPHABET, 24)
_SHAPES: Final[dict[IdKind, tuple[str, str, int]]] = {
    "file": ("-", _ALPHABET, 22),
    "chat.completion": ("-", _ALPHABET, 29),
    "vector_store": ("_", _HEX, 32),
    "vector_store.file_batch": ("_", _HEX, 32),
}
"""What joins prefix and rest, the letters of the rest and its length, where the recorded ids are not as usual."""


class Ids:
    """Makes ids from a seed. Two engines with one seed name the same things alike."""

    def __init__(self, seed: str) -> None:
        self.seed = seed

    def make(self, kind: IdKind, parent: str, ordinal: int) -> str:
        """`make("thread.message", "thread_…", 3)` -> "msg_" + 24 letters and digits."""
        prefix = PREFIXES[kind]
        if kind in ("conversation", "chain"):
            return f"{prefix}_{_hex(f'{self.seed}|{parent}|{kind}|{ordinal}')[:48]}"
        if kind == "response":  # with what all of its chain or conversation share
            return f"{prefix}_{parent[-16:]}{_hex(f'{self.seed}|{parent}|{prefix}|{ordinal}')[:34]}"
        joint, letters, length = _SHAPES.get(kind, _USUAL)
        digest = hashlib.sha256(f"{self.seed}|{parent}|{prefix}|{ordinal}".encode()).digest()
        return f"{prefix}{joint}{''.join([letters[byte % len(letters)] for byte in digest[:length]])}"


def item_id(prefix: str, owner_id: str, of: str) -> str:
    """The id of an item, which shares 16 characters with its response or conversation.

    `item_id("fc", "resp_0e24a47955abae92…", "call_…")` -> "fc_0e24a47955abae92" + 34 hex digits
    """
    digest = _hex(f"{owner_id}|{prefix}|{of}")
    if owner_id.startswith("resp_"):
        return f"{prefix}_{owner_id[5:21]}{digest[:34]}"
    return f"{prefix}_{digest[:32]}{owner_id[-16:]}"


def container_id(thread_id: str) -> str:
    """The container of a thread: its kernel, and the files that its code makes."""
    return f"cntr_{thread_id.partition('_')[2]}"


def container_file_id(file_id: str) -> str:
    """A file as its container names it."""
    return f"cfile_{file_id.removeprefix('file-')}"


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Clock(Protocol):
    """Tells the time for an event, in Unix seconds."""

    def now(self, ticks: int) -> int:
        """`ticks` counts the events of one thread, or of the account, in order."""
        ...


class SystemClock:
    """The time on the wall."""

    def now(self, ticks: int) -> int:  # noqa: ARG002
        return int(time.time())


class LessonClock:
    """One second passes with each event, from the day of the source notebook on."""

    START: Final = 1708766068  # 2024-02-24 09:14:28 UTC

    def now(self, ticks: int) -> int:
        return self.START + ticks
