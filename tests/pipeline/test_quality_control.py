"""Notebook 06 in a copy of the project, to Table 2: nobody, people, or simulated annotators."""

import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from openpyxl import load_workbook

import spreadsheet
from alignment.annotation import rating_sheets, ratings, sampling
from alignment.study import page_notes, stamps
from alignment.study.loader import load
from alignment.study.paths import ROOT
from alignment.study.schema import Annotators
from alignment.study.workspace import Workspace
from project import Project
from utils.errors import Problem

DEMO = ROOT / "data" / "processed" / "demo"
NEEDED = [
    "02_statements.csv",
    "04_answers.csv.gz",
    "04_relevance.csv",
    "04_votes.csv",
    "05_answers.csv.gz",
    "05_votes.csv",
    "05_sociocultural_statements.csv",
]
PEOPLE = {"Ada": "+1", "Bo": "+1", "Cy": "+2", "Di": "-1"}

pytestmark = pytest.mark.skipif(
    not DEMO.is_dir(), reason="the demo's tables are not there: run ./run_all.sh first"
)


class Rated(Project):
    """A copy of the project in which the demo's labels are there and its annotators are people."""

    def __init__(self, folder: Path) -> None:
        Project.new(folder)
        super().__init__(folder)
        self.processed, self.raw = folder / "data/processed/demo", folder / "data/raw/demo"
        self.processed.mkdir(parents=True)
        self.raw.mkdir(parents=True)
        for name in NEEDED:
            shutil.copy(DEMO / name, self.processed)
        self.edit("annotators: {simulated: 4, error: 0.15, seed: 43}", "annotators: {simulated: 0}")
        self.edit("show_texts: true", "parameters: {resamples: 200}\nshow_texts: true")

    def edit(self, old: str, new: str) -> None:
        study = self.folder / "studies/demo.yaml"
        text = study.read_text(encoding="utf-8")
        assert old in text
        study.write_text(text.replace(old, new), encoding="utf-8")

    def check(self) -> str:
        """Run notebook 06; what its page says and shows."""
        run = self.run("--only", "06")
        assert run.returncode == 0, run.stderr
        outputs = [o for cell in self.page("demo", "06")["cells"] for o in cell.get("outputs", [])]
        shown = [
            o.get("data", {}).get(kind, "")
            for o in outputs
            for kind in ("text/markdown", "text/html")
        ]
        return re.sub(r"\s+", " ", "\n".join("".join(text) for text in shown))

    def sheets(self, *names: str) -> subprocess.CompletedProcess:
        return self.python("-m", "alignment.cli", "sheets", "demo", *names)

    def table(self, name: str) -> pd.DataFrame:
        return super().table("demo", name)


def fill(path: Path, polarity: str) -> None:
    book = load_workbook(path)
    for row in range(rating_sheets.FORM.head + 1, book.active.max_row + 1):
        book.active[f"E{row}"], book.active[f"F{row}"] = "yes", polarity
    book.save(path)


@pytest.fixture(scope="module")
def round_(tmp_path_factory):
    """Give sheets out and fill them in, in a real program where there is one; the page before."""
    project, said = Rated(tmp_path_factory.mktemp("round") / "a project"), {}
    said["nobody"] = project.check()
    said["table of nobody"] = project.table("06_table2")
    run = project.sheets(*PEOPLE)
    assert run.returncode == 0, run.stderr
    sheets = {
        project.raw / "ratings" / f"{name}.xlsx": polarity for name, polarity in PEOPLE.items()
    }
    if spreadsheet.typist:
        spreadsheet.typed(project.folder, rating_sheets.FORM.head, sheets)
    for path, polarity in sheets.items():
        if not spreadsheet.typist:
            fill(path, polarity)
    said["people"] = project.check()
    said["tables"] = {
        name: project.table(name)
        for name in ("06_ratings", "06_table2", "06_precision", "06_compared")
    }
    return project, said


def test_with_nobody_the_page_says_not_yet_rated_and_table_2_is_the_papers_alone(round_):
    _, said = round_
    assert "Not yet rated" in said["nobody"] and "not yet rated" in said["nobody"]
    assert "1.16" in said["nobody"] and "Simulated annotators" not in said["nobody"]
    table = said["table of nobody"]
    assert table["dimension"].tolist() == ["all"] and table["n_between"].tolist() == [0]
    assert table[["between", "to_models", "alpha"]].isna().all(axis=None)


