"""RunStepper in a browser."""

from typing import Any

import pytest

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


def status(it: Opened) -> list[str]:
    """The status of the frame that is looked at, and where the run stands if that is another one."""
    return list(it.live.locator(".anb-now .anb-pill").all_inner_texts())


def open_map(it: Opened) -> None:
    """Pages share what the browser remembers, so it may be open."""
    it.live.locator(".anb-map[aria-expanded=false]").or_(it.live.locator(".anb-diagram svg")).first.wait_for()
    if it.live.locator(".anb-diagram").is_hidden():
        it.live.locator(".anb-map").click()


@APPS
def test_a_run_is_walked_by_clicks_and_its_diagram_follows(open_notebook: Any, app: str) -> None:
    it = open_notebook(start(), SHOW, app=app)
    walk(it)
    open_map(it)
    assert it.live.locator(".anb-status.anb-now text").text_content() == "completed"
    assert it.live.locator(".anb-status.anb-done").count() == 3
    button(it, "Back").click()
    at(it, "The model has answered")
    assert it.live.locator(".anb-status.anb-now text").text_content() == "in_progress"
    assert it.live.locator(".anb-status.anb-next").count() == 6
    it.live.get_by_role("tab", name="Prompt").click()
    it.live.locator(".anb-turn.anb-new").get_by_text("sunny in Paris").wait_for()
    it.live.locator(".anb-map").click()
    it.live.get_by_role("tab", name="What happened").click()


def test_a_fork_is_a_branch_that_can_be_compared(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    walk(it)
    button(it, "Fork here").click()
    it.live.get_by_label("What is otherwise").select_option(label='the output of get_weather(city="Paris")')
    it.live.get_by_label("Instead").fill("snow")
    button(it, "Fork").click()
    at(it, "The client has submitted outputs")
    button(it, "To the end").click()
    at(it, "The run is completed")
    button(it, "Compare with main").click()
    assert it.live.locator(".anb-beside mark").last.inner_text() == "**sunny**."
    widths = it.live.locator(".anb-beside th").evaluate_all("(all) => all.map((one) => Math.round(one.offsetWidth))")
    assert len(set(widths)) == 1
    it.shot("fork")
    it.page.keyboard.press("Escape")
    tree = it.live.get_by_role("group", name="Branches").inner_text()
    assert "from frame 7: get_weather → snow" in tree.replace("\n", " ")
    button(it, "main").click()
    it.page.wait_for_function("() => document.querySelectorAll('.anb-frame').length === 13")


RESPONSE = """
import assistant_nb as anb
client = anb.connect(model=anb.Scripted([anb.ToolCall("add", '{"a": 1, "b": 2}')], "Five."))
add = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}
response = client.responses.create(model="gpt-4o", input="1 + 2?", tools=[add])
"""


def test_a_response_is_walked_and_forked(open_notebook: Any) -> None:
    it = open_notebook(RESPONSE, "anb.RunStepper(client, response=response)")
    at(it, "its calls are unanswered: the next response carries their outputs")
    it.live.locator(".anb-detail h4").get_by_text("The response is completed").wait_for(timeout=15_000)
    for look in ("Light", "Dark"):
        it.theme(look)
        it.shot(look)
        assert it.axe() == []
    it.theme("Light")
    button(it, "Back").click()
    button(it, "Back").click()
    button(it, "Back").click()
    at(it, "The model is asked")
    button(it, "Fork here").click()
    it.live.get_by_label("What is otherwise").select_option(label="the user's message: 1 + 2?")
    it.live.get_by_label("Instead").fill("2 + 3?")
    button(it, "Fork").click()
    button(it, "To the end").click()
    at(it, "The response is completed")
    button(it, "Compare with main").click()
    it.live.locator(".anb-beside").get_by_text("user: 2 + 3?").wait_for()


def test_a_run_can_be_stopped_while_the_model_speaks(open_notebook: Any) -> None:
    speaks = (
        "import time\ndef slow(prompt):\n    for n in range(1200):\n        yield f'{n} '\n        time.sleep(.05)\n"
    )
    it = open_notebook(speaks + start("anb.Scripted(slow)"), SHOW)
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "To the end").click()
    it.live.locator(".anb-now .anb-pill").get_by_text("in_progress").wait_for()
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
    it.live.get_by_text("The output of get_weather is empty.").wait_for()
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
    open_map(it)
    assert it.live.locator(".anb-next").count() == 0  # it would give the options away
    it.live.locator(".anb-map").click()
    button(it, "in_progress").click()
    assert button(it, "✓ in_progress").get_attribute("aria-pressed") == "true"
    button(it, "Step").click()
    it.live.get_by_text("score 1 of 1").wait_for()


