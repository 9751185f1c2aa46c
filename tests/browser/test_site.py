"""The course in a page: the site of `assistant-nb site`, from PyPI and npm, in Chromium, with and without JSPI.

Chromium lets Python wait for the browser (JSPI). Firefox and Safari do not yet: there the two functions are missing.
"""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from assistant_nb import cli, course
from tests.browser.opened import EXECUTE, KERNEL, READY

pytest.importorskip("jupyterlite_core", reason="the site is built in an environment of its own: tests/nightly")
pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]

PATIENCE_MS: Final = 240_000
WITHOUT_JSPI: Final = "delete WebAssembly.Suspending;\ndelete WebAssembly.promising;\n"
WAYS: Final = ("jspi", "plain")
RUN: Final = """async () => {
  const panel = jupyterapp.shell.currentWidget.content;
  for (let n = 0; n < panel.widgets.length; n++) {
    panel.activeCellIndex = n;
    await jupyterapp.commands.execute("notebook:run-cell");
  }
  return panel.widgets
    .filter((cell) => cell.model.type === "code" && cell.model.sharedModel.getSource())
    .map((cell) => ({
      source: cell.model.sharedModel.getSource(),
      tags: cell.model.getMetadata("tags") ?? [],
      ran: !!cell.model.executionCount,
      warned: cell.model.outputs.toJSON().filter((output) => output.name === "stderr").map((output) => output.text),
      error: cell.model.outputs.toJSON().find((output) => output.output_type === "error")?.evalue ?? null,
    }));
}"""
CLEAR: Final = """() => jupyterapp.shell.currentWidget.content.widgets
  .forEach((cell) => cell.model.type === "code" && cell.model.clearExecution())"""


STEPPER: Final = """import assistant_nb as anb
anb.start(model="practice")
from openai import OpenAI
client = OpenAI()
teacher = client.beta.assistants.create(model="gpt-4")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
anb.RunStepper(client, thread.id, teacher.id)"""
CLIENTS: Final = """import assistant_nb as anb
anb.start(model="practice")
import os, requests
from openai import APIStatusError, AsyncOpenAI
base, key = os.environ["OPENAI_BASE_URL"], {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
client = AsyncOpenAI()
made = await client.beta.assistants.create(model="gpt-4")
asked = {"messages": [{"role": "user", "content": "2 + 2?"}]}
run = await client.beta.threads.create_and_run_poll(assistant_id=made.id, thread=asked)
try:
    await AsyncOpenAI(api_key="sk-wrong").models.list()
except APIStatusError as error:
    refused = error.status_code
print(requests.get(base + "/models", headers=key).status_code, made.id[:5], run.status, refused)"""
REFUSED: Final = """import assistant_nb as anb
client = anb.connect(model=anb.Scripted(anb.ToolCall("code_interpreter", "print(1)"), "No."))
analyst = client.beta.assistants.create(model="gpt-4", tools=[{"type": "code_interpreter"}])
asked = {"messages": [{"role": "user", "content": "1?"}]}
run = client.beta.threads.create_and_run_poll(assistant_id=analyst.id, thread=asked)
steps = client.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id, order="asc").data
print(run.status, steps[0].step_details.tool_calls[0].code_interpreter.outputs[0].logs)"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of two sites in subfolders of a web server, by the names of `WAYS`."""
    root = tmp_path_factory.mktemp("web")
    assert cli.main(["site", str(root / "jspi")]) == 0
    config = root / "jspi/jupyter-lite.json"
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings["jupyter-config-data"]["exposeAppInBrowser"] = True
    config.write_text(json.dumps(settings), encoding="utf-8")
    shutil.copytree(root / "jspi", root / "plain")
    pyodide = root / "plain/static/pyodide/pyodide.mjs"
    pyodide.write_text(WITHOUT_JSPI + pyodide.read_text(encoding="utf-8"), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {way: f"http://127.0.0.1:{server.server_port}/{way}" for way in WAYS}
    server.shutdown()
    server.server_close()


Visit = Callable[..., Any]


@pytest.fixture
def visit(browser: Any, sites: dict[str, str]) -> Iterator[Visit]:
    """`visit("jspi", "01_first_assistant.ipynb")` opens a lesson in a browser that has never been there.

    At the end no other host may have been asked for anything.
    """
    contexts: list[Any] = []
    asked: list[str] = []

    def open(way: str, lesson: str) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 1150})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.goto(f"{sites[way]}/lab/index.html?path={lesson}")
        ready(page)
        return page

    yield open
    for context in contexts:
        context.close()
    own = (sites["jspi"].rpartition("/")[0], "blob:", "data:")
    assert [url for url in asked if not url.startswith(own)] == []


