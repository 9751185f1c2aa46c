"""The form's own actions, called as the page calls them, against an engine in process."""

import json
import threading
from typing import Any, cast

import httpx2
import openai
import pytest
from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from openai import OpenAI

import assistant_nb as anb
from assistant_nb.as_code import in_sdk
from assistant_nb.engine.server import Server
from assistant_nb.sdk import Refused
from assistant_nb.widgets.assistant_form import assistant_form
from assistant_nb.widgets.assistant_form import draft as drafts
from assistant_nb.widgets.assistant_form.assistant_form import AssistantForm
from tests.conftest import Connect
from tests.until import until

HOSTILE = "<img src=x onerror=alert(1)> $x$ </script>\n`&"


def written(form: AssistantForm, **fields: Any) -> Any:
    """The draft with these fields typed over."""
    return {**form.state()["draft"], **fields}


def absent(form: AssistantForm) -> str:
    """Why its assistant is not there."""
    told = form.state()["absent"]
    assert told
    return told["sentence"]


def now(form: AssistantForm) -> Any:
    """Its assistant; a checker that has seen one None would never ask again."""
    return form.assistant


def test_a_draft_becomes_an_assistant(connect: Connect) -> None:
    client = connect()
    form = anb.AssistantForm(client)
    assert now(form) is None
    assert form.save(written(form, model="gpt-4o", name="Ada", temperature="0.3")) == {}
    assert client.beta.assistants.retrieve(now(form).id) == now(form)
    assert (now(form).name, now(form).temperature) == ("Ada", 0.3)


def test_a_mistake_makes_no_call(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client)
    assert list(form.save(written(form, name="Ada", temperature="3"))) == ["model", "temperature"]
    assert form.assistant is None
    assert list(client.beta.assistants.list()) == []


def test_an_update_sends_only_what_has_changed(connect: Connect) -> None:
    client = connect()
    made = client.beta.assistants.create(model="gpt-4o", name="Ada", instructions="Be brief.")
    form = AssistantForm(client, made.id)
    client.beta.assistants.update(made.id, instructions="Changed elsewhere.")
    form.save(written(form, name="Grace"))
    kept = client.beta.assistants.retrieve(made.id)
    assert (kept.name, kept.instructions) == ("Grace", "Changed elsewhere.")
    assert form.assistant == kept


def test_an_object_of_the_sdk_takes_no_call() -> None:
    made = openai.types.beta.Assistant.model_validate(
        {"id": "asst_1", "object": "assistant", "created_at": 1, "model": "m", "tools": []}
    )
    form = AssistantForm(OpenAI(base_url="http://127.0.0.1:9/v1", api_key="any", max_retries=0), made)
    assert form.assistant is made
    assert repr(form) == "AssistantForm(asst_1)"


@pytest.mark.parametrize("wrong", [7, {"id": "asst_1"}, ["asst_1"]])
def test_what_is_no_assistant_is_refused(wrong: Any, connect: Connect) -> None:
    with pytest.raises(TypeError, match="AssistantForm needs an assistant, its id, or nothing, not"):
        AssistantForm(connect(), wrong)


def test_a_duplicate_is_created_beside_its_original(connect: Connect) -> None:
    client = connect()
    made = client.beta.assistants.create(model="gpt-4o", name="Ada", tools=[{"type": "code_interpreter"}])
    form = AssistantForm(client, made)
    form.duplicate()
    assert now(form) is None
    form.save()
    assert sorted(str(one.name) for one in client.beta.assistants.list()) == ["Ada", "Ada (copy)"]
    assert now(form).tools == made.tools


def test_what_was_deleted_can_be_created_again(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client, client.beta.assistants.create(model="gpt-4o", name="Ada"))
    form.delete()
    assert now(form) is None and list(client.beta.assistants.list()) == []
    form.save()
    assert [one.name for one in client.beta.assistants.list()] == ["Ada"]


def test_an_assistant_deleted_elsewhere_is_told_and_its_draft_kept(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client, client.beta.assistants.create(model="gpt-4o", name="Ada"))
    client.beta.assistants.delete(now(form).id)
    with pytest.raises(openai.NotFoundError, match="No assistant found"):
        form.save(written(form, name="Grace"))
    assert form.save() == {}
    assert now(form).name == "Grace"


