"""What streams bring beside whole objects: pieces of messages and of tool calls, as they come.

Source: recorded streams of the hosted API.
"""

from collections.abc import Sequence
from typing import Literal, TypedDict

from .errors import Envelope
from .objects import RunObject, Thread
from .parts import Annotation, CodeOutput, Part, Text, TextPart, ToolCall


class MessagePieces(TypedDict):
    content: list[Part]


class MessageDelta(TypedDict):
    id: str
    object: Literal["thread.message.delta"]
    delta: MessagePieces


class StepPieces(TypedDict):
    step_details: object


class StepDelta(TypedDict):
    id: str
    object: Literal["thread.run.step.delta"]
    delta: StepPieces


Told = Thread | RunObject | MessageDelta | StepDelta | Envelope
"""What an event of a stream brings."""


def message_delta(message_id: str, part: Part) -> MessageDelta:
    """A piece of a message on its way: of the content part at `part["index"]`."""
    return {"id": message_id, "object": "thread.message.delta", "delta": {"content": [part]}}


def text_delta(index: int, value: str, annotations: list[Annotation] | None = None) -> TextPart:
    """A piece of text. The first one brings an (empty) list of annotations, one that points to something its own."""
    text: Text = {"value": value} if annotations is None else {"value": value, "annotations": annotations}
    return {"index": index, "type": "text", "text": text}


def first_call_delta(step_id: str, index: int, call: ToolCall) -> StepDelta:
    """The beginning of a call on its way. What the model writes into it follows as `call_delta`s."""
    return _step_delta(step_id, {"index": index, **call})


def call_delta(step_id: str, index: int, kind: Literal["code_interpreter", "function"], piece: str) -> StepDelta:
    """What the model writes into a call: `call_delta("step_…", 0, "function", '{"city"')`"""
    field = "arguments" if kind == "function" else "input"
    return _step_delta(step_id, {"index": index, "type": kind, kind: {field: piece}})


def outputs_delta(step_id: str, index: int, outputs: Sequence[CodeOutput]) -> StepDelta:
    """What code has put out."""
    shown = [{"index": n, **output} for n, output in enumerate(outputs)]
    return _step_delta(step_id, {"index": index, "type": "code_interpreter", "code_interpreter": {"outputs": shown}})


def _step_delta(step_id: str, call: object) -> StepDelta:
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}
