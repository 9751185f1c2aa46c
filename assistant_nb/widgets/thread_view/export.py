"""A thread in other forms: Markdown, a page that stands alone, an executable notebook, a line of text. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ... import portable, render
from ...render import Html
from ..html import inner_of
from ..messages import Hit, Kind, SavedText
from . import page, program
from .page import Item, Known

if TYPE_CHECKING:
    import nbformat

    from ...shapes import CodeOutput, Message, ReadPart, Run, ToolCall

_AROUND: Final = 60
"""Characters that are shown before and after a hit."""
_STYLE: Final = """
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color-scheme: light dark; }
article, .anb-run { border-top: 1px solid #8886; padding: .6rem 0; }
time, small, .anb-mute, .anb-who { color: GrayText; }
.anb-who > * { margin-right: .7em; }
.anb-who b { color: CanvasText; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8886; border-radius: 6px; padding: .5rem .7rem; }
table { border-collapse: collapse; }
td, th { border: 1px solid #8886; padding: .1rem .6rem; }
img { max-width: 100%; }
.highlight :is(.k, .kn, .kc, .kd, .kr, .kt, .ow, .nt) { color: light-dark(#5f3793, #cdb0f5); font-weight: 600; }
.highlight :is(.s, .s1, .s2, .sd, .sa, .se, .sb, .si) { color: light-dark(#14682f, #6fd193); }
.highlight :is(.mi, .mf, .m, .nf, .nc, .nn, .nb, .na) { color: light-dark(#0b5cad, #8cc4ff); }
.highlight :is(.c, .c1, .cm, .ch) { color: GrayText; font-style: italic; }
.anb-steps { margin-left: 1rem; }
blockquote { border-left: 3px solid #8886; margin-left: 0; padding-left: 1rem; }
"""  # noqa: E501


_BEGINS: Final = (
    "# A thread\n\nThe text cells say what was said. The code cells make the thread again, on an engine of their own:"
    " run all cells. A recorded answer comes where one fits. Else the model `practice` answers."
)
_ONLY_READ: Final = (
    "# A conversation\n\nThe cells say what was said and called. They do not make the conversation again: it does not"
    " hold the models, instructions and tools of its responses."
)
_ITS_CODE: Final = (
    "The model wrote the next cell, and a sandbox ran it. Here your kernel would run it: read it first. Its files are"
    " not here."
)


def page_html(items: Iterable[Item], known: Known, title: str) -> Html:
    """A page in which nothing runs and nothing is fetched; a rule at its head forbids it, whatever the thread says."""
    policy = Html("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    return Html(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{}">\n<title>{}</title>\n<style>{}</style>\n{}\n</html>\n'
    ).format(policy, render.inline(title), Html(_STYLE), Html("\n").join(page.html(item, known) for item in items))


def saved(kind: str, items: Iterable[Item], known: Known, thread_id: str, of: Kind) -> SavedText:
    """Return a thread as a file to save: "markdown", "html" or "notebook"."""
    match kind:
        case "markdown":
            return {"name": f"{thread_id}.md", "text": markdown(items, known), "type": "text/markdown"}
        case "html":
            return {"name": f"{thread_id}.html", "text": page_html(items, known, thread_id), "type": "text/html"}
        case _:
            text = notebook_json(notebook(items, known, of))
            return {"name": f"{thread_id}.ipynb", "text": text, "type": "application/x-ipynb+json"}


def markdown(items: Iterable[Item], known: Known) -> str:
    """Messages under their roles, with what they cite below; runs as quotes, with what they called."""
    return "\n\n".join(part for item in items for part in _markdown(item, known)) + "\n"


def notebook(items: Iterable[Item], known: Known, of: Kind = "Thread") -> "nbformat.NotebookNode":
    """Words as Markdown cells, cells that make the thread again, and the interpreter's code with its outputs.

    Each cell can be run: "Run All" makes an equal thread on an engine of its own. Of a conversation nothing is made
    again: it does not say with which settings its responses were asked for.
    """
    from nbformat import v4

    writer = program.Program(known) if of == "Thread" else None
    if writer:
        begun = [v4.new_markdown_cell(_BEGINS), v4.new_code_cell(program.SET_UP), v4.new_code_cell(program.THREAD)]
    else:
        begun = [v4.new_markdown_cell(_ONLY_READ)]
    cells = [*begun, *(cell for item in items for cell in _cells(item, known, writer))]
    for n, cell in enumerate(cells):
        cell["id"] = f"cell-{n}"  # the same for the same thread
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made: nbformat.NotebookNode = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return made


def notebook_json(notebook: "nbformat.NotebookNode") -> str:
    import nbformat

    return str(nbformat.writes(notebook))


def text_line(item: Item) -> str:
    """An item in one line, for those who have no page: "user: I need to solve …"."""
    thing = item.thing
    if thing["object"] == "calls":
        return f"calls: {', '.join(page.name_of(call) or 'an output' for call in page.calls(item.steps))}"
    if thing["object"] == "thread.run":
        return f"run: {' · '.join([thing['status'], *page.facts_of(thing, item.steps), *_reason(thing)])}"
    return f"{thing['role']}: {' '.join(words(thing).split())}"


def hit(message: "Message", text: str) -> Hit | None:
    """Where a message holds a text: its id, its role, and the words around it."""
    whole = words(message)
    at = whole.lower().find(text.lower())
    if at < 0:
        return None
    start, end = max(0, at - _AROUND), at + len(text) + _AROUND
    return {"id": message["id"], "role": message["role"], "words": " ".join(whole[start:end].split())}


def words(message: "Message") -> str:
    """What a message says; of a part that is no text, its type."""
    return "\n\n".join(_part_words(part) for part in message["content"])


def _part_words(part: "ReadPart") -> str:
    if part["type"] == "text":
        return part["text"]["value"]
    return f"refusal: {part['refusal']}" if part["type"] == "refusal" else f"[{part['type']}]"


def _reason(run: "Run") -> Iterator[str]:
    if error := run.get("last_error"):
        yield f"{error['code']}: {error['message']}"
    if details := run.get("incomplete_details"):
        yield str(details.get("reason"))


def _markdown(item: Item, known: Known) -> Iterator[str]:
    thing = item.thing
    if thing["object"] == "thread.message":
        name = known.assistants.get(thing["assistant_id"] or "", "")
        yield f"**{portable.words(thing['role'])}**{f' ({portable.words(name)})' if name else ''}:"
        yield from _parts(item, known)
        yield from _below(item, known)
        return
    yield _quoted(text_line(item))
    for call in page.calls(item.steps):
        yield from _called(call, known)


def _called(call: "ToolCall", known: Known) -> Iterator[str]:
    inner, kind = inner_of(call), str(call["type"])
    match kind:
        case "code_interpreter":
            yield portable.fenced(inner.get("input", ""), "python")
            for out in inner.get("outputs", []):
                yield (
                    portable.fenced(out["logs"]) if out["type"] == "logs" else _picture(out["image"]["file_id"], known)
                )
        case "function":
            output = inner.get("output")
            told = "no output yet" if output is None else f"→ {output}"
            yield portable.fenced(f"{inner.get('name')}({inner.get('arguments')})\n{told}")
        case _:
            files = (hit.get("file_name") or hit["file_id"] for hit in inner.get("results") or [])
            yield _quoted(f"{kind}: {', '.join(files)}")


def _parts(item: Item, known: Known) -> Iterator[str]:
    marks = {note.mark: f"[{note.number}]" for note in page.notes(item, known)}
    cited = replace(page.cited(item, known), marks=marks)
    for part in page.parts_of(item):
        if part["type"] == "text":
            yield portable.portable(part["text"]["value"], cited)
        elif part["type"] == "image_file":
            yield _picture(part["image_file"]["file_id"], known)
        elif part["type"] == "image_url":
            yield portable.picture("", "", cited, part["image_url"]["url"])
        else:
            yield portable.words(_part_words(part))


def _below(item: Item, known: Known) -> Iterator[str]:
    """What a message cites, and what is attached to it, as quotes."""
    for note in page.notes(item, known):
        yield _quoted(f"{note.file}: {note.words}", f"[{note.number}] ")
    if attached := page.attached_to(item.thing):
        yield _quoted(f"attached: {', '.join(known.files.get(id, id) for id in attached)}")


def _quoted(text: str, before: str = "") -> str:
    """A text as it is, as a quote."""
    return f"> {before}" + "\n> ".join(map(portable.words, text.splitlines()))


def _picture(file_id: str, known: Known) -> str:
    return portable.picture(file_id, known.files.get(file_id, file_id), render.Cited(pictures=known.pictures))


def _cells(item: Item, known: Known, writer: program.Program | None) -> Iterator[Any]:
    from nbformat import v4

    if item.thing["object"] == "thread.message":
        yield v4.new_markdown_cell("\n\n".join(_markdown(item, known)))
        if writer and (call := writer.message(item)):
            yield v4.new_code_cell(call)
        return
    if writer and item.thing["object"] == "thread.run":
        if item.thing["status"] != "completed":
            yield v4.new_markdown_cell(_quoted(text_line(item)))
        yield from map(v4.new_code_cell, writer.run(item))
    for called in page.calls(item.steps):
        if called["type"] == "code_interpreter":
            yield v4.new_markdown_cell(_ITS_CODE)
            ran = called["code_interpreter"]
            outputs = [_output(out, known) for out in ran.get("outputs", [])]
            cell = v4.new_code_cell(ran.get("input", ""), outputs=list(filter(None, outputs)), execution_count=None)
            cell["metadata"]["tags"] = ["raises-exception"]  # its files are not here
            yield cell
        else:
            yield v4.new_markdown_cell("\n\n".join(_called(called, known)))


def _output(output: "CodeOutput", known: Known) -> Any:
    from nbformat import v4

    if output["type"] == "logs":
        return v4.new_output("stream", name="stdout", text=output["logs"])
    kind, _, data = known.pictures.get(output["image"]["file_id"], "").removeprefix("data:").partition(";base64,")
    return v4.new_output("display_data", data={kind: data}) if data else None
