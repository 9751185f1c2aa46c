"""What a handler gets, what it gives back, and how a table of routes is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from ..answers import Event
from ..runner import Runner
from ..store import Store
from ..wire import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood and checked."""

    store: Store
    runner: Runner
    ids: dict[str, str]
    """From the path: `{"thread_id": "thread_…"}`; the prefixes are right."""
    body: Json
    query: Json


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that comes as events."""

    events: Iterator[Event]
    on_close: Callable[[], None]
    """Called when the last event was read, or the reader went away, even before the first."""


Answer = Json | Stream


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
