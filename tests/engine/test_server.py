"""The loopback server lets in this machine's programs with the key, and nobody else."""

import gc
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from assistant_nb.engine.errors import ServerError
from assistant_nb.engine.server import Server
from tests.conftest import MakeApp

KEY = "sk-lab-test"


@pytest.fixture
def server(make_app: MakeApp) -> Iterator[Server]:
    with Server(make_app(), KEY) as server:
        yield server


def get(server: Server, **headers: str) -> requests.Response:
    beta = {"OpenAI-Beta": "assistants=v2", "Authorization": f"Bearer {KEY}"}
    return requests.get(f"{server.url}/assistants", headers=beta | headers, timeout=10)


def test_the_right_key_opens(server: Server) -> None:
    assert get(server).status_code == 200


def test_it_listens_on_loopback_only(server: Server) -> None:
    assert urlsplit(server.url).hostname == "127.0.0.1"
    others = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {
        "127.0.0.1"
    }
    for address in others:
        if not address.startswith("127."):
            with pytest.raises(OSError):  # noqa: PT011
                socket.create_connection((address, urlsplit(server.url).port), timeout=2)


def test_no_key_and_a_wrong_key_are_refused_without_showing_any(server: Server) -> None:
    missing, wrong = get(server, Authorization=""), get(server, Authorization="Bearer sk-my-real-key")
    assert (missing.status_code, wrong.status_code) == (401, 401)
    assert missing.json()["error"]["message"].startswith("You didn't provide an API key.")
    assert wrong.json()["error"]["code"] == "invalid_api_key"
    assert "sk-" not in wrong.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil:1", ""])
def test_a_foreign_host_is_refused(server: Server, host: str) -> None:
    port = urlsplit(server.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        request = (
            f"GET /v1/assistants HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(request.encode())
        assert connection.recv(4096).split()[1] in (b"403", b"400")


def test_localhost_is_not_foreign(server: Server) -> None:
    assert get(server, Host=f"localhost:{urlsplit(server.url).port}").status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8888"])
def test_a_browser_page_is_refused(server: Server, origin: str) -> None:
    answer = get(server, Origin=origin)
    assert answer.status_code == 403
    assert "no web page" in answer.json()["error"]["message"]
    preflight = requests.options(f"{server.url}/assistants", headers={"Origin": origin}, timeout=10)
    assert preflight.status_code == 403
    assert "access-control-allow-origin" not in preflight.headers


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # cheroot leaves its socket to the gc
def test_an_address_that_is_taken_is_named(server: Server, make_app: MakeApp) -> None:
    port = urlsplit(server.url).port or 0
    with pytest.raises(ServerError, match=f"Nothing can listen on 127.0.0.1, port {port}"):
        Server(make_app(), KEY, port=port)
    gc.collect()


def test_a_closed_server_listens_no_more(make_app: MakeApp) -> None:
    server = Server(make_app(), KEY)
    server.close()
    with pytest.raises(requests.ConnectionError):
        get(server)
