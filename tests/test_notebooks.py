"""The notebooks keep their form, and they read only what comes before them."""

import json
import re
from statistics import median

import pandas as pd
import pytest

from alignment.runner import parameters
from alignment.study.paths import ROOT
from alignment.study.stamps import KINDS

SOURCES = parameters.sources()
CELL = re.compile(r"^# %%(?P<head>[^\n]*)\n(?P<body>.*?)(?=^# %%|\Z)", re.M | re.S)
MOST_LINES = 25


def cells(source) -> list[tuple[str, str]]:
    """Return the head and the body of each cell of a notebook."""
    matches = CELL.finditer(source.read_text(encoding="utf-8"))
    return [(m["head"].strip(), m["body"].strip()) for m in matches]


def test_they_are_numbered_without_a_gap():
    numbers = [source.name[:2] for source in SOURCES]
    assert len(SOURCES) >= 15 and numbers == [f"{n:02d}" for n in range(len(SOURCES))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_the_claim_comes_first_and_the_parameters_second(source):
    (first, claim), (second, _), *_ = cells(source)
    title = claim.splitlines()[0]
    assert first == "[markdown]"
    assert title.startswith(f"# # {source.name[:2]} · ") and title.endswith("?")
    assert "*reads*" in claim and "*writes*" in claim and "*takes*" in claim
    assert second == 'tags=["parameters"]'


def measures(source) -> dict[str, float]:
    """Measure how a notebook reads: its cells, lines of code per cell, words of prose per line."""
    lines, words = [], 0
    for head, body in cells(source):
        if head == "[markdown]":
            words += len(re.findall(r"\w+", body))
        else:
            lines.append(
                sum(not line.startswith("#") for line in body.splitlines() if line.strip())
            )
    return {
        "cells": len(cells(source)),
        "median": median(lines),
        "p90": sorted(lines)[min(len(lines) - 1, int(0.9 * len(lines)))],
        "most": max(lines),
        "words a line": round(words / sum(lines), 1),
    }


def test_no_cell_is_longer_than_a_page_can_bear_and_the_whole_is_read_in_five_minutes(capsys):
    """Print the measures of all notebooks, and fail beyond them."""
    table = pd.DataFrame({source.stem: measures(source) for source in SOURCES}).T
    with capsys.disabled():
        print(f"\n{table.to_string()}")
    assert table["most"].max() <= MOST_LINES
    assert table["median"].max() <= 5 and table["p90"].max() <= 12
    assert table["words a line"].min() >= 3 and table["cells"].between(10, 25).all()


@pytest.mark.parametrize("numbers", [("04", "05"), ("09", "10")])
def test_siblings_have_the_same_headings_in_the_same_order(numbers):
    """10 asks further questions of a comparison, between those of 09."""
    first, second = (headings(n) for n in numbers)
    assert [heading for heading in second if heading in first] == first
    assert numbers == ("09", "10") or second == first


def test_cousins_begin_and_end_alike():
    """07 asks as 04 and 05 do, and scores where they label; 08 is 09 with an appendix."""
    assert headings("07")[:3] == headings("04")[:3] and "## Who stands apart" in headings("07")
    assert headings("08")[:5] == headings("09") and len(headings("08")) == 6


def headings(number: str) -> list[str]:
    (source,) = [s for s in SOURCES if s.name.startswith(number)]
    return re.findall(r"^# (## [^:\n]*)", source.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_a_page_ends_on_its_answer_and_the_files_it_wrote(source):
    head, body = cells(source)[-1]
    assert head == "" and body.rstrip().splitlines()[-1].startswith("page_notes.conclude(")


PAGES = sorted((ROOT / "notebooks" / "rendered").glob("*/[0-9]*.ipynb"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_page_opens_with_its_answer_and_links_that_lead_somewhere(page):
    notebook = json.loads(page.read_text(encoding="utf-8"))
    outputs = [o for cell in notebook["cells"] for o in cell.get("outputs", [])]
    texts = ["".join(o.get("data", {}).get("text/markdown", "")) for o in outputs]
    assert len(re.findall(r"\w+", texts[1])) > 8 and texts[1].startswith("**In short.** ")
    kinds = [kind for kind in KINDS.values() if kind.banner and kind.banner in texts[0]]
    assert kinds or page.name.startswith("06")
    assert page.name < "04" or all(kind.caution in texts[1] for kind in kinds)
    sources = [c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown"]
    for text in (*texts, *map("".join, sources)):
        assert all((page.parent / to).exists() for to in re.findall(r"\]\(([\w.]+)\)", text))
        assert not re.search(r"(?<!\[)\bnotebook \d\d\b", text), text


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
    assert listed == [source.stem for source in SOURCES], "README.md lists each of them, in order"


def test_the_readmes_numbers_are_those_of_the_tables():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    tables = ROOT / "data" / "processed"
    claims = pd.read_csv(tables / "demo" / "16_claims.csv").set_index("id")
    n = claims["verdict"].value_counts()
    verdicts = f"{n['holds']} hold, {n['holds in part']} in part, {n['does not hold']} do not, "
    assert f"{verdicts}{n['cannot be decided']} cannot be decided" in readme
    assert f"| {len(claims)} claims of its text |" in readme
    survey = pd.read_csv(tables / "demo" / "16_assumptions.csv")
    first, stated = survey.iloc[:2].to_records()
    up_to = survey[survey["assumption"].str.contains("one n up to the stated one")].iloc[1:3]
    assert up_to[["named", "others"]].eq([3, 14]).all(axis=None)  # half labels; undecided ones
    assert f"{first.agree} of 6 directions agree, one is a tie" in readme
    assert f"{first.named:.0f} of 4 named changes can be significant by an exact test" in readme
    assert (20 - first.others, stated.rows, first.rows) == (15, 0, 6)  # fifteen; no row; all rows
    assert (claims.loc[["mae_range", "mae_nearer", "mae_models_range"], "verdict"] == "holds").all()
    votes = pd.read_csv(tables / "local" / "07_votes.csv")
    said = votes[votes["vote"] == 1].groupby(["model", "language"]).size()
    small, larger = (said[model] for model in ("Qwen-Coder-0.5B", "Qwen-Coder-1.5B"))
    assert f"the smaller agreed with {small['en']} of {votes['statement_id'].nunique()} " in readme
    both = f"{small['zh']} in Chinese, the larger with {larger['en']} and {larger['zh']}."
    assert f"statements in English and {both}" in readme
    states = pd.read_csv(tables / "local" / "07_answers.csv.gz")["state"]
    unread = f"{(states != 'answered').sum()} of {len(states):,} could not be read"
    assert unread in readme
    measures = pd.read_csv(tables / "local" / "17_measures.csv").query("measure == 'same in all'")
    assert f"at most {measures['value'].max():.0%} of".replace("%", " %") in readme
