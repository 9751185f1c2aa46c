import json
from typing import Any

import openai
import pytest

from tests.conftest import Connect


def test_a_new_assistant_has_the_recorded_keys_in_their_order(connect: Connect) -> None:
    client = connect()
    answer = client.beta.assistants.with_raw_response.create(model="gpt-4")
    assert list(json.loads(answer.text)) == [
        "id", "object", "created_at", "name", "description", "model", "instructions", "tools", "top_p", "temperature",
        "reasoning_effort", "tool_resources", "metadata", "response_format",
    ]  # fmt: skip
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["openai-version"] == "2020-10-01"


def test_what_is_left_out_gets_its_default(connect: Connect) -> None:
    assistant = connect().beta.assistants.create(model="gpt-4", name=None, tools=[{"type": "code_interpreter"}])
    assert (assistant.temperature, assistant.top_p, assistant.response_format) == (1.0, 1.0, "auto")
    assert (assistant.name, assistant.metadata) == (None, {})
    assert assistant.to_dict()["tool_resources"] == {"code_interpreter": {"file_ids": []}}


def test_tools_are_echoed_with_their_defaults(connect: Connect) -> None:
    assistant = connect().beta.assistants.create(
        model="gpt-4", tools=[{"type": "function", "function": {"name": "add"}}, {"type": "file_search"}]
    )
    function, search = json.loads(assistant.to_json())["tools"]
    empty = {"type": "object", "properties": {}}
    assert function == {"type": "function", "function": {"name": "add", "parameters": empty, "strict": False}}
    assert search["file_search"]["ranking_options"] == {
        "ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None,
    }  # fmt: skip


def test_modifying_changes_what_is_named_and_nothing_else(connect: Connect) -> None:
    client = connect()
    before = client.beta.assistants.create(model="gpt-4", name="Ada", metadata={"a": "1"})
    after = client.beta.assistants.update(before.id, name="Grace")
    assert after == before.model_copy(update={"name": "Grace"})
    assert client.beta.assistants.retrieve(before.id) == after


def test_a_deleted_assistant_is_gone(connect: Connect) -> None:
    client = connect()
    assistant = client.beta.assistants.create(model="gpt-4")
    assert client.beta.assistants.delete(assistant.id).to_dict() == {
        "id": assistant.id, "object": "assistant.deleted", "deleted": True,
    }  # fmt: skip
    with pytest.raises(openai.NotFoundError, match=f"No assistant found with id '{assistant.id}'."):
        client.beta.assistants.retrieve(assistant.id)


def test_lists_are_newest_first_and_come_in_pages(connect: Connect) -> None:
    client = connect()
    ids = [client.beta.assistants.create(model="gpt-4").id for _ in range(5)]
    assert [assistant.id for assistant in client.beta.assistants.list()] == ids[::-1]
    first = client.beta.assistants.list(limit=2)
    assert [assistant.id for assistant in first.data] == ids[:2:-1]
    assert first.has_more
    assert [assistant.id for assistant in client.beta.assistants.list(limit=2)] == ids[::-1]
    assert [assistant.id for assistant in client.beta.assistants.list(order="asc", after=ids[3])] == ids[4:]
    assert [assistant.id for assistant in client.beta.assistants.list(before=ids[3]).data] == ids[:3:-1]


def test_a_page_holds_twenty_unless_asked(connect: Connect) -> None:
    client = connect()
    for _ in range(21):
        client.beta.assistants.create(model="gpt-4")
    assert len(client.beta.assistants.list().data) == 20
    assert len(client.beta.assistants.list(limit=100).data) == 21


def test_an_empty_page_has_no_ids(connect: Connect) -> None:
    page = connect().beta.assistants.with_raw_response.list()
    assert json.loads(page.text) == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


def test_a_client_may_delete_what_it_lists(connect: Connect) -> None:
    client = connect()
    for _ in range(45):
        client.beta.assistants.create(model="m")
    deleted = [client.beta.assistants.delete(assistant.id).deleted for assistant in client.beta.assistants.list()]
    assert deleted == [True] * 45


@pytest.mark.parametrize("kind", ["assistants", "threads"])
def test_resources_that_are_not_there_are_refused_when_modifying_too(kind: str, connect: Connect) -> None:
    client = connect()
    things: Any = getattr(client.beta, kind)
    made = things.create(model="m") if kind == "assistants" else things.create()
    for resources in (
        {"code_interpreter": {"file_ids": ["file-none"]}},
        {"file_search": {"vector_store_ids": ["vs_none"]}},
    ):
        with pytest.raises(openai.NotFoundError, match="_none|-none"):
            things.update(made.id, tool_resources=resources)
