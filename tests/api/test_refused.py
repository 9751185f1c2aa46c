"""What the hosted API refused, in its words."""

from typing import Any

import openai
import pytest
from openai import OpenAI

from assistant_nb.engine.model.base import ToolCall
from tests.conftest import Connect

V1 = {"OpenAI-Beta": "assistants=v1"}


def waiting(client: OpenAI, *names: str) -> Any:
    """A run that waits for the outputs of these functions."""
    tools: Any = [{"type": "function", "function": {"name": name}} for name in names]
    assistant = client.beta.assistants.create(model="gpt-4o", tools=tools)
    thread: Any = {"messages": [{"role": "user", "content": "Go."}]}
    return client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)


def submit(client: OpenAI, run: Any, *outputs: str) -> Any:
    calls = run.required_action.submit_tool_outputs.tool_calls
    given: Any = [{"tool_call_id": call.id, "output": output} for call, output in zip(calls, outputs, strict=True)]
    return client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=given
    )


def test_tool_outputs_are_smaller_than_512_kb_together(connect: Connect) -> None:
    client = connect([ToolCall("a", "{}"), ToolCall("b", "{}")], "Done.")
    run = waiting(client, "a", "b")
    with pytest.raises(openai.BadRequestError) as refused:
        submit(client, run, "x" * 512 * 1024, "")
    assert refused.value.body == {
        "message": "'tool_outputs' too large: the combined tool outputs must be less than 512kb.",
        "type": "invalid_request_error", "param": "tool_outputs", "code": "invalid_value",
    }  # fmt: skip
    with pytest.raises(openai.BadRequestError, match="512kb"):
        submit(client, run, "ä" * 128 * 1024, "y" * 256 * 1024)
    assert submit(client, run, "x" * 256 * 1024, "y" * 255 * 1024).status == "completed"


@pytest.mark.parametrize("url", ["data:image/png;base64,AAAA", "cat.png", "file:///etc/passwd"])
def test_a_picture_in_a_message_has_an_address_on_the_web(url: str, connect: Connect) -> None:
    client = connect()
    content: Any = [{"type": "text", "text": "Look."}, {"type": "image_url", "image_url": {"url": url}}]
    with pytest.raises(openai.BadRequestError) as refused:
        client.beta.threads.messages.create(client.beta.threads.create().id, role="user", content=content)
    assert refused.value.param == "content[1].image_url.url"
    assert "Invalid 'content[1].image_url.url'. Expected a valid URL, but got a value with an invalid format." in str(
        refused.value
    )


def test_a_chat_completion_may_bring_its_picture_along(connect: Connect) -> None:
    content: Any = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    answer = connect("A cat.").chat.completions.create(model="m", messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content == "A cat."


def test_code_reads_only_files_that_are_meant_for_assistants(connect: Connect) -> None:
    client = connect()
    file = client.files.create(file=("a.jsonl", b'{"a": 1}'), purpose="batch")
    resources: Any = {"code_interpreter": {"file_ids": [file.id]}}
    attachments: Any = [{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}]
    with pytest.raises(openai.BadRequestError, match=r"purpose is 'batch'.*purpose='assistants'"):
        client.beta.assistants.create(model="gpt-4o", tools=[{"type": "code_interpreter"}], tool_resources=resources)
    with pytest.raises(openai.BadRequestError, match="purpose is 'batch'"):
        client.beta.threads.create(tool_resources=resources)
    with pytest.raises(openai.BadRequestError, match="purpose is 'batch'"):
        message: Any = {"role": "user", "content": "Look.", "attachments": attachments}
        client.beta.threads.create(messages=[message])


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1-mini", "gpt-5", "chatgpt-4o-latest", "o1", "o3-mini", "o4-mini"])
def test_version_1_does_not_know_newer_models(model: str, connect: Connect) -> None:
    client = connect()
    with pytest.raises(openai.BadRequestError) as refused:
        client.beta.assistants.create(model=model, extra_headers=V1)
    assert refused.value.code == "unsupported_model"
    assert f"The requested model '{model}' cannot be used with the Assistants API in v1." in str(refused.value)
    made = client.beta.assistants.create(model=model)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    with pytest.raises(openai.BadRequestError, match="in v1"):
        client.beta.threads.runs.create(thread.id, assistant_id=made.id, extra_headers=V1)
    assert client.beta.threads.runs.list(thread.id).data == []


@pytest.mark.parametrize("model", ["gpt-4", "gpt-3.5-turbo-1106", "llama3", "mine-o1"])
def test_version_1_takes_every_other_name(model: str, connect: Connect) -> None:
    assert connect().beta.assistants.create(model=model, extra_headers=V1).model == model


def test_a_model_cannot_be_deleted(connect: Connect) -> None:
    client = connect("Hi.")
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.delete("abc")
    assert (refused.value.param, refused.value.code) == ("model", "model_not_found")
    assert "The model 'abc' does not exist" in str(refused.value)
    with pytest.raises(openai.PermissionDeniedError, match="Only fine-tuned models"):
        client.models.delete(client.models.list().data[0].id)


def test_a_vector_store_made_in_passing_takes_ten_thousand_files(connect: Connect) -> None:
    client = connect()
    file = client.files.create(file=("a.txt", b"a"), purpose="assistants")
    resources: Any = {"file_search": {"vector_stores": [{"file_ids": [file.id] * 501}]}}
    thread = client.beta.threads.create(tool_resources=resources)
    assert thread.tool_resources and thread.tool_resources.file_search
    resources["file_search"]["vector_stores"][0]["file_ids"] *= 20
    with pytest.raises(openai.BadRequestError, match="maximum length 10000"):
        client.beta.threads.create(tool_resources=resources)
