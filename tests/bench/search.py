"""How well file search finds, and what it costs. Run `python tests/bench/search.py`; it exits with 1 if a limit is exceeded.

Quality: fifty questions to ten handbooks (`corpus/`), cut into chunks of 100 tokens. Found is the chunk
that holds the answer's own words: recall@5 is the share of questions for which it is among the first five,
MRR the mean of 1/rank. Beside ours stand plain LIKE (chunks with the most of the query's words first) and
`rank_bm25`, where that is installed; both get the very same chunks.

Cost: 1,000 documents of 20 KB each in words as frequent as words are (Zipf), then one of 20 MB, through the SDK in process,
polled until all is read. While the large one is read, a second client creates threads: how long it waits is how
long the store is held. A query has six words, of which two are rare; every document is in the searched vector store.
"""

import json
import random
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import httpx2
from openai import DefaultHttpxClient, OpenAI
from openai.types import VectorStore

from assistant_nb.engine.app import App, create_app
from assistant_nb.engine.files import retrieval
from assistant_nb.engine.model.scripted import Scripted

CORPUS: Final = Path(__file__).parent / "corpus"
CHUNKING: Final = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}
DOCUMENTS: Final = 1_000
DOCUMENT_BYTES: Final = 20_000
QUERIES: Final = 200
LIMITS: Final = {"query, ms": 20.0, "longest look, s": 0.2, "longest wait of another, s": 0.2}

Rank = Callable[[str], list[str]]
"""From a question to the texts of chunks, best first."""


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)
    worse = quality()
    cost = {**ingestion(), **large_file()}
    for name, value in cost.items():
        limit = f"  (limit {LIMITS[name]})" if name in LIMITS else ""
        print(f"{name:35} {value:8.3f}{limit}")
    return int(worse or any(cost[name] > limit for name, limit in LIMITS.items()))


# Quality


def quality() -> bool:
    """Prints the table; whether we find less than rank_bm25."""
    files = sorted(path for path in CORPUS.glob("*.md") if path.name != "README.md")
    size, overlap = CHUNKING["static"].values()  # type: ignore[attr-defined]
    texts = [chunk.text for file in files for chunk in retrieval.chunks(file.read_bytes(), size, overlap)]
    rankers: dict[str, Rank] = {"ours": ours(files), "LIKE": like(texts)}
    if find_spec("rank_bm25"):
        rankers["rank_bm25"] = bm25(texts)
    else:
        print("rank_bm25 is not installed: pip install rank_bm25")
    print(f"{len(texts)} chunks        recall@5     MRR")
    recalls = {name: report(name, rank) for name, rank in rankers.items()}
    return recalls["ours"] < recalls.get("rank_bm25", 0)


