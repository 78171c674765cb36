"""Whether a stance is the model's or the question's: the same question in other wordings.

Stances are towards the statement in every wording: 1 is for it, -1 against it, 0 neither. `asked`
is the wording of the paper; `corrected` is the mean of it and of the negated one, in which a
leaning to agree cancels.
"""

import numpy as np
import pandas as pd

from alignment.stats import significance
from alignment.stats.intervals import mean_interval
from alignment.stats.language_changes import pair_answers, paired_differences
from alignment.stats.positions import model_positions
from alignment.stats.specifications.claims import group_positions
from utils import scores
from utils.cells import WORDINGS
from utils.rules import DEFAULT, Rules
from utils.votes import cast_votes

ASKED, CORRECTED = "asked", "corrected"
FORCED = (ASKED, "negated", "turned", "reworded")  # without a middle answer
VOTER = ["statement_id", "model", "language"]
NEEDS = {  # what is measured of a model in a language -> the wordings that it takes
    "agrees with both": (ASKED, "negated"),  # with a statement and with its negation
    "agrees with neither": (ASKED, "negated"),
    "leaning to agree": (ASKED, "negated"),  # the first share minus the second
    "leaning to the first": (ASKED, "turned"),  # takes the first answer twice, minus the last twice
    "same if reworded": (ASKED, "reworded"),
    "same in all": FORCED,
    "neither if offered": (ASKED, "unforced"),
    "same if not forced": (ASKED, "unforced"),  # of those that do not answer neither
}
LEANINGS = ("leaning to agree", "leaning to the first")
MEASURES = ["model", "language", "measure", "n", "value", "low", "high"]


def cast_all(answers: pd.DataFrame, runs: int, rules: Rules = DEFAULT) -> pd.DataFrame:
    """Return the votes in each of the other wordings: wording, and the columns of `cast_votes`."""
    parts = [
        cast_votes(rows, runs, rules).assign(wording=step.removeprefix("stance_"))
        for step, rows in answers.groupby("step", sort=False)
    ]
    votes = pd.concat(parts or [cast_votes(answers, runs, rules).assign(wording="")])
    return votes[["wording", *votes.columns.drop("wording")]].reset_index(drop=True)


