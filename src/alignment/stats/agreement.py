"""How far people agree with each other and with the labels; models, languages and runs, too.

Ratings, one row a judgement: annotator, statement_id, dimension, relevant (1, 0, NaN), polarity
(-2, -1, 1, 2, NaN), respondents; and `context` where a pair is judged in several places, as
`as_ratings` makes them.
"""

import math
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.stats import agreement_coefficients as coefficients
from alignment.stats.agreement_coefficients import mean_interval, ordinal_alpha
from alignment.stats.significance import bootstrap_means, column_means, interval, resample_counts
from utils.cells import PAIR, in_paper_order
from utils.errors import Problem, nearest

ITEM = [*PAIR, "context"]
BLOCK = 500  # resamples at a time, so that memory does not grow with their number


def wide(ratings: pd.DataFrame, value: str = "polarity") -> pd.DataFrame:
    """Return one row for each pair (in a context), one column an annotator, NaN where not rated.

    A polarity beside "not relevant" is none, as on the sheets. Raises Problem for a pair that an
    annotator rated twice, and for a rating without end.
    """
    plain = ratings if "context" in ratings else ratings.assign(context="")
    twice = plain[plain.duplicated([*ITEM, "annotator"])]
    for row in twice.itertuples():
        pair = f"{row.statement_id} on {row.dimension}"
        raise Problem(f"{row.annotator} rated {pair} twice; keep one rating.")
    if value != "relevant" and "relevant" in plain:
        plain = plain.assign(**{value: plain[value].mask(plain["relevant"] == 0)})
    table = plain.pivot(index=ITEM, columns="annotator", values=value).astype(float).sort_index()
    if np.isinf(table.to_numpy()).any():
        raise Problem("A rating is infinite; ratings lie between -2 and 2.")
    return table


def as_ratings(table: pd.DataFrame, who: str, value: str = "polarity") -> pd.DataFrame:
    """Return votes, or scored answers, as ratings by models, languages or runs as annotators.

    What is left of model, language and run becomes the `context`: runs are compared within a model
    and a language.
    """
    if who not in ("model", "language", "run") or who not in table:
        raise Problem(f'This table cannot be compared by "{who}".{nearest(who, table.columns)}')
    context = pd.Series("", index=table.index)
    for other in ("model", "language", "run"):
        if other != who and other in table:
            context = context + " " + table[other].astype(str)
    pairs = table[PAIR].assign(annotator=table[who].astype(str), context=context)
    return pairs.assign(**{value: table["vote"] if "vote" in table else table["score"]})


def _gaps(table: pd.DataFrame) -> np.ndarray:
    """Return |a - b| for each item (rows) and every two annotators who share an item (columns)."""
    gaps = [(table[a] - table[b]).abs() for a, b in combinations(table.columns, 2)]
    shared = [gap for gap in gaps if gap.notna().any()]
    return np.array(shared).reshape(len(shared), len(table)).T


def _distances(table: pd.DataFrame, labels: pd.DataFrame) -> np.ndarray:
    """Return |the annotators' median - the label| for every item; NaN where either is missing."""
    polarity = labels.set_index(PAIR)["polarity"]
    if polarity.index.has_duplicates:
        twice = polarity.index[polarity.index.duplicated()][0]
        raise Problem(f"{twice[0]} on {twice[1]} has two labels; keep one.")
    label = polarity.reindex(table.index.droplevel("context")).to_numpy(dtype=float)
    return np.abs(table.median(axis=1).to_numpy(dtype=float) - label)


def table2(
    ratings: pd.DataFrame, labels: pd.DataFrame, rng: Generator, resamples: int
) -> pd.DataFrame:
    """Return Table 2: how far annotators are from each other and from the models' labels.

    `between` is the mean over every two annotators of the MAE on what both rated, 0 to 4;
    `to_models` the MAE between the annotators' median, which is not rounded to the scale, and the
    label; alpha is Krippendorff's, ordinal. For each dimension and for "all": annotators, n_between
    (pairs rated by two or more, which alpha rests on too), n_to_models (pairs rated by anyone), and
    all three with `_low` and `_high`, 95 % intervals: of a MAE `mean_interval`, with as many
    pairs as the bootstrap over statements says they are worth; of alpha the percentiles of that
    bootstrap. For four annotators of known error they held the truth, in 400 simulations each with
    81, 20 and 8 pairs: of a MAE in 96 to 99 % (percentiles: 92, 84 and 50 % for rare errors); of
    alpha in 96, 92 and 85 to 88 %.
    """
    rows = []
    for dimension, part in _parts(wide(ratings)).items():
        rows.append({"dimension": dimension} | _measure(part, labels, rng, resamples))
    return pd.DataFrame(rows)


