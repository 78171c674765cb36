"""The gaps of Figure 1: which directions are decided, with the statements as their unit.

More statements make a gap more certain for these models; whether a few models are a country is the
question of `assignments`.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.stats import significance
from alignment.stats.intervals import DIFFERENCES, LEVEL, mean_interval
from alignment.stats.label_uncertainty import intervals_with_labels
from alignment.stats.specifications.claims import group_positions
from utils import scores
from utils.cells import PAIR
from utils.rules import Rules

PLACES = 25  # of Hofstede's scale, 0 to 100, to one of the scores' scale, -2 to 2


def decide_directions(
    groups: pd.DataFrame, people: pd.DataFrame, differ: str = Rules.differ
) -> pd.DataFrame:
    """Return each direction of Figure 1 with its interval, its tests and whether it is decided.

    On the labels that the groups answer differently, as Figure 1 counts them. A direction is
    decided if the interval of the gap leaves out 0 at a level that holds for all directions at
    once: 1 - 0.05 / their number (Bonferroni); low and high are the 95 % interval. The exact p is
    that of sign flips of statements, the same on all labels, since those answered alike add
    nothing; Holm corrects it over all rows. `groups`: as `scores.group_scores` gives it; `people`:
    group, dimension, value. Columns: those of `scores.directions`, then n, low, high (0 to 100),
    p_exact, p_holm, decided.
    """
    table = scores.directions(group_positions(groups, differ), people)
    differing = groups.merge(scores.differing(groups, differ).query("differs")[PAIR], on=PAIR)
    wide = differing.pivot(index=PAIR, columns="group", values="score")
    gaps = [_gaps(wide, r.dimension, r.group, r.other_group) for r in table.itertuples()]
    level = 1 - (1 - LEVEL) / max(1, sum(len(gap) > 0 for gap in gaps))
    (low, high), (all_low, all_high) = (
        PLACES * np.array([mean_interval(g, DIFFERENCES, at) for g in gaps], float).reshape(-1, 2).T
        for at in (LEVEL, level)
    )
    p_exact = np.array([significance.sign_flip_p(gap) for gap in gaps])
    tests = {"p_exact": p_exact, "p_holm": significance.adjust_holm(p_exact)}
    table = table.assign(n=[len(gap) for gap in gaps], low=low, high=high, **tests)
    return table.assign(decided=(all_low > 0) | (all_high < 0))


def with_labels(
    directions: pd.DataFrame,
    groups: pd.DataFrame,
    drawn: pd.DataFrame,
    rng: Generator,
    differ: str = Rules.differ,
) -> pd.DataFrame:
    """Return the directions with the 95 % interval of each gap over labels as well as statements.

    `drawn`: as `label_uncertainty.redraw_labels` gives them. Adds low_labels and high_labels, NaN
    where labels were brought.
    """
    response = groups.drop_duplicates(["statement_id", "group"])
    differs = scores.differing(groups, differ).query("differs")["statement_id"].unique()
    wide = response.pivot(index="statement_id", columns="group", values="response").loc[differs]
    pairs = directions[["group", "other_group"]].drop_duplicates()
    pairs = pairs.itertuples(index=False, name=None)
    gaps = pd.DataFrame({pair: wide[pair[0]] - wide[pair[1]] for pair in pairs}, index=wide.index)
    gaps.columns = pd.MultiIndex.from_tuples(list(gaps), names=["group", "other_group"])
    wider = intervals_with_labels(drawn, gaps, DIFFERENCES, rng)
    ends = ["low_labels", "high_labels"]
    wider[ends] *= PLACES
    return directions.merge(wider, how="left", on=["dimension", "group", "other_group"])


def _gaps(wide: pd.DataFrame, dimension: str, first: str, second: str) -> np.ndarray:
    """Return the first group's score - the second's, for each label of the dimension: (n,)."""
    rows = wide[wide.index.get_level_values("dimension") == dimension]
    if not len(rows):
        return np.empty(0)
    return (rows[first] - rows[second]).to_numpy()
