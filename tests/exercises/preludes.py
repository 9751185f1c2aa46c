"""What each lesson makes before its exercises, in short."""

from typing import Final

RECORDINGS: Final = {"01": "01_first_assistant"}

PRELUDES: Final = {
    "00": """
client.beta.assistants.create(name="Helper of Ada", model="gpt-4o")
""",
    "01": """
INSTRUCTIONS = "Please address the user as Monaj. The user has a premium account."
assistant = client.beta.assistants.create(
    name="Math Teacher", model="gpt-4-1106-preview", tools=[{"type": "code_interpreter"}],
    instructions="You are a personal math teacher. Write and run code to answer math questions.",
)
thread = client.beta.threads.create()
def ask(thread, question, assistant=assistant, **more):
    client.beta.threads.messages.create(thread_id=thread.id, role="user", content=question)
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **more)
for question in ("I need to solve the equation `4x + 11 = 19`. Can you help me?", "Now what is the squared root of `x`?"):
    run = ask(thread, question, instructions=INSTRUCTIONS)
assert run.status == "completed" and run.provenance[0]["answer"] == "source"
own = client.beta.threads.create()
run = ask(own, "What is 3 + 4?")
""",
}
