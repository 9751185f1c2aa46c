"""Bodies and queries of responses and conversations. Fields that change no answer here are taken and passed over."""

from typing import Annotated, Any, Final, Literal, NotRequired, Required, TypeVar

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from .fields import (
    MARK,
    ChosenTool,
    FileId,
    FileIds,
    Identifier,
    JsonObjectFormat,
    JsonSchema,
    Metadata,
    ModelName,
    ReasoningEffort,
    Temperature,
    Text,
    TextFormat,
    TopP,
    by_type,
    text_or_list,
)
from .files import Filter, SearchRanking
from .lab import HoldRun

T = TypeVar("T")
TextOr = Annotated[
    Annotated[Text, Tag(MARK + "text")] | Annotated[list[T], Tag(MARK + "list")], Discriminator(text_or_list)
]
"""A text, or a list of what stands in the brackets."""
Data = Annotated[str, MaxLen(2**24)]
"""A text that may hold a picture or a file."""


def _known(given: Any) -> Any:
    """Refuse what the hosted API runs, and this engine does not."""
    kind = given.get("type") if isinstance(given, dict) else None
    if isinstance(kind, str) and kind.startswith(_ELSEWHERE):
        message = "'{kind}' does not run here: this engine runs functions, file_search and code_interpreter"
        raise PydanticCustomError("elsewhere", message, {"kind": kind})
    return given


_ELSEWHERE: Final = (
    *("web_search", "mcp", "image_generation", "computer", "local_shell", "shell", "apply_patch", "custom"),
    *("tool_search", "namespace", "additional_tools", "compaction", "program"),
)
_runs_here: Final = BeforeValidator(_known)

# Parts of messages


class _Cached(TypedDict, total=False):
    prompt_cache_breakpoint: dict[str, Any]


class InputText(_Cached):
    type: Literal["input_text"]
    text: Text


def _one_picture(given: "InputImage") -> "InputImage":
    if ("image_url" in given) == ("file_id" in given):
        raise PydanticCustomError("one_of", "give either 'image_url' or 'file_id'")
    return given


class InputImage(_Cached):
    type: Literal["input_image"]
    image_url: NotRequired[Data]
    file_id: NotRequired[FileId]
    detail: NotRequired[Literal["auto", "low", "high", "original"]]


def _one_file(given: "InputFile") -> "InputFile":
    if "file_url" in given:
        raise PydanticCustomError(
            "elsewhere", "this engine opens no 'file_url'. Send the file's bytes as 'file_data', or upload it"
        )
    if ("file_data" in given) == ("file_id" in given):
        raise PydanticCustomError("one_of", "give either 'file_id' or 'file_data' with a 'filename'")
    return given


class InputFile(_Cached):
    type: Literal["input_file"]
    file_id: NotRequired[FileId]
    filename: NotRequired[Text]
    file_data: NotRequired[Data]
    file_url: NotRequired[Text]
    detail: NotRequired[Literal["auto", "low", "high"]]


class OutputText(TypedDict):
    type: Literal["output_text"]
    text: Text
    annotations: NotRequired[list[dict[str, Any]]]
    logprobs: NotRequired[list[Any]]


class RefusalPart(TypedDict):
    type: Literal["refusal"]
    refusal: Text


_TextPart = Annotated[InputText, Tag(MARK + "input_text")]
_ImagePart = Annotated[InputImage, AfterValidator(_one_picture), Tag(MARK + "input_image")]
_FilePart = Annotated[InputFile, AfterValidator(_one_file), Tag(MARK + "input_file")]
InputPart = Annotated[_TextPart | _ImagePart | _FilePart, Discriminator(by_type)]
_SaidPart = Annotated[OutputText, Tag(MARK + "output_text")] | Annotated[RefusalPart, Tag(MARK + "refusal")]
ContentPart = Annotated[_TextPart | _ImagePart | _FilePart | _SaidPart, Discriminator(by_type)]

# Items

ItemStatus = Literal["in_progress", "completed", "incomplete", "failed", "searching", "interpreting"]


class _Sent(TypedDict, total=False):
    """What comes with an item that is sent back, and names nothing here."""

    id: Text
    status: ItemStatus


