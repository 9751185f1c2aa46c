"""No language model: plain rules, for trying the API with your own words. Anybody can predict the answers. Pure.

`Practice.rules` are the rules; a question that is just "help" prints them. The same question gets the same answer.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ...texts import count, short
from ..parts import Function
from .base import Delta, Finish, Prompt, ToolCall, Turn, answer_deltas, tool_name, within
from .filling import COMMON, Filling, Said, fillings, words_of
from .sums import worked_out

_WHO: Final = "Practice: rules answer here, not a language model. "
_RULES: Final = tuple(
    """\
The question "help" prints these rules.
tool_choice goes first: the tool that it names is called; with "none" none is, with "required" at least the first.
A Python block (```python … ```), a sum and an equation run in the code interpreter, where that is offered.
A function is called when the question has a word of its name; an only one, also when all that it requires is there.
A "quoted phrase" is looked up by file search, where that is offered and nothing else is called.
Arguments come from the question: numbers, dates, yes or no, members of an enum, quoted words, else capitalised ones.
What is not there is the default, else the whole question, 0, or the first member; what is optional is left out.
Two cities, two numbers or two functions are two calls: one after the other when parallel_tool_calls is false.
After its calls it says what came of each; of a search, the sentence with most of the words that it looked for.
A response_format with a schema is filled in as arguments are, with every free text marked as practice.
max_completion_tokens cuts it off in mid-sentence.
Otherwise it solves a sum or an equation such as 4x + 11 = 23; without one it says what it was sent.""".splitlines()
)
_MOST_CALLS: Final = 8
_MOST_SHOWN: Final = 200
"""Characters of a text that an answer repeats."""


@dataclass(frozen=True)  # instances compare equal, so running `start()` again changes nothing
class Practice:
    """Answers by its `rules`, and says so. A call has no room for that sentence; its provenance says it."""

    name = "practice"
    models = ("practice",)
    rules = _RULES

    def provenance(self) -> str:
        return f"{len(_RULES)} plain rules, no language model"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        yield from within(prompt.max_completion_tokens, _answer(prompt))


def _answer(prompt: Prompt) -> Iterator[Delta]:
    question, made = _question(prompt)
    planned = _plan(prompt, question)
    next_one = planned[len(made) : len(made) + 1]
    todo = next_one if not prompt.parallel_tool_calls else [] if made else planned
    yield from answer_deltas("" if todo else _text(prompt, question, made), todo)
    yield Finish({"answer": "practice"})


def _question(prompt: Prompt) -> tuple[str, list[ToolCall]]:
    """Return the user's last words, or else the instructions, and the calls made since."""
    made = list[ToolCall]()
    for turn in reversed(prompt.messages):
        if turn.role == "user":
            return _plain(turn), made
        made = [*turn.tool_calls, *made]
    return prompt.instructions or "", made


def _plain(turn: Turn) -> str:
    if isinstance(turn.content, str):
        return turn.content
    return " ".join(part["text"] if part["type"] == "text" else f"[{part['type']}]" for part in turn.content)


# Which tools are called


def _plan(prompt: Prompt, question: str) -> list[ToolCall]:
    """Return all calls for a question, in order."""
    if prompt.tool_choice == "none" or _wants_help(question):
        return []
    functions = {tool["function"]["name"]: tool["function"] for tool in prompt.tools if tool["type"] == "function"}
    built_in = {tool["type"] for tool in prompt.tools} - {"function"}
    said = Said(question, names={word for name in functions for word in words_of(name)})
    if isinstance(prompt.tool_choice, dict):
        return _forced(tool_name(prompt.tool_choice), functions, said)
    calls = [ToolCall("code_interpreter", block) for block in _blocks(question) if "code_interpreter" in built_in]
    named = [function for name, function in functions.items() if said.words & words_of(name)]
    if not named and len(functions) == 1:
        named = [function for function in functions.values() if Filling(function.get("parameters"), said).complete]
    for function in named:
        calls += _calls(function, said)
    if not calls and "code_interpreter" in built_in and (found := worked_out(question)):
        calls = [ToolCall("code_interpreter", found.code)]
    if not calls and "file_search" in built_in:
        calls = [ToolCall("file_search", phrase) for phrase in said.quoted]
    if not calls and prompt.tool_choice == "required" and prompt.tools:
        return _forced(tool_name(prompt.tools[0]), functions, said)
    return calls[:_MOST_CALLS]


