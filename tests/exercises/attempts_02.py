"""Attempts at the exercises of lesson 02: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "02.1": [
        (
            'send("POST", "/assistants", {"name": "Math Tutor", "model": "gpt-4", "description": "Kind."})',
            "a second assistant",
        ),
        ('send("POST", f"/assistants/{assistant_id}", {"name": "Kind tutor"})', "changed its name"),
    ],
    "02.2": [
        (
            'send("POST", "/threads", {"metadata": {"wrong_kind": "404", "unknown": "404"}})',
            "`wrong_kind` is not '404'",
        ),
        ('send("POST", "/threads", {"metadata": {"wrong_kind": "400", "unknown": "400"}})', "`unknown` is not '400'"),
    ],
    "02.3": [
        (
            """
t = send("POST", "/threads")[1]["id"]
send("POST", f"/threads/{t}/messages", {"role": "user", "content": "Hello by hand"})
""",
            "no run",
        ),
        (
            """
t = send("POST", "/threads")[1]["id"]
r = send("POST", f"/threads/{t}/runs", {"assistant_id": assistant_id})[1]["id"]
while send("GET", f"/threads/{t}/runs/{r}")[1]["status"] in ("queued", "in_progress"):
    pass
send("POST", f"/threads/{t}/messages", {"role": "user", "content": "Hello by hand"})
""",
            "came after the run",
        ),
    ],
    "02.4": [
        (
            'send("POST", "/assistants", {"name": "Reader", "model": "gpt-4", "tools": [{"type": "code_interpreter"}]}, "v1")',
            "`code_interpreter`",
        ),
        ('send("POST", "/assistants", {"name": "Reader", "model": "gpt-4"}, "v1")', "no tool"),
    ],
}
RIGHT: Final = {
    "02.1": ['client.beta.assistants.update(assistant_id, description="Kind.", name="Math Tutor")'],
    "02.2": ['client.beta.threads.create(metadata={"wrong_kind": "400", "unknown": "404 ", "by": "me"})'],
    "02.3": [
        """
body = {"assistant_id": assistant_id, "thread": {"messages": [{"role": "user", "content": "hello by hand!"}]}}
run = send("POST", "/threads/runs", body)[1]
while send("GET", f"/threads/{run['thread_id']}/runs/{run['id']}")[1]["status"] in ("queued", "in_progress"):
    pass
""",
    ],
    "02.4": [
        """
made = send("POST", "/assistants", {"name": "Reader", "model": "gpt-4"}, "v1")[1]
send("POST", f"/assistants/{made['id']}", {"tools": [{"type": "retrieval"}]}, "v1")
""",
    ],
}
