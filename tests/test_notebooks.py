"""The notebooks keep their form: claim, parameters, one move a cell; and they read only what comes before them."""

import re
from statistics import median

import pytest

from alignment.runner import parameters
from alignment.study.paths import ROOT

SOURCES = parameters.sources()
CELL = re.compile(r"^# %%(?P<head>[^\n]*)\n(?P<body>.*?)(?=^# %%|\Z)", re.M | re.S)
MOST_LINES = 25


def cells(source) -> list[tuple[str, str]]:
    return [
        (m["head"].strip(), m["body"].strip())
        for m in CELL.finditer(source.read_text(encoding="utf-8"))
    ]


def test_they_are_numbered_without_a_gap():
    assert len(SOURCES) >= 15 and [s.name[:2] for s in SOURCES] == [
        f"{n:02d}" for n in range(len(SOURCES))
    ]


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_the_claim_comes_first_and_the_parameters_second(source):
    (first, claim), (second, _), *_ = cells(source)
    assert (
        first == "[markdown]"
        and claim.startswith(f"# # {source.name[:2]} · ")
        and claim.splitlines()[0].endswith("?")
    )
    assert "*reads*" in claim and "*writes*" in claim and "*takes*" in claim
    assert second == 'tags=["parameters"]'


def measures(source) -> dict[str, float]:
    """How a notebook reads: its cells, lines of code in a cell (median, nine in ten at most, most), words of prose for each."""
    whole = cells(source)
    code = [
        sum(1 for line in body.splitlines() if line.strip() and not line.startswith("#"))
        for head, body in whole
        if head != "[markdown]"
    ]
    words = sum(len(re.findall(r"\w+", body)) for head, body in whole if head == "[markdown]")
    ninth = sorted(code)[min(len(code) - 1, int(0.9 * len(code)))]
    return {
        "cells": len(whole),
        "median": median(code),
        "p90": ninth,
        "most": max(code),
        "words a line": round(words / sum(code), 1),
    }


def test_no_cell_is_longer_than_a_page_can_bear_and_the_whole_is_read_in_five_minutes(capsys):
    """Prints the measures of all notebooks, and fails beyond them: lines 5, 12, 25; 3 words a line; 10 to 25 cells."""
    found = {source.stem: measures(source) for source in SOURCES}
    with capsys.disabled():
        print(f"\n{'':<30} cells  lines a cell: median  p90  most  words a line")
        for name, m in found.items():
            print(
                f"{name:<30} {m['cells']:>5} {m['median']:>21g} {m['p90']:>4} {m['most']:>5} {m['words a line']:>13}"
            )
    assert not {name: m["most"] for name, m in found.items() if m["most"] > MOST_LINES}
    beyond = {
        n: m
        for n, m in found.items()
        if m["median"] > 5 or m["p90"] > 12 or m["words a line"] < 3 or not 10 <= m["cells"] <= 25
    }
    assert not beyond


@pytest.mark.parametrize("numbers", [("04", "05"), ("09", "10")])
def test_siblings_have_the_same_headings_in_the_same_order(numbers):
    first, second = (headings(n) for n in numbers)
    assert first == second


def test_cousins_begin_and_end_alike():
    """07 asks as 04 and 05 do, and scores where they label; 08 is 09 with an appendix."""
    assert headings("07")[:3] == headings("04")[:3] and "## Who stands apart" in headings("07")
    assert headings("08")[:5] == headings("09") and len(headings("08")) == 6


def headings(number: str) -> list[str]:
    (source,) = [s for s in SOURCES if s.name.startswith(number)]
    return re.findall(r"^# (## [^:\n]*)", source.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_a_page_ends_on_the_files_it_wrote_and_a_sentence(source):
    head, body = cells(source)[-1]
    assert head == "" and "Written: " in body and body.rstrip().endswith(")")


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_it_takes_a_study_and_at_most_five_parameters(source):
    names = list(parameters.of(source))
    assert names[0] == "study" and len(names) <= 6


def test_a_parameter_has_one_type_default_and_meaning_wherever_it_appears():
    seen = {}
    for source in SOURCES:
        for name, parameter in parameters.of(source).items():
            assert seen.setdefault(name, parameter) == parameter, (source.name, name)


def test_every_parameter_is_used_in_its_notebook():
    for source in SOURCES:
        code = "\n".join(body for head, body in cells(source) if head == "")
        for name in parameters.of(source):
            assert re.search(rf"\b{name}\b", code), (source.name, name)


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_it_reads_only_tables_of_lower_number_and_writes_only_its_own(source):
    text, number = source.read_text(encoding="utf-8"), source.name[:2]
    assert all(n < number for n in re.findall(r'here\.read\(f?"(\d\d)_', text))
    assert all(n == number for n in re.findall(r'here\.write\([^"]*"(\d\d)_', text))


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_every_table_that_the_claim_promises_is_written(source):
    text = source.read_text(encoding="utf-8")
    promised = re.search(r"\*writes\*(.*?)\*takes\*", cells(source)[0][1], re.S)[1]
    for name in re.findall(r"`(\d\d_\w+?)(?:\.csv(?:\.gz)?)?`", promised):
        assert text.count(name) >= 2, name


def test_the_readmes_table_lists_every_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[?`?(\d\d_\w+)", readme, re.M)
    assert listed == [s.stem for s in SOURCES], (
        "the table of notebooks in README.md has a row for each of notebooks/NN_*.py, in order"
    )
