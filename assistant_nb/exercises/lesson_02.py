"""Exercises of lesson 02, "Raw HTTP"."""

from typing import TYPE_CHECKING, Final

from .frame import Exercise, Verdict, best
from .see import See, done, squeeze

if TYPE_CHECKING:
    from openai.types.beta import Assistant

_CODES: Final = {"wrong_kind": "400", "unknown": "404"}
_TUTOR: Final = "Math Tutor"


def _description(see: See) -> Verdict:
    """The first assistant is the lesson's: an id is all that a changed one has kept."""
    if not see.assistants:
        return None
    first, *others = see.assistants
    if first.name != _TUTOR:
        return f"You changed its name to {first.name!r}. Set it back to `{_TUTOR}`, and send only `description`."
    if first.description:
        return True
    if any(one.name == _TUTOR or one.description for one in others):
        return "You made a second assistant. A POST to `/assistants` creates. Add `/` and the id to change."
    return None


def _two_codes(see: See) -> Verdict:
    def look(guess: dict[str, str]) -> Verdict:
        off = [name for name, code in _CODES.items() if guess[name].strip() != code]
        if not off:
            return True
        return f"`{off[0]}` is not {guess[off[0]]!r}. Send that request, look at its status code, and guess again."

    given = (thread.metadata or {} for thread in see.threads)
    return best(look(dict(one)) for one in given if _CODES.keys() <= one.keys())


def _five_lines(see: See) -> Verdict:
    def look(thread_id: str) -> Verdict:
        runs = see.runs_on(thread_id)
        if not runs:
            return "`Hello by hand` is there. The thread has no run. POST one to `/threads/{id}/runs`."
        read = [run for run in runs if any("hellobyhand" in squeeze(str(one["messages"])) for one in see.prompts(run))]
        if read:
            return best(map(done, read))
        if see.prompts(runs[-1]):
            return "Your message came after the run, so the model has not read it. Begin again with a new thread."
        return f"The run is `{runs[-1].status}`. GET it until it ends."

    return best(map(look, see.threads_asking("Hello by hand")))


def _old_name(see: See) -> Verdict:
    def look(one: "Assistant") -> Verdict:
        kinds = [tool.type for tool in one.tools]
        if "file_search" in kinds:
            return True
        there = f"the tool `{kinds[0]}`" if kinds else "no tool"
        return f"`Reader` has {there}. POST an assistant with the tool `retrieval`, and the header of version 1."

    return best(look(one) for one in see.assistants if one.name == "Reader")


EXERCISES: Final = {
    "02.1": Exercise(
        check=_description,
        task="Give the assistant `Math Tutor` a `description`: POST to its own address. Its name must stay.",
        untouched="`Math Tutor` has no description.",
        right="The same assistant has a description and still its name. A POST changes only the fields that it sends.",
        hints=("The address is `/assistants/` and then the id.", "The body needs only the field that changes."),
        solution='print(send("POST", f"/assistants/{assistant_id}", {"description": "Kind and patient."}))',
    ),
    "02.2": Exercise(
        check=_two_codes,
        task="Predict two status codes. First: GET a thread with the id of an assistant."
        " Second: GET a thread with the id `thread_nobody`. Before you send them, POST a thread with your guesses:"
        ' `{"metadata": {"wrong_kind": "…", "unknown": "…"}}`. `wrong_kind` is for the first request,'
        ' `unknown` for the second. Write each status code as text, such as `"200"`. Then send both requests.',
        untouched="No thread has the guesses `wrong_kind` and `unknown`.",
        right="400: this text can never be the id of a thread. 404: it could be one, but nothing has it.",
        hints=(
            "2xx means that it worked. 4xx means a mistake of yours. 5xx means one of the server.",
            "Only one of the two ids begins as the id of a thread does.",
        ),
        solution="""\
send("POST", "/threads", {"metadata": {"wrong_kind": "400", "unknown": "404"}})
print(send("GET", f"/threads/{assistant_id}"))
print(send("GET", "/threads/thread_nobody"))""",
    ),
    "02.3": Exercise(
        check=_five_lines,
        task="Put the five lines in order. They POST a thread, POST a message `Hello by hand`, POST a run,"
        " GET the run until it ends, and GET the messages.",
        untouched="No message says `Hello by hand`.",
        right="Five requests gave one answer. The SDK sends the same five.",
        hints=(
            "An address that needs an id comes after the line that makes the id.",
            "A run reads the thread when it starts. The message must be there before.",
        ),
        solution="""\
hello_thread = send("POST", "/threads")[1]["id"]
send("POST", f"/threads/{hello_thread}/messages", {"role": "user", "content": "Hello by hand"})
hello_run = send("POST", f"/threads/{hello_thread}/runs", {"assistant_id": assistant_id})[1]["id"]
while send("GET", f"/threads/{hello_thread}/runs/{hello_run}")[1]["status"] in ("queued", "in_progress"):
    pass
print(send("GET", f"/threads/{hello_thread}/messages")[1]["data"][0]["content"][0]["text"]["value"])""",
    ),
    "02.4": Exercise(
        check=_old_name,
        task="In version 1 the tool for files was called `retrieval`. Make an assistant `Reader` with this tool,"
        " through version 1, and print the status code. Then GET it in version 2, and look for the new name.",
        untouched="There is no assistant `Reader`.",
        right="One tool has two names: `retrieval` in version 1, `file_search` in version 2.",
        hints=(
            "The header decides: `OpenAI-Beta: assistants=v1`.",
            'The body holds a name, a model and `"tools": [{"type": "retrieval"}]`.',
        ),
        solution="""\
body = {"name": "Reader", "model": "gpt-4", "tools": [{"type": "retrieval"}]}
reader = send("POST", "/assistants", body, "v1")[1]
print(send("GET", "/assistants/" + reader["id"])[1]["tools"])""",
    ),
}
