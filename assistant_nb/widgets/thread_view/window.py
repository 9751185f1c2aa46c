"""The part of a thread that a view shows: some of its messages, with the runs among them."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...render import Html
from ..statuses import can_stop, is_moving
from . import page
from .page import Item
from .thread_reader import ThreadReader

if TYPE_CHECKING:
    from openai import OpenAI

    from ...shapes import Message, Run

_MOST: Final = 500
"""The most messages that a page holds at once. Those farthest from the reader are dropped."""


@dataclass(frozen=True)
class Part:
    """Messages and runs as they were when they were read."""

    messages: "Sequence[Message]" = ()
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


class Window:
    """Reads parts of a thread; `part` is the latest. Each way to read tells whether it may have found news.

    Raises what the SDK raises.
    """

    def __init__(self, client: "OpenAI", thread_id: str) -> None:
        self.thread_id = thread_id
        self.reader = ThreadReader(client, thread_id)
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
        return html if known == item else page.html(item, self.reader.known)

    def whole(self) -> list[Item]:
        """Return all messages and runs of the thread."""
        messages = [message for some in self.reader.all_messages() for message in some]
        return self._arranged(messages, self.reader.all_runs())

    def _take(self, messages: "list[Message]", *, older: bool, newer: bool) -> bool:
        """Show these messages with their runs; of too many, the last ones."""
        messages, older = messages[-_MOST:], older or len(messages) > _MOST
        runs = self.reader.runs_since(messages[0]["created_at"] if older else 0)
        part = Part(messages, [run for run in runs if _among(run, messages, older=older, newer=newer)], older, newer)
        now = self.part
        if not part.is_moving and part == Part(now.messages, now.runs, now.older, now.newer):
            return False
        items = self._arranged(messages, part.runs)
        rendered = {item.id: (item, self.html(item)) for item in items}
        self.part = Part(messages, part.runs, older, newer, items, rendered)
        return True

    def _arranged(self, messages: "list[Message]", runs: "Sequence[Run]") -> list[Item]:
        steps = {run["id"]: self.reader.steps(run) for run in runs}
        self.reader.learn(messages, list(runs), [step for some in steps.values() for step in some])
        return page.arrange(messages, list(runs), steps)


def _among(run: "Run", messages: "list[Message]", *, older: bool, newer: bool) -> bool:
    """Return whether a run belongs to these messages: it wrote one of them, or began among them."""
    if any(message["run_id"] == run["id"] for message in messages):
        return True
    late_enough = not older or run["created_at"] >= messages[0]["created_at"]
    return late_enough and (not newer or run["created_at"] <= messages[-1]["created_at"])
