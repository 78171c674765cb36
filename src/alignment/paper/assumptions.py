"""Which of the paper's conclusions its printed numbers carry, under which assumption about n."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from alignment.paper import grim
from alignment.paper.hofstede import read_human_values
from alignment.paper.published import MODELS, SIGNIFICANT, read_stated_n, read_table3
from alignment.stats.significance import ALPHA

ROUNDING = 0.005  # of a mean that is printed with two digits


def _stated(n: int) -> Sequence[int]:
    return [n]


def _up_to(n: int) -> Sequence[int]:
    return [k for k in grim.NS if k <= n]


def _any(n: int) -> Sequence[int]:
    return grim.NS


class Assumption(NamedTuple):
    """What a mean is a share of: which numbers of statements, and which steps of a sum."""

    words: str
    ns: Callable[[int], Sequence[int]] | None = _up_to  # of the stated n; None: each entry its own
    grid: float = 1.0
    one_parity: bool = True


UNDECIDED = "undecided stances count 0"
ASSUMPTIONS = (
    Assumption("integer labels, one n up to the stated one"),
    Assumption("integer labels, the stated n", _stated),
    Assumption("integer labels, any n up to 200", _any),
    Assumption(f"integer labels, one n up to the stated one, {UNDECIDED}", one_parity=False),
    Assumption("half labels, one n up to the stated one", grid=0.5),
    Assumption("half labels, the stated n", _stated, grid=0.5),
    Assumption(f"half labels, the stated n, {UNDECIDED}", _stated, 0.5, False),
    Assumption("every entry with an n of its own", None),
)
SLIP = "integer labels, one n up to the stated one, two models exchanged in each row"
OPPOSITE = "the groups of Figure 1 differ only where strictly opposite"


def survey_assumptions() -> pd.DataFrame:
    """Return what is left of the paper's conclusions under each assumption.

    Columns: assumption, rows (of Table 3 that some n allows), agree, against, undecided (directions
    of Figure 1, by the native entries; a tie is against), named (entries that the text calls
    significant and that can reach an exact p < 0.05), others (entries that can, too). A row without
    a possible n decides nothing. Where entries have an n of their own, a difference says nothing of
    how many statements changed; where only strictly opposite groups count, or models may have been
    exchanged, a row of the table says so by itself.
    """
    table3, stated = read_table3(), read_stated_n()
    rows = [(a.words, *_survey(table3, stated, a)) for a in ASSUMPTIONS]
    table = pd.DataFrame(
        rows, columns="assumption rows agree against undecided named others".split()
    )
    first = table.iloc[0]
    signs = _signs_after_exchange(table3, stated)
    slip = {"assumption": SLIP, "rows": first["rows"]} | _count(signs)
    opposite = {"assumption": OPPOSITE, "rows": first["rows"]} | _count(
        dict.fromkeys(stated, set())
    )
    table = pd.concat([table, pd.DataFrame([slip, opposite])], ignore_index=True)
    return table.astype({"named": "Int64", "others": "Int64"})


def _survey(table3: pd.DataFrame, stated: Mapping[str, int], assumption: Assumption) -> tuple:
    ns, signs = {}, {}
    for dimension, row in table3.groupby("dimension", sort=False):
        tried = assumption.ns(stated[dimension]) if assumption.ns else []
        means = row["mean"].to_numpy()
        fits = [n for n in tried if grim.fits(means, n, assumption.grid, assumption.one_parity)]
        ns[dimension] = fits
        native = row[row["native"]].set_index("model")["mean"]
        each = fits if assumption.ns else [None]
        signs[dimension] = set().union(*(_signs(native, n, assumption.grid) for n in each))
    counted = tuple(_count(signs).values())
    if assumption.ns is None:
        return (len(ns), *counted, pd.NA, pd.NA)
    best = _best_p(table3, ns, assumption)
    reach, named = best < ALPHA, best.index.isin(SIGNIFICANT)
    possible = sum(bool(fits) for fits in ns.values())
    return (possible, *counted, int(reach[named].sum()), int(reach[~named].sum()))


def _signs(native: pd.Series, n: int | None, grid: float) -> set[int]:
    """Return the signs that the gap between the groups can have: first culture - second."""
    groups = [
        native[MODELS.loc[MODELS["culture"] == c, "model"]] for c in MODELS["culture"].unique()
    ]
    if n is None:
        gap = groups[0].mean() - groups[1].mean()
        ends = (gap - 2 * ROUNDING, gap + 2 * ROUNDING)
    else:
        low, high = zip(*(_mean_sums(group, n, grid) for group in groups), strict=True)
        ends = (low[0] - high[1], high[0] - low[1])
    inside = {0} if ends[0] <= 0 <= ends[1] else set()
    return inside | {int(np.sign(end)) for end in np.round(ends, 9)}


def _mean_sums(group: pd.Series, n: int, grid: float) -> tuple[float, float]:
    low, high = grim.sum_bounds(group.to_numpy(), n, grid=grid)
    return float(low.mean()), float(high.mean())


def _count(signs: Mapping[str, set[int]]) -> dict[str, int]:
    """Count the directions that agree with people whatever their sign can be, and the others."""
    people = read_human_values("current", list(MODELS["culture"].unique()))
    value = people.set_index(["group", "dimension"])["value"]
    first, second = MODELS["culture"].unique()
    agree = against = 0
    for dimension, possible in signs.items():
        own = int(np.sign(value[first, dimension] - value[second, dimension]))
        agree += possible == {own}
        against += bool(possible) and own not in possible
    undecided = len(signs) - agree - against
    return {"agree": agree, "against": against, "undecided": undecided}


def _signs_after_exchange(table3: pd.DataFrame, stated: Mapping[str, int]) -> dict[str, set[int]]:
    """Return the signs of each gap when any model of one group stands for one of the other."""
    first, second = (
        MODELS.loc[MODELS["culture"] == c, "model"] for c in MODELS["culture"].unique()
    )
    ns, signs = grim.n_by_row(table3, stated), {}
    for dimension, row in table3[table3["native"]].groupby("dimension", sort=False):
        native, n = row.set_index("model")["mean"], max(ns[dimension])
        signs[dimension] = _signs(native, n, 1.0)
        for a, b in product(first, second):
            signs[dimension] |= _signs(native.rename({a: b, b: a}), n, 1.0)
    return signs


def _best_p(
    table3: pd.DataFrame, ns: Mapping[str, Sequence[int]], assumption: Assumption
) -> pd.Series:
    """Return the best exact p that each entry's change can reach; NaN where no n is possible."""
    table = grim.best_exact_p(table3, ns, assumption.grid, assumption.one_parity)
    keys = pd.MultiIndex.from_frame(table3[["dimension", "model"]].drop_duplicates())
    return table.groupby(["dimension", "model"])["best_p"].min().reindex(keys)
