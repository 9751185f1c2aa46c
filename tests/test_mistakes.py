"""What a beginner reads when something goes wrong: the table, the learner's own line, and IPython."""

import json
import linecache
import re
import subprocess
import sys
from typing import Any

import pytest

import assistant_nb as anb
from assistant_nb import course
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.mistakes import facts, place, shown
from assistant_nb.mistakes.table import MISTAKES

CELL = "a cell of the test"


def add(a: int, b: int) -> int:
    return a + b


def held(names: dict[str, Any]) -> Any:
    """A run that is queued and moves only by hand."""
    body = {"assistant_id": names["assistant"].id}
    made = names["client"].post(f"/lab/threads/{names['thread'].id}/runs", cast_to=object, body=body)
    return names["client"].beta.threads.runs.retrieve(made["id"], thread_id=names["thread"].id)


def told(code: str, cells: dict[str, str] | None = None, **names: Any) -> list[str]:
    """Run a cell that fails. Return what is shown of it. `cells` are what a person calls earlier cells."""
    linecache.cache[CELL] = (len(code), None, code.splitlines(keepends=True), CELL)
    try:
        exec(compile(code, CELL, "exec"), names)
    except Exception as error:  # noqa: BLE001
        at = place.find(error.__traceback__, {CELL: "Cell In[7]", **(cells or {})}.get)
        assert at
        return shown.told(error, at) or []
    raise AssertionError("nothing went wrong")


@pytest.fixture
def names(connect: Any) -> dict[str, Any]:
    """What a learner has after the first steps."""
    client = connect("Four.", [ToolCall("add", '{"a": 1}'), ToolCall("add", '{"a": 2}')])
    assistant = client.beta.assistants.create(model="gpt-4")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    return {"client": client, "assistant": assistant, "thread": thread}


