"""Practice in the engine: the mechanics of functions and of search, with a learner's own words."""

from typing import Any, Literal

from assistant_nb.engine.model.practice import Practice
from assistant_nb.functions import function_tool, tool_outputs
from tests.conftest import Connect, MakeApp


def get_weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    """The weather in a city."""
    return f"18 °{unit} in {city}"


def test_a_learners_own_function_is_called_and_answers(make_app: MakeApp, connect: Connect) -> None:
    client = connect(app=make_app(model=Practice()))
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[function_tool(get_weather)])
    thread: Any = {"messages": [{"role": "user", "content": "What is the weather in Rome and Oslo, in F?"}]}
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
    outputs = tool_outputs(run, get_weather)
    assert [output["output"] for output in outputs] == ["18 °F in Rome", "18 °F in Oslo"]
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs
    )
    assert run.status == "completed"
    assert run.usage and run.usage.to_dict()["estimated"]
    text = client.beta.threads.messages.list(run.thread_id).data[0].to_dict()["content"][0]["text"]["value"]  # type: ignore[index]
    assert (
        text.startswith("Practice: rules answer here, not a language model. get_weather(")
        and "-> '18 °F in Oslo'" in text
    )


def test_a_quoted_phrase_is_searched_and_cited(make_app: MakeApp, connect: Connect) -> None:
    client = connect(app=make_app(model=Practice()))
    file_id = client.files.create(file=("food.txt", b"Anna likes pie. Filip likes cake."), purpose="assistants").id
    resources: Any = {"file_search": {"vector_stores": [{"file_ids": [file_id]}]}}
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}], tool_resources=resources)
    thread: Any = {"messages": [{"role": "user", "content": 'Who likes "cake"?'}]}
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
    text: Any = client.beta.threads.messages.list(run.thread_id).data[0].to_dict()["content"][0]["text"]  # type: ignore[index]
    assert text["value"] == "Practice: rules answer here, not a language model. Filip likes cake. 【4:0†food.txt】"
    assert [note["file_citation"]["file_id"] for note in text["annotations"]] == [file_id]
