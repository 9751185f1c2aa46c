"""Mistakes with a run: its thread is locked, its outputs are missing, it has ended."""

from typing import Final

from ..row import AGAIN, EXPIRED, STOPPED, Lesson, Mistake, ids_in

_LOCKED: Final = Lesson("09", "A locked thread")
_FREE: Final = (
    "{wait}",
    '{client}.beta.threads.runs.cancel("{run_id}", thread_id="{thread_id}")  # cancel it',
)

ROWS: Final = (
    Mistake(
        "message while a run is active",
        r"BadRequestError",
        r"^Can't add messages to (?P<thread_id>\S+) while a run (?P<run_id>\S+) is active",
        "A run locks its thread until it ends. Submit its tool outputs, wait for its end, or cancel it.",
        _FREE,
        _LOCKED,
    ),
    Mistake(
        "second run",
        r"BadRequestError",
        r"^Thread (?P<thread_id>\S+) already has an active run (?P<run_id>[^.\s]+)",
        "A thread has one run at a time. Submit its tool outputs, wait for its end, or cancel it.",
        _FREE,
        _LOCKED,
    ),
    Mistake(
        "wrong tool_call_id",
        r"BadRequestError",
        r"^Expected tool outputs for call_ids \[(?P<wanted>.*)\], got \[(?P<got>.*)\]",
        "The run has no call with this id. Take `call.id` from its `required_action`.",
        ("{outputs}",),
        Lesson("06", "Several calls at once"),
        fits=lambda _, words: not set(ids_in(words["got"])) <= set(ids_in(words["wanted"])),
    ),
    Mistake(
        "missing outputs",
        r"BadRequestError",
        r"^Expected tool outputs for call_ids \[(?P<wanted>.*)\], got \[(?P<got>.*)\]",
        "The run waits for {many_wanted}, and you sent {many_got}. Send one output for each call, all in one list.",
        ("{outputs}",),
        Lesson("06", "A slip worth making"),
    ),
    Mistake(
        "wrong tool_call_id",
        r"BadRequestError",
        r"^(Missing required parameter:|Invalid type for) 'tool_outputs\[\d+\]\.tool_call_id'",
        "Each output names its call. Take `call.id` from the `required_action` of the run.",
        ("{outputs}",),
        Lesson("06", "Several calls at once"),
    ),
    Mistake(
        "expired run",
        r"BadRequestError",
        r"^Runs in status \"expired\" do not accept|^Cannot cancel run with status 'expired'",
        "Ten minutes passed without outputs. Your question is still on the thread: create a new run.",
        ("{run} = " + AGAIN,),
        EXPIRED,
    ),
    Mistake(
        "cancelled run",
        r"BadRequestError",
        r"^Runs in status \"cancell(ed|ing)\" do not accept|^Cannot cancel run with status 'cancell",
        "This run was cancelled and takes no outputs. Your question is still on the thread: create a new run.",
        ("{run} = " + AGAIN,),
        STOPPED,
    ),
)
