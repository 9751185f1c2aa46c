"""Notebooks in a real browser: a JupyterLab of its own, Debian's Chromium, and a record of all that went wrong in the page.

Without a browser or JupyterLab these tests are skipped; with ASSISTANT_NB_BROWSER=required that is a failure.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import assistant_nb
from tests.browser.opened import Opened
from tests.ports import free_port
from tests.until import PATIENCE_S, until

SHOTS = Path(__file__).parent / "shots"
BROWSER_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LEARNERS = json.loads(next(Path(assistant_nb.__file__).parent.glob("jupyter/labconfig/*")).read_text())
"""The settings of JupyterLab as `assistant-nb lab` opens it."""
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {
        "windowingMode": "none"
    },  # else cells off the screen are not in the page
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
SERVER = {
    "LabApp": {"expose_app_in_browser": True, "news_url": "", "extension_manager": "readonly"},
    "JupyterNotebookApp": {"expose_app_in_browser": True},
    "ServerApp": {"open_browser": False, "port_retries": 0, "terminals_enabled": False, "allow_root": True,
                  "jpserver_extensions": {"jupyter_server_terminals": False}},
}  # fmt: skip


def chromium() -> str | None:
    return shutil.which("chromium")


def missing() -> str | None:
    """What these tests need and do not find."""
    needed = ("jupyterlab", "notebook", "playwright", "axe_playwright_python", "anywidget")
    packages = [name for name in needed if not find_spec(name)]
    if packages:
        return f"needs {', '.join(packages)}: pip install 'assistant_nb[browser]'"
    return None if chromium() else "needs chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    if here and os.environ.get("ASSISTANT_NB_BROWSER") != "required" and (reason := missing()):
        for item in here:
            item.add_marker(pytest.mark.skip(reason=reason))


class Lab:
    """A JupyterLab, with Notebook 7 beside it, that knows nothing of the one of whoever runs the tests."""

    def __init__(self, home: Path) -> None:
        self.root, self.trust, self.token = home / "root", home / "jupyter_data_dir", secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{free_port()}"
        config = home / "config"
        for folder in (self.root, config / "labconfig"):
            folder.mkdir(parents=True)
        (config / "labconfig/default_setting_overrides.json").write_text(json.dumps(LEARNERS | SETTINGS))
        (config / "jupyter_server_config.json").write_text(json.dumps(SERVER))
        names = {"JUPYTER_CONFIG_DIR": config, "JUPYTER_TOKEN": self.token} | {
            name: home / name.lower()
            for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_WORKSPACES_DIR",
                         "JUPYTERLAB_SETTINGS_DIR")
        }  # fmt: skip
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"]
        command += [f"--port={self.url.rpartition(':')[2]}", f"--ServerApp.root_dir={self.root}"]
        self._log = home / "lab.log"
        env = os.environ | {name: str(value) for name, value in names.items()}
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)

    def wait(self) -> None:
        until(self._answers, lambda: f"JupyterLab does not start:\n{self._log.read_text()}")

    def _answers(self) -> bool:
        assert self._process.poll() is None, f"JupyterLab has ended:\n{self._log.read_text()}"
        try:
            urllib.request.urlopen(f"{self.url}/api", timeout=5).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    if reason := missing():
        pytest.fail(reason)
    started = Lab(tmp_path_factory.mktemp("lab"))
    yield started
    started.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Of these tests only: while it is open, its event loop runs, and no other test could have one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=BROWSER_OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def context(lab: Lab, browser: Any) -> Iterator[Any]:
    lab.wait()  # it starts while the browser does
    made = browser.new_context(viewport={"width": 1280, "height": 1400}, accept_downloads=True)
    made.set_default_timeout(PATIENCE_S * 1000)
    made.request.get(f"{lab.url}/lab?token={lab.token}")  # its cookie lets the pages in
    yield made
    made.close()


Open = Callable[..., Opened]


class Spare:
    """What a test leaves for the next one: to load JupyterLab, or to start a kernel and import the SDK, takes seconds."""

    def __init__(self) -> None:
        self.pages = list[Any]()
        """Pages with a JupyterLab in which no notebook is open."""
        self.kernels = list[str]()
        """Ids of kernels that have been emptied."""


@pytest.fixture(scope="package")
def spare() -> Spare:
    return Spare()


@pytest.fixture
def open_notebook(context: Any, lab: Lab, spare: Spare, request: pytest.FixtureRequest) -> Iterator[Open]:
    """`open_notebook("code of a cell", …)` runs a new notebook in JupyterLab; `app="notebooks"` in Notebook 7, with
    `run=False` it is only opened; with `fresh=True` in a page of its own, which the test may change, measure or leave.
    At the end nothing may have left the machine, and no page may have complained.
    """
    opened: list[Opened] = []

    def open(
        *cells: str, app: str = "lab/tree", run: bool = True, fresh: bool = False, path: str | None = None
    ) -> Opened:
        SHOTS.mkdir(exist_ok=True)
        name = re.sub(r"\W+", "-", request.node.name).strip("-")
        file = lab.root / (path or f"{name}-{len(opened)}.ipynb")
        own = fresh or app != "lab/tree"
        beside = bool(spare.pages) and not own
        page = spare.pages.pop() if beside else context.new_page()
        opened.append(it := Opened(page, lab.url, file, app, SHOTS / name, lab.trust))
        if cells:
            it.write(*cells)
        if spare.kernels:
            session = {"path": file.name, "name": "", "type": "notebook", "kernel": {"id": spare.kernels.pop()}}
            context.request.post(
                f"{lab.url}/api/sessions", data=session, headers={"Authorization": f"token {lab.token}"}
            )
        if beside:
            it.load_beside()
        else:
            it.load()
        it.own |= own
        if run:
            it.run_all()
        return it

    yield open
    troubles = [trouble for one in opened for trouble in one.troubles]
    for one in reversed(opened):
        spare.kernels += one.leave()
        if one.own or troubles:
            one.page.close()
        else:
            spare.pages.append(one.page)
    assert troubles == []
