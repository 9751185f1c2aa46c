"""How much of the disk is used: by files with names, and by those that have lost them."""

import mmap
import os
import sys
from pathlib import Path

import pytest

from assistant_nb.sandbox import disk
from assistant_nb.sandbox.limits import MOST_INODES

MB = 2**20


def used(folder: Path, *pids: int) -> int:
    return disk.used_bytes([folder], 10**9, pids)


def test_files_count_by_what_they_take(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "large").write_bytes(bytes(range(256)) * 4096)
    os.link(tmp_path / "folder" / "large", tmp_path / "again")
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(10**9)
    assert MB <= used(tmp_path) < 2 * MB


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "large").write_bytes(b"0" * MB)
    (tmp_path / "inside" / "link").symlink_to(tmp_path)
    assert used(tmp_path / "inside") < MB


def test_too_many_files_take_too_much(tmp_path: Path) -> None:
    for n in range(MOST_INODES + 1):
        (tmp_path / str(n)).touch()
    assert used(tmp_path) > 10**9


def test_a_folder_that_cannot_be_looked_into_takes_too_much(tmp_path: Path) -> None:
    folder = tmp_path
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=descriptor)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    assert used(tmp_path) > 10**9


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_files_without_a_name_count_while_they_are_open_or_mapped(tmp_path: Path) -> None:
    path = tmp_path / "nameless"
    with path.open("w+b") as file:
        file.write(b"0" * MB)
        file.flush()
        path.unlink()
        assert used(tmp_path) < MB
        assert used(tmp_path, os.getpid()) >= MB
        mapped = mmap.mmap(file.fileno(), MB)
    assert used(tmp_path, os.getpid()) >= MB
    mapped.close()
    assert used(tmp_path, os.getpid()) < MB
