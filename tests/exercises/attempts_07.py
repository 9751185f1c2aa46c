"""Attempts at the exercises of lesson 07: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "07.1": [
        (
            """
pieces = [one.data.delta.content[0].text.value for one in events if one.event == "thread.message.delta"]
ask("Copy: " + " ".join(pieces))
""",
            "Add nothing between the deltas",
        ),
        (
            """
pieces = [one.data.delta.content[0].text.value for one in events if one.event == "thread.message.delta"]
ask("Copy: " + "".join(pieces[:5]))
""",
            "only the beginning",
        ),
        ('ask("Copy:")', "begins with ''"),
    ],
    "07.2": [
        ('stream(ask("Hi"), metadata={"guess": "thread.message.completed"})', "comes, but not last"),
        ('stream(ask("Hi"), metadata={"guess": "thread.run.done"})', "is no event of this run"),
    ],
    "07.3": [
        ('stream(ask("Please stream the temperature in Rome."), guide)', "has ended with `requires_action`"),
        ('stream(ask("Please stream the temperature in Rome."))', "called no function"),
        (
            """
waiting = stream(ask("Please stream the temperature in Rome."), guide)[-1].data
client.beta.threads.runs.cancel(run_id=waiting.id, thread_id=waiting.thread_id)
client.beta.threads.runs.poll(run_id=waiting.id, thread_id=waiting.thread_id)
""",
            "The output is empty",
        ),
    ],
    "07.4": [
        ('ask("Count to fifty")', "no run"),
        ('stream(ask("Count to fifty"), guide, tool_choice="required")', "`requires_action`"),
    ],
}
RIGHT: Final = {
    "07.1": [
        """
with client.beta.threads.runs.stream(thread_id=ask("Hello").id, assistant_id=teacher.id) as read:
    ask("Copy:" + "".join(read.text_deltas))
""",
    ],
    "07.2": [
        """
with client.beta.threads.create_and_run(
    assistant_id=teacher.id, stream=True, metadata={"guess": " thread.run.completed"},
    thread={"messages": [{"role": "user", "content": "Why is the sky blue?"}]},
) as read:
    list(read)
""",
    ],
    "07.3": [
        """
with client.beta.threads.runs.stream(
    thread_id=ask("stream the temperature in Rome").id, assistant_id=guide.id
) as read:
    read.until_done()
    waiting = read.current_run
call = waiting.required_action.submit_tool_outputs.tool_calls[0]
with client.beta.threads.runs.submit_tool_outputs_stream(
    run_id=waiting.id, thread_id=waiting.thread_id, tool_outputs=[{"tool_call_id": call.id, "output": "17"}]
) as read:
    read.until_done()
""",
    ],
    "07.4": [
        """
thread = ask("count to fifty, please")
with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=teacher.id) as read:
    for _, event in zip(range(3), read):
        print(event.event)
(left,) = client.beta.threads.runs.list(thread.id)
while left.status in ("queued", "in_progress"):
    left = client.beta.threads.runs.retrieve(left.id, thread_id=thread.id)
""",
    ],
}
