"""How many independent votes the judges' relevance votes are worth, and labels that weigh judges.

Judges who err on the same pairs repeat each other: k votes whose errors have a mean correlation r
hold as much as k / (1 + (k - 1) r) independent ones.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from utils.cells import PAIR

ROUNDS, CLOSE = 200, 1e-8  # of the EM algorithm, and when it stops


class Judged(NamedTuple):
    """What the votes say if judges are weighed by how often they are right."""

    chance: pd.Series  # of each pair, that it is relevant
    voters: pd.DataFrame  # model, language, sensitivity, specificity
    evidence: np.ndarray  # of each vote for relevance, as log odds: (pairs, voters), 0 if missing


def weigh_judges(votes: pd.DataFrame) -> Judged:
    """Weigh each judge in each language by how often it is right (Dawid and Skene 1979).

    By the EM algorithm, started at the share of yes votes. `votes`: of the relevance step.
    Sensitivity is the chance of a yes where relevant, specificity that of a no where not.
    """
    wide = votes.pivot(index=PAIR, columns=["model", "language"], values="vote")
    yes, there = wide.to_numpy() == 1, wide.notna().to_numpy()
    chance = yes.sum(axis=1) / np.maximum(1, there.sum(axis=1))
    for _ in range(ROUNDS):
        hit, false_alarm = _rates(chance, yes, there), _rates(1 - chance, yes, there)
        of_yes, of_no = np.log(hit / false_alarm), np.log((1 - hit) / (1 - false_alarm))
        evidence = np.where(there, np.where(yes, of_yes, of_no), 0.0)
        new = _chance(evidence.sum(axis=1), chance)
        moved, chance = np.abs(new - chance).max(initial=0), new
        if moved < CLOSE:
            break
    voters = wide.columns.to_frame(index=False)
    voters = voters.assign(sensitivity=hit, specificity=1 - false_alarm)
    return Judged(pd.Series(chance, index=wide.index, name="chance"), voters, evidence)


def _rates(chance: np.ndarray, yes: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return each voter's share of yes, over pairs weighed by a chance, with one vote more each.

    The further votes are so that nobody is taken for infallible.
    """
    return (chance @ yes + 1) / (chance @ there + 2)


def _chance(evidence: np.ndarray, before: np.ndarray) -> np.ndarray:
    share = np.clip(before.mean() if len(before) else 0.5, 1e-6, 1 - 1e-6)
    return 1 / (1 + np.exp(-np.clip(np.log(share / (1 - share)) + evidence, -500, 500)))


def count_independent(votes: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """Return how many independent votes those on a pair are worth.

    The errors of two voters are what their votes differ from what is expected of them, given the
    evidence of all others. Columns: kind (all votes, a model's languages, a language's models),
    votes, correlation (of errors, mean over two voters), worth.
    """
    wide = votes.pivot(index=PAIR, columns=["model", "language"], values="vote").to_numpy()
    hit, false_alarm = judged.voters["sensitivity"], 1 - judged.voters["specificity"]
    names, total = judged.voters[["model", "language"]].to_numpy(), judged.evidence.sum(axis=1)
    found: dict[str, list[float]] = {"all votes": [], "a model's": [], "a language's": []}
    for a, b in combinations(range(wide.shape[1]), 2):
        chance = _chance(total - judged.evidence[:, [a, b]].sum(axis=1), judged.chance.to_numpy())
        gain = [hit[v] - false_alarm[v] for v in (a, b)]
        errors = [
            wide[:, v] - false_alarm[v] - chance * g for v, g in zip((a, b), gain, strict=True)
        ]
        both = ~np.isnan(errors[0] + errors[1])
        # what two right votes share because it is not known which vote is right is no common error
        shared = errors[0] * errors[1] - chance * (1 - chance) * gain[0] * gain[1]
        size = (
            np.sqrt(np.prod([np.mean(error[both] ** 2) for error in errors])) if both.any() else 0
        )
        if size > 0:
            r = float(shared[both].mean() / size)
            found["all votes"].append(r)
            if names[a][0] == names[b][0]:
                found["a model's"].append(r)
            if names[a][1] == names[b][1]:
                found["a language's"].append(r)
    sizes = wide.shape[1], len(set(names[:, 1])), len(set(names[:, 0]))
    rows = []
    for (kind, each), k in zip(found.items(), sizes, strict=True):
        if each:
            r = float(np.mean(each))
            rows.append((kind, k, r, k / (1 + (k - 1) * max(0.0, r))))
    return pd.DataFrame(rows, columns=["kind", "votes", "correlation", "worth"])


def count_differing(judged: Judged, relevance: pd.DataFrame) -> str:
    """Say how many relevance labels would differ if judges were weighed; "" without any votes.

    `relevance`: the labels by quorum, with `relevant`.
    """
    if judged.chance.empty:
        return ""
    by_quorum = relevance.set_index(PAIR)["relevant"].reindex(judged.chance.index)
    more, fewer = (
        ((judged.chance > 0.5) & ~by_quorum).sum(),
        ((judged.chance <= 0.5) & by_quorum).sum(),
    )
    return (
        f"If judges were weighed, {fewer} of {by_quorum.sum()} relevant pairs would not be so, and "
        f"{more} others would."
    )
