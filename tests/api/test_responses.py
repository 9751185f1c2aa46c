"""`/v1/responses` through the SDK: what a response is asked, what it answers, and what follows it."""

from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.responses import Response
from pydantic import BaseModel
from werkzeug.test import Client

from assistant_nb.engine.app import App
from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.recorded import Exchange, Header, Recorded
from assistant_nb.engine.model.scripted import Scripted
from tests.conftest import Connect, MakeApp

ADD: Any = {
    "type": "function",
    "name": "add",
    "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
}


def ask(client: OpenAI, question: Any = "2 + 2?", **body: Any) -> Response:
    response = client.responses.create(model="gpt-4o", input=question, **body)
    assert isinstance(response, Response)
    return response


def answered(response: Response, *outputs: str) -> list[Any]:
    """The outputs of the functions that a response calls, as the next input."""
    calls = [item.call_id for item in response.output if item.type == "function_call"]
    return [
        {"type": "function_call_output", "call_id": id, "output": output}
        for id, output in zip(calls, outputs, strict=True)
    ]


def prompt(app: App) -> dict[str, Any]:
    """What the model was asked last."""
    model = app.model
    assert isinstance(model, Scripted)
    return {**model.prompts[-1].as_json()}


def test_a_response_has_an_answer_and_what_it_took(connect: Connect) -> None:
    response = ask(connect("Four."), instructions="Be brief.", metadata={"lesson": "1"})
    assert response.output_text == "Four." and response.status == "completed"
    assert response.instructions == "Be brief." and response.metadata == {"lesson": "1"}
    assert response.usage and response.usage.total_tokens == 3 + 2 + 2
    assert response.to_dict()["provenance"] == [{"answer": "scripted"}]


def test_all_that_are_kept_are_listed_and_none_moves(connect: Connect) -> None:
    client = connect(*["Four."] * 5)
    conversation = client.conversations.create()
    first, gone = ask(client), ask(client)
    follows = ask(client, previous_response_id=first.id)
    within = ask(client, conversation=conversation.id)
    ask(client, store=False)
    client.responses.delete(gone.id)
    client.post("/lab/responses", cast_to=object, body={"model": "gpt-4o", "input": "Hello"})
    for _ in range(3):
        found: Any = client.get("/lab/responses", cast_to=object)
        assert [one["id"] for one in found["data"]][:3] == [first.id, follows.id, within.id]
        assert [one["status"] for one in found["data"]] == ["completed"] * 3 + ["queued"]
    assert client.responses.retrieve(first.id).id == first.id


def test_it_is_there_again_as_it_was_told(connect: Connect) -> None:
    client = connect("Four.")
    response = ask(client)
    assert client.responses.retrieve(response.id).to_dict() == response.to_dict()


def test_its_items_share_the_first_characters_of_its_id(connect: Connect) -> None:
    client = connect("One.", [ToolCall("add", "{}"), ToolCall("add", "{}")])
    first = ask(client)
    second = ask(client, tools=[ADD], previous_response_id=first.id)
    given = [item.id or "" for item in client.responses.input_items.list(second.id)]
    made = [item.id or "" for item in second.output]
    ids = [first.id, second.id, *given, *made]
    assert len({id.partition("_")[2][:16] for id in ids}) == 1 and {len(id.partition("_")[2]) for id in ids} == {50}
    assert len(set(ids)) == len(ids)


def test_what_was_said_before_is_in_the_prompt_and_its_instructions_are_not(
    connect: Connect, make_app: MakeApp
) -> None:
    client = connect(app=(app := make_app("One.", "Two.")))
    first = ask(client, "1?", instructions="Be brief.")
    ask(
        client,
        [{"role": "developer", "content": "In English."}, {"role": "user", "content": "2?"}],
        previous_response_id=first.id,
    )
    assert prompt(app)["instructions"] == "In English."
    assert [turn["content"] for turn in prompt(app)["messages"]] == ["1?", "One.", "2?"]


