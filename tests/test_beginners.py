"""What a beginner reads after a mistake: the own line, the API's sentence, an advice and a lesson, in eight lines.

Written from the list of mistakes alone. Each one is made in three ways or more, in a shell of IPython.
"""

import importlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any, Final, NamedTuple

import httpx2
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from traitlets.config import Config

import assistant_nb as anb

KEY: Final = "sk-proj-the-learners-own-0123456789"
MOST_LINES: Final = 8
LESSONS: Final = {path.name[:2] for path in (Path(__file__).parents[1] / "notebooks").glob("0*.ipynb")}
OURS: Final = re.compile(r"site-packages|assistant_nb/|\.py\b|\bself\b|\bcast_to\b|sk-")
"""Files, local variables and keys of the SDK and of this package."""
UNANSWERED: Final = "The newest message is yours. No run has answered it."
NEXT_CELL: Final = "\n# %%\n"

BEGUN = """
import json, os, openai
import assistant_nb as anb
from openai import AsyncOpenAI, OpenAI
anb.start(model="practice")
client = OpenAI(max_retries=0)
def get_weather(city: str) -> str:
    return "rain"
"""
ASKED = f"""{BEGUN}
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
thread = client.beta.threads.create(messages=[{{"role": "user", "content": "2 + 2?"}}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
messages = client.beta.threads.messages.list(thread_id=thread.id)
"""
WAITING = f"""{BEGUN}
assistant = client.beta.assistants.create(model="gpt-4o", tools=[anb.function_tool(get_weather)])
thread = client.beta.threads.create(messages=[{{"role": "user", "content": "Is the weather fine in Oslo and in Rome?"}}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
calls = run.required_action.submit_tool_outputs.tool_calls
call = calls[0]
outputs = anb.tool_outputs(run, get_weather)
"""
UPLOADED = f"""{ASKED}
file = client.files.create(file=("hours.txt", b"We open at nine."), purpose="assistants")
v1, v2 = {{"OpenAI-Beta": "assistants=v1"}}, {{"OpenAI-Beta": "assistants=v2"}}
"""
EXPIRED = f"{WAITING}\nclient.post('/lab/clock', cast_to=object, body={{'advance_s': 601}})"
CANCELLED = f"{WAITING}\nclient.beta.threads.runs.cancel(run.id, thread_id=thread.id)"
STOPPED = f"{BEGUN}\nanb.stop()"
RESTARTED = f"{ASKED}\nanb.stop()\nanb.start(model='practice')\nclient = OpenAI(max_retries=0)"


class Mistake(NamedTuple):
    name: str
    raises: str
    """The exception and its HTTP status, as without the package."""
    advice: str
    """The essential word, beside the own line and the API's sentence."""
    lesson: str
    """Lessons that explain it, or "" for any."""
    world: str
    """What the learner's earlier cells have made."""
    forms: tuple[str, ...]
    """Cells. The mistake is in the line that ends with "# here", else in the last line."""


