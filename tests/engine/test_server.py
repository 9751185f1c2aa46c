"""The loopback server lets in this machine's programs with the key, and nobody else."""

import gc
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from assistant_nb.engine.errors import ServerError
from assistant_nb.engine.model.base import Prompt
from assistant_nb.engine.server import Server
from tests.conftest import MakeApp
from tests.until import PATIENCE_S

KEY = "sk-lab-test"


@pytest.fixture
def server(make_app: MakeApp) -> Iterator[Server]:
    with Server(make_app(), KEY) as server:
        yield server


def get(server: Server, **headers: str) -> requests.Response:
    beta = {"OpenAI-Beta": "assistants=v2", "Authorization": f"Bearer {KEY}"}
    return requests.get(f"{server.url}/assistants", headers=beta | headers, timeout=PATIENCE_S)


def test_the_right_key_opens(server: Server) -> None:
    assert get(server).status_code == 200


def test_a_file_goes_up_in_pieces_and_comes_down(server: Server) -> None:
    key, data = {"Authorization": f"Bearer {KEY}"}, b"0123456789" * 100_000
    form = {"file": ("é.bin", data)}
    made = requests.post(
        f"{server.url}/files", data={"purpose": "vision"}, files=form, headers=key, timeout=PATIENCE_S
    ).json()
    assert (made["filename"], made["bytes"]) == ("é.bin", len(data))
    content = requests.get(f"{server.url}/files/{made['id']}/content", headers=key, timeout=PATIENCE_S)
    assert content.content == data
    assert content.headers["Content-Disposition"].endswith("filename*=UTF-8''%C3%A9.bin")


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
    assert get(server, Authorization=f"Basic {KEY}").status_code == 401
    assert (missing.status_code, wrong.status_code) == (401, 401)
    assert missing.json()["error"]["message"].startswith("You didn't provide an API key.")
    assert wrong.json()["error"]["code"] == "invalid_api_key"
    assert "sk-" not in wrong.text
    assert wrong.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil:1", "127.0.0.1:evil.example",
        "127.0.0.1:1@evil.example", "",
    ],
)  # fmt: skip
def test_a_foreign_host_is_refused(server: Server, host: str) -> None:
    port = urlsplit(server.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        head = f"GET /v1/assistants HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n"
        connection.sendall(f"{head}OpenAI-Beta: assistants=v2\r\n\r\n".encode())
        assert connection.recv(4096).split()[1] == b"403"


def test_localhost_is_not_foreign(server: Server) -> None:
    assert get(server, Host=f"localhost:{urlsplit(server.url).port}").status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8888"])
def test_a_browser_page_is_refused(server: Server, origin: str) -> None:
    answer = get(server, Origin=origin)
    assert answer.status_code == 403
    assert "no web page" in answer.json()["error"]["message"]
    preflight = requests.options(f"{server.url}/assistants", headers={"Origin": origin}, timeout=PATIENCE_S)
    assert preflight.status_code == 403
    assert "access-control-allow-origin" not in preflight.headers


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # cheroot leaves its socket to the gc
def test_an_address_that_is_taken_is_named(server: Server, make_app: MakeApp) -> None:
    port = urlsplit(server.url).port or 0
    with pytest.raises(ServerError, match=f"Nothing can listen on 127.0.0.1, port {port}"):
        Server(make_app(), KEY, port=port)
    with pytest.raises(ServerError, match="port must be 0-65535"):
        Server(make_app(), KEY, port=99999)
    gc.collect()


def test_who_listens_everywhere_is_reached_here(make_app: MakeApp) -> None:
    with Server(make_app(), KEY, host="0.0.0.0") as server:
        assert urlsplit(server.url).hostname == "127.0.0.1"
        assert get(server).status_code == 200


def test_a_closed_server_listens_no_more(make_app: MakeApp) -> None:
    server = Server(make_app(), KEY)
    server.close()
    with pytest.raises(requests.ConnectionError):
        get(server)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET //[x/v1 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"hello\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_the_envelope_and_no_5xx(server: Server, request_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=PATIENCE_S) as connection:
        connection.sendall(request_)
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    assert head.split()[1].startswith(b"4")
    assert list(json.loads(body)["error"]) == ["message", "type", "param", "code"]


def test_many_streams_that_wait_leave_room_for_other_requests(make_app: MakeApp) -> None:
    go = threading.Event()

    def slow(prompt: Prompt) -> list[str]:
        go.wait()
        return ["Done."]

    with Server(make_app(*[slow] * 20), KEY) as server:
        headers = {"OpenAI-Beta": "assistants=v2", "Authorization": f"Bearer {KEY}"}
        assistant = requests.post(
            f"{server.url}/assistants", json={"model": "m", "instructions": "i"}, headers=headers
        ).json()
        body = {"assistant_id": assistant["id"], "stream": True}
        streams = [
            requests.post(f"{server.url}/threads/runs", json=body, headers=headers, stream=True) for _ in range(20)
        ]
        try:
            assert get(server).status_code == 200
        finally:
            go.set()
        assert all(stream.text.endswith("data: [DONE]\n\n") for stream in streams)


def test_closing_does_not_wait_for_a_model_that_hangs(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant_nb.engine.server._PATIENCE_S", 0.01)
    go, said = threading.Event(), list[bool]()

    def hanging(prompt: Prompt) -> list[str]:
        said.append(go.wait())
        return ["At last."]

    server = Server(make_app(hanging), KEY)
    headers = {"OpenAI-Beta": "assistants=v2", "Authorization": f"Bearer {KEY}"}
    assistant = requests.post(
        f"{server.url}/assistants", json={"model": "m", "instructions": "i"}, headers=headers
    ).json()
    body = {"assistant_id": assistant["id"], "stream": True}
    with requests.post(f"{server.url}/threads/runs", json=body, headers=headers, stream=True):
        server.close()
        assert said == []
        go.set()
