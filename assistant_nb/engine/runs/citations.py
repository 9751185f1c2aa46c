"""What an answer points to: hits of a file search, `【4:0†notes.txt】`, and files of the code interpreter,
`sandbox:/mnt/data/plot.csv`. Pure.

The model is given each hit under its mark, and repeats the mark where it makes use of the hit; it links a file that its
code has made by its path. The engine turns these places into annotations, and leaves those alone that point to nothing.

A mark is unique within all that the model sees: searches of a run are numbered in order, from the number after the
highest one in the thread's messages. A mark of an earlier answer still cites what it cited there.
Source: recorded messages and streams; the guides of both tools.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from ..objects import Message
from ..parts import Annotation, Place, Searched

_SCHEME: Final = "sandbox:/mnt/data/"
_NOT_IN_A_WORD: Final = r"(?<![\w'’])"
"""Else each word that ends in "s" would be held back: a link may be on its way."""
_IN_LINK: Final = r"[^\s()\[\]<>\"'`【】]"
_PLACE: Final = re.compile(
    r"【(?P<search>\d+):(?P<hit>\d+)†(?P<name>[^【】]*)】"
    rf"|{_NOT_IN_A_WORD}sandbox:(?P<path>/mnt/data/{_IN_LINK}*(?![.,;:!?]){_IN_LINK})"
)
_BEGUN: Final = "|".join(_SCHEME[:n] for n in range(len(_SCHEME) - 1, 0, -1))
_UNFINISHED: Final = re.compile(rf"【[^【】]*\Z|{_NOT_IN_A_WORD}(?:{_SCHEME}{_IN_LINK}*|{_BEGUN})\Z")
_LONGEST: Final = 300
"""Characters that are held back for a place that may be on its way."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What there is to point to."""

    searches: Mapping[int, Searched] = field(default_factory=dict)
    """The `file_search` parts of the run's calls, by number."""
    earlier: Mapping[str, str] = field(default_factory=dict)
    """The ids of files that earlier answers on this thread cite, by mark."""
    made: Mapping[str, str] = field(default_factory=dict)
    """The ids of files that code has made on this thread, by path."""

    def annotations(self, text: str, start: int = 0) -> list[Annotation]:
        """The annotations of a text, from `start` on."""
        return [one for match in _PLACE.finditer(text, start) if (one := self._annotation(match))]

    def _annotation(self, match: re.Match[str]) -> Annotation | None:
        """What a place points to; None if it points to nothing."""
        path = match["path"]
        id = self._cited(match) if path is None else self.made.get(path) or self.made.get(unquote(path))
        if id is None:
            return None
        place: Place = {"text": match[0], "start_index": match.start(), "end_index": match.end()}
        if path is None:
            return {"type": "file_citation", **place, "file_citation": {"file_id": id}}
        return {"type": "file_path", **place, "file_path": {"file_id": id}}

    def _cited(self, match: re.Match[str]) -> str | None:
        search, n = self.searches.get(int(match["search"])), int(match["hit"])
        hits = search["results"][n : n + 1] if search else []
        ids = [hit["file_id"] for hit in hits if match["name"] in (hit["file_name"], _ANY_NAME)]
        return next(iter(ids), None) or self.earlier.get(match[0])


_FIRST_SEARCH: Final = 4
"""The number of a thread's first search, as in the recordings."""
_ANY_NAME: Final = "source"
"""What the hosted models wrote for whatever file: `【4:0†source】`."""


def mark(search: int, hit: int, file_name: str) -> str:
    """The mark of a hit: of the search with this number, the hit at this place, from 0."""
    return f"【{search}:{hit}†{file_name}】"


def next_number(texts: Iterable[str]) -> int:
    """The number for the next search of a run that sees these texts."""
    marked = (text for text in texts if "【" in text)  # few are, and looking for places takes its time
    seen = [int(match["search"]) for text in marked for match in _PLACE.finditer(text) if match["search"]]
    return max([_FIRST_SEARCH, *(number + 1 for number in seen)])


def numbered(outputs: Iterable[str], searches: Iterable[Searched]) -> dict[int, Searched]:
    """The `file_search` parts of a run by number, which the outputs of these searches show in their first mark."""
    firsts = ((_PLACE.match(output), search) for output, search in zip(outputs, searches, strict=False))
    return {int(first["search"]): search for first, search in firsts if first and first["search"]}


def cited_in(messages: Iterable[Message]) -> dict[str, str]:
    """The ids of files that messages cite, by mark."""
    texts = (part["text"] for message in messages for part in message["content"] if part["type"] == "text")
    notes = (note for text in texts for note in text.get("annotations", []) if note["type"] == "file_citation")
    return {note["text"]: note["file_citation"]["file_id"] for note in notes}


class Cutter:
    """Cuts a text that comes in pieces so that every place is a piece of its own, and annotates it."""

    def __init__(self, hits: Hits) -> None:
        self._hits = hits
        self._text, self._start = "", 0
        """What is held back; before it, the last character that was passed on."""

    def cut(self, piece: str) -> Iterator[tuple[str, list[Annotation]]]:
        """What can be passed on; what may become a place is held back. Places are counted from anywhere."""
        self._text += piece
        return self._pass_on(max(self._start, _certain(self._text)))

    def rest(self) -> Iterator[tuple[str, list[Annotation]]]:
        """What was held back to the end."""
        return self._pass_on(len(self._text))

    def _pass_on(self, end: int) -> Iterator[tuple[str, list[Annotation]]]:
        text, start = self._text, self._start
        self._text, self._start = text[max(end - 1, 0) :], min(end, 1)
        for match in _PLACE.finditer(text, start, end):
            if start < match.start():
                yield text[start : match.start()], []
            yield match[0], self._hits.annotations(text[: match.end()], match.start())
            start = match.end()
        if start < end:
            yield text[start:end], []


def _certain(text: str) -> int:
    """Where the part of a text ends whose places nothing that follows can change."""
    if "【" not in text and "s" not in text:  # most pieces have neither, and looking for places takes its time
        return len(text)
    begun = _UNFINISHED.search(text, max(0, len(text) - _LONGEST + 1))
    return begun.start() if begun else len(text)
