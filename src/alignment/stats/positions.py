"""Positions of models and groups with their intervals: what Figures 1 and 3 draw."""

import numpy as np
import pandas as pd

from alignment.stats import significance
from alignment.stats.intervals import LEVEL, SCORES, column_intervals
from utils import scores
from utils.cells import PAIR, in_paper_order
from utils.rules import Rules


def model_positions(scored: pd.DataFrame) -> pd.DataFrame:
    """Return Figure 3's means, with the intervals of `intervals.mean_interval`.

    Columns: dimension, model, culture, language, mean, low, high (all -2 to 2), n, missing.
    """
    table = scores.positions(scored).rename(columns={"position": "mean"})
    cells = pd.MultiIndex.from_frame(table[["dimension", "model", "language"]])
    low, high = column_intervals(_scores_by(scored, cells), SCORES)
    return table.assign(low=low, high=high)[[*table.columns[:5], "low", "high", "n", "missing"]]


def _scores_by(scored: pd.DataFrame, columns: pd.MultiIndex) -> np.ndarray:
    """Return the scores as statements x columns, NaN where a statement has none."""
    wide = scored.pivot(index="statement_id", columns=columns.names, values="score")
    return wide.reindex(columns=columns).to_numpy()


def sentence(table: pd.DataFrame) -> str:
    """Return what `model_positions` says, in a sentence or two."""
    rows = table.dropna(subset="mean")
    if rows.empty:
        return "No model has a position: none of the answers could be read."
    clear = (rows["low"] > 0) | (rows["high"] < 0)
    far = rows.loc[rows["mean"].abs().idxmax()]
    return (
        f"**{clear.sum()} of {len(table)} intervals of a position exclude 0**, of which about "
        f"{(1 - LEVEL) * len(rows):.0f} would do so by chance alone. "
        "The farthest from zero is "
        f"{far['mean']:.2f} ({far['model']}, {far['dimension']}, n = {far['n']:.0f})."
    )


def figure1(groups: pd.DataFrame, differ: str = Rules.differ) -> pd.DataFrame:
    """Return Figure 1: each group on each dimension (0 to 100), on differing and on all labels.

    Both selections hold only labels to which every group responded. Intervals are those of
    `intervals.mean_interval`. Columns: dimension, group, selection (differing|all), value, low,
    high, n; NaN where no label is left.
    """
    table = groups.merge(scores.differing(groups, differ), on=PAIR)
    table = table[table["comparable"]]
    differing = table[table["differs"]].assign(selection="differing")
    both = pd.concat([differing, table.assign(selection="all")])
    levels = [in_paper_order(groups["dimension"].unique()), groups["group"].unique()]
    names = ["dimension", "group", "selection"]
    index = pd.MultiIndex.from_product([*levels, ["differing", "all"]], names=names)
    wide = _scores_by(both, index)
    result = index.to_frame(index=False)
    if not len(wide):
        return result.assign(value=np.nan, low=np.nan, high=np.nan, n=0)
    three = significance.column_means(wide), *column_intervals(wide, SCORES)
    value, low, high = (scores.to_0_100(column) for column in three)
    return result.assign(value=value, low=low, high=high, n=(~np.isnan(wide)).sum(axis=0))
