"""Negations and paraphrases that people bring: checked whole, asked about, scored the right way."""

import pandas as pd
import pytest

from alignment.asking import answers, collection, ground_truth, imports, plan, wording_texts
from alignment.stats import wordings
from alignment.study import table_files
from alignment.study.workspace import Workspace
from utils.errors import Problem
from utils.votes import cast_votes

TEXTS = [
    ("demo-2.1", "en", "negated", "Nobody should keep a dog."),
    ("demo-2.1", "zh", "negated", "谁也不该养狗。"),
    ("demo-3.1", "en", "reworded", "A thing put in other words."),
]


@pytest.fixture(autouse=True)
def labelled(here):
    labels = pd.DataFrame({"statement_id": ["demo-2.1", "demo-3.1"], "dimension": "PDI"})
    table_files.write(labels.assign(polarity=1), here.processed / "05_sociocultural_statements.csv")


def file_of(tmp_path, rows=TEXTS):
    path = tmp_path / "brought.csv"
    pd.DataFrame(rows, columns=wording_texts.COLUMNS).to_csv(path, index=False)
    return path


def test_a_brought_text_takes_the_place_of_the_template_and_nothing_else_changes(here, tmp_path):
    cells = plan.wording_cells(here, 1)
    before = collection.cell_keys(here, cells, plan.read_texts(here))
    said = imports.import_wordings(here, file_of(tmp_path))
    assert "1 negated in en" in said and "1 reworded in en" in said
    texts = plan.read_texts(here)
    after = collection.cell_keys(here, cells, texts)
    moved = cells[[a != b for a, b in zip(before, after, strict=True)]]
    places = moved[["statement_id", "language", "step"]].drop_duplicates()
    assert set(places.itertuples(index=False, name=None)) == {
        (statement, language, f"stance_{wording}") for statement, language, wording, _ in TEXTS
    }
    (question,) = collection.message_writer(here, texts)("stance_negated", "demo-2.1", "", "en")
    assert "Nobody should keep a dog." in question["content"]
    assert "This statement is wrong" not in question["content"]
    assert (
        collection.asked_as(texts, "stance_negated", "demo-2.1", "en") == "stance"
    )  # as it is read


def test_agreeing_with_a_brought_negation_is_a_stance_against_the_statement(here, tmp_path):
    """Respondents without any noise answer it as they answer the template's negation."""
    quiet = here.study.simulation.model_copy(
        update={"run_noise": 0.0, "habits": {}, "trouble": type(here.study.simulation.trouble)()}
    )
    calm = Workspace(here.study.model_copy(update={"simulation": quiet}), "demo")
    imports.import_wordings(calm, file_of(tmp_path))
    asked = answers.collect(calm, plan.step_cells(calm, "stance", 1))
    others = answers.collect(calm, plan.wording_cells(calm, 1))
    stances = wordings.align(cast_votes(asked, 1), wordings.cast_all(others, 1))
    assert stances["asked"].notna().all() and (stances["asked"] == stances["negated"]).all()
    assert (stances["asked"] == stances["reworded"]).all()
    truth = ground_truth.plant(calm, ["demo-2.1"]).query("step == 'stance_negated'")
    assert set(truth["value"]) == set(stances.query("statement_id == 'demo-2.1'")["negated"])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("demo-2.1", "en", "turned", "x")], 'wording "turned" is not one of negated, reworded'),
        ([("demo-2.1", "fr", "negated", "x")], 'language "fr" is not one of en, zh'),
        ([("demo-2.1", "en", "negated", "")], "the text is empty"),
        ([("", "en", "negated", "x")], "the statement_id is empty"),
        ([*TEXTS, ("demo-2.1", "en", "negated", "Another.")], "demo-2.1 has two texts for negated"),
        ([*TEXTS, ("demo-3.1", "en", "negated", TEXTS[0][3])], "stands in another row, too"),
        ([("other-9.9", "en", "negated", "x")], "names no statement that this study keeps"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence_and_nothing_is_written(
    here, tmp_path, rows, said
):
    with pytest.raises(Problem, match=said):
        imports.import_wordings(here, file_of(tmp_path, rows))
    assert not (here.raw / wording_texts.FILE).exists()


def test_a_text_that_was_asked_about_is_not_changed_in_silence(here, tmp_path):
    imports.import_wordings(here, file_of(tmp_path))
    other = [(*TEXTS[0][:3], "Nobody may keep dogs."), *TEXTS[1:]]
    with pytest.raises(Problem, match="text"):
        imports.import_wordings(here, file_of(tmp_path, other))
    turned = [(*TEXTS[0][:2], "reworded", TEXTS[0][3]), *TEXTS[1:]]
    with pytest.raises(Problem, match="negated"):
        imports.import_wordings(here, file_of(tmp_path, turned))
    more = [*TEXTS, ("demo-3.1", "zh", "reworded", "换一种说法。")]
    imports.import_wordings(here, file_of(tmp_path, more))
    assert len(wording_texts.read(here)) == 4
    few = Workspace(here.study.model_copy(update={"wordings": ["turned"]}), "demo")
    said = imports.import_wordings(few, file_of(tmp_path, more))
    unused = "in the wording negated, in which the study does not ask (its `wordings:`)"
    assert f"2 are {unused}" in said
