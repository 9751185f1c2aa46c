"""A store file that may be damaged: what is wrong with it, and what can be saved into a new one.

The file itself is only ever copied: SQLite, when it opens a database, may write to it. Where the first page is damaged,
which says where the tables are, the copy gets that of a new store, whose tables lie in the same places.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .damage import Remains
from .errors import StoreError
from .ids import Ids, LessonClock
from .objects import FILE
from .store import Store

_HEADER: Final = 100
_PAGE: Final = 4096
"""Bytes of SQLite's header, and of the page that begins with it."""


@dataclass(frozen=True)
class Report:
    """What a check has found. Without `damage` nothing was saved, as nothing had to be."""

    damage: str
    counts: dict[str, int]
    """How many objects of each kind could be read."""
    lost: list[str] = field(default_factory=list)


def check(path: Path, to: Path) -> Report:
    """Look at a store and, if it is damaged, write what can be read to the new file `to`.

    Raises StoreError when there is no such store, nothing of it can be read, or `to` is there already.
    """
    before = _state(path)
    with tempfile.TemporaryDirectory(prefix="assistant_nb-") as folder, _fresh(Path(folder) / "new.db") as new:
        first_page = (Path(folder) / "new.db").read_bytes()[:_PAGE]
        with _opened(path, Path(folder), first_page) as (remains, mended):
            damage, lost = mended or remains.damage, new.take(remains)
        if _state(path) != before:
            raise StoreError(f"'{path}' has changed meanwhile. Stop the engine that uses it, then try again.")
        lost += [f"{file['id']}: its bytes are gone" for file in new.all(FILE) if not _bytes(path, file["id"]).exists()]
        counts = new.counts()
        new.close()
        if damage or lost:
            _save(Path(folder) / "new.db", path, to)
    return Report(damage or ("bytes of files are missing" if lost else ""), counts, lost)


def _state(path: Path) -> list[tuple[int, int]]:
    """Changes when the file, or its write-ahead log, does."""
    if not path.is_file():
        raise StoreError(f"'{path}' is {'a folder' if path.is_dir() else 'not there'}. Name the file of a store.")
    return [(one.stat().st_size, one.stat().st_mtime_ns) for one in (path, _log(path)) if one.exists()]


def _log(path: Path) -> Path:
    return Path(f"{path}-wal")


def _bytes(path: Path, id: str) -> Path:
    return Path(f"{path}.files") / id


@contextmanager
def _fresh(path: Path) -> Iterator[Store]:
    Store(path, Ids(""), LessonClock()).close()  # only then all of it stands in the file
    with closing(Store(path, Ids(""), LessonClock())) as store:
        yield store


@contextmanager
def _opened(path: Path, folder: Path, first_page: bytes) -> Iterator[tuple[Remains, str]]:
    """A copy of a store: as it is, or else with the header, or else with the first page, of a new one; and which."""
    header = first_page[:28] + bytes(12) + first_page[40:_HEADER]  # without the new one's length and free pages
    starts = {
        "": b"",
        "its header cannot be read": header,
        "its first page cannot be read": header + first_page[_HEADER:],
    }
    for mended, start in starts.items():
        copy = folder / f"copy-{len(start)}.db"
        try:
            shutil.copyfile(path, copy)
            if _log(path).exists():
                shutil.copyfile(_log(path), _log(copy))
        except OSError as error:
            raise StoreError(f"'{path}' cannot be copied to '{folder}' ({error.strerror}).") from error
        with copy.open("r+b") as file:
            file.write(start)
        with closing(Remains(copy)) as remains:
            if remains.is_store:
                yield remains, mended
                return
    raise StoreError(f"Nothing in '{path}' can be read as a store of assistant_nb. The file was not changed.")


def _save(made: Path, path: Path, to: Path) -> None:
    """Give the new store its place, and the bytes of its files."""
    if to.exists():
        raise StoreError(f"'{to}' is there already. Name another file with --to.")
    try:
        if (files := Path(f"{path}.files")).is_dir():
            shutil.copytree(files, f"{to}.files")
        shutil.move(made, to)
    except OSError as error:
        raise StoreError(
            f"'{to}' cannot be written ({error.strerror or error}). Name another file with --to."
        ) from error
