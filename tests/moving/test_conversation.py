"""`to_conversation`: a moved thread reads the same as a conversation."""

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from openai import OpenAI

import assistant_nb as anb
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.tools.code_interpreter import CodeInterpreter
from assistant_nb.sdk import Refused
from tests.conftest import Connect
from tests.moving.threads import AS_FOUND, Played, Remembering, Turn, code_answer, read, threads
from tests.moving.valid import item_faults

INCLUDE: Any = ["file_search_call.results", "code_interpreter_call.outputs", "message.input_image.image_url"]
HITS: Any = ["step_details.tool_calls[*].file_search.results[*].content"]


@pytest.fixture
def no_kernels() -> Iterator[None]:
    with patch.object(CodeInterpreter, "use", code_answer):
        yield


def read_thread(client: OpenAI, thread_id: str) -> Iterator[Any]:
    """What a reader sees of a thread, in order: messages with their citations, calls with their outputs."""
    threads = client.beta.threads
    steps: dict[str, list[Any]] = {
        run.id: [
            step.to_dict() for step in threads.runs.steps.list(run.id, thread_id=thread_id, order="asc", include=HITS)
        ]
        for run in threads.runs.list(thread_id)
    }
    messages: list[Any] = [message.to_dict() for message in threads.messages.list(thread_id, order="asc")]
    by_id = {message["id"]: message for message in messages}
    for message in messages:
        if message["role"] == "user":
            yield "user", *read(message), [part[part["type"]] for part in message["content"] if part["type"] != "text"]
            continue
        for step in steps.pop(message["run_id"], []):
            if step["type"] == "message_creation":
                yield "assistant", *read(by_id[step["step_details"]["message_creation"]["message_id"]])
            else:
                yield from _calls_of_step(step["step_details"]["tool_calls"])


def _calls_of_step(calls: list[Any]) -> Iterator[Any]:
    for call in calls:
        inner = call[call["type"]]
        match call["type"]:
            case "function":
                yield "call", inner["name"], inner["arguments"]
            case "file_search":
                yield "search", [(hit["file_id"], hit["content"][0]["text"], hit["score"]) for hit in inner["results"]]
            case "code_interpreter":
                yield "code", inner["input"], [output["logs"] for output in inner["outputs"]]
    yield from (("output", call["function"]["output"]) for call in calls if call["type"] == "function")


def read_conversation(client: OpenAI, conversation_id: str) -> Iterator[Any]:
    """The same of a conversation."""
    for item in client.conversations.items.list(conversation_id, order="asc", limit=100, include=INCLUDE):
        one: Any = item.to_dict()
        match one["type"]:
            case "message" if one["role"] == "user":
                texts = "".join(part["text"] for part in one["content"] if part["type"] == "input_text")
                yield "user", texts, [], [_picture(part) for part in one["content"] if part["type"] == "input_image"]
            case "message":
                (part,) = one["content"]
                yield (
                    "assistant",
                    part["text"],
                    [(note["type"], note["file_id"], note["index"]) for note in part["annotations"]],
                )
            case "function_call":
                yield "call", one["name"], one["arguments"]
            case "function_call_output":
                yield "output", one["output"]
            case "file_search_call":
                yield "search", [(hit["file_id"], hit["text"], hit["score"]) for hit in one["results"]]
            case "code_interpreter_call":
                yield "code", one["code"], [output["logs"] for output in one["outputs"]]


def _picture(part: Any) -> Any:
    if part.get("file_id"):
        return {"file_id": part["file_id"], "detail": part["detail"]}
    return {"url": part["image_url"], "detail": part["detail"]}


def moved(client: OpenAI, thread_id: str) -> Any:
    """The conversation, whose items are valid when they are sent."""
    sent: list[Any] = []
    client._client.event_hooks = {"request": [lambda request: sent.append(request.content)], "response": []}
    conversation = anb.to_conversation(client, thread_id)
    client._client.event_hooks = {"request": [], "response": []}
    bodies = [json.loads(body) for body in sent if body]
    assert [fault for body in bodies for fault in item_faults(body["items"])] == []
    assert all(len(body["items"]) <= 20 for body in bodies)
    return conversation


@pytest.mark.timeout(600)  # at night
@AS_FOUND
@given(turns=threads)
def test_a_moved_thread_reads_the_same(turns: list[Turn]) -> None:
    model = Remembering()
    client = anb.connect(model=model)
    played = Played(client, model)
    with patch.object(CodeInterpreter, "use", code_answer):
        for turn in turns:
            played.play(turn)
    conversation = moved(client, played.thread.id)
    assert conversation.metadata == {"of": "a test"}
    assert [*read_conversation(client, conversation.id)] == [*read_thread(client, played.thread.id)]


