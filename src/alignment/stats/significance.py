"""Whether a difference is more than chance: bootstrap over statements, sign-flip test, power."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from scipy.optimize import brentq
from scipy.stats import binom, false_discovery_control

ALPHA, POWER = 0.05, 0.8
LEAST = 6  # statements below which no interval is given: not even six changes reach p < 0.05
LEAST_CHANGED = 6  # below which no test is made: five, all in one direction, give an exact 0.0625


def resample_counts(n: int, resamples: int, rng: Generator) -> np.ndarray:
    """Return how often each of n statements is drawn: (resamples, n), every row sums to n."""
    # five times as fast as multinomial
    drawn = rng.integers(n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=n * resamples).reshape(resamples, n)


def bootstrap_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the means of `values` (n, columns) in every resample: (resamples, columns).

    NaN is a statement that the column does not have; a resample without any statement of a column
    gives NaN.

    >>> values, counts = np.array([[1.0], [3.0], [np.nan]]), np.array([[2, 1, 0], [0, 0, 3]])
    >>> bootstrap_means(values, counts).round(3).tolist()
    [[1.667], [nan]]
    """
    weights, there = counts.astype(float), ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return (weights @ np.where(there, values, 0.0)) / (weights @ there.astype(float))


def column_means(values: np.ndarray) -> np.ndarray:
    """Return the mean of each column without its NaN; NaN for an empty one."""
    return bootstrap_means(values, np.ones((1, len(values))))[0]


