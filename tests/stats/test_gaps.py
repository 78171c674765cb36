"""Directions of Figure 1 that are decided, or not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.stats import gaps
from alignment.stats import significance as sig
from alignment.stats.intervals import DIFFERENCES, mean_interval
from utils import scores

MODELS = pd.DataFrame(
    [("us-1", "US", "en"), ("us-2", "US", "en"), ("cn-1", "China", "zh"), ("cn-2", "China", "zh")],
    columns=["model", "culture", "language"],
)
PEOPLE = pd.DataFrame(
    [(g, d, v) for d, values in {"PDI": (40, 80), "IDV": (60, 43)}.items()
     for g, v in zip(["US", "China"], values, strict=True)],
    columns=["group", "dimension", "value"],
)  # fmt: skip


def scored_of(votes, polarities, dimension="PDI"):
    """The scores table of votes (statements x the four models, native languages)."""
    names = [f"{dimension}-{i}" for i in range(len(votes))]
    labels = pd.DataFrame({"statement_id": names, "dimension": dimension, "polarity": polarities})
    rows = [
        (s, m, language, v)
        for s, row in zip(names, votes, strict=True)
        for (m, _, language), v in zip(MODELS.to_numpy(), row, strict=True)
    ]
    stances = pd.DataFrame(rows, columns=["statement_id", "model", "language", "vote"])
    return scores.label_scores(labels, stances, MODELS)


def decided(votes, polarities):
    groups = scores.group_scores(scored_of(votes, polarities), MODELS)
    return gaps.decide_directions(groups, PEOPLE).iloc[0]


US_HIGHER, CHINA_HIGHER, ALIKE, SPLIT = [1, 1, -1, -1], [-1, -1, 1, 1], [1, 1, 1, 1], [1, 1, 1, -1]


def test_a_gap_has_the_interval_and_the_p_of_its_differences():
    votes = [US_HIGHER] * 5 + [CHINA_HIGHER] * 2 + [SPLIT] * 3 + [ALIKE] * 9
    polarities = [2, 1, 1, 2, 1] + [1, -2] + [-1, 2, 1] + [2] * 9
    row = decided(votes, polarities)
    differences = [4, 2, 2, 4, 2, -2, 4, -1, 2, 1]
    low, high = mean_interval(differences, DIFFERENCES)
    assert (row["n"], row["gap_models"]) == (10, pytest.approx(25 * np.mean(differences)))
    assert (row["low"], row["high"]) == pytest.approx((25 * low, 25 * high))
    assert row["p_exact"] == row["p_holm"] == sig.sign_flip_p(np.array(differences))


def test_six_statements_that_all_go_one_way_are_significant_and_decide_nothing_yet():
    """Six of six: p = 0.03, and an interval that still holds 0, since a seventh could be opposite."""
    row = decided([US_HIGHER] * 6, [1] * 6)
    assert row["p_exact"] == 2 / 64 and row["low"] < 0 < row["high"] and not row["decided"]
    assert row["agrees"] == "no"
    assert decided([US_HIGHER] * 9, [1] * 9)["decided"]


def test_where_nothing_differs_no_direction_is_decided():
    row = decided([ALIKE] * 7, [1] * 7)
    assert row["n"] == 0 and row["agrees"] == "open" and not row["decided"]
    assert row[["low", "high", "p_exact", "p_holm"]].isna().all()


VOTES = st.lists(st.tuples(*[st.sampled_from([-1, 1])] * 4), min_size=1, max_size=20)


@settings(max_examples=15, deadline=None)
@given(VOTES, st.integers(0, 2**32))
def test_a_direction_that_is_decided_is_that_of_the_gap_and_swapping_groups_turns_it(votes, seed):
    polarities = np.random.default_rng(seed).choice([-2, -1, 1, 2], len(votes))
    row, swapped = decided(votes, polarities), decided([v[2:] + v[:2] for v in votes], polarities)
    if not row["n"]:
        return
    assert row["low"] <= row["gap_models"] + 1e-4 and row["gap_models"] - 1e-4 <= row["high"]
    turned = (-swapped["gap_models"], -swapped["high"], -swapped["low"])
    assert (row["gap_models"], row["low"], row["high"]) == pytest.approx(turned, abs=1e-4)
    assert row["p_exact"] == swapped["p_exact"] and row["decided"] == swapped["decided"]


def test_the_interval_over_labels_is_that_of_the_statements_where_no_vote_can_change():
    rng, n = np.random.default_rng(5), 14
    ids = [f"s{i}" for i in range(n)]
    groups = pd.DataFrame(
        [(s, "PDI", g, 1.0, r) for i, s in enumerate(ids)
         for g, r in (("US", 1.0), ("China", -1.0 if i % 3 else 1.0))],
        columns=["statement_id", "dimension", "group", "polarity", "response"],
    )  # fmt: skip
    groups["score"] = groups["polarity"] * groups["response"]
    people = pd.DataFrame({"group": ["US", "China"], "dimension": "PDI", "value": [40, 80]})
    directions = gaps.decide_directions(groups, people)
    drawn = pd.DataFrame([(d, s, "PDI", 1.0) for d in range(200) for s in ids],
                         columns=["draw", "statement_id", "dimension", "polarity"])  # fmt: skip
    row = gaps.with_labels(directions, groups, drawn, rng).iloc[0]
    assert row["low_labels"] == pytest.approx(row["low"], abs=6)
    assert row["high_labels"] == pytest.approx(row["high"], abs=6)
    flipped = drawn.assign(polarity=np.where(drawn["draw"] % 2, 1.0, -1.0))
    wider = gaps.with_labels(directions, groups, flipped, rng).iloc[0]
    assert wider["low_labels"] < 0 < wider["high_labels"]
    brought = gaps.with_labels(directions, groups, drawn.iloc[:0], rng).iloc[0]
    assert np.isnan(brought["low_labels"]) and brought["gap_models"] == row["gap_models"]
