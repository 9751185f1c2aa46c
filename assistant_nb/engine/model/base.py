"""The model protocol: the one boundary between the run loop and whatever answers.

A run does not know who answers it. A recording, an endpoint on the internet, a set of rules, a person and a test
script all look the same from outside: you give them a `Prompt`, and they yield the answer in pieces.

    prompt = Prompt("gpt-4o", "Be brief.", [Turn("user", "What is 2 + 2?")])
    list(model.ask(prompt))
    [TextDelta("It is"), TextDelta(" 4."), Finish({"answer": "recorded"})]

Why the boundary is here, and not at HTTP
    The engine could record the requests that it sends and the bytes that come back. Such a recording breaks with every
    change of an SDK, a header or an address. A prompt and an answer are what a person would write down of a dialogue.
    They stay valid as long as the question stays the same, and a student can read them.

Why a prompt has no ids
    A prompt holds the words of a thread, but no ids of a thread, a run or a message, and no times. So the same question
    makes an equal prompt in each run, and a recording finds its answer again.

Why an answer comes in pieces
    Real models say one word after the other, and a stream shows each word as it comes. A model that has its answer
    ready, such as a recording, cuts it into the same pieces (`words`), so a stream works with every model.

What a model may yield, in this order
    1. `TextDelta`s, the pieces of the text.
    2. `ToolCallDelta`s, the pieces of tool calls. A model does not run a tool. It names a tool and its arguments, then
       it ends. The run loop gets the output and asks again, with a prompt that holds the call and its output.
    3. One `Finish`: where the answer comes from, what it cost, and whether it is whole.
    `Anew` may stand before any of them. It takes back everything that came before it.

What a model may raise
    `ModelError` at any point: there is no answer. The run fails, and the error becomes its `last_error`.
    `Unanswered` before the first delta: there is no answer yet. The run waits, and the loop asks again later.

Models can be put around other models, because all have the same shape: `Recorder` writes down what another model says,
`Fallback` asks a second model when the first one fails, `Faulty` breaks an answer on purpose.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol, runtime_checkable

from ..entries import Asked, MadeCall, PromptPart, PromptTurn
from ..params.fields import ChosenFunctionTool, ChosenTool, Settings, ToolChoice, settings
from ..params.lab import Said
from ..parts import Provenance, Tool

# What a model is asked
#
# These three classes are values: frozen, without behaviour, equal if their fields are equal. `as_json` gives the form
# in which a journal keeps them and `/v1/lab` shows them; `from_json` reads that form back.


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model made: `ToolCall("get_weather", '{"city": "Rome"}', "18 °C")`."""

    name: str
    arguments: str
    """JSON as the model wrote it. A model can make mistakes, so it may be no JSON at all."""
    output: str | None = None
    """What the tool answered. None in an answer, where nothing has run yet."""

    def as_json(self) -> MadeCall:
        made: MadeCall = {"name": self.name, "arguments": self.arguments}
        return made if self.output is None else {**made, "output": self.output}


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the dialogue: `Turn("user", "I need to solve …")`.

    A tool call and its output belong to the assistant's turn that made the call. Chat completions send the output as a
    message of its own, with the role "tool". Here it has no turn, so every turn is a person's or the model's.
    """

    role: Literal["user", "assistant"]
    content: str | Sequence[PromptPart]
    """Plain text; or parts, where the content is more than one text."""
    tool_calls: Sequence[ToolCall] = ()
    """The calls that an assistant made after it had said `content`, with their outputs."""

    def as_json(self) -> PromptTurn:
        content = self.content if isinstance(self.content, str) else list(self.content)
        turn: PromptTurn = {"role": self.role, "content": content}
        return {**turn, "tool_calls": [call.as_json() for call in self.tool_calls]} if self.tool_calls else turn

    @classmethod
    def from_json(cls, data: PromptTurn) -> "Turn":
        return cls(data["role"], data["content"], tuple(ToolCall(**call) for call in data.get("tool_calls", ())))


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything that a model gets to see. Nothing else can change its answer."""

    model: str
    instructions: str | None
    messages: Sequence[Turn]
    tools: Sequence[Tool] = ()
    files: Sequence[str] = ()
    """Where the code interpreter has files: `/mnt/data/points.csv`."""
    settings: Settings = field(default_factory=lambda: settings({}))
    """Temperature, reasoning effort, the format of the answer and so on."""
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    max_completion_tokens: int | None = None
    said: Said | None = None
    """What a person in the model's seat has said: `{"text": …, "tool_calls": […]}`. It is an answer, not a question, so
    `as_json` leaves it out."""
    number: int = 1
    """Which run it is, of those that began with the same prompt: 2 for the second one. A recording that holds several
    answers to one prompt gives them in this order. `as_json` leaves it out, too."""

    def as_json(self) -> Asked:
        asked: Asked = {
            "model": self.model,
            "instructions": self.instructions,
            "messages": [turn.as_json() for turn in self.messages],
            "tools": list(self.tools),
            "files": list(self.files),
            **self.settings,
            "tool_choice": self.tool_choice,
            "parallel_tool_calls": self.parallel_tool_calls,
            "max_completion_tokens": self.max_completion_tokens,
        }
        if not self.files:
            del asked["files"]
        return asked

    @classmethod
    def from_json(cls, data: Asked, said: Said | None = None, number: int = 1) -> "Prompt":
        """The inverse of `as_json`, for a journal that is read back."""
        return cls(
            model=data["model"],
            instructions=data["instructions"],
            messages=[Turn.from_json(turn) for turn in data["messages"]],
            tools=data["tools"],
            files=data.get("files", ()),
            settings=settings(data),
            tool_choice=data["tool_choice"],
            parallel_tool_calls=data["parallel_tool_calls"],
            max_completion_tokens=data["max_completion_tokens"],
            said=said,
            number=number,
        )


