"""A form for assistants: create, load, edit, duplicate, delete; beside it the same as code.

The page edits a draft and sends it after each change; Python keeps it, says what is wrong and what would change, and
writes the code. So a view that is closed and opened again finds what was typed.
"""

import inspect
import json
import threading
from contextlib import suppress
from itertools import islice
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ... import as_code, render, sdk
from ...functions import function_tool
from ...moving import request
from ...render import Html
from ..messages import Absent, Catalogue, Checks, OfferedFunction, PanelState, Uploaded
from ..panel import THREADS, Panel, quick, spawn, work
from ..schema_text import warm_up
from . import copy, fields, tools
from . import draft as drafts
from .fields import Draft, FormState, TakenFunction
from .uploads import Uploads

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.beta import Assistant

T = TypeVar("T")

_MOST_LISTED: Final = 500
_PATIENCE_S: Final = 10
"""The longest wait for an assistant that is given by its id."""
_FORMATS: Final = {"SDK": "python", "requests": "python", "curl": "bash", request.NAME: "python"}


class AssistantForm(Panel):
    """A form for one assistant: `AssistantForm(client)` for a new one, or with an id or an object of the SDK.

    `form.assistant` is the object as the server has it, None before it is created. What goes wrong at the server is
    said in the form; nothing is raised for it.
    """

    _stem = "assistant_form"

    def __init__(self, client: "OpenAI", assistant: "str | Assistant | None" = None) -> None:
        wanted = getattr(assistant, "id", assistant)
        if wanted is not None and (
            not isinstance(wanted, str) or getattr(assistant, "object", "assistant") != "assistant"
        ):
            raise TypeError(f"AssistantForm needs an assistant, its id, or nothing, not {assistant!r}.")
        super().__init__(client, wanted or "")
        self.assistant: Assistant | None = None
        self._draft = drafts.new()
        self._uploads = Uploads()
        self._names: dict[str, str] = {}
        self._absent: Absent | None = None
        self._one_call = threading.Lock()
        if isinstance(assistant, str):
            self._open(assistant)
        elif assistant is not None:
            self._take(assistant)

    # What is shown

    def state(self) -> FormState:
        id, name = (self.assistant.id, self.assistant.name) if self.assistant else (None, None)
        return {
            "assistant": {"id": id, "name": name},
            "absent": self._absent,
            "draft": _sendable(self._draft),
            "saved": drafts.of_object(self.assistant) if self.assistant else None,
            "checks": self._checks(),
            "names": self._names,
            "blank": drafts.new(),
            "rows": fields.ROWS,
            "tools": tools.TOOLS,
        }

    def copy_text(self) -> str:
        if self.assistant:
            return copy.text(self.assistant, self._names)
        absent = f": {self._absent['sentence']}" if self._absent else ""
        return f"AssistantForm(no assistant yet{absent})"

    def copy_html(self) -> Html:
        if self.assistant:
            return copy.html(self.assistant, self._names)
        return Html("<p>{}</p>").format(self._absent["sentence"] if self._absent else "No assistant yet.")

    def _checks(self) -> Checks:
        """Return the mistakes in the draft, its changes, and the call as code."""
        before = drafts.of_object(self.assistant) if self.assistant else None
        changes = drafts.changes(before, self._draft) if before else []
        if self.assistant and before and changes:
            operation = "assistants.update"
            given: dict[str, Any] = {"assistant_id": self.assistant.id, **drafts.update(before, self._draft)}
        else:
            operation, given = "assistants.create", {**drafts.params(self._draft)}
        sources = {name: write(operation, given) for name, write in as_code.DIALECTS.items()}
        sources[request.NAME] = request.of_assistant({**drafts.params(self._draft)})
        return {
            "mistakes": drafts.mistakes(self._draft, before),
            "changes": _sendable([{"path": path, "before": old, "after": now} for path, old, now in changes]),
            "code": [
                {"name": name, "source": source, "html": render.code(source, _FORMATS[name])}
                for name, source in sources.items()
            ],
        }

    # What the page calls

    @quick
    def hello(self, view: str) -> PanelState:
        if THREADS:
            spawn(warm_up)
        return super().hello(view)

    @quick
    def edit(self, draft: Draft, view: str = "") -> Checks:
        """Take the draft from the page; return its mistakes, changes and code."""
        self._draft = draft
        if len(self._views) > 1:
            self.tell("state", by=view, **self.state())
        return self._checks()

    @work
    def save(self, draft: Draft | None = None) -> dict[str, str]:
        """Create the assistant, or send the changes. Return the mistakes; if there are any, nothing is sent."""
        with self._one_call:
            if draft is not None:
                self._draft = draft
            sent, before = self._draft, drafts.of_object(self.assistant) if self.assistant else None
            if found := drafts.mistakes(sent, before):
                return found
            made = self._sent(sent, before)
            self._take(made, None if self._draft is sent else self._draft)
        return {}

    def _sent(self, draft: Draft, before: Draft | None) -> "Assistant":
        assistants = self._client.beta.assistants
        if self.assistant is None or before is None:
            return assistants.create(**drafts.params(draft))
        try:
            there = assistants.retrieve(self.assistant.id)
        except Exception as error:
            if getattr(error, "status_code", None) == 404:
                self._leave()
            raise
        changes, now = drafts.update(before, draft), drafts.of_object(there)
        if unseen := [name for name in changes if name in drafts.update(before, now)]:
            self._take(there, cast("Draft", {**now, **{name: draft[name] for name in changes}}))  # type: ignore[literal-required]
            raise sdk.Refused(
                f"Another client has changed {', '.join(unseen)} meanwhile. See what changes now, then update again."
            )
        return assistants.update(self.assistant.id, **changes)

    @work
    def load(self, id: str) -> None:
        """Load another assistant into the form."""
        self._take(self._client.beta.assistants.retrieve(id))

    @work
    def again(self) -> None:
        """Try again to load the assistant that was not found."""
        if self._absent:
            self._open(self._absent["id"])
            self._show()

    @quick
    def new(self) -> None:
        """Start an empty draft."""
        self._draft = drafts.new()
        self._leave()

    @quick
    def duplicate(self) -> None:
        """Start a draft that copies this one, with another name."""
        name = f"{self._draft['name'][:249]} (copy)" if self._draft["name"] else self._draft["name"]
        self._draft = {**self._draft, "name": name}
        self._leave()

    @work
    def delete(self) -> None:
        """Delete the assistant. Its draft stays, so that it can be created again."""
        with self._one_call:
            if self.assistant is None:
                return
            try:
                self._client.beta.assistants.delete(self.assistant.id)
            except Exception as error:
                if getattr(error, "status_code", None) != 404:
                    raise
            self._leave()

    @work
    def catalogue(self) -> Catalogue:
        """What there is to choose from: `{"assistants": [[id, name], …], "models": …, "files": …, "stores": …}`.

        `held` has the ids of the files in the draft's vector stores: `{"vs_1": ["file-1"]}`.
        """
        import openai

        client, listed = self._client, islice(self._client.beta.assistants.list(limit=100), _MOST_LISTED)
        assistants = [[assistant.id, assistant.name or ""] for assistant in listed]
        found: Catalogue = {"assistants": assistants, "models": [], "files": [], "stores": [], "held": {}}
        with suppress(openai.APIStatusError):  # a server need not have all of these
            found["models"] = [model.id for model in islice(client.models.list(), _MOST_LISTED)]
        with suppress(openai.APIStatusError):
            files = islice(client.files.list(purpose="assistants"), _MOST_LISTED)
            found["files"] = [[file.id, file.filename] for file in files]
        with suppress(openai.APIStatusError):
            stores = islice(client.vector_stores.list(limit=100), _MOST_LISTED)
            found["stores"] = [[store.id, store.name or ""] for store in stores]
        for id in self._draft["tool_resources"]["vector_store_ids"]:
            with suppress(openai.APIStatusError):
                held = islice(client.vector_stores.files.list(id, limit=100), _MOST_LISTED)
                found["held"][id] = [file.id for file in held]
        self._names |= {id: name for id, name in [*found["files"], *found["stores"]] if name}
        return found

    @quick
    def functions(self) -> list[OfferedFunction]:
        """The notebook's own functions: `[{"name": "get_weather", "signature": "(city: str) -> str"}]`."""
        return [
            {"name": name, "signature": str(inspect.signature(function))} for name, function in _functions().items()
        ]

    @quick
    def from_function(self, name: str) -> TakenFunction:
        """A function of the notebook as a tool of a draft: `{"tool": …}`, or `{"error": "…"}` where it cannot be."""
        if (function := _functions().get(name)) is None:
            return {"error": f"The notebook has no function {name} any more."}
        try:
            return {"tool": tools.show_tools([function_tool(function)])[0]}
        except Exception as error:  # noqa: BLE001  an annotation is code of a person's own
            return {"error": str(error)}

    @quick
    def upload_begin(self, name: str) -> str:
        """Start an upload; return its id."""
        return self._uploads.begin(name)

    @quick
    def upload_chunk(self, upload: str, data: bytes) -> int:
        """Take the next piece; return the number of bytes so far."""
        return self._uploads.add(upload, data)

    @quick
    def upload_drop(self, upload: str) -> None:
        """Cancel an upload."""
        self._uploads.take(upload)[1].close()

    @work
    def upload_end(self, upload: str, tool: str) -> Uploaded:
        """Send the file to the server. For file_search it goes into the draft's vector store, or into a new one.

        Gives `{"file_id": "file-1", "name": "a.txt"}`; for file_search `vector_store_id` and `error`, too.
        """
        name, content = self._uploads.take(upload)
        with content:
            file = self._client.files.create(file=(name, content), purpose="assistants")
        self._names[file.id] = file.filename
        done: Uploaded = {"file_id": file.id, "name": file.filename}
        if tool == "file_search":
            done["vector_store_id"], done["error"] = self._put_in_store(file.id)
        return done

    def _put_in_store(self, file_id: str) -> tuple[str, str | None]:
        """Return the id of the vector store, and why the file cannot be searched there, if so."""
        stores = self._client.vector_stores
        ids = self._draft["tool_resources"]["vector_store_ids"]
        name = self._draft["name"] or "Files of an assistant"
        store_id = ids[0] if ids else stores.create(name=name).id
        self._names.setdefault(store_id, name)
        file = stores.files.create_and_poll(file_id, vector_store_id=store_id, poll_interval_ms=200)
        return store_id, file.last_error.message if file.last_error else None

    # What is in the form

    def _open(self, id: str) -> None:
        client = self._client.with_options(max_retries=0, timeout=_PATIENCE_S)
        try:
            self._take(client.beta.assistants.retrieve(id))
        except Exception as error:  # noqa: BLE001  said in the form, which has a button to try again
            self._absent = {"id": id, "sentence": sdk.sentence(error)}

    def _take(self, assistant: "Assistant", draft: Draft | None = None) -> None:
        """Show this assistant, with its own draft or with one that was typed meanwhile."""
        self.assistant, self._absent = assistant, None
        self._draft = draft or drafts.of_object(assistant)
        self._learn_names()
        self._show()

    def _leave(self) -> None:
        """Show a draft that is not created yet."""
        self.assistant = self._absent = None
        self._show()

    def _show(self) -> None:
        self.tell("state", by="", **self.state())
        self.refresh_copy()

    def _learn_names(self) -> None:
        """Ask for the names of the assistant's files and vector stores."""
        resources, client = self._draft["tool_resources"], self._client.with_options(max_retries=0, timeout=_PATIENCE_S)
        with suppress(Exception):  # an id does, too
            for id in resources["file_ids"]:
                if id not in self._names:
                    self._names[id] = client.files.retrieve(id).filename
            for id in resources["vector_store_ids"]:
                if id not in self._names:
                    self._names[id] = client.vector_stores.retrieve(id).name or ""


def _sendable(value: T) -> T:
    """Replace halves of characters: JSON for the page cannot hold them."""
    return cast("T", json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace")))


def _functions() -> dict[str, FunctionType]:
    """Return the notebook's functions, and imported functions with annotations."""
    from IPython.core.getipython import get_ipython

    if (shell := get_ipython()) is None:
        return {}
    return {
        name: value
        for name, value in shell.user_ns.items()
        if inspect.isfunction(value)
        and not name.startswith("_")
        and name not in shell.user_ns_hidden
        and (value.__module__ == "__main__" or value.__annotations__)
    }
