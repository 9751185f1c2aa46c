"""HTML that more than one widget shows. Pure."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import render
from ..render import Html
from .statuses import colour

if TYPE_CHECKING:
    from ..shapes import Annotation, Asked, PromptTurn, Provenance, ToolCall
    from .messages import Seat


def pill(status: str) -> Html:
    return Html('<span class="anb-pill anb-{}-pill">{}</span>').format(colour(status), status)


def provenance(origin: "Provenance") -> str:
    """Return where an answer comes from: "recorded (api.openai.com, gpt-4o, 2026-01-02)"."""
    details = ", ".join(str(origin[key]) for key in ("endpoint", "model", "date") if origin.get(key))
    words = f"{origin.get('answer')} ({details})" if details else str(origin.get("answer"))
    if origin.get("matched_by"):
        words += f", matched by {origin['matched_by']}"
    return f"{words}, instead of {origin['instead_of']}" if origin.get("instead_of") else words


def json_text(text: str) -> Html:
    """Show arguments or an output: JSON is laid out, other text stays as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return render.plain(text)
    return json_html(value) if isinstance(value, dict | list) else render.plain(text)


def json_html(value: object) -> Html:
    return render.code(json.dumps(value, indent=2, ensure_ascii=False), "json")


def inner_of(thing: "ToolCall | Annotation") -> Any:
    """Return what a tool call or an annotation has under the key of its type; {} if the server leaves it out."""
    return thing.get(thing["type"]) or {}


def prompt(asked: "Asked", new: Sequence[bool] = ()) -> Html:
    """Show what a model is asked. `new` says of each message whether it is marked as new."""
    turns = [turn(said, new=n < len(new) and new[n]) for n, said in enumerate(asked["messages"])]
    rest = {name: value for name, value in asked.items() if name not in ("messages", "instructions")}
    instructions = render.plain(asked["instructions"] or "(none)")
    shown = Html("<h4>Instructions</h4>{}<h4>Messages</h4>{}<h4>And</h4>{}")
    return shown.format(instructions, Html().join(turns), json_html(rest))


def turn(said: "PromptTurn", *, new: bool) -> Html:
    """Show a message of a prompt."""
    content = said["content"]
    words = render.plain(content) if isinstance(content, str) else json_html(content)
    calls = json_html(said["tool_calls"]) if said.get("tool_calls") else ""
    mark = Html(" <b>new</b>") if new else ""
    kind = "anb-turn anb-new" if new else "anb-turn"
    return Html('<div class="{}"><p>{}{}</p>{}{}</div>').format(kind, said["role"], mark, words, calls)


def seat_of(run_id: str, asked: "Asked") -> "Seat":
    """Return what a page needs for the model's seat."""
    return {"run": run_id, "tools": asked["tools"], "prompt": prompt(asked)}