NEW_RUN = r"new run|runs\.create|create_and"
MISTAKES = [
    Mistake("wrong id", "NotFoundError 404", r"\.id\b", "", ASKED, (
        'client.beta.threads.retrieve("thread_abc123")',
        'for name in ["thread_abc123"]:\n    client.beta.threads.messages.create(thread_id=name, role="user", content="Hi.")',
        f'def look(number):\n    return client.beta.threads.runs.retrieve(number, thread_id=thread.id)  # here{NEXT_CELL}look("run_abc123")',
        'with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id="asst_abc123") as stream:  # here\n    stream.until_done()',
        'later = AsyncOpenAI()\nmine = "asst_abc123"\nawait later.beta.assistants.retrieve(mine)',
    )),
    Mistake("id of another kind", "BadRequestError 400", r"\bassistant\b", "", ASKED, (
        "client.beta.threads.messages.list(thread_id=assistant.id)",
        "client.beta.threads.runs.create_and_poll(thread_id=assistant.id, assistant_id=thread.id)",
    )),
    Mistake("id of another kind", "BadRequestError 400", r"\brun\b", "", ASKED, (
        "client.beta.threads.runs.retrieve(thread.id, thread_id=run.id)",
        "def steps(one, other):\n    return client.beta.threads.runs.steps.list(one, thread_id=other)  # here\nsteps(thread.id, run.id)",
    )),
    Mistake("id of another kind", "BadRequestError 400", r"\bthread\b", "", ASKED, (
        "later = AsyncOpenAI()\nawait later.beta.assistants.retrieve(thread.id)",
        "client.beta.threads.runs.create(thread.id, assistant_id=thread.id)",
        "for event in client.beta.threads.runs.create(thread.id, assistant_id=thread.id, stream=True):  # here\n    print(event)",
    )),
    Mistake("object instead of id", "BadRequestError 400", r"\.id\b", "", ASKED, (
        "client.beta.threads.messages.list(thread_id=thread)",
        f"def show(conversation):\n    return client.beta.threads.messages.list(conversation)  # here{NEXT_CELL}show(thread)",
        "client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant.id)",
        "later = AsyncOpenAI()\nawait later.beta.assistants.delete(assistant)",
    )),
    Mistake(".id forgotten in runs.create", "BadRequestError 400", r"\.id\b", "", ASKED, (
        "run = client.beta.threads.runs.create(  # here\n    thread_id=thread.id,\n    assistant_id=assistant,\n)",
        "with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant) as stream:  # here\n    stream.until_done()",
        "tutor = assistant\nclient.beta.threads.create_and_run_poll(assistant_id=tutor)",
        "later = AsyncOpenAI()\nawait later.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant)",
    )),
    Mistake("message while a run is active", "BadRequestError 400", r"wait|cancel|submit", "", WAITING, (
        'client.beta.threads.messages.create(thread_id=thread.id, role="user", content="And in Bergen?")',
        'for question in ["And in Bergen?", "Why?"]:\n    client.beta.threads.messages.create(thread.id, role="user", content=question)',
        'later = AsyncOpenAI()\nawait later.beta.threads.messages.create(thread.id, role="user", content="Hello?")',
    )),
    Mistake("second run", "BadRequestError 400", r"wait|cancel|submit", "", WAITING, (
        "client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)",
        "run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)",
        "with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:  # here\n    stream.until_done()",
        f"later = AsyncOpenAI()\nasync def again(tutor):\n    return await later.beta.threads.runs.create(thread.id, assistant_id=tutor.id)  # here{NEXT_CELL}await again(assistant)",
    )),
    Mistake("missing outputs", "BadRequestError 400", r"\b(all|every|each|both|two|2)\b", "06", WAITING, (
        "client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs[:1])",
        'for call in calls:\n    mine = [{"tool_call_id": call.id, "output": "rain"}]\n'
        "    client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=mine)",
        "with client.beta.threads.runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread.id, tool_outputs=[]) as stream:  # here\n    stream.until_done()",
    )),
    Mistake("wrong tool_call_id", "BadRequestError 400", r"call\.id", "06", WAITING, (
        'mine = [{"tool_call_id": "call_abc123", "output": "rain"}, outputs[1]]\n'
        "client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=mine)",
        'mine = [{"tool_call_id": one.function.name, "output": "rain"} for one in calls]\n'
        "client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=mine)",
        'mine = [{"tool_call_id": one, "output": "rain"} for one in calls]\n'
        "client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=mine)",
        'mine = [{"tool_call_id": run.id, "output": "rain"} for one in calls]\nlater = AsyncOpenAI()\n'
        "await later.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=mine)",
    )),
    Mistake("arguments not parsed", "TypeError", r"json\.loads", "06", WAITING, (
        'call.function.arguments["city"]',
        "get_weather(**call.function.arguments)",
        f'def answer(one):\n    return get_weather(one.function.arguments["city"])  # here{NEXT_CELL}[answer(one) for one in calls]',
    )),
    Mistake("arguments not parsed", "AttributeError", r"json\.loads", "06", WAITING, (
        'arguments = call.function.arguments\narguments.get("city")',
        "for call in calls:\n    print(call.function.arguments.city)",
    )),
    Mistake("wrong role", "BadRequestError 400", "instructions", "", ASKED, (
        'client.beta.threads.messages.create(thread_id=thread.id, role="system", content="Be brief.")',
        'talk = [{"role": "system", "content": "Be brief."}]\nclient.beta.threads.create(messages=talk)',
        'more = [{"role": "developer", "content": "Be brief."}]\n'
        "with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id, additional_messages=more) as stream:  # here\n    stream.until_done()",
    )),
    Mistake("wrong role", "BadRequestError 400", r"\b(assistant|user)\b", "", ASKED, (
        'client.chat.completions.create(model="gpt-4o", messages=[{"role": "bot", "content": "Hi."}])',
    )),
    Mistake("wrong tool name", "BadRequestError 400", "file_search", "", UPLOADED, (
        'client.beta.assistants.create(model="gpt-4o", tools=[{"type": "retrieval"}])',
        'for kind in ["retrieval"]:\n    client.beta.assistants.update(assistant.id, tools=[{"type": kind}])',
        'tools = [{"type": "retrieval"}]\nclient.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, tools=tools)',
        'hours = [{"file_id": file.id, "tools": [{"type": "retrieval"}]}]\n'
        'client.beta.threads.messages.create(thread.id, role="user", content="When?", attachments=hours)',
    )),
    Mistake("wrong tool name", "BadRequestError 400", "code_interpreter", "", ASKED, (
        'later = AsyncOpenAI()\nawait later.beta.assistants.create(model="gpt-4o", tools=[{"type": "code-interpreter"}])',
    )),
    Mistake("file search without a store", "NotFoundError 404", r"vector.stores?", "05", UPLOADED, (
        'shelf = {"file_search": {"vector_store_ids": [file.id]}}\n'
        'client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}], tool_resources=shelf)',
    )),
    Mistake("file search without a store", "BadRequestError 400", r"vector.stores?", "05", UPLOADED, (
        'shelf = {"file_search": {"file_ids": [file.id]}}\nclient.beta.assistants.update(assistant.id, tool_resources=shelf)',
    )),
    Mistake("file search without a store", "BadRequestError 400", "tool_resources", "05", UPLOADED, (
        'tools = [{"type": "file_search", "vector_store_ids": ["vs_abc123"]}]\n'
        "client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, tools=tools)",
    )),
    Mistake("misspelt parameter", "TypeError", r"did you mean\W+instructions", "", ASKED, (
        'client.beta.assistants.create(model="gpt-4o", instruction="Be brief.")',
        "with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id, instuctions='Hi') as stream:  # here\n    stream.until_done()",
    )),
    Mistake("misspelt parameter", "TypeError", r"did you mean\W+temperature", "", ASKED, (
        'later = AsyncOpenAI()\nawait later.beta.assistants.update(assistant.id, temprature=1)',
    )),
    Mistake("misspelt parameter", "TypeError", r"did you mean\W+messages", "", ASKED, (
        'client.chat.completions.create(model="gpt-4o", message=[{"role": "user", "content": "Hi."}])',
        'talk = {"message": [{"role": "user", "content": "Hi."}]}\nclient.beta.threads.create(**talk)',
    )),
    Mistake("misspelt parameter", "BadRequestError 400", r"did you mean\W+instructions", "", ASKED, (
        'client.beta.assistants.create(model="gpt-4o", extra_body={"instruction": "Be brief."})',
    )),
    Mistake("unknown model", "NotFoundError 404", r"models\.list|practice", "", ASKED, (
        'client.models.retrieve("gpt-99")',
        'later = AsyncOpenAI()\nfor name in ["gpt-99"]:\n    await later.models.retrieve(name)',
        'def known(name):\n    return client.models.retrieve(model=name)  # here\nknown("gtp-4o")',
    )),
    Mistake("expired run", "BadRequestError 400", NEW_RUN, "", EXPIRED, (
        "client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs)",
        "with client.beta.threads.runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread.id, tool_outputs=outputs) as stream:  # here\n    stream.until_done()",
        "later = AsyncOpenAI()\nawait later.beta.threads.runs.cancel(run.id, thread_id=thread.id)",
    )),
    Mistake("cancelled run", "BadRequestError 400", NEW_RUN, "", CANCELLED, (
        "client.beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)",
        "for output in outputs:\n    client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=[output])",
        "client.beta.threads.runs.cancel(run_id=run.id, thread_id=thread.id)",
    )),
    Mistake("v1 body, v2 header", "BadRequestError 400", r"v1|version 1|attachments|tool_resources", "02", UPLOADED, (
        'client.beta.assistants.create(model="gpt-4o", extra_body={"file_ids": [file.id]})',
        'client.beta.threads.create(messages=[{"role": "user", "content": "When?", "file_ids": [file.id]}])',
        'body = {"role": "user", "content": "When?", "file_ids": [file.id]}\n'
        'client.post(f"/threads/{thread.id}/messages", cast_to=object, body=body, options={"headers": v2})',
    )),
    Mistake("v2 body, v1 header", "BadRequestError 400", r"v2|version 2|header", "02", UPLOADED, (
        'client.beta.assistants.create(model="gpt-4o", extra_headers=v1)',
        "def ask():\n    return client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, extra_headers=v1)  # here\nask()",
        'body = {"model": "gpt-4o", "tools": [{"type": "file_search"}]}\n'
        'client.post("/assistants", cast_to=object, body=body, options={"headers": v1})',
    )),
    Mistake("OpenAI() before start, without a key", "OpenAIError", r"start\(", "", STOPPED, (
        "client = OpenAI()",
        f"def connect():\n    return AsyncOpenAI(timeout=30)  # here{NEXT_CELL}client = connect()",
        "clients = [openai.OpenAI(max_retries=0) for _ in range(2)]",
    )),
    Mistake("OpenAI() before start, with a real key", "NotFoundError 404", r"start\(", "", STOPPED, (
        f'client = OpenAI(api_key="{KEY}"){NEXT_CELL}client.beta.assistants.create(model="gpt-4o")',
        f'os.environ["OPENAI_API_KEY"] = "{KEY}"\nclient = OpenAI(){NEXT_CELL}thread = client.beta.threads.create()',
        f'later = AsyncOpenAI(api_key="{KEY}"){NEXT_CELL}await later.beta.threads.create()',
    )),
    Mistake("objects gone after a restart", "NotFoundError 404", "from the top", "", RESTARTED, (
        "client.beta.threads.messages.list(thread_id=thread.id)",
        "client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)",
        "saved = [assistant.id]\nfor name in saved:\n    client.beta.assistants.retrieve(name)",
        "later = AsyncOpenAI()\nawait later.beta.threads.runs.retrieve(run.id, thread_id=thread.id)",
    )),
    Mistake("messages[0]", "TypeError", r"\.data", "", ASKED, (
        "messages[0]",
        "print(client.beta.threads.messages.list(thread.id)[0].content)",
        "for number in range(2):\n    print(messages[number].role)",
        f"def newest(page):\n    return page[0]  # here{NEXT_CELL}newest(client.beta.threads.runs.steps.list(run.id, thread_id=thread.id))",
    )),
    Mistake("thread.messages", "AttributeError", r"messages\.list", "", ASKED, (
        "thread.messages",
        "for message in thread.messages:  # here\n    print(message)",
        f"def last(conversation):\n    return conversation.messages.data[0]  # here{NEXT_CELL}last(thread)",
    )),
]  # fmt: skip
FORMS = [pytest.param(one, form, id=f"{one.name}: {form}") for one in MISTAKES for form in one.forms]

