import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import APIConnectionError, OpenAI

import assistant_nb as anb
from assistant_nb import choices
from assistant_nb.engine.errors import RecordingError, StoreError
from assistant_nb.engine.model.recorded import Recorded
from tests.until import PATIENCE_S


@pytest.fixture(autouse=True)
def nothing_runs() -> Iterator[None]:
    yield
    anb.stop()


def test_start_makes_the_documented_first_cell_work(capsys: pytest.CaptureFixture[str]) -> None:
    anb.start()
    client = OpenAI()
    assert client.beta.assistants.create(model="gpt-4").id.startswith("asst_")
    assert capsys.readouterr().out == (
        f"assistant_nb engine at 127.0.0.1 · model: recorded · answers: {Recorded().provenance()} · kept in memory\n"
    )


def test_starting_twice_is_harmless() -> None:
    anb.start()
    before = os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]
    assistant = OpenAI().beta.assistants.create(model="gpt-4")
    anb.start()
    assert (os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]) == before
    assert OpenAI().beta.assistants.retrieve(assistant.id) == assistant


def test_a_cell_that_starts_may_be_run_twice(capsys: pytest.CaptureFixture[str]) -> None:
    anb.start(model=anb.Scripted("Hello."))
    anb.start(model=anb.Scripted("Hello."))
    first, second = capsys.readouterr().out.splitlines()
    assert second == first.replace("engine at", "engine still at")


def test_stop_stops_listening() -> None:
    anb.start()
    client = OpenAI(max_retries=0)
    anb.stop()
    with pytest.raises(APIConnectionError):
        client.beta.assistants.list()


def test_time_in_a_file_goes_on_whoever_answers(tmp_path: Path) -> None:
    first = anb.connect(store=tmp_path / "class.db", model=anb.Scripted()).beta.threads.create()
    anb.stop()
    second = anb.connect(store=tmp_path / "class.db").beta.threads.create()
    assert first.created_at <= second.created_at <= time.time()


def test_stop_puts_the_environment_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-the-learners-own")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    anb.start()
    assert os.environ["OPENAI_API_KEY"] != "sk-the-learners-own"
    anb.stop()
    anb.stop()
    assert os.environ["OPENAI_API_KEY"] == "sk-the-learners-own"
    assert "OPENAI_BASE_URL" not in os.environ


def test_each_start_has_a_key_of_its_own() -> None:
    anb.start()
    first = os.environ["OPENAI_API_KEY"]
    anb.stop()
    anb.start()
    assert os.environ["OPENAI_API_KEY"] != first


def test_a_proxy_does_not_stand_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.org")
    anb.start()
    assert OpenAI(max_retries=0).beta.assistants.list().data == []
    assert os.environ["NO_PROXY"] == "example.org,127.0.0.1"


def test_clients_in_process_have_worlds_of_their_own() -> None:
    one, two = anb.connect(), anb.connect()
    first, second = one.beta.assistants.create(model="gpt-4"), two.beta.assistants.create(model="gpt-4")
    assert first == second, "the same steps give the same ids and times"
    one.beta.assistants.delete(first.id)
    assert two.beta.assistants.retrieve(second.id) == second


def test_clients_of_one_file_share_it_and_find_it_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assistant = anb.connect(store=tmp_path / "class.db").beta.assistants.create(model="gpt-4")
    assert anb.connect(store=tmp_path / "class.db").beta.assistants.retrieve(assistant.id) == assistant
    anb.start(store=tmp_path / "class.db")
    assert OpenAI().beta.assistants.retrieve(assistant.id) == assistant
    anb.stop()
    assert anb.connect(store=tmp_path / "class.db").beta.assistants.retrieve(assistant.id) == assistant
    assert "kept in class.db" in capsys.readouterr().out


def test_memory_has_the_name_that_sqlite_gives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    anb.connect(store=":memory:")
    assert list(tmp_path.iterdir()) == []


