"""Hostile texts, and the same twice as long: `python tests/bench/render.py`.

Reading a text that is twice as long may take twice as long, not four times. The times are those of this thread alone.
Ends with status 1 where a text is over the limit. `tests/test_render.py` counts the same work in lines of Python;
only a clock sees how far a regular expression goes back and forth.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.test_render import HOSTILE, READ

LIMIT: Final = 3.0
LEAST_MS: Final = 5
"""Less than that is noise."""
CHARACTERS: Final = 40_000
"""Of the shorter text; `render` reads up to 100,000 as Markdown."""


def taken_ms(read: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    read(text)
    return 1000 * (time.thread_time() - began)


def main() -> int:
    over = 0
    for name, make in HOSTILE.items():
        whole = make(CHARACTERS)
        short, long = whole[:CHARACTERS], make(2 * CHARACTERS)[: 2 * CHARACTERS]
        for way, read in READ.items():
            once, twice = taken_ms(read, short), taken_ms(read, long)
            ratio = twice / max(once, LEAST_MS)
            over += ratio > LIMIT
            print(f"{name:16} {way:9} {once:8.0f} ms {twice:8.0f} ms {ratio:6.2f} x  limit {LIMIT} x")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
