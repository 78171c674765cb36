"""Table 3: how far each model's scores change with the language, and the tests of each change."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.stats import significance
from alignment.stats.intervals import DIFFERENCES, SCORES, column_intervals, coverage
from utils.rules import allowed


def pair_answers(
    models: Iterable[str], languages: Iterable[str]
) -> list[tuple[str, str, str, str]]:
    """Return what Table 3 compares, as (model_a, language_a, model_b, language_b).

    That is the languages of each model. A study with one language compares its models in it, two by
    two.

    >>> pair_answers(["GPT", "Qwen"], ["en", "zh"])
    [('GPT', 'en', 'GPT', 'zh'), ('Qwen', 'en', 'Qwen', 'zh')]
    >>> pair_answers(["GPT", "Qwen"], ["en"])
    [('GPT', 'en', 'Qwen', 'en')]
    """
    models, languages = list(models), list(languages)
    if len(languages) == 1:
        return [(a, languages[0], b, languages[0]) for a, b in combinations(models, 2)]
    return [(model, a, model, b) for model in models for a, b in combinations(languages, 2)]


def compare_languages(
    scores: pd.DataFrame,
    pairs: list[tuple[str, str, str, str]],
    counts: np.ndarray,
    resample: str = "paired",
) -> pd.DataFrame:
    """Return Table 3: each dimension and pair, the difference b - a, and its tests.

    Only statements count that both answered. `scores`: the table of that name. `counts`: one column
    for each statement of `scores`, from `resample_counts`; the same resample serves every row.
    `resample="unpaired"` draws the statements of b anew (those of the next resample). Holm and
    Benjamini-Hochberg correct p_exact over all rows. n counts statements, changed those whose score
    differs; low and high are the 95 % interval of the difference, from `intervals` (unpaired: the
    percentiles of the bootstrap, NaN below `LEAST` statements); smallest_p is what as many changed
    statements could reach at best, smallest_difference what the exact test finds four times in
    five. p_bootstrap is NaN where fewer than `LEAST_CHANGED` statements changed, which no test can
    tell from none.
    """
    keys, a, b = _align(scores, pairs)
    if counts.shape[1] != len(a):
        raise ValueError(f"counts has {counts.shape[1]} columns for {len(a)} statements")
    if allowed("resample", resample) == "paired":
        samples = significance.bootstrap_means(b - a, counts)
    else:
        samples = significance.bootstrap_means(
            b, np.roll(counts, 1, axis=0)
        ) - significance.bootstrap_means(a, counts)
    table = _table(keys, scores, a, b, samples)
    if resample == "paired":
        low, high = column_intervals(b - a, DIFFERENCES)
    else:
        low, high = significance.of_enough(significance.interval(samples), table["n"])
    return table.assign(low=low, high=high)


def compare_exactly(scores: pd.DataFrame, pairs: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """Return of `compare_languages` what needs no resampling, without means and intervals.

    Columns: dimension, model, culture, a, b, n, changed, difference, p_exact, p_holm.
    """
    keys, a, b = _align(scores, pairs)
    return _test(_named(keys, scores), b - a)


def _test(table: pd.DataFrame, differences: np.ndarray) -> pd.DataFrame:
    """Return the rows with what changed in each column of differences, and its exact test."""
    there = ~np.isnan(differences)
    table["n"], table["changed"] = there.sum(axis=0), (there & (differences != 0)).sum(axis=0)
    table["difference"] = significance.column_means(differences)
    table["p_exact"] = [significance.sign_flip_p(column) for column in differences.T]
    return table.assign(p_holm=significance.adjust_holm(table["p_exact"]))


def paired_differences(scores: pd.DataFrame, pairs: list[tuple[str, str, str, str]]) -> np.ndarray:
    """Return b - a of each statement (rows) for each row of `compare_languages` (columns).

    NaN where one of the two has no answer.
    """
    _, a, b = _align(scores, pairs)
    return b - a


def changes_of_stances(votes: pd.DataFrame, pairs: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """Return how far the stance on each statement changes: statement_id by (model, base, other).

    NaN where one of the two has none. The columns are named as the rows of `compare_languages`.
    """
    wide = votes.pivot(index="statement_id", columns=["model", "language"], values="vote")
    columns = {}
    for model_a, a, model_b, b in pairs:
        name = (model_a, a, b) if model_a == model_b else _name_models(model_a, model_b)
        columns[name] = wide.get((model_b, b), np.nan) - wide.get((model_a, a), np.nan)
    table = pd.DataFrame(columns, index=wide.index)
    table.columns = pd.MultiIndex.from_tuples(columns, names=["model", "base", "other"])
    return table


def _name_models(model_a: str, model_b: str) -> tuple[str, str, str]:
    return f"{model_a} / {model_b}", model_a, model_b


def coverage_by_dimension(
    scores: pd.DataFrame, pairs: list[tuple[str, str, str, str]], samples: int, rng: Generator
) -> pd.DataFrame:
    """Return how often this study's 95 % intervals hold, at its own n and its own scores.

    `intervals.coverage` of every entry of Table 3; of a dimension's entries the lowest and the
    mean. Columns: dimension, n (the smallest), changed (share of statements), scores_least,
    scores_mean (of both means), differences_least, differences_mean.
    """
    keys, a, b = _align(scores, pairs)
    differences = b - a
    of = {"scores": np.empty(len(keys)), "differences": np.empty(len(keys))}
    for i in range(len(keys)):
        means = [coverage(side[:, i], samples, rng, SCORES) for side in (a, b)]
        of["scores"][i] = np.mean(means)
        of["differences"][i] = coverage(differences[:, i], samples, rng, DIFFERENCES)
    there = ~np.isnan(differences)
    table = pd.DataFrame({"dimension": [key[0] for key in keys], "n": there.sum(axis=0)} | of)
    table["changed"] = (there & (differences != 0)).sum(axis=0) / table["n"]
    return table.groupby("dimension", sort=False).agg(
        n=("n", "min"),
        changed=("changed", "mean"),
        scores_least=("scores", "min"),
        scores_mean=("scores", "mean"),
        differences_least=("differences", "min"),
        differences_mean=("differences", "mean"),
    ).reset_index()  # fmt: skip


def _align(
    scores: pd.DataFrame, pairs: list[tuple[str, str, str, str]]
) -> tuple[list[tuple], np.ndarray, np.ndarray]:
    """Return dimension and pair of each row of Table 3, and its two scores of each statement."""
    names = ["dimension", "model", "language"]
    wide = scores.pivot(index="statement_id", columns=names, values="score")
    keys = [(d, *pair) for d in scores["dimension"].unique() for pair in pairs]
    of_a = pd.MultiIndex.from_tuples([(d, *a) for d, *a, _, _ in keys])
    of_b = pd.MultiIndex.from_tuples([(d, *b) for d, _, _, *b in keys])
    a, b = (wide.reindex(columns=columns).to_numpy(dtype=float) for columns in (of_a, of_b))
    return keys, np.where(np.isnan(b), np.nan, a), np.where(np.isnan(a), np.nan, b)


def name_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `compare_languages`, with the languages if there are several pairs."""
    if len(table[["base", "other"]].drop_duplicates()) == 1:
        return table
    return table.assign(model=table["model"] + ", " + table["base"] + " → " + table["other"])


