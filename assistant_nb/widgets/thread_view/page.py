"""A thread as a page: messages, and between them the runs as folds with their steps. From the wire's objects; pure.

The same HTML stands in the live view and in the saved copy; what can be pressed is added by the script.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from ... import render
from ...texts import count
from ..html import inner_of, json_html, json_text, pill, provenance

if TYPE_CHECKING:
    from ...shapes import Annotation, CodeOutput, Message, ReadPart, Run, RunStep, SearchHit, ToolCall

_WALLS: Final = re.compile(r'<span class="anb-walls[^>]*>[^<]*</span>')
_LONG: Final = re.compile(r'(<pre class="anb-plain">(?:[^<&]|&[^;<]{2,6};){10000})[^<]+')
"""An output of which a copy, which is saved with the notebook, holds only the beginning."""


@dataclass
class Known:
    """What the objects only name by an id."""

    assistants: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    """As `data:` URLs."""


class Item(NamedTuple):
    """A message, or a run with its steps."""

    id: str
    thing: "Message | Run"
    steps: "Sequence[RunStep]" = ()
    """The steps of the run, or of the run that wrote the message: they hold the hits that the message cites."""
    first_search: int = 4
    """The number of that run's first search, in marks such as `【4:0†notes.txt】`."""


def arrange(
    messages: "Iterable[Message]", runs: "Iterable[Run]", steps: "Mapping[str, Sequence[RunStep]]"
) -> list[Item]:
    """Messages and runs in the order in which they are read: a run stands before the first message that it wrote.

    A run that wrote nothing stands behind the last message that was there when it began. Messages and runs are given
    oldest first.
    """
    messages, waiting = list(messages), {run["id"]: run for run in runs}
    writers = {message["run_id"] for message in messages}
    items, firsts, number = list[Item](), dict[str, int](), 4

    def flush(until: float) -> None:
        due = [run for run in waiting.values() if run["created_at"] < until and run["id"] not in writers]
        items.extend(_run_item(waiting.pop(run["id"]), steps) for run in due)

    for message in messages:
        flush(message["created_at"])
        run_id = message["run_id"] or ""
        if run := waiting.pop(run_id, None):
            items.append(_run_item(run, steps))
        items.append(Item(message["id"], message, steps.get(run_id, ()), firsts.setdefault(run_id, number)))
        number = max([number, *(n + 1 for n in _numbers(message))])
    flush(float("inf"))
    return items


def _numbers(message: "Message") -> Iterator[int]:
    """Yield the numbers of searches in a message's marks. The next run's searches are numbered after them."""
    for part in message["content"]:
        if part["type"] == "text":
            yield from (int(number) for number in re.findall(r"【(\d+):\d+†", part["text"]["value"]))


def _run_item(run: "Run", steps: "Mapping[str, Sequence[RunStep]]") -> Item:
    return Item(run["id"], run, steps.get(run["id"], ()))


def html(item: Item, known: Known) -> str:
    """Return the HTML of an item."""
    thing = item.thing
    return _message(thing, item, known) if thing["object"] == "thread.message" else _run(thing, item.steps, known)


def summary(items: Sequence[Item], *, older: bool = False, newer: bool = False) -> str:
    """ "4 messages · 2 runs · 343 tokens", or "the last 100 messages · …" where there are older ones."""
    runs = [thing for thing in (item.thing for item in items) if thing["object"] == "thread.run"]
    usages = (run.get("usage") for run in runs)
    tokens = sum(usage["total_tokens"] for usage in usages if usage)
    parts = [count(len(items) - len(runs), "message"), count(len(runs), "run")]
    parts += [f"{tokens:,} tokens"] if tokens else []
    place = {(True, False): "the last ", (False, True): "the first ", (True, True): "amid the thread: "}
    return place.get((older, newer), "") + " · ".join(parts)


def _message(message: "Message", item: Item, known: Known) -> str:
    parts = content(item, known)
    name = known.assistants.get(message["assistant_id"] or "", "")
    who = f"<b>{render.inline(message['role'])}</b> {f'<small>{render.inline(name)}</small> ' if name else ''}"
    if message.get("status") == "incomplete":
        reason = details["reason"] if (details := message.get("incomplete_details")) else ""
        parts += [f'<p class="anb-mute">broken off{f": {render.inline(reason)}" if reason else ""}</p>']
    return (
        f'<article class="anb-message anb-{escape(message["role"])}">'
        f'<header class="anb-who">{who}{when(message["created_at"])}</header>'
        f'<div class="anb-content">{"".join(parts)}</div>{_notes(item, known)}{_attached(message, known)}</article>'
    )


def content(item: Item, known: Known) -> list[str]:
    """Return the content of a message as blocks of HTML."""
    return [block for part in parts_of(item) for block in _part(part, item, known)]


def parts_of(item: Item) -> "list[ReadPart]":
    """Return the parts of a message; a run has none."""
    return [*item.thing["content"]] if item.thing["object"] == "thread.message" else []


