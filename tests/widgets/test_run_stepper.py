"""RunStepper: what is clicked, typed."""

import json
import re
from html import unescape
from typing import Any

import httpx2
import pytest
from openai import DefaultHttpxClient, OpenAI

import assistant_nb as anb
from assistant_nb import sdk, trace
from assistant_nb.engine.model.human import Human
from assistant_nb.widgets.run_stepper.run_stepper import RunStepper

ADD: Any = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
    },
}
CALLING: Any = [["Let me see. ", anb.ToolCall("add", '{"a": 2, "b": 2}')], "It is four."]


def add(a: int, b: int) -> int:
    return a + b


@pytest.fixture
def stepping(make_app: Any, connect: Any, page: Any) -> Any:
    """`stepping("an answer", …)`: a stepper for a run still to be made, its page, and the engine's app."""

    def begin(*lines: Any, **choices: Any) -> Any:
        app = make_app(*lines) if lines else make_app(model=choices.pop("model"))
        client: OpenAI = connect(app=app)
        assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[ADD])
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
        stepper = RunStepper(client, thread, assistant, **choices)
        return stepper, page(stepper), app

    return begin


def detail(page: Any, tab: str) -> Any:
    """What a tab shows of the frame that is shown."""
    stepper = page.widget
    return page.ask("details", tab=tab, places=[stepper._place], run_id=stepper._current)[0]


def titles(stepper: RunStepper) -> list[str]:
    return [frame.title for frame in stepper.frames]


def test_the_first_step_makes_the_run(stepping: Any) -> None:
    stepper, _, _ = stepping("Four.")
    assert (stepper.run, stepper.frames) == (None, [])
    stepper.step()
    assert stepper.run.status == "queued"
    assert titles(stepper) == ["The run is created"]


def test_a_run_is_walked_through_to_its_end(stepping: Any) -> None:
    stepper, _, _ = stepping(*CALLING, functions=[add])
    stepper.step()
    stepper.to_end()
    assert stepper.frame.title == "The run waits for 1 output of your functions"
    stepper.submit()
    assert stepper.frame.title == "The client has submitted outputs"
    stepper.to_end()
    assert (stepper.frame.title, stepper.run.status) == ("The run is completed", "completed")


def test_back_and_forth_asks_no_model_and_shows_the_same(stepping: Any) -> None:
    stepper, page, app = stepping(*CALLING, functions=[add])
    stepper.step()
    stepper.to_end()
    stepper.submit()
    stepper.to_end()
    last, asked = stepper.frame, len(app.model.prompts)
    seen = detail(page, "objects")
    for _ in range(10):
        stepper.back()
    assert stepper.frame == stepper.frames[-11]
    for _ in range(10):
        stepper.step()
    assert (stepper.frame, detail(page, "objects")) == (last, seen)
    assert len(app.model.prompts) == asked == 2


def test_three_forks_leave_their_parent_as_it_was(stepping: Any) -> None:
    stepper, page, _ = stepping(*CALLING, "It is five.", "It is six.", functions=[add])
    stepper.step()
    stepper.to_end()
    stepper.submit()
    stepper.to_end()
    main, before = stepper._current, json.dumps(stepper._branch.entries)
    number = titles(stepper).index("The client has submitted outputs") + 1
    for output in ("5", "6", "7"):
        stepper.switch(main)
        stepper.go(number)
        edit = next(one["edit"] for one in page.ask("edits") if "output" in one["edit"])
        stepper.fork({"output": {**edit["output"], "output": output}})
        assert stepper._branch.parent["run_id"] == main
    assert len(stepper._branches) == 4
    stepper.to_end()
    html = page.ask("compare", run_id=main)
    assert f'<tr class="anb-new"><td><small>≠ {number}</small> The client has submitted outputs<p>' in html
    assert "<p>It is <mark>five.</mark></p></td>" in html and "<p>It is <mark>four.</mark></p></td>" in html
    stepper.switch(main)
    assert json.dumps(stepper._lab.journal(main, -1)) == before


def test_a_stepper_of_an_old_run_finds_its_forks(stepping: Any) -> None:
    stepper, _, _ = stepping("Four.", "Vier.")
    stepper.step()
    stepper.to_end()
    run = stepper.run
    stepper.go(2)
    stepper.fork({"instructions": "In German."})
    again = RunStepper(stepper._client, run=run)
    assert titles(again)[-1] == "The run is completed"
    assert [row["label"] for row in again.state()["branches"]] == ["main", "instructions: In German."]


