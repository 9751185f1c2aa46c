"""The old wire, key by key, as the source notebook and the recordings show it."""

import json
from io import BytesIO
from typing import Any

from werkzeug.test import Client

from tests.conftest import MakeApp

V1 = {"OpenAI-Beta": "assistants=v1"}
V2 = {"OpenAI-Beta": "assistants=v2"}


def post(client: Client, path: str, **body: Any) -> Any:
    answer = client.post(path, json=body, headers=V1)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_objects_have_the_keys_of_v1_in_their_order(make_app: MakeApp) -> None:
    client = Client(make_app("An answer."))
    assistant = post(client, "/v1/assistants", model="gpt-4", instructions="i", tools=[{"type": "retrieval"}])
    assert list(assistant) == [
        "id", "object", "created_at", "name", "description", "model", "instructions", "tools", "file_ids", "metadata",
    ]  # fmt: skip
    assert assistant["tools"] == [{"type": "retrieval"}]
    thread = post(client, "/v1/threads")
    assert list(thread) == ["id", "object", "created_at", "metadata"]
    message = post(client, f"/v1/threads/{thread['id']}/messages", role="user", content="Hello", file_ids=[])
    assert list(message) == [
        "id", "object", "created_at", "assistant_id", "thread_id", "run_id", "role", "content", "file_ids", "metadata",
    ]  # fmt: skip
    run = post(client, f"/v1/threads/{thread['id']}/runs", assistant_id=assistant["id"])
    assert list(run) == [
        "id", "object", "created_at", "assistant_id", "thread_id", "status", "started_at", "expires_at", "cancelled_at",
        "failed_at", "completed_at", "required_action", "last_error", "model", "instructions", "tools", "file_ids",
        "metadata", "usage",
    ]  # fmt: skip


def test_lists_are_translated_too(make_app: MakeApp) -> None:
    client = Client(make_app())
    post(client, "/v1/assistants", model="gpt-4")
    page = client.get("/v1/assistants", headers=V1).json
    assert page and "file_ids" in page["data"][0]


def test_the_two_versions_show_the_same_thing(make_app: MakeApp) -> None:
    client = Client(make_app())
    old = post(client, "/v1/assistants", model="gpt-4", tools=[{"type": "retrieval"}])
    new = client.get(f"/v1/assistants/{old['id']}", headers=V2).json
    assert new and new["tools"][0]["type"] == "file_search"
    assert {key: new[key] for key in old if key in new and key != "tools"} == {
        key: value for key, value in old.items() if key not in ("file_ids", "tools")
    }


def test_a_file_of_v1_that_does_not_exist_is_named(make_app: MakeApp) -> None:
    answer = Client(make_app()).post("/v1/assistants", json={"model": "m", "file_ids": ["file-none"]}, headers=V1)
    assert answer.status_code == 404
    assert "file-none" in answer.text


def test_a_finished_run_of_v1_has_a_plain_usage(make_app: MakeApp) -> None:
    client = Client(make_app("An answer."))
    assistant = post(client, "/v1/assistants", model="gpt-4", instructions="i")
    run = post(client, "/v1/threads/runs", assistant_id=assistant["id"])
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    while run["status"] != "completed":
        run = client.get(path, headers=V1).json
    assert list(run["usage"]) == ["prompt_tokens", "completion_tokens", "total_tokens", "estimated"]
    (step,) = client.get(f"{path}/steps", headers=V1).json["data"]  # type: ignore[index]
    assert step["usage"] == run["usage"]


def test_a_stream_of_v1_carries_objects_of_v1(make_app: MakeApp) -> None:
    client = Client(make_app("An answer."))
    assistant = post(client, "/v1/assistants", model="gpt-4", instructions="i")
    body = {"assistant_id": assistant["id"], "stream": True}
    frames = client.post("/v1/threads/runs", json=body, headers=V1).text.split("\n\n")
    objects = [json.loads(frame.split("data: ")[1]) for frame in frames if "DONE" not in frame and frame]
    kinds = {data["object"]: data for data in objects}
    assert "tool_resources" not in kinds["thread"]
    assert "file_ids" in kinds["thread.run"] and "truncation_strategy" not in kinds["thread.run"]
    assert "file_ids" in kinds["thread.message"] and "attachments" not in kinds["thread.message"]


def test_bodies_of_v1_are_understood_at_any_depth(make_app: MakeApp) -> None:
    client = Client(make_app("An answer."))
    assistant = post(client, "/v1/assistants", model="gpt-4", instructions="i", file_ids=[])
    thread = {"messages": [{"role": "user", "content": "Hello", "file_ids": []}]}
    run = post(client, "/v1/threads/runs", assistant_id=assistant["id"], thread=thread, tools=[{"type": "retrieval"}])
    assert run["tools"] == [{"type": "retrieval"}]
    thread["messages"][0]["file_ids"] = ["file-none"]
    answer = client.post("/v1/threads", json=thread, headers=V1)
    assert (answer.status_code, "file-none" in answer.text) == (404, True)


def test_functions_of_v1_are_not_strict_and_messages_take_any_file(make_app: MakeApp) -> None:
    client = Client(make_app())
    add = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
    assert post(client, "/v1/assistants", model="gpt-4", tools=[add])["tools"] == [add]
    data = {"purpose": "assistants", "file": (BytesIO(b"a,b"), "table.csv")}
    file = client.post("/v1/files", data=data).json
    assert file
    thread = post(client, "/v1/threads", messages=[{"role": "user", "content": "Hello", "file_ids": [file["id"]]}])
    page = client.get(f"/v1/threads/{thread['id']}/messages", headers=V1).json
    assert page and page["data"][0]["file_ids"] == [file["id"]]


def test_v1_took_metadata_of_any_kind_and_runs_with_nothing_to_answer(make_app: MakeApp) -> None:
    client = Client(make_app("Hello."))
    thread = post(client, "/v1/threads", metadata={"modified": True, "n": 1})
    assert thread["metadata"] == {"modified": "True", "n": "1"}
    assistant = post(client, "/v1/assistants", model="gpt-4")
    assert post(client, f"/v1/threads/{thread['id']}/runs", assistant_id=assistant["id"])["status"] == "queued"


def test_files_of_a_v1_assistant_can_be_taken_away_and_are_searched(make_app: MakeApp) -> None:
    client = Client(make_app())
    file = client.post("/v1/files", data={"purpose": "assistants", "file": (BytesIO(b"a"), "a.txt")}).json
    assert file
    made = post(client, "/v1/assistants", model="m", tools=[{"type": "retrieval"}], file_ids=[file["id"]])
    assert made["file_ids"] == [file["id"]]
    new = client.get(f"/v1/assistants/{made['id']}", headers=V2).json
    assert new and len(new["tool_resources"]["file_search"]["vector_store_ids"]) == 1
    assert post(client, f"/v1/assistants/{made['id']}", file_ids=[])["file_ids"] == []
