"""Reasons why `said` has no answer."""

from typing import Final

from ..row import AGAIN, BEGIN, EXPIRED, READING, STOPPED, WAITS, Lesson, Mistake

_MESSAGES: Final = Lesson("01", "Step 3: Add a message to a thread")
_CUT_OFF: Final = Lesson("09", "An answer that was cut off")
_MESSAGE: Final = '{client}.beta.threads.messages.create(thread_id={thread}.id, role="user", content="…")'

ROWS: Final = (
    Mistake(
        "reading a held run",
        r"NotAnswered",
        r"^The run is held",
        "Move it on with its stepper.",
        ("{go_on}",),
        Lesson("08", "A run that moves by hand"),
    ),
    Mistake(
        "reading too early",
        r"NotAnswered",
        r"^The run is (queued|in_progress|cancelling)",
        "Wait until the run has ended.",
        ("{anb}.said({poll})",),
        READING,
    ),
    Mistake(
        "missing outputs",
        r"NotAnswered",
        r"^The run is requires_action",
        "Send one output for each call, all in one list.",
        ("{outputs}",),
        WAITS,
    ),
    Mistake(
        "forgotten run",
        r"NotAnswered",
        r"No run has answered",
        "A message does not start a run. Create a run.",
        ("{anb}.said({client}.beta.threads.runs.create_and_poll(thread_id={thread}.id, assistant_id={assistant}.id))",),
        Lesson("01", "A slip worth making"),
    ),
    Mistake(
        "a question that nobody has recorded",
        r"NotAnswered",
        r"^The run has failed \(invalid_prompt\)",
        "",
        (),
        Lesson("01", "Try your own"),
    ),
    Mistake(
        "incomplete run",
        r"NotAnswered",
        r"^The run is incomplete\. Reason: max_completion_tokens",
        'The answer was cut off. Add the message "Go on.", and create a run without this limit.',
        (
            '{client}.beta.threads.messages.create(thread_id={run}.thread_id, role="user", content="Go on.")',
            f"{{anb}}.said({AGAIN})",
        ),
        _CUT_OFF,
    ),
    *(
        Mistake(
            f"{status} run",
            r"NotAnswered",
            rf"^The run (is|has) {status}",
            "Your question is still on the thread: create a new run.",
            (f"{{anb}}.said({AGAIN})",),
            lesson,
        )
        for status, lesson in (
            ("failed", Lesson("09", "A model that fails")),
            ("expired", EXPIRED),
            ("cancelled", STOPPED),
            ("incomplete", _CUT_OFF),
        )
    ),
    Mistake("objects gone after a restart", r"NotAnswered", r"^No engine|^Its thread has no run", "", (), BEGIN),
    Mistake("forgotten message", r"NotAnswered", r"^The thread has no message", "", (_MESSAGE,), _MESSAGES),
)
