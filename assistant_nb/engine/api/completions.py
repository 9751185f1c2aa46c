"""Chat completions: a request as a prompt, and what a model says to it as one answer or as chunks. Pure.

Nothing is kept between two requests: all that the model shall know is in the messages. A request and a run with the
same dialogue are one prompt, so they get the same recorded answer.

Source: API reference, "Create chat completion", "The chat completion object", "The chat completion chunk object".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NotRequired, TypedDict

from .. import wire
from ..entries import PromptPart
from ..errors import BadRequest
from ..model.base import (
    Finish,
    Prompt,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Turn,
    estimate_prompt_tokens,
    estimate_tokens,
)
from ..params.chat import Answer, ChatPart, CompletionCall, CreateChatCompletion, Output, Question
from ..params.fields import settings
from ..parts import CachedTokens, Provenance, ReasoningTokens, Usage


class Delta(TypedDict, total=False):
    """What a chunk adds to the answer."""

    role: Literal["assistant"]
    content: str
    refusal: None
    tool_calls: list["CallDelta"]


class FunctionDelta(TypedDict, total=False):
    name: str
    arguments: str


class CallDelta(TypedDict, total=False):
    index: int
    id: str
    type: Literal["function"]
    function: FunctionDelta


class Said(TypedDict):
    role: Literal["assistant"]
    content: str | None
    tool_calls: NotRequired[list[CompletionCall]]
    refusal: None
    annotations: list[object]


FinishReason = Literal["stop", "length", "tool_calls"]


class Choice(TypedDict):
    index: int
    message: Said
    logprobs: None
    finish_reason: FinishReason


class ChunkChoice(TypedDict):
    index: int
    delta: Delta
    logprobs: None
    finish_reason: FinishReason | None


class CompletionUsage(TypedDict):
    """A run's `Usage`, but for a name: runs say `prompt_token_details`."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens
    completion_tokens_details: ReasoningTokens
    estimated: NotRequired[bool]


class ChatCompletion(TypedDict):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage
    system_fingerprint: None
    provenance: Provenance


class Chunk(TypedDict):
    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    system_fingerprint: None
    choices: list[ChunkChoice]
    usage: NotRequired[CompletionUsage | None]
    provenance: NotRequired[Provenance]
    """Ours, in the last chunk with a choice."""


def prompt_of(body: CreateChatCompletion) -> Prompt:
    """What the model gets to see. Raises BadRequest for calls without outputs, and outputs without calls."""
    above = [one for one in body["messages"] if one["role"] == "system" or one["role"] == "developer"]
    dialogue = [one for one in body["messages"] if not (one["role"] == "system" or one["role"] == "developer")]
    return Prompt(
        model=body["model"],
        instructions="\n\n".join(_text(one["content"]) for one in above) or None,
        messages=list(_turns(dialogue)),
        tools=[wire.tool(tool) for tool in body.get("tools", [])],
        settings=settings(body),
        tool_choice=body.get("tool_choice", "auto"),
        parallel_tool_calls=body.get("parallel_tool_calls", True),
        max_completion_tokens=body.get("max_completion_tokens", body.get("max_tokens")),
    )


def _turns(messages: list[Question | Answer | Output]) -> Iterator[Turn]:
    waiting = iter(messages)
    message = next(waiting, None)
    while message:
        if message["role"] == "tool":
            raise BadRequest(
                "Invalid parameter: messages with role 'tool' must be a response to a preceding message with"
                " 'tool_calls'.",
                param="messages",
            )
        calls = message.get("tool_calls", []) if message["role"] == "assistant" else []
        outputs: dict[str, str] = {}
        following = next(waiting, None)
        while calls and following and following["role"] == "tool":
            outputs[following["tool_call_id"]] = _text(following["content"])
            following = next(waiting, None)
        if missing := [call["id"] for call in calls if call["id"] not in outputs]:
            raise BadRequest(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
                f" 'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(missing)}",
                param="messages",
            )
        made = tuple(ToolCall(**call["function"], output=outputs[call["id"]]) for call in calls)
        yield Turn(message["role"], _content(message.get("content", "")), made)
        message = following


def _content(content: str | Sequence[ChatPart]) -> str | list[PromptPart]:
    """One text is a string; only with pictures are there parts."""
    if isinstance(content, str) or all(part["type"] == "text" for part in content):
        return _text(content)
    return [*content]


def _text(content: str | Sequence[ChatPart]) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content if part["type"] == "text")


@dataclass
class Completion:
    """One answer, as it comes. `call_ids` are the ids of its tool calls, in order."""

    id: str
    created: int
    prompt: Prompt
    call_ids: Iterable[str]
    text: str = ""
    calls: list[CompletionCall] = field(default_factory=list)
    finish: Finish = field(default_factory=lambda: Finish({"answer": ""}))
    counted: bool = False
    """Whether its chunks tell the usage: the last one does, the others say null."""

    def take(self, part: TextDelta | ToolCallDelta | Finish) -> Iterator[Delta]:
        """The `delta`s that a part makes."""
        match part:
            case TextDelta(text):
                self.text += text
                yield {"content": text}
            case ToolCallDelta(index, arguments, name):
                if index == len(self.calls):
                    id, name = next(iter(self.call_ids)), name or ""
                    self.calls.append({"id": id, "type": "function", "function": {"name": name, "arguments": ""}})
                    begun: FunctionDelta = {"name": name, "arguments": ""}
                    yield {"tool_calls": [{"index": index, "id": id, "type": "function", "function": begun}]}
                if arguments:
                    self.calls[index]["function"]["arguments"] += arguments
                    yield {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}
            case Finish():
                self.finish = part

    def whole(self) -> ChatCompletion:
        message: Said = {
            "role": "assistant",
            "content": self.text or (None if self.calls else ""),
            "tool_calls": self.calls,
            "refusal": None,
            "annotations": [],
        }
        if not self.calls:
            del message["tool_calls"]
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.prompt.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": self.reason}],
            "usage": self.usage(),
            "system_fingerprint": None,
            "provenance": self.finish.provenance,
        }

    def chunk(self, delta: Delta | None, reason: FinishReason | None = None) -> Chunk:
        """A chunk; with `delta=None` the one without choices that brings the usage."""
        choices: list[ChunkChoice] = []
        if delta is not None:
            choices.append({"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason})
        chunk: Chunk = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.prompt.model,
            "system_fingerprint": None,
            "choices": choices,
        }
        if self.counted:
            chunk["usage"] = None
        return chunk

    @property
    def reason(self) -> FinishReason:
        return "length" if self.finish.reason == "length" else "tool_calls" if self.calls else "stop"

    def usage(self) -> CompletionUsage:
        """The model's own count, or the engine's estimate marked as such."""
        if self.finish.prompt_tokens is not None and self.finish.completion_tokens is not None:
            return _renamed(wire.usage(self.finish.prompt_tokens, self.finish.completion_tokens))
        said = self.text + "".join(call["function"]["name"] + call["function"]["arguments"] for call in self.calls)
        return _renamed(wire.usage(estimate_prompt_tokens(self.prompt), estimate_tokens(said), estimated=True))


def _renamed(usage: Usage) -> CompletionUsage:
    renamed: CompletionUsage = {
        "prompt_tokens": usage["prompt_tokens"],
        "completion_tokens": usage["completion_tokens"],
        "total_tokens": usage["total_tokens"],
        "prompt_tokens_details": usage["prompt_token_details"],
        "completion_tokens_details": usage["completion_tokens_details"],
    }
    if "estimated" in usage:
        renamed["estimated"] = usage["estimated"]
    return renamed
