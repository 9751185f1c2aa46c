"""Generated threads, played by a model that remembers: the same prompt gets the same answer, as from a recording."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from openai import OpenAI

from assistant_nb.engine.errors import NoRecording
from assistant_nb.engine.model.base import Delta, Finish, Prompt, ToolCall, answer_deltas
from assistant_nb.engine.model.fingerprint import essence, fingerprint
from assistant_nb.engine.parts import CodeAnswer

AS_FOUND = settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
"""An example is small, and making it smaller would take minutes."""
Said = tuple[str, list[ToolCall]]
"""What a model says at once: a text and calls."""

FUNCTIONS = {
    name: {"name": name, "description": f"It is {name}.", "parameters": {"type": "object", "properties": {}}}
    for name in ("add", "look_up")
}
PIXEL = bytes.fromhex("89504e470d0a1a0a")


class Remembering:
    """Says `lines`, one after the other. A prompt that it knows gets its old answer. Without lines it fails."""

    name = "remembering"
    models = ("remembering",)
    may_begin_anew = False

    def __init__(self) -> None:
        self.lines: list[Said] = []
        self._known: dict[str, Said] = {}

    def provenance(self) -> str:
        return "what it said before"

    def ask(self, prompt: Prompt) -> Iterator[Delta]:
        found = fingerprint(essence(prompt))
        if found not in self._known:
            if not self.lines:
                raise NoRecording(f"Nobody has asked this before: {essence(prompt)}")
            text, calls = self.lines.pop(0)
            self._known[found] = _cited(text, prompt), calls
        text, calls = self._known[found]
        yield from answer_deltas(text, calls)
        yield Finish({"answer": "scripted"})


def _cited(text: str, prompt: Prompt) -> str:
    """A text with the mark of a hit for each `⟦0⟧`, as a model cites what it has read."""
    found = [call.output or "" for turn in prompt.messages for call in turn.tool_calls if call.name == "file_search"]
    hits = dict(enumerate(re.findall(r"^【.*】$", "\n".join(found), re.MULTILINE)))
    return re.sub(r"⟦(\d)⟧", lambda place: hits.get(int(place[1]), "nothing"), text)


def code_answer(tool: object, run: object, given: str) -> CodeAnswer:
    """Stands in for the code interpreter, which takes a second for each kernel."""
    return {"outputs": [{"type": "logs", "logs": f"the output of {given!r}"}] if given else [], "contained_by": []}


@dataclass
class Turn:
    """A question, and what a run answers to it."""

    question: Any
    rounds: list[Said]
    answer: str
    asks: dict[str, Any]
    attaches: bool = False
    demand: str = "auto"
    """"required" or "first": which call must come first; only where one does."""
    spare: list[str] = field(default_factory=list)

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The tools that its assistant has."""
        names = list(dict.fromkeys([*(call.name for _, calls in self.rounds for call in calls), *self.spare]))
        return [
            {"type": "function", "function": FUNCTIONS[name]} if name in FUNCTIONS else {"type": name} for name in names
        ]

    @property
    def body(self) -> dict[str, Any]:
        """What its run is created with."""
        if not self.rounds or self.demand == "auto":
            return self.asks
        name = self.rounds[0][1][0].name
        first = {"type": "function", "function": {"name": name}} if name in FUNCTIONS else {"type": name}
        return {**self.asks, "tool_choice": self.demand if self.demand == "required" else first}


