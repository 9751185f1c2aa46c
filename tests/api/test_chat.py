"""Chat completions, through the unmodified SDK: the same model, nothing kept."""

import json
from dataclasses import replace
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from assistant_nb.engine.errors import ModelError
from assistant_nb.engine.model.base import ToolCall, Turn, tool_name
from assistant_nb.engine.model.fallback import Fallback
from assistant_nb.engine.model.human import Human
from assistant_nb.engine.model.scripted import Scripted
from tests.conftest import Connect, MakeApp

HELLO: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]
WEATHER: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
ROME, OSLO = (ToolCall("get_weather", json.dumps({"city": city})) for city in ("Rome", "Oslo"))


def ask(client: OpenAI, messages: Any = HELLO, **more: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=messages, **more)


def stored(client: OpenAI) -> int:
    return len(client.get("/threads", cast_to=dict[str, Any])["data"])


def test_an_answer_has_the_shape_of_the_api_and_nothing_is_kept(connect: Connect) -> None:
    client = connect("It is so.")
    answer = ask(client).to_dict()
    assert answer.pop("id").startswith("chatcmpl-")
    assert answer == {
        "object": "chat.completion", "created": answer["created"], "model": "gpt-4o",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "It is so.", "refusal": None, "annotations": []},
            "logprobs": None, "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0},
            "estimated": True,
        },
        "system_fingerprint": None, "provenance": {"answer": "scripted"},
    }  # fmt: skip
    assert stored(client) == 0


def test_a_stream_brings_the_same_in_pieces(connect: Connect) -> None:
    client = connect("It is so.")
    chunks = [chunk.to_dict() for chunk in ask(client, stream=True, stream_options={"include_usage": True})]
    choices: list[Any] = [chunk["choices"] for chunk in chunks]
    assert [choice[0]["delta"] for choice in choices[:-1]] == [
        {"role": "assistant", "content": "", "refusal": None}, {"content": "It is so."}, {},
    ]  # fmt: skip
    assert [choice[0]["finish_reason"] for choice in choices[:-1]] == [None, None, "stop"]
    usages: list[Any] = [chunk["usage"] for chunk in chunks]
    assert (choices[-1], usages[:-1], usages[-1]["total_tokens"]) == ([], [None] * 3, 8)
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert [chunk.get("provenance") for chunk in chunks] == [None, None, {"answer": "scripted"}, None]


def test_what_is_sent_reaches_the_model(make_app: MakeApp, connect: Connect) -> None:
    app = make_app("Yes.")
    choices: Any = {
        "temperature": 0.5, "top_p": 0.25, "max_tokens": 9, "reasoning_effort": "low", "tools": [WEATHER],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}}, "parallel_tool_calls": False,
        "response_format": {"type": "json_object"}, "seed": 1, "user": "me", "n": 1,
    }  # fmt: skip
    ask(connect(app=app), **choices)
    assert isinstance(app.model, Scripted)
    (prompt,) = app.model.prompts
    assert (prompt.instructions, prompt.messages) == ("Be brief.", [Turn("user", "Hello?")])
    same = ("temperature", "top_p", "reasoning_effort", "tool_choice", "parallel_tool_calls", "response_format")
    assert {name: value for name, value in prompt.as_json().items() if name in same} == {
        name: choices[name] for name in same
    }
    assert prompt.max_completion_tokens == 9
    assert [tool_name(tool) for tool in prompt.tools] == ["get_weather"]


def test_tools_are_the_clients_own_business(make_app: MakeApp, connect: Connect) -> None:
    app = make_app([ROME, OSLO], "Rome is warmer.")
    client = connect(app=app)
    messages = [*HELLO]
    called = ask(client, messages, tools=[WEATHER]).choices[0]
    assert (called.finish_reason, called.message.content) == ("tool_calls", None)
    assert [json.loads(call.function.arguments)["city"] for call in called.message.tool_calls] == ["Rome", "Oslo"]
    messages.append(called.message)
    outputs = zip(called.message.tool_calls, ("18", "4"), strict=True)
    messages += [{"role": "tool", "tool_call_id": call.id, "content": output} for call, output in outputs]
    assert ask(client, messages, tools=[WEATHER]).choices[0].message.content == "Rome is warmer."
    assert isinstance(app.model, Scripted)
    (_, turn) = app.model.prompts[1].messages
    assert turn == Turn("assistant", "", (replace(ROME, output="18"), replace(OSLO, output="4")))


