"""The loopback server, for clients that need an address: `OpenAI()` without arguments, requests, curl.

It is cheroot, because that is made for embedding (prepare, serve and stop are calls), is pure Python and threaded, and
turns Nagle's algorithm off. A small request takes about 1 ms. `http.server` and asyncio servers on a bare socket need
44 ms.
"""

import io
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final, Self

from cheroot.makefile import MakeFile, StreamReader
from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.wsgi import Server as Cheroot

from .app import App, Guard
from .errors import BadRequest, ServerError
from .http_rules import HEAD_BYTES, Body, Stream, check_request_line, read_header
from .wire import encode

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_THREADS: Final = 64
"""Requests that are answered at the same time. A stream counts until it ends."""
_BACKLOG: Final = 512
"""Clients that may wait for a connection: a class of 200 comes at once."""
_PATIENCE_S: Final = 3
"""How long closing waits for unfinished requests."""
_SENDING_S: Final = 10
"""How long a client may take to send a request, plus a second for each `_SLOWEST` bytes of it."""
_SLOWEST: Final = 1000
_LEAVING_S: Final = 2
"""How long a client may be silent after its last answer before the connection is closed."""
_LOG: Final = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


class Server:
    """Serves an engine at `url`, to clients with the `key`, from a thread of its own.

    Closing it closes the engine too. Raises ServerError when nothing can listen at the address.
    """

    def __init__(self, app: App, key: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        guard = Guard(app, key, _host_names(host))
        self._cheroot = Cheroot(
            (host, port),
            guard,
            numthreads=_THREADS,
            server_name=host,
            request_queue_size=_BACKLOG,
            shutdown_timeout=1,
        )
        self._cheroot.max_request_header_size = HEAD_BYTES
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
        """Stop listening, wait a moment for unfinished requests, and close the engine."""
        stopping = threading.Thread(target=self._cheroot.stop, name="assistant_nb server stops", daemon=True)
        stopping.start()
        stopping.join(_PATIENCE_S)
        self._app.close()

    def wait(self) -> None:
        """Block until the server is closed."""
        self._thread.join()

    def _serve(self) -> None:
        # `prepare` makes cheroot's threads, which are daemons because this one is. Python waits at exit for threads
        # that are not daemons, before anything could stop them.
        try:
            self._cheroot.prepare()
        except (OSError, OverflowError) as error:
            self._ready.set_exception(error)
        else:
            self._ready.set_result(None)
            self._cheroot.serve()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Request(HTTPRequest):
    """A request by the rules. What cheroot or the rules refuse gets the API's envelope, and no 5xx."""

    def read_request_line(self) -> bool:
        line = self.rfile.readline()
        if line == b"\r\n":  # an empty line is allowed between two requests
            line = self.rfile.readline()
        if not line:
            return False
        rest, self.rfile = self.rfile, io.BytesIO(line)
        try:
            check_request_line(line)
            return bool(super().read_request_line())  # type: ignore[no-untyped-call]
        except ValueError as error:  # cheroot raises one, too, for an address such as //[x
            self.simple_response("400 Bad Request", str(error))
            return False
        finally:
            self.rfile = rest

    def header_reader(self, stream: Stream, fields: dict[bytes, bytes]) -> None:
        fields.update(read_header(stream, self.request_protocol))

    def respond(self) -> None:
        length = None if self.chunked_read else int(self.inheaders.get(b"Content-Length", 0))
        self._body = Body(self.conn.rfile, length)
        self.rfile = io.BufferedReader(self._body)
        self.server.gateway(self).respond()
        self.ensure_headers_sent()
        if self.chunked_write:
            self.conn.wfile.write(b"0\r\n\r\n")

    def send_headers(self) -> None:
        """Close the connection if a body was not read to its end: the rest would be taken for the next request."""
        if not self._body.is_read:
            self.close_connection = True
        super().send_headers()

    def simple_response(self, status: int | str, msg: str = "") -> None:
        code = str(status) if str(status).startswith("4") else "400 Bad Request"
        if code.startswith("413"):  # cheroot's status for a header that is too large
            code = "431 Request Header Fields Too Large"
        refused = BadRequest(f"The request is not HTTP as this server reads it: {msg or code}")
        self.close_connection = True
        body = encode(refused.envelope()).encode()
        head = f"HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        with suppress(OSError):
            self.conn.wfile.write(f"{head}Connection: close\r\n\r\n".encode("latin-1") + body)


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request

    def __init__(self, server: Cheroot, sock: socket.socket, makefile: Callable[..., object] = MakeFile) -> None:
        super().__init__(server, sock, makefile)
        self._incoming = _Incoming(sock)
        self.rfile = _Reader(self._incoming)

    def communicate(self) -> bool:
        self._incoming.deadline = monotonic() + _SENDING_S
        goes_on = bool(super().communicate())  # type: ignore[no-untyped-call]
        if not goes_on:
            self._see_off()
        return goes_on

    def close(self) -> None:
        """Close the writer, too: otherwise its destructor prints an error for bytes that could not be written."""
        super().close()
        with suppress(OSError, ValueError):
            self.wfile.close()

    def _see_off(self) -> None:
        """Read what still comes before closing, or the client could get a reset and no answer (RFC 9112, 9.6)."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.settimeout(_LEAVING_S)
            end = monotonic() + _SENDING_S
            while self.socket.recv(2**16) and monotonic() < end:
                pass


class _Incoming(socket.SocketIO):
    """The bytes that a client sends, with a deadline."""

    deadline: float

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, "r")

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        count = super().readinto(buffer)
        self.deadline += (count or 0) / _SLOWEST
        if monotonic() > self.deadline:
            raise TimeoutError("timed out")
        return count


class _Reader(StreamReader):
    """Cheroot's reader, over bytes with a deadline."""

    def __init__(self, raw: _Incoming) -> None:
        super(StreamReader, self).__init__(raw)
        self.bytes_read = 0


def _host_names(host: str) -> frozenset[str] | None:
    """Return the Host names that a server at `host` answers to. None: any, if it listens everywhere."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  asked for by name; the key still guards
        return None
    return frozenset({host, f"[{host}]", "localhost", "127.0.0.1", "[::1]"})


def _log(msg: str = "", level: int = logging.INFO, traceback: object = None) -> None:
    """Log what cheroot would write to stderr: the engine never prints."""
    _LOG.log(level, msg, exc_info=bool(traceback))
