"""Intervals for the mean of few, discrete, skewed scores: no resampling, no seed.

The mean is that of the statements that were seen and of one more, which lies at an end of the
scale; how much each of them weighs is uniform (Dirichlet, all ones), as in Rubin's Bayesian
bootstrap (1981). With the further statement at the far end the quantile is the bound of Gaffke
(2005) and of Learned-Miller and Thomas (arXiv 1905.06208), which kept its level wherever it was
tried, and Clopper and Pearson's if all scores lie at the two ends of the scale. With either end as
likely it becomes the mid-p interval in that case, shorter and hardly ever below its level.
"""

from functools import lru_cache

import numpy as np
from numpy.random import Generator
from scipy.optimize import brentq

SCORES, DIFFERENCES = (-2.0, 2.0), (-4.0, 4.0)  # the ends of the scale of scores, of differences
LEVEL = 0.95
STEP, COARSE = 1 / 16, 200  # of the grid in log t; beyond so many scores it becomes finer


def chance_below(at: float, values, counts) -> np.ndarray:
    """Return P(mean of `values` <= `at`) if their weights are Dirichlet(`counts`): (...,).

    Exact but for the grid of Imhof's integral (1961): weights are gamma variables over their sum,
    so that the mean lies below `at` when the sum of gamma x (value - at) is not positive. The
    integrand is smooth in log t, where the trapezoid rule errs by less than 1e-9. `values`: (K,);
    `counts`: (..., K), 0 or more, at least one of them positive.

    >>> chance_below(0.0, [-2, 2], [3, 1]).round(9).item()  # two values: P(Beta(1, 3) <= 1/2)
    0.875
    """
    away, counts = np.asarray(values, dtype=float) - at, np.asarray(counts, dtype=float)
    if not away.any():
        return np.ones(counts.shape[:-1])
    step = STEP * min(1.0, COARSE / counts.sum(axis=-1).max())
    reach = np.outer(away / np.abs(away).max(), np.exp(np.arange(-30, 28, step)))
    turn, shrink = counts @ np.arctan(reach), counts @ np.log1p(reach**2) / 2
    below = 0.5 - step / np.pi * (np.sin(turn) * np.exp(-shrink)).sum(axis=-1)
    never, always = (~(counts * side > 0).any(axis=-1) for side in (away < 0, away > 0))
    below = np.where(never, np.where(always, 1.0, 0.0), np.where(always, 1.0, below))
    return np.clip(below, 0.0, 1.0)


def mean_below(at: float, values, counts, ends: tuple[float, float] = SCORES) -> np.ndarray:
    """Return P(mean <= `at`) with one more statement at the upper end, and at the lower end.

    Shape (2, ...); the first is the smaller. 1 - the first is a one-sided p of "the mean is at
    least `at`", the second one of "the mean is at most `at`"; both keep their level. `values`:
    (K,), the different scores; `counts`: (..., K), how often each occurs.

    >>> mean_below(1.0, [2.0, -2.0], [4, 1]).round(4).tolist()  # X of 5, 3/4: P(X > 4), P(X >= 4)
    [0.2373, 0.6328]
    """
    one_more = np.zeros((*np.shape(counts)[:-1], 1))
    further = ([one_more, one_more + 1], [one_more + 1, one_more])
    with_either = [np.concatenate([counts, *one], axis=-1) for one in further]
    return chance_below(at, np.append(values, ends), np.array(with_either))


def mean_interval(
    scores, ends: tuple[float, float] = SCORES, level: float = LEVEL
) -> tuple[float, float]:
    """Return an interval for the mean of the scores that statements like these would have.

    The further statement lies at either end with the same chance. How often it covers, beside the
    percentile, BCa and t intervals, stands in data/reference/interval_coverage.csv. `scores`: (n,),
    NaN left out; none gives NaN. Raises ValueError for a score beyond the ends.

    >>> [round(end, 2) for end in mean_interval([0.0] * 22, DIFFERENCES)]  # none of 22 changed
    [-0.51, 0.51]
    """
    values, counts = count_scores(scores, ends)
    if not counts.sum():
        return float("nan"), float("nan")
    return _interval_of(tuple(values), tuple(counts), ends, level)


def column_intervals(
    scores: np.ndarray, ends: tuple[float, float] = SCORES, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Return `mean_interval` of each column of `scores` (n, columns): low and high, (columns,)."""
    columns = np.asarray(scores, dtype=float).T
    both = [mean_interval(column, ends, level) for column in columns]
    low, high = np.array(both).reshape(-1, 2).T
    return low, high


def coverage(
    scores, samples: int, rng: Generator, ends: tuple[float, float] = SCORES, level: float = LEVEL
) -> float:
    """Return how often `mean_interval` holds the mean if statements give scores like these.

    As many scores are drawn, `samples` times, with the shares that these have. NaN without any.

    >>> coverage([2.0] * 9, 10, np.random.default_rng(1))  # always the same: never missed
    1.0
    """
    values, counts = count_scores(scores, ends)
    if not counts.sum():
        return float("nan")
    drawn = rng.multinomial(counts.sum(), counts / counts.sum(), size=samples)
    inside = [float(np.nextafter(end, 0)) for end in ends]  # an interval holds its own ends
    mean, tail = float(np.clip(values @ counts / counts.sum(), *inside)), 1 - level
    middle = np.mean(mean_below(mean, values, drawn, ends), axis=0)
    return float(np.mean((middle >= tail / 2) & (middle <= 1 - tail / 2)))


def count_scores(scores, ends: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the different scores and how often each occurs, without NaN: (K,), (K,).

    Raises ValueError for a score beyond the ends.
    """
    numbers = np.asarray(scores, dtype=float).ravel()
    values, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    if len(values) and not ends[0] <= values[0] <= values[-1] <= ends[1]:
        raise ValueError(f"scores from {values[0]:g} to {values[-1]:g} leave the scale {ends}")
    return values, counts


@lru_cache(maxsize=4096)
def _interval_of(values: tuple, counts: tuple, ends: tuple, level: float) -> tuple[float, float]:
    tails = (1 - level) / 2, (1 + level) / 2
    low, high = (_quantile(tail, values, counts, ends) for tail in tails)
    return low, high


def _quantile(share: float, values: tuple, counts: tuple, ends: tuple[float, float]) -> float:
    """Return where the chance of a mean below reaches `share`; an end if it does so only there."""

    def excess(at: float) -> float:
        return sum(mean_below(at, values, counts, ends)) / 2 - share

    low, high = (float(np.nextafter(end, 0)) for end in ends)
    if excess(low) >= 0:
        return float(ends[0])
    return brentq(excess, low, high, xtol=1e-7) if excess(high) > 0 else float(ends[1])
