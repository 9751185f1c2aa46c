"""RunStepper in a browser."""

from typing import Any

from tests.browser.opened import APPS, CELLS, CUT, FOCUS, NIGHTLY, SAVED, Opened

START = """
import assistant_nb as anb
def get_weather(city: str) -> str:
    "The weather in a city."
    return f"sunny in {{city}}"
client = anb.connect(model={model})
assistant = client.beta.assistants.create(model="gpt-4o", name="Weather", instructions="Be brief.",
    tools=[{{"type": "code_interpreter"}}, anb.function_tool(get_weather)])
thread = client.beta.threads.create(messages=[{{"role": "user", "content": "What is the weather in Paris?"}}])
"""
CALLING = """anb.Scripted([\"Let me see. \", anb.ToolCall("get_weather", '{"city": "Paris"}')], "It is **sunny**.", "It is cold.")"""
SHOW = "stepper = anb.RunStepper(client, thread, assistant, functions=[get_weather])\nstepper"


def start(model: str = CALLING) -> str:
    return START.format(model=model)


def button(it: Opened, name: str) -> Any:
    return it.live.get_by_role("button", name=name, exact=True)


def at(it: Opened, words: str) -> None:
    """Wait until the frame that is shown tells this."""
    it.live.get_by_role("option", selected=True).get_by_text(words).wait_for()


def walk(it: Opened) -> None:
    """To the end, with outputs on the way."""
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "To the end").click()
    button(it, "Let my functions answer").click()
    it.page.wait_for_function("() => document.querySelector('.anb-form textarea').value === 'sunny in Paris'")
    button(it, "Submit outputs").click()
    at(it, "The client has submitted outputs")
    button(it, "To the end").click()
    at(it, "The run is completed")


@APPS
def test_a_run_is_walked_by_clicks_and_its_diagram_follows(open_notebook: Any, app: str) -> None:
    it = open_notebook(start(), SHOW, app=app)
    walk(it)
    assert it.live.locator(".anb-status.anb-now text").text_content() == "completed"
    assert it.live.locator(".anb-status.anb-done").count() == 3
    button(it, "Back").click()
    at(it, "The model has answered")
    assert it.live.locator(".anb-status.anb-now text").text_content() == "in_progress"
    assert it.live.locator(".anb-status.anb-next").count() == 6
    it.live.get_by_role("tab", name="Prompt").click()
    it.live.locator(".anb-turn.anb-new").get_by_text("sunny in Paris").wait_for()


def test_a_fork_is_a_branch_that_can_be_compared(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    walk(it)
    button(it, "Fork here").click()
    it.live.get_by_label("What is otherwise").select_option(label="the output of get_weather")
    it.live.get_by_label("Instead").fill("snow")
    button(it, "Fork").click()
    at(it, "The client has submitted outputs")
    button(it, "To the end").click()
    at(it, "The run is completed")
    button(it, "Compare with main").click()
    assert it.live.locator(".anb-beside ins").inner_text() == "It is cold."
    it.shot("fork")
    button(it, "main").click()
    it.page.wait_for_function("() => document.querySelectorAll('.anb-frame').length === 13")


def test_a_run_can_be_stopped_while_the_model_speaks(open_notebook: Any) -> None:
    speaks = (
        "import time\ndef slow(prompt):\n    for n in range(1200):\n        yield f'{n} '\n        time.sleep(.05)\n"
    )
    it = open_notebook(speaks + start("anb.Scripted(slow)"), SHOW)
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "To the end").click()
    it.live.locator(".anb-status.anb-now").get_by_text("in_progress").wait_for()
    button(it, "Stop the run").click()
    at(it, "The run is cancelled")
    assert it.execute("print(stepper.run.status)").strip() == "cancelled"


