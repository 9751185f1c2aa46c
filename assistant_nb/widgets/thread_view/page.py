"""A thread as a page: messages, and between them the runs as folds with their steps. From the wire's objects; pure.

The same HTML stands in the live view and in the saved copy; what can be pressed is added by the script.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypedDict, cast

from ... import render
from ...render import Html
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
    containers: dict[str, str] = field(default_factory=dict)
    """Of a file that code has made in a conversation: the container in which it is."""


class Calls(TypedDict):
    """What was called between two messages of a conversation, which does not name the response that did it."""

    id: str
    object: Literal["calls"]


class Item(NamedTuple):
    """A message, a run with its steps, or the calls of a conversation."""

    id: str
    thing: "Message | Run | Calls"
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


def html(item: Item, known: Known) -> Html:
    """Return the HTML of an item."""
    thing = item.thing
    match thing["object"]:
        case "thread.message":
            return _message(thing, item, known)
        case "thread.run":
            return _run(thing, item.steps, known)
        case "calls":
            return _called(item, known)


def raw(item: Item) -> object:
    """Return a message, or a run with its steps, as the API sends it."""
    return {**item.thing, "steps": list(item.steps)} if item.thing["object"] == "thread.run" else item.thing


def summary(items: Sequence[Item], *, older: bool = False, newer: bool = False, has_runs: bool = True) -> str:
    """ "4 messages · 2 runs · 343 tokens", or "the last 100 messages · …" where there are older ones."""
    runs = [thing for thing in (item.thing for item in items) if thing["object"] == "thread.run"]
    usages = (run.get("usage") for run in runs)
    tokens = sum(usage["total_tokens"] for usage in usages if usage)
    called = [item for item in items if item.thing["object"] == "calls"]
    parts = [count(len(items) - len(runs) - len(called), "message")]
    made = sum(len(item.steps) for item in called)
    parts += [count(made, "call")] if called else [count(len(runs), "run")] if has_runs else []
    parts += [f"{tokens:,} tokens"] if tokens else []
    place = {(True, False): "the last ", (False, True): "the first ", (True, True): "amid the thread: "}
    return place.get((older, newer), "") + " · ".join(parts)


def is_unanswered(items: Sequence[Item]) -> bool:
    """Return whether the newest message is the user's."""
    newest = next((item.thing for item in reversed(items) if item.thing["object"] == "thread.message"), None)
    return newest is not None and newest["role"] == "user"


def _message(message: "Message", item: Item, known: Known) -> Html:
    parts = content(item, known)
    name = known.assistants.get(message["assistant_id"] or "", "")
    who = Html("<b>{}</b> {}").format(message["role"], Html("<small>{}</small> ").format(name) if name else "")
    if message.get("status") == "incomplete":
        reason = details["reason"] if (details := message.get("incomplete_details")) else ""
        parts += [Html('<p class="anb-mute">broken off{}</p>').format(f": {reason}" if reason else "")]
    return Html(
        '<article class="anb-message anb-{}"><header class="anb-who">{}{}</header><div class="anb-content">{}</div>'
        "{}{}</article>"
    ).format(
        render.exact(message["role"]),
        who,
        when(message["created_at"]),
        Html().join(parts),
        _notes(item, known),
        _attached(message, known),
    )


def content(item: Item, known: Known) -> list[Html]:
    """Return the content of a message as blocks of HTML."""
    return [block for part in parts_of(item) for block in _part(part, item, known)]


def parts_of(item: Item) -> "list[ReadPart]":
    """Return the parts of a message; a run has none."""
    return [*item.thing["content"]] if item.thing["object"] == "thread.message" else []


def _part(part: "ReadPart", item: Item, known: Known) -> Sequence[Html]:
    if part["type"] == "text":
        return render.blocks(part["text"]["value"], cited(item, known))
    if part["type"] == "refusal":
        return [Html('<p class="anb-refusal"><b>refusal:</b> {}</p>').format(part["refusal"])]
    if part["type"] == "image_file":
        return [Html("<p>{}</p>").format(_picture(part["image_file"]["file_id"], known))]
    if part["type"] == "image_url":
        return [Html("<p>{}</p>").format(render.picture("", "", render.Cited(), part["image_url"]["url"]))]
    return [Html("<p>a part of type {}</p>").format(part["type"]), json_html(part)]  # type: ignore[unreachable]


