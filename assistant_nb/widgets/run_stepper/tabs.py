"""The tabs of the stepper: what each shows of a frame, as HTML. Pure.

`TABS` is the table of them, in the order of the page. To add a tab, write what draws it and add a line there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ... import render, trace
from ...render import Html
from ...trace import Frame
from ..html import inner_of, json_html, json_text, prompt, provenance, turn
from ..messages import CodedCall
from .calls import Params, calls_here
from .page import used

if TYPE_CHECKING:
    from ...shapes import Answered, LabView, Run, Said, SaidCall, ToolCall


@dataclass(frozen=True)
class Shown:
    """The frame that is shown, and what came before it."""

    frames: Sequence[Frame]
    place: int
    at: "Callable[[int], LabView]"
    """Asks the engine for run, steps and messages as they were at an entry."""

    @property
    def frame(self) -> Frame:
        return self.frames[self.place]


class Tab(NamedTuple):
    label: str
    title: str
    """Its tooltip."""
    draw: Callable[[Shown], Html] | None
    """None if the page draws the tab itself (`DRAWN_HERE` in `tabs.js`)."""


def _happened(shown: Shown) -> Html:
    frame, frames, place = shown.frame, shown.frames, shown.place
    parts = [Html("<h4>{}</h4>").format(frame.title)]
    if frame.effect:
        parts += [Html('<p class="anb-effect">{}</p>').format(frame.effect)]
    if asked := frame.find("model.asked"):
        parts += [turn(said, new=False) for said in asked["data"]["messages"][-1:]]
    if answered := frame.find("model.answered"):
        parts += [_answer(answered["data"]), Html("<p>{}</p>").format(used(frame))]
    if tool := frame.find("tool.answered"):
        parts += [_call(call) for call in tool["data"]["step_details"]["tool_calls"] if call["type"] != "function"]
    if waits := frame.find("thread.run.requires_action"):
        parts += [_call(call) for call in waits["data"]["required_action"]["submit_tool_outputs"]["tool_calls"]]
        until = (frames[0].find("thread.run.created") or waits)["data"].get("expires_at")
        told = Html("<p>They go in one call, within {} s: then the run expires.</p>")
        parts += [told.format(until - frame.at)] if until else []
    if submitted := frame.find("thread.run.step.completed"):
        parts += [_call(call) for call in (submitted["data"].get("step_details") or {}).get("tool_calls") or []]
    if message := frame.find("thread.message.completed"):
        texts = [part["text"]["value"] for part in message["data"].get("content") or [] if part["type"] == "text"]
        parts += [*(block for text in texts for block in render.blocks(text))] if not answered else []
    for event in ("client.answered", "client.dictated"):
        parts += [_said(said["data"])] if (said := frame.find(event)) else []
    parts += _end(shown)
    if place:
        passed = Html('<p class="anb-mute">{} s after the frame before</p>')
        parts.append(passed.format(frame.at - frames[place - 1].at))
    return Html().join(parts)


def _end(shown: Shown) -> list[Html]:
    """What came of the run, if the frame ends it: why it failed, or the answer."""
    if failed := shown.frame.find("thread.run.failed"):
        lines = failed["data"]["last_error"]["message"].splitlines()
        return [Html("<p>{}</p>").format(line) for line in lines if line.strip()]
    if shown.frame.status not in ("completed", "incomplete"):
        return []
    answers = [entry["data"]["text"] for frame in shown.frames if (entry := frame.find("model.answered"))]
    return [Html("<h4>The answer</h4>"), *render.blocks(answers[-1])] if any(answers[-1:]) else []


def _answer(data: "Answered") -> Html:
    """An answer of the model: its words, its calls, and where it came from."""
    origin = f"answer: {provenance(data['provenance'])}" if data.get("provenance") else ""
    return _words(data["text"], data["tool_calls"]) + Html('<p class="anb-mute">{}</p>').format(origin)


def _said(said: "Said") -> Html:
    """An answer of a person in the model's place: words and calls, or an error."""
    error = Html("<p>{}</p>").format(said["error"]["message"]) if "error" in said else ""
    return _words(said.get("text", ""), said.get("tool_calls", [])) + error


def _words(text: str, calls: "Sequence[SaidCall]") -> Html:
    return Html().join([*render.blocks(text), *(_function(call["name"], call["arguments"], None) for call in calls)])


def _call(call: "ToolCall") -> Html:
    kind, inner = str(call["type"]), inner_of(call)
    if kind == "function":
        return _function(inner["name"], inner["arguments"], inner.get("output"))
    if kind == "code_interpreter":
        logs = [render.plain(out["logs"]) for out in inner.get("outputs", []) if out["type"] == "logs"]
        return render.code(inner.get("input", "")) + Html().join(logs)
    return json_html(inner)


