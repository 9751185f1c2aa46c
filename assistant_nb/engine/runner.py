"""The run loop: journal in, events out.

A run moves only when somebody turns the crank. `drive` is the crank: a generator that makes one
transition after the other and yields the public events each one caused, until the run rests. What
comes next is read from the journal alone, so it does not matter who turned last, or whether the
process died in between. A lock per run lets one turn at a time.

Who turns is a choice: `start` gives the run to a thread of its own (the API's usual behaviour); the
reader of a stream drives it by reading.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal
from weakref import WeakValueDictionary

from . import run_states, wire
from .errors import BadRequest, EngineError, ModelError
from .journal import Entry, RunState, fold
from .model.base import Finish, Model, Prompt, TextDelta, Turn, estimate_prompt_tokens, estimate_tokens
from .run_states import MOVES, Status
from .store import Store
from .threads import add_message
from .wire import Json

Event = tuple[str, Json]
"""A public event and the object it is about: `("thread.run.queued", {…})`."""

Step = Literal["begin", "ask", "listen", "conclude", "stop"]

SETTLE_S: Final = 1.0
"""How long a new message waits for a run that is about to end."""


def next_step(state: RunState) -> Step | None:
    """What the next turn of the crank does; None when the run rests."""
    match state.status:
        case "queued":
            return "begin"
        case "in_progress" if state.asked:
            return "listen"
        case "in_progress" if state.answer:
            return "conclude"
        case "in_progress":
            return "ask"
        case "cancelling":
            return "stop"
        case _:
            return None


class Runner:
    """Creates runs, moves them, ends them."""

    def __init__(self, store: Store, model: Model) -> None:
        self._store, self._model = store, model
        self._turns: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._workers: dict[str, threading.Thread] = {}
        self._cancelled: set[str] = set()

    # What clients ask for

    def create(self, thread_id: str, body: Json) -> list[Event]:
        """A queued run on a thread, with the events of its creation.

        Raises NotFound for an unknown assistant or thread, BadRequest while another run is active
        or when there is nothing to answer.
        """
        with self._store.transaction():
            assistant = self._store.get("assistant", body["assistant_id"])
            self._store.get("thread", thread_id)
            if active := self._store.active_run(thread_id):
                raise BadRequest(f"Thread {thread_id} already has an active run {active['id']}.")
            for message in body.get("additional_messages", []):
                add_message(self._store, thread_id, message)
            run = wire.run(
                self._store.new_id("thread.run", thread_id), self._store.now(thread_id), thread_id, assistant, body
            )
            if not (run["instructions"] or self._has_question(thread_id)):
                raise BadRequest(
                    "Run creation requires a Thread with a user message or an assistant with instructions.",
                    code="invalid_thread",
                )
            draft = _Draft(self._store, RunState(), run["id"], run["created_at"])
            return [
                draft.write("thread.run.created", run["id"], run),
                draft.write("thread.run.queued", run["id"], {}),
            ]

    def cancel(self, thread_id: str, run_id: str) -> Json:
        """Ask a run to stop. It is `cancelling` at once, and `cancelled` when what was under way has ended."""
        with self._store.transaction():
            run = self._store.get("thread.run", run_id, thread_id)
            if "cancelling" not in MOVES[run["status"]]:
                raise BadRequest(f"Cannot cancel run with status '{run['status']}'.")
            with self._draft(run_id) as draft:
                draft.become("cancelling")
        self._cancelled.add(run_id)
        self.start(run_id)
        return draft.run

    def amend(self, run_id: str, event: str, id: str, data: Json) -> Json:
        """Journal a client's change to something a run made; returns the object as it was or now is."""
        with self._store.transaction(), self._draft(run_id) as draft:
            return draft.write(event, id, data)[1]

    # The crank and those who turn it

    def drive(self, run_id: str) -> Iterator[Event]:
        """Move a run until it rests, yielding what happens."""
        with suppress(_Gone):
            while True:
                with self._turn(run_id):
                    state = self._state(run_id)
                    match next_step(state):
                        case "begin":
                            yield from self._begin(run_id)
                        case "ask":
                            self._ask(state)
                        case "listen":
                            yield from self._listen(state)
                        case "conclude":
                            yield from self._conclude(run_id)
                        case "stop":
                            yield from self._stop(run_id)
                        case None:
                            self._cancelled.discard(run_id)
                            return

    def start(self, run_id: str) -> None:
        """Let a thread of its own turn the crank."""
        worker = threading.Thread(target=self._work, args=(run_id,), name=f"assistant_nb {run_id}", daemon=True)
        self._workers[run_id] = worker
        worker.start()

    def recover(self) -> None:
        """Go on with all runs that were under way when the process ended."""
        for run in self._store.active_runs():
            self.start(run["id"])

    def settle(self, thread_id: str) -> None:
        """Give a thread's run a moment to end, if it is moving in the background.

        Between two cells of a notebook a run that answers from a recording has long ended; between
        two calls of a script it may need a few more milliseconds.
        """
        if (run := self._store.active_run(thread_id)) and (worker := self._workers.get(run["id"])):
            worker.join(SETTLE_S)

    def close(self) -> None:
        """Wait a moment for the threads, so that none writes into a closed store."""
        for worker in list(self._workers.values()):
            worker.join(SETTLE_S)

    def _work(self, run_id: str) -> None:
        try:
            deque(self.drive(run_id), maxlen=0)
        except Exception as error:  # noqa: BLE001  nobody is above us to tell, so the run tells
            with suppress(Exception):
                deque(self._fail(run_id, ModelError(f"The engine broke: {error!r}. Please report it.")), maxlen=0)
        finally:
            if self._workers.get(run_id) is threading.current_thread():
                del self._workers[run_id]

    def _turn(self, run_id: str) -> threading.Lock:
        return self._turns.setdefault(run_id, threading.Lock())

    # The transitions, each kept whole or not at all

    def _begin(self, run_id: str) -> Iterator[Event]:
        with self._draft(run_id) as draft:
            event = draft.become("in_progress", started_at=draft.at)
        yield event

    def _ask(self, state: RunState) -> None:
        thread_id = state.run["thread_id"]
        messages = [m for m in self._store.all("thread.message", thread_id) if m["status"] != "in_progress"]
        with self._draft(state.run["id"]) as draft:
            draft.write("model.asked", draft.run["id"], prompt_of(draft.run, messages).as_json())

    def _listen(self, state: RunState) -> Iterator[Event]:
        """Write down the model's answer as it comes. No transaction is open while the model is thinking."""
        run_id, prompt = state.run["id"], Prompt.from_json(state.asked or {})
        pieces: list[str] = []
        message = state.open("thread.message")  # there is one when a crash cut the answer off
        finish = None
        try:
            for part in self._heard(prompt):
                if run_id in self._cancelled:
                    break
                if message is None:
                    message, events = self._open_message(run_id)
                    yield from events
                if isinstance(part, Finish):
                    finish = part
                    break
                pieces.append(part.text)
                yield "thread.message.delta", wire.message_delta(message["id"], part.text)
            else:
                raise ModelError(f"The model '{self._model.name}' stopped in the middle of its answer.")
        except ModelError as error:
            yield from self._fail(run_id, error, "".join(pieces))
            return
        yield from self._close_message(run_id, prompt, "".join(pieces), finish)

    def _heard(self, prompt: Prompt) -> Iterator[TextDelta | Finish]:
        try:
            yield from self._model.ask(prompt)
        except ModelError:
            raise
        except Exception as error:  # a model may be anybody's code
            raise ModelError(f"The model '{self._model.name}' broke: {error!r}.") from error

    def _open_message(self, run_id: str) -> tuple[Json, list[Event]]:
        """The message for an answer, and the step in which it is written."""
        with self._draft(run_id) as draft:
            run, thread_id = draft.run, draft.run["thread_id"]
            message_id = self._store.new_id("thread.message", thread_id)
            step = wire.message_step(self._store.new_id("thread.run.step", run_id), draft.at, run, message_id)
            message = wire.message(message_id, draft.at, thread_id, "assistant", [], run=run)
            return message, [
                draft.write("thread.run.step.created", step["id"], step),
                draft.write("thread.run.step.in_progress", step["id"], {}),
                draft.write("thread.message.created", message_id, message),
                draft.write("thread.message.in_progress", message_id, {}),
            ]

    def _close_message(self, run_id: str, prompt: Prompt, text: str, finish: Finish | None) -> list[Event]:
        with self._draft(run_id) as draft:
            if finish is None or draft.state.status != "in_progress":
                return draft.break_off("run_cancelled", text)
            usage = _usage(prompt, text, finish)
            message, step = draft.open("thread.message"), draft.open("thread.run.step")
            draft.write("model.answered", run_id, {"text": text, "usage": usage, "provenance": finish.provenance})
            done = {"status": "completed", "completed_at": draft.at}
            return [
                draft.write("thread.message.completed", message["id"], {**done, "content": [wire.text(text)]}),
                draft.write("thread.run.step.completed", step["id"], {**done, "usage": usage}),
            ]

    def _conclude(self, run_id: str) -> Iterator[Event]:
        with self._draft(run_id) as draft:
            event = draft.become("completed", completed_at=draft.at)
        yield event

    def _stop(self, run_id: str) -> Iterator[Event]:
        with self._draft(run_id) as draft:
            events = draft.break_off("run_cancelled")
            if step := draft.state.open("thread.run.step"):
                over = {"status": "cancelled", "cancelled_at": draft.at}
                events.append(draft.write("thread.run.step.cancelled", step["id"], over))
            events.append(draft.become("cancelled", cancelled_at=draft.at))
        yield from events

    def _fail(self, run_id: str, error: ModelError, text: str = "") -> Iterator[Event]:
        with self._draft(run_id) as draft:
            last_error = {"code": error.code, "message": str(error)}
            events = draft.break_off("run_failed", text)
            over = {"failed_at": draft.at, "last_error": last_error}
            if step := draft.state.open("thread.run.step"):
                events.append(draft.write("thread.run.step.failed", step["id"], {"status": "failed", **over}))
            events.append(draft.become("failed", **over))
        yield from events

    # Reading and writing the journal

    def _state(self, run_id: str) -> RunState:
        state = fold(self._store.journal(run_id))
        if not state.length:
            raise _Gone
        return state

    def _has_question(self, thread_id: str) -> bool:
        return any(message["role"] == "user" for message in self._store.all("thread.message", thread_id))

    @contextmanager
    def _draft(self, run_id: str) -> Iterator["_Draft"]:
        with self._store.transaction():
            state = self._state(run_id)
            yield _Draft(self._store, state, run_id, self._store.now(state.run["thread_id"]))


