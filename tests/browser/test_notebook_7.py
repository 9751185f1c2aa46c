"""The other front end: each widget opens there, and does one thing. Nightly, more of the tests run there."""

from typing import Any

SETUP = """
import assistant_nb as anb
client = anb.connect(model=anb.Scripted("Hi.", "Hello."))
assistant = client.beta.assistants.create(model="gpt-4o", name="Tutor")
one, other = (client.beta.threads.create(messages=[{"role": "user", "content": "Are you there?"}]) for _ in range(2))
"""
SHOWN = (
    "stepper = anb.RunStepper(client, one, assistant); stepper",
    "anb.AssistantForm(client, assistant)",
    "anb.ThreadView(client, other)",
)


def test_each_widget_opens_and_does_one_thing(open_notebook: Any) -> None:
    it = open_notebook(SETUP, *SHOWN, app="notebooks")
    it.live.nth(2).get_by_role("button", name="Send and run").wait_for()
    stepper, form, view = (it.live.nth(n) for n in range(3))

    stepper.get_by_role("button", name="Step", exact=True).click()
    stepper.get_by_role("option", selected=True).get_by_text("The run is created").wait_for()
    assert it.execute("print(stepper.run.status)").strip() == "queued"

    form.get_by_label("Name", exact=True).fill("Guide")
    form.get_by_role("button", name="Update assistant").click()
    form.get_by_text("Updated.").wait_for(state="attached")
    assert it.execute("print(client.beta.assistants.retrieve(assistant.id).name)").strip() == "Guide"

    view.get_by_label("Message", exact=True).fill("Well?")
    view.get_by_role("button", name="Send").click()
    view.locator(".anb-content", has_text="Hi.").wait_for()
    assert it.execute("print(len(client.beta.threads.messages.list(other.id).data))").strip() == "3"
