"""HTML that more than one widget shows. Pure."""

import json
from typing import TYPE_CHECKING, Any

from .. import render
from ..render import Html
from .statuses import colour

if TYPE_CHECKING:
    from ..shapes import Annotation, Provenance, ToolCall


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
