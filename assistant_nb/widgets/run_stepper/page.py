"""What the stepper shows of frames, as HTML and plain data. Pure.

A frame's tabs: what happened; the prompt, with what is new in it; the public objects before and after; the events of
the stream; the raw entries. Beside them the calls that a client would make here, as code.
"""

import difflib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from ... import render, trace
from ...as_code import DIALECTS, in_http
from ...trace import Frame
from ..thread_view.page import json_html, json_text, pill, provenance

Json = dict[str, Any]

_NEW: Final = ' class="anb-new"'
_LISTED: Final = 20
"""How many things a list of the API holds, unless it is asked for more."""


def row(frame: Frame) -> Json:
    """A frame's line in the list."""
    return {"title": frame.title, "badge": frame.badge, "status": frame.status, "effect": bool(frame.effect)}


def summary(frames: Sequence[Frame]) -> str:
    """What was used so far, and who answered: "12 s · 109 tokens (estimated) · answers: authored"."""
    if not frames:
        return ""
    answers = (entry["data"] for frame in frames if (entry := frame.find("model.answered")))
    origins = dict.fromkeys(provenance(answer["provenance"]) for answer in answers if answer["provenance"])
    told = f"answers: {', '.join(origins)}" if origins else ""
    return " · ".join(filter(None, [f"{frames[-1].at - frames[0].at} s", _used(frames), told]))


def _used(frames: Sequence[Frame]) -> str:
    prompt, completion, estimated = trace.tokens(frames)
    if not prompt + completion:
        return ""
    return f"{prompt + completion:,} tokens{' (estimated)' if estimated else ''}"


def edit_label(edit: Json, n: int) -> str:
    """A branch's name: "fork 2: other instructions"."""
    return f"fork {n}" + "".join(f": other {kind}" for kind in edit)


def nothing_yet(assistant_id: str) -> str:
    return f"<p>The run is not made yet. <b>Step</b> makes it, for <code>{render.inline(assistant_id)}</code>.</p>"


def detail(tab: str, frames: Sequence[Frame], place: int, objects: tuple[Json, Json]) -> str:
    """A tab of the frame at a place. `objects` are the lab's views before it and after it, for their tab."""
    match tab:
        case "prompt":
            return _prompt(trace.prompts(frames, place))
        case "objects":
            return _objects(*objects)
        case "stream":
            return _stream(frames[place])
        case "raw":
            return json_html(list(frames[place].entries))
        case _:
            return _happened(frames, place)


def _happened(frames: Sequence[Frame], place: int) -> str:
    frame = frames[place]
    parts = [f"<h4>{render.inline(frame.title)}</h4>"]
    if frame.effect:
        parts += [f'<p class="anb-effect">{render.inline(frame.effect)}</p>']
    if asked := frame.find("model.asked"):
        parts += [_turn(turn, new=False) for turn in asked["data"]["messages"][-1:]]
    if answered := frame.find("model.answered"):
        parts += [_answer(answered["data"]), f"<p>{_used([frame])}</p>"]
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


def _answer(data: Json) -> str:
    """An answer of the model: its words, its calls, and where it came from."""
    calls = [_call({"type": "function", "function": call}) for call in data["tool_calls"]]
    origin = render.inline(f"answer: {provenance(data['provenance'])}") if data.get("provenance") else ""
    return "".join([*render.blocks(data["text"]), *calls, f'<p class="anb-mute">{origin}</p>'])


def _call(call: Json) -> str:
    inner = call.get(call["type"]) or {}
    match call["type"]:
        case "function":
            name = f'<p class="anb-mono"><b>{render.inline(inner["name"])}</b></p>'
            output = inner.get("output")
            return name + json_text(inner["arguments"]) + ("" if output is None else f"<p>→</p>{json_text(output)}")
        case "code_interpreter":
            logs = [render.plain(out["logs"]) for out in inner.get("outputs", []) if out["type"] == "logs"]
            return render.code(inner.get("input", "")) + "".join(logs)
        case _:
            return json_html(inner)


def _prompt(prompts: Sequence[Json]) -> str:
    """The latest prompt; of its messages, those that the one before did not have are marked."""
    if not prompts:
        return "<p>The model has not been asked yet.</p>"
    prompt, before = prompts[-1], prompts[-2] if len(prompts) > 1 else None
    new = trace.news(prompt, before)
    turns = [_turn(turn, new=is_new) for turn, is_new in zip(prompt["messages"], new, strict=True)]
    rest = {name: value for name, value in prompt.items() if name not in ("messages", "instructions")}
    instructions = render.plain(prompt["instructions"] or "(none)")
    return f"<h4>Instructions</h4>{instructions}<h4>Messages</h4>{''.join(turns)}<h4>And</h4>{json_html(rest)}"


