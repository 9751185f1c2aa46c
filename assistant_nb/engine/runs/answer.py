"""One answer of the model, written down as it comes.

Text becomes a message and the step that creates it; tool calls become a step of their own. The
pieces go to whoever reads the stream, the whole into the journal when the answer is at its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .. import deltas, wire
from ..deltas import Told
from ..entries import Answered, Asked
from ..errors import EngineError, ModelError, Unanswered
from ..ids import item_id
from ..journal import RunState
from ..model.base import (
    Anew,
    Delta,
    Finish,
    Model,
    Prompt,
    TextDelta,
    ToolCallDelta,
    estimate_prompt_tokens,
    estimate_tokens,
)
from ..objects import MESSAGE, Message, Run, RunStep
from ..parts import Annotation, ImageFilePart, Searched, StepDetails, ToolCall, ToolType, Usage
from ..responses.turns import searched_before
from ..store import Store
from ..threads import files_made
from .citations import Cutter, Hits, cited_in, numbered
from .writer import Writer, Writing

Event = tuple[str, Told]
"""A public event and the object it is about: `("thread.run.queued", {…})`."""


class _Stopped(EngineError):
    """The run was ended from outside; what the model still says is not wanted."""


@dataclass
class _Call:
    id: str
    kind: ToolType
    name: str
    arguments: list[str] = field(default_factory=list)

    def whole(self, run: Run) -> ToolCall:
        return wire.tool_call(self.id, self.kind, self.name, "".join(self.arguments), run)


class Listening:
    """Listens to a model until it has answered, or until `stop`."""

    def __init__(self, store: Store, model: Model, state: RunState, asked: Asked, writing: Writing) -> None:
        self._store, self._model, self._writing = store, model, writing
        number = store.number(state.run["id"]) or 1
        self._run_id, self._prompt = state.run["id"], Prompt.from_json(asked, state.said, number)
        # The answer may have been cut off by a crash. It then comes again, into what is still open.
        self._message, self._step = state.open_message, state.open_step("tool_calls")
        self._already_said = self._step is not None
        self._run, self._pictures = state.run, state.pictures
        self._hits = self._to_point_to(searches(state))
        self._stopped = False
        self._from_the_beginning()

    def _to_point_to(self, searches: list[Searched]) -> Hits:
        calls = [call for turn in self._prompt.messages for call in turn.tool_calls if call.name == "file_search"]
        quotes = any("【" in turn.content for turn in self._prompt.messages)
        made = files_made(self._store, self._run)
        if not (calls or quotes):
            return Hits(made=made)
        if "request" in self._run:  # it reads the searches of earlier responses again
            rows = self._store.context(self._run)
            searches = [*searched_before(rows), *searches]
            earlier = [row for row in rows if row["object"] == "thread.message"]
        else:
            earlier = self._store.all(MESSAGE, self._run["thread_id"]) if quotes else []
        outputs = (call.output or "" for call in calls)
        return Hits(numbered(outputs, searches), cited_in(earlier), made)

    def _from_the_beginning(self) -> None:
        self._said: list[str] = []
        self._calls: list[_Call] = []
        self._cutter, self._told, self._cited = Cutter(self._hits), 0, 0

    @property
    def text(self) -> str:
        """What was said so far."""
        return "".join(self._said)

    def stop(self) -> str:
        """Listen no more; returns what was said so far."""
        self._stopped = True
        return self.text

    def events(self) -> Iterator[Event | None]:
        """Yields the deltas, and None after each transaction. None is open while the model is thinking.

        Raises Unanswered when a person will answer, and has not yet.
        """
        end: Finish | ModelError = ModelError(f"The model '{self._model.name}' stopped in the middle of its answer.")
        try:
            try:
                for delta in self._heard():
                    match delta:
                        case TextDelta():
                            yield from self._say(delta)
                        case ToolCallDelta():
                            yield from self._call(delta)
                        case Anew():
                            self._drop(delta.why)
                            yield None
                        case Finish():
                            end = delta
                            break
            except ModelError as error:
                end = error
            if self._message and self._step is None:
                yield from self._held_back(self._message)
            self._close(end)
            yield None
        except _Stopped:
            return

    def _heard(self) -> Iterator[Delta]:
        """The model's answer; whatever goes wrong in it, a model may be anybody's code, is a ModelError."""
        try:
            for delta in self._model.ask(self._prompt):
                if self._stopped:
                    raise _Stopped
                self._understand(delta)
                yield delta
        except (ModelError, Unanswered, _Stopped, GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise ModelError(f"The model '{self._model.name}' broke: {told(error)}.") from error

    def _understand(self, delta: Delta) -> None:
        match delta:
            case TextDelta():
                if delta.text and self._calls:
                    raise ValueError(f"it said {delta.text!r} after it had called a tool")
            case ToolCallDelta():
                known = 0 <= delta.index < len(self._calls)
                if not (known or (delta.index == len(self._calls) and delta.name)):
                    raise ValueError(f"{delta} neither begins the next call, with a name, nor adds to one")
            case Anew() | Finish():
                pass
            case _:
                raise TypeError(f"it answered with {type(delta).__name__}, not with a delta or Finish")

    def _say(self, delta: TextDelta) -> Iterator[Event | None]:
        self._said.append(delta.text)
        if self._already_said:
            return
        if self._message is None:
            with self._writing() as writer:
                self._message = self._begin_message(writer, refuses=delta.refuses)
            yield None
            for index, file_id in enumerate(self._pictures):
                picture: ImageFilePart = {"index": index, **wire.image(file_id)}
                yield "thread.message.delta", deltas.message_delta(self._message["id"], picture)
        for piece, found in self._cutter.cut(delta.text):
            yield self._delta(self._message["id"], piece, found)

    def _held_back(self, message: Message) -> Iterator[Event]:
        for piece, found in self._cutter.rest():
            yield self._delta(message["id"], piece, found)

    def _delta(self, message_id: str, piece: str, found: list[Annotation]) -> Event:
        """A piece of the message; its place counts from the beginning of the message."""
        start, self._told = self._told, self._told + len(piece)
        for one in found:
            one["start_index"], one["end_index"], one["index"] = start, self._told, self._cited
            if one["type"] == "file_citation":
                one["file_citation"]["quote"] = ""
            self._cited += 1
        part = deltas.text_delta(len(self._pictures), piece, found if found or not start else None)
        return "thread.message.delta", deltas.message_delta(message_id, part)

    def _call(self, delta: ToolCallDelta) -> Iterator[Event | None]:
        if self._step is None:
            if self._message:
                yield from self._held_back(self._message)
            with self._writing() as writer:
                self._end_message(writer)
                self._step = self._begin_step(writer, {"type": "tool_calls", "tool_calls": []})
            yield None
        step_id = self._step["id"]
        if delta.index == len(self._calls) and delta.name:
            id = self._store.derive_id("tool_call", step_id, delta.index)
            call = _Call(id, self._kind(delta.name), delta.name)
            self._calls.append(call)
            yield "thread.run.step.delta", deltas.first_call_delta(step_id, delta.index, call.whole(self._run))
        call = self._calls[delta.index]
        if delta.arguments:
            call.arguments.append(delta.arguments)
            if call.kind != "file_search":  # a query is not shown
                yield "thread.run.step.delta", deltas.call_delta(step_id, delta.index, call.kind, delta.arguments)

    def _drop(self, why: str) -> None:
        """Take what was said off the thread; the step in which it was being said failed."""
        with self._writing() as writer:
            if writer.state.status != "in_progress":
                raise _Stopped
            writer.dropped(self.text, ModelError(why))
        self._message = self._step = None
        self._already_said = False
        self._from_the_beginning()

    def _kind(self, name: str) -> ToolType:
        """A call is of a built-in tool when the run has it, else of a function."""
        types = [tool["type"] for tool in self._run["tools"]]
        return next((type for type in types if type == name), "function")

    def _close(self, end: Finish | ModelError) -> None:
        with self._writing() as writer:
            if writer.state.status != "in_progress":  # whoever is ending the run does the rest
                writer.end_message(self.text, cut="run_cancelled")
            elif isinstance(end, ModelError):
                writer.failed(self.text, end)
            else:
                self._write_down(writer, end)

    def _write_down(self, writer: Writer, end: Finish) -> None:
        calls = [call.whole(self._run) for call in self._calls]
        usage, cut = self._usage(end), end.reason == "length"
        answer: Answered = {
            "text": self.text,
            "tool_calls": [{"name": call.name, "arguments": "".join(call.arguments)} for call in self._calls],
            "finish_reason": "length" if cut else "tool_calls" if calls else "stop",
            "usage": usage,
            "provenance": end.provenance,
        }
        writer.note("model.answered", self._run_id, answer)
        if self._step and not calls:  # before a crash it had called a tool; asked again, it does not
            over = {"status": "cancelled", "cancelled_at": writer.at}
            writer.note("thread.run.step.cancelled", self._step["id"], over)
            self._step = None
        if self._step is None:
            if self._message is None:
                self._begin_message(writer)
            self._end_message(writer, usage, "max_tokens" if cut else None)
            return
        step_id = self._step["id"]
        writer.note("model.called", step_id, {"step_details": {"type": "tool_calls", "tool_calls": calls}})
        if cut:
            error = {"code": "server_error", "message": "The token limit was reached in the middle of a tool call."}
            failed = {"status": "failed", "failed_at": writer.at, "last_error": error}
            writer.note("thread.run.step.failed", step_id, failed)

    def _begin_message(self, writer: Writer, *, refuses: bool = False) -> Message:
        """The message for an answer, and the step in which it is written."""
        run, thread_id = writer.run, writer.run["thread_id"]
        if "request" in run:
            id = item_id("msg", run["id"], str(len(writer.state.entries)))
        else:
            id = self._store.new_id("thread.message", thread_id)
        self._begin_step(writer, {"type": "message_creation", "message_creation": {"message_id": id}})
        message = wire.message(id, writer.at, thread_id, "assistant", [], run=run)
        if refuses and "request" in run:
            message["refuses"] = True
        writer.note("thread.message.created", id, message)
        writer.note("thread.message.in_progress", id, {})
        return message

    def _end_message(self, writer: Writer, usage: Usage | None = None, cut: str | None = None) -> None:
        """The message is at its end, and so is its step. When calls follow, the usage of both is theirs."""
        writer.end_message(self.text, cut, self._hits.annotations(self.text))
        if step := writer.state.open_step("message_creation"):
            writer.end_step(step, usage=usage)

    def _begin_step(self, writer: Writer, details: StepDetails) -> RunStep:
        if writer.state.status != "in_progress":
            raise _Stopped
        step = wire.step(self._store.new_id("thread.run.step", self._run_id), writer.at, writer.run, details)
        writer.note("thread.run.step.created", step["id"], step)
        writer.note("thread.run.step.in_progress", step["id"], {})
        return step

    def _usage(self, end: Finish) -> Usage:
        """The model's own count, or the engine's estimate marked as such."""
        if end.prompt_tokens is not None and end.completion_tokens is not None:
            return wire.usage(end.prompt_tokens, end.completion_tokens)
        answer = self.text + "".join(call.name + "".join(call.arguments) for call in self._calls)
        return wire.usage(estimate_prompt_tokens(self._prompt), estimate_tokens(answer), estimated=True)


def searches(state: RunState) -> list[Searched]:
    """What the run's file searches have found, in order."""
    calls = [call for step in state.steps for call in wire.tool_calls(step)]
    return [call["file_search"] for call in calls if call["type"] == "file_search"]


def told(error: BaseException) -> str:
    """An error in a line; its own text may be broken, too."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001
        return type(error).__name__
