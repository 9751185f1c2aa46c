"""Exercises of lesson 11, "From Assistants to Responses"."""

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from .frame import Exercise, Verdict, best
from .see import See, item_said, said, squeeze

if TYPE_CHECKING:
    from openai.types.responses import Response

_ONE_WORD: Final = "Answer in one word."
_CAT: Final = "My cat is called Tom"
_ERROR: Final = re.compile(r"\s*[\"']?(?:Error\b|Traceback\b|\w*(?:Error|Exception)\b)")
"""How an output begins that is an error, or the name of one."""


def _done(response: "Response") -> Literal[True] | str:
    return response.status == "completed" or f"Your response is `{response.status}`. Create a new one."


def _translated(see: See) -> Verdict:
    def look(response: "Response") -> Verdict:
        if response.model != "gpt-4o":
            return f"Your response has the model `{response.model}`. Send `gpt-4o`, and ask again."
        given = str(response.instructions or "")
        if squeeze(given) != squeeze(_ONE_WORD):
            there = f"has the instructions {given!r}" if given else "has no instructions"
            return f"Your response {there}. Send `{_ONE_WORD}` as `instructions`, and ask again."
        return _done(response)

    return best(map(look, see.responses_asking("Which planet is the largest")))


def _two_branches(see: See) -> Verdict:
    known = {one.id: one for one in see.responses}

    def look(response: "Response", guess: str) -> Verdict:
        before = known.get(response.previous_response_id or "")
        if before is None:
            return "Your response follows no other. Send the id of the first one as `previous_response_id`."
        if squeeze("Name a river") not in squeeze(see.question(before)):
            return f"Your response follows the question {see.question(before)!r}. Let it follow `Name a river.`."
        others = (one for one in see.responses_asking("How long is it") if one.previous_response_id == before.id)
        if next(others, None) is None:
            return "Only one response follows `Name a river.`. Let `How long is it?` follow it, too."
        number = len(see.input_items(response.id))
        return guess == str(number) or f"You guessed {guess}. The model was sent {number} messages. Guess again."

    guesses = [
        (one, guess.strip()) for one in see.responses_asking("Where does it end") if (guess := _note(one, "guess"))
    ]
    return best(look(*one) for one in guesses)


def _note(response: "Response", key: str) -> str:
    return (response.metadata or {}).get(key, "")


def _loop_closed(see: See) -> Verdict:
    def look(response: "Response") -> Verdict:
        if any(item.type == "function_call" for item in response.output):
            return "The response calls a function. Send its output in a new response that follows this one."
        outputs = [str(item.output) for item in see.input_items(response.id) if item.type == "function_call_output"]
        if not outputs:
            return "The response has called nothing. Send the function as a tool, and ask again."
        if _ERROR.match(outputs[-1]):
            return f"The output was an error: {outputs[-1]} Add Lima to the table, and ask again."
        if "22" not in outputs[-1]:
            return f"The output was {outputs[-1]!r}. Send `22 °C`, and ask again."
        return _done(response)

    return best(map(look, see.responses_asking("weather in Lima")))


def _moved(see: See) -> Verdict:
    threads = [
        [(one.role, said(one)) for one in see.messages(id)]
        for id in see.threads_asking(_CAT)
        if id not in see.conversations
    ]
    whole = [thread for thread in threads if len(thread) > 1]

    def look(conversation_id: str) -> Verdict:
        items = see.items(conversation_id)
        spoken = [(item.role, item_said(item)) for item in items if item.type == "message"]
        if not any(squeeze(_CAT) in squeeze(text) for _, text in spoken):
            return None
        if not any(spoken[: len(thread)] == thread for thread in whole):
            return "Your conversation does not begin with all messages of your thread. Move the thread again."
        asked = [
            one
            for one in see.responses_asking("What is my cat called")
            if one.conversation and one.conversation.id == conversation_id
        ]
        return (
            _done(asked[-1])
            if asked
            else "Your conversation holds the messages of the thread. Now ask `What is my cat called?` in it."
        )

    if threads and not whole:
        return "Your thread has one message. Make a thread with both messages."
    waiting = "No conversation holds the messages of your thread yet. Move the thread." if threads else None
    return best([waiting, *map(look, see.conversations)])


def _own_helper(see: See) -> Verdict:
    def look(conversation_id: str) -> Verdict:
        items = see.items(conversation_id)
        calls = [item for item in items if item.type == "function_call" and item.name != "get_weather"]
        if not calls:
            return None
        outputs = {item.call_id: str(item.output) for item in items if item.type == "function_call_output"}
        if waiting := [call.name for call in calls if call.call_id not in outputs]:
            return f"The call of `{waiting[0]}` has no output yet. Send it into the same conversation."
        if not all(outputs.values()):
            return "An output is empty. Send what your function returns, in a new conversation."
        return _asked_twice(items) or _told_each_time(see, conversation_id)

    return best(map(look, see.conversations))


def _asked_twice(items: list[Any]) -> str | None:
    """Return what is missing of two questions with two answers."""
    roles = [item.role for item in items if item.type == "message"]
    if roles.count("user") < 2:
        return "Your function was called and answered. Now ask a second question in the same conversation."
    return None if roles[-1] == "assistant" else "Your second question has no answer yet. Send the output of its call."


