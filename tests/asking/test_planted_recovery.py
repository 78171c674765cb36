"""What was planted is recovered by one rule, whose checks fail on anything broken."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alignment.asking import planted_recovery, specification_inputs
from alignment.stats import language_changes, positions, recovery_checks
from alignment.study.loader import load
from alignment.study.paths import ROOT
from alignment.study.workspace import Workspace
from study_in_memory import ASKED, InMemory, ask_all, tables_of, with_seed, with_tables
from utils import labels, scores, votes

STUDIES = 300  # with the known noise; page 13 draws more of them


@pytest.fixture(scope="module")
def demo() -> Workspace:
    return Workspace(load("demo"), "demo", root=ROOT)


@pytest.fixture(scope="module")
def statements(demo) -> list[str]:
    return list(demo.read("02_statements")["statement_id"])


@pytest.fixture(scope="module")
def answers(demo, statements) -> dict[str, pd.DataFrame]:
    return ask_all(demo, statements)


def built(workspace: Workspace, answers: dict[str, pd.DataFrame]) -> InMemory:
    ids = answers["relevance"]["statement_id"].unique()
    own = {"02_statements": pd.DataFrame({"statement_id": ids})}
    return with_tables(workspace, tables_of(workspace, answers) | own)


@pytest.fixture(scope="module")
def expected(demo, answers) -> planted_recovery.Expected:
    return planted_recovery.expect(built(demo, answers), np.random.default_rng(1), STUDIES)


@pytest.fixture
def here(demo, answers) -> InMemory:
    return built(demo, answers)


def of_this_study(recovery: planted_recovery.Recovery) -> pd.DataFrame:
    return recovery.controls.query("must == 'hold'").set_index("check")


def test_the_study_in_memory_is_the_study_on_disk(demo, answers):
    """Else what follows would test something that no page shows."""
    for number, step in ASKED.items():
        keys = ["statement_id", "dimension", "model", "language", "run"]
        ours, written = (
            table.fillna({"dimension": "", "answer": ""}).set_index(keys)[["state", "answer"]]
            for table in (answers[step], demo.read(f"{number}_answers.csv.gz"))
        )
        pd.testing.assert_frame_equal(ours.sort_index(), written.sort_index(), check_dtype=False)


def test_everything_is_recovered_and_all_controls_fail(here, expected):
    recovery = planted_recovery.compare(here, expected)
    own, spoilt = of_this_study(recovery), recovery.controls.query("must == 'fail'")
    assert own["holds"].all() and list(own.index) == list(recovery_checks.CHECKS)
    assert not spoilt["holds"].any() and set(spoilt["control"]) == set(recovery_checks.CONTROLS)
    assert set(spoilt["check"]) == set(own.index), "a check without a control that fails"
    said = planted_recovery.describe(recovery)
    assert (
        "recovered: **48 of 48**" in said and "found: **6 of 6**, false ones: **0 of 24**" in said
    )
    assert f"All {len(spoilt)} controls fail, as they must." in said


def test_the_study_file_says_what_is_planted(demo, expected):
    """Changes with the language: six, on statements enough to be found; none elsewhere."""
    changed = pd.DataFrame(expected.planted.changed[:, :, 0], demo.dimensions, demo.study.models)
    planted = changed.stack()[lambda n: n > 0]
    wanted = {(d, "sim-us-2") for d in ("PDI", "IDV", "UAI")}
    wanted |= {(d, "sim-cn-2") for d in ("IDV", "MAS", "UAI")}
    assert set(planted.index) == wanted and planted.between(10, 20).all()
    leanings = demo.study.simulation.leanings
    file = {(d, m) for m, of in leanings.items() for d, ends in of.items() if ends[0] != ends[1]}
    assert file == wanted


# Ten and more ways to break the pipeline, each of which has to show on page 13.


def _negate(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.assign(**{name: -table[name] for name in columns})


def _renamed(table: pd.DataFrame, column: str, names: list[str]) -> pd.DataFrame:
    """Each value takes the name of the next one."""
    following = dict(zip(names, [*names[1:], names[0]], strict=True))
    return table.assign(**{column: table[column].map(following)})


def _each(function, change):
    return lambda *args, **kwargs: change(function(*args, **kwargs))


def _of_stances(change):
    """Change the votes of the stance step alone."""
    cast = votes.cast_votes

    def broken(rows, *args, **kwargs):
        table = cast(rows, *args, **kwargs)
        return change(table) if rows["step"].iloc[0] == "stance" else table

    return votes, "cast_votes", broken


def _one_run(rows, runs, *args, cast=votes.cast_votes):
    return cast(rows[rows["run"] == 1], 1, *args)


def _lost_half(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(score=table["score"].where(table["language"] == "en"))


def _rolled(align=language_changes._align):
    def broken(*args):
        keys, a, b = align(*args)
        return keys, a, np.roll(b, 1, axis=0)

    return broken


def _relabelled(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(relevant=table["yes"] >= 1)


def _polarity(change):
    label = labels.label_polarity
    return labels, "label_polarity", _each(label, lambda t: t.assign(polarity=change(t.polarity)))


def _by_name(table: pd.DataFrame) -> pd.DataFrame:
    """A join by sorted order in place of keys."""
    return table.assign(vote=table["vote"].sort_values().to_numpy())


MODELS = ["sim-us-1", "sim-us-2", "sim-cn-1", "sim-cn-2"]
BROKEN = {
    "a sign of the scores": (
        scores, "label_scores", _each(scores.label_scores, lambda t: _negate(t, "score"))),
    "agree read as disagree": _of_stances(lambda t: _negate(t, "vote")),
    "languages swapped": _of_stances(lambda t: _renamed(t, "language", ["en", "zh"])),
    "models swapped": _of_stances(lambda t: _renamed(t, "model", MODELS)),
    "votes joined by order": _of_stances(_by_name),
    "one language's scores lost": (
        scores, "label_scores", _each(scores.label_scores, _lost_half)),
    "one run in place of five": (votes, "cast_votes", _one_run),
    "a missing vote counted as disagreement": _of_stances(lambda t: t.assign(vote=t["vote"].fillna(-1))),
    "labels shifted by a row": _polarity(lambda p: p.shift(fill_value=1.0)),
    "only the sign of labels": _polarity(np.sign),
    "a quorum of one vote": (
        labels, "label_relevance", _each(labels.label_relevance, _relabelled)),
    "languages not paired by statement": (language_changes, "_align", _rolled()),
    "a difference taken the other way": (
        language_changes, "compare_languages",
        _each(language_changes.compare_languages, lambda t: _negate(t, "difference"))),
    "no correction for many tests": (
        language_changes, "compare_languages",
        _each(language_changes.compare_languages, lambda t: t.assign(p_holm=t["p_exact"]))),
    "the groups of Figure 1 swapped": (
        positions, "figure1",
        _each(positions.figure1, lambda t: _renamed(t, "group", ["US", "China"]))),
    "Figure 1 on all statements": (
        positions, "figure1", _each(positions.figure1, lambda t: _renamed(
            t, "selection", ["differing", "all"]))),
}  # fmt: skip


@pytest.mark.parametrize("way", BROKEN)
def test_a_broken_pipeline_turns_a_line_of_page_13_red(way, demo, answers, expected, monkeypatch):
    monkeypatch.setattr(*BROKEN[way])
    recovery = planted_recovery.compare(built(demo, answers), expected)
    own = of_this_study(recovery)
    assert not own["holds"].all(), own[["passed", "of", "needed"]]
    assert "Not recovered: " in planted_recovery.describe(recovery)


def test_a_model_without_readable_answers_is_not_recovered(demo, answers, expected):
    silent = answers["stance"].copy()
    silent.loc[silent["model"] == "sim-cn-2", ["state", "answer"]] = ["unreadable", ""]
    recovery = planted_recovery.compare(built(demo, answers | {"stance": silent}), expected)
    rows = recovery.positions.set_index("model")
    assert (rows.loc["sim-cn-2", "verdict"] == planted_recovery.MISSED).all()
    assert (rows.loc["sim-cn-2", "n"] == 0).all()
    assert (rows.drop("sim-cn-2")["verdict"] == planted_recovery.RECOVERED).all()


def test_a_control_that_does_not_fail_is_named(here, expected):
    easy = replace(expected, needed=dict.fromkeys(expected.needed, 0.0))
    said = planted_recovery.describe(planted_recovery.compare(here, easy))
    assert "Controls that should fail and do not: stances as planted, negated; " in said


def test_the_labels_are_counted_against_the_ground_truth(here):
    truth, found = planted_recovery.read_truth(here), planted_recovery.read_estimates(here)
    comparison = planted_recovery.compare_labels(here).set_index("dimension")
    both = truth.relevant & found.labelled.relevant
    assert comparison["both"].tolist() == both.sum(axis=0).tolist()
    assert comparison["planted"].tolist() == truth.relevant.sum(axis=0).tolist()
    same = (truth.polarity == found.labelled.polarity) & both
    assert comparison["same_polarity"].tolist() == pytest.approx(
        same.sum(axis=0) / both.sum(axis=0)
    )


def test_nothing_was_planted_in_a_live_study():
    live = Workspace(load("paper"), "paper")
    recovery = planted_recovery.assess(live, np.random.default_rng(0), 10)
    assert recovery.positions.empty and list(recovery.positions) == planted_recovery.POSITIONS
    assert recovery.controls.empty and list(recovery.controls) == planted_recovery.CONTROLS
    assert planted_recovery.show_controls(recovery).empty
    assert list(planted_recovery.compare_labels(live)) == planted_recovery.LABELS
    assert "nothing to recover" in planted_recovery.describe(recovery)


def test_three_groups_are_recovered_like_two(statements):
    workspace = Workspace(load("three_cultures"), "three_cultures", root=ROOT)
    here = built(workspace, ask_all(workspace, statements))
    recovery = planted_recovery.assess(here, np.random.default_rng(1), STUDIES)
    assert of_this_study(recovery)["holds"].all(), planted_recovery.describe(recovery)
    assert recovery.positions["tolerance"].notna().all()


@pytest.mark.slow
def test_changes_are_found_as_often_as_known_noise_says_and_false_ones_hardly_ever(
    demo, statements
):
    """200 studies with other stances and noise, each through respondents, reader and tables."""
    hits, power, false, tests, held, lines = 0, [], 0, 0, 0, 0
    for seed in range(200):
        workspace = with_seed(demo, seed)
        here = built(workspace, ask_all(workspace, statements))
        expected = planted_recovery.expect(here, np.random.default_rng(seed), 1000)
        recovery = planted_recovery.compare(here, expected)
        own = of_this_study(recovery)
        hits += own["passed"].get(recovery_checks.FOUND, 0)
        power.append(expected.found.sum())
        false += (own["of"] - own["passed"])[recovery_checks.FALSE] > 0
        held += recovery.positions["recovered"].sum()
        lines += own["holds"].sum()
        tests += len(own)
    total = float(np.sum(power))
    print(f"found {hits}, foretold {total:.0f}; studies with a false change {false} of 200; ")
    print(f"means recovered {held} of {200 * 48}; lines that hold {lines} of {tests}")
    assert abs(hits - total) < 4 * np.sqrt(total)
    assert false <= 20, "Holm's correction allows one study in twenty"
    assert held >= 0.98 * 200 * 48 and lines >= 0.97 * tests


def test_only_recovery_reads_the_ground_truth():
    """The respondents know it, and what compares with it; no other module and no notebook does."""
    reads = re.compile(r"import .*\bground_truth\b|/ .planted\.csv")
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "notebooks").glob("*.py")]
    readers = {path.name for path in sources if reads.search(path.read_text(encoding="utf-8"))}
    assert readers == {
        "ground_truth.py",
        "planted_habits.py",
        "planted_recovery.py",
        "simulation.py",
    }


def test_the_specification_curve_takes_the_ground_truth_from_recovery(here, monkeypatch):
    planted = planted_recovery.score_ground_truth(here)
    monkeypatch.setattr(planted_recovery, "score_ground_truth", lambda _: planted.head(7))
    tables = {"02_statements": pd.DataFrame({"statement_id": ["a"], "votes": [3]})}
    tables["02_left_out"] = tables["02_statements"].assign(reason="fewer than 3 votes")
    monkeypatch.setattr(InMemory, "read", lambda _, name: tables.get(name, pd.DataFrame()))
    assert len(specification_inputs.read_collected(here).planted) == 7
    assert scores.positions(planted)["missing"].sum() == 0
