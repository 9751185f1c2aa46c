"""Builds the course as a JupyterLite site: a folder of files that any web server serves, and that asks no other host.

JupyterLite is JupyterLab without a server: its kernel is Python in the reader's browser, Pyodide. Python packages come
from PyPI by pip, and Pyodide from npm by npm. The site keeps a reader's work in the reader's browser.
"""

import json
import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from .. import course
from . import lock
from .wheels import Package, SiteError, collect, pip, run

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SETTINGS: Final = Path(__file__).parents[1] / "jupyter/labconfig/default_setting_overrides.json"
_SAVED_EVERY_S: Final = 5
_OF_PYODIDE: Final = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
_LOCK: Final = "pyodide-lock.json"
_IN_THE_PAGE: Final = frozenset({"anywidget", "jupyterlab-widgets"})
"""Packages whose wheels also hold a part for JupyterLab's page. The kernel is the third."""
_KERNEL: Final = "jupyterlite-pyodide-kernel"
_NO_PROCESSES: Final = frozenset({"04"})
"""Lessons that run a model's code, which takes a process of its own."""
_NOT_HERE: Final = (
    "**This page cannot run the code of this lesson.** The code needs a process of its own, and a page in a browser"
    " cannot start one. Read the lesson here, with the outputs that it had on a computer. To run it, install the course"
    " there: `pip install 'assistant_nb[lab]' && assistant-nb lab`"
)
_FRONT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The Assistants API in Jupyter</title>
<meta http-equiv="refresh" content="0; url={url}">
<script id="jupyter-config-data" type="application/json" data-jupyter-lite-root=".">{{}}</script>
<p><a href="{url}">Open the first lesson.</a> It needs no installation and no account.</p>
</html>
"""
"""The first page. JupyterLite reads the configuration in it, too."""


def build(out: Path, say: Callable[[str], None]) -> None:
    """Build the site in a folder. `say` is told of each part. Raises SiteError.

    A site that is in the folder already is replaced, once the new one is ready. Another folder with files is refused.
    """
    if out.exists() and not (out / "jupyter-lite.json").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise SiteError(f"'{out}' is there already, and is no such site. Name another folder.")
    _check_tools()
    with TemporaryDirectory(prefix="anb-site-") as folder:
        work, made = Path(folder), Path(folder) / "site"
        pyodide = work / "lite/static/pyodide"
        say("Pyodide, from npm")
        _fetch_pyodide(work, pyodide)
        listed = json.loads((pyodide / _LOCK).read_text(encoding="utf-8"))
        (wheels := work / "wheels").mkdir()
        packages = collect(wheels, lock.target_of(listed), say)
        for package in packages:
            shutil.copy(package.wheel, pyodide)
        _write(pyodide / _LOCK, lock.rewritten(listed, packages))
        say("the lessons")
        _write_lessons(work / "lessons")
        say("the site")
        _assemble(work, made, [*_for_the_page(wheels, packages)])
        _write_front(made)
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists():
            shutil.rmtree(out)
        shutil.move(made, out)


def size_bytes(folder: Path) -> int:
    """Return how much all files of a folder take."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _check_tools() -> None:
    """Raise SiteError unless all that builds the site is installed."""
    from importlib.util import find_spec

    needed = ("jupyterlite_core", "jupyterlite_pyodide_kernel", "jupyter_server", "packaging", "pip", "nbformat")
    if missing := [name for name in needed if not find_spec(name)]:
        raise SiteError(f"{', '.join(missing)} is missing. Install it with: pip install 'assistant_nb[site]'")
    if not shutil.which("npm"):
        raise SiteError("npm is missing, which fetches Pyodide. It comes with Node.js: https://nodejs.org")


def _fetch_pyodide(work: Path, folder: Path) -> None:
    """Unpack the version of Pyodide that JupyterLite's kernel is made for."""
    from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

    npm = str(shutil.which("npm"))
    run([npm, "pack", f"pyodide@{PYODIDE_VERSION}", "--silent", "--pack-destination", str(work)])
    folder.mkdir(parents=True)
    with tarfile.open(next(work.glob("pyodide-*.tgz"))) as archive:
        for name in (*_OF_PYODIDE, _LOCK):
            if (file := archive.extractfile(f"package/{name}")) is None:
                raise SiteError(f"Pyodide {PYODIDE_VERSION} has no file {name}.")
            with file, (folder / name).open("wb") as copy:
                shutil.copyfileobj(file, copy)


def _write_lessons(folder: Path) -> None:
    """Copy the lessons with their files. A lesson that cannot run in a page says so in its first cell."""
    import nbformat

    folder.mkdir()
    for lesson in course.lessons():
        notebook = course.read(lesson)
        if lesson.stem[:2] in _NO_PROCESSES:
            notebook.cells.insert(0, _cell(_NOT_HERE))
        nbformat.write(notebook, folder / lesson.name)
        course.copy_files(lesson, folder)


def _cell(text: str) -> "NotebookNode":
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell(text, id="not-in-a-page")  # type: ignore[no-any-return]


def _for_the_page(wheels: Path, packages: list[Package]) -> list[Path]:
    """Return the wheels whose scripts belong to JupyterLab's page."""
    from importlib.metadata import version

    pip("download", "--no-deps", f"--dest={wheels / 'page'}", f"{_KERNEL}=={version(_KERNEL)}")
    return [*(wheels / "page").glob("*.whl"), *(one.wheel for one in packages if one.name in _IN_THE_PAGE)]


def _assemble(work: Path, made: Path, extensions: list[Path]) -> None:
    """Let JupyterLite put the files of the site together."""
    lite = work / "lite"
    settings: dict[str, Any] = json.loads(_SETTINGS.read_text(encoding="utf-8"))
    settings["@jupyterlab/docmanager-extension:plugin"] = {"autosaveInterval": _SAVED_EVERY_S}
    _write(lite / "overrides.json", settings)
    kernel = {"disablePyPIFallback": True}
    page = {"appName": "assistant_nb", "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel}}
    _write(lite / "jupyter-lite.json", {"jupyter-lite-schema-version": 0, "jupyter-config-data": page})
    choices = {
        "apps": ["lab"],
        "contents": [str(work / "lessons")],
        "federated_extensions": [str(extension) for extension in extensions],
        "ignore_sys_prefix": True,  # what else is installed here is no part of the course
        "no_libarchive": True,
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "output_dir": str(made),
    }
    _write(lite / "jupyter_lite_config.json", {"LiteBuildConfig": choices})
    run([sys.executable, "-m", "jupyterlite_core.app", "build", f"--lite-dir={lite}"], cwd=lite)


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")


def _write_front(made: Path) -> None:
    """Let the address of the site open the first lesson."""
    url = f"lab/index.html?path={course.lessons()[0].name}"
    (made / "index.html").write_text(_FRONT.format(url=url), encoding="utf-8")
