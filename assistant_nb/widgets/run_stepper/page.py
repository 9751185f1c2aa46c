"""What the stepper shows of a whole run: its frames as rows, two branches side by side, the copy. Pure."""

import difflib
import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from ... import trace
from ...render import Html
from ...trace import Frame
from ..html import pill, provenance
from ..messages import FrameRow
from ..statuses import is_final

_NEW: Final = Html(' class="anb-new"')


def rows(frames: Sequence[Frame]) -> list[FrameRow]:
    """The lines of the list; each says what was used up to it."""
    shown, (prompt, completion, estimated) = list[FrameRow](), (0, 0, False)
    for frame in frames:
        more = trace.tokens([frame])
        prompt, completion, estimated = prompt + more[0], completion + more[1], estimated or more[2]
        used = filter(None, [f"{frame.at - frames[0].at} s", _tokens(prompt + completion, estimated)])
        shown.append(
            {
                "title": frame.title,
                "badge": frame.badge,
                "status": frame.status,
                "effect": bool(frame.effect),
                "used": ", ".join(used),
            }
        )
    return shown


def origin(frames: Sequence[Frame]) -> str:
    """Return where the answers come from: "answers: authored"."""
    answers = (entry["data"] for frame in frames if (entry := frame.find("model.answered")))
    origins = dict.fromkeys(provenance(answer["provenance"]) for answer in answers if answer["provenance"])
    return f"answers: {', '.join(origins)}" if origins else ""


def line(frame: Frame, number: int) -> str:
    """A frame in a line of text: "2 · in_progress · The run is taken up"."""
    return f"{number} · {frame.status} · {frame.title}"


def used(frame: Frame) -> str:
    """Return the tokens of a frame: "109 tokens (estimated)"."""
    prompt, completion, estimated = trace.tokens([frame])
    return _tokens(prompt + completion, estimated)


def _tokens(total: int, estimated: bool) -> str:
    return f"{total:,} tokens{' (estimated)' if estimated else ''}" if total else ""


def comparison(ours: Sequence[Frame], theirs: Sequence[Frame], name: str, other: str) -> Html:
    """Two branches side by side from where they part. Frames that differ, and the words in them, are marked."""
    n = trace.parted(ours, theirs)
    left, right = list(enumerate(ours, 1))[n:], list(enumerate(theirs, 1))[n:]
    titles, others = [[frame.title for _, frame in side] for side in (left, right)]
    opcodes = difflib.SequenceMatcher(None, titles, others, autojunk=False).get_opcodes()
    pairs = [pair for _, i, to, j, upto in opcodes for pair in zip_longest(left[i:to], right[j:upto])]
    head = Html("<tr><th>{}</th><th>{}</th></tr>").format(name, other)
    same = Html("<p>{} the same.</p>").format("Frame 1 is" if n == 1 else f"Frames 1 to {n} are") if n else ""
    table = Html().join(_beside(*pair) for pair in pairs)
    return Html("{}<table>{}{}</table>").format(same, head, table)


def _beside(ours: tuple[int, Frame] | None, theirs: tuple[int, Frame] | None) -> Html:
    """A row of the comparison."""
    left, right = [_told(one[1]) if one else [] for one in (ours, theirs)]
    differs = not (ours and theirs) or left != right or ours[1].title != theirs[1].title
    cells = _cell(ours, left, right, differs), _cell(theirs, right, left, differs)
    return Html("<tr{}><td>{}</td><td>{}</td></tr>").format(_NEW if differs else "", *cells)


def _cell(one: tuple[int, Frame] | None, lines: Sequence[str], others: Sequence[str], differs: bool) -> Html:
    """A frame with its number, and with those lines of it that the other one does not have."""
    if one is None:
        return Html()
    told = (Html("<p>{}</p>").format(_marked(line, others)) for line in lines if line not in others)
    number = f"≠ {one[0]}" if differs else one[0]
    return Html("<small>{}</small> {}{}").format(number, one[1].title, Html().join(told))


def _marked(line: str, others: Sequence[str]) -> Html:
    """A line, with marks at the words that the most similar one of other lines does not have."""
    nearest = max(others, key=lambda other: difflib.SequenceMatcher(None, line, other).quick_ratio(), default="")
    words, old = line.split(), nearest.split()
    parts = difflib.SequenceMatcher(None, old, words, autojunk=False).get_opcodes()
    shown = ((kind, " ".join(words[i:to])) for kind, _, _, i, to in parts if i < to)
    return Html(" ").join(text if kind == "equal" else Html("<mark>{}</mark>").format(text) for kind, text in shown)


def _told(frame: Frame) -> list[str]:
    """What was asked, said or given in a frame, in lines."""
    lines = [str(one["output"]) for one in trace.outputs(frame)]
    if asked := frame.find("model.asked"):
        lines += [f"instructions: {asked['data']['instructions'] or ''}"]
        lines += [f"{turn['role']}: {_said(turn)}" for turn in asked["data"]["messages"]]
    for event in ("model.answered", "client.answered", "client.dictated"):
        if said := frame.find(event):
            lines += [_said(said["data"])]
    if failed := frame.find("thread.run.failed"):
        lines += [failed["data"]["last_error"]["message"]]
    return [line for line in lines if line]


def _said(turn: Mapping[str, Any]) -> str:
    """Text and calls of a message, an answer, or a person's answer."""
    text = turn.get("content", turn.get("text", ""))
    calls = [f"{call['name']}({call['arguments']}) {call.get('output', '')}" for call in turn.get("tool_calls") or []]
    return " · ".join(filter(None, [text if isinstance(text, str) else json.dumps(text), *calls]))


def copy_html(title: str, frames: Sequence[Frame], word: str) -> Html:
    """The frames of a run or a response as a table that needs no script."""
    row = Html("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>")
    lines = Html().join(row.format(n, one.title, pill(one.status), one.badge) for n, one in enumerate(frames, 1))
    upto = "in all" if frames and is_final(frames[-1].status) else "so far"
    told = [f"{upto}: {rows(frames)[-1]['used']}", origin(frames)] if frames else []
    head = Html("<p><b>{}</b> {}</p>").format(word.title(), " · ".join(filter(None, [title, *told])))
    columns = Html("<tr><th>frame</th><th>what happened</th><th>status</th><th></th></tr>")
    table = Html("{}<table><thead>{}</thead><tbody>{}</tbody></table>")
    return table.format(head, columns, lines) if lines else head
