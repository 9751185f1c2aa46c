"""A damaged store says what is damaged and what to do, never with a 5xx; what can be read of it is saved."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import openai
import pytest

from assistant_nb import cli
from assistant_nb.engine import wire
from assistant_nb.engine.app import create_app
from assistant_nb.engine.errors import StoreError
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.objects import MESSAGE, RUN, THREAD
from assistant_nb.engine.rescue import check
from assistant_nb.engine.store import Store
from tests.conftest import Connect, MakeApp
from tests.engine.test_store import open_store
from tests.until import until

PAGE = 4096
THREADS = 30
Ask = Callable[..., Any]


@pytest.fixture
def path(tmp_path: Path, make_app: MakeApp, connect: Connect, ask: Ask) -> Path:
    """A store of some pages: threads with a message each, a vector store with a file, and a run that has answered."""
    path = tmp_path / "class.db"
    app = create_app(store=path, model=Scripted("Four."))
    client = connect(app=app)
    ask(client, "2 + 2?")
    file = client.files.create(file=("cake.txt", b"Cake is warm. " * 900), purpose="assistants")
    vectors = client.vector_stores.create(file_ids=[file.id])
    client.vector_stores.files.poll(file.id, vector_store_id=vectors.id)
    for n in range(THREADS):
        client.beta.threads.create(messages=[{"role": "user", "content": f"{n} " + "word " * 200}])
    app.close()
    return path


def change(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(statement, values).rowcount == 1


def page_of(path: Path, words: bytes) -> int:
    """The number of a page, from 0, that has these words."""
    return path.read_bytes().index(words) // PAGE


def zero(path: Path, page: int, count: int = 1) -> None:
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(bytes(count * PAGE))


def digest(path: Path) -> dict[str, str]:
    return {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest()
        for one in path.parent.glob(f"{path.name}*")
        if one.is_file()
    }


def saved(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, str]:
    """What `store check` saves, and says; what is damaged stays as it is."""
    before = digest(path)
    assert cli.main(["store", "check", str(path)]) == 1
    assert digest(path) == before
    new = path.with_name("class.rescued.db")
    assert cli.main(["store", "check", str(new)]) == 0
    out = capsys.readouterr().out
    assert f"'{new}' is whole" in out
    return new, out


def messages(path: Path) -> int:
    with closing(open_store(path)) as store:
        return sum(len(store.all(MESSAGE, thread["id"])) for thread in store.all(THREAD))


def assert_said(error: openai.APIStatusError, path: Path, what: str) -> None:
    assert error.status_code == 400
    assert isinstance(error.body, dict) and list(error.body) == ["message", "type", "param", "code"]
    assert what in error.body["message"]
    assert f"assistant-nb store check {path}" in error.body["message"]


def test_a_whole_store_is_called_whole_and_no_new_one_is_made(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["store", "check", str(path)]) == 0
    assert f"'{path}' is whole: 1 assistant, 31 thread, 32 thread.message, 1 thread.run," in capsys.readouterr().out
    assert list(path.parent.glob("*.rescued.*")) == []


def test_a_zeroed_page_is_told_while_serving_and_costs_what_was_on_it(
    path: Path, connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    zero(path, page_of(path, b"17 word"))
    app = create_app(store=path, model=Scripted())
    client = connect(app=app)
    with pytest.raises(openai.BadRequestError) as raised:
        for thread in client.get("/threads?limit=100", cast_to=object)["data"]:  # type: ignore[index]
            client.beta.threads.messages.list(thread["id"])
    assert_said(raised.value, path, "is damaged (")
    assert client.beta.assistants.list().data, "the rest can be read"
    app.close()
    new, out = saved(path, capsys)
    assert 24 <= messages(new) < 32
    assert out.count("\n  msg_") + out.count("\n  thread_") > 0
    assert out.count("\n  msg_") == 32 - messages(new)


def test_several_zeroed_pages_cost_only_themselves(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (b"5 word", b"15 word", b"25 word"):
        zero(path, page_of(path, words))
    assert messages(saved(path, capsys)[0]) >= 14


@pytest.mark.parametrize("size", [0.5, 0.9])
def test_a_truncated_file_is_told_and_what_is_left_is_saved(
    path: Path, size: float, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * size)])
    assert "is damaged" in said_at_opening(path)
    assert messages(saved(path, capsys)[0]) > 0


def said_at_opening(path: Path) -> str:
    """What an engine says of a file, when it is opened or when all of it is read."""
    try:
        app = create_app(store=path, model=Scripted())
    except StoreError as error:
        return str(error)
    with closing(app):
        return str(app.store.explain(ValueError("unforeseen")))


@pytest.mark.parametrize(("start", "end"), [(0, 16), (0, 100), (0, PAGE)])
def test_a_garbage_header_costs_nothing(path: Path, start: int, end: int, capsys: pytest.CaptureFixture[str]) -> None:
    with path.open("r+b") as file:
        file.write(b"\xa5" * (end - start))
    assert f"assistant-nb store check {path}" in said_at_opening(path)
    assert messages(saved(path, capsys)[0]) == 32


@pytest.mark.parametrize("data", ['{"status": "in_pro', "", "\0"])
def test_a_journal_that_is_no_json_is_told_and_costs_its_run(
    path: Path, data: str, connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    change(path, "UPDATE journal SET data = ? WHERE n = 3", data)
    app = create_app(store=path, model=Scripted())
    run = app.store.all(RUN, app.store.all(THREAD)[0]["id"])[0]
    with pytest.raises(openai.BadRequestError) as raised:
        connect(app=app).get(f"/lab/runs/{run['id']}", cast_to=object)
    assert_said(raised.value, path, f"entry 3 in the journal of {run['id']} is not JSON")
    app.close()
    new, out = saved(path, capsys)
    assert f"{run['id']}: entries of its journal cannot be read" in out
    assert messages(new) == 32, "the answer stays"
    app = create_app(store=new, model=Scripted())
    answer = connect(app=app).beta.threads.messages.list(run["thread_id"]).data[0]
    changed = connect(app=app).beta.threads.messages.update(answer.id, thread_id=run["thread_id"], metadata={"a": "b"})
    assert (changed.run_id, changed.metadata) == (None, {"a": "b"})
    app.close()


@pytest.mark.parametrize("data", ["null", "[]", "1"])
def test_a_journal_of_other_json_is_damaged(path: Path, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    change(path, "UPDATE journal SET data = ? WHERE n = 3", data)
    assert "entry 3 in the journal of run_" in saved(path, capsys)[1]


@pytest.mark.parametrize("n", [0, 3])
def test_an_entry_that_is_missing_is_damage(path: Path, n: int, capsys: pytest.CaptureFixture[str]) -> None:
    change(path, "DELETE FROM journal WHERE n = ?", n)
    assert "entries in the journal of run_" in saved(path, capsys)[1]


def test_an_object_that_is_no_json_is_told_and_lost_alone(
    path: Path, connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_store(path)) as store:
        thread = store.all(THREAD)[9]["id"]
    change(path, "UPDATE object SET body = '{' WHERE id = ?", thread)
    app = create_app(store=path, model=Scripted())
    with pytest.raises(openai.BadRequestError) as raised:
        connect(app=app).beta.threads.retrieve(thread)
    assert_said(raised.value, path, f"the row of {thread} is not JSON")
    app.close()
    new, out = saved(path, capsys)
    assert f"  {thread}: cannot be read" in out
    assert messages(new) == 31


def test_a_run_that_was_under_way_does_not_keep_a_damaged_store_from_opening(path: Path, connect: Connect) -> None:
    change(
        path, "UPDATE object SET active = 1, body = json_set(body, '$.status', 'in_progress') WHERE kind = 'thread.run'"
    )
    change(path, "UPDATE journal SET data = '{' WHERE n = 3")
    app = create_app(store=path, model=Scripted())
    run, client = app.store.active_runs()[0], connect(app=app)

    def refused() -> openai.BadRequestError | None:
        """None as long as the run is still moving."""
        try:
            client.beta.threads.runs.retrieve(run["id"], thread_id=run["thread_id"])
        except openai.BadRequestError as error:
            return error
        return None

    assert_said(until(refused, lambda: "the run goes on"), path, "is not JSON")
    app.close()


def killed(path: Path) -> Path:
    """A copy of a store as a kill leaves it, with what was written last in its log alone."""
    store = open_store(path)
    with store.transaction():
        store.put(wire.thread("thread_last", 0, {}))
    copy = path.with_name("killed.db")
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", f"{copy}{end}")
    store.close()
    shutil.copytree(f"{path}.files", f"{copy}.files")
    return copy


def test_what_stands_in_the_log_alone_is_read(path: Path) -> None:
    assert (report := check(killed(path), path.with_name("new.db"))).damage == ""
    assert report.counts["thread"] == THREADS + 2


def test_a_lost_log_costs_what_stood_in_it(path: Path) -> None:
    Path(f"{killed(path)}-wal").unlink()
    assert messages(path.with_name("killed.db")) == 32


def test_an_emptied_file_beside_its_log_is_told_and_the_log_is_left_alone(path: Path) -> None:
    copy = killed(path)
    copy.write_bytes(b"")
    before = digest(copy)
    with pytest.raises(StoreError, match=f"is empty, but .*assistant-nb store check {copy}"):
        open_store(copy)
    assert digest(copy) == before


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "class.db").touch()
    open_store(tmp_path / "class.db").close()
    assert check(tmp_path / "class.db", tmp_path / "new.db").damage == ""


def test_the_bytes_of_files_come_along_and_lost_ones_are_named(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zero(path, page_of(path, b"17 word"))
    new, _ = saved(path, capsys)
    (file,) = [one.name for one in Path(f"{new}.files").iterdir() if "." not in one.name]
    (Path(f"{path}.files") / file).unlink()
    assert check(path, path.with_name("again.db")).lost[-1] == f"{file}: its bytes are gone"


def test_check_refuses_what_it_cannot_read_or_write(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (notes := path.with_name("notes.txt")).write_text("My notes. " * 1000)
    for file, why in ((notes, "Nothing in"), (path.parent, "is a folder"), (path.with_name("none.db"), "is not there")):
        assert cli.main(["store", "check", str(file)]) == 1
        assert why in capsys.readouterr().err
    zero(path, page_of(path, b"17 word"))
    assert cli.main(["store", "check", str(path), "--to", str(notes)]) == 1
    assert "is there already. Name another file with --to." in capsys.readouterr().err
    assert notes.read_text() == "My notes. " * 1000


def failing(name: str, message: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SQLITE_FULL", "cannot be opened: its disk is full, or refuses (told). See how much is free with: df -h"),
        (
            "SQLITE_IOERR_WRITE",
            "cannot be opened: its disk is full, or refuses (told). See how much is free with: df -h",
        ),
        ("SQLITE_READONLY", "may be read, but not written (told). Run: chmod u+w"),
        ("SQLITE_CANTOPEN", "cannot be opened: does its folder exist, and may you write there?"),
        ("SQLITE_BUSY_RECOVERY", "is in use by another engine. Stop that one, or name another file."),
    ],
)
def test_what_keeps_a_store_from_opening_says_what_to_do(
    name: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(store: Store) -> None:
        raise failing(name, "told")

    monkeypatch.setattr(Store, "_open", refuse)
    with pytest.raises(StoreError) as raised:
        open_store(tmp_path / "class.db")
    assert str(raised.value).startswith(f"'{tmp_path / 'class.db'}' {says}")


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR_READ", "SQLITE_READONLY_DBMOVED"])
def test_a_disk_that_refuses_while_serving_is_no_5xx(
    name: str, connect: Connect, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    client = connect(app=app)
    thread = client.beta.threads.create()

    def refuse(*_: Any, **__: Any) -> None:
        raise failing(name, "told")

    with monkeypatch.context() as broken:
        broken.setattr(app.store, "get", refuse)
        broken.setattr(app.store, "put", refuse)
        calls: tuple[Callable[[], object], ...] = (
            lambda: client.beta.threads.retrieve(thread.id),
            client.beta.threads.create,
        )
        for call in calls:
            with pytest.raises(openai.BadRequestError, match=r"The disk of this machine .*\(told\)"):
                call()
    assert client.beta.threads.retrieve(thread.id).id == thread.id
