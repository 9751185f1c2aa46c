"""The other front end: each widget opens there, and does one thing. Nightly, more of the tests run there."""

from typing import Any

APP = "notebooks"
SETUP = """
import assistant_nb as anb
client = anb.connect(model=anb.Scripted("Hi.", "Hello."))
assistant = client.beta.assistants.create(model="gpt-4o", name="Tutor")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Are you there?"}])
"""


def test_the_form_changes_an_assistant(open_notebook: Any) -> None:
    it = open_notebook(SETUP, "form = anb.AssistantForm(client, assistant); form", app=APP)
    it.live.get_by_label("Name", exact=True).fill("Guide")
    it.live.get_by_role("button", name="Update assistant").click()
    it.live.get_by_text("Updated.").wait_for(state="attached")
    assert it.execute("print(client.beta.assistants.retrieve(assistant.id).name)").strip() == "Guide"


def test_the_thread_view_gets_an_answer(open_notebook: Any) -> None:
    it = open_notebook(SETUP, "anb.ThreadView(client, thread)", app=APP)
    it.live.get_by_role("button", name="Send and run").wait_for()
    it.live.get_by_label("Message", exact=True).fill("Well?")
    it.live.get_by_role("button", name="Send").click()
    it.live.locator(".anb-content", has_text="Hi.").wait_for()
    assert it.execute("print(len(client.beta.threads.messages.list(thread.id).data))").strip() == "3"


def test_the_stepper_makes_a_step(open_notebook: Any) -> None:
    it = open_notebook(SETUP, "stepper = anb.RunStepper(client, thread, assistant); stepper", app=APP)
    it.live.get_by_role("button", name="Step", exact=True).click()
    it.live.get_by_role("option", selected=True).get_by_text("The run is created").wait_for()
    assert it.execute("print(stepper.run.status)").strip() == "queued"
