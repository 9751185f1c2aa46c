"""Streams of responses: which events, in which order, under which numbers, whoever reads them and when."""

import json
import threading
from itertools import groupby
from typing import Any

import openai
import pytest
from openai import OpenAI
from werkzeug.test import Client

from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.fallback import Fallback
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.model.scripted import Refusal, Scripted
from tests.conftest import Connect, MakeApp
from tests.until import until

ADD: Any = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}
MESSAGE = "output_item.added content_part.added output_text.delta output_text.done content_part.done output_item.done"
FUNCTION = "output_item.added function_call_arguments.delta function_call_arguments.done output_item.done"
CODE = (
    "output_item.added code_interpreter_call.in_progress code_interpreter_call_code.delta code_interpreter_call_code.done"
    " code_interpreter_call.interpreting code_interpreter_call.completed output_item.done"
)
SEARCH = (
    "output_item.added file_search_call.in_progress file_search_call.searching file_search_call.completed"
    " output_item.done"
)


def stream(client: OpenAI, question: str = "2 + 2?", **body: Any) -> list[dict[str, Any]]:
    return [event.to_dict() for event in client.responses.create(model="gpt-4o", input=question, stream=True, **body)]


def again(client: OpenAI, events: list[dict[str, Any]], **query: Any) -> list[dict[str, Any]]:
    """The same stream, read once more."""
    id = events[0]["response"]["id"]
    return [event.to_dict() for event in client.responses.retrieve(id, stream=True, **query)]


def order(events: list[dict[str, Any]]) -> str:
    """The events without what all streams have, each as often as its kind changes."""
    names = [name for name, _ in groupby(event["type"].removeprefix("response.") for event in events)]
    assert names[:2] == ["created", "in_progress"]
    return " ".join(names[2:])


def searching(client: OpenAI, name: str = "notes.txt", text: bytes = b"Travis likes pizza.") -> Any:
    """A tool that finds what Travis likes."""
    file = client.files.create(file=(name, text), purpose="assistants")
    return {"type": "file_search", "vector_store_ids": [client.vector_stores.create(file_ids=[file.id]).id]}


def test_a_text_has_the_recorded_events(connect: Connect) -> None:
    events = stream(connect("It is four."))
    assert order(events) == f"{MESSAGE} completed"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert "".join(event.get("delta", "") for event in events) == "It is four."
    assert all((len(event["delta"]) + len(event["obfuscation"])) % 16 == 0 for event in events if "delta" in event)


def test_keys_stand_in_the_newest_order_and_no_mark_ends_the_stream(make_app: MakeApp) -> None:
    body = {"model": "gpt-4o", "input": "x", "stream": True}
    frames = Client(make_app("Four.")).post("/v1/responses", json=body).text.split("\n\n")
    names, data = zip(*(frame.split("\n") for frame in frames[:-1]), strict=True)
    events = [json.loads(line.removeprefix("data: ")) for line in data]
    assert list(names) == [f"event: {event['type']}" for event in events] and names[-1] == "event: response.completed"
    assert list(events[4]) == [
        "type", "content_index", "delta", "item_id", "logprobs", "obfuscation", "output_index", "sequence_number",
    ]  # fmt: skip


def test_functions_are_told_one_after_the_other(connect: Connect) -> None:
    events = stream(connect([ToolCall("add", '{"a": 1}'), ToolCall("add", '{"a": 2}')]), tools=[ADD])
    assert order(events) == f"{FUNCTION} {FUNCTION} completed"
    assert [item["arguments"] for item in events[-1]["response"]["output"]] == ['{"a": 1}', '{"a": 2}']


def test_a_search_is_told_and_its_citation_where_the_mark_was(connect: Connect) -> None:
    client = connect(ToolCall("file_search", "pizza"), "He likes pizza【4:0†notes.txt】, they say.")
    events = stream(client, tools=[searching(client)])
    said = MESSAGE.replace("output_text.delta", "output_text.delta output_text.annotation.added output_text.delta")
    assert order(events) == f"{SEARCH} {said} completed"
    (cited,) = [event["annotation"] for event in events if "annotation" in event]
    assert cited["filename"] == "notes.txt" and cited["index"] == len("He likes pizza")
    assert "".join(event.get("delta", "") for event in events) == "He likes pizza, they say."
    search, message = events[-1]["response"]["output"]
    assert search["queries"] == ["pizza"] and search["results"] is None
    assert message["content"][0]["annotations"] == [cited]


