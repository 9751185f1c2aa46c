"""Bodies and queries of files and vector stores."""

from typing import Annotated, Any, Literal, NotRequired

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import Discriminator, Tag
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from .assistants import ListQuery
from .fields import MARK, ChunkingStrategy, FileId, FileIds, Metadata, Text, by_type, obeys, text_or_list


class FileExpiry(TypedDict):
    anchor: Literal["created_at"]
    seconds: Annotated[int, Ge(3600), Le(2_592_000)]


class UploadForm(TypedDict, total=False):
    """What is missing is told by the handler, in words that only files have."""

    purpose: str
    expires_after: FileExpiry
    file: str
    """A part `file` that is none."""


class ListFilesQuery(TypedDict, total=False):
    purpose: str
    limit: Annotated[int, Ge(1), Le(10_000)]
    order: Literal["asc", "desc"]
    after: str


# Vector stores


class StoreExpiry(TypedDict):
    anchor: Literal["last_active_at"]
    days: Annotated[int, Ge(1), Le(365)]


def _by_kind(value: Any) -> str:
    """Choose a union's member by the kind of a plain value; what is none is taken for a text, and refused as one."""
    return MARK + {bool: "flag", int: "integer", float: "number"}.get(type(value), "text")


Scalar = Annotated[
    Annotated[str, MaxLen(512), Tag(MARK + "text")]
    | Annotated[bool, Tag(MARK + "flag")]
    | Annotated[int, Tag(MARK + "integer")]
    | Annotated[float, Tag(MARK + "number")],
    Discriminator(_by_kind),
]
Attributes = Annotated[dict[Annotated[str, MaxLen(64)], Scalar], MaxLen(16)]


class CreateVectorStore(TypedDict, total=False):
    name: Text
    description: Text
    file_ids: FileIds
    expires_after: StoreExpiry
    chunking_strategy: ChunkingStrategy
    metadata: Metadata


class ModifyVectorStore(TypedDict, total=False):
    name: Text
    expires_after: StoreExpiry
    metadata: Metadata


class FileSettings(TypedDict, total=False):
    attributes: Attributes
    chunking_strategy: ChunkingStrategy


class PutFile(FileSettings):
    file_id: FileId


class PutAssistantFile(TypedDict):
    """Of v1."""

    file_id: FileId


def _one_or_the_other(given: "PutFiles") -> None:
    if ("file_ids" in given) == ("files" in given):
        raise PydanticCustomError("one_of", "give either 'file_ids' or 'files'")


@obeys(_one_or_the_other)
class PutFiles(FileSettings, total=False):
    file_ids: Annotated[list[FileId], MinLen(1), MaxLen(2000)]
    files: Annotated[list[PutFile], MinLen(1), MaxLen(2000)]


class ModifyAttributes(TypedDict, total=False):
    attributes: Attributes


class Comparison(TypedDict):
    type: Literal["eq", "ne", "gt", "gte", "lt", "lte"]
    key: Text
    value: Scalar


class Membership(TypedDict):
    type: Literal["in", "nin"]
    key: Text
    value: Annotated[list[Scalar], MaxLen(100)]


class Compound(TypedDict):
    type: Literal["and", "or"]
    filters: Annotated[list["Filter"], MaxLen(100)]


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


class SearchRanking(TypedDict, total=False):
    ranker: Literal["none", "auto", "default-2024-11-15"]
    """There is one: `retrieval.scores`."""
    score_threshold: Annotated[float, Ge(0), Le(1)]


class SearchVectorStore(TypedDict):
    query: Annotated[
        Annotated[str, MinLen(1), MaxLen(256_000), Tag(MARK + "text")]
        | Annotated[list[Text], MinLen(1), MaxLen(100), Tag(MARK + "list")],
        Discriminator(text_or_list),
    ]
    rewrite_query: NotRequired[bool]
    """Without effect: a model would have to; words are looked for as they stand."""
    max_num_results: NotRequired[Annotated[int, Ge(1), Le(50)]]
    filters: NotRequired[Filter]
    ranking_options: NotRequired[SearchRanking]


class ListStoreFilesQuery(ListQuery, total=False):
    filter: Literal["in_progress", "completed", "failed", "cancelled"]