def test_instructions_that_came_as_items_carry_over(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("One.", "Two.")))
    first = ask(client, [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1?"}])
    ask(client, "2?", previous_response_id=first.id, instructions="In English.")
    assert prompt(app)["instructions"] == "In English.\n\nBe brief."


def test_a_function_round_is_two_responses_and_a_run_asks_the_same(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app([ToolCall("add", '{"a": 1}'), ToolCall("add", '{"a": 2}')], "Three.")))
    first = ask(client, tools=[ADD])
    assert first.status == "completed" and [item.type for item in first.output] == ["function_call"] * 2
    second = ask(client, answered(first, "1", "2"), tools=[ADD], previous_response_id=first.id)
    assert second.output_text == "Three."
    calls = [{"name": "add", "arguments": f'{{"a": {n}}}', "output": str(n)} for n in (1, 2)]
    assert prompt(app)["messages"][1:] == [{"role": "assistant", "content": "", "tool_calls": calls}]


def test_a_dialogue_can_be_sent_back_instead_of_followed(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app(["I add.", ToolCall("add", "{}")], "Three.", "Three.")))
    first = ask(client, tools=[ADD])
    ask(client, answered(first, "3"), tools=[ADD], previous_response_id=first.id)
    followed = prompt(app)
    sent: list[Any] = [{"role": "user", "content": "2 + 2?"}, *(item.to_dict() for item in first.output)]
    ask(client, [*sent, *answered(first, "3")], tools=[ADD], store=False)
    assert prompt(app) == followed


def test_ids_that_a_client_sends_name_nothing(connect: Connect) -> None:
    client = connect("One.", "Two.")
    mine: Any = [{"type": "message", "id": "msg_mine", "role": "user", "content": "x"}]
    first, second = ask(client, mine), ask(client, mine)
    ids = [item.id for one in (first, second) for item in client.responses.input_items.list(one.id)]
    assert "msg_mine" not in ids and len(set(ids)) == 2


def test_reasoning_is_taken_back_and_not_read(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("Two.")))
    thought: Any = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    ask(client, [thought, {"role": "user", "content": "x"}], include=["reasoning.encrypted_content"])
    assert [turn["content"] for turn in prompt(app)["messages"]] == ["x"]


def test_a_file_is_read_when_it_arrives(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("Blue.")))
    file: Any = {
        "type": "input_file",
        "filename": "sky.txt",
        "file_data": "data:text/plain;base64,VGhlIHNreSBpcyBibHVlLg==",
    }
    picture: Any = {"type": "input_image", "image_url": "https://example.org/sky.png", "detail": "low"}
    response = ask(client, [{"role": "user", "content": [{"type": "input_text", "text": "Which?"}, file, picture]}])
    question, text, shown = prompt(app)["messages"][0]["content"]
    assert (question["text"], text["text"]) == ("Which?", "sky.txt\nThe sky is blue.")
    assert shown["image_url"] == {"url": "https://example.org/sky.png", "detail": "low"}
    asked: list[Any] = [[], ["message.input_image.image_url"]]
    pages: Any = [client.responses.input_items.list(response.id, include=one).data[0].to_dict() for one in asked]
    assert [page["content"][2]["image_url"] for page in pages] == [None, "https://example.org/sky.png"]
    assert pages[0]["content"][1] == {"type": "input_file", "file_id": None, "filename": "sky.txt"}


def test_what_v1_never_knew_has_no_old_shape(make_app: MakeApp) -> None:
    old = {"OpenAI-Beta": "assistants=v1"}
    answer = Client(make_app("x")).post("/v1/responses", json={"model": "m", "input": "x", "tools": [ADD]}, headers=old)
    assert answer.status_code == 200 and answer.json and answer.json["tools"][0]["strict"] is True


def test_a_file_in_an_output_is_read_too(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app(ToolCall("add", "{}"), "Blue.")))
    first = ask(client, tools=[ADD])
    file = {"type": "input_file", "filename": "sky.txt", "file_data": "data:text/plain;base64,VGhlIHNreSBpcyBibHVlLg=="}
    (output,) = answered(first, "")
    ask(client, [{**output, "output": [{"type": "input_text", "text": "Here:"}, file]}], previous_response_id=first.id)
    assert prompt(app)["messages"][1]["tool_calls"][0]["output"] == "Here:\nsky.txt\nThe sky is blue."


def test_a_function_is_strict_unless_it_says_otherwise(connect: Connect) -> None:
    client = connect("1", "2")
    strict, lax = (ask(client, tools=[tool]).tools[0].to_dict() for tool in (ADD, {**ADD, "strict": False}))
    assert strict["strict"] is True and strict["parameters"]["additionalProperties"] is False  # type: ignore[index]
    assert lax["strict"] is False and "additionalProperties" not in lax["parameters"]  # type: ignore[operator]