# What a model answers
#
# Deltas are checked when they are made. A model may be anybody's code, and a wrong type is found most easily where it
# enters: here, with the model's own lines in the traceback, and not later in the run loop.


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text."""

    text: str
    refuses: bool = False
    """Whether the model says why it does not answer. A response tells that apart, a run does not."""

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"a TextDelta holds text, not {self.text!r}")


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call. The first piece of each call brings its name. Later pieces add to its arguments.

    The call `add({"a": 1})` may come as three deltas:

        ToolCallDelta(0, name="add"), ToolCallDelta(0, '{"a":'), ToolCallDelta(0, " 1}")
    """

    index: int
    """Which call of this answer, counted from 0."""
    arguments: str = ""
    name: str | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.index, int) and isinstance(self.arguments, str) and isinstance(self.name, str | None)):
            raise TypeError(f"a ToolCallDelta holds a number and texts, not {self!r}")


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an answer. A model that stops without it has broken off, and the run fails."""

    provenance: Provenance
    """Where the answer comes from. A learner must never take a script's words for a language model's, so the journal
    keeps it. `answer` is always there: "live" or "recorded" (from an endpoint), "source" (from the source notebook),
    "authored" (by a person), "practice" (by plain rules), "scripted" (by a test)."""
    prompt_tokens: int | None = None
    """None: the model did not count, so the engine estimates."""
    completion_tokens: int | None = None
    reason: Literal["stop", "length"] = "stop"
    """"length": `max_completion_tokens` were used up before the answer was complete."""

    def __post_init__(self) -> None:
        json.dumps(self.provenance, allow_nan=False)
        for count in (self.prompt_tokens, self.completion_tokens):
            if count is not None and (not isinstance(count, int) or count < 0):
                raise ValueError(f"tokens are counted in whole numbers from 0 on, not as {count!r}")


@dataclass(frozen=True, slots=True)
class Anew:
    """Everything before this delta does not count: another model answers from the beginning. See `fallback`.

    A stream has already shown the words that are taken back. It cannot unsay them, but the thread can drop them.
    """

    why: str


Delta = TextDelta | ToolCallDelta | Anew | Finish


@runtime_checkable
class Model(Protocol):
    """Anything that answers. A class with these four members is a model: it needs no base class."""

    name: str
    """One word for the banner, such as "recorded"."""

    @property
    def models(self) -> Sequence[str]:
        """Names for `GET /v1/models`: what an assistant may ask for."""
        ...

    def provenance(self) -> str:
        """Where the answers come from, in a few words for the banner."""
        ...

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        """Answer a prompt. Raises ModelError if there is no answer, Unanswered if there is none yet.

        A generator is closed when nobody wants the rest of its answer, for instance when the run is cancelled.
        """
        ...


def tool_name(tool: Tool | ChosenFunctionTool | ChosenTool) -> str:
    """Return the name of a tool, or of a choice of one: a function's own name, or such as "file_search"."""
    return tool["function"]["name"] if tool["type"] == "function" else tool["type"]


