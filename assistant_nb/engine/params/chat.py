"""Bodies of chat completions: what is allowed in them. Fields that change no answer here are taken and passed over."""

from typing import Annotated, Any, Literal, NotRequired, Required

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import Discriminator, Tag
from typing_extensions import TypedDict

from .fields import (
    MARK,
    FunctionToolParam,
    ImageUrlPartParam,
    Metadata,
    ModelName,
    SettingsParam,
    Text,
    TextContent,
    ToolChoice,
    by_type,
    text_or_list,
)

_Texts = Annotated[
    Annotated[str, MaxLen(256_000), Tag(MARK + "text")] | Annotated[list[TextContent], MinLen(1), Tag(MARK + "list")],
    Discriminator(text_or_list),
]
ChatPart = Annotated[
    Annotated[TextContent, Tag(MARK + "text")] | Annotated[ImageUrlPartParam, Tag(MARK + "image_url")],
    Discriminator(by_type),
]
_Parts = Annotated[
    Annotated[str, MaxLen(256_000), Tag(MARK + "text")] | Annotated[list[ChatPart], MinLen(1), Tag(MARK + "list")],
    Discriminator(text_or_list),
]


class Above(TypedDict):
    """What stands above the dialogue: a run's instructions."""

    role: Literal["system", "developer"]
    name: NotRequired[Text]
    content: _Texts


class Question(TypedDict):
    role: Literal["user"]
    name: NotRequired[Text]
    content: _Parts


class CalledFunction(TypedDict):
    name: Text
    arguments: Text


class CompletionCall(TypedDict):
    id: Text
    type: Literal["function"]
    function: CalledFunction


class Answer(TypedDict):
    role: Literal["assistant"]
    name: NotRequired[Text]
    content: NotRequired[_Texts]
    tool_calls: NotRequired[Annotated[list[CompletionCall], MinLen(1), MaxLen(128)]]
    refusal: NotRequired[Text]
    annotations: NotRequired[list[Any]]
    parsed: NotRequired[object]


class Output(TypedDict):
    role: Literal["tool"]
    name: NotRequired[Text]
    tool_call_id: Text
    content: _Texts


def _by_role(value: Any) -> str | None:
    role = value.get("role") if isinstance(value, dict) else None
    return f"{MARK}{role}" if role is not None else None


ChatMessage = Annotated[
    Annotated[Above, Tag(MARK + "system")]
    | Annotated[Above, Tag(MARK + "developer")]
    | Annotated[Question, Tag(MARK + "user")]
    | Annotated[Answer, Tag(MARK + "assistant")]
    | Annotated[Output, Tag(MARK + "tool")],
    Discriminator(_by_role),
]


class StreamOptions(TypedDict, total=False):
    include_usage: bool
    include_obfuscation: bool


class CreateChatCompletion(SettingsParam, total=False):
    model: Required[ModelName]
    messages: Required[Annotated[list[ChatMessage], MinLen(1)]]
    tools: Annotated[list[FunctionToolParam], MaxLen(128)]
    tool_choice: ToolChoice
    parallel_tool_calls: bool
    max_completion_tokens: Annotated[int, Ge(1)]
    max_tokens: Annotated[int, Ge(1)]
    stream: bool
    stream_options: StreamOptions
    n: Literal[1]
    logprobs: Literal[False]
    # Without effect here
    frequency_penalty: Annotated[float, Ge(-2), Le(2)]
    presence_penalty: Annotated[float, Ge(-2), Le(2)]
    seed: int
    user: Text
    store: bool
    metadata: Metadata
