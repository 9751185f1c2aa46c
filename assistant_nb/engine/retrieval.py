"""Reading files, cutting them into chunks, weighing and filtering what was found. Pure.

The weight of a chunk comes in two parts. How much a chunk is about one word, SQLite tells (BM25: it
counts how often the word is there, and how long the chunk is). How much a word says at all is worked
out here, for one vector store alone: a word that is in every chunk says little (inverse document
frequency). Other vector stores have a part in the first only, and a very small one: which chunks
count as long.
"""

import codecs
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final

from .errors import EngineError
from .wire import Json

BYTES_PER_TOKEN: Final = 4
"""As in `model.base.estimate_tokens`."""
MAX_TOKENS: Final = 5_000_000
_MAX_WORDS: Final = 64
_WORD: Final = re.compile(r"[^\W_]+")
_BLANKS: Final = (b" ", b"\n", b"\t")
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(EngineError):
    """No text can be had from a file; the message and `code` become its `last_error`."""

    def __init__(self, why: str, code: str) -> None:
        super().__init__(f"The file could not be parsed because it is {why}.")
        self.code = code


def text_of(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 that says so. Raises Unreadable."""
    if len(data) > MAX_TOKENS * BYTES_PER_TOKEN:
        raise Unreadable("too large", "invalid_file")
    try:
        text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8 text", "unsupported_file") from None
    if "\0" in text:
        raise Unreadable("binary", "unsupported_file")
    if not text.strip():
        raise Unreadable("empty", "invalid_file")
    return text


def chunks(text: str, max_tokens: int, overlap_tokens: int) -> list[str]:
    """Pieces of at most `max_tokens`, each repeating the end of the one before, cut between words.

    A cut looks for a space in the second half of a piece only, and the overlap is at most half, so
    each piece begins later than the one before. A word longer than that is cut between letters.
    """
    data, pieces, start = text.encode(), [], 0
    size, overlap = max_tokens * BYTES_PER_TOKEN, overlap_tokens * BYTES_PER_TOKEN
    while (end := start + size) < len(data):
        end = _end(data, start + size // 2, end)
        pieces.append(data[start:end].decode())
        start = _start(data, end - overlap, end)
    pieces.append(data[start:].decode())
    return pieces


def _end(data: bytes, low: int, high: int) -> int:
    """The last place in reach that is behind a space, or else the last that splits no letter."""
    if space := 1 + max(data.rfind(blank, low, high) for blank in _BLANKS):
        return space
    while data[high] & 0xC0 == 0x80:  # inside a letter of several bytes
        high -= 1
    return high


def _start(data: bytes, low: int, high: int) -> int:
    """The first place in reach that is behind a space, or else the first that splits no letter."""
    if spaces := [place + 1 for blank in _BLANKS if (place := data.find(blank, low, high)) >= 0]:
        return min(spaces)
    while data[low] & 0xC0 == 0x80:
        low += 1
    return low


def words(query: str) -> list[str]:
    """What to look for, each word once: `words("The cat, THE hat")` -> ["THE", "cat", "hat"].

    The index folds case and accents in its own way, so words are left as they were written.
    """
    found = _WORD.findall(unicodedata.normalize("NFC", query))
    return list({word.casefold(): word for word in found}.values())[:_MAX_WORDS]


def scores(total: int, found: Sequence[dict[int, float]]) -> dict[int, float]:
    """How well each chunk answers, from 0 to 1.

    `total` counts the chunks of the vector store; `found` says for each word of the query which chunks
    have it and how strongly. 1 means: for every word, no other chunk has it more strongly. A word that
    is nowhere counts against all.
    """
    says = [math.log(1 + (total - len(hits) + 0.5) / (len(hits) + 0.5)) for hits in found]
    score: dict[int, float] = {}
    for weight, hits in zip(says, found, strict=True):
        strongest = max(hits.values(), default=1.0)
        for chunk, strength in hits.items():
            score[chunk] = score.get(chunk, 0.0) + weight * strength / strongest
    return {chunk: min(1.0, value / sum(says)) for chunk, value in score.items()}


# Filters

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def holds(filter: Json, attributes: Json) -> bool:
    """Whether a file with these attributes passes.

    `holds({"type": "gte", "key": "year", "value": 2024}, {"year": 2025})` is true. Values of different
    kinds are neither equal nor in order; a missing attribute equals nothing.
    """
    match filter["type"]:
        case "and":
            return all(holds(inner, attributes) for inner in filter["filters"])
        case "or":
            return any(holds(inner, attributes) for inner in filter["filters"])
    given, value = attributes.get(filter["key"]), filter["value"]
    match filter["type"]:
        case "eq":
            return _same(given, value)
        case "ne":
            return not _same(given, value)
        case "in":
            return any(_same(given, one) for one in value)
        case "nin":
            return not any(_same(given, one) for one in value)
        case kind:
            return _kind(given) == _kind(value) and _ORDER[kind](given, value)


def _same(left: Any, right: Any) -> bool:
    return _kind(left) == _kind(right) and bool(left == right)


def _kind(value: Any) -> str:
    """Python takes True for 1; the API does not."""
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