def _part(part: "ReadPart", item: Item, known: Known) -> Sequence[str]:
    if part["type"] == "text":
        return render.blocks(part["text"]["value"], cited(item, known))
    if part["type"] == "refusal":
        return [f'<p class="anb-refusal"><b>refusal:</b> {render.inline(part["refusal"])}</p>']
    if part["type"] == "image_file":
        return [f"<p>{_picture(part['image_file']['file_id'], known)}</p>"]
    if part["type"] == "image_url":
        return [f"<p>{render.picture('', '', render.Cited(), part['image_url']['url'])}</p>"]
    return [f"<p>a part of type {render.inline(part['type'])}</p>", json_html(part)]  # type: ignore[unreachable]


def cited(item: Item, known: Known) -> render.Cited:
    """Return what a message points to: numbers for the hits that it cites, and the files that it links."""
    notes = annotations(parts_of(item))
    numbers = {mark: f'<sup class="anb-cite">[{n}]</sup>' for n, mark in enumerate(_cited_marks(item), 1)}
    files = {note["text"]: note["file_path"]["file_id"] for note in notes if note["type"] == "file_path"}
    return render.Cited(numbers, files, known.pictures)


def _cited_marks(item: Item) -> dict[str, str]:
    """Return the id of the cited file for each mark of a message, in the order of the text."""
    notes = annotations(parts_of(item))
    return {note["text"]: note["file_citation"]["file_id"] for note in notes if note["type"] == "file_citation"}


def annotations(parts: "Iterable[ReadPart]") -> "list[Annotation]":
    """Return the annotations of all text parts."""
    return [note for part in parts if part["type"] == "text" for note in part["text"]["annotations"]]


class Note(NamedTuple):
    """What one mark in a message cites."""

    number: int
    mark: str
    file: str
    words: str
    """The words that were found; empty if they are not known."""


def notes(item: Item, known: Known) -> list[Note]:
    marks = enumerate(_cited_marks(item).items(), 1)
    return [Note(n, mark, known.files.get(id, id), _found(item, mark, id)) for n, (mark, id) in marks]


def _notes(item: Item, known: Known) -> str:
    """Show what a message cites, as folds below it: the file's name and the words that were found."""
    found = []
    for number, _, file, text in notes(item, known):
        words = (
            f"<blockquote>{''.join(render.blocks(text))}</blockquote>" if text else "<p>The text is not at hand.</p>"
        )
        found.append(f'<details class="anb-note"><summary>[{number}] {render.inline(file)}</summary>{words}</details>')
    return f'<div class="anb-notes">{"".join(found)}</div>' if found else ""


def _found(item: Item, mark: str, file_id: str) -> str:
    """The text of the hit that a mark such as `【4:0†notes.txt】` cites; else of the first one in the file.

    The searches of a run are numbered in order.
    """
    searches = [found_by(call) for call in calls(item.steps) if call["type"] == "file_search"]
    hits = [hit for results in searches for hit in results]
    if place := re.match(r"【(\d+):(\d+)†", mark):
        search, hit = int(place[1]) - item.first_search, int(place[2])
        results = searches[search] if 0 <= search < len(searches) else hits
        hits = [*results[hit : hit + 1], *hits]
    best = next((found for hit in hits if hit["file_id"] == file_id and (found := hit.get("content"))), [])
    return "\n\n".join(part["text"] for part in best)


def attached_to(thing: "Message | Run") -> list[str]:
    """Return the ids of the files attached to a message; a run has none."""
    attachments = thing.get("attachments") or [] if thing["object"] == "thread.message" else []
    return [one["file_id"] for one in attachments if one.get("file_id")]


def _attached(message: "Message", known: Known) -> str:
    attached = [
        f'<a class="anb-file" data-file="{escape(id)}">{_file_name(id, known)}</a>' for id in attached_to(message)
    ]
    metadata = message.get("metadata") or {}
    pairs = [f"{render.inline(name)}: {render.inline(str(value))}" for name, value in metadata.items()]
    words = [*(["attached: " + ", ".join(attached)] if attached else []), *pairs]
    return f'<footer class="anb-mute">{" · ".join(words)}</footer>' if words else ""


def _run(run: "Run", steps: "Sequence[RunStep]", known: Known) -> str:
    facts = [
        render.inline(known.assistants.get(run["assistant_id"] or "", run["assistant_id"] or "")),
        *([count(len(steps), "step")] if steps else []),
        *facts_of(run),
    ]
    head = f"{pill(run['status'])} run of {' · '.join(filter(None, facts))}"
    return (
        f'<details class="anb-run" open><summary>{head}</summary>'
        f'<div class="anb-steps">{_told(run)}{"".join(_steps(steps, known))}</div></details>'
    )


def facts_of(thing: "Run | RunStep") -> Iterator[str]:
    """Yield time, tokens and origin of a run or a step."""
    run = cast("Run", thing)  # a step has less
    end = run.get("completed_at") or run.get("failed_at") or run.get("cancelled_at")
    if end and (begun := run.get("started_at") or run.get("created_at")):
        yield f"{end - begun} s"
    if usage := thing.get("usage"):
        yield f"{usage['total_tokens']:,} tokens{' (estimated)' if usage.get('estimated') else ''}"
    if origins := dict.fromkeys(map(provenance, run.get("provenance") or [])):
        yield render.inline(f"answers: {', '.join(origins)}")


