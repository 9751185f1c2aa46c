"""Takes the README's picture of each widget from the real thing: `pytest tests/bench/pictures.py`. Look at them afterwards."""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser.conftest import browser, context, lab, open_notebook, spare  # noqa: F401  fixtures

IMAGES: Final = Path(__file__).parents[2] / "notebooks/images"
SIZE: Final = {"width": 1000, "height": 1300}
"""So high that no widget is cut off."""
WEATHER: Final = """
import assistant_nb as anb

def get_weather(city: str) -> str:
    "Say how warm it is."

client = anb.connect(
    model=anb.Scripted(anb.ToolCall("get_weather", '{"city": "Oslo"}'), "It is **-3 °C** in Oslo. Take a coat."), ids="lesson"
)
assistant = client.beta.assistants.create(
    name="Weather", model="gpt-4o", instructions="Be brief.", tools=[anb.function_tool(get_weather)]
)
thread = client.beta.threads.create(messages=[{"role": "user", "content": "How warm is it in Oslo?"}])
"""
ANSWERED: Final = """
runs = client.beta.threads.runs
run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
call = run.required_action.submit_tool_outputs.tool_calls[0]
outputs = [{"tool_call_id": call.id, "output": "-3 °C"}]
run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)
"""
STEPPED: Final = """
stepper = anb.RunStepper(client, thread.id, assistant.id)
for _ in range(4):
    stepper.step()
stepper
"""


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("assistant_form", [WEATHER, "anb.AssistantForm(client, assistant.id)"]),
        ("thread_view", [WEATHER, ANSWERED, "anb.ThreadView(client, thread.id)"]),
        ("run_stepper", [WEATHER, STEPPED]),
    ],
)
def test_a_picture_is_taken(name: str, cells: list[str], open_notebook: Any) -> None:
    notebook = open_notebook(*cells, fresh=True)
    notebook.page.set_viewport_size(SIZE)
    notebook.page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    notebook.live.wait_for()
    IMAGES.mkdir(exist_ok=True)
    notebook.live.screenshot(path=IMAGES / f"{name}.png")
    assert (IMAGES / f"{name}.png").stat().st_size < 200_000