def disagreement(
    ratings: pd.DataFrame, rng: Generator, resamples: int, value="polarity"
) -> pd.DataFrame:
    """Return Table 2 without the labels, for annotators, models, languages or runs."""
    none = pd.DataFrame(columns=[*PAIR, "polarity"])
    rated = ratings.assign(polarity=ratings[value])
    rated = rated.drop(columns="relevant", errors="ignore") if value == "relevant" else rated
    table = table2(rated, none, rng, resamples)
    return table.drop(columns=[c for c in table if "to_models" in c])


def side_by_side(kinds: dict[str, pd.DataFrame], rng: Generator, resamples: int) -> pd.DataFrame:
    """Return the disagreement of several kinds of raters: who, then as `disagreement` gives it."""
    tables = {who: disagreement(ratings, rng, resamples) for who, ratings in kinds.items()}
    return pd.concat(tables, names=["who"]).reset_index("who").reset_index(drop=True)


def _parts(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the items of each dimension, in the paper's order, and all of them."""
    of = table.index.get_level_values("dimension")
    return {d: table[of == d] for d in in_paper_order(sorted(set(of)))} | {"all": table}


def _measure(table: pd.DataFrame, labels: pd.DataFrame, rng: Generator, resamples: int) -> dict:
    """Return one row of Table 2."""
    gaps, distances = _gaps(table), _distances(table, labels)
    counted = coefficients.value_counts(table.to_numpy())
    statement, names = pd.factorize(table.index.get_level_values("statement_id"))
    estimates = _measures(gaps, distances, counted, np.ones((1, len(table)), dtype=int))[0]
    samples = [np.full((2, 3), np.nan)]
    for drawn in _resamples(statement, len(names), resamples, rng):
        samples.append(_measures(gaps, distances, counted, drawn))
    samples = np.vstack(samples)
    shared = table.notna().sum(axis=1).to_numpy() > 1
    errors = column_means(gaps.T)[shared], distances[~np.isnan(distances)]
    row = {"annotators": int(table.notna().any().sum())}
    row |= {"n_between": len(errors[0]), "n_to_models": len(errors[1])}
    ends = [_interval(errors[i], estimates[i], samples[:, i], len(names)) for i in (0, 1)]
    ends.append(tuple(end[0] for end in interval(samples[:, 2:])))
    for i, name in enumerate(("between", "to_models", "alpha")):
        row |= {name: estimates[i], f"{name}_low": ends[i][0], f"{name}_high": ends[i][1]}
    return row


def _interval(
    errors: np.ndarray, mean: float, samples: np.ndarray, statements: int
) -> tuple[float, float]:
    """Return the interval of a mean error, with fewer pairs where a statement's err together."""
    samples = samples[~np.isnan(samples)]
    if not len(errors) or not len(samples):
        return math.nan, math.nan
    drawn, alone = samples.var(), errors.var() / len(errors)
    worth = len(errors) / max(1.0, drawn / alone) if alone > 0 else min(len(errors), statements)
    return mean_interval(errors, mean, worth)


def _resamples(statement: np.ndarray, statements: int, resamples: int, rng: Generator):
    """Return how often each item is drawn, block by block; a statement's pairs go together."""
    for start in range(0, resamples if statements else 0, BLOCK):
        yield resample_counts(statements, min(BLOCK, resamples - start), rng)[:, statement]


def _measures(
    gaps: np.ndarray, distances: np.ndarray, counted: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """Return both MAEs, between annotators and to models, and alpha: (resamples, 3)."""
    of_two = bootstrap_means(gaps, drawn)
    to_models = bootstrap_means(distances[:, None], drawn)
    return np.column_stack([column_means(of_two.T), to_models, ordinal_alpha(counted, drawn)])


def precision(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return how many positive relevance labels the annotators confirm, by dimension and for "all".

    Columns: dimension, annotators, pairs, judgements, confirmed, precision, low, high (Wilson,
    by the design effect), ac1 (Gwet) and kappa (Cohen, mean over two annotators each): agreement
    beyond chance; design_effect (how many judgements are worth one independent one).
    """
    parts = _parts(wide(ratings, "relevant"))
    return pd.DataFrame([{"dimension": d} | _confirmed(part) for d, part in parts.items()])


def _confirmed(table: pd.DataFrame) -> dict:
    n, k = int(table.notna().sum().sum()), int((table == 1).sum().sum())
    effect = _design_effect(table)
    low, high = coefficients.wilson(k / effect, n / effect)
    row = {"annotators": int(table.notna().any().sum())}
    row |= {"pairs": int(table.notna().any(axis=1).sum()), "judgements": n}
    row |= {"confirmed": k, "precision": k / n if n else math.nan, "low": low, "high": high}
    ac1, kappa = coefficients.gwet_ac1(table, (0, 1)), coefficients.kappa(table)
    return row | {"ac1": ac1, "kappa": kappa, "design_effect": effect}


def _design_effect(table: pd.DataFrame) -> float:
    """Return how many judgements are worth one independent one: 1 + (m - 1) ICC (Kish 1965).

    m: judgements of a pair, weighed by themselves; ICC: from the analysis of variance over pairs, 0
    to 1. If all judgements are the same, they may be so by pair: a pair then counts once.
    """
    sizes = table.notna().sum(axis=1)
    n, pairs = int(sizes.sum()), int((sizes > 0).sum())
    if not n:
        return 1.0
    m = float((sizes**2).sum() / n)
    means, values = table.mean(axis=1), table.to_numpy()
    between = float((sizes * (means - np.nanmean(values)) ** 2).sum()) / max(1, pairs - 1)
    within = float(np.nansum((values - means.to_numpy()[:, None]) ** 2)) / max(1, n - pairs)
    usual = (n - (sizes**2).sum() / n) / max(1, pairs - 1)
    if between == within == 0:
        return m
    correlation = (between - within) / (between + (usual - 1) * within)
    return 1 + (m - 1) * float(np.clip(correlation, 0.0, 1.0))


def estimate_misses(ratings: pd.DataFrame, irrelevant: int, confirmed: float) -> dict[str, float]:
    """Return what the models miss, from ratings of a random sample of pairs they call irrelevant.

    A pair is missed if more than half of its judgements call it relevant. `irrelevant`: how many
    such pairs there are; `confirmed`: relevant pairs that are right. Keys: pairs, missed, low, high
    (shares of the irrelevant pairs, with Wilson's 95 % interval), recall, recall_low, recall_high;
    NaN without any rating.
    """
    table = wide(ratings, "relevant")
    rated = table[table.notna().any(axis=1)]
    missed, n = int((rated.mean(axis=1) > 0.5).sum()), len(rated)
    share, (low, high) = missed / n if n else math.nan, coefficients.wilson(missed, n)
    recalls = [confirmed / (confirmed + part * irrelevant) if n else math.nan
               for part in (share, high, low)]  # fmt: skip
    row = {"pairs": n, "missed": share, "low": low, "high": high}
    return row | dict(zip(("recall", "recall_low", "recall_high"), recalls, strict=True))


def describe_misses(found: dict[str, float]) -> str:
    """Say what `estimate_misses` shows."""
    if not found["pairs"]:
        why = "no pair that they call irrelevant is rated (`-p sample_irrelevant=60` adds some)"
        return f"What the models miss is not known: {why}."
    return (
        f"Of {found['pairs']} pairs that the models call irrelevant, people call "
        f"{100 * found['missed']:.1f} % relevant (95 % interval {100 * found['low']:.1f} to "
        f"{100 * found['high']:.1f} %): about {100 * found['recall']:.0f} % of the relevant pairs "
        f"were found ({100 * found['recall_low']:.0f} to {100 * found['recall_high']:.0f} %)."
    )
