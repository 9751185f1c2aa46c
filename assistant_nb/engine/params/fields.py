"""What the fields of requests may hold: tools, formats, content, resources; one `TypedDict` each.

They say two things at once: which keys there are, to the type checker, and which values are allowed, to pydantic,
by the constraints in `Annotated`. So a checked request is plain data, and still typed. Clients send null for what they
leave out; such keys are gone before anything is checked.

`TypedDict` comes from `typing_extensions`, as pydantic demands before Python 3.12.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, NotRequired, TypeVar, cast

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AfterValidator, Discriminator, Field, GetCoreSchemaHandler, Tag
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from typing_extensions import TypedDict

from ..ids import PREFIXES

MARK: Final = "‹"
"""Begins the tags of unions, so that they can be told from field names in the path of an error."""

T = TypeVar("T")


def obeys(rule: Callable[[Any], None]) -> Callable[[type[T]], type[T]]:
    """Decorate a TypedDict with what its keys alone cannot say; `rule` raises PydanticCustomError."""

    def checked(value: T) -> T:
        rule(value)
        return value

    def schema(source: type[T], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(checked, handler(source))

    def decorate(kind: type[T]) -> type[T]:
        setattr(kind, "__get_pydantic_core_schema__", schema)  # noqa: B010  the type checker knows no such attribute
        return kind

    return decorate


def by_type(value: Any) -> str | None:
    """Choose a union's member by the `type` key; a bare string is the member tagged "word"."""
    if isinstance(value, str):
        return MARK + "word"
    kind = value.get("type") if isinstance(value, dict) else None
    return f"{MARK}{kind}" if kind is not None else None


def text_or_list(value: Any) -> str:
    return MARK + ("list" if isinstance(value, list) else "text")


def _begins_with(prefix: str) -> AfterValidator:
    def check(id: str) -> str:
        if not id.startswith(prefix):
            message = "'{id}'. Expected an ID that begins with '{prefix}'"
            raise PydanticCustomError("prefix", message, {"id": id, "prefix": prefix})
        return id

    return AfterValidator(check)


Text = Annotated[str, MaxLen(256_000)]
"""A limit also makes pydantic refuse what is no Unicode, which no store could keep."""
Metadata = Annotated[dict[Annotated[str, MaxLen(64)], Annotated[str, MaxLen(512)]], MaxLen(16)]
ModelName = Annotated[str, MinLen(1)]
Identifier = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
FileId = Annotated[Text, _begins_with(PREFIXES["file"])]
AssistantId = Annotated[Text, _begins_with(PREFIXES["assistant"])]
FileIds = Annotated[list[FileId], MaxLen(500)]
Schema = dict[str, Any]
"""A JSON schema; it is passed on as it came."""

# Formats and settings of the model


class TextFormat(TypedDict):
    type: Literal["text"]


class JsonObjectFormat(TypedDict):
    type: Literal["json_object"]


class JsonSchema(TypedDict):
    name: Identifier
    description: NotRequired[Text]
    schema: NotRequired[Schema]
    strict: NotRequired[bool]


class JsonSchemaFormat(TypedDict):
    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Annotated[
    Annotated[Literal["auto"], Tag(MARK + "word")]
    | Annotated[TextFormat, Tag(MARK + "text")]
    | Annotated[JsonObjectFormat, Tag(MARK + "json_object")]
    | Annotated[JsonSchemaFormat, Tag(MARK + "json_schema")],
    Discriminator(by_type),
]
Temperature = Annotated[float, Ge(0), Le(2)]
TopP = Annotated[float, Ge(0), Le(1)]
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Sampling(TypedDict, total=False):
    """What a run may set otherwise than its assistant."""

    temperature: Temperature
    top_p: TopP
    response_format: ResponseFormat


class SettingsParam(Sampling, total=False):
    """What an assistant asks of its model, beside instructions and tools."""

    reasoning_effort: ReasoningEffort


class Settings(TypedDict):
    """The same in assistants, runs and prompts."""

    temperature: float | None
    top_p: float | None
    reasoning_effort: ReasoningEffort | None
    response_format: ResponseFormat


DEFAULT_SETTINGS: Final[Settings] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "reasoning_effort": None,
    "response_format": "auto",
}


def settings(given: SettingsParam | Settings, default: Settings = DEFAULT_SETTINGS) -> Settings:
    """The settings in what was given, with the default of each that is not there."""
    return cast(Settings, {name: given.get(name, default.get(name)) for name in DEFAULT_SETTINGS})


class ChosenFunction(TypedDict):
    name: Text


class ChosenFunctionTool(TypedDict):
    type: Literal["function"]
    function: ChosenFunction


class ChosenTool(TypedDict):
    type: Literal["code_interpreter", "file_search"]


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag(MARK + "word")]
    | Annotated[ChosenFunctionTool, Tag(MARK + "function")]
    | Annotated[ChosenTool, Tag(MARK + "code_interpreter")]
    | Annotated[ChosenTool, Tag(MARK + "file_search")],
    Discriminator(by_type),
]

