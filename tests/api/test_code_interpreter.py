"""The code interpreter in a run: code really runs, contained, and what it makes becomes files."""

from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

from assistant_nb.engine.model.base import ToolCall
from assistant_nb.engine.model.scripted import Scripted
from assistant_nb.engine.tools import code_interpreter
from assistant_nb.sandbox.errors import NotContained
from assistant_nb.sandbox.layers import layers
from assistant_nb.sandbox.limits import Limits
from tests.conftest import Connect, MakeApp
from tests.until import until

TOOLS: Any = [{"type": "code_interpreter"}]
DRAW = "import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.show()"
WRITE = "open('/mnt/data/squares.csv', 'w').write('n,square\\n2,4\\n')"


def code(text: str) -> ToolCall:
    return ToolCall("code_interpreter", text)


@pytest.fixture(autouse=True)
def contained(request: pytest.FixtureRequest) -> None:
    if "uncontained" in request.fixturenames:
        return
    try:
        layers()
    except NotContained as reason:
        pytest.skip(str(reason))


def start(client: OpenAI, question: str = "Count.", **thread: Any) -> Run:
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=TOOLS)
    whole: Any = {"messages": [{"role": "user", "content": question, **thread.pop("message", {})}], **thread}
    return client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=whole)


def again(client: OpenAI, run: Run) -> Run:
    return client.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)


def calls(client: OpenAI, run: Run) -> list[dict[str, Any]]:
    """The code interpreter's calls of a run, in order."""
    steps: list[Any] = [
        step.to_dict() for step in client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc")
    ]
    return [call["code_interpreter"] for step in steps for call in step["step_details"].get("tool_calls", [])]


def logs(client: OpenAI, run: Run) -> str:
    return "".join(output.get("logs", "") for call in calls(client, run) for output in call["outputs"])


def content(client: OpenAI, run: Run) -> list[Any]:
    message: Any = client.beta.threads.messages.list(run.thread_id).data[0].to_dict()
    return list(message["content"])


def test_code_runs_and_its_step_says_what_contained_it(connect: Connect) -> None:
    client = connect(code("print(6 * 7)\n'last'"), "42.")
    run = start(client)
    assert run.status == "completed", run.last_error
    (call,) = calls(client, run)
    assert call["input"] == "print(6 * 7)\n'last'"
    assert call["outputs"] == [{"type": "logs", "logs": "42\n'last'"}]
    assert call["contained_by"] == list(layers())


def test_state_lasts_between_calls_and_runs_of_a_thread_and_is_not_shared(connect: Connect) -> None:
    client = connect(code("x = 40"), code("print(x + 2)"), "42.", code("print(x)"), "40.", code("print(x)"), "No.")
    run = start(client)
    assert logs(client, run) == "42\n"
    assert logs(client, again(client, run)) == "40\n"
    assert "NameError: name 'x' is not defined" in logs(client, start(client))


def test_an_error_is_told_to_the_model_and_the_kernel_goes_on(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(code("x = 1\n1 / 0"), code("print(x)"), "One.")
    client = connect(app=app)
    run = start(client)
    first, second = calls(client, run)
    assert "ZeroDivisionError: division by zero" in first["outputs"][0]["logs"]
    assert second["outputs"] == [{"type": "logs", "logs": "1\n"}]
    assert isinstance(app.model, Scripted)
    told = app.model.prompts[1].messages[-1].tool_calls[0].output
    assert told and "ZeroDivisionError" in told


def test_a_picture_is_in_the_step_before_the_text_and_can_be_downloaded(connect: Connect) -> None:
    client = connect(code(DRAW), "Here it is.")
    run = start(client)
    (output,) = [output for output in calls(client, run)[0]["outputs"] if output["type"] == "image"]
    picture, text = content(client, run)
    assert picture["image_file"]["file_id"] == output["image"]["file_id"]
    assert text["text"]["value"] == "Here it is."
    file = client.files.retrieve(output["image"]["file_id"])
    assert (file.purpose, file.filename) == ("assistants_output", f"{file.id}.png")
    data = client.files.content(file.id).read()
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) == file.bytes


def test_a_file_that_code_makes_is_linked_and_can_be_downloaded(connect: Connect) -> None:
    client = connect(
        code(WRITE), "See [squares](sandbox:/mnt/data/squares.csv).", "Still [here](sandbox:/mnt/data/squares.csv)."
    )
    run = start(client)
    for answered in (run, again(client, run)):
        (part,) = content(client, answered)
        (note,) = part["text"]["annotations"]
        assert (note["type"], note["text"]) == ("file_path", "sandbox:/mnt/data/squares.csv")
        assert part["text"]["value"][note["start_index"] : note["end_index"]] == note["text"]
        file = client.files.retrieve(note["file_path"]["file_id"])
        assert (file.purpose, file.filename) == ("assistants_output", "/mnt/data/squares.csv")
        assert client.files.content(file.id).read() == b"n,square\n2,4\n"


