"""Which labels people check, how many of them are enough, and annotators made up with a known error."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from alignment.annotation.rating_sheets import GIVEN_OUT, RATINGS, SCALE
from alignment.study import table_files
from utils.cells import PAIR
from utils.errors import Problem

Z = 1.96
FARTHEST = 4.0  # the error between -2 and +2


def draw_sample(labels: pd.DataFrame, n_statements: int, rng: np.random.Generator) -> pd.DataFrame:
    """Statements drawn so that each dimension keeps its share of the pairs and none goes missing.

    Every label of a drawn statement is in the sample: statement_id, dimension (the paper: 56 statements, 81 pairs). A
    statement stands for its rarest dimension, and the same share of each such group is drawn; all of them when there
    are fewer than asked for. A larger draw with the same rng holds the smaller one.
    """
    pairs = labels[PAIR].sort_values(PAIR, ignore_index=True)
    rarest_first = pairs.groupby("dimension").size().sort_values(kind="stable").index
    of = pairs.groupby("statement_id")["dimension"].agg(set)
    shuffled, cover = [of.index[i] for i in rng.permutation(len(of))], []
    for dimension in rarest_first:
        if not any(dimension in of[s] for s in cover):
            cover.append(next(s for s in shuffled if dimension in of[s]))
    if n_statements < len(cover):
        raise Problem(
            f"{n_statements} statements cannot show every dimension; draw at least {len(cover)}."
        )
    order = pd.Series(cover + [s for s in shuffled if s not in cover], dtype="str")
    group = order.map(lambda s: next(d for d in rarest_first if d in of[s]))
    depth = (order.groupby(group).cumcount() + 0.5) / order.groupby(group).transform("size")
    depth[: len(cover)] = 0
    chosen = order[depth.sort_values(kind="stable").index[:n_statements]]
    return pairs[pairs["statement_id"].isin(chosen)].reset_index(drop=True)


def sample(
    folder: Path, labels: pd.DataFrame, n_statements: int, rng: np.random.Generator
) -> pd.DataFrame:
    """The pairs on the sheets that were given out, whatever became of the labels since; else a new draw.

    `folder`: the study's ratings. Written sheets stay readable under other labels, rules and sizes of the sample.
    """
    given_out = folder / GIVEN_OUT
    return (
        table_files.read(given_out)[PAIR]
        if given_out.exists()
        else draw_sample(labels, n_statements, rng)
    )


def expected_widths(
    pairs: Iterable[int], precision: float = 0.95, mae: float = 0.5
) -> pd.DataFrame:
    """How wide the 95 % intervals will be, end to end, with so many pairs: of the precision, and of an MAE.

    Wilson's interval of a precision; the normal one of an MAE, as wide as `mae` +- 1.96 sd / sqrt(n). What the sd is,
    the mean m alone does not say, but where it lies: of whole errors at least at sqrt(m (1 - m)), when all are 0 or 1,
    and of any at most at sqrt(m (4 - m)), when all are 0 or 4. A pair counts once, however many judge it: they mostly
    agree.
    Columns: pairs, precision, mae_least, mae_most.

    >>> expected_widths([81, 5]).round(2).to_dict("list")  # the paper's pairs; 5 of a rare dimension
    {'pairs': [81, 5], 'precision': [0.1, 0.49], 'mae_least': [0.22, 0.88], 'mae_most': [0.58, 2.32]}
    """
    n = np.array(list(pairs), dtype=int)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = proportion_confint(precision * n, n, method="wilson")
        least, most = (2 * Z * np.sqrt(variance / n) for variance in _variances(mae))
    return pd.DataFrame({"pairs": n, "precision": high - low, "mae_least": least, "mae_most": most})


def _variances(mae: float) -> tuple[float, float]:
    """The least and the greatest variance of whole errors from 0 to 4 with this mean."""
    part = mae % 1
    return part * (1 - part), mae * (FARTHEST - mae)


def plan_sample(widths: Iterable[float], precision: float = 0.95, mae: float = 0.5) -> pd.DataFrame:
    """How many pairs 95 % intervals of a given width need: `expected_widths` the other way round.

    Columns: width, then the pairs that it takes for precision, mae_least and mae_most.

    >>> plan_sample([0.1, 0.2]).to_dict("list")
    {'width': [0.1, 0.2], 'precision': [83, 25], 'mae_least': [385, 97], 'mae_most': [2690, 673]}
    """
    wanted = np.array(list(widths), dtype=float)
    n = np.arange(1, 10_001)
    found = expected_widths(n, precision)["precision"].to_numpy()
    needed = {"precision": [int((found > width).sum()) + 1 for width in wanted]}
    for name, variance in zip(("mae_least", "mae_most"), _variances(mae), strict=True):
        needed[name] = np.ceil((2 * Z / wanted) ** 2 * variance).astype(int)
    return pd.DataFrame({"width": wanted} | needed)


def simulated_ratings(
    labels: pd.DataFrame, annotators: int, error: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Ratings by annotators who err independently, each marked as simulated.

    With chance `error` a pair is called not relevant; with the same chance, and apart from that, the polarity given is
    a neighbour of the label on the scale.
    """
    pairs = labels[[*PAIR, "polarity"]].sort_values(PAIR, ignore_index=True)
    names = pd.DataFrame({"annotator": [f"simulated {i}" for i in range(1, annotators + 1)]})
    table = names.merge(pairs, how="cross").assign(respondents="simulated")
    scale, n = np.array(list(SCALE.values())), len(table)
    at = np.searchsorted(scale, table["polarity"])
    step = np.where(at == 0, 1, np.where(at == len(scale) - 1, -1, rng.choice([-1, 1], n)))
    table["polarity"] = scale[at + step * (rng.random(n) < error)]
    return table.assign(relevant=(rng.random(n) >= error).astype(float))[RATINGS]
