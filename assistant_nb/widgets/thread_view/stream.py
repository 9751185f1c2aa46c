"""A run that this view has started or given outputs to: what its stream has said, and what the page has not seen."""

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ...render import Cited, Growing, Html
from ..messages import GrowItem, PutItem
from .page import Item, Known, citation, html

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.lib.streaming import AssistantEventHandler, AssistantStreamManager
    from openai.types.beta import AssistantStreamEvent
    from openai.types.beta.threads import Run

    from ...shapes import Message

    Stream = AssistantStreamManager[AssistantEventHandler]


class Answer:
    """One thread reads it, another shows it. `changes` may be called at any time."""

    def __init__(
        self, client: "OpenAI", thread_id: str, begin: "Callable[[], Stream]", run: "Run | None" = None
    ) -> None:
        self._client, self._thread_id, self._begin = client, thread_id, begin
        self._lock = threading.Lock()
        self._run: Any = run
        self._steps: dict[str, Any] = {}
        self._texts: dict[str, _Text] = {}
        self._changed: dict[str, None] = {}
        """The ids of what the page has not seen, in the order of the changes."""
        self._stopped = self._cancelled = False

    def read(self) -> Iterator[None]:
        """Begin the stream and hear it to the end; yields at each event. Raises what the SDK raises.

        There is no run when it was stopped before.
        """
        if self._stopped:
            return
        with self._begin() as stream:
            for event in stream:
                with self._lock:
                    self._hear(event, stream)
                self._cancel_if_stopped()
                yield

    @property
    def status(self) -> str:
        """The status of the run as far as it has come; empty if there is none."""
        return str(self._run.status) if self._run else ""

    def stop(self) -> None:
        """Cancel the run as soon as there is one."""
        self._stopped = True
        self._cancel_if_stopped()

    def begin_again(self) -> None:
        """Mark everything as new again: another page has opened."""
        with self._lock:
            for text in self._texts.values():
                text.begin_again()
            self._changed = dict.fromkeys([*([self._run.id] if self._run else []), *self._texts])

    def changes(self, known: Known) -> list[PutItem | GrowItem]:
        """Return what the page must do to show what is new."""
        with self._lock:
            changed, self._changed = self._changed, {}
            return [change for id in changed for change in self._change(id, known)]

    def item(self, id: str) -> Item | None:
        """Return the run, or one of its messages, as far as it has come."""
        with self._lock:
            return self._item(id)

    def _item(self, id: str) -> Item | None:
        if self._run and id == self._run.id:
            steps = [step.to_dict(mode="json") for step in self._steps.values()]
            return Item(id, self._run.to_dict(mode="json"), steps)
        text = self._texts.get(id)
        return Item(id, text.so_far()) if text else None

    def _change(self, id: str, known: Known) -> Iterator[PutItem | GrowItem]:
        item, text = self._item(id), self._texts.get(id)
        if item and (not text or not text.put or text.finished):
            yield {"put": id, "after": None, "html": html(item, known)}
        if text and not text.finished:
            text.put, (keep, blocks) = True, text.grow()
            yield {"blocks": id, "keep": keep, "html": blocks}

    def _hear(self, event: "AssistantStreamEvent", stream: Any) -> None:
        data: Any = event.data
        match event.event.split(".")[1:]:
            case ["run", "step", kind]:
                self._steps[data.id] = stream.current_run_step_snapshot if kind == "delta" else data
                self._touch(self._run.id)
            case ["run", *_]:
                self._run = data
                self._touch(data.id)
            case ["message", "created"]:
                self._texts[data.id] = _Text(data)
                self._touch(data.id)
            case ["message", "delta"]:
                self._texts[data.id].add(data.delta.content or [])
                self._touch(data.id)
            case ["message", "completed" | "incomplete"]:
                self._texts[data.id].end(data)
                self._touch(data.id)

    def _touch(self, id: str) -> None:
        self._changed[id] = None

    def _cancel_if_stopped(self) -> None:
        with self._lock:
            due = self._stopped and not self._cancelled and self._run is not None
            self._cancelled |= due
        if due:
            self._client.beta.threads.runs.cancel(self._run.id, thread_id=self._thread_id)


class _Text:
    """A message that grows."""

    def __init__(self, message: Any) -> None:
        self.message = message
        self.finished = False
        self._all = self._new = ""
        self._marks: dict[str, Html] = {}
        self.begin_again()

    def begin_again(self) -> None:
        self.put, self._new = False, self._all
        self._growing = Growing(Cited(marks=self._marks))

    def add(self, parts: list[Any]) -> None:
        for part in parts:
            if part.type == "text" and part.text:
                self._all += part.text.value or ""
                self._new += part.text.value or ""
                for note in part.text.annotations or []:
                    self._marks.setdefault(note.text or "", citation(len(self._marks) + 1))

    def so_far(self) -> "Message":
        """Return the message with the text that has come so far."""
        message: Message = self.message.to_dict(mode="json")
        if self.finished or not self._all:
            return message
        return {**message, "content": [{"type": "text", "text": {"value": self._all, "annotations": []}}]}

    def grow(self) -> tuple[int, list[Html]]:
        new, self._new = self._new, ""
        return self._growing.add(new)

    def end(self, message: Any) -> None:
        self.message, self.finished = message, True
