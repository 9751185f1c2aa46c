"""A kernel's folders: nothing in them leads out of them, and none of them stays."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant_nb.sandbox import rooms
from assistant_nb.sandbox.errors import KernelError


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with a file that must stay as they are."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "mine").write_text("mine")
    return folder


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "inside"
    folder.mkdir()
    return folder


def test_everything_in_a_room_goes_and_nothing_else(inside: Path, outside: Path) -> None:
    (inside / "link").symlink_to(outside)
    (inside / "folder").mkdir()
    (inside / "folder" / "link").symlink_to(outside / "mine")
    os.link(outside / "mine", inside / "folder" / "hard")
    os.mkfifo(inside / "pipe")
    (inside / "closed").mkdir(0)
    rooms.remove(inside)
    assert not inside.exists()
    assert (outside / "mine").read_text() == "mine"


def test_a_folder_can_be_too_deep_for_a_path(inside: Path) -> None:
    folder = os.open(inside, rooms.FOLDER)
    for _ in range(3000):
        os.mkdir("deeper", dir_fd=folder)
        below = os.open("deeper", rooms.FOLDER, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)
    rooms.remove(inside)
    assert not inside.exists()


def test_a_link_is_not_a_room(inside: Path, outside: Path) -> None:
    (inside / "link").symlink_to(outside)
    rooms.empty(inside / "link")
    assert (outside / "mine").exists()


def test_for_a_new_kernel_all_folders_but_scratch_are_made_anew(outside: Path) -> None:
    quarters = rooms.furnish()
    room = quarters.room
    rooms.renew(room)
    for folder in (room.scratch, room.temp, room.connection):
        (folder / "planted").touch()
    rooms.renew(room)
    assert [path.name for path in (*room.scratch.iterdir(), *room.temp.iterdir(), *room.connection.iterdir())] == [
        "planted"
    ]
    quarters.close()


def test_a_link_in_place_of_a_folder_is_replaced_not_followed(outside: Path) -> None:
    quarters = rooms.furnish()
    quarters.room.temp.symlink_to(outside)
    rooms.renew(quarters.room)
    assert quarters.room.temp.is_dir() and not quarters.room.temp.is_symlink()
    assert (outside / "mine").exists()
    quarters.close()


def test_a_folder_that_stays_as_it_was_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    quarters = rooms.furnish()
    rooms.renew(quarters.room)
    monkeypatch.setattr(rooms, "remove", lambda _: None)
    with pytest.raises(KernelError, match="cannot be made anew"):
        rooms.renew(quarters.room)
    monkeypatch.undo()
    quarters.close()


def test_a_file_is_put_over_a_link_not_through_it(inside: Path, outside: Path, tmp_path: Path) -> None:
    (inside / "a.csv").symlink_to(outside / "mine")
    (tmp_path / "given").write_text("given")
    assert rooms.put(tmp_path / "given", inside, "a.csv", None) == 5
    assert (inside / "a.csv").read_text() == "given"
    assert (outside / "mine").read_text() == "mine"


def test_a_file_is_not_put_into_a_linked_folder(inside: Path, outside: Path, tmp_path: Path) -> None:
    (inside / "out").symlink_to(outside)
    (tmp_path / "given").write_text("given")
    with pytest.raises(OSError, match=r"Not a directory|symbolic"):
        rooms.put(tmp_path / "given", inside, "out/mine", None)
    assert (outside / "mine").read_text() == "mine"


def test_folders_are_made_for_a_file(inside: Path, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("given")
    rooms.put(tmp_path / "given", inside, "out/2024/a.csv", None)
    assert [str(path.relative_to(inside)) for path in inside.rglob("*.csv")] == ["out/2024/a.csv"]


def test_paths_of_sockets_stay_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    quarters = rooms.furnish()
    assert len(bytes(quarters.room.connection / "k-ipc-5")) <= 103
    quarters.close()
    assert not quarters.root.exists()


def test_a_disk_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(KernelError, match="set TMPDIR"):
        rooms.furnish()


LEAVE = """
import os, sys
from assistant_nb.sandbox import rooms
print(rooms.furnish().root, flush=True)
sys.stdin.read()
os._exit(0)
"""


def test_what_a_killed_engine_has_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environ = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", LEAVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    ) as engine:
        assert engine.stdout
        left = Path(engine.stdout.readline().strip())
        hour_ago = time.time() - 3600
        os.utime(left, (hour_ago, hour_ago))
        sweep()
        assert left.exists()  # its engine lives
        engine.kill()
        engine.wait()
    sweep()
    assert not left.exists()


def test_what_is_young_or_not_ours_is_not_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    young, other, link = (tmp_path / name for name in ("anbk-12345678", "other", "anbk-abcdefgh"))
    young.mkdir()
    other.mkdir()
    link.symlink_to(other)
    os.utime(other, (0, 0))
    os.utime(link, (0, 0), follow_symlinks=False)
    sweep()
    assert young.exists()
    assert other.exists()


def sweep() -> None:
    rooms._sweep.cache_clear()
    rooms.furnish().close()
