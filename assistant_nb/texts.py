"""Small rules for texts that the engine and the learner's side share. Pure."""

import json
import math
from typing import Any, Final


def short(text: str, most: int) -> str:
    """`short("a long text", 7)` is `"a long…"`. A text of at most `most` characters stays as it is."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def count(n: int, what: str) -> str:
    """`count(2, "tool")` is `"2 tools"`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def read_json(text: str) -> Any:
    """Read JSON, but only values that can be written as JSON again. Raises ValueError, also for `NaN` and `1e999`."""
    return _DECODER.decode(text)


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is a word of JavaScript")


def _finite(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError(f"{digits} is too large a number")
    return number


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
