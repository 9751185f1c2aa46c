"""The mistakes of beginners as one table: how each is recognised, what happened, what to do, and where to read on.

The first row that fits counts. `what` and `do` are templates. In their braces may stand the groups of `says`, and the
words of `advice.py`, such as the learner's own name for a thread.
"""

import re
from typing import Final

from ..sdk import FROM_TOP, KINDS
from .of_responses import OF_RESPONSES
from .row import Lesson, Mistake

_ID: Final = rf"(?P<prefix>{'|'.join(KINDS)})[-_]\w+"

_BEGIN: Final = Lesson("00", "When you are stuck")
_WRONG_ID: Final = Lesson("01", "An id that does not fit")
_READING: Final = Lesson("01", "Step 5: Display the assistant's response")
_VERSIONS: Final = Lesson("02", "Version 2 of the same run")
_MESSAGES: Final = Lesson("01", "Step 3: Add a message to a thread")
_WAITS: Final = Lesson("06", "A run that waits")
_LOCKED: Final = Lesson("09", "A locked thread")
_STOPPED: Final = Lesson("09", "A run that you stop")
_EXPIRED: Final = Lesson("09", "A run that nobody answers")
_NEW_CLIENT: Final = ("{start}; from openai import OpenAI; {client} = OpenAI()",)
_AGAIN: Final = "{client}.beta.threads.runs.create_and_poll(thread_id={run}.thread_id, assistant_id={run}.assistant_id)"
_MESSAGE: Final = '{client}.beta.threads.messages.create(thread_id={thread}.id, role="user", content="…")'
_FREE: Final = (
    "{wait}",
    '{client}.beta.threads.runs.cancel("{run_id}", thread_id="{thread_id}")  # cancel it',
)

