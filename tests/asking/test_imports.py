"""What was brought, where it is used: answers that fit the cells in part, and labels."""

import pandas as pd
import pytest

from alignment.asking import answers, imports, labels_file
from alignment.runner import parameters
from alignment.study import loader, table_files
from alignment.study.workspace import Workspace
from utils.accounting import account_cells
from utils.cells import cells_of_statements
from utils.errors import Problem

COLUMNS = "step statement_id dimension model language run answer respondents".split()
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


def bring(here: Workspace, tmp_path, frame: pd.DataFrame) -> list[str]:
    frame.to_csv(tmp_path / "brought.csv", index=False)
    used = parameters.defaults() | here.study.parameters
    return imports.import_answers(here, tmp_path / "brought.csv", used)


def documented(here: Workspace) -> Workspace:
    return Workspace(here.study.model_copy(update={"table": None}), "imported")


def stances(*rows: tuple) -> pd.DataFrame:
    """Return a table of English stances: statement, model, run, answer."""
    table = [("stance", s, "", model, "en", run, said, "imported") for s, model, run, said in rows]
    return pd.DataFrame(table, columns=COLUMNS)


def test_another_table_is_read_as_the_study_says(here, tmp_path):
    bring(here, tmp_path, LOG)
    assert table_files.read(here.raw / "answers.csv.gz")["answer"].tolist() == ["agree", "disagree"]
    here.write(pd.DataFrame({"statement_id": ["1"]}), "02_statements")
    labels, notes = labels_file.read_labels(here)
    assert labels.values.tolist() == [["1", "S", 1]] and not notes


def in_wordings(here: Workspace, asked: tuple[str, ...] = ("negated", "unforced")) -> Workspace:
    """Return the study with a table of its own whose column `prompt` holds the wording."""
    columns = {"statement_id": "item", "model": "of", "answer": "said", "wording": "prompt"}
    table = {
        "columns": columns,
        "wordings": {"v1": "asked", "v2": "negated"},
        "answers": {1: "agree"},
    }
    changed = here.study.model_dump() | {"table": table, "wordings": list(asked)}
    return Workspace(type(here.study).model_validate(changed), "imported")


PROMPTS = pd.DataFrame(
    [
        ("7", "ChatGPT", "1", "v1"),
        ("7", "ChatGPT", "agree", "v2"),
        ("7", "ChatGPT", "neither", "unforced"),
        ("8", "ChatGPT", "neither", "v1"),
        ("8", "ChatGPT", "neither", "v2"),
    ],
    columns=["item", "of", "said", "prompt"],
)


def test_a_table_of_ones_own_may_hold_other_wordings(here, tmp_path):
    here = in_wordings(here)
    here.study.table.answers["neither"] = "neither"
    lines = bring(here, tmp_path, PROMPTS)
    answers_file = table_files.read(here.raw / "answers.csv.gz")
    assert answers_file[["step", "statement_id", "run", "state", "answer"]].values.tolist() == [
        ["stance", "7", 1, "answered", "agree"],
        ["stance_negated", "7", 1, "answered", "agree"],
        ["stance_unforced", "7", 1, "answered", "neither"],
        ["stance", "8", 1, "unreadable", ""],  # no third answer was offered
        ["stance_negated", "8", 1, "unreadable", ""],
    ]
    assert any("neither" in line and "could not be read" in line for line in lines)


def test_a_wording_that_the_study_does_not_ask_in_is_counted(here, tmp_path):
    table = stances(("7", "ChatGPT", 1, "agree"))
    table = pd.concat([table, table.assign(step="stance_turned")])
    lines = bring(documented(in_wordings(here)), tmp_path, table)
    assert any("1 are in the wording turned, in which the study does not ask" in x for x in lines)


def test_a_wording_is_never_taken_for_a_run(here, tmp_path):
    here = in_wordings(here)
    with pytest.raises(Problem, match='the prompt "v3" is not one of asked, negated, turned'):
        bring(here, tmp_path, PROMPTS.replace("unforced", "v3"))
    alone = PROMPTS[PROMPTS["item"].eq("7") | PROMPTS["prompt"].eq("v2")]
    with pytest.raises(Problem, match="row 5: the statement_id 8 has no row in the wording asked"):
        bring(here, tmp_path, alone)
    table = here.study.table.model_copy(deep=True, update={"wordings": {}})
    table.columns.wording = ""
    unnamed = Workspace(here.study.model_copy(update={"table": table}), "imported")
    with pytest.raises(Problem, match='a column "Wording", which the study does not name'):
        bring(unnamed, tmp_path, PROMPTS.rename(columns={"prompt": "Wording"}))


