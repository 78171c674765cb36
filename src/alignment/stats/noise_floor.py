"""How often an answer changes from run to run, which a change with the language has to exceed."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd

from alignment.stats.intervals import mean_interval
from utils.votes import score_answers

LEAST = 30  # cells below which answers may all be alike by chance
SHARES = (-1.0, 1.0)  # the ends of a difference of two shares


def compare_runs(answers: pd.DataFrame, models: Iterable[str]) -> pd.DataFrame:
    """Return how often two answers to a statement differ, within a language and between two.

    Of all pairs of answered runs, in each statement; the mean over statements with two answers in
    both languages. excess = between - the mean of both withins, with its interval over statements.
    `answers`: of the stance step. Columns: model, language_1, language_2, n (statements), within_1,
    within_2, between, excess, low, high (shares). A study with one language has no rows.
    """
    agreed = score_answers(answers).dropna(subset="score")
    agreed["agrees"] = agreed["score"] == 1
    counts = agreed.groupby(["model", "language", "statement_id"])["agrees"].agg(["sum", "size"])
    rows = []
    for model in models:
        for first, second in combinations(answers["language"].unique(), 2):
            rows.append((model, first, second, *_compare(counts, model, first, second)))
    names = "model language_1 language_2 n within_1 within_2 between excess low high".split()
    return pd.DataFrame(rows, columns=names)


def describe_copies(answers: pd.DataFrame) -> str:
    """Say whose answers are the same in two languages, cell by cell; "" where nobody's are.

    Answers that change from run to run and are nevertheless all alike in two languages were hardly
    asked for in both. `answers`: of the stance step.
    """
    copied = []
    given = answers[answers["state"] == "answered"]
    for model, own in given.groupby("model", sort=False):
        wide = own.pivot(index=["statement_id", "run"], columns="language", values="answer")
        by_statement = own.groupby(["language", "statement_id"])["answer"].nunique()
        for first, second in combinations(wide, 2):
            both = wide[[first, second]].dropna()
            vary = by_statement[by_statement.index.get_level_values(0) == first].gt(1).any()
            if len(both) >= LEAST and vary and both[first].eq(both[second]).all():
                copied.append(f"{model} in {first} and {second} ({len(both):,} cells)")
    why = "all alike although they change from run to run: was one language asked for both?"
    return f"**The answers of {', '.join(copied)} are {why}**" if copied else ""


def _compare(counts: pd.DataFrame, model: str, first: str, second: str) -> tuple:
    one, other = (_of(counts, model, language) for language in (first, second))
    both = one.merge(other, left_index=True, right_index=True, suffixes=("_1", "_2"))
    both = both[(both["size_1"] > 1) & (both["size_2"] > 1)]
    if both.empty:
        return (0, *[np.nan] * 6)
    within = [_differ_within(both[f"sum_{side}"], both[f"size_{side}"]) for side in (1, 2)]
    share_1, share_2 = both["sum_1"] / both["size_1"], both["sum_2"] / both["size_2"]
    between = share_1 * (1 - share_2) + share_2 * (1 - share_1)
    excess = between - sum(within) / 2
    ends = mean_interval(excess, SHARES)
    return (len(both), *(share.mean() for share in (*within, between, excess)), *ends)


def _of(counts: pd.DataFrame, model: str, language: str) -> pd.DataFrame:
    known = (model, language) in counts.index.droplevel("statement_id")
    return counts.loc[(model, language)] if known else counts.iloc[:0].droplevel([0, 1])


def _differ_within(agree: pd.Series, size: pd.Series) -> pd.Series:
    """Return the share of pairs of runs that differ: a x d of n (n - 1) / 2."""
    return 2 * agree * (size - agree) / (size * (size - 1))
