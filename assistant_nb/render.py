r"""Text that a model or a person wrote, as HTML that is safe in a page: Markdown, TeX, code, citations. Pure.

One renderer serves the live widgets and the copies that a saved notebook keeps. Safe means: HTML in the text is shown
as characters, nothing is fetched, nothing runs, and a link leads to the web or to nowhere.

    blocks("Solve $x^2 = 4$:\n\n- **two** roots")
    ['<p>Solve <span class="anb-tex">$x^2 = 4$</span>:</p>\n', '<ul>\n<li><strong>two</strong> roots</li>\n</ul>\n']

A formula stays TeX, with its delimiters, in an element of the class `anb-tex`. Jupyter's typesetter draws it in a saved
copy, and a live widget's script draws it there. A formula that is not harmless (`tex.py`) is shown as a listing.
"""

import itertools
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final, Self, cast
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from .tex import is_harmless

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_LOADING: Final = threading.Lock()
"""Held while modules of pygments are loaded: a second thread would find them half made."""
LONGEST: Final = 100_000
"""The most characters that are read as Markdown. A longer text is shown as it is."""
LANGUAGES: Final = {
    **dict.fromkeys(("bash", "diff", "html", "json", "julia", "kotlin", "latex", "lua", "php", "py", "pycon"), 20_000),
    **dict.fromkeys(("pytb", "python", "ruby", "rust", "sh", "shell", "sql", "swift", "tex", "toml", "xml"), 20_000),
    **dict.fromkeys(("yaml", "yml"), 20_000),
    **dict.fromkeys(("c", "c++", "console", "cpp", "csharp", "css", "go", "ini", "java", "javascript", "js"), 2_000),
    **dict.fromkeys(("jsx", "markdown", "md", "r", "ts", "typescript"), 2_000),
}
"""Languages that are coloured, each up to a number of characters: some lexers need endless time for long listings."""
_MOST_LINES: Final = 100
"""The most lines of one formula."""
_WEB: Final = re.compile(
    r"https?://(?:[a-z0-9_-]+\.)+(?!localhost\b)[a-z][a-z0-9-]*(?::[0-9]+)?(?:[/?#].*)?|mailto:.*",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)
"""A URL that leads to the web from every page.

It must name a host, as a domain. Without a host (`http:/logout`) it would lead into the page's own server. An address
or a bare name (`127.0.0.1`, `localhost`, `jupyter`) may be a notebook server. A user's name before the host
(`https://x.org@y.org`) only hides where a link leads.
"""
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that have no meaning in a page, and those that change the order of the words beside them."""
_PICTURE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]*={0,2}")


class Html(Markup):
    """HTML that is safe. What is put into it is shown as characters, unless it is `Html` itself.

    Html("<b>{}</b>").format("a < b")  # <b>a &lt; b</b>
    """

    __slots__ = ()

    @classmethod
    def escape(cls, thing: Any, /) -> Self:
        return thing if isinstance(thing, cls) else cls(_characters(clean(str(thing))))


@dataclass(frozen=True, slots=True)
class Cited:
    """What a text may refer to besides the web."""

    marks: Mapping[str, str] = field(default_factory=dict)
    """What replaces each mark, such as `【4:0†notes.txt】`."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The id of the file of each link, such as `sandbox:/mnt/data/plot.png`."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """The picture of each file, by the file's id, as a `data:` URL."""

    def file(self, url: str) -> str | None:
        """Return the id of the file that a link means."""
        return self.files.get(url) or self.files.get(unquote(url))

    def picture(self, file_id: str) -> str | None:
        """Return a file's picture as a `data:` URL, if it is in a format that cannot run code."""
        data = self.pictures.get(file_id, "")
        return data if _PICTURE.fullmatch(data) else None


NOTHING: Final = Cited()
_LINK: Final = re.compile("</?a(?: [^>]*)?>")
_MARK: Final = re.compile("【[^【】]*】")
_BEGINS: Final = re.compile(r"\$|\\(?=[(\[]|begin|eqref|ref)")


def blocks(text: str, cited: Cited = NOTHING) -> list[Html]:
    """Return a text as HTML, one piece for each of its top-level blocks."""
    return [html for _, html in _blocks(text, cited)]


