"""ThreadView: a thread followed, written to, searched and saved, as its page would do it."""

import json
import threading
import tracemalloc
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

import assistant_nb as anb
from assistant_nb.widgets.thread_view.thread_view import ThreadView
from tests.until import PATIENCE_S, until

ADD = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
def opened(connect: Any, page: Any) -> Any:
    """`opened("an answer", …, say=["Hello."])`: a client, an assistant, a view of a thread, and its page."""

    def open(*lines: Any, say: Any = ("Hello.",), **assistant: Any) -> Any:
        client: OpenAI = connect(*lines)
        made = client.beta.assistants.create(model="gpt-4o", name="Tutor", **assistant)
        thread = client.beta.threads.create()
        for text in say:
            client.beta.threads.messages.create(thread.id, role="user", content=text)
        view = ThreadView(client, thread)
        return client, made, view, page(view)

    return open


def texts(view: ThreadView) -> list[str]:
    return view.copy_text().splitlines()[1:]


def put(page: Any) -> list[Any]:
    return [op for event in page.events("items") for op in event["ops"]]


def test_a_thread_is_shown_with_its_runs_between_its_messages(opened: Any) -> None:
    client, assistant, view, _ = opened("Hi!")
    client.beta.threads.runs.create_and_poll(thread_id=view.thread_id, assistant_id=assistant.id)
    view.look()
    user, run, answer = texts(view)
    assert (user, answer) == ("user: Hello.", "assistant: Hi!")
    assert run.startswith("run: completed · ")
    assert repr(view).startswith(f"ThreadView({view.thread_id}: 2 messages · 1 run")


def test_a_view_that_opens_gets_all_and_then_what_is_new(opened: Any) -> None:
    client, _, view, page = opened()
    state = page.ask("hello", view="page")
    assert ["Hello." in html for _, html in state["items"]] == [True]
    client.beta.threads.messages.create(view.thread_id, role="user", content="More.")
    event = page.wait(lambda message: bool(message.get("event") == "items" and message["ops"]))
    assert [("More." in op["html"], op["after"]) for op in event["ops"]] == [(True, state["items"][0][0])]
    page.ask("bye", view="page")


def test_following_ends_when_the_last_view_has_closed(opened: Any) -> None:
    _, _, view, page = opened()
    page.ask("hello", view="page")
    page.ask("bye", view="page")
    assert not view._alive()


def test_a_deleted_message_leaves_the_page(opened: Any) -> None:
    client, _, view, page = opened(say=["One.", "Two."])
    gone = client.beta.threads.messages.list(view.thread_id).data[0].id
    client.beta.threads.messages.delete(gone, thread_id=view.thread_id)
    view.look()
    assert {"drop": gone} in put(page)
    assert texts(view) == ["user: One."]


def test_a_run_that_waits_a_second_time_shows_what_it_was_given(opened: Any) -> None:
    call = anb.ToolCall("add", '{"a": 1}')
    client, assistant, view, _ = opened(call, call, tools=[ADD])
    runs = client.beta.threads.runs
    run = runs.create_and_poll(thread_id=view.thread_id, assistant_id=assistant.id)
    view.look()
    outputs = [{"tool_call_id": run.required_action.submit_tool_outputs.tool_calls[0].id, "output": "It is 3."}]
    runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=view.thread_id, tool_outputs=outputs)
    view.look()
    assert "It is 3." in view.copy_html()


def test_a_run_that_waits_is_given_its_outputs_in_the_view(opened: Any) -> None:
    calls = [anb.ToolCall("add", '{"a": 1}'), anb.ToolCall("add", '{"a": 2}')]
    _, assistant, view, page = opened(calls, "It is 3.", tools=[ADD])
    page.ask("send_message", text="1 + 2?", assistant_id=assistant.id)
    assert page.events("running")[-1] == {"event": "running", "on": False, "status": "requires_action"}
    asks = page.ask("hello", view="page")["asks"]
    assert [call["function"]["arguments"] for call in asks["calls"]] == ['{"a": 1}', '{"a": 2}']
    page.ask("submit", run_id=asks["run"], outputs={call["id"]: "3" for call in asks["calls"]})
    assert texts(view)[-1] == "assistant: It is 3."
    assert page.ask("hello", view="page")["asks"] is None
    page.ask("bye", view="page")


