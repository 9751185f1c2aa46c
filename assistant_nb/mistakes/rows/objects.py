"""Mistakes with what the SDK returns: a call's arguments, a page, an object without its list."""

from typing import Final

from ...sdk import FROM_TOP
from ..row import BEGIN, READING, WAITS, Lesson, Mistake

_CREATE: Final = Lesson("01", "Step 1: Create an assistant")

ROWS: Final = (
    Mistake(
        "arguments not parsed",
        r"TypeError|AttributeError|KeyError|ValueError",
        r"string indices must be integers|must be a mapping, not str|'str' object has no attribute|^'|update sequence",
        "The arguments of a call are text that holds JSON. Make a dictionary of it first.",
        ("import json; arguments = json.loads({text})",),
        WAITS,
        "json",
    ),
    Mistake(
        "messages[0]",
        r"TypeError|AttributeError",
        r"'(Async|Sync)\w*Page\[\w+\]' (object is not subscriptable|has no len\(\)|object has no attribute)",
        "A list comes as a page. Its items are in `data`.",
        ("{with_data}",),
        READING,
        None,
    ),
    *(
        Mistake(
            "thread.messages",
            r"AttributeError",
            rf"'{owner}' object has no attribute '{name}'",
            f"A {owner.lower()} does not hold its {name}. Ask for them.",
            (do,),
            READING,
            "sdk",
        )
        for owner, name, do in (
            ("Thread", "messages", "{client}.beta.threads.messages.list(thread_id={base}.id)"),
            ("Thread", "runs", "{client}.beta.threads.runs.list(thread_id={base}.id)"),
            ("Run", "messages", "{client}.beta.threads.messages.list(thread_id={base}.thread_id, run_id={base}.id)"),
            ("Run", "steps", "{client}.beta.threads.runs.steps.list(run_id={base}.id, thread_id={base}.thread_id)"),
        )
    ),
    Mistake(
        "an attribute in another place",
        r"AttributeError",
        r"'(Async)?OpenAI' object has no attribute '(assistants|threads)'",
        "Assistants and threads are in `beta`.",
        ("{with_beta}",),
        _CREATE,
        "sdk",
    ),
    Mistake(
        "an attribute in another place",
        r"AttributeError",
        r"'(Async)?Beta' object has no attribute '(vector_stores|files|models)'",
        "`{word}` is not in `beta` any more.",
        ("{without_beta}",),
        Lesson("05", "Files and vector stores"),
        "sdk",
    ),
    Mistake(
        "misspelt attribute",
        r"AttributeError",
        r"object has no attribute",
        "There is no `{word}` here. Did you mean `{meant}`?",
        ("{with_attribute}",),
        _CREATE,
        "sdk",
        lambda facts, _: bool(facts.misspelt and facts.misspelt[1]),
    ),
    Mistake(
        "outputs for a run that asks for none",
        r"AttributeError",
        r"^'NoneType' object has no attribute 'submit_tool_outputs'",
        "{no_action}",
        (),
        WAITS,
        None,
        lambda facts, _: facts.base.endswith(".required_action"),
    ),
    Mistake(
        "name of a file instead of a file",
        r"RuntimeError",
        r"^Expected (entry at `(?P<param>\w+)`|file input `.*`) to be bytes, .*(<class 'str'>|str) instead",
        "A text alone is no file. Give a name and a content.",
        ("{as_file}",),
        Lesson("04", "A file to work on"),
        None,
    ),
    Mistake(
        "reading too early",
        r"IndexError",
        r"list index out of range",
        "The list does not have so many items yet. Wait until the run is `completed`, then read.",
        ("{run} = {poll}",),
        READING,
        "page",
    ),
    Mistake(
        "objects gone after a restart",
        r"NameError",
        r"^name '(client|assistant|thread|message|messages|run|runs)' is not defined",
        f"No cell has made this object yet. {FROM_TOP}",
        (),
        BEGIN,
        None,
    ),
)
