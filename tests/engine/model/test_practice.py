import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.model.base import Finish, Prompt, TextDelta, ToolCall, ToolCallDelta, Turn
from assistant_nb.engine.model.practice import Practice
from assistant_nb.engine.params.fields import JsonSchemaFormat, settings

CODE: Any = {"type": "code_interpreter"}
SEARCH: Any = {"type": "file_search"}
BLOCK = "Please run\n```python\nprint(1 + 1)\n```\nand say what comes."


def function(name: str, *numbers: str, **properties: Any) -> Any:
    properties |= {number: {"type": "number"} for number in numbers}
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


WEATHER = function("get_weather", city={"type": "string"})
ADD = function("add", "a", "b")
ROME, OSLO = (ToolCall("get_weather", json.dumps({"city": city})) for city in ("Rome", "Oslo"))


def ask(question: str, *tools: Any, made: Sequence[ToolCall] = (), **choices: Any) -> tuple[str, list[ToolCall]]:
    """What it says and what it calls; `made` was called before."""
    turns = [Turn("user", question), *([Turn("assistant", "", made)] if made else [])]
    text, calls = "", list[ToolCall]()
    for part in Practice().ask(Prompt("m", "Be brief.", turns, tools=tools, **choices)):
        match part:
            case TextDelta():
                text += part.text
            case ToolCallDelta(index, arguments, name):
                assert index == len(calls) - (name is None)
                calls = [
                    *calls[:index],
                    ToolCall(name or calls[index].name, arguments if name else calls[index].arguments + arguments),
                ]
            case Finish():
                assert part.provenance == {"answer": "practice"}
    return text, calls


def test_there_are_a_dozen_rules_and_it_prints_them() -> None:
    text, _ = ask("Help!", WEATHER)
    assert len(Practice.rules) == 12
    assert text.splitlines()[1:] == [f"{n}. {rule}" for n, rule in enumerate(Practice.rules, 1)]


@pytest.mark.parametrize(
    ("question", "tools", "calls"),
    [
        ("What is the weather in Rome?", [WEATHER], [ROME]),
        ("What is the weather in Rome and in Oslo?", [ADD, WEATHER], [ROME, OSLO]),
        ("What is 2 + 3?", [ADD], [ToolCall("add", '{"a": 2, "b": 3}')]),
        ("What is 2 + 3?", [ADD, WEATHER], []),
        ("Hello!", [WEATHER], []),
        (BLOCK, [CODE], [ToolCall("code_interpreter", "print(1 + 1)")]),
        (BLOCK, [SEARCH], []),
        ('Who likes "cake"?', [SEARCH, CODE], [ToolCall("file_search", "cake")]),
        ('What is the weather in "Rome"?', [SEARCH, WEATHER], [ROME]),
        ("Who likes cake?", [SEARCH], []),
        ("Solve 4x + 11 = 23", [CODE], [ToolCall("code_interpreter", "x = (23 - 11) / (4 - 0)\nprint('x =', x)")]),
        ("What is 2 + 3?", [ADD, CODE], [ToolCall("add", '{"a": 2, "b": 3}')]),
        ("Add 1 and 2; the weather in Rome?", [WEATHER, ADD], [ROME, ToolCall("add", '{"a": 1, "b": 2}')]),
    ],
)
def test_it_calls_what_the_question_speaks_of(question: str, tools: list[Any], calls: list[ToolCall]) -> None:
    text, made = ask(question, *tools)
    assert made == calls
    assert bool(text) != bool(calls)


@pytest.mark.parametrize(
    ("choice", "question", "calls"),
    [
        ("none", "The weather in Rome?", []),
        ("required", "Hello!", [ToolCall("get_weather", '{"city": "Hello!"}')]),
        ("required", "Add 1 and 2", [ToolCall("add", '{"a": 1, "b": 2}')]),
        ({"type": "function", "function": {"name": "get_weather"}}, "Add 1 and 2 in Rome", [ROME]),
        ({"type": "file_search"}, "Who?", [ToolCall("file_search", "Who?")]),
        ({"type": "code_interpreter"}, BLOCK, [ToolCall("code_interpreter", "print(1 + 1)")]),
        ({"type": "code_interpreter"}, "Hi", [ToolCall("code_interpreter", "print('Hi')")]),
    ],
)
def test_tool_choice_goes_first(choice: Any, question: str, calls: list[ToolCall]) -> None:
    assert ask(question, WEATHER, ADD, SEARCH, CODE, tool_choice=choice)[1] == calls


