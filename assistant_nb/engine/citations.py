"""Marks in an answer that point to what a file search has found: `【4:0†notes.txt】`. Pure.

The model is given each hit under its mark, and repeats the mark where it makes use of the hit. The engine turns
marks into annotations, and leaves those alone that point to nothing. Source: recorded messages and streams.
"""

import re
from collections.abc import Iterator
from typing import Final

from .wire import Json

_MARK: Final = re.compile(r"【(\d+):(\d+)†[^【】]*】")
_LONGEST: Final = 300
"""Characters that are held back for a mark that may be on its way."""


def mark(search: int, hit: int, file_name: str) -> str:
    """The mark of a hit, both counted from 0. The first search of a run was number 4, as in the recordings."""
    return f"【{4 + search}:{hit}†{file_name}】"


def annotations(text: str, searches: list[Json]) -> list[Json]:
    """The annotations of a whole text. `searches` are the `file_search` parts of the run's calls, in order."""
    found = []
    for match in _MARK.finditer(text):
        search, hit = int(match[1]) - 4, int(match[2])
        if 0 <= search < len(searches) and hit < len(results := searches[search]["results"]):
            place = {"start_index": match.start(), "end_index": match.end()}
            cited = {"file_id": results[hit]["file_id"]}
            found.append({"type": "file_citation", "text": match[0], **place, "file_citation": cited})
    return found


class Cutter:
    """Cuts a text that comes in pieces so that every mark is a piece of its own."""

    def __init__(self) -> None:
        self._held = ""

    def cut(self, piece: str) -> Iterator[str]:
        """What can be passed on; what may become a mark is held back."""
        text, start = self._held + piece, 0
        for match in _MARK.finditer(text):
            yield from filter(None, (text[start : match.start()], match[0]))
            start = match.end()
        rest = text[start:]
        open_ = rest.rfind("【")
        keep = open_ if open_ >= 0 and "】" not in rest[open_:] and len(rest) - open_ < _LONGEST else len(rest)
        self._held = rest[keep:]
        if rest[:keep]:
            yield rest[:keep]

    def rest(self) -> str:
        """What was held back in vain."""
        held, self._held = self._held, ""
        return held
