"""Bad input gets the envelope, with the real API's status and words; nothing is lost and nothing is 5xx."""

import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder

from assistant_nb.engine.api.routes import ROUTES
from assistant_nb.engine.app import MAX_BODY_BYTES, App, create_app
from assistant_nb.engine.model.scripted import Scripted
from tests.conftest import MakeApp

V1 = {"OpenAI-Beta": "assistants=v1"}
V2 = {"OpenAI-Beta": "assistants=v2"}
UNKNOWN = {
    "assistant_id": "asst_none", "thread_id": "thread_none", "message_id": "msg_none", "run_id": "run_none",
    "step_id": "step_none", "file_id": "file-none", "vector_store_id": "vs_none", "batch_id": "vsfb_none",
    "response_id": "resp_none", "conversation_id": "conv_none", "item_id": "msg_none", "container_id": "cntr_none",
}  # fmt: skip

BODIES: dict[str, Any] = {
    "Said": {"text": "x"},
    "CreateChatCompletion": {"model": "m", "messages": [{"role": "user", "content": "x"}]},
    "CreateHeldRun": {"assistant_id": "asst_none"},
    "CreateItems": {"items": []},
    "CreateMessage": {"role": "user", "content": "x"},
    "CreateRun": {"assistant_id": "asst_none"},
    "ForkRun": {"at": 0},
    "ModifyAttributes": {"attributes": {}},
    "PutAssistantFile": {"file_id": "file-none"},
    "PutFile": {"file_id": "file-none"},
    "PutFiles": {"file_ids": ["file-none"]},
    "SearchVectorStore": {"query": "x"},
    "SeekRun": {"after": 0, "to": "end"},
    "SubmitToolOutputs": {"tool_outputs": []},
}
"""The smallest that will do."""
WITH_IDS = [route for route in ROUTES if "_id>" in route.path]
NAMED_IDS = [route for route in WITH_IDS if not route.path.startswith("/v1/files")]
"""`/v1/files` looks at no prefix, and says things its own way."""


def error(app: App, method: str, path: str, *, status: int = 400, headers: dict[str, str] = V2, **body: Any) -> Any:
    """The error of a refused request, after checking its envelope and that nothing was changed by it."""
    before = _dump(app)
    answer = Client(app).open(path, method=method, headers=headers, **body)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/json"
    assert list(answer.json) in (["error"], ["error", "detail"])  # type: ignore[arg-type]
    refused = answer.json["error"]  # type: ignore[index]
    assert list(refused) == ["message", "type", "param", "code"]
    assert refused["type"] == "invalid_request_error"
    assert _dump(app) == before
    return refused


def _dump(app: App) -> list[str]:
    return list(app.store._db.iterdump())


def thread(app: App) -> str:
    return str(Client(app).post("/v1/threads", headers=V2).json["id"])  # type: ignore[index]


@pytest.mark.parametrize("route", NAMED_IDS, ids=lambda route: f"{route.method} {route.path}")
def test_an_unknown_id_is_not_found_on_every_route(route: Any, make_app: MakeApp) -> None:
    path = route.path
    for name, id in UNKNOWN.items():
        path = path.replace(f"<{name}>", id)
    body = BODIES.get(route.params.__name__, {}) if route.params else None
    refused = error(make_app(), route.method, path, status=404, json=body, headers=V1 if route.only_v1 else V2)
    assert re.fullmatch(
        r"No [a-z ]+ found with id '\w+_none'\.|[A-Z]\w+ with id '\w+_none' not found\.", refused["message"]
    )


@pytest.mark.parametrize("route", NAMED_IDS, ids=lambda route: f"{route.method} {route.path}")
def test_an_id_with_the_wrong_prefix_is_refused_on_every_route(route: Any, make_app: MakeApp) -> None:
    path = route.path
    for name in UNKNOWN:
        path = path.replace(f"<{name}>", "undefined")
    headers = V1 if route.only_v1 else V2
    refused = error(make_app(), route.method, path, json={} if route.params else None, headers=headers)
    assert refused["code"] == "invalid_value"
    assert refused["message"].startswith(
        f"Invalid '{refused['param']}': 'undefined'. Expected an ID that begins with '"
    )