def test_one_after_the_other_when_calls_may_not_be_parallel() -> None:
    question = "What is the weather in Rome and Oslo?"
    assert ask(question, WEATHER, parallel_tool_calls=False)[1] == [ROME]
    assert ask(question, WEATHER, parallel_tool_calls=False, made=[ROME])[1] == [OSLO]
    assert ask(question, WEATHER, parallel_tool_calls=False, made=[ROME, OSLO])[1] == []


def test_after_its_calls_it_says_what_came_of_them() -> None:
    rome = ToolCall(ROME.name, ROME.arguments, "18 °C")
    text, calls = ask("What is the weather in Rome?", WEATHER, made=[rome])
    assert (text, calls) == (
        """Practice: rules answer here, not a language model. get_weather('{"city": "Rome"}') -> '18 °C'""",
        [],
    )


def test_code_that_ran_is_shown_as_code() -> None:
    ran = ToolCall("code_interpreter", "x = 3\nprint('x =', x)", "x = 3\n")
    text, _ = ask("3x = 9", CODE, made=[ran])
    code = "It ran this code:\n\n```python\nx = 3\nprint('x =', x)\n```\n\nThe output was: x = 3"
    assert text == f"Practice: rules answer here, not a language model. {code}"
    text, _ = ask("3x = 9", CODE, made=[ToolCall("code_interpreter", "x = 3", "")])
    assert text.endswith("```\n\nThere was no output.")


def test_of_a_search_it_cites_the_sentence_nearest_to_the_question() -> None:
    found = "【4:0†menu.txt】\nToday it is soup.\n\n【4:1†food.txt】\nAnna likes pie. Filip likes cake. So it is."
    text, _ = ask('Does Filip like "cake"?', SEARCH, made=[ToolCall("file_search", "cake", found)])
    assert text == "Practice: rules answer here, not a language model. Filip likes cake. 【4:1†food.txt】"
    text, _ = ask('Does Filip like "pie"?', SEARCH, made=[ToolCall("file_search", "pie", "Nothing was found.")])
    assert text.endswith("file_search('pie') -> 'Nothing was found.'")


@pytest.mark.parametrize(
    ("question", "phrase", "sentence"),
    [
        ('When is it open on "Sundays"?', "Sundays", "It is closed on Sundays. 【4:0†rules.txt】"),
        ('When do you open on "Sunday"?', "Sunday", "On Sunday we sleep. 【4:1†hours.txt】"),
        ('What does the "cat" eat?', "cat", "The cat is black. 【4:1†hours.txt】"),
        ('What does the "cat" that eats like?', "cat", "The cat eats fish. 【4:1†hours.txt】"),
        ('Is it open, and is the "cat" black?', "the cat", "The cat is black. 【4:1†hours.txt】"),
        ("When does it open on Monday?", "When does it open on Monday?", "It is open on Monday. 【4:0†rules.txt】"),
    ],
)
def test_the_words_that_it_looked_for_count_more_than_the_others(question: str, phrase: str, sentence: str) -> None:
    found = (
        "【4:0†rules.txt】\nIt is open on Monday. It is closed on Sundays.\n\n"
        "【4:1†hours.txt】\nWe open from 9 to 17. On Sunday we sleep. The cat is black. The cat eats fish."
    )
    text, _ = ask(question, SEARCH, made=[ToolCall("file_search", phrase, found)])
    assert text == f"Practice: rules answer here, not a language model. {sentence}"


def test_a_sentence_may_go_on_in_the_next_line() -> None:
    found = "【4:0†rules.md】\n# Rules\nThe library is open until 9. It is closed\non Sundays\nPlease be quiet"
    text, _ = ask('And on "Sundays"?', SEARCH, made=[ToolCall("file_search", "Sundays", found)])
    assert text.endswith(" language model. It is closed on Sundays 【4:0†rules.md】")


