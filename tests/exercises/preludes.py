"""What each lesson makes before its exercises, in short."""

from typing import Final

RECORDINGS: Final = {"01": "01_first_assistant", "08": "08_inside_a_run"}

PRELUDES: Final = {
    "00": """
client.beta.assistants.create(name="Helper of Ada", model="gpt-4o")
""",
    "01": """
INSTRUCTIONS = "Please address the user as Monaj. The user has a premium account."
assistant = client.beta.assistants.create(
    name="Math Teacher", model="gpt-4-1106-preview", tools=[{"type": "code_interpreter"}],
    instructions="You are a personal math teacher. Write and run code to answer math questions.",
)
thread = client.beta.threads.create()
def ask(thread, question, assistant=assistant, **more):
    client.beta.threads.messages.create(thread_id=thread.id, role="user", content=question)
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **more)
for question in ("I need to solve the equation `4x + 11 = 19`. Can you help me?", "Now what is the squared root of `x`?"):
    run = ask(thread, question, instructions=INSTRUCTIONS)
assert run.status == "completed" and run.provenance[0]["answer"] == "source"
own = client.beta.threads.create(messages=[{"role": "assistant", "content": "Welcome!"}])
run = ask(own, "What is 3 + 4?")
""",
    "02": '''
import openai
def send(method, path, body=None, version="v2"):
    """Send what the lesson's function of this name sends. Returns the status code and the JSON."""
    call = {"GET": client.get, "POST": client.post}[method]
    given = {} if method == "GET" else {"body": body}
    try:
        return 200, call(path, cast_to=object, options={"headers": {"OpenAI-Beta": "assistants=" + version}}, **given)
    except openai.APIStatusError as error:
        return error.status_code, error.body
tutor = {"name": "Math Tutor", "model": "gpt-4", "instructions": "You are a personal math tutor."}
assistant_id = send("POST", "/assistants", tutor, "v1")[1]["id"]
thread_id = send("POST", "/threads")[1]["id"]
run_id = send("POST", f"/threads/{thread_id}/runs", {"assistant_id": assistant_id, "instructions": "Hello, how are you?"})[1]["id"]
while send("GET", f"/threads/{thread_id}/runs/{run_id}")[1]["status"] in ("queued", "in_progress"):
    pass
''',
    "03": """
tutor = "You are a maths tutor. Answer in one short sentence."
assistant = client.beta.assistants.create(model="gpt-4o", name="Tutor", instructions=tutor)
planets = [
    {"role": "system", "content": "Answer in one word."},
    {"role": "user", "content": "Which planet is the largest?"},
    {"role": "assistant", "content": "Jupiter."},
]
def ask(thread, question, assistant=assistant, **more):
    client.beta.threads.messages.create(thread_id=thread.id, role="user", content=question)
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **more)
thread = client.beta.threads.create()
for question in ("What is 12 times 12?", "And half of that?"):
    ask(thread, question)
ask(thread, "And now?", truncation_strategy={"type": "last_messages", "last_messages": 1})
""",
    "04": """
analyst = client.beta.assistants.create(
    model="gpt-4o", name="Analyst", tools=[{"type": "code_interpreter"}],
    instructions="Answer with numbers that your code has computed.",
)
def ask(question, thread=None, assistant=analyst, attachments=(), **more):
    thread = thread or client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content=question, attachments=list(attachments))
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **more)
def block(code):
    return f"Run this:\\n```python\\n{code}\\n```"
ask(block("print(2 ** 100)"))
ask(block("n = 3"))
""",
    "05": """
rules = b"# Tide Library: house rules\\n\\nOpening hours: Monday to Friday from 9 to 19, Saturday from 10 to 14.\\n"
boat = b"# The book boat\\n\\nThe book boat sails to the islands on the first Tuesday of each month.\\n"
rules = client.files.create(file=("rules.md", rules), purpose="assistants")
boat = client.files.create(file=("boat.md", boat), purpose="assistants")
notice = client.files.create(file=("notice.md", b"On 1 May the library stays closed."), purpose="assistants")
library = client.vector_stores.create(name="Tide Library", file_ids=[rules.id, boat.id])
library = client.vector_stores.retrieve(library.id)
search = {"type": "file_search"}
librarian = client.beta.assistants.create(
    model="gpt-4o", name="Librarian", instructions="Answer from the files alone, and cite them.",
    tools=[search], tool_resources={"file_search": {"vector_store_ids": [library.id]}},
)
def ask(question, assistant=librarian, attachments=()):
    message = {"role": "user", "content": question, "attachments": list(attachments)}
    return client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread={"messages": [message]})
def upload(name, text):
    return client.files.create(file=(name, text.encode()), purpose="assistants")
ask('What about "Saturday"?')
ask('Is it "closed" on 1 May?', attachments=[{"file_id": notice.id, "tools": [search]}])
""",
    "06": '''
def get_temperature(city: str) -> int:
    """The temperature in a city, in degrees Celsius"""
    return {"Oslo": -3, "Rome": 17}[city]
def get_nickname(city: str) -> str:
    """What people call a city"""
    return {"Rome": "the Eternal City"}[city]
guide = client.beta.assistants.create(
    model="gpt-4o", name="Guide", instructions="You help travellers. Use the functions for facts.",
    tools=[anb.function_tool(get_temperature), anb.function_tool(get_nickname)],
)
def run(question, assistant=guide, **choices):
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **choices)
def submit(waiting, *outputs):
    calls = waiting.required_action.submit_tool_outputs.tool_calls
    return client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=waiting.id, thread_id=waiting.thread_id,
        tool_outputs=[{"tool_call_id": call.id, "output": output} for call, output in zip(calls, outputs, strict=True)],
    )
submit(run("What is the temperature in Oslo?"), "-3")
submit(run("What is the temperature in Atlantis?"), "Error: KeyError: 'Atlantis'")
submit(run("What are the temperature and the nickname of Rome?"), "17", "the Eternal City")
run("Just guess: what is the temperature in Rome?", tool_choice="none")
''',
    "07": '''
teacher = client.beta.assistants.create(
    model="gpt-4o", name="Teacher", instructions="You are a patient physics teacher."
)
def get_temperature(city: str) -> int:
    """The temperature in a city, in degrees Celsius"""
    return {"Oslo": -3, "Rome": 17}[city]
guide = client.beta.assistants.create(model="gpt-4o", name="Guide", tools=[anb.function_tool(get_temperature)])
def ask(question):
    return client.beta.threads.create(messages=[{"role": "user", "content": question}])
def stream(thread, assistant=teacher, **more):
    with client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id, stream=True, **more) as read:
        return list(read)
events = stream(ask("Why is the sky blue?"))
stream(ask("What is the temperature in Rome?"), guide)
''',
    "08": '''
def get_price(toy: str) -> str:
    """What a toy costs"""
    return {"kite": "12 euros", "ball": "5 euros"}[toy]
shopkeeper = client.beta.assistants.create(
    model="gpt-4o", name="Shopkeeper", instructions="You keep a toy shop. Look prices up.",
    tools=[anb.function_tool(get_price)],
)
def stepper(question, **more):
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    made = anb.RunStepper(client, thread.id, shopkeeper.id, **more)
    made.step()
    return made
def ended(question, **more):
    made = stepper(question, functions=[get_price], **more)
    made.to_end()
    if made.run.status == "requires_action":
        made.submit()
        made.to_end()
    return made
def forked(question, edit):
    made = ended(question)
    made.go([frame.title for frame in made.frames].index("The client has submitted outputs") + 1)
    made.fork(edit)
    return made
def call_of(run):
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc")
    return steps.data[0].step_details.tool_calls[0]
forked("What does a kite cost?", {"instructions": "Be brief."}).to_end()
stopped = stepper("Tell me the story of the kite.", breakpoints=[{"function": "get_price"}])
stopped.stop()
stopped.to_end()
''',
    "09": '''
def get_price(toy: str) -> str:
    """What a toy costs"""
    return {"kite": "12 euros", "ball": "5 euros"}[toy]
shopkeeper = client.beta.assistants.create(
    model="gpt-4o", name="Shopkeeper", instructions="You keep a toy shop. Look prices up.",
    tools=[anb.function_tool(get_price)],
)
story = client.beta.assistants.create(model="gpt-4o", name="Storyteller", instructions="Tell stories.")
def ask(question, assistant=story, **more):
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    return again(thread, assistant, **more)
def again(thread, assistant=story, **more):
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **more)
def fault(kind):
    client.post("/lab/faults", cast_to=object, body={"kind": kind})
def say(thread_id, text):
    client.beta.threads.messages.create(thread_id=thread_id, role="user", content=text)
stuck = client.beta.threads.create(
    messages=[{"role": "user", "content": 'What is the price of a "kite"?'}], metadata={"name": "stuck"}
)
again(stuck, shopkeeper)
fault("rate_limit")
ask("Tell me a story.")
ask("Tell me a story.", max_completion_tokens=5)
''',
    "10": '''
def days_until_return(title: str) -> int:
    """Days until a book must be returned"""
    return {"Moby Dick": 12}[title]
def is_reserved(title: str) -> bool:
    """Whether somebody has reserved a book"""
    return title == "Moby Dick"
def upload(name, text):
    return client.files.create(file=(name, text.encode()), purpose="assistants").id
def build(files=("hours.md", "loans.md"), functions=(days_until_return, is_reserved), **more):
    texts = {"hours.md": "The library is open from ten to five.", "loans.md": "A reader may borrow three books."}
    ids = [upload(name, texts[name]) for name in files]
    given = {"file_search": {"vector_store_ids": [client.vector_stores.create(file_ids=ids).id]}} if ids else {}
    tools = [{"type": "file_search"}, *map(anb.function_tool, functions)]
    settings = {"name": "Museum helper", "instructions": "Help.", "tools": tools, "tool_resources": given, **more}
    return client.beta.assistants.create(model="gpt-4o", **settings)
def run(question, assistant, **more):
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **more)
build(name="A slip", functions=(is_reserved, days_until_return))
''',
    "11": '''
tutor = {"model": "gpt-4o", "instructions": "You are a maths tutor. Answer in one short sentence."}
first = client.responses.create(input="What is 12 times 12?", **tutor)
client.responses.create(input="And half of that?", previous_response_id=first.id, **tutor)
def get_weather(city: str) -> str:
    """The weather in a city"""
    return {"Oslo": "-3 °C, snow from 5 pm", "Rome": "17 °C, sunny"}[city]
tool = anb.function_tool(get_weather)
weather_tool = {"type": "function", **tool["function"]}
guide = {"model": "gpt-4o", "instructions": "You help travellers.", "tools": [weather_tool]}
def output(call, text):
    return {"type": "function_call_output", "call_id": call.call_id, "output": text}
def outputs_for(response):
    calls = [item for item in response.output if item.type == "function_call"]
    return [output(call, get_weather(**__import__("json").loads(call.arguments))) for call in calls]
def answer(question):
    response = client.responses.create(input=question, **guide)
    outputs = outputs_for(response)
    while outputs:
        response = client.responses.create(input=outputs, previous_response_id=response.id, **guide)
        outputs = outputs_for(response)
    return response
def create(question, **more):
    return client.responses.create(**{"model": "gpt-4o", "input": question, **more})
def sent(asked, *texts, **more):
    calls = [item for item in asked.output if item.type == "function_call"]
    return create([output(call, text) for call, text in zip(calls, texts, strict=True)], **more)
def hold(*items):
    return client.conversations.create(items=[{"role": role, "content": text} for role, text in items])
answer("How is the weather in Oslo?")
talk = {**guide, "conversation": client.conversations.create().id}
sent(create("How is the weather in Rome?", **talk), "17 °C, sunny", **talk)
create("Thank you!", **talk)
''',
}
