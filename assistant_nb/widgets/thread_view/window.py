"""The part of a thread that a view shows: some of its messages, with the runs among them."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from ...render import Html
from ..statuses import can_stop, is_moving
from . import page
from .names import Names
from .page import Item
from .thread_reader import Order, Page

if TYPE_CHECKING:
    from ...shapes import Message, Run

_MOST: Final = 500
"""The most messages that a page holds at once. Those farthest from the reader are dropped."""


@dataclass(frozen=True)
class Part:
    """Messages and runs as they were when they were read."""

    messages: Sequence[Any] = ()
    """As the reader gives them."""
    runs: "Sequence[Run]" = ()
    older: bool = False
    """Whether there are messages before the first one."""
    newer: bool = False
    items: Sequence[Item] = ()
    """Messages and runs, in the order of the page."""
    rendered: Mapping[str, tuple[Item, Html]] | None = None
    """Each item with its HTML, by its id."""

    @property
    def active(self) -> "Run | None":
        """The run that can be cancelled."""
        return next((run for run in self.runs if can_stop(run["status"])), None)

    @property
    def asking(self) -> "Run | None":
        """The run that waits for outputs."""
        return next((run for run in self.runs if run["status"] == "requires_action"), None)

    @property
    def is_moving(self) -> bool:
        return any(is_moving(run["status"]) for run in self.runs)

    def html(self) -> dict[str, str]:
        """Return the HTML of each item, by its id."""
        return {id: html for id, (_, html) in (self.rendered or {}).items()}


class Reader(Protocol):
    """Reads a thread, or a conversation, whose items stand in the place of messages."""

    names: Names

    def messages(self, order: Order = "desc", **cursor: str) -> "Page[Any]":
        """Return a page of messages, and whether there are more in that direction."""

    def message(self, id: str) -> Any: ...

    def all_messages(self) -> "Iterator[list[Message]]": ...

    def whole(self) -> list[Item]: ...

    def runs_among(self, messages: list[Any], older: bool, newer: bool, /) -> "list[Run]": ...

    def arranged(self, messages: Sequence[Any], runs: "Sequence[Run]", /) -> list[Item]: ...

    def raw(self, item: Item) -> object: ...


class Window:
    """Reads parts of a thread; `part` is the latest. Each way to read tells whether it may have found news.

    Raises what the SDK raises.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.known = reader.names.known
        self.part = Part()
        self.reading = threading.RLock()
        """Held while messages are read and shown, so that two readers do not overwrite each other."""

    def newest(self) -> bool:
        """Read the newest page again; what was read before it stays. Nothing is read for a reader far above it."""
        part = self.part
        if part.newer:
            return False
        newest, more = self.reader.messages()
        newest.reverse()
        ids = [message["id"] for message in part.messages]
        joined = more and newest[0]["id"] in ids
        before = part.messages[: ids.index(newest[0]["id"])] if joined else []
        return self._take([*before, *newest], older=part.older if joined else more, newer=False)

    def earlier(self) -> bool:
        """Read the page before the first message."""
        part = self.part
        found, more = self.reader.messages("desc", after=part.messages[0]["id"])
        wanted = [*reversed(found), *part.messages]
        return self._take(wanted[:_MOST], older=more, newer=part.newer or len(wanted) > _MOST)

    def later(self) -> bool:
        """Read the page after the last message."""
        found, more = self.reader.messages("asc", after=self.part.messages[-1]["id"])
        return self._take([*self.part.messages, *found], older=self.part.older, newer=more)

    def first(self) -> bool:
        found, more = self.reader.messages("asc")
        return self._take(found, older=False, newer=more)

    def last(self) -> bool:
        found, more = self.reader.messages()
        return self._take(found[::-1], older=more, newer=False)

    def around(self, id: str) -> bool:
        """Read a message, and a page on each side of it."""
        before, older = self.reader.messages("desc", after=id)
        after, newer = self.reader.messages("asc", after=id)
        return self._take([*reversed(before), self.reader.message(id), *after], older=older, newer=newer)

    def html(self, item: Item) -> Html:
        known, html = (self.part.rendered or {}).get(item.id, (None, Html()))
        return html if known == item else page.html(item, self.known)

    def _take(self, messages: list[Any], *, older: bool, newer: bool) -> bool:
        """Show these messages with their runs; of too many, the last ones."""
        messages, older = messages[-_MOST:], older or len(messages) > _MOST
        part = Part(messages, self.reader.runs_among(messages, older, newer), older, newer)
        now = self.part
        if not part.is_moving and part == Part(now.messages, now.runs, now.older, now.newer):
            return False
        items = self.reader.arranged(messages, part.runs)
        rendered = {item.id: (item, self.html(item)) for item in items}
        self.part = Part(messages, part.runs, older, newer, items, rendered)
        return True
