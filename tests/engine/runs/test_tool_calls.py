"""Calls that the engine answers by itself, with a tool that does as it is told."""

from collections.abc import Callable
from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.tools.base import Tool
from tests.conftest import Connect, MakeApp

CODE = ToolCall("code_interpreter", "print(1 + 1)")
TOOLS: Any = [{"type": "code_interpreter"}]


class Told(Tool):
    """Answers each call with what it was told, and remembers what it was given."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer, self.given = answer, list[str]()

    def use(self, run: Any, given: str) -> Any:
        self.given.append(given)
        return self.answer()


@pytest.fixture
def with_tool(make_app: MakeApp, connect: Connect) -> Callable[..., tuple[OpenAI, Scripted]]:
    def made(tool: Told | None, *lines: Any) -> tuple[OpenAI, Scripted]:
        app = make_app(*lines)
        app.runner.loop.tools = {"code_interpreter": tool} if tool else {}
        assert isinstance(app.model, Scripted)
        return connect(app=app), app.model

    return made


def start(client: OpenAI) -> Run:
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=TOOLS)
    return client.beta.threads.create_and_run_poll(assistant_id=assistant.id)


def logs() -> Any:
    return {"outputs": [{"type": "logs", "logs": "2"}, {"type": "image", "image": {"file_id": "file-1"}}]}


def test_a_stream_has_the_recorded_order_and_shapes_of_a_code_interpreters(with_tool: Callable[..., Any]) -> None:
    tool = Told(logs)
    client, _ = with_tool(tool, CODE, "Two.")
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=TOOLS)
    with client.beta.threads.create_and_run(assistant_id=assistant.id, stream=True) as stream:
        events: list[tuple[str, Any]] = [(event.event, event.data.to_dict()) for event in stream]
    assert [name.removeprefix("thread.") for name, _ in events] == [
        "created", "run.created", "run.queued", "run.in_progress",
        "run.step.created", "run.step.in_progress", *["run.step.delta"] * 5, "run.step.completed",
        "run.step.created", "run.step.in_progress", "message.created", "message.in_progress",
        "message.delta", "message.delta", "message.completed", "run.step.completed", "run.completed",
    ]  # fmt: skip
    deltas = [data["delta"]["step_details"]["tool_calls"][0] for name, data in events if "step.delta" in name]
    assert deltas[0].pop("id").startswith("call_")
    assert [delta["code_interpreter"] for delta in deltas] == [
        {"input": "", "outputs": []}, {"input": "print(1"}, {"input": " +"}, {"input": " 1)"},
        {"outputs": [{"index": n, **output} for n, output in enumerate(logs()["outputs"])]},
    ]  # fmt: skip
    assert tool.given == ["print(1 + 1)"]
    picture, words = (data["delta"]["content"] for name, data in events if "message.delta" in name)
    assert picture == [{"index": 0, "type": "image_file", "image_file": {"file_id": "file-1", "detail": "auto"}}]
    assert words == [{"index": 1, "type": "text", "text": {"value": "Two.", "annotations": []}}]
    whole = next(data for name, data in events if name == "thread.message.completed")
    assert [part["type"] for part in whole["content"]] == ["image_file", "text"]


def test_the_step_keeps_what_came_of_a_call_and_the_model_reads_it(with_tool: Callable[..., Any]) -> None:
    client, model = with_tool(Told(logs), CODE, "Two.")
    run = start(client)
    step = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data[1]
    (call,) = step.to_dict()["step_details"]["tool_calls"]
    assert call["code_interpreter"] == {"input": "print(1 + 1)", **logs()}
    (turn,) = model.prompts[1].messages
    assert turn.tool_calls == (ToolCall(CODE.name, CODE.arguments, "2\n[an image]"),)


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (Told(lambda: 1 / 0), "The tool 'code_interpreter' broke: ZeroDivisionError"),
        (None, "The model called the tool 'code_interpreter', which this engine cannot run yet. Ways on: "),
    ],
)
def test_a_tool_that_breaks_or_is_missing_fails_the_run_and_says_why(
    tool: Told | None, message: str, with_tool: Callable[..., Any]
) -> None:
    client, _ = with_tool(tool, CODE)
    run = start(client)
    assert run.status == "failed"
    assert run.last_error and run.last_error.message.startswith(message)
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert step.status == "failed"