def test_a_breakpoint_that_is_ticked_stops_a_run_and_ten_minutes_pass_at_a_click(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "Breakpoints (0)").click()
    it.live.get_by_label("function: get_weather").check()
    button(it, "Breakpoints (1)").wait_for()
    it.page.keyboard.press("Escape")
    button(it, "To breakpoint").click()
    at(it, "The model calls get_weather")
    button(it, "What if …").click()
    button(it, "ten minutes pass").click()
    at(it, "The run has expired")


def test_the_models_next_answer_goes_wrong_at_a_click(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    button(it, "What if …").click()
    button(it, "its rate limit is reached").click()
    it.live.get_by_text("Set: the model is asked next, and its rate limit is reached.").wait_for()
    it.page.keyboard.press("Escape")
    button(it, "Step").click()
    at(it, "The run is created")
    button(it, "To the end").click()
    at(it, "The run has failed: rate_limit_exceeded")


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
    it.live.get_by_label("Arguments, as JSON").fill("Rome")
    button(it, "Answer").click()
    at(it, "A person has answered")
    it.live.locator(".anb-detail").get_by_text("get_weather").wait_for()
    it.settle()
    assert it.live.locator(".anb-remark").inner_text().startswith("tool_calls[0]")
    button(it, "Step").click()
    it.live.locator(".anb-remark").wait_for(state="hidden")


INSIDE = """(name) => {
  const box = (one) => one.getBoundingClientRect();
  const pane = box(document.querySelector(".jp-WindowedPanel-outer"));
  return [...document.querySelectorAll(name)].every((one) => box(one).height > 0 && box(one).left >= pane.left
    && box(one).right <= pane.right && box(one).top >= pane.top && box(one).bottom <= pane.bottom);
}"""
"""Whether all of something is in view."""
WHOLE = """() => {
  const menu = document.querySelector(".anb-popover:popover-open");
  const { left, right, top, bottom } = menu.getBoundingClientRect();
  const on = [[left + 9, top + 9], [right - 9, bottom - 9]].map(([x, y]) => menu.contains(document.elementFromPoint(x, y)));
  return [left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight, ...on];
}"""


def fits(it: Opened, width: int, height: int) -> None:
    """Controls, status, frame and detail are in view together, and Step stays where it is."""
    it.page.set_viewport_size({"width": width, "height": height})
    if width < 800:
        it.page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    button(it, "Step").click()
    at(it, "The run is created")
    it.page.evaluate("() => document.querySelector('.anb-live').scrollIntoView()")
    place = button(it, "Step").bounding_box()
    button(it, "To the end").click()
    button(it, "Let my functions answer").click()
    it.page.wait_for_function("() => document.querySelector('.anb-form textarea').value === 'sunny in Paris'")
    button(it, "Submit outputs").click()
    at(it, "The client has submitted outputs")
    button(it, "To the end").click()
    at(it, "The run is completed")
    it.live.get_by_role("heading", name="The answer").wait_for()
    for part in (
        ".anb-live",
        ".anb-controls > button",
        ".anb-now .anb-pill",
        "[aria-selected=true].anb-frame",
        ".anb-detail-side",
    ):
        assert it.page.evaluate(INSIDE, part), f"{part} is not in view at {width} x {height}"
    assert button(it, "Step").bounding_box() == place


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (853, 480),  # 1280 x 720 at 150 %
        *(
            pytest.param(width, height, marks=NIGHTLY)
            for width, height in ((600, 720), (1000, 480), (1280, 720), (1600, 900))
        ),
    ],
)
def test_all_is_in_view_together_and_step_stays_at_its_place(open_notebook: Any, width: int, height: int) -> None:
    it = open_notebook(start(), SHOW, fresh=True)
    fits(it, width, height)
    it.shot("fits")


