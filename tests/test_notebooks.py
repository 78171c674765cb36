"""The notebooks keep their form: claim, parameters, one move a cell; and they read only what comes before them."""

import re

import pytest

from utils import parameters
from utils.paths import ROOT

SOURCES = parameters.sources()
CELL = re.compile(r"^# %%(?P<head>[^\n]*)\n(?P<body>.*?)(?=^# %%|\Z)", re.M | re.S)
MOST_LINES = 25


def cells(source) -> list[tuple[str, str]]:
    return [(m["head"].strip(), m["body"].strip()) for m in CELL.finditer(source.read_text(encoding="utf-8"))]


def test_there_are_fifteen_numbered_without_a_gap():
    assert [s.name[:2] for s in SOURCES] == [f"{n:02d}" for n in range(15)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_the_claim_comes_first_and_the_parameters_second(source):
    (first, claim), (second, _), *_ = cells(source)
    assert first == "[markdown]" and claim.startswith(f"# # {source.name[:2]} · ") and claim.splitlines()[0].endswith("?")
    assert "*reads*" in claim and "*writes*" in claim and "*takes*" in claim
    assert second == 'tags=["parameters"]'


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem)
def test_no_cell_is_longer_than_a_page_can_bear(source):
    lengths = [len([line for line in body.splitlines() if line.strip()]) for head, body in cells(source) if head != "[markdown]"]
    assert max(lengths) <= MOST_LINES


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
    assert listed == [s.stem for s in SOURCES]
