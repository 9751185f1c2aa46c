"""A run that this view has started or given outputs to: what its stream has said, and what the page has not seen."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ...render import Cited, Growing, Html
from ..messages import GrowItem, PutItem
from .page import Item, Known, citation, html, raw

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.lib.streaming import AssistantEventHandler, AssistantStreamManager
    from openai.types.beta import AssistantStreamEvent
    from openai.types.beta.threads import Run

    from ...shapes import Message

    Stream = AssistantStreamManager[AssistantEventHandler]


class Answer(ABC):
    """An answer under way. One thread reads it, another shows it: `changes` may be called at any time."""

    def __init__(self, begin: "Callable[[], AbstractContextManager[Iterable[Any]]]") -> None:
        self._begin = begin
        self._stream: Any = None
        self._lock = threading.Lock()
        self._texts: dict[str, Text] = {}
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
            self._stream = stream
            for event in stream:
                with self._lock:
                    self._hear(event)
                self._cancel_if_stopped()
                yield

    @property
    @abstractmethod
    def status(self) -> str:
        """The status as far as it has come; empty if there is none."""

    def stop(self) -> None:
        """Cancel the answer as soon as it has begun."""
        self._stopped = True
        self._cancel_if_stopped()

    def begin_again(self) -> None:
        """Mark everything as new again: another page has opened."""
        with self._lock:
            for text in self._texts.values():
                text.begin_again()
            self._changed = dict.fromkeys(self._all())

    def changes(self, known: Known) -> list[PutItem | GrowItem]:
        """Return what the page must do to show what is new."""
        with self._lock:
            changed, self._changed = self._changed, {}
            return [change for id in changed for change in self._change(id, known)]

    def item(self, id: str) -> Item | None:
        """Return one item of the page as far as it has come."""
        with self._lock:
            return self._item(id)

    def raw(self, id: str) -> object:
        """Return the same as the API sends it; None if it is not of this answer."""
        item = self.item(id)
        return item and self._raw(item)

    @abstractmethod
    def _hear(self, event: Any) -> None: ...

    @abstractmethod
    def _all(self) -> Iterable[str]:
        """Return the ids of all items."""

    @abstractmethod
    def _item(self, id: str) -> Item | None: ...

    @abstractmethod
    def _raw(self, item: Item) -> object: ...

    @abstractmethod
    def _cancel(self) -> bool:
        """Cancel the answer if it has begun; return whether it had."""

    def _change(self, id: str, known: Known) -> Iterator[PutItem | GrowItem]:
        item, text = self._item(id), self._texts.get(id)
        if item and (not text or not text.put or text.finished):
            yield {"put": id, "after": None, "html": html(item, known)}
        if text and not text.finished:
            text.put, (keep, blocks) = True, text.grow()
            yield {"blocks": id, "keep": keep, "html": blocks}

    def _touch(self, id: str) -> None:
        self._changed[id] = None

    def _cancel_if_stopped(self) -> None:
        if self._stopped and not self._cancelled:
            self._cancelled = self._cancel()


class RunAnswer(Answer):
    """The answer of a run."""

    def __init__(
        self, client: "OpenAI", thread_id: str, begin: "Callable[[], Stream]", run: "Run | None" = None
    ) -> None:
        super().__init__(begin)
        self._client, self._thread_id = client, thread_id
        self._run: Any = run
        self._steps: dict[str, Any] = {}

    @property
    def status(self) -> str:
        return str(self._run.status) if self._run else ""

    def _all(self) -> Iterable[str]:
        return [*([self._run.id] if self._run else []), *self._texts]

    def _item(self, id: str) -> Item | None:
        if self._run and id == self._run.id:
            steps = [step.to_dict(mode="json") for step in self._steps.values()]
            return Item(id, self._run.to_dict(mode="json"), steps)
        text = self._texts.get(id)
        return Item(id, text.so_far()) if text else None

    def _raw(self, item: Item) -> object:
        return raw(item)

    def _hear(self, event: "AssistantStreamEvent") -> None:
        data: Any = event.data
        match event.event.split(".")[1:]:
            case ["run", "step", kind]:
                self._steps[data.id] = self._stream.current_run_step_snapshot if kind == "delta" else data
                self._touch(self._run.id)
            case ["run", *_]:
                self._run = data
                self._touch(data.id)
            case ["message", "created"]:
                self._texts[data.id] = Text(data.to_dict(mode="json"))
                self._touch(data.id)
            case ["message", "delta"]:
                for part in data.delta.content or []:
                    if part.type == "text" and part.text:
                        marks = [note.text or "" for note in part.text.annotations or []]
                        self._texts[data.id].add(part.text.value or "", marks)
                self._touch(data.id)
            case ["message", "completed" | "incomplete"]:
                self._texts[data.id].end(data.to_dict(mode="json"))
                self._touch(data.id)

    def _cancel(self) -> bool:
        with self._lock:
            run = self._run
        if run is not None:
            self._client.beta.threads.runs.cancel(run.id, thread_id=self._thread_id)
        return run is not None


class Text:
    """A message that grows."""

    def __init__(self, message: "Message") -> None:
        self.message = message
        self.finished = False
        self._all = self._new = ""
        self._marks: dict[str, Html] = {}
        self.begin_again()

    def begin_again(self) -> None:
        self.put, self._new = False, self._all
        self._growing = Growing(Cited(marks=self._marks))

    def add(self, text: str, marks: Sequence[str] = ()) -> None:
        """Take in more of the text. `marks` are those of its citations."""
        self._all += text
        self._new += text
        for mark in marks:
            self._marks.setdefault(mark, citation(len(self._marks) + 1))

    def so_far(self) -> "Message":
        """Return the message with the text that has come so far."""
        if self.finished or not self._all:
            return self.message
        return {**self.message, "content": [{"type": "text", "text": {"value": self._all, "annotations": []}}]}

    def grow(self) -> tuple[int, list[Html]]:
        new, self._new = self._new, ""
        return self._growing.add(new)

    def end(self, message: "Message") -> None:
        self.message, self.finished = message, True
