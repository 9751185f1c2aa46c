"""The dialect of chat completions: a prompt as a request, the chunks of a streamed answer as deltas. Pure.

Endpoints differ, so a request holds only what the prompt asks for. Chat completions know only functions. So the
built-in tools are offered as functions with one argument: `{"code": "1 + 1"}` there is `1 + 1` here.

Source: API reference, "Create chat completion" and "The chat completion chunk object".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NotRequired, TypedDict, cast

from ...texts import short
from ..entries import PromptPart
from ..errors import ModelError
from ..params.fields import DEFAULT_SETTINGS, JsonSchema, Settings, SettingsParam
from ..parts import FunctionCall, Tool
from .base import Delta, Prompt, TextDelta, ToolCall, ToolCallDelta, Turn, tool_name, words

_FILES: Final = "Files are in /mnt/data; save results there, and link them: [table](sandbox:/mnt/data/table.csv)."
_BUILT_IN: Final = {
    "code_interpreter": ("code", "Runs Python code and shows what it prints; state lasts between calls. " + _FILES),
    "file_search": ("query", "Searches the files. Cite what you use with the mark that stands above it."),
}
"""The tools that the engine runs by itself, each with its argument and its description for the model."""
_SHOWN: Final = 120
"""Characters of wrong arguments that an error message shows."""


# The shapes of the dialect


class _Message(TypedDict):
    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[PromptPart]
    tool_calls: NotRequired[list[FunctionCall]]
    tool_call_id: NotRequired[str]


class _Offer(TypedDict):
    name: str
    description: NotRequired[str]
    parameters: dict[str, Any]
    """A JSON schema."""
    strict: NotRequired[bool]


class _OfferedTool(TypedDict):
    type: Literal["function"]
    function: _Offer


class Request(SettingsParam):
    """The arguments of `chat.completions.create`."""

    model: str
    messages: list[_Message]
    stream: Literal[True]
    stream_options: dict[Literal["include_usage"], bool]
    tools: NotRequired[list[_OfferedTool]]
    tool_choice: NotRequired[Literal["none", "required"]]
    parallel_tool_calls: NotRequired[bool]
    max_tokens: NotRequired[int]


class Tokens(TypedDict, total=False):
    prompt_tokens: int
    completion_tokens: int


class _FunctionPiece(TypedDict, total=False):
    name: str | None
    arguments: str | None


class _CallPiece(TypedDict, total=False):
    index: int | None
    id: str | None
    function: _FunctionPiece | None


class _Said(TypedDict, total=False):
    content: str | None
    refusal: str | None
    tool_calls: list[_CallPiece] | None


class _Choice(TypedDict, total=False):
    delta: _Said | None
    finish_reason: str | None


class Chunk(TypedDict, total=False):
    """A chunk as the API describes it. Endpoints leave keys out, or send null."""

    choices: list[_Choice] | None
    usage: Tokens | None


# A prompt as a request


def request_of(prompt: Prompt, model: str) -> Request:
    """Return the arguments of `chat.completions.create`, for a streamed answer of `model`.

    A limit is sent as `max_tokens`. Some endpoints know only that name and ignore `max_completion_tokens`.
    """
    request: Request = {
        "model": model,
        "messages": [*_instructions(prompt), *_dialogue(prompt)],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    request = {**request, **_unusual(prompt.settings)}
    if prompt.tools:
        request["tools"] = [_tool(tool, prompt.files) for tool in forced_tools(prompt) or prompt.tools]
        if prompt.tool_choice != "auto":
            request["tool_choice"] = "none" if prompt.tool_choice == "none" else "required"
        if not prompt.parallel_tool_calls:
            request["parallel_tool_calls"] = False
    if prompt.max_completion_tokens is not None:
        request["max_tokens"] = prompt.max_completion_tokens
    return request


def _unusual(settings: Settings) -> SettingsParam:
    """The settings that an endpoint has to be told, as they are not the usual ones."""
    return cast(
        SettingsParam,
        {name: value for name, value in settings.items() if value not in (None, DEFAULT_SETTINGS.get(name))},
    )


def forced_tools(prompt: Prompt) -> Sequence[Tool]:
    """Return the tools of which the model must call one. Empty if it may answer without a call.

    A choice that names a tool leaves only that tool: llama.cpp ignores a choice that is an object.
    """
    match prompt.tool_choice:
        case "required":
            return prompt.tools
        case {"type": "function", "function": {"name": name}}:
            return [tool for tool in prompt.tools if tool["type"] == "function" and tool["function"]["name"] == name]
        case {"type": kind}:
            return [tool for tool in prompt.tools if tool["type"] == kind]
        case _:
            return []


def by_schema(request: Request) -> Request:
    """Return a request whose answer must be the call itself, as JSON. For endpoints that ignore a forced choice."""
    tools = [tool["function"] for tool in request["tools"]]
    calls = [
        {
            "type": "object",
            "properties": {"name": {"enum": [tool["name"]]}, "arguments": tool.get("parameters", {"type": "object"})},
            "required": ["name", "arguments"],
        }
        for tool in tools
    ]
    told = f"Call one of these functions. Answer with its name and its arguments, as JSON: {json.dumps(tools)}"
    shape: JsonSchema = {"name": "call", "schema": calls[0] if len(calls) == 1 else {"anyOf": calls}}
    kept = cast(Request, {name: value for name, value in request.items() if "tool" not in name})
    return {
        **kept,
        "messages": [{"role": "system", "content": told}, *request["messages"]],
        "response_format": {"type": "json_schema", "json_schema": shape},
    }


def call_in(text: str, prompt: Prompt) -> ToolCall | None:
    """Return the call in an answer to `by_schema`, or None if the answer is no call."""
    try:
        given = json.loads(text)
    except ValueError:
        return None
    match given:
        case {"name": str(name), "arguments": dict(arguments)} if name in map(tool_name, forced_tools(prompt)):
            built_in = name in {tool["type"] for tool in prompt.tools} & set(_BUILT_IN)
            plain = arguments.get(_BUILT_IN[name][0]) if built_in else json.dumps(arguments, ensure_ascii=False)
            return ToolCall(name, plain) if isinstance(plain, str) else None
        case _:
            return None


def _instructions(prompt: Prompt) -> Iterator[_Message]:
    if prompt.instructions:
        yield {"role": "system", "content": prompt.instructions}


def _dialogue(prompt: Prompt) -> Iterator[_Message]:
    for n, turn in enumerate(prompt.messages):
        content = _content(turn)
        if not turn.tool_calls:
            yield {"role": turn.role, "content": content}
            continue
        calls = [(f"call_{n}_{m}", call) for m, call in enumerate(turn.tool_calls)]
        # An empty text: llama.cpp's Python server, LM Studio and Ollama have refused null.
        yield {"role": turn.role, "content": content, "tool_calls": [_made(id, call) for id, call in calls]}
        for id, call in calls:
            yield {"role": "tool", "tool_call_id": id, "content": call.output or ""}


def _made(id: str, call: ToolCall) -> FunctionCall:
    field_, _ = _BUILT_IN.get(call.name, ("", ""))
    arguments = json.dumps({field_: call.arguments}, ensure_ascii=False) if field_ else call.arguments
    return {"id": id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _content(turn: Turn) -> str | list[PromptPart]:
    """Return parts only where a picture is linked: not every endpoint reads parts, and none in an assistant's turn."""
    if isinstance(turn.content, str):
        return turn.content
    if turn.role == "user" and any(part["type"] == "image_url" for part in turn.content):
        return [part if part["type"] == "image_url" else {"type": "text", "text": _text(part)} for part in turn.content]
    return "\n".join(map(_text, turn.content))


