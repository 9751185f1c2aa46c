"""Attempts at the exercises of lesson 05: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

_TEA: Final = """
tea = upload("tea.txt", "Tea is ready at four. Cake is ready at five.")
menu = client.vector_stores.create(name="Menu", file_ids=[tea.id])
"""
_WAITER: Final = (
    _TEA
    + """
given = {"file_search": {"vector_store_ids": [menu.id]}}
waiter = client.beta.assistants.create(model="gpt-4o", name="Waiter", tools=[search], tool_resources=given)
"""
)

WRONG: Final = {
    "05.1": [
        ('client.vector_stores.create(name="My shelf")', "holds no file"),
        ('client.vector_stores.create(name="My shelf", file_ids=[rules.id])', "a file of the lesson"),
        (
            """
shelf = client.vector_stores.create(name="My shelf", file_ids=[upload("empty.txt", "  ").id])
client.vector_stores.retrieve(shelf.id)
""",
            "Your file is `failed`.",
        ),
    ],
    "05.2": [
        ('client.vector_stores.create(name="Boats", metadata={"guess": "boat.md"})', "in `Boats`. Write it into"),
        ('client.vector_stores.update(library.id, metadata={"guess": "boat.md"})', "You guessed boat.md"),
        ('client.vector_stores.update(library.id, metadata={"guess": "both"})', "There are: boat.md, rules.md"),
    ],
    "05.3": [
        (_WAITER, "has not run yet"),
        (
            """
waiter = client.beta.assistants.create(model="gpt-4o", name="Waiter", tools=[search])
ask('When is "cake" ready?', waiter)
""",
            "no vector store",
        ),
        (
            """
waiter = client.beta.assistants.create(model="gpt-4o", name="Waiter")
ask('When is "cake" ready?', waiter)
""",
            'Your assistant has no `file_search`. Add `tools=[{"type": "file_search"}]`',
        ),
        (_WAITER + 'ask("When is it ready?", waiter)', "did not search"),
        (_WAITER + "ask('Is there \"coffee\"?', waiter)", "cites no file"),
        (
            """
given = {"file_search": {"vector_store_ids": [library.id]}}
waiter = client.beta.assistants.create(model="gpt-4o", name="Waiter", tools=[search], tool_resources=given)
ask('What about "Saturday"?', waiter)
""",
            "cites a file of the lesson",
        ),
    ],
    "05.4": [
        (
            """
given = [{"file_id": upload("note.txt", "Closed on Monday.").id, "tools": [{"type": "code_interpreter"}]}]
ask("When?", attachments=given)
""",
            "for another tool",
        ),
        (
            """
given = [{"file_id": upload("note.txt", "Closed on Monday.").id, "tools": [search]}]
client.beta.threads.create(messages=[{"role": "user", "content": "When?", "attachments": given}])
""",
            "nobody has asked",
        ),
        ('upload("note.txt", "Closed on Monday.")', "Attach it to a message"),
    ],
}
RIGHT: Final = {
    "05.1": [
        """
shelf = client.vector_stores.create(name="My shelf")
client.vector_stores.files.upload_and_poll(vector_store_id=shelf.id, file=("tea.md", b"# Tea at four"))
""",
    ],
    "05.2": ['client.vector_stores.update(library.id, metadata={"guess": "rules.md ", "by": "me"})'],
    "05.3": [
        _TEA
        + """
waiter = client.beta.assistants.create(model="gpt-4o", name="Waiter", tools=[search])
given = {"file_search": {"vector_store_ids": [menu.id]}}
client.beta.assistants.update(waiter.id, tool_resources=given)
ask('Tell me about "tea".', waiter)
""",
    ],
    "05.4": [
        """
note = upload("note.txt", "The shop is closed on Monday.")
thread = client.beta.threads.create()
given = [{"file_id": note.id, "tools": [search]}]
client.beta.threads.messages.create(thread_id=thread.id, role="user", content='"Monday"?', attachments=given)
client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=librarian.id)
""",
    ],
}
