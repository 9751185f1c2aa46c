"""The transport to an endpoint: adds the secrets to a request, and notices silence.

Keys, credentials and the query of the URL are added here, below the SDK and below the logging of the HTTP library. So
no log, error or `repr` above can hold them. An error loses its traceback here: the variables in it would show them.
"""

import base64
import time
import urllib.request
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote

import httpx2

from .address import is_loopback
from .endpoint_errors import Silence


class Redirected(httpx2.TransportError):
    """The endpoint redirects to another origin, which the message names."""


class Transport(httpx2.BaseTransport):
    """Carries requests to the origin of `url`, with its credentials (or the `key`) and its query.

    The environment's proxy is used as in other programs, but not for this machine. A redirect to another origin raises
    Redirected, because nobody named that address.
    """

    def __init__(self, url: SplitResult, key: str | None, silence_s: float) -> None:
        self._below = httpx2.HTTPTransport(proxy=_proxy(url))
        self._origin, self._query = httpx2.URL(f"{url.scheme}://{url.netloc.rpartition('@')[2]}"), url.query
        self._authorization = _basic(url) or (f"Bearer {key}" if key else "")
        self._silence_s = silence_s

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = self._below.handle_request(self._carried(request))
        except httpx2.TimeoutException as error:
            raise Silence(not isinstance(error, httpx2.ConnectTimeout)) from None
        except BaseException as error:  # noqa: BLE001  it goes on
            raise error.with_traceback(None) from None
        response.stream = _Heard(response, self._silence_s)
        return response

    def _carried(self, request: httpx2.Request) -> httpx2.Request:
        target, origin = request.url, self._origin
        if (target.scheme, target.host, target.port) != (origin.scheme, origin.host, origin.port):
            raise Redirected(f"{target.scheme}://{target.netloc.decode()}")
        headers = httpx2.Headers(request.headers)
        headers.pop("Authorization", None)
        headers.update({"Authorization": self._authorization} if self._authorization else {})
        target = target.copy_merge_params(self._query)
        return httpx2.Request(
            request.method, target, headers=headers, stream=request.stream, extensions=request.extensions
        )

    def close(self) -> None:
        self._below.close()


class _Heard(httpx2.SyncByteStream):
    """A body in which comments (`: ping`), which only keep a connection open, do not count as an answer."""

    def __init__(self, response: httpx2.Response, silence_s: float) -> None:
        self._body, self._silence_s = response.stream, silence_s

    def __iter__(self) -> Iterator[bytes]:
        heard_at = time.monotonic()
        assert isinstance(self._body, httpx2.SyncByteStream)
        try:
            for piece in self._body:
                if not piece.startswith(b":"):
                    heard_at = time.monotonic()
                elif time.monotonic() - heard_at > self._silence_s:
                    raise httpx2.ReadTimeout("only comments came")
                yield piece
        except BaseException as error:  # noqa: BLE001  it goes on
            raise error.with_traceback(None) from None

    def close(self) -> None:
        assert isinstance(self._body, httpx2.SyncByteStream)
        self._body.close()


def _proxy(url: SplitResult) -> str | None:
    """Return the environment's proxy for an origin: that of its scheme, else that for all."""
    host, proxies = url.hostname or "", urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _basic(url: SplitResult) -> str:
    if url.username is None and url.password is None:
        return ""
    pair = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
