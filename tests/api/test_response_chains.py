"""By property: whatever is asked, followed, deleted and paged, a response reads what came before it, and nothing else."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from werkzeug.test import Client

from assistant_nb.engine.app import create_app
from assistant_nb.engine.model.scripted import Scripted

Text = str


class Chains(RuleBasedStateMachine):
    """Each text is said once, so a dialogue is a list of texts."""

    @initialize()
    def begin(self) -> None:
        self.model = Scripted(*[lambda prompt: [self.new()]] * 500)
        self.app = create_app(model=self.model)
        self.client = Client(self.app)
        self.said = 0
        self.contexts: dict[str, list[Text]] = {}
        """What each response has read and said, by id; also of those that were deleted."""
        self.kept: set[str] = set()
        """The responses that were not deleted."""
        self.conversations: dict[str, list[Text]] = {}
        self.removed: set[Text] = set()
        """What was deleted from a conversation."""

    def teardown(self) -> None:
        self.app.close()

    def new(self) -> Text:
        self.said += 1
        return f"text {self.said}"

    def call(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.client.open(f"/v1{path}", method=method, json=body or None)
        assert answer.status_code == status, answer.text
        return answer.json

    def ask(self, before: list[Text], **body: Any) -> None:
        question = self.new()
        response = self.call("POST", "/responses", model="m", input=question, **body)
        read = [*(text for text in before if text not in self.removed), question]
        assert [turn.content for turn in self.model.prompts[-1].messages] == read
        made = response["output"][0]["content"][0]["text"]
        self.contexts[response["id"]] = [*before, question, made]
        self.kept.add(response["id"])

    @rule()
    def ask_anew(self) -> None:
        self.ask([])

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def follow(self, data: st.DataObject) -> None:
        """A chain when it is the latest one, else a branch."""
        id = data.draw(st.sampled_from(sorted(self.kept)))
        self.ask(self.contexts[id], previous_response_id=id)

    @precondition(lambda self: len(self.kept) < len(self.contexts))
    @rule(data=st.data())
    def follow_a_deleted_one(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(set(self.contexts) - self.kept)))
        self.call("POST", "/responses", status=400, model="m", input="x", previous_response_id=id)
        self.call("GET", f"/responses/{id}", status=404)

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.kept)))
        self.call("DELETE", f"/responses/{id}")
        self.kept.discard(id)

    @rule()
    def create_conversation(self) -> None:
        self.conversations[self.call("POST", "/conversations")["id"]] = []

    @precondition(lambda self: self.conversations)
    @rule(data=st.data())
    def ask_in_a_conversation(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.conversations)))
        self.ask(self.conversations[id], conversation=id)
        self.conversations[id] = next(reversed(self.contexts.values()))

    @precondition(lambda self: self.conversations)
    @rule(data=st.data(), count=st.integers(1, 3))
    def add_items(self, data: st.DataObject, count: int) -> None:
        id, texts = data.draw(st.sampled_from(sorted(self.conversations))), [self.new() for _ in range(count)]
        items = [{"role": "user", "content": text, "id": "msg_mine"} for text in texts]
        self.call("POST", f"/conversations/{id}/items", items=items)
        self.conversations[id] = [*self.conversations[id], *texts]

    @precondition(lambda self: any(self.items(id) for id in self.conversations))
    @rule(data=st.data())
    def delete_an_item(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(id for id in self.conversations if self.items(id))))
        item = data.draw(st.sampled_from(self.items(id)))
        self.call("DELETE", f"/conversations/{id}/items/{item['id']}")
        self.removed.add(item["content"][0]["text"])

    @precondition(lambda self: self.conversations)
    @rule(data=st.data())
    def delete_a_conversation(self, data: st.DataObject) -> None:
        """Its responses stay, and can be followed."""
        id = data.draw(st.sampled_from(sorted(self.conversations)))
        self.call("DELETE", f"/conversations/{id}")
        del self.conversations[id]

    def items(self, id: str, order: str = "asc", limit: int = 100) -> list[Any]:
        """All items of a conversation."""
        return self.pages(f"/conversations/{id}/items", order, limit)

    def pages(self, path: str, order: str, limit: int) -> list[Any]:
        items: list[Any] = []
        while True:
            after = f"&after={items[-1]['id']}" if items else ""
            page = self.call("GET", f"{path}?order={order}&limit={limit}{after}")
            items += page["data"]
            if not page["has_more"]:
                return items

    @precondition(lambda self: self.conversations)
    @rule(data=st.data(), limit=st.integers(1, 4))
    def page_both_ways(self, data: st.DataObject, limit: int) -> None:
        id = data.draw(st.sampled_from(sorted(self.conversations)))
        up, down = self.items(id, "asc", limit), self.items(id, "desc", limit)
        assert up == down[::-1] and len({item["id"] for item in up}) == len(up)
        there = [text for text in self.conversations[id] if text not in self.removed]
        assert [item["content"][0]["text"] for item in up] == there

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), limit=st.integers(1, 4), order=st.sampled_from(["asc", "desc"]))
    def page_the_input(self, data: st.DataObject, limit: int, order: str) -> None:
        id = data.draw(st.sampled_from(sorted(self.kept)))
        items = self.pages(f"/responses/{id}/input_items", order, limit)
        there = [text for text in self.contexts[id][:-1] if text not in self.removed]
        assert [item["content"][0]["text"] for item in items] == (there if order == "asc" else there[::-1])

    @invariant()
    def each_response_keeps_its_answer(self) -> None:
        for id in getattr(self, "kept", ()):
            assert self.call("GET", f"/responses/{id}")["output"][0]["content"][0]["text"] == self.contexts[id][-1]


class ChainsForLong(Chains):
    pass


TestChains = Chains.TestCase
TestChains.settings = settings(max_examples=15, stateful_step_count=20)
TestChainsForLong = pytest.mark.nightly(ChainsForLong.TestCase)
TestChainsForLong.settings = settings(max_examples=200, stateful_step_count=50)