def _turn(turn: Json, *, new: bool) -> str:
    content = turn["content"]
    said = render.plain(content) if isinstance(content, str) else json_html(content)
    calls = json_html(turn["tool_calls"]) if turn.get("tool_calls") else ""
    mark = " <b>new</b>" if new else ""
    kind = "anb-turn anb-new" if new else "anb-turn"
    return f'<div class="{kind}"><p>{render.inline(turn["role"])}{mark}</p>{said}{calls}</div>'


def _objects(before: Json, after: Json) -> str:
    """What of the public objects has changed, and how they are now."""
    names = ("run", "steps", "messages")
    found = list(trace.changes({name: before.get(name) for name in names}, {name: after[name] for name in names}))
    cells = ((_cell(path), _cell(old), _cell(new)) for path, old, new in found)
    rows = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in cells)
    table = f"<table><thead><tr><th>what</th><th>before</th><th>after</th></tr></thead><tbody>{rows}</tbody></table>"
    folds = [f"<details><summary>{name}</summary>{json_html(after[name])}</details>" for name in names]
    return (table if rows else "<p>Nothing that the public API shows has changed.</p>") + "".join(folds)


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"<code>{render.inline(text if len(text) <= 200 else text[:199] + '…')}</code>"


def _stream(frame: Frame) -> str:
    """The events that a stream of the run would send here; the pieces of an answer come between them."""
    events = [entry for entry in frame.entries if entry["event"].startswith("thread.")]
    heads = (f"event: <code>{render.inline(entry['event'])}</code>" for entry in events)
    folds = [
        f"<details><summary>{head}</summary>{json_html(entry['data'])}</details>"
        for head, entry in zip(heads, events, strict=True)
    ]
    return "".join(folds) or "<p>A stream sends nothing here.</p>"


def calls_here(
    frames: Sequence[Frame], place: int, run: Json | None, start: Json, at: Callable[[int], Json]
) -> list[Json]:
    """The calls that a client would make at a frame: `{"why", "code": {"SDK": …, "HTTP": …}, "answer"}`.

    `start` is the call that makes the run; `at` gives run, steps and messages as they were at an entry. The server's
    answer is HTML, empty where there is none yet.
    """
    found = _calls(frames, place, run, start, at) if run else [("A client makes the run", "runs.create", start, None)]
    return [
        {
            "why": why,
            "code": {name: write(operation, params) for name, write in {**DIALECTS, "HTTP": in_http}.items()},
            "answer": f"{render.plain('HTTP/1.1 200 OK')}{json_html(answer)}" if answer else "",
        }
        for why, operation, params, answer in found
    ]


def _calls(
    frames: Sequence[Frame], place: int, run: Json, start: Json, at: Callable[[int], Json]
) -> Iterator[tuple[str, str, Json, Json | None]]:
    """Of each call why it is made, its operation, its parameters, and what the server answers."""
    frame, ids = frames[place], {"thread_id": run["thread_id"], "run_id": run["id"]}
    seen, waits = at(frame.n), frame.find("thread.run.requires_action")
    if frame.find("thread.run.created"):
        yield "A client makes the run", "runs.create", {**start, "thread_id": run["thread_id"]}, seen["run"]
    elif waits or trace.outputs(frame):
        then = next((later for later in frames[place:] if trace.outputs(later)), None)
        outputs = trace.outputs(then or frame) or [
            {"tool_call_id": call["id"], "output": "…"}
            for call in (waits or {})["data"]["required_action"]["submit_tool_outputs"]["tool_calls"]
        ]
        answer = at(then.n)["run"] if then else None
        yield "A client submits the outputs", "runs.submit_tool_outputs", {**ids, "tool_outputs": outputs}, answer
    elif frame.status in ("completed", "incomplete"):
        written = [message for message in seen["messages"] if message["run_id"] == run["id"]]
        yield "A client reads the answer", "messages.list", ids, _page(written)
    else:
        yield "A client looks how far the run is", "runs.retrieve", ids, seen["run"]
        if seen["steps"]:
            yield "And what it did", "steps.list", ids, _page(seen["steps"])


def _page(things: Sequence[Json]) -> Json | None:
    """The newest of the things, as the API lists them."""
    shown = list(reversed(things))[:_LISTED]
    if not shown:
        return None
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"],
        "last_id": shown[-1]["id"],
        "has_more": len(things) > _LISTED,
    }


