"""Exercises of lesson 04, "Code interpreter"."""

import re
from typing import TYPE_CHECKING, Final

from .frame import Exercise, Verdict, best
from .see import See, done, squeeze

if TYPE_CHECKING:
    from openai.types import FileObject
    from openai.types.beta.threads import Run

_ERROR: Final = re.compile(r"\b\w*(?:Error|Exception)\b")
_SQUARES: Final = [number * number for number in range(1, 11)]


def _last_line(logs: str) -> str:
    return logs.strip().rpartition("\n")[2]


def _power(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        codes, logs = see.code(run)
        if not any(tool.type == "code_interpreter" for tool in run.tools):
            return "Its assistant does not have the tool `code_interpreter`. Create a run of the lesson's assistant."
        if not codes:
            return "You asked, but no code ran. Put a Python block into your question."
        if str(2**200) in logs:
            return done(run)
        return f"Code ran. Its output is {logs[-60:]!r}. Use `print(2 ** 200)`."

    asking = see.runs_asking("2 ** 200")
    verdict = best(map(look, asking))
    newer = see.runs[see.runs.index(asking[-1]) + 1 :] if asking else []
    if verdict is not True and any(see.code(run)[0] for run in newer):
        return "Code ran, but the question does not hold `2 ** 200`. Put `print(2 ** 200)` into the Python block."
    return verdict


def _new_python(see: See) -> Verdict:
    def set_before(run: "Run") -> "list[Run]":
        before = [one for one in see.runs if one.created_at <= run.created_at and one.id != run.id]
        return [one for one in before if "n=41" in squeeze("\n".join(see.code(one)[0]))]

    def look(run: "Run", guess: str) -> Verdict:
        codes, logs = see.code(run)
        if "n+1" not in squeeze("\n".join(codes)):
            return "Your guess is there, but no code printed `n + 1`. Put a Python block into the question."
        first = set_before(run)
        if not first:
            return "No earlier run has set `n = 41`. Let a first run set it. Then guess again, on a new thread."
        if any(one.thread_id == run.thread_id for one in first):
            return "It ran on the same thread, so it knew `n`. Guess again, on a new thread."
        if squeeze(guess) == "nameerror" and "NameError" in logs:
            return done(run)
        return (
            f"You guessed {guess}. The last line of the output is {_last_line(logs)!r}. Guess again, on a new thread."
        )

    return best(look(*one) for one in see.guesses("n + 1"))


def _own_table(see: See) -> Verdict:
    def look(file: "FileObject") -> Verdict:
        threads = see.threads_with(file.id, "code_interpreter")
        if not threads:
            return "`scores.csv` is uploaded. Attach it to a message, with the tool `code_interpreter`."
        ran = [see.code(run) for thread_id in threads for run in see.runs_on(thread_id)]
        read = [logs for codes, logs in ran if "scores.csv" in "".join(codes)]
        if not read:
            return "The file is attached. No code has opened `/mnt/data/scores.csv`. Put a Python block into a message."
        if any(logs.strip() and not _ERROR.search(logs) for logs in read):
            return True
        if not read[-1].strip():
            return "Code opened the file and printed nothing. Use `print(…)`."
        return f"Code ran. It ended with {_last_line(read[-1])!r}. Open `/mnt/data/scores.csv`."

    return best(look(file) for file in see.files if file.filename == "scores.csv")


def _squares(see: See) -> Verdict:
    def look(file: "FileObject") -> Verdict:
        lines = [re.findall(r"-?\d+", line) for line in see.client.files.content(file.id).text.splitlines()]
        numbers = [int(line[-1]) for line in lines if line]  # of "3,9" the last
        if numbers == _SQUARES:
            return True
        if not numbers:
            return "`squares.csv` holds no numbers. Write the squares from 1 to 100 into it, one a line."
        there = f"`squares.csv` begins with {numbers[0]}, ends with {numbers[-1]} and holds {len(numbers)} lines."
        return f"{there} Write the squares from 1 to 100, one a line."

    written = [one for one in see.files if one.purpose == "assistants_output" and one.filename.endswith("squares.csv")]
    if written:
        return best(map(look, written))
    tried = any("squares.csv" in "".join(see.code(run)[0]) for run in see.runs)
    return (
        "Code ran, and `/mnt/data/squares.csv` is not there. Open it with `'w'` and write into it." if tried else None
    )


EXERCISES: Final = {
    "04.1": Exercise(
        check=_power,
        task="Change one thing: let the interpreter compute `2 ** 200`."
        " Practice runs the Python block that stands in your question.",
        untouched="No question with `2 ** 200` has a run.",
        right="The number comes from code that ran, not from a guess.",
        hints=(
            "Put the code between ```` ```python ```` and ```` ``` ````, each on a line of its own.",
            "Use `print(…)`, so that the result is in the logs.",
        ),
        solution='''\
question = """Run this:
```python
print(2 ** 200)
```"""
run = client.beta.threads.create_and_run_poll(
    assistant_id=analyst.id, thread={"messages": [{"role": "user", "content": question}]}
)
print(anb.said(run))''',
    ),
    "04.2": Exercise(
        check=_new_python,
        task="Predict, then run. Let a first run execute `n = 41`. Then make a NEW thread, and let a second run there"
        " execute `print(n + 1)`. What does it print: `42` or `NameError`? Write your guess into the second run"
        ' when you create it: `metadata={"guess": "…"}`. Practice runs the Python block that stands in your question.',
        untouched="No run that prints `n + 1` has a guess.",
        right="Each thread has a Python of its own. The new one has never seen `n`.",
        hints=(
            "Who keeps these variables: the assistant or the thread?",
            'Use `client.beta.threads.runs.create_and_poll(…, metadata={"guess": "…"})`.',
        ),
        solution="""\
first = "Run this:\\n```python\\nn = 41\\n```"
second = "Run this:\\n```python\\nprint(n + 1)\\n```"
for question, note in ((first, {}), (second, {"guess": "NameError"})):
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=analyst.id, metadata=note)
print(anb.said(run))""",
    ),
    "04.3": Exercise(
        check=_own_table,
        task="Bring a file of your own: upload a small table `scores.csv`. Make it from text, as above:"
        ' `file=("scores.csv", text.encode())`. Attach it to a message for the code interpreter,'
        " and let code print its first line.",
        untouched="No file `scores.csv` is uploaded.",
        right="Code has read your file under `/mnt/data`.",
        hints=(
            r'`client.files.create(file=("scores.csv", b"name,points\nAda,7\n"), purpose="assistants")`',
            '`attachments=[{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}]`',
        ),
        solution="""\
file = client.files.create(file=("scores.csv", b"name,points\\nAda,7\\n"), purpose="assistants")
thread = client.beta.threads.create()
client.beta.threads.messages.create(
    thread_id=thread.id,
    role="user",
    content="Run this:\\n```python\\nprint(open('/mnt/data/scores.csv').readline())\\n```",
    attachments=[{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}],
)
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=analyst.id)""",
    ),
    "04.4": Exercise(
        check=_squares,
        task="Let code write a file: `/mnt/data/squares.csv` with the squares of 1 to 10, one a line.",
        untouched="No code has written a `squares.csv`.",
        right="A file with the purpose `assistants_output` holds the ten squares.",
        hints=(
            "Begin with `open('/mnt/data/squares.csv', 'w')`.",
            "Call `print(number * number, file=file)` once for each number. `print` ends each line by itself.",
        ),
        solution='''\
question = """Run this:
```python
with open("/mnt/data/squares.csv", "w") as file:
    for number in range(1, 11):
        print(number * number, file=file)
```"""
run = client.beta.threads.create_and_run_poll(
    assistant_id=analyst.id, thread={"messages": [{"role": "user", "content": question}]}
)''',
    ),
}
