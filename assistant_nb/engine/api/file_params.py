"""Bodies and queries of files and vector stores."""

from typing import Annotated, Any, Literal, Self

from annotated_types import MaxLen, MinLen
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from .fields import Body, ChunkingStrategy, FileId, FileIds, Metadata, Text, by_type
from .params import ListQuery
from .refusals import MARK


class FileExpiry(Body):
    model_config = ConfigDict(strict=False)  # the fields of a form are strings

    anchor: Literal["created_at"]
    seconds: Annotated[int, Field(ge=3600, le=2_592_000)]


class UploadForm(Body):
    """What is missing is told by the handler, in words that only files have."""

    model_config = ConfigDict(strict=False)

    purpose: str | None = None
    expires_after: FileExpiry | None = None
    file: str | None = None  # a part `file` that is none


class ListFilesQuery(BaseModel):
    purpose: str | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] | None = None
    order: Literal["asc", "desc"] | None = None
    after: str | None = None


# Vector stores


class StoreExpiry(Body):
    anchor: Literal["last_active_at"]
    days: Annotated[int, Field(ge=1, le=365)]


def _by_kind(value: Any) -> str:
    """Choose a union's member by the kind of a plain value; what is none is taken for a text, and refused as one."""
    return MARK + {bool: "flag", int: "integer", float: "number"}.get(type(value), "text")


Scalar = Annotated[
    Annotated[str, Field(max_length=512), Tag(MARK + "text")]
    | Annotated[bool, Tag(MARK + "flag")]
    | Annotated[int, Tag(MARK + "integer")]
    | Annotated[float, Tag(MARK + "number")],
    Discriminator(_by_kind),
]
Attributes = Annotated[dict[Annotated[str, Field(max_length=64)], Scalar], Field(max_length=16)]


class CreateVectorStore(Body):
    name: Text | None = None
    description: Text | None = None
    file_ids: FileIds | None = None
    expires_after: StoreExpiry | None = None
    chunking_strategy: ChunkingStrategy | None = None
    metadata: Metadata | None = None


class ModifyVectorStore(Body):
    name: Text | None = None
    expires_after: StoreExpiry | None = None
    metadata: Metadata | None = None


class FileSettings(Body):
    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy | None = None


class PutFile(FileSettings):
    file_id: FileId


class PutAssistantFile(Body):
    """Of v1."""

    file_id: FileId


class PutFiles(FileSettings):
    file_ids: Annotated[list[FileId], Field(min_length=1, max_length=2000)] | None = None
    files: Annotated[list[PutFile], Field(min_length=1, max_length=2000)] | None = None

    @model_validator(mode="after")
    def one_or_the_other(self) -> Self:
        if (self.file_ids is None) == (self.files is None):
            raise PydanticCustomError("one_of", "give either 'file_ids' or 'files'")
        return self


class ModifyAttributes(Body):
    attributes: Attributes | None = None


class Comparison(Body):
    type: Literal["eq", "ne", "gt", "gte", "lt", "lte"]
    key: Text
    value: Scalar


class Membership(Body):
    type: Literal["in", "nin"]
    key: Text
    value: Annotated[list[Scalar], Field(max_length=100)]


class Compound(Body):
    type: Literal["and", "or"]
    filters: Annotated[list["Filter"], Field(max_length=100)]


Filter = Annotated[
    Annotated[Comparison, Tag(MARK + "eq")]
    | Annotated[Comparison, Tag(MARK + "ne")]
    | Annotated[Comparison, Tag(MARK + "gt")]
    | Annotated[Comparison, Tag(MARK + "gte")]
    | Annotated[Comparison, Tag(MARK + "lt")]
    | Annotated[Comparison, Tag(MARK + "lte")]
    | Annotated[Membership, Tag(MARK + "in")]
    | Annotated[Membership, Tag(MARK + "nin")]
    | Annotated[Compound, Tag(MARK + "and")]
    | Annotated[Compound, Tag(MARK + "or")],
    Discriminator(by_type),
]


class SearchRanking(Body):
    ranker: Literal["none", "auto", "default-2024-11-15"] | None = None  # there is one: `retrieval.scores`
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class SearchVectorStore(Body):
    query: Annotated[
        Annotated[str, MinLen(1), MaxLen(256_000), Tag(MARK + "text")]
        | Annotated[list[Text], MinLen(1), MaxLen(100), Tag(MARK + "list")],
        Discriminator(lambda value: MARK + ("list" if isinstance(value, list) else "text")),
    ]
    rewrite_query: bool | None = None  # has no effect: a model would have to; words are looked for as they stand
    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = None
    filters: Filter | None = None
    ranking_options: SearchRanking | None = None


class ListStoreFilesQuery(ListQuery):
    filter: Literal["in_progress", "completed", "failed", "cancelled"] | None = None
