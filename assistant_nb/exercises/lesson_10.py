"""Exercises of lesson 10, "Build your own"."""

from typing import TYPE_CHECKING, Final

from .frame import Exercise, Verdict, best
from .see import See, done

if TYPE_CHECKING:
    from openai.types.beta import Assistant
    from openai.types.beta.threads import Run

_TWO: Final = 2


def _helpers(see: See) -> "list[Assistant]":
    return [one for one in see.assistants if "helper" in (one.name or "").casefold()]


def _runs(see: See) -> "list[Run]":
    ids = {one.id for one in _helpers(see)}
    return [run for run in see.runs if run.assistant_id in ids]


def _plan(see: See) -> Verdict:
    def look(one: "Assistant") -> Verdict:
        functions = [tool.function for tool in one.tools if tool.type == "function"]
        if not (one.instructions or "").strip():
            return f"`{one.name}` has no instructions. Say in one sentence how it should behave."
        if not any(tool.type == "file_search" for tool in one.tools):
            return f'`{one.name}` cannot search files. Add `{{"type": "file_search"}}` to its tools.'
        if len(functions) < _TWO:
            return f"`{one.name}` has {len(functions)} of two functions. Add `anb.function_tool(…)`."
        if bare := [function.name for function in functions if not (function.description or "").strip()]:
            return (
                f"`{bare[0]}` has no description. Write one in three quotation marks under its `def`, and run the cell."
            )
        return True

    return best(map(look, _helpers(see)))


def _files(see: See) -> Verdict:
    def look(one: "Assistant") -> Verdict:
        mine = [store for store in see.stores if store.id in see.store_ids(one)]
        if not mine:
            there = "There is a vector store, but" if see.stores else "There is no vector store, and"
            return f"{there} `{one.name}` has none. Give it one by `tool_resources`."
        read = sum(store.file_counts.completed for store in mine)
        if read >= _TWO:
            return True
        return f"The vector store of `{one.name}` holds {read} of two files that are read. Add a file, and look again."

    return best(map(look, _helpers(see)))


def _both_ways(see: See) -> Verdict:
    runs = _runs(see)
    ended = [run for run in runs if run.status == "completed"]
    ways = {
        "an answer with a citation": any(see.cited(run) for run in ended),
        "an answer by a function": any(call.output.strip() for run in ended for call in see.function_calls(run)),
    }
    if all(ways.values()):
        return True
    if any(run.status == "requires_action" for run in runs):
        return "A run waits for the output of your function. Submit it."
    missing = " and ".join(name for name, there in ways.items() if not there)
    return f"Your helper has run. Still missing: {missing}." if runs else None


