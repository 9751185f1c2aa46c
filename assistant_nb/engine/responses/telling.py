"""What a stream tells of a response: the entries of its journal and the pieces of an answer, as events. Pure.

The events are a function of the journal, so a stream that is read again has the same ones, under the same numbers. A
text is therefore cut by itself (`_PIECE`), not where the model's pieces happened to end: whoever comes late gets the
whole answer from its entry in the journal, cut in the same places.

    created, queued, in_progress     from the run's own entries
    a message                        output_item.added, content_part.added, output_text.delta …, annotation.added …
                                     (of hits where their marks were, of files of code at the end),
                                     output_text.done, content_part.done, output_item.done;
                                     of one that refuses: refusal.delta …, refusal.done instead
    a call                           output_item.added, its arguments or code, .searching or .interpreting,
                                     .completed, output_item.done
    completed, incomplete, failed    the whole response

An answer that another one replaces cannot be taken back in a stream. Where that may happen (`certain=False`), an
answer is told when it is complete. Source: recorded streams, of which the newest decide on the order of keys.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, cast

from ..entries import Answered
from ..objects import Message, Run
from ..parts import CitationAnnotation, ToolCall
from ..run_states import TERMINAL
from ..runs.answer import Event
from .wire import call_item, citation, cited, first_text, message_item, response, said

Told = dict[str, Any]
_PIECE: Final = re.compile(r"\s*\S{1,24}")
"""A piece of a text, once something follows it or it is full."""
_FULL: Final = 24
_BLOCK: Final = 16
_PAD: Final = "aX3kQ9mZ1vR7tB5nL0cW8yH2dJ6sF4gPeUoIxTqKwMzVrYbNhCjGpDlSfEuAiO" * 2
_NAMES: Final = {"expired": "failed", "cancelled": "incomplete"}
"""The events of statuses that have none of their own."""


class Telling:
    """Tells a response. Feed it all that happens, in order; each event has the next number."""

    def __init__(self, run: Run, *, certain: bool = True, obfuscate: bool = True) -> None:
        self.run, self.output = run, list[dict[str, Any]]()
        self._certain, self._obfuscate = certain, obfuscate
        self._n = 0
        self._message: Message | None = None
        self._broken: Message | None = None
        """A message that broke off; the next entry says whether it stays."""
        self._text: _Text | None = None
        self._calls: list[ToolCall] = []
        self._call: _Text | None = None
        """The item of the call that is being told."""
        self._at = self._used = 0
        self._arguments: list[str] = []
        self._cut = False

    def take(self, event: Event) -> Iterator[Told]:
        """What there is to tell of an entry or a delta."""
        name, body = event[0], cast(Any, event[1])
        if name == "thread.message.delta":  # first, as there are many
            if self._certain and self._message:
                yield from self._hear(body["delta"]["content"][0])
            return
        if self._broken:
            message, self._broken = self._broken, None
            if name != "model.dropped":
                yield from self._rest_of(message)
        match name.split("."):
            case ["thread", "message", "created"]:
                self._message = body
            case ["thread", "message", "completed"]:
                yield from self._end_message(body)
            case ["thread", "message", "incomplete"] if body["incomplete_details"]["reason"] == "max_tokens":
                yield from self._end_message(body)
            case ["thread", "message", "incomplete"]:
                self._broken = body
            case ["thread", "run", "step", "delta"]:
                if self._certain and not self.run["request"]["background"]:  # of a call that breaks off nothing is kept
                    yield from self._hear_call(body["delta"]["step_details"]["tool_calls"][0])
            case ["model", "answered"]:
                answer = cast(Answered, body)
                self._arguments = [call["arguments"] for call in answer["tool_calls"]]
                self._cut = answer["finish_reason"] == "length"
            case ["model", "called"]:
                self._calls, self._at, self._used = body["step_details"]["tool_calls"], 0, 0
                yield from self._tell_calls()
            case ["tool", "answered"]:
                self._calls, self._used = body["step_details"]["tool_calls"], self._used + 1
                yield from self._tell_calls()
            case ["thread", "run", status]:
                yield from self._become(body, status)
            case _:
                pass

    # The response itself

    def _become(self, run: Run, status: str) -> Iterator[Told]:
        self.run = run
        if run["status"] in TERMINAL:  # an item that is under way stays incomplete
            self.output = [{**one, "status": one["status"].replace("in_progress", "incomplete")} for one in self.output]
        name = _NAMES.get(status, status)
        if status != "cancelling" and (status != "queued" or run["request"]["background"]):
            yield self._event(f"response.{name}", response=response(run, self.output, billing=False))

    def _event(self, kind: str, **fields: object) -> Told:
        n, self._n = self._n, self._n + 1
        return {"type": kind, **dict(sorted({**fields, "sequence_number": n}.items()))}

    def _delta(self, kind: str, text: "_Text", piece: str, **fields: object) -> Told:
        if self._obfuscate:
            fields["obfuscation"] = self._padding(piece, self._n)
        return self._event(kind, delta=piece, item_id=text.id, output_index=text.index, **fields)

    def _padding(self, piece: str, n: int) -> str:
        """Letters that hide how long a piece is."""
        start = n % (len(_PAD) // 2)
        return _PAD[start : start + (-len(piece) % _BLOCK or _BLOCK)]

    def _begin(self, item: dict[str, Any]) -> "_Text":
        self.output.append(item)
        return _Text(item["id"], len(self.output) - 1)

    def _added(self, text: "_Text") -> Told:
        return self._event("response.output_item.added", item={**self.output[text.index]}, output_index=text.index)

    def _done(self, text: "_Text", item: dict[str, Any]) -> Told:
        self.output[text.index] = item
        return self._event("response.output_item.done", item=item, output_index=text.index)

    # Messages

    def _hear(self, part: Any) -> Iterator[Told]:
        """A piece of the message as the model says it."""
        if part["type"] == "text":
            yield from self._say(part["text"]["value"], cited(part["text"].get("annotations", [])))

    def _begun(self, message: Message) -> Iterator[Told]:
        self._text = self._begin({**message_item({**message, "content": []}), "status": "in_progress"})
        yield self._added(self._text)
        yield self._event("response.content_part.added", **self._part(said(message, "")))

    def _part(self, part: dict[str, Any]) -> dict[str, object]:
        text = cast(_Text, self._text)
        return {"content_index": 0, "item_id": text.id, "output_index": text.index, "part": part}

    def _say(self, piece: str, annotations: list[CitationAnnotation]) -> Iterator[Told]:
        if self._text is None:
            yield from self._begun(cast(Message, self._message))
        text = cast(_Text, self._text)
        text.heard += len(piece)
        if not annotations:
            yield from map(self._text_delta, text.add(piece))
            return
        yield from map(self._text_delta, text.rest())
        for one in annotations:
            yield self._annotation(citation(one, text.told))

    def _text_delta(self, piece: str) -> Told:
        text = cast(_Text, self._text)
        if self._refuses:
            return self._delta("response.refusal.delta", text, piece, content_index=0)
        n, self._n = self._n, self._n + 1
        told = {
            "type": "response.output_text.delta",
            "content_index": 0,
            "delta": piece,
            "item_id": text.id,
            "logprobs": [],
            "obfuscation": self._padding(piece, n),
            "output_index": text.index,
            "sequence_number": n,
        }
        if not self._obfuscate:
            del told["obfuscation"]
        return told

    @property
    def _refuses(self) -> bool:
        return self._message is not None and self._message.get("refuses", False)

    def _annotation(self, annotation: dict[str, Any]) -> Told:
        text = cast(_Text, self._text)
        n, text.annotations = text.annotations, text.annotations + 1
        place = {"content_index": 0, "item_id": text.id, "output_index": text.index}
        return self._event("response.output_text.annotation.added", annotation=annotation, annotation_index=n, **place)

    def _rest_of(self, message: Message) -> Iterator[Told]:
        """What has not been told of the text of a message."""
        self._message = message
        if self._text is None:
            yield from self._begun(message)
        text, whole = cast(_Text, self._text), first_text(message)
        for one in cited(whole.get("annotations", [])):
            if one["start_index"] >= text.heard:
                if before := whole["value"][text.heard : one["start_index"]]:
                    yield from self._say(before, [])
                yield from self._say(one["text"], [one])
        yield from self._say(whole["value"][text.heard :], [])
        yield from map(self._text_delta, text.rest())
        item = self.output[text.index] = message_item(message)
        for part in item["content"]:
            notes = part.get("annotations", [])
            yield from (self._annotation(one) for one in notes if one["type"] != "file_citation")

    def _end_message(self, message: Message) -> Iterator[Told]:
        yield from self._rest_of(message)
        text = cast(_Text, self._text)
        item = self.output[text.index]
        part = item["content"][0] if item["content"] else said(message, "")
        place: dict[str, Any] = {"content_index": 0, "item_id": text.id, "output_index": text.index}
        if self._refuses:
            yield self._event("response.refusal.done", refusal=part["refusal"], **place)
        else:
            yield self._event("response.output_text.done", logprobs=[], text=part["text"], **place)
        yield self._event("response.content_part.done", **self._part(part))
        yield self._done(text, item)
        self._message = self._text = None

    # Calls

    def _hear_call(self, call: Any) -> Iterator[Told]:
        """A piece of the first call as the model makes it. The others are told when they are whole."""
        if call["index"] or call["type"] == "file_search":
            return
        field = "arguments" if call["type"] == "function" else "input"
        piece = call[call["type"]].get(field, "")
        if "id" in call:
            yield from self._begin_call(call)
        elif self._call and piece:
            self._call.heard += len(piece)
            yield from self._arguments_deltas(call["type"], self._call.add(piece))

    def _begin_call(self, call: ToolCall) -> Iterator[Told]:
        self._call = self._begin(call_item(call, "", self.run, "in_progress"))
        yield self._added(self._call)
        if call["type"] != "function":
            yield self._of_call(call, "in_progress")

    def _of_call(self, call: ToolCall, what: str) -> Told:
        text = cast(_Text, self._call)
        return self._event(f"response.{call['type']}_call.{what}", item_id=text.id, output_index=text.index)

    def _arguments_deltas(self, kind: str, pieces: Iterator[str]) -> Iterator[Told]:
        name = "function_call_arguments" if kind == "function" else "code_interpreter_call_code"
        return (self._delta(f"response.{name}.delta", cast(_Text, self._call), piece) for piece in pieces)

    def _tell_calls(self) -> Iterator[Told]:
        """Tell calls to their end, one after the other, as far as they have been answered."""
        while self._at < len(self._calls):
            call, arguments = self._calls[self._at], self._arguments[self._at]
            if self._call is None:
                yield from self._begin_call(call)
            text = cast(_Text, self._call)
            if not text.is_whole:
                text.is_whole = True
                yield from self._whole(call, arguments, text)
            if call["type"] != "function":
                before = sum(one["type"] != "function" for one in self._calls[: self._at])
                if self._used <= before:
                    return
                yield self._of_call(call, "completed")
            status = "incomplete" if self._cut else "completed"
            yield self._done(text, call_item(call, arguments, self.run, status))
            self._call, self._at = None, self._at + 1

    def _whole(self, call: ToolCall, arguments: str, text: "_Text") -> Iterator[Told]:
        """The rest of what the model has written into a call, and what begins then."""
        if call["type"] != "file_search":
            yield from self._arguments_deltas(call["type"], text.add(arguments[text.heard :]))
            yield from self._arguments_deltas(call["type"], text.rest())
        place: dict[str, object] = {"item_id": text.id, "output_index": text.index}
        match call["type"]:
            case "function":
                yield self._event("response.function_call_arguments.done", arguments=arguments, **place)
            case "code_interpreter":
                yield self._event("response.code_interpreter_call_code.done", code=arguments, **place)
                yield self._of_call(call, "interpreting")
            case "file_search":
                yield self._of_call(call, "searching")


class _Text:
    """The text of an item that is being told."""

    def __init__(self, id: str, index: int) -> None:
        self.id, self.index = id, index
        self.heard = 0
        """Characters that came from the model."""
        self.told = 0
        """Characters that were told: without the marks of citations."""
        self.annotations = 0
        self.is_whole = False
        self._held = ""

    def add(self, piece: str) -> Iterator[str]:
        """The pieces that are certain now."""
        held, at = self._held + piece, 0
        while (match := _PIECE.match(held, at)) and (match.end() < len(held) or len(match[0].lstrip()) == _FULL):
            at = match.end()
            self.told += len(match[0])
            yield match[0]
        self._held = held[at:]

    def rest(self) -> Iterator[str]:
        if self._held:
            held, self._held = self._held, ""
            self.told += len(held)
            yield held
