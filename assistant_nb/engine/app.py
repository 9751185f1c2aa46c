"""The engine as a WSGI application: the one place where its parts are plugged together.

A request passes, in this order: the guard where the engine listens (Host, Origin, key), the route,
the beta header, the ids in the path, the body. Whatever refuses it raises an ApiError; one place
makes the answer of it.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from secrets import compare_digest
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoSuchPath
from werkzeug.wrappers import Request
from werkzeug.wsgi import FileWrapper

from ..sandbox.limits import Limits
from ..texts import read_json
from . import wire
from .api import azure, routes, sse, v1
from .api.base import Call, Content, P, Route, Stream, Upload, asker
from .api.forms import FormRequest
from .api.refusals import check
from .errors import ApiError, BadRequest, Forbidden, Gone, NotAllowed, NotFound, OurBug, TooLarge, Unauthorized
from .files.blobs import Blobs
from .ids import PREFIXES, Clock, Ids, LessonClock
from .model.base import Model
from .model.recorded import Recorded
from .objects import FILE
from .run_states import MOVING
from .runs.runner import Polls, Runner
from .store import Store
from .tools.code_interpreter import CodeInterpreter, MayRun
from .tools.file_search import FileSearch
from .wire import encode

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


MAX_BODY_BYTES: Final = 16 * 2**20
MAX_DEPTH: Final = 100
"""Of arrays and objects in a body."""
_NEWER: Final = ("/v1/responses", "/v1/conversations", "/v1/containers", "/v1/lab/responses")
"""What v1 never knew, and so has no old shape."""
POLL_AFTER_MS: Final = 20
"""What pollers are told to wait while a run moves."""

_ID_PREFIXES: Final[dict[str, str | tuple[str, ...]]] = {
    "assistant_id": PREFIXES["assistant"],
    "thread_id": (PREFIXES["thread"], PREFIXES["conversation"]),
    "message_id": PREFIXES["thread.message"],
    "run_id": (PREFIXES["thread.run"], PREFIXES["response"]),
    "response_id": PREFIXES["response"],
    "conversation_id": PREFIXES["conversation"],
    "container_id": "cntr",
    "step_id": PREFIXES["thread.run.step"],
    "vector_store_id": PREFIXES["vector_store"],
    "batch_id": PREFIXES["vector_store.file_batch"],
}
_NO_KEY: Final = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth"
    " (i.e. Authorization: Bearer YOUR_KEY)."
)
_WRONG_KEY: Final = (
    "Incorrect API key provided: ********. This engine takes only its own: `start` has put it into"
    " OPENAI_API_KEY, or `assistant-nb serve` printed it. For a client that has it:\nclient = OpenAI()"
)
_NO_BETA: Final = (
    "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the header"
    " 'OpenAI-Beta: assistants=v2'."
)
_NO_JSON: Final = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library"
    " correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
)

_Query = dict[str, str | list[str]]
"""A name that ends in [] has a list."""


class _Reply(NamedTuple):
    """An answer as WSGI takes it. A body that must be closed has a method `close`."""

    status: int
    headers: list[tuple[str, str]]
    body: Iterable[bytes]


class _Frames:
    """The body of a stream."""

    def __init__(self, frames: Iterator[bytes], on_close: Callable[[], None]) -> None:
        self._frames, self._on_close = frames, on_close

    def __iter__(self) -> Iterator[bytes]:
        return self._frames

    def close(self) -> None:
        self._on_close()


class App:
    """The engine. Call it as WSGI does; `close` it when done. Made by `create_app`."""

    def __init__(self, store: Store, runner: Runner, blobs: Blobs, code: CodeInterpreter) -> None:
        self.store, self.runner, self.blobs, self.code = store, runner, blobs, code
        self._requests = itertools.count(1)
        self._open = True

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # whoever calls, the body ends where its stream does
        try:
            with closing(FormRequest(environ, self.blobs)) as request:
                reply = self._answer(request)
        except ApiError as error:
            reply = _json(error.envelope(), error.status)
            if error.is_final:
                reply.headers.append(("x-should-retry", "false"))
        except (HTTPException, UnicodeError) as error:
            refused = BadRequest(f"The request cannot be read: {error}.")
            reply = _json(refused.envelope(), refused.status)
        except Exception as error:  # noqa: BLE001  the last resort: a learner must not see our traceback
            refusal = self._refusal(error)
            reply = _json(refusal.envelope(), refusal.status)
        return self._send(reply, environ, start_response)

    def refuse(self, error: ApiError, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer with an error without looking at the request."""
        return self._send(_json(error.envelope(), error.status), environ, start_response)

    @property
    def model(self) -> Model:
        """Who answers new runs."""
        return self.runner.model.inner

    def close(self) -> None:
        """Answer no more, let the runs under way come to rest, then close the store."""
        self._open = False
        self.runner.close()
        self.store.close()
        self.blobs.close()

    def _send(self, reply: _Reply, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        ours = ("openai-version", "2020-10-01"), ("x-request-id", f"req_{next(self._requests):032x}")
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", [*reply.headers, *ours])
        if environ["REQUEST_METHOD"] != "HEAD":
            return reply.body
        if close := getattr(reply.body, "close", None):
            close()
        return ()

    def _answer(self, request: FormRequest) -> _Reply:
        if not self._open:
            raise _stopped()
        address = azure.plain(request.path)
        route, ids = _routed(request, address.path)
        beta = _beta(request, route, needed=not address.is_azure)
        old = beta == "assistants=v1" and not route.path.startswith(_NEWER)
        if route.only_v1 and not old:
            raise _no_such_path(request)
        _check_ids(ids)
        query = _query(request) if request.query_string else {}
        params, upload, nulls = _read(request, route, query, old, address.model)
        if route.attends and "thread_id" in ids:
            self.runner.attend(ids["thread_id"])
        include = check(route.include, query, "query")["include[]"] if "include[]" in query else ()
        who = asker(request.headers)
        answer = route.handler(Call(self.store, self.runner, self.blobs, ids, params, upload, old, include, nulls, who))
        if isinstance(answer, Stream):
            headers = [("Content-Type", "text/event-stream; charset=utf-8")]
            return _Reply(200, headers, _Frames(self._frames(answer, include, old=old), answer.on_close))
        if isinstance(answer, Content):
            return _file(answer)
        return _json(v1.downgrade(answer) if old else answer)

    def _frames(self, stream: Stream, include: Collection[str], *, old: bool) -> Iterator[bytes]:
        """The frames of a stream. What goes wrong in the middle of one is its last event."""
        broken = "error" if stream.named else ""
        try:
            for event, data in stream.events:
                shown = wire.in_stream(data, include)
                yield sse.frame(event, v1.downgrade(shown) if old else shown)
        except ApiError as error:
            yield sse.frame(broken, error.envelope())
        except Exception as error:  # noqa: BLE001  as in __call__
            yield sse.frame(broken, self._refusal(error).envelope())
        if stream.has_mark:
            yield sse.done(named=stream.named)

    def _refusal(self, error: Exception) -> ApiError:
        """What an error means that nobody foresaw: a disk or a file that is not well, else a bug of ours."""
        return (self.store.explain(error) or _bug(error)) if self._open else _stopped()


class Guard:
    """Stands before an engine that listens: lets in this machine's programs with the key, no web page, no other name.

    `hosts` are the Host names to answer to, without port; None for any.
    """

    def __init__(self, app: App, key: str, hosts: frozenset[str] | None) -> None:
        self._app, self._key, self._hosts = app, key, hosts

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            self._check(Request(environ))
        except ApiError as error:
            return self._app.refuse(error, environ, start_response)
        return self._app(environ, start_response)

    def _check(self, request: Request) -> None:
        host = request.headers.get("Host", "")
        named = re.fullmatch(r"(\[[^]]*\]|[^:]*)(:\d+)?", host.lower())
        if self._hosts is not None and (named is None or named[1] not in self._hosts):
            raise Forbidden(f"This engine does not answer to the Host '{host}'. Use the base URL it gave.")
        if origin := request.headers.get("Origin"):
            raise Forbidden(f"This engine answers no web page, and this request comes from '{origin}'.")
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            key = request.headers.get("api-key", "")  # Azure's
        if not key.strip():
            raise Unauthorized(_NO_KEY)
        if not compare_digest(key.strip().encode(), self._key.encode()):
            raise Unauthorized(_WRONG_KEY, code="invalid_api_key")


def create_app(
    *,
    model: Model | None = None,
    store: str | Path = ":memory:",
    seed: str = "assistant_nb",
    clock: Clock | None = None,
    limits: Limits | None = None,
    polls: Polls = "watch",
    may_run: MayRun | None = None,
) -> App:
    """Build an engine.

    `model` answers (default: the shipped recordings), `store` is a file or ":memory:", `seed` and
    `clock` decide ids and times (default: those of the lessons). `limits` hold for code that the model
    writes; where nothing contains it, `may_run` is shown each piece and says whether it runs (default:
    it does not). `polls` says whether a client that polls a run only watches it.
    Runs that were under way in the store go on. Raises StoreError and RecordingError.
    """
    model = model or Recorded()
    kept = Store(store, Ids(seed), clock or LessonClock())
    blobs = Blobs(kept.path)
    with kept.opening():
        blobs.sweep({file["id"] for file in kept.all(FILE)})
    code = CodeInterpreter(kept, blobs, limits or Limits(), may_run)
    runner = Runner(kept, model, {"file_search": FileSearch(kept, blobs), "code_interpreter": code}, polls)
    with kept.opening():
        runner.recover()
    return App(kept, runner, blobs, code)


def _routed(request: Request, path: str) -> tuple[Route[Any], dict[str, str]]:
    """The route of a request, and the ids in its path. Raises NotFound and NotAllowed."""
    try:
        return routes.find(request.method, path)
    except MethodNotAllowed:
        raise NotAllowed(f"Not allowed to {request.method} on {request.path}.", code="method_not_supported") from None
    except NoSuchPath:
        raise _no_such_path(request) from None


def _stopped() -> Gone:
    return Gone("This engine was stopped. For a client of another one:\nclient = anb.connect()")


def _bug(error: Exception) -> OurBug:
    return OurBug(f"assistant_nb met a bug of its own ({error!r}); nothing was changed. Please report it.")


def _beta(request: Request, route: Route[Any], *, needed: bool) -> str:
    """The version of the wire that the client speaks."""
    asked: str = request.environ.get("HTTP_OPENAI_BETA", "")
    for beta in filter(None, (part.strip() for part in asked.split(","))):
        if beta in ("assistants=v1", "assistants=v2"):
            return beta
        raise BadRequest(f"Unknown beta requested: '{beta}'.", code="invalid_beta")
    if route.beta and needed:
        raise BadRequest(_NO_BETA, code="invalid_beta")
    return ""


def _check_ids(ids: dict[str, str]) -> None:
    for name, id in ids.items():
        prefixes = _ID_PREFIXES.get(name, "")
        if not id.startswith(prefixes):
            first = prefixes if isinstance(prefixes, str) else prefixes[0]
            raise BadRequest(
                f"Invalid '{name}': '{id}'. Expected an ID that begins with '{first}'.",
                param=name,
                code="invalid_value",
            )


def _read(
    request: FormRequest, route: Route[P], query: _Query, old: bool, model: str | None
) -> tuple[Any, Upload | None, Collection[str]]:
    """The body or, of a GET, the query, checked; the file that a form brings; the fields that were null.

    A `model` of the path goes before the body's.
    """
    if route.params is None:
        return None, None, ()
    if route.method == "GET":
        return check(route.params, query, "query"), None, ()
    if route.form:
        fields, upload = request.read()
        return check(route.params, fields, "form"), upload, ()
    given = _read_json(request)
    if model and isinstance(given, dict):
        given = {**given, "model": model}
    if old and route.beta:
        given = v1.upgrade(given)
    checked = check(route.params, given)
    return checked, None, [name for name, value in given.items() if value is None]


def _read_json(request: Request) -> Any:
    """No body at all is an empty one."""
    try:
        data: bytes = request.environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    except (OSError, ValueError):
        raise BadRequest("The request body broke off before its end.") from None
    if len(data) > MAX_BODY_BYTES:
        raise TooLarge(f"The request body is larger than {MAX_BODY_BYTES // 2**20} MiB.")
    try:
        given = read_json(data.decode()) if data.strip() else {}
        _check_depth(given, MAX_DEPTH)
    except (ValueError, RecursionError):
        raise BadRequest(_NO_JSON) from None
    return given


def _query(request: Request) -> _Query:
    """The query as it is checked."""
    given = {name: [value for value in values if value] for name, values in request.args.lists()}
    return {name: values if name.endswith("[]") else values[0] for name, values in given.items() if values}


def _check_depth(value: Any, left: int) -> None:
    """What is nested deeper could be read, but perhaps not written again."""
    if left == 0:
        raise ValueError("nested too deeply")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(inner, left - 1)


def _json(answer: Mapping[str, object], status: int = 200) -> _Reply:
    body = encode(answer).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if answer.get("status") in MOVING:
        headers.append(("openai-poll-after-ms", str(POLL_AFTER_MS)))
    return _Reply(status, headers, [body])


def _file(answer: Content) -> _Reply:
    """A file as a browser would save it, and never open it."""
    headers = Headers({"Content-Type": answer.content_type, "X-Content-Type-Options": "nosniff"})
    headers.set("Content-Length", answer.size)
    simple = answer.name.encode("ascii", "replace").decode()
    names = {"filename": simple} | ({} if simple == answer.name else {"filename*": f"UTF-8''{quote(answer.name)}"})
    headers.set("Content-Disposition", "attachment", **names)
    return _Reply(200, headers.to_wsgi_list(), FileWrapper(answer.bytes, 64 * 2**10))


def _no_such_path(request: Request) -> NotFound:
    return NotFound(f"Invalid URL ({request.method} {request.path})")
