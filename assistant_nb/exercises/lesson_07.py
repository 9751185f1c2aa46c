"""Exercises of lesson 07, "Streaming"."""

from typing import TYPE_CHECKING, Final

from .frame import Exercise, Verdict, best
from .see import See, done, said

if TYPE_CHECKING:
    from openai.types.beta.threads import Run

_COPY: Final = "Copy:"


def _folded(see: See) -> Verdict:
    def look(copy: str) -> Verdict:
        if copy in answers:
            return True
        if copy and any(one.startswith(copy) for one in answers):
            return f"Your copy ends with {copy[-20:]!r}. It is only the beginning of an answer. Fold all deltas."
        return f"Your copy begins with {copy[:30]!r}. It is not the same as an answer. Add nothing between the deltas."

    everything = [one for thread in see.threads for one in see.messages(thread.id)]
    answers = {said(one).strip() for one in everything if one.role == "assistant"}
    asked = (said(one) for one in everything if one.role == "user")
    return best(look(text.removeprefix(_COPY).strip()) for text in asked if text.startswith(_COPY))


def _last_event(see: See) -> Verdict:
    def look(run: "Run", guess: str) -> Verdict:
        names = [name for name in see.events(run) if name.startswith("thread.")]
        if run.status != "completed":
            return done(run)
        if guess == names[-1]:
            return True
        if guess in names:
            return f"`{guess}` comes, but not last. Look at the last event of your stream, and guess again."
        return f"`{guess}` is no event of this run. Print `event.event` of each event, and guess again."

    return best(look(*one) for one in see.guesses() if one[1].startswith("thread."))


def _call_in_a_stream(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        calls = see.function_calls(run)
        if not calls:
            return "The run has called no function. Use the assistant that has `get_temperature`, on a new thread."
        if run.status == "requires_action":
            return "The first stream has ended with `requires_action`. Submit the output, and read the second stream."
        return done(run) if calls[-1].output.strip() else "The output is empty. Send what the function returns."

    return best(map(look, see.runs_asking("stream the temperature in Rome")))


def _leave_early(see: See) -> Verdict:
    def look(thread_id: str) -> Verdict:
        runs = see.runs_on(thread_id)
        return done(runs[-1]) if runs else "The question is there, and no run. Stream one."

    return best(map(look, see.threads_asking("Count to fifty")))


EXERCISES: Final = {
    "07.1": Exercise(
        check=_folded,
        task="Fold the deltas of an answer into one text. Then put this text on a new thread, as a user message that"
        " begins with `Copy: `.",
        untouched="No user message begins with `Copy:`.",
        right="Your folded text and the stored answer are the same, letter for letter.",
        hints=(
            'Begin with `text = ""`. Add `event.data.delta.content[0].text.value` of each `thread.message.delta`.',
            "Add nothing between the pieces. The spaces are in them.",
        ),
        solution="""\
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Why is the sky blue?"}])
text = ""
with client.beta.threads.runs.create(thread_id=thread.id, assistant_id=teacher.id, stream=True) as stream:
    for event in stream:
        if event.event == "thread.message.delta":
            text += event.data.delta.content[0].text.value
copy = client.beta.threads.create(messages=[{"role": "user", "content": "Copy: " + text}])""",
    ),
    "07.2": Exercise(
        check=_last_event,
        task="Predict, then run. Stream a question of your own. Which event comes LAST, before the stream ends?"
        ' Write its name into the run when you create it: `metadata={"guess": "thread.…"}`.',
        untouched="No run has a guess that begins with `thread.`.",
        right="A stream tells last how the run ended. Look at this event before you trust the text.",
        hints=("What began first is finished last.", "It is an event of the run, not of the message."),
        solution="""\
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello!"}])
with client.beta.threads.runs.create(
    thread_id=thread.id,
    assistant_id=teacher.id,
    stream=True,
    metadata={"guess": "thread.run.completed"},
) as stream:
    print([event.event for event in stream][-1])""",
    ),
    "07.3": Exercise(
        check=_call_in_a_stream,
        task="Answer a function call in the middle of a stream. Ask `Please stream the temperature in Rome.`"
        " with the assistant that has `get_temperature`. Read the first stream, submit the output, read the second.",
        untouched="No message says `stream the temperature in Rome`.",
        right="Two streams tell of one run: the call, your output, the answer.",
        hints=(
            "The first stream ends with `thread.run.requires_action`. The `data` of this event is the run.",
            "`submit_tool_outputs(…, stream=True)` opens the second stream. Read it to its end.",
        ),
        solution='''\
def get_temperature(city: str) -> int:
    """The temperature in a city, in degrees Celsius"""
    return {"Oslo": -3, "Rome": 17}[city]


guide = client.beta.assistants.create(model="gpt-4o", tools=[anb.function_tool(get_temperature)])
question = "Please stream the temperature in Rome."
thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
with client.beta.threads.runs.create(thread_id=thread.id, assistant_id=guide.id, stream=True) as stream:
    waiting = list(stream)[-1].data
outputs = anb.tool_outputs(waiting, get_temperature)
with client.beta.threads.runs.submit_tool_outputs(
    run_id=waiting.id, thread_id=thread.id, tool_outputs=outputs, stream=True
) as stream:
    print([event.event for event in stream][-1])''',
    ),
    "07.4": Exercise(
        check=_leave_early,
        task="Leave early: stream `Count to fifty` and stop reading after three events."
        " Then find the run on its thread, and wait for its end. The rules called *practice* cannot count to fifty."
        " It does not matter: the check looks only at the run.",
        untouched="No message says `Count to fifty`.",
        right="The run went on without you. It belongs to the thread, not to its reader.",
        hints=(
            "`break` leaves the loop `for event in stream:`.",
            "`client.beta.threads.runs.list(thread_id=thread.id)` finds the run. `runs.poll` waits for its end.",
        ),
        solution="""\
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Count to fifty."}])
with client.beta.threads.runs.create(thread_id=thread.id, assistant_id=teacher.id, stream=True) as stream:
    for number, event in enumerate(stream, 1):
        if number == 3:
            break
run = client.beta.threads.runs.list(thread_id=thread.id).data[0]
run = client.beta.threads.runs.poll(run_id=run.id, thread_id=thread.id)
print(run.status)""",
    ),
}
