import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.errors import NoRecording, RecordingError
from assistant_nb.engine.model.base import Finish, Prompt, TextDelta, ToolCall, ToolCallDelta, Turn
from assistant_nb.engine.model.recorded import SHIPPED, Exchange, Recorded, _miss, find, normal, read

ADD = {"type": "function", "function": {"name": "add"}}
Q = Turn("user", "2 + 2?")
ODD = st.sampled_from(["q", "", "a" * 400, "a" * 399 + "b", "\n\r\x00\x85\u2028" * 80, "'\"" * 90, "😀" * 99])
HEADER = {"format": "assistant_nb recording", "version": 1, "title": "Test"}


def exchange(question: str, answer: str, **prompt: Any) -> dict[str, Any]:
    return {
        "prompt": {
            "model": "m", "instructions": None, "tools": [], "messages": [{"role": "user", "content": question}], **prompt,
        },
        "answer": answer,
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        "provenance": {"answer": "authored", "usage": "recorded"},
    }  # fmt: skip


def write(folder: Path, *lines: Any) -> Path:
    path = folder / "lesson.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def prompt(question: str, **choices: Any) -> Prompt:
    return Prompt(**{"model": "m", "instructions": None, "messages": [Turn("user", question)], **choices})


def test_a_recorded_question_gets_its_answer_in_pieces(tmp_path: Path) -> None:
    model = Recorded(write(tmp_path, HEADER, exchange("2 + 2?", " It is  four.\n")))
    *deltas, finish = model.ask(prompt("2 + 2?"))
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == " It is  four.\n"
    assert len(deltas) > 2
    assert finish == Finish({"answer": "authored", "usage": "recorded"}, 3, 2)


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"model": "other"}, "It is recorded, but with the model 'm', not 'other'."),
        ({"instructions": "Rhyme."}, "It is recorded, but with the instructions 'null', not 'Rhyme.'."),
        ({"tools": [ADD]}, """It is recorded, but with the tools '[]', not '["function:add"]'."""),
        (
            {"model": "other", "instructions": "Rhyme.", "tools": [ADD]},
            "It is recorded, but with the model 'm', not 'other'. Also different: instructions, tools.",
        ),
        ({"messages": [Q, Turn("assistant", "4")]}, "Message 2 is only here: assistant: '4'."),
        ({"messages": [Turn("user", "Hi"), Q]}, "Message 1 is user: 'Hi' here and user: '2 + 2?' in the recording."),
        ({"messages": [Q, Q]}, "It was asked 2 times here and 1 time in the recording. Did a cell run twice?"),
        (
            {"messages": [Turn("user", "2 + 3?")], "model": "other"},
            "Nearest recorded: '2 + 2?'. Also different: model.",
        ),
        ({"messages": [], "instructions": "Rhyme."}, 'Add a message with role="user" first.'),
    ],
)
def test_a_prompt_that_differs_is_a_miss_that_names_the_difference(
    choices: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    model = Recorded(write(tmp_path, HEADER, exchange("2 + 2?", "4")))
    with pytest.raises(NoRecording) as miss:
        list(model.ask(prompt("2 + 2?", **choices)))
    assert str(miss.value).splitlines()[1] == reason
    assert miss.value.code == "invalid_prompt"


def test_a_miss_shows_the_nearest_question_and_a_line_to_paste(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER, exchange("What is 2 + 2?", "4"), exchange("Who was Ada?", "A poet's child."))
    with pytest.raises(NoRecording) as miss:
        list(Recorded(path, way_on="anb.start()").ask(prompt("What is 3 + 3?")))
    assert str(miss.value) == (
        "No recording holds this question: 'What is 3 + 3?'.\n"
        "Nearest recorded: 'What is 2 + 2?'.\n"
        "anb.start()  # plain rules answer"
    )


def test_a_miss_says_where_long_texts_begin_to_differ(tmp_path: Path) -> None:
    model = Recorded(write(tmp_path, HEADER, exchange("q", "a", instructions="Be kind. " * 20 + "Rhyme.")))
    with pytest.raises(NoRecording, match=r"instructions '…Be kind\. Rhyme\.', not '…Be kind\. Rap\.'\."):
        list(model.ask(prompt("q", instructions="Be kind. " * 20 + "Rap.")))


@given(recorded=ODD, asked=ODD, again=st.lists(ODD, max_size=3))
def test_a_miss_has_at_most_three_lines_and_300_characters(recorded: str, asked: str, again: list[str]) -> None:
    known = Exchange.model_validate(exchange(recorded, "a", instructions="i" * 99))
    turns = [Turn("user", text) for text in [*again, asked]]
    told = _miss(normal(prompt("", messages=turns, instructions=asked)), [known], "w" * 70)
    assert len(told) <= 300
    assert len(told.splitlines()) <= 3


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "is empty"),
        ([{"format": "cassette"}], "line 1: format"),
        ([HEADER, {"prompt": {}}], "line 2: prompt.model: Field required"),
        ([HEADER, exchange("q", "a") | {"headers": {"authorization": "x"}}], "line 2: headers: Extra inputs"),
        ([HEADER, exchange("q", "a") | {"provenance": {"answer": "guessed"}}], "line 2: provenance.answer"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(lines: list[Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"lesson\.jsonl") as malformed:
        Recorded(write(tmp_path, *lines))
    assert message in str(malformed.value)


def test_a_recording_is_found_by_lesson_or_by_path(tmp_path: Path) -> None:
    assert find("01_first_assistant").parent == SHIPPED
    assert find(write(tmp_path, HEADER)).name == "lesson.jsonl"
    with pytest.raises(RecordingError, match=r"There is no recording 'nowhere'.*01_first_assistant"):
        find("nowhere")


def test_what_is_shipped_says_where_it_comes_from() -> None:
    assert re.fullmatch(r"\d\d authored, 2 source", Recorded().provenance())
    for path in SHIPPED.glob("*.jsonl"):
        for line in read(path).exchanges:
            assert (line.usage is None) == (line.provenance.usage == "estimated")


def test_a_recorded_call_matches_with_its_output_and_without_ids(tmp_path: Path) -> None:
    call = {"name": "add", "arguments": '{"a": 1}'}
    first = exchange("1 + 1?", "") | {"tool_calls": [call]}
    asked = [
        {"role": "user", "content": "1 + 1?"},
        {"role": "assistant", "content": "", "tool_calls": [{**call, "output": "2"}]},
    ]
    model = Recorded(write(tmp_path, HEADER, first, exchange("1 + 1?", "Two.", messages=asked)))
    *deltas, finish = model.ask(prompt("1 + 1?"))
    assert deltas == [ToolCallDelta(0, name="add"), ToolCallDelta(0, '{"a":'), ToolCallDelta(0, " 1}")]
    assert isinstance(finish, Finish)
    turns = [Turn("user", "1 + 1?"), Turn("assistant", "", [ToolCall("add", '{"a": 1}', "2")])]
    assert next(model.ask(prompt("", messages=turns))) == TextDelta("Two.")
    turns[1] = Turn("assistant", "", [ToolCall("add", '{"a": 1}', "3")])
    with pytest.raises(NoRecording, match=r"Message 2 is ….* -> '3' here and ….* -> '2' in the recording\."):
        next(model.ask(prompt("", messages=turns)))


def test_deltas_come_at_the_recorded_pace_or_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("assistant_nb.engine.model.recorded.time.sleep", waits.append)
    path = write(tmp_path, HEADER, exchange("2 + 2?", "It is four.") | {"wait_ms": 100, "pace_ms": 40})
    list(Recorded(path).ask(prompt("2 + 2?")))
    assert waits == []
    list(Recorded(path, pace=0.5).ask(prompt("2 + 2?")))
    assert waits == [0.05] + [0.02] * 4  # before the first of three words and the end


def test_a_traceback_of_code_counts_by_its_last_words(tmp_path: Path) -> None:
    def failed(frames: str) -> list[Turn]:
        text = f"before\n{'-' * 75}\nKeyError        Traceback (most recent call last)\n{frames}\n\nKeyError: 'height'"
        return [Turn("user", "q"), Turn("assistant", "", [ToolCall("code_interpreter", "x", text)])]

    call = {"name": "code_interpreter", "arguments": "x", "output": "before\nKeyError: 'height'"}
    asked = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "", "tool_calls": [call]}]
    model = Recorded(write(tmp_path, HEADER, exchange("q", "Again.", messages=asked)))
    for frames in ("Cell In[1], line 1\n----> 1 x", "File /usr/lib/csv.py:3\n  3 y\n\nCell In[1], line 1\n----> 1 x"):
        assert next(model.ask(prompt("", messages=failed(frames)))) == TextDelta("Again.")


def test_a_text_may_hold_what_splits_lines_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "lesson.jsonl"
    line = json.dumps(exchange("q", "one\u2028two"), ensure_ascii=False)
    path.write_text(f"{json.dumps(HEADER)}\n{line}\n", encoding="utf-8")
    assert read(path).exchanges[0].answer == "one\u2028two"