class Growing:
    """A text that comes in pieces. Only its last block is read again when another piece comes."""

    def __init__(self, cited: Cited = NOTHING) -> None:
        self._cited = cited
        self._done: list[Html] = []
        self._rest = ""

    def add(self, piece: str) -> tuple[int, list[Html]]:
        """Add a piece. Returns how many of the blocks stay as they are, and the new blocks after them."""
        kept, env = len(self._done), cast(EnvType, {})
        self._rest += piece
        found = _blocks(self._rest, self._cited, env)
        self._settle(found, env.get("open"))
        return kept, [html for _, html in found]

    def _settle(self, found: list[tuple[int, Html]], opened: int | None) -> None:
        """Keep the blocks that cannot change: the next one has ended at a blank line, and no formula is open."""
        lines = self._rest.split("\n")
        blank = max((n for n, line in enumerate(lines[:-1]) if not line.strip(" \t\r")), default=0)
        until = blank if opened is None else min(blank, opened)
        starts = [start for start, _ in found[1:] if start < until]
        self._done += [html for _, html in found[: len(starts)]]
        self._rest = "\n".join(lines[starts[-1] if starts else 0 :])


def code(source: str, language: str = "python") -> Html:
    """Return a listing, coloured by classes if the language is known and the source is not too long."""
    lexer = _lexer(language.lower()) if len(source) <= LANGUAGES.get(language.lower(), -1) else None
    return Html('<pre class="anb-code highlight"><code>{}</code></pre>').format(_coloured(clean(source), lexer))


def plain(text: str) -> Html:
    """Return a text as it is, such as an output."""
    return Html('<pre class="anb-plain">{}</pre>').format(exact(text))


def inline(text: str) -> Html:
    """Return the characters of a text of one line, such as a name."""
    return _characters(" ".join(clean(text).split()))


def exact(text: str) -> Html:
    """Return the characters of a text as they are: for an attribute, or where Jupyter reads no formula."""
    return Html(escape(clean(text)))


def _blocks(text: str, cited: Cited, env: EnvType | None = None) -> list[tuple[int, Html]]:
    """Return the first line of each block, from 0, and its HTML. Sets `env["open"]` to the line of an open formula."""
    if len(text) > LONGEST:
        return [(0, plain(text))]
    markdown, env = parser(), {} if env is None else env
    env["cited"] = cited
    tokens, found, start = markdown.parse(clean(text), env), list[tuple[int, Html]](), 0
    for n, token in enumerate(tokens):
        if token.level == 0 and token.nesting != 1:
            html = markdown.renderer.render(tokens[start : n + 1], markdown.options, env)
            found.append(((tokens[start].map or [0])[0], Html(html)))
            start = n + 1
    return found


def _characters(text: str) -> Html:
    """Return the characters of a text. What could begin a formula gets an element, so that Jupyter finds no formula."""
    return Html(_BEGINS.sub(r"<span>\g<0></span>", escape(text)))


