"""Texts of others as Markdown: in JupyterLab nothing of them fetches or reaches out, and what was written is what is read."""

import re
from dataclasses import replace
from html import escape
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant_nb import render
from assistant_nb.portable import fenced, portable, words
from assistant_nb.tex import is_harmless
from tests import test_render
from tests.vectors import VECTORS

CITED: Final = replace(test_render.CITED, marks={"【4:0†notes.txt】": "[1]"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"so \( x_1 \) is", "so $x_1$ is"),
        ("\\[\nx = 1\n\\]\n\nso", "$$x = 1$$\n\nso"),
        ("- one\n  \\[\n  x\n  \\]", "- one\n  $$x$$"),
        ("\\begin{align}\nx\n\\end{align}", "$$\\begin{align}\nx\n\\end{align}$$"),
        ("$5, \\$5 and $10, yet $x$", "DOLLAR5, DOLLAR5 and DOLLAR10, yet $x$"),
        (r"\\(x\\)", r"BACKSLASH(xBACKSLASH)"),
        ("`$5` and ``\\(`x`\\)``", "`$5` and ``\\(`x`\\)``"),
        ("a $5\n\n```\n$5 \\(x\\)\n\n```\nb $5", "a DOLLAR5\n\n```\n$5 \\(x\\)\n\n```\n\nb DOLLAR5"),
        ("- a\n\n  ```py\n  $5\n  ```\n\n    code $5", "- a\n\n  ```py\n  $5\n  ```\n\n  code DOLLAR5"),
        (r"$\href{javascript:x}{y}$", r"`$\href{javascript:x}{y}$`"),
        ("$$\n\\def\\x{y}\n$$", "```\n$$\n\\def\\x{y}\n$$\n```"),
        ("So【4:0†a】, `【4:0†a】`.", "So[1], `【4:0†a】`."),
        ("# a *b* _c_ **d** ~~e~~\n\n2. f\\\n   g\n3. h\n\n---", "# a *b* _c_ **d** ~~e~~\n\n2. f\\\n   g\n3. h\n\n***"),
        ("> q\n> - r\n\n| a | b |\n|--:|---|\n| `x\\|y` | z |", "> q\n>\n> - r\n\n| a | b |\n| --: | --- |\n| `x\\|y` | z |"),
        ("a_b 2 * 3 <b> [x] \\# 1\\. ` |", "a_b 2 \\* 3 &lt;b> \\[x\\] # 1. &#96; \\|"),
        ("\\# a\n\\- b\n1\\. c", "\\# a\n\\- b\n1\\. c"),
        ("[a](https://x.org/a_(b)?c=$5)", "[a](https://x.org/a_%28b%29?c=%245)"),
        ("<https://x.org> [https://x.org](https://y.org)", "<https://x.org> [https:<span></span>//x.org](https://y.org)"),
        ("[a](http:/logout), [b](sandbox:/mnt/c.csv), <http:/logout>", "a, b, http:/logout"),
        ("https://x.org, http://127.0.0.1/logout", "<https://x.org>, http:<span></span>//127.0.0.1/logout"),
        ("![a](https://x.org/b.png)", "[picture a](https://x.org/b.png) *(on the web, not fetched)*"),
        ("![a][p] ![c](attachment:d.png)\n\n[p]: http://127.0.0.1/b.png", "*picture a* *picture c*"),
        ("a\n\n\n\n$5\n", "a\n\nDOLLAR5"),
        ("```\na", "```\na\n```"),
        ("```mermaid\na\n```", "```\na\n```"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_text_is_written_anew(text: str, wanted: str) -> None:
    wanted = wanted.replace("DOLLAR", r"<span>\$</span>").replace("BACKSLASH", r"<span>\\</span>")
    assert portable(text, render.Cited({"【4:0†a】": "[1]"})) == wanted


def test_html_in_code_stays_as_it_was() -> None:
    for code in (
        "`<img src=x> ![x](https://x.org)`",
        '```html\n<img src="https://x.org/x.png">\n![x](https://x.org)\n```',
    ):
        assert portable(code) == code


_SPLIT: Final = re.compile(
    r"(\$\$?|\\(?:begin|end)\{[a-z]*\*?\}|\\[{}$]|[{}]|(?:\n\s*)+|@@\d+@@|\\\\[()[\]])", re.IGNORECASE
)


def taken_out(text: str) -> tuple[str, list[str]]:
    """A cell without what JupyterLab takes for formulas, and these (`removeMath` in its latex.ts)."""
    coded = "`" in text or "~~~" in text
    if coded:
        text = text.replace("~", "~T")
        fences = r"^(?P<fence>`{3,}|(?:~T){3,})[^`\n]*\n([\s\S]*?)^(?P=fence)`*$"
        for code in (fences, r"(^|[^\\])(`+)([^\n]*?[^`\n])\2(?!`)"):
            text = re.sub(code, lambda found: found[0].replace("$", "~D"), text, flags=re.MULTILINE)
    parts, taken = _SPLIT.split(text), list[str]()
    start = last = end = None
    depth = 0

    def take(first: int, to: int) -> None:
        taken.append("".join(parts[first : to + 1]))
        parts[first : to + 1] = [f"@@{len(taken) - 1}@@", *[""] * (to - first)]

    n = 1
    while n < len(parts):
        part = parts[n]
        if part.startswith("@"):
            parts[n] = f"@@{len(taken)}@@"
            taken.append(part)
        elif start is not None:
            if part == end:
                if depth:
                    last = n
                else:
                    take(start, n)
                    start = last = end = None
            elif re.search(r"\n.*\n", part):
                if last is not None:
                    n = last
                    take(start, n)
                start = last = end = None
                depth = 0
            elif part in "{}":
                depth = depth + 1 if part == "{" else max(0, depth - 1)
        elif part in ("$", "$$"):
            start, end, depth = n, part, 0
        elif part in (r"\\(", r"\\["):
            start, end, depth = n, part.translate({40: 41, 91: 93}), 0
        elif part[1:6] == "begin":
            start, end, depth = n, "\\end" + part[6:], 0
        n += 2
    if start is not None and last is not None:
        take(start, last)

    def own(words: str) -> str:
        return re.sub("~([TD])", lambda found: "~" if found[1] == "T" else "$", words) if coded else words

    return own("".join(parts)), [own(one) for one in taken]


class Cell(test_render.Allowed):
    """A cell as JupyterLab shows it. Outside of code, what MathJax would draw is harmless."""

    def __init__(self, text: str) -> None:
        text, taken = taken_out(text)
        reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        html = re.sub("@@([0-9]+)@@", lambda found: self._put_back(taken[int(found[1])]), reader.render(text))
        super().__init__(html)

    def _put_back(self, formula: str) -> str:
        double = re.fullmatch(r"\\\\([(\[].*)\\\\([)\]])", formula, re.DOTALL)
        return escape(f"\\{double[1]}\\{double[2]}" if double else formula, quote=False)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        kept = [one for one in attributes if one[0] not in ("style", "start", "class", "title")]
        assert tag != "img" or dict(kept)["src"] == CITED.pictures["file-2"]
        super().handle_starttag(tag, kept)

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        if not {"code", "pre"} & set(self.open):
            assert not re.search(r"\$.*\$|\\[(\[]|\\begin|\\ref|\\eqref", data, re.DOTALL) or is_harmless(data), data
            links = [found[0].rstrip(".,;:!?)'") for found in re.finditer(r"(?:(?:https?|ftp)://|www\.)[^\s<]*", data)]
            assert "a" in self.open or all(map(render.leads_to_web, links)), links


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_in_a_text_fetches_or_reaches_out(vector: str) -> None:
    for text in (
        vector,
        f"a {vector} b",
        f"| a |\n|---|\n| {vector} |",
        f"- {vector}",
        f"> {vector}",
        f"```\n{vector}",
    ):
        assert Cell(portable(text, CITED)).open == []
    for line in vector.splitlines():
        assert Cell(words(line)).open == []
    assert "behind" in Cell(f"{fenced(vector)}\n\nbehind").text


HOSTILE: Final = st.lists(
    st.sampled_from(
        ["`", "``", "```", "```\n", "~~~\n", "> ", "- ", "    ", "\n", "\n\n", " ", "a", "{", "}", "$", "$$", "\\", "\\\\", "\\(", "\\)", "\\[", "\\]",
         "\\begin{a}", "\\end{a}", "\\def\\frac#1#2{x}", "def", "![x](https://evil.example/p.png)", "<img src=x>", "[x](http:/logout)", "[](x:y)", "【4:0†notes.txt】", "(http:/logout)", ": http:/logout",
         "http://127.0.0.1/", "www.x", "!", "[x](https://x.org)", "$x$", "\\(x\\)", "<", "|", "|---|\n", "[p]", "\n[p]: http://x/y\n", "@@0@@", "*", "_", "~", "&lt;", "&amp;", "#36;", "&#10;", "1. "]
    ),
    max_size=16,
).map("".join)  # fmt: skip


@settings(max_examples=500)
@given(HOSTILE)
@example("- ```\n  $\\def\\frac#1#2{x}\n  ```\n  $y$\n  ```\n  <img src=x>\n  ```")
@example("> ```\n> $\\def\\frac#1#2{x}\n> ```\n> $y$\n> ```\n> <img src=x>\n> ```")
@example("`\\begin{a}\\def\\frac#1#2{x}` ``\\end{a}``")
@example("`\\begin{a}` $\\\\def\\frac#1#2{x}$")
@example("`\\begin{a}` $![x](https://evil.example/p.png)$")
@example("``a``[](x:y)`![x](https://evil.example/p.png)`")
@example("$$a\n\n![x](https://evil.example/p.png)\n\nb$$")
@example("\\(a $ ![x](https://evil.example/p.png) $ b\\)")
@example("`a\n\n$\\def\\frac#1#2{x}$\n\nb`")
@example("\\![x](https://evil.example/p.png)")
@example("https://x.org[@127.0.0.1/logout](x:y)")
@example("&amp;#36;\\\\def\\frac\\#1\\#2{x}&amp;#36;")
@example("$x$`a$\\def\\frac#1#2{x}$`$x$")
@example("\\\n<http://x.g>")
@example("【4:0†notes.txt】(http:/logout)")
@example("<div>\n```\n$\\def\\frac#1#2{x}$\n```\n</div>")
@example("_`\\\\\\\\(_`_")
@example("a`\\\\begin{a}*b*__c__`")
@example("a`\\\\begin{a}~~b~~ &amp; [c](https://x.org)`")
@example("$a\\\\$ ![x](https://evil.example/p.png) $b$")
def test_no_text_whatever_fetches_or_reaches_out(text: str) -> None:
    assert Cell(portable(text, CITED)).open == []


def test_a_very_long_text_is_a_listing() -> None:
    text = "![x](https://evil.example/p.png) ```" + "x" * render.LONGEST
    assert portable(text) == f"````\n{text}\n````"