def test_the_line_is_the_learners_own_and_the_advice_is_that_line_put_right(names: Any) -> None:
    assert told(
        "run = client.beta.threads.runs.create(\n    thread_id=thread.id,\n    assistant_id=assistant,\n)", **names
    ) == [
        "Cell In[7], line 1: run = client.beta.threads.runs.create( thread_id=thread.id, assistant_id=assistant, )",
        "BadRequestError (400): Invalid type for 'assistant_id': expected a string, but got an object instead.",
        "You passed a whole object where an id belongs.",
        "Do this:",
        "    run = client.beta.threads.runs.create( thread_id=thread.id, assistant_id=assistant.id, )",
        'Lesson 01, "Step 4: Run the assistant". %tb shows the whole traceback.',
    ]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("client.beta.threads.messages.list(thread)", "client.beta.threads.messages.list(thread.id)"),
        ("client.beta.threads.retrieve(assistant.id)", "client.beta.threads.retrieve(thread.id)"),
        ("client.beta.threads.retrieve('thread_1')", "client.beta.threads.retrieve(thread.id)"),
        (
            "client.beta.threads.runs.create(assistant.id, assistant_id=thread.id)",
            "client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)",
        ),
        (
            "client.beta.assistants.create(model='m', instruction='Sing.')",
            "client.beta.assistants.create(model='m', instructions='Sing.')",
        ),
        (
            "client.beta.assistants.create(name='My instruction', model='m', instruction='An instruction.')",
            "client.beta.assistants.create(name='My instruction', model='m', instructions='An instruction.')",
        ),
        (
            "instruction = client.beta.assistants.create(model='m', instruction='Sing.')",
            "instruction = client.beta.assistants.create(model='m', instructions='Sing.')",
        ),
        (
            "client.beta.threads.runs.create(thread.id, assistent_id=assistant.id)",
            "client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)",
        ),
        (
            "client.beta.threads.messages.create(thread.id, role='bot', content='Hi')",
            "client.beta.threads.messages.create(thread.id, role='user', content='Hi')",
        ),
        ("client.beta.assistant.create(model='m')", "client.beta.assistants.create(model='m')"),
        ("print(thread.idd)", "print(thread.id)"),
        ("client.assistants.create(model='m')", "client.beta.assistants.create(model='m')"),
        ("client.beta.vector_stores.create(name='s')", "client.vector_stores.create(name='s')"),
        ("client.beta.assistants.create(name='x')", "client.beta.assistants.create(name='x', model=\"gpt-4o\")"),
        ("client.beta.assistants.create()", 'client.beta.assistants.create(model="gpt-4o")'),
        (
            "client.beta.threads.runs.create(thread_id=thread.id)",
            "client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)",
        ),
        (
            "client.beta.threads.messages.create(thread.id, content='Hi')",
            "client.beta.threads.messages.create(thread.id, content='Hi', role=\"user\")",
        ),
        ("client.beta.assistants.create('gpt-4o')", "client.beta.assistants.create(model='gpt-4o')"),
        (
            "client.beta.threads.create([{'role': 'user', 'content': 'Hi'}])",
            "client.beta.threads.create(messages=[{'role': 'user', 'content': 'Hi'}])",
        ),
        (
            "client.beta.threads.runs.create(thread.id, assistant.id)",
            "client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)",
        ),
        (
            "client.beta.threads.runs.create_and_poll(thread.id, assistant_id=assistant.id)",
            "client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)",
        ),
        (
            "client.beta.threads.create(messages={'role': 'user', 'content': 'Hi'})",
            "client.beta.threads.create(messages=[{'role': 'user', 'content': 'Hi'}])",
        ),
        (
            "client.vector_stores.create(file_ids=file.id)",
            "client.vector_stores.create(file_ids=[file.id])",
        ),
        (
            "client.beta.threads.create(tool_resources={'code_interpreter': {'file_ids': file.id}})",
            "client.beta.threads.create(tool_resources={'code_interpreter': {'file_ids': [file.id]}})",
        ),
        (
            "client.beta.assistants.create(model='m', tools=[add, {'type': 'code_interpreter'}])",
            "client.beta.assistants.create(model='m', tools=[anb.function_tool(add), {'type': 'code_interpreter'}])",
        ),
        (
            "client.beta.assistants.create(model='m', tools=functions)",
            "client.beta.assistants.create(model='m', tools=[anb.function_tool(one) for one in functions])",
        ),
        ("anb.hint(01.1)", 'anb.hint("01.1")'),
        ("anb.hint(1.1)", 'anb.hint("01.1")'),
        ("anb.hint('1.1')", 'anb.hint("01.1")'),
        (
            "print(client.beta.threads.messages.list(thread.id)[0])",
            "print(client.beta.threads.messages.list(thread.id).data[0])",
        ),
        ("thread.messages", "client.beta.threads.messages.list(thread_id=thread.id)"),
    ],
)
def test_the_line_to_paste_works(names: Any, wrong: str, right: str) -> None:
    names["file"] = names["client"].files.create(file=("a.txt", b"Hi."), purpose="assistants")
    names |= {"anb": anb, "add": add, "functions": [add]}
    do = told(wrong, **names)
    pasted = do[do.index("Do this:") + 1].strip()
    assert pasted == right
    exec(pasted, names)


def test_what_only_responses_know_has_its_lesson(connect: Any) -> None:
    client = connect([ToolCall("add", "{}")])
    flat = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}
    asked = client.responses.create(model="gpt-4", input="2 + 2?", tools=[flat])
    names = {"client": client, "asked": asked, "call": asked.output[0]}
    lesson = 'Lesson 11, "The function loop is yours". %tb shows the whole traceback.'
    for wrong, said, line in (
        ("input='Hello'", "A call waits for its output.", f'"call_id": "{asked.output[0].call_id}"'),
        (
            "input=[{'type': 'function_call_output', 'call_id': call.id, 'output': '4'}]",
            "No call before this request has this id.",
            '"call_id": call.call_id',
        ),
        ("input='Hello', tools=[{'type': 'function', 'function': {}}]", "This is the tool of an assistant.", "**tool["),
    ):
        told_of = told(f"client.responses.create(model='gpt-4', previous_response_id=asked.id, {wrong})", **names)
        assert told_of[2].startswith(said) and line in told_of[4] and told_of[5] == lesson