# How a ready answer becomes deltas


def words(text: str) -> list[str]:
    """Cut a text into the pieces of a stream: `words("It is so.")` is `["It", " is", " so."]`."""
    return re.findall(r"\s*\S+|\s+$", text)


def call_deltas(index: int, call: ToolCall) -> Iterator[ToolCallDelta]:
    """Yield a whole call as the pieces of a stream."""
    yield ToolCallDelta(index, name=call.name)
    for piece in words(call.arguments):
        yield ToolCallDelta(index, piece)


def answer_deltas(
    text: str, calls: Iterable[ToolCall], *, refuses: bool = False
) -> Iterator[TextDelta | ToolCallDelta]:
    """Yield a whole answer as the pieces of a stream."""
    yield from (TextDelta(piece, refuses) for piece in words(text))
    for index, call in enumerate(calls):
        yield from call_deltas(index, call)


def within(limit: int | None, answer: Iterable[Delta]) -> Iterator[Delta]:
    """Cut an answer off after `limit` estimated tokens. For models that do not count tokens themselves."""
    if not limit:
        yield from answer
        return
    room, cut = limit * _BYTES_PER_TOKEN, False
    for delta in answer:
        if isinstance(delta, Finish):
            yield replace(delta, prompt_tokens=None, completion_tokens=None, reason="length") if cut else delta
        elif isinstance(delta, Anew):  # the next answer has all the tokens again
            room, cut = limit * _BYTES_PER_TOKEN, False
            yield delta
        elif not cut:
            text = delta.text if isinstance(delta, TextDelta) else (delta.name or "") + delta.arguments
            room -= len(text.encode(errors="replace"))
            if cut := room < 0:  # keep the beginning of a text; leave a piece of a call out
                text = text.encode(errors="replace")[:room].decode(errors="ignore")
                if isinstance(delta, TextDelta) and text:
                    yield replace(delta, text=text)
            else:
                yield delta


# How tokens are estimated
#
# Each language model has its own tokens, and only its maker knows them. Limits and usage need a number without one.
# English text has about four bytes to the token, so that is the estimate. Where it is shown, it says `estimated`.

_BYTES_PER_TOKEN: Final = 4


def estimate_tokens(text: str) -> int:
    return math.ceil(len(text.encode(errors="replace")) / _BYTES_PER_TOKEN)


def estimate_turn_tokens(turn: Turn) -> int:
    texts = [turn.content if isinstance(turn.content, str) else json.dumps(turn.content)]
    for call in turn.tool_calls:
        texts += [call.name, call.arguments, call.output or ""]
    return sum(map(estimate_tokens, texts))


def estimate_prompt_tokens(prompt: Prompt) -> int:
    texts = [prompt.instructions or "", *(json.dumps(tool) for tool in prompt.tools)]
    return sum(map(estimate_tokens, texts)) + sum(map(estimate_turn_tokens, prompt.messages))
