"""Drives the live model against servers that are not ours: `python tests/endpoints/run.py [llama.cpp] [LiteLLM] [--home DIR]`.

llama.cpp serves a tiny model with random weights (`tiny_model.py`), LiteLLM's proxy made-up answers (`mock.yaml`). Of each:
a plain run, a streamed one, and one that is made to call a function; all recorded, then replayed when the server is gone,
byte for byte. Each server gets an environment in DIR, which is kept if you name one: without a wheel for the
machine, llama.cpp takes minutes to build.
"""

import argparse
import json
import secrets
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import openai
from openai import OpenAI
from openai.types.beta.threads import Run

import assistant_nb as anb

HERE: Final = Path(__file__).parent
KEY: Final = f"sk-{secrets.token_urlsafe(24)}"
START_S: Final = 120
WEATHER: Final[Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Tromsø", "Oslo"]}},
            "required": ["city"],
        },
    },
}
"""Without the choice, random weights would write a city of any length."""


@dataclass(frozen=True)
class Endpoint:
    """How a server is installed and started, and which of its models says something, which calls functions."""

    packages: tuple[str, ...]
    command: str
    text: str
    caller: str
    before: str = ""

    def install(self, home: Path) -> None:
        if not (home / "bin" / "python").exists():
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            subprocess.run([home / "bin" / "pip", "install", "--quiet", *self.packages], check=True)
        if self.before:
            subprocess.run(self._words(self.before, home), check=True)

    @contextmanager
    def serving(self, home: Path) -> Iterator[str]:
        """Yields its base URL."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        log, env = home / "server.log", {**environ, "LITELLM_MASTER_KEY": KEY, "NO_PROXY": "127.0.0.1"}
        with log.open("w") as out:
            command = self._words(self.command, home, port)
            server = subprocess.Popen(command, stdout=out, stderr=out, env=env)
            try:
                yield _when_up(server, port, log)
            finally:
                server.terminate()
                server.wait(30)

    def _words(self, command: str, home: Path, port: int = 0) -> list[str]:
        return [word.format(bin=home / "bin", home=home, here=HERE, port=port) for word in command.split()]


ENDPOINTS: Final = {
    "llama.cpp": Endpoint(
        packages=("llama-cpp-python[server]", "gguf", "numpy"),
        before="{bin}/python {here}/tiny_model.py {home}/tiny.gguf",
        command="{bin}/python -m llama_cpp.server --host 127.0.0.1 --port {port} --model {home}/tiny.gguf --n_ctx 2048"
        " --chat_format chatml-function-calling",
        text="tiny",
        caller="tiny",
    ),
    "LiteLLM": Endpoint(
        packages=("litellm[proxy]",),
        command="{bin}/litellm --host 127.0.0.1 --port {port} --config {here}/mock.yaml",
        text="text",
        caller="caller",
    ),
}


def _when_up(server: subprocess.Popen[bytes], port: int, log: Path) -> str:
    url, end = f"http://127.0.0.1:{port}/v1", time.monotonic() + START_S
    client = OpenAI(base_url=url, api_key=KEY, max_retries=0, http_client=openai.DefaultHttpxClient(trust_env=False))
    while time.monotonic() < end and server.poll() is None:
        try:
            client.models.list()
        except openai.APIConnectionError:
            time.sleep(0.2)
        else:
            return url
    raise SystemExit(f"{server.args!r} did not come up; see {log}")


# What is said, live and replayed


def all_of_it(client: OpenAI, text: str, caller: str) -> dict[str, Any]:
    """`text` and `caller` are the models to ask."""
    return {"plain": plain(client, text), "streamed": streamed(client, text), "called": called(client, caller)}


def plain(client: OpenAI, model: str) -> Any:
    run = _assistant_run(client, model, "Is it so?")
    return _told(client, run)


def streamed(client: OpenAI, model: str) -> Any:
    assistant = client.beta.assistants.create(model=model, instructions="Be brief.")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "And why?"}])
    with client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=assistant.id, max_completion_tokens=60
    ) as events:
        deltas = "".join(events.text_deltas)
        run = events.get_final_run()
    told = _told(client, run)
    assert told["texts"] == [deltas]
    return told


def called(client: OpenAI, model: str) -> Any:
    choice: Any = {"type": "function", "function": {"name": "get_weather"}}
    run = _assistant_run(client, model, "How is the weather in Tromsø?", tools=[WEATHER], tool_choice=choice)
    assert run.status == "requires_action" and run.required_action, run.last_error
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments)["city"] in ("Tromsø", "Oslo")
    outputs: Any = [{"tool_call_id": call.id, "output": "−3 °C, snow"}]
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs
    )
    return {**_told(client, run), "arguments": call.function.arguments}


def _assistant_run(client: OpenAI, model: str, question: str, **more: Any) -> Run:
    assistant = client.beta.assistants.create(model=model, instructions="Be brief.")
    thread: Any = {"messages": [{"role": "user", "content": question}]}
    return client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread=thread, max_completion_tokens=60, **more
    )


def _told(client: OpenAI, run: Run) -> Any:
    """All that a learner sees of a run but where its answers came from."""
    assert run.status in ("completed", "incomplete", "requires_action"), run.last_error
    messages = client.beta.threads.messages.list(run.thread_id, order="asc").data[1:]
    texts = [part.text.value for message in messages for part in message.content if part.type == "text"]
    return {"status": run.status, "texts": texts, "usage": run.usage and run.usage.to_dict()}


def sources(client: OpenAI) -> set[str]:
    """Where the answers of all runs came from."""
    threads: Any = client.get("/threads", cast_to=object)
    runs = [run for thread in threads["data"] for run in client.beta.threads.runs.list(thread["id"]).data]
    provenance: list[Any] = [answer for run in runs for answer in run.to_dict()["provenance"]]  # type: ignore[attr-defined]
    return {answer["answer"] for answer in provenance}


def check(name: str, home: Path) -> None:
    endpoint, recording = ENDPOINTS[name], home / "kept.jsonl"
    recording.unlink(missing_ok=True)
    endpoint.install(home)
    with endpoint.serving(home) as url:
        client = anb.connect(base_url=url, api_key=KEY, record=recording)
        live = all_of_it(client, endpoint.text, endpoint.caller)
        assert sources(client) == {"live"}
    replay = anb.connect(recording=recording)
    assert all_of_it(replay, endpoint.text, endpoint.caller) == live
    assert sources(replay) == {"recorded"}
    kept = recording.read_text("utf-8")
    assert KEY not in kept and url not in kept
    for scene, told in live.items():
        said = len("".join(told["texts"]).encode())
        print(f"{name:10} {scene:9} {told['status']:16} {said:4} bytes of text {told.get('arguments', '')}")
    print(f"{name:10} replayed without the server, byte for byte ({kept.count(chr(10)) - 1} exchanges)", flush=True)


def main() -> None:
    warnings.simplefilter("ignore", DeprecationWarning)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("endpoints", nargs="*", metavar="NAME", help=f"of {', '.join(ENDPOINTS)} (default: all)")
    parser.add_argument("--home", type=Path, help="where the environments are kept (default: nowhere)")
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        for name in chosen.endpoints or ENDPOINTS:
            check(name, (chosen.home or Path(folder)) / name.lower())


if __name__ == "__main__":
    main()
