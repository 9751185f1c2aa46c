"""Exercises of lesson 00, "Start here"."""

from typing import Final

from .frame import Exercise, Verdict, best
from .see import See

_GIVEN: Final = "Helper of Ada"
_BEGINS: Final = "Helper of"


def _own_name(see: See) -> Verdict:
    def look(name: str) -> Verdict:
        if not name.startswith(_BEGINS):
            return f"There is an assistant named {name!r}. Keep the words `{_BEGINS}` and write your name after them."
        if name.removeprefix(_BEGINS).strip():
            return True
        return f"There is an assistant with no name after `{_BEGINS}`. Write your name there, and run the cell again."

    return best(look(one.name) for one in see.assistants if one.name and one.name != _GIVEN)


EXERCISES: Final = {
    "00.1": Exercise(
        check=_own_name,
        task="The cell makes an assistant named `Helper of Ada`. Write your own name instead of Ada."
        " Run the cell again.",
        untouched="There is only `Helper of Ada`, from the cell as it was given.",
        right="The engine keeps an assistant with your name.",
        hints=(
            "Click into the cell. Change the word `Ada` between the quotation marks.",
            "Then press Shift+Enter. A change counts only after the cell has run.",
        ),
        solution='helper = client.beta.assistants.create(name="Helper of Grace", model="gpt-4o")',
    ),
}
