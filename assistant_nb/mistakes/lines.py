"""The learner's own line, put right: the lines that advice gives."""

import ast
import re
from contextlib import suppress
from typing import Final

from ..sdk import KINDS
from .facts import Argument, Facts
from .place import stands_alone
from .row import Words

CLASSES: Final = {
    "thread": "Thread",
    "assistant": "Assistant",
    "run": "Run",
    "message": "Message",
    "vector_store": "VectorStore",
    "file": "FileObject",
    "client": "OpenAI",
    "stepper": "RunStepper",
    "anb": "anb",
}
"""What a learner has names for, and the class of each."""


def with_id(facts: Facts, groups: Words, param: str, wanted: str) -> str:
    """Return the learner's line with an id where it belongs; without such a line `assistant_id=assistant.id`.

    Two ids that have changed places are changed back.
    """
    id, kind = groups.get("id", ""), CLASSES.get(wanted, "")
    given = argument_of(facts, param, id)
    if swapped := _swapped(facts, given, wanted):
        return swapped
    passed = [one.name for one in facts.named if one.id == id and one.kind == kind]
    name = passed[-1] if passed else name_of(facts, kind, wanted)
    if given:
        return with_value(facts, given, f"{name}.id")
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


def other_id(facts: Facts, groups: Words) -> str:
    """Return the learner's line with the id of another object that the learner has; "" if there is none."""
    id = groups.get("id") or groups.get("file_id", "")
    thing = (groups.get("thing") or "file").replace(" ", "_")
    names = [one.name for one in facts.named if one.kind == CLASSES.get(thing) and one.id != id]
    given = argument_of(facts, f"{thing}_id", id)
    return with_value(facts, given, f"{names[-1]}.id") if names and given else ""


def argument_of(facts: Facts, param: str, id: str) -> Argument | None:
    """Return the argument of this name, or else with this id."""
    by_id = (one for one in facts.arguments if id and one.id == id)
    return next((one for one in facts.arguments if one.name == param), None) or next(by_id, None)


def with_value(facts: Facts, given: Argument, value: str) -> str:
    """Return the learner's line with another value for an argument."""
    part = facts.part[: given.begin] + value + facts.part[given.end :]
    return facts.line.replace(facts.part, part, 1)


def with_data(facts: Facts) -> str:
    """Return the learner's line with the items of a page in place of the page: `messages.data[0]`."""
    base, tail = facts.base or "page", facts.part[len(facts.base) :]
    if facts.part.startswith("len("):
        part = f"len({base}.data)"
    else:
        part = f"{base}.data{tail}" if tail.startswith("[") else f"{base}.data[0]{tail}"
    return part if facts.line.endswith(":") else facts.line.replace(facts.part, part, 1)


def with_word(line: str, word: str, better: str) -> str:
    """Return a line with another text in quotes; "" if it has no such text."""
    changed = re.sub(rf"""(['"]){re.escape(word)}\1""", rf"\g<1>{better}\g<1>", line)
    return changed if changed != line else ""


def with_key(facts: Facts, word: str, better: str) -> str:
    """Return the learner's line with another name for an argument or a key: `word=` or `"word":`; "" without one."""
    here = rf"""\b{re.escape(word)}(?=\s*=[^=])|(?<=["']){re.escape(word)}(?=["']\s*:)"""
    part = re.sub(here, better, facts.part, count=1)
    return facts.line.replace(facts.part, part, 1) if part != facts.part else ""


def with_header(facts: Facts, version: str) -> str:
    """Return the learner's line with a header of this version."""
    headers = f'{{"OpenAI-Beta": "assistants={version}"}}'
    if given := argument_of(facts, "extra_headers", ""):
        return with_value(facts, given, headers)
    if given := argument_of(facts, "options", ""):  # of client.post
        return with_value(facts, given, f'{{"headers": {headers}}}')
    return f"extra_headers={headers}"


def attached(facts: Facts, file: str) -> str:
    """Return the learner's line with the files of version 1 where version 2 has them."""
    to_message = "message" in facts.line or "role" in facts.line
    if not to_message and (given := argument_of(facts, "extra_body", "")):
        found = re.search(r"file_ids.*?(\[.*?\])", facts.part[given.begin : given.end])
        ids = found[1] if found else f"[{file}.id]"
        return with_value(facts, given, f'{{"tool_resources": {{"code_interpreter": {{"file_ids": {ids}}}}}}}')
    attachments = f'[{{"file_id": {file}.id, "tools": [{{"type": "code_interpreter"}}]}}]'
    changed = re.sub(r"""(["'])file_ids\1: \[[^]]*\]""", f'"attachments": {attachments}', facts.line)
    return changed if changed != facts.line else f"attachments={attachments}"


