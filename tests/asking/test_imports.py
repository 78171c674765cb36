"""What somebody brings is checked whole before anything of it is written."""

import pandas as pd
import pytest

from alignment.asking import imports
from alignment.study import loader, table_files
from alignment.study.workspace import Workspace
from utils.errors import Problem

ANSWERS = pd.DataFrame(
    [
        ("stance", "1", "", "ChatGPT", "en", 1, "agree", "imported"),
        ("stance", "1", "", "DeepSeek", "en", 1, "disagree", "imported"),
    ],
    columns=[
        "step",
        "statement_id",
        "dimension",
        "model",
        "language",
        "run",
        "answer",
        "respondents",
    ],
)
LOG = pd.DataFrame(
    [
        ("All men are equal", "neutral", "ChatGPT", "Strongly agree.", "S"),
        ("All men are equal", "neutral", "DeepSeek", "disagree", "S"),
    ],
    columns=["Statement", "Context", "Model", "Response", "Topic_Tag"],
)


@pytest.fixture
def here(elsewhere) -> Workspace:
    return Workspace(loader.load("imported"), "imported")


def brought(here: Workspace, tmp_path, frame: pd.DataFrame, documented: bool = True) -> list:
    """Import a table, in the documented columns or as the study's `table:` says."""
    if documented:
        here = Workspace(here.study.model_copy(update={"table": None}), "imported")
    frame.to_csv(tmp_path / "brought.csv", index=False)
    return imports.import_answers(here, tmp_path / "brought.csv")


def test_a_documented_table_is_taken_as_it_is(here, tmp_path):
    (path,) = brought(here, tmp_path, ANSWERS)
    assert table_files.read(path)["answer"].tolist() == ["agree", "disagree"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: pd.concat([f, f.iloc[:1]]), "is listed twice"),
        (lambda f: f.assign(model="Claude"), 'unknown model "Claude"'),
        (lambda f: f.assign(language="fr"), 'unknown language "fr"'),
        (lambda f: f.assign(answer="maybe"), 'with "maybe"'),
        (lambda f: f.assign(step="opinion"), 'unknown step "opinion"'),
        (lambda f: f.assign(respondents="human"), 'unknown respondents "human"'),
        (lambda f: f.assign(run="first"), "run"),
        (lambda f: f.drop(columns="language"), 'no column "language"'),
    ],
)
def test_a_wrong_cell_is_told_by_name_and_nothing_is_written(here, tmp_path, change, said):
    with pytest.raises(Problem, match=said):
        brought(here, tmp_path, change(ANSWERS))
    assert not here.raw.exists()


def test_another_table_is_read_as_the_study_says(here, tmp_path):
    brought(here, tmp_path, LOG, documented=False)
    assert table_files.read(here.raw / "answers.csv.gz")["answer"].tolist() == ["agree", "disagree"]
    assert imports.read_labels(here).to_dict("list") == {
        "statement_id": ["1"],
        "dimension": ["S"],
        "polarity": [1],
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda f: f.rename(columns={"Response": "Respnse"}),
            'no column "Response".*Did you mean "Respnse"',
        ),
        (lambda f: f.assign(Context="usa"), "holds no row with Context = neutral"),
        (lambda f: f.assign(Model="Claude"), 'unknown model "Claude"'),
    ],
)
def test_a_table_that_does_not_fit_the_study_is_told_and_nothing_is_written(
    here, tmp_path, change, said
):
    with pytest.raises(Problem, match=said):
        brought(here, tmp_path, change(LOG), documented=False)
    assert not here.raw.exists()


@pytest.mark.parametrize(
    "content", ["no workbook", "PK\3\4, and no more of a workbook than its first letters"]
)
def test_a_file_that_is_no_table_is_told(here, tmp_path, content):
    (tmp_path / "brought.xlsx").write_text(content, encoding="utf-8")
    with pytest.raises(Problem, match="cannot be read as a table"):
        imports.import_answers(here, tmp_path / "brought.xlsx")


def test_an_empty_cell_and_the_word_na_are_text_in_either_form_of_a_table(tmp_path):
    frame = pd.DataFrame({"statement_id": ["1", "NA"], "dimension": ["", "PDI"]})
    frame.to_csv(tmp_path / "brought.csv", index=False)
    frame.to_excel(tmp_path / "brought.xlsx", index=False)
    for suffix in ("csv", "xlsx"):
        pd.testing.assert_frame_equal(
            table_files.read_as_text(tmp_path / f"brought.{suffix}"), frame
        )


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("statement_id,dimension,polarity\n1,S,0\n", "polarity 0"),
        ("statement_id,dimension,polarity\n1,PDI,1\n", "dimension PDI"),
        ("statement_id,dimension,polarity\n1,S,1\n1,S,2\n", "twice"),
        ("statement_id,polarity\n1,1\n", 'no column "dimension"'),
    ],
)
def test_a_wrong_labels_file_is_told(here, labels, said):
    here.raw.mkdir(parents=True)
    (here.raw / "labels.csv").write_text(labels, encoding="utf-8")
    with pytest.raises(Problem, match=said):
        imports.read_labels(here)