# Tools and what they take


class CodeInterpreterTool(TypedDict):
    type: Literal["code_interpreter"]


class RankingParam(TypedDict):
    ranker: NotRequired[Literal["auto", "default_2024_08_21"]]
    score_threshold: Annotated[float, Ge(0), Le(1)]
    hybrid_search: NotRequired[dict[str, Any]]
    """Not in the description, but in each answer, and so in what is sent back."""


class FileSearchParam(TypedDict, total=False):
    max_num_results: Annotated[int, Ge(1), Le(50)]
    ranking_options: RankingParam


class FileSearchToolParam(TypedDict):
    type: Literal["file_search"]
    file_search: NotRequired[FileSearchParam]


class FunctionParam(TypedDict):
    name: Identifier
    description: NotRequired[Text]
    parameters: NotRequired[Schema]
    strict: NotRequired[bool]


class FunctionToolParam(TypedDict):
    type: Literal["function"]
    function: FunctionParam


ToolParam = Annotated[
    Annotated[CodeInterpreterTool, Tag(MARK + "code_interpreter")]
    | Annotated[FileSearchToolParam, Tag(MARK + "file_search")]
    | Annotated[FunctionToolParam, Tag(MARK + "function")],
    Discriminator(by_type),
]


class CodeInterpreterResources(TypedDict, total=False):
    file_ids: Annotated[list[FileId], MaxLen(20)]


class FileSearchResources(TypedDict, total=False):
    vector_store_ids: Annotated[list[Text], MaxLen(1)]


class ToolResources(TypedDict, total=False):
    code_interpreter: CodeInterpreterResources
    file_search: FileSearchResources


def _overlap_is_at_most_half(given: "StaticChunking") -> None:
    if 2 * given["chunk_overlap_tokens"] > given["max_chunk_size_tokens"]:
        raise PydanticCustomError("overlap", "chunk_overlap_tokens must not exceed half of max_chunk_size_tokens")


@obeys(_overlap_is_at_most_half)
class StaticChunking(TypedDict):
    max_chunk_size_tokens: Annotated[int, Ge(100), Le(4096)]
    chunk_overlap_tokens: Annotated[int, Ge(0)]


class AutoChunkingStrategy(TypedDict):
    type: Literal["auto"]


class StaticChunkingStrategy(TypedDict):
    type: Literal["static"]
    static: StaticChunking


ChunkingStrategy = Annotated[
    Annotated[AutoChunkingStrategy, Tag(MARK + "auto")] | Annotated[StaticChunkingStrategy, Tag(MARK + "static")],
    Discriminator(by_type),
]


class InlineVectorStore(TypedDict, total=False):
    """A vector store made in passing, by the assistant or thread that will use it."""

    file_ids: Annotated[list[FileId], MaxLen(10_000)]
    chunking_strategy: ChunkingStrategy
    metadata: Metadata


def _one_or_the_other(given: "OwnFileSearchResources") -> None:
    if given.get("vector_store_ids") and given.get("vector_stores"):
        raise PydanticCustomError("both", "name vector_store_ids or give vector_stores, not both")


@obeys(_one_or_the_other)
class OwnFileSearchResources(FileSearchResources, total=False):
    vector_stores: Annotated[list[InlineVectorStore], MaxLen(1)]


class OwnToolResources(TypedDict, total=False):
    """Of an assistant or a thread; a run may only name what is there."""

    code_interpreter: CodeInterpreterResources
    file_search: OwnFileSearchResources


# Parts of messages


class TextContent(TypedDict):
    type: Literal["text"]
    text: Text


class ImageUrlParam(TypedDict):
    url: Text
    detail: NotRequired[Literal["auto", "low", "high"]]


class ImageUrlPartParam(TypedDict):
    type: Literal["image_url"]
    image_url: ImageUrlParam


class ImageFileParam(TypedDict):
    file_id: FileId
    detail: NotRequired[Literal["auto", "low", "high"]]


class ImageFilePartParam(TypedDict):
    type: Literal["image_file"]
    image_file: ImageFileParam


def _on_the_web(part: ImageUrlPartParam) -> ImageUrlPartParam:
    """A chat completion may bring the picture itself, as a `data:` address. A message names where it is."""
    if not part["image_url"]["url"].lower().startswith(("http://", "https://")):
        raise PydanticCustomError("url", "Expected a valid URL, but got a value with an invalid format")
    return part


PartParam = Annotated[
    Annotated[TextContent, Tag(MARK + "text")]
    | Annotated[ImageUrlPartParam, AfterValidator(_on_the_web), Tag(MARK + "image_url")]
    | Annotated[ImageFilePartParam, Tag(MARK + "image_file")],
    Discriminator(by_type),
]
Content = Annotated[
    Annotated[str, MaxLen(256_000), Tag(MARK + "text")] | Annotated[list[PartParam], MinLen(1), Tag(MARK + "list")],
    Discriminator(text_or_list),
]


class Attachment(TypedDict):
    file_id: FileId
    tools: NotRequired[list[ToolParam]]