MISTAKES: Final = (
    Mistake(
        "OpenAI() before start, without a key",
        r"OpenAIError",
        r"api_key|API_KEY",
        "There is no key, and no engine is running yet. The engine needs no key of yours.",
        ("{start}; {made}",),
        _BEGIN,
    ),
    Mistake(
        "OpenAI() before start, with a real key",
        r"NotFoundError|AuthenticationError|PermissionDeniedError",
        r"",
        "This client goes to the hosted service, where the Assistants API is switched off. Make it after the start.",
        _NEW_CLIENT,
        _BEGIN,
        "hosted",
    ),
    Mistake(
        "a client of an engine that has stopped",
        r"APIConnectionError|APIStatusError|AuthenticationError",
        r"Connection error|This engine was stopped|takes only its own",
        "The engine of this client has stopped, or is another one now.",
        _NEW_CLIENT,
        _BEGIN,
    ),
    Mistake(
        "object instead of id",
        r"BadRequestError",
        r"^Invalid '(?P<param>\w+)': '(?P<given>[A-Z]\w+)\(id='(?P<id>[^']*)'",
        "You passed a whole {given} where an id belongs.",
        ("{argument}",),
        _WRONG_ID,
    ),
    Mistake(
        "id of another kind",
        r"BadRequestError",
        rf"^Invalid '(?P<param>\w+)': '(?P<id>{_ID})'\. Expected an ID",
        "This is the id of {kind_given}. `{param}` takes the id of {kind_wanted}.",
        ("{argument}",),
        _WRONG_ID,
    ),
    Mistake(
        "wrong id",
        r"BadRequestError|ValueError",
        r"^(Invalid|Expected a non-empty value for) ['`](?P<param>\w+)['`](: '(?P<id>.*)'\. Expected| but received)",
        "This is not an id. `{param}` takes the id of {kind_wanted}.",
        ("{argument}",),
        _WRONG_ID,
        None,
    ),
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
        "wrong id",
        r"NotFoundError",
        r"^No (?P<thing>[\w ]+) found with id '(?P<id>.*)'|^No such File object: (?P<file_id>\S+?)\.?$",
        f"Nothing here has this id. {FROM_TOP}",
        ("{other_id}",),
        _WRONG_ID,
    ),
    Mistake(
        ".id forgotten",
        r"BadRequestError",
        r"^Invalid type for '(?P<param>[\w.]*_ids?(\[\d+\])?)': expected a string, but got an object",
        "You passed a whole object where an id belongs.",
        ("{argument}",),
        Lesson("01", "Step 4: Run the assistant"),
    ),
    Mistake(
        "wrong role",
        r"BadRequestError",
        r"'(?P<role>.*)'\. Supported values are: 'user' and 'assistant'",
        'A thread takes messages of "user" and "assistant". System words belong in the instructions.',
        ("{as_user}",),
        Lesson("03", "Tutor two: an assistant"),
    ),
    Mistake(
        "wrong role",
        r"BadRequestError",
        r"'(?P<role>.*)'\. Supported values are: 'system', 'developer', 'user'",
        "You are the user, the model is the assistant.",
        ("{as_user}",),
        Lesson("03", "Tutor one: chat completions"),
    ),
    Mistake(
        "wrong tool name",
        r"BadRequestError",
        r"^Invalid value: '(?P<tool>.*)'\. Supported values are: 'code_interpreter'",
        "Version 2 of the API has no tool `{tool}`. Did you mean `{near_tool}`?",
        ("{with_tool}",),
        Lesson("05", "An assistant that searches"),
        fits=lambda facts, _: facts.param.endswith("].type"),
    ),
    Mistake(
        "wrong tool name",
        r"BadRequestError",
        r"^Invalid type for 'tools",
        "Tools are a list of dictionaries. Each names its type.",
        ('tools=[{{"type": "file_search"}}]',),
        Lesson("05", "An assistant that searches"),
    ),
    Mistake(
        "file search without a store",
        r"BadRequestError",
        r"^Vector store \S+ has expired",
        "This vector store has expired. Put your files into a new one, and give its id to the assistant.",
        ('{vector_store} = {client}.vector_stores.create(name="shelf", file_ids=[{file}.id])',),
        Lesson("05", "Files and vector stores"),
    ),
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
        ("{run} = " + _AGAIN,),
        _EXPIRED,
    ),
    Mistake(
        "cancelled run",
        r"BadRequestError",
        r"^Runs in status \"cancell(ed|ing)\" do not accept|^Cannot cancel run with status 'cancell",
        "This run was cancelled and takes no outputs. Your question is still on the thread: create a new run.",
        ("{run} = " + _AGAIN,),
        _STOPPED,
    ),
    Mistake(
        "v1 body, v2 header",
        r"BadRequestError",
        r"^Unknown parameter: '(?:.*\.)?(?P<old>file_ids)'",
        "`file_ids` is of version 1, and the header of this request says version 2. In version 2 a message"
        " has `attachments`, an assistant `tool_resources`.",
        ("{attached}",),
        _VERSIONS,
    ),
    Mistake(
        "v1 body, v2 header",
        r"NotFoundError",
        r"^Invalid URL .*/(assistants|messages)/[^/]+/files",
        "Only version 1 has this address, and the header of this request says version 2.",
        ("{in_v1}",),
        _VERSIONS,
    ),
    Mistake(
        "v2 body, v1 header",
        r"BadRequestError",
        r"cannot be used with the Assistants API in v1|provide the 'OpenAI-Beta' header|^Unknown beta",
        "The header of this request does not say version 2, which knows this. The SDK says so if you leave it alone.",
        ("{in_v2}",),
        _VERSIONS,
    ),
    Mistake(
        "misspelt parameter",
        r"TypeError|BadRequestError",
        r"unexpected keyword argument|Missing required arguments|^Unknown parameter",
        "There is no parameter `{word}`. Did you mean `{meant}`?",
        ("{corrected}",),
        Lesson("01", "Step 1: Create an assistant"),
        None,
        lambda facts, _: bool(facts.misspelt and facts.misspelt[1]),
    ),
    Mistake(
        "misspelt parameter",
        r"TypeError|BadRequestError",
        r"unexpected keyword argument|Missing required arguments|^Unknown parameter",
        "There is no parameter `{word}`.",
        ("{help}",),
        Lesson("01", "Step 1: Create an assistant"),
        None,
        lambda facts, _: bool(facts.misspelt),
    ),
    Mistake(
        "unknown model",
        r"NotFoundError",
        r"^The model '(?P<model>.*)' does not exist",
        "No model with this name answers here. Look at the names of those that do, or let practice answer to any name.",
        ("[model.id for model in {client}.models.list()]", '{start_with}model="practice")'),
        Lesson("01", "Try your own"),
    ),
    Mistake(
        "arguments not parsed",
        r"TypeError|AttributeError|KeyError|ValueError",
        r"string indices must be integers|must be a mapping, not str|'str' object has no attribute|^'|update sequence",
        "The arguments of a call are text that holds JSON. Make a dictionary of it first.",
        ("import json; arguments = json.loads({text})",),
        _WAITS,
        "json",
    ),
    Mistake(
        "messages[0]",
        r"TypeError|AttributeError",
        r"'(Async|Sync)\w*Page\[\w+\]' (object is not subscriptable|has no len\(\)|object has no attribute)",
        "A list comes as a page. Its items are in `data`.",
        ("{with_data}",),
        _READING,
        None,
    ),
    *(
        Mistake(
            "thread.messages",
            r"AttributeError",
            rf"'{owner}' object has no attribute '{name}'",
            f"A {owner.lower()} does not hold its {name}. Ask for them.",
            (do,),
            _READING,
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
        "reading too early",
        r"IndexError",
        r"list index out of range",
        "The list does not have so many items yet. Wait until the run is `completed`, then read.",
        ("{run} = {poll}",),
        _READING,
        "page",
    ),
    Mistake(
        "objects gone after a restart",
        r"NameError",
        r"^name '(client|assistant|thread|message|messages|run|runs)' is not defined",
        f"No cell has made this object yet. {FROM_TOP}",
        (),
        _BEGIN,
        None,
    ),
    *OF_RESPONSES,
    # What `said` raises.
    Mistake(
        "reading too early",
        r"NotAnswered",
        r"^The run is (queued|in_progress|cancelling)",
        "Wait until the run has ended.",
        ("{anb}.said({poll})",),
        _READING,
    ),
    Mistake(
        "missing outputs",
        r"NotAnswered",
        r"^The run is requires_action",
        "Send one output for each call, all in one list.",
        ("{outputs}",),
        _WAITS,
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
    *(
        Mistake(
            f"{status} run",
            r"NotAnswered",
            rf"^The run (is|has) {status}",
            "Your question is still on the thread: create a new run.",
            (f"{{anb}}.said({_AGAIN})",),
            lesson,
        )
        for status, lesson in (
            ("failed", Lesson("09", "A model that fails")),
            ("expired", _EXPIRED),
            ("cancelled", _STOPPED),
            ("incomplete", Lesson("09", "An answer that was cut off")),
        )
    ),
    Mistake("objects gone after a restart", r"NotAnswered", r"^No engine|^Its thread has no run", "", (), _BEGIN),
    Mistake("forgotten message", r"NotAnswered", r"^The thread has no message", "", (_MESSAGE,), _MESSAGES),
    # All others.
    Mistake("another mistake", r".*", r"", "{look}", (), Lesson("02", "When things go wrong")),
)


def ids_in(listed: str) -> list[str]:
    """`ids_in("'call_1', 'call_2'")` is `["call_1", "call_2"]`."""
    return re.findall(r"'([^']*)'", listed)
