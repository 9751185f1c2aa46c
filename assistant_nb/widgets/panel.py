"""What the widgets share: a live view with a script, a copy of it that stays in the saved notebook, calls of the page.

A widget displays two outputs. The first is a static copy, plain HTML and text; the second is the live view. While that
one lives, a rule of the copy's own style hides the copy; without a kernel, or untrusted, the copy is what there is.

The page calls, Python answers: a method marked `quick` runs at once and asks no server; one marked `work` has a thread
of its own, so that nothing blocks the notebook. In a browser's Python there are no threads: there it runs at once, too.
"""

import hashlib
import inspect
import posixpath
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import anywidget

from .. import sdk
from ..machine import in_browser
from ..render import Html
from .messages import PanelState

if TYPE_CHECKING:
    from IPython.display import DisplayHandle
    from openai import OpenAI

Json = dict[str, Any]
Method = TypeVar("Method", bound=Callable[..., Any])

THREADS: Final = not in_browser()
HERE: Final = Path(__file__).parent
LOOK_EVERY_S: Final = 1.0
_GONE_AFTER_S: Final = 60
"""A view that is silent for this long counts as closed; an open one says "here" every 20 s."""
_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
_COPY_STYLE: Final = Html("""<style>
.jp-OutputArea:has(.anb-live.{id}) .jp-OutputArea-child:has(.anb-copy.{id}),
.jp-OutputArea-child:has(.anb-copy.{id}) + .jp-OutputArea-child > .jp-OutputArea-output:not(:has(*)) {{ display: none }}
</style>""")
"""Hides the copy while the widget lives, and what the front end says ("Loading widget...") when it does not."""

_numbers: Final = Counter[str]()


def quick(method: Method) -> Method:
    """Let the page call a method. It runs on the kernel's own thread, so it must be short."""
    method._anb_call = "quick"  # type: ignore[attr-defined]  # noqa: SLF001
    return method


def work(method: Method) -> Method:
    """Let the page call a method that asks the server or takes a while. It runs on a thread of its own."""
    method._anb_call = "work"  # type: ignore[attr-defined]  # noqa: SLF001
    return method


def spawn(function: Callable[[], None]) -> None:
    """Run a function on a thread; where there are no threads, run it now."""
    if THREADS:
        threading.Thread(target=function, daemon=True).start()
    else:
        function()


