"""Whether a stance depends on the question: the same asked in other wordings.

Stances are towards the statement in every wording: 1 is for it, -1 against it, 0 neither. `asked`
is the wording of the paper. Two more columns are made of it and of the negated one: `corrected` is
their mean, in which a leaning to agree cancels, but in which every view is drawn towards 0 by the
share of statements that are answered by habit; `consistent` keeps only the statements on which both
say the same.
"""

import numpy as np
import pandas as pd
from scipy.stats import binom

from alignment.stats import significance
from alignment.stats.intervals import mean_interval
from alignment.stats.language_changes import compare_exactly, pair_answers
from alignment.stats.positions import model_positions
from alignment.stats.specifications.claims import group_positions
from utils import scores
from utils.accounting import account_cells
from utils.cells import CELL, WORDINGS
from utils.rules import DEFAULT, Rules
from utils.votes import cast_votes

ASKED, CORRECTED, CONSISTENT = "asked", "corrected", "consistent"
EVERY = (ASKED, *WORDINGS, CORRECTED, CONSISTENT)
FORCED = ("negated", "turned", "reworded")  # beside the paper's, without a middle answer
VOTER = ["statement_id", "model", "language"]
MEASURES = ["model", "language", "measure", "n", "value", "low", "high"]


def _same(rows: pd.DataFrame, *wordings: str) -> pd.Series:
    return rows[list(wordings)].eq(rows[ASKED], axis=0).all(axis=1)


# What is measured of a model in a language: the wordings that it takes, and what each statement
# contributes. Agreeing with a statement and with its negation are a stance of 1 and one of -1, and
# so is taking the first side in both orders.
TO_AGREE, TO_FIRST = LEANINGS = ("leaning to agree", "leaning to the first")
HABITS = (*LEANINGS, "neither if offered")
CONTRIBUTES = {
    "agrees with both": (["negated"], lambda r: r[ASKED].eq(1) & r["negated"].eq(-1)),
    "agrees with neither": (["negated"], lambda r: r[ASKED].eq(-1) & r["negated"].eq(1)),
    TO_AGREE: (["negated"], lambda r: (r[ASKED] - r["negated"]) / 2),
    TO_FIRST: (["turned"], lambda r: (r[ASKED] - r["turned"]) / 2),
    "same if reworded": (["reworded"], lambda r: _same(r, "reworded")),
    "same in all": (list(FORCED), lambda r: _same(r, *FORCED)),
    "neither if offered": (["unforced"], lambda r: r["unforced"] == 0),
    "same if not forced": (["unforced"], lambda r: _same(r[r["unforced"] != 0], "unforced")),
}
AGAIN = "same if asked again"


def cast_all(answers: pd.DataFrame, runs: int, rules: Rules = DEFAULT) -> pd.DataFrame:
    """Return the votes in each of the other wordings: wording, and the columns of `cast_votes`."""
    return _of_each(answers, lambda rows: cast_votes(rows, runs, rules))


def account(answers: pd.DataFrame) -> pd.DataFrame:
    """Count where the cells of each other wording ended: wording, and the columns of accounting."""
    return _of_each(answers, lambda rows: account_cells(rows, rows[CELL]))


def _of_each(answers: pd.DataFrame, make) -> pd.DataFrame:
    by_step = answers.groupby("step", sort=False)
    tables = {step.removeprefix("stance_"): make(rows) for step, rows in by_step}
    return _by_wording(tables or {"": make(answers)})