@pytest.mark.parametrize("call", ["create(model='m', ", "stream(model='m', "])
def test_messages_of_chat_are_the_input_of_a_response(connect: Any, call: str) -> None:
    shown = told(f"client.responses.{call}messages=[{{'role': 'user', 'content': 'Hi.'}}])", client=connect())
    assert shown[2] == "A response takes the messages as `input`."
    assert shown[4] == '    input=[{"role": "user", "content": "…"}]'


def test_the_learners_own_names_are_used(names: Any) -> None:
    names = {"it": names["client"], "lesson": names["thread"]}
    assert "    it.beta.threads.messages.list(lesson.id)" in told("it.beta.threads.messages.list(lesson)", **names)


def test_the_innermost_line_of_the_learner_is_shown(names: Any) -> None:
    first = told("def ask(id):\n    client.beta.threads.retrieve(id)\nask('thread_1')", **names)[0]
    assert first == "Cell In[7], line 2: client.beta.threads.retrieve(id)"


@pytest.mark.parametrize(
    "code", ["1 / 0", "x", "'abc'['x']", "{}['x']", "int('x')", "[].data", "(lambda a: a)(b=1)", "[][0]"]
)
def test_all_other_errors_are_none_of_ours(code: str) -> None:
    assert told(code) == []


def test_a_locked_thread_offers_two_lines_and_one_is_enough(names: Any) -> None:
    """The run has not asked for outputs, so nothing is said of them."""
    client, thread = names["client"], names["thread"]
    run = held(names)
    lines = told("client.beta.threads.messages.create(thread.id, role='user', content='Hi')", run=run, **names)
    assert lines[2:4] == ["A run locks its thread until it ends. Wait for its end, or cancel it.", "Do one of these:"]
    assert [line.rpartition("# ")[2] for line in lines[4:6]] == ["wait for it", "cancel it"]
    exec(lines[5].strip(), names)
    assert client.beta.threads.runs.list(thread.id).data[0].status != "queued"


def test_a_run_that_waits_is_not_waited_for(names: Any) -> None:
    client, thread, assistant = names["client"], names["thread"], names["assistant"]
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    lines = told("client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)", run=run, **names)
    assert lines[2:4] == ["A thread has one run at a time. Submit its tool outputs, or cancel it.", "Do this:"]
    assert len(lines) == 6


def test_a_held_run_is_moved_by_its_stepper() -> None:
    client = anb.connect(model=anb.Scripted("Four."))
    assistant = client.beta.assistants.create(model="gpt-4", instructions="Be brief.")
    thread = client.beta.threads.create()
    stepper = anb.RunStepper(client, thread.id, assistant.id)
    stepper.step()
    names: dict[str, Any] = {"anb": anb, "client": client, "thread": thread, "debugger": stepper, "main": stepper.run}
    for wrong in ("anb.said(debugger.run)", "anb.said(main)"):
        assert told(wrong, **names)[3:5] == ["Do this:", "    debugger.to_end()"]
    del names["debugger"]
    assert told("anb.said(main)", **names)[4] == "    anb.RunStepper(client, run=main).to_end()"
    names["debugger"] = stepper
    locked = told("client.beta.threads.messages.create(thread.id, role='user', content='Hi')", **names)
    assert locked[4] == "    debugger.to_end()  # move it on"
    exec(locked[4].strip(), names)
    exec("anb.said(main)", names)


def test_a_steppers_run_is_answered_by_its_stepper() -> None:
    client = anb.connect(model=anb.Scripted(ToolCall("add", '{"a": 1}')))
    assistant = client.beta.assistants.create(model="gpt-4", instructions="Be brief.")
    stepper = anb.RunStepper(client, client.beta.threads.create().id, assistant.id)
    stepper.to_end()
    assert told("anb.said(stepper.run)", anb=anb, stepper=stepper)[4].startswith("    stepper.submit({call.id: ")


