"""Exercises of lesson 01, "Your first assistant"."""

from typing import TYPE_CHECKING, Final

from ..widgets.statuses import is_final
from .frame import Exercise, Verdict, best
from .see import See, done, one_done, said, squeeze

if TYPE_CHECKING:
    from openai.types.beta import Assistant
    from openai.types.beta.threads import Message, Run

_OTHER: Final = "5x + 3 = 18"
_NINE: Final = "What is 9 times 9"
_ADDED: Final = "Answer in French"
_LESSONS_OWN: Final = "You are a personal math teacher"
"""How the instructions of the lesson's assistant begin, also of one that a form has made."""


def _other_equation(see: See) -> Verdict:
    def look(message: "Message") -> Verdict:
        thread_id = str(message.thread_id)
        if message.role != "user":
            return "Your question has the role `assistant`. Give it the role `user`, on a new thread."
        if see.messages(thread_id)[0].id != message.id:
            return "Your question is not the first message of its thread. Create a new thread and ask there."
        runs = see.runs_on(thread_id)
        if not runs:
            return "A new thread holds your question. It has no run yet. Create a run on this thread."
        return one_done(runs)

    first = (see.messages(thread.id)[:1] for thread in see.threads)
    wrong_role = [one for some in first for one in some if one.role != "user" and squeeze(_OTHER) in squeeze(said(one))]
    return best(map(look, [*wrong_role, *see.asking(_OTHER)]))


def _two_questions(see: See) -> Verdict:
    def look(run: "Run", guess: str) -> Verdict:
        if not is_final(run.status):
            return f"Your guess is {guess}. {done(run)}"
        if run.status != "completed" or see.runs_on(run.thread_id)[0] is not run:
            return "Your guess is for the first run on a new thread, and this run must be completed. Guess again there."
        before = [turn["role"] for turn in see.prompts(run)[0]["messages"]]
        if before != ["user", "user"]:
            return "Its thread did not have two questions. Guess again, on a new thread with two user messages."
        roles = [*before, *(one.role for one in see.messages(run.thread_id) if one.run_id == run.id)]
        if guess == str(len(roles)):
            return True
        return f"You guessed {guess}. The thread held {len(roles)}: {', '.join(roles)}. Guess again, on a new thread."

    return best(look(*one) for one in see.guesses("First question"))


def _remembers(see: See) -> Verdict:
    asked = see.threads_asking("What is my number")

    def look(thread_id: str) -> Verdict:
        runs = see.runs_on(thread_id)
        if thread_id not in asked:
            if asked:
                return "`My number is 7` and `What is my number?` are on two different threads. Put both on one thread."
            return "`My number is 7` is there. Create a run and wait. Then ask `What is my number?` on the same thread."
        if len(runs) < 2:
            there = "one run only" if runs else "no run"
            return f"The thread has {there}. Create one run after the first message, and one after the second."
        if runs[-1].status != "completed":
            return done(runs[-1], "The last run")
        turns = [(one["role"], squeeze(str(one["content"]))) for one in see.prompts(runs[-1])[0]["messages"]]
        said_it = next((n for n, (_, text) in enumerate(turns) if "mynumberis7" in text), len(turns))
        asked_it = next((n for n, (_, text) in enumerate(turns) if "whatismynumber" in text), 0)
        if "assistant" in (role for role, _ in turns[said_it:asked_it]):
            return True
        return "The second run was not sent the first answer. Create one run between the two messages, on a new thread."

    return best(map(look, see.threads_asking("My number is 7")))


def _adds(see: See) -> Verdict:
    own = {one.id: one.instructions or "" for one in see.assistants}

    def look(run: "Run") -> Verdict:
        prompts = see.prompts(run)
        if not prompts:
            return done(run)
        told, base = prompts[0]["instructions"] or "", own.get(str(run.assistant_id), "")
        if not told.startswith(base):
            return f"The model read only {told!r}. You replaced the assistant's. Use the argument that adds."
        if squeeze(_ADDED) not in squeeze(told[len(base) :]):
            more = f" and {told[len(base) :].strip()!r}" if told != base else ""
            return f"The model read the assistant's instructions{more}. Add `{_ADDED}.` when you create a run."
        return done(run)

    return best(map(look, see.runs_asking(_NINE)))


def _own_assistant(see: See) -> Verdict:
    def look(own: "Assistant") -> Verdict:
        name = own.name or "Your assistant"
        if not own.name:
            return "Your assistant has no name. Give it a name, a model and instructions."
        if not (own.instructions or "").strip():
            return f"`{name}` has no instructions. Create it again with `instructions=`, or add them with the form."
        runs = [run for run in see.runs if run.assistant_id == own.id]
        if not runs:
            return f"`{name}` is there. It has not run yet. Create a thread with a question, then a run."
        alone = [run for run in runs if all(one.assistant_id == own.id for one in see.runs_on(run.thread_id))]
        if not alone:
            return f"`{name}` has run on a thread that another assistant has used. Create a new thread, and ask there."
        asked = [run for run in alone if any(one.role == "user" for one in see.messages(run.thread_id))]
        if not asked:
            return f"`{name}` has run on a thread without a question. Add a user message, then create a run."
        return one_done(asked, f"The run of `{name}`")

    others = (one for one in see.assistants if one.name != "Math Teacher")
    return best(look(one) for one in others if not (one.instructions or "").startswith(_LESSONS_OWN))


