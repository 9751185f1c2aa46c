"""What the stepper shows of a whole run: its frames as rows, a summary, two branches side by side, the copy. Pure."""

import difflib
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

from ... import trace
from ...render import Html
from ...trace import Frame
from ..html import pill, provenance
from ..messages import FrameRow

_NEW: Final = Html(' class="anb-new"')


def row(frame: Frame) -> FrameRow:
    """A frame's line in the list."""
    return {"title": frame.title, "badge": frame.badge, "status": frame.status, "effect": bool(frame.effect)}


def summary(frames: Sequence[Frame]) -> str:
    """Return time, tokens and origin so far: "12 s · 109 tokens (estimated) · answers: authored"."""
    if not frames:
        return ""
    answers = (entry["data"] for frame in frames if (entry := frame.find("model.answered")))
    origins = dict.fromkeys(provenance(answer["provenance"]) for answer in answers if answer["provenance"])
    told = f"answers: {', '.join(origins)}" if origins else ""
    return " · ".join(filter(None, [f"{frames[-1].at - frames[0].at} s", used(frames), told]))


def used(frames: Sequence[Frame]) -> str:
    """Return the tokens of these frames: "109 tokens (estimated)"."""
    prompt, completion, estimated = trace.tokens(frames)
    if not prompt + completion:
        return ""
    return f"{prompt + completion:,} tokens{' (estimated)' if estimated else ''}"


def edit_label(edit: Iterable[str], n: int) -> str:
    """A branch's name: "fork 2: other instructions"."""
    return f"fork {n}" + "".join(f": other {kind}" for kind in edit)


def comparison(ours: Sequence[Frame], theirs: Sequence[Frame], name: str, other: str) -> Html:
    """Two branches side by side from where they part, and how their answers differ."""
    n = trace.parted(ours, theirs)
    left, right = [_beside(frame) for frame in ours[n:]], [_beside(frame) for frame in theirs[n:]]
    rows = Html().join(
        Html("<tr{}><td>{}</td><td>{}</td></tr>").format("" if same == "equal" else _NEW, a, b)
        for same, i, to, j, upto in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        for a, b in zip_longest(left[i:to], right[j:upto], fillvalue="")
    )
    head = Html("<tr><th>{}</th><th>{}</th></tr>").format(name, other)
    page = Html("<p>The first {} frames tell the same.</p><table>{}{}</table>{}")
    return page.format(n, head, rows, _difference(ours, theirs))


def _beside(frame: Frame) -> Html:
    """A frame in a line, with what was said or given in it."""
    told = [str(one["output"]) for one in trace.outputs(frame)]
    if answered := frame.find("model.answered"):
        told += [answered["data"]["text"], *(call["arguments"] for call in answered["data"]["tool_calls"])]
    more = Html(" <small>{}</small>").format(" · ".join(filter(None, told))) if any(told) else ""
    return Html("{}{}").format(frame.title, more)


def _difference(ours: Sequence[Frame], theirs: Sequence[Frame]) -> Html:
    lines = difflib.ndiff(_said(theirs).splitlines(), _said(ours).splitlines())
    kinds = {"- ": "del", "+ ": "ins"}
    shown = [(kinds.get(line[:2], "span"), line[2:]) for line in lines if not line.startswith("? ")]
    lines_of_html = (Html("<{0}>{1}</{0}>\n").format(kind, text) for kind, text in shown)
    return Html("<pre>{}</pre>").format(Html().join(lines_of_html))


def _said(frames: Sequence[Frame]) -> str:
    answers = (entry["data"]["text"] for frame in frames if (entry := frame.find("model.answered")))
    return "\n".join(filter(None, answers))


def copy_html(title: str, frames: Sequence[Frame]) -> Html:
    """The frames of a run as a table that needs no script."""
    row = Html("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>")
    rows = Html().join(row.format(n, one.title, pill(one.status), one.badge) for n, one in enumerate(frames, 1))
    used = f" · {told}" if (told := summary(frames)) else ""
    head = Html("<p><b>Run</b> {}{}</p>").format(title, used)
    columns = Html("<tr><th>frame</th><th>what happened</th><th>status</th><th></th></tr>")
    table = Html("{}<table><thead>{}</thead><tbody>{}</tbody></table>")
    return table.format(head, columns, rows) if rows else head
