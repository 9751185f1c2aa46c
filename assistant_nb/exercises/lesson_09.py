"""Exercises of lesson 09, "When things go wrong"."""

from typing import TYPE_CHECKING, Final

from ..widgets.statuses import is_final
from .frame import Exercise, Verdict, best
from .see import See, done, said, squeeze

if TYPE_CHECKING:
    from openai.types.beta.threads import Run

_FOXES: Final = "Tell me about foxes"
_OWLS: Final = "Tell me a long story about owls"


def _free_again(see: See) -> Verdict:
    stuck = [thread.id for thread in see.threads if (thread.metadata or {}).get("name") == "stuck"]
    asked = see.threads_asking("Free again")
    if set(stuck) & set(asked):
        return True
    if asked:
        return "`Free again` stands on another thread. Add it to the thread `stuck`."
    ended = [run.status for thread_id in stuck for run in see.runs_on(thread_id) if is_final(run.status)]
    return f"The run has ended (`{ended[-1]}`). Add the message `Free again` to the thread `stuck`." if ended else None


def _run_again(see: See) -> Verdict:
    def look(thread_id: str) -> Verdict:
        runs = see.runs_on(thread_id)
        codes = [run.last_error.code if run.last_error else None for run in runs]
        if "rate_limit_exceeded" not in codes:
            return (
                "No run on that thread has failed with a rate limit. Set the fault, then create a run on a new thread."
            )
        after = runs[codes.index("rate_limit_exceeded") + 1 :]
        if not after:
            return "A run has failed with a rate limit. Create a second run on the same thread."
        texts = [squeeze(said(one)) for one in see.messages(thread_id) if one.role == "user"]
        if len(texts) != len(set(texts)):
            return "The question is on the thread twice, and the model reads both. Try again without asking twice."
        return any(run.status == "completed" for run in after) or done(after[-1], "The second run")

    return best(map(look, see.threads_asking(_FOXES)))


def _go_on(see: See) -> Verdict:
    def look(thread_id: str) -> Verdict:
        runs = see.runs_on(thread_id)
        cut = next((n for n, run in enumerate(runs) if run.status == "incomplete"), None)
        if cut is None:
            return "No run on that thread is `incomplete`. Create one with `max_completion_tokens=5`, on a new thread."
        after, asked = runs[cut + 1 :], [squeeze(said(one)) for one in see.messages(thread_id)]
        if not any(text.startswith("goon") for text in asked):
            return "A run is `incomplete`. Add the message `Go on.` to its thread, and create a second run."
        if not after:
            return "`Go on.` is there. Create a second run, without a limit."
        if after[-1].status == "incomplete":
            return "The second run was cut off again. Create one without a limit."
        return done(after[-1], "The second run")

    return best(map(look, see.threads_asking(_OWLS)))


