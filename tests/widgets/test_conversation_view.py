"""ThreadView of a conversation: read, answered, searched and saved, as its page would do it."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI

import assistant_nb as anb
from assistant_nb.widgets.thread_view import conversation
from assistant_nb.widgets.thread_view.page import Known, calls
from assistant_nb.widgets.thread_view.thread_view import ThreadView
from tests.until import until

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ADD: Any = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}


@pytest.fixture
def opened(connect: Any, page: Any) -> Any:
    """`opened("an answer", …, say=["Hello."])`: a client, a view of a conversation, and its page."""

    def open(*lines: Any, say: Any = ("Hello.",), **choices: Any) -> Any:
        client: OpenAI = connect(*lines)
        items: Any = [{"role": "user", "content": text} for text in say]
        made = client.conversations.create(items=items)
        view = ThreadView(client, conversation=made, **choices)
        return client, view, page(view)

    return open


def texts(view: ThreadView) -> list[str]:
    return view.copy_text().splitlines()[1:]


def test_messages_are_shown_and_the_calls_between_them(opened: Any) -> None:
    client, view, _ = opened(["Let me see.", anb.ToolCall("add", '{"a": 1}')], "It is 3.", say=[])
    here: Any = {"model": "gpt-4o", "conversation": view.thread_id}
    asked = client.responses.create(input="1 + 2?", tools=[ADD], **here)
    given: Any = {"type": "function_call_output", "call_id": asked.output[1].call_id, "output": "It was 3."}
    client.responses.create(input=[given], **here)
    view.look()
    assert texts(view) == ["user: 1 + 2?", "assistant: Let me see.", "calls: add", "assistant: It is 3."]
    assert repr(view).startswith(f"ThreadView({view.thread_id}: 3 messages · 1 call")
    assert "It was 3." in view.copy_html() and view.copy_html().startswith("<p><b>Conversation</b>")


def test_citations_are_shown_as_in_a_thread(opened: Any) -> None:
    client, view, _ = opened([anb.ToolCall("file_search", "Saturday")], "Open from 10【4:0†rules.md】.")
    file = client.files.create(file=("rules.md", b"On Saturday the library is open from 10."), purpose="assistants")
    tools: Any = [{"type": "file_search", "vector_store_ids": [client.vector_stores.create(file_ids=[file.id]).id]}]
    client.responses.create(model="gpt-4o", conversation=view.thread_id, tools=tools)
    view.look()
    html = view.copy_html()
    assert 'Open from 10<sup class="anb-cite">[1]</sup>.' in html
    assert "<summary>[1] rules.md</summary><blockquote><p>On Saturday the library is open from 10." in html
    assert '<span class="anb-mono">Saturday</span>' in html
    assert "[1] rules.md: On Saturday" in view.to_markdown()


def test_files_and_pictures_of_code_are_shown_and_saved(opened: Any) -> None:
    drawn = f"from IPython.display import Image, display\ndisplay(Image(data={PNG!r}))"
    code = f"open('table.csv', 'w').write('x,y')\n{drawn}\nprint('rows: 1')"
    client, view, page = opened([anb.ToolCall("code_interpreter", code)], "See [it](sandbox:/mnt/data/table.csv).")
    tools: Any = [{"type": "code_interpreter", "container": {"type": "auto"}}]
    client.responses.create(model="gpt-4o", conversation=view.thread_id, tools=tools)
    view.look()
    html = view.copy_html()
    assert html.count('<img class="anb-picture"') == 2 and "rows: 1" in html
    (id,) = re.findall(r'data-file="(cfile_\w+)">it</a>', html)
    assert page.ask("file", file_id=id) == {"name": "table.csv", "base64": base64.b64encode(b"x,y").decode()}


def test_a_message_is_sent_and_answered_in_the_conversation(opened: Any) -> None:
    client, view, page = opened("Hi!", say=[], model="gpt-4o", instructions="Be brief.")
    assert page.ask("assistants") == [{"id": "gpt-4o", "name": "gpt-4o", "model": "gpt-4o"}]
    page.ask("hello", view="page")
    page.ask("send_message", text="Hello.", assistant_id="gpt-4o")
    assert page.events("running")[-1] == {"event": "running", "on": False, "status": "completed"}
    assert texts(view) == ["user: Hello.", "assistant: Hi!"]
    items = client.conversations.items.list(view.thread_id, order="asc").data
    assert [item.role for item in items] == ["user", "assistant"]
    page.ask("bye", view="page")


def test_a_message_alone_is_unanswered(opened: Any) -> None:
    _, view, page = opened(say=[])
    page.ask("send_message", text="Hello.", assistant_id=None)
    assert repr(view).endswith("The newest message is yours. No response has answered it.)")


def test_calls_get_their_outputs_in_the_view(opened: Any) -> None:
    def add(a: int) -> int:
        return a + 1

    choices: Any = {"model": "gpt-4o", "tools": [ADD], "functions": [add]}
    _, view, page = opened([anb.ToolCall("add", '{"a": 1}')], "It is 2.", say=[], **choices)
    page.ask("send_message", text="1 + 1?", assistant_id="gpt-4o")
    asks = page.ask("hello", view="page")["asks"]
    assert [call["function"]["name"] for call in asks["calls"]] == ["add"]
    outputs = page.ask("called")
    assert outputs == {asks["calls"][0]["id"]: "2"}
    page.ask("submit", run_id=asks["run"], outputs=outputs)
    assert texts(view) == ["user: 1 + 1?", "calls: add", "assistant: It is 2."]
    assert page.ask("hello", view="page")["asks"] is None
    page.ask("bye", view="page")


def test_outputs_without_a_model_are_refused_with_the_line_to_write(opened: Any) -> None:
    client, view, page = opened([anb.ToolCall("add", "{}")], say=[])
    client.responses.create(model="gpt-4o", input="x", tools=[ADD], conversation=view.thread_id)
    view.look()
    asks = page.ask("hello", view="page")["asks"]
    told = page.ask("submit", run_id=asks["run"], outputs={asks["calls"][0]["id"]: "2"})
    assert told["error"].endswith(f'ThreadView(client, conversation="{view.thread_id}", model="…")')
    page.ask("bye", view="page")


def test_a_response_that_fails_says_why(opened: Any) -> None:
    _, _, page = opened(say=[], model="gpt-4o")
    told = page.ask("send_message", text="Hello.", assistant_id="gpt-4o")
    assert "script" in told["error"]


def test_a_person_answers_in_the_models_seat(page: Any) -> None:
    client = anb.connect(model="human")
    view = ThreadView(client, conversation=client.conversations.create(), model="gpt-4o")
    first = page(view)
    first.ask("hello", view="page")
    said = {"text": "1 + 2?", "assistant_id": "gpt-4o"}
    view._heard(None, {"do": "send_message", "call": 1, "args": said}, [])
    seat = first.wait(lambda message: message.get("event") == "seat" and message["seat"])["seat"]
    first.ask("answer", run_id=seat["run"], text="Three.")
    first.wait(lambda message: message.get("event") == "running" and message.get("status") == "completed")
    until(lambda: texts(view) == ["user: 1 + 2?", "assistant: Three."])
    first.ask("bye", view="page")


def test_what_grows_in_the_page_ends_as_the_conversation_has_it(opened: Any) -> None:
    _, _, page = opened([anb.ToolCall("add", "{}"), anb.ToolCall("add", "{}")], say=[], model="m", tools=[ADD])
    page.ask("hello", view="page")
    page.ask("send_message", text="x", assistant_id="m")
    put = [op["put"] for event in page.events("items") for op in event["ops"] if "put" in op]
    shown = [id for id, _ in page.ask("hello", view="page")["items"]]
    assert len(shown) == 2 and list(dict.fromkeys(put)) == shown
    page.ask("bye", view="page")


def test_a_search_finds_messages(opened: Any) -> None:
    _, _, page = opened(say=["One.", "Two.", "One more."])
    page.ask("find", text="one", search=1, view="page")
    done = page.wait(lambda message: message.get("event") == "found" and message["done"])
    hits = [hit["words"] for event in page.events("found") for hit in event["hits"]]
    assert (hits, done["looked"]) == (["One.", "One more."], 3)


def test_a_long_conversation_is_shown_in_parts(opened: Any) -> None:
    client, view, page = opened(say=[])
    for start in range(0, 120, 20):
        items = [{"role": "user", "content": f"Number {n}."} for n in range(start, start + 20)]
        client.conversations.items.create(view.thread_id, items=items)
    view.look()
    assert page.ask("hello", view="page")["older"]
    page.ask("older")
    state = page.ask("hello", view="page")
    assert (state["older"], len(state["items"])) == (False, 120)
    assert page.ask("jump", to="first") == state["items"][0][0]
    page.ask("bye", view="page")


def test_it_is_saved_in_all_forms_and_says_what_the_notebook_cannot_hold(opened: Any) -> None:
    client, view, page = opened("Hi!")
    client.responses.create(model="gpt-4o", conversation=view.thread_id)
    assert view.to_markdown() == "**user**:\n\nHello.\n\n**assistant**:\n\nHi!\n"
    assert "Hi!" in view.to_html()
    notebook = json.loads(page.ask("export", kind="notebook")["text"])
    assert "They do not make the conversation again" in "".join(notebook["cells"][0]["source"])
    assert "code" not in [cell["cell_type"] for cell in notebook["cells"]]


def test_json_of_calls_comes_with_their_outputs(opened: Any) -> None:
    client, view, page = opened([anb.ToolCall("add", "{}")], "Three.", say=[])
    here: Any = {"model": "gpt-4o", "conversation": view.thread_id}
    asked = client.responses.create(input="x", tools=[ADD], **here)
    client.responses.create(
        input=[{"type": "function_call_output", "call_id": asked.output[0].call_id, "output": "It was 3."}], **here
    )
    view.look()
    html = page.ask("raw", id=asked.output[0].id)
    assert "function_call" in html and "It was 3." in html


def test_one_thread_or_one_conversation_is_shown(connect: Any) -> None:
    client = connect()
    made = client.conversations.create()
    with pytest.raises(TypeError, match=r"ThreadView\(client, thread.id\)"):
        ThreadView(client, made.id)
    with pytest.raises(TypeError, match=r"conversation=conversation\.id"):
        ThreadView(client, conversation="thread_1")
    for wrong in ({}, {"thread": "thread_1", "conversation": made}):
        with pytest.raises(TypeError, match="give one of them"):
            ThreadView(client, **wrong)
    with pytest.raises(TypeError, match="Only a response takes model"):
        ThreadView(client, "thread_1", model="gpt-4o")


ITEM: Any = st.one_of(
    st.builds(
        lambda text: {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}, st.text()
    ),
    st.builds(
        lambda n: {"type": "function_call", "call_id": f"c{n}", "name": "f", "arguments": "{}"}, st.integers(0, 3)
    ),
    st.builds(lambda n: {"type": "function_call_output", "call_id": f"c{n}", "output": "o"}, st.integers(0, 3)),
    st.just({"type": "reasoning", "summary": []}),
)


@given(st.lists(ITEM, max_size=12))
def test_every_message_and_call_is_shown_once_and_in_order(made: list[Any]) -> None:
    raw = [{**item, "id": str(n)} for n, item in enumerate(made)]
    items = conversation.arrange(raw, Known())
    shown = [
        id for item in items for id in ([item.id] if item.thing["object"] != "calls" else [s["id"] for s in item.steps])
    ]
    called = {one["call_id"] for one in raw if one["type"] == "function_call"}
    beside = [one for one in raw if one["type"] == "function_call_output" and one["call_id"] in called]
    assert shown == [one["id"] for one in raw if one not in beside]
    answered = {one["call_id"] for one in raw if one["type"] == "function_call_output"}
    functions = [call for item in items for call in calls(item.steps) if call["type"] == "function"]
    assert all(("output" in call["function"]) == (call["id"] in answered) for call in functions)