def test_breakpoints_stop(stepping: Any) -> None:
    stepper, _, _ = stepping(*CALLING)
    stepper.break_at({"function": "add"})
    stepper.step()
    stepper.to_breakpoint()
    assert stepper._branch.position["breakpoint"] == {"function": "add"}
    stepper.break_at({"function": "add"}, on=False)
    assert stepper._branch.position["breakpoints"] == []


def test_a_move_among_known_frames_stops_where_the_run_would_stop(stepping: Any) -> None:
    stepper, _, _ = stepping(*CALLING, functions=[add], breakpoints=[{"status": "completed"}, {"function": "add"}])
    stepper.step()
    stepper.to_end()
    stepper.submit()
    stepper.to_end()
    end = len(stepper.frames) - 1
    called = titles(stepper).index("The model calls add")
    waits = titles(stepper).index("The run waits for 1 output of your functions")
    stepper.go(1)
    for to, place in [(stepper.to_breakpoint, called), (stepper.to_tool, waits), (stepper.to_breakpoint, end)]:
        to()
        assert stepper._place == place
    stepper.go(1)
    stepper.over()
    assert stepper.frame.find("thread.run.step.completed")
    stepper.break_at({"function": "add"}, on=False)
    stepper.go(1)
    for place in (waits, end):
        stepper.to_breakpoint()
        assert stepper._place == place
    stepper.go(1)
    stepper.to_end()
    assert stepper._place == end


def test_a_held_run_goes_on_by_itself_when_it_is_let(stepping: Any, wait: Any) -> None:
    stepper, _, _ = stepping("Four.")
    stepper.step()
    stepper.release()
    assert wait(stepper._client, stepper.run).status == "completed"
    stepper.look()
    assert titles(stepper)[-1] == "The run is completed"


def test_a_run_that_is_not_made_yet_is_made_and_goes_on(stepping: Any) -> None:
    stepper, _, _ = stepping(*CALLING)
    stepper.to_tool()
    assert stepper.frame.title == "The model calls add"


def test_a_move_that_code_makes_prints_the_frame_and_one_of_the_page_prints_nothing(
    stepping: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stepper, page, _ = stepping("Four.")
    stepper.step()
    assert page.ask("step") is None
    assert page.ask("look_at", frame=1) == 1
    stepper.go(2)
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "1 · queued · The run is created",
        "2 · in_progress · The run is taken up",
    ]


def test_forks_are_told_apart_and_name_the_frame_that_they_leave(stepping: Any) -> None:
    stepper, _, _ = stepping(*CALLING, "Arr.", "Five.", "Six.", functions=[add])
    stepper.to_end()
    stepper.submit()
    (call,) = trace.outputs(stepper.frame)
    main, number = stepper._current, len(stepper.frames)
    pirate = {"instructions": "Speak like a pirate."}
    for edit in (pirate, {"output": {**call, "output": "120 euros"}}, pirate, None):
        stepper.switch(main)
        stepper.go(number)
        stepper.fork(edit)
    rows = [(row["label"], row["start"]) for row in stepper.state()["branches"]]
    assert rows == [
        ("main", None),
        ("instructions: Speak like a pirate.", number),
        ("add → 120 euros", number - 1),
        ("instructions: Speak like a pirate. (2)", number),
        ("tried again", number),
    ]


def test_a_comparison_marks_the_words_of_a_prompt(stepping: Any) -> None:
    stepper, page, _ = stepping("Four.", "Arr, four.")
    stepper.to_end()
    main = stepper._current
    stepper.go(2)
    stepper.fork({"instructions": "Be a pirate."})
    stepper.to_end()
    html = page.ask("compare", run_id=main)
    assert "<p>instructions: Be <mark>a pirate.</mark></p>" in html
    assert "<p>instructions: Be <mark>brief.</mark></p>" in html
    assert html.startswith("<p>Frames 1 to 2 are the same.</p>")