def align(votes: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return each voter's stance in every wording: VOTER, then a column for each wording.

    `votes` in the wording of the paper, `others` as `cast_all` gives them. Columns: those of
    WORDINGS that were asked, and `corrected` if the negated wording was. NaN where there is none.
    """
    wide = votes[[*VOTER, "vote"]].rename(columns={"vote": ASKED})
    for wording in WORDINGS:
        rows = others[others["wording"] == wording]
        if len(rows):
            own = rows[[*VOTER, "vote"]].rename(columns={"vote": wording})
            wide = wide.merge(own, how="left", on=VOTER, validate="one_to_one")
    if "negated" in wide:
        wide[CORRECTED] = (wide[ASKED] + wide["negated"]) / 2
    return wide


def list_wordings(stances: pd.DataFrame) -> list[str]:
    """List the wordings of `align`'s table, the paper's first and the corrected one last."""
    return [name for name in (ASKED, *WORDINGS, CORRECTED) if name in stances]


def measure(stances: pd.DataFrame) -> pd.DataFrame:
    """Measure what the wording does to each model in each language; columns MEASURES.

    Shares of statements (0 to 1) and leanings (-1 to 1), with the 95 % intervals of
    `mean_interval`; n counts the statements with a stance in all wordings that a measure takes.
    `stances`: as `align` gives them.
    """
    rows = []
    for (model, language), own in stances.groupby(["model", "language"], sort=False):
        for name, needs in NEEDS.items():
            if not set(needs) <= set(own):
                continue
            values = _MEASURES[name](own.dropna(subset=list(needs)))
            ends = (-1.0, 1.0) if name in LEANINGS else (0.0, 1.0)
            mean = values.mean() if len(values) else np.nan
            rows.append((model, language, name, len(values), mean, *mean_interval(values, ends)))
    return pd.DataFrame(rows, columns=MEASURES)


def _same_sign(rows: pd.DataFrame, *wordings: str) -> np.ndarray:
    return np.logical_and.reduce([rows[w].eq(rows[ASKED]) for w in wordings]).astype(float)


def _decided(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["unforced"] != 0]


# A statement's contribution to each measure, from stances towards it: agreeing with it and with its
# negation are a stance of 1 and of -1, and so is taking the first answer in both orders.
_MEASURES = {
    "agrees with both": lambda r: (r[ASKED].eq(1) & r["negated"].eq(-1)).to_numpy(dtype=float),
    "agrees with neither": lambda r: (r[ASKED].eq(-1) & r["negated"].eq(1)).to_numpy(dtype=float),
    "leaning to agree": lambda r: ((r[ASKED] - r["negated"]) / 2).to_numpy(),
    "leaning to the first": lambda r: ((r[ASKED] - r["turned"]) / 2).to_numpy(),
    "same if reworded": lambda r: _same_sign(r, "reworded"),
    "same in all": lambda r: _same_sign(r, *FORCED[1:]),
    "neither if offered": lambda r: r["unforced"].eq(0).to_numpy(dtype=float),
    "same if not forced": lambda r: _same_sign(_decided(r), "unforced"),
}


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


def place_groups(
    scored: dict[str, pd.DataFrame], models: pd.DataFrame, differ: str = Rules.differ
) -> pd.DataFrame:
    """Return what becomes of Figure 1: wording, dimension, group, value (0 to 100).

    On the statements that divide the groups in that wording.
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
    """Return what becomes of Table 3: each entry's change with its exact test, in each wording.

    Columns: wording, dimension, model, a, b, n, changed (statements), difference, p_exact, p_holm
    (over the entries of one wording). `pairs`: as `language_changes.pair_answers` gives them.
    """
    tables = {}
    for wording, rows in scored.items():
        keys = [(d, m, a, b) for d in rows["dimension"].unique() for m, a, _, b in pairs]
        table = pd.DataFrame(keys, columns=["dimension", "model", "a", "b"])
        differences = paired_differences(rows, pairs)
        there = ~np.isnan(differences)
        table["n"], table["changed"] = there.sum(axis=0), (there & (differences != 0)).sum(axis=0)
        table["difference"] = significance.column_means(differences)
        table["p_exact"] = [significance.sign_flip_p(column) for column in differences.T]
        table["p_holm"] = significance.adjust_holm(table["p_exact"])
        tables[wording] = table
    return _by_wording(tables)


def _by_wording(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([rows.assign(wording=wording) for wording, rows in tables.items()])
    return table[["wording", *table.columns.drop("wording")]].reset_index(drop=True)


def spread(table: pd.DataFrame, value: str, *by: str) -> pd.DataFrame:
    """Return a column of a table with a column for each wording: what is in `by`, then these."""
    names = [w for w in (ASKED, *WORDINGS, CORRECTED) if w in set(table["wording"])]
    wide = table.pivot(index=list(by), columns="wording", values=value).reindex(columns=names)
    return wide.rename_axis(columns=None).reset_index()


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
    differ: str = Rules.differ,
) -> str:
    """Say what becomes of Figure 1 and Table 3 in other wordings; "" where none was asked."""
    scored = score_wordings(labels, stances, models)
    directions = compare_directions(place_groups(scored, models, differ), people)
    pairs = pair_answers(models["model"], list(dict.fromkeys(stances["language"])))
    said = describe_directions(directions), describe_changes(compare_languages(scored, pairs))
    return " ".join(filter(None, said))


def describe_leanings(measures: pd.DataFrame) -> str:
    """Say which models lean to agree or to the first answer: whose interval leaves out 0."""
    said = []
    for name, other in zip(LEANINGS, ("to disagree", "to the last answer"), strict=True):
        rows = measures[measures["measure"] == name].dropna(subset="value")
        if rows.empty:
            continue
        clear = rows[(rows["low"] > 0) | (rows["high"] < 0)]
        listed = ", ".join(_name_leaning(row, other) for row in clear.itertuples())
        which = f" ({listed})" if listed else ""
        said.append(f"**{len(clear)} of {len(rows)}** show a {name}{which}")
    if not said:
        return "Asked in one wording only, a leaning cannot be told from a view."
    return f"Of the models in their languages, {'; '.join(said)}."


def _name_leaning(row, other: str) -> str:
    against = f" {other}" if row.value < 0 else ""
    return f"{row.model} in {row.language}, {abs(row.value):.0%}{against}"


def describe_directions(directions: pd.DataFrame) -> str:
    """Say how many directions agree with people as asked, and in the other wordings."""
    agree = directions["agrees"].eq("yes").groupby(directions["wording"], sort=False).sum()
    of = len(directions[directions["wording"] == ASKED])
    return _beside(agree, f"of {of} directions agree with people")


def describe_positions(positions: pd.DataFrame) -> str:
    """Say how many positions are clear of 0 as asked, and in the other wordings."""
    clear = (positions["low"] > 0) | (positions["high"] < 0)
    of = len(positions[positions["wording"] == ASKED])
    said = _beside(
        clear.groupby(positions["wording"], sort=False).sum(), f"of {of} intervals exclude 0"
    )
    wide = positions.pivot(index=["dimension", "model"], columns="wording", values="mean")
    if CORRECTED not in wide:
        return said
    turned = wide[(np.sign(wide[ASKED]) * np.sign(wide[CORRECTED])) < 0].index
    listed = ", ".join(f"{model} on {dimension}" for dimension, model in turned)
    return f"{said} {len(turned)} change sides when corrected{f': {listed}' if listed else ''}."


def describe_changes(changes: pd.DataFrame) -> str:
    """Say how many changes with the language are significant as asked, and in other wordings."""
    found = changes["p_holm"].lt(significance.ALPHA).groupby(changes["wording"], sort=False).sum()
    of = len(changes[changes["wording"] == ASKED])
    return _beside(found, f"of {of} changes have p < 0.05 after Holm's correction")


def _beside(counts: pd.Series, what: str) -> str:
    """Return a count as asked, corrected, and in each other wording; "" if there is none."""
    others = counts.drop([ASKED, CORRECTED], errors="ignore")
    if others.empty:
        return ""
    said = f"As asked, {counts[ASKED]} {what}"
    if CORRECTED in counts:
        said += f"; corrected for a leaning to agree, {counts[CORRECTED]}"
    return f"{said}; in other wordings, {', '.join(f'{n} ({name})' for name, n in others.items())}."