class ItemMessage(_Sent):
    type: NotRequired[Literal["message"]]
    role: Literal["user", "assistant", "system", "developer"]
    content: TextOr[ContentPart]
    phase: NotRequired[Literal["commentary", "final_answer"]]


class ItemCall(_Sent):
    type: Literal["function_call"]
    call_id: Text
    name: Text
    arguments: Text


class ItemOutput(_Sent):
    type: Literal["function_call_output"]
    call_id: Text
    output: TextOr[InputPart]


class ItemSearch(_Sent):
    type: Literal["file_search_call"]
    queries: list[Text]
    results: NotRequired[list[dict[str, Any]]]


class LogsOutput(TypedDict):
    type: Literal["logs"]
    logs: Text


class ImageOutput(TypedDict):
    type: Literal["image"]
    url: Data


CodeItemOutput = Annotated[
    Annotated[LogsOutput, Tag(MARK + "logs")] | Annotated[ImageOutput, Tag(MARK + "image")], Discriminator(by_type)
]


class ItemCode(_Sent):
    type: Literal["code_interpreter_call"]
    code: NotRequired[Text]
    container_id: NotRequired[Text]
    outputs: NotRequired[list[CodeItemOutput]]


class ItemReasoning(_Sent):
    """Taken when it is sent back, and left out of the prompt: the models here cannot read it."""

    type: Literal["reasoning"]
    summary: NotRequired[list[dict[str, Any]]]
    content: NotRequired[list[dict[str, Any]]]
    encrypted_content: NotRequired[Data]


class ItemReference(TypedDict):
    type: NotRequired[Literal["item_reference"]]
    id: Text


def _item_by_type(value: Any) -> str | None:
    """A message may leave out its type, and so may a reference, which has an id alone."""
    if isinstance(value, dict) and "type" not in value and ("role" in value or set(value) == {"id"}):
        return MARK + ("message" if "role" in value else "item_reference")
    return by_type(value)


InputItem = Annotated[
    Annotated[ItemMessage, Tag(MARK + "message")]
    | Annotated[ItemCall, Tag(MARK + "function_call")]
    | Annotated[ItemOutput, Tag(MARK + "function_call_output")]
    | Annotated[ItemSearch, Tag(MARK + "file_search_call")]
    | Annotated[ItemCode, Tag(MARK + "code_interpreter_call")]
    | Annotated[ItemReasoning, Tag(MARK + "reasoning")]
    | Annotated[ItemReference, Tag(MARK + "item_reference")],
    Discriminator(_item_by_type),
    _runs_here,
]
Input = TextOr[InputItem]

# Tools


class FlatFunction(TypedDict):
    type: Literal["function"]
    name: Identifier
    description: NotRequired[Text]
    parameters: NotRequired[dict[str, Any]]
    strict: NotRequired[bool]


class FlatSearch(TypedDict):
    type: Literal["file_search"]
    vector_store_ids: Annotated[list[Text], MinLen(1), MaxLen(100)]
    max_num_results: NotRequired[Annotated[int, Ge(1), Le(50)]]
    ranking_options: NotRequired[SearchRanking]
    filters: NotRequired[Filter]


class AutoContainer(TypedDict):
    type: Literal["auto"]
    file_ids: NotRequired[FileIds]
    memory_limit: NotRequired[Literal["1g", "4g", "16g", "64g"]]
    network_policy: NotRequired[dict[str, Any]]


class FlatCode(TypedDict):
    type: Literal["code_interpreter"]
    container: Annotated[
        Annotated[Text, Tag(MARK + "word")] | Annotated[AutoContainer, Tag(MARK + "auto")], Discriminator(by_type)
    ]


FlatTool = Annotated[
    Annotated[FlatFunction, Tag(MARK + "function")]
    | Annotated[FlatSearch, Tag(MARK + "file_search")]
    | Annotated[FlatCode, Tag(MARK + "code_interpreter")],
    Discriminator(by_type),
    _runs_here,
]


class FlatChoice(TypedDict):
    type: Literal["function"]
    name: Text


