"""Exercises of lesson 08, "Inside a run"."""

from typing import TYPE_CHECKING, Final

from ..widgets.statuses import is_final
from .frame import Exercise, Verdict, best
from .see import See, done

if TYPE_CHECKING:
    from openai.types.beta.threads import Run

_ON: Final = {"function": "get_price"}
_BALL: Final = 'What is the price of a "ball"'
_KITE: Final = 'What is the price of a "kite"'
_ENDS: Final = frozenset({"cancelled", "failed", "incomplete", "expired"})


def _held_before_the_answer(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        events = see.events(run)
        if "model.answered" in events:
            return "The model has already answered. Make a new thread and a new stepper, and stop after three steps."
        if "model.asked" in events:
            return True
        return f"The run is `{run.status}`. The model is not asked yet. Call `stepper.step()`."

    return best(map(look, see.runs_asking("Tell me about ships")))


def _at_the_breakpoint(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        breakpoints, events = see.position(run)["breakpoints"], see.events(run)
        if _ON not in breakpoints:
            kind = next((next(iter(one)) for one in breakpoints), None)
            there = f"Your breakpoint is on a {kind}." if kind else "The run has no breakpoint."
            return f"{there} Make a new stepper with a breakpoint on the function `get_price`."
        if "model.called" not in events:
            return "The breakpoint is set. The run is not there yet. Call `stepper.to_breakpoint()`."
        if "thread.run.requires_action" in events or run.status not in ("in_progress", "expired"):
            return "The run has gone past the call. Make a new thread and a new stepper, and stop at the breakpoint."
        return True  # also if it has expired since

    return best(map(look, see.runs_asking(_BALL)))


def _other_output(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        at = see.position(run)
        if not at["parent"]:
            return None
        edit = at["edit"] or {}
        if "output" not in edit:
            return f"Your fork changes {next(iter(edit), 'nothing')}. Make a fork that changes the output."
        if "99" not in edit["output"]["output"]:
            return f"Your fork has the output {edit['output']['output']!r}. Make one with `99 euros`."
        return (
            done(run, "The fork") if is_final(run.status) else f"The fork is `{run.status}`. Call `stepper.to_end()`."
        )

    return best(map(look, see.runs_asking(_KITE)))


def _four_ends(see: See) -> Verdict:
    mine = (run.status for run in see.runs if run.metadata and run.metadata.get("mine"))
    ends = {status for status in mine if is_final(status)}
    if missing := sorted(_ENDS - ends):
        return f"You have: {', '.join(sorted(ends))}. Still missing: {', '.join(missing)}." if ends else None
    return True


def _two_prompts(see: See) -> Verdict:
    def look(run: "Run", guess: str) -> Verdict:
        asked = len(see.prompts(run))
        if not is_final(run.status):
            return f"The run is `{run.status}`. Bring it to its end: submit the output, then call `stepper.to_end()`."
        if not see.function_calls(run) or run.status != "completed":
            return "The run has not answered with the function. Guess again, on a new thread."
        if guess == str(asked):
            return True
        return (
            f"You guessed {guess}. The model was asked {asked} times. Find the prompts in the stepper, and guess again."
        )

    return best(look(*one) for one in see.guesses('the price of a "ball", please'))


_STEPPER: Final = """\
thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
stepper = anb.RunStepper(client, thread.id, shopkeeper.id"""
_GET_PRICE: Final = '''\
def get_price(toy: str) -> str:
    """What a toy costs"""
    return {"kite": "12 euros", "ball": "5 euros"}[toy]


'''

EXERCISES: Final = {
    "08.1": Exercise(
        check=_held_before_the_answer,
        task="Hold a run just before the model answers. Ask `Tell me about ships.` with a stepper,"
        " step until the model is asked, and stop there.",
        untouched="No run was asked `Tell me about ships`.",
        right="The prompt is made, and the answer is not. You could still cancel the run.",
        hints=(
            "There are three steps: the run is created, it begins, the model is asked.",
            "You went too far? Make a new thread and a new stepper.",
        ),
        solution=f"""\
question = "Tell me about ships."
{_STEPPER})
for _ in range(3):
    stepper.step()""",
    ),
    "08.2": Exercise(
        check=_at_the_breakpoint,
        task='Stop a run by a breakpoint on the function `get_price`. Ask `What is the price of a "ball"?`.'
        " Leave the run there.",
        untouched='No run was asked `What is the price of a "ball"?`.',
        right="The model has named the function. Nobody has called it yet.",
        hints=(
            'The stepper takes `breakpoints=[{"function": "get_price"}]`.',
            "First call `stepper.step()`, then `stepper.to_breakpoint()`.",
        ),
        solution=f"""\
question = 'What is the price of a "ball"?'
{_STEPPER}, breakpoints=[{{"function": "get_price"}}])
stepper.step()
stepper.to_breakpoint()""",
    ),
    "08.3": Exercise(
        check=_other_output,
        task='What if? Ask `What is the price of a "kite"?` and bring the run to its end. Go back to the place where'
        " the outputs came in. Fork the run there with the output `99 euros`, and bring the fork to its end.",
        untouched='No run that was asked `What is the price of a "kite"?` has a fork.',
        right="The two runs have one past. Only the output and what came after it differ.",
        hints=(
            "`stepper.go(number)` goes to a frame. You want the one with the title `The client has submitted outputs`.",
            '`stepper.fork({"output": {"tool_call_id": …, "output": "99 euros"}})`, then `stepper.to_end()`.',
        ),
        solution=f"""\
{_GET_PRICE}question = 'What is the price of a "kite"?'
{_STEPPER}, functions=[get_price])
stepper.step()
stepper.to_end()
stepper.submit()
stepper.to_end()
run = stepper.run
steps = client.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id, order="asc")
call = steps.data[0].step_details.tool_calls[0]
stepper.go([frame.title for frame in stepper.frames].index("The client has submitted outputs") + 1)
stepper.fork({{"output": {{"tool_call_id": call.id, "output": "99 euros"}}}})
stepper.to_end()""",
    ),
    "08.4": Exercise(
        check=_four_ends,
        task="Collect the ends. Make four runs that end `cancelled`, `failed`, `incomplete` and `expired`."
        ' Give each of them `metadata={"mine": "yes"}` when you make its stepper.',
        untouched="No run with the metadata `mine` has ended.",
        right="You have been at four ends of the map. `completed` is the fifth.",
        hints=(
            '`stepper.stop()`, `stepper.fault("rate_limit")` and `max_completion_tokens=5` help with three of them.',
            "A run expires while it waits for an output. Ask for a price, then call `stepper.pass_time(600)`.",
        ),
        solution="""\
def mine(question, **more):
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    stepper = anb.RunStepper(client, thread.id, shopkeeper.id, metadata={"mine": "yes"}, **more)
    stepper.step()
    return stepper


one = mine("Tell me about the sea.")
one.stop()
one.to_end()
two = mine("Tell me about the sea.")
two.fault("rate_limit")
two.to_end()
three = mine("Tell me about the sea.", max_completion_tokens=5)
three.to_end()
four = mine('Is the price of a "kite" high?')
four.to_end()
four.pass_time(600)""",
    ),
    "08.5": Exercise(
        check=_two_prompts,
        task="Predict, then run. A run calls one function, once. How often is the MODEL asked?"
        ' Ask `Tell me the price of a "ball", please.` with a stepper, and give it your guess:'
        ' `metadata={"guess": "…"}`. Bring the run to its end.',
        untouched='No run that was asked for `the price of a "ball", please` has a guess.',
        right="The model is asked once for the call, and once for the answer. You pay for both.",
        hints=(
            "Who writes the sentence after the output came in?",
            "Count the frames with the title `The model is asked`.",
        ),
        solution=f"""\
{_GET_PRICE}question = 'Tell me the price of a "ball", please.'
{_STEPPER}, functions=[get_price], metadata={{"guess": "2"}})
stepper.step()
stepper.to_end()
stepper.submit()
stepper.to_end()""",
    ),
}
