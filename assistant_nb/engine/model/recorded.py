"""A model that replays recordings, and never invents an answer.

Why lessons replay
    A lesson must run in a classroom without a network, without a key, and without cost. Each learner must see the
    answer that the lesson's text talks about. A language model gives another answer each time. A recording gives the
    same one, and it is a real one.

What a recording is
    A file of JSON lines: a header, then one exchange a line. An exchange is a prompt, as a dialogue, and its answer.

        {"format": "assistant_nb recording", "version": 1, "title": "01 First assistant"}
        {"prompt": {"model": …, "instructions": …, "tools": […], "messages": [{"role": …, "content": …}]},
         "answer": …, "usage": null, "provenance": {"answer": "source", "usage": "estimated", …}}

    An answer may call tools: `"tool_calls": [{"name": …, "arguments": …}]`. The run gets their outputs and asks again.
    So the next exchange has the same calls in its prompt, in the assistant's message, with their outputs.
    `"wait_ms"` is the time before the first delta. `"pace_ms"` is the time between two deltas, on average. Both are
    left out when they are 0.

What a recording never holds
    Ids, times of day, headers, keys and paths. A prompt has none of them, and `Provenance` allows only the fields that
    it names. A list of allowed fields is safer than a list of forbidden ones: nobody can forget a field there.

How an answer is found
    1. `essence` reduces a prompt to what decides the answer: the model, the instructions, the messages, the names of
       the tools, the choice of a tool and the format of the answer. The temperature, token limits and the description
       of a tool do not count.
    2. `fingerprint` makes a digest of that: SHA-256 of its JSON, with sorted keys.
    3. The exchange with the same fingerprint is the answer. One other letter in the question, and there is none.
    4. A prompt may have several answers: "Name an animal." may be asked on two threads. The second run that begins
       with it gets the second answer, and after the last answer the first one comes again. `"number"` says which answer
       an exchange is; it is left out when it is 1, or one more than that of the exchange before.

What a miss says
    Nearest is not equal. An answer to a similar question could be wrong, and the learner would not notice. So a miss
    raises NoRecording. Its message shows the nearest recorded question, what differs, and what the learner can do.

Where the words come from
    Each exchange says whether its answer was "recorded" at an endpoint, is from the "source" notebook, or was
    "authored" by a person. It says the same of its token counts. The journal and the widgets show both.
"""

import difflib
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ...texts import short
from ..errors import NoRecording, RecordingError
from ..parts import Provenance as Origin
from .base import Delta, Finish, Prompt, ToolCall, answer_deltas, within
from .fingerprint import essence, fingerprint

SHIPPED = Path(__file__).parents[2] / "recordings"
"""The recordings of the lessons."""

REPLAYED: Final[set[tuple[str, int]]] = set()
"""Digests and numbers of the exchanges that this process has replayed, for `assistant-nb check`."""


# The format of a file
#
# Pydantic checks each line. `extra="forbid"` refuses a field that the format does not name, and `strict` refuses a
# number where a text belongs. A line that was written by hand thus fails with its number and the name of the field.


