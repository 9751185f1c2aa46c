"""A notebook that is open in a page: what a person would do with it, and what one would look for."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

JUPYTERS_OWN: Final = re.compile(
    r"favicon|ResizeObserver|widget model not found|Error displaying widget|Could not (create|process) (a )?(view|model)"
    r"|reading 'schema'|'filebrowser:open-path' not registered|403.*static/notebook/\w+\.woff",  # Notebook 7, in every notebook
    re.IGNORECASE,
)
"""What JupyterLab writes to the console in any notebook, or about any widget whose kernel is gone."""

READY = "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady"
KERNEL = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.revealed;
  await panel.sessionContext.ready;
  await panel.sessionContext.session?.kernel?.info;
}"""
EXECUTE = """async (code) => {
  const future = jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code, store_history: false });
  const said = [];
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") said.push(content.text);
    if (header.msg_type === "error") said.push(content.traceback.join("\\n"));
  };
  const reply = await future.done;
  return { text: said.join(""), status: reply.content.status };
}"""
ERRORS = """() => jupyterapp.shell.currentWidget.content.widgets
  .flatMap((cell) => cell.model.outputs?.toJSON() ?? [])
  .filter((output) => output.output_type === "error")
  .map((output) => output.traceback.join("\\n"))"""
CELLS = "() => jupyterapp.shell.currentWidget.content.widgets.length"
FOCUS = "() => !!document.activeElement?.closest('.anb-live')"


class Opened:
    def __init__(self, page: Any, url: str, path: Path, app: str, shots: Path, trust: Path) -> None:
        self.page, self.path, self.app = page, path, app
        self._url, self._shots, self._trust = url, shots, trust
        self.troubles: list[str] = []
        page.on("request", lambda request: self._watch(request.url))
        page.on("websocket", lambda socket: self._watch(socket.url))
        page.on("pageerror", lambda error: self._complain(f"page error: {error}"))
        page.on("console", self._console)
        page.on("dialog", self._dialog)

    def _watch(self, url: str) -> None:
        if urlsplit(url).hostname not in ("127.0.0.1", None):
            self.troubles.append(f"asked for {url}")

    def _complain(self, words: str) -> None:
        if not JUPYTERS_OWN.search(words):
            self.troubles.append(words)

    def _console(self, said: Any) -> None:
        if said.type == "error":
            self._complain(f"console: {said.text} ({said.location.get('url', '')})")

    def _dialog(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self.troubles.append(f"dialog: {dialog.message}")
        dialog.accept()

    def write(self, *cells: str) -> None:
        import nbformat.v4

        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        self.path.write_text(nbformat.writes(notebook))

    def load(self) -> None:
        """Open the notebook, or open it again; gives back once its kernel answers."""
        self.page.goto(
            f"{self._url}/{self.app}/{self.path.name}{'?reset' * (self.app == 'lab/tree')}",
            wait_until="domcontentloaded",
        )
        self.page.wait_for_function(READY, timeout=60_000)
        self.page.evaluate(KERNEL)

    def run_all(self) -> None:
        """Gives back when every cell has been executed, without an error."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        errors = self.page.evaluate(ERRORS)
        assert not errors, re.sub(r"\x1b\[[\d;]*m", "", errors[0])[-1500:]

    def execute(self, code: str) -> str:
        """Run code in the notebook's kernel, beside the cells; gives what it printed."""
        outcome = self.page.evaluate(EXECUTE, code)
        assert outcome["status"] == "ok", outcome["text"]
        return str(outcome["text"])

    @property
    def live(self) -> Any:
        """The live views of widgets."""
        return self.page.locator(".anb-live")

    @property
    def copies(self) -> Any:
        """Their static copies."""
        return self.page.locator(".jp-OutputArea-child:has(.anb-copy)")

    def outputs(self) -> str:
        """The text of all outputs that can be seen."""
        return "\n".join(self.page.locator(".jp-OutputArea").all_inner_texts())

    def shot(self, name: str) -> None:
        """Keep a picture of the page for those who look."""
        self.page.evaluate(
            "() => (document.querySelector('.anb-live') ?? document.querySelector('.anb-copy'))?.scrollIntoView()"
        )
        self.page.screenshot(path=f"{self._shots}-{name}.png")

    def theme(self, name: str) -> None:
        """ "Light" or "Dark", as a person would switch it."""
        self.page.evaluate(
            "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", f"JupyterLab {name}"
        )
        light = json.dumps(name == "Light")
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{light}'")
        self.page.wait_for_timeout(300)

    def forced_colors(self, on: bool) -> None:
        self.page.emulate_media(forced_colors="active" if on else "none")

    def axe(self, within: str = ".anb-live") -> list[str]:
        """What axe finds serious or critical in the widget."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, within).response["violations"]
        return [
            f"{one['id']} ({one['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    def press(self, *keys: str) -> None:
        """Press keys. No cell may come of it, and the focus stays in the widget."""
        before = self.page.evaluate(CELLS)
        for n, key in enumerate(keys):
            self.page.keyboard.press(key)
            assert self.page.evaluate(CELLS) == before, f"{keys[: n + 1]} made a cell"
            assert self.page.evaluate(FOCUS), f"{keys[: n + 1]} lost the focus"

    def save(self) -> Any:
        """Save the notebook; gives what is in the file."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.context.save()")
        return json.loads(self.path.read_text())

    def save_and_reopen(self, *, trusted: bool, app: str | None = None, kernel: bool = True) -> None:
        """Save, stop the kernel, open the file again as another person would: with a kernel of their own, or without."""
        notebook = self.save()
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        if not trusted:
            notebook["metadata"]["seen"] = time.monotonic_ns()  # another file than the one that was signed
        if not kernel:
            notebook["metadata"]["kernelspec"] = {"name": "nowhere", "display_name": "Nowhere"}
            notebook["metadata"].pop("language_info", None)
        self.path.write_text(json.dumps(notebook))
        if trusted:
            self._sign()
        self.page.goto("about:blank")
        self.app = app or self.app
        if kernel:
            self.load()
        else:
            self._load_without_kernel()
        found = self.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.map((c) => c.model.trusted)")
        assert all(found) == trusted, f"trusted: {found}"
        self.page.wait_for_timeout(1500)

    def _sign(self) -> None:
        """What `jupyter trust` does."""
        import nbformat
        from nbformat.sign import NotebookNotary

        NotebookNotary(data_dir=str(self._trust)).sign(nbformat.read(self.path, 4))

    def _load_without_kernel(self) -> None:
        self.page.goto(
            f"{self._url}/{self.app}/{self.path.name}{'?reset' * (self.app == 'lab/tree')}",
            wait_until="domcontentloaded",
        )
        self.page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click(timeout=60_000)
        self.page.wait_for_function(READY, timeout=60_000)

    def nbconvert(self) -> str:
        """The saved notebook as a page by nbconvert."""
        import sys

        command = [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", str(self.path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def close(self) -> None:
        if "/tree/" in self.page.url or "/notebooks/" in self.page.url:
            self.page.evaluate("() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.shutdown()")
        self.page.close()
