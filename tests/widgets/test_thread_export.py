"""A thread in other forms: nothing that a reader sees in the widget is lost or raw."""

from collections.abc import Sequence
from typing import Any

from nbclient import NotebookClient

import assistant_nb as anb
from assistant_nb.widgets.thread_view import export
from assistant_nb.widgets.thread_view.page import Item, Known
from tests.test_portable import Cell
from tests.until import PATIENCE_S
from tests.widgets.test_thread_page import message, run, step

PICTURE = "data:image/png;base64,AAAA"
KNOWN = Known(files={"file-1": "rules.md", "file-2": "plot.png"}, pictures={"file-2": PICTURE})


def both(*items: Item) -> list[str]:
    """As Markdown, and the Markdown of the notebook."""
    return [export.markdown(items, KNOWN), "\n\n".join(in_notebook(items))]


def in_notebook(items: Sequence[Item], known: Known = KNOWN) -> list[str]:
    cells = export.notebook(items, known)["cells"]
    return [cell["source"] for cell in cells if cell["cell_type"] == "markdown"]


def test_formulas_and_money_are_what_they_were() -> None:
    for text in both(Item("m1", message("m1", 1, text=r"\(x^2\) costs $5 and $10"))):
        assert r"$x^2$ costs <span>\$</span>5 and <span>\$</span>10" in text


def test_a_citation_has_its_words_below() -> None:
    mark = "【4:0†rules.md】"
    note = {"type": "file_citation", "text": mark, "file_citation": {"file_id": "file-1"}}
    hit = {"file_id": "file-1", "content": [{"type": "text", "text": "On Saturday.\nOr not."}]}
    steps = [step({"type": "file_search", "file_search": {"results": [hit]}})]
    for text in both(Item("m1", message("m1", 1, "r1", f"Open{mark}.", annotations=[note]), steps)):
        assert "Open[1].\n\n> [1] rules.md: On Saturday.\n> Or not." in text


def test_pictures_come_along() -> None:
    path = "sandbox:/mnt/data/plot.png"
    note = {"type": "file_path", "text": path, "file_path": {"file_id": "file-2"}}
    said = message("m1", 1, "r1", f"![A plot]({path})", annotations=[note])
    said["content"].append({"type": "image_file", "image_file": {"file_id": "file-2"}})
    for text in both(Item("m1", said)):
        assert f"![A plot]({PICTURE})\n\n![plot.png]({PICTURE})" in text


def test_what_code_has_drawn_and_what_is_attached_come_along() -> None:
    image: dict[str, Any] = {"type": "image", "image": {"file_id": "file-2"}}
    drew = step({"type": "code_interpreter", "code_interpreter": {"input": "plot()", "outputs": [image]}})
    asked = message("m1", 1, attachments=[{"file_id": "file-1", "tools": []}])
    text = export.markdown([Item("m1", asked), Item("r1", run("r1", 1), [drew])], KNOWN)
    assert "> attached: rules.md" in text
    assert f"```python\nplot()\n```\n\n![plot.png]({PICTURE})" in text


def test_nothing_that_a_thread_says_is_fetched_from_an_export() -> None:
    leak, mark = "![x](http://host/leak.png) <img src=http://host/x> $\\def\\x{y}$", "【4:0†rules.md】"
    note = {"type": "file_citation", "text": mark, "file_citation": {"file_id": "file-3"}}
    known = Known({"asst_1": leak}, {"file-3": leak, "file-4": leak})
    hit = {"file_id": "file-3", "file_name": leak, "content": [{"type": "text", "text": f"{leak}\n# {leak}"}]}
    search = step({"type": "file_search", "file_search": {"results": [hit]}})
    said = message("m1", 1, "r1", leak + mark, annotations=[note], attachments=[{"file_id": "file-4"}])
    said["assistant_id"] = "asst_1"
    said["content"] += [
        {"type": "image_url", "image_url": {"url": leak}},
        {"type": "image_url", "image_url": {"url": "http://host.org/x"}},
    ]
    said["content"] += [
        {"type": "refusal", "refusal": leak},
        {"type": "image_file", "image_file": {"file_id": "file-4"}},
    ]
    failed = run("r1", 1, "failed", last_error={"code": "server_error", "message": leak})
    items = [Item("m1", said, [search]), Item("r1", failed, [search])]
    for text in (export.markdown(items, known), *in_notebook(items, known)):
        Cell(text)
    assert "[picture](http://host.org/x)" in export.markdown(items, known)


def test_a_notebook_tells_why_a_run_failed() -> None:
    failed = run("r1", 1, "failed", last_error={"code": "server_error", "message": "Out of order."}, model="gpt-4o")
    assert "> run: failed · server_error: Out of order." in in_notebook([Item("r1", failed)])


def test_a_function_without_an_output_has_none() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_price", "arguments": "{}", "output": None}}
    text = export.markdown([Item("r1", run("r1", 1, "expired"), [step(call)])], KNOWN)
    assert "get_price({})\nno output yet" in text


def test_an_exported_notebook_makes_the_thread_again() -> None:
    code, price = anb.ToolCall("code_interpreter", "open('data.csv')"), anb.ToolCall("get_price", '{"item": "tea"}')
    client = anb.connect(model=anb.Scripted([code], "No file.", [price, price], "It costs 3.", "Bye."))
    function = {"name": "get_price", "parameters": {"type": "object", "properties": {"item": {"type": "string"}}}}
    tools: Any = [{"type": "code_interpreter"}, {"type": "file_search"}, {"type": "function", "function": function}]
    assistant = client.beta.assistants.create(model="gpt-4o", name='"Ann"', instructions="Be kind.", tools=tools)
    file = client.files.create(file=("a.txt", b"Hello."), purpose="assistants")
    attached: Any = [{"file_id": file.id, "tools": [{"type": "file_search"}]}]
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Read.", "attachments": attached}])
    ask: Any = {"thread_id": thread.id, "assistant_id": assistant.id}
    client.beta.threads.runs.create_and_poll(**ask)
    client.beta.threads.messages.create(thread.id, role="user", content=[{"type": "text", "text": "What is tea?"}])
    waiting = client.beta.threads.runs.create_and_poll(**ask, instructions="Be brief.")
    calls = waiting.required_action.submit_tool_outputs.tool_calls if waiting.required_action else []
    client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=waiting.id,
        thread_id=thread.id,
        tool_outputs=[{"tool_call_id": call.id, "output": "3"} for call in calls],
    )
    exported = anb.ThreadView(client, thread).to_notebook()
    again = NotebookClient(exported, timeout=PATIENCE_S, kernel_name="python3").execute()
    answers = [cell["outputs"][0]["text"] for cell in again.cells if "answer(run, outputs" in cell["source"][-60:]]
    assert [answer.partition("\n")[0] for answer in answers] == ["completed", "completed"]
