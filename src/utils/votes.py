"""Answers of the runs -> votes, by declared rules that no order of rows or runs can move."""

import numpy as np
import pandas as pd

from utils import vote_counts
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
    counts = vote_counts.count_values(group, counted["score"].to_numpy(), values, len(table))
    answered, support = counts.sum(axis=1), counts.max(axis=1, initial=0)
    vote, tie = vote_counts.winner(counts, values, rules.tie_rule)
    enough = answered > (runs / 2 if rules.missing_votes == "planned" else 0)
    table = table.assign(vote=np.where(enough, vote, np.nan), planned=runs, answered=answered)
    return table.assign(support=support, tie=pd.Series(np.where(enough, tie, ""), dtype="str"))


def _values(steps) -> np.ndarray:
    """Return the ascending values of the one step that the answers are of."""
    if len(steps) > 1:
        listed = ", ".join(sorted(steps))
        raise Problem(f"Votes are counted for one step at a time; these answers are of {listed}.")
    return np.array(sorted(SCORES[steps[0]].values()) if len(steps) else [0], dtype=float)
