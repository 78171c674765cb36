"""Whether a difference is more than chance: bootstrap over statements, sign-flip test, power."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy.optimize import brentq
from scipy.stats import binom, false_discovery_control

from utils.rules import allowed

ALPHA, POWER = 0.05, 0.8
LEAST = 6  # statements below which no interval is given: not even six changes reach p < 0.05


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
    """Return p = 2 min(P(d* <= 0), P(d* >= 0)), at most 1, of each column without its NaN.

    >>> bootstrap_p(np.array([[-1.0], [1.0], [2.0], [np.nan], [3.0]])).tolist()
    [0.5]
    """
    return _by_column(samples, lambda x: min(1.0, 2 * min((x <= 0).mean(), (x >= 0).mean())))


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
    if not np.allclose(halves, 2 * numbers, atol=1e-9):
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


def power(mean: float, changed: float, size: float, n: int) -> float:
    """Return how often the exact test finds a mean difference in n statements.

    A share of them, `changed`, changes by `size` up or down. A t test's power would be far too
    high: however large the mean, less than six changed statements reach no p < 0.05. With changes
    of one size the sign-flip test is the sign test, so the sum over its outcomes is exact.

    >>> [round(power(0.4, changed=0.2, size=2.0, n=n), 3) for n in (22, 116)]
    [0.267, 1.0]
    """
    up = min(1.0, (1 + abs(mean) / (size * changed)) / 2)
    of, ups = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    significant = 2 * binom.cdf(np.minimum(ups, of - ups), of, 0.5) < ALPHA
    chance = binom.pmf(of, n, changed) * binom.pmf(ups, of, up)
    return float((chance * (significant & (ups <= of))).sum())


def smallest_difference(differences: np.ndarray) -> float:
    """Return the smallest mean difference that the exact test would find four times in five.

    As many change as do here, and as far; where that cannot make such a difference, more, all in
    one direction. NaN when none changed, so that there is no size to go by, or when n is too small.

    >>> round(smallest_difference(np.array([2.0] * 5 + [0.0] * 17)), 2)
    0.67
    """
    numbers = _without_nan(differences)
    moved = np.abs(numbers[numbers != 0])
    if not moved.size:
        return float("nan")
    return _smallest(numbers.size, moved.size, round(float(moved.mean()), 6))


@lru_cache(maxsize=4096)
def _smallest(n: int, moved: int, size: float) -> float:
    def lacking(mean: float) -> float:
        return power(mean, max(moved / n, mean / size), size, n) - POWER

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


def pairs_of(models: Iterable[str], languages: Iterable[str]) -> list[tuple[str, str, str, str]]:
    """Return what Table 3 compares, as (model_a, language_a, model_b, language_b).

    That is the languages of each model. A study with one language compares its models in it, two by
    two.

    >>> pairs_of(["GPT", "Qwen"], ["en", "zh"])
    [('GPT', 'en', 'GPT', 'zh'), ('Qwen', 'en', 'Qwen', 'zh')]
    >>> pairs_of(["GPT", "Qwen"], ["en"])
    [('GPT', 'en', 'Qwen', 'en')]
    """
    models, languages = list(models), list(languages)
    if len(languages) == 1:
        return [(a, languages[0], b, languages[0]) for a, b in combinations(models, 2)]
    return [(model, a, model, b) for model in models for a, b in combinations(languages, 2)]


def compare(
    scores: pd.DataFrame,
    pairs: list[tuple[str, str, str, str]],
    counts: np.ndarray,
    resample: str = "paired",
) -> pd.DataFrame:
    """Return Table 3: each dimension and pair, the difference b - a, and its tests.

    Only statements count that both answered. `scores`: the table of that name. `counts`: one column
    for each statement of `scores`, from `resample_counts`; the same resample serves every row.
    `resample="unpaired"` draws the statements of b anew (those of the next resample). Holm and
    Benjamini-Hochberg correct p_exact over all rows. n counts statements, changed those whose score
    differs; smallest_p is what as many changed statements could reach at best, smallest_difference
    what the exact test finds four times in five.
    """
    names = ["dimension", "model", "language"]
    wide = scores.pivot(index="statement_id", columns=names, values="score")
    if counts.shape[1] != len(wide):
        raise ValueError(f"counts has {counts.shape[1]} columns for {len(wide)} statements")
    keys = [(d, *pair) for d in scores["dimension"].unique() for pair in pairs]
    of_a = pd.MultiIndex.from_tuples([(d, *a) for d, *a, _, _ in keys])
    of_b = pd.MultiIndex.from_tuples([(d, *b) for d, _, _, *b in keys])
    a, b = (wide.reindex(columns=columns).to_numpy() for columns in (of_a, of_b))
    a, b = np.where(np.isnan(b), np.nan, a), np.where(np.isnan(a), np.nan, b)
    if allowed("resample", resample) == "paired":
        samples = bootstrap_means(b - a, counts)
    else:
        samples = bootstrap_means(b, np.roll(counts, 1, axis=0)) - bootstrap_means(a, counts)
    return _table(keys, scores, a, b, samples)


def named_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `compare`, the languages beside the model if there are several pairs."""
    if len(table[["a", "b"]].drop_duplicates()) == 1:
        return table
    return table.assign(model=table["model"] + ", " + table["a"] + " → " + table["b"])


def _table(
    keys: list[tuple], scores: pd.DataFrame, a: np.ndarray, b: np.ndarray, samples: np.ndarray
) -> pd.DataFrame:
    """Return the rows of `compare`, from its columns of scores and of resampled differences."""
    differences, n = b - a, (~np.isnan(a)).sum(axis=0)
    low, high = of_enough(interval(samples), n)
    table = _named(keys, scores).assign(mean_a=column_means(a), mean_b=column_means(b), n=n)
    table["changed"] = (np.abs(np.nan_to_num(differences)) > 0).sum(axis=0)
    table = table.assign(difference=column_means(differences), low=low, high=high)
    table["p_bootstrap"] = bootstrap_p(samples)
    table["p_exact"] = [sign_flip_p(column) for column in differences.T]
    table["p_holm"] = adjust_holm(table["p_exact"])
    table["p_bh"] = adjust_benjamini_hochberg(table["p_exact"])
    table["smallest_p"] = table["changed"].map(smallest_exact_p).where(table["n"] > 0)
    table["smallest_difference"] = [smallest_difference(column) for column in differences.T]
    return table


def _named(keys: list[tuple], scores: pd.DataFrame) -> pd.DataFrame:
    """Return dimension, model, culture, a, b: two languages of one model, or two models."""
    culture = scores.drop_duplicates("model").set_index("model")["culture"]
    rows = []
    for dimension, model_a, language_a, model_b, language_b in keys:
        cultures = dict.fromkeys([culture.get(model_a, ""), culture.get(model_b, "")])
        name, a, b = model_a, language_a, language_b
        if model_a != model_b:
            name, a, b = f"{model_a} / {model_b}", model_a, model_b
        rows.append((dimension, name, " / ".join(cultures), a, b))
    return pd.DataFrame(rows, columns=["dimension", "model", "culture", "a", "b"])
