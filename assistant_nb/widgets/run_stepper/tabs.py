"""The tabs of the stepper: what each shows of a frame, as HTML. Pure.

`TABS` is the table of them, in the order of the page. To add a tab, write what draws it and add a line there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ... import render, trace
from ...trace import Frame
from ..html import inner_of, json_html, json_text, provenance
from .page import used

if TYPE_CHECKING:
    from ...shapes import Answered, LabView, PromptTurn, ToolCall


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
    draw: Callable[[Shown], str] | None
    """None if the page draws the tab itself (`DRAWN_HERE` in `tabs.js`)."""


def nothing_yet(assistant_id: str) -> str:
    return f"<p>The run is not made yet. <b>Step</b> makes it, for <code>{render.inline(assistant_id)}</code>.</p>"


def _happened(shown: Shown) -> str:
    frame, frames, place = shown.frame, shown.frames, shown.place
    parts = [f"<h4>{render.inline(frame.title)}</h4>"]
    if frame.effect:
        parts += [f'<p class="anb-effect">{render.inline(frame.effect)}</p>']
    if asked := frame.find("model.asked"):
        parts += [_turn(turn, new=False) for turn in asked["data"]["messages"][-1:]]
    if answered := frame.find("model.answered"):
        parts += [_answer(answered["data"]), f"<p>{used([frame])}</p>"]
    if tool := frame.find("tool.answered"):
        parts += [_call(call) for call in tool["data"]["step_details"]["tool_calls"] if call["type"] != "function"]
    if waits := frame.find("thread.run.requires_action"):
        parts += [_call(call) for call in waits["data"]["required_action"]["submit_tool_outputs"]["tool_calls"]]
        until = (frames[0].find("thread.run.created") or waits)["data"].get("expires_at")
        parts += [f"<p>They go in one call, within {until - frame.at} s: then the run expires.</p>"] if until else []
    if submitted := frame.find("thread.run.step.completed"):
        parts += [_call(call) for call in (submitted["data"].get("step_details") or {}).get("tool_calls") or []]
    if message := frame.find("thread.message.completed"):
        texts = [part["text"]["value"] for part in message["data"].get("content") or [] if part["type"] == "text"]
        parts += [*(block for text in texts for block in render.blocks(text))] if not answered else []
    if place:
        parts.append(f'<p class="anb-mute">{frame.at - frames[place - 1].at} s after the frame before</p>')
    return "".join(parts)


def _answer(data: "Answered") -> str:
    """An answer of the model: its words, its calls, and where it came from."""
    calls = [_function(call["name"], call["arguments"], None) for call in data["tool_calls"]]
    origin = render.inline(f"answer: {provenance(data['provenance'])}") if data.get("provenance") else ""
    return "".join([*render.blocks(data["text"]), *calls, f'<p class="anb-mute">{origin}</p>'])


def _call(call: "ToolCall") -> str:
    kind, inner = str(call["type"]), inner_of(call)
    if kind == "function":
        return _function(inner["name"], inner["arguments"], inner.get("output"))
    if kind == "code_interpreter":
        logs = [render.plain(out["logs"]) for out in inner.get("outputs", []) if out["type"] == "logs"]
        return render.code(inner.get("input", "")) + "".join(logs)
    return json_html(inner)


def _function(name: str, arguments: str, output: str | None) -> str:
    head = f'<p class="anb-mono"><b>{render.inline(name)}</b></p>'
    return head + json_text(arguments) + ("" if output is None else f"<p>→</p>{json_text(output)}")


def _prompt(shown: Shown) -> str:
    """Show the latest prompt. Messages that the prompt before did not have are marked."""
    prompts = trace.prompts(shown.frames, shown.place)
    if not prompts:
        return "<p>The model has not been asked yet.</p>"
    prompt, before = prompts[-1], prompts[-2] if len(prompts) > 1 else None
    new = trace.news(prompt, before)
    turns = [_turn(turn, new=is_new) for turn, is_new in zip(prompt["messages"], new, strict=True)]
    rest = {name: value for name, value in prompt.items() if name not in ("messages", "instructions")}
    instructions = render.plain(prompt["instructions"] or "(none)")
    return f"<h4>Instructions</h4>{instructions}<h4>Messages</h4>{''.join(turns)}<h4>And</h4>{json_html(rest)}"


def _turn(turn: "PromptTurn", *, new: bool) -> str:
    content = turn["content"]
    said = render.plain(content) if isinstance(content, str) else json_html(content)
    calls = json_html(turn["tool_calls"]) if turn.get("tool_calls") else ""
    mark = " <b>new</b>" if new else ""
    kind = "anb-turn anb-new" if new else "anb-turn"
    return f'<div class="{kind}"><p>{render.inline(turn["role"])}{mark}</p>{said}{calls}</div>'


def _public(view: "LabView") -> dict[str, object]:
    """What the public API shows of a view."""
    return {"run": view["run"], "steps": view["steps"], "messages": view["messages"]}


def _objects(shown: Shown) -> str:
    """Show what has changed in the public objects, and the objects as they are now."""
    before = _public(shown.at(shown.frames[shown.place - 1].n)) if shown.place > 0 else {}
    after = _public(shown.at(shown.frame.n))
    found = list(trace.changes({name: before.get(name) for name in after}, after))
    cells = ((_cell(path), _cell(old), _cell(new)) for path, old, new in found)
    rows = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in cells)
    table = f"<table><thead><tr><th>what</th><th>before</th><th>after</th></tr></thead><tbody>{rows}</tbody></table>"
    folds = [f"<details><summary>{name}</summary>{json_html(value)}</details>" for name, value in after.items()]
    return (table if rows else "<p>Nothing that the public API shows has changed.</p>") + "".join(folds)


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"<code>{render.inline(text if len(text) <= 200 else text[:199] + '…')}</code>"


def _stream(shown: Shown) -> str:
    """Show the events that a stream would send here, without the deltas between them."""
    events = [entry for entry in shown.frame.entries if entry["event"].startswith("thread.")]
    heads = (f"event: <code>{render.inline(entry['event'])}</code>" for entry in events)
    folds = [
        f"<details><summary>{head}</summary>{json_html(entry['data'])}</details>"
        for head, entry in zip(heads, events, strict=True)
    ]
    return "".join(folds) or "<p>A stream sends nothing here.</p>"


def _raw(shown: Shown) -> str:
    return json_html(list(shown.frame.entries))


TABS: Final[Mapping[str, Tab]] = {
    "happened": Tab("What happened", _happened),
    "prompt": Tab("Prompt", _prompt),
    "calls": Tab("API calls", None),
    "objects": Tab("Objects", _objects),
    "stream": Tab("Stream", _stream),
    "raw": Tab("Raw", _raw),
}
