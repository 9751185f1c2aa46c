"""How fast the widgets are in a page: `pytest -s tests/bench/pages.py`, on a machine that does nothing else.

Each figure is the best of three measurements. Beside those of opening stands what a bare `ipywidgets.HTML` takes.
"""

from collections.abc import Callable
from typing import Any

from tests.browser.conftest import browser, context, lab, open_notebook, spare  # noqa: F401  fixtures
from tests.browser.test_run_stepper import SHOW, start
from tests.browser.test_thread_view import LONG, STREAM, opened, send

BARE = "import ipywidgets; ipywidgets.HTML('<p class=anb-message>Hello.</p>')"
MEASURE = """() => {
  window.anbSeen = { updates: 0 };
  new MutationObserver(() => (anbSeen.updates += 1))
    .observe(document.querySelector('.anb-list'), { childList: true, subtree: true, characterData: true });
}"""


def best(what: str, measure: Callable[[], float], bare: float | None = None) -> float:
    """Measure three times and print the least, and how often it holds that of the bare widget."""
    least = min(measure() for _ in range(3))
    print(f"\n{what}: {least:.3g}" + (f", {least / bare:.1f} x a bare widget" if bare else ""))
    return least


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def task_s(session: Any) -> float:
    """For how long the page has been busy so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def open_ms(notebook: Any, code: str) -> float:
    """Until the view that the notebook's last cell shows is painted."""
    show = """async (code) => {
      const { content } = jupyterapp.shell.currentWidget;
      content.activeCellIndex = content.widgets.length - 1;
      content.activeCell.model.sharedModel.setSource(code);
      for (const old of document.querySelectorAll(".anb-live, .anb-message")) old.remove();
      const begun = performance.now();
      jupyterapp.commands.execute("notebook:run-cell");
      while (!document.querySelector(".jp-OutputArea .anb-message")) await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      return performance.now() - begun;
    }"""
    return float(notebook.page.evaluate(show, code))


def test_a_stream(open_notebook: Any) -> None:
    notebook = opened(open_notebook, STREAM, fresh=True)
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("Performance.enable")
    notebook.page.evaluate(MEASURE)
    rates = list[float]()

    def busy() -> float:
        """The part of the time in which the page is, while an answer comes."""
        before, begun = task_s(session), notebook.page.evaluate("() => (anbSeen.updates = 0, performance.now())")
        send(notebook, "Go on.")
        stop = notebook.live.get_by_role("button", name="Stop")
        stop.wait_for(timeout=1000)
        stop.wait_for(state="hidden", timeout=60_000)
        seen = notebook.page.evaluate("() => ({ ...anbSeen, now: performance.now() })")
        wall_s = (seen["now"] - begun) / 1000
        rates.append(seen["updates"] / wall_s)
        return (task_s(session) - before) / float(wall_s)

    best("4,000 tokens: the part of the time in which the page is busy (at most 0.2)", busy)
    print(f"updates a second (at most 30): {rates}")


def test_five_hundred_messages(open_notebook: Any) -> None:
    notebook = open_notebook(LONG.format(count=500), "1", fresh=True)
    notebook.execute("view = anb.ThreadView(client, thread); view._window.part.messages and None")
    bare = best("a bare widget: ms", lambda: open_ms(notebook, BARE))
    best("500 messages: ms (at most 1000)", lambda: open_ms(notebook, "anb.ThreadView(client, thread)"), bare)
    live = notebook.live
    for wanted in (200, 300, 400, 500):
        live.get_by_role("button", name="Show earlier messages").evaluate("(b) => b.click()")
        notebook.page.wait_for_function(f"() => document.querySelectorAll('.anb-message').length >= {wanted}")
    fold = """async () => {
      const button = [...document.querySelectorAll(".anb-live button")].find((b) => b.textContent.endsWith("old all"));
      const begun = performance.now();
      button.click();
      document.querySelector(".anb-list").getBoundingClientRect();
      await new Promise(requestAnimationFrame);
      await new Promise((done) => setTimeout(done));
      return performance.now() - begun;
    }"""
    best("500 messages folded: ms (at most 200)", lambda: float(notebook.page.evaluate(fold)))
    notebook.shot("folded")


