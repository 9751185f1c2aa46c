"""What the entries of a journal hold beside fields of objects: what models are asked, what they and persons answer.

Shapes alone. `/v1/lab` shows them as they are.
"""

from typing import Literal, NotRequired, TypedDict

from .errors import LastErrorCode
from .params.fields import ResponseFormat, ToolChoice
from .parts import ImageFilePart, ImageUrlPart, Provenance, StepType, TextContent, Tool, Usage
from .run_states import Status


class MadeCall(TypedDict):
    """A call as a model made it; `output` is there in a prompt, once the call is answered."""

    name: str
    arguments: str
    output: NotRequired[str]


PromptPart = TextContent | ImageFilePart | ImageUrlPart
"""A part of a message as a model reads it: a text without annotations."""


class PromptTurn(TypedDict):
    role: Literal["user", "assistant"]
    content: str | list[PromptPart]
    tool_calls: NotRequired[list[MadeCall]]


class Asked(TypedDict):
    """An entry `model.asked`: a `model.base.Prompt` as JSON."""

    model: str
    instructions: str | None
    messages: list[PromptTurn]
    tools: list[Tool]
    files: NotRequired[list[str]]
    temperature: float | None
    top_p: float | None
    reasoning_effort: str | None
    response_format: ResponseFormat
    tool_choice: ToolChoice
    parallel_tool_calls: bool
    max_completion_tokens: int | None


class Answered(TypedDict):
    """An entry `model.answered`."""

    text: str
    tool_calls: list[MadeCall]
    finish_reason: Literal["stop", "length", "tool_calls"]
    usage: Usage
    provenance: Provenance


class SaidError(TypedDict):
    message: str
    code: NotRequired[LastErrorCode]


class Said(TypedDict, total=False):
    """What a person says in the model's seat: a text, tool calls, or both; or an error alone."""

    text: str
    tool_calls: list[MadeCall]
    error: SaidError


class Breakpoint(TypedDict, total=False):
    """Where a held run shall stop; one of these keys."""

    status: Status
    step: StepType
    tool: Literal["code_interpreter", "file_search", "function"]
    function: str


class Held(TypedDict, total=False):
    """An entry `client.held`; `client.released` has none."""

    breakpoints: list[Breakpoint]
