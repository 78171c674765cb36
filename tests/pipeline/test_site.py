"""The site of the default study in a real browser, from a file, narrow and wide, by keyboard."""

import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Page

from alignment.study.loader import load
from alignment.study.paths import ROOT
from alignment.study.workspace import Workspace

CITED = {
    "arxiv.org",
    "doi.org",
    "www.theculturefactor.com",
    "geerthofstede.com",
    "creativecommons.org",
    "mlcommons.org",
}
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "preload": False}
WIDTHS = (390, 1280)
pytestmark = [pytest.mark.takes(seconds=75), pytest.mark.xdist_group("site")]
LOOKED_AT = [  # one of each kind of page
    "index.html",
    "notebooks/04_annotate_relevance.html",
    "notebooks/08_figure1_groups_and_people.html",
    "notebooks/10_table3_languages.html",
    "notebooks/13_ledger_and_recovery.html",
    "whatif/human_values-2015.html",
    "explore/index.html",
    "explore/PDI--sim-us-1.html",
    "explore/UAI--group--China.html",
    "explore/statement--demo-103.3.html",
    "data.html",
    "glossary.html",
    "search.html",
]


@pytest.fixture(scope="session")
def html(once, what_if) -> Path:
    """The built site, with a page of what changed."""

    def make(folder: Path) -> None:
        run = what_if.copy(folder).run("--site")
        assert run.returncode == 0, run.stderr

    return once("site", make).folder / "site" / "html"


@pytest.fixture(params=WIDTHS)
def page(browser, request) -> Iterator[Page]:
    """A tab of a width; whatever it asks of a host fails the test."""
    with browser.new_context(viewport={"width": request.param, "height": 900}) as context:
        tab, outside = context.new_page(), []
        tab.on(
            "request",
            lambda asked: (
                outside.append(asked.url)
                if urlsplit(asked.url).scheme not in ("file", "data", "blob")
                else None
            ),
        )
        tab.on("pageerror", lambda error: outside.append(str(error)))
        yield tab
        assert not outside


@pytest.fixture
def builder() -> ModuleType:
    """The program that builds the site, as a module."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "site" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(
        path.read_text(encoding="utf-8"), "lxml-xml" if path.suffix == ".xml" else "html.parser"
    )


def pages_of(html: Path) -> list[Path]:
    return [p for p in sorted(html.rglob("*.html")) if "_static" not in p.parts]


def test_the_front_page_says_of_no_kialo_debate_that_it_was_written_for_this_project(
    builder, tmp_path, monkeypatch
):
    monkeypatch.setenv("KIALO", str(tmp_path))
    monkeypatch.setattr(builder, "SOURCES", tmp_path)
    monkeypatch.setattr(builder.shutil, "copy", lambda *_: None)
    fronts = {}
    for name in ("demo", "exports"):
        builder._write_front(Workspace(load(name), name))
        fronts[name] = " ".join((tmp_path / "index.md").read_text(encoding="utf-8").split())
    assert (
        "debates on kialo.com, from the site's exports" in fronts["exports"]
        and "written for this project" not in fronts["exports"]
    )
    assert "written for this project" in fronts["demo"] and all(
        "simulated" in front for front in fronts.values()
    )


def test_each_table_is_read_once_however_many_statements_there_are(builder, monkeypatch):
    read, names = Workspace.read, []
    monkeypatch.setattr(
        Workspace, "read", lambda here, name: names.append(name) or read(here, name)
    )
    assert len(builder.explore.pages(Workspace(load("demo"), "demo"))) > 60
    assert names.count("07_answers.csv.gz") == names.count("10_table3") == 1


def rows_of(page: str) -> list[dict[str, str]]:
    """The rows of a page's table, by the names of its columns."""
    table = BeautifulSoup(page, "html.parser").table
    head = [cell.text for cell in table.thead.find_all(["th", "td"])]
    rows = [
        [cell.text for cell in row.find_all(["th", "td"])] for row in table.tbody.find_all("tr")
    ]
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_every_entry_of_table_3_can_be_added_up_from_its_page(builder):
    demo = Workspace(load("demo"), "demo")
    pages, slug = builder.explore.pages(demo), builder.explore.slug
    index = {row[""]: row for row in rows_of(pages["index"])}
    entries = demo.read("10_table3")
    left_out = 0
    for entry in entries.itertuples():
        rows = rows_of(pages[slug(entry.dimension, entry.model)])
        counted = [row for row in rows if row["counts"] == "yes"]
        left_out += len(rows) - len(counted)
        assert len(counted) == entry.n
        for language, mean in ((entry.base, entry.mean_base), (entry.other, entry.mean_other)):
            scores = [int(row[f"score, {language}"]) for row in counted]
            assert sum(scores) / len(scores) == pytest.approx(mean, abs=1e-9)
        shown = index[entry.dimension][entry.model]
        assert shown == f"{entry.mean_base:.2f} · {entry.mean_other:.2f}".replace("-0.00", "0.00")
    assert left_out > 0  # some statement has a score in one language only


