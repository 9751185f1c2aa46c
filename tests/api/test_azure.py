"""Tutorials that were written for Azure OpenAI, with this engine behind them."""

import os
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import AzureOpenAI, BadRequestError, OpenAI

import assistant_nb as anb
from assistant_nb.engine.app import create_app

SET = (
    "AZURE_OPENAI_ENDPOINT",
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_AD_TOKEN",
    "OPENAI_API_VERSION",
    "OPENAI_API_TYPE",
)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (*SET, "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "mine")
    anb.start(model=anb.Scripted("Four.", "Four."))
    yield
    anb.stop()
    assert openai.api_type is None
    assert {name: os.environ.get(name) for name in SET} == {**dict.fromkeys(SET), "AZURE_OPENAI_AD_TOKEN": "mine"}


def ask(client: OpenAI) -> str:
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "2 + 2?"}]}
    )
    (part,) = client.beta.threads.messages.list(run.thread_id).data[0].content
    assert part.type == "text"
    return part.text.value


@pytest.mark.parametrize("version", ["2024-02-15-preview", "2024-05-01-preview", "preview"])
@pytest.mark.parametrize("path", ["", "/v1"])
def test_a_client_with_arguments_works(started: None, version: str, path: str) -> None:
    address = f"{os.environ['AZURE_OPENAI_ENDPOINT']}{path}"
    with AzureOpenAI(azure_endpoint=address, api_key=os.environ["OPENAI_API_KEY"], api_version=version) as client:
        assert ask(client) == "Four."


def test_a_client_without_arguments_works(started: None) -> None:
    with AzureOpenAI() as client:
        assert ask(client) == "Four."
        assert [page.id for page in client.beta.assistants.list(limit=1)]


def test_a_deployment_is_a_model(started: None) -> None:
    messages: Any = [{"role": "user", "content": "2 + 2?"}]
    with AzureOpenAI(azure_deployment="gpt-4o") as client:
        answer = client.chat.completions.create(model="other", messages=messages)
        assert (answer.model, answer.choices[0].message.content) == ("gpt-4o", "Four.")
        assert ask(client) == "Four."


def test_the_modules_own_client_is_not_ambiguous(started: None) -> None:
    openai.OpenAI(), openai.AzureOpenAI()
    assert openai.beta.threads.create().id.startswith("thread_")
    assert openai.api_type == "openai"


def test_a_wrong_key_is_refused(started: None) -> None:
    with AzureOpenAI(api_key="wrong") as client, pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        client.beta.threads.create()


def get(path: str) -> httpx2.Response:
    with httpx2.Client(transport=httpx2.WSGITransport(create_app()), base_url="http://x") as client:
        return client.get(path)


def test_its_addresses_need_no_beta_header_and_lead_nowhere_else() -> None:
    assert get("/openai/assistants?api-version=2024-05-01-preview").json()["data"] == []
    assert get("/openai/v1/assistants").status_code == 200
    assert get("/v1/openai/assistants?limit=1").status_code == 200
    assert get("/v1/assistants").json()["error"]["code"] == "invalid_beta"
    assert get("/openai/nothing").json()["error"]["message"] == "Invalid URL (GET /openai/nothing)"
    assert get("/openai/").status_code == 404


def test_a_body_may_leave_the_model_to_the_path() -> None:
    app = create_app(model=anb.Scripted("Four."))
    with httpx2.Client(transport=httpx2.WSGITransport(app), base_url="http://x/openai/deployments/gpt-4o") as client:
        body = {"messages": [{"role": "user", "content": "2 + 2?"}]}
        assert client.post("/chat/completions?api-version=1", json=body).json()["model"] == "gpt-4o"
        assert client.post("/chat/completions", json=[]).status_code == 400


def test_an_error_names_what_was_sent(started: None) -> None:
    with AzureOpenAI() as client, pytest.raises(BadRequestError, match="Expected an ID that begins with 'thread'"):
        client.beta.threads.retrieve("mine")
