"""HTTP below the SDK: what RFC 9112 forbids is refused with our envelope, never with a 5xx, and costs no memory."""

import itertools
import json
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from cheroot.wsgi import Server as Cheroot

from assistant_nb.engine import server as server_module
from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.server import Server
from tests.bench.storm import storm
from tests.conftest import MakeApp

KEY = "sk-lab-test"
LINE = "POST /v1/threads HTTP/1.1"
FIELDS = ("Host: localhost", f"Authorization: Bearer {KEY}", "OpenAI-Beta: assistants=v2")
CHUNKED = (*FIELDS, "Transfer-Encoding: chunked")
LIMIT = 64 * 2**10


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(create_app(model=Scripted()), KEY) as server:
        yield server


def http(*fields: str, line: str = LINE, body: bytes = b"") -> bytes:
    return "\r\n".join([line, *fields, "", ""]).encode("latin-1") + body


def talk(server: Server, *sent: bytes) -> tuple[int, bytes, bool]:
    """Send all, and no more; the status and body of the first answer, and whether it closes the connection."""
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=30) as connection:
        for part in sent:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    return int(head.split()[1]), body, b"\r\nConnection: close" in head


def threads(server: Server) -> int:
    _, body, _ = talk(server, http(*FIELDS, line="GET /v1/threads?limit=100 HTTP/1.1"))
    return len(json.loads(body)["data"])


def assert_refused(server: Server, *sent: bytes, status: Iterable[int] = (400,)) -> str:
    """Returns the message of the refusal."""
    before = threads(server)
    code, body, closes = talk(server, *sent)
    assert (code in status, closes) == (True, True), body
    error = json.loads(body)["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert "500" not in error["message"] and KEY not in error["message"]
    assert threads(server) == before
    return str(error["message"])


@pytest.mark.parametrize(
    "line",
    [
        "POST /v1/threads", "POST  /v1/threads HTTP/1.1", " POST /v1/threads HTTP/1.1", "POST /v1/threads HTTP/1.1 ",
        "POST /v1/threads HTTP/1.1\r", "POST\t/v1/threads HTTP/1.1", "PO\0ST /v1/threads HTTP/1.1",
        "POST /v1/\0threads HTTP/1.1", "POST /v1/thr\rads HTTP/1.1", "POST /v1/é HTTP/1.1", "post /v1/threads HTTP/1.1",
        "POST /v1/threads HTTP/0.9", "PRI * HTTP/2.0", "POST /v1/threads HTTP/2", "POST /v1/threads HTTP/+1.1",
        "POST /v1/threads HTTP/1.10", "POST http://localhost/v1/threads HTTP/1.1", "POST //[x/v1 HTTP/1.1",
        "POST * HTTP/1.1", "POST v1/threads HTTP/1.1", "POST /v1/threads#x HTTP/1.1", "\r\n\r\nPOST /v1/threads HTTP/1.1",
    ],
)  # fmt: skip
def test_a_request_line_is_one_method_one_path_one_version(server: Server, line: str) -> None:
    assert_refused(server, http(*FIELDS, line=line))


@pytest.mark.parametrize(
    "fields",
    [
        FIELDS[1:], (*FIELDS, "Host: localhost"), (*FIELDS, FIELDS[1]), (*FIELDS, "Authorization: Bearer other"),
        (*FIELDS, "Content-Length : 5"), (" X: 1", *FIELDS), (*FIELDS, " folded"), (*FIELDS, "\tfolded"),
        (*FIELDS, "X\0Y: 1"), (*FIELDS, "X: 1\0"), (*FIELDS, "X: 1\rY: 2"), (*FIELDS, "X: 1\nY: 2"), (*FIELDS, "X: \x7f"),
        (*FIELDS, "X"), (*FIELDS, ": 1"), (*FIELDS, "X Y: 1"), (*FIELDS, "é: 1"),
        (*FIELDS, "Content-Length: 0", "Content-Length: 0"), (*FIELDS, "Content-Length: 0, 0"),
        (*FIELDS, "Content-Length: -1"), (*FIELDS, "Content-Length: +2"), (*FIELDS, "Content-Length: 0x2"),
        (*FIELDS, "Content-Length: 1_0"), (*FIELDS, "Content-Length: "), (*FIELDS, f"Content-Length: {'9' * 5000}"),
        (*FIELDS, "Content-Type: application/json", "Content-Type: text/plain"),
        (*FIELDS, "Origin: https://evil.example", "Origin: "),
    ],
)  # fmt: skip
def test_a_header_is_a_name_and_a_value_said_once_where_it_counts(server: Server, fields: tuple[str, ...]) -> None:
    assert_refused(server, http(*fields))


@pytest.mark.parametrize(
    ("line", "coding"),
    [
        (LINE, "gzip"), (LINE, "gzip, chunked"), (LINE, "chunked, chunked"), (LINE, "identity"), (LINE, "xchunked"),
        (LINE, "chunked;a=b"), (LINE, ""), (LINE, "chunked\r\nTransfer-Encoding: chunked"),
        (LINE, "chunked\r\nContent-Length: 5"), ("POST /v1/threads HTTP/1.0", "chunked"),
    ],
)  # fmt: skip
def test_a_body_has_one_length(server: Server, line: str, coding: str) -> None:
    assert_refused(server, http(*FIELDS, f"Transfer-Encoding: {coding}", line=line, body=b"2\r\n{}\r\n0\r\n\r\n"))


@pytest.mark.parametrize(
    "body",
    [
        b"+2\r\n{}\r\n0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b" 2\r\n{}\r\n0\r\n\r\n",
        b"2 \r\n{}\r\n0\r\n\r\n", b"1_0\r\n{}\r\n0\r\n\r\n", b"\r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n", b"g\r\n",
        b"2\r\n{}0\r\n\r\n", b"2\r\n{} \r\n0\r\n\r\n", b"2;a\0\r\n{}\r\n0\r\n\r\n", b"2;a\rb\r\n{}\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFF\r\n{}", b"F" * 17 + b"\r\n{}", b"2\r\n{}\r\n", b"2\r\n{}\r\n0\r\n", b"2\r\n{", b"",
        b"2\r\n{}\r\n0\r\nX : 1\r\n\r\n", b"2\r\n{}\r\n0\r\n folded\r\n\r\n", b"2\r\n{}\r\n0\r\nX\r\n\r\n",
        b"2;" + b"a" * LIMIT + b"\r\n{}\r\n0\r\n\r\n", b"2\r\n{}\r\n0\r\nX: " + b"a" * LIMIT + b"\r\n\r\n",
        b"2\r\n{}\r\n0\r\n" + b"X: 1\r\n" * LIMIT + b"\r\n",
        b"".join(b"1;%b\r\n \r\n" % (b"a" * 1000) for _ in range(100)) + b"2\r\n{}\r\n0\r\n\r\n",
    ],
)  # fmt: skip
def test_chunks_are_as_long_as_they_say_and_their_trimmings_short(server: Server, body: bytes) -> None:
    assert_refused(server, http(*CHUNKED, body=body))


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * 20 * 2**20,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20 * 2**20,
        b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 3 * 2**20,
    ],
)
def test_a_head_of_more_than_64_kb_is_refused_unread(server: Server, sent: bytes) -> None:
    assert_refused(server, sent, status=(414, 431))


