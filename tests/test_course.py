import itertools
from pathlib import Path

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from assistant_nb import course


def notebook(path: Path, *cells: str) -> Path:
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(nb, path)
    return path


def test_lessons_are_found_by_the_beginning_of_their_name() -> None:
    assert [path.stem for path in course.lessons()] == [
        "00_start_here",
        "01_first_assistant",
        "02_raw_http",
        "03_chat_or_assistant",
        "04_code_interpreter",
        "05_file_search",
        "06_function_calling",
        "07_streaming",
        "08_inside_a_run",
        "09_when_things_go_wrong",
        "10_build_your_own",
        "11_from_assistants_to_responses",
    ]
    assert course.find("02").stem == course.find("02_raw_http.ipynb").stem == "02_raw_http"
    for unknown in ("99", "nowhere/02_raw_http.ipynb", "nowhere/02"):
        with pytest.raises(course.LessonError, match=f"There is no lesson '{unknown}'. There are: 00_start_here"):
            course.find(unknown)
    with pytest.raises(course.LessonError, match="'0' could be more than one. There are: 00_start"):
        course.find("0")


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Jupyter keeps which notebooks it trusts."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))


@pytest.mark.usefixtures("data_dir")
def test_a_second_copy_keeps_what_the_learner_did(tmp_path: Path) -> None:
    copies = list(course.copy_to(tmp_path / "mine"))
    assert {done for _, done in copies} == {"new"}
    mine, _ = copies[0]
    mine.write_text("my own work")
    assert {done for _, done in course.copy_to(tmp_path / "mine")} == {"kept"}
    assert mine.read_text() == "my own work"
    assert course.lessons()[0].read_text(encoding="utf-8") != "my own work"


@pytest.mark.usefixtures("data_dir")
def test_a_lesson_comes_back_and_the_learners_file_gets_another_name(tmp_path: Path) -> None:
    mine, _ = next(iter(course.copy_to(tmp_path / "mine")))
    for n, work in enumerate(("one", "two"), 1):
        mine.write_text(work)
        told = dict(course.copy_to(tmp_path / "mine", course.find("00")))
        assert told[mine] == f"new, yours is now 00_start_here.mine-{n}.ipynb"
        assert mine.with_name(f"00_start_here.mine-{n}.ipynb").read_text() == work
        assert mine.read_bytes() == course.find("00").read_bytes()


@pytest.mark.usefixtures("data_dir")
def test_a_lesson_is_named_by_the_learners_own_file_too(tmp_path: Path) -> None:
    mine, _ = next(iter(course.copy_to(tmp_path / "mine")))
    mine.write_text("one")
    assert dict(course.copy_to(mine.parent, course.find(str(mine))))[mine].startswith("new, yours is now")
    with pytest.raises(course.LessonError, match=r"own.ipynb' is no lesson of the course"):
        list(course.copy_to(mine.parent, Path("own.ipynb")))


def test_an_original_that_is_reached_by_a_link_is_not_executed_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    lesson = notebook(tmp_path / "link/01.ipynb", "1")
    monkeypatch.setattr(course, "lessons", lambda: [lesson])
    with course.place_of(lesson) as place:
        assert place.resolve() != (tmp_path / "there").resolve()


@pytest.mark.usefixtures("data_dir")
def test_copies_are_trusted_and_their_data_come_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    for name in ("data/points.csv", "tide.png", "helper.txt", "02.ipynb"):
        (tmp_path / name).touch()
    lesson = notebook(tmp_path / "01.ipynb", "open('data/points.csv'); '![](tide.png)'; '02.ipynb'; '/etc/hosts'; '..'")
    monkeypatch.setattr(course, "lessons", lambda: [lesson])
    copies = dict(course.copy_to(tmp_path / "mine"))
    assert {str(path.relative_to(tmp_path / "mine")) for path in (tmp_path / "mine").rglob("*.*")} == {
        "01.ipynb", "data/points.csv", "tide.png",
    }  # fmt: skip
    assert [NotebookNotary().check_signature(course.read(copy)) for copy in copies] == [True]


def test_a_copy_cannot_be_put_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(course.LessonError, match="cannot hold your copy of the lessons"):
        list(course.copy_to(tmp_path / "file"))


def test_progress_is_told_cell_by_cell(tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    course.run(notebook(tmp_path / "n.ipynb", "x = 1", "x + 1"), lambda *step: progress.append(step))
    assert progress == [(0, 2), (1, 2), (2, 2)]


def test_the_cell_that_failed_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        course.LessonError, match=r"code cell 2 of 3 \(`x / 0`\) failed: ZeroDivisionError: division by zero"
    ):
        course.run(notebook(tmp_path / "n.ipynb", "x = 1", "x / 0\nx", "x"), lambda *step: None)


STARTS = "import assistant_nb as anb; anb.start(recording='nothing')"


CONNECTS = "from assistant_nb import connect; connect(modle='m')"
NOW = [(STARTS, [], True), (CONNECTS, ["raises-exception"], False)]
WAYS = list(itertools.product([STARTS, CONNECTS], [[], ["raises-exception"]], [True, False]))


@pytest.mark.parametrize(
    ("start", "tags", "goes_on"), [pytest.param(*way, marks=[pytest.mark.nightly] * (way not in NOW)) for way in WAYS]
)
def test_after_a_start_that_failed_nothing_is_executed(
    start: str, tags: list[str], goes_on: bool, tmp_path: Path
) -> None:
    nb = course.read(notebook(tmp_path / "n.ipynb", start, f"open({str(tmp_path / 'ran')!r}, 'w')"))
    nb.cells[0].metadata.tags = tags
    with pytest.raises(course.LessonError, match="code cell 1 of 2"):
        course.execute(nb, lambda *step: None, tmp_path, goes_on=goes_on)
    assert not (tmp_path / "ran").exists()


def test_other_cells_that_fail_stop_nothing_when_it_goes_on(tmp_path: Path) -> None:
    nb = course.read(notebook(tmp_path / "n.ipynb", "import threading", "threading.Thread().start(1)", "print('on')"))
    course.execute(nb, lambda *step: None, tmp_path, goes_on=True)
    assert nb.cells[2].outputs[0].text == "on\n"


def test_a_lessons_kernel_has_no_key_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = (
        "OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL", "OPENAI_CUSTOM_HEADERS", "openai_api_key",
        "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_AD_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "GROQ_API_KEY", "HF_TOKEN", "MY_PASSWORD",
    )  # fmt: skip
    for name in private:
        monkeypatch.setenv(name, "private")
    monkeypatch.setenv("UNNAMED", "sk-proj-0123456789")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:private@proxy.example")
    monkeypatch.setenv("COURSE", "kept")
    nb = course.read(notebook(tmp_path / "n.ipynb", "import os; print(dict(os.environ))"))
    course.execute(nb, lambda *step: None, tmp_path)
    told = nb.cells[0].outputs[0].text
    assert "'COURSE': 'kept'" in told
    assert not [one for one in ("private", "sk-proj", *private) if one in told]


def test_a_kernel_that_dies_is_told(tmp_path: Path) -> None:
    with pytest.raises(course.LessonError, match=r"code cell 1 of 1 .*failed: the kernel died"):
        course.run(notebook(tmp_path / "n.ipynb", "import os; os._exit(1)"), lambda *step: None)


def test_a_file_that_is_no_notebook_is_told(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text("hello")
    with pytest.raises(course.LessonError, match="cannot be read as a notebook"):
        course.run(tmp_path / "n.ipynb", lambda *step: None)
