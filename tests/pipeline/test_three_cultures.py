"""Three groups and six models run through every figure and table without a change of code."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from alignment.asking import ground_truth, planted_recovery
from alignment.figures import diagnostics, paper_figures
from alignment.paper import hofstede
from alignment.stats import language_changes, null_model, positions
from alignment.study.loader import load
from alignment.study.workspace import Workspace
from project import NUMBERS, QUICK
from utils import scores
from utils.errors import Problem

GROUPS = ["US", "China", "Great Britain"]


@pytest.fixture
def here(monkeypatch) -> Workspace:
    workspace = Workspace(load("three_cultures"), "three_cultures")
    ids = ground_truth.plant_labels(workspace, [])["statement_id"].unique()
    monkeypatch.setattr(Workspace, "read", lambda _, name: pd.DataFrame({"statement_id": ids}))
    return workspace


@pytest.fixture
def groups(here) -> pd.DataFrame:
    return scores.group_scores(planted_recovery.score_ground_truth(here), here.models)


def people_of(here, version) -> pd.DataFrame:
    people = {name: culture.people for name, culture in here.study.cultures.items()}
    return hofstede.read_human_values(version, people)


def words_in(figure) -> str:
    return " | ".join(t.get_text() for t in figure.findobj(Text) if t.get_visible())


def test_the_study_is_the_demo_and_a_third_group_of_two():
    study, demo = load("three_cultures"), load("demo")
    assert list(study.cultures) == GROUPS and list(study.models)[:4] == list(demo.models)
    added = {name: m.culture for name, m in study.models.items() if name not in demo.models}
    assert added == dict.fromkeys(["sim-gb-1", "sim-gb-2"], "Great Britain")
    assert Workspace(study, "x").material == Workspace(demo, "x").raw != Workspace(study, "x").raw


def test_the_labels_are_those_that_were_planted_for_the_demo(here):
    ours, demo = (ground_truth.plant_labels(e, []) for e in (here, Workspace(load("demo"), "demo")))
    pd.testing.assert_frame_equal(ours, demo)


def test_figure_1_takes_the_statements_on_which_not_all_three_agree(groups):
    wide = groups.pivot(index=["statement_id", "dimension"], columns="group", values="response")
    differs = scores.differing(groups).set_index(["statement_id", "dimension"])["differs"]
    assert (differs == (wide.max(axis=1) > wide.min(axis=1)).reindex(differs.index)).all()
    alone = wide["US"].eq(wide["China"]) & wide["Great Britain"].ne(wide["US"])
    assert alone.any() and differs[alone[alone].index].all()


def test_every_figure_shows_all_three(here, groups):
    models = here.models
    people = people_of(here, "2015")
    table = positions.figure1(groups)
    table = table[table["selection"] == "differing"].assign(kind="models")
    both = pd.concat([table, people.assign(kind="people", selection="differing")])
    figure1 = paper_figures.groups_and_people(both, "t")
    assert all(words_in(figure1).count(f" {g}") >= 6 for g in GROUPS)
    scored = planted_recovery.score_ground_truth(here)
    placed = positions.model_positions(scored.merge(models[["model", "language"]]))
    pairs = language_changes.pair_answers(here.study.models, here.study.languages)
    resample = np.ones((1, scored["statement_id"].nunique()), dtype=int)
    changes = language_changes.compare_languages(scored, pairs, resample)
    assert len(placed) == 36 and len(changes) == 36
    figure3 = paper_figures.models_by_dimension(placed)
    for figure in (figure3, paper_figures.language_changes(changes)):
        assert all(model in words_in(figure) for model in models["model"])


def test_chance_counts_the_directions_of_all_three_pairs_but_for_a_tie_of_peoples(here):
    """17 and not 18: achievement is 66 in China and in Great Britain."""
    scored = planted_recovery.score_ground_truth(here)
    labels = scored[["statement_id", "dimension", "polarity"]].drop_duplicates()
    people, even = people_of(here, "2015"), pd.Series(0.5, index=here.models["model"])
    assert null_model.count_directions(labels, here.models, people) == 17
    found, rng = {"not_equal": 9.0}, np.random.default_rng(2)
    table = null_model.null_distributions(labels, here.models, even, people, found, rng, 200)
    assert table["directions"].max() == 17
    assert "found: 9" in words_in(diagnostics.null_directions(table))


def test_great_britain_is_in_the_matrix_of_2015_and_not_in_the_current_tool(here):
    assert load("three_cultures").parameters["human_values"] == "2015"
    assert set(people_of(here, "2015")["group"]) == set(GROUPS)
    sentence = 'no "Great Britain" in the version "current".*-p human_values=2015'
    with pytest.raises(Problem, match=sentence):
        people_of(here, "current")


def test_a_country_that_no_version_has_is_a_clear_problem(here):
    atlantis = here.study.cultures["US"].model_copy(update={"people": "Atlantis"})
    cultures = here.study.cultures | {"Atlantis": atlantis}
    other = Workspace(here.study.model_copy(update={"cultures": cultures}), "x")
    with pytest.raises(Problem, match='no "Atlantis".*Great Britain.*one more row'):
        people_of(other, "2015")


@pytest.mark.slow
def test_all_notebooks_run(project):
    done = project.run("--study", "three_cultures", *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = project.folder_of("three_cultures")
    assert not project.faults("three_cultures", folder)
    pages = sorted((project.folder / "notebooks" / "rendered").glob("*/*.ipynb"))
    assert len(pages) == len(NUMBERS)
    for page in pages[4:]:
        assert "imulated" in json.dumps(json.loads(page.read_text(encoding="utf-8"))), page.name
    written = {p.name for p in (project.folder / "data" / "raw").glob("three_cultures/*")}
    answers = {"answers.csv.gz", "replies.sqlite", "replies.lock", "served.csv", "reasons.csv"}
    assert written <= answers
