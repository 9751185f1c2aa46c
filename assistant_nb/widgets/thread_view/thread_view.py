"""ThreadView: a thread as a learner wants to read it, and a place to write the next message.

    view = ThreadView(client, thread.id)      # as the last line of a cell, or display(view)
    view.to_markdown(); view.to_html(); view.to_notebook()

It shows a window of the thread, the newest hundred messages at first, and more where one scrolls. It follows the
thread as long as a page shows it.
"""

import base64
import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from ... import sdk
from ...functions import Function, tool_outputs
from ...render import Html
from ..html import json_html
from ..messages import AboutThread, Asks, AssistantChoice, Change, SavedFile, SavedText, ThreadState
from ..panel import THREADS, Panel, quick, work
from ..statuses import can_stop, is_moving
from . import export, page
from .page import Item
from .stream import Answer
from .thread_reader import ThreadReader

if TYPE_CHECKING:
    import nbformat
    from openai import OpenAI
    from openai.types.beta import Thread
    from openai.types.beta.threads.run_submit_tool_outputs_params import ToolOutput

    from ...shapes import Message, Run

_WINDOW: Final = 500
"""The most messages that a page holds at once. Those farthest from the reader are dropped."""
_FRAME_S: Final = 0.08
"""Seconds between two looks at an answer that comes in: about 12 a second."""
_COPIED: Final = 40
"""The most messages and runs in the static copy, which is saved with the notebook."""
_LARGEST_FILE: Final = 32 * 2**20


