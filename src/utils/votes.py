"""Runs -> vote -> label, by declared rules that no order of rows, runs, models or languages can move."""

import numpy as np
import pandas as pd

from utils import vote_counts
from utils.cells import SCORES, STATES
from utils.errors import Problem, nearest
from utils.rules import allowed

VOTER = ["statement_id", "dimension", "model", "language"]
CELL = ["step", *VOTER, "run"]


def scored(answers: pd.DataFrame) -> pd.DataFrame:
    """The answers with a number each, `score`: yes 1, no 0; -2 to 2; agree 1, disagree -1; NaN for any other state.

    Problem when an answered cell holds anything else; a failure is never a value.

    >>> rows = [("relevance", "yes", "answered"), ("relevance", "", "refused"), ("polarity", "-2", "answered")]
    >>> scored(pd.DataFrame(rows, columns=["step", "answer", "state"]))["score"].tolist()
    [1.0, nan, -2.0]
    """
    answered = answers["state"] == "answered"
    score = pd.Series(np.nan, index=answers.index)
    for step in answers["step"].unique():
        _one_of("step", step, SCORES)
        rows = answered & (answers["step"] == step)
        score[rows] = answers.loc[rows, "answer"].map(SCORES[step]).to_numpy(dtype=float)
    odd = answers[answered & score.isna()]
    if len(odd):
        row, known = odd.iloc[0], SCORES[odd["step"].iloc[0]]
        raise Problem(
            f'{_name(row)} has the answer "{row["answer"]}"; this step knows {", ".join(known)}.'
        )
    return answers.assign(score=score)


def votes(
    answers: pd.DataFrame,
    runs: int,
    tie_rule: str = "nearest_median",
    missing_votes: str = "planned",
) -> pd.DataFrame:
    """The vote of each model in each language: the most frequent of its answers in the runs 1 to `runs`.

    A tie goes to the tied answer nearest the median of all runs, and is undecided (NaN) where that is a tie as well,
    as between two-valued answers. A vote needs more than half of the planned runs answered; "valid": one.
    Columns: statement_id, dimension, model, language, vote, planned and answered (runs), support (runs that gave the
    most frequent answer), tie ("", "nearest median", "undecided"). Sorted, so no order of rows shows in it.
    """
    allowed("tie_rule", tie_rule)
    allowed("missing_votes", missing_votes)
    if runs < 1:
        raise Problem(f"{runs} runs make no vote; at least 1 is needed.")
    counted = scored(answers[answers["run"] <= runs])
    values = _values(counted["step"].unique())
    table, group = _grouped(counted, VOTER)
    _once(counted, group, ["run"])
    counts = vote_counts.counts(group, counted["score"].to_numpy(), values, len(table))
    answered, support = counts.sum(axis=1), counts.max(axis=1, initial=0)
    vote, tie = vote_counts.winner(counts, values, tie_rule == "nearest_median")
    enough = answered > (runs / 2 if missing_votes == "planned" else 0)
    vote, tie = np.where(enough, vote, np.nan), np.where(enough, tie, "")
    return table.assign(
        vote=vote, planned=runs, answered=answered, support=support, tie=pd.Series(tie, dtype="str")
    )


def relevance_labels(
    votes: pd.DataFrame, planned: int, quorum: int = 0, missing_votes="planned"
) -> pd.DataFrame:
    """Which statement speaks to which dimension: relevant with at least `quorum` yes votes (0: half of the planned).

    `planned` votes are judges x languages. The quorum stays what it is when votes are missing; "valid" scales it
    with those that are there. `marginal`: one vote the other way would flip the label; `open`: the missing votes could.
    Columns: statement_id, dimension, yes, no, missing, tied (votes in which runs were tied), planned, quorum,
    relevant, marginal, open.
    """
    allowed("missing_votes", missing_votes)
    check_quorum(quorum, planned)
    table, counts, tied = _cast(votes, planned, [0.0, 1.0])
    no, yes = counts.T
    missing = planned - yes - no
    of_all = _needed(np.full_like(yes, planned), planned, quorum)
    needed = of_all if missing_votes == "planned" else _needed(yes + no, planned, quorum)
    relevant = yes >= needed
    marginal = np.where(relevant, yes - 1 < needed, (yes + 1 >= needed) & (no > 0))
    could_flip = np.where(relevant, yes < of_all, yes + missing >= of_all)
    table = table.assign(yes=yes, no=no, missing=missing, tied=tied, planned=planned, quorum=needed)
    return table.assign(relevant=relevant, marginal=marginal, open=could_flip)