@pytest.mark.parametrize(
    ("body", "message", "param", "code"),
    [
        ({}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
        ({"model": None}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
        ({"model": 4}, "Invalid type for 'model': expected a string, but got an integer instead.", "model", "invalid_type"),
        (
            {"model": "m", "colour": "red"}, "Unknown parameter: 'colour'.", "colour", "unknown_parameter",
        ),
        (
            {"model": "m", "metadata": {"modified": True}},
            "Invalid type for 'metadata.modified': expected a string, but got a boolean instead.",
            "metadata.modified", "invalid_type",
        ),
        (
            {"model": "m", "metadata": {str(n): "x" for n in range(17)}},
            "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object"
            " with 17 properties instead.", "metadata", "object_above_max_properties",
        ),
        (
            {"model": "m", "metadata": {"k": "v" * 513}},
            "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, but got a string with"
            " length 513 instead.", "metadata.k", "string_above_max_length",
        ),
        (
            {"model": "m", "metadata": {"k" * 65: "v"}},
            f"Invalid 'metadata.{'k' * 65}': string too long. Expected a string with maximum length 64, but got a string"
            " with length 65 instead.", f"metadata.{'k' * 65}", "string_above_max_length",
        ),
        (
            {"model": "m", "tools": [{"type": "browser"}]},
            "Invalid value: 'browser'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
            "tools[0].type", "invalid_value",
        ),
        (
            {"model": "m", "tools": [{"type": "function"}]},
            "Missing required parameter: 'tools[0].function'.", "tools[0].function", "missing_required_parameter",
        ),
        (
            {"model": "m", "tools": [{"type": "function", "function": {"name": "a b"}}]},
            "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the"
            " pattern '^[a-zA-Z0-9_-]{1,64}$'.", "tools[0].function.name", "invalid_value",
        ),
        (
            {"model": "m", "temperature": 2.5},
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
            "temperature", "decimal_above_max_value",
        ),
        (
            {"model": "m", "tools": [{"type": "code_interpreter"}] * 129},
            "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length"
            " 129 instead.", "tools", "array_above_max_length",
        ),
        (
            {"model": ""},
            "Invalid 'model': empty string. Expected a string with minimum length 1, but got an empty string instead.",
            "model", "empty_string",
        ),
        (
            {"model": "m", "response_format": {"type": "yaml"}},
            "Invalid value: 'yaml'. Supported values are: 'text', 'json_object', and 'json_schema'.",
            "response_format.type", "invalid_value",
        ),
        ([], "Invalid type: expected an object, but got an array instead.", None, "invalid_type"),
    ],
    ids=lambda value: "",
)  # fmt: skip
def test_a_wrong_body_is_refused_in_the_words_of_the_api(
    body: Any, message: str, param: str | None, code: str, make_app: MakeApp
) -> None:
    refused = error(make_app(), "POST", "/v1/assistants", json=body)
    assert (refused["message"], refused["param"], refused["code"]) == (message, param, code)


def test_a_role_is_user_or_assistant(make_app: MakeApp) -> None:
    app = make_app()
    body = {"role": "human", "content": "Hello"}
    refused = error(app, "POST", f"/v1/threads/{thread(app)}/messages", json=body)
    assert refused["message"] == "Invalid value: 'human'. Supported values are: 'user' and 'assistant'."
    assert (refused["param"], refused["code"]) == ("role", "invalid_value")


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        (
            "limit=0",
            "integer below minimum value. Expected a value >= 1, but got 0 instead.",
            "integer_below_min_value",
        ),
        ("limit=101", "integer above maximum value. Expected a value <= 100, but got 101", "integer_above_max_value"),
        ("limit=many", "expected an integer, but got a string instead.", "invalid_type"),
        ("order=up", "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.", "invalid_value"),
    ],
)
def test_a_wrong_query_is_refused(query: str, message: str, code: str, make_app: MakeApp) -> None:
    refused = error(make_app(), "GET", f"/v1/assistants?{query}")
    assert message in refused["message"]
    assert refused["code"] == code


def test_a_cursor_must_be_in_the_list(make_app: MakeApp) -> None:
    refused = error(make_app(), "GET", "/v1/assistants?after=asst_none", status=404)
    assert refused["message"] == "No assistant found with id 'asst_none'."


def test_unknown_queries_are_passed_over_as_the_api_did(make_app: MakeApp) -> None:
    assert Client(make_app()).get("/v1/assistants?timeout=120&limit=", headers=V2).status_code == 200


