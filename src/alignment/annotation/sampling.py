"""Which labels people check, how many of them are enough, and annotators with a known error."""

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
LARGEST_ERROR = 4.0  # between -2 and +2
MOST_PAIRS = 10_000  # that `count_pairs_needed` considers for the precision


SAMPLE = [*PAIR, "called", "chance"]
CALLED = ("relevant", "not relevant")  # by the models
DRAWS = 200  # of the sample, from which the chances of its pairs follow


def choose_sample(
    folder: Path,
    labels: pd.DataFrame,
    relevance: pd.DataFrame,
    sizes: tuple[int, int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the pairs on the sheets that were given out, whatever the labels are now; else draw.

    `folder`: the study's ratings. Written sheets stay readable under other labels, rules and sizes
    of the sample. `sizes`: statements, of all whose labels are checked, and pairs that the models
    call irrelevant, drawn from `relevance` with the same chance each. Columns: `SAMPLE`; chance is
    that of being drawn (of labels, from `DRAWS` draws; NaN on older sheets).
    """
    given_out = folder / GIVEN_OUT
    if given_out.exists():
        sample = table_files.read(given_out)
        older = {"called": CALLED[0], "chance": np.nan}
        return sample.assign(**{k: v for k, v in older.items() if k not in sample})[SAMPLE]
    n_statements, n_irrelevant = sizes
    sample = draw_sample(labels, n_statements, rng)
    chance = _chances(labels, n_statements).reindex(pd.MultiIndex.from_frame(sample[PAIR]))
    sample = sample.assign(called=CALLED[0], chance=chance.to_numpy())[SAMPLE]
    if not n_irrelevant:
        return sample
    others = relevance.loc[~relevance["relevant"], PAIR].sort_values(PAIR, ignore_index=True)
    n = min(n_irrelevant, len(others))
    drawn = others.iloc[np.sort(rng.permutation(len(others))[:n])]
    return pd.concat(
        [sample, drawn.assign(called=CALLED[1], chance=n / max(1, len(others)))], ignore_index=True
    )


def _chances(labels: pd.DataFrame, n_statements: int) -> pd.Series:
    """Return in what share of samples each label is, drawn with other seeds."""
    drawn = [
        draw_sample(labels, n_statements, np.random.default_rng([seed, 6])) for seed in range(DRAWS)
    ]
    return pd.concat(drawn).groupby(PAIR).size() / DRAWS


def draw_sample(labels: pd.DataFrame, n_statements: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw statements so that each dimension keeps its share of the pairs and none is missing.

    Returns every label of a drawn statement as statement_id, dimension (the paper: 56 statements,
    81 pairs). A statement stands for its rarest dimension, and the same share of each such group is
    drawn; all of them when there are fewer than asked for. A larger draw with the same rng holds
    the smaller one. Problem when there are fewer statements than it takes to show every dimension.
    """
    pairs = labels[PAIR].sort_values(PAIR, ignore_index=True)
    rarest_first = pairs.groupby("dimension").size().sort_values(kind="stable").index
    dimensions = pairs.groupby("statement_id")["dimension"].agg(set)
    shuffled = [dimensions.index[i] for i in rng.permutation(len(dimensions))]
    cover: list[str] = []  # a statement for each dimension
    for dimension in rarest_first:
        if not any(dimension in dimensions[s] for s in cover):
            cover.append(next(s for s in shuffled if dimension in dimensions[s]))
    if n_statements < len(cover):
        least = f"draw at least {len(cover)}"
        raise Problem(f"{n_statements} statements cannot show every dimension; {least}.")
    order = pd.Series(cover + [s for s in shuffled if s not in cover], dtype="str")
    group = order.map(lambda s: next(d for d in rarest_first if d in dimensions[s]))
    depth = (order.groupby(group).cumcount() + 0.5) / order.groupby(group).transform("size")
    depth[: len(cover)] = 0
    drawn = order[depth.sort_values(kind="stable").index[:n_statements]]
    return pairs[pairs["statement_id"].isin(drawn)].reset_index(drop=True)


def predict_widths(pairs: Iterable[int], precision: float = 0.95, mae: float = 0.5) -> pd.DataFrame:
    """Return how wide, end to end, the 95 % intervals of precision and MAE are with so many pairs.

    Wilson's interval of a precision; the normal one of an MAE, as wide as `mae` +- 1.96 sd /
    sqrt(n), with the bounds of the sd that `bound_variance` gives. A pair counts once, however many
    judge it: they mostly agree. Columns: pairs, precision, mae_least, mae_most.

    >>> print(predict_widths([81, 5]).round(2).to_string(index=False))  # the paper's; a rare one
     pairs  precision  mae_least  mae_most
        81       0.10       0.22      0.58
         5       0.49       0.88      2.32
    """
    n = np.array(list(pairs), dtype=int)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = proportion_confint(precision * n, n, method="wilson")
        least, most = (2 * Z * np.sqrt(variance / n) for variance in bound_variance(mae))
    return pd.DataFrame({"pairs": n, "precision": high - low, "mae_least": least, "mae_most": most})


def bound_variance(mae: float) -> tuple[float, float]:
    """Return the least and the greatest variance of whole errors from 0 to 4 with this mean.

    The least where all are the whole numbers beside the mean, the greatest where all are 0 or 4.

    >>> bound_variance(0.5)
    (0.25, 1.75)
    """
    part = mae % 1
    return part * (1 - part), mae * (LARGEST_ERROR - mae)


def count_pairs_needed(
    widths: Iterable[float], precision: float = 0.95, mae: float = 0.5
) -> pd.DataFrame:
    """Return how many pairs 95 % intervals of a width need: `predict_widths` the other way round.

    Columns: width, then the pairs that it takes for precision, mae_least and mae_most.

    >>> count_pairs_needed([0.1, 0.2]).to_dict("list")
    {'width': [0.1, 0.2], 'precision': [83, 25], 'mae_least': [385, 97], 'mae_most': [2690, 673]}
    """
    width = np.array(list(widths), dtype=float)
    if not (width > 0).all():
        raise ValueError("an interval has a width above 0")
    predicted = predict_widths(np.arange(1, MOST_PAIRS + 1), precision)["precision"].to_numpy()
    needed = {"width": width, "precision": [int((predicted > w).sum()) + 1 for w in width]}
    for name, variance in zip(("mae_least", "mae_most"), bound_variance(mae), strict=True):
        needed[name] = np.ceil((2 * Z / width) ** 2 * variance).astype(int)
    return pd.DataFrame(needed)


def simulate_ratings(
    labels: pd.DataFrame, annotators: int, error: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return ratings (columns `RATINGS`) by annotators who err independently, marked as simulated.

    With probability `error` a pair is called not relevant; with the same probability, and
    independently, the polarity given is a neighbour of the label on the scale.
    """
    without = labels["polarity"].isna()  # called irrelevant by the models
    if without.any():
        rated = simulate_ratings(labels[~without], annotators, error, rng)
        return pd.concat([rated, _rate_irrelevant(labels[without], annotators, error, rng)])
    pairs = labels[[*PAIR, "polarity"]].sort_values(PAIR, ignore_index=True)
    if len(odd := pairs[~pairs["polarity"].isin(SCALE.values())]):
        row, listed = odd.iloc[0], ", ".join(SCALE)
        what = f"{row['statement_id']} on {row['dimension']} has the label {row['polarity']:g}"
        raise Problem(f"{what}, which no annotator can give; the sheets know {listed}.")
    names = pd.DataFrame({"annotator": [f"simulated {i}" for i in range(1, annotators + 1)]})
    ratings = names.merge(pairs, how="cross").assign(respondents="simulated")
    scale, n = np.array(list(SCALE.values())), len(ratings)
    at = np.searchsorted(scale, ratings["polarity"])
    step = np.where(at == 0, 1, np.where(at == len(scale) - 1, -1, rng.choice([-1, 1], n)))
    ratings["polarity"] = scale[at + step * (rng.random(n) < error)]
    return ratings.assign(relevant=(rng.random(n) >= error).astype(float))[RATINGS]


def _rate_irrelevant(
    pairs: pd.DataFrame, annotators: int, error: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return ratings of pairs that are called irrelevant: relevant by error alone."""
    names = pd.DataFrame({"annotator": [f"simulated {i}" for i in range(1, annotators + 1)]})
    ratings = names.merge(pairs[PAIR], how="cross").assign(respondents="simulated", polarity=np.nan)
    return ratings.assign(relevant=(rng.random(len(ratings)) < error).astype(float))[RATINGS]