def _told_each_time(see: See, conversation_id: str) -> Literal[True] | str:
    told = {
        str(one.instructions or "")
        for one in see.responses
        if one.conversation and one.conversation.id == conversation_id
    }
    if "" in told:
        return "A response was sent no `instructions`. Send them each time, in a new conversation."
    return len(told) == 1 or "Your responses have different `instructions`. Send the same ones, in a new conversation."


_GET_WEATHER: Final = '''\
def get_weather(city: str) -> str:
    """The weather in a city"""
    return {"Oslo": "-3 °C, snow from 5 pm", "Rome": "17 °C, sunny", "Lima": "22 °C"}[city]


'''

EXERCISES: Final = {
    "11.1": Exercise(
        check=_translated,
        task="Write a program for an assistant as one response, with the same model, instructions and question:"
        " `gpt-4o`, `Answer in one word.`, `Which planet is the largest?`.",
        untouched="No response was asked `Which planet is the largest?`.",
        right="An assistant and a thread have become three arguments.",
        hints=(
            "`client.responses.create(…)` takes `model`, `instructions` and `input`.",
            "The words of the message are the `input`.",
        ),
        solution="""\
response = client.responses.create(
    model="gpt-4o", instructions="Answer in one word.", input="Which planet is the largest?"
)
print(response.output_text)""",
    ),
    "11.2": Exercise(
        check=_two_branches,
        task="Ask `Name a river.`. Let two responses follow this first one: `How long is it?` and"
        " `Where does it end?`. How many messages is the model sent for the last one: 1, 3 or 5?"
        ' Give it your guess: `metadata={"guess": "…"}`.',
        untouched="No response to `Where does it end?` has a guess.",
        right="A response knows its own way back: a question, an answer, its own words. The other branch is not on it.",
        hints=(
            "Both responses have the same `previous_response_id`.",
            "Go back from the last response, step by step, and count what you pass.",
        ),
        solution="""\
river = client.responses.create(model="gpt-4o", input="Name a river.")
client.responses.create(model="gpt-4o", input="How long is it?", previous_response_id=river.id)
client.responses.create(
    model="gpt-4o", input="Where does it end?", previous_response_id=river.id, metadata={"guess": "3"}
)""",
    ),
    "11.3": Exercise(
        check=_loop_closed,
        task="Teach `get_weather` the city `Lima` (`22 °C`). Ask `What is the weather in Lima?`, send the output, and"
        " get the answer.",
        untouched="No response was asked about the weather in Lima.",
        right="The call was in one response, and the answer in the next. Between them, your program worked.",
        hints=(
            "`answer` of this lesson runs the whole loop. It calls the `get_weather` that you wrote last.",
            "By hand: `input=outputs_for(response)` and `previous_response_id=response.id`.",
        ),
        solution=f"""\
{_GET_WEATHER}print(answer("What is the weather in Lima?").output_text)""",
    ),
    "11.4": Exercise(
        check=_moved,
        task="Make a thread with two messages: `My cat is called Tom.` from the user, and `Hello, Tom!` from the"
        " assistant. Move it to a conversation. Ask there `What is my cat called?`.",
        untouched="No thread and no conversation holds `My cat is called Tom.`.",
        right="The old messages are items now, and the new response was sent all of them.",
        hints=(
            "`threads.create(messages=[…])` takes messages with the role `assistant`, too.",
            "`anb.to_conversation(client, thread.id)` moves a thread, and returns the conversation.",
            "Name the new conversation in the request: `conversation=…`.",
        ),
        solution="""\
cats = client.beta.threads.create(
    messages=[
        {"role": "user", "content": "My cat is called Tom."},
        {"role": "assistant", "content": "Hello, Tom!"},
    ]
)
moved = anb.to_conversation(client, cats.id)
print(client.responses.create(model="gpt-4o", input="What is my cat called?", conversation=moved.id).output_text)""",
    ),
    "11.5": Exercise(
        check=_own_helper,
        task="Make a helper of your own in a conversation: with instructions, and with a function that has a new name."
        " Ask one question that calls it, send the output, and ask a second question. Send the instructions each time.",
        untouched="No conversation holds a call of a function of yours.",
        right="This is a whole helper, and the server has no object for it: your program holds it.",
        hints=(
            "Begin with a dictionary, as `guide`. Each request gets `**…` of it, and the same `conversation=…`.",
            "The output goes into the conversation: `input=[…]`, without `previous_response_id`.",
        ),
        solution='''\
def get_price(toy: str) -> str:
    """What a toy costs"""
    return {"kite": "12 euros", "ball": "5 euros"}[toy]


shop = {
    "model": "gpt-4o",
    "instructions": "You keep a toy shop.",
    "tools": [{"type": "function", **anb.function_tool(get_price)["function"]}],
    "conversation": client.conversations.create().id,
}
asked = client.responses.create(input='What is the price of a "kite"?', **shop)
call = asked.output[0]
output = {"type": "function_call_output", "call_id": call.call_id, "output": get_price("kite")}
print(client.responses.create(input=[output], **shop).output_text)
print(client.responses.create(input="Thank you!", **shop).output_text)''',
    ),
}
