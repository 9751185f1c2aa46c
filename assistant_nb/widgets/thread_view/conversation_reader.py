"""Reads a conversation through the SDK as plain JSON. Its items stand where a thread has messages."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from .conversation import RawItem, arrange
from .names import Names
from .page import Item
from .thread_reader import PAGE, Order, Page, pages

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.responses import ResponseIncludable

    from ...shapes import Message, Run

INCLUDE: "Final[list[ResponseIncludable]]" = [
    "file_search_call.results",
    "code_interpreter_call.outputs",
    "message.input_image.image_url",
]
"""What the API leaves out of items unless it is asked for."""


class ConversationReader:
    """Reads a conversation. Raises what the SDK raises."""

    def __init__(self, client: "OpenAI", conversation_id: str) -> None:
        self._id, self._items = conversation_id, client.conversations.items.with_raw_response
        self.names = Names(client)
        self._read: dict[str, RawItem] = {}

    def messages(self, order: Order = "desc", **cursor: str) -> Page[Any]:
        """Return a page of items, and whether there are more in that direction."""
        found = self._items.list(self._id, limit=PAGE, order=order, include=INCLUDE, **cursor)  # type: ignore[arg-type]
        page = json.loads(found.content)
        return page["data"], bool(page.get("has_more"))

    def message(self, id: str) -> Any:
        return json.loads(self._items.retrieve(id, conversation_id=self._id, include=INCLUDE).content)

    def all_messages(self) -> "Iterator[list[Message]]":
        """Yield all messages, oldest first, page by page, without the other items."""
        for page in self._pages():
            things = (item.thing for item in arrange(page, self.names.known))
            yield [thing for thing in things if thing["object"] == "thread.message"]

    def whole(self) -> list[Item]:
        return self.arranged([item for page in self._pages() for item in page], [])

    def runs_among(self, _messages: list[Any], _older: bool, _newer: bool, /) -> "list[Run]":
        """Return nothing: a conversation does not list its responses."""
        return []

    def arranged(self, messages: Sequence[Any], _runs: "Sequence[Run]", /) -> list[Item]:
        """Return messages, and the calls between them."""
        self._read |= {one["id"]: one for one in messages}
        items = arrange(messages, self.names.known)
        steps = [step for item in items if item.thing["object"] == "calls" for step in item.steps]
        self.names.learn((item.thing for item in items if item.thing["object"] == "thread.message"), [], steps)
        return items

    def raw(self, item: Item) -> object:
        """Return an item, or the calls that are shown together with their outputs, as the API sends them."""
        if item.thing["object"] != "calls":
            return self._read[item.id]
        calls = [self._read[step["id"]] for step in item.steps]
        ids = {call.get("call_id") for call in calls} - {None}
        shown = {call["id"] for call in calls}
        outputs = (one for one in self._read.values() if one.get("call_id") in ids and one["id"] not in shown)
        return [*calls, *outputs]

    def _pages(self) -> Iterator[list[Any]]:
        return pages(lambda **cursor: self.messages("asc", **cursor))
