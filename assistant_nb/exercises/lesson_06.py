"""Exercises of lesson 06, "Function calling"."""

import re
from typing import TYPE_CHECKING, Final

from .frame import Exercise, Verdict, best
from .see import FunctionCall, See, done

if TYPE_CHECKING:
    from openai.types.beta.threads import Run

_LESSONS_OWN: Final = frozenset({"get_temperature", "get_nickname"})
_ERROR: Final = re.compile(r"\s*[\"']?(?:Error\b|Traceback\b|\w*(?:Error|Exception)\b)")
"""How an output begins that is an error, or the name of one."""
_NUMBER: Final = re.compile(r"-?\d+(?:[.,]\d+)?")


def _about(see: See, run: "Run", city: str) -> list[FunctionCall]:
    return [call for call in see.function_calls(run) if city in str(call.arguments)]


def _of_an_error(call: FunctionCall) -> str:
    if "KeyError" in call.output:
        cure = f"Add Lima to the table of `{call.name}`, run its `def`, and ask again."
    else:
        cure = "Repair this, and ask again."
    return f"The output was an error: {call.output.rstrip('.')}. {cure}"


def _taught(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        call = next((one for one in reversed(_about(see, run, "Lima")) if one.name == "get_temperature"), None)
        if call is None:
            return None
        if run.status != "completed":
            return done(run)
        if _ERROR.match(call.output):
            return _of_an_error(call)
        return "19" in call.output or f"The output was {call.output!r}. Send 19, and ask again."

    return best(look(run) for run in see.runs_asking("temperature in Lima"))


def _may_not_call(see: See) -> Verdict:
    def look(run: "Run", guess: str) -> Verdict:
        if run.tool_choice != "none":
            return 'Your run does not forbid calls. Add `tool_choice="none"`, and guess again.'
        if run.status in ("queued", "in_progress"):
            return done(run)
        return run.status == guess or f"You guessed {guess}. The run is `{run.status}`. Guess again, on a new thread."

    return best(look(*one) for one in see.guesses("temperature in Rome"))


def _both(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        calls = {call.name: call for call in _about(see, run, "Lima")}
        if not calls.keys() >= _LESSONS_OWN:
            return None
        if run.status == "requires_action":
            return f"The run waits for {len(calls)} outputs. Send all of them together."
        if run.status != "completed":
            return done(run)
        outputs = {name: call.output for name, call in calls.items()}
        if not all(output.strip() for output in outputs.values()):
            return "An output is empty. Send what your functions return, and ask again."
        if wrong := next((call for call in calls.values() if _ERROR.match(call.output)), None):
            return _of_an_error(wrong)
        if "19" not in outputs["get_temperature"] or _NUMBER.fullmatch(outputs["get_nickname"].strip()):
            return f"You sent {outputs}. Give each call the output of its own function, and ask again."
        return True

    return best(look(run) for run in see.runs_asking("Lima"))


def _error_as_output(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        calls = _about(see, run, "Narnia")
        if not calls:
            return None
        output = calls[-1].output.strip()
        if run.status != "completed":
            return done(run)
        if not output:
            return "The output is empty. Send a text that says what went wrong, and ask again."
        if _NUMBER.match(output):
            return f"You sent {output}. It is invented: Narnia is not in the table. Send the error, and ask again."
        return True

    return best(look(run) for run in see.runs_asking("Narnia"))


def _own_function(see: See) -> Verdict:
    def look(run: "Run", call: FunctionCall) -> Verdict:
        if run.status == "requires_action":
            return f"`{call.name}` was called. The run waits for its output. Submit it."
        if not call.output.strip():
            return f"The output of `{call.name}` is empty. Send what your function returns, and ask again."
        return done(run)

    tools = [tool for one in see.assistants for tool in one.tools]
    own = {tool.function.name for tool in tools if tool.type == "function"} - _LESSONS_OWN
    calls = [(run, call) for run in see.runs for call in see.function_calls(run) if call.name in own]
    if own and not calls:
        return f"An assistant has `{min(own)}`. Nobody has called it. Ask a question with a word of its name."
    return best(look(*one) for one in calls)


_CITY: Final = '''\
def get_temperature(city: str) -> int:
    """The temperature in a city, in degrees Celsius"""
    return {"Oslo": -3, "Rome": 17, "Lima": 19}[city]


'''
_ASK: Final = """\
waiting = client.beta.threads.create_and_run_poll(
    assistant_id=guide.id, thread={"messages": [{"role": "user", "content": question}]}
)
"""
_SUBMIT: Final = """\
done = client.beta.threads.runs.submit_tool_outputs_and_poll(
    run_id=waiting.id, thread_id=waiting.thread_id, tool_outputs=outputs
)
print(anb.said(done))"""

EXERCISES: Final = {
    "06.1": Exercise(
        check=_taught,
        task="Change one thing: teach `get_temperature` the city `Lima` (19 degrees):"
        " change the `def` of *Try your own*. Ask `What is the temperature in Lima?`. Answer the call."
        " Wait until the run is completed.",
        untouched="No run was asked for the temperature in Lima.",
        right="The model asked for Lima, and your function answered.",
        hints=(
            'Add `"Lima": 19` to the table of `get_temperature`, and run that cell again.',
            "The run waits in `requires_action`. Submit the output with the id of the call.",
        ),
        solution=_CITY
        + 'question = "What is the temperature in Lima?"\n'
        + _ASK
        + "outputs = anb.tool_outputs(waiting, get_temperature)\n"
        + _SUBMIT,
    ),
    "06.2": Exercise(
        check=_may_not_call,
        task='Predict, then run. Ask `What is the temperature in Rome?` with `tool_choice="none"`.'
        " In which status does the run stop: `requires_action` or `completed`?"
        ' Write your guess into the run when you create it: `metadata={"guess": "…"}`.',
        untouched="No run that was asked for the temperature in Rome has a guess.",
        right="The model may not call in this run, so nothing waits for you.",
        hints=("Who waits for whom in `requires_action`?", '`"none"` forbids every call in this run.'),
        solution="""\
run = client.beta.threads.create_and_run_poll(
    assistant_id=guide.id,
    thread={"messages": [{"role": "user", "content": "What is the temperature in Rome?"}]},
    tool_choice="none",
    metadata={"guess": "completed"},
)
print(run.status)""",
    ),
    "06.3": Exercise(
        check=_both,
        task="Ask `What are the temperature and the nickname of Lima?`. Two calls wait. Answer both in one submission."
        " `get_temperature` must know Lima (19 degrees), and `get_nickname`, too (`the City of Kings`).",
        untouched="No run has made two calls about Lima.",
        right="There were two calls, one submission and one answer.",
        hints=(
            "`len(waiting.required_action.submit_tool_outputs.tool_calls)` is the number of calls.",
            "`tool_outputs` is a list with one entry for each call. `anb.tool_outputs` takes both functions.",
        ),
        solution=_CITY
        + '''\
def get_nickname(city: str) -> str:
    """What people call a city"""
    return {"Rome": "the Eternal City", "Lima": "the City of Kings"}[city]


question = "What are the temperature and the nickname of Lima?"
'''
        + _ASK
        + "outputs = anb.tool_outputs(waiting, get_temperature, get_nickname)\n"
        + _SUBMIT,
    ),
    "06.4": Exercise(
        check=_error_as_output,
        task="Make a function fail: ask `What is the temperature in Narnia?`. Your program must not stop."
        " Send the error as the output.",
        untouched="No run was asked about `Narnia`.",
        right="An error is an output, too. The model has read it, and the run is completed.",
        hints=(
            "`anb.tool_outputs` does it for you. Or write `try` and `except KeyError`.",
            "The output is a text that says what went wrong.",
        ),
        solution='question = "What is the temperature in Narnia?"\n'
        + _ASK
        + "outputs = anb.tool_outputs(waiting, get_temperature)\n"
        + _SUBMIT,
    ),
    "06.5": Exercise(
        check=_own_function,
        task="Make it yourself: a function of your own with a new name, an assistant that has it, a question,"
        " the output, the answer. Practice calls a function when the question has a word of its name.",
        untouched="No assistant has a function of yours.",
        right="The model called your own function and used what it said.",
        hints=(
            "`anb.function_tool(my_function)` needs annotations, and a docstring for the description.",
            "Practice calls `get_price` when the question holds `price`.",
        ),
        solution='''\
def get_price(toy: str) -> str:
    """What a toy costs"""
    return {"kite": "12 euros"}.get(toy, "not in the shop")


shop = client.beta.assistants.create(model="gpt-4o", name="Shop", tools=[anb.function_tool(get_price)])
waiting = client.beta.threads.create_and_run_poll(
    assistant_id=shop.id, thread={"messages": [{"role": "user", "content": 'What is the price of a "kite"?'}]}
)
outputs = anb.tool_outputs(waiting, get_price)
'''
        + _SUBMIT,
    ),
}
