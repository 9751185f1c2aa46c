"""Mistakes with a run: its thread is locked, its outputs are missing, it has ended."""

from typing import Final

from ..row import AGAIN, EXPIRED, STOPPED, WAITS, Lesson, Mistake, ids_in

_LOCKED: Final = Lesson("09", "A locked thread")
_STATUSES: Final = Lesson("08", "The map")
_WHAT_IF: Final = Lesson("08", "What if?")
_FIRST_MOVES: Final = Lesson("08", "The first moves")
_NEEDS_YOU: Final = Lesson("08", "A run that needs you")
_FREE: Final = (
    "{wait}",
    '{client}.beta.threads.runs.cancel("{run_id}", thread_id="{thread_id}")  # cancel it',
)

ROWS: Final = (
    Mistake(
        "message while a run is active",
        r"BadRequestError",
        r"^Can't add messages to (?P<thread_id>\S+) while a run (?P<run_id>\S+) is active",
        "A run locks its thread until it ends. {free}",
        _FREE,
        _LOCKED,
        choose=True,
    ),
    Mistake(
        "second run",
        r"BadRequestError",
        r"^Thread (?P<thread_id>\S+) already has an active run (?P<run_id>[^.\s]+)",
        "A thread has one run at a time. {free}",
        _FREE,
        _LOCKED,
        choose=True,
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
    Mistake(
        "run that has ended",
        r"BadRequestError",
        r"^Runs in status \"completed\" do not accept",
        "This run has ended: it has its outputs. Did a cell run twice? First run the cell again that makes the run.",
        (),
        WAITS,
    ),
    Mistake(
        "run that has ended",
        r"BadRequestError",
        r"^Runs in status \"(failed|incomplete)\" do not accept|^Cannot cancel run with status '(?!cancelling)",
        "This run has ended. It can be neither answered nor cancelled any more.",
        (),
        _STATUSES,
    ),
    Mistake(
        "outputs too early",
        r"BadRequestError",
        r"^Runs in status \"(?P<status>queued|in_progress)\" do not accept",
        "The run is `{status}`. It takes outputs only in `requires_action`. Wait until it asks for them.",
        ("{run} = {poll}",),
        WAITS,
    ),
    Mistake(
        "output of another call",
        r"BadRequestError",
        r"^Run \S+ has no tool call '(?P<id>[^']*)'",
        "`call` may belong to another run. Take it from this one.",
        (),
        _WHAT_IF,
    ),
    Mistake(
        "output that is not there yet",
        r"BadRequestError",
        r"^Tool call '(?P<id>[^']*)' has no output yet",
        "Submit the output first, if the run waits for it. Then go to the frame *The client has submitted outputs*.",
        (),
        _WHAT_IF,
    ),
    Mistake(
        "place that a run never reaches",
        r"Refused",
        r"^There is no place '(?P<place>[^']*)'\. Did you mean '(?P<near>[^']*)'",
        "",
        ("{with_place}",),
        _FIRST_MOVES,
    ),
    Mistake(
        "place that a run never reaches",
        r"Refused",
        r"^The run waits for outputs.* to '(?P<place>[^']*)'",
        "",
        ("{stepper}.{way_on}()",),
        _NEEDS_YOU,
    ),
    Mistake(
        "place that a run never reaches",
        r"Refused",
        r"^The run waits for a person",
        "",
        ('{stepper}.answer("…")',),
        Lesson("08", "Try your own"),
    ),
    Mistake(
        "frame that is not there yet",
        r"Refused",
        r"^There is no frame \d+: so far",
        "Let the run move on first.",
        ("{stepper}.{way_on}()",),
        _NEEDS_YOU,
    ),
)