class _Line(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def line(self) -> str:
        """Return the line of a file."""
        return json.dumps(self.model_dump(exclude_defaults=True), ensure_ascii=False)


_L = TypeVar("_L", bound=_Line)


class Header(_Line):
    format: Literal["assistant_nb recording"]
    version: Literal[1]
    title: str


class RecordedCall(_Line):
    name: str
    arguments: str
    output: str | None = None


class RecordedTurn(_Line):
    role: Literal["user", "assistant"]
    content: str | list[dict[str, JsonValue]]
    tool_calls: list[RecordedCall] = []


class RecordedPrompt(_Line):
    model: str
    instructions: str | None
    tools: list[str]
    """Types of tools. A function is `function:NAME`."""
    messages: list[RecordedTurn]
    tool_choice: str | dict[str, JsonValue] = "auto"
    response_format: str | dict[str, JsonValue] = "auto"


class RecordedUsage(_Line):
    prompt_tokens: Annotated[int, Field(ge=0)]
    completion_tokens: Annotated[int, Field(ge=0)]


class Provenance(_Line):
    answer: Literal["recorded", "source", "authored"]
    usage: Literal["recorded", "source", "estimated"]
    model: str | None = None
    date: str | None = None
    endpoint: str | None = None
    note: str | None = None


class Exchange(_Line):
    prompt: RecordedPrompt
    number: Annotated[int, Field(ge=1)] = 1
    answer: str
    tool_calls: list[RecordedCall] = []
    finish_reason: Literal["stop", "length"] = "stop"
    wait_ms: Annotated[int, Field(ge=0)] = 0
    pace_ms: Annotated[int, Field(ge=0)] = 0
    usage: RecordedUsage | None
    provenance: Provenance

    def deltas(self) -> Iterator[Delta]:
        """Yield the answer in pieces."""
        yield from answer_deltas(self.answer, [ToolCall(call.name, call.arguments) for call in self.tool_calls])
        usage = self.usage.model_dump() if self.usage else {}
        yield Finish(cast(Origin, self.provenance.model_dump(exclude_none=True)), **usage, reason=self.finish_reason)


class Recording(NamedTuple):
    """The contents of a file."""

    title: str
    exchanges: Sequence[Exchange]


class Recorded:
    """Replays the exchanges of one or more files; of all lessons if none is given.

    `pace` is a factor for the recorded times: 0 answers at once, 1 as recorded, 2 half as fast.
    Raises RecordingError for a file that is missing or malformed.
    """

    name = "recorded"

    def __init__(self, *paths: Path, pace: float = 0) -> None:
        self._pace = pace
        self.exchanges = [
            exchange for path in paths or sorted(SHIPPED.glob("*.jsonl")) for exchange in read(path).exchanges
        ]
        self.answers: dict[str, dict[int, Exchange]] = {}
        for (found, n), exchange in zip(numbers(self.exchanges), self.exchanges, strict=True):
            self.answers.setdefault(found, {})[n] = exchange
        self.models = sorted({exchange.prompt.model for exchange in self.exchanges})

    def provenance(self) -> str:
        counts = Counter(exchange.provenance.answer for exchange in self.exchanges)
        return ", ".join(f"{count} {origin}" for origin, count in sorted(counts.items())) or "none"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        found = fingerprint(essence(prompt))
        if found not in self.answers:
            raise NoRecording(_miss(normal(prompt), self.exchanges))
        yield from self.replay(found, prompt)

    def replay(self, found: str, prompt: Prompt) -> Iterator[Delta]:
        """Yield the answer to the recorded prompt with this fingerprint."""
        answers = self.answers[found]
        n = prompt.number if prompt.number in answers else sorted(answers)[(prompt.number - 1) % len(answers)]
        exchange = answers[n]
        REPLAYED.add((found, n))
        self._wait(exchange.wait_ms)
        for delta in within(prompt.max_completion_tokens, exchange.deltas()):
            self._wait(exchange.pace_ms)
            yield delta

    def _wait(self, ms: int) -> None:
        if wait_s := self._pace * ms / 1000:
            time.sleep(wait_s)


# Files


def find(name: str | os.PathLike[str]) -> Path:
    """Find a recording by the name of its lesson ("01_first_assistant") or by its path. Raises RecordingError."""
    shipped = SHIPPED / f"{os.fspath(name)}.jsonl"
    if shipped.is_file():
        return shipped
    if Path(name).is_file():
        return Path(name).resolve()
    known = ", ".join(path.stem for path in sorted(SHIPPED.glob("*.jsonl")))
    raise RecordingError(f"There is no recording '{name}'. Name a file, or one of these: {known}.")


def read(path: Path) -> Recording:
    """Read a file. Raises RecordingError, which names the malformed line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # splitlines() would also cut at U+2028, inside of texts
    except OSError as error:
        raise RecordingError(f"The recording '{path}' cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"The recording '{path}' is not text in UTF-8.") from error
    if not any(lines):
        raise RecordingError(f"The recording '{path}' is empty: it wants a header line, then one exchange a line.")
    header = _parse(Header, path, 1, lines[0])
    exchanges = [_parse(Exchange, path, n, line) for n, line in enumerate(lines[1:], 2) if line.strip()]
    return Recording(header.title, exchanges)


def write(path: Path, recording: Recording) -> None:
    """Write a file, or leave the old one as it was. Raises RecordingError."""
    header = Header(format="assistant_nb recording", version=1, title=recording.title)
    lines = [
        json.dumps(header.model_dump(), ensure_ascii=False),
        *(exchange.line() for exchange in recording.exchanges),
    ]
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise RecordingError(f"The recording '{path}' cannot be written: {error.strerror}.") from error


def _parse(kind: type[_L], path: Path, n: int, line: str) -> _L:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise RecordingError(f"'{path}', line {n}: {where}: {first['msg']}.") from error


# Matching


def digest(prompt: RecordedPrompt) -> str:
    """Return the fingerprint of a recorded prompt."""
    return fingerprint(prompt.model_dump())


def normal(prompt: Prompt) -> RecordedPrompt:
    """Reduce a prompt to what a recording keeps of it."""
    return RecordedPrompt.model_validate(essence(prompt))  # one call for a long dialogue is fast


def numbers(exchanges: Iterable[Exchange]) -> Iterator[tuple[str, int]]:
    """Yield of each exchange its digest and which answer to that prompt it is: its own number, else the next one."""
    taken: dict[str, set[int]] = {}
    for exchange in exchanges:
        known = taken.setdefault(found := digest(exchange.prompt), set())
        n = exchange.number if exchange.number not in known else max(known) + 1
        known.add(n)
        yield found, n


# What a miss says


def _question(prompt: RecordedPrompt) -> str:
    """Return the last thing that a user said. Without one, return the instructions."""
    for turn in reversed(prompt.messages):
        if turn.role == "user":
            return turn.content if isinstance(turn.content, str) else json.dumps(turn.content)
    return prompt.instructions or ""


def _miss(asked: RecordedPrompt, exchanges: Sequence[Exchange]) -> str:
    """Return the message of a miss: the question, the nearest recorded one, what differs, and the ways on."""
    question = _question(asked)
    ways = (
        "Ways on: start with model='practice', which answers by plain rules; ask a recorded question word for word, on"
        " a new thread; write your own exchange into a file and start with recording='FILE.jsonl'; or script the answer"
        " with model=Scripted('…')."
    )
    if not exchanges:
        return f"No answer: the recordings are empty. {ways}"
    nearest = max(
        (exchange.prompt for exchange in exchanges),
        key=lambda prompt: (
            difflib.SequenceMatcher(None, question, _question(prompt)).ratio(),
            -len(_differences(asked, prompt)),
            -abs(len(asked.messages) - len(prompt.messages)),
        ),
    )
    return (
        f"No recording holds this question: {_short(question)}. The nearest recorded question is"
        f" {_short(_question(nearest))}; it differs in {' and '.join(_differences(asked, nearest))}. {ways}"
    )


def _differences(asked: RecordedPrompt, recorded: RecordedPrompt) -> list[str]:
    """Return what differs: `["model (yours: 'gpt-4o', recorded: 'gpt-4')", "the question"]`."""
    found = [
        f"{name} (yours: {_short(getattr(asked, name))}, recorded: {_short(getattr(recorded, name))})"
        for name in ("model", "instructions", "tools", "tool_choice", "response_format")
        if getattr(asked, name) != getattr(recorded, name)
    ]
    if _question(asked) != _question(recorded):
        return [*found, "the question"]
    for n, (mine, theirs) in enumerate(zip_longest(asked.messages, recorded.messages), 1):
        if mine != theirs:
            found.append(f"the conversation from message {n} on (yours: {_said(mine)}, recorded: {_said(theirs)})")
            break
    return found


def _said(turn: RecordedTurn | None) -> str:
    if turn is None:
        return "nothing"
    calls = (f", {call.name}({_short(call.arguments)}) -> {_short(call.output)}" for call in turn.tool_calls)
    return f"{turn.role}: {_short(turn.content)}{''.join(calls)}"


def _short(value: object) -> str:
    return short(repr(value), 120)
