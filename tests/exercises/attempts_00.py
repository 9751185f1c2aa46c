"""Attempts at the exercises of lesson 00: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "00.1": [
        ('client.beta.assistants.create(name="Grace", model="gpt-4o")', "Keep the words `Helper of`"),
        ('client.beta.assistants.create(name="Helper of ", model="gpt-4o")', "no name after `Helper of`"),
    ],
}
RIGHT: Final = {
    "00.1": [
        """
(given,) = client.beta.assistants.list()
client.beta.assistants.update(given.id, name="Helper of Åsa")
""",
    ],
}
