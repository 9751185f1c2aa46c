"""What the stepper shows of a whole run: its frames as rows, a summary, two branches side by side, the copy. Pure."""

import difflib
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

from ... import render, trace
from ...trace import Frame
from ..html import pill, provenance
from ..messages import FrameRow

_NEW: Final = ' class="anb-new"'


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