def test_marks_of_earlier_searches_still_cite_and_those_of_later_ones_are_others(connect: Connect) -> None:
    search = ToolCall("file_search", "pizza")
    client = connect(
        [search, ToolCall("add", "{}")], "Pizza【4:0†notes.txt】.", search, "A【4:0†notes.txt】 b【5:0†other.txt】"
    )
    first_tool, other = searching(client), searching(client, "other.txt", b"Others like pizza, too.")
    first = client.responses.create(model="m", input="1?", tools=[first_tool, ADD])
    output: Any = {"type": "function_call_output", "call_id": first.output[1].to_dict()["call_id"], "output": "3"}
    second = client.responses.create(model="m", input=[output], tools=[ADD], previous_response_id=first.id)
    third = client.responses.create(model="m", input="2?", tools=[other], previous_response_id=second.id)
    cited = [item.to_dict()["content"][0]["annotations"] for item in (second.output[0], third.output[1])]  # type: ignore[index]
    assert [[one["filename"] for one in notes] for notes in cited] == [["notes.txt"], ["notes.txt", "other.txt"]]


def test_results_are_shown_to_those_who_ask(connect: Connect) -> None:
    client = connect(ToolCall("file_search", "pizza"), "Pizza.")
    tool = searching(client)
    response: Any = client.responses.create(
        model="gpt-4o", input="x", tools=[tool], include=["file_search_call.results"]
    ).to_dict()
    (found,) = response["output"][0]["results"]
    assert found["text"] == "Travis likes pizza." and found["vector_store_id"] == tool["vector_store_ids"][0]
    (search, _) = client.responses.retrieve(response["id"]).output
    assert search.to_dict()["results"] is None


def test_code_is_told_and_its_picture_is_a_file_of_the_container(connect: Connect, code_runs: None) -> None:
    code = "import matplotlib.pyplot as plt\nprint(2 + 2)\nplt.plot([1, 2])\nplt.show()\nopen('a.txt', 'w').write('x')"
    client = connect(ToolCall("code_interpreter", code), "See [it](sandbox:/mnt/data/a.txt).")
    tool: Any = {"type": "code_interpreter", "container": {"type": "auto"}}
    events = stream(client, tools=[tool], include=["code_interpreter_call.outputs"])
    said = MESSAGE.replace("output_text.delta", "output_text.delta output_text.annotation.added")
    assert order(events) == f"{CODE} {said} completed"
    ran, message = events[-1]["response"]["output"]
    assert {output["type"] for output in ran["outputs"]} == {"logs", "image"}
    assert all(output["url"].startswith("data:image/png;base64,") for output in ran["outputs"] if "url" in output)
    picture, file = message["content"][0]["annotations"]
    assert message["content"][0]["text"][file["start_index"] : file["end_index"]] == "sandbox:/mnt/data/a.txt"
    assert (picture["start_index"], picture["end_index"]) == (0, 0)
    listed = {one.id for one in client.containers.files.list(ran["container_id"])}
    assert {file["file_id"], picture["file_id"]} <= listed
    assert client.containers.files.content.retrieve(file["file_id"], container_id=ran["container_id"]).read() == b"x"
    assert client.containers.files.retrieve(file["file_id"], container_id=ran["container_id"]).path == "/mnt/data/a.txt"


def test_a_limit_and_a_failure_are_told_with_what_was_said(connect: Connect) -> None:
    assert order(stream(connect("word " * 20), max_output_tokens=16)) == f"{MESSAGE} incomplete"
    client = connect(["One", " two", " three"])
    client.post("/lab/faults", cast_to=object, body={"kind": "cut_off", "after_deltas": 2})
    events = stream(client)
    assert order(events) == "output_item.added content_part.added output_text.delta failed"
    failed = events[-1]["response"]
    assert failed["error"]["code"] == "server_error" and failed["output"][0]["status"] == "incomplete"
    assert failed["output"][0]["content"][0]["text"] == "One two"


def test_a_refusal_is_told_apart_and_read_as_a_text(connect: Connect, make_app: MakeApp) -> None:
    app = make_app([Refusal("I can't"), Refusal(" do that.")], "Why?")
    client = connect(app=app)
    events = stream(client, background=True)
    assert order(events[:1] + events[2:]) == MESSAGE.replace("output_text", "refusal") + " completed"
    refused = {"type": "refusal", "refusal": "I can't do that."}
    response = events[-1]["response"]
    assert response["output"][0]["content"] == [refused] and again(client, events) == events
    client.responses.create(model="m", input="x", previous_response_id=response["id"])
    assert isinstance(app.model, Scripted) and app.model.prompts[-1].messages[1].content == "I can't do that."


def test_an_answer_that_another_one_replaces_is_not_told(connect: Connect, make_app: MakeApp) -> None:
    def breaks(prompt: Prompt) -> Any:
        yield "Half an"
        raise ModelError("the wire is cut")

    model = Fallback(Scripted(breaks), Scripted("A whole answer."), stall_s=None)
    events = stream(connect(app=make_app(model=model)))
    assert order(events) == f"{MESSAGE} completed"
    assert "".join(event.get("delta", "") for event in events) == "A whole answer."


def test_a_stream_of_the_background_is_read_again_with_the_same_numbers(connect: Connect) -> None:
    client = connect(["Let me see.", ToolCall("file_search", "pizza")], "He likes pizza【4:0†notes.txt】.")
    events = stream(client, tools=[searching(client)], background=True)
    assert [event["type"] for event in events[:3]] == ["response.created", "response.queued", "response.in_progress"]
    assert again(client, events) == events
    assert again(client, events, starting_after=4) == events[5:]


