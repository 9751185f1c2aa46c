"""The run loop: journal in, events out.

A run moves only when somebody turns the crank. `drive` is the crank: a generator that makes one
transition after the other until the run rests. Each transition is one transaction that first reads
from the journal what comes next, so it does not matter who turned last, how many turn, or whether
the process died in between.

Who turns is a choice: `start` gives the run to a thread of its own (the API's usual behaviour), or,
where there are no threads, drives it at once; the reader of a stream drives it by reading.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Final, Literal

from . import run_states, wire
from .errors import BadRequest, EngineError, IllegalMove, ModelError
from .journal import Entry, RunState, fold
from .model.base import Finish, Model, Prompt, TextDelta, Turn, estimate_prompt_tokens, estimate_tokens
from .run_states import MOVES, Status
from .store import Store
from .threads import add_message, check_references
from .wire import Json

Event = tuple[str, Json]
"""A public event and the object it is about: `("thread.run.queued", {…})`."""

Step = Literal["begin", "ask", "listen", "conclude", "stop"]

SETTLE_S: Final = 1.0
"""How long a new message, or the end of the engine, waits for runs that are about to end."""


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
        self._resting: dict[str, threading.Event] = {}
        """Of each run with a thread: set when the thread is done."""
        self._listening: dict[str, list[str]] = {}
        """Of each run whose model is speaking: what it has said so far."""

    # What clients ask for

    def create(self, thread_id: str, body: Json) -> Json:
        """A queued run on a thread.

        Raises NotFound for an unknown assistant or thread, BadRequest while another run is active
        or when there is nothing to answer.
        """
        with self._store.transaction():
            assistant = self._store.get("assistant", body["assistant_id"])
            self._store.get("thread", thread_id)
            check_references(self._store, body)
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
            draft.note("thread.run.created", run["id"], run)
            draft.note("thread.run.queued", run["id"], {})
            return run

    def cancel(self, thread_id: str, run_id: str) -> Json:
        """Ask a run to stop: it is `cancelling` at once, `cancelled` as soon as its thread gets to it."""
        with self._store.transaction():
            run = self._store.get("thread.run", run_id, thread_id)
            if "cancelling" not in MOVES[run["status"]]:
                raise BadRequest(f"Cannot cancel run with status '{run['status']}'.")
            with self._draft(run_id) as draft:
                draft.become("cancelling")
        self.start(run_id)
        return draft.run

    def amend(self, run_id: str, event: str, id: str, data: Json) -> Json:
        """Journal a client's change to something that a run made; returns what became of it."""
        with self._store.transaction(), self._draft(run_id) as draft:
            draft.at = draft.state.at  # time passes with what a run does, not with what is done to it
            draft.note(event, id, data)
            return draft.state.objects.get(id, {})

    # The crank and those who turn it

    def drive(self, run_id: str) -> Iterator[Event | None]:
        """Move a run until it rests. Yields None after each transition, and each piece of an answer in between."""
        with suppress(_Gone):
            try:
                while turn := self._turn(run_id):
                    yield from turn
            except _Gone:
                raise
            except Exception as error:  # noqa: BLE001  a bug of ours must not leave the run hanging
                with suppress(IllegalMove), self._draft(run_id) as draft:
                    self._fail(draft, ModelError(f"The engine broke: {_told(error)}. Please report it."), "")
                yield None

    def follow(self, run_id: str) -> Generator[Event, None, None]:
        """Drive a run and tell all that happens to it, whoever makes it happen."""
        state = RunState()
        for delta in itertools.chain([None], self.drive(run_id), [None]):
            if delta:
                yield delta
                continue
            for entry in self._store.journal(run_id, state.length):
                state.apply(entry)
                if entry.event.startswith("thread."):
                    yield entry.event, dict(state.objects[entry.id])

    def start(self, run_id: str) -> None:
        """Let a thread of its own turn the crank."""
        rests = self._resting.setdefault(run_id, threading.Event())
        name = f"assistant_nb {run_id}"
        try:
            threading.Thread(target=self._work, args=(run_id, rests), name=name, daemon=True).start()
        except RuntimeError:  # no threads here, as in a browser's Python, or no more of them
            self._work(run_id, rests)

    def recover(self) -> None:
        """Go on with all runs that were under way when the process ended."""
        for run in self._store.active_runs():
            self.start(run["id"])

    def settle(self, thread_id: str) -> None:
        """Give a thread's run a moment to end, if it is moving in the background.

        Between two cells of a notebook a run that answers from a recording has long ended; between
        two calls of a script it may need a few more milliseconds.
        """
        if run := self._store.active_run(thread_id):
            self._await([run["id"]])

    def close(self) -> None:
        """Wait a moment for the threads, so that runs about to end do so."""
        self._await(list(self._resting))

    def _await(self, run_ids: list[str]) -> None:
        end = time.monotonic() + SETTLE_S
        mine = threading.current_thread().name  # a model's own code may call the API
        for run_id in run_ids:
            if (rests := self._resting.get(run_id)) and mine != f"assistant_nb {run_id}":
                rests.wait(max(0, end - time.monotonic()))

    def _work(self, run_id: str, rests: threading.Event) -> None:
        try:
            with suppress(Exception):  # the store may be closed under our feet; the journal knows where we were
                deque(self.drive(run_id), maxlen=0)
        finally:
            rests.set()
            if self._resting.get(run_id) is rests:
                del self._resting[run_id]

    # The transitions

    def _turn(self, run_id: str) -> Iterator[Event | None] | None:
        """Make the next transition, in one transaction; None when the run rests or somebody else is at it."""
        with self._draft(run_id) as draft:
            match next_step(draft.state):
                case "begin":
                    draft.become("in_progress", started_at=draft.at)
                case "ask":
                    messages = self._store.all("thread.message", draft.run["thread_id"])
                    draft.note("model.asked", run_id, prompt_of(draft.run, messages).as_json())
                case "listen":
                    if run_id in self._listening:
                        return None
                    self._listening[run_id] = []
                    return self._listen(draft.state)
                case "conclude":
                    draft.become("completed", completed_at=draft.at)
                case "stop":
                    self._stop(draft)
                case None:
                    return None
        return iter([None])

    def _listen(self, state: RunState) -> Iterator[Event | None]:
        """Write down the model's answer as it comes. No transaction is open while the model is thinking."""
        run_id, prompt = state.run["id"], Prompt.from_json(state.asked or {})
        pieces = self._listening[run_id]
        message = state.open("thread.message")  # there is one when a crash cut the answer off
        finish: Finish | ModelError = ModelError(f"The model '{self._model.name}' stopped in the middle of its answer.")
        try:
            try:
                for part in self._heard(prompt):
                    if message is None:
                        message = self._open_message(run_id)
                        yield None
                    if message is None or self._listening.get(run_id) is not pieces:
                        return  # the run was stopped meanwhile
                    if isinstance(part, Finish):
                        finish = part
                        break
                    pieces.append(part.text)
                    yield "thread.message.delta", wire.message_delta(message["id"], part.text)
            except ModelError as error:
                finish = error
            self._close_message(run_id, prompt, "".join(pieces), finish)
            yield None
        finally:
            if self._listening.get(run_id) is pieces:
                del self._listening[run_id]

    def _heard(self, prompt: Prompt) -> Iterator[TextDelta | Finish]:
        """The model's answer; whatever goes wrong in it, a model may be anybody's code, is a ModelError."""
        try:
            for part in self._model.ask(prompt):
                if not isinstance(part, TextDelta | Finish):
                    raise TypeError(f"it answered with {type(part).__name__}, not with TextDelta or Finish")
                yield part
        except ModelError:
            raise
        except (Exception, SystemExit) as error:
            raise ModelError(f"The model '{self._model.name}' broke: {_told(error)}.") from error

    def _open_message(self, run_id: str) -> Json | None:
        """The message for an answer, and the step in which it is written; None when the run is being stopped."""
        with self._draft(run_id) as draft:
            if draft.state.status != "in_progress":
                return None
            run, thread_id = draft.run, draft.run["thread_id"]
            message_id = self._store.new_id("thread.message", thread_id)
            step = wire.message_step(self._store.new_id("thread.run.step", run_id), draft.at, run, message_id)
            message = wire.message(message_id, draft.at, thread_id, "assistant", [], run=run)
            draft.note("thread.run.step.created", step["id"], step)
            draft.note("thread.run.step.in_progress", step["id"], {})
            draft.note("thread.message.created", message_id, message)
            draft.note("thread.message.in_progress", message_id, {})
            return message

    def _close_message(self, run_id: str, prompt: Prompt, text: str, finish: Finish | ModelError) -> None:
        with self._draft(run_id) as draft:
            if draft.state.status != "in_progress":
                draft.break_off("run_cancelled", text)
            elif isinstance(finish, ModelError):
                self._fail(draft, finish, text)
            else:
                usage = _usage(prompt, text, finish)
                done = {"status": "completed", "completed_at": draft.at}
                message, step = draft.open("thread.message"), draft.open("thread.run.step")
                draft.note("model.answered", run_id, {"text": text, "usage": usage, "provenance": finish.provenance})
                draft.note("thread.message.completed", message["id"], {**done, "content": [wire.text(text)]})
                draft.note("thread.run.step.completed", step["id"], {**done, "usage": usage})

    def _stop(self, draft: "_Draft") -> None:
        draft.break_off("run_cancelled", "".join(self._listening.pop(draft.run["id"], [])))
        if step := draft.state.open("thread.run.step"):
            over = {"status": "cancelled", "cancelled_at": draft.at}
            draft.note("thread.run.step.cancelled", step["id"], over)
        draft.become("cancelled", cancelled_at=draft.at)

    def _fail(self, draft: "_Draft", error: ModelError, text: str) -> None:
        over = {"failed_at": draft.at, "last_error": {"code": error.code, "message": str(error)}}
        draft.break_off("run_failed", text)
        if step := draft.state.open("thread.run.step"):
            draft.note("thread.run.step.failed", step["id"], {"status": "failed", **over})
        draft.become("failed", **over)

    # Reading

    def _has_question(self, thread_id: str) -> bool:
        return any(message["role"] == "user" for message in self._store.all("thread.message", thread_id))

    @contextmanager
    def _draft(self, run_id: str) -> Iterator["_Draft"]:
        """The journal open for writing, in a transaction. Raises _Gone when the run is no more."""
        with self._store.transaction():
            state = fold(self._store.journal(run_id))
            if not state.length:
                raise _Gone
            yield _Draft(self._store, state, run_id)


