"""Finds the row of the table that fits an error, and fills in its words."""

import re
from typing import Final, NamedTuple

from ..sdk import KINDS
from ..texts import count, short
from .facts import Argument, Facts
from .place import stands_alone
from .row import Lesson, Words
from .table import MISTAKES, ids_in

_LONGEST: Final = 300
_OPEN: Final = re.compile(r"^\w+=[^=]|…")
"""Found in a line that is not to be pasted as it is: an argument of a call, or a place for the learner's own words."""
_KINDS: Final = {
    "thread": "Thread",
    "assistant": "Assistant",
    "run": "Run",
    "message": "Message",
    "vector_store": "VectorStore",
    "file": "FileObject",
    "client": "OpenAI",
    "anb": "anb",
}
"""What a learner has names for, and the class of each."""


class Advice(NamedTuple):
    mistake: str
    what: str
    do: tuple[str, ...]
    alone: bool
    """True if the lines can be pasted into a cell as they are; False if the learner has to make them fit."""
    lesson: Lesson


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
            return Advice(row.name, row.what.format_map(words), do, alone, row.lesson)
    return None


def shown(facts: Facts) -> str:
    """Return the sentence of an error, short enough to be read."""
    without_objects = re.sub(r"'([A-Z]\w+)\(id='[^']*'.*\)'(?=\.)", r"'\1(…)'", facts.sentence)
    return short(without_objects, _LONGEST)


def _words(facts: Facts, groups: Words) -> Words:
    """Return all that may stand in the braces of a row."""
    named = {word: _name(facts, kind, word) for word, kind in _KINDS.items()}
    param = re.sub(r"\[\d+\]$", "", groups.get("param", "").rpartition(".")[2] or facts.param.rpartition(".")[2])
    wanted = param.removesuffix("s").removesuffix("_id")
    word, meant = facts.misspelt or ("", "")
    has_anb = any(one.kind == "anb" for one in facts.named)
    method = facts.part.partition("(")[0]
    near_tool = _near_tool(groups.get("tool", ""))
    start = f"{named['anb']}.start(" if has_anb else "import assistant_nb as anb; anb.start("
    return {
        **named,
        **groups,
        "start_with": start,
        "start": f"{start})",
        "made": _made(facts),
        "argument": _argument(facts, groups, param, wanted),
        "kind_given": KINDS.get(groups.get("prefix", ""), ""),
        "kind_wanted": f"{'an' if wanted[:1] in 'aeiou' else 'a'} {wanted.replace('_', ' ')}",
        "other_id": _other_id(facts, groups),
        "poll": "{client}.beta.threads.runs.poll({run}.id, thread_id={run}.thread_id)".format_map(named),
        "near_tool": near_tool,
        "with_tool": _with_word(facts.line, groups.get("tool", ""), near_tool) or f'tools=[{{"type": "{near_tool}"}}]',
        "as_user": _with_word(facts.line, groups.get("role", ""), "user") or 'role="user"',
        "in_v1": _with_header(facts, "v1"),
        "attached": _attached(facts, named["file"]),
        "in_v2": _with_header(facts, "v2"),
        "outputs": _outputs(facts, named["client"], named["run"]),
        "many_wanted": count(len(ids_in(groups.get("wanted", ""))), "output"),
        "many_got": str(len(ids_in(groups.get("got", "")))),
        "word": word,
        "meant": meant,
        "corrected": _with_key(facts, word, meant),
        "help": f"help({method})" if method else "",
        "base": facts.base or "page",
        "text": "call.function.arguments" if facts.kind == "KeyError" else facts.base,
        "wait": _wait(facts, groups, named["client"]),
        "with_data": _with_data(facts),
        "look": f"Look at `{facts.param}` in your line." if facts.param else "Look at your line, and at this sentence.",
    }


def _argument(facts: Facts, groups: Words, param: str, wanted: str) -> str:
    """Return the learner's line with an id where it belongs; without such a line `assistant_id=assistant.id`.

    Two ids that have changed places are changed back.
    """
    id, kind = groups.get("id", ""), _KINDS.get(wanted, "")
    given = _given(facts, param, id)
    if swapped := _swapped(facts, given, wanted):
        return swapped
    passed = [one.name for one in facts.named if one.id == id and one.kind == kind]
    name = passed[-1] if passed else _name(facts, kind, wanted)
    if given:
        return _with(facts, given, f"{name}.id")
    return f"{param}=[{name}.id]" if param.endswith("s") else f"{param}={name}.id"


def _swapped(facts: Facts, given: Argument | None, wanted: str) -> str:
    """Return the learner's line with two ids in each other's place, if another argument has the kind that is wanted."""
    others = [one for one in facts.arguments if KINDS.get(re.split("[-_]", one.id)[0], "").endswith(wanted)]
    if not given or not others or given in others:
        return ""
    first, second = sorted([given, others[0]], key=lambda one: one.begin)
    a, b = (facts.part[one.begin : one.end] for one in (first, second))
    part = f"{facts.part[: first.begin]}{b}{facts.part[first.end : second.begin]}{a}{facts.part[second.end :]}"
    return facts.line.replace(facts.part, part, 1)


