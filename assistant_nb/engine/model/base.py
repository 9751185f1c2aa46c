"""The one boundary between the run loop and whatever answers.

A model takes a `Prompt` and yields `TextDelta`s, then one `Finish`. It may raise ModelError at any
point. It knows nothing of runs, threads or ids, so a recording holds none either.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol, runtime_checkable

from ..wire import Json

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the dialogue: `Turn("user", "I need to solve …")`."""

    role: Role
    content: str | list[Json]
    """Plain text, or the message's content parts when it is more than one text."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a model gets to see."""

    model: str
    instructions: str | None
    messages: Sequence[Turn]
    tools: Sequence[Json] = ()
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str | None = None
    response_format: str | Json = "auto"
    tool_choice: str | Json = "auto"
    parallel_tool_calls: bool = True
    max_completion_tokens: int | None = None

    def as_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> "Prompt":
        """The inverse of `as_json`, for a journal that is read back."""
        return cls(**{**data, "messages": [Turn(**turn) for turn in data["messages"]]})


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text."""

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"a TextDelta holds text, not {self.text!r}")


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an answer."""

    provenance: Json
    """Where the answer comes from, for the journal. `answer` is always there: "recorded" (a real
    endpoint), "source" (the source notebook), "authored" (written for a lesson), "scripted" (a test)."""
    prompt_tokens: int | None = None
    """None: the model did not count; the engine estimates."""
    completion_tokens: int | None = None

    def __post_init__(self) -> None:
        json.dumps(self.provenance, allow_nan=False)
        for count in (self.prompt_tokens, self.completion_tokens):
            if count is not None and (not isinstance(count, int) or count < 0):
                raise ValueError(f"tokens are counted in whole numbers from 0 on, not as {count!r}")


@runtime_checkable
class Model(Protocol):
    """Anything that answers. Two are here: `recorded` and `scripted`."""

    name: str
    """One word for the banner, e.g. "recorded"."""

    def provenance(self) -> str:
        """Where the answers come from, in a few words for the banner."""
        ...

    def ask(self, prompt: Prompt) -> Iterator[TextDelta | Finish]:
        """Answer a prompt; raise ModelError when there is no answer."""
        ...


def estimate_tokens(text: str) -> int:
    """A rough count, four bytes to the token, marked as `estimated` wherever it is shown."""
    return math.ceil(len(text.encode(errors="replace")) / 4)


def estimate_prompt_tokens(prompt: Prompt) -> int:
    parts = [prompt.instructions or "", *(json.dumps(tool) for tool in prompt.tools)]
    parts += [turn.content if isinstance(turn.content, str) else json.dumps(turn.content) for turn in prompt.messages]
    return sum(estimate_tokens(part) for part in parts)
