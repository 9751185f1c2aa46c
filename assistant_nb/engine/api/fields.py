"""What the fields of request bodies may hold: tools, formats, content, resources; one pydantic model each.

`check` returns plain data without explicit nulls, or raises BadRequest for the first fault found,
in the words that `refusals` finds for it.
"""

from typing import Annotated, Any, Literal, Self

from annotated_types import MaxLen, MinLen
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ..ids import PREFIXES
from ..wire import Json
from .refusals import MARK, refusal


def check(model: type[BaseModel], given: Any) -> Json:
    """`given` as valid plain data. Raises BadRequest in the API's words."""
    try:
        return model.model_validate(given).model_dump(exclude_unset=True, by_alias=True)
    except ValidationError as error:
        raise refusal(error) from None


Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=16)
]
Text = Annotated[str, Field(max_length=256_000)]
"""A limit also makes pydantic refuse what is no Unicode, which no store could keep."""
ModelName = Annotated[str, Field(min_length=1)]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(ge=0, le=1)]
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Identifier = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


def _begins_with_file(id: str) -> str:
    if not id.startswith(PREFIXES["file"]):
        raise PydanticCustomError("prefix", "'{id}'. Expected an ID that begins with 'file'", {"id": id})
    return id


FileId = Annotated[Text, AfterValidator(_begins_with_file)]


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def nulls_are_left_out(cls, given: Any) -> Any:
        """Clients send null for what they mean to leave out, at any depth."""
        return {key: value for key, value in given.items() if value is not None} if isinstance(given, dict) else given


def by_type(value: Any) -> str | None:
    """Choose a union's member by the `type` key; a bare string is the member tagged "word"."""
    if isinstance(value, str):
        return MARK + "word"
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"{MARK}{kind}" if kind is not None else None


class CodeInterpreterTool(Body):
    type: Literal["code_interpreter"]


class RankingOptions(Body):
    ranker: Literal["auto", "default_2024_08_21"] | None = None
    score_threshold: Annotated[float, Field(ge=0, le=1)]
    hybrid_search: dict[str, Any] | None = (
        None  # not in the description, but in each answer, and so in what is sent back
    )


class FileSearchSettings(Body):
    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = None
    ranking_options: RankingOptions | None = None


class FileSearchTool(Body):
    type: Literal["file_search"]
    file_search: FileSearchSettings | None = None


class Function(Body):
    name: Identifier
    description: Text | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class FunctionTool(Body):
    type: Literal["function"]
    function: Function


Tool = Annotated[
    Annotated[CodeInterpreterTool, Tag(MARK + "code_interpreter")]
    | Annotated[FileSearchTool, Tag(MARK + "file_search")]
    | Annotated[FunctionTool, Tag(MARK + "function")],
    Discriminator(by_type),
]


class JsonSchema(Body):
    name: Identifier
    description: Text | None = None
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None


class TextFormat(Body):
    type: Literal["text"]


class JsonObjectFormat(Body):
    type: Literal["json_object"]


class JsonSchemaFormat(Body):
    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Annotated[
    Annotated[Literal["auto"], Tag(MARK + "word")]
    | Annotated[TextFormat, Tag(MARK + "text")]
    | Annotated[JsonObjectFormat, Tag(MARK + "json_object")]
    | Annotated[JsonSchemaFormat, Tag(MARK + "json_schema")],
    Discriminator(by_type),
]


class ChosenFunction(Body):
    name: Text


class ChosenFunctionTool(Body):
    type: Literal["function"]
    function: ChosenFunction


class ChosenTool(Body):
    type: Literal["code_interpreter", "file_search"]


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag(MARK + "word")]
    | Annotated[ChosenFunctionTool, Tag(MARK + "function")]
    | Annotated[ChosenTool, Tag(MARK + "code_interpreter")]
    | Annotated[ChosenTool, Tag(MARK + "file_search")],
    Discriminator(by_type),
]


class TruncationStrategy(Body):
    type: Literal["auto", "last_messages"]
    last_messages: Annotated[int, Field(ge=1)] | None = None


class CodeInterpreterResources(Body):
    file_ids: Annotated[list[FileId], Field(max_length=20)] | None = None


class FileSearchResources(Body):
    vector_store_ids: Annotated[list[Text], Field(max_length=1)] | None = None


class ToolResources(Body):
    code_interpreter: CodeInterpreterResources | None = None
    file_search: FileSearchResources | None = None


class StaticChunking(Body):
    max_chunk_size_tokens: Annotated[int, Field(ge=100, le=4096)]
    chunk_overlap_tokens: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def overlap_is_at_most_half(self) -> Self:
        if 2 * self.chunk_overlap_tokens > self.max_chunk_size_tokens:
            raise PydanticCustomError("overlap", "chunk_overlap_tokens must not exceed half of max_chunk_size_tokens")
        return self


class AutoChunkingStrategy(Body):
    type: Literal["auto"]


class StaticChunkingStrategy(Body):
    type: Literal["static"]
    static: StaticChunking


ChunkingStrategy = Annotated[
    Annotated[AutoChunkingStrategy, Tag(MARK + "auto")] | Annotated[StaticChunkingStrategy, Tag(MARK + "static")],
    Discriminator(by_type),
]
FileIds = Annotated[list[FileId], Field(max_length=500)]


class InlineVectorStore(Body):
    """A vector store made in passing, by the assistant or thread that will use it."""

    file_ids: FileIds | None = None
    chunking_strategy: ChunkingStrategy | None = None
    metadata: Metadata | None = None


class OwnFileSearchResources(FileSearchResources):
    vector_stores: Annotated[list[InlineVectorStore], Field(max_length=1)] | None = None

    @model_validator(mode="after")
    def one_or_the_other(self) -> Self:
        if self.vector_store_ids and self.vector_stores:
            raise PydanticCustomError("both", "name vector_store_ids or give vector_stores, not both")
        return self


class OwnToolResources(Body):
    """Of an assistant or a thread; a run may only name what is there."""

    code_interpreter: CodeInterpreterResources | None = None
    file_search: OwnFileSearchResources | None = None


class TextPart(Body):
    type: Literal["text"]
    text: Text


class ImageUrl(Body):
    url: Text
    detail: Literal["auto", "low", "high"] | None = None


class ImageUrlPart(Body):
    type: Literal["image_url"]
    image_url: ImageUrl


class ImageFile(Body):
    file_id: FileId
    detail: Literal["auto", "low", "high"] | None = None


class ImageFilePart(Body):
    type: Literal["image_file"]
    image_file: ImageFile


Part = Annotated[
    Annotated[TextPart, Tag(MARK + "text")]
    | Annotated[ImageUrlPart, Tag(MARK + "image_url")]
    | Annotated[ImageFilePart, Tag(MARK + "image_file")],
    Discriminator(by_type),
]


def text_or_parts(value: Any) -> str:
    return MARK + ("parts" if isinstance(value, list) else "text")


Content = Annotated[
    Annotated[str, MaxLen(256_000), Tag(MARK + "text")] | Annotated[list[Part], MinLen(1), Tag(MARK + "parts")],
    Discriminator(text_or_parts),
]


class Attachment(Body):
    file_id: FileId
    tools: list[Tool] | None = None
