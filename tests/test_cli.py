import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from assistant_nb import cli, course


def test_run_says_of_each_lesson_that_it_passed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "02"]) == 0
    assert capsys.readouterr().out == "02_raw_http: passed\n"


def test_run_says_which_cell_failed_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lesson = json.loads(course.find("02").read_text(encoding="utf-8"))
    lesson["cells"][2]["source"] = "1 / 0"
    (tmp_path / "broken.ipynb").write_text(json.dumps(lesson))
    assert cli.main(["run", str(tmp_path / "broken.ipynb")]) == 1
    assert "broken: code cell 1 of" in (said := capsys.readouterr().out)
    assert "(`1 / 0`) failed: ZeroDivisionError: division by zero" in said


def test_run_of_an_unknown_lesson_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "99"]) == 1
    assert (
        "There is no lesson '99'. There are: 01_first_assistant, 02_raw_http, 03_chat_or_assistant, 04_code_interpreter, 05_file_search, 06_function_calling, 07_streaming."
        in capsys.readouterr().err
    )


def test_serve_prints_what_a_client_needs_and_ends_on_request(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant_nb.cli", "serve", "--store", str(tmp_path / "class.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stderr
        exports = dict(server.stdout.readline().strip().split("=", 1) for _ in range(2))
        assert list(exports) == ["OPENAI_BASE_URL", "OPENAI_API_KEY"]
        headers = {"Authorization": f"Bearer {exports['OPENAI_API_KEY']}", "OpenAI-Beta": "assistants=v2"}
        assert requests.get(f"{exports['OPENAI_BASE_URL']}/assistants", headers=headers, timeout=10).status_code == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 130
        assert server.stderr.read() == ""


def test_serve_says_why_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no database, but long enough to look at " * 50)
    assert cli.main(["serve", "--store", str(tmp_path / "notes.txt")]) == 1
    assert "is not a database" in capsys.readouterr().err


def test_lab_opens_jupyterlab_on_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(cli, "find_spec", lambda name: True)

    def becomes(program: str, command: list[str]) -> None:
        started.append(command)
        raise SystemExit

    monkeypatch.setattr(os, "execv", becomes)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        cli.main(["lab", "--no-browser"])
    assert len(list((tmp_path / "assistant-nb-lessons").glob("*.ipynb"))) == len(course.lessons())
    assert started[0][1:3] == ["-m", "jupyterlab"]
    assert started[0][-1] == "--no-browser"


def test_lab_without_jupyterlab_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    assert cli.main(["lab"]) == 1
    assert "pip install '.[lab]'" in capsys.readouterr().err


def test_words_that_nobody_knows_are_misuse() -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["run", "--quickly"])
    assert exit_.value.code == 2
