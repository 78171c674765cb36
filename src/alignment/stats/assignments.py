"""The models and the peoples as units: do other groups, or other peoples, agree as well?

A culture has only a few models, and peoples differ in many ways; so the directions of Figure 1 are
counted again with the models dealt out otherwise, and beside other pairs of countries.
"""

from collections.abc import Iterator
from math import factorial, prod

import numpy as np
import pandas as pd

from utils import scores
from utils.cells import in_paper_order

MOST = 1000  # ways that are all tried; of more, so many are drawn


def deal_out(cultures: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield every way to deal the cultures out to the models, each culture to as many as it has.

    >>> len(list(deal_out(("US", "US", "China", "China"))))
    6
    """
    if not cultures:
        yield ()
    for first in dict.fromkeys(cultures):
        rest = list(cultures)
        rest.remove(first)
        for others in deal_out(tuple(rest)):
            yield (first, *others)


def assign_models(means: pd.DataFrame, models: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return how many directions agree with people for each way to deal out the models.

    `means`: dimension, model, value, each model's position in its own language. `models`: model,
    culture. `people`: group, dimension, value. A group's position is the mean of its models'. One
    row an assignment, the real one first: groups (text), real (bool), agree, disagree, undecided.
    Of more than MOST ways so many are drawn at random, with a fixed seed.
    """
    own = tuple(models["culture"])
    ways = factorial(len(own)) // prod(factorial(own.count(c)) for c in set(own))
    rng = np.random.default_rng(14)
    drawn = (tuple(rng.permutation(own)) for _ in range(MOST))
    rows = []
    for cultures in dict.fromkeys([own, *(deal_out(own) if ways <= MOST else drawn)]):
        dealt = dict(zip(models["model"], cultures, strict=True))
        grouped = means.assign(group=means["model"].map(dealt))
        grouped = grouped.groupby(["dimension", "group"], sort=False)["value"].mean().reset_index()
        agrees = scores.directions(grouped, people)["agrees"]
        names = []
        for culture in dict.fromkeys(own):
            names.append(f"{culture}: {', '.join(m for m in dealt if dealt[m] == culture)}")
        counts = [(agrees == "yes").sum(), (agrees == "no").sum()]
        undecided = len(agrees) - sum(counts)
        rows.append(("; ".join(names), cultures == own, *map(int, counts), int(undecided)))
    return pd.DataFrame(rows, columns=["groups", "real", "agree", "disagree", "undecided"])


def share_as_good(assignments: pd.DataFrame) -> float:
    """Return the share of assignments that agree at least as well as the real one, itself included.

    This is the p-value of a permutation test over models; with two models in each of two cultures
    it cannot be below 1/6.
    """
    real = assignments.loc[assignments["real"], "agree"].iloc[0]
    return float((assignments["agree"] >= real).mean())


def pair_countries(gaps: pd.Series, values: pd.DataFrame) -> pd.DataFrame:
    """Return how many signs of the groups' gaps each ordered pair of countries has.

    `gaps`: by dimension, first group minus second; a gap of 0 or NaN decides nothing. `values`: a
    row a country, a column a dimension. Columns: country, other_country, agree, of (what both
    decide).
    """
    dimensions = [d for d in in_paper_order(gaps.index) if d in values]
    signs, table = np.sign(gaps[dimensions].to_numpy(dtype=float)), values[dimensions]
    rows = []
    for first in table.index:
        for second in table.index.drop(first):
            own = np.sign((table.loc[first] - table.loc[second]).to_numpy(dtype=float))
            decided = ~np.isnan(signs) & ~np.isnan(own) & (signs != 0) & (own != 0)
            agree = int((signs[decided] == own[decided]).sum())
            rows.append((first, second, agree, int(decided.sum())))
    return pd.DataFrame(rows, columns=["country", "other_country", "agree", "of"])