def _told(run: "Run") -> str:
    """Show a run's error, why it is incomplete, and what it waits for."""
    told = list[str]()
    if error := run.get("last_error"):
        told += [f'<p class="anb-error"><b>{render.inline(error["code"])}</b>: {render.inline(error["message"])}</p>']
    if details := run.get("incomplete_details"):
        told += [f'<p class="anb-error">incomplete: {render.inline(str(details.get("reason")))}</p>']
    if action := run.get("required_action"):
        names = [call["function"]["name"] for call in action["submit_tool_outputs"]["tool_calls"]]
        told += [f'<p class="anb-error">waits for the output of {render.inline(", ".join(names))}</p>']
    return "".join(told)


def _steps(steps: "Iterable[RunStep]", known: Known) -> Iterator[str]:
    for step in steps:
        details = step["step_details"]
        facts = " · ".join(facts_of(step))
        error = step.get("last_error")
        failed = f'<p class="anb-error">{render.inline(error["message"])}</p>' if error else ""
        if details["type"] == "tool_calls":
            made, facts = details["tool_calls"], f"{_status(step)}{facts}"
            if len(made) > 1:
                told = " · ".join(filter(None, [count(len(made), "call"), facts]))
                yield f'<div class="anb-step anb-mute">{told}</div>'
                facts = ""
            for call in made:
                yield f'<div class="anb-step">{_call(call, facts, known)}</div>'
        else:
            yield f'<div class="anb-step anb-mute">{_status(step)}wrote a message{f" · {facts}" if facts else ""}</div>'
        yield failed


def lasting(html: str) -> str:
    """Return the HTML for a saved copy: long outputs are cut, and what depends on the machine is left out."""
    return _LONG.sub(r"\1 … (the rest is not in this copy)", _WALLS.sub("", html))


def _status(step: "RunStep") -> str:
    return "" if step["status"] == "completed" else f"{pill(step['status'])} "


def _call(call: "ToolCall", facts: str, known: Known) -> str:
    kind: str = call["type"]
    head = f'<span class="anb-pill anb-tool-pill">{render.inline(kind)}</span> <span class="anb-mute">{facts}</span>'
    inner = inner_of(call)
    match kind:
        case "code_interpreter":
            walls = ", ".join(map(render.inline, inner.get("contained_by") or []))
            head += f'<span class="anb-walls anb-mute"> contained by {walls}</span>' if walls else ""
            return head + render.code(inner.get("input", "")) + "".join(_outputs(inner.get("outputs", []), known))
        case "file_search" | "retrieval":
            return head + "".join(_hits(inner.get("results")))
        case "function":
            output = inner.get("output")
            answer = '<p class="anb-mute">no output yet</p>' if output is None else json_text(output)
            name = f'<span class="anb-mono">{render.inline(inner.get("name") or "")}</span>'
            return f"{head} {name}{json_text(inner.get('arguments') or '')}{answer}"
        case _:
            return head + json_html(call)


def _outputs(outputs: "Iterable[CodeOutput]", known: Known) -> Iterator[str]:
    for output in outputs:
        if output["type"] == "logs":
            yield render.plain(output["logs"])
        else:
            yield f"<p>{_picture(output['image']['file_id'], known)}</p>"


def _hits(hits: "Sequence[SearchHit] | None") -> Iterator[str]:
    """Show hits. There are none while a search is under way, and never in version 1 of the API."""
    yield '<p class="anb-mute">nothing was found</p>' if hits == [] else ""
    for hit in hits or ():
        text = "\n\n".join(part.get("text", "") for part in hit.get("content") or [])
        title = f"{render.inline(hit.get('file_name') or hit['file_id'])} · score {hit.get('score', 0):.2f}"
        words = f"<blockquote>{''.join(render.blocks(text))}</blockquote>" if text else ""
        yield f'<details class="anb-hit"><summary>{title}</summary>{words}</details>'


def _picture(file_id: str, known: Known) -> str:
    return render.picture(file_id, known.files.get(file_id, ""), render.Cited(pictures=known.pictures))


def _file_name(file_id: str, known: Known) -> str:
    return render.inline(known.files.get(file_id, file_id))


def calls(steps: "Iterable[RunStep]") -> "Iterator[ToolCall]":
    """Yield the tool calls of steps, in order."""
    for step in steps:
        if step["step_details"]["type"] == "tool_calls":
            yield from step["step_details"].get("tool_calls") or []


def found_by(call: "ToolCall") -> "list[SearchHit]":
    """Return the hits of a file search."""
    return inner_of(call).get("results") or []


def when(created_at: int) -> str:
    """Show a time of day in UTC. The script turns it into the reader's time."""
    at = datetime.fromtimestamp(created_at, UTC)
    return f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%H:%M:%S}</time>'