@NIGHTLY
def test_all_is_in_view_in_presentation_mode(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW, fresh=True)
    it.page.evaluate("() => jupyterapp.commands.execute('application:toggle-presentation-mode')")
    fits(it, 853, 480)
    it.shot("presented")


@pytest.mark.parametrize(
    "widths", [(1280,), pytest.param(tuple(range(600, 2001, 50)), marks=NIGHTLY)], ids=["one", "all"]
)
def test_menus_are_whole_and_close(open_notebook: Any, widths: tuple[int, ...]) -> None:
    it = open_notebook(start(), SHOW, fresh=True)
    for width in widths:
        it.page.set_viewport_size({"width": width, "height": 720})
        for name in ("Breakpoints (0)", "What if …", "Keyboard map"):
            button(it, name).click()
            assert it.page.evaluate(WHOLE) == [True, True, True], f"{name} at {width}"
            it.page.keyboard.press("Escape")
            it.live.locator(".anb-popover:popover-open").wait_for(state="detached")
    button(it, "What if …").click()
    it.page.mouse.click(5, 700)
    it.live.locator(".anb-popover:popover-open").wait_for(state="detached")


def test_known_frames_are_shown_while_the_kernel_is_busy_and_no_key_is_lost(lab: Any, open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    button(it, "Step").click()
    for _ in range(4):
        it.page.keyboard.press("ArrowRight")  # a queue of moves
    at(it, "The run waits for 1 output")
    it.settle()
    busy = "import pathlib, time\nwhile not pathlib.Path('on').exists(): time.sleep(.05)"
    it.page.evaluate(
        "(code) => { window.over = jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code }).done }",
        busy,
    )
    button(it, "Step").focus()
    scrolled = "() => document.querySelector('.jp-WindowedPanel-outer').scrollTop"
    before = it.page.evaluate(scrolled)
    for _ in range(6):
        it.page.keyboard.press("ArrowLeft")
    at(it, "The run is created")
    assert status(it) == ["queued", "requires_action"]
    assert it.live.locator(".anb-about").inner_text().startswith("frame 1 of 7 · so far: 0 s")
    assert it.page.evaluate(scrolled) == before
    assert it.page.evaluate("() => document.activeElement.ariaLabel") == "Step"
    (lab.root / "on").touch()
    it.page.evaluate("() => window.over.then(() => {})")
    it.settle()
    assert it.execute("print(stepper.frame.title)").strip() == "The run is created"


def test_a_run_that_is_not_made_yet_goes_to_its_end_and_its_last_frame_says_why(open_notebook: Any) -> None:
    it = open_notebook(start(), SHOW)
    button(it, "What if …").click()
    button(it, "its server has an error").click()
    it.live.get_by_text("Set: the model is asked next, and its server has an error.").wait_for()
    it.page.keyboard.press("Escape")
    button(it, "To the end").click()
    at(it, "The run has failed: server_error")
    it.live.locator(".anb-detail p").get_by_text("it was set as a fault").wait_for()
    assert "in all" in it.live.locator(".anb-about").inner_text()
    unsaid = it.live.locator(".anb-controls :is(button, input):not([title]), [role=tab]:not([title])")
    assert [one.text_content() for one in unsaid.all() if one.is_visible()] == []


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
    for _ in range(2):  # empty outputs are asked about
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
    for n in (0, 1):
        it.live.locator(".anb-map").nth(n).click()
    ids = it.live.locator("[id]").evaluate_all("(parts) => parts.map((part) => part.id)")
    assert len(ids) == len(set(ids)) == 2
    it.live.locator(".anb-map").first.click()  # and the browser remembers it


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
    elsewhere = "from assistant_nb.widgets.lab import Lab\nLab.moves = lambda _: None\n"
    it = open_notebook(start(), elsewhere + SHOW)
    it.live.locator(".anb-trouble", has_text="This server keeps no journal of its runs").wait_for()
    button(it, "Step").wait_for(state="hidden")
    assert it.live.get_by_role("button").count() == 0
    it.shot("elsewhere")