def _function(name: str, arguments: str, output: str | None) -> Html:
    head = Html('<p class="anb-mono"><b>{}</b></p>').format(name)
    answer = "" if output is None else Html("<p>→</p>{}").format(json_text(output))
    return head + json_text(arguments) + answer


def _prompt(shown: Shown) -> Html:
    """Show the latest prompt. Messages that the prompt before did not have are marked."""
    prompts = trace.prompts(shown.frames, shown.place)
    if not prompts:
        return Html("<p>The model has not been asked yet.</p>")
    asked, before = prompts[-1], prompts[-2] if len(prompts) > 1 else None
    return prompt(asked, trace.news(asked, before))


def _public(view: "LabView") -> dict[str, object]:
    """What the public API shows of a view."""
    run = view["run"]
    return {
        "response" if trace.is_response(run["id"]) else "run": run,
        "steps": view["steps"],
        "messages": view["messages"],
    }


def _objects(shown: Shown) -> Html:
    """Show what has changed in the public objects, and the objects as they are now."""
    before = _public(shown.at(shown.frames[shown.place - 1].n)) if shown.place > 0 else {}
    after = _public(shown.at(shown.frame.n))
    found = list(trace.changes({name: before.get(name) for name in after}, after))
    row = Html("<tr><td>{}</td><td>{}</td><td>{}</td></tr>")
    rows = Html().join(row.format(*map(_cell, change)) for change in found)
    heads = Html("<tr><th>what</th><th>before</th><th>after</th></tr>")
    table = Html("<table><thead>{}</thead><tbody>{}</tbody></table>").format(heads, rows)
    nothing = Html("<p>Nothing that the public API shows has changed.</p>")
    return (table if rows else nothing) + Html().join(_fold(*one) for one in after.items())


def _cell(value: Any) -> Html:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Html("<code>{}</code>").format(text if len(text) <= 200 else text[:199] + "…")


def _stream(shown: Shown) -> Html:
    """Show the events that a stream would send here, without the deltas between them."""
    events = [entry for entry in shown.frame.entries if entry["event"].startswith("thread.")]
    if trace.is_response(shown.frames[0].entries[0]["id"]):
        names = dict.fromkeys(name for entry in events for name in _RESPONSE_EVENTS.get(entry["event"], ()))
        line = Html("<p>event: <code>{}</code></p>")
        return Html().join(map(line.format, names)) or Html("<p>A stream sends nothing here.</p>")
    head = Html("event: <code>{}</code>")
    folds = (_fold(head.format(entry["event"]), entry["data"]) for entry in events)
    return Html().join(folds) or Html("<p>A stream sends nothing here.</p>")


_RESPONSE_EVENTS: Final[Mapping[str, Sequence[str]]] = {
    "thread.run.created": ("response.created",),
    "thread.run.in_progress": ("response.in_progress",),
    "thread.message.created": ("response.output_item.added", "response.content_part.added"),
    "thread.message.completed": (
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
    ),
    "thread.run.step.created": ("response.output_item.added",),
    "thread.run.step.completed": ("response.output_item.done",),
    "thread.run.completed": ("response.completed",),
    "thread.run.incomplete": ("response.incomplete",),
    "thread.run.failed": ("response.failed",),
    "thread.run.expired": ("response.failed",),
    "thread.run.cancelled": ("response.incomplete",),
}
"""The events that a stream of a response sends, by the entry that they tell of."""


def _fold(head: str, value: object) -> Html:
    return Html("<details><summary>{}</summary>{}</details>").format(head, json_html(value))


def _raw(shown: Shown) -> Html:
    return json_html(list(shown.frame.entries))


TABS: Final[Mapping[str, Tab]] = {
    "happened": Tab("What happened", "What this frame did.", _happened),
    "prompt": Tab("Prompt", "What the model was asked last.", _prompt),
    "calls": Tab("API calls", "The calls that a client would make here, as code.", None),
    "objects": Tab("Objects", "What changed in the run, its steps and its messages.", _objects),
    "stream": Tab("Stream", "The events that a stream sends here.", _stream),
    "raw": Tab("Raw", "The entries of the journal.", _raw),
}


def details(
    tab: str,
    places: Sequence[int],
    frames: Sequence[Frame],
    run: "Run | None",
    start: Params,
    at: "Callable[[int], LabView]",
) -> list[str | list[CodedCall]]:
    """Return what a tab shows of the frames at some places. `start` is the call that makes the run."""
    draw, seen = TABS[tab].draw, lru_cache(2)(at)
    if draw is None:
        return [calls_here(frames, place, run, start, seen) for place in places]
    if not frames:
        told = Html("<p>The {} is not made yet. <b>Step</b> makes it, for <code>{}</code>.</p>")
        by = start.get("assistant_id")
        return [told.format("run" if by else "response", by or start["model"])]
    return [draw(Shown(frames, place, seen)) for place in places]
