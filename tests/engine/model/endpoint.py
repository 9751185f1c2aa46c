"""A small endpoint that speaks chat completions as it was told to, on a real socket."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.until import PATIENCE_S

Json = dict[str, Any]
Reply = Callable[["Exchange"], None]


class Exchange(BaseHTTPRequestHandler):
    """One request, and what a reply needs to answer it."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.endpoint.requests.append(json.loads(body))
        self.server.endpoint.headers.append(dict(self.headers))
        self.server.endpoint.paths.append(self.path)
        self.server.endpoint.next_reply()(self)

    def do_GET(self) -> None:
        self.server.endpoint.lists(self)

    def whole(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send(self, text: str) -> None:
        """A piece of the stream; an empty one ends it."""
        piece = text.encode(errors="surrogatepass")
        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.flush()

    def sleep(self, seconds: float) -> None:
        """Until the test is over, at most."""
        self.server.endpoint.over.wait(seconds)

    def log_message(self, *_: object) -> None:
        """The tests look at stderr."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, endpoint: "Endpoint") -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.endpoint = endpoint

    def handle_error(self, *_: object) -> None:
        """A client that goes away is part of the plan."""


class Endpoint:
    """Gives its replies one after the other; the last one again and again."""

    def __init__(self, *replies: Reply) -> None:
        self._replies, self._lock = list(replies), threading.Lock()
        self.requests: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.lists: Reply = status(501)
        """Answers who asks for the models."""
        self.over = threading.Event()
        self.hung_up = threading.Event()
        """Set when a client went away in the middle of an `endless` reply."""
        self._server = _Server(self)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def next_reply(self) -> Reply:
        with self._lock:
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.01)

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(*replies: Reply) -> Iterator[Endpoint]:
    endpoint = Endpoint(*replies)
    thread = threading.Thread(target=endpoint.serve, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.close()
        thread.join(PATIENCE_S)


def chunk(delta: Json | None = None, finish: str | None = None, **more: Any) -> Json:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m-2024", "choices": choices, **more}


def usage(prompt_tokens: int, completion_tokens: int) -> Json:
    counts = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    return chunk(usage={**counts, "total_tokens": prompt_tokens + completion_tokens})


def chunks(*given: Json | str, end: bool = True) -> Reply:
    """A stream of these chunks, or lines as they are."""

    def reply(exchange: Exchange) -> None:
        exchange.begin_stream()
        for one in given:
            exchange.send(f"data: {json.dumps(one)}\n\n" if isinstance(one, dict) else one)
        if end:
            exchange.send("data: [DONE]\n\n")
            exchange.send("")
        else:
            exchange.close_connection = True

    return reply


def said(*pieces: str, finish: str = "stop", tokens: tuple[int, int] | None = None) -> Reply:
    """A text in these pieces."""
    deltas = [chunk({"content": piece}) for piece in pieces]
    return chunks(*deltas, chunk({}, finish), *([usage(*tokens)] if tokens else []))


def called(*calls: tuple[str, str], finish: str = "tool_calls", text: Sequence[str] = ()) -> Reply:
    """Calls of functions, name and arguments, the arguments in two pieces each; before them a `text` in pieces."""
    pieces: list[Json] = [chunk({"content": piece}) for piece in text]
    for index, (name, arguments) in enumerate(calls):
        half = len(arguments) // 2
        first = {"name": name, "arguments": arguments[:half]}
        pieces += [
            chunk({"tool_calls": [{"index": index, "id": f"id{index}", "type": "function", "function": first}]}),
            chunk({"tool_calls": [{"index": index, "function": {"arguments": arguments[half:]}}]}),
        ]
    return chunks(*pieces, chunk({}, finish))


def status(code: int, message: str = "no", error_code: str | None = None, **headers: str) -> Reply:
    body = json.dumps({"error": {"message": message, "type": "t", "param": None, "code": error_code}}).encode()
    return lambda exchange: exchange.whole(code, body, **headers)


def page(body: str, content_type: str = "text/html", code: int = 200) -> Reply:
    return lambda exchange: exchange.whole(code, body.encode(), content_type)


def silent(exchange: Exchange) -> None:
    """Takes the request and says nothing."""
    exchange.sleep(30)
    exchange.close_connection = True


def pinging(exchange: Exchange) -> None:
    """Keeps the connection open with comments, as servers do whose model hangs."""
    exchange.begin_stream()
    while not exchange.server.endpoint.over.is_set():
        exchange.send(": ping\n\n")
        exchange.sleep(0.02)


def endless(exchange: Exchange) -> None:
    """Talks until nobody listens."""
    exchange.begin_stream()
    try:
        while not exchange.server.endpoint.over.is_set():
            exchange.send(f"data: {json.dumps(chunk({'content': 'la '}))}\n\n")
            exchange.sleep(0.005)
    except OSError:
        exchange.server.endpoint.hung_up.set()


def refuses_fields(reply: Reply, *fields: str, hint: str = "") -> Reply:
    """Refuses requests with these fields, else `reply`."""

    def guarded(exchange: Exchange) -> None:
        found = [name for name in fields if name in exchange.server.endpoint.requests[-1]]
        answer = status(400, f"Unsupported parameter: '{found[0]}'.{hint}") if found else reply
        answer(exchange)

    return guarded


def embedding(vector: Callable[[str], list[float]]) -> Reply:
    """Vectors of the texts that come, in another order than they were asked for."""

    def reply(exchange: Exchange) -> None:
        texts = exchange.server.endpoint.requests[-1]["input"]
        data = [{"object": "embedding", "index": n, "embedding": vector(text)} for n, text in enumerate(texts)]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        body = {"object": "list", "data": data[::-1], "model": "e", "usage": usage}
        exchange.whole(200, json.dumps(body).encode())

    return reply
