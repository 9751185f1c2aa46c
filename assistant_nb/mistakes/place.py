"""Finds the learner's own line in a traceback. No IPython here."""

import ast
import builtins
import itertools
import linecache
import sysconfig
import textwrap
import tokenize
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

_PACKAGE: Final = str(Path(__file__).parents[1])
_INSTALLED: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})

CellName = Callable[[str], str | None]
"""Returns what a person calls the cell that has this file name ("Cell In[5]"); None if it is no cell."""


@dataclass(frozen=True)
class Place:
    """Where in the learner's code an error came up."""

    where: str
    """ "Cell In[5], line 3"."""
    line: str
    """The learner's own line. A call over several lines is put on one."""
    part: str
    """The expression in it that failed, such as `messages[0]`; empty if Python does not say."""
    names: Mapping[str, Any]
    """The variables that this line can see."""
    cell_names: Container[str]
    """Those that a new cell could see."""
    raised_here: bool
    """True if the line itself raised the error; False if something that it has called did."""
    caller: str = ""
    """The line of the cell that ran, if that one has called a function of another cell: "Cell In[7], line 1: ask()"."""


def find(traceback: TracebackType | None, cell_name: CellName) -> Place | None:
    """Return the innermost place in a cell or a file of the learner; None if there is none."""
    found, ran = None, None
    for at in steps(traceback):
        file = at.tb_frame.f_code.co_filename
        if cell := cell_name(file):
            ran = ran or (at, cell)
        if where := cell or _own_file(file):
            found = at, where
    if found is None:
        return None
    at, where = found
    line, part = _source(at)
    names = {**at.tb_frame.f_globals, **at.tb_frame.f_locals}
    caller = ""
    if ran and ran[0].tb_frame.f_code.co_filename != at.tb_frame.f_code.co_filename:
        caller = f"{ran[1]}, line {ran[0].tb_lineno}: {_source(ran[0])[0]}"
    return Place(f"{where}, line {at.tb_lineno}", line, part, names, at.tb_frame.f_globals, at.tb_next is None, caller)


def steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    """Yield the calls of a traceback, outermost first."""
    while traceback:
        yield traceback
        traceback = traceback.tb_next


def base_of(part: str) -> str:
    """Return what an expression looks into: `messages` of `messages[0]`, `messages.last` and `len(messages)`."""
    match _parsed(part):
        case ast.Subscript(value=base) | ast.Attribute(value=base):
            pass
        case ast.Call(keywords=[*_, ast.keyword(arg=None, value=base)]):  # f(**arguments)
            pass
        case ast.Call(func=ast.Name(), args=[base]):
            pass
        case _:
            return ""
    return ast.unparse(base)


def arguments_of(part: str) -> Iterator[tuple[str | None, int, int]]:
    """Yield the arguments of a call: the name of each, if it has one, and where its value begins and ends."""
    call = _parsed(part)
    call = call.value if isinstance(call, ast.Await) else call
    if not isinstance(call, ast.Call) or not part.isascii():
        return
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    for one in given:
        value = one.value if isinstance(one, ast.keyword) else one
        yield getattr(one, "arg", None), value.col_offset, value.end_col_offset or 0


def stands_alone(line: str, names: Container[str]) -> bool:
    """Return whether a line can be pasted into a cell where these names are known."""
    try:
        compile(line, "", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return False
    used = [node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Name)]
    made = {node.id for node in used if isinstance(node.ctx, ast.Store)}
    made |= {
        one.asname or one.name
        for node in ast.walk(ast.parse(line))
        if isinstance(node, ast.Import)
        for one in node.names
    }
    return all(node.id in made or node.id in names or hasattr(builtins, node.id) for node in used)


def value_of(expression: str, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression of names, attributes and places in lists; else None. Calls nothing."""
    match _parsed(expression):
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=base, attr=name):
            return getattr(value_of(ast.unparse(base), names), "__dict__", {}).get(name)
        case ast.Subscript(value=base, slice=ast.Constant(value=int(index))):
            inner = value_of(ast.unparse(base), names)
            return inner[index] if type(inner) is list and -len(inner) <= index < len(inner) else None
        case _:
            return None


def _parsed(expression: str) -> ast.expr | None:
    with suppress(SyntaxError):
        return ast.parse(expression.strip(), mode="eval").body
    return None


def _own_file(name: str) -> str | None:
    """Return how a file is called that is not a part of Python, of a package, or of this one."""
    path = Path(name)
    installed = name.startswith((_PACKAGE, *_INSTALLED)) or "site-packages" in path.parts
    return None if installed or not path.is_file() else path.name


def _source(at: TracebackType) -> tuple[str, str]:
    """Return the line of this step, and the part of it that was at work."""
    code = at.tb_frame.f_code
    lines = linecache.getlines(code.co_filename, at.tb_frame.f_globals)
    first, last, begin, end = next(itertools.islice(code.co_positions(), at.tb_lasti // 2, None), (None,) * 4)
    if first is None or last is None or begin is None or end is None or last > len(lines):
        return _joined([linecache.getline(code.co_filename, at.tb_lineno)]), ""
    block = _without_comments(lines[first - 1 : last])
    text = textwrap.dedent("".join(block))
    with suppress(SyntaxError):
        statement = ast.parse(text).body[0]
        if isinstance(statement, ast.With):  # its whole body would be the part
            opened = statement.items[0].context_expr
            header = text.splitlines()[: opened.end_lineno]
            return _joined(header), _joined([ast.get_source_segment(text, opened) or ""])
    part = [line.encode() for line in block]
    part[-1] = part[-1][:end]  # columns are counted in bytes
    part[0] = part[0][begin:]
    return _joined(block), _joined([line.decode(errors="replace") for line in part])


def _without_comments(lines: list[str]) -> list[str]:
    lines = list(lines)
    with suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(iter(list(lines)).__next__):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column] + "\n"
    return lines


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
