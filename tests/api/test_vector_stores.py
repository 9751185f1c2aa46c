"""Vector stores, their files and batches, and the tools' resources, through the SDK."""

import asyncio
import json
import threading
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI
from werkzeug.test import Client

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.files import vectors
from assistant_nb.engine.model.scripted import Scripted
from tests.conftest import Connect, MakeApp

STORE_KEYS = [
    "id", "object", "created_at", "name", "description", "usage_bytes", "file_counts", "status", "expires_after",
    "expires_at", "last_active_at", "metadata",
]  # fmt: skip
FILE_KEYS = [
    "id", "object", "usage_bytes", "created_at", "vector_store_id", "status", "last_error", "chunking_strategy",
    "attributes",
]  # fmt: skip
AUTO = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
V1 = {"OpenAI-Beta": "assistants=v1"}
DAY = 86_400
LONG = "\n".join(f"Line {n} of a file that takes several slices." for n in range(3_000))


@pytest.fixture(autouse=True)
def _no_look_runs_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one look reads all that waits, on a slow machine, too."""
    monkeypatch.setattr(vectors, "time", SimpleNamespace(monotonic=lambda: 0.0))


def upload(client: OpenAI, text: str | bytes = "The cat sat on the mat.", name: str = "notes.txt") -> str:
    data = text.encode() if isinstance(text, str) else text
    return client.files.create(file=(name, data), purpose="assistants").id


def raw(answer: Any) -> Any:
    return json.loads(answer.text)


class Watch:
    """A clock that stands until it is set."""

    time = 1000

    def now(self, ticks: int) -> int:
        return self.time


# Vector stores


def test_a_vector_store_has_the_recorded_keys_in_their_order(connect: Connect) -> None:
    client = connect()
    store = raw(client.vector_stores.with_raw_response.create(file_ids=[upload(client)]))
    assert list(store) == STORE_KEYS
    assert (store["name"], store["status"], store["usage_bytes"]) == (None, "in_progress", 0)
    assert store["file_counts"] == {"in_progress": 1, "completed": 0, "failed": 0, "cancelled": 0, "total": 1}
    assert list(store["file_counts"]) == ["in_progress", "completed", "failed", "cancelled", "total"]


def test_files_are_read_at_the_next_look(connect: Connect) -> None:
    client = connect()
    made = client.vector_stores.create(file_ids=[upload(client), upload(client)])
    store = client.vector_stores.retrieve(made.id)
    assert (store.status, store.file_counts.completed, store.usage_bytes) == ("completed", 2, 46)


def test_a_look_reads_one_slice_at_least(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors.look, "__defaults__", (-1.0,))
    client = connect()
    made = client.vector_stores.create(file_ids=[upload(client) for _ in range(3)])
    seen = [client.vector_stores.retrieve(made.id).file_counts.completed for _ in range(4)]
    assert seen == [1, 2, 3, 3]


def test_a_large_file_is_read_slice_by_slice(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors.look, "__defaults__", (-1.0,))
    client = connect()
    made = client.vector_stores.create(file_ids=[upload(client, LONG)])
    seen = [client.vector_stores.retrieve(made.id) for _ in range(4)]
    assert [store.status for store in seen] == ["in_progress", "in_progress", "completed", "completed"]
    assert 0 < seen[0].usage_bytes < seen[1].usage_bytes < seen[2].usage_bytes == seen[3].usage_bytes


def test_a_file_cancelled_halfway_is_not_found(
    make_app: MakeApp, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    client = connect(app=app)
    store = client.vector_stores.create()
    batch = client.vector_stores.file_batches.create(store.id, file_ids=[upload(client, LONG)])
    monkeypatch.setattr(vectors.look, "__defaults__", (-1.0,))
    assert client.vector_stores.retrieve(store.id).usage_bytes > 0
    client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
    assert client.vector_stores.search(store.id, query="line").data == []
    assert client.vector_stores.retrieve(store.id).usage_bytes == 0
    app.store._db.execute("INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')")


def test_reading_goes_on_where_a_crash_cut_it_off(
    tmp_path: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chunks(app: App) -> list[Any]:
        return app.store._db.execute("SELECT start, text FROM chunk ORDER BY n").fetchall()

    whole = create_app(model=Scripted(), store=tmp_path / "whole.db")
    client = connect(app=whole)
    client.vector_stores.search(searchable(client, LONG), query="line")
    cut = create_app(model=Scripted(), store=tmp_path / "cut.db")
    client = connect(app=cut)
    store_id = searchable(client, LONG)
    with monkeypatch.context() as patch:
        patch.setattr(vectors.look, "__defaults__", (-1.0,))
        client.vector_stores.retrieve(store_id)
    cut.close()
    again = create_app(model=Scripted(), store=tmp_path / "cut.db")
    assert 0 < len(chunks(again)) < len(chunks(whole))
    connect(app=again).vector_stores.search(store_id, query="line")
    assert chunks(again) == chunks(whole)
    again.close()
    whole.close()


def test_who_looks_at_the_same_time_reads_nothing_twice(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    client = connect(app=app)
    store_id = searchable(client, LONG, LONG)

    def poll() -> None:
        while client.vector_stores.retrieve(store_id).status == "in_progress":
            pass

    threads = [threading.Thread(target=poll) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read = app.store._db.execute("SELECT object, start FROM chunk").fetchall()
    assert len(read) == len(set(read)) > 90


def test_a_vector_store_can_be_modified_listed_and_deleted(connect: Connect) -> None:
    client = connect()
    stores = [client.vector_stores.create(name=name, description="d") for name in "ab"]
    changed = client.vector_stores.update(stores[0].id, name="c", metadata={"k": "v"})
    assert (changed.name, changed.metadata, changed.to_dict()["description"]) == ("c", {"k": "v"}, "d")
    assert [store.name for store in client.vector_stores.list(order="asc")] == ["c", "b"]
    assert client.vector_stores.delete(stores[0].id).to_dict() == {
        "id": stores[0].id, "object": "vector_store.deleted", "deleted": True,
    }  # fmt: skip
    with pytest.raises(openai.NotFoundError, match=f"No vector store found with id '{stores[0].id}'."):
        client.vector_stores.retrieve(stores[0].id)


def test_a_vector_store_expires_after_its_last_use(make_app: MakeApp, connect: Connect) -> None:
    watch = Watch()
    client = connect(app=make_app(clock=watch))
    store = client.vector_stores.create(
        expires_after={"anchor": "last_active_at", "days": 1}, file_ids=[upload(client)]
    )
    assert store.expires_at == 1000 + DAY
    watch.time += DAY - 1
    client.vector_stores.search(store.id, query="cat")
    store = client.vector_stores.retrieve(store.id)
    assert (store.status, store.last_active_at, store.expires_at) == ("completed", watch.time, watch.time + DAY)
    watch.time += DAY
    assert client.vector_stores.retrieve(store.id).status == "expired"
    with pytest.raises(openai.BadRequestError, match="has expired"):
        client.vector_stores.search(store.id, query="cat")
    with pytest.raises(openai.BadRequestError, match="has expired"):
        client.vector_stores.files.create(store.id, file_id=upload(client))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"file_ids": ["file-x"] * 501}, "Invalid 'file_ids': array too long. Expected an array with maximum length 500"),
        ({"expires_after": {"anchor": "last_active_at", "days": 366}}, "Expected a value <= 365, but got 366"),
        ({"expires_after": {"anchor": "created_at", "days": 1}}, "Supported values are: 'last_active_at'."),
        ({"chunking_strategy": {"type": "clever"}}, "Supported values are: 'auto' and 'static'."),
        (
            {"chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 99, "chunk_overlap_tokens": 0}}},
            "Invalid 'chunking_strategy.static.max_chunk_size_tokens': integer below minimum value. Expected a value >= 100",
        ),
        (
            {"chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51}}},
            "Invalid 'chunking_strategy.static': chunk_overlap_tokens must not exceed half of max_chunk_size_tokens.",
        ),
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused(body: Any, message: str, connect: Connect) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        connect().vector_stores.create(**body)
    assert message in str(refused.value)


# Files in them


def test_a_file_in_a_vector_store_has_the_recorded_keys_in_their_order(connect: Connect) -> None:
    client = connect()
    store, file_id = client.vector_stores.create(), upload(client)
    made = raw(client.vector_stores.files.with_raw_response.create(store.id, file_id=file_id))
    assert list(made) == FILE_KEYS
    assert (made["id"], made["status"], made["chunking_strategy"]) == (file_id, "in_progress", AUTO)
    (row,) = raw(client.vector_stores.files.with_raw_response.list(store.id))["data"]
    assert (list(row), row["status"], row["usage_bytes"]) == (FILE_KEYS, "completed", 23)


def test_settings_of_a_file_are_kept(connect: Connect) -> None:
    client = connect()
    store, file_id = client.vector_stores.create(), upload(client)
    static: Any = {"type": "static", "static": {"max_chunk_size_tokens": 1200, "chunk_overlap_tokens": 250}}
    client.vector_stores.files.create(
        store.id, file_id=file_id, chunking_strategy=static, attributes={"year": 2024, "ok": True}
    )
    file = client.vector_stores.files.update(file_id, vector_store_id=store.id, attributes={"year": 2025.5, "a": "b"})
    assert file.attributes == {"year": 2025.5, "a": "b"}
    assert file.chunking_strategy and file.chunking_strategy.to_dict() == static
    with pytest.raises(
        openai.BadRequestError, match="Invalid type for 'attributes.a': expected a string, but got an object"
    ):
        client.vector_stores.files.update(file_id, vector_store_id=store.id, attributes={"a": {}})  # type: ignore[dict-item]


def test_what_was_read_can_be_seen(connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create(file_ids=[upload(client, "Grüße")])
    (file,) = client.vector_stores.files.list(store.id).data
    content = raw(client.vector_stores.files.with_raw_response.content(file.id, vector_store_id=store.id))
    assert content == {
        "object": "vector_store.file_content.page", "data": [{"type": "text", "text": "Grüße"}], "has_more": False,
        "next_page": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (
            "né".encode("latin-1"),
            "unsupported_file",
            "The file could not be parsed because it is not UTF-8 text; save it in that encoding and upload it again.",
        ),
        (b"", "invalid_file", "The file could not be parsed because it is empty: there is no text in it."),
    ],
)
def test_a_file_that_cannot_be_read_fails_and_says_why(data: bytes, code: str, message: str, connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create(file_ids=[upload(client, data), upload(client)])
    (file,) = client.vector_stores.files.list(store.id, filter="failed").data
    assert file.last_error and file.last_error.to_dict() == {"code": code, "message": message}
    store = client.vector_stores.retrieve(store.id)
    assert (store.status, store.file_counts.failed, store.file_counts.completed) == ("completed", 1, 1)


def test_bytes_that_are_gone_from_disk_are_told(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    client = connect(app=app)
    file_id = upload(client)
    store = client.vector_stores.create(file_ids=[file_id])
    app.blobs.delete(file_id)
    (file,) = client.vector_stores.files.list(store.id).data
    assert file.last_error and file.last_error.code == "server_error"
    assert "No such file" in file.last_error.message


def test_a_kind_of_file_that_cannot_be_read_is_refused(connect: Connect) -> None:
    client = connect()
    table = upload(client, "a,b", "table.csv")
    with pytest.raises(openai.BadRequestError) as refused:
        client.vector_stores.create(file_ids=[upload(client), table])
    assert refused.value.body == {
        "message": "Files with extensions [.csv] are not supported for retrieval. See"
        " https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
        "type": "invalid_request_error", "param": "file_ids", "code": "unsupported_file",
    }  # fmt: skip
    assert client.vector_stores.list().data == []


def test_a_file_taken_out_stays_a_file(connect: Connect) -> None:
    client = connect()
    file_id = upload(client)
    store = client.vector_stores.create(file_ids=[file_id])
    assert client.vector_stores.files.delete(file_id, vector_store_id=store.id).to_dict() == {
        "id": file_id, "object": "vector_store.file.deleted", "deleted": True,
    }  # fmt: skip
    with pytest.raises(openai.NotFoundError, match=f"No file found with id '{file_id}' in vector store '{store.id}'."):
        client.vector_stores.files.retrieve(file_id, vector_store_id=store.id)
    assert client.files.retrieve(file_id).id == file_id


def test_a_deleted_file_is_out_of_all_vector_stores(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    client = connect(app=app)
    file_id = upload(client)
    stores = [client.vector_stores.create(file_ids=[file_id]) for _ in range(2)]
    assert len(client.vector_stores.search(stores[0].id, query="cat").data) == 1
    client.files.delete(file_id)
    assert [client.vector_stores.retrieve(store.id).file_counts.total for store in stores] == [0, 0]
    assert client.vector_stores.search(stores[0].id, query="cat").data == []
    assert app.store._db.execute("SELECT count(*) FROM chunk").fetchone() == (0,)
    app.store._db.execute("INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')")


def test_a_deleted_vector_store_leaves_its_files(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    client = connect(app=app)
    file_id = upload(client)
    store = client.vector_stores.create(file_ids=[file_id])
    client.vector_stores.search(store.id, query="cat")
    client.vector_stores.delete(store.id)
    assert client.files.retrieve(file_id).id == file_id
    assert app.store._db.execute("SELECT count(*) FROM chunk").fetchone() == (0,)


def test_a_file_put_in_again_is_read_anew(connect: Connect) -> None:
    client = connect()
    file_id = upload(client)
    store = client.vector_stores.create(file_ids=[file_id, file_id])
    client.vector_stores.files.create(store.id, file_id=file_id, attributes={"a": "b"})
    (found,) = client.vector_stores.search(store.id, query="cat").data
    assert found.attributes == {"a": "b"}


# Batches


def test_a_batch_has_the_recorded_keys_in_their_order(connect: Connect) -> None:
    client = connect()
    store, ids = client.vector_stores.create(), [upload(client) for _ in range(3)]
    batch = raw(client.vector_stores.file_batches.with_raw_response.create(store.id, file_ids=ids))
    assert list(batch) == ["id", "object", "created_at", "status", "vector_store_id", "file_counts"]
    assert (batch["object"], batch["status"]) == ("vector_store.file_batch", "in_progress")
    batches = client.vector_stores.file_batches
    assert batches.retrieve(batch["id"], vector_store_id=store.id).status == "completed"
    page = raw(batches.with_raw_response.list_files(batch["id"], vector_store_id=store.id, limit=2, order="asc"))
    assert [list(row) for row in page["data"]] == [FILE_KEYS] * 2
    assert ([row["id"] for row in page["data"]], page["has_more"]) == (ids[:2], True)
    rows = batches.list_files(batch["id"], vector_store_id=store.id, limit=2, order="asc", after=ids[1])
    assert [row.id for row in rows] == ids[2:]


def test_a_batch_lists_its_own_files(connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create(file_ids=[upload(client)])
    own = upload(client)
    batch = client.vector_stores.file_batches.create(store.id, files=[{"file_id": own, "attributes": {"a": "b"}}])
    (row,) = client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, filter="completed").data
    assert (row.id, row.attributes) == (own, {"a": "b"})
    assert client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, filter="failed").data == []


def test_a_batch_cancelled_at_once_is_cancelled(connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create(file_ids=[upload(client)])
    batch = client.vector_stores.file_batches.create(store.id, file_ids=[upload(client), upload(client)])
    batch = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
    assert (batch.status, batch.file_counts.cancelled) == ("cancelled", 2)
    store = client.vector_stores.retrieve(store.id)
    assert (store.status, store.file_counts.cancelled, store.file_counts.completed) == ("completed", 2, 1)


def test_a_batch_that_is_done_is_not_cancelled(connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create()
    batch = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=[upload(client)])
    assert client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id).status == "completed"


def test_a_batch_of_which_all_failed_has_failed(connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create()
    batch = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=[upload(client, b"\xff")])
    assert (batch.status, batch.file_counts.failed) == ("failed", 1)


@pytest.mark.parametrize("body", [{}, {"file_ids": ["file-x"], "files": [{"file_id": "file-x"}]}])
def test_a_batch_takes_files_or_file_ids(body: Any, connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create()
    with pytest.raises(openai.BadRequestError, match="give either 'file_ids' or 'files'"):
        client.vector_stores.file_batches.create(store.id, **body)


# Search


def searchable(client: OpenAI, *texts: str) -> str:
    return client.vector_stores.create(file_ids=[upload(client, text) for text in texts]).id


def test_a_search_finds_what_answers_best(connect: Connect) -> None:
    client = connect()
    store_id = searchable(client, "Cats chase mice at night.", "Dogs chase cats, cats, cats.", "Fish swim.")
    found = raw(client.vector_stores.with_raw_response.search(store_id, query="Where do big fishes swim?"))
    assert list(found) == ["object", "search_query", "data", "has_more", "next_page"]
    assert found["search_query"] == ["Where do big fishes swim?"]
    (best,) = found["data"]
    assert list(best) == ["file_id", "filename", "score", "attributes", "content"]
    assert best["content"] == [{"type": "text", "text": "Fish swim."}]
    assert 0 < best["score"] < 1
    both = client.vector_stores.search(store_id, query=["cats"]).data
    assert [result.content[0].text for result in both] == ["Dogs chase cats, cats, cats.", "Cats chase mice at night."]
    assert both[0].score == 1


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("東京はどこですか", "東京は日本の首都です。"),
        ("猫", "私は黒猫が好きです。"),
        ("天气怎么样", "今天天气很好。"),
        ("학교에", "나는 학교에 간다."),
    ],
)
def test_texts_without_spaces_are_found(query: str, text: str, connect: Connect) -> None:
    client = connect()
    store_id = searchable(client, "東洋の京料理。", text, "Something else.")
    assert client.vector_stores.search(store_id, query=query).data[0].content[0].text == text


def test_other_vector_stores_change_no_score(connect: Connect) -> None:
    alone, crowded = connect(), connect()
    for _ in range(5):
        searchable(crowded, "Cats, cats, cats everywhere, and mice.", "Mice. " * 500)
    texts = ["Cats chase mice.", "Mice fear cats and dogs.", "Fish swim."]
    scores = [
        [hit.score for hit in client.vector_stores.search(searchable(client, *texts), query="dogs fear cats").data]
        for client in (alone, crowded)
    ]
    assert scores[0] == scores[1] != []


def test_a_search_can_be_filtered_and_limited(connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create()
    for year in range(2020, 2026):
        client.vector_stores.files.create(
            store.id, file_id=upload(client, f"The cat of {year}"), attributes={"year": year}
        )

    def years(**body: Any) -> list[Any]:
        found = client.vector_stores.search(store.id, query="cat", **body).data
        return sorted((result.attributes or {})["year"] for result in found)

    assert years() == [*range(2020, 2026)]
    assert years(filters={"type": "gte", "key": "year", "value": 2024}) == [2024, 2025]
    assert years(filters={"type": "in", "key": "year", "value": [2020, 1]}) == [2020]
    old_or_new = [{"type": "eq", "key": "year", "value": 2020}, {"type": "gt", "key": "year", "value": 2024}]
    assert years(filters={"type": "or", "filters": old_or_new}) == [2020, 2025]
    assert len(years(max_num_results=2)) == 2
    assert years(ranking_options={"ranker": "auto", "score_threshold": 1.0}) == years()
    lenient = client.vector_stores.search(store.id, query="cat 2023", ranking_options={"score_threshold": 0.9})
    assert [result.attributes for result in lenient.data] == [{"year": 2023}]


@pytest.mark.parametrize(
    "query", ['"', "a AND", "NEAR(", "text:cat", "*", "-", "'; DROP TABLE chunk", "\0", "^cat", "é"]
)
def test_the_syntax_of_the_index_is_harmless(query: str, connect: Connect) -> None:
    client = connect()
    found = client.vector_stores.search(searchable(client, "The cat"), query=query)
    assert [hit.content[0].text for hit in found] == (["The cat"] if "cat" in query else [])


@given(st.text(), st.text(), st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text())
def test_no_search_gives_a_5xx(query: str, key: str, value: Any) -> None:
    http, store_id = _one_store()
    filters = {"type": "or", "filters": [{"type": "lt", "key": key, "value": value}]}
    answer = http.post(f"/v1/vector_stores/{store_id}/search", json={"query": [query, "cat"], "filters": filters})
    assert answer.status_code < 500


@cache
def _one_store() -> tuple[Client, str]:
    """An engine for all examples, and a vector store in it."""
    app = create_app(model=Scripted())
    client = OpenAI(
        base_url="http://engine/v1", api_key="any", http_client=DefaultHttpxClient(transport=httpx2.WSGITransport(app))
    )
    return Client(app), searchable(client, "The cat")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"query": "x", "max_num_results": 51}, "Expected a value <= 50, but got 51"),
        ({"query": ""}, "Invalid 'query': empty string."),
        ({"query": 5}, "Invalid type for 'query': expected a string, but got an integer instead."),
        ({"query": "x", "filters": {"type": "like", "key": "a", "value": "b"}}, "Invalid value: 'like'. Supported values"),
        ({"query": "x", "filters": {"type": "in", "key": "a", "value": "b"}}, "expected an array, but got a string"),
        ({"query": "x", "filters": {"type": "and", "filters": [{"type": "eq"}]}}, "'filters.filters[0].key'"),
    ],
)  # fmt: skip
def test_a_wrong_search_is_refused(body: Any, message: str, make_app: MakeApp) -> None:
    client = Client(make_app())
    store = client.post("/v1/vector_stores", json={}).json
    answer = client.post(f"/v1/vector_stores/{store['id']}/search", json=body)  # type: ignore[index]
    assert (answer.status_code, message in answer.json["error"]["message"]) == (400, True), answer.text  # type: ignore[index]


def test_several_vector_stores_are_searched_as_one(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    client = connect(app=app)
    both = upload(client, "Of 北京: the cat of Peking.", "both.md")
    one = client.vector_stores.create(file_ids=[both, upload(client, "Dogs bark.")])
    two = client.vector_stores.create(file_ids=[upload(client, "My cat."), both])
    client.vector_stores.create(file_ids=[upload(client, "Cat, cat, cat.")])
    found = vectors.find(app.store, app.blobs, [one.id, two.id], "cat of Peking", at_most=3)
    assert [(hit.store_id, hit.file_name) for hit in found] == [
        (one.id, "both.md"),
        (two.id, "both.md"),
        (two.id, "notes.txt"),
    ]
    assert 1 > found[0].score == found[1].score > found[2].score > 0
    assert found[0].step_result() == {
        "file_id": both, "file_name": "both.md", "score": found[0].score, "attributes": {},
        "content": [{"type": "text", "text": "Of 北京: the cat of Peking."}],
    }  # fmt: skip
    assert vectors.find(app.store, app.blobs, [], "cat") == []


def test_a_hit_tells_its_place_in_the_text(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    client = connect(app=app)
    store_id = searchable(client, LONG)
    (hit,) = vectors.find(app.store, app.blobs, [store_id], "2000", at_most=1)
    assert hit.start > 0
    assert LONG.encode()[hit.start :].startswith(hit.text.encode())


def test_a_search_in_a_thread_leaves_the_time_of_the_account_alone(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    client = connect(app=app)
    store_id, thread = searchable(client, "The cat"), client.beta.threads.create()
    before = app.store.time()
    vectors.find(app.store, app.blobs, [store_id], "cat", thread_id=thread.id)
    assert app.store.time() == before < app.store.time(thread.id)


# The SDK's helpers


def test_the_helpers_that_poll_work(connect: Connect) -> None:
    client = connect()
    store = client.vector_stores.create()
    files, batches = client.vector_stores.files, client.vector_stores.file_batches
    assert files.upload_and_poll(vector_store_id=store.id, file=("a.txt", b"One")).status == "completed"
    assert files.create_and_poll(upload(client), vector_store_id=store.id).status == "completed"
    assert batches.create_and_poll(store.id, file_ids=[upload(client)]).status == "completed"
    batch = batches.upload_and_poll(store.id, files=[("b.txt", b"Two"), ("c.txt", b"Three")])
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)


def test_the_helpers_that_poll_work_asynchronously(make_app: MakeApp) -> None:
    app: App = make_app()

    async def use() -> None:
        def handle(request: httpx2.Request) -> httpx2.Response:
            with httpx2.Client(transport=httpx2.WSGITransport(app)) as inner:
                return inner.send(
                    httpx2.Request(request.method, request.url, headers=request.headers, content=request.read())
                )

        async def handle_soon(request: httpx2.Request) -> httpx2.Response:
            await request.aread()
            answer = handle(request)
            return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

        http_client = DefaultAsyncHttpxClient(transport=httpx2.MockTransport(handle_soon))
        async with AsyncOpenAI(base_url="http://engine/v1", api_key="any", http_client=http_client) as client:
            store = await client.vector_stores.create()
            files, batches = client.vector_stores.files, client.vector_stores.file_batches
            one = await files.upload_and_poll(vector_store_id=store.id, file=("a.txt", b"One"))
            assert one.status == "completed"
            assert (await files.create_and_poll(one.id, vector_store_id=store.id)).status == "completed"
            assert (await batches.create_and_poll(store.id, file_ids=[one.id])).status == "completed"
            batch = await batches.upload_and_poll(store.id, files=[("b.txt", b"Two"), ("c.txt", b"Three")])
            assert (batch.status, batch.file_counts.completed) == ("completed", 2)

    asyncio.run(use())


def test_pollers_are_told_not_to_sleep_a_second(connect: Connect) -> None:
    client = connect()
    answer = client.vector_stores.with_raw_response.create(file_ids=[upload(client)])
    assert int(answer.headers["openai-poll-after-ms"]) < 100
    done = client.vector_stores.with_raw_response.retrieve(answer.parse().id)
    assert "openai-poll-after-ms" not in done.headers


# Within reach of tools


def test_an_assistant_may_bring_its_vector_store(connect: Connect) -> None:
    client = connect()
    resources: Any = {"file_search": {"vector_stores": [{"file_ids": [upload(client)], "metadata": {"a": "b"}}]}}
    made = client.beta.assistants.create(model="m", tools=[{"type": "file_search"}], tool_resources=resources)
    (store,) = client.vector_stores.list().data
    assert made.to_dict()["tool_resources"] == {"file_search": {"vector_store_ids": [store.id]}}
    assert (store.metadata, store.file_counts.total, store.expires_after) == ({"a": "b"}, 1, None)
    other = client.beta.assistants.update(made.id, tool_resources=resources)
    assert other.tool_resources != made.tool_resources
    assert len(client.vector_stores.list().data) == 2


def test_a_thread_may_bring_its_vector_store_for_seven_days(connect: Connect) -> None:
    client = connect()
    resources: Any = {"file_search": {"vector_stores": [{"file_ids": [upload(client)]}]}}
    thread = client.beta.threads.create(tool_resources=resources)
    (store,) = client.vector_stores.list().data
    assert thread.to_dict()["tool_resources"] == {"file_search": {"vector_store_ids": [store.id]}}
    assert store.expires_after and store.expires_after.days == 7
    assert store.last_active_at and store.expires_at == store.last_active_at + 7 * DAY
    assert client.beta.threads.update(thread.id, tool_resources=resources).tool_resources != thread.tool_resources


def test_vector_stores_are_named_or_given_not_both(connect: Connect) -> None:
    client = connect()
    both: Any = {"file_search": {"vector_store_ids": [client.vector_stores.create().id], "vector_stores": [{}]}}
    with pytest.raises(openai.BadRequestError, match="not both"):
        client.beta.threads.create(tool_resources=both)


def test_attachments_come_within_reach_of_the_tools_they_name(connect: Connect) -> None:
    client = connect()
    searched, computed = upload(client), upload(client, "a,b", "table.csv")
    thread = client.beta.threads.create()
    attachments: Any = [
        {"file_id": searched, "tools": [{"type": "file_search"}]},
        {"file_id": computed, "tools": [{"type": "code_interpreter"}]},
        {"file_id": searched},
    ]
    message = client.beta.threads.messages.create(thread.id, role="user", content="Read", attachments=attachments)
    assert message.to_dict()["attachments"] == attachments
    (store,) = client.vector_stores.list().data
    resources = {"code_interpreter": {"file_ids": [computed]}, "file_search": {"vector_store_ids": [store.id]}}
    assert client.beta.threads.retrieve(thread.id).to_dict()["tool_resources"] == resources
    assert [file.id for file in client.vector_stores.files.list(store.id)] == [searched]
    assert store.expires_after and store.expires_after.days == 7
    again: Any = [{"file_id": upload(client), "tools": [{"type": "file_search"}]}]
    client.beta.threads.messages.create(thread.id, role="user", content="Read", attachments=again)
    assert client.vector_stores.retrieve(store.id).file_counts.total == 2


def test_a_thread_whose_vector_store_is_gone_gets_another(connect: Connect) -> None:
    client = connect()
    attachments: Any = [{"file_id": upload(client), "tools": [{"type": "file_search"}]}]
    message: Any = {"role": "user", "content": "Read", "attachments": attachments}
    thread = client.beta.threads.create(messages=[message])
    (first,) = client.vector_stores.list().data
    client.vector_stores.delete(first.id)
    client.beta.threads.messages.create(thread.id, **message)
    (second,) = client.vector_stores.list().data
    assert first.id != second.id


def test_the_code_interpreter_takes_twenty_files(connect: Connect) -> None:
    client = connect()
    attachments: Any = [{"file_id": upload(client), "tools": [{"type": "code_interpreter"}]} for _ in range(21)]
    with pytest.raises(openai.BadRequestError, match="takes 20 files"):
        client.beta.threads.create(messages=[{"role": "user", "content": "x", "attachments": attachments}])


def test_only_retrieving_a_thread_spells_out_that_it_has_no_files(connect: Connect) -> None:
    client = connect()
    thread = client.beta.threads.create()
    assert thread.to_dict()["tool_resources"] == {}
    assert client.beta.threads.retrieve(thread.id).to_dict()["tool_resources"] == {"code_interpreter": {"file_ids": []}}
    assert client.beta.threads.update(thread.id, metadata={"a": "b"}).to_dict()["tool_resources"] == {}


# v1


def test_v1_hangs_files_on_assistants(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    sdk, client = connect(app=app), Client(app)
    one, two = upload(sdk), upload(sdk)
    made = client.post("/v1/assistants", json={"model": "m", "file_ids": [one]}, headers=V1).json
    path = f"/v1/assistants/{made['id']}/files"  # type: ignore[index]
    put = client.post(path, json={"file_id": two}, headers=V1).json
    assert put and list(put) == ["id", "object", "created_at", "assistant_id"]
    assert (put["id"], put["object"]) == (two, "assistant.file")
    assert [row["id"] for row in client.get(path, headers=V1).json["data"]] == [two, one]  # type: ignore[index]
    assert [row["id"] for row in client.get(f"{path}?after={two}", headers=V1).json["data"]] == [one]  # type: ignore[index]
    assert client.delete(f"{path}/{one}", headers=V1).json == {
        "id": one, "object": "assistant.file.deleted", "deleted": True,
    }  # fmt: skip
    gone = client.get(f"{path}/{one}", headers=V1)
    assert (gone.status_code, gone.json["error"]["message"]) == (404, f"No assistant file found with id '{one}'.")  # type: ignore[index]
    assert client.get(f"/v1/assistants/{made['id']}", headers=V1).json["file_ids"] == [two]  # type: ignore[index]
    assert client.get(path, headers={"OpenAI-Beta": "assistants=v2"}).status_code == 404
    assert client.get(path).status_code == 404


def test_v1_hangs_files_on_messages(make_app: MakeApp, connect: Connect) -> None:
    app = make_app()
    file_id, client = upload(connect(app=app)), Client(app)
    thread = client.post("/v1/threads", headers=V1).json
    body = {"role": "user", "content": "Read", "file_ids": [file_id]}
    message = client.post(f"/v1/threads/{thread['id']}/messages", json=body, headers=V1).json  # type: ignore[index]
    assert message and message["file_ids"] == [file_id]
    path = f"/v1/threads/{thread['id']}/messages/{message['id']}/files"  # type: ignore[index]
    (row,) = client.get(path, headers=V1).json["data"]  # type: ignore[index]
    assert list(row) == ["id", "object", "created_at", "message_id"]
    assert client.get(f"{path}/{file_id}", headers=V1).json == row
    gone = client.get(f"{path}/file-X", headers=V1)
    assert (gone.status_code, gone.json["error"]["message"]) == (404, "No message file found with id 'file-X'.")  # type: ignore[index]
    assert client.get(path, headers={"OpenAI-Beta": "assistants=v2"}).status_code == 404


@pytest.mark.parametrize("word", ["Straße", "İstanbul", "re\u0301sume\u0301", "ﬁne"])
def test_a_word_is_found_as_it_is_written(word: str, connect: Connect) -> None:
    client = connect()
    store_id = searchable(client, f"Here is {word} in a text.", "And here is another one.")
    assert client.vector_stores.search(store_id, query=word).data[0].content[0].text.startswith(f"Here is {word}")


def test_a_filter_has_bounds(connect: Connect) -> None:
    client = connect()
    store_id = searchable(client, "A text.")
    many: Any = {"type": "in", "key": "a", "value": ["x"] * 101}
    with pytest.raises(openai.BadRequestError, match="array too long"):
        client.vector_stores.search(store_id, query="text", filters=many)


def test_a_file_that_cannot_be_read_fails_and_the_store_stays_of_use(
    make_app: MakeApp, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    client = connect(app=app)
    store = client.vector_stores.create(file_ids=[upload(client)])
    (path,) = app.blobs._folder().iterdir()
    path.unlink()
    path.mkdir()  # reading it fails, even as root
    (file,) = client.vector_stores.files.list(store.id).data
    assert (file.status, file.last_error and file.last_error.code) == ("failed", "server_error")
    assert client.vector_stores.retrieve(store.id).file_counts.failed == 1


def test_a_file_whose_time_has_come_is_of_no_use_to_anybody(connect: Connect) -> None:
    client = connect()
    made = client.files.create(
        file=("a.txt", b"A text."), purpose="assistants", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    store_id = searchable(client, "Another text.")
    client.vector_stores.files.create(store_id, file_id=made.id)
    assert len(client.vector_stores.search(store_id, query="text").data) == 2
    client.post("/lab/clock", cast_to=object, body={"advance_s": 3601})
    with pytest.raises(openai.NotFoundError, match="No file found"):
        client.vector_stores.create(file_ids=[made.id])
    assert len(client.vector_stores.search(store_id, query="text").data) == 1


def test_many_attachments_are_put_in_together_each_once(connect: Connect) -> None:
    client = connect()
    file_ids = [upload(client, name=f"{n}.txt") for n in range(30)]
    attached: Any = [{"file_id": id, "tools": [{"type": "file_search"}]} for id in file_ids * 2]
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi", "attachments": attached}])
    search = client.beta.threads.retrieve(thread.id).tool_resources
    assert search and search.file_search and search.file_search.vector_store_ids
    (store_id,) = search.file_search.vector_store_ids
    assert client.vector_stores.retrieve(store_id).file_counts.completed == 30