SILENT = {
    "forgotten run, a new thread": 'thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi."}])',
    "forgotten run, a second question": 'client.beta.threads.messages.create(thread.id, role="user", content="And 3?")',
    "forgotten run, in a loop": 'for text in ["Hi.", "Why?"]:\n    client.beta.threads.messages.create(thread.id, role="user", content=text)',
    "forgotten run, asynchronous": 'later = AsyncOpenAI()\nthread = await later.beta.threads.create(messages=[{"role": "user", "content": "Hi."}])',
    "reading too early, a run that waits for outputs": WAITING,
    "reading too early, a run that is queued": 'thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi."}])\n'
    'client.post(f"/lab/threads/{thread.id}/runs", cast_to=object, body={"assistant_id": assistant.id})',
    "reading too early, a run that was cancelled": CANCELLED,
}  # fmt: skip
"""What was done, before a learner reads the thread."""

MISSES = {
    "chat": 'other.chat.completions.create(model="gpt-99", messages=[{"role": "user", "content": "Hi."}])',
    "streamed": 'for part in other.chat.completions.create(model="gpt-99", messages=talk, stream=True):  # here\n    print(part)',
    "in a function": f"def ask(name):\n    return other.chat.completions.create(model=name, messages=talk)  # here{NEXT_CELL}ask('gpt-99')",
}  # fmt: skip

