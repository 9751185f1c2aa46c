"""Bytes that are no HTTP, against an engine that listens: a good request with something wrong in it.

    python tests/bench/storm.py                     10,000 cases, of seed 0
    python tests/bench/storm.py 500 --seed 7

What is wrong stands in its first line, its header, its length, its chunks, or in a few bytes anywhere. Looks for answers
5xx, errors without the envelope, no answer at all, and objects that are lost. Ends with status 1 when it found any.
"""

import argparse
import random
import re
import socket
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from openai import OpenAI

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.server import Server

HANGS_S = 30.0
KEY = "sk-fuzz"
LINES = [
    b"", b"\0", b"GET", b"GET /", b"GET / HTTP", b"GET  / HTTP/1.1", b"get /v1/threads HTTP/1.1", b"PRI * HTTP/2.0",
    b"GET /v1/threads HTTP/0.9", b"GET /v1/threads HTTP/3.0", b"GET http://evil.example/v1/threads HTTP/1.1",
    b"CONNECT localhost:1 HTTP/1.1", b"OPTIONS * HTTP/1.1", b"GET //[x HTTP/1.1", b"GET /\xff HTTP/1.1",
    b"GET /v1/threads/%00 HTTP/1.1", b"GET /v1/threads/%ff%zz HTTP/1.1", b"GET /?limit=%00&after=%ff HTTP/1.1",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", b"DELETE /v1/threads/x HTTP/1.0",
]  # fmt: skip
FIELDS = [
    b"Host: evil.example", b"Host: localhost", b"Host:", b"Authorization: Bearer other", b"Content-Length : 5", b" folded",
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: -1", b"Content-Length: 0x5", b"Content-Length: 5, 5",
    b"Content-Length: " + b"9" * 30, b"Content_Length: 1", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding:", b"Expect: 100-continue", b"Connection: keep-alive",
    b"Connection: close", b"Upgrade: websocket", b"Origin: null", b"X\0: 1", b"X: \0", b"X: a\rb", b"X: a\nb", b"X", b":",
    b"\xe9: \xe9", b"X: " + b"a" * 100_000, b"OpenAI-Beta: \xff", b"Content-Type: multipart/form-data; boundary=x",
    b"Content-Type: text/plain; charset=\xff", b"Cookie: \x01", b"Range: bytes=0-", b"Content-Encoding: gzip",
]  # fmt: skip
BODIES = [
    b"", b"{", b"{}", b"2\r\n{}\r\n0\r\n\r\n", b"+2\r\n{}\r\n0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFF\r\n{}",
    b"2\r\n{}0\r\n\r\n", b"2;" + b"a" * 100_000 + b"\r\n{}\r\n0\r\n\r\n", b"2\r\n{}\r\n0\r\nX: " + b"a" * 100_000,
    b"\r\n\r\n", b"GET /v1/threads HTTP/1.1\r\n\r\n", b"--x\r\n\r\n", b"\xff" * 1000,
]  # fmt: skip


def malformed(chance: random.Random) -> bytes:
    """The bytes of one request, with something wrong in it most of the time."""
    line = chance.choice([b"POST /v1/threads", b"GET /v1/threads", b"POST /v1/files", b"GET /v1/models"]) + b" HTTP/1.1"
    fields, body = [b"Host: localhost", b"OpenAI-Beta: assistants=v2"], b""
    if chance.random() < 0.8:
        fields.append(f"Authorization: Bearer {KEY}".encode())
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        match chance.randrange(5):
            case 0:
                line = chance.choice(LINES)
            case 1:
                fields.insert(chance.randrange(len(fields) + 1), chance.choice(FIELDS))
            case 2:
                fields.pop(chance.randrange(len(fields))) if fields else None
            case 3:
                body = chance.choice(BODIES)
                fields.append(chance.choice([b"Transfer-Encoding: chunked", b"Content-Length: %d" % len(body)]))
            case _:
                body = chance.choice(BODIES) + chance.choice(BODIES)
    sent = b"\r\n".join([line, *fields, b"", b""]) + body
    for _ in range(chance.choice([0, 0, 1, 3])):
        at = chance.randrange(len(sent))
        sent = sent[:at] + chance.choice([b"", b"\0", b"\r", b"\n", b" ", b"\xff", b"\r\n", b":"]) + sent[at + 1 :]
    return sent[: chance.randrange(len(sent))] if chance.random() < 0.1 else sent


def told(port: int, sent: bytes) -> bytes:
    """All that the server answers to these bytes, and to nothing after them."""
    with socket.create_connection(("127.0.0.1", port), timeout=HANGS_S) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(2**16), b""))


def http_faults(sent: bytes, answer: bytes) -> Iterator[str]:
    """What is wrong with an answer to a malformed request."""
    statuses = re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", answer)
    if not statuses and sent not in (b"", b"\r", b"\r\n"):
        yield f"no answer: {answer[:100]!r}"
    if any(status >= b"500" for status in statuses):
        yield f"{statuses} {answer[:300]!r}"
    if statuses and statuses[-1] >= b"400":
        last = answer.rpartition(b"\r\n\r\n")[2]
        if not re.match(rb'\{"error":\{"message":"[^"].*,"type":.*,"param":.*,"code":.*\}\}', last, re.DOTALL):
            yield f"{statuses} without the envelope: {last[:200]!r}"


def kept(client: OpenAI, thread_id: str) -> list[Any]:
    """A thread and its messages."""
    threads = client.beta.threads
    return [threads.retrieve(thread_id).to_dict(), threads.messages.list(thread_id).to_dict()]


def storm(server: Server, key: str, cases: int, seed: int) -> tuple[Counter[bytes], list[str]]:
    """Send malformed requests to a server that listens. The answers by status, and what is wrong with them."""
    chance, counts, findings = random.Random(seed), Counter[bytes](), list[str]()
    port = urlsplit(server.url).port or 0
    client = OpenAI(base_url=server.url, api_key=key, max_retries=0)
    id = client.beta.threads.create(messages=[{"role": "user", "content": "Keep me."}]).id
    before = kept(client, id)
    for case in range(cases):
        sent = malformed(chance).replace(KEY.encode(), key.encode())
        try:
            answer = told(port, sent)
        except OSError as error:
            findings.append(f"case {case}: {sent[:400]!r}\n    {error!r}")
            continue
        findings += [f"case {case}: {sent[:400]!r}\n    {fault}" for fault in http_faults(sent, answer)]
        counts.update(re.findall(rb"^HTTP/1\.1 (\d{3})", answer) or [b"none"])
    if kept(client, id) != before:
        findings.append("the thread that was there before is another one")
    return counts, findings


def main() -> int:
    parser = argparse.ArgumentParser(description="Bytes that are no HTTP, against an engine that listens.")
    parser.add_argument("cases", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    began = time.perf_counter()
    with Server(create_app(model=Scripted()), KEY) as server:
        counts, findings = storm(server, KEY, chosen.cases, chosen.seed)
    print({status.decode(): count for status, count in sorted(counts.items())})
    print(*findings, sep="\n")
    print(f"{counts.total()} answers in {time.perf_counter() - began:.0f} s, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