EXERCISES: Final = {
    "01.1": Exercise(
        check=_other_equation,
        task="Ask something else: `5x + 3 = 18`. Use a new thread. Wait until the run is completed.",
        untouched="No message holds `5x + 3 = 18`.",
        right="A new thread holds your question, and a completed run has answered it.",
        hints=(
            "Copy the cells of Step 2 to Step 5 into one cell. Change the content.",
            "The order is: thread, message, run, the `while` loop.",
            "The run needs `thread_id=thread.id` of the NEW thread.",
        ),
        solution="""\
new = client.beta.threads.create()
client.beta.threads.messages.create(thread_id=new.id, role="user", content="Please solve `5x + 3 = 18`.")
my_run = client.beta.threads.runs.create(thread_id=new.id, assistant_id=assistant.id)
while my_run.status in ("queued", "in_progress"):
    my_run = client.beta.threads.runs.retrieve(thread_id=new.id, run_id=my_run.id)
print(client.beta.threads.messages.list(thread_id=new.id).data[0].content[0].text.value)""",
    ),
    "01.2": Exercise(
        check=_two_questions,
        task="Predict, then run. Make a thread with TWO user messages: `First question` and `Second question`."
        " How many messages will the thread hold after one run? Give your guess to the run when you create it:"
        ' `create_and_poll(…, metadata={"guess": "5"})`. `metadata` is a note that stays with the run.'
        " Then count them.",
        untouched="No run on a thread with `First question` has a guess.",
        right="One run writes one answer, for all messages of the thread. So there are three.",
        hints=(
            "How often is the model asked in one run without tools?",
            '`metadata` is an argument of `create_and_poll`. Its values are text: `"5"`, not `5`.',
        ),
        solution="""\
new = client.beta.threads.create()
for question in ("First question", "Second question"):
    client.beta.threads.messages.create(thread_id=new.id, role="user", content=question)
my_run = client.beta.threads.runs.create_and_poll(
    thread_id=new.id, assistant_id=assistant.id, metadata={"guess": "3"}
)
print(len(client.beta.threads.messages.list(thread_id=new.id).data))""",
    ),
    "01.3": Exercise(
        check=_remembers,
        task="Let the thread remember. Add `My number is 7.` to a new thread. Create a run and wait."
        " Then add `What is my number?` to the same thread. Create a second run."
        " Practice will not say 7. It says how many turns it was sent: look for 3.",
        untouched="No message holds `My number is 7`.",
        right="The second run sent three messages to the model. The thread remembered them for you.",
        hints=(
            "You need one thread, two messages and two runs.",
            "The second run needs the same `thread_id` as the first.",
        ),
        solution="""\
new = client.beta.threads.create()
for question in ("My number is 7.", "What is my number?"):
    client.beta.threads.messages.create(thread_id=new.id, role="user", content=question)
    my_run = client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=assistant.id)
print(client.beta.threads.messages.list(thread_id=new.id).data[0].content[0].text.value)""",
    ),
    "01.4": Exercise(
        check=_adds,
        task="`instructions` of a run replace the assistant's. Find the argument of the run that ADDS to them."
        " Ask `What is 9 times 9?` on a new thread."
        " Give the words `Answer in French.` by this argument, not as a second message."
        " Practice does not translate. The check looks at what the model read.",
        untouched="No run answers `What is 9 times 9?`.",
        right="The model read the assistant's instructions, and then yours.",
        hints=(
            "Click behind the bracket of `client.beta.threads.runs.create(` and press Shift+Tab. Look for `add`.",
            "The argument is `additional_instructions`.",
        ),
        solution="""\
new = client.beta.threads.create(messages=[{"role": "user", "content": "What is 9 times 9?"}])
my_run = client.beta.threads.runs.create_and_poll(
    thread_id=new.id, assistant_id=assistant.id, additional_instructions="Answer in French."
)""",
    ),
    "01.5": Exercise(
        check=_own_assistant,
        task="Make it yourself: an assistant with a name, a model and instructions of your own,"
        ' by code or with the form. (The form shows the new id: `assistant_id="asst_…"`.)'
        " Make a new thread, ask your assistant a question there, and wait for its answer.",
        untouched="There is only the assistant of the lesson.",
        right="Your assistant has answered your question, on a thread of its own.",
        hints=(
            "Start from Step 1. Only three texts change: name, model, instructions.",
            "The run needs the id of YOUR assistant, and of a NEW thread.",
        ),
        solution="""\
poet = client.beta.assistants.create(name="Poet", model="gpt-4o", instructions="Answer in rhyme.")
new = client.beta.threads.create(messages=[{"role": "user", "content": "Tell me about rain."}])
my_run = client.beta.threads.runs.create_and_poll(thread_id=new.id, assistant_id=poet.id)
print(client.beta.threads.messages.list(thread_id=new.id).data[0].content[0].text.value)""",
    ),
}