def align(votes: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return each voter's stance in every wording: VOTER, then a column for each wording.

    `votes` in the wording of the paper, `others` as `cast_all` gives them. Columns: those of
    WORDINGS that were asked; `corrected` and `consistent` if the negated one was. NaN: none.
    """
    wide = votes[[*VOTER, "vote"]].rename(columns={"vote": ASKED})
    for wording in WORDINGS:
        rows = others[others["wording"] == wording]
        if len(rows):
            own = rows[[*VOTER, "vote"]].rename(columns={"vote": wording})
            wide = wide.merge(own, how="left", on=VOTER, validate="one_to_one")
    if "negated" in wide:
        wide[CORRECTED] = (wide[ASKED] + wide["negated"]) / 2
        wide[CONSISTENT] = wide[CORRECTED].where(wide[CORRECTED] != 0)
    return wide


def list_wordings(table: pd.DataFrame) -> list[str]:
    """List the wordings among a table's columns, the paper's first and those made of two last."""
    return [name for name in EVERY if name in table]


def contribute(stances: pd.DataFrame, measure: str) -> pd.Series | None:
    """Return what each statement contributes to a measure; None where its wordings lack."""
    needs, take = CONTRIBUTES[measure]
    if not set(needs) <= set(stances):
        return None
    return take(stances.dropna(subset=[ASKED, *needs])).astype(float)


def measure(stances: pd.DataFrame, votes: pd.DataFrame, runs: int) -> pd.DataFrame:
    """Measure what the wording does to each model in each language; columns MEASURES.

    Shares of statements (0 to 1) and leanings (-1 to 1), with the 95 % intervals of
    `mean_interval`, which are not corrected for their number; n counts the statements with a stance
    in all wordings that a measure takes (`same if not forced`: those that take a side). For
    comparison `same if asked again`: how often the stance would be the same if the wording of the
    paper were asked `runs` times more, by the shares of its own runs. `stances`: as `align` gives
    them; `votes`: in the wording of the paper.
    """
    again = votes.set_index(VOTER)
    again = _chance_of_same(again["support"] / again["answered"], runs).where(again["vote"].notna())
    rows = []
    for (model, language), own in stances.groupby(["model", "language"], sort=False):
        own = own.set_index(VOTER, drop=False)
        parts = {name: contribute(own, name) for name in CONTRIBUTES}
        if len(stances.columns) > len(VOTER) + 1:
            parts[AGAIN] = again.reindex(own.index).dropna()
        for name, values in parts.items():
            if values is not None:
                ends = (-1.0, 1.0) if name in LEANINGS else (0.0, 1.0)
                mean = values.mean() if len(values) else np.nan
                interval = mean_interval(values, ends)
                rows.append((model, language, name, len(values), mean, *interval))
    return pd.DataFrame(rows, columns=MEASURES)


def _chance_of_same(share: pd.Series, runs: int) -> pd.Series:
    """Return P(more than half of so many further runs give an answer that has this share)."""
    return pd.Series(binom.sf(runs // 2, runs, share), share.index)


def compare_leanings(stances: pd.DataFrame, languages: list[str]) -> pd.DataFrame:
    """Return how far each model's leanings change with the language, on the same statements.

    A change of a leaning to agree makes a change of scores that is none of views. Columns: model,
    measure, base, other, n, difference (other - base, -2 to 2), low, high (95 % interval).
    """
    rows = []
    for model, a, _, b in pair_answers(dict.fromkeys(stances["model"]), languages):
        if a == b:
            continue
        own = stances[stances["model"] == model].set_index("statement_id", drop=False)
        for name in LEANINGS:
            sides = [contribute(own[own["language"] == l], name) for l in (a, b)]
            if any(side is None for side in sides):
                continue
            change = (sides[1] - sides[0]).dropna()
            mean = change.mean() if len(change) else np.nan
            rows.append((model, name, a, b, len(change), mean, *mean_interval(change, (-2.0, 2.0))))
    return pd.DataFrame(rows, columns="model measure base other n difference low high".split())


def score_wordings(
    labels: pd.DataFrame, stances: pd.DataFrame, models: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return the scores table (`scores.label_scores`) of each wording."""
    return {
        wording: scores.label_scores(
            labels, stances[[*VOTER, wording]].rename(columns={wording: "vote"}), models
        )
        for wording in list_wordings(stances)
    }


def place_models(scored: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what becomes of Figure 3: `model_positions` of each wording, in every language."""
    return _by_wording({wording: model_positions(rows) for wording, rows in scored.items()})


def on_the_same(scored: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the scores as asked and corrected, both on the statements that have both."""
    if CORRECTED not in scored:
        return {ASKED: scored[ASKED]}
    there = scored[CORRECTED]["score"].notna()
    asked = scored[ASKED].assign(score=scored[ASKED]["score"].where(there))
    return {ASKED: asked, CORRECTED: scored[CORRECTED]}


def place_groups(
    scored: dict[str, pd.DataFrame], models: pd.DataFrame, differ: str = Rules.differ
) -> pd.DataFrame:
    """Return what becomes of Figure 1: wording, dimension, group, value (0 to 100).

    On the statements that divide the groups in that wording; a group responds with the median of
    its models.
    """
    groups = {w: scores.group_scores(rows, models) for w, rows in scored.items()}
    return _by_wording({w: group_positions(rows, differ) for w, rows in groups.items()})


def compare_directions(placed: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return the directions of Figure 1 in each wording: wording, and `scores.directions`."""
    by = placed.groupby("wording", sort=False)
    return _by_wording({w: scores.directions(rows, people) for w, rows in by})


def compare_languages(
    scored: dict[str, pd.DataFrame], pairs: list[tuple[str, str, str, str]]
) -> pd.DataFrame:
    """Return what becomes of Table 3: wording, and the columns of `compare_exactly`.

    Holm corrects over the entries of one wording. `pairs`: as `pair_answers` gives them.
    """
    return _by_wording({w: compare_exactly(rows, pairs) for w, rows in scored.items()})


def _by_wording(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return tables of wordings as one, the column `wording` first."""
    table = pd.concat([rows.assign(wording=wording) for wording, rows in tables.items()])
    return table[["wording", *table.columns.drop("wording")]].reset_index(drop=True)


def spread(table: pd.DataFrame, value: str, *by: str) -> pd.DataFrame:
    """Return a column of a table with a column for each wording: what is in `by`, then these."""
    wide = table.pivot(index=list(by), columns="wording", values=value)
    return wide.reindex(columns=list_wordings(wide)).rename_axis(columns=None).reset_index()


def always_agreeing(labels: pd.DataFrame) -> pd.Series:
    """Return the position that agreeing with everything gives, by dimension: the mean polarity.

    >>> labels = pd.DataFrame({"dimension": ["PDI", "PDI"], "polarity": [2, -1]})
    >>> always_agreeing(labels).to_dict()
    {'PDI': 0.5}
    """
    return labels.groupby("dimension", sort=False)["polarity"].mean().rename("always_agreeing")


def describe_claims(
    labels: pd.DataFrame,
    stances: pd.DataFrame,
    models: pd.DataFrame,
    people: pd.DataFrame,
    rules: Rules = DEFAULT,
) -> str:
    """Say what becomes of Figure 1 and Table 3 in other wordings; "" where none was asked."""
    scored = score_wordings(labels, stances, models)
    pairs = pair_answers(models["model"], list(dict.fromkeys(stances["language"])))
    said = describe_directions(scored, models, people, rules)
    return " ".join(filter(None, (said, describe_changes(compare_languages(scored, pairs)))))


def describe_leanings(measures: pd.DataFrame) -> str:
    """Say which models in which languages lean, and to which side: whose interval leaves out 0."""
    sides = {TO_AGREE: ("agree", "disagree"), TO_FIRST: ("the first side", "the last side")}
    said = []
    for name, (to, away) in sides.items():
        rows = measures[measures["measure"] == name].dropna(subset="value")
        for side, clear in ((to, rows[rows["low"] > 0]), (away, rows[rows["high"] < 0])):
            if len(clear) or (len(rows) and side == to):
                which = ", ".join(f"{r.model} in {r.language}, {100 * abs(r.value):.0f} %"
                                  for r in clear.itertuples())  # fmt: skip
                which = f" ({which})" if which else ""
                said.append(f"**{len(clear)} of {len(rows)}** lean to {side}{which}")
    if not said:
        return "Without the wordings `negated` and `turned`, a leaning cannot be told from a view."
    return f"Of all models in all languages, by their intervals: {'; '.join(said)}."


def describe_changed_leanings(changes: pd.DataFrame) -> str:
    """Say which leanings change with the language: whose interval leaves out 0."""
    if changes.empty:
        return ""
    clear = changes[(changes["low"] > 0) | (changes["high"] < 0)]
    listed = ", ".join(
        f"{r.measure} of {r.model}, {r.base} to {r.other}: {100 * r.difference:+.0f} %"
        for r in clear.itertuples()
    )
    count = f"**{len(clear)} of {len(changes)}** leanings change with the language"
    return f"{count}{f' ({listed})' if listed else ''}."


def describe_directions(
    scored: dict[str, pd.DataFrame], models: pd.DataFrame, people: pd.DataFrame, rules: Rules
) -> str:
    """Say how many directions agree with people, by wording; "" where it would not be comparable.

    That is so where groups respond with the median of all runs, which are not compared here.
    """
    if rules.split_group != Rules.split_group or len(scored) == 1:
        return ""
    directions = compare_directions(place_groups(scored, models, rules.differ), people)
    decided = directions[directions["agrees"].isin(["yes", "no"])]
    agree = decided["agrees"].eq("yes").groupby(decided["wording"], sort=False)
    return _list_counts("Directions that agree with people", agree)


def describe_positions(placed: pd.DataFrame) -> str:
    """Say how many positions are clear of 0, by wording; "" where there is one wording."""
    rows = placed.dropna(subset="mean")
    clear = ((rows["low"] > 0) | (rows["high"] < 0)).groupby(rows["wording"], sort=False)
    return _list_counts("Intervals of a position that exclude 0", clear)


def describe_sides(placed: pd.DataFrame) -> str:
    """Say how many positions as asked change sides when corrected; "" where none is."""
    wide = placed.pivot(index=["dimension", "model"], columns="wording", values="mean")
    if CORRECTED not in wide:
        return ""
    wide = wide.dropna(subset=[ASKED, CORRECTED])
    turned = wide[(np.sign(wide[ASKED]) * np.sign(wide[CORRECTED])) < 0]
    listed = ", ".join(f"{model} on {dimension}, {row[ASKED]:.2f} to {row[CORRECTED]:.2f}"
                       for (dimension, model), row in turned.iterrows())  # fmt: skip
    count = f"**{len(turned)} of {len(wide)}** positions change sides when corrected"
    return f"{count}{f' ({listed})' if listed else ''}."


def describe_changes(changes: pd.DataFrame) -> str:
    """Say how many changes with the language are significant, by wording; "" where there is one."""
    rows = changes.dropna(subset="p_holm")
    found = rows["p_holm"].lt(significance.ALPHA).groupby(rows["wording"], sort=False)
    return _list_counts("Changes with p < 0.05 after Holm's correction", found)


def _list_counts(what: str, by_wording) -> str:
    """Return how many of how many in each wording; a wording without any result is left out."""
    counts = by_wording.agg(["sum", "size"])
    if len(counts) < 2:
        return ""
    listed = [f"{name} {row['sum']} of {row['size']}" for name, row in counts.iterrows()]
    return f"{what}, by wording: {', '.join(listed)}."
