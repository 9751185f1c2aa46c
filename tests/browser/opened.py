"""A notebook that is open in a page: what a person would do with it, and what one would look for."""

import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

JUPYTERS_OWN: Final = re.compile(
    r"favicon|ResizeObserver|widget model not found|Error displaying widget|Could not (create|process) (a )?(view|model)"
    r"|debugger state|reading 'schema'|'filebrowser:open-path' not registered|403.*static/notebook/\w+\.woff",  # Notebook 7, in every notebook
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
OPEN_ANOTHER = "async (path) => { await jupyterapp.commands.execute('docmanager:open', { path }); }"
LEAVE = """async (code) => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  if (!kernel) {
    panel?.dispose();
    return null;
  }
  const emptied = kernel.requestExecute({ code, store_history: false }).done.then((reply) => reply.content.status === "ok");
  const kept = await Promise.race([emptied, new Promise((late) => setTimeout(late, 5000))]);
  if (!kept) await panel.sessionContext.shutdown();
  panel.dispose();  // to save or to close it could ask something
  return kept ? kernel.id : null;
}"""
EMPTY = """
import assistant_nb, ipywidgets
assistant_nb.stop()
ipywidgets.Widget.close_all()
get_ipython().reset()
"""
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
CELLS = "(() => jupyterapp.shell.currentWidget.content.widgets.length)"
CUT = """
import httpx2
import assistant_nb as anb
from assistant_nb.engine.app import create_app
from openai import DefaultHttpxClient, OpenAI
class Line(httpx2.WSGITransport):
    cut = False
    def handle_request(self, request):
        if self.cut:
            raise httpx2.ConnectError("cut", request=request)
        return super().handle_request(request)
line = Line(create_app())
client = OpenAI(base_url="http://engine/v1", api_key="any", http_client=DefaultHttpxClient(transport=line))
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello."}])
"""
"""A client whose line to its engine can be cut, and a thread."""

NIGHTLY = pytest.mark.nightly
APPS = pytest.mark.parametrize("app", ["lab/tree", pytest.param("notebooks", marks=NIGHTLY)])
SAVED = pytest.mark.parametrize(
    ("app", "trusted"), [("lab/tree", True), pytest.param("notebooks", False, marks=NIGHTLY)]
)
"""How a saved notebook is opened again."""

SETTLED = "() => !document.querySelector('.anb-live[data-asks]')"
FOCUS = "() => !!document.activeElement?.closest('.anb-live')"


class Opened:
    def __init__(self, page: Any, url: str, path: Path, app: str, shots: Path, trust: Path) -> None:
        self.page, self.path, self.app = page, path, app
        self.own = False
        """Whether the page is no longer one in which others could open a notebook."""
        self._kernel: str | None = None
        """The kernel that a notebook has left that is opened again."""
        self._url, self._shots, self._trust = url, shots, trust
        self.troubles: list[str] = []
        self._ears = {
            "request": lambda request: self._watch(request.url),
            "websocket": lambda socket: self._watch(socket.url),
            "pageerror": lambda error: self._complain(f"page error: {error}"),
            "console": self._console,
            "dialog": self._dialog,
        }
        for event, ear in self._ears.items():
            page.on(event, ear)

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
        write(self.path, *cells)

    def load(self) -> None:
        """Open the notebook, or open it again; gives back once its kernel answers."""
        self.page.goto(
            f"{self._url}/{self.app}/{self.path.name}{'?reset' * (self.app == 'lab/tree')}",
            wait_until="domcontentloaded",
        )
        self.page.wait_for_function(READY)
        self.page.evaluate(KERNEL)

    def load_beside(self) -> None:
        """Open it in a JupyterLab that is loaded already."""
        self.page.evaluate(OPEN_ANOTHER, self.path.name)
        self.page.wait_for_function(READY)
        self.page.evaluate(KERNEL)

    def leave(self) -> list[str]:
        """Close the notebook, and nothing else: the page can open another one. Return the ids of emptied kernels."""
        kernels = [self._kernel, self.page.evaluate(LEAVE, EMPTY)]
        for event, ear in self._ears.items():
            self.page.remove_listener(event, ear)
        return list(filter(None, kernels))

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

    def settle(self) -> None:
        """Wait until Python has answered all that the widgets have asked."""
        self.page.wait_for_function(SETTLED)

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
        """Keep a picture of the page for those who look, which takes the time of a short test."""
        if not os.environ.get("ASSISTANT_NB_SHOTS"):
            return
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

    def resize(self, width: int, height: int) -> None:
        self.own = True
        self.page.set_viewport_size({"width": width, "height": height})

    def forced_colors(self, on: bool) -> None:
        self.own = True
        self.page.emulate_media(forced_colors="active" if on else "none")

    def hurdles(self) -> dict[str, list[str]]:
        """What axe finds in each look of the page, where it finds something. A picture of each is kept."""
        found = dict[str, list[str]]()
        for look in ("light", "dark", "forced"):
            self.theme("Dark" if look == "dark" else "Light")
            self.forced_colors(look == "forced")
            self.shot(look)
            found[look] = self.axe()
        return {look: some for look, some in found.items() if some}

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
        """Save, then open a copy of the file as another person would: with a kernel of their own, or without."""
        notebook = self.save()
        self._kernel = self.page.evaluate(LEAVE, EMPTY)
        if not trusted:
            notebook["metadata"]["seen"] = secrets.token_hex()  # another file than the one that was signed
        if not kernel:
            notebook["metadata"]["kernelspec"] = {"name": "nowhere", "display_name": "Nowhere"}
            notebook["metadata"].pop("language_info", None)
        self.path = self.path.with_stem(f"{self.path.stem}-again")
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
        self.copies.first.wait_for()
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
        self.page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click()
        self.page.wait_for_function(READY)


def write(path: Path, *cells: str) -> None:
    """Write a notebook of these code cells."""
    import nbformat.v4

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(nbformat.writes(notebook))


def nbconvert(*notebooks: Path) -> list[str]:
    """The notebooks as pages by nbconvert."""
    subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", *notebooks], capture_output=True, check=True)
    return [notebook.with_suffix(".html").read_text() for notebook in notebooks]