OTHERS = {
    "another key": ("AuthenticationError 401", 'mine = "of-somebody-else"\nOpenAI(api_key=mine).models.list()'),
    "no such address": ("NotFoundError 404", 'client.get("/nowhere", cast_to=object)'),
    "a rate limit": ("RateLimitError 429", 'client.post("/lab/faults", cast_to=object, body={"kind": "rate_limit", "at_call": 1})\n'
        'client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi."}])'),
    "nobody listens": ("APIConnectionError", 'OpenAI(base_url="http://127.0.0.1:9/v1", max_retries=0).models.list()'),
    "too slow": ("APITimeoutError", "raise openai.APITimeoutError(request=None)"),
    "any": ("OpenAIError", 'raise openai.OpenAIError("Nothing fits.")'),
}  # fmt: skip
"""Errors of the SDK that are not in the list."""

AS_EVER = [
    "1 / 0",
    "{'a': 1}['b']",
    "[][0]",
    "None[0]",
    "'Oslo'['city']",
    "'Oslo'.get('city')",
    "def weather(city):\n    return city\nweather(town='Oslo')",
    "weather(**'Oslo')",
    "class Thread:\n    id = 'thread_1'\nthread = Thread()\nthread.messages",
    "class Page:\n    data = []\nmessages = Page()\nmessages[0]",
    "totl",
    "import nothing_of_this_name",
    "print 'Hello'",
    "raise ValueError('Error code: 404 - No thread found')",
    "raise KeyboardInterrupt",
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise RuntimeError('mine') from error",
]
"""Mistakes of any Python program. Some look like those of the list."""