def test_parallel_calls_can_be_told_apart_when_one_forks(stepping: Any) -> None:
    calls = [anb.ToolCall("add", '{"a": 2, "b": 2}'), anb.ToolCall("add", '{"a": 3, "b": 3}')]
    stepper, page, _ = stepping(calls)
    stepper.to_end()
    labels = [one["label"] for one in page.ask("edits")]
    assert labels[-2:] == ["the arguments of add(a=2, b=2)", "the arguments of add(a=3, b=3)"]


def test_forks_with_the_same_label_are_numbered(stepping: Any) -> None:
    stepper, _, _ = stepping("Never said.")
    stepper.step()
    main = stepper.run.id
    for _ in range(2):
        stepper.switch(main)
        stepper.fork({"instructions": "Sing (aloud)."})
    labels = [branch["label"] for branch in stepper.state()["branches"]]
    assert labels == ["main", "instructions: Sing (aloud).", "instructions: Sing (aloud). (2)"]


def test_the_last_frame_shows_the_answer_or_why_there_is_none(stepping: Any) -> None:
    stepper, page, _ = stepping("It is **four**.")
    stepper.to_end()
    assert "<h4>The answer</h4><p>It is <strong>four</strong>.</p>" in detail(page, "happened")
    stepper, page, _ = stepping("Never said.")
    stepper.fault("rate_limit")
    stepper.to_end()
    assert stepper.frame.title == "The run has failed: rate_limit_exceeded"
    assert "<p>The model&#x27;s rate limit was reached." in detail(page, "happened")


def test_a_place_is_reached_by_moves_or_was_reached_before(stepping: Any, capsys: Any) -> None:
    stepper, _, _ = stepping(*CALLING, functions=[add])
    stepper.reach("model.asked")
    assert capsys.readouterr().out == "3 · in_progress · The model is asked: 1 message, 1 tool\n"
    stepper.reach("requires_action")
    entries = len(anb.journal(stepper.run, stepper._client))
    stepper.reach("model.asked")
    assert stepper.number == 3
    stepper.reach("requires_action")
    assert len(anb.journal(stepper.run, stepper._client)) == entries
    with pytest.raises(sdk.Refused, match="stops before it comes to 'completed'"):
        stepper.reach("completed")
    stepper.submit()
    stepper.reach("completed")
    assert stepper.run.status == "completed"


def test_what_is_no_place_moves_nothing(stepping: Any) -> None:
    stepper, _, _ = stepping("Four.")
    stepper.step()
    for place, told in [
        ("model_asked", r"There is no place 'model_asked'\. Did you mean 'model\.asked'\?"),
        ("complete", r"Did you mean 'completed'\?"),
        ("lunch", r"There is no place 'lunch'\. Give a status"),
    ]:
        with pytest.raises(sdk.Refused, match=told):
            stepper.reach(place)
    assert len(stepper.frames) == 1


def test_a_place_that_is_not_reached_says_why(stepping: Any) -> None:
    stepper, _, _ = stepping("Four.")
    with pytest.raises(sdk.Refused, match=r"has ended: it is completed\. So it stops before it comes to 'failed'"):
        stepper.reach("failed")
    stepper, _, _ = stepping(*CALLING)
    with pytest.raises(sdk.Refused, match="The run waits for outputs"):
        stepper.reach("thread.run.expired")
    stepper, _, _ = stepping(model=Human())
    with pytest.raises(sdk.Refused, match="The run waits for a person"):
        stepper.reach("completed")


def test_a_frame_that_is_not_there_is_not_shown(stepping: Any) -> None:
    stepper, _, _ = stepping("Four.")
    with pytest.raises(sdk.Refused, match="There is no run yet"):
        stepper.go(1)
    stepper.step()
    for number in (0, 2):
        with pytest.raises(sdk.Refused, match=rf"There is no frame {number}: so far the run has 1 frame\."):
            stepper.go(number)
    stepper.to_end()
    with pytest.raises(sdk.Refused, match=r"There is no frame 99: the run is completed, and has \d+ frames\."):
        stepper.go(99)


def test_a_run_is_stopped(stepping: Any) -> None:
    stepper, _, _ = stepping("Never said.")
    stepper.step()
    stepper.stop()
    stepper.to_end()
    assert titles(stepper)[-2:] == ["The client cancels the run", "The run is cancelled"]


