"""The attacks of `tests/vectors.py` in a page, wherever a text of others can stand: nothing runs, nothing is fetched."""

import json
from typing import Any

import nbformat
import pytest

from assistant_nb.widgets.thread_view import export
from assistant_nb.widgets.thread_view.page import Item, Known
from tests.browser.opened import NIGHTLY
from tests.vectors import VECTORS
from tests.widgets.test_thread_page import message

SENT = [vector for vector in VECTORS if not any("\ud800" <= letter <= "\udfff" for letter in vector)]
"""Half a character does not get past the SDK."""

EACH = 8
"""Attacks on a thread, of five entries each: a copy holds forty."""

ATTACK = """
import json
import assistant_nb as anb
vectors = json.loads({vectors!r})
lines = []
for vector in vectors:
    lines += [[anb.ToolCall(vector, json.dumps({{vector: vector}})), anb.ToolCall("add", vector)], vector]
client = anb.connect(model=anb.Scripted(*lines))
add = {{"type": "function", "function": {{"name": "add", "parameters": {{"type": "object", "properties": {{}}}}}}}}
tutor = client.beta.assistants.create(model="gpt-4o", name=vectors[0], tools=[add])
def attack(thread, vector):
    def say(content, **more):
        client.beta.threads.messages.create(thread, role="user", content=content, **more)
    say(vector, metadata={{vector[:60]: vector[:500]}})
    file = client.files.create(file=(vector.replace("\\0", ""), b"x"), purpose="assistants")
    say("file", attachments=[{{"file_id": file.id, "tools": [{{"type": "code_interpreter"}}]}}])
    try:
        say([{{"type": "image_url", "image_url": {{"url": vector}}}}])
    except Exception as error:
        refused.append(repr(error)[:60])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=tutor.id, poll_interval_ms=5)
    if run.status == "requires_action":
        calls = run.required_action.submit_tool_outputs.tool_calls
        outputs = [{{"tool_call_id": call.id, "output": vector}} for call in calls]
        client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread, tool_outputs=outputs, poll_interval_ms=5)
    statuses.append(run.status)
refused, statuses, views = [], [], []
for some in (vectors[n : n + {each}] for n in range(0, len(vectors), {each})):
    thread = client.beta.threads.create().id
    for vector in some:
        attack(thread, vector)
    views.append(anb.ThreadView(client, thread))
"""

STEPPED = """
import json
import assistant_nb as anb
vectors = json.loads({vectors!r})
calls = [anb.ToolCall(vector, json.dumps({{vector: vector}})) for vector in vectors[:100]]
client = anb.connect(model=anb.Scripted(["\\n\\n".join(vectors), *calls], *["\\n\\n".join(vectors)] * 2))
tool = {{"type": "function", "function": {{"name": "add", "description": vectors[0], "parameters": {{"type": "object", "properties": {{}}}}}}}}
assistant = client.beta.assistants.create(model="gpt-4o", instructions="\\n".join(vectors), tools=[tool])
thread = client.beta.threads.create(messages=[{{"role": "user", "content": vector}} for vector in vectors])
stepper = anb.RunStepper(client, thread.id, assistant.id)
stepper.step()
stepper.to_end()
waits = stepper.run.required_action.submit_tool_outputs.tool_calls
"""

LOOK = """(within) => {
  const bad = [];
  for (const root of document.querySelectorAll(within))
    for (const element of [root, ...root.querySelectorAll("*")]) {
      const name = element.localName;
      if (["script", "iframe", "object", "embed", "link", "meta", "base", "video", "audio", "animate", "foreignobject"].includes(name))
        bad.push(name);
      for (const { name: attribute, value } of element.attributes) {
        const url = value.trim().toLowerCase();
        if (attribute.startsWith("on")) bad.push(element.outerHTML.slice(0, 200));
        if (/^(xlink:)?href$/.test(attribute) && !/^(https?:\\/\\/|mailto:|#)/.test(url)) bad.push(element.outerHTML.slice(0, 200));
        if (["src", "srcset", "data", "action", "formaction", "poster", "ping"].includes(attribute) && !url.startsWith("data:image/"))
          bad.push(element.outerHTML.slice(0, 200));
        if (attribute === "style" && /url\\(|expression/.test(url)) bad.push(element.outerHTML.slice(0, 200));
        if (attribute === "id" && /alert|^y$|jupyterapp|__anb|^mjx-eqn/.test(url)) bad.push(element.outerHTML.slice(0, 200));
      }
    }
  return { bad: [...new Set(bad)], pwned: window.pwnedBy ?? 0, articles: document.querySelectorAll(within + " .anb-message").length };
}"""