def test_every_bar_of_figure_1_can_be_added_up_from_its_page(builder):
    demo = Workspace(load("demo"), "demo")
    pages, slug = builder.explore.pages(demo), builder.explore.slug
    index = {row[""]: row for row in rows_of(pages["index"])}
    bars = demo.read("08_figure1").query("kind == 'models' and selection == 'differing'")
    for bar in bars.itertuples():
        rows = rows_of(pages[slug(bar.dimension, "group", bar.group)])
        counted = [row for row in rows if row["counts"] == "yes"]
        for row in rows:
            if row["response"] != "–":
                assert float(row["response"]) * int(row["polarity"]) == float(row["score"])
        scores = [float(row["score"]) for row in counted]
        assert len(counted) == bar.n
        assert 25 * (sum(scores) / len(scores) + 2) == pytest.approx(bar.value)
        assert index[bar.dimension][bar.group] == f"{bar.value:.0f}"


def test_every_notebook_has_its_page_and_every_scored_statement_one_of_its_own(demo_project, html):
    assert [p.stem for p in sorted((html / "notebooks").glob("*.html"))] == [
        p.stem for p in sorted((demo_project.folder / "notebooks").glob("[0-9]*.py"))
    ]
    labelled = demo_project.table("demo", "05_sociocultural_statements")["statement_id"].unique()
    assert {f"statement--{s}" for s in labelled} == {
        p.stem for p in (html / "explore").glob("statement--*.html")
    }


def test_no_link_is_dead_and_none_leads_outside_but_to_what_is_cited(html):
    dead, outside = [], set()
    for path in pages_of(html):
        for tag, name in (("a", "href"), ("img", "src"), ("script", "src"), ("link", "href")):
            for found in parsed(path).find_all(tag, {name: True}):
                way = urlsplit(found[name])
                if way.scheme in ("http", "https"):
                    outside.add(way.netloc)
                elif way.scheme == "":
                    target = (path.parent / unquote(way.path)).resolve() if way.path else path
                    if not target.is_file() or (
                        way.fragment
                        and tag == "a"
                        and not parsed(target).find(id=unquote(way.fragment))
                    ):
                        dead.append((path.relative_to(html).as_posix(), found[name]))
    assert not dead and outside <= CITED


def test_every_picture_says_in_words_what_it_shows(html):
    for path in pages_of(html):
        for picture in parsed(path).select("article img"):
            alt = picture.get("alt", "")
            assert len(alt.split()) > 3, path.name


def test_every_page_of_answers_says_that_they_are_simulated(html):
    for path in [
        *(html / "explore").glob("*.html"),
        *(html / "notebooks").glob("*.html"),
        *(html / "whatif").glob("*.html"),
    ]:
        text = parsed(path).select_one("article").get_text()
        printed = path.name == "16_printed_numbers.html"
        words = "Nothing of this study is used" if printed else "Simulated respondents"
        assert words in text, path.name


def test_no_page_names_this_machine(html):
    machine = str(html.parent.parent)
    for path in html.rglob("*"):
        if path.suffix in (".html", ".js", ".txt", ".inv"):
            assert machine not in path.read_text(encoding="utf-8", errors="replace"), path.name


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_fits_its_width_and_anybody_can_read_it(html, page, name):
    page.goto((html / name).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    broken = Axe().run(page, options=WCAG).response["violations"]
    assert not broken, [(b["id"], b["nodes"][0]["html"][:200]) for b in broken]


def test_from_a_cell_of_table_3_the_keyboard_leads_to_the_replies_in_both_languages(html, page):
    page.goto((html / "notebooks" / "10_table3_languages.html").as_uri())
    cell = page.locator("#T_table3 td a").first
    assert "to its statements" in cell.get_attribute("aria-label")
    cell.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/explore/*")
    statement = page.locator("article table a").first
    statement.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/statement--*")
    replies = page.locator("blockquote.reply")
    assert {replies.nth(i).get_attribute("lang") for i in range(replies.count())} == {"en", "zh"}
    assert not replies.first.is_visible()  # a statement takes a screen until one is opened
    for summary in page.locator("article summary").all():
        summary.focus()
        page.keyboard.press("Enter")
    said = page.locator("article").inner_text()
    assert replies.first.is_visible() and "[simulated]" in said and "[模拟]" in said
    assert "Run 1 (negated)" in said and "Run 1 (unforced)" in said


def test_from_a_bar_of_figure_1_a_click_leads_to_its_statements(html, page):
    page.goto((html / "notebooks" / "08_figure1_groups_and_people.html").as_uri())
    bars = page.locator("article svg a")
    assert bars.count() == 2 * 6 * 2
    assert "to its statements" in bars.first.get_attribute("aria-label")
    bars.first.locator("path").click()
    page.wait_for_url("**/explore/*--group--*")
    assert page.locator("article table a").count() > 5


def test_search_finds_a_word_without_a_server(html, page):
    page.goto((html / "search.html").as_uri() + "?q=quorum")
    page.wait_for_selector("#search-results li a:has-text('Glossary')")  # they come one by one


def test_what_is_wider_than_the_page_scrolls_by_keyboard(html, page):
    page.goto((html / "notebooks" / "10_table3_languages.html").as_uri())
    wide = page.evaluate(
        "[...document.querySelectorAll('article *')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".filter(e => getComputedStyle(e).overflowX == 'auto')"
        ".every(e => e.tabIndex == 0)"
    )
    assert wide
