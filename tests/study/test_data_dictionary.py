"""Every table is as its documentation says, and so are the READMEs of the data."""

import subprocess

import pandas as pd
import pytest

from alignment.study import data_dictionary, table_files
from alignment.study.loader import load
from alignment.study.paths import REFERENCE, ROOT
from table_faults import find_faults
from utils.cells import DIMENSIONS

DEMO = load("demo")
PROCESSED, RAW = ROOT / "data" / "processed", ROOT / "data" / "raw"
FOLDERS = {"processed": PROCESSED / "demo", "raw": RAW / "demo", "reference": REFERENCE}


def committed() -> list[tuple[str, str]]:
    """Every table that git keeps: part, path below its folder."""
    listed = subprocess.run(
        ["git", "ls-files", "data"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = [ROOT / name for name in listed if name.endswith((".csv", ".csv.gz"))]
    return [
        (part, p.relative_to(folder).as_posix())
        for part, folder in FOLDERS.items()
        for p in found
        if p.is_relative_to(folder)
    ]


def faults(part: str, file: str) -> list[str]:
    return find_faults(FOLDERS[part] / file, part, DEMO.cultures, DIMENSIONS)


@pytest.mark.parametrize(("part", "file"), committed(), ids=lambda x: x)
def test_every_committed_table_is_as_documented(part, file):
    assert not faults(part, file)


def test_every_documented_table_is_there_but_for_those_of_other_studies():
    there = {part: [file for p, file in committed() if p == part] for part in FOLDERS}
    for part in data_dictionary.PARTS:
        for name, said in data_dictionary.tables(part).items():
            file = name.replace("*", "simulated_")
            assert file in there[part] or said.get("where", "").startswith("studies with"), (
                f"{part}: {name} is documented, and not there"
            )


@pytest.mark.parametrize("part", data_dictionary.PARTS)
def test_the_readme_of_the_data_is_current(part):
    written = (ROOT / "data" / part / "README.md").read_text(encoding="utf-8")
    assert written == data_dictionary.renew_readme(part), (
        f"data/{part}/README.md is stale: .venv/bin/alignment dictionary mends it"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.assign(mood="good"), 'the column "mood" is not documented'),
        (lambda t: t.drop(columns="tie"), 'the column "tie" is documented, and not there'),
        (
            lambda t: t[["dimension", "statement_id", *t.columns[2:]]],
            "in another place than documented",
        ),
        (lambda t: t.assign(support=t["support"].where(t.index > 0)), '"support" is empty'),
        (
            lambda t: t.assign(vote=t["vote"].where(t.index > 0, 0.5)),
            '"vote" holds 0.5; the dictionary says: 0, 1; empty: undecided',
        ),
        (
            lambda t: t.assign(planned=t["planned"].where(t.index > 0, -1)),
            '"planned" holds -1; the dictionary says: count',
        ),
        (lambda t: t.assign(planned="five"), '"planned" holds five; the dictionary says: count'),
    ],
)
def test_a_table_that_is_not_as_documented_is_told_with_the_column(tmp_path, change, said):
    table = table_files.read(PROCESSED / "demo" / "04_votes.csv")
    path = table_files.write(change(table), tmp_path / "04_votes.csv")
    told, *others = find_faults(path, "processed")
    assert not others or "another place" in others[0]
    assert told.startswith("04_votes.csv: ") and said in told


def test_a_table_that_nobody_described_is_told(tmp_path):
    path = table_files.write(pd.DataFrame({"statement_id": ["1.1"]}), tmp_path / "15_new.csv")
    assert find_faults(path, "processed") == [
        "15_new.csv is not documented: describe it in src/alignment/study/dictionary.yaml."
    ]


def test_no_kind_and_no_column_is_described_in_vain():
    said = data_dictionary._read()
    listed = [
        (c, t.get("own", {}))
        for part in data_dictionary.PARTS
        for t in said[part].values()
        for c in t["columns"].split(", ")
    ]
    names = {name.rstrip("?") for name, own in listed if name.rstrip("?") not in own}
    assert names == set(said["columns"])
    assert all(
        set(t.get("own", {})) <= {c.rstrip("?") for c in t["columns"].split(", ")}
        for part in data_dictionary.PARTS
        for t in said[part].values()
    )


def test_a_column_is_read_as_text_only_where_it_is_one(tmp_path):
    named = pd.DataFrame({"item": ["a"], "here": ["007"], "paper": ["1"]})
    for file, here in (("13_ledger.csv", "007"), ("11_counts.csv", 7)):
        assert table_files.read(table_files.write(named, tmp_path / file))["here"].tolist() == [
            here
        ]
