"""From labels and votes to positions: of a model, of a culture's group of models, and of people."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd

from utils.cells import PAIR, SCORES, in_paper_order
from utils.errors import Problem
from utils.rules import Rules, allowed


def label_scores(labels: pd.DataFrame, votes: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return the scores table: each label with each model's vote in each language.

    Agreeing scores the label's polarity. Disagreeing scores the exact opposite, as the paper
    assumes. `models`: model, culture. A vote that is undecided or missing leaves a score of NaN,
    never a value.
    """
    stances = votes[votes["dimension"].fillna("") == ""] if "dimension" in votes else votes
    unknown = set(stances["model"]) - set(models["model"])
    if unknown:
        names = ", ".join(sorted(unknown))
        raise Problem(f"The votes are of {names}, which the study does not name as a model.")
    voters = stances[["model", "language"]].drop_duplicates()
    voters = voters.merge(models[["model", "culture"]], on="model")
    table = labels[[*PAIR, "polarity"]].merge(voters, how="cross")
    keys = ["statement_id", "model", "language"]
    table = table.merge(stances[[*keys, "vote"]], how="left", on=keys, validate="many_to_one")
    table["score"] = table["polarity"] * table["vote"]
    return table[[*PAIR, "model", "culture", "language", "polarity", "vote", "score"]]


def positions(
    scores: pd.DataFrame, by: Iterable[str] = ("dimension", "model", "culture", "language")
) -> pd.DataFrame:
    """Return each model's position: its mean score (-2 to 2), n, and the scores missing."""
    grouped = scores.groupby(list(by), sort=False)["score"]
    table = grouped.agg(position="mean", n="count", missing=lambda s: int(s.isna().sum()))
    return table.reset_index()


def group_scores(
    scores: pd.DataFrame,
    models: pd.DataFrame,
    split_group: str = Rules.split_group,
    answers: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return a group's response to each label: the median of its models' votes.

    Each model votes in its native language. A split group responds 0, the median of both. With
    `split_group="all_runs"` the median is over all runs of all its models, from the stance
    `answers`. A group with no more than half of its votes (or runs) does not respond (NaN).
    `models`: model, culture, language (native). Columns: statement_id, dimension, group, polarity,
    response (-1 to 1), score (response x polarity).
    """
    native = models[["model", "culture", "language"]]
    if allowed("split_group", split_group) == "median":
        votes = scores.drop_duplicates(["statement_id", "model", "language"]).merge(native)
    else:
        votes = answers[answers["step"] == "stance"].merge(native, on=["model", "language"])
        votes["vote"] = votes["answer"].map(SCORES["stance"])
    keys = ["statement_id", "culture"]
    votes = votes.groupby(keys, sort=False)["vote"].agg(["median", "count", "size"])
    response = votes["median"].where(2 * votes["count"] > votes["size"]).rename("response")
    table = scores[[*PAIR, "polarity"]].drop_duplicates()
    table = table.merge(native[["culture"]].drop_duplicates(), how="cross")
    table = table.merge(response.reset_index(), how="left", on=keys)
    table["score"] = table["response"] * table["polarity"]
    table = table.rename(columns={"culture": "group"})
    return table[[*PAIR, "group", "polarity", "response", "score"]]


def differing(groups: pd.DataFrame, differ: str = Rules.differ) -> pd.DataFrame:
    """Return which labels count as answered differently: a row a label, comparable and differs.

    Comparable are labels to which all groups responded. With more than two groups "not_equal" means
    that not all agree, "opposite" that both agreement and disagreement occur.
    """
    responses = groups.pivot(index=PAIR, columns="group", values="response")
    comparable = responses.notna().all(axis=1)
    if allowed("differ", differ) == "not_equal":
        differs = responses.nunique(axis=1) > 1
    else:
        differs = (responses == 1).any(axis=1) & (responses == -1).any(axis=1)
    return pd.DataFrame({"comparable": comparable, "differs": comparable & differs}).reset_index()


def divided(
    groups: pd.DataFrame, different: pd.DataFrame, votes: pd.DataFrame, models: pd.DataFrame
) -> pd.DataFrame:
    """Return Appendix B: each statement that divides the groups, with the models' answers.

    `different`: as `differing` gives it; `votes`: the stances, with support and answered (runs).
    One row a statement, strictly opposite groups first: statement_id, labels (dimension and
    polarity, as text), opposite (bool), and for each group a column of its models' answers, with
    the runs that gave them.
    """
    rows = groups.merge(different.query("differs")[PAIR], on=PAIR)
    rows["label"] = rows["dimension"] + " " + rows["polarity"].map("{:+g}".format)
    by = rows.groupby("statement_id", sort=False)
    labels = by["label"].agg(lambda texts: ", ".join(dict.fromkeys(texts)))
    opposite = by["response"].agg(lambda r: r.min() == -1 and r.max() == 1).astype(bool)
    native = votes.merge(models, on=["model", "language"])
    native["reply"] = [_reply(r) for r in native.itertuples()]
    replies = native.groupby(["statement_id", "culture"], sort=False)["reply"].agg("; ".join)
    replies = replies.unstack("culture").reindex(columns=models["culture"].unique())
    table = pd.DataFrame({"labels": labels, "opposite": opposite}).join(replies).reset_index()
    return table.sort_values("opposite", ascending=False, kind="stable").reset_index(drop=True)


def _reply(vote) -> str:
    """Return what a model answered in so many of its readable runs."""
    if vote.vote not in (1, -1):
        return f"{vote.model} undecided"
    answer = "agrees" if vote.vote == 1 else "disagrees"
    return f"{vote.model} {answer} {vote.support:.0f}/{vote.answered:.0f}"


def to_0_100(x):
    """Map a score of -2 to 2 onto the scale of the human values, 0 to 100.

    >>> to_0_100(-2), to_0_100(0), to_0_100(2)
    (0, 50, 100)
    """
    return (x + 2) * 25


def directions(models: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return whether two groups of models differ in the direction of their peoples.

    For each dimension and pair of groups. Both tables: group, dimension, value. A gap of nothing
    has no direction: `agrees` is "tie", and "open" where a value is missing. Columns: dimension,
    group, other_group, gap_models, gap_people (group - other), agrees (yes|no|tie|open).
    """
    values = [table.set_index(["dimension", "group"])["value"] for table in (models, people)]
    rows = []
    for d in in_paper_order(models["dimension"].unique()):
        for a, b in combinations(models["group"].unique(), 2):
            gaps = [round(v.get((d, a), np.nan) - v.get((d, b), np.nan), 9) for v in values]
            rows.append((d, a, b, *gaps, compare_gaps(*gaps)))
    columns = ["dimension", "group", "other_group", "gap_models", "gap_people", "agrees"]
    return pd.DataFrame(rows, columns=columns)


def compare_gaps(gap_models: float, gap_people: float) -> str:
    """Return whether two gaps, or their signs, agree: yes, no, tie or open."""
    if np.isnan(gap_models) or np.isnan(gap_people):
        return "open"
    if gap_models == 0 or gap_people == 0:
        return "tie"
    return "yes" if (gap_models > 0) == (gap_people > 0) else "no"