def test_a_stepper_says_how_its_run_goes_on(names: Any) -> None:
    client, thread, assistant = names["client"], names["thread"], names["assistant"]
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    stepper = anb.RunStepper(client, thread.id, assistant.id)
    stepper.step()
    assert told("stepper.go(7)", stepper=stepper, **names)[4] == "    stepper.to_end()"
    stepper.to_end()
    assert told("stepper.go(99)", stepper=stepper, **names)[4] == "    stepper.submit()"
    for status, way_on in (("completed", "submit"), ("expired", "pass_time"), ("cancelled", "stop")):
        assert told(f"stepper.reach('{status}')", stepper=stepper, **names)[3] == f"    stepper.{way_on}()"
    assert told("stepper.reach('model_asked')", stepper=stepper, **names)[3] == "    stepper.reach('model.asked')"
    slip = told("stepper.submit({'call_1': '4'})", stepper=stepper, **names)[4].strip()
    exec(slip, {"stepper": stepper})
    assert stepper.frame and stepper.frame.title == "The client has submitted outputs"


def test_outputs_cannot_be_submitted_twice(names: Any) -> None:
    client, thread, assistant = names["client"], names["thread"], names["assistant"]
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    again = "client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=[])"
    assert "Did a cell run twice?" in told(again, run=run, **names)[2]
    assert told("client.beta.threads.runs.cancel(run.id, thread_id=thread.id)", run=run, **names)[2] == (
        "This run has ended. It can be neither answered nor cancelled any more."
    )


def test_a_run_that_asks_for_no_outputs_says_why(names: Any) -> None:
    client, thread, assistant = names["client"], names["thread"], names["assistant"]
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    code = "run.required_action.submit_tool_outputs.tool_calls"
    assert told(code, run=run)[2].startswith("The run is `completed`: the model called no function.")
    run.status = "queued"
    assert told(code, run=run)[2] == "The run was `queued` when you looked. Wait until it asks for outputs."


def test_an_object_of_another_thread_is_asked_for_on_its_own(names: Any) -> None:
    client, thread, assistant = names["client"], names["thread"], names["assistant"]
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    other, message = client.beta.threads.create(), client.beta.threads.messages.list(thread.id).data[0]
    names |= {"run": run, "other": other, "message": message}
    for kind in ("runs", "messages"):
        lines = told(f"client.beta.threads.{kind}.retrieve({kind[:-1]}.id, thread_id=other.id)", **names)
        assert lines[2] == f"This {kind[:-1]} is on another thread."
        exec(lines[4].strip(), names)
    assert told("client.beta.threads.runs.retrieve('run_1', thread_id=thread.id)", **names)[2].startswith(
        "Nothing here"
    )


def test_system_words_go_into_the_instructions(names: Any) -> None:
    lines = told("client.beta.threads.create(messages=[{'role': 'system', 'content': 'Sing.'}])", **names)
    assert lines[3:5] == ["Write it like this:", '    client.beta.assistants.update(assistant.id, instructions="…")']


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("client.files.content(file.id)", "You can download what code made, not what you uploaded."),
        ("client.vector_stores.create(file_ids=[table.id])", "File search cannot read files of the kind .csv."),
        ("client.beta.threads.create(messages='Hi')", "`messages` takes a list of messages."),
        ("anb.function_tool(untyped)", "`a` has no type."),
    ],
)
def test_what_cannot_be_put_right_by_one_line_is_explained(names: Any, code: str, advice: str) -> None:
    def untyped(a, b: int):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return a

    for name, file in (("file", "a.txt"), ("table", "a.csv")):
        names[name] = names["client"].files.create(file=(file, b"Hi."), purpose="assistants")
    assert told(code, anb=anb, untyped=untyped, **names)[2].startswith(advice)