def _forced(name: str, functions: dict[str, Function], said: Said) -> list[ToolCall]:
    if name in functions:
        return _calls(functions[name], said)
    if name == "code_interpreter":
        return [ToolCall(name, next(iter(_blocks(said.text)), f"print({said.text!r})"))]
    return [ToolCall(name, next(iter(said.quoted), said.text))]


def _blocks(question: str) -> list[str]:
    return [block.strip() for block in re.findall(r"```(?:python|py)[ \t]*\n(.*?)```", question, re.DOTALL)]


def _wants_help(question: str) -> bool:
    return question.strip(" ?!.").lower() in ("help", "rules")


def _calls(function: Function, said: Said) -> list[ToolCall]:
    """Return the calls of one function for a question."""
    made = fillings(function.get("parameters"), said)
    return [ToolCall(function["name"], json.dumps(value, ensure_ascii=False)) for value in made]


# What is said


def _text(prompt: Prompt, question: str, made: Sequence[ToolCall]) -> str:
    shape = prompt.settings["response_format"]
    if isinstance(shape, dict) and shape["type"] == "json_schema":
        filled = Filling(shape["json_schema"].get("schema"), Said(_told(made) or question, "practice: ")).value
        return json.dumps(filled, ensure_ascii=False)
    said = _spoken(prompt, question, made)
    if isinstance(shape, dict) and shape["type"] == "json_object":
        return json.dumps({"practice": said}, ensure_ascii=False)
    return f"{_WHO}{said}"


def _spoken(prompt: Prompt, question: str, made: Sequence[ToolCall]) -> str:
    if made:
        return "\n".join(_came_of(call, question) for call in made)
    if _wants_help(question):
        return "\n".join(["These are all its rules.", *(f"{n}. {rule}" for n, rule in enumerate(_RULES, 1))])
    if found := worked_out(question):
        return f"{found.text}: {found.answer}." if "=" in found.text else f"{found.text} = {found.answer}."
    tools = ", ".join(map(tool_name, prompt.tools))
    return (
        f"It was sent {count(len(prompt.messages), 'turn')}, instructions {_short(prompt.instructions)},"
        f' and the tools: {tools or "none"}. The last turn says {_short(question)}. Ask "help" for its rules.'
    )


def _told(made: Sequence[ToolCall]) -> str:
    return "\n".join(call.output or "" for call in made)


def _came_of(call: ToolCall, question: str) -> str:
    if call.name == "file_search" and (hits := _hits(call.output or "")):
        found = [(sentence, mark) for mark, text in hits for sentence in _sentences(text)]
        best, mark = max(found, key=lambda one: (_shared(one[0], call.arguments), _shared(one[0], question)))
        return f"{best} {mark}"
    if call.name == "code_interpreter":
        output = short((call.output or "").strip(), _MOST_SHOWN)
        came = f"The output was: {output}" if output else "There was no output."
        return f"It ran this code:\n\n```python\n{short(call.arguments, _MOST_SHOWN)}\n```\n\n{came}"
    return f"{call.name}({_short(call.arguments)}) -> {_short(call.output)}"


def _hits(output: str) -> list[tuple[str, str]]:
    """Return mark and text of each hit, best first: "【4:0†food.txt】\\nCake." """
    found = re.split(r"(【\d+:\d+†[^【】]*】)\n", output)
    return [(mark, text) for mark, text in zip(found[1::2], found[2::2], strict=True) if text.strip()]


def _sentences(text: str) -> list[str]:
    """Cut a text where a sentence or a line ends. A line that begins with a small letter goes on with the last one."""
    whole = re.sub(r"(?<=\S)\n(?=[a-zà-ÿ])", " ", text)
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", whole) if part.strip()]


def _shared(sentence: str, text: str) -> int:
    return len(Said(sentence).words & (Said(text).words - COMMON))


def _short(text: str | None) -> str:
    return f"'{short(text, _MOST_SHOWN)}'" if text else "none"
