"""What a model is asked: the thread and the run's own steps, within the run's limits. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final, Literal

from ..entries import PromptPart
from ..errors import BadRequest
from ..journal import RunState
from ..model.base import Prompt, ToolCall, Turn, estimate_prompt_tokens, estimate_turn_tokens, tool_name
from ..objects import Message, Run
from ..params.fields import ToolChoice, settings
from ..parts import Part, Tool
from ..parts import ToolCall as CallOfStep
from .citations import mark, next_number

IMAGE: Final = "[an image]"
NOTHING: Final = "Nothing was found."
Exhausted = Literal["max_completion_tokens", "max_prompt_tokens"]


def turns_of(messages: Sequence[Message], run: Run) -> list[Turn]:
    """The messages of a run's thread as a model reads them, but for its own."""
    return [
        Turn(message["role"], read_message(message))
        for message in messages
        if message["run_id"] != run["id"] and message["content"]  # an answer that broke off at once has none
    ]


def prompt_of(state: RunState, thread: list[Turn], files: Sequence[str] = (), above: Sequence[str] = ()) -> Prompt:
    """The next prompt of a run on this dialogue, and these files for its code; `above` are instructions among items.

    `truncation_strategy` chooses among the messages of the thread. To stay within `max_prompt_tokens`, messages are
    dropped: from the middle, oldest first, then the first one. The last one stays.
    """
    run = state.run
    if run["truncation_strategy"]["type"] == "last_messages" and (last := run["truncation_strategy"]["last_messages"]):
        thread = thread[-last:]
    own = _own_turns(state, thread)
    prompt = Prompt(
        model=run["model"],
        instructions="\n\n".join(filter(None, [run["instructions"], *above])) if above else run["instructions"],
        messages=thread + own,
        tools=run["tools"],
        files=files,
        settings=settings(run),
        tool_choice=_choice(run["tool_choice"], own),
        parallel_tool_calls=run["parallel_tool_calls"],
        max_completion_tokens=_left(state, "completion"),
    )
    room = _left(state, "prompt")
    if room is not None:
        excess = estimate_prompt_tokens(prompt) - room
        while excess > 0 and len(thread) > 1:
            excess -= estimate_turn_tokens(thread.pop(1 if len(thread) > 2 else 0))
        prompt = replace(prompt, messages=thread + own)
    return prompt


def check_choice(choice: ToolChoice, tools: Sequence[Tool]) -> None:
    """Raise BadRequest when a model must call a tool that it does not have."""
    names = [tool_name(tool) for tool in tools]
    there = f"It has: {', '.join(names) or 'none'}."
    match choice:
        case {"function": {"name": str(name)}} | {"type": str(name)} if name not in names:
            raise BadRequest(
                f"Invalid value for 'tool_choice': there is no tool '{name}'. {there}",
                param="tool_choice",
            )
        case "required" if not names:
            raise BadRequest(
                "Invalid value for 'tool_choice': 'required' needs a tool, and there is none.", param="tool_choice"
            )


def _choice(choice: ToolChoice, own: list[Turn]) -> ToolChoice:
    """A call that is demanded is demanded once: else a model could never answer."""
    return choice if choice == "none" or not any(turn.tool_calls for turn in own) else "auto"


def exhausted(state: RunState, prompt: Prompt) -> Exhausted | None:
    """The limit of the run that this prompt would overstep. Prompts are counted by estimate."""
    if prompt.max_completion_tokens is not None and prompt.max_completion_tokens <= 0:
        return "max_completion_tokens"
    room = _left(state, "prompt")
    return "max_prompt_tokens" if room is not None and estimate_prompt_tokens(prompt) > room else None


def _left(state: RunState, kind: Literal["prompt", "completion"]) -> int | None:
    """How many tokens the run may still use; its limits hold for all its answers together."""
    if kind == "prompt":
        limit, used = state.run["max_prompt_tokens"], [usage["prompt_tokens"] for usage in state.usages]
    else:
        limit, used = state.run["max_completion_tokens"], [usage["completion_tokens"] for usage in state.usages]
    return None if limit is None else limit - sum(used)


def _own_turns(state: RunState, thread: Sequence[Turn]) -> list[Turn]:
    """What the run has said and called so far. Calls stand with the words that led to them."""
    turns, written = list[Turn](), {message["id"]: message for message in state.messages}
    numbers = count(number_after(thread))
    for step in state.steps:
        details = step["step_details"]
        if details["type"] == "tool_calls":
            said = turns.pop().content if turns and not turns[-1].tool_calls else ""
            calls = [_call(call, state.arguments[call["id"]], numbers) for call in details["tool_calls"]]
            turns.append(Turn("assistant", said, calls))
        elif message := written.get(details["message_creation"]["message_id"]):  # a client may delete it
            turns.append(Turn("assistant", read_message(message)))
    return turns


def number_after(turns: Iterable[Turn]) -> int:
    """The number for the next search after these turns. A search that found nothing shows no mark, and has one, too."""
    number = next_number(())
    for turn in turns:
        number = max(number, next_number(_texts(turn)))
        number += sum(call.name == "file_search" and call.output == NOTHING for call in turn.tool_calls)
    return number


def _texts(turn: Turn) -> Iterator[str]:
    """What may hold marks: what was said, and what earlier searches have found."""
    yield from (call.output or "" for call in turn.tool_calls if call.name == "file_search")
    if isinstance(turn.content, str):
        yield turn.content
    else:
        yield from (part["text"] for part in turn.content if part["type"] == "text")


def _call(call: CallOfStep, given: str, numbers: Iterator[int]) -> ToolCall:
    """A call and its answer as a model reads them; of a search each hit under the mark that cites it."""
    match call["type"]:
        case "function":
            return ToolCall(call["function"]["name"], given, call["function"].get("output"))
        case "file_search":
            hits = [(hit["file_name"], hit["content"][0]["text"]) for hit in call["file_search"]["results"]]
            return ToolCall("file_search", given, read_hits(next(numbers), hits))
        case "code_interpreter":
            return ToolCall("code_interpreter", given, read_outputs(call["code_interpreter"]["outputs"]))


def read_hits(number: int, hits: Iterable[tuple[str, str]]) -> str:
    """What a model reads of the search with this number: the text of each hit, under its mark."""
    told = (f"{mark(number, n, name)}\n{text}" for n, (name, text) in enumerate(hits))
    return "\n\n".join(told) or NOTHING


def read_outputs(outputs: Iterable[Mapping[str, Any]]) -> str:
    """What a model reads of what code has put out."""
    return "\n".join(output["logs"] if output["type"] == "logs" else IMAGE for output in outputs)


def read_message(message: Message) -> str | list[PromptPart]:
    """A message's content as a model reads it: one text is a string, more are parts without annotations.

    A model does not read the pictures that its own code has drawn; it is told that they are there.
    """
    parts = [_plain_part(part, message["role"]) for part in message["content"]]
    match parts:
        case [{"type": "text", "text": str(text)}]:
            return text
        case _ if message["role"] == "assistant":
            return "\n".join(part["text"] for part in parts if part["type"] == "text")
        case _:
            return parts


def _plain_part(part: Part, role: str) -> PromptPart:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]["value"]}
    return {"type": "text", "text": IMAGE} if role == "assistant" else part
