"""Kialo's Markdown or HTML -> plain text."""

import re

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from alignment.study.hashes import whole_characters

# Markup is removed; any other text in angle brackets (`<script>`, `x < y`) is what somebody wrote, and stays.
MARKUP_TAGS = frozenset(
    "a abbr b big blockquote br cite code dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins li mark ol p pre q s "
    "small span strike strong sub sup tt u ul".split()
)
SPACING_TAGS = MARKUP_TAGS & set(
    "blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre ul".split()
)

# Kialo takes anything after `](http` for an address, spaces and line breaks too; Markdown does not.
ADDRESS = re.compile(r"\]\(\s*(https?://(?:\\.|[^()\\]|\((?:\\.|[^()\\])*\))*)\)", re.DOTALL)
FOOTNOTE = re.compile(r"(?<=\S)\s*\[([0-9]{1,6})\]")
# What looks like markup after reading was escaped: a space keeps it from being read as markup the next time.
ESCAPED = re.compile(
    rf"(?<=\])(?=\()|(?<=<)(?=/?(?:{'|'.join(sorted(MARKUP_TAGS))})[\s/>])", re.IGNORECASE
)


def plain_text(markdown: str) -> str:
    r"""The words of a Markdown or HTML text on one line, without its markup; plain text comes back as it was.

    Only marks within a line are read: Kialo's claims know no lists or headings, and `1984. A year` is no list.

    >>> plain_text(r"A [bank \(of sorts\)](https://a.org/b_\(c\)) is *not* a bank &amp; never was")
    'A bank (of sorts) is not a bank & never was'
    >>> plain_text("<b>Lehrer*innen</b> und Schüler*innen<br>write <script>, {braces} and 3 < 4")
    'Lehrer*innen und Schüler*innen write <script>, {braces} and 3 < 4'
    """
    text = " ".join(whole_characters(markdown).split())
    while (
        read := _once(text)
    ) != text:  # "&amp;lt;" hides "&lt;", which hides "<": read until nothing changes
        text = read
    return text


def without_footnotes(text: str, sources: int) -> str:
    """Leave out footnote marks: a number in brackets after a word, up to the number of sources that are listed.

    >>> without_footnotes("Coursera [3]. It teaches [sic] 9 [10] things", sources=3)
    'Coursera. It teaches [sic] 9 [10] things'
    """
    return FOOTNOTE.sub(lambda mark: "" if 1 <= int(mark[1]) <= sources else mark[0], text)


def page_title(html: str) -> str:
    """The title of a debate's page, without the name of the site.

    >>> page_title("<title>Should cats vote? | Kialo</title>")
    'Should cats vote?'
    """
    page = BeautifulSoup(html, "html.parser")
    named = page.find("meta", property="og:title")
    title = named.get("content") if named else page.title.get_text() if page.title else ""
    return re.sub(r"\s*[|–-]\s*Kialo$", "", " ".join((title or "").split()))


def _once(text: str) -> str:
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
    """What is left of a tag: nothing or a space where it is markup, itself where it is not."""
    tag = BeautifulSoup(html, "html.parser").find()
    name = tag.name if tag else html.strip("</> ").lower()
    if name not in MARKUP_TAGS:
        return html
    return " " if name in SPACING_TAGS else ""


def _star_within_word(state: StateInline, silent: bool) -> bool:
    """Keep the star of *Schüler*innen*: between two letters it is part of the word."""
    here = state.pos
    around = state.src[here - 1 : here] + state.src[here + 1 : here + 2]
    if state.src[here] != "*" or len(around) < 2 or not around.isalnum():
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark").enable("strikethrough")
    reader.inline.ruler.before("strikethrough", "star_within_word", _star_within_word)
    reader.validateLink = lambda address: True  # every address is dropped, whatever it is
    return reader


MARKDOWN = _reader()
