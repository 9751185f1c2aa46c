"""A check that is changed is found out: at least one attempt of the tests gets another verdict."""

import ast
import copy
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest

from assistant_nb.exercises import lesson_00, lesson_01
from assistant_nb.exercises.see import See
from assistant_nb.exercises.table import EXERCISES, of_lesson
from tests.exercises.conftest import World
from tests.exercises.test_exercises import attempts

_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
}


def changed(node: ast.AST) -> bool:
    """Change a node in place: a comparison is turned round, `and` becomes `or`, `any` becomes `all`, True becomes None."""
    match node:
        case ast.Compare():
            node.ops = [_OTHER[type(op)]() for op in node.ops]
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp(op=ast.Not()):
            node.op = ast.UAdd()
            node.operand = ast.Call(
                ast.Name("int", ast.Load()), [ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])], []
            )
        case ast.Name(id="any" | "all"):
            node.id = "all" if node.id == "any" else "any"
        case ast.Return(value=ast.Constant(value=True)):
            node.value = ast.Constant(None)
        case _:
            return False
    return True


def mutants(module: ModuleType, check: Callable[[See], Any]) -> Iterator[tuple[str, Callable[[See], Any]]]:
    """Yield a check with one change each, and the line of the change."""
    assert isinstance(check, FunctionType)
    tree = ast.parse(inspect.getsource(check))
    places = [n for n, node in enumerate(ast.walk(tree)) if changed(copy.copy(node))]
    for n in places:
        mutant = copy.deepcopy(tree)
        node = list(ast.walk(mutant))[n]
        before = ast.unparse(node)
        changed(node)
        space = dict(vars(module))
        exec(compile(ast.fix_missing_locations(mutant), f"<mutant of {check.__name__}>", "exec"), space)
        yield f"{check.__name__}: {before} -> {ast.unparse(node)}", space[check.__name__]


def verdict(check: Callable[[See], Any], see: See) -> object:
    try:
        return check(see)
    except Exception as error:  # noqa: BLE001  a mutant may do anything
        return error


@pytest.mark.parametrize("module", [lesson_00, pytest.param(lesson_01, marks=pytest.mark.nightly)], ids=["00", "01"])
def test_each_change_of_a_check_is_found_out(module: ModuleType, world: World) -> None:
    lesson = module.__name__[-2:]
    survivors = list[str]()
    for key in of_lesson(lesson):
        ways = [
            EXERCISES[key].solution,
            *attempts(lesson).RIGHT[key],
            *(code for code, _ in attempts(lesson).WRONG[key]),
        ]
        worlds = [world(lesson), *(world(lesson, way) for way in ways)]
        told = [verdict(EXERCISES[key].check, see) for see in worlds]
        for what, mutant in mutants(module, EXERCISES[key].check):
            if [verdict(mutant, see) for see in worlds] == told:
                survivors.append(what)
    assert survivors == []
