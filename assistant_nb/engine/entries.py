"""What the entries of a journal hold beside fields of objects: what models are asked, what they and persons answer.

Shapes alone. `/v1/lab` shows them as they are.
"""

from typing import Literal, NotRequired, TypedDict

from .params.fields import ImageUrlPartParam, Settings, TextContent, ToolChoice
from .params.lab import Breakpoint, SaidCall
from .parts import ImageFilePart, ImageUrlPart, Provenance, Tool, Usage


class MadeCall(SaidCall):
    """A call as a model made it; in a prompt it brings its output."""

    output: NotRequired[str]


PromptPart = TextContent | ImageFilePart | ImageUrlPart | ImageUrlPartParam
"""A part of a message as a model reads it: a text without annotations."""


class PromptTurn(TypedDict):
    role: Literal["user", "assistant"]
    content: str | list[PromptPart]
    tool_calls: NotRequired[list[MadeCall]]


class Asked(Settings):
    """An entry `model.asked`: a `model.base.Prompt` as JSON."""

    model: str
    instructions: str | None
    messages: list[PromptTurn]
    tools: list[Tool]
    files: NotRequired[list[str]]
    tool_choice: ToolChoice
    parallel_tool_calls: bool
    max_completion_tokens: int | None


class Answered(TypedDict):
    """An entry `model.answered`."""

    text: str
    tool_calls: list[SaidCall]
    finish_reason: Literal["stop", "length", "tool_calls"]
    usage: Usage
    provenance: Provenance


class Held(TypedDict, total=False):
    """An entry `client.held`; `client.released` has none."""

    breakpoints: list[Breakpoint]
