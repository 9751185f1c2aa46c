"""What replay costs. Run `python tests/bench/replay.py`; it exits with 1 if a limit is exceeded.

A call: a run with one call of the model, streamed through the SDK in process, answered by a recording of 1,000 exchanges
and by a script with the same pieces, in turns; what is limited is the difference of the medians. The question stands
alone on its thread, then after 100 messages: the longer the dialogue, the longer it takes to look it up.

Opening: a recording of 1,000 exchanges of the lessons' own length, read and ready to answer; the median of processes of
their own, which have imported the package before.
"""

import platform
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import httpx2
import openai
from openai import DefaultHttpxClient, OpenAI

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.base import Model, words
from assistant_nb.engine.model.recorded import (
    SHIPPED,
    Exchange,
    Provenance,
    Recorded,
    RecordedTurn,
    Recording,
    normal,
    read,
    write,
)
from assistant_nb.engine.model.scripted import Scripted

EXCHANGES: Final = 1_000
PAIRS: Final = 300
WARM_UP: Final = 20
PROCESSES: Final = 7
CALL_MS: Final = 0.5
OPEN_MS: Final = 50
ANSWER: Final = "It is so, and it was so before. " * 8
OPEN: Final = """
import sys
from pathlib import Path
from time import perf_counter
from assistant_nb.engine.model.recorded import Recorded
t = perf_counter(); Recorded(Path(sys.argv[1])); print((perf_counter() - t) * 1e3)
"""


def lessons() -> Iterator[Exchange]:
    """The exchanges of the lessons over and over, each with a question of its own before it."""
    shipped = cycle([exchange for path in sorted(SHIPPED.glob("*.jsonl")) for exchange in read(path).exchanges])
    for n, one in enumerate(islice(shipped, EXCHANGES)):
        first = RecordedTurn(role="user", content=f"Question {n}?")
        prompt = one.prompt.model_copy(update={"messages": [first, *one.prompt.messages]})
        yield one.model_copy(update={"prompt": prompt})


class Side:
    """An SDK client of an engine, and a run to make there."""

    def __init__(self, model: Model, messages: int) -> None:
        http = DefaultHttpxClient(transport=httpx2.WSGITransport(create_app(model=model)))
        self._client = OpenAI(base_url="http://bench/v1", api_key="any", http_client=http, max_retries=0)
        self._assistant_id = self._client.beta.assistants.create(model="gpt-4", instructions="Be long.").id
        self._messages: Any = [{"role": "user", "content": f"Message {n:03d} of many here."} for n in range(messages)]

    def run_ms(self) -> float:
        """How long a run takes, on a thread that is there."""
        thread = self._client.beta.threads.create(messages=self._messages)
        began = perf_counter()
        with self._client.beta.threads.runs.create(thread.id, assistant_id=self._assistant_id, stream=True) as events:
            *_, last = events
        assert last.event == "thread.run.completed", last
        return (perf_counter() - began) * 1e3


def call(messages: int, path: Path) -> tuple[float, float]:
    """The medians of a recorded and of a scripted run."""
    script = Scripted(*[words(ANSWER)] * (PAIRS + WARM_UP + 1))
    scripted = Side(script, messages)
    scripted.run_ms()
    told = Provenance(answer="authored", usage="estimated")
    asked = Exchange(prompt=normal(script.prompts[0]), answer=ANSWER, usage=None, provenance=told)
    write(path, Recording("Bench", [*islice(lessons(), EXCHANGES - 1), asked]))
    recorded = Side(Recorded(path), messages)
    pairs = [(recorded.run_ms(), scripted.run_ms()) for _ in range(WARM_UP + PAIRS)][WARM_UP:]
    return median(one for one, _ in pairs), median(other for _, other in pairs)


def opening(path: Path) -> float:
    command = [sys.executable, "-c", OPEN, str(path)]
    return median(float(subprocess.check_output(command, text=True, timeout=60)) for _ in range(PROCESSES))


def line(what: str, ms: float, limit_ms: float, note: str = "") -> bool:
    print(f"{what:44}{ms:9.3f} ms{limit_ms:9.1f} ms  {'OVER' if ms > limit_ms else 'ok'}{note}", flush=True)
    return ms > limit_ms


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)
    over = False
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bench.jsonl"
        for messages in (1, 100):
            recorded, scripted = call(messages, path)
            note = f" (a run: {recorded:.2f} ms, scripted {scripted:.2f} ms)"
            over |= line(f"a call after {messages} messages adds", recorded - scripted, CALL_MS, note)
        write(path, Recording("Bench", list(lessons())))
        over |= line(f"{EXCHANGES:,} exchanges ({path.stat().st_size // 1000} KB) open in", opening(path), OPEN_MS)
    print(f"{platform.machine()}, Python {platform.python_version()}, openai {openai.__version__}")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
