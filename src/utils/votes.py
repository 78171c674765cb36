"""Answers of the runs -> votes, by declared rules that no order of rows or runs can move."""

import numpy as np
import pandas as pd

from utils.cells import SCORES, VOTER, group_rows, name_row, refuse_repeated
from utils.errors import Problem, check_choice
from utils.rules import DEFAULT, Rules


def score_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the answers with a `score`: yes 1, no 0; -2 to 2; agree 1, disagree -1; else NaN.

    Problem when an answered cell holds anything else; a failure is never a value.

    >>> rows = [("relevance", "yes", "answered"), ("relevance", "", "refused")]
    >>> score_answers(pd.DataFrame(rows, columns=["step", "answer", "state"]))["score"].tolist()
    [1.0, nan]
    """
    answered = answers["state"] == "answered"
    score = pd.Series(np.nan, index=answers.index)
    for step in answers["step"].unique():
        check_choice("step", step, SCORES)
        rows = answered & (answers["step"] == step)
        score[rows] = answers.loc[rows, "answer"].map(SCORES[step]).to_numpy(dtype=float)
    odd = answers[answered & score.isna()]
    if len(odd):
        row = odd.iloc[0]
        answer, listed = row["answer"], ", ".join(SCORES[row["step"]])
        raise Problem(f'{name_row(row)} has the answer "{answer}"; this step knows {listed}.')
    return answers.assign(score=score)


def cast_votes(answers: pd.DataFrame, runs: int, rules: Rules = DEFAULT) -> pd.DataFrame:
    """Return the vote of each model in each language: the most frequent answer of the first `runs`.

    A tie goes to the tied answer nearest the median of all runs, and is undecided (NaN) where that
    is a tie as well, as between two-valued answers (`tie_rule`). A vote needs more than half of the
    planned runs answered; one, where `missing_votes` is "valid". Columns: statement_id, dimension,
    model, language, vote, planned and answered (runs), support (runs that gave the most frequent
    answer), tie ("", "nearest median", "undecided"). Sorted, so no order of rows shows in it.
    """
    if runs < 1:
        raise Problem(f"{runs} runs make no vote; at least 1 is needed.")
    counted = score_answers(answers[answers["run"] <= runs])
    values = _values(counted["step"].unique())
    table, group = group_rows(counted, VOTER)
    refuse_repeated(counted, group, ["run"])
    counts = count_values(group, counted["score"].to_numpy(), values, len(table))
    answered, support = counts.sum(axis=1), counts.max(axis=1, initial=0)
    vote, tie = winner(counts, values, rules.tie_rule)
    enough = answered > (runs / 2 if rules.missing_votes == "planned" else 0)
    table = table.assign(vote=np.where(enough, vote, np.nan), planned=runs, answered=answered)
    return table.assign(support=support, tie=pd.Series(np.where(enough, tie, ""), dtype="str"))


def _values(steps) -> np.ndarray:
    """Return the ascending values of the one step that the answers are of."""
    if len(steps) > 1:
        listed = ", ".join(sorted(steps))
        raise Problem(f"Votes are counted for one step at a time; these answers are of {listed}.")
    return np.array(sorted(SCORES[steps[0]].values()) if len(steps) else [0], dtype=float)


# The arithmetic of counts: how often each row got each of a few ascending values, (rows, values).


def count_values(
    group: np.ndarray, scores: np.ndarray, values: np.ndarray, rows: int
) -> np.ndarray:
    """Count how often each row got each value; `group` is the row of each score, NaN is no vote.

    >>> group, scores = np.array([0, 0, 1]), np.array([1.0, np.nan, 0.0])
    >>> count_values(group, scores, np.array([0.0, 1.0]), 2).tolist()
    [[0, 1], [1, 0]]
    """
    present = ~np.isnan(scores)
    at = group[present] * len(values) + np.searchsorted(values, scores[present])
    return np.bincount(at, minlength=rows * len(values)).reshape(rows, len(values))


def median_vote(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the median of each row; NaN for a row of nothing.

    >>> counts = np.array([[1, 0, 1, 0], [0, 0, 1, 4], [0, 0, 0, 0]])
    >>> median_vote(counts, np.array([-2.0, -1.0, 1.0, 2.0])).tolist()
    [-0.5, 2.0, nan]
    """
    n, reached = counts.sum(axis=1), counts.cumsum(axis=1)
    lower, upper = ((reached < rank[:, None]).sum(axis=1) for rank in ((n + 1) // 2, n // 2 + 1))
    ends = np.append(values, np.nan)  # the upper middle of nothing lies beyond the last value
    return (ends[lower] + ends[upper]) / 2


def winner(counts: np.ndarray, values: np.ndarray, tie_rule: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the most frequent value of each row, NaN where a tie stays one, and how a tie ended.

    >>> counts = np.array([[2, 0, 1, 2], [1, 0, 0, 1]])
    >>> vote, tie = winner(counts, np.array([-2.0, -1.0, 1.0, 2.0]), "nearest_median")
    >>> vote.tolist(), tie.tolist()
    ([2.0, nan], ['nearest median', 'undecided'])
    """
    tied = counts == counts.max(axis=1, keepdims=True, initial=0)
    distance = np.where(tied, np.abs(values - median_vote(counts, values)[:, None]), np.inf)
    nearest = tied & (distance == distance.min(axis=1, keepdims=True, initial=np.inf))
    chosen = {"nearest_median": nearest, "drop": tied}[tie_rule]
    single = chosen.sum(axis=1) == 1
    tie = np.where(tied.sum(axis=1) == 1, "", np.where(single, "nearest median", "undecided"))
    return np.where(single, values[chosen.argmax(axis=1)], np.nan), tie


def turn_one(counts: np.ndarray, i: int) -> np.ndarray:
    """Return the counts with one vote for the i-th value turned into one for its opposite."""
    one = np.eye(counts.shape[1], dtype=int)
    return counts - one[i] + one[-1 - i]