def test_allowed_tools_leave_only_some(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("x")))
    choice: Any = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "add"}]}
    response = ask(client, tools=[ADD, {**ADD, "name": "sub"}], tool_choice=choice)
    assert [tool["function"]["name"] for tool in prompt(app)["tools"]] == ["add"] and prompt(app)[
        "tool_choice"
    ] == "required"
    assert len(response.tools) == 2


class Sum(BaseModel):
    value: int


def test_an_answer_is_parsed(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app('{"value": 4}')))
    response = client.responses.parse(model="gpt-4o", input="2 + 2?", text_format=Sum)
    assert response.output_parsed == Sum(value=4)
    assert prompt(app)["response_format"]["json_schema"]["name"] == "Sum"


def test_a_token_limit_leaves_it_incomplete(connect: Connect) -> None:
    response = ask(connect("word " * 20), max_output_tokens=16)
    assert response.status == "incomplete" and len(response.output_text) == 16 * 4
    assert response.incomplete_details and response.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "raised", "status"),
    [
        (ModelError("No such line.", "invalid_prompt"), openai.BadRequestError, 400),
        (ModelError("Slow down.", "rate_limit_exceeded"), openai.RateLimitError, 429),
        (ModelError("It broke."), openai.APIStatusError, 424),
    ],
)
def test_a_model_without_an_answer_is_an_error_and_is_asked_once(
    connect: Connect, error: ModelError, raised: type[openai.APIStatusError], status: int, stream: bool
) -> None:
    client = connect(error, "The next line.").with_options(max_retries=2)
    with pytest.raises(raised, match=str(error)) as refused:
        ask(client, stream=True) if stream else ask(client)
    assert refused.value.status_code == status
    assert ask(client).output_text == "The next line."


def recording(tmp_path: Any, *answers: str) -> Recorded:
    said = {"role": "user", "content": "2 + 2?"}
    asked = {"model": "gpt-4o", "instructions": "Be brief.", "tools": [], "messages": [said]}
    origin = {"answer": "authored", "usage": "estimated"}
    lines = [Header(format="assistant_nb recording", version=1, title="x").line()]
    lines += [
        Exchange.model_validate({"prompt": asked, "answer": answer, "usage": None, "provenance": origin}).line()
        for answer in answers
    ]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines))
    return Recorded(path)


def test_a_recording_answers_a_run_and_a_response_and_each_counts_for_itself(
    connect: Connect, make_app: MakeApp, tmp_path: Any, ask: Any
) -> None:
    client = connect(app=make_app(model=recording(tmp_path, "Four.", "Four again.")))
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    said = []
    for _ in range(2):
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
        client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        said.append(client.beta.threads.messages.list(thread.id).data[0].content[0].text.value)  # type: ignore[union-attr]
        plain: Any = {"format": {"type": "text"}}
        same = client.responses.create(model="gpt-4o", instructions="Be brief.", input="2 + 2?", text=plain)
        said.append(same.output_text)
    assert said == ["Four.", "Four.", "Four again.", "Four again."]


def test_after_a_tool_call_a_response_asks_what_a_run_would_not(connect: Connect, make_app: MakeApp) -> None:
    """A run drops the calls of earlier runs. A response keeps them, so its recording is another one."""
    client = connect(app=(app := make_app(ToolCall("add", "{}"), "Three.", "Yes.")))
    first = ask(client, tools=[ADD])
    second = ask(client, answered(first, "3"), tools=[ADD], previous_response_id=first.id)
    ask(client, "Sure?", tools=[ADD], previous_response_id=second.id)
    assert ["tool_calls" in turn for turn in prompt(app)["messages"]] == [False, True, False, False]


def test_what_is_not_to_be_stored_is_gone_with_its_end(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("One.", "Two.")))
    plain = ask(client, store=False)
    streamed = list(client.responses.create(model="gpt-4o", input="x", store=False, stream=True))[-1]
    assert plain.output_text == "One." and streamed.type == "response.completed"
    for id in (plain.id, streamed.response.id):
        with pytest.raises(openai.NotFoundError, match=f"Response with id '{id}' not found."):
            client.responses.retrieve(id)
    assert app.store.counts() == {}