class _Gone(EngineError):
    """The run's thread was deleted while it was under way."""


class _Draft:
    """The next lines of a journal, inside a transaction. Stored objects are kept in step with the entries."""

    def __init__(self, store: Store, state: RunState, run_id: str, at: int | None = None) -> None:
        self._store, self.state, self._run_id = store, state, run_id
        if at is not None:
            self.at = at

    @property
    def run(self) -> Json:
        return self.state.run

    @cached_property
    def at(self) -> int:
        """The time of this transition: it passes when it is first asked for."""
        return self._store.now(self.run["thread_id"])

    def open(self, kind: str) -> Json:
        body = self.state.open(kind)
        if body is None:
            raise _Gone
        return body

    def note(self, event: str, id: str, data: Json) -> None:
        """Add an entry, and keep what it changed."""
        entry = Entry(self.state.length, self.at, event, id, data)
        self._store.append(self._run_id, entry)
        self.state.apply(entry)
        if event == "client.deleted":
            self._store.delete(id)
        elif not event.startswith("model."):
            self._store.put(self.state.objects[id])

    def become(self, status: Status, **data: object) -> None:
        """Move the run along its table. A run that has ended has no expiry and knows its usage."""
        run_states.check(self.state.status, status)
        if status in run_states.TERMINAL:
            usages = [step["usage"] for step in self.state.of_kind("thread.run.step") if step["usage"]]
            data |= {"expires_at": None, "usage": wire.total(usages)}
        self.note(f"thread.run.{status}", self._run_id, {"status": status, **data})

    def break_off(self, reason: str, text: str) -> None:
        """End the message under way, if there is one, keeping the text that came."""
        if message := self.state.open("thread.message"):
            over = {"status": "incomplete", "incomplete_at": self.at, "incomplete_details": {"reason": reason}}
            content = {"content": [wire.text(text)]} if text else {}
            self.note("thread.message.incomplete", message["id"], {**over, **content})


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


def _told(error: BaseException) -> str:
    """An error in a line; its own text may be broken, too."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001
        return type(error).__name__
