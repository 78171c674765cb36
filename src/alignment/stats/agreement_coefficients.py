"""Agreement beyond chance, of one table of ratings: items x annotators, NaN where not rated."""

import math
from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint


def wilson(k: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share k of n (E. B. Wilson 1927); NaN for none of none.

    >>> [round(end, 4) for end in wilson(81, 263)]  # Newcombe 1998, Table I, method 3
    [0.2553, 0.3662]
    """
    ends = proportion_confint(k, n, method="wilson") if n else (math.nan, math.nan)
    return float(ends[0]), float(ends[1])


def mean_interval(values: np.ndarray, mean: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a mean error over n items: Wilson's for errors / size.

    The size is at least 1. `values`: the error of each item (0 upwards). Their mean square over
    their mean is the size, which gives the share the variance of the values. Unlike the bootstrap's
    it does not shrink to nothing where few items hold any error.

    >>> [round(end, 2) for end in mean_interval(np.zeros(17), 0.0, 17)]  # no error in 17 pairs
    [0.0, 0.18]
    """
    if not len(values):
        return math.nan, math.nan
    size = max(1.0, float((values**2).sum() / values.sum())) if values.any() else 1.0
    low, high = wilson(n * min(1.0, mean / size), n)
    return low * size, high * size


def value_counts(table: np.ndarray) -> np.ndarray:
    """Return how often each item (rows) got each of the ascending values that occur (columns)."""
    return (table[:, :, None] == np.unique(table[~np.isnan(table)])).sum(axis=1)


def ordinal_alpha(counted: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return Krippendorff's alpha for ordered categories in every resample: (resamples,).

    NaN where nothing varies. `counted`: as `value_counts` gives it; `drawn`: how often each item is
    in each resample, (resamples, items). K. Krippendorff, Content Analysis (2004), chapter 11. 1:
    agreement; 0: as by chance.
    """
    raters = counted.sum(axis=1)
    shared, drawn = counted[raters > 1].astype(float), drawn[:, raters > 1].astype(float)
    within = shared[:, :, None] * shared[:, None, :] - shared[:, :, None] * np.eye(shared.shape[1])
    pairs = within / (raters[raters > 1, None, None] - 1)
    coincident = np.tensordot(drawn, pairs, axes=1)
    often = coincident.sum(axis=2)
    middle = often.cumsum(axis=1) - often / 2
    apart = (middle[:, :, None] - middle[:, None, :]) ** 2
    by_chance = (often[:, :, None] * often[:, None, :] * apart).sum(axis=(1, 2))
    seen = (coincident * apart).sum(axis=(1, 2)) * (often.sum(axis=1) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(by_chance > 0, 1 - seen / by_chance, np.nan)


def gwet_ac1(table, categories=None) -> float:
    """Return Gwet's AC1 of unordered ratings: items x annotators, NaN where not rated.

    `categories`: those that occur. Unlike kappa it does not fall to nothing where nearly everything
    belongs in one category. K. L. Gwet, Handbook of Inter-Rater Reliability (2014), chapter 5. NaN
    where no item has two ratings.
    """
    ratings = np.asarray(table, dtype=float)
    if categories is None:
        categories = np.unique(ratings[~np.isnan(ratings)])
    counts = (ratings[:, :, None] == np.asarray(categories)).sum(axis=1)
    raters = counts.sum(axis=1, keepdims=True)
    two = raters[:, 0] > 1
    if not two.any() or len(categories) < 2:
        return 1.0 if two.any() else math.nan
    agreed = ((counts * (counts - 1))[two].sum(axis=1) / (raters * (raters - 1))[two, 0]).mean()
    share = (counts / np.maximum(raters, 1))[raters[:, 0] > 0].mean(axis=0)
    chance = (share * (1 - share)).sum() / (len(categories) - 1)
    return float((agreed - chance) / (1 - chance))


def kappa(table: pd.DataFrame) -> float:
    """Return Cohen's kappa, the mean over every two annotators who vary; NaN where none does."""
    kappas = [_kappa(table[[a, b]].dropna()) for a, b in combinations(table.columns, 2)]
    numbers = [k for k in kappas if not math.isnan(k)]
    return float(np.mean(numbers)) if numbers else math.nan


def _kappa(both: pd.DataFrame) -> float:
    first, second = (both.iloc[:, i].value_counts(normalize=True) for i in (0, 1))
    chance = float(first.mul(second, fill_value=0).sum())
    if both.empty or chance == 1:
        return math.nan
    return ((both.iloc[:, 0] == both.iloc[:, 1]).mean() - chance) / (1 - chance)


def at_prevalence(accuracy: float, shares: Iterable[float]) -> pd.DataFrame:
    """Return what two equally good annotators would show, by the share of relevant pairs.

    Each says what is so with chance `accuracy`, independently. Columns: relevant (that share), yes
    (how often they say so), agree, then for kappa and for AC1 what each expects by chance and the
    coefficient itself.

    >>> at_prevalence(0.95, [0.5, 1.0]).round(3)[["agree", "kappa", "ac1"]].to_numpy().tolist()
    [[0.905, 0.81, 0.81], [0.905, 0.0, 0.895]]
    """
    relevant = np.array(list(shares), dtype=float)
    yes = relevant * accuracy + (1 - relevant) * (1 - accuracy)
    agree = np.full_like(yes, accuracy**2 + (1 - accuracy) ** 2)
    table = pd.DataFrame({"relevant": relevant, "yes": yes, "agree": agree})
    for name, by_chance in (("kappa", yes**2 + (1 - yes) ** 2), ("ac1", 2 * yes * (1 - yes))):
        table[f"{name}_chance"], table[name] = by_chance, (agree - by_chance) / (1 - by_chance)
    return table
