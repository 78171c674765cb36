"""How far people agree with each other and with the models' labels; and models, languages and runs among themselves.

Ratings, one row a judgement: annotator, statement_id, dimension, relevant (1, 0, NaN), polarity (-2, -1, 1, 2, NaN),
respondents; and `context` where a pair is judged in several places, as `as_ratings` makes them.
"""

import math
from fractions import Fraction
from itertools import combinations

import krippendorff
import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from utils.errors import Problem, nearest
from utils.scores import in_order
from utils.significance import bootstrap_means, interval, resample_counts

ITEM = ["statement_id", "dimension", "context"]
BLOCK = 500  # resamples at a time, so that memory does not grow with their number


def wide(ratings: pd.DataFrame, value: str = "polarity") -> pd.DataFrame:
    """One row for each pair of statement and dimension (in a context), one column an annotator, NaN where not rated."""
    plain = ratings if "context" in ratings else ratings.assign(context="")
    twice = plain[plain.duplicated([*ITEM, "annotator"])]
    if len(twice):
        row = twice.iloc[0]
        raise Problem(f"{row['annotator']} rated {row['statement_id']} on {row['dimension']} twice; keep one rating.")
    return plain.pivot(index=ITEM, columns="annotator", values=value).astype(float).sort_index()


def as_ratings(table: pd.DataFrame, who: str, value: str = "polarity") -> pd.DataFrame:
    """Votes, or answers with their score, as ratings in which the models, languages or runs are the annotators.

    What is left of model, language and run becomes the `context`: runs are compared within a model and a language.
    """
    if who not in ("model", "language", "run") or who not in table:
        raise Problem(f'This table cannot be compared by "{who}".{nearest(who, table.columns)}')
    context = pd.Series("", index=table.index)
    for other in ("model", "language", "run"):
        context = context + " " + table[other].astype(str) if other != who and other in table else context
    pairs = table[["statement_id", "dimension"]].assign(annotator=table[who].astype(str), context=context)
    return pairs.assign(**{value: table["vote"] if "vote" in table else table["score"]})


def pairwise_mae(ratings: pd.DataFrame, value: str = "polarity") -> float:
    """Table 2's second column: the mean over all pairs of annotators of the MAE between the two, 0 to 4.

    Two annotators are compared on what both rated; two with nothing in common are left out.
    """
    gaps = _gaps(wide(ratings, value))
    return float(np.nanmean(gaps, axis=0).mean()) if gaps.size else math.nan


def median_mae(ratings: pd.DataFrame, labels: pd.DataFrame) -> float:
    """Table 2's third column: the MAE between the annotators' median and the models' label, 0 to 4.

    The median stays what it is: a half or 0 of the annotators is not rounded to the scale.
    """
    distances = _distances(wide(ratings), labels)
    return float(np.nanmean(distances)) if (~np.isnan(distances)).any() else math.nan


def _gaps(table: pd.DataFrame) -> np.ndarray:
    """|a - b| for every item (rows) and every two annotators who share any (columns)."""
    gaps = [(table[a] - table[b]).abs() for a, b in combinations(table.columns, 2)]
    shared = [gap for gap in gaps if gap.notna().any()]
    return np.array(shared).reshape(len(shared), len(table)).T


def _distances(table: pd.DataFrame, labels: pd.DataFrame) -> np.ndarray:
    """|the annotators' median - the label| for every item; NaN where either is missing."""
    known = labels.set_index(["statement_id", "dimension"])["polarity"]
    label = known.reindex(table.index.droplevel("context")).to_numpy(dtype=float)
    return np.abs(table.median(axis=1).to_numpy(dtype=float) - label)


def alpha(ratings: pd.DataFrame, value: str = "polarity") -> float:
    """Krippendorff's alpha for ordered categories, by his own package; NaN where nothing varies or nothing is shared.

    K. Krippendorff, Content Analysis (2004), chapter 11. 1: agreement; 0: as by chance.
    """
    return _alpha(_value_counts(wide(ratings, value)))


