"""Intervals with the labels' uncertainty: none where judges agree, more where they are split."""

import numpy as np
import pandas as pd
import pytest

from alignment.stats import label_uncertainty as uncertain
from alignment.stats.intervals import SCORES, mean_interval
from utils.rules import DEFAULT, Rules

VOTERS = [(model, language) for model in ("a", "b", "c", "d") for language in ("en", "zh")]


def votes_of(step_votes: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        (statement, "PDI", *voter, vote)
        for statement, votes in step_votes.items()
        for voter, vote in zip(VOTERS, votes, strict=True)
    ]
    return pd.DataFrame(rows, columns=["statement_id", "dimension", "model", "language", "vote"])


def drawn(relevance, polarity, rules=DEFAULT, draws=400):
    rng = np.random.default_rng(1)
    return uncertain.redraw_labels(votes_of(relevance), votes_of(polarity), rng, rules, draws)


def test_votes_that_agree_give_the_same_label_every_time():
    both = drawn({"s": [1] * 8, "t": [1] * 8}, {"s": [2] * 8, "t": [-1] * 8})
    assert both.groupby("statement_id")["polarity"].agg(["size", "min", "max"]).to_dict("index") == {
        "s": {"size": 400, "min": 2, "max": 2}, "t": {"size": 400, "min": -1, "max": -1}}  # fmt: skip


def test_a_label_is_kept_as_often_as_the_binomial_says():
    """Four of eight yes votes: redrawn, at least four are yes with P(B(8, 1/2) >= 4)."""
    labels = drawn({"s": [1] * 4 + [0] * 4}, {"s": [2] * 8}, draws=4000)
    assert len(labels) / 4000 == pytest.approx(163 / 256, abs=0.03)


def test_missing_votes_stay_missing_and_the_rules_are_the_studys():
    votes = [2.0] * 3 + [np.nan] * 5
    planned = drawn({"s": [1] * 8}, {"s": votes}, draws=1000)
    valid = drawn({"s": [1] * 8}, {"s": votes}, Rules(missing_votes="valid"), draws=1000)
    assert len(planned) / 1000 == pytest.approx(0.32, abs=0.05), "P(B(8, 3/8) >= 4)"
    assert len(valid) > 950


def test_with_sure_labels_the_interval_is_that_of_the_statements_alone():
    polarity = {f"s{i}": [(2, -1, 1, -2)[i % 4]] * 8 for i in range(24)}
    labels = drawn({s: [1] * 8 for s in polarity}, polarity, draws=200)
    stances = pd.DataFrame({"m": np.where(np.arange(24) % 3, 1.0, -1.0)}, index=list(polarity))
    row = uncertain.intervals_with_labels(labels, stances, SCORES, np.random.default_rng(2)).iloc[0]
    scores = [
        votes[0] * stance for votes, stance in zip(polarity.values(), stances["m"], strict=True)
    ]
    assert (row["low_labels"], row["high_labels"]) == pytest.approx(mean_interval(scores), abs=0.09)


def test_split_votes_widen_it():
    agreed = {f"s{i}": [2] * 8 for i in range(20)}
    split = {s: [2] * 5 + [-2] * 3 for s in agreed}
    stances = pd.DataFrame({"m": [1.0] * 20}, index=list(agreed))
    yes, width = {s: [1] * 8 for s in agreed}, []
    for polarity in (agreed, split):
        found = uncertain.intervals_with_labels(
            drawn(yes, polarity), stances, SCORES, np.random.default_rng(3)
        ).iloc[0]
        width.append(found["high_labels"] - found["low_labels"])
    assert width[1] > 1.5 * width[0]


def test_brought_labels_have_no_votes_to_draw():
    none = votes_of({})
    labels = uncertain.redraw_labels(none, none, np.random.default_rng(1))
    stances = pd.DataFrame({"m": [1.0]}, index=["s"]).rename_axis(columns="model")
    found = uncertain.intervals_with_labels(labels, stances, SCORES, np.random.default_rng(1))
    assert list(found) == ["dimension", "model", "low_labels", "high_labels"] and found.empty
    table = pd.DataFrame({"dimension": ["PDI"], "model": "m", "low": 0.0, "high": 1.0})
    assert uncertain.describe(table.merge(found, how="left")) == ""


def test_the_sentence_counts_intervals_that_no_longer_exclude_zero():
    table = pd.DataFrame({"low": [0.1, -1.0], "high": [1.1, 1.0]})
    said = uncertain.describe(table.assign(low_labels=[-0.1, -1.5], high_labels=[1.2, 1.5]))
    assert "1.40 times as wide" in said and "0 of 2 exclude 0 instead of 1" in said
