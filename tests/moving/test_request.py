"""The same call for the Responses API: what it says runs here, and asks the model the same."""

from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.moving import request
from tests.conftest import Connect, MakeApp

PARAMETERS = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
ADD: Any = {
    "type": "function",
    "function": {"name": "add", "description": "Adds.", "parameters": PARAMETERS, "strict": True},
}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "sum", "schema": PARAMETERS, "strict": True}}

SETTINGS = st.fixed_dictionaries(
    {"model": st.sampled_from(["gpt-4o", "o3-mini"])},
    optional={
        "name": st.just("Tutor"),
        "instructions": st.text(alphabet="ab \"'\\\n", max_size=120),
        "temperature": st.sampled_from([0.0, 0.3, 1.0, 2.0]),
        "top_p": st.sampled_from([0.5, 1.0]),
        "metadata": st.just({"a": "b"}),
        "response_format": st.sampled_from(["auto", {"type": "json_object"}, {"type": "text"}, SCHEMA]),
        "tools": st.lists(
            st.sampled_from([ADD, {"type": "code_interpreter"}]), max_size=2, unique_by=lambda one: one["type"]
        ),
    },
)


def run_code(code: str, client: OpenAI, **names: Any) -> Any:
    known = {"client": client, **names}
    exec(code, known)
    return known.get("response")


@given(SETTINGS)
def test_a_request_asks_the_model_what_a_run_of_the_assistant_asks(settings: dict[str, Any]) -> None:
    app = create_app(model=Scripted("One.", "Two."))
    import httpx2

    transport = openai.DefaultHttpxClient(transport=httpx2.WSGITransport(app))
    client = OpenAI(base_url="http://engine/v1", api_key="x", max_retries=0, http_client=transport)
    assistant = client.beta.assistants.create(**settings)
    thread: Any = {"messages": [{"role": "user", "content": "Your question."}]}
    client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread, poll_interval_ms=1)
    run_code(request.of_assistant(settings), client)
    assert isinstance(app.model, Scripted)
    ours, theirs = (prompt.as_json() for prompt in app.model.prompts)
    assert ours | {"response_format": None} == theirs | {"response_format": None}
    assert _format(ours) == _format(theirs)
    app.close()


def _format(prompt: Any) -> Any:
    """What an answer has to look like; "auto" and a text are the same."""
    form = prompt["response_format"]
    return None if form in ("auto", None, {"type": "text"}) else form


def test_what_a_response_does_not_have_is_told(connect: Connect) -> None:
    code = request.of_assistant({"model": "m", "name": "Tutor", "tools": [{"type": "file_search"}]})
    assert "# Left out: the name. A response has none." in code
    assert "# Left out: file_search." in code and "tools=" not in code
    run = {"model": "m", "max_completion_tokens": 3, "max_prompt_tokens": 300}
    code = request.of_call("runs.create", {}, run)
    assert "max_output_tokens" not in code and code.count("# Left out: max_") == 2


def test_a_store_and_files_stand_in_their_tools(connect: Connect) -> None:
    resources = {"file_search": {"vector_store_ids": ["vs_1"]}, "code_interpreter": {"file_ids": ["file-1"]}}
    search = {"type": "file_search", "file_search": {"max_num_results": 3, "ranking_options": {"score_threshold": 0.5}}}
    settings = {"model": "m", "tools": [search, {"type": "code_interpreter"}], "tool_resources": resources}
    client: Any = _Heard()
    run_code(request.of_assistant(settings), client)
    searched, code = client.heard["tools"]
    assert searched["vector_store_ids"] == ["vs_1"] and searched["ranking_options"] == {"score_threshold": 0.5}
    assert code == {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-1"]}}


class _Heard:
    """A client that keeps what it is asked."""

    def __init__(self) -> None:
        self.responses, self.heard = self, dict[str, Any]()

    def create(self, **parameters: Any) -> None:
        self.heard = parameters


def test_the_calls_of_a_run_lead_to_the_same_answer(connect: Connect, make_app: MakeApp) -> None:
    call = ToolCall("add", '{"a": 1}')
    client = connect(app=make_app([call], [call], "Two."))
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[ADD])
    question: Any = {"role": "user", "content": "1 + 1?"}
    thread = client.beta.threads.create(messages=[question])
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, max_completion_tokens=99, poll_interval_ms=1
    )
    settings = run.to_dict()
    conversation = client.conversations.create(items=[question])
    response = run_code(request.of_call("runs.create", {}, settings), client, conversation=conversation)
    assert response.max_output_tokens == 99 and response.instructions == "Be brief."
    outputs = {"tool_outputs": [{"tool_call_id": response.output[0].call_id, "output": "2"}]}
    code = request.of_call("runs.submit_tool_outputs", outputs, settings)
    assert run_code(code, client, conversation=conversation).output_text == "Two."


def test_only_the_first_request_has_to_call_a_tool() -> None:
    run = {"model": "m", "tools": [ADD], "tool_choice": "required"}
    given = {"tool_outputs": [{"tool_call_id": "call_1", "output": "2"}]}
    assert 'tool_choice="required"' in request.of_call("runs.create", {}, run)
    assert "tool_choice" not in request.of_call("runs.submit_tool_outputs", given, run)


@pytest.mark.parametrize("operation", ["runs.retrieve", "messages.list", "steps.list"])
def test_looks_are_code_that_runs(connect: Connect, operation: str, capsys: pytest.CaptureFixture[str]) -> None:
    client = connect("Hello.")
    response = client.responses.create(model="m", input="x")
    again = run_code(request.of_call(operation, {}, {"model": "m"}), client, response=response)
    assert again.id == response.id
    assert capsys.readouterr().out == {"messages.list": "Hello.\n", "steps.list": "message\n"}.get(operation, "")