class Notebook:
    """A shell of IPython, and what a learner sees of it."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def show(self, source: str) -> tuple[BaseException | None, str]:
        """Run cells. Returns the error of the last one, and all that is shown."""
        out = StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            for cell in source.split(NEXT_CELL):
                result = self.shell.run_cell(cell)
        return result.error_before_exec or result.error_in_exec, re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())

    def made(self, world: str) -> None:
        error, shown = self.show(world)
        assert error is None, shown


def shell() -> InteractiveShell:
    """A new notebook, in which nothing has run."""
    InteractiveShell.clear_instance()
    quiet = Config()
    quiet.HistoryManager.enabled, quiet.InteractiveShell.colors = False, "nocolor"
    return InteractiveShell.instance(config=quiet)


@pytest.fixture(scope="module", autouse=True)
def beginner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Somebody without a key. One engine serves all tests: starting it again is harmless."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("OPENAI_API_KEY", raising=False)
        environment.delenv("SSL_CERT_FILE", raising=False)  # to read it takes each client a tenth of a second
        environment.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("none")))
        yield
        anb.stop()


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    """A new notebook that imports the package."""
    new: Any = shell()
    importlib.reload(anb)  # what a first import does
    yield Notebook(new)
    if "later" in new.user_ns:
        new.run_cell("await later.close()")
    if os.environ.get("OPENAI_API_KEY") == KEY:
        del os.environ["OPENAI_API_KEY"]
    new.restore_sys_module_state()
    InteractiveShell.clear_instance()


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hosted service, without the Assistants API."""
    away = {
        "error": {
            "message": "Unknown request URL.",
            "type": "invalid_request_error",
            "param": None,
            "code": "unknown_url",
        }
    }
    sync, later = httpx2.HTTPTransport.handle_request, httpx2.AsyncHTTPTransport.handle_async_request

    def handle(self: Any, request: Any) -> Any:
        return httpx2.Response(404, json=away) if request.url.host == "api.openai.com" else sync(self, request)

    async def handle_later(self: Any, request: Any) -> Any:
        return httpx2.Response(404, json=away) if request.url.host == "api.openai.com" else await later(self, request)

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", handle)
    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", handle_later)


def named(error: BaseException | None) -> str:
    """An exception and its status, such as "NotFoundError 404"."""
    return f"{type(error).__name__} {getattr(error, 'status_code', '')}".strip()


def sentence(error: BaseException | None) -> str:
    body = getattr(error, "body", None)
    return plain(body["message"] if isinstance(body, dict) else str(error))


def plain(text: str) -> str:
    return " ".join(text.split())


