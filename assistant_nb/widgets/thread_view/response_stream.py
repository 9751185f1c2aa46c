"""A response that this view has asked for: what its stream has said, and what the page has not seen."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ... import sdk
from . import conversation
from .page import Item, Known
from .stream import Answer, Text

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.responses import ResponseStreamEvent


class ResponseAnswer(Answer):
    """The answer of a response. Reading it raises Refused with the response's own reason if it fails."""

    def __init__(
        self,
        client: "OpenAI",
        known: Known,
        begin: "Callable[[], AbstractContextManager[Iterable[ResponseStreamEvent]]]",
    ) -> None:
        super().__init__(begin)
        self._client, self._known = client, known
        self._response: Any = None
        self._items: dict[str, conversation.RawItem] = {}
        self._cited = dict[str, int]()

    @property
    def status(self) -> str:
        return str(self._response.status) if self._response else ""

    def _arranged(self) -> dict[str, Item]:
        return {item.id: item for item in conversation.arrange(list(self._items.values()), self._known)}

    def _all(self) -> Iterable[str]:
        return self._arranged()

    def _item(self, id: str) -> Item | None:
        if (text := self._texts.get(id)) and not text.finished:
            return Item(id, text.so_far())
        return self._arranged().get(id)

    def _raw(self, item: Item) -> object:
        found = [self._items[step["id"]] for step in item.steps] if item.thing["object"] == "calls" else None
        return found or self._items[item.id]

    def _hear(self, event: "ResponseStreamEvent") -> None:
        match event.type:
            case "response.output_item.added" | "response.output_item.done":
                self._take(event.item.to_dict(mode="json"), done=event.type.endswith("done"))
            case "response.output_text.delta" | "response.refusal.delta":
                self._texts[event.item_id].add(event.delta)
                self._touch(event.item_id)
            case "response.output_text.annotation.added":
                note: Any = event.annotation
                if note["type"] == "file_citation":
                    number = self._cited[event.item_id] = self._cited.get(event.item_id, 0) + 1
                    mark = conversation.mark(number, note)
                    self._texts[event.item_id].add(mark, [mark])
                    self._touch(event.item_id)
            case "response.created" | "response.completed" | "response.incomplete" | "response.failed":
                self._response = event.response
                if error := event.response.error:
                    raise sdk.Refused(f"The response has failed ({error.code}). {error.message}")
            case _:
                pass

    def _take(self, item: Any, *, done: bool) -> None:
        self._items[item["id"]] = item
        if item["type"] == "message":
            message = conversation.message_of(item, self._known)
            if done:
                self._texts[item["id"]].end(message)
            else:
                self._texts[item["id"]] = Text(message)
            self._touch(item["id"])
        else:
            self._touch(next(id for id, one in self._arranged().items() if item["id"] in _ids(one)))

    def _cancel(self) -> bool:
        with self._lock:
            response = self._response
        if response is not None:
            self._response = self._client.responses.cancel(response.id)
        return response is not None


def _ids(item: Item) -> list[str]:
    return [item.id, *(step["id"] for step in item.steps if item.thing["object"] == "calls")]
