"""Remembers which exercises were right: in this process, and in a file beside the notebooks for the next one."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE: Final = ".assistant-nb-progress.json"
_solved: Final = set[str]()


def add(key: str) -> None:
    """Remember an exercise. A folder that cannot be written to is no error: the process remembers it."""
    if key in known():
        return
    _solved.add(key)
    with suppress(OSError):
        Path(FILE).write_text(json.dumps(sorted(known())), encoding="utf-8")


def known() -> set[str]:
    """Return the keys of all exercises that were right, now or earlier. A file that is damaged holds none."""
    try:
        kept = json.loads(Path(FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = []
    return _solved | {key for key in kept if isinstance(key, str)} if isinstance(kept, list) else set(_solved)
