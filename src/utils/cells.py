"""What is asked: steps, dimensions, answers and their values, and the cells of a step."""

from collections.abc import Iterable

import pandas as pd

STEPS = ("relevance", "polarity", "stance")


STATES = ("answered", "refused", "unreadable", "cut off", "wrong language", "failed", "not asked")


SCORES = {
    "relevance": {"yes": 1, "no": 0},
    "polarity": {"-2": -2, "-1": -1, "1": 1, "2": 2},
    "stance": {"agree": 1, "disagree": -1},
}


DIMENSIONS = ["PDI", "IDV", "MAS", "UAI", "LTO", "IND"]


def in_paper_order(dimensions: Iterable[str]) -> list[str]:
    """Dimensions in the order of the paper's tables, a study's own ones after them.

    >>> in_paper_order(["own", "IND", "PDI"])
    ['PDI', 'IND', 'own']
    """
    known = list(dimensions)
    return [d for d in DIMENSIONS if d in known] + [d for d in known if d not in DIMENSIONS]


CELL = ["step", "statement_id", "dimension", "model", "language", "run"]


def cells_of_pairs(
    step: str, pairs: pd.DataFrame, models: list[str], languages: list[str], runs: int
) -> pd.DataFrame:
    """Every cell of a step: pairs (statement_id, dimension) x models x languages x runs, in that order.

    >>> pairs = pd.DataFrame({"statement_id": ["7.1"], "dimension": ["PDI"]})
    >>> len(cells_of_pairs("relevance", pairs, ["a", "b", "c", "d"], ["en", "zh"], runs=5))
    40
    """
    others = pd.MultiIndex.from_product(
        [models, languages, range(1, runs + 1)], names=["model", "language", "run"]
    )
    crossed = pairs[["statement_id", "dimension"]].merge(others.to_frame(index=False), how="cross")
    return crossed.assign(step=step)[CELL]


def cells_of_statements(
    step: str, statements, dimensions: list[str], models, languages, runs: int
) -> pd.DataFrame:
    """The cells of a step that asks every statement on every dimension (stances: the one dimension "")."""
    pairs = pd.MultiIndex.from_product(
        [list(statements), dimensions], names=["statement_id", "dimension"]
    )
    return cells_of_pairs(step, pairs.to_frame(index=False), models, languages, runs)


PAIR = ["statement_id", "dimension"]
