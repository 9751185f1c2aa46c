"""A journal repeats nothing that earlier prompts of its thread held, and still shows every prompt byte for byte."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI
from werkzeug.test import Client

from assistant_nb.engine.app import App
from assistant_nb.engine.journal import Entry
from assistant_nb.engine.model.base import Prompt, ToolCall
from assistant_nb.engine.prompt_texts import spans
from assistant_nb.engine.rescue import check
from assistant_nb.engine.schema import MIGRATIONS
from assistant_nb.engine.store import Store
from assistant_nb.engine.wire import encode
from tests.conftest import Connect, MakeApp

ADD: Any = {"type": "function", "function": {"name": "add"}}


def answering(prompt: Prompt) -> list[str | ToolCall]:
    """Calls a function when it is asked to, else says how much it was asked."""
    content, calls = prompt.messages[-1].content, any(turn.tool_calls for turn in prompt.messages)
    return (
        ["Let me.", ToolCall("add", "{}")] if content == "Call." and not calls else [f"{len(prompt.messages)} turns."]
    )


class Story:
    """An engine on a file, a thread with many questions, and all that its journals were given."""

    def __init__(self, app: App, client: OpenAI, path: Path, written: dict[str, list[Entry]]) -> None:
        self.app, self.client, self.path, self.written = app, client, path, written
        self.thread_id = client.beta.threads.create().id
        self.assistant_id = client.beta.assistants.create(model="m", tools=[ADD], instructions="Be brief.").id

    def ask(self, *questions: Any, **body: Any) -> str:
        """The id of the last run."""
        runs, thread_id = self.client.beta.threads.runs, self.thread_id
        for question in questions:
            self.client.beta.threads.messages.create(thread_id, role="user", content=question)
            run = runs.create_and_poll(thread_id=thread_id, assistant_id=self.assistant_id, **body)
            if run.required_action:
                calls = run.required_action.submit_tool_outputs.tool_calls
                outputs: Any = [{"tool_call_id": call.id, "output": "42"} for call in calls]
                run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread_id, tool_outputs=outputs)
            assert run.status == "completed", run.last_error
        return run.id

    def rows(self) -> list[str]:
        with closing(sqlite3.connect(self.path)) as db:
            return [text for (text,) in db.execute("SELECT text FROM prompt_text ORDER BY thread_id, n")]

    def check_journals(self, prompts: int) -> None:
        """Each journal has the bytes that it would have if its prompts had been kept whole."""
        entries = [entry for written in self.written.values() for entry in written]
        assert sum(entry.event == "model.asked" for entry in entries) == prompts
        for run_id, written in self.written.items():
            shown = Client(self.app).get(f"/v1/lab/runs/{run_id}/journal").data
            assert shown == encode({"object": "list", "data": [entry._asdict() for entry in written]}).encode()


@pytest.fixture
def story(make_app: MakeApp, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    written: dict[str, list[Entry]] = {}
    append = Store.append

    def listen(self: Store, run_id: str, entry: Entry) -> None:
        written.setdefault(run_id, []).append(entry)
        append(self, run_id, entry)

    monkeypatch.setattr(Store, "append", listen)
    app = make_app(*[answering] * 99, store=tmp_path / "class.db")
    return Story(app, connect(app=app), tmp_path / "class.db", written)


def test_every_prompt_is_shown_as_it_was_and_no_turn_is_kept_twice(story: Story) -> None:
    story.ask("One?", "Two?", "Call.", "One?", "One?", "Naïve?", "Last?")
    story.check_journals(prompts=8)
    story.app.close()
    assert len(story.rows()) == 1 + 14 + 1, "the head, all messages but the last, and the turn with the call"


def test_what_was_deleted_or_changed_since_stays_in_the_journals(story: Story) -> None:
    messages = story.client.beta.threads.messages
    story.ask("One?", "Two?", "Three?", "Four?")
    for _ in range(3):
        for message in messages.list(story.thread_id).data[2:4]:
            if message.run_id is None:
                messages.delete(message.id, thread_id=story.thread_id)
            else:
                messages.update(message.id, thread_id=story.thread_id, metadata={"a": "b"})
        story.ask("And now?")
    story.client.beta.assistants.update(story.assistant_id, instructions="Otherwise.", tools=[])
    story.ask("And now?")
    story.client.beta.assistants.delete(story.assistant_id)
    assert any(entry.event == "client.modified" for written in story.written.values() for entry in written)
    story.check_journals(prompts=8)


def test_a_prompt_of_parts_and_one_cut_short_are_shown_as_they_were(story: Story) -> None:
    parts: Any = [{"type": "text", "text": "See:"}, {"type": "image_url", "image_url": {"url": "https://a.example/b"}}]
    story.ask("One?", parts, "Three?")
    story.ask("Four?", truncation_strategy={"type": "last_messages", "last_messages": 3})
    story.ask("Five?", max_prompt_tokens=300, instructions="Other words.")
    story.ask("Six?", truncation_strategy={"type": "last_messages", "last_messages": 2}, temperature=0.5)
    story.ask("Seven?")
    story.check_journals(prompts=7)


@pytest.mark.parametrize("deleted", ["parent", "fork"])
def test_a_fork_keeps_its_prompts_and_the_parent_its_own_when_the_other_is_deleted(story: Story, deleted: str) -> None:
    run_id = story.ask("One?", "Two?", "Call.")
    http = Client(story.app)
    edits: Any = [{}, {"edit": {"answer": {"text": "Said."}}}, {"edit": {"instructions": "Otherwise."}}]
    forks: Any = [http.post(f"/v1/lab/runs/{run_id}/fork", json={"at": 3, **edit}).json for edit in edits]
    for fork in forks:
        http.post(f"/v1/lab/runs/{fork['run']['id']}/advance", json={"to": "end"})
    story.check_journals(prompts=4 + 3)
    gone = [story.thread_id] if deleted == "parent" else [fork["run"]["thread_id"] for fork in forks]
    for thread_id in gone:
        story.client.beta.threads.delete(thread_id)
    for id in [id for id, (first, *_) in story.written.items() if first.data["thread_id"] in gone]:
        del story.written[id]
    story.check_journals(prompts=3 if deleted == "parent" else 4)


def test_of_a_deleted_thread_no_word_remains(story: Story) -> None:
    story.ask("A secret?", "Another secret?")
    story.client.beta.threads.delete(story.thread_id)
    story.app.close()
    assert story.rows() == []


def test_a_store_of_an_older_version_shows_its_prompts_and_goes_on(story: Story, make_app: MakeApp) -> None:
    story.ask("One?", "Two?")
    story.app.close()
    make_old(story.path, story.written)

    story.app = make_app(*[answering] * 99, store=story.path)
    story.check_journals(prompts=2)
    story.client._client._transport.app = story.app  # type: ignore[attr-defined]
    story.ask("Three?", "Four?")
    story.check_journals(prompts=4)


def make_old(path: Path, written: dict[str, list[Entry]]) -> None:
    """A file as the version before wrote it: prompts stand whole in their entries."""
    before = next(n for n, step in enumerate(MIGRATIONS) if "prompt_text" in step)
    with closing(sqlite3.connect(path)) as db, db:
        for run_id, entries in written.items():
            for entry in entries:
                whole = (encode(entry.data), run_id, entry.n)
                db.execute("UPDATE journal SET data = ? WHERE run_id = ? AND n = ?", whole)
        db.execute("DROP TABLE prompt_text")
        db.execute(f"PRAGMA user_version = {before}")


def test_a_lost_turn_costs_the_runs_that_were_asked_with_it(story: Story, tmp_path: Path) -> None:
    first, second = story.ask("One?"), story.ask("Two?")
    story.app.close()
    with closing(sqlite3.connect(story.path)) as db, db:
        assert db.execute("DELETE FROM prompt_text WHERE text LIKE '%Two?%'").rowcount == 1
    report = check(story.path, tmp_path / "saved.db")
    assert report.damage == f"entries in the journal of {second} are missing"
    assert report.lost == [f"{second}: entries of its journal cannot be read; what it wrote on its thread is kept"]
    assert report.counts["thread.message"] == 4
    assert first not in str(report.lost)


def test_a_turn_that_is_no_json_is_damage(story: Story, tmp_path: Path) -> None:
    run_id = story.ask("One?")
    story.app.close()
    with closing(sqlite3.connect(story.path)) as db, db:
        db.execute("UPDATE prompt_text SET text = 'x' WHERE n = 1")
    report = check(story.path, tmp_path / "saved.db")
    assert report.damage == f"text 1 of the prompts on {story.thread_id} is not JSON"
    assert [line.partition(":")[0] for line in report.lost] == [run_id]


turns = st.lists(st.sampled_from("abc"), max_size=8)


@given(st.lists(turns, max_size=8))
def test_any_prompts_can_be_put_together_again(prompts: list[list[str]]) -> None:
    kept = list[str]()
    for prompt in prompts:
        places = add(prompt, kept)
        assert [text for first, last in places for text in kept[first : last + 1]] == prompt
        before = len(kept)
        assert add(prompt, kept) == places
        assert len(kept) == before, "what is there as a whole is not kept again"


@given(turns, turns)
def test_what_comes_after_a_known_prompt_is_all_that_is_added(prompt: list[str], more: list[str]) -> None:
    kept = list[str]()
    add(prompt, kept)
    before = len(kept)
    add(prompt + more, kept)
    assert len(kept) <= before + len(more)


def test_a_prompt_that_grows_stays_one_span() -> None:
    kept = list[str]()
    for n in range(1, 50):
        assert add(["Hello?", "Hello."] * n, kept) == [(0, 2 * n - 1)]


def add(prompt: Sequence[str], kept: list[str]) -> list[tuple[int, int]]:
    places, added = spans(prompt, [*enumerate(kept)])
    kept += [text for _, text in added]
    return places