def test_ten_minutes_can_pass_at_once(stepping: Any) -> None:
    stepper, _, _ = stepping("Never said.")
    stepper.step()
    stepper.pass_time()
    assert (stepper.frame.title, stepper.run.status) == ("The run has expired: ten minutes have passed", "expired")


def test_a_run_that_waits_expires_as_a_whole(stepping: Any) -> None:
    stepper, _, _ = stepping(*CALLING)
    stepper.step()
    stepper.to_end()
    stepper.pass_time()
    assert stepper.frame.title == "The run has expired: ten minutes have passed"


def test_the_models_next_answer_can_go_wrong(stepping: Any) -> None:
    stepper, page, _ = stepping("Never said.")
    stepper.fault("rate_limit")
    stepper.step()
    stepper.to_end()
    assert (stepper.run.status, stepper.run.last_error.code) == ("failed", "rate_limit_exceeded")
    assert "Supported values are: 'rate_limit'" in page.ask("fault", kind="bad_luck")["error"]


def test_further_parameters_are_the_runs(stepping: Any) -> None:
    stepper, page, _ = stepping("One two three four five six.", max_completion_tokens=3)
    assert "max_completion_tokens=3" in detail(page, "calls")[0]["code"]["SDK"]
    stepper.step()
    stepper.to_end()
    assert stepper.frame.title == "The run is incomplete: max_completion_tokens"


def test_a_run_that_there_is_takes_no_parameters(stepping: Any) -> None:
    stepper, _, _ = stepping("Four.")
    stepper.step()
    with pytest.raises(TypeError, match="is made already. Leave out max_completion_tokens"):
        RunStepper(stepper._client, run=stepper.run, max_completion_tokens=3)


def test_an_answer_with_calls_can_be_given_other_words_or_no_calls(stepping: Any) -> None:
    stepper, page, _ = stepping(*CALLING)
    stepper.step()
    stepper.to_tool()
    answers = [one["edit"]["answer"] for one in page.ask("edits") if "answer" in one["edit"]]
    call = {"name": "add", "arguments": '{"a": 2, "b": 2}'}
    assert answers == [{"text": "Let me see. ", "tool_calls": [call]}, {"text": "Let me see. "}]


def test_a_person_sits_in_the_models_seat(stepping: Any) -> None:
    stepper, page, _ = stepping(model=Human())
    stepper.step()
    stepper.to_end()
    assert stepper._branch.position["why"] == "person"
    assert page.ask("answer", text="", tool_calls=[{"name": "add", "arguments": "no"}])[0].startswith("tool_calls[0]")
    assert titles(stepper)[-1] == "A person has answered in the model's place"
    assert "<b>add</b>" in detail(page, "happened")
    stepper.to_end()
    assert stepper.run.status == "requires_action"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"a": 2, "b": 2}', None),
        ('{"a": ', "Line 1, column 7: this is no JSON. Expecting value."),
        ("[2, 2]", "Arguments are an object: { … }."),
        ('{"a": 2, "b": "two"}', "b: 'two' is not of type 'integer'."),
    ],
)
def test_arguments_are_checked_against_their_schema_while_they_are_typed(
    stepping: Any, arguments: str, told: str | None
) -> None:
    stepper, page, _ = stepping(model=Human())
    stepper.step()
    stepper.to_end()
    assert page.ask("check", function="add", arguments=arguments) == told


def test_wrong_outputs_are_refused_in_the_apis_words(stepping: Any) -> None:
    stepper, page, _ = stepping(*CALLING)
    stepper.step()
    stepper.to_end()
    error = page.ask("submit", outputs={"call_nobody": "4"})["error"]
    assert error.startswith("The server says: Expected tool outputs for call_ids")


def test_outputs_of_functions_can_be_seen_before_they_are_sent(stepping: Any) -> None:
    stepper, page, _ = stepping(*CALLING, functions=[add])
    stepper.step()
    stepper.to_end()
    assert list(page.ask("called").values()) == ["4"]
    assert stepper.run.status == "requires_action"


def test_a_guess_comes_first_and_is_scored(stepping: Any) -> None:
    stepper, page, _ = stepping("Four.", predict=True)
    stepper.step()
    assert page.ask("step")["error"].startswith("Predict first")
    assert stepper.question["options"] == ["in_progress", "cancelling", "failed", "expired"]
    stepper.guess("failed")
    stepper.step()
    assert stepper.score == (0, 1)
    assert stepper.state()["guess"]["told"] == "It was in_progress: not failed."