def ask(client: OpenAI, **message: Any) -> Any:
    """A thread with a question, and the run that answers it."""
    function = {"type": "function", "function": {"name": "add"}}
    tools: Any = [function, {"type": "code_interpreter"}, {"type": "file_search"}]
    assistant = client.beta.assistants.create(model="gpt-4o", tools=tools)
    thread: Any = {"messages": [{"role": "user", "content": "2 + 2?", **message}]}
    return client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)


def test_a_conversation_goes_on_where_the_thread_was(connect: Connect) -> None:
    client = connect("Four.", lambda prompt: [f"{len(prompt.messages)} messages"])
    conversation = anb.to_conversation(client, ask(client).thread_id)
    response = client.responses.create(model="gpt-4o", conversation=conversation.id, input="And 3 + 3?")
    assert response.output_text == "3 messages"


def test_what_a_conversation_does_not_hold_is_printed(connect: Connect, capsys: pytest.CaptureFixture[str]) -> None:
    client = connect([ToolCall("add", "{}"), ToolCall("file_search", "sums")])
    file = client.files.create(file=("sums.txt", b"2 + 2 is 4."), purpose="assistants")
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    run = ask(client, attachments=[{"file_id": file.id, "tools": tools}], metadata={"of": "maths"})
    resources: Any = client.beta.threads.retrieve(run.thread_id).tool_resources
    conversation = anb.to_conversation(client, run.thread_id)
    assert capsys.readouterr().out.splitlines() == [
        f"{conversation.id} has 2 items.",
        "It does not hold:",
        "- Assistants, runs and run steps. anb.as_responses(run) writes a run as a program.",
        f'- The files to search. Name their store in the tool: "vector_store_ids": {resources.file_search.vector_store_ids}',
        f'- The files for code. Name them in the tool: "container": {{"type": "auto", "file_ids": [\'{file.id}\']}}',
        "- The metadata of 1 message: an item has none.",
        "- 1 call without an output: add.",
        "- The query of 1 call of file_search: assistants do not show it.",
    ]


def test_a_thread_without_runs_is_held_whole(connect: Connect, capsys: pytest.CaptureFixture[str]) -> None:
    client = connect()
    messages: Any = [{"role": role, "content": f"Message {n}"} for n in range(21) for role in ("user", "assistant")]
    thread = client.beta.threads.create(messages=messages)
    conversation = anb.to_conversation(client, thread)
    assert capsys.readouterr().out == f"{conversation.id} has 42 items.\n"
    first, *_, last = read_conversation(client, conversation.id)
    assert (first, last) == (("user", "Message 0", [], []), ("assistant", "Message 20", []))


def test_a_run_under_way_is_waited_for(connect: Connect) -> None:
    client = connect("Four.")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    assistant = client.beta.assistants.create(model="gpt-4o")
    body = {"assistant_id": assistant.id, "breakpoints": []}
    client.post(f"/lab/threads/{thread.id}/runs", cast_to=object, body=body)
    with pytest.raises(Refused, match=r"is queued\. Wait for its end"):
        anb.to_conversation(client, thread.id)


def test_what_is_no_thread_is_refused_with_the_right_call(connect: Connect) -> None:
    client = connect("Four.")
    with pytest.raises(TypeError, match=r"is the id of a run.*anb\.to_conversation\(client, thread\.id\)"):
        anb.to_conversation(client, ask(client).id)


DRAW = (
    "import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.show()\nopen('/mnt/data/squares.csv', 'w').write('2,4')"
)


@pytest.mark.usefixtures("code_runs")
def test_what_code_has_drawn_and_written_is_held(connect: Connect, capsys: pytest.CaptureFixture[str]) -> None:
    client = connect(ToolCall("code_interpreter", DRAW), "Here: [squares](sandbox:/mnt/data/squares.csv)")
    run = ask(client)
    conversation = anb.to_conversation(client, run.thread_id)
    items: Any = [
        one.to_dict() for one in client.conversations.items.list(conversation.id, order="asc", include=INCLUDE)
    ]
    _, call, message = items
    assert call["outputs"][0]["url"].startswith("data:image/png;base64,iVBOR")
    picture, table = message["content"][0]["annotations"]
    assert client.files.content(picture["file_id"]).content.startswith(b"\x89PNG")
    assert client.files.content(table["file_id"]).content == b"2,4"
    client.files.delete(picture["file_id"])
    anb.to_conversation(client, run.thread_id)
    assert f"- 1 picture that cannot be read any more: {picture['file_id']}." in capsys.readouterr().out
