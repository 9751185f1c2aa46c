"""Pyodide's list of packages, `pyodide-lock.json`: rewritten, so that it names only files of the site.

As published, the list names files on a server of Pyodide's. A page of the course asks no other server.
"""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypedDict

from .wheels import Package, Target, metadata

_NO_CODE: Final = (".dist-info", ".data", ".libs")


class Entry(TypedDict):
    """A package in the list. Source: Pyodide, "pyodide-lock"."""

    name: str
    version: str
    file_name: str
    sha256: str
    install_dir: str
    package_type: str
    imports: list[str]
    """Names of modules. A cell that imports one of them makes the kernel load the package."""
    depends: list[str]
    unvendored_tests: bool


def target_of(lock: Mapping[str, Any]) -> Target:
    """Return the Python that a list is for."""
    return Target(lock["info"]["python"], lock["info"]["abi_version"])


def rewritten(lock: Mapping[str, Any], packages: Iterable[Package]) -> dict[str, Any]:
    """Return the list with these packages and no others."""
    return {**lock, "packages": {package.name: _entry(package) for package in packages}}


def _entry(package: Package) -> Entry:
    return {
        "name": package.name,
        "version": metadata(package.wheel).version,
        "file_name": package.wheel.name,
        "sha256": hashlib.sha256(package.wheel.read_bytes()).hexdigest(),
        "install_dir": "site",
        "package_type": "package",
        "imports": sorted(set(_modules(package.wheel))),
        "depends": [*package.depends],
        "unvendored_tests": False,
    }


def _modules(wheel: Path) -> Iterator[str]:
    """Yield the names by which code imports a package."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            top, _, rest = name.partition("/")
            if name.endswith((".py", ".so")) and not top.endswith(_NO_CODE):
                yield top if rest else top.partition(".")[0]
