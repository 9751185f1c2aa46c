r"""Text that a model or a person wrote, as Markdown that is safe in a notebook. Pure.

The text is read as `render` reads it, and written anew. So JupyterLab shows the same, and nothing is fetched, a link
leads to the web, HTML is shown as text, and only harmless formulas are drawn.

    portable(r"Solve \(x^2 = 4\) for $5: ![x](https://x.org/x.png)")
    r"Solve $x^2 = 4$ for <span>\$</span>5: [picture x](https://x.org/x.png) *(on the web, not fetched)*"

JupyterLab takes everything that looks like a formula out of a cell before it reads Markdown, even in code. So a formula
must not mean anything in Markdown, and code must not look like a formula. A blank line ends JupyterLab's search, so one
follows each listing.
"""

import re
from textwrap import indent
from typing import Final
from urllib.parse import quote

from markdown_it.tree import SyntaxTreeNode

from .render import LANGUAGES, LONGEST, NOTHING, Cited, clean, leads_to_web, parser
from .tex import is_harmless

_APART: Final = "<span></span>"
"""Separates two things that would be read as one."""
_ADDRESS: Final = re.compile(r"(https?://[^\s<]*)", re.IGNORECASE)
_SPECIAL: Final = re.compile(r":(?=//)|www(?=\.)|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|[\\`$<*\[\]~|]", re.ASCII | re.IGNORECASE)
"""Characters that mean something in Markdown, or make JupyterLab read a link."""
_ESCAPED: Final = {"\\": r"<span>\\</span>", "$": r"<span>\$</span>", "`": "&#96;", "<": "&lt;", "&": "&amp;"}
r"""A backslash and a dollar get an element of their own, so that Jupyter finds no formula."""
_LINE_BEGINS: Final = re.compile(r"^(\d+(?=[.)])|(?=[#+=>-]))", re.MULTILINE)
_NO_CODE: Final = re.compile(r"\\(?:begin|end)\{|\\\\[()\[\]]", re.IGNORECASE)
"""Texts that JupyterLab takes for a formula even in code."""
_NO_TEX: Final = re.compile(r"`|(?<!\\)(?:\\\\)*[$%]|://|www\.", re.IGNORECASE)
"""Texts in a formula that JupyterLab takes for code, for its end, for a comment, or for a link."""
_MARKDOWN: Final = re.compile(r"<(?=\S)|\](?=[(\[])|(?<!\\)(?:\\\\)+(?=[A-Za-z]|$)")
r"""Texts in a formula that Markdown takes for HTML or a link, or where it makes a command by joining two backslashes.

A blank behind them does not change the formula.
"""
_ODD_IN_ADDRESS: Final = re.compile(r"[^\w.~:/?#@%+=,;!&-]", re.ASCII)
_ODD: Final = re.compile(r"[^\w\s@]|_")


def portable(text: str, cited: Cited = NOTHING) -> str:
    if len(text) > LONGEST:
        return fenced(text)
    return _blocks(SyntaxTreeNode(parser().parse(clean(text), {"cited": cited})), cited)


def words(text: str) -> str:
    """Return the characters of a text of one line, such as a name."""
    return _begun(_words(clean(text).strip()))


def picture(file_id: str, alt: str, cited: Cited, url: str = "") -> str:
    """Return a picture if it is known, else its name: nothing is fetched."""
    if data := cited.picture(file_id):
        return f"![{_words(alt, linked=True)}]({data})"
    name = f"picture {_words(alt, linked=True)}".rstrip()
    return f"[{name}]({_address(url)}) *(on the web, not fetched)*" if leads_to_web(url) else f"*{name}*"


def fenced(text: str, language: str = "") -> str:
    """Return a listing. It names only known languages: JupyterLab draws `mermaid`."""
    fence = "`" * max([3, *(len(ticks) + 1 for ticks in re.findall("`+", text))])
    return f"{fence}{language if language.lower() in LANGUAGES else ''}\n{text.removesuffix(chr(10))}\n{fence}"


def _blocks(parent: SyntaxTreeNode, cited: Cited, between: str = "\n\n") -> str:
    return between.join(_block(node, cited) for node in parent.children)


def _block(node: SyntaxTreeNode, cited: Cited) -> str:
    match node.type:
        case "heading":
            return f"{'#' * int(node.tag[1])} {_in_one_line(node, cited)}"
        case "bullet_list" | "ordered_list":
            return _list(node, cited)
        case "blockquote":
            return _quote(_blocks(node, cited))
        case "fence":
            return fenced(node.content, node.info.split(maxsplit=1)[0] if node.info.strip() else "")
        case "code_block":
            return fenced(node.content)
        case "hr":
            return "***"
        case "tex":
            return _tex(node.content) or fenced(node.content)
        case "table":
            return _table(node, cited)
        case _:
            return _begun(_inline(node.children[0], cited))


def _list(node: SyntaxTreeNode, cited: Cited) -> str:
    blocks = [block for item in node.children for block in item.children]
    if all(block.hidden or block.type in ("bullet_list", "ordered_list", "tex") for block in blocks):
        tight = _items(node, cited, "\n")
        if "```" not in tight:
            return tight
    return _items(node, cited, "\n\n")