def wrong(error: BaseException | None, shown: str, source: str, advice: str = "", lesson: str | None = "") -> list[str]:
    """What is wrong with what is shown. `lesson` None: none is asked for."""
    lines = source.replace(NEXT_CELL, "\n").splitlines()
    own = plain(next((line.removesuffix("# here") for line in lines if line.endswith("# here")), lines[-1]))
    says, text = sentence(error), plain(shown)
    rest = text.replace(own, "").replace(says, "")
    lessons = set(re.findall(r"[Ll]essons? (\d\d)", rest))
    checks = {
        "own line": own in text,
        "sentence": says in text if len(says) <= 200 else says[:20] in text and says[-40:] in text,
        f"advice {advice!r}": re.search(advice, rest, re.IGNORECASE),
        f"lesson {lesson!r}": lesson is None or (lessons and lessons <= LESSONS and lesson in "".join(lessons)),
        f"at most {MOST_LINES} lines": len(shown.strip().splitlines()) <= MOST_LINES,
        "nothing of ours": not OURS.search(rest.replace("cast_to=object", "")) and KEY not in shown and os.environ.get("OPENAI_API_KEY", KEY) not in shown,
    }  # fmt: skip
    return [name for name, holds in checks.items() if not holds]


def test_each_mistake_has_three_forms() -> None:
    forms = Counter(one.name for one in MISTAKES for _ in one.forms)
    assert not {name: number for name, number in forms.items() if number < 3}


@pytest.mark.usefixtures("hosted")
@pytest.mark.parametrize(("mistake", "form"), FORMS)
def test_a_mistake_is_explained(mistake: Mistake, form: str, notebook: Notebook) -> None:
    notebook.made(mistake.world)
    error, shown = notebook.show(form)
    assert named(error) == mistake.raises
    lacking = wrong(error, shown, form, mistake.advice, mistake.lesson)
    assert not lacking, shown
    pasted = re.search(r"Do this:\n((?: {4}.*\n)+)", shown) or re.search(r"Do one of these:\n( {4}.*\n)", shown)
    if pasted and "# here" not in form:  # else it stands in for the line of a function or a block
        error, _ = notebook.show(dedent(pasted[1]))
        if "start(" in pasted[1]:
            anb.stop()
        assert error is None, shown


@pytest.mark.parametrize("form", MISSES.values(), ids=MISSES)
def test_an_unknown_model_in_a_recorded_lesson_is_explained(form: str, notebook: Notebook) -> None:
    notebook.made(f"{BEGUN}\nother = anb.connect(recording='03_chat_or_assistant')")
    notebook.made('talk = [{"role": "user", "content": "Hi."}]')
    error, shown = notebook.show(form)
    assert named(error) == "BadRequestError 400"
    assert "practice" in sentence(error)
    lacking = wrong(error, shown, form)
    assert not lacking, shown


@pytest.mark.parametrize("done", SILENT.values(), ids=SILENT)
def test_a_question_that_no_run_has_answered_is_said(done: str, notebook: Notebook) -> None:
    notebook.made(ASKED)
    notebook.made(done)
    _, shown = notebook.show("anb.said(thread)")
    assert UNANSWERED in plain(shown)
    _, shown = notebook.show("print(anb.ThreadView(client, thread.id).copy_text())")
    under_way = re.search(r"\brun: (queued|requires_action)", plain(shown))
    assert bool(under_way) != (UNANSWERED in plain(shown)), "a run that is under way says so itself"


def test_an_answered_question_is_not_said_to_be_unanswered(notebook: Notebook) -> None:
    notebook.made(ASKED)
    for look in ("anb.said(thread)", "anb.said(run)", "print(anb.ThreadView(client, thread.id).copy_text())"):
        error, shown = notebook.show(look)
        assert error is None
        assert UNANSWERED not in plain(shown)


def test_a_search_without_a_store_is_said(notebook: Notebook) -> None:
    """It raises nothing: the search finds nothing."""
    notebook.made(ASKED)
    notebook.made("""tools = [{"type": "file_search"}]
assistant = client.beta.assistants.create(model="gpt-4o", tools=tools)
thread = client.beta.threads.create(messages=[{"role": "user", "content": \'Look up "opening hours".\'}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)""")
    _, shown = notebook.show("anb.said(run)")
    assert re.search("vector.store", shown)


@pytest.mark.parametrize(("raises", "form"), OTHERS.values(), ids=OTHERS)
def test_every_other_error_of_the_sdk_is_short(raises: str, form: str, notebook: Notebook) -> None:
    notebook.made(BEGUN)
    error, shown = notebook.show(form)
    assert named(error) == raises
    lacking = wrong(error, shown, form, lesson=None)
    assert not lacking, shown