def test_the_keyboard_alone_walks_a_run(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    button(it, "Step").focus()
    it.page.keyboard.press("ArrowRight")
    at(it, "The run is created")
    it.page.keyboard.press("t")
    at(it, "The model calls get_weather")
    it.page.keyboard.press("ArrowLeft")
    at(it, "The message is complete")
    it.page.keyboard.press("?")
    it.live.get_by_role("table", name="Keyboard map").wait_for()
    assert (it.page.evaluate(CELLS), it.page.evaluate(FOCUS)) == (2, True)


def test_no_form_takes_the_focus_with_it_when_it_goes(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW.replace("functions", "predict=True, functions"))
    page = it.page

    def enter(name: str) -> None:
        button(it, name).focus()
        it.press("Enter")

    def stays() -> None:
        it.settle()
        assert page.evaluate(FOCUS)

    enter("Step")
    at(it, "The run is created")
    enter("in_progress")
    stays()
    it.execute("stepper.guess('in_progress'); stepper._guesses = None")
    enter("To the end")
    button(it, "Submit outputs").wait_for()
    stays()
    enter("Submit outputs")
    at(it, "The client has submitted outputs")
    stays()
    enter("Fork here")
    assert button(it, "Fork here").get_attribute("aria-expanded") == "true"
    enter("Fork")
    button(it, "Compare with main").wait_for()
    stays()
    assert button(it, "Fork here").get_attribute("aria-expanded") == "false"
    enter("Compare with main")
    button(it, "Close").wait_for()
    enter("Close")
    stays()
    enter("main")
    at(it, "The client has submitted outputs")
    stays()


def test_one_predicts_first(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW.replace("functions=[get_weather]", "predict=True"))
    button(it, "Step").click()
    at(it, "The run is created")
    it.live.get_by_role("group", name="Predict first").wait_for()
    assert button(it, "Step").is_disabled()
    button(it, "in_progress").click()
    it.page.wait_for_function(
        "() => [...document.querySelectorAll('.anb-controls button')].some((one) => one.textContent === 'Step' && !one.disabled)"
    )
    button(it, "Step").click()
    it.live.get_by_text("score 1 of 1").wait_for()


def test_a_breakpoint_that_is_ticked_stops_a_run_and_ten_minutes_pass_at_a_click(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    button(it, "Step").click()
    at(it, "The run is created")
    it.live.locator("summary", has_text="Breakpoints").click()
    it.live.get_by_label("function: get_weather").check()
    it.live.get_by_text("Breakpoints (1)").wait_for()
    it.live.locator("summary", has_text="Breakpoints").click()
    button(it, "To breakpoint").click()
    at(it, "The model calls get_weather")
    it.live.locator("summary", has_text="What if").click()
    button(it, "ten minutes pass").click()
    it.live.locator(".anb-status.anb-now").get_by_text("expired").wait_for()


def test_the_models_next_answer_goes_wrong_at_a_click(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    it.live.locator("summary", has_text="What if").click()
    button(it, "its rate limit is reached").click()
    it.live.get_by_text("So it will be: its rate limit is reached.").wait_for()
    it.live.locator("summary", has_text="What if").click()
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "To the end").click()
    it.live.locator(".anb-status.anb-now").get_by_text("failed").wait_for()


def test_a_person_sits_in_the_models_seat(open_notebook: Any) -> None:
    it = open_notebook(start('"human"'), SHOW)
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "To the end").click()
    button(it, "Add a tool call").click()
    it.live.get_by_label("Tool", exact=True).select_option("get_weather")
    assert it.live.get_by_label("Arguments, as JSON").input_value() == '{"city":""}'
    it.live.get_by_label("Arguments, as JSON").fill('{"city": 5}')
    it.live.locator(".anb-call .anb-error").get_by_text("city: 5 is not of type 'string'.").wait_for()
    it.live.get_by_label("Arguments, as JSON").fill('{"city": "Rome"}')
    button(it, "Answer").click()
    at(it, "A person has answered")


@APPS
def test_a_page_that_is_loaded_again_shows_the_paused_run_and_walks_on(open_notebook: Any, app: str) -> None:
    it = open_notebook(start(), SHOW, app=app)
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "To next tool").click()
    at(it, "The model calls get_weather")
    shown = it.live.locator(".anb-frames").inner_text()
    it.save()
    it.load()
    at(it, "The model calls get_weather")
    assert it.live.locator(".anb-frames").inner_text() == shown
    button(it, "To the end").click()
    button(it, "Submit outputs").click()
    at(it, "The client has submitted outputs")
    button(it, "To the end").click()
    at(it, "The run is completed")
    assert it.execute("print(stepper.run.status)").strip() == "completed"


def test_two_views_of_a_stepper_move_together(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW, "stepper")
    first, second = it.live.nth(0), it.live.nth(1)
    for view, other, name, frame in (
        (first, second, "Step", "The run is created"),
        (second, first, "To next tool", "The model calls get_weather"),
        (first, second, "Back", "The message is complete"),
        (second, first, "Step", "The model calls get_weather"),
        (first, second, "To the end", "The run waits for 1 output"),
    ):
        view.get_by_role("button", name=name, exact=True).click()
        other.get_by_role("option", selected=True).get_by_text(frame).wait_for()
    first.get_by_label("Output of get_weather").fill("rain")
    first.get_by_role("button", name="Submit outputs").click()
    second.get_by_role("option", selected=True).get_by_text("The client has submitted outputs").wait_for()
    second.get_by_role("button", name="Submit outputs").wait_for(state="hidden")
    ids = it.live.locator("[id]").evaluate_all("(parts) => parts.map((part) => part.id)")
    assert len(ids) == len(set(ids)) == 2


