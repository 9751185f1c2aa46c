"""Mistakes with files, and with file search and its vector stores."""

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
        "file that is not given back",
        r"BadRequestError",
        r"^Not allowed to download files of purpose",
        "You can download what code made, not what you uploaded.",
        (),
        Lesson("04", "A plot"),
    ),
    Mistake(
        "kind of file that search cannot read",
        r"BadRequestError",
        r"^Files with extensions \[(?P<kinds>.*)\] are not supported for retrieval",
        "File search cannot read files of the kind {kinds}. Use .txt or .md, or the code interpreter (lesson 04).",
        (),
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
