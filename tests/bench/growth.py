"""What a long thread costs. Run `python tests/bench/growth.py`; it exits with 1 if a limit is exceeded.

One thread gets 400 questions, each about as long as one in a lesson, and an answer to each. A question is a message, a
streamed run, and a list of messages, made through the official SDK, in process, on a store in a file. Measured
are the file when the engine is closed, what memory the process has got since the tenth question, and how much longer
the last questions take than those about the tenth.
"""

import gc
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import httpx2
import psutil
from openai import DefaultHttpxClient, OpenAI

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.model.base import Finish, Prompt, TextDelta, words

QUESTIONS: Final = 400
TENTH: Final = slice(5, 15)
LAST: Final = slice(-10, None)
MOST_MB: Final = 6.0
MOST_MEMORY_MB: Final = 15.0
MOST_TIMES: Final = 2.5
TEXT: Final = (
    "and why is the sky over the sea on this day of a blue that is not the blue of any other day before it? " * 2
)


class Brief:
    """Answers at once, and keeps nothing of what it was asked."""

    name, models = "brief", ("brief",)

    def provenance(self) -> str:
        return "brief"

    def ask(self, prompt: Prompt) -> Iterator[TextDelta | Finish]:
        yield from map(TextDelta, words(f"Answer {len(prompt.messages)} {TEXT}"))
        yield Finish({"answer": "scripted"})


def question(client: OpenAI, assistant_id: str, thread_id: str, n: int) -> float:
    """Ask it; the milliseconds it took."""
    begun = perf_counter()
    client.beta.threads.messages.create(thread_id, role="user", content=f"Question {n} {TEXT}")
    with client.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True) as stream:
        *_, last = stream
    client.beta.threads.messages.list(thread_id)
    assert last.event == "thread.run.completed", last
    return (perf_counter() - begun) * 1e3


def memory_mb() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


def ask_all(app: App) -> tuple[list[float], float]:
    """The milliseconds of each question, and the megabytes of memory since the tenth."""
    transport = httpx2.WSGITransport(app)
    client = OpenAI(base_url="http://bench/v1", api_key="bench", http_client=DefaultHttpxClient(transport=transport))
    assistant_id = client.beta.assistants.create(model="brief", instructions="Be brief.").id
    thread_id = client.beta.threads.create().id
    taken = [question(client, assistant_id, thread_id, n) for n in range(TENTH.stop)]
    before_mb = memory_mb()
    taken += [question(client, assistant_id, thread_id, n) for n in range(TENTH.stop, QUESTIONS)]
    return taken, memory_mb() - before_mb


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "class.db"
        app = create_app(model=Brief(), store=store)
        taken, grown_mb = ask_all(app)
        app.close()
        size_mb = store.stat().st_size / 2**20
    tenth_ms, last_ms = median(taken[TENTH]), median(taken[LAST])
    rows = (
        ("the store", f"{size_mb:.1f} MB", size_mb, MOST_MB),
        ("memory", f"{grown_mb:.1f} MB", grown_mb, MOST_MEMORY_MB),
        (f"a last question against a tenth, {tenth_ms:.1f} ms", f"{last_ms:.1f} ms", last_ms / tenth_ms, MOST_TIMES),
    )
    print(f"{QUESTIONS} questions on one thread")
    for what, told, value, limit in rows:
        print(f"{what:45}{told:>12}{value:8.2f}  at most {limit}  {'OVER' if value > limit else 'ok'}")
    return int(any(value > limit for _, _, value, limit in rows))


if __name__ == "__main__":
    sys.exit(main())
