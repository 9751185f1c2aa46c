"""AssistantForm in a page: made, changed and deleted by mouse and by keyboard, saved, and safe."""

import json
from typing import Any

from tests.browser.opened import APPS, CELLS, CUT, FOCUS, NIGHTLY, SAVED
from tests.browser.test_attacks import LOOK
from tests.vectors import VECTORS

SETUP = """
import json
import assistant_nb as anb
client = anb.connect(model=anb.Scripted("Hi."))
made = client.beta.assistants.create(model="gpt-4o", name="Tutor", instructions="Be brief.", metadata={"mood": "calm"},
    tools=[{"type": "file_search"}, {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}}])
"""


def opened(open_notebook: Any, shown: str = "made", **how: Any) -> Any:
    notebook = open_notebook(SETUP, f"form = anb.AssistantForm(client, {shown}); form", **how)
    notebook.live.get_by_label("Instructions").wait_for()
    return notebook


def said(notebook: Any, code: str) -> str:
    return str(notebook.execute(f"print({code})")).strip()


def save(notebook: Any, name: str) -> None:
    notebook.live.get_by_role("button", name=name).click()
    notebook.settle()


def test_an_assistant_is_made_and_changed_and_the_code_beside_it_follows(open_notebook: Any) -> None:
    notebook = opened(open_notebook, "None")
    live = notebook.live
    live.get_by_label("Name", exact=True).fill("Guide")
    live.get_by_label("Model", exact=True).fill("gpt-4o")
    live.get_by_label("Instructions").fill("Say <b>where</b>.")
    live.locator(".anb-listing", has_text="Say <b>where</b>.").wait_for()
    save(notebook, "Create assistant")
    assert said(notebook, "form.assistant.name, form.assistant.instructions") == "Guide Say <b>where</b>."
    live.get_by_label("Name", exact=True).fill("Leader")
    live.get_by_role("tab", name="what changes").click()
    live.locator(".anb-changes ins").get_by_text('"Leader"', exact=True).wait_for()
    notebook.shot("changes")
    save(notebook, "Update assistant")
    assert said(notebook, "client.beta.assistants.retrieve(form.assistant.id).name") == "Leader"


PROGRESS = """() => { window.anbProgress = [];
  new MutationObserver((changes) => { for (const { target } of changes) if (target.ariaLabel === "Upload of rows.csv" && target.checkVisibility()) anbProgress.push(target.value / target.max); })
    .observe(document.querySelector(".anb-live"), { attributes: true, attributeFilter: ["value"], subtree: true }); }"""


def test_files_are_uploaded_with_progress_into_the_assistant_that_is_made_then(open_notebook: Any) -> None:
    notebook = opened(open_notebook, "None")
    live = notebook.live
    live.get_by_label("Model", exact=True).fill("gpt-4o")
    for tool in ("code_interpreter", "file_search"):
        live.get_by_label(tool, exact=True).check()
    rows = b"x,y\n1,2\n" * 750_000
    notebook.page.evaluate(PROGRESS)
    upload, search = live.get_by_label("Upload files").all()
    upload.set_input_files({"name": "rows.csv", "mimeType": "text/csv", "buffer": rows})
    live.get_by_role("button", name="Remove rows.csv").wait_for()
    shown = notebook.page.evaluate("anbProgress")
    assert shown == sorted(shown) and len(set(shown)) > 5 and shown[-1] == 1
    live.get_by_role("progressbar").wait_for(state="hidden")
    search.set_input_files({"name": "rules.md", "mimeType": "text/markdown", "buffer": b"Open on Saturday."})
    live.get_by_text("rules.md is there.").wait_for()
    save(notebook, "Create assistant")
    given = "form.assistant.tool_resources"
    files = f"[client.files.retrieve(id) for id in {given}.code_interpreter.file_ids]"
    assert said(notebook, f"[(file.filename, file.bytes) for file in {files}]") == f"[('rows.csv', {len(rows)})]"
    stores = f"client.vector_stores.files.list({given}.file_search.vector_store_ids[0])"
    assert said(notebook, f"[client.files.retrieve(one.id).filename for one in {stores}]") == "['rules.md']"
    assert said(notebook, f"{given}.code_interpreter.file_ids[0]") in live.locator(".anb-listing").inner_text()


