"""The gaps of Figure 1: which directions are decided, and what they show with so few models.

Statements are one unit: more of them make a gap more certain for these models. Models are the
other: whether the models of a country side with its people rests on as many as there are.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from alignment.stats import significance
from alignment.stats.intervals import DIFFERENCES, column_intervals
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
    decided if the 95 % interval of the gap leaves out 0. The exact p is that of sign flips of
    statements, the same on all labels, since those answered alike add nothing; Holm corrects it
    over all rows. `groups`: as `scores.group_scores` gives it; `people`: group, dimension, value.
    Columns: those of `scores.directions`, then n, low, high (0 to 100), p_exact, p_holm, decided.
    """
    table = scores.directions(group_positions(groups, differ), people)
    differing = groups.merge(scores.differing(groups, differ).query("differs")[PAIR], on=PAIR)
    wide = differing.pivot(index=PAIR, columns="group", values="score")
    gaps = [_gaps(wide, r.dimension, r.first, r.second) for r in table.itertuples()]
    ends = [column_intervals(gap[:, None], DIFFERENCES) for gap in gaps]
    low, high = PLACES * np.array(ends, dtype=float).reshape(-1, 2).T
    p_exact = np.array([significance.sign_flip_p(gap) for gap in gaps])
    tests = {"p_exact": p_exact, "p_holm": significance.adjust_holm(p_exact)}
    table = table.assign(n=[len(gap) for gap in gaps], low=low, high=high, **tests)
    return table.assign(decided=(table["low"] > 0) | (table["high"] < 0))


def _gaps(wide: pd.DataFrame, dimension: str, first: str, second: str) -> np.ndarray:
    """Return the first group's score - the second's, for each label of the dimension: (n,)."""
    rows = wide[wide.index.get_level_values("dimension") == dimension]
    if not len(rows):
        return np.empty(0)
    return (rows[first] - rows[second]).to_numpy()


def assign_models(
    scored: pd.DataFrame,
    models: pd.DataFrame,
    people: pd.DataFrame,
    differ: str = Rules.differ,
    split_group: str = Rules.split_group,
    answers: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return how many directions agree with people for every way to give models to the countries.

    Each country keeps its number of models, and each model its answers, in its own language. If
    models had nothing to do with countries, the true way would be one of these at random.
    Arguments: as of `scores.group_scores` and `scores.directions`. Columns: assignment (text),
    agree, decidable (directions that are no tie and not open), actual (the first row alone).
    """
    scored, rows = scored.drop(columns="culture"), []
    for cultures in list_assignments(list(models["culture"])):
        given = models.assign(culture=cultures)
        groups = scores.group_scores(scored, given, split_group, answers)
        agrees = scores.directions(group_positions(groups, differ), people)["agrees"]
        counts = agrees.eq("yes").sum(), agrees.isin(["yes", "no"]).sum()
        rows.append((_describe(given), *counts, list(cultures) == list(models["culture"])))
    columns = ["assignment", "agree", "decidable", "actual"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("actual", ascending=False, kind="stable", ignore_index=True)


def list_assignments(cultures: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every different order of the cultures, one for each model.

    >>> len(list_assignments(["US", "US", "China", "China"]))
    6
    """
    if not cultures:
        return [()]
    first, size = cultures[0], cultures.count(cultures[0])
    others, orders = [c for c in cultures if c != first], []
    for places in combinations(range(len(cultures)), size):
        for rest in list_assignments(others):
            left = iter(rest)
            order = (first if i in places else next(left) for i in range(len(cultures)))
            orders.append(tuple(order))
    return orders


def _describe(models: pd.DataFrame) -> str:
    members = models.groupby("culture", sort=True)["model"].agg(", ".join)
    return "; ".join(f"{culture}: {names}" for culture, names in members.items())


def assignment_p(assignments: pd.DataFrame) -> float:
    """Return the share of assignments that agree with people as well as the actual one, or better.

    >>> six = pd.DataFrame({"agree": [5, 1, 3, 3, 5, 1], "actual": [True] + [False] * 5})
    >>> round(assignment_p(six), 3)  # never less than 1 of 6 with two models a country
    0.333
    """
    actual = assignments.loc[assignments["actual"], "agree"].iloc[0]
    return float((assignments["agree"] >= actual).mean())


def compare_placebos(directions: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Return how many directions of two groups agree with each ordered pair of countries.

    `directions`: dimension and gap_models, of one pair of groups; `values`: country, dimension,
    value. Columns: first, second, agree, of (directions that have a sign on both sides). Many pairs
    of countries that agree as well say that a pattern of signs is easily matched.
    """
    wide = values.pivot(index="country", columns="dimension", values="value")
    signs = np.sign(directions.set_index("dimension")["gap_models"].round(9)).replace(0, np.nan)
    rows = []
    for first, second in _ordered_pairs(wide.index):
        gaps = np.sign(wide.loc[first] - wide.loc[second]).replace(0, np.nan)
        products = (signs * gaps.reindex(signs.index)).dropna()
        rows.append((first, second, int((products > 0).sum()), len(products)))
    return pd.DataFrame(rows, columns=["first", "second", "agree", "of"])


def _ordered_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    return [pair for two in combinations(names, 2) for pair in (two, two[::-1])]
