"""Bytes on disk: nothing half done is seen, nothing is left behind, nothing that is not ours is touched."""

import gc
import io
from pathlib import Path
from typing import BinaryIO

import pytest

from assistant_nb.engine.errors import DiskError, TooLarge
from assistant_nb.engine.files import blobs as module
from assistant_nb.engine.files.blobs import Blobs, Draft

ID = "file-" + "a" * 22
OTHER = "file-" + "b" * 22


def keep(blobs: Blobs, id: str, data: bytes) -> None:
    draft = blobs.draft()
    draft.write(data)
    blobs.keep(id, draft)
    draft.close()


def read(blobs: Blobs, id: str) -> bytes:
    with blobs.open(id) as file:
        return file.read()


def test_bytes_come_back_as_they_were(tmp_path: Path) -> None:
    for store in (":memory:", str(tmp_path / "class.db")):
        blobs = Blobs(store)
        keep(blobs, ID, b"\0\xff\r\n")
        assert read(blobs, ID) == b"\0\xff\r\n"
        blobs.close()


def test_bytes_stay_beside_their_store(tmp_path: Path) -> None:
    first = Blobs(str(tmp_path / "class.db"))
    keep(first, ID, b"x")
    first.close()
    assert [path.name for path in (tmp_path / "class.db.files").iterdir()] == [ID]
    assert read(Blobs(str(tmp_path / "class.db")), ID) == b"x"


def test_bytes_of_a_store_in_memory_go_with_it() -> None:
    for let_go in (Blobs.close, lambda blobs: None):
        blobs = Blobs(":memory:")
        keep(blobs, ID, b"x")
        folder = blobs._folder()
        let_go(blobs)
        del blobs
        gc.collect()
        assert not folder.exists()


def test_a_draft_that_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path / "class.db"))
    draft = blobs.draft()
    draft.write(b"half a fi")
    draft.close()
    assert list((tmp_path / "class.db.files").iterdir()) == []


def test_what_a_crash_left_behind_is_swept_and_nothing_else(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path / "class.db"))
    keep(blobs, ID, b"x")
    keep(blobs, OTHER, b"nobody knows it")
    crashed = blobs.draft()
    crashed._file.close()
    notes = tmp_path / "class.db.files" / "notes.txt"
    notes.write_text("mine")
    Blobs(str(tmp_path / "class.db")).sweep({ID})
    assert sorted(path.name for path in notes.parent.iterdir()) == [ID, "notes.txt"]


def test_sweeping_makes_no_folder(tmp_path: Path) -> None:
    Blobs(str(tmp_path / "class.db")).sweep(set())
    assert list(tmp_path.iterdir()) == []


def test_a_file_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    draft = Blobs(":memory:").draft()
    draft.write(b"0123456789")
    with pytest.raises(TooLarge):
        draft.write(b"!")
    draft.close()


def test_a_disk_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "class.db.files").write_text("a file where the folder should be")
    with pytest.raises(DiskError, match="File exists"):
        Blobs(str(tmp_path / "class.db")).draft()
    with pytest.raises(DiskError, match="No such file"):
        Blobs(":memory:").open(ID)

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    blobs = Blobs(":memory:")
    draft: Draft = blobs.draft()
    draft._file.close()
    draft._file = Full()  # type: ignore[assignment]
    with pytest.raises(DiskError, match="No space left on device"):
        draft.write(b"x")
    draft.close()


def test_what_was_read_from_bytes_is_kept_beside_them_and_goes_with_them(tmp_path: Path) -> None:
    blobs, asked = Blobs(str(tmp_path / "class.db")), []
    keep(blobs, ID, b"bytes")

    def read_once(file: BinaryIO) -> bytes:
        asked.append(file.read())
        return b"text"

    assert blobs.text(ID, read_once) == blobs.text(ID, read_once) == b"text"
    assert asked == [b"bytes"]
    blobs.sweep({ID})
    assert len(list((tmp_path / "class.db.files").iterdir())) == 2
    blobs.delete(ID)
    assert list((tmp_path / "class.db.files").iterdir()) == []


def test_a_text_whose_file_no_row_knows_is_swept(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path / "class.db"))
    keep(blobs, f"{ID}.text", b"text")
    blobs.sweep({OTHER})
    assert list((tmp_path / "class.db.files").iterdir()) == []
