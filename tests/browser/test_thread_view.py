"""ThreadView in a page: what a reader sees, how fast, by keyboard, saved, and when things go wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.opened import APPS, CUT, FOCUS, NIGHTLY, SAVED, nbconvert
from tests.until import until

EVERYTHING = r'''
import base64, time
import assistant_nb as anb
from assistant_nb import Scripted, ToolCall

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
code = f"""from IPython.display import Image, display
open("table.csv", "w").write("x,y\\n1,2\\n")
display(Image(data={PNG!r}))
print("rows: 1")"""
words = r"""# Roots

Solve \(x^2 = 4\), that is $x = \pm 2$, and

\[
\int_0^1 x\,dx = \frac12
\]

It costs $5 and $10. **Bold**, *slanted*, ~~gone~~, `re.sub(r"\d+\$", "$1", s)`:

| a | b |
|---|--:|
| 1 | \(y_1\) |

```python
pattern = r"\(([^)]*)\)"  # $x$ stays
```

- one
- two

See [the table](sandbox:/mnt/data/table.csv) and [the docs](https://example.com/docs)."""
client = anb.connect(model=Scripted(
    [ToolCall("code_interpreter", code)], words,
    [ToolCall("file_search", "Saturday")], "Open from 10 to 14【4:0†rules.md】.",
    [ToolCall("add", '{"a": 1, "b": 2}')], "It is 3.",
))
file = client.files.create(file=("rules.md", b"On Saturday the library is open from 10 to 14."), purpose="assistants")
picture = client.files.create(file=("dot.png", PNG), purpose="vision")
store = client.vector_stores.create(file_ids=[file.id])
add = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
tutor = client.beta.assistants.create(model="gpt-4o", name="Tutor",
    tools=[{"type": "code_interpreter"}, {"type": "file_search"}, add],
    tool_resources={"file_search": {"vector_store_ids": [store.id]}})
thread = client.beta.threads.create()
def say(content, **more):
    client.beta.threads.messages.create(thread.id, role="user", content=content, **more)
def ask():
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=tutor.id, poll_interval_ms=50)
say([{"type": "text", "text": "Which roots?"}, {"type": "image_file", "image_file": {"file_id": picture.id}},
     {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}], metadata={"mood": "curious"})
assert ask().status == "completed"
say("When is it open?", attachments=[{"file_id": file.id, "tools": [{"type": "file_search"}]}])
assert ask().status == "completed"
say("1 + 2?")
run = ask()
call = run.required_action.submit_tool_outputs.tool_calls[0]
client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, poll_interval_ms=50,
    tool_outputs=[{"tool_call_id": call.id, "output": '{"sum": 3}'}])
