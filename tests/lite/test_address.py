"""In a browser's Python the engine answers at its address without a socket and without a thread."""

import asyncio
import os
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import requests
from openai import APIConnectionError, AsyncOpenAI, AuthenticationError, AzureOpenAI, OpenAI
from requests.adapters import HTTPAdapter

import assistant_nb as anb
from assistant_nb import cli
from tests.engine.model.endpoint import said, serving

QUESTION = "I need to solve the equation `4x + 11 = 19`. Can you help me?"


@pytest.fixture
def in_a_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A browser's Python as far as Python can fake one: no threads, an event loop without them, its name."""

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    def run_now(loop: asyncio.BaseEventLoop, _: object, work: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        done = loop.create_future()
        done.set_result(work(*args))
        return done

    monkeypatch.setattr(asyncio.BaseEventLoop, "run_in_executor", run_now)  # as Pyodide's loop does
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(threading.Thread, "start", refuse)
    yield
    anb.stop()


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no sockets here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)


def key() -> dict[str, str]:
    return {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}", "OpenAI-Beta": "assistants=v2"}


def test_the_sdk_needs_no_arguments(in_a_page: None, no_sockets: None) -> None:
    anb.start(model="practice")
    client = OpenAI()
    teacher = client.beta.assistants.create(model="gpt-4", instructions="Teach.")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=teacher.id, thread={"messages": [{"role": "user", "content": "2 + 2?"}]}
    )
    assert run.status == "completed"
    assert "4" in anb.said(run)


def test_a_stream_moves_its_run_as_it_is_read(in_a_page: None, no_sockets: None) -> None:
    model = anb.Scripted("One two.")
    anb.start(model=model)
    client = OpenAI()
    teacher, thread = client.beta.assistants.create(model="gpt-4"), client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content=QUESTION)
    with client.beta.threads.runs.create(thread.id, assistant_id=teacher.id, stream=True) as stream:
        assert next(stream).event == "thread.run.created"
        assert model.prompts == []
        assert [event.event for event in stream][-1] == "thread.run.completed"


def test_the_async_sdk_needs_no_arguments(in_a_page: None, no_sockets: None) -> None:
    async def lesson() -> tuple[str, set[str], int]:
        client, turns, reading = AsyncOpenAI(), 0, True

        async def meanwhile() -> None:
            nonlocal turns
            while reading:
                turns += 1
                await asyncio.sleep(0)

        teacher = await client.beta.assistants.create(model="gpt-4")
        run = await client.beta.threads.create_and_run_poll(
            assistant_id=teacher.id, thread={"messages": [{"role": "user", "content": QUESTION}]}
        )
        other = asyncio.create_task(meanwhile())
        stream = await client.beta.threads.create_and_run(
            assistant_id=teacher.id, thread={"messages": [{"role": "user", "content": QUESTION}]}, stream=True
        )
        before, events = turns, {str(event.event) async for event in stream}
        reading = False
        await other
        return run.status, events, turns - before

    anb.start(model=anb.Scripted("Yes.", "Yes."))
    status, events, turns = asyncio.run(lesson())
    assert status == "completed"
    assert "thread.run.completed" in events
    assert turns > 5, "others get their turn between two events"


def test_requests_get_through(in_a_page: None, no_sockets: None) -> None:
    anb.start()
    base = os.environ["OPENAI_BASE_URL"]
    made = requests.post(f"{base}/assistants", json={"model": "gpt-4"}, headers=key(), timeout=9)
    assert (made.status_code, made.reason, made.headers["Content-Type"]) == (200, "OK", "application/json")
    assert requests.get(f"{base}/assistants/{made.json()['id']}", headers=key(), timeout=9).json() == made.json()
    missing = requests.get(f"{base}/assistants/asst_none", headers=key(), timeout=9)
    assert (missing.status_code, missing.reason) == (404, "Not Found")


def test_a_file_goes_up_and_comes_down_by_requests(in_a_page: None, no_sockets: None) -> None:
    anb.start()
    base, form = os.environ["OPENAI_BASE_URL"], {"file": ("notes.txt", b"Tides come twice a day.")}
    made = requests.post(f"{base}/files", data={"purpose": "vision"}, files=form, headers=key(), timeout=9).json()
    content = requests.get(f"{base}/files/{made['id']}/content", headers=key(), stream=True, timeout=9)
    assert b"".join(content.iter_content(4)) == b"Tides come twice a day."


def test_a_client_brings_no_warning_of_the_http_library(in_a_page: None, no_sockets: None) -> None:
    text = "The following transport option(s) are not supported on Emscripten and will be ignored: limits."
    with pytest.raises(UserWarning, match="not supported on Emscripten"):
        warnings.warn(text, stacklevel=1)
    anb.start()
    warnings.warn(text, stacklevel=1)