def test_a_head_of_almost_64_kb_is_read(server: Server) -> None:
    assert talk(server, http(*FIELDS, f"X: {'a' * (LIMIT - 500)}"))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"2\r\n{}\r\n0\r\n\r\n",
        b"002;a=b;c=\"d\"\r\n{}\r\n0;e\r\nX: 1\r\nY:\r\n\r\n",
        b"1\r\n{\r\n1\r\n}\r\n000\r\n\r\n",
        b"0\r\n\r\n",
    ],
)  # fmt: skip
def test_good_chunks_are_read_to_their_end(server: Server, body: bytes) -> None:
    before = threads(server)
    again = http(*FIELDS, "Connection: close", line="GET /v1/assistants HTTP/1.1")
    status, answers, _ = talk(server, http(*CHUNKED, body=body) + again)
    assert (status, answers.count(b"HTTP/1.1 200 OK")) == (200, 1), "the next request is answered, too"
    assert threads(server) == before + 1


def test_good_fields_may_come_twice_and_in_any_case(server: Server) -> None:
    fields = ("hOST:localhost", *FIELDS[1:], "X-A: 1", "x-a:2", "Y:", "Accept: a", "Accept: b", "X_Y: 1", "Z: é\t")
    assert talk(server, b"\r\n" + http(*fields))[0] == 200


def test_an_underscore_is_no_hyphen(server: Server) -> None:
    assert talk(server, http(*FIELDS[:2], "OpenAI_Beta: assistants=v2"))[0] == 400
    assert talk(server, http(*FIELDS, "Content-Length: 2", "Content_Length: 1", body=b"{}"))[0] == 200


@pytest.mark.parametrize("body", [b"", b"{", b"{}  "])
def test_a_body_that_broke_off_is_no_whole_one(server: Server, body: bytes) -> None:
    assert "broke off" in assert_refused(server, http(*FIELDS, "Content-Length: 50", body=body))


@pytest.mark.parametrize("framing", ["Content-Length: 999999999999", "Transfer-Encoding: chunked"])
def test_what_was_not_read_is_no_next_request(server: Server, framing: str) -> None:
    before, smuggled = threads(server), http(*FIELDS) * 3
    status, rest, closes = talk(server, http("Host: localhost", framing, body=smuggled))
    assert (status, closes, b"HTTP/1.1 " in rest) == (401, True, False)
    assert threads(server) == before


def test_a_nul_in_a_path_finds_nothing(server: Server) -> None:
    status, body, _ = talk(server, http(*FIELDS, line="GET /v1/threads/thread_%00 HTTP/1.1"))
    assert (status, json.loads(body)["error"]["message"]) == (404, "No thread found with id 'thread_\0'.")


@pytest.mark.parametrize("part", [b"GET / HT", http(*FIELDS, "Content-Length: 50")])
def test_a_client_that_never_ends_holds_no_thread(server: Server, part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "monotonic", itertools.count(step=20).__next__)  # each byte takes 20 s
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=30) as connection:
        connection.sendall(part)
        assert connection.recv(65536).split()[1] in (b"400", b"408")
        assert connection.recv(65536) == b""


def test_a_class_of_200_waits_in_line(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    go, serve = threading.Event(), Cheroot.serve
    monkeypatch.setattr(Cheroot, "serve", lambda self: (go.wait(), serve(self)))
    with Server(make_app(), KEY) as server, ExitStack() as all_:
        address = ("127.0.0.1", urlsplit(server.url).port)
        clients = [all_.enter_context(socket.create_connection(address, timeout=30)) for _ in range(200)]
        for client in clients:
            client.sendall(http(*FIELDS, "Connection: close", line="GET /v1/assistants HTTP/1.1"))
        go.set()
        assert [client.recv(65536).split()[1] for client in clients] == [b"200"] * 200


def test_malformed_requests_get_no_5xx_and_lose_nothing(server: Server) -> None:
    counts, findings = storm(server, KEY, 300, seed=7)
    assert findings == []
    assert counts[b"400"] > 100
