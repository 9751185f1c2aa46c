"""What all widgets share, in a page: live and copy, calls, restarts, formulas, themes."""

import re
from typing import Any

import pytest

from tests.browser.opened import APPS, NIGHTLY, nbconvert, write
from tests.until import until

TOY = '''
import tempfile, pathlib, time
from openai import OpenAI
from assistant_nb.widgets import panel

here = pathlib.Path(tempfile.mkdtemp())
(here / "toy").mkdir()
(here / "toy" / "toy.css").write_text(".anb-toy { padding: 8px }")
(here / "toy" / "toy.js").write_text("""
import { frame, h } from "../panel.js";

export default {
  render({ model, el }) {
    return frame(model, el, "Toy", (it, state) => {
      const count = h("output", {}, String(state.count));
      const formula = h("p");
      formula.innerHTML = state.formula;
      const ask = (name) => async () => { count.textContent = await it.ask(name, { by: 1 }) ?? "?"; };
      it.body.append(
        h("div", { class: "anb-toy" },
          h("button", { type: "button", onclick: ask("add") }, "quick"),
          h("button", { type: "button", onclick: ask("slow") }, "work"),
          h("button", { type: "button", onclick: ask("fail") }, "fail"),
          count, formula));
      it.draw(it.body);
    });
  },
};
""")
read = panel._read
panel._read = lambda name: (here / name).read_text() if name.startswith("toy") else read(name)
class Toy(panel.Panel):
    _stem = "toy"
    count, away = 0, None
    def look(self):
        if self.away: raise panel.sdk.Refused(self.away)
    def copy_html(self): return panel.Html("<p>count in the copy: {}</p>").format(self.count)
    def copy_text(self): return f"Toy({self.count})"
    def state(self): return {"count": self.count, "formula": r'<span class="anb-tex">\\(\\frac{x}{2}\\)</span> and <span class="anb-tex">$\\nope{$</span>'}
    @panel.quick
    def add(self, by):
        self.count += by
        self.refresh_copy()
        return self.count
    @panel.work
    def slow(self, by):
        time.sleep(.3)
        return self.add(by)
    @panel.work
    def fail(self, by):
        raise panel.sdk.Refused("That cannot be.")
panel._read = read

toy = Toy(OpenAI(base_url="http://127.0.0.1:9/v1", api_key="x"), "thing_1")
'''
URL = r"(?:https?:)?//(?!127\.0\.0\.1)[^\s\"'<>)]+"


@pytest.fixture
def toy(open_notebook: Any) -> Any:
    def opened(app: str = "lab/tree", **how: Any) -> Any:
        notebook = open_notebook(TOY, "toy", app=app, **how)
        notebook.live.wait_for()
        return notebook

    return opened


def count(notebook: Any, wanted: str) -> None:
    notebook.live.locator("output", has_text=wanted).first.wait_for()


@APPS
def test_the_copy_hides_while_the_widget_lives_and_calls_are_answered(toy: Any, app: str) -> None:
    notebook = toy(app)
    notebook.copies.wait_for(state="hidden")
    for name, wanted in {"quick": "1", "work": "2", "fail": "?"}.items():
        notebook.live.get_by_role("button", name=name).click()
        count(notebook, wanted)
    assert notebook.live.get_by_role("alert").inner_text() == "That cannot be."
    notebook.shot("live")


def test_a_trouble_is_told_until_it_is_over_whatever_else_succeeds(toy: Any) -> None:
    notebook = toy()
    alert = notebook.live.get_by_role("alert")
    notebook.execute("toy.away = 'The server is away.'")
    alert.wait_for()
    for name, told in {
        "quick": "The server is away.",
        "fail": "That cannot be.",
        "work": "The server is away.",
    }.items():
        notebook.live.get_by_role("button", name=name).click()
        notebook.settle()
        assert alert.inner_text() == told
    notebook.execute("toy.away = None")
    alert.wait_for(state="hidden")


def test_a_button_that_moves_is_pressed_by_the_left_button_while_it_is_there(toy: Any) -> None:
    notebook = toy()
    notebook.live.get_by_role("button", name="quick").wait_for()
    press = """([button, gone]) => {
      const quick = document.querySelector(".anb-toy button");
      quick.dispatchEvent(new PointerEvent("pointerdown", { button, bubbles: true }));
      if (gone) quick.remove();
      window.dispatchEvent(new PointerEvent("pointerup", { button }));
    }"""
    for button, gone, pressed in ((2, False, 0), (0, False, 1), (0, True, 1)):
        notebook.page.evaluate(press, [button, gone])
        notebook.settle()
        assert notebook.execute("print(toy.count)").strip() == str(pressed)


@pytest.mark.parametrize(
    ("app", "trusted", "kernel"),
    [
        ("lab/tree", False, False),
        pytest.param("lab/tree", True, True, marks=NIGHTLY),
        pytest.param("notebooks", True, False, marks=NIGHTLY),
        pytest.param("notebooks", False, True, marks=NIGHTLY),
    ],
)
def test_a_saved_notebook_shows_the_copy(toy: Any, app: str, trusted: bool, kernel: bool) -> None:
    notebook = toy(app)
    notebook.live.get_by_role("button", name="quick").click()
    count(notebook, "1")
    notebook.save_and_reopen(trusted=trusted, kernel=kernel)
    notebook.shot("reopened")
    assert notebook.outputs().strip() == "count in the copy: 1"


def test_a_copy_catches_up_with_what_cells_did_before_the_page_had_its_view(open_notebook: Any) -> None:
    notebook = open_notebook(TOY, "toy", "toy.add(1)")
    notebook.page.locator(".anb-copy", has_text="count in the copy: 1").wait_for(state="attached")
    assert "count in the copy: 1" in str(notebook.save()["cells"][1]["outputs"])


