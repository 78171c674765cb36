"""Positions of models and groups with their intervals: what Figures 1 and 3 draw."""

import numpy as np
import pandas as pd

from alignment.stats import significance
from utils import scores
from utils.cells import PAIR, in_paper_order
from utils.rules import Rules


def model_positions(
    scored: pd.DataFrame, rng: np.random.Generator, resamples: int = 10_000
) -> pd.DataFrame:
    """Return Figure 3's means, with intervals by one bootstrap of statements for all of them.

    Too few statements have no interval. Columns: dimension, model, culture, language, mean, low,
    high (all -2 to 2), n, missing.
    """
    table = scores.positions(scored).rename(columns={"position": "mean"})
    cells = pd.MultiIndex.from_frame(table[["dimension", "model", "language"]])
    wide = (
        scored.pivot(index="statement_id", columns=cells.names, values="score")
        .reindex(columns=cells)
        .to_numpy()
    )
    counts = significance.resample_counts(len(wide), resamples, rng)
    low, high = significance.of_enough(
        significance.interval(significance.bootstrap_means(wide, counts)), table["n"]
    )
    return table.assign(low=low, high=high)[[*table.columns[:5], "low", "high", "n", "missing"]]


def sentence(table: pd.DataFrame) -> str:
    """Return what `model_positions` says, in a sentence or two."""
    known = table.dropna(subset="mean")
    if known.empty:
        return "No model has a position: none of the answers could be read."
    clear, bare = (known["low"] > 0) | (known["high"] < 0), known["low"].isna().sum()
    far = known.loc[known["mean"].abs().idxmax()]
    few = f" ({bare} rest on too few statements for an interval)" if bare else ""
    return (
        f"**{clear.sum()} of {len(table)} positions have an interval without 0**{few}. "
        "The farthest from the middle is "
        f"{far['mean']:.2f} ({far['model']}, {far['dimension']}, n = {far['n']:.0f})."
    )


def figure1(
    groups: pd.DataFrame,
    rng: np.random.Generator,
    differ: str = Rules.differ,
    resamples: int = 10_000,
) -> pd.DataFrame:
    """Return Figure 1: each group on each dimension (0 to 100), on differing and on all labels.

    Both selections hold only labels to which every group responded. One bootstrap of statements
    serves all rows. Columns: dimension, group, selection (differing|all), value, low, high, n; NaN
    where no label is left, and no interval where too few are.
    """
    table = groups.merge(scores.differing(groups, differ), on=PAIR)
    table = table[table["comparable"]]
    both = pd.concat(
        [table[table["differs"]].assign(selection="differing"), table.assign(selection="all")]
    )
    dimensions = in_paper_order(groups["dimension"].unique())
    index = pd.MultiIndex.from_product(
        [dimensions, groups["group"].unique(), ["differing", "all"]],
        names=["dimension", "group", "selection"],
    )
    wide = (
        both.pivot(index="statement_id", columns=index.names, values="score")
        .reindex(columns=index)
        .to_numpy()
    )
    result = index.to_frame(index=False)
    if not len(wide):
        return result.assign(value=np.nan, low=np.nan, high=np.nan, n=0)
    counts = significance.resample_counts(len(wide), resamples, rng)
    n = (~np.isnan(wide)).sum(axis=0)
    low, high = significance.of_enough(
        significance.interval(significance.bootstrap_means(wide, counts)), n
    )
    mean = significance.bootstrap_means(wide, np.ones((1, len(wide))))[0]
    return result.assign(
        value=scores.to_0_100(mean), low=scores.to_0_100(low), high=scores.to_0_100(high), n=n
    )