def clean(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n")).encode(errors="replace").decode()


@cache
def parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    markdown.validateLink = _any_link  # type: ignore[method-assign]  # the renderer decides where a link leads
    markdown.inline.ruler.before("escape", "tex", _tex_inline)
    markdown.block.ruler.before("fence", "tex", _tex_block, {"alt": ["paragraph", "blockquote", "list"]})
    markdown.block.ruler.before("lheading", "tex_lines", _tex_lines, {"alt": ["paragraph"]})
    markdown.inline.ruler.before("tex", "mark", _mark)
    markdown.inline.add_terminator_char("【")
    return markdown


def _any_link(url: str) -> bool:  # noqa: ARG001
    return True


class _Renderer(RendererHTML):
    """The rules that differ from plain Markdown."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _characters(tokens[idx].content)

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        language = tokens[idx].info.split(maxsplit=1)[0] if tokens[idx].info.strip() else ""
        return code(tokens[idx].content, language) + "\n"

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return code(tokens[idx].content, "") + "\n"

    def tex(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tex = exact(tokens[idx].content)
        if not is_harmless(tokens[idx].content):
            return plain(tokens[idx].content) if tokens[idx].block else Html("<code>{}</code>").format(tex)
        kind = "div" if tokens[idx].block else "span"
        return Html('<{0} class="anb-tex">{1}</{0}>').format(kind, tex)

    def mark(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return Html.escape(env["cited"].marks[tokens[idx].content])

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        url, env["linked"] = str(tokens[idx].attrGet("href") or ""), True
        if file_id := env["cited"].file(url):
            return file_link(file_id)
        if leads_to_web(url):
            return _web_link(url)
        return '<a class="anb-nowhere">'

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        env["linked"] = False
        return "</a>"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        url, alt = str(tokens[idx].attrGet("src") or ""), tokens[idx].content
        html = picture(env["cited"].file(url) or "", alt, env["cited"], url)
        return _LINK.sub("", html) if env.get("linked") else html  # no link in a link


def picture(file_id: str, alt: str, cited: Cited, url: str = "") -> Html:
    """Return a picture if it is known, else its name: nothing is fetched."""
    if data := cited.picture(file_id):
        return Html('<img class="anb-picture" src="{}" alt="{}">').format(exact(data), exact(alt))
    if file_id:
        return Html("{}picture {}</a>").format(file_link(file_id), inline(alt) or file_id)
    if leads_to_web(url):
        return Html("{}picture {}</a> <i>(on the web, not fetched)</i>").format(_web_link(url), alt)
    return Html("<i>picture {}</i>").format(alt)


def file_link(file_id: str) -> Html:
    """Return the beginning of a link that offers a file. A live widget's script listens for clicks on it."""
    return Html('<a class="anb-file" data-file="{}">').format(exact(file_id))


def _web_link(url: str) -> Html:
    return Html('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">').format(exact(url))


def leads_to_web(url: str) -> bool:
    return _WEB.fullmatch(url) is not None


_PAIRS: Final = (
    re.compile(r"\\\((?:(?:[^\\\n]|\n(?!\n)|\\[^()])+?)\\\)"),
    re.compile(r"\\\[(?:(?:[^\\]|\\[^\[\]])+?)\\\]"),
    re.compile(r"(?<![\w$])\$\$(?:(?:[^$\\]|\\.)+?)\$\$", re.DOTALL),
    re.compile(r"(?<![\w$])\$(?![\s\d][^$]*[A-Za-z]{3} )(?!\s)(?:[^$\\\n]|\n(?!\n)|\\.)*?(?:[^\s\\$]|\\\S)\$(?![\w$])"),
)
r"""`\(…\)`, `\[…\]`, `$$…$$` and `$…$`.

A dollar is money if a blank follows the first or precedes the second, or if a number and words follow it: "$5 and $10",
"US$ 5", "$20 for two, or 5$".
"""

_AMID: Final = re.compile("|".join(["`[^`\n]*`", *(pair.pattern for pair in _PAIRS[:3])]), re.DOTALL)
_AMID_BEGINS: Final = re.compile(r"\\[(\[]|\$\$")


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
    r"""Read a formula from `\[` or `$$` at the beginning of a line to its end. Nothing between them is Markdown."""
    begun = _line(state, first)
    opening = next((mark for mark in _FENCES if begun.startswith(mark)), None)
    if opening is None or state.is_code_block(first):
        return False
    stop = min(last, first + _MOST_LINES)
    at = state.src.find(_FENCES[opening], state.eMarks[first] - len(begun) + len(opening), state.eMarks[stop - 1])
    end = next(line for line in range(first, stop) if state.eMarks[line] >= at) if at >= 0 else stop
    if len(state.bMarks) - 2 <= end < first + _MOST_LINES:  # more text may end the formula, or show that it is none
        state.env["open"] = min(first, state.env.get("open", first))
    lines = range(first, end + 1)
    if at < 0 or any(state.sCount[line] < state.blkIndent for line in lines):
        return False
    source = "\n".join(_line(state, line) for line in lines).rstrip()
    if not source.endswith("}" if opening == "\\begin{" else _FENCES[opening]):
        return False  # words follow: it is part of a paragraph
    if not silent:
        state.line = end + 1
        token = state.push("tex", "", 0)
        token.content, token.block, token.map = source, True, [first, state.line]
    return True


def _tex_lines(state: StateBlock, first: int, last: int, silent: bool) -> bool:  # noqa: ARG001
    """Keep a formula together that begins inside a paragraph: none of its lines begins a list or a heading.

    This is the last rule that could end a paragraph at a line. It never does.
    """
    if not _AMID_BEGINS.search(_line(state, first)):
        return False
    lines = itertools.takewhile(
        lambda line: not state.isEmpty(line) and state.sCount[line] >= state.blkIndent,
        range(first, min(last, first + _MOST_LINES)),
    )
    source, end = "\n".join(_line(state, line) for line in lines), first
    for match in _AMID.finditer(source):
        if first + source.count("\n", 0, match.start()) > end:
            break  # the rule is asked for that line later
        end = first + source.count("\n", 0, match.end())
    for line in range(first + 1, end + 1):
        state.sCount[line] = -1  # the parser's own sign for a line that continues
    return False


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _mark(state: StateInline, silent: bool) -> bool:
    """Replace a mark by its HTML. Stars and underscores in a mark mean nothing. Code keeps its marks."""
    match = _MARK.match(state.src, state.pos, state.posMax)
    if not match or match[0] not in state.env["cited"].marks:
        return False
    if not silent:
        state.push("mark", "", 0).content = match[0]
    state.pos = match.end()
    return True


@cache
def _lexer(language: str) -> "Lexer":
    with _LOADING:
        from pygments.lexers import get_lexer_by_name

        return get_lexer_by_name(language, stripnl=False)


def _coloured(source: str, lexer: "Lexer | None") -> Html:
    if lexer is None:
        return exact(source)
    with _LOADING:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter

    return Html(highlight(source, lexer, HtmlFormatter(nowrap=True)))