def _value_counts(table: pd.DataFrame) -> np.ndarray:
    """How often each item (rows) got each of the ascending values that occur (columns)."""
    ratings = table.to_numpy()
    return (ratings[:, :, None] == np.unique(ratings[~np.isnan(ratings)])).sum(axis=1)


def _alpha(value_counts: np.ndarray) -> float:
    shared = value_counts[value_counts.sum(axis=1) > 1]
    if np.count_nonzero(shared.sum(axis=0)) < 2:
        return math.nan
    return float(krippendorff.alpha(value_counts=shared, level_of_measurement="ordinal"))


def table2(ratings: pd.DataFrame, labels: pd.DataFrame, rng: np.random.Generator, resamples: int) -> pd.DataFrame:
    """Table 2: how far annotators are from each other (`between`) and from the models' labels (`to_models`).

    For each dimension and for "all": annotators, n_between (pairs rated by two or more, which alpha rests on too),
    n_to_models (pairs rated by anyone), and both MAE and ordinal alpha with `_low` and `_high`: 95 % percentile
    intervals over `resamples` of the statements. For 81 pairs rated by four people of known error they held the truth
    in 94 % (between), 89 to 91 % (to models) and 96 % (alpha) of 400 simulations; with a handful, less often.
    """
    rows = [{"dimension": d} | _measured(part, labels, rng, resamples) for d, part in _parts(wide(ratings)).items()]
    return pd.DataFrame(rows)


def disagreement(ratings: pd.DataFrame, rng: np.random.Generator, resamples: int, value="polarity") -> pd.DataFrame:
    """Table 2 without the labels: how far annotators, models, languages or runs are from each other, by dimension."""
    none = pd.DataFrame(columns=["statement_id", "dimension", "polarity"])
    table = table2(ratings.assign(polarity=ratings[value]), none, rng, resamples)
    return table.drop(columns=[c for c in table if "to_models" in c])


def _parts(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The items of each dimension, in the paper's order, and all of them."""
    of = table.index.get_level_values("dimension")
    return {d: table[of == d] for d in in_order(sorted(set(of)))} | {"all": table}


def _measured(table: pd.DataFrame, labels: pd.DataFrame, rng: np.random.Generator, resamples: int) -> dict:
    """One row of Table 2."""
    gaps, distances, counts = _gaps(table), _distances(table, labels), _value_counts(table)
    statement, names = pd.factorize(table.index.get_level_values("statement_id"))
    found = _measures(gaps, distances, counts, np.ones((1, len(table)), dtype=int))
    drawn = [_measures(gaps, distances, counts, times) for times in _resamples(statement, len(names), resamples, rng)]
    low, high = interval(np.vstack([np.full((1, 3), np.nan), *drawn]))
    rated = table.notna().sum(axis=1)
    row = {"annotators": int(table.notna().any().sum())}
    row |= {"n_between": int((rated > 1).sum()), "n_to_models": int((~np.isnan(distances)).sum())}
    for name, numbers in zip(("between", "to_models", "alpha"), zip(found[0], low, high, strict=True), strict=True):
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), numbers, strict=True))
    return row


def _resamples(statement: np.ndarray, statements: int, resamples: int, rng: np.random.Generator):
    """How often each item is drawn, block by block; the pairs of a statement are drawn together."""
    for start in range(0, resamples if statements else 0, BLOCK):
        yield resample_counts(statements, min(BLOCK, resamples - start), rng)[:, statement]