def cited(item: Item, known: Known) -> render.Cited:
    """Return what a message points to: numbers for the hits that it cites, and the files that it links."""
    notes = annotations(parts_of(item))
    numbers = {mark: citation(n) for n, mark in enumerate(_cited_marks(item), 1)}
    files = {note["text"]: note["file_path"]["file_id"] for note in notes if note["type"] == "file_path"}
    return render.Cited(numbers, files, known.pictures)


def citation(number: int) -> Html:
    return Html('<sup class="anb-cite">[{}]</sup>').format(number)


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


def _notes(item: Item, known: Known) -> Html:
    """Show what a message cites, as folds below it: the file's name and the words that were found."""
    fold = Html('<details class="anb-note"><summary>[{}] {}</summary>{}</details>')
    missing = Html("<p>The text is not at hand.</p>")
    found = [fold.format(number, file, _quoted(text) or missing) for number, _, file, text in notes(item, known)]
    return Html('<div class="anb-notes">{}</div>').format(Html().join(found)) if found else Html()


def _quoted(text: str) -> Html:
    quote = Html("<blockquote>{}</blockquote>")
    return quote.format(Html().join(render.blocks(text))) if text else Html()


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


def attached_to(thing: "Message | Run | Calls") -> list[str]:
    """Return the ids of the files attached to a message; a run has none."""
    attachments = thing.get("attachments") or [] if thing["object"] == "thread.message" else []
    return [one["file_id"] for one in attachments if one.get("file_id")]


def _attached(message: "Message", known: Known) -> Html:
    ids, metadata = attached_to(message), message.get("metadata") or {}
    links = Html(", ").join(Html("{}{}</a>").format(render.file_link(id), known.files.get(id, id)) for id in ids)
    words = [Html("attached: ") + links] if ids else []
    words += [Html("{}: {}").format(name, value) for name, value in metadata.items()]
    return Html('<footer class="anb-mute">{}</footer>').format(Html(" · ").join(words)) if words else Html()


def _run(run: "Run", steps: "Sequence[RunStep]", known: Known) -> Html:
    facts = [
        known.assistants.get(run["assistant_id"] or "", run["assistant_id"] or ""),
        *([count(len(steps), "step")] if steps else []),
        *facts_of(run, steps),
    ]
    return Html(
        '<details class="anb-run" open><summary>{} run of {}</summary><div class="anb-steps">{}{}</div></details>'
    ).format(pill(run["status"]), " · ".join(filter(None, facts)), _told(run), Html().join(_steps(steps, known)))


def _called(item: Item, known: Known) -> Html:
    """Show the calls between two messages of a conversation."""
    names = ", ".join(dict.fromkeys(filter(None, map(name_of, calls(item.steps)))))
    words = " · ".join(filter(None, [count(len(item.steps), "call"), names]))
    return Html('<details class="anb-run" open><summary>{}</summary><div class="anb-steps">{}</div></details>').format(
        words, Html().join(_steps(item.steps, known))
    )


def name_of(call: "ToolCall") -> str:
    """Return the name of a call's function, else the kind of its tool."""
    return str(inner_of(call).get("name") or "") if call["type"] == "function" else str(call["type"])


def facts_of(thing: "Run | RunStep", steps: "Sequence[RunStep]" = ()) -> Iterator[str]:
    """Yield time, tokens and origin of a run or a step. Of a run: from its start, or that of its first step."""
    run = cast("Run", thing)  # a step has less
    if end := thing.get("completed_at") or thing.get("failed_at") or thing.get("cancelled_at"):
        begun = run.get("started_at") or thing["created_at"]  # `started_at` is moved when a run gets outputs
        yield f"{end - min([begun, *(step['created_at'] for step in steps)])} s"
    if usage := thing.get("usage"):
        yield f"{usage['total_tokens']:,} tokens{' (estimated)' if usage.get('estimated') else ''}"
    if origins := dict.fromkeys(map(provenance, run.get("provenance") or [])):
        yield f"answers: {', '.join(origins)}"


def _told(run: "Run") -> Html:
    """Show a run's error, why it is incomplete, and what it waits for."""
    told, line = list[Html](), Html('<p class="anb-error">{}</p>')
    if error := run.get("last_error"):
        told += [line.format(Html("<b>{}</b>: {}").format(error["code"], error["message"]))]
    if details := run.get("incomplete_details"):
        told += [line.format(f"incomplete: {details.get('reason')}")]
    if action := run.get("required_action"):
        names = [call["function"]["name"] for call in action["submit_tool_outputs"]["tool_calls"]]
        told += [line.format(f"waits for the output of {', '.join(names)}")]
    return Html().join(told)


