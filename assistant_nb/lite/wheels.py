"""The Python packages of the site: which ones a browser needs, and their wheels, from PyPI by pip.

pip reads the conditions of a requirement, such as `sys_platform == "win32"`, for the machine that it runs on. The
packages are for another machine. So pip downloads packages only, and this module follows their requirements.
"""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.metadata import PackagePath

    from packaging.requirements import Requirement

NAME: Final = "assistant-nb"
_EXTRAS: Final = ("widgets", "search")
_ALSO: Final = ("requests",)
"""Lesson 02 speaks HTTP with it."""
_OF_THE_KERNEL: Final = ("ipython", "jedi", "comm", "micropip")
"""What JupyterLite's own kernel imports."""
_FROM_SOURCE: Final = frozenset({"markupsafe"})
"""PyPI has no wheel of it for a browser. Its source makes one without compiled code where no compiler answers."""
_CHECKOUT: Final = Path(__file__).parents[2]
_LEFT_OUT: Final = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_build.json", "uv_cache.json")
"""Notes of an installer about an installation, which are no part of a wheel."""


class SiteError(Exception):
    """The site cannot be built. The message says what is missing, and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """The Python of the browser."""

    python: str
    """Such as "3.14.2"."""
    abi: str
    """The version of its binary interface, such as "2026_0". Source: PEP 783."""

    @property
    def environment(self) -> dict[str, str]:
        """Return what the conditions of requirements look at. Source: the dependency specifiers of PyPA."""
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": "posix",
            "platform_machine": "wasm32",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Emscripten",
            "platform_version": "",
            "python_full_version": self.python,
            "python_version": self.python.rpartition(".")[0],
            "sys_platform": "emscripten",
        }

    @property
    def options(self) -> list[str]:
        """Return pip's options for wheels of this Python."""
        version = self.python.rpartition(".")[0]
        tag = f"cp{version.replace('.', '')}"
        platforms = [f"pyemscripten_{self.abi}_wasm32", "any"]
        return [
            *("--only-binary=:all:", "--implementation=cp", f"--python-version={version}"),
            *(f"--platform={platform}" for platform in platforms),
            *(f"--abi={abi}" for abi in (tag, "abi3", "none")),
        ]


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the site."""

    name: str
    wheel: Path
    depends: Sequence[str]
    """The names of the packages that it needs, sorted."""


@dataclass(slots=True)
class _Wanted:
    """What all packages together ask of one."""

    extras: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)

    def line(self, name: str) -> str:
        """Return it as a line for pip: "httpx2[http2]>=2.16"."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{name}{extras}{','.join(sorted(self.versions))}"


def collect(folder: Path, target: Target, say: Callable[[str], None]) -> list[Package]:
    """Download all packages of the site into a folder, this one too. Raises SiteError."""
    say("the wheel of assistant_nb")
    wheels, wanted, asked = {NAME: _own_wheel(folder)}, {NAME: _Wanted({*_EXTRAS})}, {NAME: ""}
    news = [*needs(wheels[NAME], target, _EXTRAS), *map(_parsed, (*_ALSO, *_OF_THE_KERNEL))]
    while news:
        for requirement in news:
            one = wanted.setdefault(canonical(requirement.name), _Wanted())
            one.extras |= requirement.extras
            one.versions |= {str(version) for version in requirement.specifier}
        lines = {name: one.line(name) for name, one in wanted.items() if name != NAME}
        lines = {name: line for name, line in lines.items() if asked.get(name) != line}
        if lines:
            say(f"from PyPI: {', '.join(sorted(lines))}")
        asked |= lines
        wheels |= _download(folder, target, lines)
        news = [need for name in lines for need in needs(wheels[name], target, wanted[name].extras)]
    return _reachable(wheels, target, {name: one.extras for name, one in wanted.items()})


