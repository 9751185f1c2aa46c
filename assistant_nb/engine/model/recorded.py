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
    raises NoRecording. Its message has three lines: the question, what differs from the nearest recorded one, a line of
    code that helps.

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
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ...texts import count, short
from ..errors import NoRecording, RecordingError
from ..parts import Provenance as Origin
from .base import Delta, Finish, Prompt, ToolCall, answer_deltas, within
from .fingerprint import essence, fingerprint

SHIPPED = Path(__file__).parents[2] / "recordings"
"""The recordings of the lessons."""

_MOST: Final = 300
"""The longest message of a miss, in characters."""
_CUT: Final = 50
"""Where its quotations are cut off."""

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
    refuses: bool = False
    tool_calls: list[RecordedCall] = []
    finish_reason: Literal["stop", "length"] = "stop"
    wait_ms: Annotated[int, Field(ge=0)] = 0
    pace_ms: Annotated[int, Field(ge=0)] = 0
    usage: RecordedUsage | None
    provenance: Provenance

    def deltas(self) -> Iterator[Delta]:
        """Yield the answer in pieces."""
        calls = [ToolCall(call.name, call.arguments) for call in self.tool_calls]
        yield from answer_deltas(self.answer, calls, refuses=self.refuses)
        usage = self.usage.model_dump() if self.usage else {}
        yield Finish(cast(Origin, self.provenance.model_dump(exclude_none=True)), **usage, reason=self.finish_reason)


class Recording(NamedTuple):
    """The contents of a file."""

    title: str
    exchanges: Sequence[Exchange]


class Recorded:
    """Replays the exchanges of one or more files; of all lessons if none is given.

    `pace` is a factor for the recorded times: 0 answers at once, 1 as recorded, 2 half as fast. `way_on` is a line that
    lets rules answer, as a learner can paste it; a miss ends with it.
    Raises RecordingError for a file that is missing or malformed.
    """

    name = "recorded"

    def __init__(self, *paths: Path, pace: float = 0, way_on: str = "") -> None:
        self._pace, self._way_on = pace, way_on
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
            raise NoRecording(_miss(normal(prompt), self.exchanges, self._way_on))
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


def find(name: str | os.PathLike[str], folder: Path = Path()) -> Path:
    """Find a recording by its name ("01_first_assistant") or its path. Raises RecordingError.

    One in `folder`, where the notebook is, comes before a shipped one of the same name.
    """
    stem = f"{os.fspath(name)}.jsonl"
    for path in (folder / stem, folder / name, SHIPPED / stem):
        if path.is_file():
            return path.resolve()
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


def _miss(asked: RecordedPrompt, exchanges: Sequence[Exchange], way_on: str) -> str:
    """Return the message of a miss: the question, what differs from the nearest recorded one, and the way on."""
    if question := _question(asked):
        first = f"No recording holds this question: {_short(question)}."
        second = _nearest(asked, question, exchanges) if exchanges else "The recordings are empty."
    else:
        first, second = "No recording holds this, as there is no question.", 'Add a message with role="user" first.'
    last = f"{way_on}  # plain rules answer" if way_on else ""
    return "\n".join(filter(None, (first, short(second, _MOST - len(first) - len(last) - 2), last)))


def _nearest(asked: RecordedPrompt, question: str, exchanges: Sequence[Exchange]) -> str:
    """Return a sentence about the nearest recorded prompt. It does not repeat what both have in common."""
    nearest = max(
        (exchange.prompt for exchange in exchanges),
        key=lambda prompt: (
            difflib.SequenceMatcher(None, question, _question(prompt)).ratio(),
            -len(_other_fields(asked, prompt)),
            -abs(len(asked.messages) - len(prompt.messages)),
        ),
    )
    fields = _other_fields(asked, nearest)
    if question != (theirs := _question(nearest)):
        return f"Nearest recorded: {_short(_apart(theirs, question)[0])}.{_also(fields)}"
    if fields:
        theirs, mine = map(_short, _apart(*(_plain(getattr(prompt, fields[0])) for prompt in (nearest, asked))))
        return f"It is recorded, but with the {fields[0]} {theirs}, not {mine}.{_also(fields[1:])}"
    return _other_dialogue(asked.messages, nearest.messages, question)


def _also(fields: Sequence[str]) -> str:
    return f" Also different: {', '.join(fields)}." if fields else ""


def _other_dialogue(mine: Sequence[RecordedTurn], theirs: Sequence[RecordedTurn], question: str) -> str:
    """Return how a dialogue differs. A message that stands in it once too often tells of a cell that ran twice."""
    recorded = Counter(_plain(turn.content) for turn in theirs if turn.role == "user")
    for content, n in Counter(_plain(turn.content) for turn in mine if turn.role == "user").items():
        if n > recorded[content] > 0:
            what, once = "It" if content == question else _short(content), count(recorded[content], "time")
            return f"{what} was asked {n} times here and {once} in the recording. Did a cell run twice?"
    for n, (turn, other) in enumerate(zip(mine, theirs, strict=False), 1):
        if turn != other:
            here, there = map(_cut, _apart(_said(turn), _said(other)))
            return f"Message {n} is {here} here and {there} in the recording."
    n, only = min(len(mine), len(theirs)), max(mine, theirs, key=len)
    return f"Message {n + 1} is only {'here' if only is mine else 'in the recording'}: {_cut(_said(only[n]))}."


def _question(prompt: RecordedPrompt) -> str:
    """Return the last thing that a user said, or nothing."""
    return next((_plain(turn.content) for turn in reversed(prompt.messages) if turn.role == "user"), "")


def _other_fields(asked: RecordedPrompt, recorded: RecordedPrompt) -> list[str]:
    """Return what differs beside the messages: `["model", "instructions"]`."""
    names = ("model", "instructions", "tools", "tool_choice", "response_format")
    return [name for name in names if getattr(asked, name) != getattr(recorded, name)]


def _said(turn: RecordedTurn) -> str:
    calls = (f"{call.name}({call.arguments}) -> {call.output!r}" for call in turn.tool_calls)
    return f"{turn.role}: {', '.join((repr(_plain(turn.content)), *calls))}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _apart(one: str, other: str) -> tuple[str, str]:
    """Leave out a long beginning that both texts have."""
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = same - 10 if same > _CUT // 2 else 0
    return (f"…{one[start:]}", f"…{other[start:]}") if start else (one, other)


def _cut(text: str) -> str:
    return short(" ".join(text.split()), _CUT)


def _short(text: str) -> str:
    quoted = repr(text)
    return quoted if len(quoted) <= _CUT else f"{quoted[: _CUT - 2]}…{quoted[0]}"