def _steps(steps: "Iterable[RunStep]", known: Known) -> Iterator[Html]:
    line, mute = Html('<div class="anb-step">{}</div>'), Html('<div class="anb-step anb-mute">{}</div>')
    for step in steps:
        details = step["step_details"]
        facts = " · ".join(facts_of(step))
        error = step.get("last_error")
        failed = Html('<p class="anb-error">{}</p>').format(error["message"]) if error else Html()
        if details["type"] == "tool_calls":
            made, told = details["tool_calls"], _status(step) + facts
            if len(made) > 1:
                yield mute.format(Html(" · ").join(filter(None, [count(len(made), "call"), told])))
                told = Html()
            for call in made:
                yield line.format(_call(call, told, known))
        else:
            yield mute.format(_status(step) + " · ".join(filter(None, ["wrote a message", facts])))
        yield failed


def lasting(html: Html) -> Html:
    """Return the HTML for a saved copy: long outputs are cut, and what depends on the machine is left out."""
    return Html(_LONG.sub(r"\1 … (the rest is not in this copy)", _WALLS.sub("", html)))


def _status(step: "RunStep") -> Html:
    return Html() if step["status"] == "completed" else pill(step["status"]) + " "


def _walls(call: Mapping[str, list[str]]) -> str:
    """Return what contained the code of a call. Empty if it was not run, or another program has run it."""
    layers = call.get("contained_by")
    return "" if layers is None else f"contained by {', '.join(layers)}" if layers else "nothing contained this code"


def _call(call: "ToolCall", facts: Html, known: Known) -> Html:
    kind: str = call["type"]
    head = Html('<span class="anb-pill anb-tool-pill">{}</span> <span class="anb-mute">{}</span>').format(kind, facts)
    inner = inner_of(call)
    match kind:
        case "code_interpreter":
            contained = (
                Html('<span class="anb-walls anb-mute"> {}</span>').format(walls) if (walls := _walls(inner)) else ""
            )
            outputs = Html().join(_outputs(inner.get("outputs", []), known))
            return head + contained + render.code(inner.get("input", "")) + outputs
        case "file_search" | "retrieval":
            asked = Html('<span class="anb-mono">{}</span>').format(" · ".join(inner.get("queries") or []))
            return head + (asked if inner.get("queries") else "") + Html().join(_hits(inner.get("results")))
        case "function":
            output = inner.get("output")
            answer = Html('<p class="anb-mute">no output yet</p>') if output is None else json_text(output)
            name = Html('<span class="anb-mono">{}</span>').format(inner.get("name") or "")
            return Html("{} {}{}{}").format(head, name, json_text(inner.get("arguments") or ""), answer)
        case _:
            return head + json_html(call)


def _outputs(outputs: "Iterable[CodeOutput]", known: Known) -> Iterator[Html]:
    for output in outputs:
        if output["type"] == "logs":
            yield render.plain(output["logs"])
        else:
            yield Html("<p>{}</p>").format(_picture(output["image"]["file_id"], known))


def _hits(hits: "Sequence[SearchHit] | None") -> Iterator[Html]:
    """Show hits. There are none while a search is under way, and never in version 1 of the API."""
    if hits == []:
        yield Html('<p class="anb-mute">nothing was found</p>')
    fold = Html('<details class="anb-hit"><summary>{} · score {:.2f}</summary>{}</details>')
    for hit in hits or ():
        text = "\n\n".join(part.get("text", "") for part in hit.get("content") or [])
        yield fold.format(hit.get("file_name") or hit["file_id"], hit.get("score", 0), _quoted(text))


def _picture(file_id: str, known: Known) -> Html:
    return render.picture(file_id, known.files.get(file_id, ""), render.Cited(pictures=known.pictures))


def calls(steps: "Iterable[RunStep]") -> "Iterator[ToolCall]":
    """Yield the tool calls of steps, in order."""
    for step in steps:
        if step["step_details"]["type"] == "tool_calls":
            yield from step["step_details"].get("tool_calls") or []


def found_by(call: "ToolCall") -> "list[SearchHit]":
    """Return the hits of a file search."""
    return inner_of(call).get("results") or []


def when(created_at: int) -> Html:
    """Show a time of day in UTC. The script turns it into the reader's time. Nothing for 0: it is not known."""
    if not created_at:
        return Html()
    at = datetime.fromtimestamp(created_at, UTC)
    return Html('<time datetime="{:%Y-%m-%dT%H:%M:%SZ}">{:%H:%M:%S}</time>').format(at, at)