@pytest.mark.parametrize("data", [b"{'model': 1}", b"{", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(data: bytes, make_app: MakeApp) -> None:
    refused = error(make_app(), "POST", "/v1/threads", data=data)
    assert refused["message"].startswith("We could not parse the JSON body of your request.")


def test_a_body_beyond_the_limit_is_refused(make_app: MakeApp) -> None:
    refused = error(make_app(), "POST", "/v1/threads", status=413, data=b" " * (MAX_BODY_BYTES + 1))
    assert "16 MiB" in refused["message"]


def test_the_beta_header_is_asked_for(make_app: MakeApp) -> None:
    refused = error(make_app(), "GET", "/v1/assistants", headers={})
    assert refused["code"] == "invalid_beta"
    assert "'OpenAI-Beta: assistants=v2'" in refused["message"]


def test_an_unknown_beta_is_named(make_app: MakeApp) -> None:
    refused = error(make_app(), "GET", "/v1/assistants", headers={"OpenAI-Beta": "vector_stores"})
    assert (refused["message"], refused["code"]) == ("Unknown beta requested: 'vector_stores'.", "invalid_beta")


def test_an_unknown_path_is_not_found(make_app: MakeApp) -> None:
    assert error(make_app(), "GET", "/v1/nothing", status=404)["message"] == "Invalid URL (GET /v1/nothing)"


def test_an_unknown_method_is_not_allowed(make_app: MakeApp) -> None:
    refused = error(make_app(), "PUT", "/v1/assistants", status=405)
    assert refused["message"] == "Not allowed to PUT on /v1/assistants."


@pytest.mark.parametrize(
    "body",
    [
        {"content": "Read", "attachments": [{"file_id": "file-none", "tools": []}]},
        {"content": [{"type": "image_file", "image_file": {"file_id": "file-none"}}]},
    ],
)
def test_a_file_that_does_not_exist_is_named(body: dict[str, Any], make_app: MakeApp) -> None:
    app = make_app()
    path = f"/v1/threads/{thread(app)}/messages"
    refused = error(app, "POST", path, status=404, json={"role": "user", **body})
    assert refused["message"] == "No file found with id 'file-none'."


def test_the_id_of_a_file_is_known_by_its_prefix(make_app: MakeApp) -> None:
    body = {"messages": [{"role": "user", "content": "x", "attachments": [{"file_id": "31ab{}"}]}]}
    refused = error(make_app(), "POST", "/v1/threads", json=body)
    assert refused["message"] == (
        "Invalid 'messages[0].attachments[0].file_id': '31ab{}'. Expected an ID that begins with 'file'."
    )


def test_a_vector_store_that_does_not_exist_is_named(make_app: MakeApp) -> None:
    body = {"tool_resources": {"file_search": {"vector_store_ids": ["vs_none"]}}}
    refused = error(make_app(), "POST", "/v1/threads", status=404, json=body)
    assert refused["message"] == "No vector store found with id 'vs_none'."


def test_odd_text_is_kept_as_it_is(make_app: MakeApp) -> None:
    client = Client(make_app())
    name = "\0 \u2028 é 😀"
    created = client.post("/v1/assistants", headers=V2, json={"model": "m", "name": name}).json
    assert client.get(f"/v1/assistants/{created['id']}", headers=V2).json["name"] == name  # type: ignore[index]


def test_text_that_is_no_unicode_is_refused(make_app: MakeApp) -> None:
    refused = error(make_app(), "POST", "/v1/assistants", data=b'{"model": "m", "name": "\\ud800"}')
    assert (refused["message"], refused["param"]) == ("Invalid 'name': the string is not valid Unicode.", "name")


def test_nulls_are_treated_as_left_out(make_app: MakeApp) -> None:
    nulls = {"messages": None, "metadata": None, "tool_resources": None}
    answer = Client(make_app()).post("/v1/threads", headers=V2, json=nulls)
    assert (answer.status_code, answer.json["metadata"]) == (200, {})  # type: ignore[index]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({name for route in ROUTES if route.params for name in route.params.__annotations__} | {"type", "text"})
bodies = st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5)
paths = st.lists(st.sampled_from(["threads", "runs", "steps", "messages", "assistants", "lab", "cancel", "thread_1", "run_1", "é/", "%00", ".."]), max_size=6)  # fmt: skip


@cache
def _engine() -> App:
    """One for all examples."""
    return create_app(model=Scripted())


@settings(max_examples=300)
@given(st.sampled_from(ROUTES), bodies, st.text(max_size=10), st.sampled_from(["assistants=v1", "assistants=v2", ""]))
def test_no_body_and_no_query_gives_a_5xx(route: Any, body: dict[str, Any], text: str, beta: str) -> None:
    client = Client(_engine())
    made = client.post("/v1/threads", headers=V2, json={"messages": [{"role": "user", "content": "x"}]}).json
    store = client.post("/v1/vector_stores", json={}).json
    path = route.path.replace("<thread_id>", made["id"] if made else "")
    path = path.replace("<vector_store_id>", store["id"] if store else "")
    for name, id in UNKNOWN.items():
        path = path.replace(f"<{name}>", id)
    query = {
        "limit": text,
        "order": text,
        "after": text,
        "before": text,
        "run_id": text,
        "filter": text,
        "purpose": text,
    }
    answer = client.open(path, method=route.method, json=body, query_string=query, headers={"OpenAI-Beta": beta})
    assert answer.status_code < 500
    assert answer.status_code == 200 or "error" in answer.json  # type: ignore[operator]


@given(st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"]), paths)
def test_no_path_gives_a_5xx(method: str, path: list[str]) -> None:
    answer = Client(_engine()).open("/v1/" + "/".join(path), method=method, headers=V2)
    assert answer.status_code < 500


def test_nulls_are_left_out_at_any_depth_but_not_from_schemas(make_app: MakeApp) -> None:
    client = Client(make_app())
    schema = {"type": "object", "properties": {"x": {"default": None}}}
    tools = [
        {"type": "function", "function": {"name": "f", "description": None, "parameters": schema}},
        {"type": "file_search", "file_search": {"max_num_results": None, "ranking_options": None}},
    ]
    made = client.post("/v1/assistants", headers=V2, json={"model": "m", "tools": tools})
    assert made.status_code == 200
    assert made.json["tools"][0]["function"] == {"name": "f", "parameters": schema, "strict": False}  # type: ignore[index]
    thread = {
        "messages": [{"role": "user", "content": "x", "attachments": None}],
        "tool_resources": {"file_search": None},
    }
    assert client.post("/v1/threads", headers=V2, json=thread).status_code == 200
    assert client.post("/v1/threads", headers=V2, json={"messages": None}).status_code == 200


def test_what_the_api_answers_can_be_sent_back(make_app: MakeApp) -> None:
    client = Client(make_app())
    form = {"type": "json_schema", "json_schema": {"name": "point", "schema": {"type": "object"}, "strict": True}}
    body = {"model": "m", "tools": [{"type": "file_search"}], "response_format": form}
    made = client.post("/v1/assistants", headers=V2, json=body).json
    assert made and made["response_format"] == form
    again = {name: made[name] for name in ("tools", "response_format", "metadata", "temperature", "top_p")}
    assert client.post(f"/v1/assistants/{made['id']}", headers=V2, json=again).json == made


@pytest.mark.parametrize(
    "body",
    [
        {"assistant_id": "asst_\ud800"},
        {"assistant_id": "asst_1", "tool_resources": {"code_interpreter": {"file_ids": ["\ud800"]}}},
    ],
)
def test_ids_that_are_no_unicode_are_refused(body: dict[str, Any], make_app: MakeApp) -> None:
    assert "not valid Unicode" in error(make_app(), "POST", "/v1/threads/runs", json=body)["message"]


def test_an_assistant_of_the_wrong_prefix_is_refused_in_a_body_too(make_app: MakeApp) -> None:
    refused = error(make_app(), "POST", "/v1/threads/runs", json={"assistant_id": "wf_X"})
    assert refused["message"] == "Invalid 'assistant_id': 'wf_X'. Expected an ID that begins with 'asst'."


def test_a_body_nested_too_deeply_is_refused(make_app: MakeApp) -> None:
    deep: dict[str, Any] = {}
    for _ in range(101):
        deep = {"a": deep}
    tool = {"type": "function", "function": {"name": "f", "parameters": deep}}
    assert error(make_app(), "POST", "/v1/assistants", json={"model": "m", "tools": [tool]})


@pytest.mark.parametrize("path", ["//v1/assistants", "/v1//assistants", "/v1/threads//messages", "/v1"])
def test_paths_are_taken_as_they_are(path: str, make_app: MakeApp) -> None:
    assert Client(make_app()).get(path, headers=V2).status_code in (400, 404)


def test_a_body_without_length_is_read_to_its_end(make_app: MakeApp) -> None:
    environ = EnvironBuilder(
        "/v1/threads", method="POST", data=b'{"metadata": {"a": "b"}}', headers=[*V2.items()]
    ).get_environ()
    del environ["CONTENT_LENGTH"]
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    assert Client(make_app()).open(environ).json["metadata"] == {"a": "b"}  # type: ignore[index]