def test_sheets_that_nobody_filled_in_are_no_ratings(round_):
    ratings = round_[1]["tables"]["06_ratings"]
    assert stamps.raters_of(ratings) == "live"
    assert stamps.raters_of(ratings.assign(relevant=None, polarity=None)) == ""


def test_a_whole_round_from_the_command_line_to_table_2(round_):
    results = round_[1]["tables"]
    row = results["06_table2"].set_index("dimension").loc["all"]
    assert row["between"] == pytest.approx((0 + 1 + 2 + 1 + 2 + 3) / 6) and row["annotators"] == 4
    assert results["06_precision"]["precision"].eq(1).all()
    assert results["06_compared"]["who"].unique().tolist() == [
        "annotators",
        "models",
        "languages",
        "runs",
    ]


def test_people_who_check_made_up_labels_are_not_called_simulated_and_the_labels_are(round_):
    _, said = round_
    assert (
        "The ratings are real people's" in said["people"]
        and "Simulated annotators" not in said["people"]
    )
    assert "Simulated respondents" in said["people"] and "no finding" in said["people"]
    results = said["tables"]
    assert set(results["06_ratings"]["respondents"]) == {"live"} and len(results["06_ratings"])
    assert set(results["06_table2"]["raters"]) == {"live"} and set(
        results["06_table2"]["respondents"]
    ) == {"simulated"}
    whose = results["06_compared"].groupby("who")["respondents"].unique().map(list).to_dict()
    assert whose == {"annotators": ["live"]} | {
        who: ["simulated"] for who in ("models", "languages", "runs")
    }


def test_sheets_stay_readable_when_a_label_is_lost_and_its_pairs_are_left_out(round_):
    project, said = round_
    here, labels = Here(project.raw), project.table("05_sociocultural_statements")
    sample = sampling.choose_sample(project.raw / "ratings", labels, None, (56, 0), None)
    first = sample.loc[0, "statement_id"]
    after = ratings.read_ratings(here, sample, labels[labels["statement_id"] != first])[0]
    before = said["tables"]["06_ratings"]
    assert first in set(before["statement_id"]) and first not in set(after["statement_id"])
    assert len(after) == (before["statement_id"] != first).sum()


def test_a_sheet_is_never_written_twice_and_a_later_annotator_gets_the_same_pairs(round_):
    project, _ = round_
    before = {p.name: p.read_bytes() for p in (project.raw / "ratings").glob("*.xlsx")}
    again = project.sheets("Eve", "  ADA ")
    assert (
        again.returncode == 1
        and "There is a sheet of ADA already (Ada.xlsx); nothing was written." in again.stderr
    )
    assert {p.name: p.read_bytes() for p in (project.raw / "ratings").glob("*.xlsx")} == before
    assert project.sheets("Eve").returncode == 0
    sample = pd.read_csv(project.raw / "ratings" / "sample.csv", dtype=str)
    assert len(
        rating_sheets.read_sheet(project.raw / "ratings" / "Eve.xlsx", sample, "demo")
    ) == len(sample)
    (project.raw / "ratings" / "Eve.xlsx").unlink()


def test_a_spoilt_sheet_stops_by_name_and_takes_nothing_with_it(round_):
    project, _ = round_
    good = (project.processed / "06_ratings.csv").read_bytes()
    spoilt = project.raw / "ratings" / "Zoe.xlsx"
    spoilt.write_text("no workbook")
    run = project.run("--only", "06")
    assert run.returncode == 1 and "Zoe.xlsx cannot be opened" in run.stderr
    assert (project.processed / "06_ratings.csv").read_bytes() == good
    spoilt.unlink()
    sample = sampling.choose_sample(project.raw / "ratings", None, None, (0, 0), None)
    assert set(
        rating_sheets.read_sheets(project.raw / "ratings", sample, "demo")[0]["annotator"]
    ) == set(PEOPLE)


