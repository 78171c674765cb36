"""Votes -> labels: which statement is relevant to which dimension, and what agreeing with it says.

The whole way is `votes.cast_votes`, `label_votes`, and then `relevant_pairs` or `scored_set`, which
say what the next step asks about. Notebooks, the preview and the specification curve all go it.
"""

import numpy as np
import pandas as pd

from utils.cells import PAIR, SCORES, group_rows, name_row, refuse_repeated
from utils.errors import Problem
from utils.rules import DEFAULT, Rules
from utils.votes import count_values, median_vote, turn_one


def label_votes(
    step: str, votes: pd.DataFrame, planned: int, rules: Rules = DEFAULT
) -> pd.DataFrame:
    """Return what the votes of a step decide: relevance labels, or polarity labels."""
    label = {"relevance": label_relevance, "polarity": label_polarity}[step]
    return label(votes, planned, rules)


def relevant_pairs(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of statement and dimension that relevance labels call relevant."""
    return labels.loc[labels["relevant"], PAIR]


def scored_set(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs that have a polarity, the paper's *Sociocultural Statements*."""
    return labels.dropna(subset="polarity")[[*PAIR, "polarity"]]


def label_relevance(votes: pd.DataFrame, planned: int, rules: Rules = DEFAULT) -> pd.DataFrame:
    """Return which statement speaks to which dimension: those with at least a quorum of yes votes.

    `planned` votes are judges x languages. The quorum stays what it is when votes are missing;
    where `missing_votes` is "valid" it scales with those that are there. Columns: statement_id,
    dimension, yes, no, missing, tied (votes in which runs were tied), planned, quorum, relevant,
    marginal (one vote the other way would flip the label), open (the missing votes could flip it).
    """
    check_quorum(rules.relevance_quorum, planned)
    table, counts, tied = _count_votes(votes, planned, [0.0, 1.0])
    no, yes = counts.T
    missing = planned - yes - no
    of_all = scale_quorum(rules.relevance_quorum, planned, np.full_like(yes, planned))
    needed = of_all
    if rules.missing_votes == "valid":
        needed = scale_quorum(rules.relevance_quorum, planned, yes + no)
    relevant = yes >= needed
    marginal = np.where(relevant, yes - 1 < needed, (yes + 1 >= needed) & (no > 0))
    could_flip = np.where(relevant, yes < of_all, yes + missing >= of_all)
    table = table.assign(yes=yes, no=no, missing=missing, tied=tied, planned=planned, quorum=needed)
    return table.assign(relevant=relevant, marginal=marginal, open=could_flip)


def scale_quorum(quorum: int, planned: int, votes):
    """Return the yes votes needed among `votes` (a number or an array) for `quorum` of `planned`.

    A quorum of 0 is half of the planned votes. The share is rounded up, and is at least 1.

    >>> [int(scale_quorum(0, 8, votes)) for votes in (8, 7, 6, 1, 0)], int(scale_quorum(6, 8, 4))
    ([4, 4, 3, 1, 1], 3)
    """
    share = 2 * quorum or planned  # in whole numbers: the quorum is share / (2 * planned)
    return np.maximum(1, -(-share * votes // (2 * planned)))


def check_quorum(quorum: int, planned: int) -> None:
    """Raise a Problem for a quorum that the planned votes, judges x languages, never reach."""
    if not 0 <= quorum <= planned:
        raise Problem(
            f"A relevance_quorum of {quorum} does not fit {planned} planned votes; "
            "0 means half of them."
        )


def label_polarity(votes: pd.DataFrame, planned: int, rules: Rules = DEFAULT) -> pd.DataFrame:
    """Return what agreeing says: the median of at least half of the planned votes.

    One vote is enough where `missing_votes` is "valid". A median of 0 or of a half is not on the
    scale; `zero_median` and `half_median` say what becomes of it, and `how` which one did. Columns:
    statement_id, dimension, votes, positive and negative (votes for either pole), missing, tied
    (votes in which runs were tied), planned, median, polarity (NaN: none), how, marginal (one vote
    of the opposite sign would turn the label's sign, or take or give the label).
    """
    values = np.array(sorted(SCORES["polarity"].values()), dtype=float)
    table, counts, tied = _count_votes(votes, planned, values)
    present = counts.sum(axis=1)
    enough = 2 * present >= planned if rules.missing_votes == "planned" else present > 0

    def label(counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        median = np.where(enough, median_vote(counted, values), np.nan)
        return _round_medians(median, rules)

    polarity, how = label(counts)
    marginal = np.zeros(len(table), dtype=bool)
    for i in range(len(values)):
        turned, _ = label(turn_one(counts, i))
        stays = np.isclose(np.sign(turned), np.sign(polarity), equal_nan=True)
        marginal |= (counts[:, i] > 0) & ~stays
    positive, negative = (counts[:, side].sum(axis=1) for side in (values > 0, values < 0))
    table = table.assign(votes=present, positive=positive, negative=negative)
    table = table.assign(missing=planned - present, tied=tied, planned=planned)
    table = table.assign(median=median_vote(counts, values), polarity=polarity)
    return table.assign(how=pd.Series(how, dtype="str"), marginal=marginal)


def _round_medians(median: np.ndarray, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Return a polarity for each median, and how it came about.

    >>> label, how = _round_medians(np.array([-1.0, -0.5, 0.0, np.nan]), Rules())
    >>> label.tolist(), how.tolist()
    ([-1.0, -1.0, nan, nan], ['median', 'half rounded', 'zero dropped', 'too few votes'])
    """
    zero, half = median == 0, median % 1 == 0.5
    halves = {
        "away_from_zero": (np.sign(median) * np.ceil(np.abs(median)), "half rounded"),
        "keep": (median, "half kept"),
        "drop": (np.nan, "half dropped"),
    }
    zeros = {"keep": (median, "zero kept"), "drop": (np.nan, "zero dropped")}
    of_half, how_half = halves[rules.half_median]
    of_zero, how_zero = zeros[rules.zero_median]
    how = np.select([np.isnan(median), zero, half], ["too few votes", how_zero, how_half], "median")
    return np.where(zero, of_zero, np.where(half, of_half, median)), how


def _count_votes(
    votes: pd.DataFrame, planned: int, values
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the pairs, the votes for each ascending value (pairs, values), and tied votes."""
    table, group = group_rows(votes, PAIR)
    refuse_repeated(votes, group, ["model", "language"])
    odd = votes[votes["vote"].notna() & ~votes["vote"].isin(values)]
    if len(odd):
        choices = ", ".join(f"{value:g}" for value in values)
        vote = odd["vote"].iloc[0]
        raise Problem(f"{name_row(odd.iloc[0])} has the vote {vote:g}; this step knows {choices}.")
    cast = votes["vote"].to_numpy(dtype=float)
    counts = count_values(group, cast, np.asarray(values), len(table))
    most = counts.sum(axis=1).max(initial=0)
    if most > planned:
        raise Problem(f"A pair has {most} votes where {planned} were planned (judges x languages).")
    tied = votes["tie"].ne("").to_numpy() if "tie" in votes else np.zeros(len(votes), dtype=bool)
    return table, counts, np.bincount(group[tied], minlength=len(table))
