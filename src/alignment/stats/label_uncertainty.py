"""Intervals of positions that also allow for other votes on the labels.

Each pair's votes are drawn again from its own (a bootstrap of judges in languages), and labelled by
the study's rules; then statements are weighted as in `intervals`. Without a split vote the interval
is that of `intervals.mean_interval`, but for what drawing adds.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator

from utils.cells import PAIR
from utils.labels import label_votes
from utils.rules import DEFAULT, Rules

DRAWS = 200  # of the labels
WEIGHTS = 10  # of the statements, for each of these


def redraw_labels(
    relevance: pd.DataFrame,
    polarity: pd.DataFrame,
    rng: Generator,
    rules: Rules = DEFAULT,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Return labels by redrawn votes: draw, statement_id, dimension, polarity.

    Of the pairs with polarity votes (`polarity`, the votes of that step; `relevance` likewise): one
    that the redrawn votes call irrelevant or give no median is left out, and one that was not
    relevant cannot become so, since nobody was asked for its polarity. Empty without any votes.
    """
    pairs = polarity[PAIR].drop_duplicates(ignore_index=True)
    if pairs.empty:
        return pairs.assign(draw=0, polarity=np.nan).iloc[:0]
    yes = _label("relevance", relevance.merge(pairs), rng, rules, draws)
    labels = _label("polarity", polarity, rng, rules, draws)
    kept = labels.merge(yes.loc[yes["relevant"], ["draw", *PAIR]])
    return kept.dropna(subset="polarity")[["draw", *PAIR, "polarity"]].reset_index(drop=True)


def _label(
    step: str, votes: pd.DataFrame, rng: Generator, rules: Rules, draws: int
) -> pd.DataFrame:
    wide = votes.pivot(index=PAIR, columns=["model", "language"], values="vote")
    pairs, voters = wide.shape
    chosen = rng.integers(voters, size=(draws, pairs, voters))
    drawn = np.take_along_axis(wide.to_numpy()[None], chosen, axis=2)
    names = pd.MultiIndex.from_product([range(draws), range(pairs)], names=["draw", "pair"])
    long = pd.DataFrame(drawn.reshape(-1, voters), names, columns=range(voters)).stack()
    long = long.rename("vote").rename_axis([*names.names, "model"]).reset_index()
    long["statement_id"] = long["draw"] * pairs + long["pair"]
    named = long.assign(dimension="", language="")[[*PAIR, "model", "language", "vote"]]
    table = label_votes(step, _with_missing(named, voters), voters, rules)
    of = wide.index.to_frame(index=False).iloc[table["statement_id"] % pairs]
    table = table.assign(draw=table["statement_id"] // pairs)
    return table.assign(**{name: of[name].to_numpy() for name in PAIR})


def _with_missing(votes: pd.DataFrame, voters: int) -> pd.DataFrame:
    """Return the votes with a row for each one that is missing, so that no pair gets lost."""
    every = pd.MultiIndex.from_product([votes["statement_id"].unique(), range(voters)])
    filled = votes.set_index(["statement_id", "model"])["vote"].reindex(every)
    table = filled.rename_axis(["statement_id", "model"]).reset_index()
    return table.assign(dimension="", language="")


def intervals_with_labels(
    labels: pd.DataFrame, answers: pd.DataFrame, ends: tuple[float, float], rng: Generator
) -> pd.DataFrame:
    """Return 95 % intervals of the mean of polarity x answer, over labels and statements.

    `labels`: as `redraw_labels` gives them; `answers`: statement_id by columns, what a label is
    multiplied by (a stance, a group's response, or their change), NaN where there is none. One
    further statement lies at either end. Columns: dimension, then those of the answers' column
    index, low_labels, high_labels.
    """
    names = [name or "column" for name in answers.columns.names]
    rows = []
    for dimension, drawn in labels.groupby("dimension", sort=False):
        wide = drawn.pivot(index="draw", columns="statement_id", values="polarity")
        wide = wide.reindex(columns=answers.index)
        for column in answers.columns:
            given = answers[column].dropna()
            if len(given):
                low, high = _interval(wide[given.index].to_numpy(), given.to_numpy(), ends, rng)
                key = column if isinstance(column, tuple) else (column,)
                rows.append((dimension, *key, low, high))
    return pd.DataFrame(rows, columns=["dimension", *names, "low_labels", "high_labels"])


def _interval(
    labels: np.ndarray, answers: np.ndarray, ends: tuple[float, float], rng: Generator
) -> tuple[float, float]:
    """Return the quantiles of the weighted means: labels (draws, n) x answers (n,)."""
    scores = labels * answers
    weights = rng.exponential(size=(WEIGHTS, *scores.shape)) * ~np.isnan(scores)
    further = rng.exponential(size=weights.shape[:2])
    end = np.where(rng.random(further.shape) < 0.5, *ends)
    sums = (weights * np.nan_to_num(scores)).sum(axis=-1) + further * end
    means = sums / (weights.sum(axis=-1) + further)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def describe(table: pd.DataFrame) -> str:
    """Say how much wider intervals are with the labels' uncertainty, and how many then hold 0.

    `table`: low, high, low_labels, high_labels. "" where labels were brought, without any votes.
    """
    rows = table.dropna(subset=["low", "high", "low_labels", "high_labels"])
    rows = rows[rows["high"] > rows["low"]]
    if rows.empty:
        return ""
    wider = ((rows["high_labels"] - rows["low_labels"]) / (rows["high"] - rows["low"])).median()
    clear, still = (
        ((rows[f"low{end}"] > 0) | (rows[f"high{end}"] < 0)).sum() for end in ("", "_labels")
    )
    return (
        f"With the labels' uncertainty the intervals are {wider:.2f} times as wide (median), and "
        f"{still} of {len(rows)} exclude 0 instead of {clear}."
    )
