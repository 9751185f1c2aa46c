"""Hostile texts as long as they may be: `python tests/bench/render.py`; it exits with 1 if a limit is exceeded.

Each is read beside an ordinary answer of as many characters, which is drawn as blocks. The ratio of the two times,
those of this thread alone, is limited. `tests/test_render.py` counts lines of Python; only a clock sees what a regular
expression does.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.test_render import HOSTILE, READ

LIMIT: Final = 20
CHARACTERS: Final = 100_000
"""A longer text is shown as it is."""
ORDINARY: Final = "So **two** roots: \\(x = 1\\) and `x = 2`.\n\n- [the proof](https://x.org) for $5\n\n"


def taken_ms(read: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    read(text[:CHARACTERS])
    return 1000 * (time.thread_time() - began)


def main() -> int:
    over, ordinary = 0, ORDINARY * (CHARACTERS // len(ORDINARY) + 1)
    for way, read in READ.items():
        for name, text in HOSTILE.items():
            bare, hostile = taken_ms(READ["blocks"], ordinary), taken_ms(read, text(CHARACTERS))
            over += hostile > LIMIT * bare
            print(f"{way:9} {name:16} {bare:7.0f} ms {hostile:7.0f} ms {hostile / bare:7.2f} x, limit {LIMIT} x")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
