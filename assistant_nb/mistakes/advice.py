"""Finds the row of the table that fits an error, and fills in its words."""

import re
from typing import Final, NamedTuple

from ..sdk import KINDS
from ..texts import count, short
from . import lines
from .facts import Facts
from .place import stands_alone
from .row import Lesson, Words, ids_in
from .table import MISTAKES

_LONGEST: Final = 300
_OPEN: Final = re.compile(r"^\w+=[^=]|…")
"""Found in a line that is not to be pasted as it is: an argument of a call, or a place for the learner's own words."""


class Advice(NamedTuple):
    mistake: str
    what: str
    do: tuple[str, ...]
    alone: bool
    """True if the lines can be pasted into a cell as they are; False if the learner has to make them fit."""
    choose: bool
    """True if one of the lines is enough."""
    lesson: Lesson | None


def advice(facts: Facts) -> Advice | None:
    """Return what to say about an error; None if it is none of these mistakes."""
    for row in MISTAKES:
        found = re.search(row.says, facts.sentence) if re.fullmatch(row.kind, facts.kind) else None
        if not found or (row.tag and row.tag not in facts.tags):
            continue
        groups = {name: text or "" for name, text in found.groupdict().items()}
        if row.fits is None or row.fits(facts, groups):
            words = _words(facts, groups)
            do = tuple(filter(None, (line.format_map(words) for line in row.do)))
            alone = all(stands_alone(line, facts.cell_names) and not _OPEN.search(line) for line in do)
            return Advice(row.name, row.what.format_map(words), do, alone, row.choose and len(do) > 1, row.lesson)
    return None


def shown(facts: Facts) -> str:
    """Return the sentence of an error, short enough to be read."""
    without_objects = re.sub(r"'([A-Z]\w+)\(id='[^']*'.*\)'(?=\.)", r"'\1(…)'", facts.sentence)
    return short(without_objects, _LONGEST)


def _words(facts: Facts, groups: Words) -> Words:
    """Return all that may stand in the braces of a row."""
    named = {word: lines.name_of(facts, kind, word) for word, kind in lines.CLASSES.items()}
    named["run"] = lines.run_of(facts, named["run"])
    param = re.sub(r"\[\d+\]$", "", groups.get("param", "").rpartition(".")[2] or facts.param.rpartition(".")[2])
    wanted = param.removesuffix("s").removesuffix("_id")
    word, meant = facts.misspelt or ("", "")
    return {
        **named,
        **groups,
        **_lines(facts, groups, named, param),
        "kind_given": KINDS.get(groups.get("prefix", ""), ""),
        "kind_wanted": f"{'an' if wanted[:1] in 'aeiou' else 'a'} {wanted.replace('_', ' ')}",
        "near_tool": lines.near_tool(groups.get("tool", "")),
        "many_wanted": count(len(ids_in(groups.get("wanted", ""))), "output"),
        "many_got": str(len(ids_in(groups.get("got", "")))),
        "word": word,
        "meant": meant,
        "missing": lines.missing(facts),
        "unnamed": lines.unnamed(facts)[0],
        "about": facts.param,
        "list": param,
        "base": facts.base or "page",
        "text": "call.function.arguments" if facts.kind == "KeyError" else facts.base,
        "free": _free(facts, groups),
        "no_action": _no_action(facts),
    }


def _lines(facts: Facts, groups: Words, named: Words, param: str) -> Words:
    """Return those of the words that are lines of code."""
    word, meant = facts.misspelt or ("", "")
    has_anb = any(one.kind == "anb" for one in facts.named)
    method = facts.part.partition("(")[0]
    near_tool = lines.near_tool(groups.get("tool", ""))
    with_tool = lines.with_word(facts.line, groups.get("tool", ""), near_tool)
    start = f"{named['anb']}.start(" if has_anb else "import assistant_nb as anb; anb.start("
    return {
        "start_with": start,
        "start": f"{start})",
        "made": lines.made(facts),
        "argument": lines.with_id(facts, groups, param, param.removesuffix("s").removesuffix("_id")),
        "other_id": lines.other_id(facts, groups),
        "poll": "{client}.beta.threads.runs.poll({run}.id, thread_id={run}.thread_id)".format_map(named),
        "with_tool": with_tool or f'tools=[{{"type": "{near_tool}"}}]',
        "way_on": lines.way_on(facts, groups, named["stepper"]),
        "with_place": lines.with_word(facts.line, groups.get("place", ""), groups.get("near", "")),
        "as_user": lines.with_word(facts.line, groups.get("role", ""), "user") or 'role="user"',
        "in_v1": lines.with_header(facts, "v1"),
        "attached": lines.attached(facts, named["file"]),
        "in_v2": lines.with_header(facts, "v2"),
        "outputs": lines.outputs(facts, named["client"], named["run"]),
        "corrected": lines.with_key(facts, word, meant),
        "help": f"help({method})" if method else "",
        "wait": lines.wait(facts, groups, named["client"]),
        "with_data": lines.with_data(facts),
        "go_on": lines.go_on(facts, named["run"], named),
        "with_attribute": lines.with_attribute(facts, word, meant),
        "with_beta": lines.with_attribute(facts, word, f"beta.{word}"),
        "without_beta": facts.line.replace(".beta.", ".", 1),
        "with_missing": lines.with_missing(facts, lines.missing(facts)),
        "with_name": lines.unnamed(facts)[1],
        "in_list": lines.in_list(facts, param),
        "as_file": lines.as_file(facts, param),
        "as_tools": lines.as_tools(facts, named["anb"]),
        "on_its_thread": lines.on_its_thread(facts, groups),
        "exercise": lines.exercise(facts),
    }


def _free(facts: Facts, groups: Words) -> str:
    """Return what frees a locked thread, as far as the learner's objects tell."""
    known = [one.status for one in facts.named if one.kind == "Run" and one.id == groups.get("run_id")]
    if "requires_action" in known:
        return "Submit its tool outputs, or cancel it."
    return "Wait for its end, or cancel it." if known else "Submit its tool outputs, wait for its end, or cancel it."


def _no_action(facts: Facts) -> str:
    """Return why a run asks for no outputs."""
    owner = facts.base.removesuffix(".required_action")
    status = next((one.status for one in facts.named if one.name == owner), "")
    if status == "completed":
        return (
            "The run is `completed`: the model called no function. Practice calls one when the question has a word of"
            " its name."
        )
    if status in ("queued", "in_progress"):
        return f"The run was `{status}` when you looked. Wait until it asks for outputs."
    return f"The run is `{status}`. Only a run in `requires_action` asks for outputs." if status else ""