def test_rows_that_are_the_same_are_runs_only_where_the_study_says_so(here, tmp_path):
    twice = pd.concat([LOG, LOG])
    assert "1 statements in up to 2 runs" in bring(here, tmp_path, twice)[3]
    table = here.study.table.model_copy(update={"rows_are_runs": False})
    strict = Workspace(here.study.model_copy(update={"table": table}), "imported")
    with pytest.raises(Problem, match="row 4: the row is the same in every column .*rows_are_runs"):
        bring(strict, tmp_path, twice)


def test_other_statements_are_never_written_over(here, tmp_path):
    bring(here, tmp_path, LOG)
    bring(here, tmp_path, LOG)  # the same once more
    before = (here.raw / "answers.csv.gz").read_bytes()
    with pytest.raises(Problem, match="statements.csv holds 1 rows that differ in it .*move that"):
        bring(here, tmp_path, LOG.assign(Statement="Cats may vote"))
    with pytest.raises(Problem, match="answers.csv.gz holds .* rows that differ in it"):
        bring(here, tmp_path, LOG.assign(Response="disagree"))
    assert (here.raw / "answers.csv.gz").read_bytes() == before


def test_cells_that_nobody_answered_count_as_not_asked_and_no_answer_vanishes(here, tmp_path):
    here = documented(here)
    rows = [
        ("1", "ChatGPT", 1, "agree"),
        ("1", "ChatGPT", 3, "agree"),
        ("9", "DeepSeek", 1, "agree"),
    ]
    bring(here, tmp_path, stances(*rows))
    cells = cells_of_statements("stance", ["1", "2"], [""], ["ChatGPT", "DeepSeek"], ["en"], 2)
    read = answers.read_recorded(here, cells)
    counts = account_cells(read, cells).sum(numeric_only=True)
    assert counts["planned"] == 8 and counts["answered"] == 1 and counts["not asked"] == 7
    said = answers.describe_unused(here, cells)
    assert "2 imported answers are not used**: 1 on statements" in said and "1 of further" in said


def test_answers_to_none_of_the_cells_stop(here, tmp_path):
    here = documented(here)
    bring(here, tmp_path, stances(("9", "ChatGPT", 1, "agree")))
    cells = cells_of_statements("stance", ["1"], [""], ["ChatGPT"], ["en"], 1)
    with pytest.raises(Problem, match="answers none of the 1 cells"):
        answers.read_recorded(here, cells)


def test_labels_of_statements_that_are_not_kept_are_counted_and_named(here):
    here.raw.mkdir(parents=True)
    text = "statement_id,dimension,polarity\n1,S,1\n7,S,2\n8,E,-1\n"
    (here.raw / "labels.csv").write_text(text, encoding="utf-8")
    here.write(pd.DataFrame({"statement_id": ["1", "2"]}), "02_statements")
    labels, (note,) = labels_file.read_labels(here)
    assert labels["statement_id"].tolist() == ["1"]
    assert "2 rows of data/raw/imported/labels.csv on 2 statements are not used" in note
    assert "(7, 8)" in note and labels_file.describe_left_out(here) == [note]


def test_labels_that_name_no_statement_of_the_study_stop(here):
    here.raw.mkdir(parents=True)
    labels = "statement_id,dimension,polarity\n7,S,2\n"
    (here.raw / "labels.csv").write_text(labels, encoding="utf-8")
    here.write(pd.DataFrame({"statement_id": ["1", "2"]}), "02_statements")
    with pytest.raises(Problem, match="names no statement that this study keeps: it has 7, the st"):
        labels_file.read_labels(here)