def _other_id(facts: Facts, groups: Words) -> str:
    """Return the learner's line with the id of another object that the learner has; "" if there is none."""
    id = groups.get("id") or groups.get("file_id", "")
    thing = (groups.get("thing") or "file").replace(" ", "_")
    names = [one.name for one in facts.named if one.kind == _KINDS.get(thing) and one.id != id]
    given = _given(facts, f"{thing}_id", id)
    return _with(facts, given, f"{names[-1]}.id") if names and given else ""


def _given(facts: Facts, param: str, id: str) -> Argument | None:
    """Return the argument of this name, or else with this id."""
    by_id = (one for one in facts.arguments if id and one.id == id)
    return next((one for one in facts.arguments if one.name == param), None) or next(by_id, None)


def _with(facts: Facts, given: Argument, value: str) -> str:
    """Return the learner's line with another value for an argument."""
    part = facts.part[: given.begin] + value + facts.part[given.end :]
    return facts.line.replace(facts.part, part, 1)


def _with_data(facts: Facts) -> str:
    """Return the learner's line with the items of a page in place of the page: `messages.data[0]`."""
    base, tail = facts.base or "page", facts.part[len(facts.base) :]
    if facts.part.startswith("len("):
        part = f"len({base}.data)"
    else:
        part = f"{base}.data{tail}" if tail.startswith("[") else f"{base}.data[0]{tail}"
    return part if facts.line.endswith(":") else facts.line.replace(facts.part, part, 1)


def _with_word(line: str, word: str, better: str) -> str:
    """Return a line with another text in quotes; "" if it has no such text."""
    changed = re.sub(rf"""(['"]){re.escape(word)}\1""", rf"\g<1>{better}\g<1>", line)
    return changed if changed != line else ""


def _with_key(facts: Facts, word: str, better: str) -> str:
    """Return the learner's line with another name for an argument or a key: `word=` or `"word":`; "" without one."""
    here = rf"""\b{re.escape(word)}(?=\s*=[^=])|(?<=["']){re.escape(word)}(?=["']\s*:)"""
    part = re.sub(here, better, facts.part, count=1)
    return facts.line.replace(facts.part, part, 1) if part != facts.part else ""


def _with_header(facts: Facts, version: str) -> str:
    """Return the learner's line with a header of this version."""
    headers = f'{{"OpenAI-Beta": "assistants={version}"}}'
    if given := _given(facts, "extra_headers", ""):
        return _with(facts, given, headers)
    if given := _given(facts, "options", ""):  # of client.post
        return _with(facts, given, f'{{"headers": {headers}}}')
    return f"extra_headers={headers}"


def _attached(facts: Facts, file: str) -> str:
    """Return the learner's line with the files of version 1 where version 2 has them."""
    to_message = "message" in facts.line or "role" in facts.line
    if not to_message and (given := _given(facts, "extra_body", "")):
        found = re.search(r"file_ids.*?(\[.*?\])", facts.part[given.begin : given.end])
        ids = found[1] if found else f"[{file}.id]"
        return _with(facts, given, f'{{"tool_resources": {{"code_interpreter": {{"file_ids": {ids}}}}}}}')
    attachments = f'[{{"file_id": {file}.id, "tools": [{{"type": "code_interpreter"}}]}}]'
    changed = re.sub(r"""(["'])file_ids\1: \[[^]]*\]""", f'"attachments": {attachments}', facts.line)
    return changed if changed != facts.line else f"attachments={attachments}"


def _made(facts: Facts) -> str:
    """Return the line that makes a client, as the learner does it."""
    if "OpenAI(" not in facts.line:
        return "client = OpenAI()"
    return facts.line if stands_alone(facts.line, facts.cell_names) else f"client = {facts.part}"


def _wait(facts: Facts, groups: Words, client: str) -> str:
    """Return the line that waits for an active run; "" if that would be for ever, as the run waits for outputs."""
    run_id, thread_id = groups.get("run_id", ""), groups.get("thread_id", "")
    waits = any(one.waits and one.id == run_id for one in facts.named)
    return "" if waits else f'{client}.beta.threads.runs.poll("{run_id}", thread_id="{thread_id}")  # wait for it'


def _outputs(facts: Facts, client: str, run: str) -> str:
    """Return the learner's line with one output for each call."""
    calls = f"{run}.required_action.submit_tool_outputs.tool_calls"
    outputs = f'[{{"tool_call_id": call.id, "output": "…"}} for call in {calls}]'
    if given := _given(facts, "tool_outputs", ""):
        return _with(facts, given, outputs)
    return (
        f"{client}.beta.threads.runs.submit_tool_outputs({run}.id, thread_id={run}.thread_id, tool_outputs={outputs})"
    )


def _name(facts: Facts, kind: str, usual: str) -> str:
    """Return the learner's name for an object of a kind: that in the line, else the usual one, else the latest."""
    ids = {one.id for one in facts.arguments}
    names = [usual, *(one.name for one in facts.named if one.kind == kind)]
    in_line = [one.name for one in facts.named if one.kind == kind and one.id in ids]
    return in_line[-1] if in_line else usual if usual in names[1:] else names[-1]


def _near_tool(given: str) -> str:
    """`code-interpreter` is `code_interpreter`, `functions` is `function`."""
    tools = ("code_interpreter", "file_search", "function")
    return next((tool for tool in tools if tool[:4] == given[:4].lower()), "file_search")
