"""Files and vector stores as they travel. Keys stand in the order of the newest recordings.

Keys that begin with `_` are the engine's own notes; `wire.rest` leaves them out of what is sent.
Source: API reference, "Files" and "Vector stores", and recorded answers of the hosted API.
"""

from dataclasses import dataclass
from typing import Final, Literal, NotRequired, TypedDict

from ..params.fields import StaticChunkingStrategy, TextContent
from ..params.files import Attributes, CreateVectorStore, FileSettings, StoreExpiry


class File(TypedDict):
    object: Literal["file"]
    id: str
    purpose: str
    filename: str
    bytes: int
    created_at: int
    expires_at: int | None
    status: Literal["processed"]
    status_details: None
    _content_type: NotRequired[str]
    """Always there, but not shown."""
    _thread_id: NotRequired[str]
    """Of a file that code has made."""


class FileCounts(TypedDict):
    in_progress: int
    completed: int
    failed: int
    cancelled: int
    total: int


class VectorStore(TypedDict):
    id: str
    object: Literal["vector_store"]
    created_at: int
    name: str | None
    description: str | None
    usage_bytes: int
    file_counts: FileCounts
    status: Literal["in_progress", "completed", "expired"]
    expires_after: StoreExpiry | None
    expires_at: int | None
    last_active_at: int
    metadata: dict[str, str]


FileStatus = Literal["in_progress", "completed", "failed", "cancelled"]


class ReadError(TypedDict):
    code: str
    message: str


class VectorStoreFile(TypedDict):
    id: str
    object: Literal["vector_store.file"]
    usage_bytes: int
    created_at: int
    vector_store_id: str
    status: FileStatus
    last_error: ReadError | None
    chunking_strategy: StaticChunkingStrategy
    attributes: Attributes
    _batch_id: NotRequired[str | None]
    """Always there, but not shown."""
    _read: NotRequired[int | None]
    """Where in the text reading goes on, in bytes."""


class FileBatch(TypedDict):
    id: str
    object: Literal["vector_store.file_batch"]
    created_at: int
    status: FileStatus
    vector_store_id: str
    file_counts: FileCounts


class SearchResult(TypedDict):
    """A hit as the search endpoint tells it."""

    file_id: str
    filename: str
    score: float
    attributes: Attributes
    content: list[TextContent]


class SearchHit(TypedDict):
    """A hit as a run step tells it, in `file_search.results`; the content travels where it is asked for."""

    file_id: str
    file_name: str
    score: float
    attributes: Attributes
    content: NotRequired[list[TextContent]]
    vector_store_id: NotRequired[str]
    """Of responses alone."""


class SearchPage(TypedDict):
    object: Literal["vector_store.search_results.page"]
    search_query: list[str]
    data: list[SearchResult]
    has_more: bool
    next_page: None


class TextPage(TypedDict):
    object: Literal["vector_store.file_content.page"]
    data: list[TextContent]
    has_more: bool
    next_page: None


_DAY_S: Final = 86_400
_NO_COUNTS: Final[FileCounts] = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0}
AUTO_CHUNKING: Final[StaticChunkingStrategy] = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
}
"""What the strategy `auto` means, and how it is echoed."""


def file(
    id: str, at: int, name: str, content_type: str, size: int, purpose: str, lifetime_s: int | None = None
) -> File:
    return {
        "object": "file",
        "id": id,
        "purpose": purpose,
        "filename": name,
        "bytes": size,
        "created_at": at,
        "expires_at": lifetime_s and at + lifetime_s,
        "status": "processed",
        "status_details": None,
        "_content_type": content_type,
    }


def vector_store(id: str, at: int, body: CreateVectorStore) -> VectorStore:
    """An empty vector store. Size, counts and status are worked out when somebody looks."""
    return touched(
        {
            "id": id,
            "object": "vector_store",
            "created_at": at,
            "name": body.get("name"),
            "description": body.get("description"),
            "usage_bytes": 0,
            "file_counts": _NO_COUNTS,
            "status": "completed",
            "expires_after": body.get("expires_after"),
            "expires_at": None,
            "last_active_at": at,
            "metadata": body.get("metadata", {}),
        },
        at,
    )


def touched(store: VectorStore, at: int) -> VectorStore:
    """A vector store that was used: its days begin anew. Time on a thread may be behind; it is not set back."""
    policy, at = store["expires_after"], max(at, store["last_active_at"])
    return {**store, "expires_at": policy and at + policy["days"] * _DAY_S, "last_active_at": at}


def vector_store_file(
    id: str, at: int, store_id: str, settings: FileSettings, batch_id: str | None = None
) -> VectorStoreFile:
    """A file that waits to be read into a vector store. It bears the id of the file."""
    chunking = settings.get("chunking_strategy", AUTO_CHUNKING)
    return {
        "id": id,
        "object": "vector_store.file",
        "usage_bytes": 0,
        "created_at": at,
        "vector_store_id": store_id,
        "status": "in_progress",
        "last_error": None,
        "chunking_strategy": chunking if chunking["type"] == "static" else AUTO_CHUNKING,
        "attributes": settings.get("attributes", {}),
        "_batch_id": batch_id,
    }


def file_batch(id: str, at: int, store_id: str) -> FileBatch:
    return {
        "id": id,
        "object": "vector_store.file_batch",
        "created_at": at,
        "status": "in_progress",
        "vector_store_id": store_id,
        "file_counts": _NO_COUNTS,
    }


def file_counts(by_status: dict[FileStatus, int]) -> FileCounts:
    """`{"completed": 2}` -> `{"in_progress": 0, "completed": 2, …, "total": 2}`"""
    counts: FileCounts = {**_NO_COUNTS, "total": sum(by_status.values())}
    for status, count in by_status.items():
        counts[status] = count
    return counts


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found, with the settings of its file in the vector store."""

    store_id: str
    file_id: str
    file_name: str
    score: float
    """From 0 to 1, see `retrieval.scores`."""
    attributes: Attributes
    text: str
    start: int
    """Where the chunk starts in the text of its file, in bytes of UTF-8."""

    def search_result(self) -> SearchResult:
        return {
            "file_id": self.file_id,
            "filename": self.file_name,
            "score": self.score,
            "attributes": self.attributes,
            "content": [{"type": "text", "text": self.text}],
        }

    def step_result(self) -> SearchHit:
        return {
            "file_id": self.file_id,
            "file_name": self.file_name,
            "score": self.score,
            "attributes": self.attributes,
            "content": [{"type": "text", "text": self.text}],
        }


def search_results(query: list[str], results: list[SearchResult]) -> SearchPage:
    """All that was found, in one page."""
    return {
        "object": "vector_store.search_results.page",
        "search_query": query,
        "data": results,
        "has_more": False,
        "next_page": None,
    }


def text_page(texts: list[str]) -> TextPage:
    """What was read from a file."""
    return {
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": text} for text in texts],
        "has_more": False,
        "next_page": None,
    }