def test_azures_client_finds_the_same_address(in_a_page: None, no_sockets: None) -> None:
    anb.start()
    assert AzureOpenAI().beta.assistants.create(model="gpt-4").id.startswith("asst_")


def test_a_wrong_key_is_refused_on_every_way(in_a_page: None, no_sockets: None) -> None:
    anb.start()
    with pytest.raises(AuthenticationError, match="401"):
        OpenAI(api_key="sk-wrong").models.list()
    with pytest.raises(AuthenticationError, match="401"):
        asyncio.run(_ask_with("sk-wrong"))
    url = f"{os.environ['OPENAI_BASE_URL']}/models"
    assert requests.get(url, timeout=9).status_code == 401
    assert requests.get(url.replace("127.0.0.1", "localhost"), headers=key(), timeout=9).status_code == 200


async def _ask_with(key: str) -> None:
    await AsyncOpenAI(api_key=key).models.list()


def test_other_addresses_are_reached_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(url: str) -> httpx2.Response:
        async with httpx2.AsyncClient() as client:
            return await client.post(url, json={})

    with serving(said("Five."), said("Five."), said("Five.")) as endpoint:
        monkeypatch.setattr(sys, "platform", "emscripten")
        anb.start()
        url = f"{endpoint.url}/chat/completions"
        answers = [httpx2.post(url, json={}), requests.post(url, json={}, timeout=9), asyncio.run(read(url))]
        anb.stop()
    assert [str(answer) for answer in answers] == ["<Response [200 OK]>", "<Response [200]>", "<Response [200 OK]>"]


def test_stop_leaves_no_hook_behind(in_a_page: None, no_sockets: None) -> None:
    def ways() -> list[object]:
        return [httpx2.HTTPTransport.handle_request, httpx2.AsyncHTTPTransport.handle_async_request, HTTPAdapter.send]

    before = ways()
    anb.start()
    client, url = OpenAI(max_retries=0), os.environ["OPENAI_BASE_URL"]
    assert [now is then for now, then in zip(ways(), before, strict=True)] == [False] * 3
    anb.stop()
    assert ways() == before
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/models", timeout=9)
    with pytest.raises(APIConnectionError):
        client.models.list()


def test_a_hook_that_another_program_has_added_stays(
    in_a_page: None, no_sockets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    anb.start()
    ours, heard = HTTPAdapter.send, list[str | None]()

    def listen(self: HTTPAdapter, request: requests.PreparedRequest, **more: object) -> requests.Response:
        heard.append(request.url)
        return ours(self, request, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(HTTPAdapter, "send", listen)
    url = f"{os.environ['OPENAI_BASE_URL']}/models"
    assert requests.get(url, headers=key(), timeout=9).status_code == 200
    anb.stop()
    assert HTTPAdapter.send is listen
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=9)
    assert heard == [url, url]


def test_a_models_code_is_refused_without_a_question(
    in_a_page: None, no_sockets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()
    monkeypatch.setattr("builtins.input", asked.append)
    anb.start(model=anb.Scripted(anb.ToolCall("code_interpreter", "print(6 * 7)"), "I cannot."))
    client = OpenAI()
    analyst = client.beta.assistants.create(model="gpt-4", tools=[{"type": "code_interpreter"}])
    run = client.beta.threads.create_and_run_poll(
        assistant_id=analyst.id, thread={"messages": [{"role": "user", "content": "6 * 7?"}]}
    )
    steps = client.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id, order="asc").data
    (call,) = steps[0].step_details.tool_calls  # type: ignore[union-attr]
    (log,) = call.code_interpreter.outputs  # type: ignore[union-attr]
    assert (run.status, asked) == ("completed", [])
    assert log.logs == (  # type: ignore[union-attr]
        "The code was not run. A page in a browser cannot run a model's code; JupyterLab on a computer can:"
        " pip install 'assistant_nb[lab]' && assistant-nb lab"
    )


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["lab"], "start other programs, as this command does"),
        (["run", "01"], "start other programs, as this command does"),
        (["record", "01", "--base-url", "http://127.0.0.1:9/v1"], "start other programs, as this command does"),
        (["serve"], "start a server"),
    ],
)
def test_a_command_that_cannot_run_there_says_so(
    command: list[str], what: str, in_a_page: None, no_sockets: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(command) == 1
    assert capsys.readouterr().err == (
        f"A page in a browser cannot {what}; JupyterLab on a computer can:"
        " pip install 'assistant_nb[lab]' && assistant-nb lab\n"
    )
