"""A second look at the labels: which judges dissent, and which labels another rule would flip."""

from functools import cache

import numpy as np
import pandas as pd

from utils.cells import PAIR
from utils.labels import label_votes, scale_quorum
from utils.rules import CHOICES, DEFAULT, Rules
from utils.votes import cast_votes

AS_GIVEN = "as here"  # the rules that were used, among the others
DECIDED_BY = {  # the rules that decide the labels of a step
    "relevance": ("tie_rule", "missing_votes", "relevance_quorum"),
    "polarity": ("tie_rule", "missing_votes", "zero_median", "half_median"),
}


def count_dissent(votes: pd.DataFrame, labels: pd.DataFrame, label: str) -> pd.DataFrame:
    """Count how often each judge, in each language, votes on the other side than the label.

    `label`: relevant (the sides are yes and no) or polarity (the two poles; a label of 0 has no
    side). A row for each judge and language, then for each judge and each language as a whole
    ("all"). Columns: model, language, votes (on pairs with a label), against, share, lower (no, or
    the negative pole, against the label), higher, alone (against it as the only one).
    """
    sided = labels[labels[label].notna() & (labels[label].ne(0) | (label == "relevant"))]
    cast = votes.dropna(subset="vote").merge(sided[[*PAIR, label]], on=PAIR)
    lower, higher = (cast["vote"] <= 0) & (cast[label] > 0), (cast["vote"] > 0) & (cast[label] <= 0)
    cast = cast.assign(lower=lower, higher=higher, against=lower | higher)
    dissenters = cast.groupby(PAIR)["against"].transform("sum")
    cast["alone"] = cast["against"] & (dissenters == 1)
    sums = {name: (name, "sum") for name in ("against", "lower", "higher", "alone")}
    tables = []
    for part in (cast, cast.assign(language="all"), cast.assign(model="all")):
        tables.append(part.groupby(["model", "language"]).agg(votes=("vote", "size"), **sums))
    table = pd.concat(tables).reset_index()
    table.insert(4, "share", table["against"] / table["votes"])
    return table


def describe_dissent(table: pd.DataFrame) -> str:
    """Return which judge dissents most, in a sentence; `table` as `count_dissent` gives it.

    >>> columns = {"model": ["a", "b"], "language": ["en", "en"], "share": [0.1, 0.25]}
    >>> describe_dissent(pd.DataFrame(columns))
    'The judge that differs most is **b in en**: 25.0 % of its votes go against the label.'
    """
    single = table[(table["language"] != "all") & (table["model"] != "all")].dropna(subset="share")
    if single.empty:
        return "There are no votes: the labels come from elsewhere."
    row = single.loc[single["share"].idxmax()]
    who, share = f"{row['model']} in {row['language']}", f"{100 * row['share']:.1f} %"
    return f"The judge that differs most is **{who}**: {share} of its votes go against the label."


def label_by_rule(
    step: str, answers: pd.DataFrame, runs: int, planned: int, rules: Rules = DEFAULT
) -> dict[str, pd.DataFrame]:
    """Return the labels as they are and with each rule changed alone: "tie_rule: drop" -> labels.

    The quorums tried are 3 to 6 of 8, or as large a share of other numbers of planned votes.
    """
    quorum = scale_quorum(rules.relevance_quorum, planned, planned)
    quorums = tuple(other for other in list_quorums(planned) if other != quorum)
    choices = CHOICES | {"relevance_quorum": quorums}
    others = rules.changed_on_their_own({name: choices[name] for name in DECIDED_BY[step]})
    cast = cache(lambda of_votes: cast_votes(answers, runs, of_votes))
    labels = {}
    for name, other in ({AS_GIVEN: rules} | others).items():
        votes = cast(other.only("tie_rule", "missing_votes"))
        labels[name] = label_votes(step, votes, planned, other)
    return labels


def list_quorums(planned: int) -> tuple[int, ...]:
    """Return the quorums worth trying: 3 to 6 of 8 votes, or as large a share of the planned ones.

    >>> list_quorums(6)
    (3, 4, 5)
    """
    return tuple(sorted({int(scale_quorum(quorum, 8, planned)) for quorum in (3, 4, 5, 6)}))


def list_flips(by_rule: dict[str, pd.DataFrame], label: str) -> pd.DataFrame:
    """List every label that another rule would change.

    Columns: rule, statement_id, dimension, label and other (NaN: none).
    """
    used, rows = by_rule[AS_GIVEN][[*PAIR, label]], []
    for rule, labels in by_rule.items():
        both = used.merge(labels[[*PAIR, label]], on=PAIR, how="outer")
        both = both.set_axis([*PAIR, "label", "other"], axis=1)
        both = both.astype({"label": float, "other": float})
        differ = ~np.isclose(both["label"], both["other"], equal_nan=True)
        rows.append(both[differ].assign(rule=rule)[["rule", *PAIR, "label", "other"]])
    return pd.concat(rows, ignore_index=True)


def count_flips(by_rule: dict[str, pd.DataFrame], label: str) -> pd.DataFrame:
    """Count how many labels each rule leaves, and how many it changes, beside the rules used here.

    Columns: rule, labels (relevant pairs, or pairs with a polarity), gained, lost, sign (turned to
    the other pole), size (another number on the same side); the last two are of polarities alone.
    """
    rows = []
    for rule, labels in by_rule.items():
        flips = list_flips({AS_GIVEN: by_rule[AS_GIVEN], rule: labels}, label)
        had, has = (_is_used(flips[column], label) for column in ("label", "other"))
        turned = had & has & (np.sign(flips["label"]) != np.sign(flips["other"]))
        row = {"rule": rule, "labels": int(_is_used(labels[label].astype(float), label).sum())}
        row |= {"gained": int((has & ~had).sum()), "lost": int((had & ~has).sum())}
        rows.append(row | {"sign": int(turned.sum()), "size": int((had & has & ~turned).sum())})
    table = pd.DataFrame(rows)
    return table.drop(columns=["sign", "size"]) if label == "relevant" else table


def _is_used(values: pd.Series, label: str) -> pd.Series:
    """Return whether a label puts its pair into the next step: relevant, or with any polarity."""
    return values.eq(1) if label == "relevant" else values.notna()