class Panel(anywidget.AnyWidget):
    """A widget for one object of the API, its `subject`."""

    _stem: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "_stem" in cls.__dict__:  # not in the classes that ipywidgets makes of it when traits are added
            own = f"{cls._stem}/{cls._stem}"
            cls._esm = _script(f"{own}.js", set())
            # A widget's own rules lie within it, and outweigh those that all share: many kinds may be on one page.
            cls._css = f"{_read('panel.css')}.anb-{cls._stem} {{\n{_read(f'{own}.css')}}}\n"
        super().__init_subclass__(**kwargs)

    def __init__(self, client: "OpenAI", subject: str) -> None:
        import openai

        if not isinstance(client, openai.OpenAI):
            raise TypeError(f"{type(self).__name__} needs a client that waits for its answers, such as OpenAI().")
        sdk.quiet()
        # The person, or the next look, tries again. The header says that this look moves no run.
        self._client = client.with_options(max_retries=0, default_headers={"X-Assistant-NB-Widget": "true"})
        self._state_lock = threading.RLock()
        self._views: dict[str, float] = {}
        self._copies: list[DisplayHandle] = []
        self._copied = ""
        self._trouble: str | None = None
        self._wake = threading.Event()
        super().__init__(model_id=_model_id(type(self).__name__, subject))
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = _as_addressed  # noqa: SLF001
        self.on_msg(self._heard)

    def copy_html(self) -> Html:
        """Return the static copy as HTML: no controls, and the same HTML for the same state."""
        raise NotImplementedError

    def copy_text(self) -> str:
        """Return the static copy as plain text."""
        raise NotImplementedError

    def state(self) -> PanelState:
        """Return what a view needs when it opens."""
        raise NotImplementedError

    def look(self) -> None:
        """Ask the server for news and tell the views. Called repeatedly while a view is open."""

    def __repr__(self) -> str:
        return " · ".join(filter(None, [self.copy_text().partition("\n")[0], self._trouble]))

    def _ipython_display_(self, **_: Any) -> None:
        from IPython.display import display

        handle = display(self._bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call]
        self._copies += [handle] if handle else []
        data, metadata = self._repr_mimebundle_() or ({}, {})
        data.pop("text/plain", None)  # an untrusted notebook would show it below the copy, as it was at first
        display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]

    def _bundle(self) -> Json:
        self._copied = self.copy_html()
        trouble = Html("<p><b>{}</b></p>").format(self._trouble) if self._trouble else ""
        style = _COPY_STYLE.format(id=self.model_id)
        html = Html('<div class="anb-copy {}">{}{}</div>\n{}').format(self.model_id, trouble, self._copied, style)
        return {"text/html": html, "text/plain": "\n".join(filter(None, [self._trouble, self.copy_text()]))}

    def refresh_copy(self) -> None:
        """Bring the static copy up to date, once things are at rest: it goes into the saved notebook.

        Where nobody has opened a view, as when a lesson is executed, each cell keeps what it has shown.
        """
        with self._state_lock:
            if self._views and self._copies and self._copied != self.copy_html():
                bundle = self._bundle()
                for copy in self._copies:
                    copy.update(bundle, raw=True)  # type: ignore[no-untyped-call]

    def tell(self, event: str, **data: Any) -> None:
        """Send a message to all views."""
        with self._state_lock:
            if self.comm is not None:
                self.send({"event": event, **data})

    def trouble(self, sentence: str | None) -> None:
        """Show what is wrong; None clears it."""
        if sentence != self._trouble:
            self._trouble = sentence
            self.tell("trouble", sentence=sentence)

    @quick
    def hello(self, view: str) -> PanelState:
        """Open a view: return the state now; from then on the view is told what is new."""
        following = self._alive()
        self._views[view] = time.monotonic()
        spawn(self.refresh_copy)
        if THREADS and not following:
            spawn(self._follow)
        return {**self.state(), "id": self.model_id, "stem": self._stem, "trouble": self._trouble, "polls": not THREADS}

    @quick
    def here(self, view: str) -> None:
        if view in self._views and self._alive():
            self._views[view] = time.monotonic()
        else:
            self.hello(view)

    @quick
    def bye(self, view: str) -> None:
        self._views.pop(view, None)

    @quick
    def heard(self) -> None:
        """Answer at once. While a cell runs, there is no answer, and the page knows that it waits."""

    @work
    def poll(self) -> None:
        self._look()

    @quick
    def temml(self) -> str:
        """Return the script that draws formulas. A page asks for it once, if it has a formula."""
        return _read("temml.min.js")

    @property
    def every_s(self) -> float:
        """Seconds between two looks at the server."""
        return LOOK_EVERY_S

    def _alive(self) -> bool:
        return any(time.monotonic() - heard < _GONE_AFTER_S for heard in list(self._views.values()))

    def _follow(self) -> None:
        while self._alive() and self.comm is not None:
            self._look()
            self._wake.wait(self.every_s)
            self._wake.clear()

    def _look(self) -> None:
        try:
            self.look()
        except Exception as error:  # noqa: BLE001  told in the widget; the next look tries again
            self.trouble(sdk.sentence(error))
        else:
            self.trouble(None)

    def _heard(self, _: Any, content: Json, buffers: list[memoryview]) -> None:
        """Answer a call of the page: `{"do": "raw", "call": 3, "view": "x1", "args": {…}}`."""
        method = getattr(type(self), str(content.get("do")), None)
        kind = getattr(method, "_anb_call", None)
        if method is None or kind is None:
            return
        arguments = content.get("args", {}) | ({"data": bytes(buffers[0])} if buffers else {})
        answer = {"answers": content.get("call"), "view": content.get("view")}

        def run() -> None:
            # What is told while a view opens comes after the state that it gets, else it would be lost.
            with self._state_lock if content["do"] == "hello" else nullcontext():
                try:
                    result = {"result": inspect.unwrap(method)(self, **arguments)}  # without what it prints for code
                except Exception as error:  # noqa: BLE001  the page shows it, as a sentence
                    result = {"error": sdk.sentence(error), "param": sdk.param(error)}
                with self._state_lock:
                    if self.comm is not None:
                        self.send(answer | result)

        if kind == "quick":
            run()
        else:
            spawn(run)


def _as_addressed(_: Json, subshell: str | None) -> str | None:
    """Return the subshell that the page has named, as the one that its message goes to.

    ipykernel 7.4 chooses the subshell in which the widget spoke last. JupyterLab deletes that one when a page is loaded
    again or a notebook is closed. From then on the kernel would refuse all messages of the next page.
    """
    return subshell


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _script(name: str, loaded: set[str]) -> str:
    """Return a script with all that it imports as one text. In the page a widget's module cannot import files."""
    loaded.add(name)
    text, parts = _read(name), list[str]()
    for path in _IMPORT.findall(text):
        if (other := posixpath.normpath(posixpath.join(posixpath.dirname(name), path))) not in loaded:
            parts.append(_script(other, loaded))
    return "".join([*parts, _IMPORT.sub("", text)])


def _model_id(kind: str, subject: str) -> str:
    """The same in every execution of a notebook, so that its outputs are; another for each widget in it.

    A saved notebook may meet a kernel in which the id means another widget, so it also says what this one is about.
    """
    about = f"{kind} {subject} {_cell()}"
    _numbers[about] += 1
    return "anb-" + hashlib.sha256(f"{about} {_numbers[about]}".encode()).hexdigest()[:16]


def _cell() -> str:
    """Return the code of the running cell. Cell numbers are no use here: nbval does not count cells."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return str(parent.get("content", {}).get("code", ""))
