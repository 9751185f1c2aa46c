"""Exercises of lesson 05, "File search"."""

from typing import TYPE_CHECKING, Final

from .frame import Exercise, Verdict, best
from .see import See, done, one_done

if TYPE_CHECKING:
    from openai.types import VectorStore
    from openai.types.beta.threads import Run

_LESSONS_OWN: Final = "Tide Library"
_QUESTION: Final = "When are you open on Saturday"
_SEVEN_DAYS: Final = 7


def _lessons_files(see: See) -> set[str]:
    """Return the ids of the files in the lesson's vector store."""
    stores = (one.id for one in see.stores if one.name == _LESSONS_OWN)
    return {file.id for id in stores for file in see.client.vector_stores.files.list(id)}


def _shelf(see: See) -> Verdict:
    def look(store: "VectorStore") -> Verdict:
        inside = list(see.client.vector_stores.files.list(store.id))
        if not inside:
            return "`My shelf` is there and holds no file. Put a file of yours into it."
        own = [one for one in inside if one.id not in lessons]
        if not own:
            return "`My shelf` holds a file of the lesson. Put a file of yours into it."
        if any(one.status == "completed" for one in own):
            return True
        why = own[-1].last_error.message if own[-1].last_error else "Retrieve the vector store again."
        return f"Your file is `{own[-1].status}`. {why}"

    lessons = _lessons_files(see)
    return best(look(store) for store in see.stores if store.name == "My shelf")


def _first_hit(see: See) -> Verdict:
    def look(store: "VectorStore") -> Verdict:
        if store.name != _LESSONS_OWN:
            return f"Your guess is in `{store.name}`. Write it into the metadata of `{_LESSONS_OWN}`."
        guess = (store.metadata or {})["guess"].strip()
        inside = see.client.vector_stores.files.list(store.id)
        names = {see.client.files.retrieve(file.id).filename for file in inside}
        if guess not in names:
            return f"{guess!r} is not the name of a file in it. There are: {', '.join(sorted(names))}. Guess again."
        hits = see.client.vector_stores.search(store.id, query=_QUESTION).data
        if hits and hits[0].filename == guess:
            return True
        return f"You guessed {guess}. Another file comes first. Which words does it share? Guess again."

    return best(look(store) for store in see.stores if (store.metadata or {}).get("guess"))


def _cites(see: See) -> Verdict:
    def look(run: "Run") -> Verdict:
        found = see.cited(run)
        if found - lessons:
            return done(run)
        if found:
            return "The answer cites a file of the lesson. Give your assistant a vector store with a file of yours."
        if run.status != "completed":
            return done(run)
        if not any(tool.type == "file_search" for tool in run.tools):
            return 'Your assistant has no `file_search`. Add `tools=[{"type": "file_search"}]`, and ask again.'
        if not see.calls(run, "file_search"):
            return 'The run did not search. Put the words to look for in "quotation marks", and ask again.'
        if not with_store & {run.assistant_id}:
            return "Your assistant has no vector store. Add `tool_resources` with the id of your store, and ask again."
        return "It searched, and the answer cites no file. Look for a word that stands in your file."

    waiters = [one for one in see.assistants if one.name == "Waiter"]
    lessons, with_store = _lessons_files(see), {one.id for one in waiters if see.store_ids(one)}
    ids = {one.id for one in waiters}
    verdict = best(look(run) for run in see.runs if run.assistant_id in ids)
    return verdict or ("`Waiter` is there. It has not run yet. Ask it about your file." if waiters else None)


def _attached(see: See) -> Verdict:
    def look(file_id: str) -> Verdict:
        threads = see.threads_with(file_id, "file_search")
        if threads:
            return best(map(asked, threads))
        if see.threads_with(file_id):
            return "`note.txt` is attached for another tool. Attach it for `file_search`, on a new thread."
        return "`note.txt` is uploaded. Attach it to a message, with the tool `file_search`."

    def asked(thread_id: str) -> Verdict:
        runs = see.runs_on(thread_id)
        if not runs:
            return "The file is attached, and nobody has asked. Create a run of the lesson's assistant on this thread."
        (thread,) = (one for one in see.threads if one.id == thread_id)
        after = (one.expires_after for one in see.stores if one.id in see.store_ids(thread))
        if not any(rule and rule.days == _SEVEN_DAYS for rule in after):
            return "The thread's vector store does not expire after seven days. Attach the file to a message."
        return one_done(runs)

    return best(look(file.id) for file in see.files if file.filename == "note.txt")