def interval(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % percentile interval of each column; NaN resamples are left out."""
    return tuple(_by_column(samples, lambda x: np.quantile(x, [0.025, 0.975])).reshape(-1, 2).T)


def of_enough(ends: tuple[np.ndarray, np.ndarray], n) -> tuple[np.ndarray, np.ndarray]:
    """Return intervals of means over `n` statements; NaN below `LEAST` of them."""
    return tuple(np.where(np.asarray(n) < LEAST, np.nan, end) for end in ends)


def bootstrap_p(samples: np.ndarray) -> np.ndarray:
    """Return p = 2 min(b(d* <= 0) + 1, b(d* >= 0) + 1) / (B + 1), at most 1, of each column.

    Of B resamples without the NaN. The one that is added is what was observed, so that no p is 0.

    >>> bootstrap_p(np.array([[-1.0], *[[1.0]] * 98, [np.nan]])).tolist()
    [0.04]
    """
    return _by_column(samples, _p_of_sides)


def _p_of_sides(x: np.ndarray) -> float:
    return min(1.0, 2 * (min((x <= 0).sum(), (x >= 0).sum()) + 1) / (x.size + 1))


def _by_column(samples: np.ndarray, statistic) -> np.ndarray:
    """Return a statistic of the numbers in each column; NaN where a column has none."""
    columns = [_without_nan(column) for column in np.asarray(samples).T]
    nothing = np.full_like(statistic(np.zeros(1)), np.nan, dtype=float)
    return np.array([statistic(column) if column.size else nothing for column in columns])


def _without_nan(values) -> np.ndarray:
    numbers = np.asarray(values, dtype=float)
    return numbers[~np.isnan(numbers)]


def sign_flip_p(differences: np.ndarray) -> float:
    """Return the two-sided paired sign-flip p of a mean difference.

    Under the null each difference may have either sign. Exact, whatever their number, since
    differences of scores are whole or half numbers (ValueError for others). NaN differences are
    left out; no difference at all gives 1, no statement gives NaN.

    >>> sign_flip_p(np.array([2, 2, 2, 2, 2, 0, 0])), sign_flip_p(np.array([2.0, 2.0, -4.0]))
    (0.0625, 1.0)
    """
    numbers = _without_nan(differences)
    if not numbers.size:
        return float("nan")
    halves = np.rint(2 * numbers)
    if not np.isfinite(numbers).all() or not np.allclose(halves, 2 * numbers, atol=1e-9):
        raise ValueError("differences of scores are whole or half numbers")
    return _exact_p(halves.astype(int))


def _exact_p(whole: np.ndarray) -> float:
    """Return P(|sum of signed numbers| >= |their sum|), convolved number by number."""
    sizes = np.abs(whole[whole != 0])
    chance = np.ones(1)  # of the sums -total, ..., total
    for size in sizes:
        wider = np.zeros(chance.size + 2 * size)
        wider[: chance.size] += chance / 2
        wider[2 * size :] += chance / 2
        chance = wider
    sums = np.arange(chance.size) - sizes.sum()
    return min(1.0, float(chance[np.abs(sums) >= abs(whole.sum())].sum()))


def smallest_exact_p(changed: int) -> float:
    """Return the least sign-flip p of so many changed statements: all of them in one direction.

    >>> [smallest_exact_p(k) for k in (0, 1, 5, 6)]
    [1.0, 1.0, 0.0625, 0.03125]
    """
    return min(1.0, 2.0 ** (1 - int(changed)))


def power(mean: float, changed: float, size: float, n: int, alpha: float = ALPHA) -> float:
    """Return how often the exact test finds a mean difference in n statements, at level `alpha`.

    A share of them, `changed`, changes by `size` up or down. A t test's power would be far too
    high: however large the mean, less than six changed statements reach no p < 0.05. With changes
    of one size the sign-flip test is the sign test, so the sum over its outcomes is exact.

    >>> [round(power(0.4, changed=0.2, size=2.0, n=n), 3) for n in (22, 116)]
    [0.267, 1.0]
    """
    up = min(1.0, (1 + abs(mean) / (size * changed)) / 2)
    of, ups = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    significant = 2 * binom.cdf(np.minimum(ups, of - ups), of, 0.5) < alpha
    chance = binom.pmf(of, n, changed) * binom.pmf(ups, of, up)
    return float((chance * (significant & (ups <= of))).sum())


def smallest_difference(differences: np.ndarray, alpha: float = ALPHA) -> float:
    """Return the smallest mean difference that the exact test would find four times in five.

    As many change as do here, and as far; where that cannot make such a difference, more, all in
    one direction. NaN when none changed, so that there is no size to go by, or when n is too small.
    With `alpha` = 0.05 / tests it is on the footing of Holm's correction, at its first step.

    >>> round(smallest_difference(np.array([2.0] * 5 + [0.0] * 17)), 2)
    0.67
    """
    numbers = _without_nan(differences)
    moved = np.abs(numbers[numbers != 0])
    if not moved.size:
        return float("nan")
    return _smallest(numbers.size, moved.size, round(float(moved.mean()), 6), alpha)


@lru_cache(maxsize=4096)
def _smallest(n: int, moved: int, size: float, alpha: float) -> float:
    def lacking(mean: float) -> float:
        return power(mean, max(moved / n, mean / size), size, n, alpha) - POWER

    return brentq(lacking, 1e-6, size) if lacking(size) > 0 else float("nan")


def adjust_holm(pvalues: Iterable[float]) -> np.ndarray:
    """Return p after Holm's correction; a NaN stays NaN and counts as no test.

    The same as statsmodels' `multipletests`, at a thousandth of its time.

    >>> adjust_holm([0.01, 0.04, float("nan")]).tolist()
    [0.02, 0.04, nan]
    """
    p = np.asarray(list(pvalues), dtype=float)
    order, tests = np.argsort(p), np.count_nonzero(~np.isnan(p))  # NaN last
    out = np.empty_like(p)
    out[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * (tests - np.arange(len(p)))))
    return out


def adjust_benjamini_hochberg(pvalues: Iterable[float]) -> np.ndarray:
    """Return p after Benjamini and Hochberg's correction; a NaN stays NaN and counts as no test.

    >>> adjust_benjamini_hochberg([0.01, 0.04, 0.03, float("nan")]).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    p = np.asarray(list(pvalues), dtype=float)
    tested = ~np.isnan(p)
    p[tested] = false_discovery_control(p[tested])
    return p
