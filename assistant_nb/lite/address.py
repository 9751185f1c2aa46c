"""An address without a socket, for a browser's Python, which has neither sockets nor threads.

The engine answers in this process what httpx2 and requests send to the address. All other requests go their usual way.
The hook is in Python and not in the browser's `fetch`: Python can wait for `fetch` only in some browsers.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack
from functools import wraps
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import httpx2

from ..engine.app import App, Guard

if TYPE_CHECKING:
    import requests

_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
_PORTS: Final = range(49152, 65536)
"""Ports that no service has by right. Source: RFC 6335."""


class Address:
    """Answers at `url`, to clients with the `key`. Stands where `Server` stands elsewhere.

    Closing it closes the engine too, and takes the hooks out again.
    """

    def __init__(self, app: App, key: str) -> None:
        self._app = app
        port = secrets.choice(_PORTS)
        self.url = f"http://127.0.0.1:{port}/v1"
        self._ours = re.compile(rf"http://({'|'.join(map(re.escape, sorted(_HOSTS)))}):{port}(?=[/?#]|$)")
        self._engine = httpx2.WSGITransport(Guard(app, key, _HOSTS))
        self._hooks = ExitStack()
        self._hook(httpx2.HTTPTransport, "handle_request", self._httpx2)
        self._hook(httpx2.AsyncHTTPTransport, "handle_async_request", self._httpx2_async)
        if find_spec("requests"):
            from requests.adapters import HTTPAdapter

            self._hook(HTTPAdapter, "send", self._requests)

    def close(self) -> None:
        """Let all requests go their usual way again, and close the engine."""
        self._hooks.close()
        self._app.close()

    def _hook(self, sender: type, name: str, answer: Callable[[Any, Any], Any]) -> None:
        """Let `answer` take the requests to this address from a method that sends requests."""
        usual = getattr(sender, name)
        is_open = True

        @wraps(usual)
        def send(way: Any, request: Any, *args: Any, **more: Any) -> Any:
            if is_open and self._ours.match(str(request.url)):
                return answer(way, request)
            return usual(way, request, *args, **more)

        def undo() -> None:
            nonlocal is_open
            is_open = False
            if getattr(sender, name) is send:  # else another program has put its own hook around this one
                setattr(sender, name, usual)

        setattr(sender, name, send)
        self._hooks.callback(undo)

    def _httpx2(self, _: object, request: httpx2.Request) -> httpx2.Response:
        return self._engine.handle_request(request)

    async def _httpx2_async(self, _: object, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        answer = self._engine.handle_request(request)
        assert isinstance(answer.stream, httpx2.SyncByteStream)
        answer.stream = _Frames(answer.stream)
        return answer

    def _requests(self, adapter: Any, request: "requests.PreparedRequest") -> "requests.Response":
        from urllib3 import HTTPResponse

        method, url = str(request.method), str(request.url)
        answer = self._engine.handle_request(
            httpx2.Request(method, url, headers=dict(request.headers), content=request.body)
        )
        raw = HTTPResponse(
            BytesIO(answer.read()),
            dict(answer.headers),
            answer.status_code,
            preload_content=False,
            reason=answer.reason_phrase,
        )
        response: requests.Response = adapter.build_response(request, raw)
        return response


class _Frames(httpx2.AsyncByteStream):
    """An answer of the engine, for a client that awaits each piece of it."""

    def __init__(self, pieces: httpx2.SyncByteStream) -> None:
        self._pieces: Iterable[bytes] = pieces
        self._close = pieces.close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
            await asyncio.sleep(0)  # so that other tasks get their turn

    async def aclose(self) -> None:
        self._close()