def _text(part: PromptPart) -> str:
    """Return a part as text. The bytes of an uploaded picture are not sent."""
    return part["text"] if part["type"] == "text" else "[an image]"


def _tool(tool: Tool, files: Sequence[str]) -> _OfferedTool:
    if tool["type"] == "function":
        return {"type": "function", "function": {**tool["function"]}}
    name = tool["type"]
    argument, description = _BUILT_IN[name]
    if name == "code_interpreter" and files:
        description += f" There are: {', '.join(files)}."
    parameters = {"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


# The chunks of an answer as deltas


@dataclass
class _Begun:
    id: str
    name: str
    argument: str
    """The name of a built-in tool's one argument. Empty for a function."""
    pieces: list[str] = field(default_factory=list)


class Answer:
    """Reads the chunks of one answer.

    Raises ModelError for calls that cannot be made, and any error of Python's for chunks that are malformed.
    """

    def __init__(self, prompt: Prompt) -> None:
        self._built_in = {tool["type"] for tool in prompt.tools} & set(_BUILT_IN)
        self._calls: list[_Begun] = []
        self._at: dict[int, int] = {}
        """The call that each index of the endpoint means at present."""
        self.text = ""
        """Everything said so far, arguments included."""
        self.reason: str | None = None
        """Why the answer ended. None until the endpoint has said it."""
        self.usage: Tokens = {}
        self.left_out = ""
        """Text that came after a call. A run has no place for it."""

    def take(self, chunk: Chunk) -> Iterator[Delta]:
        """Yield the deltas of a chunk."""
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or {}
            if text := delta.get("content") or delta.get("refusal"):
                yield from self._say(_sound(text), refuses=not delta.get("content"))
            for piece in delta.get("tool_calls") or []:
                yield from self._call(piece)
            self.reason = choice.get("finish_reason") or self.reason

    def close(self, *, limited: bool) -> Iterator[Delta]:
        """Yield the deltas that need the whole answer. With `limited`, a call that a limit cut off stays as it is."""
        if limited and self.reason == "length":
            return
        for n, call in enumerate(self._calls):
            arguments = "".join(call.pieces)
            if call.argument:
                yield from (ToolCallDelta(n, piece) for piece in words(_plain(call, arguments)))
            elif not arguments.strip():  # some endpoints send this for a function without parameters
                yield ToolCallDelta(n, "{}")
            else:
                _parsed(call, arguments)

    def _say(self, text: str, *, refuses: bool) -> Iterator[Delta]:
        if self._calls:
            self.left_out += text
        else:
            self.text += text
            yield TextDelta(text, refuses)

    def _call(self, piece: _CallPiece) -> Iterator[Delta]:
        """Tell calls apart by index and by id: some endpoints give all of them index 0."""
        index, id, function = piece.get("index") or 0, piece.get("id") or "", piece.get("function") or {}
        n = self._at.get(index)
        if n is None or (id and id != self._calls[n].id):
            if not (name := function.get("name")):
                raise ModelError("The model called a tool without saying which. Ask again, or use another model.")
            n = self._at[index] = len(self._calls)
            argument = _BUILT_IN[name][0] if name in self._built_in else ""
            self._calls.append(_Begun(id, name, argument))
            self.text += name
            yield ToolCallDelta(n, name=name)
        given = function.get("arguments") or ""
        given = _sound(given if isinstance(given, str) else json.dumps(given))
        self._calls[n].pieces.append(given)
        self.text += given
        if given and not self._calls[n].argument:
            yield ToolCallDelta(n, given)


def _plain(call: _Begun, arguments: str) -> str:
    """Return the one argument of a built-in tool: `{"query": "boats"}` is `boats`."""
    given = _parsed(call, arguments).get(call.argument)
    if not isinstance(given, str):
        raise ModelError(
            f"The model called '{call.name}' without the text '{call.argument}': {short(arguments, _SHOWN)!r}."
            " Ask again, or use another model."
        )
    return given


def _parsed(call: _Begun, arguments: str) -> Mapping[str, object]:
    try:
        given = json.loads(arguments)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ModelError(
            f"The model called '{call.name}' with arguments that are no JSON object: {short(arguments, _SHOWN)!r}."
            " Ask again, or use another model."
        )
    return given


def _sound(text: str) -> str:
    """Replace half a surrogate pair, which some endpoints send and nothing can store."""
    return text.encode(errors="replace").decode()