def check_quorum(quorum: int, planned: int) -> None:
    """Problem for a quorum that the planned votes, judges x languages, could never reach."""
    if not 0 <= quorum <= planned:
        raise Problem(
            f"A relevance_quorum of {quorum} does not fit {planned} planned votes; 0 means half of them."
        )


def _needed(there: np.ndarray, planned: int, quorum: int) -> np.ndarray:
    """Yes votes needed among those that are there: their share of the quorum, rounded up in whole numbers, at least 1.

    >>> _needed(np.array([8, 7, 6, 1, 0]), 8, 0).tolist(), _needed(np.array([8, 4]), 8, 6).tolist()
    ([4, 4, 3, 1, 1], [6, 3])
    """
    return np.maximum(1, -(-(2 * quorum or planned) * there // (2 * planned)))


def polarity_labels(
    votes: pd.DataFrame,
    planned: int,
    zero_median="drop",
    half_median="away_from_zero",
    missing_votes="planned",
) -> pd.DataFrame:
    """What agreeing says on a dimension: the median of at least half of the planned votes ("valid": of any votes).

    A median of 0 or of a half is not on the scale; the two rules say what becomes of it, and `how` which one did.
    `marginal`: one vote of the opposite sign would turn the label's sign, or take or give the label.
    Columns: statement_id, dimension, votes, positive and negative (votes for either pole), missing, tied (votes in
    which runs were tied), planned, median, polarity (NaN: none), how, marginal.
    """
    allowed("zero_median", zero_median)
    allowed("half_median", half_median)
    allowed("missing_votes", missing_votes)
    values = np.array(sorted(SCORES["polarity"].values()), dtype=float)
    table, counts, tied = _cast(votes, planned, values)
    there = counts.sum(axis=1)
    enough = 2 * there >= planned if missing_votes == "planned" else there > 0
    rule = {"zero": zero_median, "half": half_median}
    median = vote_counts.median(counts, values)
    polarity, how = _label(np.where(enough, median, np.nan), rule)
    marginal = np.zeros(len(table), dtype=bool)
    for i in range(len(values)):
        turned, _ = _label(
            np.where(enough, vote_counts.median(vote_counts.turned(counts, i), values), np.nan),
            rule,
        )
        marginal |= (counts[:, i] > 0) & ~np.isclose(
            np.sign(turned), np.sign(polarity), equal_nan=True
        )
    poles = {
        name: counts[:, side].sum(axis=1)
        for name, side in (("positive", values > 0), ("negative", values < 0))
    }
    table = table.assign(votes=there, **poles)
    table = table.assign(
        missing=planned - there, tied=tied, planned=planned, median=median, polarity=polarity
    )
    return table.assign(how=pd.Series(how, dtype="str"), marginal=marginal)


def _label(median: np.ndarray, rule: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """A polarity for each median, and how it came about.

    >>> label, how = _label(np.array([-1.0, -0.5, 0.0, np.nan]), {"zero": "drop", "half": "away_from_zero"})
    >>> label.tolist(), how.tolist()
    ([-1.0, -1.0, nan, nan], ['median', 'half rounded', 'zero dropped', 'too few votes'])
    """
    zero, half = median == 0, median % 1 == 0.5
    away = np.sign(median) * np.ceil(np.abs(median))
    halves = {
        "away_from_zero": (away, "half rounded"),
        "keep": (median, "half kept"),
        "drop": (np.nan, "half dropped"),
    }
    zeros = {"keep": (median, "zero kept"), "drop": (np.nan, "zero dropped")}
    (of_half, how_half), (of_zero, how_zero) = halves[rule["half"]], zeros[rule["zero"]]
    how = np.select([np.isnan(median), zero, half], ["too few votes", how_zero, how_half], "median")
    return np.where(zero, of_zero, np.where(half, of_half, median)), how


def accounting(answers: pd.DataFrame, planned_cells: pd.DataFrame) -> pd.DataFrame:
    """Where every planned cell ended, by model and language: planned = answered + refused + ... + not asked.

    A planned cell without a row was not asked. Problem for a cell that stands twice, was not planned or is in no known
    state, so that the parts always sum to the plan. One row for each model and language, in the plan's order.
    """
    plan, given = (_plain(table, CELL) for table in (planned_cells, answers))
    joined = plan.merge(given.assign(state=answers["state"].fillna("")), how="left", on=CELL)
    if len(joined) != len(plan) or joined["state"].notna().sum() != len(given):
        raise _unplanned(plan, given)
    state = joined["state"].fillna("not asked")
    parts = (
        state.groupby([joined["model"], joined["language"]], sort=False)
        .value_counts()
        .unstack(fill_value=0)
    )
    planned = plan.groupby(["model", "language"], sort=False).size()
    table = parts.reindex(index=planned.index, columns=list(STATES), fill_value=0)
    if not (table.sum(axis=1) == planned).all():
        _one_of("state", next(state for state in parts.columns if state not in STATES), STATES)
    table.insert(0, "planned", planned)
    return table.rename_axis(columns=None).reset_index()


def _unplanned(plan: pd.DataFrame, given: pd.DataFrame) -> Problem:
    for table, where in ((plan, "the plan"), (given, "the answers")):
        twice = table.duplicated()
        if twice.any():
            return Problem(
                f"{_name(table[twice].iloc[0])} stands twice in {where}; a cell has one answer."
            )
    beyond = given.merge(plan, how="left", indicator=True).query("_merge == 'left_only'")
    return Problem(
        f"{_name(beyond.iloc[0])} was answered but not planned; was another number of runs planned?"
    )


def _cast(votes: pd.DataFrame, planned: int, values) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The pairs voted on, how many votes each ascending value got (pairs, values), and in how many runs were tied."""
    table, group = _grouped(votes, VOTER[:2])
    _once(votes, group, ["model", "language"])
    odd = votes[votes["vote"].notna() & ~votes["vote"].isin(values)]
    if len(odd):
        known = ", ".join(f"{value:g}" for value in values)
        raise Problem(
            f"{_name(odd.iloc[0])} has the vote {odd['vote'].iloc[0]:g}; this step knows {known}."
        )
    counts = vote_counts.counts(
        group, votes["vote"].to_numpy(dtype=float), np.asarray(values), len(table)
    )
    most = counts.sum(axis=1).max(initial=0)
    if most > planned:
        raise Problem(f"A pair has {most} votes where {planned} were planned (judges x languages).")
    tied = votes["tie"].ne("").to_numpy() if "tie" in votes else np.zeros(len(votes), dtype=bool)
    return table, counts, np.bincount(group[tied], minlength=len(table))


def _plain(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The keys of a table, the dimension of a stance as empty text, however it was read."""
    return table[keys].astype({"dimension": "str"}).fillna({"dimension": ""})


def _grouped(table: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """The distinct keys, sorted, and for each row of the table the number of its own."""
    plain = _plain(table, keys)
    group = plain.groupby(keys, sort=True, dropna=False).ngroup().to_numpy()
    first = ~pd.Series(group).duplicated().to_numpy()
    return plain[first].iloc[np.argsort(group[first])].reset_index(drop=True), group


def _once(table: pd.DataFrame, group: np.ndarray, keys: list[str]) -> None:
    twice = table[table[keys].assign(group=group).duplicated()]
    if len(twice):
        raise Problem(
            f"{_name(twice.iloc[0])} stands twice in the table ({len(twice):,} such rows); keep one of them."
        )


def _values(steps) -> np.ndarray:
    if len(steps) > 1:
        raise Problem(
            f"Votes are counted for one step at a time; these answers are of {', '.join(sorted(steps))}."
        )
    return np.array(sorted(SCORES[steps[0]].values()) if len(steps) else [0], dtype=float)


def _name(row: pd.Series) -> str:
    return "The row " + ", ".join(
        f"{key} {row[key]}" for key in CELL if key in row and row[key] not in ("", None)
    )


def _one_of(parameter: str, value: str, known) -> None:
    if value not in known:
        raise Problem(
            f'{parameter} is one of {", ".join(known)}, not "{value}".{nearest(value, known)}'
        )