def _measures(gaps: np.ndarray, distances: np.ndarray, value_counts: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """MAE between annotators, MAE to the models and alpha in every resample: (resamples, 3)."""
    of_two = bootstrap_means(gaps, drawn)
    between = bootstrap_means(of_two.T, np.ones((1, of_two.shape[1])))[0]
    alphas = [_alpha(np.repeat(value_counts, times, axis=0)) for times in drawn]
    return np.column_stack([between, bootstrap_means(distances[:, None], drawn)[:, 0], alphas])


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share k of n (E. B. Wilson 1927); NaN for none of none.

    >>> [round(end, 4) for end in wilson(81, 263)]  # Newcombe 1998, Table I, method 3
    [0.2553, 0.3662]
    """
    return tuple(map(float, proportion_confint(k, n, method="wilson"))) if n else (math.nan, math.nan)


def precision(ratings: pd.DataFrame) -> pd.DataFrame:
    """How many of the models' positive relevance labels the annotators confirm, by dimension and for "all".

    Columns: dimension, annotators, pairs, judgements, confirmed, precision, low, high (Wilson, as if judgements of a
    pair were independent), ac1 (Gwet) and kappa (Cohen, mean over two annotators each): agreement beyond chance.
    """
    parts = _parts(wide(ratings, "relevant"))
    return pd.DataFrame([{"dimension": d} | _confirmed(part) for d, part in parts.items()])


def _confirmed(table: pd.DataFrame) -> dict:
    n, k = int(table.notna().sum().sum()), int((table == 1).sum().sum())
    low, high = wilson(k, n)
    row = {"annotators": int(table.notna().any().sum()), "pairs": int(table.notna().any(axis=1).sum()), "judgements": n}
    row |= {"confirmed": k, "precision": k / n if n else math.nan, "low": low, "high": high}
    return row | {"ac1": gwet_ac1(table, (0, 1)), "kappa": kappa(table)}


def gwet_ac1(table, categories=None) -> float:
    """Gwet's AC1 of unordered ratings: items x annotators, NaN where not rated; `categories`: those that occur.

    Unlike kappa it does not fall to nothing where nearly everything belongs in one category. K. L. Gwet, Handbook of
    Inter-Rater Reliability (2014), chapter 5. NaN where no item has two ratings.
    """
    ratings = np.asarray(table, dtype=float)
    known = np.unique(ratings[~np.isnan(ratings)]) if categories is None else np.asarray(categories)
    counts = (ratings[:, :, None] == known).sum(axis=1)
    raters = counts.sum(axis=1, keepdims=True)
    two = raters[:, 0] > 1
    if not two.any() or len(known) < 2:
        return 1.0 if two.any() else math.nan
    agreed = ((counts * (counts - 1))[two].sum(axis=1) / (raters * (raters - 1))[two, 0]).mean()
    share = (counts / np.maximum(raters, 1))[raters[:, 0] > 0].mean(axis=0)
    chance = (share * (1 - share)).sum() / (len(known) - 1)
    return float((agreed - chance) / (1 - chance))


def kappa(table: pd.DataFrame) -> float:
    """Cohen's kappa, the mean over every two annotators; those who never vary have none, and NaN when nobody has."""
    found = [_kappa(both) for a, b in combinations(table.columns, 2) if len(both := table[[a, b]].dropna())]
    known = [k for k in found if not math.isnan(k)]
    return float(np.mean(known)) if known else math.nan


def _kappa(both: pd.DataFrame) -> float:
    first, second = (both.iloc[:, i].value_counts(normalize=True) for i in (0, 1))
    chance = float(first.mul(second, fill_value=0).sum())
    return math.nan if chance == 1 else ((both.iloc[:, 0] == both.iloc[:, 1]).mean() - chance) / (1 - chance)


def possible_counts(percent: float, judgements: int, digits: int = 2) -> list[int]:
    """Which numbers of confirmed judgements print as `percent`, whichever way a last 5 is rounded.

    >>> possible_counts(94.65, 4 * 81), possible_counts(94.65, 3 * 81)
    ([], [230])
    """
    printed, half = Fraction(str(percent)), Fraction(1, 2 * 10**digits)
    return [k for k in range(judgements + 1) if abs(Fraction(100 * k, judgements) - printed) <= half]