def test_the_models_next_move_is_asked_for(stepping: Any) -> None:
    stepper, _, _ = stepping(*CALLING, predict=True)
    stepper.step()
    for guess in ("in_progress", "requires_action"):
        stepper.guess(guess)
        stepper.step()
    stepper._guesses.question = None
    stepper._guesses.look(stepper._branch.position, stepper.frames)
    assert stepper._guesses.question["options"] == ["answer", "call add"]
    stepper.guess("call add")
    stepper.step()
    assert stepper._guesses.right == 2


def test_each_tab_shows_its_side_of_a_frame(stepping: Any) -> None:
    stepper, page, _ = stepping(*CALLING, functions=[add])
    stepper.step()
    stepper.to_tool()
    assert "The model calls add" in detail(page, "happened")
    assert "tokens (estimated)" in detail(page, "happened")
    assert "1 s after the frame before" in detail(page, "happened")
    state = stepper.state()
    assert re.fullmatch(r"5 s, \d+ tokens \(estimated\)", state["frames"][-1]["used"])
    assert (state["frames"][0]["used"], state["origin"]) == ("0 s", "answers: scripted")
    assert "<b>new</b>" in detail(page, "prompt")
    assert "<code>steps[" in detail(page, "objects")
    assert "model.answered" in detail(page, "raw")
    stepper.back()
    assert "thread.run.step.completed" in detail(page, "stream")
    stepper.to_end()
    stepper.to_end()
    assert "in one call, within 594 s: then the run expires." in detail(page, "happened")


def test_the_calls_of_a_client_are_shown_as_code(stepping: Any) -> None:
    stepper, page, _ = stepping(*CALLING)
    assert "runs.create(" in detail(page, "calls")[0]["code"]["SDK"]
    stepper.step()
    stepper.to_end()
    assert "submit_tool_outputs(" in detail(page, "calls")[0]["code"]["SDK"]


def answers(page: Any) -> list[Any]:
    """What the server says to the calls of a client at the frame that is shown, as JSON again."""
    shown = [call["answer"] for call in detail(page, "calls")]
    assert all("HTTP/1.1 200 OK" in html for html in shown if html)
    return [
        json.loads(unescape(re.sub("<[^>]*>", "", html.rpartition("<pre")[2].partition(">")[2])))
        for html in shown
        if html
    ]


def test_the_request_and_the_answer_are_those_that_a_client_would_meet(stepping: Any) -> None:
    stepper, page, _ = stepping(*CALLING, functions=[add])
    stepper.step()
    threads = stepper._client.beta.threads
    at: Any = {"thread_id": stepper.thread_id}
    assert detail(page, "calls")[0]["code"]["HTTP"].startswith(f"POST /v1/threads/{stepper.thread_id}/runs HTTP/1.1\n")
    assert answers(page) == [json.loads(threads.runs.with_raw_response.retrieve(stepper.run.id, **at).text)]
    stepper.to_tool()
    run, steps = threads.runs.with_raw_response, threads.runs.steps.with_raw_response
    asked = [run.retrieve(stepper.run.id, **at), steps.list(stepper.run.id, **at)]
    assert answers(page) == [json.loads(one.text) for one in asked]
    stepper.to_end()
    assert (answers(page), stepper.frame.status) == ([], "requires_action")
    given: Any = anb.tool_outputs(stepper.run, add)
    submitted = run.submit_tool_outputs(stepper.run.id, **at, tool_outputs=given)
    stepper._look()
    stepper.step()
    while stepper.frame.status != "requires_action":
        stepper.back()
    assert answers(page) == [json.loads(submitted.text)]
    assert '"output": "4"' in detail(page, "calls")[0]["code"]["HTTP"]
    stepper.to_end()
    stepper.to_end()
    listed = threads.messages.with_raw_response.list(stepper.thread_id, run_id=stepper.run.id)
    assert answers(page) == [json.loads(listed.text)]


def test_the_copy_is_a_table_of_frames(stepping: Any) -> None:
    stepper, _, _ = stepping("Four.")
    stepper.step()
    stepper.to_end()
    assert stepper.copy_html().count("<tr>") == len(stepper.frames) + 1
    assert stepper.copy_text().splitlines()[-1].endswith("The run is completed")