def test_a_click_works_while_a_cell_awaits(open_notebook: Any) -> None:
    awaits = "import asyncio\nwhile not stepper.frames: await asyncio.sleep(.05)"
    it = open_notebook(start(), SHOW, awaits, run=False)
    it.page.evaluate("""async () => { const notebook = jupyterapp.shell.currentWidget.content;
        for (const n of [0, 1]) { notebook.activeCellIndex = n; await jupyterapp.commands.execute("notebook:run-cell"); } }""")
    button(it, "Step").wait_for()
    it.page.evaluate("""() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 2; window.over = false;
        jupyterapp.commands.execute("notebook:run-cell").then(() => { window.over = true }) }""")
    button(it, "Step").click()
    at(it, "The run is created")
    it.page.wait_for_function("window.over")
    assert it.execute("print(stepper.run.status)").strip() == "queued"


def test_while_a_cell_blocks_the_widget_says_why_it_waits(lab: Any, open_notebook: Any) -> None:
    blocks = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(.05)"
    it = open_notebook(start(), SHOW, blocks, run=False)
    it.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    it.live.get_by_text("The kernel is busy with a cell").wait_for()
    it.shot("busy")
    (lab.root / "go").touch()
    it.live.get_by_text("The run is not made yet").first.wait_for()
    assert it.live.get_by_text("The kernel is busy with a cell").is_hidden()


@NIGHTLY
def test_those_who_hear_or_type_the_page_find_no_hurdle(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "To the end").click()
    button(it, "Submit outputs").wait_for()
    assert it.hurdles() == {}
    button(it, "Fork here").click()
    button(it, "Fork").click()
    button(it, "Compare with main").click()
    button(it, "Keyboard map").click()
    it.live.get_by_role("tab", name="API calls").click()
    it.live.get_by_text("What the server answers").first.click()
    assert it.hurdles() == {}


@SAVED
def test_a_saved_run_reads_well_without_a_kernel(app: str, trusted: bool, open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW, app=app)
    walk(it)
    it.page.locator(".anb-copy", has_text="The run is completed").wait_for(state="attached")
    it.save_and_reopen(trusted=trusted, kernel=False)
    it.page.locator(".anb-copy").get_by_text("The run is completed").wait_for()
    assert "Error displaying widget" not in it.outputs()
    it.shot("saved")


def test_an_engine_that_is_gone_a_deleted_thread_and_a_wrong_key_are_told(open_notebook: Any) -> None:
    assistant = """assistant = client.beta.assistants.create(model="gpt-4o")"""
    wrong = "from openai import OpenAI\nanb.start()\nanb.RunStepper(OpenAI(api_key='sk-wrong'), thread, assistant)"
    it = open_notebook(CUT + assistant, "anb.RunStepper(client, thread, assistant)", wrong)
    first, told = it.live.first, it.live.first.locator(".anb-trouble")
    it.live.nth(1).locator(".anb-trouble", has_text="refuses this client's key").wait_for()
    first.get_by_role("button", name="Step", exact=True).click()
    first.get_by_text("The run is created").first.wait_for()
    it.execute("line.cut = True")
    told.wait_for()
    assert "does not answer" in told.inner_text()
    first.get_by_role("button", name="Step", exact=True).click()
    it.settle()
    it.execute("line.cut = False")
    told.wait_for(state="hidden")
    first.get_by_role("button", name="Step", exact=True).click()
    first.get_by_text("The run is taken up").first.wait_for()
    it.execute("client.beta.threads.delete(thread.id)")
    told.wait_for()
    assert "No run found" in told.inner_text()
    assert first.get_by_role("option").count() == 2
    assert "Traceback" not in it.outputs() and "sk-wrong" not in it.outputs()
    it.shot("told")


def test_a_server_without_a_journal_is_told_in_one_sentence(open_notebook: Any) -> None:
    elsewhere = "from assistant_nb.widgets.run_stepper.lab import Lab\nLab.moves = lambda _: None\n"
    it = open_notebook(start(), elsewhere + SHOW)
    it.live.locator(".anb-trouble", has_text="This server keeps no journal of its runs").wait_for()
    button(it, "Step").wait_for(state="hidden")
    assert it.live.get_by_role("button").count() == 0
    it.shot("elsewhere")
