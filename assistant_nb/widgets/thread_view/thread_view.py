"""ThreadView: a thread as a learner wants to read it, and a place to write the next message.

    view = ThreadView(client, thread.id)      # as the last line of a cell, or display(view)
    view = ThreadView(client, conversation=conversation.id, model="gpt-4o")
    view.to_markdown(); view.to_html(); view.to_notebook()

It shows a window of the thread, or of a conversation of the Responses API: the newest hundred messages at first, and
more where one scrolls. It follows the thread as long as a page shows it.
"""

import base64
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ... import sdk
from ...functions import Function, output_of
from ...render import Html
from ..html import json_html, seat_of
from ..lab import Lab
from ..messages import AboutThread, Asks, AssistantChoice, Change, SavedFile, SavedText, Seat, ThreadState
from ..panel import LOOK_EVERY_S, THREADS, Panel, quick, work
from ..schema_text import misfit
from . import export, page
from .stream import Answer
from .talks import ConversationTalk, Talk, ThreadTalk
from .window import Window

if TYPE_CHECKING:
    import nbformat
    from openai import OpenAI
    from openai.types.beta import Thread
    from openai.types.conversations import Conversation

    from ...shapes import SaidCall

_FRAME_S: Final = 0.08
"""Seconds between two looks at an answer that comes in: about 12 a second."""
_COPIED: Final = 40
"""The most messages and runs in the static copy, which is saved with the notebook."""
_LARGEST_FILE: Final = 32 * 2**20
_UNDER_WAY: Final = "A run of this view is under way. Wait for its end, or stop it."


