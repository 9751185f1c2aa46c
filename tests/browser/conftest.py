"""A notebook in a real browser: JupyterLab or Notebook 7, Debian's Chromium, nothing from outside this machine.

Without a browser or JupyterLab these tests are skipped; with ASSISTANT_NB_BROWSER=required that is a failure.
"""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import nbformat
import pytest
from nbformat import v4

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
SHOTS = Path(__file__).parent / "shots"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
READY = "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady"
KERNEL = """async () => { const panel = jupyterapp.shell.currentWidget; await panel.revealed;
await panel.sessionContext.ready; await panel.sessionContext.session.kernel.info }"""
LIVE = ".anb-live"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [
        name for name in ("playwright", "jupyterlab", "notebook", "axe_playwright_python") if not find_spec(name)
    ]
    missing += [] if CHROMIUM.exists() else [str(CHROMIUM)]
    here = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    if missing and os.environ.get("ASSISTANT_NB_BROWSER") == "required":
        raise pytest.UsageError(f"The browser tests need {', '.join(missing)}: pip install '.[browser]' and chromium.")
    for item in here if missing else []:
        item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}: pip install '.[browser]' and chromium"))


class Lab:
    """A Jupyter server of its own, with folders of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder / "notebooks", secrets.token_hex(8)
        self.folder.mkdir()
        for name, settings in SETTINGS.items():
            file = folder / "settings" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings), encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_DATA_DIR": "data"}
        names |= {"IPYTHONDIR": "ipython", "JUPYTERLAB_WORKSPACES_DIR": "work", "JUPYTERLAB_SETTINGS_DIR": "settings"}
        self.environment = os.environ | {name: str(folder / path) for name, path in names.items()}
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={port}",
        ]
        command += [f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.folder}"]
        command += ["--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"]
        command += ["--LabApp.news_url=None", "--ServerApp.terminals_enabled=False", "--ServerApp.port_retries=0"]
        self._log = (folder / "lab.log").open("wb")
        self._process = subprocess.Popen(command, env=self.environment, stdout=self._log, stderr=subprocess.STDOUT)
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/api", timeout=1).close()
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise AssertionError(f"JupyterLab did not start: {Path(self._log.name).read_text(encoding='utf-8')[-2000:]}")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()


class Book:
    """An open notebook. What it fetches from elsewhere, and what goes wrong in its scripts, is noted."""

    def __init__(self, lab: Lab, browser: Any, path: Path, **look: Any) -> None:
        self.lab, self.path = lab, path
        self.single = look.pop("single", False)
        width = look.pop("width", 1200)
        self.outside, self.errors = list[str](), list[str]()
        self.context = browser.new_context(viewport={"width": width, "height": 1000}, **look)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("request", self._note_request)
        self.page.on("pageerror", self._note_error)
        self.page.on("dialog", self._note_dialog)
        where = "notebooks" if self.single else "lab/tree"
        query = f"token={lab.token}" + ("" if self.single else "&reset")
        self.page.goto(f"{lab.url}/{where}/{path.name}?{query}", wait_until="domcontentloaded")
        self.page.wait_for_function(READY, timeout=60_000)

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.lab.url, "data:", "blob:", "about:", self.lab.url.replace("http", "ws"))):
            self.outside.append(request.url)

    def _note_error(self, error: Any) -> None:
        if "blob:" in (error.stack or ""):  # a widget's script; the front ends have errors of their own
            self.errors.append(str(error))

    def _note_dialog(self, dialog: Any) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    @property
    def widget(self) -> Any:
        return self.page.locator(LIVE).first

    def run(self) -> Self:
        self.page.evaluate(KERNEL)
        self.command("notebook:run-all-cells")
        return self

    def command(self, name: str, **arguments: Any) -> Any:
        return self.page.evaluate("([name, args]) => jupyterapp.commands.execute(name, args)", [name, arguments])

    def theme(self, name: str) -> None:
        self.command("apputils:change-theme", theme=f"JupyterLab {name}")
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{str(name == 'Light').lower()}'")
        self.page.wait_for_function("() => !document.getElementById('jupyterlab-splash')")

    def button(self, name: str | re.Pattern[str], exact: bool = True) -> Any:
        return self.widget.get_by_role("button", name=name, exact=exact)

    def cells(self) -> int:
        return int(self.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.length"))

    def focused(self) -> bool:
        """Whether the keyboard is in the widget."""
        return bool(self.page.evaluate(f"() => document.activeElement?.closest('{LIVE}') !== null"))

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.widget.scroll_into_view_if_needed()
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def axe(self) -> list[str]:
        """What of the widget is a serious or critical hurdle for those who do not see or point."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, context=LIVE).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        return [
            f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for one in serious
            for node in one["nodes"]
        ]

    def busy_s(self) -> float:
        """Seconds that the page's main thread has worked so far."""
        session = self.context.new_cdp_session(self.page)
        session.send("Performance.enable")
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"])

    def save(self) -> None:
        self.command("docmanager:save")
        self.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")

    def shut_down(self) -> None:
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def close(self) -> None:
        self.context.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def book(lab: Lab, browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Book]]:
    """`book("code", …)` is a notebook of these cells, executed; `book(path=…, run=False)` an existing one as it is.

    At the end nothing was fetched from elsewhere, and no script has failed.
    """
    opened = list[Book]()

    def open_book(*cells: str, path: Path | None = None, run: bool = True, **look: Any) -> Book:
        if path is None:
            path = lab.folder / f"{request.node.name.replace('[', '-').replace(']', '')}-{len(opened)}.ipynb"
            kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
            made = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel})
            nbformat.write(made, path)
        opened.append(Book(lab, browser, path, **look))
        return opened[-1].run() if run else opened[-1]

    yield open_book
    outside, errors = [url for one in opened for url in one.outside], [error for one in opened for error in one.errors]
    for one in opened:
        one.shut_down()
        one.close()
    assert outside == []
    assert errors == []


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
