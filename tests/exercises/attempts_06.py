"""Attempts at the exercises of lesson 06: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

_PRICE: Final = """
def get_price(toy: str) -> str:
    "What a toy costs"
    return "12 euros"
shop = client.beta.assistants.create(model="gpt-4o", tools=[anb.function_tool(get_price)])
"""

WRONG: Final = {
    "06.1": [
        ('run("What is the temperature in Lima?")', "Your run is `requires_action`. It waits for the outputs"),
        (
            """
waiting = run("What is the temperature in Lima?")
submit(waiting, anb.tool_outputs(waiting, get_temperature)[0]["output"])
""",
            "The output was an error: Error: KeyError: 'Lima'. Add Lima to the table of `get_temperature`",
        ),
        (
            """
def get_temperature(city):
    return {"Oslo": -3, "Rome": 17, "Lima": 19}[city]
waiting = run("What is the temperature in Lima?")
submit(waiting, anb.tool_outputs(waiting, get_temperature)[0]["output"])
""",
            "for example, city: str. Repair this, and ask again.",
        ),
        ('submit(run("What is the temperature in Lima?"), "")', "The output was ''. Send 19"),
    ],
    "06.2": [
        (
            'run("What is the temperature in Rome?", tool_choice="none", metadata={"guess": "requires_action"})',
            "You guessed requires_action. The run is `completed`",
        ),
        ('run("What is the temperature in Rome?", metadata={"guess": "requires_action"})', "does not forbid"),
    ],
    "06.3": [
        ('run("What are the temperature and the nickname of Lima?")', "waits for 2 outputs"),
        ('submit(run("What are the temperature and the nickname of Lima?"), "", "")', "empty"),
        (
            'submit(run("What are the temperature and the nickname of Lima?"), "19", "KeyError: \'Lima\'")',
            "The output was an error: KeyError: 'Lima'. Add Lima to the table of `get_nickname`",
        ),
        (
            'submit(run("What are the temperature and the nickname of Lima?"), "TypeError: no", "the City of Kings")',
            "The output was an error: TypeError: no. Repair this, and ask again.",
        ),
        (
            'submit(run("What are the temperature and the nickname of Lima?"), "19", "19")',
            "Give each call the output of its own function",
        ),
    ],
    "06.4": [
        ('run("What is the temperature in Narnia?")', "`requires_action`"),
        ('submit(run("What is the temperature in Narnia?"), "0")', "invented"),
        ('submit(run("What is the temperature in Narnia?"), "20 degrees")', "invented"),
        ('submit(run("What is the temperature in Narnia?"), " ")', "empty"),
    ],
    "06.5": [
        (_PRICE, "Nobody has called it"),
        (_PRICE + "run('What is the price of a \"kite\"?', shop)", "waits for its output"),
        (_PRICE + "submit(run('What is the price of a \"kite\"?', shop), '')", "is empty"),
    ],
}
RIGHT: Final = {
    "06.1": ['submit(run("Please: the temperature in Lima?"), "19 °C")'],
    "06.2": [
        """
client.beta.threads.create_and_run(
    assistant_id=guide.id, tool_choice="none", metadata={"guess": "completed"}, stream=True,
    thread={"messages": [{"role": "user", "content": "What is the temperature in `Rome`?"}]},
).response.read()
""",
    ],
    "06.3": ['submit(run("Tell me temperature and nickname of Lima"), \'{"celsius": 19}\', "City of Kings")'],
    "06.4": [
        'submit(run("How high is the temperature in Narnia?"), "There is no such city.")',
        """submit(run("What is the temperature in Narnia?"), "KeyError('Narnia')")""",
    ],
    "06.5": [
        """
def double(number: int) -> int:
    return 2 * number
tool = anb.function_tool(double)
helper = client.beta.assistants.create(model="gpt-4o", name="Doubler", tools=guide.tools + [tool])
submit(run("Please double 21", helper), "42")
""",
    ],
}
