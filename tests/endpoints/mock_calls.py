"""A model for LiteLLM's proxy that calls the first function it is offered, then says what that answered."""

import json
from collections.abc import AsyncIterator
from typing import Any

from litellm import CustomLLM
from litellm.types.utils import GenericStreamingChunk


class Caller(CustomLLM):
    async def astreaming(
        self, messages: list[dict[str, Any]], optional_params: dict[str, Any], **_: object
    ) -> AsyncIterator[GenericStreamingChunk]:
        if messages[-1]["role"] == "tool":
            for piece in ("It ", "says: ", str(messages[-1]["content"])):
                yield _chunk(text=piece)
            yield _chunk(finish="stop")
        else:
            name = optional_params["tools"][0]["function"]["name"]
            yield _chunk(call={"id": "call_mock", "function": {"name": name, "arguments": ""}})
            for piece in ('{"ci', 'ty": ', json.dumps("Tromsø"), "}"):
                yield _chunk(call={"id": None, "function": {"name": None, "arguments": piece}})
            yield _chunk(finish="tool_calls")


def _chunk(text: str = "", call: dict[str, Any] | None = None, finish: str = "") -> GenericStreamingChunk:
    tool_use: Any = {"type": "function", "index": 0, **call} if call else None
    usage: Any = {"prompt_tokens": 31, "completion_tokens": 9, "total_tokens": 40} if finish else None
    return {
        "text": text, "tool_use": tool_use, "is_finished": bool(finish), "finish_reason": finish, "usage": usage, "index": 0,
    }  # fmt: skip


caller = Caller()
