import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.errors import ModelError, RecordingError
from assistant_nb.engine.model.base import Delta, Finish, Prompt, TextDelta, ToolCall, Turn, call_deltas
from assistant_nb.engine.model.recorded import SHIPPED, Recorded, Recording, read, write
from assistant_nb.engine.model.recorder import Recorder
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.params.fields import settings
from assistant_nb.engine.parts import Provenance


class Says:
    """Gives one answer to all prompts, as an endpoint would."""

    name, models = "live", ("m",)

    def __init__(self, *parts: Delta, answer: str = "live", **counts: Any) -> None:
        live = {"endpoint": "h", "model": "llama", "asked_for": "m", "id": "chatcmpl-1"} if answer == "live" else {}
        self._parts = [*parts, Finish(cast(Provenance, {"answer": answer, **live}), **counts)]

    def provenance(self) -> str:
        return "llama at h"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        yield from self._parts


def prompt(question: str = "2 + 2?", **choices: Any) -> Prompt:
    return Prompt(**{"model": "m", "instructions": None, "messages": [Turn("user", question)], **choices})


def text_of(parts: list[Delta]) -> str:
    return "".join(part.text for part in parts if isinstance(part, TextDelta))


def test_an_answer_is_kept_and_replayed(tmp_path: Path) -> None:
    says = Says(TextDelta("It is"), TextDelta(" four."), prompt_tokens=9, completion_tokens=3, reason="length")
    recorder = Recorder(says, path := tmp_path / "mine.jsonl", "My lesson")
    assert text_of(list(recorder.ask(prompt()))) == "It is four."
    *parts, finish = Recorded(path).ask(prompt())
    assert text_of(parts) == "It is four."
    assert isinstance(finish, Finish)
    assert (finish.prompt_tokens, finish.completion_tokens, finish.reason) == (9, 3, "length")
    assert finish.provenance | {"date": ""} == {
        "answer": "recorded", "usage": "recorded", "model": "llama", "date": "", "endpoint": "h",
    }  # fmt: skip
    assert read(path).title == "My lesson"
    assert recorder.provenance() == "llama at h, kept in mine.jsonl"


def test_a_refusal_is_kept_and_replayed(tmp_path: Path) -> None:
    recorder = Recorder(Says(TextDelta("I can't.", refuses=True)), path := tmp_path / "mine.jsonl")
    assert text_of(list(recorder.ask(prompt()))) == "I can't."
    assert [part.refuses for part in Recorded(path).ask(prompt()) if isinstance(part, TextDelta)] == [True, True]


def test_a_call_is_kept_and_replayed(tmp_path: Path) -> None:
    call = ToolCall("add", '{"a": 1, "b": 2}')
    recorder = Recorder(Says(*call_deltas(0, call), *call_deltas(1, call)), path := tmp_path / "mine.jsonl")
    *parts, _ = recorder.ask(prompt())
    assert list(Recorded(path).ask(prompt()))[:-1] == parts


def test_what_a_person_said_is_authored(tmp_path: Path) -> None:
    list(Recorder(Says(TextDelta("Four."), answer="authored"), path := tmp_path / "mine.jsonl").ask(prompt()))
    assert read(path).exchanges[0].provenance.answer == "authored"


@pytest.mark.parametrize("model", [Scripted("Four."), Says(TextDelta("Four."), answer="recorded")])
def test_what_neither_an_endpoint_nor_a_person_said_is_not_kept(model: Any, tmp_path: Path) -> None:
    assert text_of(list(Recorder(model, path := tmp_path / "mine.jsonl").ask(prompt()))) == "Four."
    assert read(path).exchanges == []


def test_a_prompt_asked_anew_replaces_its_exchange_in_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    for question in ("one", "two", "three"):
        list(Recorder(Says(TextDelta("Old.")), path).ask(prompt(question)))
    list(Recorder(Says(TextDelta("New.")), path).ask(prompt("two")))
    assert [exchange.answer for exchange in read(path).exchanges] == ["Old.", "New.", "Old."]


def test_the_same_answer_again_changes_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    list(Recorder(Says(TextDelta("Four.")), path).ask(prompt()))
    before = path.read_text(encoding="utf-8").replace('"date": "', '"date": "1999-')
    path.write_text(before, encoding="utf-8")
    list(Recorder(Says(TextDelta("Fo"), TextDelta("ur.")), path).ask(prompt()))
    assert path.read_text(encoding="utf-8") == before


