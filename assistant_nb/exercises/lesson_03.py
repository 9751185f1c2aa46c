"""Exercises of lesson 03, "Chat or assistant"."""

from typing import TYPE_CHECKING, Final

from .frame import Exercise, Verdict, best
from .see import See, done, said, squeeze

if TYPE_CHECKING:
    from openai.types.beta.threads import Run


def _moved(see: See) -> Verdict:
    def look(thread_id: str) -> Verdict:
        messages = [(one.role, squeeze(said(one))) for one in see.messages(thread_id)]
        if any("answerinoneword" in text for _, text in messages):
            return "`Answer in one word.` is no message of the conversation. Leave it out, on a new thread."
        if any(role == "assistant" and "jupiter" in text for role, text in messages):
            return True
        return "The question is there. Add the answer `Jupiter.` with the role `assistant`."

    return best(map(look, see.threads_asking("Which planet is the largest")))


def _third_prompt(see: See) -> Verdict:
    def look(run: "Run", guess: str) -> Verdict:
        place = see.runs_on(run.thread_id).index(run) + 1
        if place != 3:
            return f"Your guess is in run number {place} of its thread. Put it into the third, on a new thread."
        if not see.prompts(run):
            return done(run)
        got = [turn["role"] for turn in see.prompts(run)[0]["messages"]]
        if got.count("user") != 3 or len(got) != 5:
            return f"The model got {', '.join(got)}. Ask one question before each run, on a new thread."
        if guess == "5":
            return done(run)
        return f"You guessed {guess}. The model got 5 messages: {', '.join(got)}. Guess again, on a new thread."

    return best(look(*one) for one in see.guesses("Count with me"))


def _only_the_last(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        if not see.prompts(run):
            return done(run)
        got = see.prompts(run)[0]["messages"]
        there = [one for one in see.messages(run.thread_id) if one.created_at <= run.created_at]
        if len(there) < 3:
            return f"The thread had {len(there)} of three messages. Add the others, and create a new run."
        if len(got) != 1:
            return f"The model got {len(got)} messages. Create a run with a `truncation_strategy` that sends only one."
        return done(run)

    found = [look(run) for run in see.runs_asking("Please forget this")]
    waiting = "`Please forget this` is there. Create a run that sends only the last message."
    return best(found) if found else waiting if see.threads_asking("Please forget this") else None


def _two_voices(see: See) -> Verdict:
    def look(thread_id: str) -> Verdict:
        runs = [run for run in see.runs_on(thread_id) if run.status == "completed"]
        if len({run.assistant_id for run in runs}) > 1:
            return True
        if len(runs) > 1:
            return "Both runs are by the same assistant. Create a second assistant, and a run of it on this thread."
        return f"{len(runs)} of 2 answers are there. Let two assistants answer, one after the other, on one thread."

    runs = [run for run in see.runs_asking("two voices") if run.status == "completed"]
    verdict = best(map(look, see.threads_asking("two voices")))
    if verdict is not True and len({run.assistant_id for run in runs}) > 1:
        return "Two assistants have answered, each one on its own thread. Let both answer on one thread."
    return verdict


EXERCISES: Final = {
    "03.1": Exercise(
        check=_moved,
        task="`planets` is a chat. It holds `Answer in one word.` (role `system`), `Which planet is the largest?`"
        " (role `user`) and `Jupiter.` (role `assistant`). Make a thread that holds the question and the answer."
        " You need no new question and no run."
        " A thread takes no `system` messages: leave these words out.",
        untouched="No thread holds `Which planet is the largest?`.",
        right="The thread holds what your list held. The `system` words belong to an assistant, as its `instructions`.",
        hints=(
            "`client.beta.threads.create(messages=…)` takes a list of messages, also with the role `assistant`.",
            "`planets[1:]` is the list without its first message.",
        ),
        solution="""\
planets = [
    {"role": "system", "content": "Answer in one word."},
    {"role": "user", "content": "Which planet is the largest?"},
    {"role": "assistant", "content": "Jupiter."},
]
moved = client.beta.threads.create(messages=planets[1:])""",
    ),
    "03.2": Exercise(
        check=_third_prompt,
        task="Predict, then run. Ask three questions on one new thread, the first one `Count with me: one`."
        " Create a run after each question. How many messages does the model get in the THIRD run?"
        ' Write your guess into that run when you create it: `metadata={"guess": "…"}`.',
        untouched="No run on a thread with `Count with me` has a guess.",
        right="Three questions and two answers were sent. You pay for all of them again.",
        hints=(
            "The model gets the whole thread each time.",
            "After two runs the thread holds four messages. Then you add one.",
        ),
        solution="""\
new = client.beta.threads.create()
for number, note in (("one", {}), ("two", {}), ("three", {"guess": "5"})):
    client.beta.threads.messages.create(thread_id=new.id, role="user", content="Count with me: " + number)
    my_run = client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=assistant.id, metadata=note)""",
    ),
    "03.3": Exercise(
        check=_only_the_last,
        task="Save tokens. Make a thread with three user messages, the first one `Please forget this`."
        " Create a run that sends the model only the last message.",
        untouched="No message says `Please forget this`.",
        right="The thread keeps all three. The model got one message.",
        hints=(
            "The argument of the run is `truncation_strategy`.",
            'Its value is `{"type": "last_messages", "last_messages": 1}`.',
        ),
        solution="""\
words = ("Please forget this.", "This, too.", "How are you?")
new = client.beta.threads.create(messages=[{"role": "user", "content": word} for word in words])
my_run = client.beta.threads.runs.create_and_poll(
    thread_id=new.id,
    assistant_id=assistant.id,
    truncation_strategy={"type": "last_messages", "last_messages": 1},
)""",
    ),
    "03.4": Exercise(
        check=_two_voices,
        task="Make it yourself: one thread, two assistants. Ask `Please answer in two voices` on a new thread."
        " Let the lesson's assistant answer. Then let a second assistant of yours answer on the same thread.",
        untouched="No message says `two voices`.",
        right="A thread does not belong to an assistant. Both have read the same conversation.",
        hints=(
            "Create the second assistant first.",
            "Only `assistant_id` of the second run changes.",
        ),
        solution="""\
poet = client.beta.assistants.create(model="gpt-4o", name="Poet", instructions="Say it in rhyme.")
new = client.beta.threads.create(messages=[{"role": "user", "content": "Please answer in two voices."}])
for one in (assistant, poet):
    my_run = client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=one.id)""",
    ),
}
