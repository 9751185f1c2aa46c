"""Chat completions: a request as a prompt, and what a model says to it as one answer or as chunks. Pure.

Nothing is kept between two requests: all that the model shall know is in the messages. A request and a run with the
same dialogue are one prompt, so they get the same recorded answer.

Source: API reference, "Create chat completion", "The chat completion object", "The chat completion chunk object".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

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
from ..parts import Tool
from ..wire import Json


def prompt_of(body: Json) -> Prompt:
    """What the model gets to see. Raises BadRequest for calls without outputs, and outputs without calls."""
    tools = cast(list[Tool], [wire.tool(tool) for tool in body.get("tools", [])])
    return Prompt(
        model=body["model"],
        instructions="\n\n".join(_text(one["content"]) for one in body["messages"] if one["role"] in _ABOVE) or None,
        messages=list(_turns([one for one in body["messages"] if one["role"] not in _ABOVE])),
        tools=tools,
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
        reasoning_effort=body.get("reasoning_effort"),
        response_format=body.get("response_format", "auto"),
        tool_choice=body.get("tool_choice", "auto"),
        parallel_tool_calls=body.get("parallel_tool_calls", True),
        max_completion_tokens=body.get("max_completion_tokens", body.get("max_tokens")),
    )


_ABOVE = ("system", "developer")
"""Roles of what stands above the dialogue: a run's instructions."""


def _turns(messages: list[Json]) -> Iterator[Turn]:
    waiting = iter(messages)
    message = next(waiting, None)
    while message:
        calls = message.get("tool_calls", [])
        if message["role"] == "tool":
            raise BadRequest(
                "Invalid parameter: messages with role 'tool' must be a response to a preceding message with"
                " 'tool_calls'.",
                param="messages",
            )
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


def _content(content: str | list[PromptPart]) -> str | list[PromptPart]:
    """One text is a string; only with pictures are there parts."""
    if isinstance(content, str) or any(part["type"] == "image_url" for part in content):
        return content
    return _text(content)


def _text(content: str | list[PromptPart]) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content if part["type"] == "text")


@dataclass
class Completion:
    """One answer, as it comes. `call_ids` are the ids of its tool calls, in order."""

    id: str
    created: int
    prompt: Prompt
    call_ids: Iterable[str]
    text: str = ""
    calls: list[Json] = field(default_factory=list)
    finish: Finish = field(default_factory=lambda: Finish({"answer": ""}))

    def take(self, part: TextDelta | ToolCallDelta | Finish) -> Iterator[Json]:
        """The `delta`s that a part makes."""
        match part:
            case TextDelta(text):
                self.text += text
                yield {"content": text}
            case ToolCallDelta(index, arguments, name):
                if index == len(self.calls):
                    function = {"name": name or "", "arguments": ""}
                    self.calls.append({"id": next(iter(self.call_ids)), "type": "function", "function": function})
                    yield {"tool_calls": [{"index": index, **self.calls[index], "function": {**function}}]}
                if arguments:
                    self.calls[index]["function"]["arguments"] += arguments
                    yield {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}
            case Finish():
                self.finish = part

    def whole(self) -> Json:
        """`{"id": "chatcmpl-…", "object": "chat.completion", …}`"""
        calls = {"tool_calls": self.calls} if self.calls else {}
        message = {"role": "assistant", "content": self.text or (None if calls else ""), **calls}
        message |= {"refusal": None, "annotations": []}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.reason}
        head = {"id": self.id, "object": "chat.completion", "created": self.created, "model": self.prompt.model}
        tail = {"usage": self.usage(), "system_fingerprint": None, "provenance": self.finish.provenance}
        return {**head, "choices": [choice], **tail}

    def chunk(self, delta: Json | None, *, reason: str | None = None, **usage: Json | None) -> Json:
        """A chunk; with `delta=None` the one without choices that brings the usage."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        head = {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.prompt.model}
        return {**head, "system_fingerprint": None, "choices": [] if delta is None else [choice], **usage}

    @property
    def reason(self) -> str:
        return "length" if self.finish.reason == "length" else "tool_calls" if self.calls else "stop"

    def usage(self) -> Json:
        """The model's own count, or the engine's estimate marked as such."""
        if self.finish.prompt_tokens is not None and self.finish.completion_tokens is not None:
            return _details(wire.usage(self.finish.prompt_tokens, self.finish.completion_tokens))
        said = self.text + "".join(call["function"]["name"] + call["function"]["arguments"] for call in self.calls)
        return _details(wire.usage(estimate_prompt_tokens(self.prompt), estimate_tokens(said), estimated=True))


def _details(usage: Json) -> Json:
    """Runs say `prompt_token_details`, chat completions `prompt_tokens_details`."""
    return {"prompt_tokens_details" if key == "prompt_token_details" else key: value for key, value in usage.items()}