def made(facts: Facts) -> str:
    """Return the line that makes a client, as the learner does it."""
    if "OpenAI(" not in facts.line:
        return "client = OpenAI()"
    return facts.line if stands_alone(facts.line, facts.cell_names) else f"client = {facts.part}"


def wait(facts: Facts, groups: Words, client: str) -> str:
    """Return the line that waits for an active run; "" if that would be for ever, as the run waits for outputs.

    A run of a stepper may be held. Then it moves only by the stepper.
    """
    run_id, thread_id = groups.get("run_id", ""), groups.get("thread_id", "")
    about = [one for one in facts.named if one.id == run_id]
    if any(one.status == "requires_action" for one in about):
        return ""
    if steppers := [one.name for one in about if one.kind == "RunStepper"]:
        return f"{steppers[-1]}.to_end()  # move it on"
    return f'{client}.beta.threads.runs.poll("{run_id}", thread_id="{thread_id}")  # wait for it'


def outputs(facts: Facts, client: str, run: str) -> str:
    """Return the learner's line with one output for each call."""
    stepper = facts.part.partition(".submit(")[0] if ".submit(" in facts.part else run.removesuffix(".run")
    if any(one.kind == "RunStepper" and one.name == stepper for one in facts.named):
        calls = f"{stepper}.run.required_action.submit_tool_outputs.tool_calls"
        return f'{stepper}.submit({{call.id: "…" for call in {calls}}})'
    calls = f"{run}.required_action.submit_tool_outputs.tool_calls"
    outputs = f'[{{"tool_call_id": call.id, "output": "…"}} for call in {calls}]'
    if given := argument_of(facts, "tool_outputs", ""):
        return with_value(facts, given, outputs)
    return (
        f"{client}.beta.threads.runs.submit_tool_outputs({run}.id, thread_id={run}.thread_id, tool_outputs={outputs})"
    )


def name_of(facts: Facts, kind: str, usual: str) -> str:
    """Return the learner's name for an object of a kind: that in the line, else the usual one, else the latest."""
    ids = {one.id for one in facts.arguments}
    names = [usual, *(one.name for one in facts.named if one.kind == kind)]
    in_line = [one.name for one in facts.named if one.kind == kind and one.id in ids]
    return in_line[-1] if in_line else usual if usual in names[1:] else names[-1]


def near_tool(given: str) -> str:
    """`code-interpreter` is `code_interpreter`, `functions` is `function`."""
    tools = ("code_interpreter", "file_search", "function")
    return next((tool for tool in tools if tool[:4] == given[:4].lower()), "file_search")


def run_of(facts: Facts, usual: str) -> str:
    """Return how the learner writes the run that `said` was asked for: `main`, `stepper.run`, the thread's latest."""
    for one in facts.arguments[:1] if facts.kind == "NotAnswered" else ():
        text = facts.part[one.begin : one.end]
        on_thread = [run.name for run in facts.named if run.kind == "Run" and run.thread_id == one.id]
        if not one.id.startswith("thread") and re.fullmatch(r"[\w.]+", text):
            return text
        if on_thread:
            return on_thread[-1]
    return usual


def go_on(facts: Facts, run: str, named: Words) -> str:
    """Return the line that moves a held run on: by the learner's stepper, else by a new one."""
    ids = {one.id for one in facts.named if one.name == run}
    steppers = [one for one in facts.named if one.kind == "RunStepper" and (one.id in ids or run == f"{one.name}.run")]
    stepper = (
        steppers[-1].name if steppers else "{anb}.RunStepper({client}, run={run})".format_map({**named, "run": run})
    )
    return f"{stepper}.to_end()"


def way_on(facts: Facts, groups: Words, stepper: str) -> str:
    """Return the move of a stepper that brings its run to a place, or further than now."""
    if groups.get("place") in ("cancelling", "cancelled"):
        return "stop"
    if groups.get("place") == "expired":
        return "pass_time"
    waits = any(one.status == "requires_action" for one in facts.named if one.name == stepper)
    return "submit" if waits or "place" in groups else "to_end"


def with_attribute(facts: Facts, word: str, better: str) -> str:
    """Return the learner's line with another attribute: `client.beta.assistants` for `client.beta.assistant`."""
    part = re.sub(rf"\.{re.escape(word)}\b", f".{better}", facts.part, count=1)
    return facts.line.replace(facts.part, part, 1)


