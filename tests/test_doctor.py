"""`assistant-nb doctor`: ten lines, and what to do where something does not work."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from assistant_nb import cli, course, doctor
from tests.engine.model.endpoint import said, serving


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ten_lines_say_what_works(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert [line[6:].partition(":")[0] for line in lines] == [
        *("Python", "packages", "lessons", "kernel", "recordings"),
        *("front end", "widgets", "code", "endpoint", "store"),
    ]
    assert code == any(line.startswith("FAILS") for line in lines)
    assert list(folder.iterdir()) == []


def test_a_missing_package_that_lessons_need_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def version(name: str) -> str:
        if name == "nbclient":
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(doctor, "version", version)
    assert cli.main(["doctor"]) == 1
    assert 'FAILS lessons: nbclient is missing. Do this: pip install "assistant_nb[lesson]"' in capsys.readouterr().out


def test_recordings_that_cannot_be_read_are_a_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "SHIPPED", folder)
    (folder / "01.jsonl").write_text("nothing")
    assert cli.main(["doctor"]) == 1
    assert "FAILS recordings: " in capsys.readouterr().out


def test_no_lessons_are_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(course, "lessons", list)
    assert cli.main(["doctor"]) == 1
    assert "FAILS lessons: there are none. Do this in the folder of the project: " in capsys.readouterr().out


def test_a_store_of_ones_own_is_not_touched(folder: Path) -> None:
    (folder / "assistant-nb-doctor.db").write_text("mine")
    cli.main(["doctor"])
    assert [path.read_text() for path in folder.iterdir()] == ["mine"]


def test_an_endpoint_that_calls_no_tool_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(said("Five.")) as endpoint:
        cli.main(["doctor", "--base-url", endpoint.url, "--model", "m"])
    assert "no    endpoint: 127.0.0.1 answers, and did not call a tool." in capsys.readouterr().out


def test_an_endpoint_that_nobody_serves_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor", "--base-url", "http://127.0.0.1:9/v1", "--model", "m"])
    assert "no    endpoint: 127.0.0.1 cannot be reached" in capsys.readouterr().out