_Function = Annotated[FlatChoice, Tag(MARK + "function")]
_Search = Annotated[ChosenTool, Tag(MARK + "file_search")]
_Code = Annotated[ChosenTool, Tag(MARK + "code_interpreter")]


class AllowedTools(TypedDict):
    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: Annotated[list[Annotated[_Function | _Search | _Code, Discriminator(by_type), _runs_here]], MaxLen(128)]


_Word = Annotated[Literal["none", "auto", "required"], Tag(MARK + "word")]
_Allowed = Annotated[AllowedTools, Tag(MARK + "allowed_tools")]
FlatToolChoice = Annotated[_Word | _Function | _Search | _Code | _Allowed, Discriminator(by_type), _runs_here]

# What else a request may say


class FlatSchemaFormat(JsonSchema):
    type: Literal["json_schema"]


TextFormatParam = Annotated[
    Annotated[TextFormat, Tag(MARK + "text")]
    | Annotated[JsonObjectFormat, Tag(MARK + "json_object")]
    | Annotated[FlatSchemaFormat, Tag(MARK + "json_schema")],
    Discriminator(by_type),
]


class TextParam(TypedDict, total=False):
    format: TextFormatParam
    verbosity: Literal["low", "medium", "high"]


class ReasoningParam(TypedDict, total=False):
    effort: ReasoningEffort
    summary: Literal["auto", "concise", "detailed"]
    generate_summary: Literal["auto", "concise", "detailed"]
    context: Literal["auto", "current_turn", "all_turns"]
    mode: Text


def _its_id(given: Any) -> Any:
    return given["id"] if isinstance(given, dict) and set(given) == {"id"} else given


ConversationRef = Annotated[Text, BeforeValidator(_its_id)]
"""The id of a conversation, alone or as `{"id": …}`."""
Includable = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]


def _no_prompt(_: Any) -> Any:
    raise PydanticCustomError(
        "elsewhere", "prompt objects are not here: the hosted ones were shut down. Send 'instructions' instead"
    )


class CountTokens(TypedDict, total=False):
    """What decides how long a prompt is."""

    prompt: Annotated[Any, BeforeValidator(_no_prompt)]
    model: Required[ModelName]
    input: Input
    instructions: Text
    previous_response_id: Text
    conversation: ConversationRef
    tools: Annotated[list[FlatTool], MaxLen(128)]
    tool_choice: FlatToolChoice
    parallel_tool_calls: bool
    text: TextParam
    reasoning: ReasoningParam
    truncation: Literal["auto", "disabled"]


class CreateResponse(CountTokens, total=False):
    stream: bool
    background: bool
    store: bool
    include: list[Includable]
    max_output_tokens: Annotated[int, Ge(16)]
    metadata: Metadata
    temperature: Temperature
    top_p: TopP
    # Without effect here
    max_tool_calls: Annotated[int, Ge(1)]
    moderation: dict[str, Any]
    prompt_cache_key: Text
    prompt_cache_options: dict[str, Any]
    prompt_cache_retention: Literal["in_memory", "in-memory", "24h"]
    safety_identifier: Text
    service_tier: Literal["auto", "default", "flex", "scale", "priority"]
    stream_options: dict[str, Any]
    top_logprobs: Annotated[int, Ge(0), Le(20)]
    user: Text


class CreateHeldResponse(CreateResponse, HoldRun, total=False):
    """A response in the background that moves only by hand."""


class CreateConversation(TypedDict, total=False):
    items: Annotated[list[InputItem], MaxLen(20)]
    metadata: Metadata


class CreateItems(TypedDict):
    items: Annotated[list[InputItem], MaxLen(20)]


# Queries


class RetrieveQuery(TypedDict, total=False):
    stream: Literal["true", "false", "True", "False"]
    starting_after: int
    include_obfuscation: str


class ItemsQuery(TypedDict, total=False):
    limit: Annotated[int, Ge(1), Le(100)]
    order: Literal["asc", "desc"]
    after: str


ResponseInclude = TypedDict("ResponseInclude", {"include[]": list[Includable]}, total=False)
"""What of an item is shown only to those who ask for it."""