def test_obfuscation_can_be_left_out(connect: Connect) -> None:
    client = connect("It is four.")
    events = stream(client, background=True, stream_options={"include_obfuscation": False})
    assert not any("obfuscation" in event for event in [*events, *again(client, events, include_obfuscation=False)])


def test_only_a_stream_of_the_background_can_be_read_again(connect: Connect) -> None:
    client = connect("Four.")
    events = stream(client)
    with pytest.raises(openai.BadRequestError, match="was not created in the background"):
        again(client, events)


def test_readers_of_a_moving_response_each_get_all_of_it(connect: Connect, make_app: MakeApp) -> None:
    go_on = threading.Event()

    def slowly(prompt: Prompt) -> Any:
        yield "One two"
        go_on.wait(60)
        yield " three four."

    client = connect(app=make_app(slowly))
    first = client.responses.create(model="gpt-4o", input="x", background=True, stream=True)
    head = [next(iter(first)).to_dict()]
    told: list[list[dict[str, Any]]] = [[], []]
    readers = [threading.Thread(target=lambda n=n: told[n].extend(again(client, head))) for n in (0, 1)]
    for reader in readers:
        reader.start()
    go_on.set()
    rest: list[Any] = [event.to_dict() for event in first]
    for reader in readers:
        reader.join(60)
    assert told[0] == told[1] == head + rest
    assert rest[-1]["response"]["output"][0]["content"][0]["text"] == "One two three four."


def test_a_reader_who_leaves_does_not_stop_it(connect: Connect) -> None:
    client = connect("One two three four.")
    with client.responses.create(model="gpt-4o", input="x", background=True, stream=True) as events:
        id = next(iter(events)).response.id  # type: ignore[union-attr]
    until(lambda: client.responses.retrieve(id).status == "completed", lambda: "it does not end")
    assert client.responses.retrieve(id).output_text == "One two three four."


def test_a_person_in_the_models_seat_is_waited_for(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=make_app(model=Human()))
    events = iter(client.responses.create(model="gpt-4o", input="x", stream=True, background=True))
    assert next(events).type == "response.created"
    (seat,) = until(lambda: client.get("/lab/seats", cast_to=dict[str, Any])["data"], lambda: "nobody waits")
    client.post(f"/lab/seats/{seat['run_id']}", cast_to=object, body={"text": "Four."})
    assert list(events)[-1].response.output_text == "Four."  # type: ignore[union-attr]


def test_a_deleted_response_ends_its_stream_with_an_error(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=make_app(model=Human()))
    events = iter(client.responses.create(model="gpt-4o", input="x", stream=True))
    id = next(events).response.id  # type: ignore[union-attr]
    client.responses.delete(id)
    with pytest.raises(openai.APIError, match=f"Response with id '{id}' not found."):
        list(events)


def test_in_the_background_it_is_polled_and_cancelled(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=make_app(model=Human()))
    response = client.responses.create(model="gpt-4o", input="x", background=True)
    assert response.status == "queued"
    until(lambda: client.responses.retrieve(response.id).status == "in_progress", lambda: "it does not begin")
    until(lambda: client.responses.cancel(response.id).status == "cancelled", lambda: "it goes on")
    assert client.responses.cancel(response.id).output == []


def test_after_ten_minutes_it_has_failed(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=make_app(model=Human()))
    response = client.responses.create(model="gpt-4o", input="x", background=True)
    client.post("/lab/clock", cast_to=object, body={"advance_s": 600})
    failed = client.responses.retrieve(response.id)
    assert failed.status == "failed" and failed.error and failed.error.message.startswith("The response expired")
    assert [event.type for event in client.responses.retrieve(response.id, stream=True)][-1] == "response.failed"


def test_what_is_not_in_the_background_is_not_cancelled(connect: Connect) -> None:
    client = connect("Four.")
    response = client.responses.create(model="gpt-4o", input="x")
    with pytest.raises(openai.BadRequestError, match=r"Cannot cancel a synchronous response\."):
        client.responses.cancel(response.id)


def test_with_polls_by_step_a_look_makes_one_transition(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=make_app("Four.", polls="step"))
    response = client.responses.create(model="gpt-4o", input="x", background=True)
    seen = [response.status, *(client.responses.retrieve(response.id).status for _ in range(4))]
    assert seen == ["queued", "in_progress", "in_progress", "in_progress", "completed"]


def test_the_sdk_gathers_a_stream(connect: Connect) -> None:
    client = connect(["I add.", ToolCall("add", '{"a": 1}')])
    with client.responses.stream(model="gpt-4o", input="x", tools=[ADD]) as events:
        response = events.get_final_response()
    assert response.output_text == "I add." and response.output[1].to_dict()["arguments"] == '{"a": 1}'