def test_a_stream_shows_logs_picture_and_link(connect: Connect) -> None:
    client = connect(code(f"{WRITE}\n{DRAW}"), "See sandbox:/mnt/data/squares.csv now.")
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=TOOLS)
    with client.beta.threads.create_and_run_stream(assistant_id=assistant.id) as stream:
        events: list[tuple[str, Any]] = [(event.event, event.data.to_dict()) for event in stream]
        (message,) = stream.get_final_messages()
    deltas = [data["delta"]["content"][0] for name, data in events if name == "thread.message.delta"]
    assert (deltas[0]["type"], deltas[0]["index"]) == ("image_file", 0)
    (noted,) = [delta["text"] for delta in deltas[1:] if delta["text"].get("annotations")]
    assert noted["value"] == "sandbox:/mnt/data/squares.csv"
    assert [part.type for part in message.content] == ["image_file", "text"]
    completed = next(data for name, data in events if name == "thread.message.completed")
    assert completed["content"][1]["text"]["annotations"][0]["file_path"] == noted["annotations"][0]["file_path"]


def test_files_within_reach_are_under_mnt_data_and_the_model_is_told(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(
        code("import os; print(sorted(os.listdir('/mnt/data')))\nprint(open('/mnt/data/a.csv').read())"), "Read.",
        code("print(open('/mnt/data/b.csv').read())"), "Read.",
    )  # fmt: skip
    client = connect(app=app)
    ids = [client.files.create(file=("a.csv", f"{n}".encode()), purpose="assistants").id for n in (1, 2)]
    attached: Any = {"attachments": [{"file_id": ids[1], "tools": TOOLS}]}
    run = start(client, message=attached, tool_resources={"code_interpreter": {"file_ids": ids[:1]}})
    assert logs(client, run) == "['a (2).csv', 'a.csv']\n1\n"
    assert isinstance(app.model, Scripted)
    assert app.model.prompts[0].files == ["/mnt/data/a.csv", "/mnt/data/a (2).csv"]
    later = client.files.create(file=("b.csv", b"3"), purpose="assistants").id
    client.beta.threads.messages.create(
        run.thread_id, role="user", content="And this?", attachments=[{"file_id": later, "tools": TOOLS}]
    )
    assert logs(client, again(client, run)) == "3\n"
    assert client.files.list(purpose="assistants_output").data == []  # what was read is no result


def test_a_call_that_takes_longer_than_an_engine_allows_is_stopped(make_app: MakeApp, connect: Connect) -> None:
    client = connect(app=make_app(code("while True: pass"), "Stopped.", limits=Limits(call_s=0.5)))
    run = start(client)
    assert run.status == "completed"
    assert "The call took longer than 0.5 s" in logs(client, run)


def test_cancelling_a_run_stops_its_code(connect: Connect, wait: Any) -> None:
    client = connect(code("while True: pass"), code("print('free')"), "Free.")
    assistant = client.beta.assistants.create(model="m", instructions="i", tools=TOOLS)
    run = client.beta.threads.create_and_run(assistant_id=assistant.id)
    until(lambda: client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data)
    client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    assert wait(client, run).status == "cancelled"
    assert logs(client, again(client, run)) == "free\n"


def test_after_a_restart_the_files_are_there_again(make_app: MakeApp, connect: Connect, tmp_path: Any) -> None:
    store = tmp_path / "class.db"
    first = make_app(code(WRITE), "Done.", store=store)
    run = start(connect(app=first))
    first.close()
    client = connect(app=make_app(code("print(open('/mnt/data/squares.csv').read())"), "Read.", store=store))
    assert logs(client, again(client, run)) == "n,square\n2,4\n\n"


def test_a_deleted_thread_and_a_closed_engine_take_their_kernels_along(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(*[code("import os; print(os.getppid())"), "Done."] * 2)
    client = connect(app=app)
    deleted, kept = start(client), start(client)
    tool: Any = app.runner.loop.tools["code_interpreter"]
    sessions = dict(tool._sessions)
    client.beta.threads.delete(deleted.thread_id)
    assert list(tool._sessions) == [kept.thread_id]
    app.close()
    assert not tool._sessions
    assert [session._kernel for session in sessions.values()] == [None, None]


@pytest.fixture
def uncontained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where nothing contains code."""

    def layers() -> tuple[str, ...]:
        raise NotContained(["an odd machine"])

    monkeypatch.setattr(code_interpreter, "layers", layers)


@pytest.mark.usefixtures("uncontained")
def test_where_nothing_contains_code_it_is_refused_and_the_model_is_told(make_app: MakeApp, connect: Connect) -> None:
    app = make_app(code("print(1)"), "It did not run.")
    client = connect(app=app)
    run = start(client)
    assert run.status == "completed"
    (call,) = calls(client, run)
    assert call["outputs"][0]["logs"].startswith("The code was not run. Nothing here contains code")
    assert "an odd machine" in call["outputs"][0]["logs"]
    assert "contained_by" not in call


@pytest.mark.usefixtures("uncontained")
def test_where_nothing_contains_code_somebody_is_asked_each_time(make_app: MakeApp, connect: Connect) -> None:
    shown: list[str] = []

    def may_run(code: str) -> bool:
        shown.append(code)
        return "no" not in code

    client = connect(app=make_app(code("x = 1"), code("print('no')"), code("print(x)"), "Done.", may_run=may_run))
    first, refused, last = calls(client, start(client))
    assert shown == ["x = 1", "print('no')", "print(x)"]
    assert first["contained_by"] == last["contained_by"] == []
    assert "was not run" in refused["outputs"][0]["logs"]
    assert last["outputs"] == [{"type": "logs", "logs": "1\n"}]
