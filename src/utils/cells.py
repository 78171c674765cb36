"""What is asked: steps, dimensions, answers and their values; cells and their names."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from utils.errors import Problem

STEPS = ("relevance", "polarity", "stance")
WORDINGS = ("negated", "turned", "reworded", "unforced")  # other ways to ask for a stance
WORDING_STEPS = tuple(f"stance_{wording}" for wording in WORDINGS)
STATES = ("answered", "refused", "unreadable", "cut off", "wrong language", "failed", "not asked")
SCORES = {
    "relevance": {"yes": 1, "no": 0},
    "polarity": {"-2": -2, "-1": -1, "1": 1, "2": 2},
    "stance": {"agree": 1, "disagree": -1},
    "stance_negated": {"agree": -1, "disagree": 1},  # agreeing that the statement is wrong
    "stance_turned": {"agree": 1, "disagree": -1},
    "stance_reworded": {"agree": 1, "disagree": -1},
    "stance_unforced": {"agree": 1, "neither": 0, "disagree": -1},
}
DIMENSIONS = ["PDI", "IDV", "MAS", "UAI", "LTO", "IND"]

PAIR = ["statement_id", "dimension"]
VOTER = [*PAIR, "model", "language"]  # whose answers, over the runs, make one vote
CELL = ["step", *VOTER, "run"]


def is_stance(step: str) -> bool:
    """Return whether a step asks for a stance, in whichever wording."""
    return step == "stance" or step in WORDING_STEPS


def in_paper_order(dimensions: Iterable[str]) -> list[str]:
    """Return dimensions in the order of the paper's tables, a study's own ones after them.

    >>> in_paper_order(["own", "IND", "PDI"])
    ['PDI', 'IND', 'own']
    """
    names = list(dimensions)
    return [d for d in DIMENSIONS if d in names] + [d for d in names if d not in DIMENSIONS]


def cells_of_pairs(
    step: str, pairs: pd.DataFrame, models: list[str], languages: list[str], runs: int
) -> pd.DataFrame:
    """Return every cell of a step: pairs x models x languages x runs, in that order.

    >>> pairs = pd.DataFrame({"statement_id": ["7.1"], "dimension": ["PDI"]})
    >>> len(cells_of_pairs("relevance", pairs, ["a", "b", "c", "d"], ["en", "zh"], runs=5))
    40
    """
    values, names = [models, languages, range(1, runs + 1)], ["model", "language", "run"]
    others = pd.MultiIndex.from_product(values, names=names).to_frame(index=False)
    crossed = pairs[PAIR].merge(others, how="cross")
    return crossed.assign(step=step)[CELL]


def cells_of_statements(
    step: str, statements, dimensions: list[str], models, languages, runs: int
) -> pd.DataFrame:
    """Return the cells of a step that asks each statement on each dimension (stances: "" alone)."""
    pairs = pd.MultiIndex.from_product([list(statements), dimensions], names=PAIR)
    return cells_of_pairs(step, pairs.to_frame(index=False), models, languages, runs)


def select_keys(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the keys of a table, the dimension of a stance as empty text, however it was read."""
    return table[keys].astype({"dimension": "str"}).fillna({"dimension": ""})


def group_rows(table: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the distinct keys, sorted, and for each row of the table the number of its own."""
    own = select_keys(table, keys)
    group = own.groupby(keys, sort=True, dropna=False).ngroup().to_numpy()
    first = ~pd.Series(group).duplicated().to_numpy()
    return own[first].iloc[np.argsort(group[first])].reset_index(drop=True), group


def refuse_repeated(table: pd.DataFrame, group: np.ndarray, keys: list[str]) -> None:
    """Raise a Problem when a group holds two rows of the same keys."""
    repeated = table[table[keys].assign(group=group).duplicated()]
    if len(repeated):
        row, rows = name_row(repeated.iloc[0]), f"{len(repeated):,} such rows"
        raise Problem(f"{row} stands twice in the table ({rows}); keep one of them.")


def name_row(row: pd.Series) -> str:
    """Return a row's name, for messages: "The row step stance, statement_id 1.1, ..."."""
    named = [f"{key} {row[key]}" for key in CELL if key in row and row[key] not in ("", None)]
    return "The row " + ", ".join(named)
