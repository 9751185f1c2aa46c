"""Wait for what comes in its own time: on a machine that others use, too, no test knows when."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE_S: Final = 120


def until(look: Callable[[], T | None], why: Callable[[], object] = lambda: "it does not come") -> T:
    """What `look` sees, once that is something; `why` says what is wrong when it never is."""
    end = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < end, why()
        time.sleep(0.002)
    return found