class ThreadView(Panel):
    """A live view of a thread. `thread` is the SDK's object or its id.

    `functions`: Python functions that can answer a run that waits for the outputs of functions with their names.

    Troubles of the server are shown in the widget, which goes on when they are over. Raises TypeError for a client that
    is asynchronous, and for the id of anything but a thread.
    """

    _stem = "thread_view"

    def __init__(self, client: "OpenAI", thread: "Thread | str", *, functions: Sequence[Function] = ()) -> None:
        self.thread_id = sdk.id_of(thread, "a thread", "ThreadView(client, thread.id)")
        self._functions = functions
        self._messages: list[Message] = []
        self._runs: list[Run] = []
        self._older = self._newer = False
        self._reading = threading.RLock()
        """Held while messages are read and shown, so that two readers do not overwrite each other."""
        self._shown: dict[str, str] = {}
        self._answer: Answer | None = None
        self._items: list[Item] = []
        self._rendered: dict[str, tuple[Item, Html]] = {}
        self._searches: dict[str, int] = {}
        super().__init__(client, self.thread_id)
        self._reader = ThreadReader(self._client, self.thread_id)
        self._look()

    @property
    def thread(self) -> "Thread":
        """The thread, as the server has it now."""
        return self._client.beta.threads.retrieve(self.thread_id)

    def to_markdown(self) -> str:
        """Return the whole thread as Markdown."""
        return export.markdown(self._whole(), self._reader.known)

    def to_html(self) -> str:
        """Return the whole thread as one HTML page that fetches nothing."""
        return export.page_html(self._whole(), self._reader.known, self.thread_id)

    def to_notebook(self) -> "nbformat.NotebookNode":
        """Return the whole thread as a notebook: messages as Markdown cells, code that was run as code cells."""
        return export.notebook(self._whole(), self._reader.known)

    def copy_html(self) -> Html:
        items = self._items
        kept = items[-_COPIED:]
        more = Html("<p><i>{:,} earlier entries are not in this copy.</i></p>").format(len(items) - len(kept))
        head = Html("<p><b>Thread</b> <code>{}</code> · {}</p>{}")
        shown = Html("<hr>").join(page.lasting(self._html(item)) for item in kept)
        return head.format(self.thread_id, self._summary(), more if kept != items else "") + shown

    def copy_text(self) -> str:
        items = self._items
        return "\n".join([f"ThreadView({self.thread_id}: {self._summary()})", *map(export.text_line, items[-_COPIED:])])

    def state(self) -> ThreadState:
        with self._state_lock:
            self._shown = {item.id: self._html(item) for item in self._items}
            return {"thread": self.thread_id, "items": list(self._shown.items()), **self._about()}

    def look(self) -> None:
        """Read the newest page again and show what differs. While an answer comes, show what is new of it."""
        if answer := self._answer:
            self._show_answer(answer)
        else:
            self._show_newest()

    def _show_newest(self) -> None:
        with self._reading:
            if self._newer:
                return
            newest, more = self._reader.messages()
            newest.reverse()
            ids = [message["id"] for message in self._messages]
            joined = more and newest[0]["id"] in ids
            before = self._messages[: ids.index(newest[0]["id"])] if joined else []
            self._show([*before, *newest], older=self._older if joined else more, newer=False)

    @work
    def older(self) -> None:
        """Show the page before the first message."""
        with self._reading:
            found, more = self._reader.messages("desc", after=self._messages[0]["id"])
            wanted = [*reversed(found), *self._messages]
            self._show(wanted[:_WINDOW], older=more, newer=self._newer or len(wanted) > _WINDOW)

    @work
    def newer(self) -> None:
        """Show the page after the last message."""
        with self._reading:
            found, more = self._reader.messages("asc", after=self._messages[-1]["id"])
            self._show([*self._messages, *found], older=self._older, newer=more)

    @work
    def jump(self, to: str) -> str | None:
        """Show the messages around one, given by its id, "first" or "last". Return the id to scroll to."""
        with self._reading:
            match to:
                case "last":
                    found, more = self._reader.messages()
                    self._show(found[::-1], older=more, newer=False)
                case "first":
                    found, more = self._reader.messages("asc")
                    self._show(found, older=False, newer=more)
                case _ if to not in self._shown:
                    self._show_around(to)
        ends = [self._messages[0 if to == "first" else -1]["id"]] if self._messages else [None]
        return ends[0] if to in ("first", "last") else to

    def _show_around(self, id: str) -> None:
        before, older = self._reader.messages("desc", after=id)
        after, newer = self._reader.messages("asc", after=id)
        self._show([*reversed(before), self._reader.message(id), *after], older=older, newer=newer)

    @work
    def find(self, text: str, search: int, view: str = "") -> None:
        """Search all messages and tell the view each hit. The view's next `search` ends this one."""
        self._searches[view], looked = search, 0
        for messages in self._reader.all_messages():
            if self._searches[view] != search:
                return
            looked += len(messages)
            hits = [hit for message in messages if (hit := export.hit(message, text))]
            self.tell("found", view=view, search=search, hits=hits, looked=looked, done=False)
        self.tell("found", view=view, search=search, hits=[], looked=looked, done=True)

    @work
    def assistants(self) -> list[AssistantChoice]:
        """Return the assistants that can be asked."""
        found = list(self._client.beta.assistants.list(limit=100))
        self._reader.known.assistants |= {one.id: one.name or one.id for one in found}
        return [{"id": one.id, "name": one.name or one.id, "model": one.model} for one in found]

    @work
    def send_message(self, text: str, assistant_id: str | None) -> None:
        """Put a message on the thread. With an assistant, run the thread and show the answer as it comes."""
        if assistant_id is None:
            self._put(text)
            return
        ids = {"thread_id": self.thread_id, "assistant_id": assistant_id}
        begin = partial(self._client.beta.threads.runs.stream, **ids)
        self._follow_answer(Answer(self._client, self.thread_id, begin), text)

    @work
    def submit(self, run_id: str, outputs: dict[str, str]) -> None:
        """Give a run the outputs that it waits for, by the ids of their calls. Show the answer as it comes."""
        runs = self._client.beta.threads.runs
        given: list[ToolOutput] = [{"tool_call_id": id, "output": output} for id, output in outputs.items()]
        ids = {"thread_id": self.thread_id, "run_id": run_id}
        begin = partial(runs.submit_tool_outputs_stream, **ids, tool_outputs=given)
        run = runs.retrieve(run_id, thread_id=self.thread_id)
        self._follow_answer(Answer(self._client, self.thread_id, begin, run))

    @work
    def called(self) -> dict[str, str]:
        """Call your functions for the run that waits. Return their outputs by call id. Nothing is submitted."""
        waiting = self._asking()
        if waiting is None:
            return {}
        run = self._client.beta.threads.runs.retrieve(waiting["id"], thread_id=self.thread_id)
        return {one["tool_call_id"]: str(one.get("output")) for one in tool_outputs(run, *self._functions)}

    def _follow_answer(self, answer: Answer, text: str = "") -> None:
        if self._answer:
            raise sdk.Refused("A run of this view is under way. Wait for its end, or stop it.")
        self._answer = answer
        self.tell("running", on=True)
        try:
            if text:
                self._put(text)
            self._wake.set()
            for _ in answer.read():
                if not THREADS:
                    self._show_answer(answer)
        finally:
            self._show_answer(answer)
            self._answer = None
            self.tell("running", on=False, status=answer.status)
            self._look()

    def _put(self, text: str) -> None:
        self._client.beta.threads.messages.create(self.thread_id, role="user", content=text)
        self.tell("sent", text=text)
        if self._newer:
            self.jump("last")
        else:
            self._show_newest()

    @quick
    def join(self) -> None:
        """Tell a page that has just opened about the answer that is under way."""
        with self._state_lock:
            if answer := self._answer:
                answer.begin_again()
                self.tell("running", on=True)

    @work
    def stop(self) -> None:
        """Cancel the run that is under way or waits for outputs. What was said stays."""
        if answer := self._answer:
            answer.stop()
        elif run := self._active():
            self._client.beta.threads.runs.cancel(run["id"], thread_id=self.thread_id)
            self._look()

    def _active(self) -> "Run | None":
        return next((run for run in self._runs if can_stop(run["status"])), None)

    @quick
    def raw(self, id: str) -> str:
        """Return the JSON of a message, or of a run with its steps."""
        item = (answer := self._answer) and answer.item(id)
        item = item or next((item for item in self._items if item.id == id), None)
        if item is None:
            raise sdk.Refused("This is no longer in the thread.")
        return json_html(
            {**item.thing, "steps": list(item.steps)} if item.thing["object"] == "thread.run" else item.thing
        )

    @work
    def file(self, file_id: str) -> SavedFile:
        """Return a file to save."""
        about = self._client.files.retrieve(file_id)
        if about.bytes > _LARGEST_FILE:
            raise sdk.Refused(
                f"{about.filename} is too large for the page. Save it by client.files.content('{file_id}')."
            )
        return {
            "name": about.filename.rpartition("/")[2],
            "base64": base64.b64encode(self._reader.file(file_id)).decode(),
        }

    @work
    def export(self, kind: str) -> SavedText:
        """Return the whole thread to save, as "markdown", "html" or "notebook"."""
        match kind:
            case "markdown":
                return {"name": f"{self.thread_id}.md", "text": self.to_markdown(), "type": "text/markdown"}
            case "html":
                return {"name": f"{self.thread_id}.html", "text": self.to_html(), "type": "text/html"}
            case _:
                text = export.notebook_json(self.to_notebook())
                return {"name": f"{self.thread_id}.ipynb", "text": text, "type": "application/x-ipynb+json"}

    @property
    def every_s(self) -> float:
        return _FRAME_S if self._answer else super().every_s

    def _show_answer(self, answer: Answer) -> None:
        """Show what is new of an answer, unless the reader is far above it."""
        with self._state_lock:
            if self._newer:
                return
            ops = answer.changes(self._reader.known)
            for op in ops:
                if "put" in op:
                    op["after"] = None if op["put"] in self._shown else next(reversed(self._shown), None)
                    self._shown[op["put"]] = op["html"]
            if ops:
                self.tell("items", ops=ops)

    def _show(self, messages: "list[Message]", *, older: bool, newer: bool) -> None:
        """Show these messages with their runs; of too many, the last ones."""
        messages, older = messages[-_WINDOW:], older or len(messages) > _WINDOW
        runs = self._reader.runs_since(messages[0]["created_at"] if older else 0)
        runs = [run for run in runs if _among(run, messages, older=older, newer=newer)]
        window = (messages, runs, older, newer)
        moving = any(is_moving(run["status"]) for run in runs)
        if not moving and window == (self._messages, self._runs, self._older, self._newer):
            return
        steps = {run["id"]: self._reader.steps(run) for run in runs}
        self._reader.learn(messages, runs, [step for some in steps.values() for step in some])
        with self._state_lock:
            self._messages, self._runs, self._older, self._newer = window
            self._items = page.arrange(messages, runs, steps)
            self._rendered = {item.id: (item, self._html(item)) for item in self._items}
            wanted: dict[str, str] = {id: html for id, (_, html) in self._rendered.items()}
            ops = _differences(self._shown, wanted)
            self._shown = wanted
            if ops or self._views:
                self.tell("items", ops=ops, **self._about())
            if answer := self._answer:
                answer.begin_again()  # the thread does not hold all of it yet
        if not moving:
            self.refresh_copy()

    def _html(self, item: Item) -> Html:
        known, html = self._rendered.get(item.id, (None, Html()))
        return html if known == item else page.html(item, self._reader.known)

    def _about(self) -> AboutThread:
        waits, asks = self._active() is not None, self._asks()
        return {"summary": self._summary(), "older": self._older, "newer": self._newer, "waits": waits, "asks": asks}

    def _asking(self) -> "Run | None":
        return next((run for run in self._runs if run["status"] == "requires_action"), None)

    def _asks(self) -> Asks | None:
        run = None if self._answer else self._asking()
        action = run["required_action"] if run else None
        if run is None or action is None:
            return None
        calls = action["submit_tool_outputs"]["tool_calls"]
        return {"run": run["id"], "calls": calls, "functions": bool(self._functions)}

    def _summary(self) -> str:
        summary = page.summary(self._items, older=self._older, newer=self._newer)
        settled = not self._newer and self._answer is None
        return f"{summary} · {sdk.UNANSWERED}" if settled and page.is_unanswered(self._items) else summary

    def _whole(self) -> list[Item]:
        """Return all messages and runs of the thread."""
        messages = [message for some in self._reader.all_messages() for message in some]
        runs = self._reader.all_runs()
        steps = {run["id"]: self._reader.steps(run) for run in runs}
        self._reader.learn(messages, runs, [step for some in steps.values() for step in some])
        return page.arrange(messages, runs, steps)


def _among(run: "Run", messages: "list[Message]", *, older: bool, newer: bool) -> bool:
    """Return whether a run belongs to these messages: it wrote one of them, or began among them."""
    if any(message["run_id"] == run["id"] for message in messages):
        return True
    late_enough = not older or run["created_at"] >= messages[0]["created_at"]
    return late_enough and (not newer or run["created_at"] <= messages[-1]["created_at"])


def _differences(shown: dict[str, str], wanted: dict[str, str]) -> list[Change]:
    """Return how a page gets from what it shows to what is wanted: drop items, put items behind others."""
    ops: list[Change] = [{"drop": id} for id in shown if id not in wanted]
    before = None
    for id, html in wanted.items():
        if shown.get(id) != html:
            ops.append({"put": id, "after": before, "html": html})
        before = id
    return ops