def _table(
    keys: list[tuple], scores: pd.DataFrame, a: np.ndarray, b: np.ndarray, samples: np.ndarray
) -> pd.DataFrame:
    """Return the rows of `compare_languages`, from scores and resampled differences."""
    means = {"mean_base": significance.column_means(a), "mean_other": significance.column_means(b)}
    differences = b - a
    table = _test(_named(keys, scores).assign(**means), differences)
    place = table.columns.get_loc("p_exact")
    enough = table["changed"] >= significance.LEAST_CHANGED
    p_bootstrap = np.where(enough, significance.bootstrap_p(samples), np.nan)
    for name, values in (("p_bootstrap", p_bootstrap), ("high", np.nan), ("low", np.nan)):
        table.insert(place, name, values)  # `compare_languages` fills the ends
    table["p_bh"] = significance.adjust_benjamini_hochberg(table["p_exact"])
    table["smallest_p"] = table["changed"].map(significance.smallest_exact_p).where(table["n"] > 0)
    table["smallest_difference"] = [
        significance.smallest_difference(column) for column in differences.T
    ]
    return table


def _named(keys: list[tuple], scores: pd.DataFrame) -> pd.DataFrame:
    """Return dimension, model, culture, base, other: two languages of one model, or two models."""
    culture = scores.drop_duplicates("model").set_index("model")["culture"]
    rows = []
    for dimension, model_a, language_a, model_b, language_b in keys:
        cultures = dict.fromkeys([culture.get(model_a, ""), culture.get(model_b, "")])
        name, a, b = model_a, language_a, language_b
        if model_a != model_b:
            name, a, b = _name_models(model_a, model_b)
        rows.append((dimension, name, " / ".join(cultures), a, b))
    return pd.DataFrame(rows, columns=["dimension", "model", "culture", "base", "other"])