def test_prompts_that_demand_different_things_are_different(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    add = {"type": "function", "function": {"name": "add"}}
    different: list[dict[str, Any]] = [
        {},
        {"tool_choice": add},
        {"settings": settings({"response_format": {"type": "json_object"}})},
    ]
    for n, choices in enumerate(different):
        list(Recorder(Says(TextDelta(str(n))), path).ask(prompt(**choices)))
    assert text_of(list(Recorded(path).ask(prompt(tool_choice=add)))) == "1"
    assert len(read(path).exchanges) == 3


def test_a_picture_is_kept_without_its_id(tmp_path: Path) -> None:
    def pictured(id: str) -> Prompt:
        content: list[Any] = [{"type": "text", "text": "This?"}, {"type": "image_file", "image_file": {"file_id": id}}]
        return prompt(messages=[Turn("user", content)])

    list(Recorder(Says(TextDelta("A cat.")), path := tmp_path / "mine.jsonl").ask(pictured("file-1")))
    assert text_of(list(Recorded(path).ask(pictured("file-2")))) == "A cat."
    assert "file-1" not in path.read_text(encoding="utf-8")


def test_an_answer_that_broke_off_is_not_kept(tmp_path: Path) -> None:
    def breaks(_: Prompt) -> Iterator[str]:
        yield "Fo"
        raise ModelError("gone")

    recorder = Recorder(Scripted(breaks), path := tmp_path / "mine.jsonl")
    with pytest.raises(ModelError, match="gone"):
        list(recorder.ask(prompt()))
    assert read(path).exchanges == []


def test_the_time_of_the_deltas_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 2.0, 2.6])
    monkeypatch.setattr("assistant_nb.engine.model.recorder.time.monotonic", lambda: next(times))
    list(Recorder(Says(TextDelta("It is"), TextDelta(" four.")), path := tmp_path / "mine.jsonl").ask(prompt()))
    (exchange,) = read(path).exchanges
    assert (exchange.wait_ms, exchange.pace_ms) == (2000, 150), "0.6 s over three words and the end"


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"):
        Recorder(Says(), tmp_path / "nowhere" / "mine.jsonl")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(RecordingError, match="line 1"):
        Recorder(Says(), tmp_path / "notes.txt")
    folder = tmp_path / "folder"
    folder.mkdir()
    recorder = Recorder(Says(TextDelta("Four.")), folder / "mine.jsonl")
    (folder / "mine.jsonl").unlink()
    folder.rmdir()
    with pytest.raises(ModelError, match="The answer came, but was not kept"):
        list(recorder.ask(prompt()))


def test_a_crash_while_writing_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.jsonl"
    list(Recorder(Says(TextDelta("Old.")), path).ask(prompt()))
    before = path.read_bytes()

    def crash(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(ModelError, match="No space left"):
        list(Recorder(Says(TextDelta("New.")), path).ask(prompt()))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_several_may_keep_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    keep = [Recorder(Says(TextDelta(str(n))), path) for n in range(8)]
    threads = [threading.Thread(target=lambda n=n: list(keep[n].ask(prompt(str(n))))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(exchange.answer for exchange in read(path).exchanges) == list("01234567")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.jsonl")), ids=lambda path: path.stem)
def test_what_is_shipped_stands_as_it_would_be_written(path: Path, tmp_path: Path) -> None:
    write(tmp_path / "again.jsonl", read(path))
    assert (tmp_path / "again.jsonl").read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, question: str, answer: str) -> None:
    path = tmp_path_factory.mktemp("kept") / "mine.jsonl"
    list(Recorder(Says(TextDelta(answer)), path).ask(prompt(question)))
    assert text_of(list(Recorded(path).ask(prompt(question)))) == answer
    assert len(path.read_text(encoding="utf-8").split("\n")) == 3
    json.loads(path.read_text(encoding="utf-8").split("\n")[1])


def keep(path: Path, said: str, question: str = "2 + 2?", number: int = 1) -> None:
    list(Recorder(Says(TextDelta(said)), path).ask(prompt(question, number=number)))


def answers(path: Path, *numbers: int) -> list[str]:
    return [text_of(list(Recorded(path).ask(prompt(number=number)))) for number in numbers]


def test_answers_to_one_prompt_are_kept_in_order_and_come_again_from_the_first(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    keep(path, "Third.", number=3)
    keep(path, "Other.", "3 + 3?")
    keep(path, "First.")
    keep(path, "Second.", number=2)
    assert [exchange.answer for exchange in read(path).exchanges] == ["First.", "Second.", "Third.", "Other."]
    assert answers(path, 1, 2, 3, 4, 5) == ["First.", "Second.", "Third.", "First.", "Second."]


def test_the_nth_answer_replaces_the_nth(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    for number, said in ((1, "First."), (2, "Second."), (1, "Better."), (2, "Second.")):
        keep(path, said, number=number)
    assert [exchange.answer for exchange in read(path).exchanges] == ["Better.", "Second."]


def test_answers_that_a_person_writes_need_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    keep(path, "First.")
    title, (one,) = read(path)
    write(path, Recording(title, [one, one.model_copy(update={"answer": "Second."})]))
    assert "number" not in path.read_text(encoding="utf-8")
    assert answers(path, 1, 2, 3) == ["First.", "Second.", "First."]
    keep(path, "Third.", number=3)
    assert answers(path, 1, 2, 3) == ["First.", "Second.", "Third."]