def attacked(open_notebook: Any, **how: Any) -> Any:
    setup = ATTACK.format(vectors=json.dumps(SENT), each=EACH)
    shows = [f"views[{n}]" for n in range(-(-len(SENT) // EACH))]
    notebook = open_notebook("1", run=False, **how)
    notebook.page.add_init_script("window.pwned = () => { window.pwnedBy = (window.pwnedBy ?? 0) + 1; }")
    notebook.write(setup, *shows)
    notebook.load()
    notebook.run_all()
    notebook.live.locator(".anb-composer").nth(len(shows) - 1).wait_for()
    return notebook


WRITTEN = """
import json
import assistant_nb as anb
vectors = json.loads({vectors!r})
client = anb.connect()
def thread(some):
    return client.beta.threads.create(messages=[{{"role": "user", "content": vector}} for vector in some]).id
views = [anb.ThreadView(client, thread(vectors[n : n + 100])) for n in range(0, len(vectors), 100)]
"""


def test_nothing_that_a_message_says_runs_or_is_fetched(open_notebook: Any) -> None:
    shows = [f"views[{n}]" for n in range(-(-len(SENT) // 100))]
    notebook = open_notebook(WRITTEN.format(vectors=json.dumps(SENT)), *shows, run=False)
    notebook.page.evaluate("() => { window.pwnedBy = 0; window.pwned = () => { window.pwnedBy += 1; }; }")
    notebook.run_all()
    notebook.page.wait_for_function(f"() => document.querySelectorAll('.anb-live .anb-message').length === {len(SENT)}")
    notebook.page.wait_for_function("() => !document.querySelector('.anb-live .anb-tex:not([data-drawn])')")
    seen = notebook.page.evaluate(LOOK, ".anb-live")
    assert (seen["bad"], seen["pwned"]) == ([], 0)


@NIGHTLY
def test_nothing_runs_or_is_fetched_live(open_notebook: Any) -> None:
    notebook = attacked(open_notebook)
    notebook.page.add_style_tag(
        content=".anb-live * { content-visibility: visible !important } .anb-live details { display: block }"
    )
    notebook.page.evaluate(
        "() => document.querySelectorAll('.anb-live details').forEach((one) => { one.open = true; })"
    )
    notebook.page.evaluate(
        "() => [...document.querySelectorAll('.anb-raw')].slice(0, 40).forEach((one) => one.click())"
    )
    notebook.page.wait_for_timeout(2500)
    notebook.shot("live")
    seen = notebook.page.evaluate(LOOK, ".anb-live")
    assert notebook.execute("print(len(refused), set(statuses))").strip() == "0 {'requires_action'}"
    assert seen["articles"] >= 3 * len(SENT)
    assert (seen["bad"], seen["pwned"]) == ([], 0)
    pages = json.loads(notebook.execute("print(json.dumps([view.to_html() for view in views]))"))
    alone = notebook.page.context.new_page()
    alone.add_init_script("window.pwned = () => { window.pwnedBy = 1; }")
    for page in pages:
        alone.set_content(page)
        assert alone.locator("article").count() >= 3
        assert alone.evaluate(LOOK, "body")["bad"] == []
    alone.close()


@NIGHTLY
@pytest.mark.parametrize(("app", "trusted"), [("lab/tree", True), ("notebooks", False)])
def test_nothing_runs_or_is_fetched_in_the_copy(open_notebook: Any, app: str, trusted: bool) -> None:
    notebook = attacked(open_notebook, app=app)
    notebook.save_and_reopen(trusted=trusted, kernel=False)
    notebook.page.wait_for_timeout(2500)
    notebook.shot("copy")
    seen = notebook.page.evaluate(LOOK, ".jp-OutputArea-output")
    assert seen["articles"] >= 3 * len(SENT)
    assert "pwned()" in notebook.outputs()
    assert notebook.page.locator("mjx-container").count() > 10
    assert (seen["bad"], seen["pwned"]) == ([], 0)


@NIGHTLY
def test_an_exported_notebook_fetches_nothing_and_leaves_other_cells_alone(open_notebook: Any) -> None:
    notebook = open_notebook("1", run=False, fresh=True)
    notebook.page.add_init_script("window.pwned = () => { window.pwnedBy = (window.pwnedBy ?? 0) + 1; }")
    said = [Item("", message("", 1, text=vector), ()) for vector in VECTORS]
    before, behind = [nbformat.v4.new_markdown_cell(r"Mine: $\frac12$") for _ in range(2)]
    exported = export.notebook(said, Known())
    exported.cells = [before, *exported.cells, behind]
    notebook.path.write_text(nbformat.writes(exported))
    notebook.load()
    drawn = notebook.page.locator("mjx-container mjx-mfrac")  # of the two cells that are the learner's own
    drawn.nth(1).wait_for()
    seen = notebook.page.evaluate(LOOK, ".jp-RenderedMarkdown")
    assert (seen["bad"], seen["pwned"]) == ([], 0)
    assert drawn.count() == 2


@NIGHTLY
def test_nothing_that_a_run_says_runs_or_is_fetched(open_notebook: Any) -> None:
    notebook = open_notebook("1", run=False)
    notebook.page.add_init_script("window.pwned = () => { window.pwnedBy = (window.pwnedBy ?? 0) + 1; }")
    notebook.write(STEPPED.format(vectors=json.dumps(SENT)), "stepper")
    notebook.load()
    notebook.run_all()
    form = notebook.live.get_by_role("button", name="Submit outputs")
    form.wait_for()
    assert notebook.live.locator(".anb-form textarea").count() == 100
    notebook.execute("stepper.submit({call.id: vector for call, vector in zip(waits, vectors)}); stepper.to_end()")
    form.wait_for(state="hidden")
    notebook.execute("stepper.fork({'answer': {'text': vectors[0]}}); stepper.to_end()")
    notebook.live.get_by_role("button", name="Compare with main").click()
    notebook.live.locator(".anb-beside").wait_for()
    notebook.live.get_by_role("button", name="Fork here").click()
    notebook.live.get_by_label("What is otherwise").wait_for()
    frames, tabs = notebook.live.locator(".anb-frame"), notebook.live.get_by_role("tab")
    for place in range(frames.count()):
        frames.nth(place).click()
        for tab in range(6):
            tabs.nth(tab).click()
            notebook.page.wait_for_timeout(100)
            seen = notebook.page.evaluate(LOOK, ".anb-live")
            assert (seen["bad"], seen["pwned"]) == ([], 0), (place, tab)
    notebook.shot("stepper")
    notebook.save_and_reopen(trusted=True, kernel=False)
    seen = notebook.page.evaluate(LOOK, ".jp-OutputArea-output")
    assert (seen["bad"], seen["pwned"]) == ([], 0)