def test_functions_of_the_notebook_answer_a_run_that_waits(opened: Any, page: Any) -> None:
    def add(a: int) -> int:
        return a + 1

    client, assistant, view, first = opened(anb.ToolCall("add", '{"a": 1}'), "It is 2.", tools=[ADD])
    first.ask("send_message", text="1 + 1?", assistant_id=assistant.id)
    second = page(ThreadView(client, view.thread_id, functions=[add]))
    asks = second.ask("hello", view="page")["asks"]
    assert asks["functions"]
    assert second.ask("called") == {asks["calls"][0]["id"]: "2"}
    second.ask("bye", view="page")


def test_a_person_answers_in_the_models_seat(page: Any) -> None:
    client = anb.connect(model="human")
    add: Any = ADD
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[add])
    view = ThreadView(client, client.beta.threads.create())
    first = page(view)
    first.ask("hello", view="page")
    said = {"text": "1 + 2?", "assistant_id": assistant.id}
    view._heard(None, {"do": "send_message", "call": 1, "args": said}, [])
    seat = first.wait(lambda message: message.get("event") == "seat" and message["seat"])["seat"]
    assert "Be brief." in seat["prompt"] and "1 + 2?" in seat["prompt"]
    assert first.ask("hello", view="page")["seat"] == seat
    assert first.ask("check", function="add", arguments="3").startswith("Arguments are an object")
    made = [{"name": "add", "arguments": "3"}]
    remarks = first.ask("answer", run_id=seat["run"], tool_calls=made)
    assert remarks[0].startswith("tool_calls[0].arguments is no JSON object")
    first.wait(lambda message: message.get("event") == "running" and message.get("status") == "requires_action")
    assert first.ask("hello", view="page")["seat"] is None
    first.ask("bye", view="page")


def test_a_talk_on_a_copy_leaves_the_thread_and_its_view_in_the_notebook(opened: Any) -> None:
    client, assistant, view, page = opened("Tried.")
    before = page.ask("hello", view="page"), view.copy_text(), view.to_markdown()
    page.ask("try_on_copy")
    page.ask("send_message", text="And now?", assistant_id=assistant.id)
    tried = page.ask("hello", view="page")
    assert (tried["copied"], "Tried." in tried["items"][-1][1]) == (True, True)
    assert "Tried." in page.ask("export", kind="markdown")["text"]
    assert (view.copy_text(), view.to_markdown()) == before[1:]
    page.ask("back")
    assert page.ask("hello", view="page") == before[0]
    assert [message.content[0].text.value for message in client.beta.threads.messages.list(view.thread_id)] == [
        "Hello."
    ]
    page.ask("bye", view="page")


def test_an_output_that_is_refused_is_told_and_the_run_still_waits(opened: Any) -> None:
    _, assistant, _, page = opened(anb.ToolCall("add", "{}"), tools=[ADD])
    page.ask("send_message", text="1 + 2?", assistant_id=assistant.id)
    run_id = page.ask("hello", view="page")["asks"]["run"]
    assert "call_none" in page.ask("submit", run_id=run_id, outputs={"call_none": "3"})["error"]
    assert page.ask("hello", view="page")["asks"]["run"] == run_id
    page.ask("bye", view="page")


