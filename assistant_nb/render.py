r"""Text that a model or a person wrote, as HTML that is safe in a page: Markdown, TeX, code, citations. Pure.

One renderer serves the live widgets and the copies that a saved notebook keeps. Safe means: of the text's own HTML
nothing is left but its characters; nothing is fetched; nothing runs; a link leads to the web or to nowhere.

    blocks("Solve $x^2 = 4$:\n\n- **two** roots")
    ['<p>Solve <span class="anb-tex">$x^2 = 4$</span>:</p>\n', '<ul>\n<li><strong>two</strong> roots</li>\n</ul>\n']

TeX keeps its source with its delimiters, in an element that whoever can draw formulas finds: Jupyter's own
typesetter in a saved copy, the script of a live widget.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_LONGEST: Final = 100_000
"""Characters that are read as Markdown; a longer text is shown as it is."""
_LONGEST_CODE: Final = 20_000
_MOST_LINES: Final = 100
"""Of one formula."""
_WEB: Final = ("http", "https", "mailto")
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Cited:
    """What a text may point to besides the web."""

    marks: Mapping[str, str] = field(default_factory=dict)
    """Of each mark, such as `【4:0†notes.txt】`, the HTML that stands in its place."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Of each link, such as `sandbox:/mnt/data/plot.png`, the id of the file."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """Of a file's id, its picture as a `data:` URL."""


_NOTHING: Final = Cited()


def blocks(text: str, cited: Cited = _NOTHING) -> list[str]:
    """A text as HTML, one string for each of its top-level blocks."""
    return [html for _, html in _blocks(text, cited)]


class Growing:
    """A text that comes in pieces. Only what may still change is read again: the last block, an open formula."""

    def __init__(self, cited: Cited = _NOTHING) -> None:
        self._cited = cited
        self._done: list[str] = []
        self._rest = ""

    def add(self, piece: str) -> tuple[int, list[str]]:
        """How many of the blocks stay as they are, and the ones that come after them now."""
        kept = len(self._done)
        self._rest += piece
        found = _blocks(self._rest, self._cited)
        lines = self._rest.split("\n")
        whole = lines[:-1]  # the last one may still belong to the block before it
        firm = _unclosed(whole) - 1  # a formula not closed yet may be no formula, and belong to it as well
        last = sum(start <= firm for start, _ in found) - 1
        if last > 0:
            self._done += [html for _, html in found[:last]]
            self._rest = "\n".join(lines[found[last][0] :])
        return kept, [html for _, html in found]


def code(source: str, language: str = "python") -> str:
    """A listing, coloured by classes where the language is known and the source is no book."""
    lexer = _lexer(language.lower()) if len(source) <= _LONGEST_CODE else None
    return f'<pre class="anb-code highlight"><code>{_coloured(_clean(source), lexer)}</code></pre>'


def plain(text: str) -> str:
    """A text as it is: an output, arguments that are no JSON."""
    return f'<pre class="anb-plain">{escape(_clean(text))}</pre>'


def inline(text: str) -> str:
    """A text of one line, such as a name: its characters."""
    return _characters(" ".join(_clean(text).split()))


def _blocks(text: str, cited: Cited) -> list[tuple[int, str]]:
    """The first line of each block, counted from 0, and its HTML."""
    if len(text) > _LONGEST:
        return [(0, plain(text))]
    markdown, env = _markdown(), {"cited": cited}
    tokens, found, start = markdown.parse(_clean(text), env), list[tuple[int, str]](), 0
    for n, token in enumerate(tokens):
        if token.level == 0 and token.nesting != 1:
            html = markdown.renderer.render(tokens[start : n + 1], markdown.options, env)
            found.append(((tokens[start].map or [0])[0], html))
            start = n + 1
    return found


def _characters(text: str) -> str:
    """A text that means nothing else. A dollar stands apart, or Jupyter would look for a formula behind it."""
    return escape(text).replace("$", "<span>$</span>")


