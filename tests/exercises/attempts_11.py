"""Attempts at the exercises of lesson 11: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

_CATS = """
cats = [("user", "My cat is called Tom."), ("assistant", "Hello, Tom!")]
thread = client.beta.threads.create(messages=[{"role": role, "content": text} for role, text in cats])
"""
_SHOP = '''
def get_price(toy: str) -> str:
    """What a toy costs"""
    return "12 euros"
shop = {
    "instructions": "You keep a toy shop.",
    "tools": [{"type": "function", **anb.function_tool(get_price)["function"]}],
    "conversation": client.conversations.create().id,
}
asked = create('What is the price of a "kite"?', **shop)
'''
_RIVER = 'river = create("Name a river.")\n'
_BRANCH = 'create("Where does it end?", previous_response_id=river.id, metadata={"guess": "%s"})\n'

WRONG: Final = {
    "11.1": [
        ('create("Which planet is the largest?")', "has no instructions"),
        (
            'create("Which planet is the largest?", instructions="Be brief.")',
            "has the instructions 'Be brief.'. Send `Answer in one word.`",
        ),
        (
            'create("Which planet is the largest?", model="gpt-4", instructions="Answer in one word.")',
            "has the model `gpt-4`",
        ),
        (
            'create("Which planet is the largest?", instructions="Answer in one word.", max_output_tokens=16)',
            "is `incomplete`. Create a new one",
        ),
    ],
    "11.2": [
        (_RIVER + 'create("Where does it end?", metadata={"guess": "3"})', "follows no other"),
        (
            _RIVER
            + 'long = create("How long is it?", previous_response_id=river.id)\n'
            + _BRANCH.replace("river.id", "long.id") % "5",
            "follows the question 'How long is it?'. Let it follow `Name a river.`",
        ),
        (_RIVER + _BRANCH % "3", "Only one response follows"),
        (
            _RIVER + 'create("How long is it?", previous_response_id=river.id)\n' + _BRANCH % "5",
            "You guessed 5. The model was sent 3 messages. Guess again.",
        ),
        (_RIVER + 'create("How long is it?")\n' + _BRANCH % "3", "Only one response follows"),
    ],
    "11.3": [
        ('create("What is the weather in Lima?", **guide)', "calls a function. Send its output"),
        ('create("What is the weather in Lima?")', "has called nothing"),
        (
            """
asked = create("What is the weather in Lima?", **guide)
sent(asked, "KeyError: 'Lima'", previous_response_id=asked.id, **guide)
""",
            "The output was an error: KeyError: 'Lima' Add Lima",
        ),
        (
            """
asked = create("What is the weather in Lima?", **guide)
sent(asked, "rain", previous_response_id=asked.id, **guide)
""",
            "The output was 'rain'. Send `22 °C`",
        ),
        (
            """
asked = create("What is the weather in Lima?", **guide)
sent(asked, "22 °C", previous_response_id=asked.id, max_output_tokens=16, **guide)
""",
            "is `incomplete`",
        ),
    ],
    "11.4": [
        (_CATS, "No conversation holds the messages of your thread yet"),
        (_CATS + "hold(*cats)", "Now ask `What is my cat called?` in it"),
        (_CATS + "hold(cats[0])", "does not begin with all messages"),
        ('hold(("user", "My cat is called Tom."))', "does not begin with all messages"),
        (
            'client.beta.threads.create(messages=[{"role": "user", "content": "My cat is called Tom."}])',
            "Your thread has one message",
        ),
        (_CATS + 'hold(*cats)\ncreate("What is my cat called?")', "Now ask `What is my cat called?` in it"),
        (
            _CATS + 'create("What is my cat called?", conversation=hold(*cats).id, max_output_tokens=16)',
            "is `incomplete`",
        ),
    ],
    "11.5": [
        (_SHOP, "The call of `get_price` has no output yet"),
        (_SHOP + 'sent(asked, "", **shop)', "An output is empty"),
        (_SHOP + 'sent(asked, "12 euros", **shop)', "Now ask a second question"),
        (
            _SHOP + 'sent(asked, "12 euros", **shop)\nclient.conversations.items.create(\n'
            '    shop["conversation"], items=[{"role": "user", "content": "Thank you!"}])',
            "Your second question has no answer yet",
        ),
        (
            _SHOP + 'sent(asked, "12 euros", **shop)\ncreate("Thank you!", conversation=shop["conversation"])',
            "was sent no `instructions`",
        ),
        (
            _SHOP + 'sent(asked, "12 euros", **shop)\ncreate("Thank you!", **{**shop, "instructions": "Be brief."})',
            "have different `instructions`",
        ),
    ],
}
RIGHT: Final = {
    "11.1": [
        'create([{"role": "user", "content": "which planet is the largest"}], instructions="answer in one word.")',
        """
talk = client.conversations.create(items=[{"role": "user", "content": "Hello"}]).id
create("Which planet is the largest?", instructions="Answer in one word.", conversation=talk)
""",
    ],
    "11.2": [
        _RIVER + _BRANCH % " 3 " + 'create("How long is it?", previous_response_id=river.id, metadata={"guess": "3"})',
        _RIVER.replace("Name", "Please name")
        + _BRANCH % "3"
        + 'create("How long is it", previous_response_id=river.id)',
    ],
    "11.3": [
        """
talk = {**guide, "conversation": client.conversations.create().id}
sent(create("Please tell me the weather in Lima.", **talk), '{"celsius": 22}', **talk)
""",
        """
asked = create("What is the weather in Lima?", **guide)
history = [{"role": "user", "content": "What is the weather in Lima?"}, *asked.output]
create([*history, output(asked.output[0], "22 °C, fog")], **guide)
""",
    ],
    "11.4": [
        _CATS
        + """
client.beta.threads.messages.create(thread_id=thread.id, role="user", content="Thanks")
talk = hold(*cats, ("user", "Thanks"), ("user", "By the way:"))
create("What is my cat called", conversation=talk.id)
""",
        'client.beta.threads.create(messages=[{"role": "user", "content": "My cat is called Tom."}])\n'
        + _CATS
        + 'create("What is my cat called?", conversation=hold(*cats).id)',
    ],
    "11.5": [
        _SHOP
        + 'sent(asked, "12 euros", **shop)\nsent(create(\'Tell me the price of a "ball".\', **shop), "5 euros", **shop)',
        _SHOP
        + """
sent(asked, "12 euros", **shop)
create("Thank you!", **{**shop, "tools": []})
""",
    ],
}
