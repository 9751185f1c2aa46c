import io
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import nbformat
import pytest
import requests

from assistant_nb import cli, course
from assistant_nb.engine.model.recorded import Recorded
from tests.engine.model.endpoint import Reply, said, serving, status
from tests.until import PATIENCE_S


def test_run_says_of_each_lesson_that_it_passed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "02"]) == 0
    assert capsys.readouterr().out == f"02_raw_http: passed ({course.find('02')})\n"


def test_run_says_which_cell_failed_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lesson = json.loads(course.find("02").read_text(encoding="utf-8"))
    lesson["cells"][2]["source"] = "1 / 0"
    (tmp_path / "broken.ipynb").write_text(json.dumps(lesson))
    assert cli.main(["run", str(tmp_path / "broken.ipynb")]) == 1
    assert "broken: code cell 1 of" in (said := capsys.readouterr().out)
    assert "(`1 / 0`) failed: ZeroDivisionError: division by zero" in said


def test_a_pipe_that_does_not_take_a_character_gets_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(pipe := io.BytesIO(), "cp1252"))
    assert cli.main(["handout", "01", "--dir", str(tmp_path / "→")]) == 0
    sys.stdout.flush()
    assert pipe.getvalue().decode("cp1252").strip().replace("\\", "/").endswith("/?/01_first_assistant.ipynb")


def test_run_of_an_unknown_lesson_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "99"]) == 1
    assert (
        f"There is no lesson '99'. There are: {', '.join(path.stem for path in course.lessons())}."
        in capsys.readouterr().err
    )


def test_serve_prints_what_a_client_needs_and_ends_on_request(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant_nb.cli", "serve", "--store", str(tmp_path / "class.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stderr
        exports = dict(server.stdout.readline().strip().split("=", 1) for _ in range(2))
        assert list(exports) == ["OPENAI_BASE_URL", "OPENAI_API_KEY"]
        headers = {"Authorization": f"Bearer {exports['OPENAI_API_KEY']}", "OpenAI-Beta": "assistants=v2"}
        assert (
            requests.get(f"{exports['OPENAI_BASE_URL']}/assistants", headers=headers, timeout=PATIENCE_S).status_code
            == 200
        )
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE_S) == 130
        assert server.stderr.read() == (
            f"assistant_nb engine at 127.0.0.1 · model: recorded · answers: {Recorded().provenance()} · kept in class.db\n"
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--base-url", "http://h/v1", "--practice"], "model='practice' answers by itself."),
        (["--base-url", "http://h/v1", "--api-key-env", "NOBODYS_KEY"], "variable 'NOBODYS_KEY' is not set"),
        (["--practice", "--recording", "02_raw_http"], "recording=… goes with recorded answers"),
        (["--record", "x.jsonl"], "record=… keeps what others answer"),
        (["--model", "m"], "the name of a model goes with base_url=…"),
        (["--practice", "--human"], "not allowed with argument --practice"),
    ],
)
def test_serve_refuses_choices_that_do_not_fit(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "signal", Mock())
    with suppress(SystemExit):
        assert cli.main(["serve", *options]) == 2
    assert message in capsys.readouterr().err


OLLAMA = "--base-url http://localhost:11434/v1"


@pytest.mark.parametrize("command", [["serve"], ["record", "03"]])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("localhost:11434", f"'localhost:11434' is no address of an endpoint: it does not begin with http:// or https://. Use: {OLLAMA}"),
        ("http://localhost:11434/v1/chat/completions", f"it ends in /chat/completions, which the SDK adds by itself. Use: {OLLAMA}"),
        ("", f"it is empty. Use: {OLLAMA}"),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_told_before_anything_is_done(
    command: list[str], given: str, message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", Mock(side_effect=AssertionError("nobody is asked")))
    with pytest.raises(SystemExit) as exit_:
        cli.main([*command, "--base-url", given])
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def lesson(folder: Path, *cells: str) -> str:
    """One that asks as often as it has cells."""
    start = nbformat.v4.new_code_cell("import assistant_nb as anb; client = anb.connect(recording='mine')")
    notebook = nbformat.v4.new_notebook(cells=[start, *map(nbformat.v4.new_code_cell, cells)])
    nbformat.write(notebook, folder / "mine.ipynb")
    return str(folder / "mine.ipynb")


def asks(question: str) -> str:
    return f"client.chat.completions.create(model='m', messages=[{{'role': 'user', 'content': {question!r}}}]).id and 1"


def test_record_says_what_it_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "sk-mine-0123456789")
    with serving(said("Four.", tokens=(1000, 3))) as endpoint:
        options = ["--base-url", endpoint.url, "--api-key-env", "MINE", "--dir", str(tmp_path / "new")]
        assert cli.main(["record", lesson(tmp_path, asks("2 + 2?"), asks("1 + 3?")), *options]) == 0
        assert endpoint.headers[1]["Authorization"] == "Bearer sk-mine-0123456789"
    told = f"mine: recorded in {tmp_path / 'new'} ({tmp_path / 'mine.ipynb'})\nused: 2 requests, 2,006 tokens\n"
    assert capsys.readouterr().out == told
    assert "MINE" not in os.environ, "what it starts gets no key"


