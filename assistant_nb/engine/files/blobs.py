"""The bytes of files: the only place that writes them to disk, or reads them from there.

A store in a file `class.db` has the folder `class.db.files` beside it; a store in memory has a
temporary folder that goes with the engine. A name on disk is an id the engine made, or a draft's:
never anything that a client has sent.

An upload is a draft until its row is stored; only then it gets its name. So a crash leaves no half
file behind that anybody could see, at most an orphan, and `sweep` removes those when the store is
opened again.
"""

import os
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

from ..errors import DiskError, TooLarge

MAX_FILE_BYTES: Final = 512 * 2**20
_DRAFT: Final = "draft-"
_TEXT: Final = ".text"
_OURS: Final = re.compile(rf"(file-[A-Za-z0-9]{{22}})({_TEXT})?|{_DRAFT}\w+")
"""Names in the folder that are ours to sweep; somebody may keep other things there."""


class Draft:
    """An upload on its way to disk, written by whoever reads the request. Closing it throws away what was not kept."""

    def __init__(self, folder: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=_DRAFT, dir=folder)
        self.path, self.size = Path(name), 0
        self._file = os.fdopen(handle, "wb")

    def write(self, data: bytes) -> int:
        """Raises TooLarge beyond the limit, DiskError when the disk takes no more."""
        self.size += len(data)
        if self.size > MAX_FILE_BYTES:
            raise TooLarge(f"The file is larger than {MAX_FILE_BYTES // 2**20} MB, the most that a file may have.")
        with _disk():
            return self._file.write(data)

    def seek(self, offset: int) -> int:
        """The form's parser winds back what it has written; there is no need to."""
        return offset

    def finish(self) -> Path:
        """All bytes are there: hand over the path."""
        self._file.close()
        return self.path

    def close(self) -> None:
        with suppress(OSError):  # what cannot be flushed was not wanted either
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


class Blobs:
    """Keeps bytes under ids. `store` is the path of the store they belong to, or ":memory:"."""

    def __init__(self, store: str) -> None:
        self._beside = None if store in ("", ":memory:") else Path(f"{store}.files").resolve()
        self._lock = threading.Lock()
        self._temporary: Path | None = None

    def draft(self) -> Draft:
        """Room for an upload. Raises DiskError."""
        with _disk():
            return Draft(self._folder())

    def keep(self, id: str, draft: Draft) -> None:
        """Give a draft its name. Call it when the row is stored, before the transaction ends. Raises DiskError."""
        with _disk():
            draft.finish().replace(self._folder() / id)

    def open(self, id: str) -> BinaryIO:
        """The bytes of a file, for reading; close it. Raises DiskError when they are gone."""
        with _disk():
            return cast(BinaryIO, (self._folder() / id).open("rb"))

    def path(self, id: str) -> Path:
        """Where the bytes of a file are, for reading. Raises DiskError."""
        with _disk():
            return self._folder() / id

    def delete(self, id: str) -> None:
        """Forget a file's bytes, and the text read from them; what the disk does not let go now is swept later."""
        for name in (id, f"{id}{_TEXT}"):
            with suppress(OSError):
                (self._folder() / name).unlink(missing_ok=True)

    def text(self, id: str, read: Callable[[BinaryIO], bytes]) -> bytes:
        """What `read` makes of a file's bytes. It is asked once: its answer is kept beside them.

        Raises DiskError, and what `read` raises.
        """
        with _disk():
            path = self._folder() / f"{id}{_TEXT}"
        with suppress(OSError):
            return path.read_bytes()
        with self.open(id) as file:
            text = read(file)
        with closing(self.draft()) as draft:
            draft.write(text)
            self.keep(path.name, draft)
        return text

    def sweep(self, known: Collection[str]) -> None:
        """Remove drafts and files that no row knows, left behind by a crash.

        When no row knows any, the folder may be that of another store: then whole files stay.
        """
        with suppress(OSError):
            for path in self._beside.iterdir() if self._beside and self._beside.is_dir() else ():
                ours = _OURS.fullmatch(path.name)
                if ours and ours[1] not in known and (known or path.name.startswith(_DRAFT)):
                    path.unlink()

    def close(self) -> None:
        """Bytes of a store in memory are gone with it."""
        with self._lock:
            if self._temporary:
                shutil.rmtree(self._temporary, ignore_errors=True)

    def _folder(self) -> Path:
        """Made when it is first needed: most engines never see a file."""
        with self._lock:
            if self._beside:
                self._beside.mkdir(exist_ok=True)
                return self._beside
            if not self._temporary:
                self._temporary = Path(tempfile.mkdtemp(prefix="assistant_nb-"))
                weakref.finalize(self, _remove, self._temporary, os.getpid())
            return self._temporary


def _remove(folder: Path, owner: int) -> None:
    """A forked child ends, too, and must not take the files of its parent with it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(error) from error
