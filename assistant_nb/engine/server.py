"""The loopback server, for clients that need an address: `OpenAI()` without arguments, requests, curl.

Cheroot, because it is made for embedding (prepare, serve and stop are calls), pure Python, threaded,
and turns Nagle's algorithm off: a small call takes about 1 ms. `http.server` and asyncio servers on a
bare socket need 44 ms for it.
"""

import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.wsgi import Server as Cheroot

from .app import App, Guard
from .errors import BadRequest, ServerError
from .wire import encode

_THREADS: Final = 64
"""Requests at work at a time; a stream holds one until it ends."""
_PATIENCE_S: Final = 3
"""How long closing waits for requests at work."""
_LOG: Final = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


class Server:
    """Serves an engine at `url`, to those with the `key`, from a thread of its own.

    Closing it closes the engine too. Raises ServerError when nothing can listen at the address.
    """

    def __init__(self, app: App, key: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        guard = Guard(app, key, _host_names(host))
        self._cheroot = Cheroot((host, port), guard, numthreads=_THREADS, server_name=host, shutdown_timeout=1)
        self._cheroot.error_log = _log  # type: ignore[method-assign]
        self._cheroot.ConnectionClass = _Connection
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, name="assistant_nb server", daemon=True)
        self._thread.start()
        try:
            self._ready.result()
        except (OSError, OverflowError) as error:
            raise ServerError(f"Nothing can listen on {host}, port {port} ({error}). Name another address.") from error
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        self.url = f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{self._cheroot.bind_addr[1]}/v1"

    def close(self) -> None:
        """Stop listening, give the requests at work a moment to end, close the engine."""
        stopping = threading.Thread(target=self._cheroot.stop, name="assistant_nb server stops", daemon=True)
        stopping.start()
        stopping.join(_PATIENCE_S)
        self._app.close()

    def wait(self) -> None:
        """Block until the server is closed."""
        self._thread.join()

    def _serve(self) -> None:
        # Cheroot's threads are made by `prepare` and inherit being daemons from this one. If they
        # were not, Python would wait for them at exit before anybody could stop them.
        try:
            self._cheroot.prepare()
        except (OSError, OverflowError) as error:
            self._ready.set_exception(error)
        else:
            self._ready.set_result(None)
            self._cheroot.serve()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Request(HTTPRequest):
    """What cheroot refuses by itself, as it is no HTTP, gets our envelope too, and no 5xx."""

    def simple_response(self, status: int | str, msg: str = "") -> None:
        refused = BadRequest(f"The request is not HTTP as this server reads it: {msg or status}")
        self.close_connection = True
        code = str(status) if str(status).startswith("4") else "400 Bad Request"
        body = encode(refused.envelope()).encode()
        head = f"HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        with suppress(OSError):
            self.conn.wfile.write(f"{head}Connection: close\r\n\r\n".encode("latin-1") + body)


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request

    def close(self) -> None:
        """With what could not be written any more: its own destructor would complain about that on stderr."""
        super().close()
        with suppress(OSError, ValueError):
            self.wfile.close()


def _host_names(host: str) -> frozenset[str] | None:
    """The Host names that a server bound to `host` answers to; None, any, when it listens everywhere."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  asked for by name; the key still guards
        return None
    return frozenset({host, f"[{host}]", "localhost", "127.0.0.1", "[::1]"})


def _log(msg: str = "", level: int = logging.INFO, traceback: object = None) -> None:
    """Cheroot would write to stderr; the engine never prints."""
    _LOG.log(level, msg, exc_info=bool(traceback))