def _clean(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n")).encode(errors="replace").decode()


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    markdown.validateLink = _any_link  # type: ignore[method-assign]  # the renderer decides where a link leads
    markdown.inline.ruler.before("escape", "tex", _tex_inline)
    markdown.block.ruler.before("fence", "tex", _tex_block, {"alt": ["paragraph", "blockquote", "list"]})
    markdown.core.ruler.push("marks", _marks)
    return markdown


def _any_link(url: str) -> bool:  # noqa: ARG001
    return True


class _Renderer(RendererHTML):
    """Where ours differs from plain Markdown."""

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _characters(tokens[idx].content)

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        language = tokens[idx].info.split(maxsplit=1)[0] if tokens[idx].info.strip() else ""
        return code(tokens[idx].content, language) + "\n"

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return code(tokens[idx].content, "") + "\n"

    def tex(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        kind = "div" if tokens[idx].block else "span"
        return f'<{kind} class="anb-tex">{escape(tokens[idx].content)}</{kind}>'

    def mark(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return str(env["cited"].marks[tokens[idx].content])

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        url = str(tokens[idx].attrGet("href") or "")
        if file_id := _file(url, env["cited"]):
            return f'<a class="anb-file" data-file="{escape(file_id)}">'
        if _scheme(url) in _WEB:
            return f'<a href="{escape(url)}" rel="noopener noreferrer nofollow" target="_blank">'
        return '<a class="anb-nowhere">'

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        url, alt = str(tokens[idx].attrGet("src") or ""), tokens[idx].content
        return picture(_file(url, env["cited"]) or "", alt, env["cited"], url)


def picture(file_id: str, alt: str, cited: Cited, url: str = "") -> str:
    """A picture that is at hand; of another one its name, as nothing is fetched."""
    if data := cited.pictures.get(file_id):
        return f'<img class="anb-picture" src="{escape(data)}" alt="{escape(_clean(alt))}">'
    if file_id:
        return f'<a class="anb-file" data-file="{escape(file_id)}">picture {inline(alt) or escape(file_id)}</a>'
    if _scheme(url) in ("http", "https"):
        attributes = 'rel="noopener noreferrer nofollow" target="_blank"'
        return f'<a href="{escape(url)}" {attributes}>picture {inline(alt)}</a> <i>(on the web, not fetched)</i>'
    return f"<i>picture {inline(alt)}</i>"


def _scheme(url: str) -> str:
    """The scheme of a URL, empty for what is none."""
    try:
        return urlsplit(url.strip()).scheme.lower()
    except ValueError:
        return ""


def _file(url: str, cited: Cited) -> str | None:
    return cited.files.get(url) or cited.files.get(unquote(url))


_PAIRS: Final = (
    re.compile(r"\\\((?:(?:[^\\\n]|\n(?!\n)|\\[^()])+?)\\\)"),
    re.compile(r"\\\[(?:(?:[^\\]|\\[^\[\]])+?)\\\]"),
    re.compile(r"(?<![\w$])\$\$(?:(?:[^$\\]|\\.)+?)\$\$", re.DOTALL),
    re.compile(r"(?<![\w$])\$(?:(?![\s\d][^$]*[A-Za-z]{3,} )(?!\s)(?:[^$\\\n]|\n(?!\n)|\\.)*?[^\s\\$]|\\.)\$(?![\w$])"),
)
r"""`\(…\)`, `\[…\]`, `$$…$$` and `$…$`. A dollar is money when a blank stands behind the first or before the second, or
when a number and words follow it: "$5 and $10", "US$ 5", "$20 for two, or 5$"."""


def _tex_inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "\\$":
        return False
    for pair in _PAIRS:
        if match := pair.match(state.src, state.pos, state.posMax):
            if not silent:
                state.push("tex", "", 0).content = match[0]
            state.pos = match.end()
            return True
    return False


_FENCES: Final = {"\\[": "\\]", "$$": "$$", "\\begin{": "\\end{"}


def _tex_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    r"""`\[` or `$$` at the beginning of a line, to its end; nothing between them is Markdown."""
    lines = [_line(state, first)]
    opening = next((mark for mark in _FENCES if lines[0].startswith(mark)), None)
    if opening is None or state.is_code_block(first):
        return False
    closing, line = _FENCES[opening], first
    while closing not in (lines[-1][len(opening) :] if line == first else lines[-1]):
        line += 1
        if line >= min(last, first + _MOST_LINES) or state.sCount[line] < state.blkIndent:
            return False
        lines.append(_line(state, line))
    source = "\n".join(lines).rstrip()
    if not (source.endswith(closing) or (opening == "\\begin{" and source.endswith("}"))):
        return False  # words stand behind it: it is part of a paragraph
    if not silent:
        state.line = line + 1
        token = state.push("tex", "", 0)
        token.content, token.block, token.map = source, True, [first, state.line]
    return True


def _unclosed(lines: list[str]) -> int:
    """The line at which a formula begins that may still be closed by what comes; else the number of lines."""
    for n in range(max(0, len(lines) - _MOST_LINES), len(lines)):
        text = lines[n].lstrip()
        opening = next((mark for mark in _FENCES if text.startswith(mark)), None)
        if opening and _FENCES[opening] not in "\n".join([text[len(opening) :], *lines[n + 1 :]]):
            return n
    return len(lines)


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _marks(state: StateCore) -> None:
    """Put what stands for the marks into the texts that hold them; code keeps its own."""
    marks = state.env["cited"].marks
    if not marks:
        return
    pattern = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))))
    for block in state.tokens:
        if block.children:
            block.children = [piece for token in block.children for piece in _split(token, pattern)]


def _split(token: Token, pattern: re.Pattern[str]) -> list[Token]:
    if token.type != "text" or not pattern.search(token.content):
        return [token]
    pieces, at = list[Token](), 0
    for match in pattern.finditer(token.content):
        pieces.append(Token("text", "", 0, content=token.content[at : match.start()]))
        pieces.append(Token("mark", "", 0, content=match[0]))
        at = match.end()
    return [*pieces, Token("text", "", 0, content=token.content[at:])]


@cache
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False) if language else None
    except ClassNotFound:
        return None


def _coloured(source: str, lexer: Any) -> str:
    if lexer is None:
        return escape(source)
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    return str(highlight(source, lexer, HtmlFormatter(nowrap=True)))