def test_a_message_is_sent_and_its_answer_streamed(opened: Any) -> None:
    _, assistant, view, page = opened(["It ", "is ", "**so**."])
    page.ask("send_message", text="Is it so?", assistant_id=assistant.id)
    assert [event["on"] for event in page.events("running")] == [True, False]
    assert texts(view)[-1] == "assistant: It is **so**."
    assert "It is <strong>so</strong>." in next(op for op in reversed(put(page)) if "put" in op)["html"]


def test_what_was_streamed_is_what_the_api_then_says(opened: Any) -> None:
    answer = [f"word{n} \\(x_{n}\\) " + "\n\n" * (n % 7 == 0) for n in range(300)]
    _, assistant, view, page = opened(answer)
    page.ask("send_message", text="Go on.", assistant_id=assistant.id)
    assert view._window.part.items[-1].thing["content"][0]["text"]["value"] == "".join(answer)


def test_stop_keeps_what_was_said(opened: Any) -> None:
    go_on = threading.Event()

    def slow(prompt: Any) -> Any:
        yield from ("0 ", "1 ")
        go_on.wait(PATIENCE_S)
        yield "2 "

    _, assistant, view, page = opened(slow)
    page.ask("hello", view="page")
    args = {"text": "Count.", "assistant_id": assistant.id}
    view._heard(None, {"do": "send_message", "call": 1, "args": args}, [])
    page.wait(lambda message: "0 1" in str(message.get("ops")))
    page.ask("stop")
    go_on.set()
    page.wait(lambda message: bool(message.get("event") == "running" and not message["on"]))
    page.wait(lambda message: message.get("answers") == 1)
    run, answer = texts(view)[-2:]
    assert run.startswith("run: cancelled") and answer.startswith("assistant: 0 1")
    page.ask("bye", view="page")