say("And now?")
assert ask().status == "failed"
'''

STREAM = """
import time
import assistant_nb as anb
tokens = []
for n in range(4000):
    tokens.append(f"w{n}" + (".\\n\\n" if n % 40 == 39 else " **b** " if n % 13 == 0 else " "))
def slowly(prompt):
    for token in tokens:
        yield token
        time.sleep(.0015)
client = anb.connect(model=anb.Scripted(slowly, slowly, slowly))
tutor = client.beta.assistants.create(model="gpt-4o", name="Tutor")
thread = client.beta.threads.create()
"""

ENDLESS = """
import itertools, time
import assistant_nb as anb
seen = []
def endlessly(prompt):
    for n in itertools.count():
        seen.append(n)
        yield f"w{n} "
        time.sleep(.02 if n < 40 else .2)
client = anb.connect(model=anb.Scripted(endlessly))
tutor = client.beta.assistants.create(model="gpt-4o", name="Tutor")
thread = client.beta.threads.create()
"""
"""An answer that only *Stop* ends, however slow the machine is."""

NO_PATIENCE = """
const wait = window.setTimeout;
window.setTimeout = (act, ms, ...rest) => {
  const isLimit = String(act).includes("Control comm did not respond in time");
  window.lostPatience ||= isLimit;
  return wait(act, isLimit ? 0 : ms, ...rest);
};
"""
"""Lets the 4 s that ipywidgets gives a kernel run out at once: then it asks for each widget by itself."""

WAITS = """
import assistant_nb as anb
client = anb.connect(model=anb.Scripted(anb.ToolCall("add", "{}"), "It is 3."))
add = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
client.beta.assistants.create(model="gpt-4o", name="Tutor", tools=[add])
thread = client.beta.threads.create()
"""

WIDE = r"""
import assistant_nb as anb
client = anb.connect()
sum = " + ".join(f"x_{{{n}}}" for n in range(90))
table = "|".join(["", *(["column"] * 40), ""]) + "\n" + "|".join(["", *(["-"] * 40), ""])
words = ["w" * 400, f"`{'c' * 400}`", table, rf"Amid \({sum}\) words", rf"\[{sum}\]", "- שלום (abc)"]
thread = client.beta.threads.create(messages=[{"role": "user", "content": "\n\n".join(words)}])
"""

LONG = """
import assistant_nb as anb
client = anb.connect()
thread = client.beta.threads.create()
words = "Some **words** of `code` and \\\\(x_{{n}}\\\\), then more of them, as people write. " * 3
for n in range({count}):
    client.beta.threads.messages.create(thread.id, role="user", content=f"message {{n}}: " + words)
"""


def opened(open_notebook: Any, setup: str, **how: Any) -> Any:
    notebook = open_notebook(setup, "view = anb.ThreadView(client, thread); view", **how)
    notebook.live.locator(".anb-composer").wait_for()
    notebook.page.wait_for_function("() => !document.querySelector('.anb-live .anb-tex:not([data-drawn])')")
    return notebook


def said(notebook: Any, code: str) -> str:
    return str(notebook.execute(f"print({code})")).strip()


def send(notebook: Any, words: str) -> None:
    notebook.live.get_by_label("Message", exact=True).fill(words)
    notebook.live.get_by_role("button", name="Send").click()


def test_a_thread_with_everything_shows_no_raw_marker_and_its_parts_can_be_opened(open_notebook: Any) -> None:
    notebook = opened(open_notebook, EVERYTHING)
    notebook.shot("light")
    live = notebook.live.locator(".anb-list")
    style = notebook.page.add_style_tag(content=".anb-live * { content-visibility: visible !important }")
    shown = live.inner_text()
    for raw in ("【", "sandbox:", "\\[", "**", "~~", "|--", "```", "# Roots", "](", "\\frac"):
        assert raw not in shown, raw
    for kept in ("It costs $5 and $10.", r're.sub(r"\d+\$", "$1", s)', r'pattern = r"\(([^)]*)\)"  # $x$ stays'):
        assert kept in shown, kept
    for kept in ("not fetched", "mood: curious", "attached: rules.md", "server_error", "rows: 1", '"sum": 3'):
        assert kept in shown, kept
    assert live.locator("math").count() == 4
    assert live.locator("img.anb-picture").count() == 3
    style.evaluate("(style) => style.remove()")
    live.get_by_role("button", name="Source [1]").click()
    assert live.locator(".anb-note[open]").inner_text().endswith("On Saturday the library is open from 10 to 14.")
    with notebook.page.expect_download() as waiting:
        live.get_by_role("button", name="the table").click()
    assert waiting.value.suggested_filename == "table.csv"
    assert Path(waiting.value.path()).read_text() == "x,y\n1,2\n"
    live.get_by_role("button", name="JSON").first.click()
    live.locator(".anb-json").wait_for()
    assert '"object": "thread.message"' in live.locator(".anb-json").inner_text()


CONVERSATION = (
    EVERYTHING[: EVERYTHING.index("thread = ")]
    + """
conversation = client.conversations.create()
flat = {"type": "function", **add["function"]}
tools = [{"type": "code_interpreter", "container": {"type": "auto"}},
         {"type": "file_search", "vector_store_ids": [store.id]}, flat]
for question in ("Which roots?", "When is it open?", "1 + 2?"):
    client.responses.create(model="gpt-4o", conversation=conversation.id, input=question, tools=tools)
"""
)


def test_a_conversation_reads_like_a_thread_and_is_answered_in_the_page(open_notebook: Any) -> None:
    view = 'anb.ThreadView(client, conversation=conversation, model="gpt-4o", tools=tools)'
    notebook = open_notebook(CONVERSATION, view)
    live = notebook.live
    live.get_by_label("Output of add").fill('{"sum": 3}')
    live.get_by_role("button", name="Submit").click()
    live.locator(".anb-content", has_text="It is 3.").wait_for()
    live.get_by_role("button", name="Source [1]").click()
    shown = live.locator(".anb-list").inner_text()
    for raw in ("【", "sandbox:", "\\[", "**", "Thread"):
        assert raw not in shown, raw
    for kept in ("Open from 10 to 14[1].", "rows: 1", '"sum": 3', "On Saturday the library"):
        assert kept in shown, kept
    assert live.locator("img.anb-picture").count() == 2
    assert not live.get_by_role("button", name="Try it on a copy").is_visible()
    with notebook.page.expect_download() as waiting:
        live.get_by_role("button", name="the table").click()
    assert Path(waiting.value.path()).read_text() == "x,y\n1,2\n"
    for look in ("Light", "Dark"):
        notebook.theme(look)
        notebook.shot(look)
        assert notebook.axe() == []
    notebook.theme("Light")


def test_what_is_exported_reads_like_the_thread(open_notebook: Any) -> None:
    notebook = opened(open_notebook, EVERYTHING)
    saved = {}
    for kind in ("HTML", "Notebook"):
        notebook.live.get_by_role("button", name="Export").click()
        with notebook.page.expect_download() as waiting:
            notebook.live.get_by_role("button", name=kind, exact=True).click()
        saved[kind] = Path(waiting.value.path()).read_text()
    alone = notebook.page.context.new_page()
    alone.set_content(saved["HTML"])
    assert (alone.locator("math").count(), alone.locator("img").count()) == (4, 3)
    assert "\\frac" not in alone.locator("body").inner_text()
    alone.close()
    path = notebook.path.with_name("exported.ipynb")
    path.write_text(saved["Notebook"])
    exported = open_notebook(path=path.name)
    exported.page.locator("mjx-container").nth(3).wait_for()
    cells = exported.page.locator(".jp-MarkdownOutput")
    shown = "\n".join(cells.all_inner_texts())
    for words in ("It costs $5 and $10.", "14[1].", "[1] rules.md: On Saturday", "server_error"):
        assert words in shown, words
    assert "【" not in shown
    assert cells.locator("img").count() == 2


@NIGHTLY
def test_axe_finds_nothing_serious(open_notebook: Any) -> None:
    notebook = opened(open_notebook, EVERYTHING)
    notebook.live.get_by_role("button", name="Source [1]").click()
    notebook.live.get_by_role("button", name="JSON").first.click()
    notebook.live.locator(".anb-json").wait_for()
    assert notebook.hurdles() == {}


@SAVED
def test_a_saved_view_is_readable(open_notebook: Any, app: str, trusted: bool) -> None:
    notebook = opened(open_notebook, EVERYTHING, app=app)
    output = json.dumps(notebook.save()["cells"][-1]["outputs"])
    notebook.save_and_reopen(trusted=trusted, kernel=False)
    notebook.shot("reopened")
    shown = notebook.page.locator(".jp-OutputArea").last.inner_text()
    for words in ("Which roots?", "It costs $5 and $10.", "Open from 10 to 14", "It is 3.", "rows: 1"):
        assert words in shown, words
    for raw in ("Loading widget", "Error displaying", "ThreadView(", "Traceback", "【", "**"):
        assert raw not in shown, raw
    assert "<script" not in output and len(output) < 40_000


@NIGHTLY
def test_a_saved_view_is_readable_through_nbconvert(open_notebook: Any) -> None:
    notebook = opened(open_notebook, EVERYTHING)
    notebook.save()
    (html,) = nbconvert(notebook.path)
    file = notebook.path.with_suffix(".html")
    file.write_text(re.sub(r'<script[^>]* src="https[^>]*></script>', "", html))
    body = html[html.index("<body") :]
    assert "Open from 10 to 14" in body
    assert "application/vnd.jupyter.widget" not in body
    assert "Error" not in body


@APPS
def test_everything_can_be_done_by_keyboard(open_notebook: Any, app: str) -> None:
    notebook = opened(open_notebook, STREAM.replace(".0015", ".02"), app=app)
    live, page = notebook.live, notebook.page
    live.get_by_label("Message", exact=True).focus()
    notebook.press("b", "a", "x", "ArrowUp", "ArrowLeft")
    assert live.get_by_label("Message", exact=True).input_value() == "bax"
    notebook.press("Control+Enter")
    stop = live.get_by_role("button", name="Stop")
    stop.wait_for()
    notebook.press("Tab", "Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Stop"
    live.locator(".anb-content", has_text="w0").wait_for()
    notebook.press("Enter")
    stop.wait_for(state="hidden")
    live.locator(".anb-run", has_text="cancelled").wait_for()
    notebook.settle()
    assert page.evaluate(FOCUS)
    live.locator(".anb-content").last.get_by_text("w0").wait_for()
    live.get_by_role("button", name="Fold all").focus()
    notebook.press("Enter", "b", "d", "d", "Space")
    live.get_by_role("button", name="Export").focus()
    notebook.press("Enter", "Tab")
    with page.expect_download() as waiting:
        notebook.press("Enter")
    assert waiting.value.suggested_filename.endswith(".md")
    live.get_by_label("Search the thread").focus()
    notebook.press("b", "a", "x", "Enter")
    live.locator(".anb-hits button").first.wait_for()
    notebook.press("Tab", "Enter")
    page.wait_for_function("() => document.activeElement.matches('.anb-found')")
    notebook.press("b", "Tab")
    live.locator(".anb-run summary").focus()
    notebook.press("Enter")
    assert not live.locator(".anb-run[open]").count()


def test_a_server_that_is_gone_is_told_and_its_return_noticed(open_notebook: Any) -> None:
    notebook = opened(open_notebook, CUT)
    alert = notebook.live.locator(".anb-trouble")
    assert not alert.is_visible()
    notebook.execute("line.cut = True")
    alert.wait_for()
    assert "does not answer" in alert.inner_text()
    notebook.shot("gone")
    send(notebook, "Are you there?")
    notebook.settle()
    assert "Traceback" not in notebook.outputs()
    assert notebook.live.get_by_label("Message", exact=True).input_value() == "Are you there?"
    notebook.execute("line.cut = False")
    alert.wait_for(state="hidden")
    notebook.live.get_by_role("button", name="Send").click()
    notebook.live.locator(".anb-content", has_text="Are you there?").wait_for()


def test_a_jump_lands_at_its_message(open_notebook: Any) -> None:
    notebook = opened(open_notebook, LONG.format(count=450))
    live, bar = notebook.live, notebook.live.locator(".anb-bar")
    live.get_by_label("Search the thread").fill("message 17:")
    live.get_by_label("Search the thread").press("Enter")
    live.get_by_text("1 found in 450 messages").first.wait_for()
    for button, words in (
        (live.locator(".anb-hits button"), "message 17:"),
        (bar.get_by_role("button", name="First"), "message 0:"),
    ):
        button.click()
        notebook.page.locator(".anb-message:focus", has_text=words).wait_for()
        within = """(words) => {
          const item = [...document.querySelectorAll(".anb-live .anb-message")].find((one) => one.textContent.includes(words));
          const [one, all] = [item, document.querySelector(".anb-live .anb-list")].map((part) => part.getBoundingClientRect());
          return all.top <= one.top && one.bottom <= all.bottom;
        }"""
        notebook.page.wait_for_function(within, arg=words)
    bar.get_by_text("the first 100 messages").wait_for()
    assert live.get_by_text("message 149:").count() == 0


@pytest.mark.parametrize("width", [500, *(pytest.param(width, marks=NIGHTLY) for width in (980, 1280))])
def test_the_menus_of_a_short_thread_are_not_cut_off(open_notebook: Any, width: int) -> None:
    notebook = opened(open_notebook, CUT)
    notebook.resize(width, 900)
    menu = notebook.live.locator(".anb-popover")
    for close in (lambda: notebook.press("Escape"), notebook.live.locator(".anb-list").click):
        notebook.live.get_by_role("button", name="Export").click()
        menu.wait_for()
        box = menu.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= 900
        close()
        menu.wait_for(state="hidden")
    notebook.live.get_by_label("Search the thread").fill("e")
    notebook.live.get_by_label("Search the thread").press("Enter")
    notebook.live.locator(".anb-hits button").wait_for()
    root, box = notebook.live.bounding_box(), notebook.live.locator(".anb-hits").bounding_box()
    assert root["x"] <= box["x"] and box["x"] + box["width"] <= root["x"] + root["width"]
    assert box["y"] + box["height"] <= root["y"] + root["height"]


def test_an_open_menu_goes_with_its_button_when_the_page_scrolls(open_notebook: Any) -> None:
    notebook = opened(open_notebook, CUT)
    notebook.resize(1280, 900)
    button, menu = notebook.live.get_by_role("button", name="Export"), notebook.live.locator(".anb-popover")
    button.click()
    menu.wait_for()
    before = button.bounding_box()["y"]

    def together() -> bool:
        at, box = button.bounding_box(), menu.bounding_box()
        gaps = box["y"] - at["y"] - at["height"], at["y"] - box["y"] - box["height"]  # below it, or above it
        return bool(at["y"] < before and 3 <= max(gaps) <= 5)

    scroll = "(by) => document.querySelector('.jp-WindowedPanel-outer').scrollBy(0, by)"
    notebook.page.evaluate(scroll, 40)
    until(together, lambda: (before, button.bounding_box(), menu.bounding_box()))
    assert menu.is_visible()
    notebook.page.evaluate(scroll, 2000)
    menu.wait_for(state="hidden")


def test_who_sends_from_amid_a_thread_sees_the_answer_come(open_notebook: Any) -> None:
    notebook = opened(open_notebook, LONG.format(count=250) + "\nclient.beta.assistants.create(model='gpt-4o')")
    notebook.live.get_by_role("button", name="Send and run").wait_for()
    notebook.live.get_by_role("button", name="First").click()
    notebook.live.get_by_text("message 0:").wait_for()
    send(notebook, "Is it so?")
    notebook.live.locator(".anb-run", has_text="failed").wait_for()
    notebook.page.wait_for_function("""() => { const one = document.querySelector(".anb-live .anb-list");
        return one.scrollHeight - one.scrollTop - one.clientHeight < 40; }""")
    assert notebook.live.locator(".anb-message").last.inner_text().endswith("Is it so?")


def test_earlier_messages_are_shown_on_demand(open_notebook: Any) -> None:
    notebook = opened(open_notebook, LONG.format(count=150))
    assert notebook.live.get_by_text("message 0:").count() == 0
    earlier = notebook.live.get_by_role("button", name="Show earlier messages")
    earlier.evaluate("(button) => button.click()")  # to click it in the page would scroll, which shows them, too
    notebook.page.wait_for_function("document.querySelectorAll('.anb-live .anb-message').length === 150")
    earlier.wait_for(state="hidden")
    assert notebook.live.get_by_text("message 0:").count() == 1


def test_a_streamed_answer_ends_as_its_whole_text_is_drawn(open_notebook: Any) -> None:
    notebook = opened(open_notebook, STREAM.replace("4000", "400"))
    notebook.live.get_by_role("button", name="Send and run").wait_for()
    send(notebook, "Go on.")
    notebook.live.locator(".anb-content", has_text="w399").wait_for()
    notebook.live.get_by_role("button", name="Stop").wait_for(state="hidden")
    whole = notebook.execute("from assistant_nb import render; print(''.join(render.blocks(''.join(tokens))))")
    drawn = """(whole) => {
      const made = document.createElement("div");
      made.innerHTML = whole;
      const content = [...document.querySelectorAll(".anb-live .anb-content")].at(-1);
      return [content, made].map((one) => one.textContent.replace(/\\s+/g, " ").trim());
    }"""
    found, wanted = notebook.page.evaluate(drawn, whole)
    assert found == wanted


def test_what_comes_while_all_is_folded_is_folded(open_notebook: Any) -> None:
    notebook = opened(open_notebook, WAITS)
    notebook.live.get_by_role("button", name="Fold all").click()
    notebook.live.get_by_role("button", name="Send and run").wait_for()
    send(notebook, "1 + 2?")
    run = notebook.live.locator(".anb-run", has_text="requires_action")
    run.wait_for()
    assert run.get_attribute("open") is None
    notebook.live.get_by_role("button", name="Unfold all").click()
    assert run.get_attribute("open") is not None


def test_a_reader_writes_while_a_cell_awaits_and_is_not_lost_while_one_blocks(lab: Any, open_notebook: Any) -> None:
    notebook = opened(open_notebook, LONG.format(count=2))
    written = "len(client.beta.threads.messages.list(thread.id).data)"
    awaits = f"import asyncio\nwhile {written} < 3: await asyncio.sleep(.05)"
    blocks = "import pathlib, time\nwhile not pathlib.Path('written').exists(): time.sleep(.05)"
    start = "(code) => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code }); }"
    notebook.page.evaluate(start, awaits)
    send(notebook, "Meanwhile.")
    notebook.live.locator(".anb-content", has_text="Meanwhile.").wait_for()
    notebook.page.evaluate(start, blocks)
    send(notebook, "Still there?")
    notebook.live.get_by_text("The kernel is busy with a cell").wait_for()
    (lab.root / "written").touch()
    notebook.live.locator(".anb-content", has_text="Still there?").wait_for()
    assert said(notebook, written) == "4"


def test_two_views_of_a_thread_show_the_same_and_keep_what_is_typed_in_each(open_notebook: Any) -> None:
    slow = STREAM.replace(".0015", ".02")
    notebook = open_notebook(slow, "view = anb.ThreadView(client, thread); view", "view")
    first, second = notebook.live.nth(0), notebook.live.nth(1)
    second.locator(".anb-composer").wait_for()
    second.get_by_label("Message", exact=True).fill("Not sent yet.")
    first.get_by_label("Message", exact=True).fill("Go on.")
    first.get_by_role("button", name="Send and run").click()
    for view in (first, second):
        view.locator(".anb-content", has_text="w10").wait_for()
    second.get_by_role("button", name="Stop").click()
    first.get_by_role("button", name="Stop").wait_for(state="hidden")
    for view in (first, second):
        view.locator(".anb-run", has_text="cancelled").wait_for()
        view.get_by_label("Search the thread").fill("go on")
        view.get_by_label("Search the thread").press("Enter")
        view.get_by_text("1 found in 2 messages").first.wait_for()
    notebook.settle()
    assert [view.locator(".anb-hits button").count() for view in (first, second)] == [1, 1]
    assert first.get_by_label("Message", exact=True).input_value() == ""
    assert second.get_by_label("Message", exact=True).input_value() == "Not sent yet."
    assert first.locator(".anb-list").inner_text() == second.locator(".anb-list").inner_text()


@pytest.mark.parametrize("script", [NO_PATIENCE, pytest.param("", marks=NIGHTLY)], ids=["late", "in time"])
def test_a_page_that_is_loaded_again_meets_the_answer_that_comes_and_can_stop_it(
    script: str, open_notebook: Any
) -> None:
    """Late: the kernel has not answered ipywidgets within 4 s, as on a busy machine."""
    notebook = opened(open_notebook, ENDLESS)
    notebook.save()
    notebook.live.get_by_role("button", name="Send and run").wait_for()
    send(notebook, "Go on.")
    notebook.live.locator(".anb-content", has_text="w20").wait_for()
    notebook.own = True
    notebook.page.add_init_script(script)
    notebook.load()
    seen = said(notebook, "len(seen)")
    notebook.live.locator(".anb-content", has_text=f"w{seen} ").wait_for()
    notebook.live.locator("button:disabled", has_text="Send").wait_for()
    assert notebook.page.evaluate("() => !!window.lostPatience") == bool(script)
    notebook.live.get_by_role("button", name="Stop").click()
    notebook.live.locator(".anb-run", has_text="cancelled").wait_for()
    notebook.live.locator("button:enabled", has_text="Send").wait_for()
    assert said(notebook, "client.beta.threads.runs.list(thread.id).data[0].status") == "cancelled"


def test_a_button_works_though_it_moves_from_under_the_pointer(open_notebook: Any) -> None:
    """Below an answer that grows, *Stop* moves down with each line."""
    holds = "import threading\ngo = threading.Event()\n"
    holds += STREAM.replace("time.sleep(.0015)", "go.wait() if token == 'w9 ' else time.sleep(.02)")
    notebook = opened(open_notebook, holds)
    notebook.live.get_by_role("button", name="Send and run").wait_for()
    send(notebook, "Go on.")
    notebook.live.locator(".anb-content", has_text="w9").wait_for()
    stop = notebook.live.get_by_role("button", name="Stop")
    stop.hover()
    notebook.page.mouse.down()
    bottom = "() => document.querySelector('.anb-stop').getBoundingClientRect().bottom"
    before = notebook.page.evaluate(bottom)
    notebook.execute("go.set()")
    notebook.page.wait_for_function(f"(before) => ({bottom})() > before + 40", arg=before)
    notebook.page.mouse.up()
    notebook.live.locator(".anb-run", has_text="cancelled").wait_for()


def test_a_run_that_waits_for_outputs_gets_them(open_notebook: Any) -> None:
    view = "view = anb.ThreadView(client, thread, functions=[add]); view"
    notebook = open_notebook(WAITS, "def add(): return 3", view)
    notebook.live.get_by_role("button", name="Send and run").wait_for()
    send(notebook, "1 + 2?")
    submit, hint = notebook.live.get_by_role("button", name="Submit outputs"), notebook.live.locator(".anb-form p")
    submit.click()
    assert hint.inner_text() == "The output of add is empty. Press Submit outputs again to send it so."
    notebook.live.get_by_label("Output of add({})").press("4")
    hint.wait_for(state="hidden")
    notebook.live.get_by_role("button", name="Let my functions answer").click()
    notebook.page.wait_for_function("() => document.querySelector('.anb-form textarea').value === '3'")
    notebook.shot("asked")
    submit.click()
    notebook.live.locator(".anb-content", has_text="It is 3.").wait_for()
    submit.wait_for(state="hidden")
    steps = said(
        notebook, "client.beta.threads.runs.steps.list(view._window.part.runs[-1]['id'], thread_id=thread.id).data"
    )
    assert "output='3'" in steps


def test_a_person_sits_in_the_models_seat(open_notebook: Any) -> None:
    notebook = opened(open_notebook, re.sub(r"model=anb.Scripted.*", 'model="human")', WAITS))
    live = notebook.live
    live.get_by_role("button", name="Send and run").wait_for()
    send(notebook, "1 + 2?")
    live.locator(".anb-prompt").get_by_text("1 + 2?").wait_for()
    notebook.shot("seat")
    live.get_by_role("button", name="Add a tool call").click()
    live.get_by_label("Arguments, as JSON").fill("3")
    live.locator(".anb-call .anb-error").get_by_text("Arguments are").wait_for()
    live.get_by_role("button", name="Answer").click()
    live.locator(".anb-remark").get_by_text("tool_calls[0].arguments is no JSON object").wait_for()
    live.get_by_label("Output of add(3)").fill("3")
    live.get_by_role("button", name="Submit outputs").click()
    live.get_by_label("Text of the answer").fill("It is 3.")
    live.get_by_role("button", name="Answer").click()
    live.locator(".anb-content", has_text="It is 3.").wait_for()
    live.locator(".anb-form").wait_for(state="hidden")


def test_a_talk_is_tried_on_a_copy(open_notebook: Any) -> None:
    notebook = opened(open_notebook, WAITS.replace('anb.ToolCall("add", "{}"), ', ""))
    live = notebook.live
    live.get_by_role("button", name="Try it on a copy").click()
    live.get_by_text("This is a copy.").wait_for()
    live.get_by_role("button", name="Send and run").wait_for()
    send(notebook, "1 + 2?")
    live.locator(".anb-content", has_text="It is 3.").wait_for()
    live.get_by_role("button", name="Stop").wait_for(state="hidden")
    notebook.shot("copy")
    live.get_by_role("button", name="Back to the thread").click()
    live.get_by_text("This is a copy.").wait_for(state="hidden")
    live.get_by_text("no messages").or_(live.get_by_text("0 messages")).first.wait_for()
    assert live.locator(".anb-message").count() == 0
    assert said(notebook, "client.beta.threads.messages.list(thread.id).data") == "[]"


def test_a_run_that_waits_for_outputs_can_be_stopped(open_notebook: Any) -> None:
    notebook = opened(open_notebook, WAITS)
    stop = notebook.live.get_by_role("button", name="Stop")
    notebook.live.get_by_role("button", name="Send and run").wait_for()
    send(notebook, "1 + 2?")
    notebook.live.locator(".anb-run", has_text="waits for the output of add").wait_for()
    notebook.live.locator("button:enabled", has_text="Send").wait_for()
    stop.focus()
    notebook.press("Enter")
    notebook.live.locator(".anb-run", has_text="cancelled").wait_for()
    stop.wait_for(state="hidden")
    assert notebook.page.evaluate("() => document.activeElement.tagName") == "TEXTAREA"
    send(notebook, "1 + 2?")
    notebook.live.locator(".anb-content", has_text="3.").wait_for()


def test_an_assistant_that_is_chosen_stays_chosen_and_so_does_none(open_notebook: Any) -> None:
    notebook = opened(
        open_notebook, "import assistant_nb as anb\nclient = anb.connect()\nthread = client.beta.threads.create()"
    )
    choice, send = notebook.live.get_by_label("Assistant that answers"), notebook.live.locator(".anb-primary")
    assert (choice.inner_text(), send.inner_text()) == ("no run", "Send")
    notebook.execute("for n in range(3): client.beta.assistants.create(model='gpt-4o', name=f'Tutor {n}')")
    for name, wanted in (("Tutor 1 (gpt-4o)", "Send and run"), ("no run", "Send")):
        choice.focus()
        choice.locator("option").nth(3).wait_for(state="attached")
        choice.select_option(label=name)
        notebook.live.get_by_label("Message", exact=True).focus()
        notebook.execute("client.beta.assistants.create(model='gpt-4o', name='Another')")
        before = choice.locator("option").count()
        choice.focus()
        choice.locator("option").nth(before).wait_for(state="attached")
        assert (choice.evaluate("(one) => one.selectedOptions[0].label"), send.inner_text()) == (name, wanted)


@NIGHTLY
@pytest.mark.parametrize("zoom", [1, 2])
def test_it_can_be_read_enlarged_and_on_a_stage(open_notebook: Any, zoom: int) -> None:
    notebook = opened(open_notebook, LONG.format(count=5), fresh=True)
    notebook.resize(1280 // zoom, 900 // zoom)  # what a zoomed browser leaves
    notebook.page.evaluate("() => jupyterapp.commands.execute('application:toggle-presentation-mode')")
    notebook.page.wait_for_timeout(500)
    notebook.shot(f"stage-{zoom}")
    wide = notebook.page.evaluate("""() => [...document.querySelectorAll(".anb-live, .anb-live .anb-bar, .anb-list, .anb-composer")]
      .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className)""")
    assert wide == []
    assert notebook.live.get_by_role("button", name="Send").is_visible()


def test_nothing_wide_is_cut_off_and_each_language_runs_its_own_way(open_notebook: Any) -> None:
    notebook = opened(open_notebook, WIDE)
    cut = """() => [...document.querySelectorAll(".anb-content *")]
      .filter((one) => !one.closest("[data-drawn]") || one.matches("[data-drawn]"))
      .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
      .filter((one) => getComputedStyle(one).overflowX !== "auto").map((one) => one.outerHTML.slice(0, 200))"""
    content = notebook.live.locator(".anb-content")
    assert content.evaluate("(one) => one.scrollWidth <= one.clientWidth + 1")
    assert notebook.page.evaluate(cut) == []
    assert content.locator("table").get_attribute("tabindex") == "0"
    assert content.locator("ul").evaluate("(one) => getComputedStyle(one).direction") == "rtl"
    assert notebook.axe() == []


def test_a_thread_that_is_deleted_and_a_wrong_key_are_told(open_notebook: Any) -> None:
    notebook = open_notebook(
        LONG.format(count=2),
        "view = anb.ThreadView(client, thread); view",
        "anb.start()\nfrom openai import OpenAI\nwrong = anb.ThreadView(OpenAI(api_key='sk-wrong'), thread)\nwrong",
    )
    notebook.live.nth(1).locator(".anb-composer").wait_for()
    told = notebook.live.nth(1).locator(".anb-trouble")
    told.wait_for()
    assert "refuses this client's key" in told.inner_text()
    notebook.execute("client.beta.threads.delete(thread.id)")
    notebook.live.first.locator(".anb-trouble").wait_for()
    assert "No thread found" in notebook.live.first.locator(".anb-trouble").inner_text()
    assert "message 1:" in notebook.live.first.inner_text()
    assert "sk-wrong" not in notebook.outputs()
    notebook.shot("told")
