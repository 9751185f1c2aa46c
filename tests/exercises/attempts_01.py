"""Attempts at the exercises of lesson 01: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "01.1": [
        (
            """
new = client.beta.threads.create()
client.beta.threads.messages.create(thread_id=new.id, role="user", content="Solve 5x + 3 = 18")
""",
            "no run yet",
        ),
        ('ask(thread, "Solve 5x + 3 = 18")', "not the first message of its thread"),
        (
            """
new = client.beta.threads.create(messages=[{"role": "assistant", "content": "Solve 5x + 3 = 18"}])
client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=assistant.id)
""",
            "has the role `assistant`",
        ),
        (
            """
client.post("/lab/faults", cast_to=object, body={"kind": "rate_limit"})
ask(client.beta.threads.create(), "Solve 5x + 3 = 18")
""",
            "is `failed`. Print `run.last_error`",
        ),
    ],
    "01.2": [
        (
            """
new = client.beta.threads.create(messages=[{"role": "user", "content": "First question"}])
ask(new, "Second question", metadata={"guess": "4"})
""",
            "You guessed 4. The thread held 3",
        ),
        ('ask(client.beta.threads.create(), "First question", metadata={"guess": "2"})', "did not have two questions"),
        (
            """
new = client.beta.threads.create(messages=[{"role": "user", "content": "First question"}])
client.beta.threads.messages.create(thread_id=new.id, role="user", content="Second question")
client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=assistant.id)
client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=assistant.id, metadata={"guess": "4"})
""",
            "first run on a new thread",
        ),
    ],
    "01.3": [
        (
            """
for question in ("My number is 7.", "What is my number?"):
    ask(client.beta.threads.create(), question)
""",
            "two different threads",
        ),
        (
            """
new = client.beta.threads.create(messages=[{"role": "user", "content": "My number is 7."}])
ask(new, "What is my number?")
""",
            "one run only",
        ),
        (
            """
new = client.beta.threads.create(messages=[{"role": "user", "content": "My number is 7."}])
ask(new, "What is my number?")
client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=assistant.id)
""",
            "between the two messages",
        ),
    ],
    "01.4": [
        (
            'ask(client.beta.threads.create(), "What is 9 times 9?", instructions="Answer in French.")',
            "You replaced the assistant's",
        ),
        ('ask(client.beta.threads.create(), "What is 9 times 9? Answer in French.")', "Add `Answer in French.`"),
        (
            'ask(client.beta.threads.create(), "What is 9 times 9?", additional_instructions="Be kind.")',
            "and 'Be kind.'. Add `Answer in French.`",
        ),
    ],
    "01.5": [
        ('client.beta.assistants.create(name="Poet", model="gpt-4o", instructions="Rhyme.")', "has not run yet"),
        ('client.beta.assistants.create(name="Poet", model="gpt-4o")', "no instructions"),
        (
            """
poet = client.beta.assistants.create(name="Poet", model="gpt-4o", instructions="Rhyme.")
ask(thread, "Tell me about rain.", poet)
""",
            "on a thread that another assistant has used",
        ),
        (
            """
poet = client.beta.assistants.create(name="Poet", model="gpt-4o", instructions="Rhyme.")
client.beta.threads.create_and_run_poll(assistant_id=poet.id)
""",
            "without a question",
        ),
    ],
}
RIGHT: Final = {
    "01.1": [
        """
client.beta.threads.create_and_run_poll(
    assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "5X+3=18, please."}]}
)
""",
    ],
    "01.2": [
        """
two = [{"role": "user", "content": "First question."}, {"role": "user", "content": "Second question?"}]
new = client.beta.threads.create(messages=two)
client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=assistant.id, metadata={"guess": " 3"})
ask(new, "And more?")
""",
    ],
    "01.3": [
        """
new = client.beta.threads.create(messages=[{"role": "user", "content": "Hello! my number is 7"}])
client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=assistant.id)
client.beta.threads.messages.create(thread_id=new.id, role="user", content="What is my number?")
with client.beta.threads.runs.create(thread_id=new.id, assistant_id=assistant.id, stream=True) as stream:
    list(stream)
""",
    ],
    "01.4": [
        """
client.beta.threads.create_and_run_poll(
    assistant_id=assistant.id,
    instructions=assistant.instructions + " Please answer in French.",
    thread={"messages": [{"role": "user", "content": "What is 9 times 9?"}]},
)
""",
    ],
    "01.5": [
        """
cook = client.beta.assistants.create(name="Cook", model="gpt-4o")
client.beta.assistants.update(cook.id, instructions="Cook.")
new = client.beta.threads.create()
ask(new, "How long does an egg boil?", cook)
ask(thread, "And now?", cook)
""",
    ],
}
