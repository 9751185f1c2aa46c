"""Texts of others as HTML: nothing of them can run or fetch, and what was written is what is read."""

import re
import subprocess
import sys
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser
from types import FrameType
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_nb import render
from assistant_nb.portable import portable
from tests.vectors import VECTORS

TAGS: Final = {
    *(
        "p",
        "strong",
        "em",
        "s",
        "code",
        "pre",
        "span",
        "div",
        "a",
        "img",
        "i",
        "ul",
        "ol",
        "li",
        "hr",
        "br",
        "blockquote",
    ),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES: Final = {
    "class": r"[\w\- ]*",
    "href": r"https?://([\w-]+\.)+[A-Za-z][\w-]*(:\d+)?([/?#].*)?|mailto:.*",
    "rel": "noopener noreferrer nofollow",
    "target": "_blank",
    "data-file": "file-1",
    "src": r"data:image/png;base64,\w+",
    "alt": r"(?s:.*)",
    "style": "text-align:(left|right|center)",
    "start": r"\d+",
}
CITED: Final = render.Cited(
    marks={"【4:0†notes.txt】": render.Html("<sup>[1]</sup>")},
    files={"sandbox:/mnt/data/a b.csv": "file-1", "sandbox:/mnt/data/plot.png": "file-2"},
    pictures={"file-2": "data:image/png;base64,AAAA"},
)
WAYS: Final[list[Callable[[str], str]]] = [
    lambda text: "".join(render.blocks(text)),
    render.inline,
    render.code,
    lambda text: render.code(text, text),
    render.plain,
    lambda text: render.picture("", text, render.Cited(), text),
    lambda text: render.picture("file-1", text, render.Cited()),
    lambda text: render.picture("file-2", text, CITED, text),
]


class Allowed(HTMLParser):
    """Raises for everything that is not on the lists, and for what is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(str(html))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attributes:
            assert name in ATTRIBUTES and re.fullmatch(ATTRIBUTES[name], value or ""), (tag, name, value)
        if tag not in ("img", "hr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in ("hr", "br") or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def html(text: str, cited: render.Cited = CITED) -> str:
    return "".join(render.blocks(text, cited))


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_in_a_text_can_run_or_fetch(vector: str) -> None:
    for way in WAYS:
        for text in (vector, f"before {vector} after", f"| a |\n|---|\n| {vector} |", f"- {vector}", f"```\n{vector}"):
            assert Allowed(way(text)).open == []


@given(st.text(alphabet="<>\"'&`$\\[]()!|:;#-*_~= \n\tajvscript:/x\x00\u202e【】{}", max_size=80))
def test_no_text_whatever_makes_other_html(text: str) -> None:
    for way in WAYS:
        assert Allowed(way(text)).open == []


@pytest.mark.parametrize("way", [render.code, render.plain, render.inline])
def test_code_and_names_keep_every_character(way: Callable[[str], str]) -> None:
    text = r're.sub(r"\(([^)]*)\)|\$\d+\$", "<$1>", "a & b") # \[x\] **no** 【4:0†notes.txt】'
    assert Allowed(way(text)).text.rstrip("\n") == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**b** *i* ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>\n"),
        (
            "[a](https://x.org)",
            '<p><a href="https://x.org" rel="noopener noreferrer nofollow" target="_blank">a</a></p>\n',
        ),
        ("[a](javascript:x)", '<p><a class="anb-nowhere">a</a></p>\n'),
        ("[a](sandbox:/mnt/data/a%20b.csv)", '<p><a class="anb-file" data-file="file-1">a</a></p>\n'),
        ("So【4:0†notes.txt】.", "<p>So<sup>[1]</sup>.</p>\n"),
        ("`【4:0†notes.txt】`", "<p><code>【4:0†notes.txt】</code></p>\n"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
    ],
)
def test_markdown(text: str, shown: str) -> None:
    assert html(text) == shown


@pytest.mark.parametrize(
    "url",
    [
        *("http:/logout", "http:logout", "http:../../logout", "HTTP:/lab/tree/a.ipynb", "https:/logout", "http:?reset", "http:#x"),
        *("http:\\logout", "http:\\\\x.org", "ht\ttp:/logout", "http:\t/logout", "http:\n/logout", "http:///logout", "http:/\\logout"),
        *("http://user@x.org/", "http://user:secret@x.org/", "http://@/logout", "http://x.org\\@127.0.0.1/", "http://x.org%2f@y.org/"),
        *("http://127.0.0.1:8888/logout", "http://localhost/logout", "http://lab.localhost:8888/", "http://LOCALHOST./", "http://jupyter/logout"),
        *("http://2130706433/", "http://127.1/", "http://127.0.0.0x1/", "http://[::1]:8888/", "http://0/", "http://x.org:8888x/", "http://x.org."),
    ],
)  # fmt: skip
def test_a_link_leads_to_a_named_place_on_the_web_or_nowhere(url: str) -> None:
    for text in (f"[x]({url})", f"[x](<{url}>)", f"<{url}>", f"[x]\n\n[x]: {url}", f"![x]({url})"):
        assert "href" not in html(text)
    assert "href" not in render.picture("", "x", CITED, url)


@pytest.mark.parametrize(
    "url",
    ["https://x.org", "HTTPS://X.org/", "http://a-b.x_y.co.uk:8080/p?q=(a)&r=@b#c", "https://xn--mnchen-3ya.de?x", "mailto:a@x.org"],
)  # fmt: skip
def test_a_link_to_the_web_leads_there(url: str) -> None:
    assert f'href="{escape(url)}"' in html(f"[x](<{url}>)")


def test_a_picture_that_is_at_hand_is_shown_and_another_one_named() -> None:
    assert '<img class="anb-picture" src="data:image/png;base64,AAAA" alt="p">' in html(
        "![p](sandbox:/mnt/data/plot.png)"
    )
    assert "<img" not in html("![p](https://x.org/p.png)")


def test_tables_keep_their_alignment() -> None:
    assert '<td style="text-align:right">2</td>' in html("| a | b |\n|---|--:|\n| 1 | 2 |")


def formulas(text: str) -> list[str]:
    return [
        unescape(found)
        for found in re.findall(r'<(?:span|div) class="anb-tex">(.*?)</(?:span|div)>', html(text), re.DOTALL)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"so \(x_1 * y_1 * z\) is", [r"\(x_1 * y_1 * z\)"]),
        (r"so \[x = 1\] is", [r"\[x = 1\]"]),
        ("so\n\\[\nx\n- y\n= z\n\\]\nand more", ["\\[\nx\n- y\n= z\n\\]"]),
        ("\\[\na\n\n# b\n\\]", ["\\[\na\n\n# b\n\\]"]),
        ("- one\n  \\[\n  x\n  \\]\n- two", ["\\[\nx\n\\]"]),
        ("> $$\n> x\n> $$", ["$$\nx\n$$"]),
        ("$x$, $y_1$ and $\\alpha$", ["$x$", "$y_1$", "$\\alpha$"]),
        ("$a < b & c$", ["$a < b & c$"]),
        ("| \\(x\\) |\n|---|\n| $y$ |", ["\\(x\\)", "$y$"]),
        ("\\begin{align}\nx &= 1 \\\\\ny &= 2\n\\end{align}", ["\\begin{align}\nx &= 1 \\\\\ny &= 2\n\\end{align}"]),
        ("$5 and $10", []),
        ("It costs $5, or $10 for two.", []),
        ("US$5 and C$10", []),
        ("$20 for two, or 5$", []),
        ("from $1,000 to $2,000", []),
        ("`$x$` and\n\n```\n$y$ \\(z\\)\n```", []),
        (r"the pattern `\(([^)]*)\)` and `\[a-z\]`", []),
        ("\\$x\\$ is escaped", []),
        ("$HOME and $PATH", []),
    ],
)
def test_formulas_are_found_and_money_is_none(text: str, found: list[str]) -> None:
    assert formulas(text) == found


@pytest.mark.parametrize(
    "tex",
    [
        *(r"\def\frac#1#2{x}", r"\gdef\x{y}", r"\edef\x{y}", r"\xdef\x{y}", r"\let\frac\sqrt", r"\global\let\frac=\sqrt"),
        *(r"\newcommand{\x}{y}", r"\renewcommand\frac[2]{x}", r"\providecommand\x{y}", r"\newenvironment{x}{y}{z}"),
        *(r"\DeclareMathOperator{\sin}{cos}", r"\DeclarePairedDelimiter\abs{|}{|}", r"\Newextarrow\x{1,1}{8594}", r"\newtagform{x}(){}"),
        *(r"\definecolor{red}{RGB}{0,0,255}", r"\mathtoolsset{centercolon=true}", r"\require{physics}", r"\csname def\endcsname\frac#1#2{x}"),
        *(r"x \label{jupyterapp}", r"\ref{x}", r"\eqref{x}", r"x \tag{1}", r"\cssId{x}{y}", r"\class{x}{y}", r"\style{color:red}{x}"),
        *(r"\href{https://x.org}{x}", r"\data{x=1}{y}", r"\htmlData{x=1}{y}", r"\unicode{x41}", r"\bbox[red]{x}", r"\mmlToken{mi}{x}"),
        *(r"\hskip 9999em x", r"\hspace{-9999em}x", r"\kern-9999em x", r"\rule{9999em}{9999em}", r"\raise 9999em x", r"\mathtip{x}{y}"),
        *(r"\unheardof x", "a % b\n\\def\\x{y}", r"\text{\def\x{y}}", r"\\\def\x{y}"),
    ],
)  # fmt: skip
def test_a_formula_that_reaches_beyond_itself_is_shown_as_its_source(tex: str) -> None:
    for text in (
        f"so ${tex}$ is",
        rf"so \({tex}\) is",
        f"$$\n{tex}\n$$",
        f"\\[ {tex} \\]",
        f"\\begin{{align}}\n{tex}\n\\end{{align}}",
    ):
        assert formulas(text) == []
        assert re.search(r"<code>.*</code>|<pre.*</pre>", html(text), re.DOTALL)
        assert tex in Allowed(html(text)).text


@pytest.mark.parametrize(
    "tex",
    [r"x_1 = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}", r"\left\{\, x \;\middle|\; x \in \mathbb{R} \right\}", r"\ce{2H2 + O2 -> 2H2O}", r"a \\ b",
     r"\begin{pmatrix} 1 & 2 \\[2pt] 3 & 4 \end{pmatrix}", r"\operatorname*{argmax}_\theta \text{a def, let it} \boxed{x}", r"\\def"],
)  # fmt: skip
def test_a_formula_of_known_commands_is_drawn(tex: str) -> None:
    assert formulas(f"so ${tex}$ is") == [f"${tex}$"]


SNIPPETS: Final = st.sampled_from(
    ["word ", "**b** ", "\n", "\n\n", "- item\n", "1. one\n", "# head\n", "```py\n", "```\n", "| a | b |\n", "|---|---|\n",
     "\\[", "\\]", "$$\n", "$x$", "\\(y\\)", "> q\n", "    code\n", "---\n", "[a](https://x.org)", "`", "\t", "=\n", "\r\n", "a\x85b\u2028c\fd"]
)  # fmt: skip


@given(st.lists(SNIPPETS, max_size=14).map("".join), st.data())
def test_a_text_in_pieces_reads_as_the_whole(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    growing, shown = render.Growing(CITED), list[str]()
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        kept, blocks = growing.add(text[start:end])
        shown[kept:] = blocks
    assert shown == render.blocks(text, CITED)


HOSTILE: Final[dict[str, Callable[[int], str]]] = {
    "dollars": lambda n: "$" * n,
    "dollar words": lambda n: "$a " * n,
    "openings": lambda n: "\\(" * n,
    "square openings": lambda n: "\\[x " * n,
    "begin": lambda n: "\\begin{x}\n" * n,
    "fences": lambda n: "$$\n\n" * n,
    "open lines": lambda n: "\\[\n" * n,
    "brackets": lambda n: "[" * n,
    "pictures": lambda n: "![](" * n,
    "stars": lambda n: "*a **b " * n,
    "ticks": lambda n: "".join("`" * k + " " for k in range(int((2 * n) ** 0.5))),
    "quotes": lambda n: ">" * n + "x",
    "angles": lambda n: "<a " * n,
    "table": lambda n: "|" * n + "\n" + "|-" * n,
    "backslashes": lambda n: "\\" * n,
    "entities": lambda n: "&#" * n,
}
READ: Final[dict[str, Callable[[str], object]]] = {
    "blocks": lambda text: Allowed("".join(render.blocks(text))),
    "portable": portable,
}


@pytest.mark.parametrize("read", READ.values(), ids=READ)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_twice_the_text_takes_twice_the_work(read: Callable[[str], object], text: Callable[[int], str]) -> None:
    """Lines of Python are counted; how long its regular expressions take is for `tests/bench/render.py` to say."""
    short, long = text(300), text(600)
    read(short)  # what is done once is done
    assert lines_run(read, long) < 1.3 * lines_run(read, short) * len(long) / len(short)


def lines_run(read: Callable[[str], object], text: str) -> int:
    lines = 0

    def count(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal lines
        lines += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        read(text)
    finally:
        sys.settrace(before)
    return lines


def test_what_is_put_into_html_is_shown_as_characters_unless_it_is_html() -> None:
    bold = render.Html("<b>{}</b>").format("<i>&$x$")
    assert bold == "<b>&lt;i&gt;&amp;<span>$</span>x<span>$</span></b>"
    assert render.Html("<p>{}</p>").format(bold) == f"<p>{bold}</p>"
    assert render.Html(", ").join(["<", bold]) == f"&lt;, {bold}"
    assert "<" + bold == f"&lt;{bold}"
    assert f"{bold}" + "<" == f"{bold}<"  # an f-string makes plain text, which is escaped where it is put in


AT_ONCE = """
import sys, threading
from assistant_nb import render
sys.setswitchinterval(1e-5)
together, shown = threading.Barrier(4), []
def show():
    together.wait()
    shown.append(render.code("{}", "json"))
threads = [threading.Thread(target=show) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(shown))
"""


def test_the_first_listings_may_be_drawn_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "4", done.stderr