def test_ten_thousand_messages(open_notebook: Any) -> None:
    notebook = open_notebook(LONG.format(count=10_000), "import psutil", "1", fresh=True)
    notebook.execute("import gc; gc.collect(); process = psutil.Process(); before = process.memory_info().rss")
    bare = best("a bare widget: ms", lambda: open_ms(notebook, BARE))
    best(
        "10,000 messages: ms (at most 1500)",
        lambda: open_ms(notebook, "view = anb.ThreadView(client, thread)\nview"),
        bare,
    )
    gaps = notebook.page.evaluate("""async () => {
      const list = document.querySelector(".anb-list"), gaps = [];
      let last = performance.now();
      for (let n = 0; n < 120; n++) {
        list.scrollTop -= 60;
        await new Promise(requestAnimationFrame);
        gaps.push(performance.now() - last);
        last = performance.now();
      }
      return gaps;
    }""")
    notebook.live.get_by_role("button", name="First").click()
    notebook.live.get_by_text("message 0:").wait_for()
    grown = int(notebook.execute("gc.collect(); print(process.memory_info().rss - before)"))
    print(
        f"frames: median {median(gaps):.0f} ms (at most 34), worst {sorted(gaps)[-3:]}, kernel +{grown / 2**20:.1f} MB (at most 30)"
    )


def test_a_long_run(open_notebook: Any) -> None:
    calls = """anb.Scripted(*[[anb.ToolCall("get_weather", '{"city": "Paris"}')]] * 36, "Done.")"""
    drive = """
run = client.post(f"/lab/threads/{thread.id}/runs", cast_to=object, body={"assistant_id": assistant.id})
for n in range(37):
    client.post(f"/lab/runs/{run['id']}/advance", cast_to=object, body={"to": "end"})
    run_ = client.beta.threads.runs.retrieve(run["id"], thread_id=thread.id)
    if run_.required_action:
        client.beta.threads.runs.submit_tool_outputs(run_.id, thread_id=thread.id, tool_outputs=anb.tool_outputs(run_, get_weather))
assert run_.status == "completed"
"""
    long = "stepper = anb.RunStepper(client, run=run_)\nassert len(stepper.frames) >= 200, len(stepper.frames)\nstepper"
    new = SHOW.replace("thread,", "client.beta.threads.create(),")
    it = open_notebook(start(calls), drive, new, new, new, long, fresh=True)
    shown = """() => { const began = performance.now(); const seen = document.querySelectorAll('.anb-frame').length;
return jupyterapp.commands.execute('notebook:run-cell').then(() => new Promise((done) => { const look = () =>
[...document.querySelectorAll('.anb-frames')].at(-1).childElementCount >= 200 && [...document.querySelectorAll('.anb-detail')].at(-1).childElementCount
? done(performance.now() - began) : setTimeout(look, 5); look() })) }"""
    best("a run of 200 frames opens: ms (at most 500)", lambda: median([it.page.evaluate(shown) for _ in range(3)]))
    stepped = """([place, text]) => new Promise((done) => { const root = [...document.querySelectorAll('.anb-live')].at(place);
const now = () => root.querySelector('[aria-selected=true] i')?.textContent; const before = now(); const began = performance.now();
[...root.querySelectorAll('.anb-controls button')].find((one) => one.textContent === text).click();
const look = () => now() !== before || performance.now() > began + 3000 ? done(performance.now() - began) : setTimeout(look, 2); look() })"""

    def clicked(place: int, text: str) -> float:
        it.page.wait_for_timeout(60)
        return float(it.page.evaluate(stepped, [place, text]))

    best("Back: ms (at most 30)", lambda: median([clicked(-1, "Back") for _ in range(15)]))
    views = iter(range(3))  # in which each step is a move of the engine
    best("Step: ms (at most 100)", lambda: median([clicked(view, "Step") for view in [next(views)] * 3]))
