"""RunStepper of a response: walked, forked, compared, shown as calls."""

from typing import Any

import pytest
from openai import OpenAI

import assistant_nb as anb
from assistant_nb.widgets.run_stepper.run_stepper import RunStepper

ADD: Any = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}
UNANSWERED = "The response is completed, but its calls are unanswered: the next response carries their outputs"


@pytest.fixture
def answered(connect: Any, page: Any) -> Any:
    """`answered("an answer", …)`: a client, a response that is there already, a stepper of it, and its page."""

    def begin(*lines: Any, **parameters: Any) -> Any:
        client: OpenAI = connect(*lines)
        response = client.responses.create(**{"model": "gpt-4o", "input": "1 + 2?", **parameters})
        stepper = RunStepper(client, response=response)
        return client, response, stepper, page(stepper)

    return begin


def titles(stepper: RunStepper) -> list[str]:
    return [frame.title for frame in stepper.frames]


def calls(page: Any) -> Any:
    """The calls of a client at the frame that is shown."""
    stepper = page.widget
    return page.ask("details", tab="calls", places=[stepper._place], run_id=stepper._current)[0]


def test_a_response_that_is_over_is_walked_back_and_forth(answered: Any) -> None:
    _, response, stepper, _ = answered("Three.")
    assert titles(stepper)[0] == "The response is created"
    assert titles(stepper)[-1] == "The response is completed"
    stepper.back()
    stepper.step()
    assert (stepper.number, stepper.response) == (len(stepper.frames), response)
    assert stepper.run is None
    assert repr(stepper) == f"RunStepper({response.id}: completed, {len(stepper.frames)} frames)"
    assert stepper.copy_html().startswith("<p><b>Response</b>") and "The run" not in stepper.copy_html()


def test_an_id_is_enough(answered: Any) -> None:
    client, response, stepper, _ = answered("Three.")
    assert RunStepper(client, response=response.id).frames == stepper.frames


def test_frames_are_those_of_a_run_with_the_same_words(answered: Any) -> None:
    client, _, stepper, _ = answered("Three.", "Three.")
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "1 + 2?"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    ours = [(frame.title.replace("response", "run"), frame.status, frame.badge) for frame in stepper.frames]
    assert ours == [(frame.title, frame.status, frame.badge) for frame in RunStepper(client, run=run).frames]


def test_calls_without_outputs_are_told_and_the_next_call_is_shown(answered: Any) -> None:
    _, response, stepper, page = answered([anb.ToolCall("add", '{"a": 1}')], tools=[ADD])
    assert titles(stepper)[-1] == UNANSWERED
    read, then = calls(page)
    assert read["code"]["SDK"] == f'response = client.responses.retrieve(\n    "{response.id}",\n)'
    assert then["why"] == "The next response carries the outputs"
    for words in (f'previous_response_id="{response.id}"', response.output[0].call_id, '"name": "add"'):
        assert words in then["code"]["SDK"]
    assert "previous_response_id=" in page.ask("submit", outputs={response.output[0].call_id: "3"})["error"]


def test_the_code_that_makes_it_is_that_of_the_client(answered: Any) -> None:
    client, first, _, _ = answered("Three.", "Four.", instructions="Be brief.")
    second = client.responses.create(model="gpt-4o", previous_response_id=first.id, input="And one?")
    stepper = RunStepper(client, response=second)
    start = stepper._subject.start(client, stepper._standing)
    assert start == {"model": "gpt-4o", "previous_response_id": first.id, "input": "And one?"}
    start = RunStepper(client, response=first)._subject.start(client, stepper._lab.position(first.id))
    assert start == {"model": "gpt-4o", "input": "1 + 2?", "instructions": "Be brief."}


def test_a_fork_with_another_question_leaves_the_response_as_it_was(answered: Any) -> None:
    client, response, stepper, page = answered("Three.", "Five.")
    stepper.reach("model.asked")
    (edit, *_) = [one["edit"] for one in page.ask("edits") if "message" in one["edit"]]
    stepper.fork({"message": {**edit["message"], "content": "2 + 3?"}})
    stepper.to_end()
    assert stepper.response.output_text == "Five." and stepper.response.id != response.id
    assert client.responses.retrieve(response.id) == response
    assert "<mark>five.</mark>" in page.ask("compare", run_id=response.id).lower()
    stepper.switch(response.id)
    assert titles(stepper)[-1] == "The response is completed"
    again = RunStepper(client, response=response)
    assert [row["label"] for row in again.state()["branches"]] == ["main", "message: 2 + 3?"]


def test_only_its_own_input_can_be_edited(answered: Any) -> None:
    client, first, _, _ = answered("Three.", "Four.")
    second = client.responses.create(model="gpt-4o", previous_response_id=first.id, input="And one?")
    stepper = RunStepper(client, response=second)
    labels = [one["label"] for one in stepper.edits() if "message" in one["edit"]]
    assert labels == ["the user's message: And one?"]


def test_arguments_of_an_unanswered_call_are_edited_in_a_fork(answered: Any) -> None:
    _, response, stepper, page = answered([anb.ToolCall("add", '{"a": 1}')], tools=[ADD])
    edit = next(one["edit"] for one in page.ask("edits") if "arguments" in one["edit"])
    stepper.reach("model.called")
    stepper.fork({"arguments": {**edit["arguments"], "arguments": '{"a": 2}'}})
    stepper.to_end()
    assert stepper.response.output[0].arguments == '{"a": 2}'
    assert response.output[0].arguments == '{"a": 1}'


def test_a_response_still_to_be_made_moves_by_hand(connect: Any, page: Any) -> None:
    stepper: Any = RunStepper(connect("Three."), model="gpt-4o", input="1 + 2?")
    assert repr(stepper) == "RunStepper(gpt-4o: no response yet)"
    assert "for <code>gpt-4o</code>" in page(stepper).ask("details", tab="happened", places=[-1])[0]
    assert calls(page(stepper))[0]["code"]["SDK"].startswith("response = client.responses.create(")
    stepper.step()
    assert titles(stepper) == ["The response is created"]
    stepper.to_end()
    assert stepper.response.output_text == "Three."


def test_a_held_response_is_cancelled(connect: Any) -> None:
    stepper: Any = RunStepper(connect("Three."), model="gpt-4o", input="1 + 2?")
    stepper.step()
    stepper.stop()
    stepper.to_end()
    assert (titles(stepper)[-1], stepper.response.status) == ("The response is cancelled", "cancelled")


def test_its_tabs_speak_of_the_response(answered: Any) -> None:
    _, _, stepper, page = answered("Three.")
    here: Any = {"places": [stepper._place], "run_id": stepper._current}
    assert "response.status" in page.ask("details", tab="objects", **here)[0]
    assert page.ask("details", tab="stream", **here)[0] == "<p>event: <code>response.completed</code></p>"
    assert stepper.state()["word"] == "response" and stepper.state()["thread"] == ""


def test_one_thing_is_stepped_through(connect: Any) -> None:
    client = connect()
    with pytest.raises(TypeError, match="Response resp_1 is made already. Leave out model"):
        RunStepper(client, response="resp_1", model="gpt-4o")
    with pytest.raises(TypeError, match=r"RunStepper\(client, response=response\.id\)"):
        RunStepper(client, response="run_1")
    with pytest.raises(TypeError, match="or response=… with one that there is"):
        RunStepper(client, input="x")