class _Gone(EngineError):
    """The run's thread was deleted while it was under way."""


class _Draft:
    """The next lines of a journal, inside a transaction. Objects are kept in step with the entries."""

    def __init__(self, store: Store, state: RunState, run_id: str, at: int) -> None:
        self._store, self.state, self._run_id, self.at = store, state, run_id, at

    @property
    def run(self) -> Json:
        return self.state.run

    def open(self, kind: str) -> Json:
        body = self.state.open(kind)
        if body is None:
            raise _Gone
        return body

    def write(self, event: str, id: str, data: Json) -> Event:
        """Add an entry; returns the event with the object as it is now."""
        before = self.state.objects.get(id, {})
        entry = Entry(self.state.length, self.at, event, id, data)
        self._store.append(self._run_id, entry)
        self.state.apply(entry)
        if event.endswith(".deleted"):
            self._store.delete(id)
            return event, before
        if event.startswith("thread."):
            self._store.put(self.state.objects[id])
        return event, dict(self.state.objects[id])

    def become(self, status: Status, **data: object) -> Event:
        """Move the run along its table. A run that has ended has no expiry and knows its usage."""
        run_states.check(self.state.status, status)
        if status in run_states.TERMINAL:
            usages = [step["usage"] for step in self.state.of_kind("thread.run.step") if step["usage"]]
            data |= {"expires_at": None, "usage": wire.total(usages)}
        return self.write(f"thread.run.{status}", self._run_id, {"status": status, **data})

    def break_off(self, reason: str, text: str = "") -> list[Event]:
        """End the message under way, if there is one, keeping the text that came."""
        message = self.state.open("thread.message")
        if message is None:
            return []
        over = {"status": "incomplete", "incomplete_at": self.at, "incomplete_details": {"reason": reason}}
        content = {"content": [wire.text(text)]} if text else {}
        return [self.write("thread.message.incomplete", message["id"], {**over, **content})]


