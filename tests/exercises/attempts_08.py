"""Attempts at the exercises of lesson 08: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "08.1": [
        ('stepper("Tell me about ships.")', "not asked yet"),
        ('stepper("Tell me about ships.").to_end()', "already answered"),
    ],
    "08.2": [
        (
            'stepper(\'What is the price of a "ball"?\', breakpoints=[{"function": "get_price"}])',
            "The run is not there yet",
        ),
        (
            'stepper(\'What is the price of a "ball"?\', breakpoints=[{"status": "in_progress"}]).to_breakpoint()',
            "on a status",
        ),
        ('ended(\'What is the price of a "ball"?\', breakpoints=[{"function": "get_price"}])', "gone past the call"),
        ("stepper('What is the price of a \"ball\"?').to_end()", "has no breakpoint"),
    ],
    "08.3": [
        ('forked(\'What is the price of a "kite"?\', {"instructions": "Be brief."})', "changes instructions"),
        (
            """
made = ended('What is the price of a "kite"?')
call = call_of(made.run)
made.go([frame.title for frame in made.frames].index("The client has submitted outputs") + 1)
made.fork({"output": {"tool_call_id": call.id, "output": "99 euros"}})
""",
            "Call `stepper.to_end()`",
        ),
        (
            """
made = ended('What is the price of a "kite"?')
call = call_of(made.run)
made.go([frame.title for frame in made.frames].index("The client has submitted outputs") + 1)
made.fork({"output": {"tool_call_id": call.id, "output": "1 euro"}})
made.to_end()
""",
            "the output '1 euro'",
        ),
    ],
    "08.4": [
        (
            'ended("Tell me about the sea.", metadata={"mine": "yes"})',
            "You have: completed. Still missing: cancelled, expired, failed, incomplete.",
        ),
        (
            """
made = stepper("Tell me about the sea.", metadata={"mine": "yes"})
made.stop()
made.to_end()
""",
            "Still missing: expired, failed, incomplete.",
        ),
    ],
    "08.5": [
        (
            'ended(\'Tell me the price of a "ball", please.\', metadata={"guess": "1"})',
            "You guessed 1. The model was asked 2",
        ),
        (
            'stepper(\'Tell me the price of a "ball", please.\', metadata={"guess": "2"}).to_end()',
            "`requires_action`. Bring it to its end",
        ),
        (
            """
made = stepper('Tell me the price of a "ball", please.', metadata={"guess": "1"})
made.fault("rate_limit")
made.to_end()
""",
            "has not answered with the function",
        ),
    ],
}
RIGHT: Final = {
    "08.1": [
        """
thread = client.beta.threads.create(messages=[{"role": "user", "content": "tell me about ships"}])
body = {"assistant_id": shopkeeper.id, "breakpoints": []}
run = client.post(f"/lab/threads/{thread.id}/runs", cast_to=object, body=body)
for _ in range(2):
    client.post(f"/lab/runs/{run['id']}/advance", cast_to=object, body={})
""",
    ],
    "08.2": [
        """
marks = [{"status": "failed"}, {"function": "get_price"}]
made = stepper('What is the price of a "ball"?', breakpoints=marks)
for _ in range(3):
    made.step()
""",
    ],
    "08.3": [
        """
made = ended('What is the price of a "kite"?', metadata={"by": "me"})
call = call_of(made.run)
at = [frame.title for frame in made.frames].index("The client has submitted outputs") + 1
made.go(at)
made.fork({"output": {"tool_call_id": call.id, "output": "99"}})
made.to_end()
""",
    ],
    "08.4": [
        """
for more, clock in (({}, 600), ({"max_completion_tokens": 5}, 0)):
    made = stepper('What is the price of a "kite"?' if clock else "Tell me about the sea.", metadata={"mine": "1"}, **more)
    made.to_end()
    made.pass_time(clock) if clock else None
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
given = {"thread_id": thread.id, "assistant_id": shopkeeper.id, "metadata": {"mine": "yes"}}
client.post("/lab/faults", cast_to=object, body={"kind": "server_error"})
client.beta.threads.runs.create_and_poll(**given)
run = client.beta.threads.runs.create_and_poll(**given, tool_choice="required")
client.beta.threads.runs.cancel(run.id, thread_id=thread.id)
client.beta.threads.runs.poll(run.id, thread_id=thread.id)
""",
    ],
    "08.5": [
        """
thread = client.beta.threads.create(
    messages=[{"role": "user", "content": 'Tell me the price of a "ball", please.'}]
)
run = client.beta.threads.runs.create_and_poll(
    thread_id=thread.id, assistant_id=shopkeeper.id, metadata={"guess": "2 "}
)
client.beta.threads.runs.submit_tool_outputs_and_poll(
    run_id=run.id, thread_id=thread.id, tool_outputs=anb.tool_outputs(run, get_price)
)
""",
    ],
}