def test_a_stepper_needs_something_to_step() -> None:
    with pytest.raises(TypeError, match="a thread and an assistant, or run="):
        RunStepper(OpenAI(api_key="x"))


def test_an_engine_that_was_gone_at_first_is_found_when_it_is_back(make_app: Any, connect: Any) -> None:
    app = make_app("Four.")
    client = connect(app=app)
    assistant, thread = client.beta.assistants.create(model="gpt-4o"), client.beta.threads.create()
    app._open = False
    stepper = RunStepper(client, thread, assistant)
    assert "stopped" in str(stepper._trouble)
    app._open = True
    stepper._look()
    assert (stepper._trouble, stepper.state()["engine"]) == (None, True)


def test_what_needs_a_run_or_functions_says_so(stepping: Any) -> None:
    stepper, _, _ = stepping(*CALLING)
    for act in (stepper.hold, stepper.release, stepper.stop, stepper.submit, stepper.answer, stepper.fork):
        with pytest.raises(sdk.Refused, match="There is no run yet. The first step makes it."):
            act()
    stepper.step()
    stepper.to_end()
    with pytest.raises(sdk.Refused, match=r"Give RunStepper functions=…, or the outputs here."):
        stepper.submit()
    assert stepper.run.status == "requires_action"


def test_on_another_server_one_sentence_says_what_to_do(stepping: Any, make_app: Any, page: Any) -> None:
    app = make_app("Four.")

    def without_lab(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith("/v1/lab"):
            environ["PATH_INFO"] = "/v1/nowhere"
        return app(environ, start_response)

    http_client = DefaultHttpxClient(transport=httpx2.WSGITransport(without_lab))
    client = OpenAI(base_url="http://other/v1", api_key="any", max_retries=0, http_client=http_client)
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    for stepper in (RunStepper(client, run=run), RunStepper(client, thread, assistant)):
        assert stepper._trouble
        assert stepper._trouble.endswith(f'or read the thread by anb.ThreadView(client, "{thread.id}").')
        assert stepper.state()["engine"] is False
        assert page(stepper).ask("step")["error"] == stepper._trouble
        stepper._look()
        with pytest.raises(sdk.Refused, match=r"anb\.ThreadView"):
            stepper.to_end()
        assert stepper.frames == []


def test_a_step_is_one_request(stepping: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stepper, _, _ = stepping(*CALLING, functions=[add])
    stepper.step()
    asked, request = list[str](), stepper._client.request

    def listen(cast_to: Any, options: Any, **how: Any) -> Any:
        asked.append(options.url)
        return request(cast_to, options, **how)

    monkeypatch.setattr(stepper._client, "request", listen)
    stepper.step()
    assert asked == [f"/lab/runs/{stepper._current}/advance"]
    assert titles(stepper) == ["The run is created", "The run is taken up"]


def test_what_another_client_does_meanwhile_is_seen(stepping: Any) -> None:
    stepper, _, _ = stepping("Four.")
    stepper.step()
    stepper._lab.advance(stepper._current, "transition")
    stepper._lab.hold(stepper._current, [{"function": "add"}])
    stepper.step()
    assert [entry["n"] for entry in stepper._branch.entries] == list(range(stepper._branch.position["n"] + 1))
    assert titles(stepper)[1:3] == ["The run is taken up", "From now on the run moves by hand"]


def test_thread_and_assistant_in_each_others_place_are_told(connect: Any) -> None:
    client: OpenAI = connect()
    assistant, thread = client.beta.assistants.create(model="gpt-4o"), client.beta.threads.create()
    with pytest.raises(
        TypeError, match=r"the id of an assistant.* Write: RunStepper\(client, thread\.id, assistant\.id"
    ):
        RunStepper(client, assistant.id, thread.id)


def test_the_calls_of_a_run_are_shown_for_responses_too(stepping: Any) -> None:
    stepper, page, _ = stepping(*CALLING, functions=[add])
    assert "Responses" not in detail(page, "calls")[0]["code"]
    stepper.step()
    assert 'instructions="Be brief."' in detail(page, "calls")[0]["code"]["Responses"]
    stepper.to_end()
    assert '"type": "function_call_output"' in detail(page, "calls")[0]["code"]["Responses"]