EXERCISES: Final = {
    "05.1": Exercise(
        check=_shelf,
        task="Make a vector store `My shelf` with a text file of yours in it. Wait until the file is read.",
        untouched="There is no vector store `My shelf`.",
        right="`My shelf` is ready. Its file is read and can be searched.",
        hints=(
            'Upload the file. Then call `client.vector_stores.create(name="My shelf", file_ids=[file.id])`.',
            "Files that end in `.txt` or `.md` can be read. Files that end in `.csv` cannot.",
        ),
        solution="""\
tea = client.files.create(file=("tea.txt", b"Tea is ready at four. Cake is ready at five."), purpose="assistants")
shelf = client.vector_stores.create(name="My shelf", file_ids=[tea.id])
shelf = client.vector_stores.retrieve(shelf.id)
print(shelf.status)""",
    ),
    "05.2": Exercise(
        check=_first_hit,
        task="Predict: which file of `Tide Library` does a search find FIRST for the words"
        " `When are you open on Saturday`? Write its name down before you search:"
        ' `client.vector_stores.update(library.id, metadata={"guess": "…"})`. Then search.',
        untouched="`Tide Library` has no guess in its metadata.",
        right="The search counts the words that question and file share, such as `open` and `Saturday`.",
        hints=(
            "Which file shares words with the question?",
            "Search with `client.vector_stores.search(library.id, query=…)`.",
        ),
        solution="""\
client.vector_stores.update(library.id, metadata={"guess": "rules.md"})
print(client.vector_stores.search(library.id, query="When are you open on Saturday").data[0].filename)""",
    ),
    "05.3": Exercise(
        check=_cites,
        task="Make it yourself: an assistant named `Waiter` that answers from a file of YOURS, with a citation."
        ' Practice looks up the words that you put in "quotation marks".',
        untouched="There is no assistant `Waiter`.",
        right="The answer cites your file. Its annotation has the id of the file.",
        hints=(
            'The assistant needs `tools=[{"type": "file_search"}]` AND `tool_resources` with the id of your store.',
            'A question to ask: `What do you know about "cake"?`',
        ),
        solution="""\
tea = client.files.create(file=("tea.txt", b"Tea is ready at four. Cake is ready at five."), purpose="assistants")
menu = client.vector_stores.create(name="Menu", file_ids=[tea.id])
waiter = client.beta.assistants.create(
    model="gpt-4o",
    name="Waiter",
    tools=[{"type": "file_search"}],
    tool_resources={"file_search": {"vector_store_ids": [menu.id]}},
)
run = client.beta.threads.create_and_run_poll(
    assistant_id=waiter.id, thread={"messages": [{"role": "user", "content": 'When is "cake" ready?'}]}
)
print(anb.said(run))""",
    ),
    "05.4": Exercise(
        check=_attached,
        task="Attach a file `note.txt` to ONE message, for the file search. Let the lesson's assistant answer about it."
        ' Practice looks up the words that you put in "quotation marks".'
        " Then look at the vector store of the thread: when does it expire? (The check does not ask for the date.)",
        untouched="There is no file `note.txt`.",
        right="The thread got a vector store of its own. It expires after seven days without use.",
        hints=(
            '`attachments=[{"file_id": note.id, "tools": [{"type": "file_search"}]}]`',
            "Retrieve the thread. Its `tool_resources.file_search.vector_store_ids` has the id of the store.",
        ),
        solution="""\
note = client.files.create(file=("note.txt", b"The shop is closed on Monday."), purpose="assistants")
attached = [{"file_id": note.id, "tools": [{"type": "file_search"}]}]
thread = client.beta.threads.create(
    messages=[{"role": "user", "content": 'What does it say about "closed"?', "attachments": attached}]
)
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=librarian.id)
(store_id,) = client.beta.threads.retrieve(thread.id).tool_resources.file_search.vector_store_ids
print(client.vector_stores.retrieve(store_id).expires_after)""",
    ),
}