def prompt_of(run: Json, messages: list[Json]) -> Prompt:
    """What a model is sent for a run on these messages, oldest first."""
    if last := run["truncation_strategy"]["last_messages"]:
        messages = messages[-last:]
    return Prompt(
        model=run["model"],
        instructions=run["instructions"],
        messages=[Turn(message["role"], _plain(message["content"])) for message in messages],
        tools=run["tools"],
        temperature=run["temperature"],
        top_p=run["top_p"],
        reasoning_effort=run["reasoning_effort"],
        response_format=run["response_format"],
        tool_choice=run["tool_choice"],
        parallel_tool_calls=run["parallel_tool_calls"],
        max_completion_tokens=run["max_completion_tokens"],
    )


def _plain(content: list[Json]) -> str | list[Json]:
    """Message content as a model reads it: one text is a string, more are parts without annotations."""
    parts = [{"type": "text", "text": part["text"]["value"]} if part["type"] == "text" else part for part in content]
    match parts:
        case [{"type": "text", "text": str(text)}]:
            return text
        case _:
            return parts


def _usage(prompt: Prompt, text: str, finish: Finish) -> Json:
    """The model's own count, or the engine's estimate marked as such."""
    if finish.prompt_tokens is None or finish.completion_tokens is None:
        return wire.usage(estimate_prompt_tokens(prompt), estimate_tokens(text), estimated=True)
    return wire.usage(finish.prompt_tokens, finish.completion_tokens)
