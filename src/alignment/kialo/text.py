"""Kialo's Markdown or HTML -> plain text."""

import re

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from alignment.study.hashes import replace_half_characters

# Markup is removed; any other text in angle brackets (`<script>`, `x < y`) was written, and stays.
SPACING_TAGS = set("blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre ul".split())
INLINE_TAGS = "a abbr b big cite code del em font i img ins mark q s small span strike strong sub"
MARKUP_TAGS = SPACING_TAGS | {*INLINE_TAGS.split(), "sup", "tt", "u"}

# Kialo takes anything after `](http` for an address, spaces and line breaks too; Markdown does not.
ADDRESS = re.compile(r"\]\(\s*(https?://(?:\\.|[^()\\]|\((?:\\.|[^()\\])*\))*)\)", re.DOTALL)
FOOTNOTE = re.compile(r"(?<=\S)\s*\[([0-9]{1,6})\]")
# What looks like markup after reading was escaped: a space keeps it from being read the next time.
TAGS = "|".join(sorted(MARKUP_TAGS))
ESCAPED = re.compile(rf"(?<=\])(?=\()|(?<=<)(?=/?(?:{TAGS})[\s/>])", re.IGNORECASE)


def plain_text(markdown: str) -> str:
    r"""Return the words of a Markdown or HTML text on one line; plain text comes back as it was.

    Only marks within a line are read: Kialo's claims know no lists or headings, and `1984. A year`
    is no list.

    >>> plain_text(r"A [bank \(of sorts\)](https://a.org/b_\(c\)) is *not* a bank &amp; never was")
    'A bank (of sorts) is not a bank & never was'
    >>> plain_text("<b>Lehrer*innen</b> und Schüler*innen<br>write <script>, {braces} and 3 < 4")
    'Lehrer*innen und Schüler*innen write <script>, {braces} and 3 < 4'
    """
    text, before = " ".join(replace_half_characters(markdown).split()), None
    while text != before:  # "&amp;lt;" hides "&lt;", which hides "<": read until nothing changes
        before, text = text, _read_once(text)
    return text


def remove_footnotes(text: str, sources: int) -> str:
    """Remove numbers in brackets after a word, up to the number of sources that are listed.

    >>> remove_footnotes("Coursera [3]. It teaches [sic] 9 [10] things", sources=3)
    'Coursera. It teaches [sic] 9 [10] things'
    """
    return FOOTNOTE.sub(lambda mark: "" if 1 <= int(mark[1]) <= sources else mark[0], text)


def read_page_title(html: str) -> str:
    """Return the title of a debate's page, without the name of the site.

    >>> read_page_title("<title>Should cats vote? | Kialo</title>")
    'Should cats vote?'
    """
    page = BeautifulSoup(html, "html.parser")
    meta = page.find("meta", property="og:title")
    title = meta.get("content") if meta else page.title.get_text() if page.title else ""
    return re.sub(r"\s*[|–-]\s*Kialo$", "", " ".join((title or "").split()))


def _read_once(text: str) -> str:
    """Read the marks of one line of Markdown once."""
    one_word = ADDRESS.sub(lambda link: "](" + re.sub(r'[\s<>"\']+', "%20", link[1]) + ")", text)
    [line] = MARKDOWN.parseInline(one_word)
    return ESCAPED.sub(" ", " ".join("".join(_words(line.children or [])).split()))


def _words(tokens: list[Token]):
    for token in tokens:
        if token.type == "html_inline":
            yield _tag(token.content)
        elif token.type == "image":
            yield from _words(token.children or [])
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        else:
            yield token.content


def _tag(html: str) -> str:
    """Return what is left of a tag: nothing or a space where it is markup, else itself."""
    tag = BeautifulSoup(html, "html.parser").find()
    name = tag.name if tag else html.strip("</> ").lower()
    if name not in MARKUP_TAGS:
        return html
    return " " if name in SPACING_TAGS else ""


def _star_within_word(state: StateInline, silent: bool) -> bool:
    """Keep the star of *Schüler*innen*: between two letters it is part of the word."""
    at = state.pos
    around = state.src[at - 1 : at] + state.src[at + 1 : at + 2]
    if state.src[at] != "*" or len(around) < 2 or not around.isalnum():
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


MARKDOWN = MarkdownIt("commonmark").enable("strikethrough")
MARKDOWN.inline.ruler.before("strikethrough", "star_within_word", _star_within_word)
MARKDOWN.validateLink = lambda address: True  # every address is dropped, whatever it is
