"""What a handler gets, what it gives back, and how a table of routes is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pydantic import BaseModel

from ..files.blobs import Blobs, Draft
from ..runs.answer import Event
from ..runs.runner import Runner
from ..store import Store
from ..wire import Json


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a form has brought: on disk already, as a draft."""

    name: str
    """As the client has put it: trust nothing in it."""
    content_type: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood and checked."""

    store: Store
    runner: Runner
    ids: dict[str, str]
    """From the path: `{"thread_id": "thread_…"}`; the prefixes are right."""
    body: Json
    query: Json
    blobs: Blobs
    upload: Upload | None = None
    v1: bool = False
    """Whether the client speaks the old version of the wire."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that comes as events."""

    events: Iterator[Event]
    on_close: Callable[[], None]
    """Called when the last event was read, or the reader went away, even before the first."""
    named: bool = True
    """Whether its frames bear the names of the events."""


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is a file."""

    bytes: BinaryIO
    """Closed when it was sent."""
    size: int
    content_type: str
    name: str


Answer = Json | Stream | Content


@dataclass(frozen=True, slots=True)
class Route:
    """`Route("GET", "/v1/threads/<thread_id>", retrieve)`"""

    method: str
    path: str
    handler: Callable[[Call], Answer]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    beta: bool = True
    """Whether the operation asks for the header `OpenAI-Beta`."""
    form: bool = False
    """Whether the body is a multipart form."""
    only_v1: bool = False
    """Whether the path was known to clients of v1 alone."""
    attends: bool = True
    """Whether it is a look at its thread, and moves a run there whose stream nobody reads; else it ends that run."""
