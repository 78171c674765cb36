"""Intervals of means against published ones, other packages, enumeration and simulation."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from statsmodels.stats.proportion import proportion_confint

import interval_worlds
from alignment.stats import intervals
from alignment.stats.intervals import DIFFERENCES, SCORES, count_scores, mean_below, mean_interval
from alignment.study.paths import ROOT

COVERAGE = ROOT / "data" / "reference" / "interval_coverage.csv"
LEAST, LEAST_TWO_ENDS = 0.93, 0.91  # coverage of a 95 % interval


def two_valued(k: int, n: int) -> np.ndarray:
    return np.array([2.0] * k + [-2.0] * (n - k))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2544, 0.3658),
        (15, 148, 0.0601, 0.1581),
        (0, 20, 0.0, 0.1391),
        (1, 29, 0.0017, 0.1585),
    ],
)
def test_of_two_values_it_is_the_published_mid_p_interval(k, n, low, high):
    """Newcombe (1998), Statistics in Medicine 17, Table I, method 6."""
    share = (np.array(mean_interval(two_valued(k, n))) + 2) / 4
    assert share.round(4).tolist() == [low, high]


@pytest.mark.parametrize(("k", "n"), [(0, 6), (3, 12), (21, 22), (60, 116)])
def test_of_two_values_it_solves_the_mid_p_equation(k, n):
    def tail(p, k):  # P(X >= k), and half of P(X = k) only
        return scipy.stats.binom.sf(k, n, p) + scipy.stats.binom.pmf(k, n, p) / 2

    low = brentq(lambda p: tail(p, k) - 0.025, 1e-12, 1 - 1e-12) if k else 0.0
    high = brentq(lambda p: tail(p, k) - 0.975, 1e-12, 1 - 1e-12)
    assert (np.array(mean_interval(two_valued(k, n))) + 2) / 4 == pytest.approx(
        [low, high], abs=1e-6
    )


@pytest.mark.parametrize(("k", "n"), [(0, 6), (3, 12), (21, 22), (60, 116), (116, 116)])
def test_with_the_further_statement_at_the_far_end_it_is_clopper_and_pearsons(k, n):
    low, high = (4 * end - 2 for end in proportion_confint(k, n, method="beta"))
    if k:
        assert mean_below(low, *count_scores(two_valued(k, n), SCORES))[1] == pytest.approx(
            0.025, abs=1e-9
        )
    if k < n:
        assert mean_below(high, *count_scores(two_valued(k, n), SCORES))[0] == pytest.approx(
            0.975, abs=1e-9
        )


def test_one_sided_p_values_are_those_of_the_binomial_test():
    for k, n, mean in [(0, 18, 0.5), (2, 22, 1.0), (7, 12, -0.3)]:
        least, most = mean_below(mean, *count_scores(two_valued(k, n), SCORES))
        share = (mean + 2) / 4
        less, greater = (
            scipy.stats.binomtest(k, n, share, alternative=side).pvalue
            for side in ("less", "greater")
        )
        assert (1 - least, most) == pytest.approx((less, greater), abs=1e-9)


@pytest.mark.parametrize("n", [1, 6, 116, 1000, 20_000])
def test_the_chance_of_two_values_is_that_of_the_beta_distribution(n):
    for k in {0, n // 3, n - 1}:
        for at in (1e-4, 0.01, 0.3, 0.5, 0.99):
            ours = intervals.chance_below(at, [0, 1], [n - k, k + 1])
            assert ours == pytest.approx(scipy.stats.beta.cdf(at, k + 1, n - k), abs=1e-9)


def test_the_chance_of_many_values_is_that_of_drawn_weights():
    values, counts = np.array([-2, -1, 0, 1, 2, 2.0]), np.array([3, 0.5, 2, 4, 6, 1])
    drawn = np.random.default_rng(0).dirichlet(counts, 200_000) @ values
    for at in (-0.5, 0.2, 0.6, 1.2):
        expected = (drawn <= at).mean()
        assert intervals.chance_below(at, values, counts) == pytest.approx(expected, abs=0.004)


def test_a_chance_beyond_the_values_is_none_or_certain():
    assert intervals.chance_below(-2, [-1, 1], [3, 2]) == 0
    assert intervals.chance_below(2, [-1, 1], [3, 2]) == 1
    assert intervals.chance_below(0, [-1, 0, 1], [[3, 2, 0], [0, 2, 3], [0, 2, 0]]).tolist() == [
        1,
        0,
        1,
    ]


SCORE_LISTS = st.lists(st.sampled_from([-2.0, -1.5, -1.0, 0.0, 1.0, 2.0]), min_size=1, max_size=30)


@settings(max_examples=30, deadline=None)
@given(SCORE_LISTS, st.randoms())
def test_neither_order_nor_missing_scores_nor_the_direction_of_the_scale_matter(scores, random):
    low, high = mean_interval(scores)
    assert mean_interval([*random.sample(scores, len(scores)), np.nan]) == (low, high)
    mirrored = mean_interval([-s for s in scores])
    assert mirrored == pytest.approx((-high, -low), abs=1e-6)
    doubled = mean_interval([2 * s for s in scores], DIFFERENCES)
    assert doubled == pytest.approx((2 * low, 2 * high), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(SCORE_LISTS)
def test_it_holds_the_mean_and_lies_on_the_scale_and_grows_with_the_level(scores):
    wide, narrow = (mean_interval(scores, level=level) for level in (0.95, 0.8))
    assert -2 <= wide[0] <= narrow[0] <= np.mean(scores) + 1e-6
    assert np.mean(scores) - 1e-6 <= narrow[1] <= wide[1] <= 2


@settings(max_examples=30, deadline=None)
@given(SCORE_LISTS)
def test_a_higher_score_lowers_neither_end(scores):
    more = [min(2.0, scores[0] + 1), *scores[1:]]
    before, after = mean_interval(scores), mean_interval(more)
    assert after[0] >= before[0] - 1e-6 and after[1] >= before[1] - 1e-6


def test_without_scores_there_is_no_interval_and_beyond_the_scale_there_is_an_error():
    assert np.isnan(mean_interval([])).all() and np.isnan(mean_interval([np.nan])).all()
    with pytest.raises(ValueError, match="from -4 to 2 leave the scale"):
        mean_interval([2.0, -4.0], SCORES)


def test_columns_have_the_intervals_of_their_scores():
    table = np.array([[1.0, np.nan], [-2.0, np.nan], [2.0, np.nan]])
    low, high = intervals.column_intervals(table)
    assert (low[0], high[0]) == mean_interval([1, -2, 2]) and np.isnan([low[1], high[1]]).all()


def test_the_bootstraps_that_it_is_compared_with_are_those_of_scipy():
    values, counts = np.array([-2.0, -1.0, 1.0, 2.0]), np.array([[1, 2, 5, 9], [0, 1, 3, 12]])
    ours = interval_worlds.bootstrap_intervals(values, counts, 20_000, np.random.default_rng(1))
    for name, i in (("percentile", 0), ("bca", 0), ("percentile", 1), ("bca", 1)):
        sample = [np.repeat(values, counts[i])]
        theirs = scipy.stats.bootstrap(sample, np.mean, method=name, n_resamples=20_000, rng=2)
        np.testing.assert_allclose(ours[name][i], theirs.confidence_interval, atol=0.07)


@pytest.mark.parametrize("world", interval_worlds.score_worlds()[::3], ids=lambda w: w.name)
def test_it_covers_at_twelve_statements(world):
    assert 1 - sum(interval_worlds.our_misses(world, 12)) >= LEAST


def test_one_sided_tests_keep_their_level():
    for world in [*interval_worlds.score_worlds(), *interval_worlds.difference_worlds(0.125)]:
        assert max(interval_worlds.rejections(world, 12)) <= 0.05, world.name


@pytest.mark.parametrize("scores", [[0.0] * 18 + [2.0] * 4, [-2.0] * 5 + [-1.0, 1.0, 2.0, 2.0]])
def test_the_coverage_of_a_study_is_that_of_its_own_world(scores):
    """Drawn from what was seen, against the enumeration of all outcomes."""
    values, counts = count_scores(scores, SCORES)
    world = interval_worlds.World("", values, counts / counts.sum(), SCORES)
    exact = 1 - sum(interval_worlds.our_misses(world, len(scores)))
    found = intervals.coverage(scores, 4000, np.random.default_rng(3))
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))
    assert np.isnan(intervals.coverage([np.nan], 10, np.random.default_rng(3)))


def test_the_table_of_coverage_says_that_it_covers_where_the_others_do_not():
    table = pd.read_csv(COVERAGE)
    ends = table["world"].str.contains("worst")
    assert len(table) == 95 and set(table["n"]) == set(interval_worlds.SIZES)
    assert table["dirichlet"].where(~ends).min() >= LEAST
    assert table["dirichlet"].where(ends).min() >= LEAST_TWO_ENDS
    others = table.loc[table["n"] == 6, ["percentile", "bca", "t"]]
    assert (others.min() < 0.5).all()


@pytest.mark.slow
def test_the_table_of_coverage_is_current():
    """About three minutes. To renew it: interval_worlds.coverage_table().to_csv(COVERAGE, index=False)."""
    table = interval_worlds.coverage_table()
    pd.testing.assert_frame_equal(table, pd.read_csv(COVERAGE), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("n", [6, 12, 22])
@pytest.mark.parametrize("strong", [0.0, 0.1, 0.25, 0.5, 0.75, 0.9])
def test_it_covers_at_every_true_mean_unless_all_scores_lie_at_the_ends(n, strong):
    """The lowest of all is 94.8 %, at six statements of which nine in ten have a strong label."""
    for mean in np.arange(0, 1.96, 0.06):
        up = (1 + mean / (1 + strong)) / 2
        sizes = np.array([strong, 1 - strong])
        chances = np.concatenate([sizes * (1 - up), sizes[::-1] * up])
        world = interval_worlds.World("", np.array([-2.0, -1.0, 1.0, 2.0]), chances, SCORES)
        if up < 1:
            assert 1 - sum(interval_worlds.our_misses(world, n)) >= 0.945, mean