def test_streamed_calls_add_up(connect: Connect) -> None:
    client = connect([ROME, OSLO])
    with client.chat.completions.stream(model="m", messages=HELLO, tools=[WEATHER]) as stream:
        message: Any = stream.get_final_completion().choices[0].message
    assert [call.function.arguments for call in message.tool_calls] == [ROME.arguments, OSLO.arguments]


def test_an_answer_can_be_parsed_into_a_model_and_sent_back(connect: Connect) -> None:
    class Sum(BaseModel):
        total: int

    client = connect('{"total": 4}', "Yes, four.")
    parsed: Any = client.chat.completions.parse(model="m", messages=HELLO, response_format=Sum).choices[0].message
    assert parsed.parsed == Sum(total=4)
    again = [*HELLO, {"role": "assistant", "content": parsed.content}, {"role": "user", "content": "Sure?"}]
    assert ask(client, again).choices[0].message.content == "Yes, four."


def test_a_request_and_a_run_with_one_dialogue_are_one_prompt(make_app: MakeApp, connect: Connect) -> None:
    app = make_app("Hello.", "Hello.")
    client = connect(app=app)
    ask(client)
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hello?"}]}
    )
    assert isinstance(app.model, Scripted)
    chat, run = app.model.prompts
    same = ("model", "instructions", "messages", "tools", "tool_choice", "settings")
    assert [getattr(chat, name) for name in same] == [getattr(run, name) for name in same]


def test_two_equal_sessions_get_equal_answers(connect: Connect) -> None:
    assert ask(connect([ROME]), tools=[WEATHER]) == ask(connect([ROME]), tools=[WEATHER])
    client = connect("One.", "Two.")
    assert ask(client).id != ask(client).id


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        (ModelError("slow down", "rate_limit_exceeded"), 429, "rate_limit_exceeded"),
        (ModelError("what?", "invalid_prompt"), 400, "invalid_prompt"),
        (ModelError("out of coffee"), 424, "server_error"),
        (lambda prompt: 1 / 0, 424, None),
    ],
)
def test_a_model_that_gives_no_answer_is_no_5xx(
    line: Any, status: int, code: str, streamed: bool, connect: Connect
) -> None:
    with pytest.raises(openai.APIStatusError) as failed:
        ask(connect(line), stream=streamed)
    assert (failed.value.status_code, failed.value.code) == (status, code)


def test_an_answer_that_breaks_off_ends_its_stream_with_an_error(connect: Connect) -> None:
    def breaking(prompt: Any) -> Any:
        yield "Let me "
        raise ModelError("cut off")

    with pytest.raises(openai.APIError, match="cut off"):
        list(ask(connect(breaking), stream=True))


def test_where_another_model_takes_over_a_plain_answer_is_its_alone(connect: Connect, make_app: MakeApp) -> None:
    def breaking(prompt: Any) -> Any:
        yield "Let me "
        raise ModelError("cut off")

    for streamed in (False, True):
        app = make_app()
        app.runner.model.inner = Fallback(Scripted(breaking), Scripted("Hello."))
        if not streamed:
            assert ask(connect(app=app)).choices[0].message.content == "Hello."
            continue
        with pytest.raises(openai.APIError, match="cut off"):
            list(ask(connect(app=app), stream=True))


def test_a_seat_is_for_runs_only(connect: Connect, make_app: MakeApp) -> None:
    app = make_app()
    app.runner.model.inner = Human()
    with pytest.raises(openai.BadRequestError, match="only runs wait for one"):
        ask(connect(app=app))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"messages": []}, "Invalid 'messages': array too short."),
        ({"messages": [{"role": "king", "content": "x"}]}, "Invalid value: 'king'."),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}, "must be a response to a preceding"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]}]},
            "did not have response messages: c",
        ),
        ({"tools": [{"type": "code_interpreter"}]}, "Supported values are: 'function'."),
        ({"n": 2}, "Invalid value: '2'. Supported values are: '1'."),
        ({"tool_choice": "required"}, "'required' needs a tool"),
        ({"stop": "x"}, "Unknown parameter: 'stop'"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused(body: Any, message: str, connect: Connect) -> None:
    client = connect("No.")
    with pytest.raises(openai.BadRequestError) as refused:
        client.post("/chat/completions", cast_to=object, body={"model": "m", "messages": HELLO, **body})
    assert message in refused.value.body["message"]  # type: ignore[index]
