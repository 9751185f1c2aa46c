"""What the course costs. Run `python tests/bench/course.py`; it exits with 1 if the limit is exceeded.

Each lesson is executed without a page, in turns with a notebook that imports the SDK and the package and makes one call.
What is limited is the sum of the lessons' medians against as many of the bare notebook. Code that lesson 04 lets the
interpreter run starts a kernel of its own.
"""

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from assistant_nb import course

ROUNDS: Final = 3
LIMIT: Final = 1.5
BARE: Final = """
import assistant_nb as anb
anb.start(recording="01_first_assistant")
from openai import OpenAI
OpenAI().beta.assistants.create(model="gpt-4o")
"""


def seconds(notebook: NotebookNode, lesson: Path | None = None) -> float:
    with TemporaryDirectory() as folder:
        if lesson:
            course.copy_files(lesson, Path(folder))
        begun = perf_counter()
        course.execute(notebook, lambda done, total: None, Path(folder))
        return perf_counter() - begun


def main() -> int:
    lessons = {path.stem: list[float]() for path in course.lessons()}
    bare = list[float]()
    for _ in range(ROUNDS):
        for path in course.lessons():
            lessons[path.stem].append(seconds(course.read(path), path))
            bare.append(seconds(new_notebook(cells=[new_code_cell(BARE)])))
    for stem, taken in lessons.items():
        print(f"{stem:30} {median(taken):5.1f} s   {median(taken) / median(bare):4.2f}")
    ratio = sum(map(median, lessons.values())) / (len(lessons) * median(bare))
    print(f"{'the course':30} {median(bare):5.1f} s bare   {ratio:4.2f} (at most {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
