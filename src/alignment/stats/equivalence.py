"""Whether a mean changes with the language, does not, or too few statements tell.

A change that is not significant is not for that reason absent. Two one-sided tests (Schuirmann
1987) ask whether it is smaller than a declared margin.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.stats.intervals import DIFFERENCES, column_intervals, count_scores, mean_below
from alignment.stats.joint_test import joint_p
from alignment.stats.significance import ALPHA, adjust_holm, smallest_difference

MARGINS = (0.25, 0.5, 1.0)  # of a mean difference of scores, which lie between -2 and 2
MOST = 2000  # statements beyond which no number is given
DIFFERENT, EQUIVALENT, UNDECIDED = VERDICTS = ("different", "equivalent", "undecided")


def equivalence_p(differences, margin: float) -> float:
    """Return the p of "the mean difference is no smaller than the margin": the larger of two tests.

    Each is one-sided and keeps its level (`intervals.mean_below`). Where it is below 0.05 the 90 %
    interval lies within the margins. `differences`: (n,), -4 to 4, NaN left out; none gives NaN.

    >>> [round(equivalence_p([0.0] * n, 0.5), 3) for n in (22, 23)]  # (7/8) ** n
    [0.053, 0.046]
    """
    values, counts = count_scores(differences, DIFFERENCES)
    return _equivalence_p(values, counts, margin) if counts.sum() else float("nan")


def _equivalence_p(values: np.ndarray, counts: np.ndarray, margin: float) -> float:
    _, at_most = mean_below(-margin, values, counts, DIFFERENCES)
    least, _ = mean_below(margin, values, counts, DIFFERENCES)
    return float(max(at_most, 1 - least))


def decide(p_different: float, p_equivalent: float) -> str:
    """Return the verdict on a mean difference: different, equivalent or undecided.

    A difference that is certain and small is *different*: its interval says how small.

    >>> decide(0.2, 0.01), decide(0.01, 0.01), decide(0.2, 0.2)
    ('equivalent', 'different', 'undecided')
    """
    if p_different < ALPHA:
        return DIFFERENT
    return EQUIVALENT if p_equivalent < ALPHA else UNDECIDED


def statements_needed(differences, margin: float, alpha: float = ALPHA) -> tuple[float, str]:
    """Return how many statements would decide, and how, if they changed as often and as far.

    *Equivalent* where both one-sided tests at `alpha` would say so, *different* where an interval
    of level 1 - `alpha` would leave out 0. About an even chance: other statements change more or
    less. NaN and "" where there is no statement, or more than `MOST` were needed.

    >>> statements_needed([0.0] * 12, 0.5), statements_needed([2.0] * 3 + [0.0] * 9, 0.5)
    ((23.0, 'equivalent'), (30.0, 'different'))
    """
    values, counts = count_scores(differences, DIFFERENCES)
    if not counts.sum():
        return float("nan"), ""

    def verdict_of(n: int) -> str:
        return _verdict_of(values, counts * n / counts.sum(), margin, alpha)

    n = int(counts.sum())
    while verdict_of(n) == UNDECIDED:
        n *= 2
        if n > 2 * MOST:
            return float("nan"), ""
    fewer = n // 2
    while n - fewer > 1:
        middle = (fewer + n) // 2
        fewer, n = (middle, n) if verdict_of(middle) == UNDECIDED else (fewer, middle)
    return (float(n), verdict_of(n)) if n <= MOST else (float("nan"), "")


def _verdict_of(values: np.ndarray, counts: np.ndarray, margin: float, alpha: float) -> str:
    below = sum(mean_below(0.0, values, counts, DIFFERENCES)) / 2
    if min(below, 1 - below) < alpha / 2:
        return DIFFERENT
    return EQUIVALENT if _equivalence_p(values, counts, margin) < alpha else UNDECIDED


def judge_changes(
    table: pd.DataFrame, differences: np.ndarray, margin: float, resamples: int, rng: Generator
) -> pd.DataFrame:
    """Return the verdict on each row of Table 3, and what it rests on.

    `table`: as `compare_languages` gives it; `differences`: as `paired_differences` does. A row is
    *different* if p_joint is below 0.05: the joint sign-flip test, beside Holm's correction of the
    exact p. Columns: dimension, model, culture, a, b, n, changed, difference, low, high (a 90 %
    interval), p_holm, p_joint, p_equivalent (after Holm's correction over all rows), verdict,
    needed and towards (as `statements_needed` gives them, where undecided), smallest (the least
    difference that a star after Holm's correction would mark four times in five, at its first
    step).
    """
    low, high = column_intervals(differences, DIFFERENCES, 1 - 2 * ALPHA)
    columns, tests = differences.T, max(1, int(table["p_exact"].notna().sum()))
    result = table[["dimension", "model", "culture", "base", "other", "n", "changed", "difference"]]
    result = result.assign(low=low, high=high, p_holm=table["p_holm"])
    result["p_joint"] = joint_p(differences, resamples, rng)
    result["p_equivalent"] = _correct_equivalence(columns, margin)
    result["verdict"] = list(map(decide, result["p_joint"], result["p_equivalent"]))
    needed = [(float("nan"), "")] * len(result)
    for i in np.flatnonzero(result["verdict"] == UNDECIDED):
        needed[i] = statements_needed(columns[i], margin, ALPHA / tests)
    result["needed"], result["towards"] = zip(*needed, strict=True) if needed else ((), ())
    result["smallest"] = [smallest_difference(column, ALPHA / tests) for column in columns]
    return result


def _correct_equivalence(columns: np.ndarray, margin: float) -> np.ndarray:
    """Return p_equivalent of each column of differences, after Holm's correction over all."""
    return adjust_holm([equivalence_p(column, margin) for column in columns])


def count_verdicts(judged: pd.DataFrame, differences: np.ndarray) -> pd.DataFrame:
    """Return how many rows are different, equivalent and undecided at each of `MARGINS`.

    `judged`: as `judge_changes` gives it. Index: margin; columns: `VERDICTS`.
    """
    counts = {}
    for margin in MARGINS:
        equivalent = _correct_equivalence(differences.T, margin)
        verdicts = pd.Series(list(map(decide, judged["p_joint"], equivalent)), dtype="str")
        counts[margin] = verdicts.value_counts().reindex(VERDICTS, fill_value=0)
    return pd.DataFrame(counts).T.rename_axis("margin")
