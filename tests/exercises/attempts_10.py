"""Attempts at the exercises of lesson 10: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "10.1": [
        ("build(functions=())", "has 0 of two functions"),
        ('build(instructions="")', "has no instructions"),
        ("build(tools=[anb.function_tool(is_reserved)], tool_resources={})", "cannot search files"),
        (
            """
def is_reserved(title: str) -> bool:
    return title == "Moby Dick"
build(functions=(days_until_return, is_reserved))
""",
            "`is_reserved` has no description. Write one in three quotation marks under its `def`",
        ),
    ],
    "10.2": [
        ('build(files=("hours.md",))', "holds 1 of two files"),
        ("build(files=())", "There is a vector store, but `Museum helper` has none"),
    ],
    "10.3": [
        ("run('What is \"open\"?', build())", "Still missing: an answer by a function."),
        ("run('How many days until the return of \"Moby Dick\"?', build())", "waits for the output"),
        ('run("Hello", build())', "Still missing: an answer with a citation and an answer by a function."),
    ],
    "10.4": [
        (
            """
made = run("Hi", build())
stepper = anb.RunStepper(client, run=made)
stepper.go(1)
(message,) = client.beta.threads.messages.list(made.thread_id, order="asc").data[:1]
stepper.fork({"message": {"id": message.id, "content": "Bye"}})
""",
            "The fork is `queued`. A stepper holds it. Call `stepper.to_end()`.",
        ),
        ('run("Hi", build())', "no run is a fork"),
    ],
    "10.5": [
        (
            'run(\'What do I read about "borrow"?\', build(), metadata={"guess": "is_reserved"})',
            "You guessed is_reserved. It used file_search",
        ),
        ('run("Hello", build(), metadata={"guess": "file_search"})', "has used no tool"),
    ],
}
RIGHT: Final = {
    "10.1": [
        """
helper = build(files=(), functions=(days_until_return, is_reserved, run))
""".replace(", run)", ")"),
    ],
    "10.2": [
        """
helper = build(files=(), name="my Helper")
shelf = client.vector_stores.create()
for name in ("one.txt", "two.txt"):
    client.vector_stores.files.upload_and_poll(vector_store_id=shelf.id, file=(name, b"A text."))
client.beta.assistants.update(helper.id, tool_resources={"file_search": {"vector_store_ids": [shelf.id]}})
""",
    ],
    "10.3": [
        """
helper = build()
waiting = run("Is Moby Dick reserved?", helper)
client.beta.threads.runs.submit_tool_outputs_and_poll(
    run_id=waiting.id, thread_id=waiting.thread_id, tool_outputs=anb.tool_outputs(waiting, is_reserved)
)
client.beta.threads.messages.create(waiting.thread_id, role="user", content='What about "books"?')
client.beta.threads.runs.create_and_poll(thread_id=waiting.thread_id, assistant_id=helper.id)
""",
    ],
    "10.4": [
        """
waiting = run("Is Moby Dick reserved?", build())
call = waiting.required_action.submit_tool_outputs.tool_calls[0]
outputs = [{"tool_call_id": call.id, "output": "yes"}]
client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=waiting.id, thread_id=waiting.thread_id, tool_outputs=outputs)
stepper = anb.RunStepper(client, run=waiting)
stepper.go([frame.title for frame in stepper.frames].index("The client has submitted outputs") + 1)
stepper.fork({"output": {"tool_call_id": call.id, "output": "no"}})
stepper.to_end()
""",
        """
made = run('When is it "open"?', build())
stepper = anb.RunStepper(client, run=made)
stepper.go(1)
(message,) = client.beta.threads.messages.list(made.thread_id, order="asc").data[:1]
stepper.fork({"message": {"id": message.id, "content": 'How many books may I "borrow"?'}})
stepper.to_end()
""",
    ],
    "10.5": [
        """
run("Is Moby Dick reserved?", build(), metadata={"guess": "is_reserved "})
""",
    ],
}
