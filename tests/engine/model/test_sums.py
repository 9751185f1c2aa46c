import ast
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb.engine.model.sums import worked_out


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is 3 + 4?", "7"),
        ("What is 10/4?", "2.5"),
        ("Add a 3 + 4 please", "7"),
        ("2^10", "1024"),
        ("12 × 3 − 4", "32"),
        ("3 + 4 = ?", "7"),
        ("1/3 + 1/3?", "2/3"),
        ("0.1 + 0.2", "0.3"),
        ("1,000 + 5", "1005"),
        (r"What is \(3 \cdot 5\)?", "15"),
        ("I need to solve the equation `4x + 11 = 23`. Can you help me?", "x = 3"),
        (r"Solve \(3x + 11 = 14\).", "x = 1"),
        ("2(y - 3) = y/2 + 1", "y = 14/3"),
        ("What is 9 times 9?", "81"),
        ("10 divided by 4, please", "2.5"),
        ("2 plus 3 minus 4?", "1"),
        ("(1 plus 2) times -3", "-9"),
        ("Solve 4 times x plus 11 = 23", "x = 3"),
        ("How many times 3 + 4?", "7"),
    ],
)
def test_sums_and_equations_are_worked_out(question: str, answer: str) -> None:
    found = worked_out(question)
    assert found
    assert found.answer == answer


@pytest.mark.parametrize(
    "question",
    [
        "Hello!", "24/7 support", "On 2026-03-01?", "Between -2.5 and 4", "What is 100?", "x + y = 3", "x^2 = 4", "0x = 3",
        "1/0?", "9**9**9**9", "1e5 + 3", "2 + 2 = 4?", "7 * (2 + 1", "f(3) = 2x + 1", "192.168.0.1 + 1", "(" * 150 + "1 + 1",
        "I ask 3 times a day", "3 times the sum", "It was 2 times we met",
    ],
)  # fmt: skip
def test_other_texts_are_left_alone(question: str) -> None:
    assert worked_out(question) is None


@given(*[st.integers(-99, 99)] * 4)
def test_the_code_prints_the_answer(a: int, b: int, c: int, d: int) -> None:
    found = worked_out(f"{a}x + {b} = {c}x + {d}")
    assert (found is None) == (a == c)
    if found:
        assert Fraction(found.answer.removeprefix("x = ")) * (a - c) == pytest.approx(d - b)
        ast.parse(found.code)


@given(st.text(alphabet="0123456789x+-*/^()=. ,`\\", max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    found = worked_out(text)
    assert found is None or ast.parse(found.code)