@pytest.mark.parametrize(
    ("reply", "options", "message", "used"),
    [
        (status(401), [], "not recorded, as the model gave no answer. 127.0.0.1 does not take the key.", "2 requests, 103 tokens"),
        (said("Four."), ["--cap-tokens", "100"], "as the cap of this process would be overstepped", "1 requests, 103 tokens"),
    ],
)  # fmt: skip
def test_record_says_what_it_used_when_it_failed_on_the_way(
    reply: Reply, options: list[str], message: str, used: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(said("Four.", tokens=(100, 3)), reply) as endpoint:
        options = ["--base-url", endpoint.url, "--dir", str(tmp_path / "new"), *options]
        assert cli.main(["record", lesson(tmp_path, asks("2 + 2?"), asks("1 + 3?"), asks("4?")), *options]) == 1
    told, count = capsys.readouterr().out.splitlines()
    assert told.startswith("mine: ")
    assert message in told
    assert count == f"used: {used}"
    assert not (tmp_path / "new").exists()


def test_a_cap_that_is_none_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record", "03", "--base-url", "http://h/v1", "--cap-tokens", "-5"]) == 2
    assert "cap_tokens=-5 is no cap. Use a number above 0." in capsys.readouterr().err


def test_serve_takes_the_choices_of_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client elsewhere gets answers of an endpoint, kept, and later those of the recording."""
    monkeypatch.setenv("MY_KEY", "sk-mine-0123456789")
    with serving(said("Four.")) as endpoint:
        kept = ["--record", str(tmp_path / "kept.jsonl"), "--cap-tokens", "9000000"]
        live = ["--base-url", endpoint.url, "--model", "m", "--api-key-env", "MY_KEY", *kept]
        assert "at most 9,000,000 tokens, kept in kept.jsonl" in answered_by(live, "Four.")
        assert endpoint.headers[0]["Authorization"] == "Bearer sk-mine-0123456789"
    answered_by(["--recording", str(tmp_path / "kept.jsonl")], "Four.")
    answered_by(["--practice"], "Practice: rules answer here")


def answered_by(options: list[str], expected: str) -> str:
    """What a server with these options prints for people, once it has answered as expected."""
    command = [sys.executable, "-m", "assistant_nb.cli", "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stderr
        url, key = (server.stdout.readline().strip().partition("=")[2] for _ in range(2))
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "2 + 2?"}]}
        headers = {"Authorization": f"Bearer {key}"}
        answer = requests.post(f"{url}/chat/completions", json=body, headers=headers, timeout=PATIENCE_S).json()
        server.send_signal(signal.SIGTERM)
        assert answer["choices"][0]["message"]["content"].startswith(expected)
        return server.stderr.read()


def test_serve_says_why_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no database, but long enough to look at " * 50)
    assert cli.main(["serve", "--store", str(tmp_path / "notes.txt")]) == 1
    assert "is not a database" in capsys.readouterr().err


def test_lab_opens_jupyterlab_on_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(cli, "find_spec", lambda name: True)

    def becomes(program: str, command: list[str]) -> None:
        started.append(command)
        raise SystemExit

    monkeypatch.setattr(os, "execv", becomes)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        cli.main(["lab", "--no-browser"])
    assert len(list((tmp_path / "assistant-nb-lessons").glob("*.ipynb"))) == len(course.lessons())
    assert started[0][1:3] == ["-m", "jupyterlab"]
    assert started[0][-1] == "--no-browser"
    settings, mine = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert (Path(settings) / "labconfig/default_setting_overrides.json").is_file()
    assert mine == "mine"
    assert "Run All Above Selected Cell" in capsys.readouterr().out


def test_lab_without_jupyterlab_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    assert cli.main(["lab"]) == 1
    assert "pip install 'assistant_nb[lab]'" in capsys.readouterr().err


def test_words_that_nobody_knows_are_misuse() -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["run", "--quickly"])
    assert exit_.value.code == 2


@pytest.mark.parametrize("text", ["no JSON", '{"cells": 3}', '{"nbformat": 4, "nbformat_minor": 5}'])
def test_run_of_what_is_no_notebook_says_so(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.ipynb").write_text(text)
    assert cli.main(["run", str(tmp_path / "bad.ipynb")]) == 1
    assert "/bad.ipynb' cannot be read as a notebook: " in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["handout", "01", "--dir", str(tmp_path / "file" / "x")]) == 1
    assert "cannot be used (Not a directory). Name another file or --dir." in capsys.readouterr().err


def test_a_reader_who_goes_away_is_no_failure_to_tell() -> None:
    command = [sys.executable, "-c", "from assistant_nb.cli import main; import time; time.sleep(1); main(['doctor'])"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