def _items(node: SyntaxTreeNode, cited: Cited, between: str) -> str:
    made = []
    for item in node.children:
        mark = f"{item.info}{item.markup} "
        made.append(mark + indent(_blocks(item, cited, between), " " * len(mark))[len(mark) :])
    return between.join(made)


def _quote(body: str) -> str:
    """Return lines with a mark each, or HTML if the quote holds a listing or a formula, which must not have marks."""
    if "```" in body or "$$" in body:
        return f"<blockquote>\n\n{body}\n\n</blockquote>"
    return "\n".join(f"> {line}".rstrip() for line in body.split("\n"))


def _table(node: SyntaxTreeNode, cited: Cited) -> str:
    rows = [row for part in node.children for row in part.children]
    aligned = {"text-align:left": ":--", "text-align:center": ":-:", "text-align:right": "--:"}
    lines = [[re.sub(r"(?<!\\)\|", r"\|", _in_one_line(cell, cited)) for cell in row.children] for row in rows]
    lines.insert(1, [aligned.get(str(cell.attrs.get("style")), "---") for cell in rows[0].children])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _in_one_line(node: SyntaxTreeNode, cited: Cited) -> str:
    return re.sub(r"\\?\n", " ", _inline(node.children[0], cited))


def _inline(parent: SyntaxTreeNode, cited: Cited, *, linked: bool = False) -> str:
    made = ""
    for node in parent.children:
        piece = _piece(node, cited, linked=linked)
        made += _APART if made[-1:] + piece[:1] in ("``", "$$", "$`", "![", "](", "]:") else ""
        made += piece
    return made


def _piece(node: SyntaxTreeNode, cited: Cited, *, linked: bool) -> str:
    match node.type:
        case "softbreak":
            return "\n"
        case "hardbreak":
            return "\\\n"
        case "code_inline":
            return _code(node.content)
        case "em" | "strong" | "s":
            return f"{node.markup}{_inline(node, cited, linked=linked)}{node.markup}"
        case "tex":
            return _tex(node.content).replace("\n", " ") or _code(node.content)
        case "mark":
            return cited.marks[node.content]
        case "link":
            url = str(node.attrs["href"])
            if not leads_to_web(url):
                return _inline(node, cited, linked=linked)
            auto = node.info == "auto" and node.children[0].content == url and _is_plain(url)
            return f"<{url}>" if auto else f"[{_inline(node, cited, linked=True)}]({_address(url)})"
        case "image":
            url = str(node.attrs["src"])
            return picture(cited.file(url) or "", node.content, cited, "" if linked else url)
        case _:
            return _words(node.content, linked=linked)


def _words(text: str, *, linked: bool = False) -> str:
    """Return a text without Markdown. An address of the web becomes a link, but not inside of a link."""
    parts = [text] if linked else _ADDRESS.split(text)
    return "".join(_led(part) if n % 2 else _escaped(part) for n, part in enumerate(parts))


def _led(address: str) -> str:
    url = address.rstrip(".,;:!?)'")
    if _is_plain(url) and leads_to_web(url):
        return f"<{url}>{_escaped(address[len(url) :])}"
    return _escaped(address)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda mark: _ESCAPED.get(mark[0]) or _no_mark(mark[0]), re.sub(r"\s+", " ", text))


def _no_mark(mark: str) -> str:
    return f"{mark}{_APART}" if mark[0] in ":wW" else f"\\{mark}"


def _begun(lines: str) -> str:
    """Return lines so that none begins a list, a heading, a quote or a rule."""
    return _LINE_BEGINS.sub(r"\1\\", lines)


def _is_plain(url: str) -> bool:
    return not _ODD_IN_ADDRESS.search(url)


def _address(url: str) -> str:
    return _ODD_IN_ADDRESS.sub(lambda found: quote(found[0]), url).replace("&", "&amp;")


def _code(text: str) -> str:
    text = " ".join(text.split("\n"))
    if _NO_CODE.search(text):
        return f"<code>{_ODD.sub(lambda found: f'&#{ord(found[0])};', text)}</code>"
    ticks = "`" * max([1, *(len(some) + 1 for some in re.findall("`+", text))])
    edge = " " if text[:1] in ("`", " ") or text[-1:] in ("`", " ") else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def _tex(source: str) -> str:
    """Return a formula between dollars, or nothing if JupyterLab would not read all of it as one."""
    match source[:2]:
        case "\\(":
            mark, inner = "$", source[2:-2]
        case "\\[" | "$$":
            mark, inner = "$$", source[2:-2]
        case "\\b":
            mark, inner = "$$", source
        case _:
            mark, inner = "$", source[1:-1]
    if not is_harmless(inner) or _NO_TEX.search(inner) or not _balanced(inner):
        return ""
    inner = _MARKDOWN.sub(r"\g<0> ", re.sub(r"\n\s*\n", "\n", inner.strip()))
    return f"{mark}{inner}{mark}"


def _balanced(tex: str) -> bool:
    """True if JupyterLab finds each opened brace closed."""
    depth = 0
    for brace in re.findall(r"\\[{}$]|[{}]", tex):
        depth = max(0, depth + {"{": 1, "}": -1}.get(brace, 0))
    return depth == 0
