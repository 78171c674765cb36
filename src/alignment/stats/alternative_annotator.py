"""Whether labels may stand in for an annotator: the alternative annotator test.

N. Calderon, R. Reichart and R. Dror, The Alternative Annotator Test for LLM-as-a-Judge, ACL 2025
(arXiv 2501.10970). Each annotator is left out in turn; the label and the annotator are compared
with the remaining ones, by the root mean squared distance.
"""

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp
from statsmodels.stats.multitest import multipletests

EPSILON = 0.15  # what a person costs more: 0.2 for experts, 0.15 for skilled, 0.1 for crowd workers
FALSE_DISCOVERIES = 0.05  # of annotators beaten, by Benjamini and Yekutieli
LEAST_PAIRS = 30  # of an annotator, below which the paper's t-test is not made


def compare_with_each(ratings: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Return for each annotator whether the labels represent the others at least as well.

    `ratings`: pairs by annotators, NaN where not rated; `labels`: by pair. Pairs count that the
    annotator and at least one other rated, and that have a label. Columns: annotator, pairs,
    advantage (share of pairs in which the label is as near to the others or nearer), as_near (the
    same of the annotator), p (one-sided, of "the label's share + `EPSILON` is not above it"; NaN
    below `LEAST_PAIRS`), beaten (by the false discovery rate over annotators).
    """
    rows = []
    for name in ratings:
        others = ratings.drop(columns=name)
        both = ratings[name].notna() & others.notna().any(axis=1)
        both &= labels.reindex(ratings.index).notna()
        rest, own = others[both], ratings.loc[both, name]
        label = labels.reindex(rest.index)
        distance = [_distance(given, rest) for given in (label, own)]
        as_near = [distance[0] <= distance[1] + 1e-9, distance[1] <= distance[0] + 1e-9]
        shares = [float(side.mean()) if len(side) else np.nan for side in as_near]
        difference = as_near[1].astype(float) - as_near[0].astype(float)
        rows.append((name, int(both.sum()), *shares, _p_below(difference.to_numpy())))
    columns = ["annotator", "pairs", "advantage", "as_near", "p"]
    table = pd.DataFrame(rows, columns=columns)
    tested, beaten = table["p"].notna(), np.zeros(len(table), dtype=bool)
    if tested.any():
        how = {"alpha": FALSE_DISCOVERIES, "method": "fdr_by"}
        beaten[tested] = multipletests(table.loc[tested, "p"], **how)[0]
    return table.assign(beaten=beaten)


def _distance(given: pd.Series, others: pd.DataFrame) -> pd.Series:
    return np.sqrt(others.sub(given, axis=0).pow(2).mean(axis=1))


def _p_below(difference: np.ndarray) -> float:
    """Return the p of "the mean difference is not below `EPSILON`"."""
    if len(difference) < LEAST_PAIRS:
        return float("nan")
    if (
        np.ptp(difference) == 0
    ):  # a t-test of no spread; at least as rare as the same side each time
        return 0.5 ** len(difference) if difference[0] < EPSILON else 1.0
    return float(ttest_1samp(difference, EPSILON, alternative="less").pvalue)


def describe(table: pd.DataFrame) -> str:
    """Say what the test finds: the winning rate, whether it is passed, and the mean advantage."""
    tested = table.dropna(subset="p")
    if tested.empty:
        return f"No annotator rated {LEAST_PAIRS} pairs with others, so the test is not made."
    won = tested["beaten"].mean()
    verdict = "pass" if won >= 0.5 else "do not pass"
    return (
        f"**The labels {verdict} the test**: they beat {tested['beaten'].sum()} of {len(tested)} "
        f"annotators (winning rate {won:.2f}, at least 0.5 needed; epsilon {EPSILON:g}), with a "
        f"mean advantage probability of {tested['advantage'].mean():.2f}."
    )