class ThreadView(Panel):
    """A live view of a thread, or of a conversation. Either is the SDK's object or its id.

    `functions`: Python functions that can answer a run that waits for the outputs of functions with their names.
    Other `parameters`, such as `model="gpt-4o"`, are those of each response that is asked for in a conversation.

    Troubles of the server are shown in the widget, which goes on when they are over. Raises TypeError for a client that
    is asynchronous, and for anything but one thread or one conversation.
    """

    _stem = "thread_view"

    def __init__(
        self,
        client: "OpenAI",
        thread: "Thread | str | None" = None,
        *,
        conversation: "Conversation | str | None" = None,
        functions: Sequence[Function] = (),
        **parameters: Any,
    ) -> None:
        if (thread is None) == (conversation is None):
            raise TypeError("ThreadView shows one thread or conversation=…: give one of them.")
        if parameters and conversation is None:
            raise TypeError(
                f"Only a response takes {', '.join(parameters)}. The settings of a run are its assistant's."
            )
        self.thread_id = _id_of(thread, conversation)
        """The id of the thread, or of the conversation."""
        self._functions = functions
        self._shown: dict[str, str] = {}
        """What the pages show: the HTML of each message and run, by its id."""
        self._answer: Answer | None = None
        self._searches: dict[str, int] = {}
        self._seat: Seat | None = None
        self._seat_asked = 0.0
        super().__init__(client, self.thread_id)
        self._lab = Lab(self._client)
        self._talk: Talk
        if conversation is None:
            self._talk = ThreadTalk(self._client, self.thread_id)
        else:
            self._talk = ConversationTalk(self._client, self.thread_id, parameters)
        self._own = self._window = Window(self._talk.reader)
        self._look()

    @property
    def thread(self) -> "Thread":
        """The thread, as the server has it now."""
        return self._client.beta.threads.retrieve(self.thread_id)

    @property
    def conversation(self) -> "Conversation":
        """The conversation, as the server has it now."""
        return self._client.conversations.retrieve(self.thread_id)

    def to_markdown(self) -> str:
        """Return the whole thread as Markdown."""
        return export.markdown(self._own.reader.whole(), self._own.known)

    def to_html(self) -> str:
        """Return the whole thread as one HTML page that fetches nothing."""
        return export.page_html(self._own.reader.whole(), self._own.known, self.thread_id)

    def to_notebook(self) -> "nbformat.NotebookNode":
        """Return the whole thread as a notebook: messages as Markdown cells, code that was run as code cells."""
        return export.notebook(self._own.reader.whole(), self._own.known, self._talk.kind)

    def copy_html(self) -> Html:
        items = self._own.part.items
        kept = items[-_COPIED:]
        more = Html("<p><i>{:,} earlier entries are not in this copy.</i></p>").format(len(items) - len(kept))
        head = Html("<p><b>{}</b> <code>{}</code> · {}</p>{}")
        shown = Html("<hr>").join(page.lasting(self._own.html(item)) for item in kept)
        return (
            head.format(self._talk.kind, self.thread_id, self._summary(self._own), more if kept != items else "")
            + shown
        )

    def copy_text(self) -> str:
        lines = map(export.text_line, self._own.part.items[-_COPIED:])
        return "\n".join([f"ThreadView({self.thread_id}: {self._summary(self._own)})", *lines])

    def state(self) -> ThreadState:
        with self._state_lock:
            self._shown = self._window.part.html()
            return {"items": list(self._shown.items()), **self._about()}

    def look(self) -> None:
        """Read the newest page again and show what differs. While an answer comes, show what is new of it."""
        answer = self._answer
        if answer:
            self._show_answer(answer)
        else:
            self._show(Window.newest)
        due = not answer or time.monotonic() - self._seat_asked >= LOOK_EVERY_S
        if due and (answer or self._seat or self._window.part.is_moving):
            self._look_at_seat()

    def _look_at_seat(self) -> None:
        """Ask whether a run of this thread waits for a person in the model's place."""
        self._seat_asked = time.monotonic()
        seats = self._lab.seats(self._talk.id)
        seat = next((seat_of(one["run_id"], one["prompt"]) for one in seats if one["prompt"]), None)
        if seat != self._seat:
            self._seat = seat
            self.tell("seat", seat=seat)

    @work
    def older(self) -> None:
        """Show the page before the first message."""
        self._show(Window.earlier)

    @work
    def newer(self) -> None:
        """Show the page after the last message."""
        self._show(Window.later)

    @work
    def jump(self, to: str) -> str | None:
        """Show the messages around one, given by its id, "first" or "last". Return the id to scroll to."""
        if to in ("first", "last"):
            self._show(Window.last if to == "last" else Window.first)
            shown = [one["id"] for one in self._window.part.messages if one["id"] in self._shown]
            return shown[0 if to == "first" else -1] if shown else None
        if to not in self._shown:
            self._show(lambda window: window.around(to))
        return to

    @work
    def try_on_copy(self) -> None:
        """Go on with a copy of the thread. What is said there leaves the thread, and the ids of all that comes later
        in the notebook, as they would be without it.
        """
        if self._talk.kind == "Conversation":
            raise sdk.Refused("A conversation has no copy: RunStepper(client, response=…) forks one of its responses.")
        copy = ThreadTalk(self._client, self._lab.copy(self.thread_id))
        self._go_to(copy, Window(copy.reader))

    @work
    def back(self) -> None:
        """Show the thread itself again. The copy is left."""
        self._go_to(ThreadTalk(self._client, self.thread_id), self._own)

    def _go_to(self, talk: Talk, window: Window) -> None:
        if self._answer:
            raise sdk.Refused(_UNDER_WAY)
        window.newest()
        with self._state_lock:
            self._talk, self._window = talk, window
        self._tell(window)
        self._look_at_seat()

    @work
    def find(self, text: str, search: int, view: str = "") -> None:
        """Search all messages and tell the view each hit. The view's next `search` ends this one."""
        self._searches[view], looked = search, 0
        for messages in self._window.reader.all_messages():
            if self._searches[view] != search:
                return
            looked += len(messages)
            hits = [hit for message in messages if (hit := export.hit(message, text))]
            self.tell("found", view=view, search=search, hits=hits, looked=looked, done=False)
        self.tell("found", view=view, search=search, hits=[], looked=looked, done=True)

    @work
    def assistants(self) -> list[AssistantChoice]:
        """Return the assistants that can be asked; of a conversation, the models."""
        return self._talk.choices()

    @work
    def send_message(self, text: str, assistant_id: str | None) -> None:
        """Put a message there. With an assistant, or a model, show its answer as it comes."""
        if assistant_id is None:
            self._put(text)
        else:
            self._follow_answer(self._talk.ask(assistant_id), text)

    @work
    def submit(self, run_id: str, outputs: dict[str, str]) -> None:
        """Give a run the outputs that it waits for, by the ids of their calls. Show the answer as it comes."""
        self._follow_answer(self._talk.give(run_id, outputs))

    @work
    def answer(self, run_id: str, text: str = "", tool_calls: "Sequence[SaidCall]" = ()) -> list[str]:
        """Answer in the model's place. Return remarks: what a good model would do differently."""
        remarks = self._lab.answer(run_id, text, tool_calls)
        self._look_at_seat()
        self._wake.set()
        return remarks

    @work
    def check(self, function: str, arguments: str) -> str | None:
        """Check arguments against the function's schema; return the first mistake, or None."""
        return misfit(self._seat["tools"] if self._seat else [], function, arguments)

    @work
    def called(self) -> dict[str, str]:
        """Call your functions for the run that waits. Return their outputs by call id. Nothing is submitted."""
        _, calls = self._talk.waits(self._window.part) or ("", [])
        given = [(call["id"], call["function"]) for call in calls]
        return {id: output_of(call["name"], call["arguments"], self._functions) for id, call in given}

    def _follow_answer(self, answer: Answer, text: str = "") -> None:
        if self._answer:
            raise sdk.Refused(_UNDER_WAY)
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
        self._talk.put(text)
        self.tell("sent", text=text)
        self._show(Window.last if self._window.part.newer else Window.newest)

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
        elif self._talk.cancel(self._window.part):
            self._look()

    @quick
    def raw(self, id: str) -> str:
        """Return the JSON of a message, of a run with its steps, or of calls."""
        if (answer := self._answer) and (raw := answer.raw(id)):
            return json_html(raw)
        item = next((item for item in self._window.part.items if item.id == id), None)
        if item is None:
            raise sdk.Refused("This is no longer in the thread.")
        return json_html(self._window.reader.raw(item))

    @work
    def file(self, file_id: str) -> SavedFile:
        """Return a file to save."""
        names = self._window.reader.names
        name, size = names.about(file_id)
        if size > _LARGEST_FILE:
            raise sdk.Refused(f"{name} is too large for the page. Save it by client.files.content('{file_id}').")
        return {"name": name, "base64": base64.b64encode(names.file(file_id)).decode()}

    @work
    def export(self, kind: str) -> SavedText:
        """Return the whole thread to save, as "markdown", "html" or "notebook"."""
        window, talk = self._window, self._talk
        return export.saved(kind, window.reader.whole(), window.known, talk.id, talk.kind)

    @property
    def every_s(self) -> float:
        return _FRAME_S if self._answer else super().every_s

    def _show_answer(self, answer: Answer) -> None:
        """Show what is new of an answer, unless the reader is far above it."""
        with self._state_lock:
            if self._window.part.newer:
                return
            ops = answer.changes(self._window.known)
            for op in ops:
                if "put" in op:
                    op["after"] = None if op["put"] in self._shown else next(reversed(self._shown), None)
                    self._shown[op["put"]] = op["html"]
            if ops:
                self.tell("items", ops=ops)

    def _show(self, read: Callable[[Window], bool]) -> None:
        """Read a part of the thread, and show what is new."""
        window = self._window
        with window.reading:
            if read(window):
                self._tell(window)

    def _tell(self, window: Window) -> None:
        """Tell the pages what a window shows now."""
        with self._state_lock:
            if window is not self._window:
                return
            wanted = window.part.html()
            ops = _differences(self._shown, wanted)
            self._shown = wanted
            if ops or self._views:
                self.tell("items", ops=ops, **self._about())
            if answer := self._answer:
                answer.begin_again()  # the thread does not hold all of it yet
        if not window.part.is_moving:
            self.refresh_copy()

    def _about(self) -> AboutThread:
        window, part = self._window, self._window.part
        return {
            "kind": self._talk.kind,
            "thread": self._talk.id,
            "copied": window is not self._own,
            "summary": self._summary(window),
            "older": part.older,
            "newer": part.newer,
            "waits": part.active is not None,
            "asks": self._asks(),
            "seat": self._seat,
        }

    def _asks(self) -> Asks | None:
        waiting = None if self._answer else self._talk.waits(self._window.part)
        if waiting is None:
            return None
        return {"run": waiting[0], "calls": waiting[1], "functions": bool(self._functions)}

    def _summary(self, window: Window) -> str:
        part, has_runs = window.part, self._talk.kind == "Thread"
        summary = page.summary(part.items, older=part.older, newer=part.newer, has_runs=has_runs)
        settled = not (part.newer or part.active or self._answer)
        told = sdk.UNANSWERED if has_runs else sdk.UNANSWERED.replace("run", "response")
        return f"{summary} · {told}" if settled and page.is_unanswered(part.items) else summary


def _id_of(thread: "Thread | str | None", conversation: "Conversation | str | None") -> str:
    if conversation is None:
        return sdk.id_of(thread, "a thread", "ThreadView(client, thread.id)")
    return sdk.id_of(conversation, "a conversation", "ThreadView(client, conversation=conversation.id)")


def _differences(shown: dict[str, str], wanted: dict[str, str]) -> list[Change]:
    """Return how a page gets from what it shows to what is wanted: drop items, put items behind others."""
    ops: list[Change] = [{"drop": id} for id in shown if id not in wanted]
    before = None
    for id, html in wanted.items():
        if shown.get(id) != html:
            ops.append({"put": id, "after": before, "html": html})
        before = id
    return ops
