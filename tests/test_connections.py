"""With proxies in the environment, no command and no lesson connects to an address that nobody named.

An audit hook in every Python process that a command starts writes down where it connects to, and what it looks up.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import pytest

from assistant_nb import course
from tests.engine.model.endpoint import Endpoint, said, serving
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


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """Is named for all, and exempts nobody."""
    with serving(said("From the proxy.")) as endpoint:
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{endpoint.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield endpoint


def hosts(connections: Path) -> set[str]:
    return {host for host, _ in map(json.loads, connections.read_text().splitlines())}


def ports(connections: Path) -> set[str]:
    return {port for _, port in map(json.loads, connections.read_text().splitlines())}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "assistant_nb.cli", *words]


def test_the_hook_sees_a_connection(connections: Path, proxy: Endpoint) -> None:
    code = "import urllib.request as u; u.urlopen(u.Request('http://example.invalid', b'{}', {'Content-Length': 2}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert str(proxy.port) in ports(connections)
    assert proxy.paths == ["http://example.invalid"]


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda path: path.stem)
def test_a_lesson_connects_to_its_own_engine_alone(lesson: Path, connections: Path, proxy: Endpoint) -> None:
    subprocess.run(command("run", lesson.stem), check=True, capture_output=True)
    assert proxy.paths == []
    assert hosts(connections) == {"127.0.0.1"}
    assert str(proxy.port) not in ports(connections)


def test_check_connects_to_nobody_else(connections: Path, proxy: Endpoint) -> None:
    subprocess.run(command("check", "02"), check=True, capture_output=True)
    assert (proxy.paths, hosts(connections)) == ([], {"127.0.0.1"})


def test_record_connects_to_the_endpoint_alone(connections: Path, proxy: Endpoint, tmp_path: Path) -> None:
    with serving(said("Four.")) as endpoint:
        recording = command("record", "02", "--base-url", endpoint.url, "--dir", str(tmp_path / "new"))
        subprocess.run(recording, check=False, capture_output=True)
        assert endpoint.headers[0]["Authorization"] == "Bearer the-real-key-0123456789"
    assert (proxy.paths, hosts(connections)) == ([], {"127.0.0.1"})
    assert str(endpoint.port) in ports(connections)
    assert str(proxy.port) not in ports(connections)


@pytest.mark.parametrize("given", ["localhost:11434", "file:///v1", "http://localhost:abc/v1"])
def test_an_address_that_is_none_connects_to_nobody(
    given: str, connections: Path, proxy: Endpoint, tmp_path: Path
) -> None:
    for words in (["record", "03"], ["serve"]):
        told = subprocess.run(command(*words, "--base-url", given), cwd=tmp_path, capture_output=True, check=False)
        assert told.returncode == 2
    assert (proxy.paths, hosts(connections)) == ([], set())


def test_serve_connects_to_nobody(connections: Path, proxy: Endpoint) -> None:
    with subprocess.Popen(command("serve"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url, key = (server.stdout.readline().strip().partition("=")[2] for _ in range(2))
        client = build_opener(ProxyHandler({}))
        client.addheaders = [("Authorization", f"Bearer {key}")]
        try:
            assert client.open(f"{url}/models").status == 200
        finally:
            server.send_signal(signal.SIGTERM)
    assert proxy.paths == []
    assert hosts(connections) <= {"127.0.0.1"}  # cheroot looks up where it listens


def test_lab_connects_to_nobody(connections: Path, proxy: Endpoint, tmp_path: Path) -> None:
    pytest.importorskip("jupyterlab")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = command("lab", "--no-browser", f"--port={port}", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=t")
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    client = build_opener(ProxyHandler({}))

    def page(path: str) -> bytes | None:
        try:
            return bytes(client.open(f"http://127.0.0.1:{port}/{path}?token=t").read())
        except HTTPError as error:
            return error.read()
        except URLError:
            return None

    with subprocess.Popen(words, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL) as lab:
        try:
            assert b"JupyterLab" in until(lambda: page("lab"))
            assert all(page(f"lab/api/{path}") for path in ("settings", "extensions", "news", "update"))
        finally:
            lab.kill()
    assert proxy.paths == []
    assert hosts(connections) == {"127.0.0.1"}
    assert str(proxy.port) not in ports(connections)
