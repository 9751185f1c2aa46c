"""A thread as a program: the calls of the SDK that make its assistants, its messages and its runs again. Pure.

A run holds the settings of its assistant, so nothing else is asked for. Files are not in the program: their ids mean
nothing to another server. A comment names what is left out.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from ... import as_code
from ...as_code import Code
from . import page

if TYPE_CHECKING:
    from ...shapes import Message, ReadPart, Run
    from .page import Item, Known

SET_UP: Final = '''import assistant_nb
from openai import OpenAI

assistant_nb.start(fallback="practice")
client = OpenAI()
runs = client.beta.threads.runs


def answer(run, outputs):
    """Wait for a run, submit the outputs that its functions had, and print its answer."""
    run = runs.poll(run.id, thread_id=run.thread_id)
    while run.status == "requires_action":
        calls = run.required_action.submit_tool_outputs.tool_calls
        given = [{"tool_call_id": call.id, "output": outputs.pop(0) if outputs else ""} for call in calls]
        run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=given)
    print(run.status)
    for message in client.beta.threads.messages.list(run.thread_id, run_id=run.id, order="asc"):
        print(*[part.text.value for part in message.content if part.type == "text"])'''
THREAD: Final = as_code.in_sdk("threads.create", {})
_OF_ASSISTANTS: Final = (
    "model",
    "instructions",
    "tools",
    "temperature",
    "top_p",
    "response_format",
    "reasoning_effort",
)
_OF_RUNS: Final = (
    "tool_choice",
    "parallel_tool_calls",
    "truncation_strategy",
    "max_prompt_tokens",
    "max_completion_tokens",
)


class Program:
    """Writes the calls of one thread, one item after the other. It remembers the assistants that it has made."""

    def __init__(self, known: "Known") -> None:
        self._known = known
        self._assistants: list[dict[str, Any]] = []

    def message(self, item: "Item") -> str:
        """Return the call that adds a message; nothing for a message that a run wrote."""
        message: Message = item.thing  # type: ignore[assignment]  # the caller has looked
        if message["run_id"]:
            return ""
        content = list(filter(None, map(self._part, message["content"])))
        texts = [part["text"] for part in content if part["type"] == "text"]
        params = {
            "thread_id": Code("thread.id"),
            "role": message["role"],
            "content": content if len(texts) != 1 or len(content) > 1 else texts[0],
            **({"metadata": message["metadata"]} if message.get("metadata") else {}),
        }
        missing = [*page.attached_to(message), *(part["image_file"]["file_id"] for part in _pictures(message))]
        return self._left_out(missing) + as_code.in_sdk("messages.create", params)

    def run(self, item: "Item") -> list[str]:
        """Return the call that makes its assistant, if no earlier run had the same, and those that make the run."""
        run: Run = item.thing  # type: ignore[assignment]  # the caller has looked
        name = self._known.assistants.get(run["assistant_id"] or "")
        settings = {"name": name, **as_code.unusual(run, _OF_ASSISTANTS)}
        assistant = {name: value for name, value in settings.items() if value not in (None, "", [])}
        made = [] if assistant in self._assistants else [self._create(assistant)]
        number = self._assistants.index(assistant)
        ids = {"thread_id": Code("thread.id"), "assistant_id": Code(f"{_name(number)}.id")}
        calls = (call for call in page.calls(item.steps) if call["type"] == "function")
        outputs = [output for call in calls if (output := call["function"].get("output")) is not None]
        asked = as_code.in_sdk("runs.create", {**ids, **as_code.unusual(run, _OF_RUNS)})
        return [*made, f"{asked}\nanswer(run, outputs={as_code.literal(outputs)})"]

    def _create(self, assistant: dict[str, Any]) -> str:
        self._assistants.append(assistant)
        searches = any(tool["type"] == "file_search" for tool in assistant.get("tools", ()))
        missing = "# Left out: its vector store. Give it one of yours, with tool_resources=.\n" if searches else ""
        call = as_code.in_sdk("assistants.create", assistant).removeprefix("assistant")
        return f"{missing}{_name(len(self._assistants) - 1)}{call}"

    def _part(self, part: "ReadPart") -> dict[str, Any] | None:
        match part["type"]:
            case "text":
                return {"type": "text", "text": part["text"]["value"]}
            case "image_url":
                return {"type": "image_url", "image_url": part["image_url"]}
            case "image_file":
                return {"type": "text", "text": f"[picture {self._file(part['image_file']['file_id'])}]"}
        return None

    def _left_out(self, file_ids: Iterable[str]) -> str:
        return "".join(f"# Left out: the file {self._file(id)}.\n" for id in file_ids)

    def _file(self, file_id: str) -> str:
        return " ".join(self._known.files.get(file_id, file_id).split())


def _name(number: int) -> str:
    return f"assistant_{number + 1}" if number else "assistant"


def _pictures(message: "Message") -> list[Any]:
    return [part for part in message["content"] if part["type"] == "image_file"]