def test_an_error_that_the_learner_catches_is_as_ever(notebook: Notebook) -> None:
    notebook.made(ASKED)
    _, shown = notebook.show("""
try:
    client.beta.threads.retrieve("thread_abc123")
except openai.NotFoundError as error:
    print(error.status_code, error.code, error, "_render_traceback_" in vars(error))
try:
    messages[0]
except TypeError as error:
    print(error)
""")
    assert shown.splitlines() == [
        "404 None Error code: 404 - No thread found with id 'thread_abc123'. False",
        "'SyncCursorPage[Message]' object is not subscriptable",
    ]


def test_tb_gives_the_whole_traceback(notebook: Notebook) -> None:
    notebook.made(ASKED)
    _, short = notebook.show('client.beta.threads.retrieve("thread_abc123")')
    _, full = notebook.show("%tb")
    assert len(short.strip().splitlines()) <= MOST_LINES < len(full.splitlines())
    assert "_base_client.py" in full and "NotFoundError: Error code: 404" in full
    assert os.environ["OPENAI_API_KEY"] not in full


def terminal(cells: list[str]) -> list[str]:
    """What IPython in a terminal shows for each cell."""
    command = [
        sys.executable,
        "-m",
        "IPython",
        "--no-banner",
        "--simple-prompt",
        "--colors=nocolor",
        "--HistoryManager.enabled=False",
    ]
    typed = "".join(f"get_ipython().run_cell({cell!r});\n" if "\n" in cell else f"{cell}\n" for cell in cells)
    done = subprocess.run(command, input=typed, capture_output=True, text=True, check=True)
    return re.split(r"\n*In \[\d+\]: ", done.stdout)[1:-1]


@pytest.fixture(scope="module")
def typed() -> list[list[str]]:
    """Mistakes of any program in a terminal; the same beside the package, then an error of the API and its traceback."""
    start = "import openai, assistant_nb as anb; anb.start(model='practice'); client = openai.OpenAI()"
    error = 'client.beta.threads.retrieve("thread_abc123")'
    with ThreadPoolExecutor() as pool:
        return list(pool.map(terminal, [["import openai", *AS_EVER], [start, *AS_EVER, error, "%tb"]]))


def short(shown: str, form: str) -> bool:
    """Whether an error is shown as it is to be: few lines, the own line, a lesson."""
    lines, lessons = shown.strip().splitlines(), re.findall(r"[Ll]esson (\d\d)", shown)
    return len(lines) <= MOST_LINES and form in shown and set(lessons) & LESSONS != set() and not OURS.search(shown)


def test_the_terminal_shows_it_too(typed: list[list[str]]) -> None:
    *_, shown, full = typed[1]
    assert short(shown, 'client.beta.threads.retrieve("thread_abc123")'), shown
    assert "No thread found with id 'thread_abc123'." in shown
    assert "_base_client.py" in full


def test_every_other_error_looks_as_without_the_package(typed: list[list[str]]) -> None:
    without, beside = typed[0][1:], typed[1][1:-2]
    assert dict(zip(AS_EVER, beside, strict=True)) == dict(zip(AS_EVER, without, strict=True))
    assert "ZeroDivisionError" in without[0]


def test_a_notebook_keeps_name_and_value_of_an_error() -> None:
    """As nbval and nbclient compare them."""
    missing, attribute = 'client.beta.threads.retrieve("thread_abc123")', "thread.messages"
    cells = [nbformat.v4.new_code_cell(source) for source in (ASKED, missing, "%tb", attribute, "1 / 0")]
    NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name="python3", allow_errors=True).execute()
    errors = [output for cell in cells[1:] for output in cell.outputs if output.output_type == "error"]
    assert [(one.ename, one.evalue) for one in errors] == [
        *[("NotFoundError", "Error code: 404 - No thread found with id 'thread_abc123'.")] * 2,
        ("AttributeError", "'Thread' object has no attribute 'messages'"),
        ("ZeroDivisionError", "division by zero"),
    ]
    shown = [re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(one.traceback)) for one in errors]
    assert short(shown[0], missing), shown[0]
    assert short(shown[2], attribute), shown[2]
    assert "_base_client.py" in shown[1] and "ZeroDivisionError" in shown[3]