def test_a_deleted_response_is_gone_and_what_follows_it_stays(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("One.", "Two.", "Three.")))
    first = ask(client, "1?")
    second = ask(client, "2?", previous_response_id=first.id)
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)
    with pytest.raises(openai.BadRequestError, match=f"Previous response with id '{first.id}' not found."):
        ask(client, previous_response_id=first.id)
    third = ask(client, "3?", previous_response_id=second.id)
    assert [turn["content"] for turn in prompt(app)["messages"]] == ["1?", "One.", "2?", "Two.", "3?"]
    client.responses.delete(second.id)
    client.responses.delete(third.id)
    assert app.store.counts() == {}


def test_input_items_are_listed_newest_first_and_paged(connect: Connect) -> None:
    client = connect("One.")
    response = ask(client, [{"role": "user", "content": str(n)} for n in range(5)])
    pages = (client.responses.input_items.list(response.id, limit=2, order=order) for order in ("desc", "asc"))
    newest, oldest = ([item.to_dict()["content"][0]["text"] for item in page] for page in pages)  # type: ignore[index]
    assert newest == list("43210") and oldest == list("01234")


def test_tokens_of_a_prompt_are_counted_and_nothing_is_kept(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("One.")))
    counted = client.responses.input_tokens.count(model="gpt-4o", input="2 + 2?", instructions="Be brief.")
    assert counted.input_tokens == 2 + 3 and app.store.counts() == {}
    response = ask(client, instructions="Be brief.")
    assert response.usage and response.usage.input_tokens == counted.input_tokens
    more = client.responses.input_tokens.count(model="gpt-4o", input="x", previous_response_id=response.id)
    assert more.input_tokens == 2 + 1 + 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"temperature": -1}, "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1"),
        ({"max_output_tokens": 5}, "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but"),
        ({"input": [{"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_file", "file_url": "x"}]}]}, "opens no 'file_url'"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "filename": "a.mp3", "file_data": "data:audio/mpeg;base64,AAAA"}]}]}, "unsupported MIME type 'audio/mpeg'"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "filename": "a.txt", "file_data": "no base64"}]}]}, "a value that is none"),
        ({"tools": [{"type": "web_search"}]}, "'web_search' does not run here: this engine runs functions"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "'mcp' does not run here: this engine runs functions"),
        ({"tool_choice": {"type": "image_generation"}}, "'image_generation' does not run here"),
        ({"input": [{"type": "computer_call_output"}]}, "'computer_call_output' does not run here"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "https://x"}]}]}, "opens no 'file_url'"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt objects are not here"),
        ({"tool_choice": "required"}, "'required' needs a tool"),
        ({"previous_response_id": "resp_none"}, "Previous response with id 'resp_none' not found."),
        ({"conversation": "conv_none"}, "Conversation with id 'conv_none' not found."),
        ({"conversation": "conv_1", "previous_response_id": "resp_1"}, "Mutually exclusive parameters"),
        ({"background": True, "store": False}, "'background' needs 'store'"),
        ({"input": [{"type": "function_call_output", "call_id": "call_1", "output": "x"}]}, "No tool call found for function call output with call_id call_1."),
        ({"input": [{"type": "function_call", "call_id": "call_1", "name": "add", "arguments": "{}"}]}, "No tool output found for function call call_1."),
        ({"input": [{"type": "item_reference", "id": "msg_none"}]}, "Item with id 'msg_none' not found."),
        ({"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]}, "Invalid value: 'input_text'."),
        ({"tools": [{"type": "code_interpreter", "container": "cntr_none"}]}, "Container with id 'cntr_none' is not the one"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(
    connect: Connect, make_app: MakeApp, body: dict[str, Any], message: str
) -> None:
    client = connect(app=(app := make_app()))
    with pytest.raises(openai.APIStatusError) as refused:
        ask(client, **{"question": "x", **({"question": body.pop("input")} if "input" in body else {}), **body})
    assert message in str(refused.value) and refused.value.status_code in (400, 404)
    assert app.store.counts() == {}


def test_an_item_can_be_named_instead_of_sent(connect: Connect, make_app: MakeApp) -> None:
    client = connect(app=(app := make_app("One.", "Two.")))
    (item,) = ask(client).output
    ask(client, [{"type": "item_reference", "id": item.id}, {"role": "user", "content": "Sure?"}])
    assert [turn["content"] for turn in prompt(app)["messages"]] == ["One.", "Sure?"]
