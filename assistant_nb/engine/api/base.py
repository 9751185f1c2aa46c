"""What a handler gets, what it gives back, and how a table of routes is written."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Generic, Literal, NamedTuple, TypeVar, cast

from werkzeug.datastructures import Headers

from ..files.blobs import Blobs, Draft
from ..params.assistants import IncludeQuery
from ..runs.runner import Runner
from ..store import Store

Asker = Literal["client", "helper", "widget"]
"""Who asks: a client of the learner's, the SDK's own loop that polls a run, a widget of ours that refreshes itself."""
_MARKS: Final[dict[str, Asker]] = {"X-Stainless-Poll-Helper": "helper", "X-Assistant-NB-Widget": "widget"}
P = TypeVar("P")
M = TypeVar("M", bound=Mapping[str, object])
P_co = TypeVar("P_co", covariant=True)


def asker(headers: Headers) -> Asker:
    return next((who for name, who in _MARKS.items() if name in headers), "client")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a form has brought: on disk already, as a draft."""

    name: str
    """As the client has put it: trust nothing in it."""
    content_type: str
    draft: Draft


class Call(NamedTuple, Generic[P_co]):
    """One request, understood and checked. A `Call[CreateThread]` has a body of that shape."""

    store: Store
    runner: Runner
    blobs: Blobs
    ids: dict[str, str]
    """From the path: `{"thread_id": "thread_…"}`; the prefixes are right."""
    params: P_co
    """The body, or the query of a GET."""
    upload: Upload | None = None
    v1: bool = False
    """Whether the client speaks the old version of the wire."""
    include: Sequence[str] = ()
    """What the query asks to see of run steps; see `wire.RESULT_CONTENT`."""
    nulls: Collection[str] = ()
    """The fields that were sent as null. Creating leaves them out, modifying clears them."""
    asker: Asker = "client"

    def cleared(self, changed: M, blank: M, *names: str) -> M:
        """Return the object. Each of these fields that was sent as null has the value of a new object, `blank`."""
        return cast(M, {**changed, **{name: blank[name] for name in names if name in self.nulls}})


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that comes as events."""

    events: Iterator[tuple[str, object]]
    """The names of events, and what they bring."""
    on_close: Callable[[], None]
    """Called when the last event was read, or the reader went away, even before the first."""
    named: bool = True
    """Whether its frames bear the names of the events."""
    has_mark: bool = True
    """Whether `[DONE]` says that it is at its end."""


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is a file."""

    bytes: BinaryIO
    """Closed when it was sent."""
    size: int
    content_type: str
    name: str


Answer = Mapping[str, object] | Stream | Content
"""The first is JSON: one of the shapes in `objects` and `wire`, or one that its handler names."""


@dataclass(frozen=True, slots=True)
class Route(Generic[P]):
    """`Route("POST", "/v1/threads", create, CreateThread)`, where `create` takes a `Call[CreateThread]`."""

    method: str
    path: str
    handler: Callable[[Call[P]], Answer]
    params: type[P] | None = None
    """What the body has to be, or the query of a GET; None where neither is looked at."""
    beta: bool = True
    """Whether the operation asks for the header `OpenAI-Beta`."""
    form: bool = False
    """Whether the body is a multipart form."""
    only_v1: bool = False
    """Whether the path was known to clients of v1 alone."""
    include: type[Any] = IncludeQuery
    """What `include[]` may ask for."""
    attends: bool = True
    """Whether the operation first moves a run of its thread whose stream nobody reads. Cancelling does not."""
