"""Estimates are compared with the ground truth by one rule, and nothing else reads that."""

import re

import numpy as np
import pandas as pd
import pytest

from alignment.asking import ground_truth, planted_recovery, specification_inputs
from alignment.study.loader import load
from alignment.study.paths import ROOT
from alignment.study.workspace import Workspace
from utils import scores


@pytest.fixture
def here(monkeypatch) -> Workspace:
    """The demo, whose tables say exactly what was planted."""
    workspace = Workspace(load("demo"), "demo")
    ids = ground_truth.plant_labels(workspace, [])["statement_id"].unique()
    tables = {"02_statements": pd.DataFrame({"statement_id": ids})}
    monkeypatch.setattr(Workspace, "read", lambda _, name: tables[name])
    tables["07_scores"] = planted_recovery.score_ground_truth(workspace)
    labels = tables["07_scores"].drop_duplicates(["statement_id", "dimension"])[
        ["statement_id", "dimension", "polarity"]
    ]
    tables |= {"05_sociocultural_statements": labels, "04_relevance": labels.assign(relevant=True)}
    return workspace


def table(here):
    return planted_recovery.compare_positions(here, np.random.default_rng(1), 500)


def test_a_pipeline_that_reads_everything_as_planted_recovers_all_of_it(here):
    comparison = table(here)
    assert (
        len(comparison) == 48
        and (comparison["verdict"] == planted_recovery.RECOVERED).all()
        and comparison["covered"].all()
    )
    assert comparison["planted"].tolist() == pytest.approx(comparison["estimate"].tolist())
    assert "**48 of 48" in planted_recovery.describe(comparison)


def test_a_pipeline_that_turns_every_score_round_is_noticed(here, monkeypatch):
    turned = here.read("07_scores").assign(score=lambda t: -t["score"])
    read = Workspace.read
    monkeypatch.setattr(
        Workspace, "read", lambda self, name: turned if name == "07_scores" else read(self, name)
    )
    comparison = table(here)
    large = comparison["planted"].abs() > 0.6
    assert large.any() and (comparison.loc[large, "verdict"] == "not recovered").all()
    assert comparison.loc[large, "reason"].str.contains("misses the planted mean by").all()


def test_a_model_without_readable_answers_is_not_recovered(here):
    silent = here.read("07_scores")
    silent.loc[(silent["model"] == "sim-cn-2") & (silent["dimension"] == "LTO"), "score"] = np.nan
    comparison = table(here).set_index(["dimension", "model", "language"])
    row = comparison.loc[("LTO", "sim-cn-2", "zh")]
    assert (row["verdict"], row["reason"]) == ("not recovered", "no readable answers")


def test_the_labels_are_counted_against_the_ground_truth(here):
    comparison = planted_recovery.compare_labels(here).set_index("dimension")
    assert (comparison[["precision", "recall", "same_polarity"]] == 1).all(axis=None)


def test_nothing_was_planted_in_a_live_study():
    live = Workspace(load("paper"), "paper")
    comparison = planted_recovery.compare_positions(live, np.random.default_rng(0), 10)
    assert (
        comparison.empty
        and list(comparison) == planted_recovery.POSITIONS
        and list(planted_recovery.compare_labels(live)) == planted_recovery.LABELS
    )
    assert "nothing to recover" in planted_recovery.describe(comparison)


@pytest.mark.parametrize(("planted", "low", "high", "verdict"), [
    (0.1, 0.1, 0.3, planted_recovery.RECOVERED),
    (0.1 - 1e-12, 0.1, 0.3, planted_recovery.RECOVERED),
    (0.31, 0.1, 0.3, "not recovered"),
    (0.05, 0.1, 0.3, "not recovered"),
])  # fmt: skip
def test_the_ends_of_the_interval_belong_to_it(planted, low, high, verdict):
    assert planted_recovery.judge_estimate(planted, 0.2, low, high)[0] == verdict


def test_only_recovery_reads_the_ground_truth():
    """The respondents know it; no other module and no notebook does."""
    reads = re.compile(r"import .*\bground_truth\b|/ .planted\.csv")
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "notebooks").glob("*.py")]
    readers = {path.name for path in sources if reads.search(path.read_text(encoding="utf-8"))}
    assert readers == {"ground_truth.py", "planted_recovery.py", "simulation.py"}


def test_the_specification_curve_takes_the_ground_truth_from_recovery(here, monkeypatch):
    planted = planted_recovery.score_ground_truth(here)
    monkeypatch.setattr(planted_recovery, "score_ground_truth", lambda _: planted.head(7))
    tables = {"02_statements": pd.DataFrame({"statement_id": ["a"], "votes": [3]})}
    tables["02_left_out"] = tables["02_statements"].assign(reason="fewer than 3 votes")
    monkeypatch.setattr(Workspace, "read", lambda _, name: tables.get(name, pd.DataFrame()))
    assert len(specification_inputs.read_collected(here).planted) == 7
    assert scores.positions(planted)["missing"].sum() == 0
