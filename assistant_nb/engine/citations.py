"""What an answer points to: hits of a file search, `【4:0†notes.txt】`, and files of the code interpreter,
`sandbox:/mnt/data/plot.csv`. Pure.

The model is given each hit under its mark, and repeats the mark where it makes use of the hit; it links a file that its
code has made by its path. The engine turns these places into annotations, and leaves those alone that point to nothing.
Source: recorded messages and streams; the guides of both tools.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from .wire import Json

_SCHEME: Final = "sandbox:/mnt/data/"
_IN_LINK: Final = r"[^\s()\[\]<>\"'`]"
_PLACE: Final = re.compile(
    r"【(?P<search>\d+):(?P<hit>\d+)†[^【】]*】"
    rf"|sandbox:(?P<path>/mnt/data/{_IN_LINK}*(?![.,;:!?]){_IN_LINK})"
)
_UNFINISHED: Final = [re.compile(r"【[^【】]*\Z"), re.compile(rf"{_SCHEME}{_IN_LINK}*\Z")]
_IN_A_WORD: Final = re.compile(r"(?<=[\w'’])s")
"""Where no link begins: words that end in "s" are not to be held back."""
_LONGEST: Final = 300
"""Characters that are held back for a place that may be on its way."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What there is to point to."""

    searches: Sequence[Json] = ()
    """The `file_search` parts of the run's calls, in order."""
    made: Mapping[str, str] = field(default_factory=dict)
    """The ids of files that code has made on this thread, by path."""

    def annotations(self, text: str) -> list[Json]:
        """The annotations of a whole text."""
        found = []
        for match in _PLACE.finditer(text):
            kind, data = self._cited(match) if match["path"] is None else self._linked(match)
            if data:
                place = {"start_index": match.start(), "end_index": match.end()}
                found.append({"type": kind, "text": match[0], **place, kind: data})
        return found

    def _cited(self, match: re.Match[str]) -> tuple[str, Json]:
        search, hit = int(match["search"]) - _FIRST_SEARCH, int(match["hit"])
        results = self.searches[search]["results"] if 0 <= search < len(self.searches) else []
        return "file_citation", {"file_id": results[hit]["file_id"]} if hit < len(results) else {}

    def _linked(self, match: re.Match[str]) -> tuple[str, Json]:
        file_id = self.made.get(match["path"]) or self.made.get(unquote(match["path"]))
        return "file_path", {"file_id": file_id} if file_id else {}


_FIRST_SEARCH: Final = 4
"""The number of a run's first search, as in the recordings."""


def mark(search: int, hit: int, file_name: str) -> str:
    """The mark of a hit, both counted from 0."""
    return f"【{_FIRST_SEARCH + search}:{hit}†{file_name}】"


class Cutter:
    """Cuts a text that comes in pieces so that every place is a piece of its own."""

    def __init__(self) -> None:
        self._held = ""

    def cut(self, piece: str) -> Iterator[str]:
        """What can be passed on; what may become a place is held back."""
        text = self._held + piece
        end = _certain(text)
        yield from _pieces(text[:end])
        self._held = text[end:]

    def rest(self) -> Iterator[str]:
        """What was held back to the end."""
        held, self._held = self._held, ""
        yield from _pieces(held)


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for match in _PLACE.finditer(text):
        yield from filter(None, (text[start : match.start()], match[0]))
        start = match.end()
    if text[start:]:
        yield text[start:]


def _certain(text: str) -> int:
    """Where the part of a text ends whose places nothing that follows can change."""
    begun = [match.start() for pattern in _UNFINISHED if (match := pattern.search(text))]
    begun += [len(text) - n for n in range(1, len(_SCHEME)) if text.endswith(_SCHEME[:n])]
    return min(
        (start for start in begun if len(text) - start < _LONGEST and not _IN_A_WORD.match(text, start)),
        default=len(text),
    )