def test_stop_is_heard_before_the_run_has_begun(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, assistant, view, page = opened("Never said.")
    put, go_on = view._put, threading.Event()
    monkeypatch.setattr(view, "_put", lambda text: go_on.wait(PATIENCE_S) and put(text))
    view._heard(None, {"do": "send_message", "call": 1, "args": {"text": "Hi.", "assistant_id": assistant.id}}, [])
    page.ask("stop")
    go_on.set()
    page.wait(lambda message: message.get("answers") == 1)
    assert texts(view) == ["user: Hello.", "user: Hi."]
    assert client.beta.threads.runs.list(view.thread_id).data == []


def test_a_run_that_waits_can_be_stopped_whoever_began_it(opened: Any) -> None:
    _, assistant, view, page = opened(anb.ToolCall("add", "{}"), "Yes.", tools=[ADD])
    page.ask("send_message", text="1 + 2?", assistant_id=assistant.id)
    assert page.ask("hello", view="page")["waits"]
    assert "is active" in page.ask("send_message", text="Well?", assistant_id=assistant.id)["error"]
    page.ask("stop")
    page.wait(lambda message: message.get("waits") is False)
    page.ask("send_message", text="Well?", assistant_id=assistant.id)
    assert texts(view)[-1] == "assistant: Yes."
    page.ask("bye", view="page")


@pytest.fixture
def answering(opened: Any) -> Any:
    """`with answering(say=…) as (view, page):` an answer comes, "One. Two." so far; "Three." follows at the end."""

    @contextmanager
    def answer(**how: Any) -> Any:
        def slow(prompt: Any) -> Any:
            yield "One.\n\n"
            yield "Two.\n\n"
            go_on.wait(PATIENCE_S)
            yield "Three."

        go_on = threading.Event()
        _, assistant, view, page = opened(slow, **how)
        page.ask("hello", view="page")
        args = {"text": "Count.", "assistant_id": assistant.id}
        view._heard(None, {"do": "send_message", "call": 1, "args": args}, [])
        page.wait(lambda message: "Two." in str(message.get("ops")))
        page.heard.clear()
        yield view, page
        go_on.set()
        page.wait(lambda message: message.get("answers") == 1)
        page.ask("bye", view="page")

    return answer


def test_a_page_that_joins_while_an_answer_comes_is_told_all_of_it(answering: Any) -> None:
    with answering() as (_, page):
        page.ask("hello", view="second")
        page.ask("join")
        page.wait(lambda message: "One." in str(message.get("ops")) and "Two." in str(message.get("ops")))
        assert [event["on"] for event in page.events("running")] == [True]
        page.ask("bye", view="second")


def test_an_answer_that_comes_stays_while_one_reads_backwards(answering: Any) -> None:
    with answering(say=[f"message {n}" for n in range(150)]) as (view, page):
        page.ask("older")
        page.wait(lambda message: "One." in str(message.get("ops")))
    assert len(view._window.part.messages) == 152


def test_an_answer_that_comes_stays_out_of_the_beginning_of_a_thread(answering: Any) -> None:
    with answering(say=[f"message {n}" for n in range(150)]) as (view, page):
        page.ask("jump", to="first")
    assert len(view._shown) == 100
    page.ask("jump", to="last")
    assert texts(view)[-1] == "assistant: One. Two. Three."


def test_the_json_of_an_answer_is_shown_while_it_comes(answering: Any) -> None:
    with answering() as (view, page):
        _, _, run, message = view._shown
        assert "thread.run.step" in page.ask("raw", id=run)
        assert "Two." in page.ask("raw", id=message)
    assert "no longer" in page.ask("raw", id="msg_gone")["error"]


def test_what_is_told_while_a_page_opens_comes_after_the_state_that_it_gets(opened: Any) -> None:
    _, _, view, page = opened()
    shown, lock, turns = view.state, view._state_lock, list[str]()

    class Turns(AbstractContextManager[None]):
        """The widget's lock; it notes who has to wait."""

        def __enter__(self) -> None:
            if not lock.acquire(blocking=False):
                turns.append("waits")
                lock.acquire()

        def __exit__(self, *_: object) -> None:
            lock.release()

    def state() -> Any:
        threading.Thread(target=view.tell, args=("late",)).start()
        until(lambda: turns or page.events("late"))
        return shown()

    view._state_lock, view.state = Turns(), state
    page.ask("hello", view="page")
    page.wait(lambda message: message.get("event") == "late")
    order = [message.get("event") or "answer" for message in page.heard]
    assert order.index("answer") < order.index("late")
    page.ask("bye", view="page")


def test_every_assistant_can_be_asked(opened: Any) -> None:
    client, _, _, page = opened()
    for n in range(100):
        client.beta.assistants.create(model="gpt-4o", name=f"Tutor {n}")
    assert len(page.ask("assistants")) == 101


def test_one_answer_at_a_time(opened: Any) -> None:
    _, assistant, view, page = opened()
    view._answer = object()
    assert "under way" in page.ask("send_message", text="Hi.", assistant_id=assistant.id)["error"]


def test_errors_are_sentences(opened: Any, connect: Any) -> None:
    client, _, view, page = opened()
    client.beta.threads.delete(view.thread_id)
    view._look()
    assert page.events("trouble")[-1]["sentence"].startswith("The server says: No thread found")
    assert "No thread found" in ThreadView(connect(), "thread_nowhere")._bundle()["text/html"]


def test_what_a_server_says_is_no_html_in_the_copy(connect: Any) -> None:
    view = ThreadView(connect(), "thread_<img src=x onerror=alert(1)>")
    assert "<img" in str(view._trouble)
    assert "<img" not in view._bundle()["text/html"]


def test_a_server_that_is_gone_is_told_and_its_return_noticed(make_app: Any, connect: Any) -> None:
    app = make_app()
    client = connect(app=app)
    view = ThreadView(client, client.beta.threads.create().id)
    app._open = False
    view._look()
    assert "stopped" in str(view._trouble)
    app._open = True
    view._look()
    assert view._trouble is None


def test_an_asynchronous_client_is_refused_in_words() -> None:
    with pytest.raises(TypeError, match="ThreadView needs a client that waits"):
        ThreadView(AsyncOpenAI(api_key="x"), "thread_1")  # type: ignore[arg-type]


def test_a_long_thread_opens_at_its_end_and_is_read_backwards(opened: Any) -> None:
    _, _, view, page = opened(say=[f"message {n}" for n in range(250)])
    assert (len(view._window.part.messages), view._window.part.older, view._window.part.newer) == (100, True, False)
    assert "the last 100 messages" in repr(view)
    page.ask("older")
    assert (view._window.part.messages[0]["content"][0]["text"]["value"], view._window.part.older) == (
        "message 50",
        True,
    )
    page.ask("older")
    assert (len(view._window.part.messages), view._window.part.older) == (250, False)


def test_a_look_keeps_what_was_read_backwards(opened: Any) -> None:
    client, _, view, page = opened(say=[f"message {n}" for n in range(130)])
    page.ask("older")
    client.beta.threads.messages.create(view.thread_id, role="user", content="More.")
    view.look()
    assert len(view._window.part.messages) == 131


def test_one_can_jump_to_both_ends_and_to_a_message(opened: Any) -> None:
    client, _, view, page = opened(say=[f"message {n}" for n in range(350)])
    first = client.beta.threads.messages.list(view.thread_id, order="asc", limit=1).data[0].id
    assert page.ask("jump", to="first") == first
    assert (view._window.part.older, view._window.part.newer) == (False, True)
    page.ask("newer")
    assert len(view._window.part.messages) == 200
    page.ask("jump", to="last")
    assert page.ask("jump", to=first) == first
    assert first in view._shown


def test_a_search_looks_through_all_messages(opened: Any) -> None:
    _, _, _, page = opened(say=[f"message {n}" for n in range(220)])
    page.ask("find", text="MESSAGE 21", search=1)
    hits = [hit["words"] for event in page.events("found") for hit in event["hits"]]
    assert hits == ["message 21", *(f"message 21{n}" for n in range(10))]
    assert (page.events("found")[-1]["looked"], page.events("found")[-1]["done"]) == (220, True)


def test_a_file_that_is_gone_keeps_the_name_by_which_it_was_found(opened: Any) -> None:
    _, _, view, _ = opened()
    hits = [{"file_id": "file-gone", "file_name": "rules.md", "content": []}]
    call = {"type": "file_search", "file_search": {"results": hits}}
    view._window.reader.names.learn([], [], [{"step_details": {"type": "tool_calls", "tool_calls": [call]}}])
    assert view._window.known.files == {"file-gone": "rules.md"}


def test_a_citation_of_the_web_as_other_servers_make_it_hides_no_message(opened: Any) -> None:
    _, _, view, _ = opened()
    web = {"type": "url_citation", "text": "【1】", "url_citation": {"url": "https://example.com"}}
    view._window.part.messages[0]["content"][0]["text"]["annotations"] = [web]
    view._window.reader.names.learn(view._window.part.messages, [], [])
    assert view._window.known.files == {}
    assert texts(view) == ["user: Hello."]


def test_a_file_is_given_with_its_name(opened: Any) -> None:
    client, _, _, page = opened()
    file = client.files.create(file=("a.csv", b"1,2"), purpose="vision")
    assert page.ask("file", file_id=file.id) == {"name": "a.csv", "base64": "MSwy"}


def test_raw_json_of_a_message_and_of_a_run_is_shown(opened: Any) -> None:
    client, assistant, view, page = opened("Hi!")
    client.beta.threads.runs.create_and_poll(thread_id=view.thread_id, assistant_id=assistant.id)
    view.look()
    message, run, _ = (item.id for item in view._window.part.items)
    assert message in page.ask("raw", id=message)
    assert "message_creation" in page.ask("raw", id=run)


def test_calls_that_are_not_offered_are_not_heard(opened: Any) -> None:
    _, _, view, page = opened()
    for name in ("close", "_look", "__init__", "nothing", None):
        view._heard(None, {"do": name, "call": 1, "args": {}}, [])
    assert page.heard == []
    assert view.comm is not None


def test_the_same_state_gives_the_same_copy(opened: Any) -> None:
    client, _, view, _ = opened()
    again = ThreadView(client, view.thread_id)
    assert (again.copy_html(), again.copy_text()) == (view.copy_html(), view.copy_text())


def test_a_thread_is_saved_as_a_notebook_with_its_code(opened: Any) -> None:
    call = anb.ToolCall("code_interpreter", "print(6 * 7)")
    client, assistant, view, page = opened([call], "It is 42.", tools=[{"type": "code_interpreter"}])
    client.beta.threads.runs.create_and_poll(thread_id=view.thread_id, assistant_id=assistant.id)
    notebook = json.loads(page.ask("export", kind="notebook")["text"])
    ran = next(cell for cell in notebook["cells"] if "print(6 * 7)" in "".join(cell["source"]))
    assert (ran["cell_type"], "".join(ran["outputs"][0]["text"])) == ("code", "42\n")


def test_html_and_markdown_hold_the_whole_thread(opened: Any) -> None:
    _, _, _, page = opened(say=[f"message {n}" for n in range(120)])
    html, markdown = page.ask("export", kind="html"), page.ask("export", kind="markdown")
    assert html["text"].count("<article") == markdown["text"].count("**user**") == 120
    assert "default-src 'none'" in html["text"]


def test_a_window_is_let_go_of_on_the_other_side(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant_nb.widgets.thread_view.window._MOST", 150)
    _, _, view, page = opened(say=[f"message {n}" for n in range(250)])
    page.ask("older")
    assert (len(view._window.part.messages), view._window.part.older, view._window.part.newer) == (150, True, True)
    page.ask("newer")
    assert (len(view._window.part.messages), view._window.part.older) == (150, True)


def test_a_long_thread_takes_little_memory(opened: Any) -> None:
    client, _, first, _ = opened(say=[f"message {n} " + "x" * 200 for n in range(300)])
    tracemalloc.start()
    view = ThreadView(client, first.thread_id)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(view._window.part.messages) == 100
    assert kept < 10 * 2**20


def test_a_newest_message_that_nobody_has_answered_is_told_until_a_run_begins(opened: Any) -> None:
    client, assistant, view, _ = opened("Hi!")
    told = "The newest message is yours. No run has answered it."
    assert told in view.copy_text() and told in view.copy_html()
    client.beta.threads.runs.create_and_poll(thread_id=view.thread_id, assistant_id=assistant.id)
    view.look()
    assert told not in view.copy_text()


def test_while_a_run_waits_for_outputs_nobody_is_told_that_there_is_no_run(opened: Any) -> None:
    client, assistant, view, _ = opened(anb.ToolCall("add", '{"a": 1}'), tools=[ADD])
    run = client.beta.threads.runs.create_and_poll(thread_id=view.thread_id, assistant_id=assistant.id)
    view.look()
    assert run.status == "requires_action" and "No run has answered" not in view.copy_text()
    client.beta.threads.runs.cancel(run.id, thread_id=view.thread_id)
    view.look()
    assert "No run has answered" in view.copy_text()


def test_an_id_that_no_thread_has_is_told_in_the_copy_too(connect: Any) -> None:
    view = ThreadView(connect(), "thread_1")
    told = "The server says: No thread found with id 'thread_1'. After a restart this kernel's engine is new"
    assert told in repr(view) and told in view._bundle()["text/plain"]


def test_the_id_of_another_kind_is_refused_at_once(opened: Any) -> None:
    client, assistant, _, _ = opened()
    with pytest.raises(TypeError, match=r"the id of an assistant.* Write: ThreadView\(client, thread\.id\)"):
        ThreadView(client, assistant)