def comparison(ours: Sequence[Frame], theirs: Sequence[Frame], name: str, other: str) -> str:
    """Two branches side by side from where they part, and how their answers differ."""
    n = trace.parted(ours, theirs)
    left, right = [_beside(frame) for frame in ours[n:]], [_beside(frame) for frame in theirs[n:]]
    rows = "".join(
        f"<tr{'' if same == 'equal' else _NEW}><td>{a}</td><td>{b}</td></tr>"
        for same, i, to, j, upto in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        for a, b in zip_longest(left[i:to], right[j:upto], fillvalue="")
    )
    head = f"<tr><th>{render.inline(name)}</th><th>{render.inline(other)}</th></tr>"
    return f"<p>The first {n} frames tell the same.</p><table>{head}{rows}</table>{_difference(ours, theirs)}"


def _beside(frame: Frame) -> str:
    """A frame in a line, with what was said or given in it."""
    told = [str(one["output"]) for one in trace.outputs(frame)]
    if answered := frame.find("model.answered"):
        told += [answered["data"]["text"], *(call["arguments"] for call in answered["data"]["tool_calls"])]
    more = render.inline(" · ".join(filter(None, told)))
    return f"{render.inline(frame.title)} <small>{more}</small>" if more else render.inline(frame.title)


def _difference(ours: Sequence[Frame], theirs: Sequence[Frame]) -> str:
    lines = difflib.ndiff(_said(theirs).splitlines(), _said(ours).splitlines())
    kinds = {"- ": "del", "+ ": "ins"}
    shown = [(kinds.get(line[:2], "span"), line[2:]) for line in lines if not line.startswith("? ")]
    return f"<pre>{''.join(f'<{kind}>{render.inline(text)}</{kind}>{chr(10)}' for kind, text in shown)}</pre>"


def _said(frames: Sequence[Frame]) -> str:
    answers = (entry["data"]["text"] for frame in frames if (entry := frame.find("model.answered")))
    return "\n".join(filter(None, answers))


def copy_html(title: str, frames: Sequence[Frame]) -> str:
    """The frames of a run as a table that needs no script."""
    rows = "".join(
        f"<tr><td>{n}</td><td>{render.inline(frame.title)}</td><td>{pill(frame.status)}</td><td>{frame.badge}</td></tr>"
        for n, frame in enumerate(frames, 1)
    )
    used = render.inline(summary(frames))
    head = f"<p><b>Run</b> {render.inline(title)}{f' · {used}' if used else ''}</p>"
    columns = "<tr><th>frame</th><th>what happened</th><th>status</th><th></th></tr>"
    return f"{head}<table><thead>{columns}</thead><tbody>{rows}</tbody></table>" if rows else head


@dataclass
class Guesses:
    """Predict first: a question about what comes next, made from the legal moves and the tools, and the score."""

    right: int = 0
    asked: int = 0
    question: Json | None = None
    """`{"about": "status", "text": …, "options": […], "from": 3}`; of its frames those from `from` on answer it."""
    guessed: str | None = None
    told: str = ""

    @property
    def open(self) -> bool:
        """Whether a question waits for a guess."""
        return self.question is not None and self.guessed is None

    def make(self, guess: str) -> None:
        if self.question and guess in self.question["options"]:
            self.guessed = guess

    def look(self, position: Json, frames: Sequence[Frame]) -> None:
        """See whether what has happened answers the question, then ask the next one."""
        if self.question and self.guessed and (truth := _truth(self.question, frames)):
            self.asked += 1
            self.right += truth == self.guessed
            self.told = f"It was {truth}: {'right' if truth == self.guessed else f'not {self.guessed}'}."
            self.question = self.guessed = None
        if self.question is None:
            self.question = _question(position, len(frames))

    def state(self) -> Json:
        return {
            "question": self.question,
            "guessed": self.guessed,
            "told": self.told,
            "score": [self.right, self.asked],
        }


def _question(position: Json, start: int) -> Json | None:
    if not position.get("moves"):
        return None
    if position["next"] == "listen":
        tools = position["run"]["tools"]
        names = [tool["function"]["name"] if tool["type"] == "function" else tool["type"] for tool in tools]
        text = "The model has its prompt. What will it do?"
        return {
            "about": "call",
            "text": text,
            "options": ["answer", *(f"call {name}" for name in names)],
            "from": start,
        }
    options = [move["status"] for move in position["moves"]]
    return {"about": "status", "text": "Which status comes next?", "options": options, "from": start}


def _truth(question: Json, frames: Sequence[Frame]) -> str | None:
    """What came; None as long as nothing has that answers the question."""
    after = frames[question["from"] :]
    if question["about"] == "status":
        status = frames[question["from"] - 1].status
        return next((frame.status for frame in after if frame.status != status), None)
    answered = next((entry["data"] for frame in after if (entry := frame.find("model.answered"))), None)
    if answered is None:
        return None
    return f"call {answered['tool_calls'][0]['name']}" if answered["tool_calls"] else "answer"