def test_what_another_client_has_changed_is_not_overwritten_unseen(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client, client.beta.assistants.create(model="gpt-4o", name="Ada", description="Counts."))
    client.beta.assistants.update(now(form).id, name="Grace", description="Compiles.")
    with pytest.raises(Refused, match="Another client has changed name meanwhile"):
        form.save(written(form, name="Ada L"))
    assert form.state()["checks"]["changes"] == [{"path": "name", "before": '"Grace"', "after": '"Ada L"'}]
    assert form.save() == {}
    assert (now(form).name, now(form).description) == ("Ada L", "Compiles.")


def test_a_missing_file_is_not_a_missing_assistant(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client, client.beta.assistants.create(model="gpt-4o"))
    with pytest.raises(openai.NotFoundError):
        form.save(written(form, tool_resources={"file_ids": ["file-none"], "vector_store_ids": []}))
    assert form.assistant is not None


def test_what_is_typed_while_it_saves_stays(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connect()
    form = AssistantForm(client)
    assistants = form._client.beta.assistants
    create = assistants.create

    def slow(**given: Any) -> Any:
        form.edit(written(form, name="Ada L"))
        return create(**given)

    monkeypatch.setattr(assistants, "create", slow)
    form.save(written(form, model="gpt-4o", name="Ada"))
    assert now(form).name == "Ada"
    assert [change["path"] for change in form.state()["checks"]["changes"]] == ["name"]


def test_a_missing_assistant_is_said_in_the_form_and_tried_again(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client, "asst_none")
    assert form.assistant is None
    assert "No assistant found with id 'asst_none'" in absent(form)
    form.again()
    assert form.state()["absent"]
    assert "No assistant found" in form.copy_html() and "No assistant found" in form.copy_text()


def test_a_server_that_is_gone_or_refuses_raises_nothing_in_the_notebook(server: Server) -> None:
    for address, key in (("http://127.0.0.1:9/v1", "any"), (server.url, "wrong")):
        form = AssistantForm(OpenAI(base_url=address, api_key=key), "asst_1")
        assert form._client.max_retries == 0  # it would wait between them
        sentence = absent(form)
        assert sentence.startswith(("The server does not answer.", "The server refuses this client's key."))
        assert "wrong" not in sentence


def test_an_error_goes_to_the_page_with_the_field_it_names(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server may be stricter than the form."""
    form, heard = AssistantForm(connect()), list[Any]()
    monkeypatch.setattr(form, "send", lambda message, buffers=None: heard.append(message))
    monkeypatch.setattr(drafts, "mistakes", lambda draft, before=None: {})
    draft = written(form, model="m", tools=[{"type": "function", "name": "a b", "parameters": ""}])
    call(form, "save", {"draft": draft})
    (answer,) = until(lambda: [message for message in heard if message.get("answers") == 1])
    assert answer["param"] == "tools[0].function.name"
    assert answer["error"].startswith("The server says: Invalid 'tools[0].function.name'")


def call(form: AssistantForm, name: str, args: Any, buffers: Any = ()) -> None:
    form._heard(form, {"do": name, "call": 1, "view": "x", "args": args}, list(buffers))


def test_what_checks_schemas_is_imported_beside_the_notebook(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds, in which no click would be heard."""
    at_work = list[threading.Thread]()
    monkeypatch.setattr(assistant_form, "warm_up", lambda: at_work.append(threading.current_thread()))
    AssistantForm(connect()).hello("page")
    assert until(lambda: at_work) != [threading.main_thread()]


def test_half_a_character_can_be_told_to_the_page(connect: Connect) -> None:
    form = AssistantForm(connect())
    form.save(written(form, model="gpt-4o"))
    tool = {"type": "function", "name": "f", "parameters": '{"description": "\\ud83d"}'}
    checks = form.edit(written(form, instructions="\ud83d", tools=[tool]))
    assert list(checks["mistakes"]) == ["instructions", "tools[0].function.parameters"]
    assert json.dumps([checks, form.state()], ensure_ascii=False).encode()


def test_the_code_follows_the_draft(connect: Connect) -> None:
    form = AssistantForm(connect())
    form.save(written(form, model="gpt-4o"))
    codes = [code["source"] for code in form.edit(written(form, temperature="0.3"))["code"]]
    assert codes[0].startswith("assistant = client.beta.assistants.update(") and "temperature=0.3" in codes[0]
    assert '"temperature": 0.3' in codes[1] and '"temperature": 0.3' in codes[2]
    assert codes[0] != form.edit(written(form, temperature=""))["code"][0]["source"]


def test_a_catalogue_holds_what_there_is_to_choose_from(connect: Connect) -> None:
    client = connect()
    made = client.beta.assistants.create(model="gpt-4o", name="Ada")
    file = client.files.create(file=("a.txt", b"words"), purpose="assistants")
    store = client.vector_stores.create(name="Notes", file_ids=[file.id])
    form = AssistantForm(client)
    form.edit(written(form, tool_resources={"file_ids": [], "vector_store_ids": [store.id, "vs_gone"]}))
    found = form.catalogue()
    assert found["assistants"] == [[made.id, "Ada"]]
    assert (found["files"], found["stores"]) == ([[file.id, "a.txt"]], [[store.id, "Notes"]])
    assert found["held"] == {store.id: [file.id]}
    assert found["models"] == [model.id for model in client.models.list()]


def test_a_server_without_files_has_a_form_all_the_same(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connect()
    response = httpx2.Response(404, request=httpx2.Request("GET", "http://engine/v1/files"))

    def absent(**_: Any) -> Any:
        raise openai.NotFoundError("no such path", response=response, body=None)

    monkeypatch.setattr(client.files, "list", absent)
    monkeypatch.setattr(client.vector_stores, "list", absent)
    assert AssistantForm(client).catalogue()["files"] == []


def test_a_file_comes_in_pieces(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client)
    upload = form.upload_begin("data.csv")
    assert [form.upload_chunk(upload, piece) for piece in (b"a,b\n", b"1,2\n")] == [4, 8]
    done = form.upload_end(upload, "code_interpreter")
    assert client.files.retrieve(done["file_id"]).bytes == 8
    assert form.state()["names"] == {done["file_id"]: "data.csv"}


def test_a_file_for_search_goes_into_a_store(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client)
    form.edit(written(form, name="Ada"))
    first = upload(form, "a.txt", b"words")
    resources = {"file_ids": [], "vector_store_ids": [first["vector_store_id"]]}
    form.edit(written(form, tool_resources=resources))
    second = upload(form, "b.txt", b"more words")
    assert second["vector_store_id"] == first["vector_store_id"]
    assert client.vector_stores.retrieve(first["vector_store_id"]).name == "Ada"
    files = client.vector_stores.files.list(first["vector_store_id"])
    assert {file.status for file in files} == {"completed"} and len(list(files)) == 2


def upload(form: AssistantForm, name: str, content: bytes) -> Any:
    id = form.upload_begin(name)
    form.upload_chunk(id, content)
    return form.upload_end(id, "file_search")


def test_a_file_that_cannot_be_searched_says_why(connect: Connect) -> None:
    done = upload(AssistantForm(connect()), "a.txt", b"\xff\xfe\x00\xd8" * 9)
    assert done["file_id"] and done["error"]


def test_a_dropped_upload_is_forgotten(connect: Connect) -> None:
    client = connect()
    form = AssistantForm(client)
    form.upload_drop(form.upload_begin("a.txt"))
    assert list(client.files.list()) == []


def get_weather(city: str, unit: str = "C") -> str:
    """The weather in a city."""
    return "18"


@pytest.fixture
def notebook() -> Any:
    shell: Any = get_ipython() or InteractiveShell.instance()
    before = dict(shell.user_ns)
    shell.run_cell('def untyped(x):\n    return x\ndef lost(x: "Nowhere"):\n    return x\nnumber = 3')
    shell.run_cell('def wrong(x: "a text"):\n    return x')
    shell.user_ns["get_weather"] = get_weather
    yield shell
    shell.user_ns.clear()
    shell.user_ns.update(before)


def test_the_notebooks_functions_are_offered(connect: Connect, notebook: Any) -> None:
    offered = {one["name"]: one["signature"] for one in AssistantForm(connect()).functions()}
    assert offered["get_weather"] == "(city: str, unit: str = 'C') -> str"
    assert set(offered) == {"get_weather", "untyped", "lost", "wrong"}


def test_a_function_becomes_a_tool_of_the_draft(connect: Connect, notebook: Any) -> None:
    client = connect()
    form = AssistantForm(client)
    tool = form.from_function("get_weather")["tool"]
    form.save(written(form, model="gpt-4o", tools=[tool]))
    (made,) = json.loads(now(form).to_json())["tools"]
    assert made["function"]["name"] == "get_weather"
    assert made["function"]["parameters"]["required"] == ["city"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("untyped", "untyped(x) has no annotation. Write, for example, x: str."),
        ("lost", "name 'Nowhere' is not defined"),
        ("wrong", "Forward reference must be an expression -- got 'a text'"),
        ("gone", "The notebook has no function gone any more."),
    ],
)
def test_a_function_that_cannot_be_a_tool_says_why(name: str, error: str, connect: Connect, notebook: Any) -> None:
    assert AssistantForm(connect()).from_function(name) == {"error": error}


def test_the_copy_is_a_table_and_the_code_that_makes_it(connect: Connect) -> None:
    client = connect()
    file = client.files.create(file=("data.csv", b"a,b"), purpose="assistants")
    made = client.beta.assistants.create(
        model="gpt-4o",
        name="Math Teacher",
        tools=[{"type": "code_interpreter"}, anb.function_tool(get_weather)],
        tool_resources={"code_interpreter": {"file_ids": [file.id]}},
    )
    form = AssistantForm(client, made)
    code = in_sdk("assistants.create", drafts.params(form.state()["draft"]))
    assert form.copy_text() == (
        f"AssistantForm({made.id} · Math Teacher)\n"
        f"id: {made.id}\n"
        "name: Math Teacher\n"
        "model: gpt-4o\n"
        "tool: code_interpreter\n"
        "tool: get_weather(city: string, unit: string): The weather in a city.\n"
        f"files: data.csv ({file.id})\n\n{code}"
    )
    assert "<tr><th>name</th><td>Math Teacher</td></tr>" in form.copy_html()
    assert form.copy_html() == AssistantForm(client, made.id).copy_html()


def test_a_vector_store_without_a_name_goes_by_its_id(connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create()
    made = client.beta.assistants.create(
        model="gpt-4o", tool_resources={"file_search": {"vector_store_ids": [store.id]}}
    )
    assert f"files: {store.id}\n" in AssistantForm(client, made).copy_text()


def test_a_copy_of_hostile_texts_is_inert(connect: Connect) -> None:
    client = connect()
    made = client.beta.assistants.create(
        model=HOSTILE,
        name=HOSTILE,
        instructions=HOSTILE,
        metadata={HOSTILE: HOSTILE},
        tools=[
            {"type": "function", "function": {"name": "f", "parameters": {"properties": {HOSTILE: {"type": HOSTILE}}}}}
        ],
    )
    form = AssistantForm(client, made)
    assert "<img" not in form.copy_html() and "</script" not in form.copy_html()
    assert all("<img" not in code["html"] for code in form.state()["checks"]["code"])
    assert repr(form).count("\n") == 0


def test_a_form_without_an_assistant_says_so(connect: Connect) -> None:
    form = AssistantForm(connect())
    assert (repr(form), form.copy_html()) == ("AssistantForm(no assistant yet)", "<p>No assistant yet.</p>")


def test_a_tool_that_the_form_does_not_know_is_kept(connect: Connect) -> None:
    made = openai.types.beta.Assistant.model_construct(
        id="asst_1", object="assistant", model="m", tools=[{"type": "web_search"}], name=None
    )
    form = AssistantForm(connect(), cast(Any, made))
    (change,) = form.edit(written(form, tools=[*form.state()["draft"]["tools"], {"type": "code_interpreter"}]))[
        "changes"
    ]
    assert change == {"path": "tools[1]", "before": None, "after": '{"type": "code_interpreter"}'}


def test_the_call_is_shown_for_responses_too(connect: Any) -> None:
    form = AssistantForm(connect())
    code = form.edit(written(form, model="gpt-4o", instructions="Be brief."))["code"][-1]
    assert code["name"] == "Responses"
    assert "client.responses.create(" in code["source"] and 'instructions="Be brief."' in code["source"]
