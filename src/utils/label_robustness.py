"""A second look at the votes: who stands apart among the judges, and which labels another rule would flip."""

from functools import cache

import numpy as np
import pandas as pd

from utils import votes
from utils.cells import PAIR
from utils.rules import RULES

KEPT = "as here"  # the rules that were used, among the others


def apart(voted: pd.DataFrame, labels: pd.DataFrame, label: str) -> pd.DataFrame:
    """How often each judge, in each language, votes on the other side than the label that all votes made.

    `label`: relevant (the sides are yes and no) or polarity (the two poles; a label of 0 has no side). A row for each
    judge and language, then for each judge and each language as a whole ("all").
    Columns: model, language, votes (on pairs with a label), against, share, lower (no, or the negative pole, against
    the label), higher, alone (against it as the only one).
    """
    sided = labels[labels[label].notna() & (labels[label].ne(0) | (label == "relevant"))]
    cast = voted.dropna(subset="vote").merge(sided[[*PAIR, label]], on=PAIR)
    lower, higher = (cast["vote"] <= 0) & (cast[label] > 0), (cast["vote"] > 0) & (cast[label] <= 0)
    cast = cast.assign(lower=lower, higher=higher, against=lower | higher)
    dissenters = cast.groupby(PAIR)["against"].transform("sum")
    cast["alone"] = cast["against"] & (dissenters == 1)
    parts = [cast, cast.assign(language="all"), cast.assign(model="all")]
    named = {name: (name, "sum") for name in ("against", "lower", "higher", "alone")}
    found = [
        part.groupby(["model", "language"]).agg(votes=("vote", "size"), **named) for part in parts
    ]
    table = pd.concat(found).reset_index()
    table.insert(4, "share", table["against"] / table["votes"])
    return table


def farthest(table: pd.DataFrame) -> str:
    """Which judge in which language stands farthest apart, in a sentence; `table` as `apart` gives it.

    >>> farthest(pd.DataFrame({"model": ["a", "b", "a"], "language": ["en", "en", "all"], "share": [0.1, 0.25, 0.1]}))
    'Farthest apart stands **b in en**: 25.0 % of its votes lie on the other side than the label.'
    """
    single = table[(table["language"] != "all") & (table["model"] != "all")].dropna(subset="share")
    if single.empty:
        return "Nobody voted: the labels were brought."
    row = single.loc[single["share"].idxmax()]
    return f"Farthest apart stands **{row['model']} in {row['language']}**: {100 * row['share']:.1f} % of its votes lie on the other side than the label."


def relevance_by_rule(
    answers: pd.DataFrame,
    runs: int,
    planned: int,
    quorum: int = 0,
    tie_rule="nearest_median",
    missing_votes="planned",
) -> dict[str, pd.DataFrame]:
    """The relevance labels as they are and with each rule changed on its own: "tie_rule: drop" -> labels.

    The quorums tried are 3 to 6 of 8, or as large a share of other numbers of planned votes.
    """
    given = {
        "tie_rule": tie_rule,
        "missing_votes": missing_votes,
        "relevance_quorum": quorum or -(-planned // 2),
    }
    quorums = sorted({-(-q * planned // 8) for q in (3, 4, 5, 6)})
    known = {name: RULES[name] for name in ("tie_rule", "missing_votes")} | {
        "relevance_quorum": quorums
    }
    voted = _voted(answers, runs)

    def label(rule: dict) -> pd.DataFrame:
        cast = voted(rule["tie_rule"], rule["missing_votes"])
        return votes.relevance_labels(
            cast, planned, rule["relevance_quorum"], rule["missing_votes"]
        )

    return _each(label, given, known)


def polarity_by_rule(
    answers: pd.DataFrame,
    runs: int,
    planned: int,
    tie_rule="nearest_median",
    missing_votes="planned",
    zero_median="drop",
    half_median="away_from_zero",
) -> dict[str, pd.DataFrame]:
    """The polarity labels as they are and with each rule changed on its own, of the pairs that were asked about."""
    names = ("tie_rule", "missing_votes", "zero_median", "half_median")
    given = dict(zip(names, (tie_rule, missing_votes, zero_median, half_median), strict=True))
    known = {name: RULES[name] for name in names}
    voted = _voted(answers, runs)

    def label(rule: dict) -> pd.DataFrame:
        cast = voted(rule["tie_rule"], rule["missing_votes"])
        return votes.polarity_labels(
            cast, planned, rule["zero_median"], rule["half_median"], rule["missing_votes"]
        )

    return _each(label, given, known)


def _voted(answers: pd.DataFrame, runs: int):
    """Votes by rule, each counted once: (tie_rule, missing_votes) -> votes."""
    return cache(
        lambda tie_rule, missing_votes: votes.votes(answers, runs, tie_rule, missing_votes)
    )


def _each(label, given: dict, known: dict) -> dict[str, pd.DataFrame]:
    others = {
        f"{name}: {v}": given | {name: v}
        for name, values in known.items()
        for v in values
        if v != given[name]
    }
    return {KEPT: label(given)} | {name: label(rule) for name, rule in others.items()}


def flipped(by_rule: dict[str, pd.DataFrame], label: str) -> pd.DataFrame:
    """Every label that another rule would change: rule, statement_id, dimension, label and other (NaN: none)."""
    now, rows = _plain(by_rule[KEPT], label), []
    for rule, labels in by_rule.items():
        both = now.merge(_plain(labels, label), on=PAIR, how="outer", suffixes=("", "_other"))
        both.columns = [*PAIR, "label", "other"]
        differ = ~np.isclose(both["label"], both["other"], equal_nan=True)
        rows.append(both[differ].assign(rule=rule)[["rule", *PAIR, "label", "other"]])
    return pd.concat(rows, ignore_index=True)


def _plain(labels: pd.DataFrame, label: str) -> pd.DataFrame:
    return labels[PAIR].assign(label=labels[label].astype(float))


def changes(by_rule: dict[str, pd.DataFrame], label: str) -> pd.DataFrame:
    """How many labels each rule leaves, and how many it changes, beside the rules used here.

    Columns: rule, labels (relevant pairs, or pairs with a polarity), gained, lost, sign (turned to the other pole),
    size (another number on the same side); the last two are of polarities alone.
    """
    rows = []
    for rule, labels in by_rule.items():
        one = flipped({KEPT: by_rule[KEPT], rule: labels}, label)
        had, has = (_there(one[column], label) for column in ("label", "other"))
        turned = had & has & (np.sign(one["label"]) != np.sign(one["other"]))
        row = {"rule": rule, "labels": int(_there(labels[label].astype(float), label).sum())}
        row |= {"gained": int((has & ~had).sum()), "lost": int((had & ~has).sum())}
        rows.append(row | {"sign": int(turned.sum()), "size": int((had & has & ~turned).sum())})
    table = pd.DataFrame(rows)
    return table.drop(columns=["sign", "size"]) if label == "relevant" else table


def _there(values: pd.Series, label: str) -> pd.Series:
    """Whether a label puts a pair into what comes next: relevant, or with any polarity."""
    return values.eq(1) if label == "relevant" else values.notna()