def test_a_scripted_model_answers(capsys: pytest.CaptureFixture[str]) -> None:
    client = anb.connect(model=anb.Scripted("Hello, Ada."))
    assistant = client.beta.assistants.create(model="any", instructions="Greet.")
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id)
    assert run.status == "completed"
    assert "model: scripted · answers: 1 scripted" in capsys.readouterr().out


def test_only_recorded_answers_come_with_the_ids_and_times_of_the_lessons() -> None:
    before = int(time.time())
    one, two = (anb.connect(model=anb.Scripted()).beta.threads.create() for _ in range(2))
    assert one.id != two.id
    assert before <= one.created_at <= time.time()
    assert time.gmtime(anb.connect().beta.threads.create().created_at).tm_year == 2024


def test_choices_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    for model in ("gpt-4", None, object(), anb.Scripted):
        with pytest.raises(ValueError, match=r"cannot answer\. Use 'recorded', .* or an object such as Scripted"):
            anb.connect(model=model)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="goes with recorded answers"):
        anb.connect(model=anb.Scripted(), recording="01_first_assistant")
    for pace in (-1, float("inf"), float("nan"), "fast"):
        with pytest.raises(ValueError, match="is no pace"):
            anb.connect(pace=pace)  # type: ignore[arg-type]
    with pytest.raises(RecordingError, match="There is no recording 'nothing'"):
        anb.start(recording="nothing")
    with pytest.raises(StoreError, match="does its folder exist"):
        anb.start(store=tmp_path / "nowhere" / "class.db")
    with pytest.raises(StoreError, match="is a folder"):
        anb.start(store=tmp_path)
    assert "sk-lab" not in os.environ.get("OPENAI_API_KEY", "")


def test_the_sdk_is_quiet_about_assistants_and_threads_and_nothing_else() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = anb.connect()
        client.beta.assistants.create(model="gpt-4")
        client.beta.threads.create()
        for other in (
            "The Assistants API is deprecated in favor of the Responses API, says somebody",
            "deprecated: use x",
        ):
            with pytest.raises(DeprecationWarning):
                warnings.warn(other, DeprecationWarning, stacklevel=1)
        with pytest.raises(UserWarning):
            warnings.warn("deprecated", UserWarning, stacklevel=1)


def test_a_process_that_started_an_engine_ends_by_itself() -> None:
    code = "import assistant_nb as anb; anb.start(); from openai import OpenAI; c = OpenAI(); c.beta.threads.create()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize(("said", "runs"), [("y", True), ("YES ", True), ("", False), ("no", False)])
def test_code_that_nothing_contains_is_shown_to_a_person(
    said: str, runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def answer(prompt: str) -> str:
        shown.append(prompt)
        return said

    monkeypatch.setattr("builtins.input", answer)
    assert choices._ask_person("print(1)") is runs
    assert shown[0].startswith("print(1)\n\nA model wrote this code, and nothing on this machine contains it.")


@pytest.mark.parametrize("nobody", [EOFError, OSError, RuntimeError])
def test_without_a_person_code_that_nothing_contains_does_not_run(
    nobody: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_input(prompt: str) -> str:
        raise nobody

    monkeypatch.setattr("builtins.input", no_input)
    assert choices._ask_person("print(1)") is False


def test_limits_are_above_zero() -> None:
    with pytest.raises(ValueError, match="call_s=0 is no limit"):
        anb.Limits(call_s=0)


@pytest.mark.parametrize("version", ["1.30.1", "2.54.0"])
def test_connect_names_an_sdk_that_is_too_old(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai.__version__", version)
    with pytest.raises(RuntimeError, match=rf"here is {version}[^$]*anb\.start\(\)"):
        anb.connect()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "socks5h://127.0.0.1:9"])
def test_start_says_what_to_do_about_a_socks_proxy(
    proxy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    anb.start()
    try:
        advice = capsys.readouterr().out.splitlines()[1]
        with pytest.raises(ImportError, match="socksio"):
            OpenAI()
        exec(advice.partition("remove the proxy: ")[2])
        OpenAI().close()
    finally:
        anb.stop()


def test_start_says_nothing_of_another_proxy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    anb.start()
    anb.stop()
    assert len(capsys.readouterr().out.splitlines()) == 1