def test_files_that_are_chosen_together_go_into_one_vector_store_and_are_listed(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    live = notebook.live
    live.get_by_label("Upload files").set_input_files([markdown(f"rules{n}.md") for n in range(3)])
    for n in range(3):
        live.locator(".anb-files .anb-files").get_by_text(f"rules{n}.md").wait_for()
    save(notebook, "Update assistant")
    (store,) = json.loads(said(notebook, "json.dumps(form.assistant.tool_resources.file_search.vector_store_ids)"))
    assert said(notebook, f"len(list(client.vector_stores.files.list({store!r})))") == "3"


def test_what_was_wrong_with_uploads_is_told_until_it_is_mended(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    live = notebook.live
    notebook.execute("lost = client.vector_stores.create(name='Lost')")
    live.get_by_label("Assistant to load").focus()
    live.get_by_role("button", name="Add vector store").click()
    notebook.execute("client.vector_stores.delete(lost.id)")
    live.get_by_label("Upload files").set_input_files([markdown("a.md"), markdown("b.md")])
    mistake = live.locator(".anb-mistake", has_text="a.md was not uploaded. The server says: No vector store found")
    mistake.filter(has_text="b.md was not").wait_for()
    live.get_by_role("button", name="Remove Lost").click()
    mistake.wait_for(state="hidden")
    live.get_by_label("Upload files").set_input_files([markdown("none.md", b""), markdown("c.md")])
    live.locator(".anb-files").get_by_text("c.md").last.wait_for()
    live.locator(".anb-mistake", has_text="none.md cannot be searched").wait_for()
    stores = json.loads(said(notebook, "json.dumps([one.name for one in client.vector_stores.list()])"))
    assert "Lost" not in stores


def markdown(name: str, words: bytes = b"Open on Saturday.") -> Any:
    return {"name": name, "mimeType": "text/markdown", "buffer": words}


def test_an_assistant_is_deleted_once_that_is_confirmed_and_another_is_made(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    live = notebook.live
    listed = "[one.name for one in client.beta.assistants.list()]"
    for answer, left in (("Cancel", "['Tutor']"), ("Delete it", "[]")):
        live.get_by_role("button", name="Delete", exact=True).click()
        question = live.get_by_role("group", name="Question")
        assert "Delete Tutor?" in question.inner_text()
        question.get_by_role("button", name=answer).click()
        question.wait_for(state="hidden")
        notebook.settle()
        assert said(notebook, listed) == left
    assert live.get_by_role("status").last.inner_text() == "Deleted. What is in the form can be created again."
    live.get_by_text("not created yet", exact=True).wait_for()
    assert live.get_by_label("Instructions").input_value() == "Be brief."
    made = live.get_by_role("button", name="Update assistant")
    save(notebook, "Create assistant")
    made.wait_for()
    live.get_by_role("button", name="New", exact=True).click()
    made.wait_for(state="hidden")
    live.get_by_label("Model", exact=True).fill("gpt-4o")
    live.get_by_label("Name", exact=True).fill("Guide")
    save(notebook, "Create assistant")
    made.wait_for()
    assert said(notebook, listed) == "['Guide', 'Tutor']"
    assert live.get_by_label("Instructions").input_value() == ""


def test_two_views_of_a_form_stay_the_same(open_notebook: Any) -> None:
    notebook = open_notebook(SETUP, "form = anb.AssistantForm(client, made); form", "form", "4")
    first, second = notebook.live.nth(0), notebook.live.nth(1)
    second.get_by_label("Instructions").wait_for()
    first.get_by_label("Name", exact=True).fill("Guide")
    second.get_by_text("1 change not saved").wait_for()
    second.get_by_label("Description", exact=True).fill("Leads.")
    first.get_by_text("2 changes not saved").wait_for()
    for view in (first, second):
        assert view.get_by_label("Name", exact=True).input_value() == "Guide"
        assert view.get_by_label("Description", exact=True).input_value() == "Leads."
    second.get_by_role("button", name="Update assistant").click()
    first.get_by_text("2 changes not saved").wait_for(state="hidden")
    assert said(notebook, "form.assistant.name, form.assistant.description") == "Guide Leads."
    second.get_by_role("button", name="To next cell").click()
    notebook.page.wait_for_function(f"{CELLS}() === 5")
    cells = (
        "jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.sharedModel.getSource().split(' ')[0])"
    )
    assert notebook.page.evaluate(cells)[2:] == ["form", "assistant", "4"]
    first.get_by_role("button", name="Add function").click()
    second.get_by_label("Function name").nth(1).fill("multiply")
    first.get_by_text("multiply(").wait_for()
    second.get_by_role("button", name="Delete", exact=True).click()
    second.get_by_role("button", name="Delete it").click()
    first.get_by_role("button", name="Create assistant").wait_for()


def test_the_list_shows_the_assistant_of_the_form_and_a_new_one_has_no_mistakes_yet(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    live = notebook.live
    live.get_by_role("button", name="Duplicate").click()
    save(notebook, "Create assistant")
    live.get_by_label("Assistant to load").locator("option:checked", has_text="Tutor (copy)").wait_for(state="attached")
    live.get_by_role("button", name="New", exact=True).click()
    save(notebook, "Create assistant")
    mistake = live.locator(".anb-mistake", has_text="An assistant needs a model.")
    mistake.wait_for()
    live.get_by_role("button", name="New", exact=True).click()
    mistake.wait_for(state="hidden")


def test_the_code_stays_where_it_was_scrolled_to(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    notebook.live.get_by_label("Instructions").fill("Be brief.\n" * 60)
    code = notebook.live.get_by_role("group", name="SDK code")
    notebook.live.get_by_text("1 change not saved").wait_for()
    code.evaluate("(code) => { code.scrollTop = 300; }")
    notebook.live.get_by_label("Instructions").press_sequentially("And kind.")
    code.get_by_text("And kind.").first.wait_for()
    assert code.evaluate("(code) => code.scrollTop") == 300


def test_a_mistake_stands_at_its_field_and_nothing_is_sent(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    name = notebook.live.get_by_label("Name", exact=True)
    name.fill("x" * 300)
    save(notebook, "Update assistant")
    assert name.get_attribute("aria-invalid") == "true"
    mistake = notebook.page.locator(f"[id='{str(name.get_attribute('aria-describedby')).split()[-1]}']")
    assert "256" in mistake.inner_text()
    assert said(notebook, "client.beta.assistants.retrieve(made.id).name") == "Tutor"


def test_the_code_goes_into_the_next_cell_and_makes_an_equal_assistant(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    notebook.live.get_by_role("button", name="To next cell").click()
    notebook.page.wait_for_function(f"{CELLS}() === 3")
    source = notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.getSource()"
    )
    assert "client.beta.assistants." in source


def test_another_widget_on_the_page_changes_nothing_of_it(open_notebook: Any) -> None:
    """Each brings the rules that all share, once more."""
    view = "anb.ThreadView(client, client.beta.threads.create())"
    notebook = open_notebook("import assistant_nb as anb; client = anb.connect()", "anb.AssistantForm(client)", view)
    notebook.live.locator(".anb-composer").wait_for()
    style = "() => getComputedStyle(document.querySelector('.anb-assistant_form .anb-side pre')).whiteSpace"
    assert notebook.page.evaluate(style) == "pre"


@NIGHTLY
def test_axe_finds_nothing_serious(open_notebook: Any) -> None:
    assert opened(open_notebook).hurdles() == {}


@SAVED
def test_a_saved_form_is_readable(open_notebook: Any, app: str, trusted: bool) -> None:
    notebook = opened(open_notebook, app=app)
    notebook.save_and_reopen(trusted=trusted, kernel=False)
    notebook.shot("reopened")
    shown = notebook.page.locator(".jp-OutputArea").last.inner_text()
    for words in ("Tutor", "Be brief.", "gpt-4o", "add"):
        assert words in shown, words
    for raw in ("Loading widget", "Error displaying", "Traceback"):
        assert raw not in shown, raw


@APPS
def test_it_can_be_filled_in_by_keyboard(open_notebook: Any, app: str) -> None:
    notebook = opened(open_notebook, app=app)
    name = notebook.live.get_by_label("Name", exact=True)
    name.focus()
    notebook.press("Control+A", "b", "a", "x", "Tab", "Tab", "Tab")
    notebook.live.get_by_role("tab").first.focus()
    notebook.press("ArrowRight", "b", "ArrowRight", "End", "Home")
    notebook.live.get_by_role("button", name="Update assistant").focus()
    notebook.press("Enter")
    notebook.settle()
    notebook.press("b", "d", "d")
    assert said(notebook, "form.assistant.name") == "bax"
    notebook.live.get_by_role("button", name="Delete").focus()
    notebook.press("Enter")
    notebook.live.get_by_role("group", name="Question").wait_for()
    assert notebook.page.evaluate(FOCUS)


def test_the_focus_stays_where_it_was_or_near_it(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    live = notebook.live
    live.get_by_label("Name", exact=True).fill("Guide")  # Python hears of it, and answers, a little later
    live.get_by_role("button", name="Copy", exact=True).focus()
    live.get_by_text("1 change not saved").wait_for()
    assert focus(notebook) == "copy"
    live.get_by_role("group", name="SDK code").focus()
    notebook.execute("form.edit({**form.state()['draft'], 'description': 'Leads.'}); form._show()")
    live.get_by_text("2 changes not saved").wait_for()
    assert focus(notebook) == "listing"
    rows = {"name": "rows.csv", "mimeType": "text/csv", "buffer": b"1" * 20_000_000}
    live.get_by_label("Upload files").set_input_files(rows)
    live.get_by_role("button", name="Cancel the upload").press("Enter")
    live.get_by_role("progressbar").wait_for(state="hidden")
    assert focus(notebook) == "upload:file_search"


def focus(notebook: Any) -> str:
    return str(notebook.page.evaluate("document.activeElement.dataset.key"))


def test_a_text_shows_all_of_its_lines_and_may_be_emptied(open_notebook: Any) -> None:
    notebook = opened(open_notebook, "None")
    live = notebook.live
    texts = {"Model": "gpt-4o", "Description": "First.\nSecond.", "Function name": "add", "What it does": "Adds.\nFast.",
        "Key 1": "mood", "Value 1": "calm\nglad", "Key 2": "empty", "Value 2": "full"}  # fmt: skip
    live.get_by_role("button", name="Add function").click()
    live.locator("summary").click()
    for _ in range(2):
        live.get_by_role("button", name="Add pair").click()
    for label, words in texts.items():
        live.get_by_label(label, exact=True).fill(words)
    live.get_by_label("Value 2").fill("")
    live.get_by_label("Instructions").fill("\N{GRINNING FACE}")
    live.get_by_text("1 of 256,000 characters").wait_for()
    save(notebook, "Create assistant")
    live.get_by_role("button", name="Update assistant").wait_for()
    assert live.get_by_label("Description", exact=True).input_value() == texts["Description"]
    given = "form.assistant.description, form.assistant.tools[0].function.description, form.assistant.metadata"
    assert said(notebook, f"repr(({given}))") == repr(
        (texts["Description"], texts["What it does"], {"mood": texts["Value 1"], "empty": ""})
    )


def test_what_is_typed_while_another_is_loaded_does_not_go_into_that_one(open_notebook: Any) -> None:
    notebook = opened(open_notebook)
    live = notebook.live
    notebook.execute("other = client.beta.assistants.create(model='gpt-4o', name='Guide')")
    notebook.execute("""
import time
retrieve = form._client.beta.assistants.retrieve
def slow(id):
    time.sleep(1)
    return retrieve(id)
form._client.beta.assistants.retrieve = slow""")
    picker = live.get_by_label("Assistant to load")
    picker.focus()
    picker.select_option(said(notebook, "other.id"))
    live.get_by_role("button", name="Load", exact=True).click()
    notebook.page.evaluate("document.querySelector('.anb-live textarea').focus()")
    notebook.page.keyboard.type("Mine. " * 5, delay=60)
    notebook.settle()
    assert said(notebook, "form.assistant.name, form.state()['checks']['changes']") == "Guide []"


@NIGHTLY
def test_nothing_runs_or_is_fetched(open_notebook: Any) -> None:
    notebook = open_notebook("1", run=False)
    notebook.page.add_init_script("window.pwned = () => { window.pwnedBy = (window.pwnedBy ?? 0) + 1; }")
    vectors = [vector for vector in VECTORS if vector.isprintable()]
    setup = f"""
import json
import assistant_nb as anb
client = anb.connect()
vectors = json.loads({json.dumps(vectors)!r})
every = "\\n".join(vectors)
forms = [anb.AssistantForm(client, client.beta.assistants.create(model="gpt-4o", name=vectors[n], description=every[n * 400:n * 400 + 512],
    instructions=every, metadata={{vector[:64]: vector[:512] for vector in vectors[n * 16:n * 16 + 16]}})) for n in range(8)]
"""
    notebook.write(setup, *(f"forms[{n}]" for n in range(8)))
    notebook.load()
    notebook.run_all()
    notebook.live.get_by_label("Instructions").nth(7).wait_for()
    for tab in notebook.live.get_by_role("tab").all():
        tab.evaluate("(one) => one.click()")
    notebook.page.wait_for_timeout(1000)
    seen = notebook.page.evaluate(LOOK, ".anb-live")
    assert (seen["bad"], seen["pwned"]) == ([], 0)
    notebook.save_and_reopen(trusted=True, kernel=False)
    seen = notebook.page.evaluate(LOOK, ".jp-OutputArea-output")
    assert (seen["bad"], seen["pwned"]) == ([], 0)


def test_an_engine_that_is_gone_and_a_wrong_key_are_told_and_nothing_is_lost(open_notebook: Any) -> None:
    wrong = "from openai import OpenAI\nanb.start()\nanb.AssistantForm(OpenAI(api_key='sk-wrong'), 'asst_none')"
    notebook = open_notebook(CUT, "form = anb.AssistantForm(client)\nform", wrong)
    notebook.live.nth(1).get_by_text("refuses this client's key").first.wait_for()
    first = notebook.live.first
    first.get_by_label("Name", exact=True).fill("Tutor")
    first.get_by_label("Model", exact=True).fill("gpt-4o")
    notebook.execute("line.cut = True")
    first.get_by_role("button", name="Create assistant").click()
    first.locator(".anb-trouble", has_text="does not answer").wait_for()
    notebook.execute("line.cut = False")
    first.get_by_role("button", name="Create assistant").click()
    first.get_by_role("button", name="Update assistant").wait_for()
    assert said(notebook, "form.assistant.name") == "Tutor"
    assert "Traceback" not in notebook.outputs() and "sk-wrong" not in notebook.outputs()


def test_rows_write_the_schema_of_a_function(open_notebook: Any) -> None:
    notebook = opened(open_notebook, "None")
    live = notebook.live
    live.get_by_label("Model", exact=True).fill("gpt-4o")
    live.get_by_role("button", name="Add function").click()
    live.get_by_text("get_weather(city: string)").wait_for()
    live.get_by_role("button", name="Add parameter").click()
    live.get_by_label("Name of parameter 2").fill("days")
    live.get_by_label("Type of parameter 2").select_option("integer")
    live.get_by_text("get_weather(city: string, days: integer)").wait_for()
    save(notebook, "Create assistant")
    live.get_by_role("button", name="Update assistant").wait_for()
    made = "form.assistant.tools[0].function.parameters"
    assert said(notebook, f"{made}['properties']['days'], {made}['required']") == "{'type': 'integer'} ['city', 'days']"
    live.get_by_role("button", name="To next cell").click()
    live.get_by_text("It is in the next cell.").wait_for()
