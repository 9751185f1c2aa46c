"""Search by meaning, through the SDK: an endpoint makes the vectors."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

import assistant_nb as anb
from assistant_nb.engine.files import meaning
from assistant_nb.engine.files.retrieval import combined
from tests.engine.model.endpoint import called, embedding, page, said, serving, status

SEA, BREAD = "The boat sails at noon.", "We bake rolls each morning."
TOPICS = (("boat", "ship", "sail"), ("bake", "rolls", "bread"))


def by_topic(text: str) -> list[float]:
    """What a text is about, as a model of meanings would know it."""
    return [float(any(word in text.lower() for word in words)) + 0.01 for words in TOPICS]


@pytest.fixture(autouse=True)
def nothing_runs() -> Iterator[None]:
    yield
    anb.stop()


def library(client: OpenAI, *texts: str) -> str:
    files = [
        client.files.create(file=(f"{n}.txt", text.encode()), purpose="assistants") for n, text in enumerate(texts)
    ]
    return client.vector_stores.create(file_ids=[file.id for file in files]).id


def search(client: OpenAI, store_id: str, query: str) -> list[tuple[str, float]]:
    return [(hit.content[0].text, round(hit.score, 2)) for hit in client.vector_stores.search(store_id, query=query)]


def test_a_question_in_other_words_finds_what_it_means() -> None:
    with serving(embedding(by_topic)) as endpoint:
        client = anb.connect(base_url=endpoint.url, embeddings="e")
        store_id = library(client, SEA, BREAD)
        assert search(client, store_id, "When does the ship leave?") == [(SEA, 0.5), (BREAD, 0.01)]
        assert search(client, store_id, "bread") == [(BREAD, 0.5), (SEA, 0.01)]
        assert [request["input"] for request in endpoint.requests] == [
            [SEA, BREAD], ["When does the ship leave?"], ["bread"],
        ]  # fmt: skip
        assert {request["model"] for request in endpoint.requests} == {"e"}


def test_without_an_endpoint_it_goes_by_words() -> None:
    client = anb.connect()
    assert search(client, library(client, SEA, BREAD), "ship") == []


def test_words_and_meaning_count_alike() -> None:
    with serving(embedding(by_topic)) as endpoint:
        client = anb.connect(base_url=endpoint.url, embeddings="e")
        ((text, score), _) = search(client, library(client, SEA, BREAD), "boat")
    assert (text, score) == (SEA, 1.0)
    assert combined({1: 0.5}, {}) == {1: 0.5}
    assert combined({1: 0.5}, {2: 0.5}) == {1: 0.25, 2: 0.25}


@pytest.mark.parametrize(
    "wrong", [status(500), status(404, "no such model"), page("hello"), embedding(lambda text: [])]
)
def test_while_the_endpoint_fails_words_alone_are_searched(wrong: Any) -> None:
    with serving(wrong) as endpoint:
        client = anb.connect(base_url=endpoint.url, embeddings="e")
        store_id = library(client, SEA, BREAD)
        assert search(client, store_id, "boat") == [(SEA, 1.0)]
        asked = len(endpoint.requests)
        search(client, store_id, "boat")
        assert len(endpoint.requests) == asked, "it is left alone for a minute"


def test_vectors_are_kept_and_go_with_their_file(tmp_path: Path) -> None:
    with serving(embedding(by_topic)) as endpoint:
        client = anb.connect(base_url=endpoint.url, embeddings="e", store=tmp_path / "class.db")
        store_id = library(client, SEA, BREAD)
        search(client, store_id, "ship")
        anb.stop()
        client = anb.connect(base_url=endpoint.url, embeddings="e", store=tmp_path / "class.db")
        search(client, store_id, "ship")
        assert [len(request["input"]) for request in endpoint.requests] == [2, 1, 1]
        (gone,) = (one.id for one in client.files.list() if one.filename == "0.txt")
        client.files.delete(gone)
        assert [text for text, _ in search(client, store_id, "ship")] == [BREAD]
        client.vector_stores.files.upload_and_poll(vector_store_id=store_id, file=("2.txt", SEA.encode()))
        assert search(client, store_id, "ship")[0][0] == SEA


def test_vectors_are_made_for_a_while_and_the_rest_at_the_next_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "_MAKING_S", -1)
    monkeypatch.setattr(meaning, "_BATCH", 1)
    with serving(embedding(by_topic)) as endpoint:
        client = anb.connect(base_url=endpoint.url, embeddings="e")
        store_id = library(client, BREAD, SEA)
        assert [text for text, _ in search(client, store_id, "ship")] == [BREAD]
        assert [text for text, _ in search(client, store_id, "ship")] == [SEA, BREAD]


def test_an_assistant_searches_by_meaning_too() -> None:
    vectors = embedding(by_topic)
    query = called(("file_search", '{"query": "ship"}'))
    with serving(query, vectors, vectors, said("At noon【4:0†0.txt】.")) as endpoint:
        client = anb.connect(base_url=endpoint.url, embeddings="e")
        resources: Any = {"file_search": {"vector_store_ids": [library(client, SEA, BREAD)]}}
        assistant = client.beta.assistants.create(model="m", tools=[{"type": "file_search"}], tool_resources=resources)
        thread: Any = {"messages": [{"role": "user", "content": "When does the ship leave?"}]}
        run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
        message: Any = client.beta.threads.messages.list(run.thread_id).data[0]
    assert run.status == "completed", run.last_error
    assert message.content[0].text.annotations[0].file_citation.file_id == client.files.list(order="asc").data[0].id
