"""Cutting texts into chunks, weighing and filtering what was found. Pure.

What is found is weighed by BM25: a chunk answers better the more often it has the words of the query, the
shorter it is, and the rarer those words are. All of that is counted in the searched vector stores
alone, so what else an engine holds changes no score.

Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with
the inverse document frequency of Lucene, which is above 0 for words that most chunks have, too.
"""

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from ..params.files import Attributes, Filter

BYTES_PER_TOKEN: Final = 4
"""As in `model.base.estimate_tokens`."""
_MAX_WORDS: Final = 32
_K1: Final = 1.2
"""How soon one more occurrence of a term hardly matters: the larger, the later."""
_B: Final = 0.75
"""How much less an occurrence matters in a long chunk: 0 not at all, 1 in proportion."""
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(
    "[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)
"""Kana, Chinese characters, Hangul."""
_STOP_WORD: Final = re.compile(
    "a|an|and|are|as|at|be|been|but|by|can|could|did|do|does|for|from|had|has|have|how|i|if|in|into|is|it|its|may|me|must"
    "|my|no|not|of|on|or|our|s|should|so|t|than|that|the|their|them|then|there|these|they|this|those|to|too|us|was|we"
    "|were|what|when|where|which|who|why|will|with|would|you|your"
)
"""English words that are everywhere: with three of them a query of a large store takes 15 times as long.

Question words must be among them: texts seldom ask, so these would weigh much."""
_BLANKS: Final = (b" ", b"\n", b"\t")


class Chunk(NamedTuple):
    """A piece of a text, to be found as one. Places are bytes of the text in UTF-8."""

    start: int
    text: str
    next: int | None
    """Where the next one starts; None behind the last."""


def chunks(text: bytes, max_tokens: int, overlap_tokens: int, start: int = 0) -> Iterator[Chunk]:
    """Pieces of at most `max_tokens`, each repeating the end of the one before, cut between words.

    A cut looks for a space in the second half of a piece only, and the overlap is at most half, so
    each piece begins later than the one before. A word longer than that is cut between letters.
    `start` is the `next` of a chunk: to go on behind it.
    """
    size, overlap = max_tokens * BYTES_PER_TOKEN, overlap_tokens * BYTES_PER_TOKEN
    while (end := start + size) < len(text):
        end = _end(text, start + size // 2, end)
        following = _start(text, end - overlap, end)
        yield Chunk(start, text[start:end].decode(), following)
        start = following
    yield Chunk(start, text[start:].decode(), None)


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


def indexed(text: str) -> str | None:
    """What to index instead of a text in which words are not set apart; None: the text itself.

    Chinese, Japanese and Korean go in as pairs of letters and single letters: `indexed("AIの本")` is
    "AI の本 の 本 ".
    """
    apart, runs = _UNSPACED.subn(lambda run: f" {' '.join([*_pairs(run[0]), *run[0]])} ", text)
    return apart if runs else None


def words(query: str) -> list[str]:
    """What to look for, each word once, without those that say nothing, unless there are no others.

    `words("The cat, THE hat")` -> ["cat", "hat"]; `words("AIの本")` -> ["AI", "の本"]. The index folds case
    and accents in its own way, so words are left as they were written.
    """
    apart = _UNSPACED.sub(lambda run: f" {' '.join(_pairs(run[0]) or run[0])} ", unicodedata.normalize("NFC", query))
    found = {word.casefold(): word for word in _WORD.findall(apart)}
    telling = [word for fold, word in found.items() if not _STOP_WORD.fullmatch(fold)]
    return (telling or list(found.values()))[:_MAX_WORDS]


def _pairs(letters: str) -> list[str]:
    return [letters[n : n + 2] for n in range(len(letters) - 1)]


def scores(lengths: dict[int, int], found: Sequence[dict[int, int]]) -> dict[int, float]:
    """How well each chunk answers, from 0 to 1: its BM25 as a share of the best that these vector stores could give.

    `lengths` has all chunks searched, in any unit; `found` says for each term of the query which of them have
    it, and how often. 1 means: for every term, no other chunk is more about it. A term that is nowhere
    counts against all, as if it stood once in a chunk of average length.
    """
    average = sum(lengths.values()) / max(1, len(lengths)) or 1
    flat, slope = _K1 * (1 - _B), _K1 * _B / average
    score, best = dict.fromkeys(set().union(*found), 0.0), 0.0
    for counts in found:
        rarity = math.log(1 + (len(lengths) - len(counts) + 0.5) / (len(counts) + 0.5))
        weights = {n: rarity * count / (count + flat + slope * lengths[n]) for n, count in counts.items()}
        best += max(weights.values(), default=rarity / (1 + _K1))
        for n, weight in weights.items():
            score[n] += weight
    return {n: min(1.0, value / best) for n, value in score.items()}


# Filters

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def holds(filter: Filter, attributes: Attributes) -> bool:
    """Whether a file with these attributes passes.

    `holds({"type": "gte", "key": "year", "value": 2024}, {"year": 2025})` is true. Values of different
    kinds are neither equal nor in order; a missing attribute equals nothing.
    """
    match filter["type"]:
        case "and":
            return all(holds(inner, attributes) for inner in filter["filters"])
        case "or":
            return any(holds(inner, attributes) for inner in filter["filters"])
        case "in" | "nin":
            given = attributes.get(filter["key"])
            return any(_same(given, one) for one in filter["value"]) == (filter["type"] == "in")
        case "eq" | "ne":
            return _same(attributes.get(filter["key"]), filter["value"]) == (filter["type"] == "eq")
        case kind:
            given, value = attributes.get(filter["key"]), filter["value"]
            return _kind(given) == _kind(value) and _ORDER[kind](given, value)


def _same(left: Any, right: Any) -> bool:
    return _kind(left) == _kind(right) and bool(left == right)


def _kind(value: Any) -> str:
    """Python takes True for 1; the API does not."""
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
