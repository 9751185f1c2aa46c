"""`as_responses`: the program of a run makes the answer of the run by the Responses API."""

import json
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from openai import OpenAI

import assistant_nb as anb
from assistant_nb.answers import NotAnswered
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.tools.code_interpreter import CodeInterpreter
from assistant_nb.sdk import Refused
from tests.conftest import Connect
from tests.moving.threads import AS_FOUND, Played, Remembering, Turn, code_answer, read, threads
from tests.moving.valid import request_faults


def execute(source: str, client: OpenAI) -> tuple[Any, list[Any]]:
    """Execute a program with this client. Returns its last response, and the bodies that it has sent."""
    sent: list[Any] = []
    hooks: Any = client._client.event_hooks
    client._client.event_hooks = {**hooks, "request": [lambda request: sent.append(json.loads(request.content))]}
    with patch("openai.OpenAI", lambda: client):
        try:
            exec(source, known := dict[str, Any]())
        finally:
            client._client.event_hooks = hooks
    return known["response"], sent


def said(client: OpenAI, response: Any) -> list[tuple[str, list[tuple[str, int]]]]:
    """What a response and those before it have said: texts, and in each the kind and the place of its citations."""
    before = response.previous_response_id
    found = said(client, client.responses.retrieve(before)) if before else []
    for item in response.output:
        for part in item.content if item.type == "message" else ():
            notes = [note.to_dict() for note in part.annotations]
            places = [
                (note["type"].removeprefix("container_"), note.get("index", note.get("start_index"))) for note in notes
            ]
            found.append((part.text, places))
    return found


def said_by(client: OpenAI, run: Any) -> list[tuple[str, list[tuple[str, int]]]]:
    """The same of a run."""
    messages = client.beta.threads.messages.list(run.thread_id, run_id=run.id, order="asc")
    readings = [read(message.to_dict()) for message in messages]
    names = {"file_path": "file_citation", "file_citation": "file_citation"}
    return [(text, [(names[kind], at) for kind, _, at in cited]) for text, cited in readings]


@pytest.fixture(scope="module", autouse=True)
def no_kernels() -> Any:
    with patch.object(CodeInterpreter, "use", code_answer):
        yield


@pytest.mark.timeout(600)  # at night
@AS_FOUND
@given(turns=threads)
def test_the_program_of_a_run_makes_an_equal_answer_by_requests_that_are_valid(turns: list[Turn]) -> None:
    model = Remembering()
    client = anb.connect(model=model)
    played = Played(client, model)
    for turn in turns:
        run = played.play(turn)
        response, sent = execute(anb.as_responses(run, client), client)
        assert said(client, response) == said_by(client, run)
        assert [fault for body in sent for fault in request_faults(body)] == []


SHORT = """\
from openai import OpenAI

client = OpenAI()

response = client.responses.create(model="gpt-4o", input="2 + 2?")
print(response.output_text)
"""

WITH_A_FUNCTION = """\
from openai import OpenAI

client = OpenAI()

instructions = "Be brief."
tools = [
    {
        "type": "function",
        "name": "add",
        "parameters": {"type": "object", "properties": {}},
        "strict": False,
    },
]
outputs = ["4"]

response = client.responses.create(
    model="gpt-4o",
    instructions=instructions,
    tools=tools,
    input="2 + 2?",
    tool_choice="required",
)
while calls := [item for item in response.output if item.type == "function_call"]:
    given = [
        {"type": "function_call_output", "call_id": call.call_id, "output": outputs.pop(0)}
        for call in calls
    ]
    response = client.responses.create(
        model="gpt-4o",
        instructions=instructions,
        tools=tools,
        previous_response_id=response.id,
        input=given,
    )
print(response.output_text)
"""
TOOLS: Any = [{"type": "function", "function": {"name": "add"}}]


def ask(client: OpenAI, assistant: dict[str, Any], **body: Any) -> Any:
    """A run of a new assistant that was asked "2 + 2?"."""
    made = client.beta.assistants.create(model="gpt-4o", **assistant)
    thread: Any = {"messages": [{"role": "user", "content": "2 + 2?"}]}
    return client.beta.threads.create_and_run_poll(assistant_id=made.id, thread=thread, **body)


def test_one_question_is_one_call(connect: Connect) -> None:
    client = connect("Four.")
    assert anb.as_responses(ask(client, {}), client) == SHORT


def test_a_function_is_a_loop_over_the_outputs_that_it_had(connect: Connect) -> None:
    client = connect(ToolCall("add", '{"a": 2, "b": 2}'), "Four.")
    run = ask(client, {"instructions": "Be brief.", "tools": TOOLS}, tool_choice="required")
    outputs: Any = [
        {"tool_call_id": call.id, "output": "4"} for call in run.required_action.submit_tool_outputs.tool_calls
    ]
    client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs)
    assert anb.as_responses(run, client) == WITH_A_FUNCTION


def test_what_a_request_cannot_say_is_named_in_a_comment(connect: Connect) -> None:
    client = connect("Four.")
    run = ask(client, {"tools": [{"type": "file_search"}]}, max_prompt_tokens=999, max_completion_tokens=9)
    left_out = [line for line in anb.as_responses(run, client).splitlines() if line.startswith("#")]
    assert left_out == [
        "# Left out: max_prompt_tokens=999. Responses have no such limit.",
        "# Left out: max_completion_tokens=9. A response needs at least 16 tokens.",
        '# Left out: file_search. It needs a store: {"type": "file_search", "vector_store_ids": […]}',
    ]


def test_a_run_that_has_asked_nothing_has_no_program(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    assistant = client.beta.assistants.create(model="gpt-4o")
    body = {"assistant_id": assistant.id, "breakpoints": []}
    client.post(f"/lab/threads/{thread.id}/runs", cast_to=object, body=body)
    (run,) = client.beta.threads.runs.list(thread.id)
    with pytest.raises(Refused, match="has asked its model nothing yet"):
        anb.as_responses(run, client)


def test_a_run_of_no_engine_has_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant_nb.client._connected", {})  # another engine may have a run with the same id
    client = anb.connect(model=anb.Scripted("Four."))
    run = ask(client, {})
    client.beta.threads.delete(run.thread_id)
    with pytest.raises(NotAnswered, match="No engine of this kernel has"):
        anb.as_responses(run)


def test_the_engine_is_found_that_has_the_run() -> None:
    client = anb.connect(model=anb.Scripted("Four."))
    assert anb.as_responses(ask(client, {})) == SHORT


def test_what_is_no_run_is_refused_with_the_right_call(connect: Connect) -> None:
    thread: Any = connect().beta.threads.create()
    with pytest.raises(TypeError, match=r"takes a run, not Thread.*anb\.as_responses\(run\)"):
        anb.as_responses(thread)
