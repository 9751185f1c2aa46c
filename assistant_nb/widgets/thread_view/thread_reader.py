"""Reads a thread through the SDK as plain JSON, which is five times faster than the SDK's own objects."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

from ..html import inner_of
from ..statuses import is_moving
from .page import Known, annotations, attached_to, calls, found_by

if TYPE_CHECKING:
    from openai import OpenAI

    from ...shapes import Message, ReadPart, Run, RunStep
T = TypeVar("T", "Message", "Run")
Page = tuple[list[T], bool]
"""Some things, and whether there are more."""
Order = Literal["asc", "desc"]

PAGE: Final = 100
"""The largest page of the API."""
_HITS: Final = "step_details.tool_calls[*].file_search.results[*].content"
_PICTURES: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}
"""The first bytes of pictures that are shown. SVG is not shown: it may hold scripts."""
_LARGEST_PICTURE: Final = 4 * 2**20


class ThreadReader:
    """Reads a thread, and remembers names and the steps of finished runs. Raises what the SDK raises."""

    def __init__(self, client: "OpenAI", thread_id: str) -> None:
        self._client, self._thread_id = client, thread_id
        self._threads = client.beta.threads
        self.known = Known()
        self._steps: dict[str, tuple[Run, list[RunStep]]] = {}

    def messages(self, order: Order = "desc", **cursor: str) -> "Page[Message]":
        """Return a page of messages, and whether there are more in that direction."""
        return self._page(self._threads.messages.with_raw_response.list, order, cursor)

    def runs(self, order: Order = "desc", **cursor: str) -> "Page[Run]":
        return self._page(self._threads.runs.with_raw_response.list, order, cursor)

    def message(self, id: str) -> "Message":
        raw = self._threads.messages.with_raw_response.retrieve(id, thread_id=self._thread_id)
        return cast("Message", json.loads(raw.content))

    def all_messages(self) -> "Iterator[list[Message]]":
        """Yield all messages, oldest first, page by page."""
        return _pages(lambda **cursor: self.messages("asc", **cursor))

    def all_runs(self) -> "list[Run]":
        return [run for page in _pages(lambda **cursor: self.runs("asc", **cursor)) for run in page]

    def runs_since(self, created_at: int) -> "list[Run]":
        """Return the runs that began at that time or later, oldest first. The first page may hold older ones, too."""
        found: list[Run] = []
        for page in _pages(self.runs):
            found += page
            if page and page[-1]["created_at"] < created_at:
                break
        return found[::-1]

    def steps(self, run: "Run") -> "list[RunStep]":
        """Return the steps of a run, oldest first, with the hits of its searches."""
        known = self._steps.get(run["id"])
        if is_moving(run["status"]) or known is None or known[0] != run:
            list_steps = self._threads.runs.steps.with_raw_response.list
            raw = list_steps(run["id"], thread_id=self._thread_id, order="asc", limit=PAGE, include=[_HITS])
            self._steps[run["id"]] = run, json.loads(raw.content)["data"]
        return self._steps[run["id"]][1]

    def learn(self, messages: "list[Message]", runs: "list[Run]", steps: "list[RunStep]") -> None:
        """Ask for the names and pictures behind the ids in these objects. What is deleted keeps its id as its name."""
        for id in {id for one in [*messages, *runs] if (id := one.get("assistant_id"))}:
            self._name(self.known.assistants, id, lambda id: self._client.beta.assistants.retrieve(id).name or id)
        for hit in [hit for call in calls(steps) for hit in found_by(call)]:
            if hit.get("file_name"):
                self.known.files.setdefault(hit["file_id"], hit["file_name"])
        parts: list[ReadPart] = [part for message in messages for part in message["content"]]
        outputs = [out for call in calls(steps) for out in inner_of(call).get("outputs") or []]
        shown = {part["image_file"]["file_id"] for part in parts if part["type"] == "image_file"}
        shown |= {out["image"]["file_id"] for out in outputs if out["type"] == "image"}
        notes = annotations(parts)
        linked = {id for note in notes if (id := inner_of(note).get("file_id"))}
        shown |= {
            note["file_path"]["file_id"] for note in notes if note["type"] == "file_path" and _is_picture(note["text"])
        }
        attached = {id for message in messages for id in attached_to(message)}
        for id in shown | linked | attached:
            self._name(self.known.files, id, lambda id: self._client.files.retrieve(id).filename.rpartition("/")[2])
        for id in shown - self.known.pictures.keys():
            self._name(self.known.pictures, id, self._picture)

    def file(self, file_id: str) -> bytes:
        return self._client.files.content(file_id).content

    def _picture(self, file_id: str) -> str:
        """Return a picture as a `data:` URL; empty if it is no picture or too large for a page."""
        if self._client.files.retrieve(file_id).bytes > _LARGEST_PICTURE:
            return ""
        data = self.file(file_id)
        kind = next((kind for begin, kind in _PICTURES.items() if data.startswith(begin)), None)
        return f"data:image/{kind};base64,{base64.b64encode(data).decode()}" if kind else ""

    def _name(self, names: dict[str, str], id: str, ask: Callable[[str], str]) -> None:
        import openai

        if id not in names:
            try:
                names[id] = ask(id)
            except openai.APIStatusError:  # deleted, or not for everybody
                names[id] = "" if names is self.known.pictures else id

    def _page(self, list_page: Any, order: Order, cursor: dict[str, str]) -> "Page[Any]":
        page = json.loads(list_page(self._thread_id, limit=PAGE, order=order, **cursor).content)
        return page["data"], bool(page.get("has_more"))


def _pages(page: "Callable[..., Page[T]]") -> Iterator[list[T]]:
    found, more = page()
    yield found
    while more and found:
        found, more = page(after=found[-1]["id"])
        yield found


def _is_picture(path: str) -> bool:
    return path.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".webp"))
