"""File search in a run: the model asks, the engine looks it up, the answer cites what was found."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.model.scripted import Scripted
from tests.conftest import Connect, MakeApp

SEARCH = ToolCall("file_search", "favorite food")
FOOD = b"The favorite food of Filip is cake."
CONTENT: Any = ["step_details.tool_calls[*].file_search.results[*].content"]


def upload(client: OpenAI, name: str = "food.txt", data: bytes = FOOD) -> str:
    return client.files.create(file=(name, data), purpose="assistants").id


def searching(client: OpenAI, **body: Any) -> str:
    """An assistant that may search a store of one file."""
    resources: Any = {"file_search": {"vector_stores": [{"file_ids": [upload(client)]}]}}
    tool: Any = {"type": "file_search", **body}
    return client.beta.assistants.create(model="gpt-4o", tools=[tool], tool_resources=resources).id


def ask(client: OpenAI, assistant_id: str, **thread: Any) -> Run:
    whole: Any = {"messages": [{"role": "user", "content": "What does Filip like?"}], **thread}
    return client.beta.threads.create_and_run_poll(assistant_id=assistant_id, thread=whole)


def results(client: OpenAI, run: Run, **query: Any) -> list[Any]:
    *_, step = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, **query).data
    (call,) = step.to_dict()["step_details"]["tool_calls"]  # type: ignore[index]
    return list(call["file_search"]["results"])


def answer(client: OpenAI, run: Run) -> Any:
    message = client.beta.threads.messages.list(run.thread_id).data[0]
    return message.to_dict()["content"][0]["text"]  # type: ignore[index]


def test_the_step_shows_what_was_found_and_its_content_to_those_who_ask(connect: Connect) -> None:
    client = connect(SEARCH, "Cake.")
    run = ask(client, searching(client))
    assert run.status == "completed", run.last_error
    (hit,) = results(client, run)
    assert list(hit) == ["file_id", "file_name", "score", "attributes"]
    assert (hit["file_name"], 0 < hit["score"] <= 1) == ("food.txt", True)
    (whole,) = results(client, run, include=CONTENT)
    assert whole == {**hit, "content": [{"type": "text", "text": FOOD.decode()}]}
    step = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data[1]
    (again,) = client.beta.threads.runs.steps.retrieve(
        step.id, thread_id=run.thread_id, run_id=run.id, include=CONTENT
    ).step_details.tool_calls  # type: ignore[union-attr]
    assert again.to_dict()["file_search"]["results"] == [whole]  # type: ignore[index]


def test_the_model_reads_each_hit_under_its_mark(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(SEARCH, SEARCH, "Cake.")
    client = connect(app=app)
    ask(client, searching(client))
    assert isinstance(app.model, Scripted)
    turns = app.model.prompts[2].messages[1:]
    outputs = [call.output for turn in turns for call in turn.tool_calls]
    assert outputs == [f"【{n}:0†food.txt】\n{FOOD.decode()}" for n in (4, 5)]


def test_marks_become_citations_of_what_was_found_and_others_stay_text(connect: Connect) -> None:
    client = connect(SEARCH, "It is cake【4:0†food.txt】, not pie【4:7†food.txt】 or stew【9:0†x】.")
    run = ask(client, searching(client))
    text = answer(client, run)
    (citation,) = text["annotations"]
    (hit,) = results(client, run)
    assert citation == {
        "type": "file_citation", "text": "【4:0†food.txt】", "start_index": 10, "end_index": 24,
        "file_citation": {"file_id": hit["file_id"]},
    }  # fmt: skip
    assert text["value"][10:24] == "【4:0†food.txt】"


def two_files(client: OpenAI) -> tuple[str, dict[str, str]]:
    """An assistant with two files, and their names by id."""
    ids = {
        upload(client, "rent.txt", b"The rent is late."): "rent.txt",
        upload(client, "pets.txt", b"We have two cats."): "pets.txt",
    }
    resources: Any = {"file_search": {"vector_stores": [{"file_ids": list(ids)}]}}
    tools: Any = [{"type": "file_search"}]
    return client.beta.assistants.create(model="gpt-4o", tools=tools, tool_resources=resources).id, ids


def cited(client: OpenAI, run: Run, names: dict[str, str]) -> dict[str, str]:
    """Of each mark in the latest answer, the name of the file that it cites."""
    return {note["text"]: names[note["file_citation"]["file_id"]] for note in answer(client, run)["annotations"]}


RENT, PETS = ToolCall("file_search", "late rent"), ToolCall("file_search", "two cats")


def test_searches_of_one_turn_have_marks_of_their_own(connect: Connect) -> None:
    client = connect([RENT, PETS], "Late【4:0†rent.txt】, two【5:0†pets.txt】, no【5:0†rent.txt】.")
    assistant_id, names = two_files(client)
    run = ask(client, assistant_id)
    assert cited(client, run, names) == {"【4:0†rent.txt】": "rent.txt", "【5:0†pets.txt】": "pets.txt"}


def test_searches_of_a_later_run_go_on_counting(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(RENT, "Late【4:0†rent.txt】.", PETS, "Two【5:0†pets.txt】; late【4:0†rent.txt】.")
    client = connect(app=app)
    assistant_id, names = two_files(client)
    thread_id = ask(client, assistant_id).thread_id
    client.beta.threads.messages.create(thread_id, role="user", content="And the cats?")
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    assert cited(client, run, names) == {"【5:0†pets.txt】": "pets.txt", "【4:0†rent.txt】": "rent.txt"}


def test_a_message_that_quotes_a_mark_takes_its_number(connect: Connect) -> None:
    client = connect(RENT, "Late【10:0†rent.txt】, not【9:0†rent.txt】.")
    assistant_id, names = two_files(client)
    thread = client.beta.threads.create()
    quote: Any = [{"role": "user", "content": "What is 【9:0†rent.txt】?"}]
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant_id, additional_messages=quote
    )
    assert cited(client, run, names) == {"【10:0†rent.txt】": "rent.txt"}


def test_a_fork_keeps_the_numbers_of_its_origin(connect: Connect) -> None:
    client = connect([RENT, PETS], "Late【4:0†rent.txt】, two【5:0†pets.txt】.", "Two【5:0†pets.txt】.")
    assistant_id, names = two_files(client)
    run = ask(client, assistant_id)
    journal: Any = client.get(f"/lab/runs/{run.id}/journal", cast_to=object)
    at = max(entry["n"] for entry in journal["data"] if entry["event"] == "tool.answered")
    fork: Any = client.post(f"/lab/runs/{run.id}/fork", cast_to=object, body={"at": at})
    client.post(f"/lab/runs/{fork['run']['id']}/advance", cast_to=object, body={"to": "end"})
    again = client.beta.threads.runs.retrieve(fork["run"]["id"], thread_id=fork["run"]["thread_id"])
    assert cited(client, again, names) == {"【5:0†pets.txt】": "pets.txt"}


@pytest.mark.parametrize("size", [1, 3, 100])
def test_in_a_stream_a_mark_is_a_delta_of_its_own(size: int, connect: Connect) -> None:
    said = "It is cake【4:0†food.txt】【4:1†none】, I think 【so."

    def speak(prompt: Prompt) -> Iterator[str]:
        for start in range(0, len(said), size):
            yield said[start : start + size]

    client = connect(SEARCH, speak)
    thread: Any = {"messages": [{"role": "user", "content": "Well?"}]}
    assistant_id = searching(client)
    with client.beta.threads.create_and_run(assistant_id=assistant_id, thread=thread, stream=True) as stream:
        events = [(event.event, event.data.to_dict()) for event in stream]
    deltas: list[Any] = [data["delta"]["content"][0]["text"] for name, data in events if name == "thread.message.delta"]  # type: ignore[index]
    assert "".join(delta["value"] for delta in deltas) == said
    assert deltas[0]["annotations"] == []
    (cited,) = (delta for delta in deltas if delta.get("annotations"))
    (note,) = cited["annotations"]
    assert (note["index"], note["text"], cited["value"]) == (0, "【4:0†food.txt】", "【4:0†food.txt】")
    assert said[note["start_index"] : note["end_index"]] == note["text"]
    assert note["file_citation"]["quote"] == ""
    (delta,) = (data for name, data in events if name == "thread.run.step.delta")
    (call,) = delta["delta"]["step_details"]["tool_calls"]  # type: ignore[index]
    assert call["file_search"] == {
        "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0}, "results": [],
    }  # fmt: skip
    names = [name for name, _ in events]
    assert names.index("thread.run.step.completed") < names.index("thread.message.created")


def test_the_stores_of_thread_and_assistant_are_searched_together(connect: Connect) -> None:
    client = connect(SEARCH, "Cake.")
    assistant_id = searching(client)
    file_id = upload(client, "more.txt", b"Anna's favorite food is soup.")
    attached: Any = [{"file_id": file_id, "tools": [{"type": "file_search"}]}]
    message = {"role": "user", "content": "And Anna?", "attachments": attached}
    run = ask(client, assistant_id, messages=[message])
    assert {hit["file_name"] for hit in results(client, run)} == {"food.txt", "more.txt"}


@pytest.mark.parametrize(("settings", "count"), [({"max_num_results": 1}, 1), ({}, 2)])
def test_the_tools_settings_hold(settings: Any, count: int, connect: Connect) -> None:
    client = connect(SEARCH, "Cake.")
    assistant_id = searching(client, file_search=settings)
    store: Any = {"file_search": {"vector_stores": [{"file_ids": [upload(client, "again.txt")]}]}}
    assert len(results(client, ask(client, assistant_id, tool_resources=store))) == count


def test_nothing_found_and_nothing_to_search_are_told_to_the_model(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(ToolCall("file_search", "zebra"), "No idea.", SEARCH, "No idea either.")
    client = connect(app=app)
    assistant_id = searching(client)
    assert results(client, ask(client, assistant_id)) == []
    store_id = client.beta.assistants.retrieve(assistant_id).tool_resources.file_search.vector_store_ids[0]  # type: ignore[union-attr,index]
    client.vector_stores.delete(store_id)
    assert results(client, ask(client, assistant_id)) == []
    assert isinstance(app.model, Scripted)
    (call,) = app.model.prompts[3].messages[1].tool_calls
    assert call.output == "Nothing was found."


def test_a_function_beside_a_search_waits_while_the_search_is_done(connect: Connect) -> None:
    client = connect([SEARCH, ToolCall("add", "{}"), SEARCH], "Three.")
    run = ask(client, searching(client))
    assert run.status == "requires_action"
    assert run.required_action
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    first, add, second = step.to_dict()["step_details"]["tool_calls"]  # type: ignore[index]
    assert (len(first["file_search"]["results"]), add["id"], len(second["file_search"]["results"])) == (1, call.id, 1)
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": call.id, "output": "3"}]
    )
    assert run.status == "completed"


def test_a_tool_that_the_run_does_not_have_is_a_function(connect: Connect) -> None:
    client = connect(SEARCH)
    assistant = client.beta.assistants.create(model="m", instructions="i")
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id)
    assert run.required_action
    assert run.required_action.submit_tool_outputs.tool_calls[0].function.name == "file_search"


def steps_in_stream(client: OpenAI, assistant_id: str, **query: Any) -> list[Any]:
    """What the search in a streamed run has found, by event."""
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "What does Filip like?"}])
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant_id, stream=True, **query) as stream:
        steps: list[Any] = [event.data.to_dict() for event in stream if event.event == "thread.run.step.completed"]
    return [call["file_search"]["results"] for call in steps[0]["step_details"]["tool_calls"]]


def test_a_stream_shows_what_was_found_to_those_who_ask(connect: Connect) -> None:
    client = connect(SEARCH, "Cake.", SEARCH, "Cake.")
    assistant_id = searching(client)
    (((hit,),), ((whole,),)) = (steps_in_stream(client, assistant_id, **query) for query in ({}, {"include": CONTENT}))
    assert "content" not in hit
    assert whole["content"] == [{"type": "text", "text": FOOD.decode()}]


def test_only_what_there_is_can_be_included(connect: Connect) -> None:
    client = connect("Never said.")
    thread = client.beta.threads.create()
    wrong: Any = ["nope"]
    with pytest.raises(openai.BadRequestError, match=r"Invalid value: 'nope'"):
        client.beta.threads.runs.create(thread.id, assistant_id=searching(client), include=wrong)
    assert client.beta.threads.runs.list(thread.id).data == []


def expiring(client: OpenAI) -> tuple[str, str]:
    """An assistant, and its vector store that lives for a day."""
    expiry: Any = {"anchor": "last_active_at", "days": 1}
    store = client.vector_stores.create(file_ids=[upload(client)], expires_after=expiry)
    resources: Any = {"file_search": {"vector_store_ids": [store.id]}}
    tools: Any = [{"type": "file_search"}]
    return client.beta.assistants.create(model="gpt-4o", tools=tools, tool_resources=resources).id, store.id


def pass_time(client: OpenAI, hours: int) -> None:
    client.post("/lab/clock", cast_to=object, body={"advance_s": hours * 3600})


def test_a_run_on_a_vector_store_that_has_expired_fails_and_says_so(connect: Connect) -> None:
    client = connect("Never said.")
    assistant_id, store_id = expiring(client)
    pass_time(client, 25)
    run = ask(client, assistant_id)
    assert (run.status, bool(run.last_error)) == ("failed", True)
    assert run.last_error and f"Vector store {store_id} has expired. Create another" in run.last_error.message


def test_each_run_is_a_use_of_its_vector_store(connect: Connect) -> None:
    client = connect("Hello.", "Hello.")
    assistant_id, store_id = expiring(client)
    for _ in range(2):
        pass_time(client, 20)
        assert ask(client, assistant_id).status == "completed"
    assert client.vector_stores.retrieve(store_id).status == "completed"


def test_a_run_without_file_search_does_not_mind(connect: Connect) -> None:
    client = connect("Hello.")
    assistant_id, _ = expiring(client)
    client.beta.assistants.update(assistant_id, tools=[])
    pass_time(client, 25)
    assert ask(client, assistant_id).status == "completed"
