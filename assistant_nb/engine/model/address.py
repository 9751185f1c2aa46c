"""Check the address of an endpoint before anything is sent, and repair it for the error message. Pure.

An address may hold a name, a password and a query. No message of ours shows them.
"""

import ipaddress
import re
import socket
from typing import Final
from urllib.parse import SplitResult, urlsplit

EXAMPLE: Final = "http://localhost:11434/v1"

_OPERATION: Final = re.compile(r"/(?:chat/)?completions/*$|(?<=/v1)/(?:chat|embeddings|models|responses)/*$")
"""The SDK adds these to the base URL."""
_SCHEME: Final = re.compile(r"(https?)(?::/{0,2}|/{1,2})(?=\D)", re.IGNORECASE)
"""`https://`, also with typing errors in it."""
_HOST: Final = re.compile(r"\w[\w-]*(?:\.\w[\w-]*)*\.?|[0-9a-f.]*:[0-9a-f:.]*(?:%\w+)?", re.IGNORECASE)
_KEY: Final = re.compile(r"\b(g?sk[-_])[\w-]{8,}")


class NoAddress(ValueError):
    """An address cannot be used. `problem` names it and says why; `better` is an address to use instead."""

    def __init__(self, given: str, why: str) -> None:
        self.problem, self.better = f"'{_shown(given)}' is no address of an endpoint: {why}.", _repaired(given)
        super().__init__(f'{self.problem} Use base_url="{self.better}".')


def split(base_url: str) -> SplitResult:
    """Return the parts of a base URL, such as `http://localhost:11434/v1`. Raises NoAddress."""
    if why := _fault(base_url):
        raise NoAddress(base_url, why)
    return urlsplit(base_url)


def is_loopback(host: str) -> bool:
    """True if a host is this machine: `localhost`, `127.0.0.1`, `127.1`, `::1`, `0.0.0.0`."""
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        at = ipaddress.ip_address(host if ":" in host else socket.inet_aton(host))
    except (OSError, ValueError):
        return False
    return at.is_loopback or at.is_unspecified


def _fault(base_url: str) -> str:
    """Return why an address cannot be used, or an empty text."""
    if not base_url:
        return "it is empty"
    if re.search(r"\s", base_url):
        return "it holds a space"
    if not re.match(r"https?://", base_url, re.IGNORECASE):
        return "it does not begin with http:// or https://"
    try:
        url = urlsplit(base_url)
    except ValueError:
        return "its host is not valid"
    if not url.hostname:
        return "it names no host"
    if not _has_port(url):
        return "its port is no number from 0 to 65535"
    if not _HOST.fullmatch(url.hostname):
        return "its host is not valid"
    if "@" in url.path:
        return "it has an @ after its host"
    if operation := _OPERATION.search(url.path):
        return f"it ends in {operation[0]}, which the SDK adds by itself"
    return ""


def _has_port(url: SplitResult) -> bool:
    """True if the port is valid or left out."""
    try:
        return url.port is not None or not url.netloc.endswith(":")
    except ValueError:
        return False


def _shown(given: str) -> str:
    """Return an address without name, password and query, and without a key that was given by mistake."""
    head, at, tail = given.rpartition("@")
    scheme = re.match(r"\w*:?//", head)
    bare = f"{scheme[0] if scheme else ''}…@{tail}" if at else tail
    return _KEY.sub(r"\1…", re.sub(r"[?#].*", "?…", bare, flags=re.DOTALL))


def _repaired(given: str) -> str:
    """Return the address that was probably meant, or an example."""
    text = re.sub(r"\s+|[?#].*", "", given, flags=re.DOTALL)
    found = _SCHEME.match(text)
    place, _, path = (text[found.end() :] if found else text).rpartition("@")[2].partition("/")
    scheme = found[1].lower() if found else "https" if re.search(r"\.[a-z]+$", place) else "http"
    better = f"{scheme}://{place}{_OPERATION.sub('', f'/{path}').rstrip('/') or '/v1'}"
    return EXAMPLE if _fault(better) or better != _shown(better) else better
