"""Mistakes with file search and its vector stores."""

from typing import Final

from ..row import Lesson, Mistake

ROWS: Final = (
    Mistake(
        "file search without a store",
        r"NotFoundError|BadRequestError",
        r"^No vector store found|^Unknown parameter: '.*file_search\.file_ids'",
        "A search looks into vector stores. Put your files into one, and give its id.",
        ('{vector_store} = {client}.vector_stores.create(name="shelf", file_ids=[{file}.id])',),
        Lesson("05", "Files and vector stores"),
    ),
    Mistake(
        "file search without a store",
        r"BadRequestError",
        r"^Unknown parameter: 'tools\[\d+\]\.(file_search\.)?vector_store_ids'",
        "Vector stores belong in `tool_resources`, not in `tools`.",
        ('tool_resources={{"file_search": {{"vector_store_ids": [{vector_store}.id]}}}}',),
        Lesson("05", "Files and vector stores"),
    ),
    Mistake(
        "file search without a store",
        r"BadRequestError",
        r"^Vector store \S+ has expired",
        "This vector store has expired. Put your files into a new one, and give its id to the assistant.",
        ('{vector_store} = {client}.vector_stores.create(name="shelf", file_ids=[{file}.id])',),
        Lesson("05", "Files and vector stores"),
    ),
)