def table_of(tmp_path, text: str):
    path = tmp_path / "brought.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_that_was_imported_is_lost_by_another_import(here, tmp_path):
    """Statements with their texts, labels and answered cells stay; more may come."""
    here = documented(here)
    head, more = "statement_id,text\n", "1,Cats.\n2,Dogs.\n"
    imports.import_statements(here, table_of(tmp_path, head + more))
    imports.import_statements(here, table_of(tmp_path, head + more + "3,Mice.\n"))
    for other in ("1,Cats.\n", "1,Cows.\n2,Dogs.\n3,Mice.\n", "7,Bees.\n"):
        with pytest.raises(Problem, match="statements.csv holds .* rows that (this|differ)"):
            imports.import_statements(here, table_of(tmp_path, head + other))
    assert len(table_files.read(here.raw / "statements.csv")) == 3
    head, more = "statement_id,dimension,polarity\n", "1,S,1\n2,E,-1\n"
    imports.import_labels(here, table_of(tmp_path, head + more))
    for other in ("1,S,1\n", "1,S,2\n2,E,-1\n"):
        with pytest.raises(Problem, match="labels.csv holds 1 rows that (this table lacks|differ)"):
            imports.import_labels(here, table_of(tmp_path, head + other))
    bring(here, tmp_path, stances(("1", "ChatGPT", 1, "agree")))
    bring(here, tmp_path, stances(("1", "ChatGPT", 1, "agree"), ("2", "ChatGPT", 1, "agree")))
    rows = stances(("1", "ChatGPT", 1, "agree"), ("2", "ChatGPT", 1, "disagree"))
    unread = stances(("1", "ChatGPT", 1, "agree"), ("2", "ChatGPT", 1, ""))
    unread["state"] = ["answered", "unreadable"]
    for other in (rows, unread):
        with pytest.raises(
            Problem, match="answers.csv.gz holds 1 rows that differ.*statement_id 2"
        ):
            bring(here, tmp_path, other)
    with pytest.raises(Problem, match="answers.csv.gz holds 2 rows .*into one table"):
        bring(here, tmp_path, stances(("1", "DeepSeek", 1, "agree")))
    assert table_files.read(here.raw / answers.FILE)["answer"].tolist() == ["agree", "agree"]


def test_votes_are_kept_and_what_could_not_be_read_may_be_answered(here, tmp_path):
    here, head = documented(here), "statement_id,text,votes\n"
    imports.import_statements(here, table_of(tmp_path, head + "1,Cats.,5\n2,Dogs.,7\n"))
    for other in (head + "1,Cats.,9\n2,Dogs.,7\n", "statement_id,text\n1,Cats.\n2,Dogs.\n"):
        with pytest.raises(
            Problem, match="statements.csv (holds 1 rows that differ|has a column v)"
        ):
            imports.import_statements(here, table_of(tmp_path, other))
    rows = stances(("1", "ChatGPT", 1, ""), ("2", "ChatGPT", 1, "agree"))
    bring(here, tmp_path, rows.assign(state=["unreadable", "answered"]))
    bring(here, tmp_path, stances(("1", "ChatGPT", 1, "agree"), ("2", "ChatGPT", 1, "agree")))
    assert table_files.read(here.raw / answers.FILE)["answer"].tolist() == ["agree", "agree"]


def test_rows_that_where_leaves_out_are_counted_by_their_values(here, tmp_path):
    other = LOG.assign(Context=["Neutral", "usa"])
    lines = bring(here, tmp_path, pd.concat([LOG, other], ignore_index=True))
    assert 'left out by where (Context: neutral): "Neutral" 1 times, "usa" 1 times' in lines


def test_answers_to_other_statements_than_the_studys_are_refused_if_most_are(here, tmp_path):
    """Another way of writing ids would show as nothing but a sentence at the end."""
    here = documented(here)
    table = "statement_id,text\n" + "".join(f"S{n:02d},Cats {n}.\n" for n in range(1, 11))
    imports.import_statements(here, table_of(tmp_path, table))
    wrong = stances(*((f"S{n}", "ChatGPT", 1, "agree") for n in range(1, 11)))
    with pytest.raises(
        Problem, match=r"9 statements .*only 1 of its 10 \(S1, S2, S3; the study's are S01"
    ):
        bring(here, tmp_path, wrong)
    more = stances(*((f"S{n:02d}", "ChatGPT", 1, "agree") for n in range(1, 31)))
    assert any("20 rows" in line and "are not used" in line for line in bring(here, tmp_path, more))
    right = stances(*((f"S{n:02d}", "ChatGPT", 1, "agree") for n in range(1, 11)))
    bring(here, tmp_path, right)  # the 20 that count for nothing are not missed


def test_labels_before_statements_are_told_what_comes_first(here, tmp_path):
    table_files.write(pd.DataFrame({"statement_id": []}), here.path_of("02_statements"))
    here = Workspace(here.study.model_copy(update={"table": None}), "imported")
    with pytest.raises(Problem, match="bring or collect them first"):
        imports.import_labels(here, table_of(tmp_path, "statement_id,dimension,polarity\n1,S,1\n"))