def test_a_view_that_is_not_heard_at_first_is_heard_then(open_notebook: Any) -> None:
    """JupyterLab loses what is said while a page is loaded again."""
    deaf = """
class Deaf(Toy):
    greetings = 0
    def _heard(self, widget, content, buffers):
        self.greetings += content["do"] == "hello"
        if self.greetings != 1:
            super()._heard(widget, content, buffers)
"""
    notebook = open_notebook(TOY, deaf, 'Deaf(toy._client, "thing_2")')
    notebook.live.get_by_role("button", name="quick").click()
    count(notebook, "1")
    assert notebook.execute("print(Deaf.greetings)").strip() != "1"


def test_nbconvert_shows_the_copy_and_brings_nothing_that_is_fetched(toy: Any) -> None:
    notebook = toy()
    notebook.save()
    saved, plain = notebook.path, notebook.path.with_name("plain.ipynb")
    write(plain, "1")
    html, nothing = nbconvert(saved, plain)
    assert "count in the copy: 0" in html
    assert set(re.findall(URL, html)) == set(re.findall(URL, nothing))


@APPS
def test_a_restart_and_another_run_bring_the_widget_back(toy: Any, app: str) -> None:
    notebook = toy(app)
    notebook.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    notebook.live.get_by_role("alert").get_by_text("The kernel was restarted. Run the cells above again").wait_for()
    notebook.run_all()
    count(notebook, "0")
    notebook.live.get_by_role("button", name="quick").click()
    count(notebook, "1")
    assert notebook.live.count() == 1
    notebook.copies.wait_for(state="hidden")


def test_a_page_that_is_not_jupyters_shows_the_view_and_not_the_copy(toy: Any) -> None:
    notebook = toy()
    rename = "() => document.querySelectorAll('.jp-OutputArea').forEach((one) => one.classList.remove('jp-OutputArea'))"
    notebook.page.evaluate(rename)
    notebook.page.locator(".anb-copy").wait_for(state="hidden")
    notebook.page.evaluate("() => document.querySelector('.anb-live').remove()")
    notebook.page.locator(".anb-copy").wait_for()


def test_a_view_inside_another_widget_says_that_no_copy_is_saved(open_notebook: Any) -> None:
    inside = ["widgets.VBox([toy])", "widgets.Tab([toy])", "out = widgets.Output()\nwith out: display(toy)\nout", "toy"]
    notebook = open_notebook(TOY, "import ipywidgets as widgets", *inside)
    notebook.live.nth(3).wait_for()
    told = "(views) => views.map((one) => one.innerText.includes('Nothing of this view is saved'))"
    until(lambda: notebook.live.evaluate_all(told) == [True, True, True, False])
    notebook.settle()
    assert notebook.live.evaluate_all(told) == [True, True, True, False]


@APPS
def test_a_page_that_is_loaded_again_meets_the_living_widget(toy: Any, app: str) -> None:
    notebook = toy(app)
    notebook.live.get_by_role("button", name="quick").click()
    count(notebook, "1")
    notebook.save()
    notebook.load()
    count(notebook, "1")
    notebook.copies.wait_for(state="hidden")
    notebook.live.get_by_role("button", name="quick").click()
    count(notebook, "2")
    assert notebook.execute("print(toy.count)").strip() == "2"


def test_a_page_that_the_kernel_does_not_hear_says_what_to_do_until_it_is_heard_again(toy: Any) -> None:
    notebook = toy()
    waits = notebook.live.locator(".anb-waits")
    notebook.execute("heard = toy.comm._reply_subshell_for; toy.comm._reply_subshell_for = lambda *_: 'gone'")
    notebook.page.evaluate("""() => { window.said = []; const waits = document.querySelector('.anb-waits');
        new MutationObserver(() => window.said.push(waits.textContent)).observe(waits, { childList: true }); }""")
    notebook.live.get_by_role("button", name="quick").click()
    waits.get_by_text("The kernel does not hear this page. Run this cell again.").wait_for()
    assert "busy" not in "".join(notebook.page.evaluate("said"))
    notebook.execute("toy.comm._reply_subshell_for = heard")
    waits.wait_for(state="hidden")
    notebook.live.get_by_role("button", name="quick").click()
    count(notebook, "1")


def test_formulas_are_drawn_and_what_is_none_stays(toy: Any) -> None:
    notebook = toy()
    notebook.live.locator("math mfrac").wait_for(state="attached")
    assert "\\nope{" in notebook.live.inner_text()


def test_formulas_are_drawn_though_another_view_has_asked_for_the_library_in_vain(open_notebook: Any) -> None:
    mute = """
class Mute(Toy):
    def _heard(self, widget, content, buffers):
        if content["do"] != "temml":
            super()._heard(widget, content, buffers)
"""
    notebook = open_notebook(TOY, mute, 'Mute(toy._client, "thing_3")', "toy", run=False)
    notebook.page.evaluate("delete globalThis.__anb_temml")  # as in a page that has not drawn a formula yet
    notebook.run_all()
    notebook.live.nth(1).locator("math mfrac").wait_for(state="attached")
    assert notebook.live.nth(0).locator("math").count() == 0


@NIGHTLY
def test_the_theme_is_followed_while_the_widget_is_open(toy: Any) -> None:
    notebook = toy()
    colours = (
        "() => { const s = getComputedStyle(document.querySelector('.anb-live')); return s.backgroundColor + s.color; }"
    )
    light = notebook.page.evaluate(colours)
    notebook.theme("Dark")
    notebook.shot("dark")
    assert notebook.page.evaluate(colours) != light
    notebook.theme("Light")
    assert notebook.page.evaluate(colours) == light
