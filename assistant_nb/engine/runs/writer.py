"""The journal of a run, open for writing: the next entries, and the stored objects kept in step with them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property

from .. import run_states, wire
from ..errors import ModelError, NotFound
from ..journal import Entry, RunState, fold
from ..objects import Item, Run, RunStep
from ..parts import Annotation, LastError, Part, Usage
from ..responses.wire import call_items
from ..run_states import Status
from ..store import Store


class RunDeleted(NotFound):
    """The run's thread was deleted while it was under way."""


Writing = Callable[[], AbstractContextManager["Writer"]]
"""Opens the journal of a run."""


@contextmanager
def open_writer(store: Store, run_id: str) -> Iterator["Writer"]:
    """A run's journal, read and written in one transaction. Raises RunDeleted when the run is no more."""
    with store.transaction():
        state = fold(store.journal(run_id))
        if not state.length:
            raise RunDeleted(f"No run found with id '{run_id}'.")
        yield (writer := Writer(store, state, run_id))
        writer.keep()


class Writer:
    """Adds entries to a journal, inside a transaction. At the end of that, `keep` stores the objects that changed."""

    def __init__(self, store: Store, state: RunState, run_id: str, at: int | None = None) -> None:
        self._store, self.state, self._run_id = store, state, run_id
        self._begun = False
        self._changed: dict[str, None] = {}
        """The ids of objects that are not stored as they are now, in order."""
        if at is not None:
            self.at = at

    @property
    def run(self) -> Run:
        return self.state.run

    @cached_property
    def at(self) -> int:
        """The time of this transition: it passes when it is first asked for."""
        return self._store.now(self.run["thread_id"])

    def note(self, event: str, id: str, data: object) -> None:
        """Add an entry, and fold it."""
        entry = Entry(self.state.length, self.at, event, id, data, self._begun)
        self._begun = True
        self._store.append(self._run_id, entry)
        self.state.apply(entry)
        match event:
            case "client.deleted" | "model.dropped":
                self._store.delete(id)
                self._changed.pop(id, None)
            case "model.asked" | "client.answered" | "client.dictated" | "client.held" | "client.released":
                pass
            case _:
                self._changed[id] = None

    def keep(self) -> None:
        """Store each object that changed, once."""
        for id in self._changed:
            keep_made(self._store, self.state, id)

    def become(self, status: Status, **data: object) -> None:
        """Move the run along its table. A run that has ended has no expiry and knows its usage."""
        run_states.check(self.state.status, status)
        if status in run_states.TERMINAL:
            data |= {"expires_at": None, "required_action": None, "usage": wire.total(self.state.usages)}
        self.note(f"thread.run.{status}", self._run_id, {"status": status, **data})
        if status in ("failed", "cancelled", "expired") and self.run.get("request", {}).get("conversation"):
            self._store.take_out_all(self._run_id)  # a conversation gets what has come to its end

    def end_step(self, step: RunStep, usage: Usage | None, **data: object) -> None:
        done = {"status": "completed", "completed_at": self.at, "usage": usage, **data}
        self.note("thread.run.step.completed", step["id"], done)

    def end_message(self, text: str, cut: str | None = None, annotations: Sequence[Annotation] = ()) -> None:
        """End the message under way, if there is one; `cut` says why it is not whole."""
        if message := self.state.open_message:
            parts: list[Part] = [*map(wire.image, self.state.pictures), wire.text(text, annotations)]
            content = {"content": parts} if text or not cut else {}
            if cut:
                over = {"status": "incomplete", "incomplete_at": self.at, "incomplete_details": {"reason": cut}}
                self.note("thread.message.incomplete", message["id"], {**over, **content})
            else:
                done = {"status": "completed", "completed_at": self.at}
                self.note("thread.message.completed", message["id"], {**done, **content})

    def dropped(self, text: str, error: ModelError) -> None:
        """Break off an answer that another one replaces: its message leaves the thread, its steps have failed."""
        written = self.state.written()
        self.end_message(text, cut="run_failed")
        for id in written:
            self.note("model.dropped", id, {})
        self._end_steps("failed", failed_at=self.at, last_error=_last_error(error))

    # The three ways in which a run ends before its time, with all that is under way in it

    def cancelled(self, text: str) -> None:
        self._break_off("cancelled", text, cancelled_at=self.at)

    def expired(self, text: str) -> None:
        self._break_off("expired", text)

    def failed(self, text: str, error: ModelError) -> None:
        self._break_off("failed", text, failed_at=self.at, last_error=_last_error(error))

    def _break_off(self, status: Status, text: str, **over: object) -> None:
        """`text` is what the model has said so far of the message under way."""
        self.end_message(text, cut=f"run_{status}")
        self._end_steps(status, **over)
        self.become(status, **over)

    def _end_steps(self, status: Status, **over: object) -> None:
        for step in self.state.steps:
            if step["status"] == "in_progress":
                self.note(f"thread.run.step.{status}", step["id"], {"status": status, **over})


def keep_made(store: Store, state: RunState, id: str) -> None:
    """Store an object that a run has made; of a response, the items of a run step, too."""
    body, run = state.objects[id], state.run
    store.put(body)
    if "request" in run and body["object"] == "thread.run.step" and wire.tool_calls(body):
        for made in call_items(body, state):
            thread_id, run_id = run["thread_id"], run["id"]
            item: Item = {
                "id": made["id"],
                "object": "thread.item",
                "thread_id": thread_id,
                "run_id": run_id,
                "item": made,
            }
            store.put({**item, "step_id": id})


def _last_error(error: ModelError) -> LastError:
    return {"code": error.code, "message": str(error)}
