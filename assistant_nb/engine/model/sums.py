"""Arithmetic and linear equations in a question, worked out exactly: `practice` answers them. Pure."""

import ast
import re
from contextlib import suppress
from fractions import Fraction
from typing import Final, NamedTuple

_SIGNS: Final = {
    r"(?<=\d),(?=\d{3}\b)": "",
    r"\\(?:times|cdot)|[×·]": "*",
    "÷": "/",
    "−": "-",
    r"\^": "**",
    r"\\[()\[\]]|\b\d{4}-\d\d-\d\d\b": "; ",
}
_SPOKEN: Final = {"plus": "+", "minus": "-", "times": "*", "divided by": "/"}
"""Signs between numbers, brackets or an unknown. Elsewhere, as in "3 times the sum", they are words."""
_RUN: Final = re.compile(r"(?:(?<![^\W_])(?<!\.)\d+(?:\.\d+)?(?![\d.,]\d)|(?<![^\W\d_])[a-z](?![^\W_])|[-+*/()=]|\s)+")
_WORDS: Final = re.compile(r"^(?:[a-z]\s+)+(?=[\w(])")
"""The "a" in "a 3 + 4" is no unknown."""
_CLEAR: Final = re.compile(r"[+*=]|\s[-/]\s")
"""Without one of these it may be a range or a date, unless its sentence ends there."""
_LONGEST, _LARGEST, _HIGHEST = 200, 10**15, 64
_Line = tuple[Fraction, Fraction]
"""Slope and constant: `4x + 11` is (4, 11)."""


class Sum(NamedTuple):
    """`Sum("4x + 11 = 23", "x = 3", "x = (23 - 11) / (4 - 0)\\nprint('x =', x)")`"""

    text: str
    answer: str
    code: str


def worked_out(question: str) -> Sum | None:
    """The first sum or equation in one unknown, with its value; None without one."""
    for pattern, sign in _SIGNS.items():
        question = re.sub(pattern, sign, question)
    for word, sign in _SPOKEN.items():
        question = re.sub(rf"(?<![^\W\d_]{{2}})(?<=[\w)])\s+{word}\s+(?=[-(\d]|[a-z]\b)", f" {sign} ", question)
    for run in _RUN.finditer(question):
        text, behind = _WORDS.sub("", run[0].strip()).rstrip("= "), question[run.end() :]
        if len(text) <= _LONGEST and (_CLEAR.search(text) or re.match(r"[?!.;`$]|$", behind)):
            with suppress(SyntaxError, ValueError, ZeroDivisionError):
                return _solved(text)
    return None


def _solved(text: str) -> Sum:
    sides = [re.sub(r"(?<=[\d)])\s*(?=[a-z(])", "*", side).strip() for side in text.split("=")]
    (a, b), *rest = (_line(ast.parse(side, mode="eval").body) for side in sides)
    shown = text.replace("**", "^")
    if not rest and not a and re.search(r"[-+*/]", sides[0].lstrip("-")):
        return Sum(shown, _told(b), f"print({sides[0]})")
    (unknown,), ((c, d),) = set(re.findall("[a-z]", text)), rest
    code = f"{unknown} = ({_told(d)} - {_told(b)}) / ({_told(a)} - {_told(c)})\nprint('{unknown} =', {unknown})"
    return Sum(shown, f"{unknown} = {_told((d - b) / (a - c))}", code)


def _line(node: ast.expr) -> _Line:
    """Raises ValueError for what is no line, or too large to be worth it."""
    match node:
        case ast.Constant(value=int() | float() as value) if value < _LARGEST:
            return Fraction(0), Fraction(str(value))
        case ast.Name():
            return Fraction(1), Fraction(0)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            a, b = _line(inner)
            return -a, -b
        case ast.BinOp(left=left, op=op, right=right):
            (a, b), (c, d) = _line(left), _line(right)
            match op:
                case ast.Add():
                    return a + c, b + d
                case ast.Sub():
                    return a - c, b - d
                case ast.Mult() if not (a and c):
                    return a * d + c * b, b * d
                case ast.Div() if not c:
                    return a / d, b / d
                case ast.Pow() if not a and not c and abs(b) < _LARGEST and d in range(_HIGHEST):
                    return Fraction(0), b ** int(d)
    raise ValueError("this is no line")


def _told(value: Fraction) -> str:
    """`3`, `2.5` or `1/3`."""
    exact = value.denominator == 1 or Fraction(str(float(value))) == value
    return str(value) if not exact or value.denominator == 1 else str(float(value))
