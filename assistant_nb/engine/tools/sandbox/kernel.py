"""Stand-in until the real one comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from .limits import Limits


@dataclass(frozen=True, slots=True)
class Logs:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    png: bytes


@dataclass(frozen=True, slots=True)
class File:
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Executed:
    outputs: Sequence[Logs | Image]
    files: Sequence[File]


class Kernel:
    data_path = "/mnt/data"
    layers: Sequence[str] = ()

    @classmethod
    def start(cls, limits: Limits = Limits(), *, contained: bool = True) -> "Kernel":
        raise NotImplementedError

    def put(self, name: str, source: Path) -> None: ...
    def execute(self, code: str) -> Executed:
        raise NotImplementedError

    def interrupt(self) -> None: ...
    def close(self) -> None: ...