def test_each_search_is_told_by_a_sentence_of_its_own() -> None:
    found = "【4:0†food.txt】\nAnna likes pie. Filip likes cake."
    made = [ToolCall("file_search", phrase, found) for phrase in ("pie", "cake")]
    text, _ = ask('Who likes "pie" and who "cake"?', SEARCH, made=made)
    assert text.endswith("Anna likes pie. 【4:0†food.txt】\nFilip likes cake. 【4:0†food.txt】")


def test_a_response_format_is_kept() -> None:
    schema = {"properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}
    shape: JsonSchemaFormat = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    assert json.loads(ask("Ada is 36.", settings=settings({"response_format": shape}))[0]) == {
        "name": "practice: Ada",
        "age": 36,
    }
    assert (
        "was sent 1 turn"
        in json.loads(ask("Ada is 36.", settings=settings({"response_format": {"type": "json_object"}}))[0])["practice"]
    )


def test_otherwise_it_says_what_it_was_sent() -> None:
    text, _ = ask("Hello!", WEATHER, SEARCH)
    assert text == (
        "Practice: rules answer here, not a language model. It was sent 1 turn, instructions 'Be brief.', and the tools: get_weather,"
        " file_search. The last turn says 'Hello!'. Ask \"help\" for its rules."
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is 3 + 4?", "3 + 4 = 7."),
        ("Solve `4x + 11 = 23`", "4x + 11 = 23: x = 3."),
        (r"Hm, \(\pi\)", r"'Hm, \(\pi\)'"),
    ],
)
def test_it_solves_what_it_can_and_quotes_the_rest_as_it_is(question: str, answer: str) -> None:
    assert answer in ask(question)[0]


def test_a_list_takes_all_that_a_function_is_asked_for() -> None:
    one = {"text": {"type": "string"}, "kind": {"enum": ["MULTIPLE_CHOICE", "FREE_RESPONSE"]}}
    quiz = function(
        "quiz", questions={"type": "array", "items": {"type": "object", "properties": one, "required": ["text"]}}
    )
    _, (call,) = ask("Make a quiz with 2 questions: one open, one multiple choice", quiz)
    assert [item["kind"] for item in json.loads(call.arguments)["questions"]] == ["MULTIPLE_CHOICE", "MULTIPLE_CHOICE"]
    _, (call,) = ask("A quiz with three hard questions on Rome, Oslo, Bern and Paris", quiz)
    assert len(json.loads(call.arguments)["questions"]) == 3


def test_images_and_threads_without_a_question_are_no_trouble() -> None:
    parts: list[Any] = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}},
    ]
    said = [*Practice().ask(Prompt("m", None, [Turn("user", parts)])), *Practice().ask(Prompt("m", None, []))]
    text = "".join(part.text for part in said if isinstance(part, TextDelta))
    assert "'Look [image_url]'" in text
    assert "0 turns, instructions none, and the tools: none. The last turn says none" in text


def test_it_is_cut_off_where_the_tokens_end() -> None:
    *_, finish = Practice().ask(Prompt("m", None, [Turn("user", "Hello")], max_completion_tokens=2))
    assert finish == Finish({"answer": "practice"}, reason="length")


@given(st.text(), st.lists(st.sampled_from([WEATHER, ADD, SEARCH, CODE]), unique_by=str), st.booleans())
def test_every_answer_is_the_same_again_and_every_text_says_who_speaks(
    question: str, tools: Any, parallel: bool
) -> None:
    text, calls = ask(question, *tools, parallel_tool_calls=parallel)
    assert (text, calls) == ask(question, *tools, parallel_tool_calls=parallel)
    assert text.startswith("Practice: rules answer here, not a language model. ") != bool(calls)
    assert {call.name for call in calls} <= {tool.get("function", {}).get("name", tool["type"]) for tool in tools}
    assert len(calls) <= (8 if parallel else 1)