def _waits_for_the_end(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        if run.status == "failed":
            return True
        return (
            f"Your run is `{run.status}`. This proves nothing yet. Set the fault `server_error`, and create a new run."
        )

    return best(look(run) for run in see.runs if see.made_with(run).get("by") == "wait")


def _ten_minutes(see: See) -> Verdict:
    def look(run: "Run", guess: str) -> Verdict:
        if not is_final(run.status):
            return f"The run still waits (`{run.status}`). Let ten minutes pass."
        if run.status != "expired":
            return f"The run is `{run.status}`. Ask again on a new thread, and only let the time pass."
        return guess == "expired" or f"You guessed {guess}. The run is `{run.status}`. Guess again, on a new thread."

    return best(look(*one) for one in see.guesses('Please tell me the price of a "ball"'))


_ASK: Final = """\
thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=story.id"""

EXERCISES: Final = {
    "09.1": Exercise(
        check=_free_again,
        task="The thread `stuck` is locked by a run. No variable holds this run. Find it, and set the thread free."
        " If you cancel it, wait until it is `cancelled`. Then add the message `Free again` to the thread.",
        untouched="The thread `stuck` still has a waiting run.",
        right="The run has ended, so the thread takes messages again.",
        hints=(
            "`client.beta.threads.runs.list(thread_id=stuck.id)` finds the run.",
            "Cancel the run and poll it. Or give it the output that it waits for.",
        ),
        solution="""\
run = client.beta.threads.runs.list(thread_id=stuck.id).data[0]
client.beta.threads.runs.cancel(run_id=run.id, thread_id=stuck.id)
client.beta.threads.runs.poll(run_id=run.id, thread_id=stuck.id)
client.beta.threads.messages.create(thread_id=stuck.id, role="user", content="Free again")""",
    ),
    "09.2": Exercise(
        check=_run_again,
        task="Set the fault `rate_limit`. Ask `Tell me about foxes.` on a new thread: the run fails."
        " Create a second run on the same thread, and get the answer.",
        untouched="No message says `Tell me about foxes`.",
        right="The question was still on the thread. A second run was enough.",
        hints=(
            '`client.post("/lab/faults", cast_to=object, body={"kind": "rate_limit"})` sets the fault.',
            "Do not add the question again. The thread has it.",
        ),
        solution=f"""\
client.post("/lab/faults", cast_to=object, body={{"kind": "rate_limit"}})
question = "Tell me about foxes."
{_ASK})
print(run.status, run.last_error.code)
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=story.id)
print(anb.said(run))""",
    ),
    "09.3": Exercise(
        check=_go_on,
        task="Cut an answer off: ask `Tell me a long story about owls.` with `max_completion_tokens=5`."
        " Then let it go on: ask `Go on.` on the same thread, without a limit.",
        untouched="No message says `Tell me a long story about owls`.",
        right="An incomplete answer stays on the thread. The next run has read it.",
        hints=(
            "The status of the first run is `incomplete`. Its words are on the thread.",
            "You need the same thread, a new message, a new run.",
        ),
        solution=f"""\
question = "Tell me a long story about owls."
{_ASK}, max_completion_tokens=5)
print(run.status)
client.beta.threads.messages.create(thread_id=thread.id, role="user", content="Go on.")
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=story.id)
print(anb.said(run))""",
    ),
    "09.4": Exercise(
        check=_waits_for_the_end,
        task="Write `wait(run)`. It looks at the run as long as it moves (`queued`, `in_progress`, `cancelling`), and"
        ' returns it. Prove it: let it wait for a run that fails. Create this run with `metadata={"by": "wait"}`.',
        untouched="No run has the metadata `by: wait`.",
        right="Your loop has an end. A loop that waits for `completed` would still be waiting.",
        hints=(
            "A run moves in three statuses: `queued`, `in_progress`, `cancelling`. In all others, stop.",
            'Let the run fail: `client.post("/lab/faults", cast_to=object, body={"kind": "server_error"})`.',
        ),
        solution="""\
def wait(run):
    while run.status in ("queued", "in_progress", "cancelling"):
        run = client.beta.threads.runs.retrieve(thread_id=run.thread_id, run_id=run.id)
    return run


client.post("/lab/faults", cast_to=object, body={"kind": "server_error"})
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=story.id, metadata={"by": "wait"})
print(wait(run).status)""",
    ),
    "09.5": Exercise(
        check=_ten_minutes,
        task='Predict, then run. Ask `Please tell me the price of a "ball"` with the assistant that has `get_price`.'
        " The run waits for you. Do not answer. Let ten minutes pass. (They pass for the thread `stuck`, too:"
        " do 09.1 first.) Which status comes?"
        ' Write your guess into the run when you create it: `metadata={"guess": "…"}`.',
        untouched='No run that was asked `Please tell me the price of a "ball"` has a guess.',
        right="A run that nobody answers expires. Its thread is free again.",
        hints=(
            "`failed` is for a model that gives no answer. Here YOU gave none.",
            '`client.post("/lab/clock", cast_to=object, body={"advance_s": 600})` lets ten minutes pass.',
        ),
        solution="""\
thread = client.beta.threads.create(messages=[{"role": "user", "content": 'Please tell me the price of a "ball"'}])
run = client.beta.threads.runs.create_and_poll(
    thread_id=thread.id, assistant_id=shopkeeper.id, metadata={"guess": "expired"}
)
client.post("/lab/clock", cast_to=object, body={"advance_s": 600})
print(client.beta.threads.runs.retrieve(run_id=run.id, thread_id=thread.id).status)""",
    ),
}