def _forked(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        if not see.position(run)["parent"]:
            return "Your helper has run, and no run is a fork. Open a run with the stepper, and fork it."
        if see.position(run)["held"] and run.status in ("queued", "in_progress"):
            return f"The fork is `{run.status}`. A stepper holds it. Call `stepper.to_end()`."
        return done(run, "The fork")

    verdicts = [(run, look(run)) for run in _runs(see)]
    forks = [verdict for run, verdict in verdicts if see.position(run)["parent"]]
    return best(forks or [verdict for _, verdict in verdicts])


def _first_tool(see: See) -> Verdict:
    def look(run: "Run", guess: str) -> Verdict:
        used = see.tools_used(run)
        if not used:
            return "The run has used no tool. Ask something that needs one, and guess again."
        if guess == used[0]:
            return True
        return f"You guessed {guess}. It used {used[0]}. Look at the words of your question, and guess again."

    mine = {run.id for run in _runs(see)}
    return best(look(*one) for one in see.guesses() if one[0].id in mine)


_BUILD: Final = '''\
def days_until_return(title: str) -> int:
    """Days until a book must be returned"""
    return {"Moby Dick": 12}[title]


def is_reserved(title: str) -> bool:
    """Whether somebody has reserved a book"""
    return title == "Moby Dick"


hours = client.files.create(file=("hours.md", b"The library is open from ten to five."), purpose="assistants")
loans = client.files.create(file=("loans.md", b"A reader may borrow three books."), purpose="assistants")
shelf = client.vector_stores.create(name="Museum", file_ids=[hours.id, loans.id])
helper = client.beta.assistants.create(
    model="gpt-4o",
    name="Museum helper",
    instructions="Help the readers of the museum library.",
    tools=[{"type": "file_search"}, anb.function_tool(days_until_return), anb.function_tool(is_reserved)],
    tool_resources={"file_search": {"vector_store_ids": [shelf.id]}},
)
'''
_ASK: Final = """
run = client.beta.threads.create_and_run_poll(
    assistant_id=helper.id, thread={"messages": [{"role": "user", "content": question}]}"""

EXERCISES: Final = {
    "10.1": Exercise(
        check=_plan,
        task="Make your plan an assistant, and keep it in the variable `helper`. Its name holds the word"
        " `helper`, such as `Library helper`. It has instructions, `file_search`, and two functions of your own.",
        untouched="There is no assistant with `helper` in its name.",
        right="Your helper has all its tools.",
        hints=(
            '`tools=[{"type": "file_search"}, anb.function_tool(one), anb.function_tool(two)]`',
            "The form can do it, too: `anb.AssistantForm(client)`.",
        ),
        solution=_BUILD,
    ),
    "10.2": Exercise(
        check=_files,
        task="Its files: a vector store with two files of yours that are read. Give it to your helper.",
        untouched="There is no assistant with `helper` in its name.",
        right="Your helper can search two files.",
        hints=(
            '`tool_resources={"file_search": {"vector_store_ids": [shelf.id]}}`',
            "`client.beta.assistants.update(helper.id, tool_resources=…)` adds it later.",
        ),
        solution=_BUILD,
    ),
    "10.3": Exercise(
        check=_both_ways,
        task="Ask your helper one question that a file answers, with a citation, and one that a function answers."
        ' Practice searches for "quoted words", and calls a function when the question has a word of its name.',
        untouched="No run of your helper is there.",
        right="Your helper finds what is written down, and asks for what changes.",
        hints=(
            "A question with a word of a function's name calls this function. Leave such words out of the other one.",
            "A run that calls a function waits. Submit the outputs.",
        ),
        solution=f"""\
{_BUILD}
question = 'When is it "open"?'{_ASK}
)
question = 'How many days until the return of "Moby Dick"?'{_ASK}
)
outputs = anb.tool_outputs(run, days_until_return, is_reserved)
run = client.beta.threads.runs.submit_tool_outputs_and_poll(
    run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs
)
print(anb.said(run))""",
    ),
    "10.4": Exercise(
        check=_forked,
        task="Look inside: with the stepper, bring a run of your helper that calls a function to its end."
        " Then go back to the frame *The client has submitted outputs*. Fork the run there once, with another output"
        " (lesson 8, *What if?*), and bring the fork to its end.",
        untouched="No run of your helper is there.",
        right="You have seen what your helper would have said otherwise.",
        hints=(
            'Lesson 08, "What if?", shows a fork.',
            '`stepper.fork({"output": {"tool_call_id": call.id, "output": "…"}})`, then `stepper.to_end()`.',
        ),
        solution=f"""\
{_BUILD}
question = 'How many days until the return of "Moby Dick"?'
thread = client.beta.threads.create(messages=[{{"role": "user", "content": question}}])
stepper = anb.RunStepper(client, thread.id, helper.id, functions=[days_until_return, is_reserved])
stepper.step()
stepper.to_end()
stepper.submit()
stepper.to_end()
steps = client.beta.threads.runs.steps.list(run_id=stepper.run.id, thread_id=thread.id, order="asc")
call = steps.data[0].step_details.tool_calls[0]
stepper.go([frame.title for frame in stepper.frames].index("The client has submitted outputs") + 1)
stepper.fork({{"output": {{"tool_call_id": call.id, "output": "0"}}}})
stepper.to_end()""",
    ),
    "10.5": Exercise(
        check=_first_tool,
        task="Predict, then run. Ask your helper something new. Which tool does it use FIRST: `file_search`, or the"
        ' name of a function? Write your guess into the run when you create it: `metadata={"guess": "…"}`.'
        " You need not submit outputs: the first call is enough.",
        untouched="No run of your helper has a guess.",
        right="You know your helper. The words of the question decide.",
        hints=(
            'Practice: a word of a function\'s name calls it. Else "quoted words" search.',
            "Look at the first step of the run.",
        ),
        solution=f"""\
{_BUILD}
question = 'What do I read about "borrow"?'{_ASK},
    metadata={{"guess": "file_search"}},
)""",
    ),
}