def _reachable(wheels: Mapping[str, Path], target: Target, extras: Mapping[str, Iterable[str]]) -> list[Package]:
    """Return the packages that are needed. A version that was not taken in the end may have asked for others."""
    found, names = dict[str, Package](), [NAME, *_OF_THE_KERNEL]
    while names:
        if (name := names.pop()) not in found:
            depends = {canonical(need.name) for need in needs(wheels[name], target, extras[name])}
            depends |= {*_ALSO} if name == NAME else set()
            found[name] = Package(name, wheels[name], sorted(depends))
            names += depends
    return [found[name] for name in sorted(found)]


def needs(wheel: Path, target: Target, extras: Iterable[str] = ()) -> "Iterator[Requirement]":
    """Yield what a wheel requires in the browser."""
    for line in metadata(wheel).requires or ():
        need = _parsed(line)
        worlds = [target.environment | {"extra": extra} for extra in ("", *extras)]
        if need.marker is None or any(need.marker.evaluate(world) for world in worlds):
            yield need


def metadata(wheel: Path) -> Distribution:
    """Return what a wheel says of itself."""
    for inner in zipfile.Path(wheel).iterdir():
        if inner.name.endswith(".dist-info"):
            return PathDistribution(inner)
    raise SiteError(f"'{wheel.name}' is no wheel: it has no folder .dist-info.")


def canonical(name: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def _parsed(line: str) -> "Requirement":
    from packaging.requirements import Requirement

    return Requirement(line)


def _own_wheel(folder: Path) -> Path:
    """Make the wheel of this package: from its source, or of what is installed."""
    if (_CHECKOUT / "pyproject.toml").is_file():
        pip("wheel", "--no-deps", f"--wheel-dir={folder}", str(_CHECKOUT))
        return next(folder.glob("assistant_nb-*.whl"))
    installed = distribution(NAME)
    wheel = folder / f"assistant_nb-{installed.version}-py3-none-any.whl"
    listed = [f"assistant_nb-{installed.version}.dist-info/RECORD,,"]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in installed.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts and file.name not in _LEFT_OUT:
                archive.write(str(file.locate()), file.as_posix())
                listed.append(f"{file.as_posix()},{_hash(file)},{file.size or ''}")
        archive.writestr(listed[0].rstrip(","), "\n".join(listed) + "\n")
    return wheel


def _hash(file: "PackagePath") -> str:
    return f"{file.hash.mode}={file.hash.value}" if file.hash else ""


def _download(folder: Path, target: Target, lines: Mapping[str, str]) -> dict[str, Path]:
    """Download one wheel for each line. Raises SiteError."""
    fetched = folder / "new"
    built = [line for name, line in lines.items() if name in _FROM_SOURCE]
    ready = [line for name, line in lines.items() if name not in _FROM_SOURCE]
    if ready:
        pip("download", "--no-deps", f"--dest={fetched}", *target.options, *ready)
    for line in built:
        pip("wheel", "--no-deps", f"--wheel-dir={fetched}", "--no-binary=:all:", line, environment={"CC": "false"})
    found = {}
    for wheel in sorted(fetched.glob("*.whl")):
        name = canonical(metadata(wheel).metadata["Name"])
        if name in _FROM_SOURCE and not wheel.name.endswith("-none-any.whl"):
            raise SiteError(
                f"{name} was compiled for this machine, and a browser cannot use that. Build the site on Linux."
            )
        found[name] = wheel.replace(folder / wheel.name)
    return found


def pip(*words: str, environment: Mapping[str, str] | None = None) -> None:
    """Run pip. Raises SiteError with its last words."""
    command = [sys.executable, "-m", "pip", *words, "--quiet", "--disable-pip-version-check", "--no-input"]
    run(command, environment=environment)


def run(command: Sequence[str], cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Run another program. Return what it printed. Raises SiteError with its last words."""
    try:
        done = subprocess.run(  # noqa: S603  our own words
            command,
            cwd=cwd,
            env=os.environ | (environment or {}),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise SiteError(f"'{command[0]}' does not start ({error.strerror}). Install it.") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-5:]
        raise SiteError("\n".join([f"This failed: {' '.join(command)}", *last]))
    return done.stdout
