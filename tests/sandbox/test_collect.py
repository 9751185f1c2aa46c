"""Result files: found and copied out without trusting a name or a link."""

import os
from pathlib import Path

import pytest

from assistant_nb.sandbox import collect


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


def test_files_in_folders_are_named_by_their_path(scratch: Path) -> None:
    (scratch / "out").mkdir()
    (scratch / "out" / "table.csv").write_text("a")
    (scratch / "b.txt").write_text("b")
    assert list(collect.listing(scratch)) == ["b.txt", "out/table.csv"]


def test_only_plain_files_with_one_name_are_results(scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (scratch / "link").symlink_to(tmp_path / "secret")
    (scratch / "folder").symlink_to(tmp_path)
    os.link(tmp_path / "secret", scratch / "hard")
    os.mkfifo(scratch / "pipe")
    (scratch / ".hidden").write_text("")
    (scratch / "__pycache__").mkdir()
    (scratch / "__pycache__" / "a.pyc").write_text("")
    (scratch / "a\nb").write_text("")
    Path(os.fsdecode(bytes(scratch) + b"/\xff")).write_text("")
    assert collect.listing(scratch) == {}


def test_a_change_is_seen_even_if_the_times_are_set_back(scratch: Path) -> None:
    (scratch / "a").write_text("1")
    before = collect.listing(scratch)
    times = (scratch / "a").stat()
    (scratch / "a").write_text("2")
    os.utime(scratch / "a", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list(collect.changed(before, collect.listing(scratch))) == ["a"]


def test_copies_are_capped_in_number_and_size(scratch: Path, kept: Path) -> None:
    for n in range(collect.MOST_FILES + 5):
        (scratch / f"{n:03}").write_text("12345")
    listing = collect.listing(scratch)
    assert len(collect.copies(scratch, listing, kept, 10**6)) == collect.MOST_FILES
    few = collect.copies(scratch, listing, kept, 12)
    assert [(file.name, file.path.read_text()) for file in few] == [("000", "12345"), ("001", "12345")]


def test_a_file_that_became_a_link_is_not_copied(scratch: Path, kept: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (scratch / "out").mkdir()
    for name in ("a", "out/b", "c"):
        (scratch / name).write_text("public")
    listing = collect.listing(scratch)
    (scratch / "a").unlink()
    (scratch / "a").symlink_to(tmp_path / "secret")
    (scratch / "out").rename(scratch / "old")
    (scratch / "out").symlink_to(scratch / "old")
    assert [file.name for file in collect.copies(scratch, listing, kept, 10**6)] == ["c"]


def test_a_full_folder_is_emptied_but_for_what_was_there(scratch: Path, kept: Path) -> None:
    (scratch / "out").mkdir()
    (scratch / "out" / "old").write_text("old")
    before = collect.listing(scratch)
    (scratch / "new").write_text("new")
    (scratch / ".hidden").write_text("new")
    collect.restore(scratch, before, kept)
    assert [path.name for path in scratch.rglob("*")] == ["out", "old"]
    assert list(kept.iterdir()) == []