def ready(page: Any) -> None:
    page.wait_for_function(READY)
    page.evaluate(KERNEL)


def test_it_is_small_and_has_no_source_maps(sites: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    made = next(path for path in tmp_path_factory.getbasetemp().glob("web*/jspi"))
    files = [path for path in made.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 55e6
    assert [path.name for path in files if path.suffix == ".map"] == []
    archive = shutil.make_archive(str(made.parent / "archive"), "gztar", made)
    assert Path(archive).stat().st_size <= 30e6


def test_its_address_opens_the_first_lesson(browser: Any, sites: dict[str, str]) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{sites['jspi']}/")
    title = course.read(course.lessons()[0]).cells[0].source.partition("\n")[0].removeprefix("# ")
    page.locator(".jp-NotebookPanel h1", has_text=title).wait_for()
    page.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lesson", [path.name for path in course.lessons() if not path.stem.startswith("04")])
def test_a_lesson_runs_without_an_error_but_its_slips(lesson: str, way: str, visit: Visit) -> None:
    page = visit(way, lesson)
    page.evaluate(CLEAR)
    cells = page.evaluate(RUN)
    assert [cell["source"] for cell in cells if not cell["ran"]] == []
    assert [cell for cell in cells if cell["warned"]] == []
    assert [cell for cell in cells if cell["error"] and "raises-exception" not in cell["tags"]] == []
    can_wait = page.evaluate(EXECUTE, "from pyodide.ffi import can_run_sync; print(can_run_sync())")
    assert can_wait["text"].strip() == str(way == "jspi")


@pytest.mark.parametrize("way", WAYS)
def test_the_async_sdk_and_requests_find_the_engine(way: str, visit: Visit) -> None:
    page = visit(way, "01_first_assistant.ipynb")
    assert page.evaluate(EXECUTE, CLIENTS)["text"].splitlines()[-1] == "200 asst_ completed 401"


@pytest.mark.parametrize("way", WAYS)
def test_step_moves_the_run(way: str, visit: Visit) -> None:
    page = visit(way, "08_inside_a_run.ipynb")
    page.evaluate(
        """(code) => {
          const panel = jupyterapp.shell.currentWidget.content;
          panel.activeCellIndex = panel.widgets.findIndex((cell) => cell.model.type === "code");
          panel.activeCell.model.sharedModel.setSource(code);
          jupyterapp.commands.execute("notebook:run-cell");
        }""",
        STEPPER,
    )
    page.get_by_role("button", name="Step", exact=True).click()
    page.get_by_text("The run is created").first.wait_for()
    page.get_by_role("button", name="Step", exact=True).click()
    page.get_by_text("The run is taken up").first.wait_for()


@pytest.mark.parametrize("way", WAYS)
def test_a_reload_keeps_the_work(way: str, visit: Visit) -> None:
    page = visit(way, "01_first_assistant.ipynb")
    source = "jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel"
    page.evaluate(f"() => {source}.setSource('my own heading')")
    page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")  # it saves by itself
    page.reload()
    ready(page)
    assert page.evaluate(f"() => {source}.getSource()") == "my own heading"


def test_lesson_04_says_so_first_and_its_code_is_refused_without_a_question(visit: Visit) -> None:
    page = visit("jspi", "04_code_interpreter.ipynb")
    first = page.locator(".jp-NotebookPanel .jp-Cell").first.inner_text()
    assert "This page cannot run the code of this lesson." in first
    said = page.evaluate(EXECUTE, REFUSED)
    assert (
        said["text"]
        .splitlines()[1]
        .startswith("completed The code was not run. A page in a browser cannot run a model's code;")
    )
