"""Attempts at the exercises of lesson 09: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "09.1": [
        ('client.beta.threads.create(messages=[{"role": "user", "content": "Free again"}])', "on another thread"),
        (
            """
(lost,) = client.beta.threads.runs.list(stuck.id)
client.beta.threads.runs.cancel(lost.id, thread_id=stuck.id)
client.beta.threads.runs.poll(lost.id, thread_id=stuck.id)
""",
            "Add the message `Free again`",
        ),
    ],
    "09.2": [
        (
            """
fault("rate_limit")
ask("Tell me about foxes.")
""",
            "Create a second run on the same thread",
        ),
        (
            """
fault("rate_limit")
run = ask("Tell me about foxes.")
say(run.thread_id, "Tell me about foxes.")
again(stuck.__class__.construct(id=run.thread_id))
""",
            "twice",
        ),
        ('ask("Tell me about foxes.")', "has failed with a rate limit"),
        (
            """
for _ in range(2):
    fault("rate_limit")
    run = ask("Tell me about foxes.") if _ == 0 else again(client.beta.threads.retrieve(run.thread_id))
""",
            "The second run is `failed`",
        ),
    ],
    "09.3": [
        ('ask("Tell me a long story about owls.", max_completion_tokens=5)', "Add the message `Go on.`"),
        (
            """
run = ask("Tell me a long story about owls.", max_completion_tokens=5)
say(run.thread_id, "Go on.")
again(client.beta.threads.retrieve(run.thread_id), max_completion_tokens=5)
""",
            "cut off again",
        ),
        (
            """
run = ask("Tell me a long story about owls.", max_completion_tokens=5)
again(client.beta.threads.retrieve(run.thread_id))
""",
            "Add the message `Go on.`",
        ),
        ('ask("Tell me a long story about owls.")', "No run on that thread is `incomplete`"),
    ],
    "09.4": [
        ('ask("Hi", metadata={"by": "wait"})', "is `completed`. This proves nothing yet"),
        ('ask("Hi", metadata={"by": "wait"}, max_completion_tokens=3)', "is `incomplete`"),
    ],
    "09.5": [
        (
            """
ask('Please tell me the price of a "ball"', shopkeeper, metadata={"guess": "failed"})
client.post("/lab/clock", cast_to=object, body={"advance_s": 600})
""",
            "You guessed failed. The run is `expired`",
        ),
        ('ask(\'Please tell me the price of a "ball"\', shopkeeper, metadata={"guess": "expired"})', "still waits"),
        (
            """
run = ask('Please tell me the price of a "ball"', shopkeeper, metadata={"guess": "cancelled"})
client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
""",
            "only let the time pass",
        ),
    ],
}
RIGHT: Final = {
    "09.1": [
        """
(lost,) = client.beta.threads.runs.list(stuck.id)
client.beta.threads.runs.submit_tool_outputs_and_poll(
    run_id=lost.id, thread_id=stuck.id, tool_outputs=anb.tool_outputs(lost, get_price)
)
say(stuck.id, "free again!")
""",
        """
client.post("/lab/clock", cast_to=object, body={"advance_s": 700})
say(stuck.id, "Free again")
""",
    ],
    "09.2": [
        """
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Please tell me about foxes!"}])
for kind in ("rate_limit", "rate_limit", None):
    fault(kind) if kind else None
    again(thread)
""",
    ],
    "09.3": [
        """
run = ask("Please tell me a long story about owls", max_completion_tokens=5)
with client.beta.threads.runs.create(
    thread_id=run.thread_id, assistant_id=story.id, stream=True,
    additional_messages=[{"role": "user", "content": "go on"}],
) as read:
    list(read)
""",
    ],
    "09.4": [
        """
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
fault("rate_limit")
client.beta.threads.runs.create(thread_id=thread.id, assistant_id=story.id, metadata={"by": "wait"}, stream=True).response.read()
""",
    ],
    "09.5": [
        """
for guess in ("failed", "expired"):
    run = ask('Please tell me the price of a "ball"!', shopkeeper, metadata={"guess": guess})
    client.post("/lab/clock", cast_to=object, body={"advance_s": 700})
""",
    ],
}
