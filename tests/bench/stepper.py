"""What a stepper waits for. Run `python tests/bench/stepper.py`; it exits with 1 if a limit is exceeded.

Requests through the official SDK, in process, on a run whose journal has 200 entries or a few more: alone in its store,
then among 1,000 other runs of as many threads. Medians. A journal's read must not grow with the others: at most 1.3 times.
"""

import sys
import warnings
from collections.abc import Callable
from statistics import median
from time import perf_counter, sleep
from typing import Any, Final

import httpx2
from openai import DefaultHttpxClient, OpenAI

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Scripted

ENTRIES: Final = 200
OTHERS: Final = 1_000
TIMES: Final = 40
GROWTH: Final = 1.3
LIMITS_MS: Final = {"journal": 100.0, "journal, the latest": 20.0, "as it was": 50.0, "advance": 50.0, "fork": 100.0}
"""Of the 500 ms in which a stepper opens and the 100 ms in which it shows a step, what the engine may take."""


def calling(prompt: Prompt) -> list[ToolCall]:
    return [ToolCall("add", '{"a": 1, "b": 2}')]


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)
    app = create_app(model=Scripted(*[calling] * 10_000))
    transport = httpx2.WSGITransport(app)
    client = OpenAI(base_url="http://e/v1", api_key="any", http_client=DefaultHttpxClient(transport=transport))
    tool: Any = {"type": "function", "function": {"name": "add"}}
    assistant = client.beta.assistants.create(model="gpt-4", instructions="Add.", tools=[tool]).id
    run = long_run(client, assistant)
    alone = measure(client, run)
    for _ in range(OTHERS):
        client.post("/threads/runs", cast_to=object, body={"assistant_id": assistant}, options=BETA)
    rest(app)
    among = measure(client, run)
    over = False
    print(f"{'':22}{'alone':>10}{'among':>10}{'ratio':>8}{'limit':>10}")
    for what, limit in LIMITS_MS.items():
        ratio = among[what] / alone[what]
        bad = among[what] > limit or (what.startswith("journal") and ratio > GROWTH)
        over |= bad
        print(
            f"{what:22}{alone[what]:7.2f} ms{among[what]:7.2f} ms{ratio:8.2f}{limit:7.0f} ms{'  OVER' if bad else ''}"
        )
    app.close()
    return int(over)


BETA: Final[Any] = {"headers": {"OpenAI-Beta": "assistants=v2"}}


def long_run(client: OpenAI, assistant: str) -> Any:
    """A held run with as many entries, which waits for the model."""
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Add up."}]).id
    run: Any = client.post(f"/lab/threads/{thread}/runs", cast_to=object, body={"assistant_id": assistant})
    while (position := advance(client, run, "end"))["n"] < ENTRIES:
        (call,) = position["run"]["required_action"]["submit_tool_outputs"]["tool_calls"]
        outputs: Any = [{"tool_call_id": call["id"], "output": "3"}]
        client.beta.threads.runs.submit_tool_outputs(run["id"], thread_id=thread, tool_outputs=outputs)
    return run


def advance(client: OpenAI, run: Any, to: str) -> Any:
    return client.post(f"/lab/runs/{run['id']}/advance", cast_to=object, body={"to": to})


def rest(app: App) -> None:
    """Wait until all others have called, and wait for their outputs."""
    while sum(run["status"] == "requires_action" for run in app.store.active_runs()) < OTHERS:
        sleep(0.1)


def measure(client: OpenAI, run: Any) -> dict[str, float]:
    path = f"/lab/runs/{run['id']}"
    forks: list[Any] = [client.post(f"{path}/fork", cast_to=object, body={"at": ENTRIES - 9}) for _ in range(TIMES)]
    walked = iter([fork["run"] for fork in forks])
    return {
        "journal": timed(lambda: client.get(f"{path}/journal", cast_to=object)),
        "journal, the latest": timed(lambda: client.get(f"{path}/journal?after={ENTRIES - 5}", cast_to=object)),
        "as it was": timed(lambda: client.get(f"{path}/at/{ENTRIES // 2}", cast_to=object)),
        "advance": timed(lambda: advance(client, next(walked), "transition")),
        "fork": timed(lambda: client.post(f"{path}/fork", cast_to=object, body={"at": ENTRIES - 9})),
    }


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(TIMES):
        start = perf_counter()
        call()
        taken.append(perf_counter() - start)
    return 1000 * median(taken)


if __name__ == "__main__":
    sys.exit(main())
