"""What a learner is told: one line of a check, hints one by one, a solution that can be pasted, progress."""

from pathlib import Path

import pytest

import assistant_nb as anb
from assistant_nb.exercises import desk, solved
from assistant_nb.exercises.table import EXERCISES, TITLES

OPEN = "01.1 · Not attempted yet. "


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine of another test, no file of a learner."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("assistant_nb.client._connected", {})
    monkeypatch.setattr(solved, "_solved", set())
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    desk._shown.clear()


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_a_check_goes_from_not_attempted_by_not_yet_to_right(capsys: pytest.CaptureFixture[str]) -> None:
    client = anb.connect(model="practice")
    assistant = client.beta.assistants.create(model="gpt-4o")
    capsys.readouterr()
    anb.check("01.1")
    assert printed(capsys) == OPEN + "No message holds `5x + 3 = 18`.\n"
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "5x + 3 = 18"}])
    anb.check("01.1")
    assert printed(capsys) == (
        "01.1 · Not yet. A new thread holds your question. It has no run yet. Create a run on this thread.\n"
    )
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    anb.check("01.1")
    assert printed(capsys) == f"01.1 · Right. {EXERCISES['01.1'].right}\n"


def test_a_check_looks_at_all_engines_and_the_newest_has_the_word(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = anb.connect(model="practice"), anb.connect(model="practice")
    first.beta.assistants.create(name="Grace", model="gpt-4o")
    second.beta.assistants.create(name="Ada", model="gpt-4o")
    capsys.readouterr()
    anb.check("00.1")
    assert "'Ada'" in printed(capsys)
    first.beta.assistants.create(name="Helper of Grace", model="gpt-4o")
    anb.check("00.1")
    assert printed(capsys).startswith("00.1 · Right.")


def test_without_an_engine_a_check_says_the_line_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    anb.check("01.1")
    way_on = 'Run the lesson from the top, or this line: anb.goto("01", "exercises")'
    assert printed(capsys) == f"{OPEN}No engine is running. {way_on}\n"
    client = anb.connect(model="practice")
    capsys.readouterr()
    anb.check("01.1")
    assert printed(capsys) == f"{OPEN}The engine is empty. {way_on}\n"
    client.close()


def test_an_engine_that_was_stopped_and_another_server_are_passed_by(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    anb.check("01.1")
    assert "No engine is running" in printed(capsys)


def test_a_check_moves_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    client = anb.connect(model="practice", polls="step")
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "5x + 3 = 18"}])
    run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    for _ in range(5):
        anb.check("01.1")
    assert "Your run is `queued`. Call `runs.retrieve` again" in printed(capsys)
    assert client.beta.threads.runs.list(thread.id).data[0].status == run.status == "queued"


def test_more_threads_than_one_page_are_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    client = anb.connect(model="practice")
    for n in range(101):
        client.beta.threads.create(messages=[{"role": "user", "content": "5x + 3 = 18" if n == 100 else "Hello"}])
    anb.check("01.1")
    assert "A new thread holds your question" in printed(capsys)


@pytest.mark.parametrize("call", [anb.check, anb.hint, anb.solution])
def test_an_unknown_key_is_an_error_that_lists_the_others(call: object) -> None:
    with pytest.raises(ValueError, match=r"^There is no exercise '01\.9'\. There are: 01\.1, 01\.2, 01\.3,"):
        call("01.9")  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"^There is no exercise '99\.1'\. There are: 00\.1, 01\.1 to 01\.5"):
        call("99.1")  # type: ignore[operator]


def test_hints_come_one_more_each_time_and_then_the_way_to_the_solution(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = EXERCISES["01.3"].hints
    anb.hint("01.3")
    assert printed(capsys) == f"01.3 · Hint 1 of 2. {one}\n"
    last = f'01.3 · Hint 1 of 2. {one}\n01.3 · Hint 2 of 2. {two}\nThat was the last hint. A solution: anb.solution("01.3")\n'
    for _ in range(2):
        anb.hint("01.3")
        assert printed(capsys) == last


def test_a_solution_is_code_and_help_is_no_attempt(capsys: pytest.CaptureFixture[str]) -> None:
    client = anb.connect(model="practice")
    assistant = client.beta.assistants.create(model="gpt-4o")
    capsys.readouterr()
    anb.hint("01.1")
    anb.solution("01.1")
    code = printed(capsys).partition("\n")[2]
    anb.check("01.1")
    assert printed(capsys).startswith(OPEN)
    exec(code, {"client": client, "assistant": assistant})
    anb.check("01.1")
    assert "01.1 · Right." in printed(capsys)


def test_progress_shows_what_was_right_also_in_the_next_kernel(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    anb.progress()
    before = printed(capsys).splitlines()
    assert before[0] == "00  Start here            ○      0 of 1"
    assert len(before) == len(TITLES)
    client = anb.connect(model="practice")
    client.beta.assistants.create(name="Helper of Grace", model="gpt-4o")
    anb.check("01.1")
    assert not (tmp_path / solved.FILE).exists(), "only what is right is kept"
    anb.check("00.1")
    monkeypatch.setattr(solved, "_solved", set())
    capsys.readouterr()
    anb.progress()
    assert printed(capsys).splitlines() == ["00  Start here            ●      1 of 1", *before[1:]]


@pytest.mark.parametrize("kept", ["{", "3", '[3, "00.1"]'])
def test_a_damaged_file_of_progress_is_no_error(kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / solved.FILE).write_text(kept, encoding="utf-8")
    anb.progress()
    assert f"{kept.count('00.1')} of 1" in printed(capsys)


def test_progress_is_remembered_where_nothing_can_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / solved.FILE).mkdir()
    solved.add("00.1")
    anb.progress()
    assert "1 of 1" in printed(capsys)