def report(name: str, rank: Rank) -> float:
    questions = [json.loads(line) for line in (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    places = [place(one["passage"], rank(one["question"])) for one in questions]
    recall = sum(place <= 5 for place in places) / len(places)
    print(f"{name:18} {recall:8.2f} {sum(1 / place for place in places) / len(places):8.3f}")
    if "-v" in sys.argv:
        print(
            *[f"    {place} {one['question']}" for place, one in zip(places, questions, strict=True) if place > 5],
            sep="\n",
        )
    return recall


def place(passage: str, found: list[str]) -> float:
    return next((n for n, text in enumerate(found, 1) if passage in text), float("inf"))


def ours(files: list[Path]) -> Rank:
    client = connect(create_app(model=Scripted()))
    ids = [client.files.create(file=file, purpose="assistants").id for file in files]
    chunking: Any = CHUNKING
    store = client.vector_stores.create(file_ids=ids, chunking_strategy=chunking)
    return lambda question: [
        hit.content[0].text for hit in client.vector_stores.search(store.id, query=question, max_num_results=50)
    ]


def like(texts: list[str]) -> Rank:
    def rank(question: str) -> list[str]:
        words = set(tokens(question))
        scores = [-sum(word in text.lower() for word in words) for text in texts]
        return [texts[n] for n in sorted(range(len(texts)), key=lambda n: scores[n])][:50]

    return rank


def bm25(texts: list[str]) -> Rank:
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([tokens(text) for text in texts])
    return lambda question: index.get_top_n(tokens(question), texts, 50)


def tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


# Cost


def ingestion() -> dict[str, float]:
    """1,000 documents in two batches; then queries."""
    app = create_app(model=Scripted())
    client, text = connect(app), Text()
    store = client.vector_stores.create()
    ids = [upload(client, text.of(DOCUMENT_BYTES)) for _ in range(DOCUMENTS)]
    begin = perf_counter()
    for half in (ids[: DOCUMENTS // 2], ids[DOCUMENTS // 2 :]):
        client.vector_stores.file_batches.create(store.id, file_ids=half)
    looks = list(poll(client, store))
    taken = perf_counter() - begin
    times = [timed(lambda: client.vector_stores.search(store.id, query=text.query())) for _ in range(QUERIES)]
    done = [look.file_counts.completed for _, look in looks]
    chunks = len(app.store.contents.chunk_lengths([store.id]))
    app.close()
    return {
        f"1,000 documents, {chunks} chunks, s": taken,
        "looks that saw progress, of all": sum(a < b for a, b in zip([0, *done], done, strict=False)) / len(done),
        "longest look, s": max(time for time, _ in looks),
        "query, ms": median(times) * 1e3,
        "slowest query, ms": max(times) * 1e3,
    }


def large_file() -> dict[str, float]:
    """One file of 20 MB, while somebody else works."""
    app = create_app(model=Scripted())
    client, other, done = connect(app), connect(app), threading.Event()
    waits: list[float] = []

    def work() -> None:
        while not done.wait(0.01):
            waits.append(timed(other.beta.threads.create))

    store = client.vector_stores.create(file_ids=[upload(client, Text().of(DOCUMENTS * DOCUMENT_BYTES))])
    neighbour = threading.Thread(target=work)
    neighbour.start()
    begin = perf_counter()
    looks = list(poll(client, store))
    taken = perf_counter() - begin
    done.set()
    neighbour.join()
    deleting = timed(lambda: client.vector_stores.delete(store.id))
    app.close()
    return {
        "one file of 20 MB, s": taken,
        "longest look at it, s": max(time for time, _ in looks),
        "longest wait of another, s": max(waits),
        "deleting it, s": deleting,
    }


def poll(client: OpenAI, store: VectorStore) -> Iterator[tuple[float, VectorStore]]:
    """Every look until all is read, with the seconds it took."""
    while store.status == "in_progress" or not store.file_counts.completed:
        begin = perf_counter()
        store = client.vector_stores.retrieve(store.id)
        yield perf_counter() - begin, store


def timed(act: Callable[[], Any]) -> float:
    begin = perf_counter()
    act()
    return perf_counter() - begin


def upload(client: OpenAI, text: str) -> str:
    return client.files.create(file=("text.txt", text.encode()), purpose="assistants").id


def connect(app: App) -> OpenAI:
    http_client = DefaultHttpxClient(transport=httpx2.WSGITransport(app))
    return OpenAI(base_url="http://engine/v1", api_key="any", http_client=http_client)


class Text:
    """Made-up texts; always the same ones."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = ["the", "of", "and", "to", "a", "in", "is", "it", "that", "was"]  # as frequent as in English
        self._words += ["".join(self._random.choices(letters, k=self._random.randint(3, 10))) for _ in range(30_000)]
        self._weights = [1 / rank for rank in range(1, len(self._words) + 1)]

    def of(self, size: int) -> str:
        return " ".join(self._random.choices(self._words, self._weights, k=size // 5))[:size]

    def query(self) -> str:
        return " ".join(
            ["what", "is", "the", *self._random.sample(self._words[10:500], 2), *self._random.sample(self._words, 2)]
        )


if __name__ == "__main__":
    sys.exit(main())
