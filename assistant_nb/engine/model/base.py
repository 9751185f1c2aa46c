"""The one boundary between the run loop and whatever answers.

A model takes a `Prompt` and yields `TextDelta`s and `ToolCallDelta`s, then one `Finish`. It may raise
ModelError at any point, and Unanswered before it says anything: it is asked again when a person has answered.
It knows nothing of runs, threads or ids, so a recording holds none either.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal, Protocol, runtime_checkable

from ..wire import Json

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model made: `ToolCall("get_weather", '{"city": "Rome"}', "18 °C")`."""

    name: str
    arguments: str
    """JSON as the model wrote it, which may be no JSON at all."""
    output: str | None = None
    """What the tool answered; None in an answer, where nobody has called it yet."""

    def as_json(self) -> Json:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the dialogue: `Turn("user", "I need to solve …")`."""

    role: Role
    content: str | list[Json]
    """Plain text, or the message's content parts when it is more than one text."""
    tool_calls: Sequence[ToolCall] = ()
    """Made by an assistant after it had said `content`, with their outputs."""

    def as_json(self) -> Json:
        calls = {"tool_calls": [call.as_json() for call in self.tool_calls]} if self.tool_calls else {}
        return {"role": self.role, "content": self.content, **calls}

    @classmethod
    def from_json(cls, data: Json) -> "Turn":
        return cls(data["role"], data["content"], tuple(ToolCall(**call) for call in data.get("tool_calls", ())))


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a model gets to see."""

    model: str
    instructions: str | None
    messages: Sequence[Turn]
    tools: Sequence[Json] = ()
    files: Sequence[str] = ()
    """Where the code interpreter has files: `/mnt/data/points.csv`."""
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str | None = None
    response_format: str | Json = "auto"
    tool_choice: str | Json = "auto"
    parallel_tool_calls: bool = True
    max_completion_tokens: int | None = None
    said: Json | None = None
    """What a person has said to it in the model's seat: `{"text": …, "tool_calls": […]}`. No part of what is asked."""

    def as_json(self) -> Json:
        data = {**asdict(self), "messages": [turn.as_json() for turn in self.messages]}
        del data["said"]
        return {name: value for name, value in data.items() if value or name != "files"}

    @classmethod
    def from_json(cls, data: Json) -> "Prompt":
        """The inverse of `as_json`, for a journal that is read back."""
        return cls(**{**data, "messages": [Turn.from_json(turn) for turn in data["messages"]]})


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text."""

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"a TextDelta holds text, not {self.text!r}")


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call. The first piece of each call brings its name; later ones add to its arguments."""

    index: int
    """Which call of this answer, counted from 0."""
    arguments: str = ""
    name: str | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.index, int) and isinstance(self.arguments, str) and isinstance(self.name, str | None)):
            raise TypeError(f"a ToolCallDelta holds a number and texts, not {self!r}")


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an answer."""

    provenance: Json
    """Where the answer comes from, for the journal. `answer` is always there: "recorded" (a real
    endpoint), "source" (the source notebook), "authored" (written by a person), "practice" (plain rules),
    "scripted" (a test)."""
    prompt_tokens: int | None = None
    """None: the model did not count; the engine estimates."""
    completion_tokens: int | None = None
    reason: Literal["stop", "length"] = "stop"
    """"length": `max_completion_tokens` were used up before the answer was at its end."""

    def __post_init__(self) -> None:
        json.dumps(self.provenance, allow_nan=False)
        for count in (self.prompt_tokens, self.completion_tokens):
            if count is not None and (not isinstance(count, int) or count < 0):
                raise ValueError(f"tokens are counted in whole numbers from 0 on, not as {count!r}")


@dataclass(frozen=True, slots=True)
class Anew:
    """What was said so far does not count: somebody else answers from the beginning. See `fallback`."""

    why: str


Delta = TextDelta | ToolCallDelta | Anew | Finish


@runtime_checkable
class Model(Protocol):
    """Anything that answers."""

    name: str
    """One word for the banner, e.g. "recorded"."""

    @property
    def models(self) -> Sequence[str]:
        """Names for `GET /v1/models`: what an assistant may ask for."""
        ...

    def provenance(self) -> str:
        """Where the answers come from, in a few words for the banner."""
        ...

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        """Answer a prompt; raise ModelError when there is no answer, Unanswered when there is none yet."""
        ...


def tool_name(tool: Json) -> str:
    """The name under which a model calls a tool, or that a choice of a tool names."""
    return str(tool["function"]["name"] if tool["type"] == "function" else tool["type"])


def words(text: str) -> list[str]:
    """A text in the pieces in which it is said: `words("It is so.")` -> ["It", " is", " so."]."""
    return re.findall(r"\s*\S+|\s+$", text)


def call_deltas(index: int, call: ToolCall) -> Iterator[ToolCallDelta]:
    """A whole call as the pieces in which it comes."""
    yield ToolCallDelta(index, name=call.name)
    for piece in words(call.arguments):
        yield ToolCallDelta(index, piece)


def within(limit: int | None, answer: Iterable[Delta]) -> Iterator[Delta]:
    """An answer that breaks off where `limit` tokens by our estimate are used up. For models that do not count."""
    room, cut = limit * _BYTES_PER_TOKEN if limit else math.inf, False
    for delta in answer:
        if isinstance(delta, Finish):
            yield replace(delta, prompt_tokens=None, completion_tokens=None, reason="length") if cut else delta
        elif isinstance(delta, Anew):
            room, cut = limit * _BYTES_PER_TOKEN if limit else math.inf, False
            yield delta
        elif not cut:
            text = delta.text if isinstance(delta, TextDelta) else (delta.name or "") + delta.arguments
            room -= len(text.encode(errors="replace"))
            if cut := room < 0:  # of a text its beginning is kept; of a call the piece is left out
                text = text.encode(errors="replace")[: int(room)].decode(errors="ignore")
                if isinstance(delta, TextDelta) and text:
                    yield TextDelta(text)
            else:
                yield delta


_BYTES_PER_TOKEN: Final = 4


def estimate_tokens(text: str) -> int:
    """A rough count, four bytes to the token, marked as `estimated` wherever it is shown."""
    return math.ceil(len(text.encode(errors="replace")) / _BYTES_PER_TOKEN)


def estimate_turn_tokens(turn: Turn) -> int:
    parts = [turn.content if isinstance(turn.content, str) else json.dumps(turn.content)]
    for call in turn.tool_calls:
        parts += [call.name, call.arguments, call.output or ""]
    return sum(estimate_tokens(part) for part in parts)


def estimate_prompt_tokens(prompt: Prompt) -> int:
    parts = [prompt.instructions or "", *(json.dumps(tool) for tool in prompt.tools)]
    return sum(map(estimate_tokens, parts)) + sum(map(estimate_turn_tokens, prompt.messages))
