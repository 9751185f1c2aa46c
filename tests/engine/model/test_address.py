"""Addresses of endpoints: those that are none are told, with one to use instead; what is secret in them is not."""

import pytest

from assistant_nb.engine.model.address import NoAddress, is_loopback, split

KEY = "sk-very-secret-0123456789"
OLLAMA = "http://localhost:11434/v1"


@pytest.mark.parametrize(
    "url",
    [
        OLLAMA,
        "https://api.openai.com/v1",
        "http://localhost:11434",
        "HTTPS://h/openai/v1/",
        "http://[::1]:8000/v1",
        f"https://me:{KEY}@h/v1?code={KEY}",
        "https://h.example/inference/models",
    ],
)
def test_an_address_is_taken_apart(url: str) -> None:
    assert split(url).hostname


@pytest.mark.parametrize(
    ("given", "why", "better"),
    [
        ("", "is empty", OLLAMA),
        ("localhost:11434", "does not begin with http:// or https://", OLLAMA),
        ("127.0.0.1:8000/v1/", "does not begin with http", "http://127.0.0.1:8000/v1"),
        ("192.168.0.5:8000", "does not begin with http", "http://192.168.0.5:8000/v1"),
        ("api.openai.com/v1", "does not begin with http", "https://api.openai.com/v1"),
        ("https//api.openai.com/v1", "does not begin with http", "https://api.openai.com/v1"),
        ("http:/localhost:1/v1", "does not begin with http", "http://localhost:1/v1"),
        ("http:localhost:1/v1", "does not begin with http", "http://localhost:1/v1"),
        ("file:///etc/passwd", "does not begin with http", OLLAMA),
        ("ftp://h/v1", "does not begin with http", OLLAMA),
        ("http://", "names no host", OLLAMA),
        ("http:///v1", "names no host", OLLAMA),
        ("http://:11434/v1", "names no host", OLLAMA),
        ("http://[::1/v1", "host is not valid", OLLAMA),
        ("http://a..b/v1", "host is not valid", OLLAMA),
        ("http://localhost:abc/v1", "port is no number", OLLAMA),
        ("http://localhost:99999/v1", "port is no number", OLLAMA),
        ("http://http://localhost:1/v1", "port is no number", OLLAMA),
        (" http://localhost:1/v1", "holds a space", "http://localhost:1/v1"),
        ("http://local host:1/v1\n", "holds a space", "http://localhost:1/v1"),
        ("http://localhost:1/v1/chat/completions/", "ends in /chat/completions/", "http://localhost:1/v1"),
        ("https://h.example/v1/models", "ends in /models", "https://h.example/v1"),
        ("localhost:1/v1/chat/completions", "does not begin with http", "http://localhost:1/v1"),
        ("http://me:p@ss/word@h.example/v1", "has an @ after its host", "http://h.example/v1"),
    ],
)
def test_an_address_that_is_none_is_told_with_one_to_use_instead(given: str, why: str, better: str) -> None:
    with pytest.raises(NoAddress, match=why) as refused:
        split(given)
    assert refused.value.better == better
    assert split(better)
    assert str(refused.value).endswith(f'Use base_url="{better}".')
    if "@" not in given:
        assert str(refused.value).startswith(f"'{given}' is no address of an endpoint: ")


@pytest.mark.parametrize(
    "given",
    [
        KEY,
        f"//{KEY}@h",
        f"me:{KEY}@h/v1",
        f"https//me:{KEY}@h/v1?key={KEY}",
        f"ftp://h/v1?key={KEY}",
        f"h#{KEY}",
        f"http://me:{KEY}@h:x/v1",
        f"http://me:{KEY}/2@h/v1",
        f"http://h /{KEY}",
    ],
)
def test_what_is_secret_in_an_address_is_not_told(given: str) -> None:
    with pytest.raises(NoAddress) as refused:
        split(given)
    assert "very-secret" not in str(refused.value)


def test_this_machine_is_known_by_all_its_names() -> None:
    names = ("localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "127.1", "::1", "0.0.0.0", "::")
    assert all(map(is_loopback, names))
    assert not any(map(is_loopback, ("h", "10.0.0.1", "127.0.0.1.example.org", "localhost.example.org", "2001::1")))