@pytest.mark.parametrize(
    ("given", "better"),
    [
        ('"scores.csv"', '("scores.csv", "…".encode())'),
        ("text", '("notes.txt", text.encode())'),
    ],
)
def test_a_text_is_made_a_file(names: Any, given: str, better: str) -> None:
    lines = told(f"client.files.create(file={given}, purpose='assistants')", text="a,b", **names)
    assert lines[4] == f"    client.files.create(file={better}, purpose='assistants')"
    exec(lines[4].strip(), {**names, "text": "a,b"})


def test_a_cut_off_answer_goes_on() -> None:
    client = anb.connect(model=anb.Scripted("One two three four five six.", "Seven."))
    assistant = client.beta.assistants.create(model="gpt-4")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Count."}])
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, max_completion_tokens=3
    )
    names: dict[str, Any] = {"anb": anb, "client": client, "run": run, "assistant": assistant}
    for line in told("anb.said(run)", **names)[4:6]:
        exec(line.strip(), names)
    texts = [anb.said(one) for one in client.beta.threads.runs.list(thread.id).data[:1]]
    assert texts == ["Seven."]


def test_the_cell_that_ran_is_shown_before_a_function_of_another_cell(names: Any) -> None:
    earlier, code = "an earlier cell of the test", "def look(id):\n    client.beta.threads.retrieve(id)\n"
    linecache.cache[earlier] = (len(code), None, code.splitlines(keepends=True), earlier)
    exec(compile(code, earlier, "exec"), names)
    assert told("look('thread_1')", cells={earlier: "Cell In[3]"}, **names)[:2] == [
        "Cell In[7], line 1: look('thread_1')",
        "Cell In[3], line 2: client.beta.threads.retrieve(id)",
    ]


def test_a_refusal_of_this_package_is_short(names: Any) -> None:
    assert told("anb.hint('01.9')", anb=anb)[1:] == [
        "ValueError: There is no exercise '01.9'. There are: 01.1, 01.2, 01.3, 01.4, 01.5.",
        "%tb shows the whole traceback.",
    ]


def test_an_answer_of_the_api_that_nothing_more_is_known_of_has_no_filler(names: Any) -> None:
    assert told("client.get('/nowhere', cast_to=object)", **names)[2:] == ["%tb shows the whole traceback."]


def test_an_answer_of_the_api_that_is_no_mistake_of_the_table_has_advice_too(names: Any) -> None:
    assert told("client.beta.assistants.create(model='m', temperature=5)", **names)[2:] == [
        "Look at `temperature` in your line.",
        'Lesson 02, "When things go wrong". %tb shows the whole traceback.',
    ]


def test_keys_are_hidden(names: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "hush-hush")
    lines = "\n".join(
        told("client.with_options(api_key='any').beta.threads.retrieve('thread_hush-hush_sk-abcdefgh')", **names)
    )
    assert "hush" not in lines and "sk-" not in lines and "'any'" not in lines


def test_each_lesson_that_is_named_has_that_heading() -> None:
    texts = {
        path.name[:2]: "\n".join(cell.source for cell in course.read(path).cells if cell.cell_type == "markdown")
        for path in course.lessons()
    }
    for number, heading in {row.lesson for row in MISTAKES if row.lesson}:
        assert re.search(rf"^#+ {re.escape(heading)}$", texts[number], re.MULTILINE), (number, heading)


def test_nothing_of_the_learners_is_called_to_look_at_it() -> None:
    class Loud:
        @property
        def data(self) -> list[int]:
            raise AssertionError("called")

    assert place.value_of("it.data[0]", {"it": Loud()}) is None
    assert place.value_of("it()", {"it": list}) is None


def test_facts_are_plain_values(names: Any) -> None:
    error = NameError("name 'thread' is not defined")
    assert facts.of(error, None).sentence == "name 'thread' is not defined."


def test_without_ipython_nothing_of_it_is_imported() -> None:
    code = "import sys, assistant_nb; print([name for name in sys.modules if 'IPython' in name or 'assistant_nb.' in name])"
    assert json.loads(subprocess.check_output([sys.executable, "-c", code], text=True)) == []