@pytest.mark.slow
def test_labels_of_real_models_do_not_make_simulated_annotators_real(tmp_path):
    project = Rated(tmp_path / "a project")
    project.edit("annotators: {simulated: 0}", "annotators: {simulated: 3, error: 0.2, seed: 1}")
    project.edit("respondents: simulated", "respondents: live")
    project.edit("simulated: {in_flight: 64}", 'simulated: {base_url: "http://127.0.0.1:9/v1"}')
    for name in ("04_answers.csv.gz", "05_answers.csv.gz"):
        table = pd.read_csv(project.processed / name, dtype=str, keep_default_na=False)
        table.assign(respondents="live").to_csv(project.processed / name, index=False)
    page = project.check()
    assert (
        "Simulated annotators" in page
        and "Simulated respondents" not in page
        and "no finding" in page
    )
    assert set(project.table("06_ratings")["respondents"]) == {"simulated"}
    assert set(project.table("06_table2")["respondents"]) == {"simulated"}
    assert set(project.table("06_compared").query("who == 'models'")["respondents"]) == {"live"}


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("a/b", '"a/b" cannot name a sheet'),
        ("~Ada", '"~Ada" cannot name a sheet'),
        ("  ", '"" cannot name a sheet'),
    ],
)
def test_a_name_that_is_no_file_name_is_refused_before_anything_is_written(
    tmp_path, name, sentence
):
    here = Here(tmp_path)
    with pytest.raises(Problem, match=sentence):
        rating_sheets.write_sheets(here, ["Ada", name])
    assert not (tmp_path / "ratings").exists()


def test_two_sheets_of_one_name_are_refused(tmp_path):
    with pytest.raises(Problem, match="There is a sheet of ada already"):
        rating_sheets.write_sheets(Here(tmp_path), ["Ada", "ada"])


def test_sheets_need_the_sample_of_notebook_06_first(tmp_path):
    with pytest.raises(
        Problem, match="06_sample.csv is not there: run the notebook with its number first"
    ):
        rating_sheets.write_sheets(Workspace(load("demo"), "demo", tmp_path), ["Ada"])


class Here:
    """An execution whose raw folder is elsewhere."""

    def __init__(self, raw: Path, **annotators) -> None:
        self.raw = raw
        self.study = load("demo").model_copy(update={"annotators": Annotators(**annotators)})


def test_simulated_annotators_never_stand_beside_a_real_sheet(tmp_path):
    sample = pd.DataFrame({"statement_id": ["1.1"], "dimension": ["PDI"], "called": "relevant"})
    labels = sample.assign(polarity=1.0)
    assert set(
        ratings.read_ratings(Here(tmp_path, simulated=2), sample, labels)[0]["respondents"]
    ) == {"simulated"}
    (tmp_path / "ratings").mkdir()
    (tmp_path / "ratings" / "Ada.xlsx").write_text("a sheet, even an unreadable one")
    with pytest.raises(
        Problem, match="The study simulates its annotators, and .* holds real sheets"
    ):
        ratings.read_ratings(Here(tmp_path, simulated=2), sample, labels)


def test_the_sample_is_that_of_the_sheets_once_they_were_given_out(tmp_path):
    labels = pd.DataFrame(
        {"statement_id": [f"{i}.1" for i in range(9)], "dimension": "PDI", "polarity": 1.0}
    )
    given_out = labels[["statement_id", "dimension"]].iloc[2:4]
    given_out.to_csv(tmp_path / rating_sheets.GIVEN_OUT, index=False)
    found = sampling.choose_sample(tmp_path, labels.iloc[5:], None, (3, 0), None)
    assert found[["statement_id", "dimension"]].values.tolist() == given_out.values.tolist()


@pytest.mark.parametrize("models", ["simulated", "imported", "live"])
@pytest.mark.parametrize("raters", list(stamps.RATERS))
def test_the_notice_calls_made_up_what_is_and_nothing_else(models, raters):
    here = SimpleNamespace(respondents=models, is_lab=False)
    text = page_notes.rating_banner(here, raters).data
    assert ("Simulated respondents" in text) == (models == "simulated")
    assert ("Simulated annotators" in text) == (raters == "simulated")
    assert ("Not yet rated" in text) == (raters == "") and ("real people" in text) <= (
        raters == "live"
    )
    assert (text == "") == (models == raters == "live")