def missing(facts: Facts) -> str:
    """Return the first parameter that the SDK's sentence names and the call does not give; "" if there is none."""
    given = {one.name for one in facts.arguments}
    named = re.findall(r"'(\w+)'", facts.sentence)
    return next((name for name in named if name not in given and name in facts.parameters), "")


def with_missing(facts: Facts, param: str) -> str:
    """Return the learner's line with one argument more."""
    kind = CLASSES.get(param.removesuffix("_id"), "")
    usual = {"model": '"gpt-4o"', "role": '"user"', "purpose": '"assistants"'}.get(param, '"…"')
    value = f"{name_of(facts, kind, param.removesuffix('_id'))}.id" if kind and param.endswith("_id") else usual
    if not facts.part.endswith(")"):
        return f"{param}={value}"
    comma = ", " if facts.arguments else ""
    part = f"{facts.part[:-1].rstrip(', ')}{comma}{param}={value})"
    return facts.line.replace(facts.part, part, 1)


def unnamed(facts: Facts) -> tuple[str, str]:
    """Return the parameter that an argument without a name may be meant for, and the learner's line with its name."""
    for one in reversed([one for one in facts.arguments if one.name is None]):
        text = facts.part[one.begin : one.end]
        param = f"{KINDS.get(re.split('[-_]', one.id)[0], '').partition(' ')[2].replace(' ', '_')}_id"
        usual = (
            "messages"
            if text.startswith("[")
            else "model"
            if re.search(r"assistants\.create|chat\.", facts.part)
            else ""
        )
        for meant in (param, usual):
            if meant in facts.parameters:
                return meant, with_value(facts, one, f"{meant}={text}")
    return "", ""


def in_list(facts: Facts, param: str) -> str:
    """Return the learner's line with a list around an argument, or around a value in it: `file_ids=[file.id]`."""
    if given := argument_of(facts, param, ""):
        return with_value(facts, given, f"[{facts.part[given.begin : given.end]}]")
    part = re.sub(rf"""(["']{re.escape(param)}["']: )([\w.]+|"[^"]*"|'[^']*')""", r"\1[\2]", facts.part, count=1)
    return facts.line.replace(facts.part, part, 1) if part != facts.part else f"{param}=[…]"


def as_file(facts: Facts, param: str) -> str:
    """Return the learner's line with a name and a content where it has only one of them."""
    given = argument_of(facts, param, "")
    text = facts.part[given.begin : given.end] if given else '"notes.txt"'
    is_name = re.fullmatch(r"""["'][^"'\s]+\.\w+["']""", text)
    better = f'({text}, "…".encode())' if is_name else f'("notes.txt", {text}.encode())'
    return with_value(facts, given, better) if given else f"{param}={better}"


def as_tools(facts: Facts, anb: str) -> str:
    """Return the learner's line with descriptions of functions where it has the functions."""
    given = argument_of(facts, "tools", "")
    text = facts.part[given.begin : given.end] if given else ""
    with suppress(SyntaxError):
        match ast.parse(text, mode="eval").body:
            case ast.List(elts=items):
                texts = [ast.unparse(one) for one in items]
                tools = [f"{anb}.function_tool({one})" if one.isidentifier() else one for one in texts]
                return with_value(facts, given, f"[{', '.join(tools)}]") if given else ""
            case ast.Name(id=name) if given:
                return with_value(facts, given, f"[{anb}.function_tool(one) for one in {name}]")
    return f"tools=[{anb}.function_tool(…)]"


def on_its_thread(facts: Facts, groups: Words) -> str:
    """Return the learner's line with the thread of the object that was asked for; "" if that is the one in the line."""
    known = [one for one in facts.named if one.id == groups.get("id") and one.thread_id]
    in_line = [one for one in known if re.search(rf"\b{one.name}\b", facts.part)]
    given = argument_of(facts, "thread_id", "")
    if not known or not given or given.id in ("", known[-1].thread_id):
        return ""
    return with_value(facts, given, f"{[*known, *in_line][-1].name}.thread_id")


def exercise(facts: Facts) -> str:
    """Return the learner's line with the number of an exercise as text: `"01.1"` for `01.1`, `1.1` and `"1.1"`."""
    for one in facts.arguments[:1]:
        number = facts.part[one.begin : one.end].strip("\"'")
        lesson, _, rest = number.partition(".")
        return with_value(facts, one, f'"{lesson.zfill(2)}.{rest}"')
    return ""
