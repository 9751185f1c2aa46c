"""Bodies of chat completions: what is allowed in them. Fields that change no answer here are taken and passed over."""

from typing import Annotated, Any, Literal

from annotated_types import MaxLen, MinLen
from pydantic import Discriminator, Field, Tag

from .fields import (
    Body,
    FunctionTool,
    ImageUrlPart,
    Metadata,
    ModelName,
    ReasoningEffort,
    ResponseFormat,
    Temperature,
    Text,
    TextPart,
    ToolChoice,
    TopP,
    by_type,
    text_or_parts,
)
from .refusals import MARK

_Texts = Annotated[
    Annotated[str, MaxLen(256_000), Tag(MARK + "text")] | Annotated[list[TextPart], MinLen(1), Tag(MARK + "parts")],
    Discriminator(text_or_parts),
]
_Part = Annotated[
    Annotated[TextPart, Tag(MARK + "text")] | Annotated[ImageUrlPart, Tag(MARK + "image_url")], Discriminator(by_type)
]
_Parts = Annotated[
    Annotated[str, MaxLen(256_000), Tag(MARK + "text")] | Annotated[list[_Part], MinLen(1), Tag(MARK + "parts")],
    Discriminator(text_or_parts),
]


class _Message(Body):
    name: Text | None = None


class Above(_Message):
    role: Literal["system", "developer"]
    content: _Texts


class Asked(_Message):
    role: Literal["user"]
    content: _Parts


class CalledFunction(Body):
    name: Text
    arguments: Text


class MadeCall(Body):
    id: Text
    type: Literal["function"]
    function: CalledFunction


class Answered(_Message):
    role: Literal["assistant"]
    content: _Texts | None = None
    tool_calls: Annotated[list[MadeCall], Field(min_length=1, max_length=128)] | None = None
    refusal: Text | None = None
    annotations: list[Any] | None = None
    parsed: Any = None


class Output(_Message):
    role: Literal["tool"]
    tool_call_id: Text
    content: _Texts


def _by_role(value: Any) -> str | None:
    role = value.get("role") if isinstance(value, dict) else getattr(value, "role", None)
    return f"{MARK}{role}" if role is not None else None


Message = Annotated[
    Annotated[Above, Tag(MARK + "system")]
    | Annotated[Above, Tag(MARK + "developer")]
    | Annotated[Asked, Tag(MARK + "user")]
    | Annotated[Answered, Tag(MARK + "assistant")]
    | Annotated[Output, Tag(MARK + "tool")],
    Discriminator(_by_role),
]


class StreamOptions(Body):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class CreateChatCompletion(Body):
    model: ModelName
    messages: Annotated[list[Message], Field(min_length=1)]
    tools: Annotated[list[FunctionTool], Field(max_length=128)] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    reasoning_effort: ReasoningEffort | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    logprobs: Literal[False] | None = None
    # Without effect here
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: int | None = None
    user: Text | None = None
    store: bool | None = None
    metadata: Metadata | None = None
