"""Equivalence and the joint test against scipy, statsmodels, enumeration and simulation."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

import interval_worlds
from alignment.stats import equivalence, language_changes
from alignment.stats import significance as sig
from alignment.stats.equivalence import decide, equivalence_p, statements_needed
from alignment.stats.intervals import DIFFERENCES, mean_interval
from alignment.stats.joint_test import joint_p
from utils.cells import SCORES

MARGIN = 0.5


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("k", "n"), [(0, 12), (0, 23), (1, 55), (9, 116)])
def test_where_statements_change_by_four_one_way_it_is_the_binomial_test_of_their_share(k, n):
    """A mean of half a point is one statement in eight that changes by four."""
    p = scipy.stats.binomtest(k, n, MARGIN / 4, alternative="less").pvalue
    assert equivalence_p([0.0] * (n - k) + [4.0] * k, MARGIN) == pytest.approx(p, abs=1e-9)


def test_with_many_statements_it_is_the_paired_t_test_of_statsmodels():
    values = rng(1).choice([-4.0, -2.0, 0.0, 2.0, 4.0], 4000, p=[0.05, 0.1, 0.65, 0.15, 0.05])
    theirs = DescrStatsW(values).ttost_mean(-0.15, 0.15)[0]
    assert equivalence_p(values, 0.15) == pytest.approx(theirs, abs=0.01) and 0.01 < theirs < 0.3


DIFFERENCE_LISTS = st.lists(
    st.sampled_from([-4.0, -2.0, 0.0, 0.0, 2.0, 4.0]), min_size=1, max_size=40
)


@settings(max_examples=40, deadline=None)
@given(DIFFERENCE_LISTS)
def test_below_five_percent_the_ninety_percent_interval_lies_within_the_margins(values):
    p = equivalence_p(values, MARGIN)
    low, high = mean_interval(values, DIFFERENCES, 0.9)
    assert p >= 0.05 or (-MARGIN < low and high < MARGIN)
    mirrored = equivalence_p([*(-v for v in values), np.nan], MARGIN)
    assert mirrored == pytest.approx(p, abs=1e-9)
    assert equivalence_p(values, 2 * MARGIN) <= p + 1e-9


@pytest.mark.parametrize("n", [6, 12, 22, 55])
def test_a_difference_as_large_as_the_margin_is_called_equivalent_in_at_most_five_percent(n):
    """The worst is 4.9 %: at 22 statements of which one in eight changes by four."""
    for changed, far in ((0.125, 1), (0.25, 0), (1 / 6, 0.5)):
        up = changed * np.array([1 - far, far])
        values, chances = np.array([0.0, 2.0, 4.0]), np.array([1 - changed, *up])
        world = interval_worlds.World("", values, chances, DIFFERENCES)
        assert world.mean == pytest.approx(MARGIN)
        assert interval_worlds.rejections(world, n)[0] <= 0.05


def test_the_verdict_is_the_difference_first():
    assert [decide(*p) for p in product([0.01, 0.05], [0.01, 0.05])] == [
        "different", "different", "equivalent", "undecided"
    ]  # fmt: skip


def test_a_dozen_statements_that_never_change_do_not_show_that_nothing_changes():
    """(7/8) ** 12 = 0.20: twelve unchanged statements are no surprise if one in eight changes by four."""
    unchanged = np.zeros(12)
    assert equivalence_p(unchanged, MARGIN) == pytest.approx((7 / 8) ** 12)
    needed, verdict = statements_needed(unchanged, MARGIN)
    assert verdict == "equivalent" and (7 / 8) ** needed < 0.05 <= (7 / 8) ** (needed - 1)


def test_with_the_statements_that_are_needed_the_verdict_is_there():
    some = np.array([2.0] + [0.0] * 9)
    needed, verdict = statements_needed(some, MARGIN)
    assert verdict == "equivalent" and needed > len(some)
    more = np.tile(some, int(np.ceil(needed / len(some))))
    assert equivalence_p(more, MARGIN) < 0.05
    clear, side = statements_needed(np.array([2.0] * 9 + [0.0]), MARGIN)
    assert side == "different" and clear <= 10


def test_a_mean_at_the_margin_needs_more_statements_than_are_ever_asked_and_none_needs_none():
    assert statements_needed([2.0, -2.0, 4.0, -4.0], 0.001) == (
        pytest.approx(np.nan, nan_ok=True),
        "",
    )
    needed, verdict = statements_needed([np.nan], MARGIN)
    assert np.isnan(needed) and verdict == "" and np.isnan(equivalence_p([], MARGIN))


def enumerated_joint_p(differences):
    """The step-down max-T by its definition, over every sign pattern (Westfall and Young 1993)."""
    d = np.nan_to_num(differences)
    size = np.sqrt((d**2).sum(axis=0))
    statistic = np.array(
        [
            np.abs(np.array(s) @ d) / np.where(size > 0, size, 1)
            for s in product([1, -1], repeat=len(d))
        ]
    )
    order, p, least = np.argsort(-statistic[0], kind="stable"), np.ones(d.shape[1]), 0.0
    for i, column in enumerate(order):
        largest = statistic[:, order[i:]].max(axis=1)
        least = max(least, (largest >= statistic[0, column] - 1e-9).mean())
        p[column] = least if size[column] else 1.0
    return p


def a_table(seed, n=9, columns=4):
    changed = rng(seed).choice(
        [-4.0, -2.0, 0.0, 2.0, 4.0], (n, columns), p=[0.1, 0.1, 0.4, 0.25, 0.15]
    )
    changed[rng(seed + 100).random(changed.shape) < 0.1] = np.nan
    return changed


@pytest.mark.parametrize("seed", range(4))
def test_the_joint_p_is_that_of_all_sign_patterns(seed):
    table = a_table(seed)
    assert joint_p(table, 2**9, rng()) == pytest.approx(enumerated_joint_p(table))


def test_of_one_column_it_is_the_sign_flip_p_of_scipy():
    values = np.array([2.0, 2.0, 4.0, -2.0, 2.0, 0.0, 4.0, 2.0])
    theirs = scipy.stats.permutation_test(
        (values,), np.sum, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert joint_p(values[:, None], 2**8, rng())[0] == pytest.approx(theirs)
    assert joint_p(np.column_stack([values] * 5), 2**8, rng()) == pytest.approx([theirs] * 5)


def test_where_patterns_are_drawn_no_p_is_zero_and_it_is_near_that_of_all_patterns():
    table = np.column_stack([np.full(16, 2.0), a_table(5, 16, 1)[:, 0]])
    drawn = joint_p(table, 999, rng())
    assert drawn[0] == pytest.approx(1 / 1000, abs=1e-3) and drawn.min() >= 1 / 1000
    assert drawn == pytest.approx(joint_p(table, 2**16, rng()), abs=0.05)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[st.sampled_from([-4.0, 0.0, 2.0])] * 3), min_size=1, max_size=7), st.data()
)
def test_it_is_never_below_the_p_of_one_column_and_direction_does_not_matter(rows, data):
    table = np.array(rows)
    p, alone = joint_p(table, 128, rng()), [sig.sign_flip_p(c) for c in table.T]
    assert (p >= np.array(alone) - 1e-9).all()
    flips = np.array(data.draw(st.lists(st.sampled_from([-1, 1]), min_size=3, max_size=3)))
    assert joint_p(table * flips, 128, rng()) == pytest.approx(p)


def test_a_column_without_change_gives_one_and_one_without_statements_none():
    table = np.column_stack([np.full(6, 2.0), np.zeros(6), np.full(6, np.nan)])
    p = joint_p(table, 64, rng())
    assert p[:2].tolist() == [2 / 64, 1.0] and np.isnan(p[2])
    assert joint_p(np.zeros((0, 2)), 10, rng()).shape == (2,)


def test_entries_that_move_together_are_not_paid_for_twice():
    """Eight models that answer alike: Holm multiplies by eight, the joint test by nothing."""
    table = np.column_stack([[2.0] * 7 + [0.0] * 15] * 8)
    exact = [sig.sign_flip_p(column) for column in table.T]
    assert (
        sig.adjust_holm(exact)[0] == pytest.approx(8 / 64)
        and joint_p(table, 128, rng())[0] == 1 / 64
    )


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.7])
def test_under_the_null_any_entry_is_found_in_at_most_five_percent_of_studies(shared):
    """Of 24 entries; changes of a statement in several of them go together, or do not."""
    found, studies = 0, 2000
    for seed in range(studies):
        draw = rng(seed)
        sizes = draw.choice([0.0, 2.0, 4.0], (40, 24), p=[0.75, 0.15, 0.1])
        together = draw.random((40, 24)) < shared
        signs = np.where(together, draw.choice([-1, 1], (40, 1)), draw.choice([-1, 1], (40, 24)))
        found += joint_p(sizes * signs, 499, draw).min() < 0.05
    assert found / studies < 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def two_languages(differences):
    """Scores of one model on one dimension, whose languages differ by as much."""
    n = len(differences)
    rows = [(str(i), "PDI", "m", "US", lang, d / 2 * side) for i, d in enumerate(differences)
            for lang, side in (("en", -1), ("zh", 1))]  # fmt: skip
    columns = ["statement_id", "dimension", "model", "culture", "language", "score"]
    table = pd.DataFrame(rows, columns=columns)
    pairs = language_changes.pair_answers(["m"], ["en", "zh"])
    changes = language_changes.compare_languages(table, pairs, sig.resample_counts(n, 50, rng()))
    return changes, language_changes.paired_differences(table, pairs)


@pytest.mark.parametrize(
    ("differences", "verdict", "towards"),
    [
        ([2.0] * 12 + [0.0] * 10, "different", ""),
        ([2.0, -2.0] + [0.0] * 60, "equivalent", ""),
        ([2.0] * 4 + [0.0] * 18, "undecided", "different"),
        ([0.0] * 12, "undecided", "equivalent"),
    ],
)
def test_a_row_of_table_3_is_judged(differences, verdict, towards):
    table, paired = two_languages(differences)
    assert sorted(paired.ravel()) == sorted(differences)
    row = equivalence.judge_changes(table, paired, MARGIN, 999, rng()).iloc[0]
    assert (row["verdict"], row["towards"]) == (verdict, towards)
    assert np.isnan(row["needed"]) == (verdict != "undecided")
    assert row["low"] <= row["difference"] <= row["high"]
    counts = equivalence.count_verdicts(pd.DataFrame([row]), paired)
    assert counts.loc[MARGIN, verdict] == 1 and (counts.sum(axis=1) == 1).all()


def test_the_smallest_difference_grows_with_the_number_of_tests():
    moved = np.array([2.0] * 12 + [-2.0] * 4 + [0.0] * 100)
    one, many = sig.smallest_difference(moved), sig.smallest_difference(moved, 0.05 / 24)
    assert one < many
    size, changed = 2.0, max(16 / 116, many / 2)
    assert sig.power(many, changed, size, 116, 0.05 / 24) == pytest.approx(0.8, abs=1e-6)


def test_power_at_a_level_is_the_share_of_outcomes_below_it():
    n, mean, changed = 8, 1.2, 0.9
    up = (1 + mean / (2 * changed)) / 2
    chance = {0.0: 1 - changed, 2.0: changed * up, -2.0: changed * (1 - up)}
    expected = sum(
        np.prod([chance[d] for d in o])
        for o in product(chance, repeat=n)
        if sig.sign_flip_p(np.array(o)) < 0.01
    )
    assert sig.power(mean, changed, 2.0, n, 0.01) == pytest.approx(expected)


def test_scores_of_the_paper_lie_on_the_scale_of_the_intervals():
    assert set(np.outer([-2, -1, 1, 2], list(SCORES["stance"].values())).ravel()) == {-2, -1, 1, 2}
