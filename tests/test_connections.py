"""With proxies in the environment, no command and no lesson connects to an address that nobody named.

An audit hook in every Python process that a command starts writes down where it connects to, and what it looks up.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import nbformat
import pytest

from assistant_nb import course
from tests.engine.model.endpoint import said, serving
from tests.ports import free_port
from tests.until import until

HOOK = """
import json, os, sys

def write_down(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        address = arguments[1][:2]
    elif event == "socket.getaddrinfo":
        address = arguments[:2]
    else:
        return
    with open(os.environ["CONNECTIONS"], "a") as file:
        file.write(json.dumps([str(part) for part in address]) + "\\n")

sys.addaudithook(write_down)
"""
PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
def connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK)
    (tmp_path / "connections").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hook"))
    monkeypatch.setenv("CONNECTIONS", str(tmp_path / "connections"))
    monkeypatch.setenv("OPENAI_API_KEY", "the-real-key-0123456789")
    return tmp_path / "connections"


class Proxy(ThreadingTCPServer):
    """Writes down the first line of whatever comes, and hangs up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.port, self.lines = self.server_address[1], list[bytes]()


class _Line(StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        self.server.lines.append(self.rfile.readline())


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Is named for all, and exempts nobody."""
    with Proxy() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield server
        server.shutdown()


def hosts(connections: Path) -> set[str]:
    return {host for host, _ in map(json.loads, connections.read_text().splitlines())}


def ports(connections: Path) -> set[str]:
    return {port for _, port in map(json.loads, connections.read_text().splitlines())}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "assistant_nb.cli", *words]


def test_the_hook_sees_a_connection(connections: Path, proxy: Proxy) -> None:
    code = "import urllib.request as u; u.urlopen(u.Request('http://example.invalid', b'{}', {'Content-Length': 2}))"
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert str(proxy.port) in ports(connections)
    assert proxy.lines[0].startswith(b"POST http://example.invalid ")


@pytest.mark.nightly
@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda path: path.stem)
def test_a_lesson_connects_to_its_own_engine_alone(lesson: Path, connections: Path, proxy: Proxy) -> None:
    subprocess.run(command("run", lesson.stem), check=True, capture_output=True)
    assert proxy.lines == []
    assert hosts(connections) == {"127.0.0.1"}
    assert str(proxy.port) not in ports(connections)


ASKS = """
import assistant_nb as anb, os, requests; from openai import OpenAI
anb.start(recording="mine")
client, url, key = OpenAI(), os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]
requests.get(f"{url}/models", headers={"Authorization": f"Bearer {key}"}).raise_for_status()
client.chat.completions.create(model="m", messages=[{"role": "user", "content": "2 + 2?"}]).choices[0].message.content
"""


def test_record_connects_to_the_endpoint_alone_and_check_to_nobody(
    connections: Path, proxy: Proxy, tmp_path: Path
) -> None:
    lesson = tmp_path / "mine.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ASKS)]), lesson)
    with serving(said("Four.")) as endpoint:
        words = command("record", str(lesson), "--base-url", endpoint.url, "--dir", str(tmp_path / "new"))
        subprocess.run(words, check=True, capture_output=True)
        assert endpoint.headers[0]["Authorization"] == "Bearer the-real-key-0123456789"
    assert (proxy.lines, hosts(connections)) == ([], {"127.0.0.1"})
    assert str(endpoint.port) in ports(connections)
    connections.write_text("")
    subprocess.run(command("check", str(tmp_path / "new/mine.ipynb")), check=True, capture_output=True)
    assert (proxy.lines, hosts(connections)) == ([], {"127.0.0.1"})
    assert str(endpoint.port) not in ports(connections)


REFUSED = """
from assistant_nb.cli import main
for given in ("localhost:11434", "file:///v1", "http://localhost:abc/v1"):
    for words in (["record", "03"], ["serve"]):
        try:
            main([*words, "--base-url", given])
        except SystemExit as end:
            print(end.code)
"""


def test_an_address_that_is_none_connects_to_nobody(connections: Path, proxy: Proxy, tmp_path: Path) -> None:
    refused = [sys.executable, "-c", REFUSED]
    told = subprocess.run(refused, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["2"] * 6
    assert (proxy.lines, hosts(connections)) == ([], set())


def test_serve_connects_to_nobody(connections: Path, proxy: Proxy) -> None:
    with subprocess.Popen(command("serve"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url, key = (server.stdout.readline().strip().partition("=")[2] for _ in range(2))
        client = build_opener(ProxyHandler({}))
        client.addheaders = [("Authorization", f"Bearer {key}")]
        try:
            assert client.open(f"{url}/models").status == 200
        finally:
            server.send_signal(signal.SIGTERM)
    assert proxy.lines == []
    assert hosts(connections) <= {"127.0.0.1"}  # cheroot looks up where it listens


def test_lab_connects_to_nobody(connections: Path, proxy: Proxy, tmp_path: Path) -> None:
    pytest.importorskip("jupyterlab")
    port = free_port()
    words = command("lab", "--no-browser", f"--port={port}", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=t")
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    client = build_opener(ProxyHandler({}))

    def page(path: str) -> bytes:
        try:
            return bytes(client.open(f"http://127.0.0.1:{port}/{path}?token=t").read())
        except HTTPError as error:
            return error.read()
        except URLError:
            return b""  # it says that it runs before it listens

    with subprocess.Popen(words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as lab:
        try:
            assert lab.stderr and any("is running at" in line for line in lab.stderr)
            assert b"JupyterLab" in until(lambda: page("lab"))
            assert all(page(path) for path in ("lab/api/settings", "lab/api/extensions", "lab/api/news"))
        finally:
            lab.kill()
    assert proxy.lines == []
    assert hosts(connections) == {"127.0.0.1"}
    assert str(proxy.port) not in ports(connections)