words = st.text("ab é\n'\"\\{}", min_size=1, max_size=8).filter(str.strip)
marks = st.sampled_from(["⟦0⟧", "⟦1⟧", "⟦2⟧", "sandbox:/mnt/data/p.csv", "【4:0†no.txt】", "【x】"])
answers = st.lists(words | marks, min_size=1, max_size=4).map(" ".join)
arguments = st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 9) | words, max_size=2).map(json.dumps)
calls = (
    st.builds(ToolCall, st.sampled_from(list(FUNCTIONS)), arguments)
    | st.builds(ToolCall, st.just("file_search"), st.sampled_from(["tide", "moon", "harbour notes"]))
    | st.builds(ToolCall, st.just("code_interpreter"), st.sampled_from(["print(1)", "1 / 0", "x = 2\nx"]))
)
rounds = st.tuples(st.just("") | words, st.lists(calls, min_size=1, max_size=3))
pictures = st.sampled_from(["url", "file"])
questions = words | st.lists(words | pictures.map(lambda kind: {"picture": kind}), min_size=1, max_size=3)
formats = st.sampled_from(
    [
        "auto",
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
    ]
)
asks = st.fixed_dictionaries(
    {},
    optional={
        "additional_instructions": words,
        "temperature": st.sampled_from([0.0, 0.5]),
        "top_p": st.just(0.5),
        "response_format": formats,
        "parallel_tool_calls": st.just(False),
        "max_completion_tokens": st.just(5000),
        "max_prompt_tokens": st.just(9000),
        "truncation_strategy": st.just({"type": "last_messages", "last_messages": 2}),
        "metadata": st.just({"topic": "tides"}),
    },
)
turns = st.builds(
    Turn,
    questions,
    st.lists(rounds, max_size=2),
    answers,
    asks,
    st.booleans(),
    st.sampled_from(["auto", "required", "first"]),
    st.lists(st.sampled_from(["add", "file_search"]), max_size=1),
)
threads = st.lists(turns, min_size=1, max_size=3)


class Played:
    """A thread on an engine with a library, a picture, and a model that remembers."""

    def __init__(self, client: OpenAI, model: Remembering) -> None:
        self.client, self._model = client, model
        files = {
            name: client.files.create(file=(name, text), purpose="assistants").id
            for name, text in {"notes.txt": b"The tide of the moon.", "tides.txt": b"A harbour has a tide."}.items()
        }
        self.attached = files["tides.txt"]
        self.picture = client.files.create(file=("dot.png", PIXEL), purpose="vision").id
        self.library = client.vector_stores.create(file_ids=list(files.values())[:1]).id
        self.thread = client.beta.threads.create(metadata={"of": "a test"})

    def play(self, turn: Turn) -> Any:
        """Ask a question and let a run answer it. Returns the run, which has completed."""
        beta = self.client.beta
        assistant = beta.assistants.create(
            model="gpt-4o",
            instructions="Be brief.",
            tools=turn.tools,  # type: ignore[arg-type]  # made above
            tool_resources={"file_search": {"vector_store_ids": [self.library]}},
        )
        tool: Any = {"type": "file_search"}
        beta.threads.messages.create(
            self.thread.id,
            role="user",
            content=self._content(turn.question),
            attachments=[{"file_id": self.attached, "tools": [tool, {"type": "code_interpreter"}]}]
            if turn.attaches
            else None,
        )
        self._model.lines = [*turn.rounds, (turn.answer, [])]
        events = beta.threads.runs.create(self.thread.id, assistant_id=assistant.id, stream=True, **turn.body)
        run = _ended(events)
        while run.status == "requires_action":
            outputs: Any = [
                {"tool_call_id": call.id, "output": f"{call.function.name} of {call.function.arguments}"}
                for call in run.required_action.submit_tool_outputs.tool_calls
            ]
            run = _ended(
                beta.threads.runs.submit_tool_outputs(
                    run.id, thread_id=self.thread.id, tool_outputs=outputs, stream=True
                )
            )
        assert run.status == "completed", run.last_error
        self._model.lines = []
        return run

    def _content(self, question: Any) -> Any:
        return question if isinstance(question, str) else [self._part(part) for part in question]

    def _part(self, part: Any) -> dict[str, Any]:
        match part:
            case {"picture": "url"}:
                return {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
            case {"picture": "file"}:
                return {"type": "image_file", "image_file": {"file_id": self.picture}}
        return {"type": "text", "text": part}


def _ended(events: Any) -> Any:
    """Read a stream, which moves its run. Returns the run as it is then."""
    return [
        event.data for event in events if event.event.startswith("thread.run.") and event.data.object == "thread.run"
    ][-1]


def read(message: Any) -> tuple[str, list[tuple[str, str, int]]]:
    """The text of a message of a thread without marks, and what it cites: kind, file, and where."""
    text, cited = "", []
    for part in message["content"]:
        if part["type"] != "text":
            continue
        value, at = part["text"]["value"], 0
        for note in part["text"]["annotations"]:
            text += value[at : note["start_index"]]
            kind = note["type"]
            cited.append((kind, note[kind]["file_id"], len(text)))
            at = note["end_index" if kind == "file_citation" else "start_index"]
        text += value[at:]
    return text, cited
