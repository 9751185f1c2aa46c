"""Attempts at the exercises of lesson 03: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "03.1": [
        ("client.beta.threads.create(messages=[planets[1]])", "Add the answer `Jupiter.`"),
        (
            'client.beta.threads.create(messages=[{"role": "user", "content": one["content"]} for one in planets])',
            "`Answer in one word.` is no message",
        ),
    ],
    "03.2": [
        (
            """
t = client.beta.threads.create()
for n, guess in (("one", {}), ("two", {}), ("three", {"guess": "1"})):
    ask(t, "Count with me: " + n, metadata=guess)
""",
            "You guessed 1. The model got 5",
        ),
        ('ask(client.beta.threads.create(), "Count with me: one", metadata={"guess": "5"})', "run number 1"),
    ],
    "03.3": [
        (
            """
t = client.beta.threads.create(messages=[{"role": "user", "content": one} for one in ("Please forget this", "b")])
ask(t, "c", truncation_strategy={"type": "last_messages", "last_messages": 2})
""",
            "The model got 2 messages",
        ),
        (
            """
t = client.beta.threads.create()
ask(t, "Please forget this", truncation_strategy={"type": "last_messages", "last_messages": 1})
""",
            "had 1 of three messages",
        ),
        ('client.beta.threads.create(messages=[{"role": "user", "content": "Please forget this"}])', "Create a run"),
    ],
    "03.4": [
        (
            """
t = client.beta.threads.create()
for _ in range(2):
    ask(t, "Please answer in two voices.")
""",
            "the same assistant",
        ),
        (
            """
other = client.beta.assistants.create(model="gpt-4o", name="Poet")
for one in (assistant, other):
    ask(client.beta.threads.create(), "Please answer in two voices.", one)
""",
            "its own thread",
        ),
    ],
}
RIGHT: Final = {
    "03.1": [
        """
t = client.beta.threads.create()
for one in planets[1:]:
    client.beta.threads.messages.create(t.id, **one)
""",
    ],
    "03.2": [
        """
run = client.beta.threads.create_and_run_poll(
    assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Count with me: one"}]}
)
t = client.beta.threads.retrieve(run.thread_id)
ask(t, "And then?")
ask(t, "And then?", metadata={"guess": "5"})
ask(t, "And then?")
""",
    ],
    "03.3": [
        """
t = client.beta.threads.create()
ask(t, "Please forget this!")
ask(t, "And this.", truncation_strategy={"type": "last_messages", "last_messages": 1})
""",
    ],
    "03.4": [
        """
t = client.beta.threads.create()
ask(t, "Please answer in two voices.", client.beta.assistants.create(model="gpt-4o"))
ask(t, "You, too.")
""",
    ],
}
