"""From labels and votes to positions: of a model, of a culture's group of models, and of people."""

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from alignment.stats import significance
from alignment.study.paths import REFERENCE
from alignment.study.schema import DIMENSIONS, allowed
from utils.errors import Problem, nearest


def label_scores(labels: pd.DataFrame, votes: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """The scores table: each label with each model's vote in each language; agreeing scores the label's polarity.

    Disagreeing scores the exact opposite, as the paper assumes. `models`: model, culture. A vote that is undecided or
    missing leaves a score of NaN, never a value.
    """
    stances = votes[votes["dimension"].fillna("") == ""] if "dimension" in votes else votes
    unknown = set(stances["model"]) - set(models["model"])
    if unknown:
        raise Problem(
            f"The votes are of {', '.join(sorted(unknown))}, which the study does not name as a model."
        )
    asked = (
        stances[["model", "language"]]
        .drop_duplicates()
        .merge(models[["model", "culture"]], on="model")
    )
    table = labels[["statement_id", "dimension", "polarity"]].merge(asked, how="cross")
    vote = stances[["statement_id", "model", "language", "vote"]]
    table = table.merge(
        vote, how="left", on=["statement_id", "model", "language"], validate="many_to_one"
    )
    table["score"] = table["polarity"] * table["vote"]
    return table[
        ["statement_id", "dimension", "model", "culture", "language", "polarity", "vote", "score"]
    ]


def positions(
    scores: pd.DataFrame, by: Iterable[str] = ("dimension", "model", "culture", "language")
) -> pd.DataFrame:
    """A model's position: its mean score (-2 to 2), with n, the scores it rests on, and those missing."""
    grouped = scores.groupby(list(by), sort=False)["score"]
    table = grouped.agg(position="mean", n="count", missing=lambda s: int(s.isna().sum()))
    return table.reset_index()


def model_positions(
    scores: pd.DataFrame, rng: np.random.Generator, resamples: int = 10_000
) -> pd.DataFrame:
    """Figure 3's means, with intervals by one bootstrap of statements for all of them; too few statements have none.

    Columns: dimension, model, culture, language, mean, low, high (all -2 to 2), n, missing.
    """
    table = positions(scores).rename(columns={"position": "mean"})
    cells = pd.MultiIndex.from_frame(table[["dimension", "model", "language"]])
    wide = (
        scores.pivot(index="statement_id", columns=cells.names, values="score")
        .reindex(columns=cells)
        .to_numpy()
    )
    counts = significance.resample_counts(len(wide), resamples, rng)
    low, high = significance.of_enough(
        significance.interval(significance.bootstrap_means(wide, counts)), table["n"]
    )
    return table.assign(low=low, high=high)[[*table.columns[:5], "low", "high", "n", "missing"]]


def sentence(table: pd.DataFrame) -> str:
    """What `model_positions` says, in a sentence or two: how many intervals leave out 0, and who stands farthest out."""
    known = table.dropna(subset="mean")
    if known.empty:
        return "No model has a position: none of the answers could be read."
    clear, bare = (known["low"] > 0) | (known["high"] < 0), known["low"].isna().sum()
    far = known.loc[known["mean"].abs().idxmax()]
    few = f" ({bare} rest on too few statements for an interval)" if bare else ""
    return (
        f"**{clear.sum()} of {len(table)} positions have an interval without 0**{few}. The farthest from the middle is "
        f"{far['mean']:.2f} ({far['model']}, {far['dimension']}, n = {far['n']:.0f})."
    )


def group_scores(
    scores: pd.DataFrame,
    models: pd.DataFrame,
    split_group: str = "median",
    answers: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A culture group's response to each label: the median vote of its models, each in its native language.

    A split group responds 0, the median of both. With `split_group="all_runs"` the median is over all runs of
    all its models, from the stance `answers`. A group with no more than half of its votes (or runs) does not respond
    (NaN). `models`: model, culture, language (native).
    Columns: statement_id, dimension, group, polarity, response (-1 to 1), score (response x polarity).
    """
    native = models[["model", "culture", "language"]]
    if allowed("split_group", split_group) == "median":
        votes = scores.drop_duplicates(["statement_id", "model", "language"]).merge(native)
    else:
        votes = answers[answers["step"] == "stance"].merge(native, on=["model", "language"])
        votes["vote"] = votes["answer"].map({"agree": 1.0, "disagree": -1.0})
    votes = votes.groupby(["statement_id", "culture"], sort=False)["vote"].agg(
        ["median", "count", "size"]
    )
    response = (
        votes["median"].where(2 * votes["count"] > votes["size"]).rename("response").reset_index()
    )
    labels = scores[["statement_id", "dimension", "polarity"]].drop_duplicates()
    cultures = pd.DataFrame({"culture": models["culture"].unique()})
    table = labels.merge(cultures, how="cross").merge(
        response, how="left", on=["statement_id", "culture"]
    )
    table["score"] = table["response"] * table["polarity"]
    table = table.rename(columns={"culture": "group"})
    return table[["statement_id", "dimension", "group", "polarity", "response", "score"]]


def differing(groups: pd.DataFrame, differ: str = "not_equal") -> pd.DataFrame:
    """Which labels count as answered differently: one row a label, comparable (all groups responded) and differs.

    With more than two groups "not_equal" means that not all agree, "opposite" that both agreement and disagreement
    occur.
    """
    responses = groups.pivot(
        index=["statement_id", "dimension"], columns="group", values="response"
    )
    comparable = responses.notna().all(axis=1)
    if allowed("differ", differ) == "not_equal":
        differs = responses.nunique(axis=1) > 1
    else:
        differs = (responses == 1).any(axis=1) & (responses == -1).any(axis=1)
    return pd.DataFrame({"comparable": comparable, "differs": comparable & differs}).reset_index()


def divided(
    groups: pd.DataFrame, different: pd.DataFrame, votes: pd.DataFrame, models: pd.DataFrame
) -> pd.DataFrame:
    """Appendix B: each statement that divides the groups, with what every model of a group replied in its language.

    `different`: as `differing` gives it; `votes`: the stances, with support and answered (runs). One row a statement,
    strictly opposite groups first: statement_id, labels (dimension and polarity, as text), opposite (bool), and for
    each group a column of its models' answers, with the runs that gave them.
    """
    rows = groups.merge(
        different.query("differs")[["statement_id", "dimension"]], on=["statement_id", "dimension"]
    )
    names = list(models["culture"].unique())
    rows["label"] = rows["dimension"] + " " + rows["polarity"].map("{:+g}".format)
    by = rows.groupby("statement_id", sort=False)
    table = pd.DataFrame({
        "labels": by["label"].agg(lambda found: ", ".join(dict.fromkeys(found))),
        "opposite": by["response"].agg(lambda r: r.min() == -1 and r.max() == 1).astype(bool),
    })  # fmt: skip
    native = votes.merge(models, on=["model", "language"])
    native["reply"] = [_reply(r) for r in native.itertuples()]
    replies = (
        native.groupby(["statement_id", "culture"], sort=False)["reply"]
        .agg("; ".join)
        .unstack("culture")
    )
    table = table.join(replies.reindex(columns=names)).reset_index()
    return table.sort_values("opposite", ascending=False, kind="stable").reset_index(drop=True)


def _reply(vote) -> str:
    """What a model answered in so many of its readable runs."""
    answer = {1: "agrees", -1: "disagrees"}.get(vote.vote, "undecided")
    return f"{vote.model} {answer}" + (
        f" {vote.support:.0f}/{vote.answered:.0f}" if answer != "undecided" else ""
    )


def to_0_100(x):
    """The scale of the human values: -2 to 2 becomes 0 to 100.

    >>> to_0_100(-2), to_0_100(0), to_0_100(2)
    (0, 50, 100)
    """
    return (x + 2) * 25


def figure1(
    groups: pd.DataFrame,
    rng: np.random.Generator,
    differ: str = "not_equal",
    resamples: int = 10_000,
) -> pd.DataFrame:
    """Figure 1: each group on each dimension (0 to 100), on the labels answered differently and on all of them.

    Both selections hold only labels to which every group responded. One bootstrap of statements serves all rows.
    Columns: dimension, group, selection (differing|all), value, low, high, n; NaN where no label is left, and no
    interval where too few are.
    """
    table = groups.merge(differing(groups, differ), on=["statement_id", "dimension"])
    table = table[table["comparable"]]
    both = pd.concat(
        [table[table["differs"]].assign(selection="differing"), table.assign(selection="all")]
    )
    rows = [(d, g, s) for d in in_order(groups["dimension"].unique()) for g in groups["group"].unique()
            for s in ("differing", "all")]  # fmt: skip
    index = pd.MultiIndex.from_tuples(rows, names=["dimension", "group", "selection"])
    wide = (
        both.pivot(index="statement_id", columns=index.names, values="score")
        .reindex(columns=index)
        .to_numpy()
    )
    result = index.to_frame(index=False)
    if not len(wide):
        return result.assign(value=np.nan, low=np.nan, high=np.nan, n=0)
    counts = significance.resample_counts(len(wide), resamples, rng)
    n = (~np.isnan(wide)).sum(axis=0)
    low, high = significance.of_enough(
        significance.interval(significance.bootstrap_means(wide, counts)), n
    )
    mean = significance.bootstrap_means(wide, np.ones((1, len(wide))))[0]
    return result.assign(value=to_0_100(mean), low=to_0_100(low), high=to_0_100(high), n=n)


def directions(models: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Whether two groups of models differ in the direction in which their peoples do, for each dimension and pair.

    Both tables: group, dimension, value. A gap of nothing has no direction: `agrees` is "tie", and "open" where a
    value is missing.
    Columns: dimension, first, second, gap_models, gap_people (first - second), agrees (yes|no|tie|open).
    """
    here, there = (t.set_index(["dimension", "group"])["value"] for t in (models, people))
    rows = []
    for d in in_order(models["dimension"].unique()):
        for a, b in combinations(models["group"].unique(), 2):
            gaps = [round(x.get((d, a), np.nan) - x.get((d, b), np.nan), 9) for x in (here, there)]
            rows.append((d, a, b, *gaps, _agreement(*gaps)))
    return pd.DataFrame(
        rows, columns=["dimension", "first", "second", "gap_models", "gap_people", "agrees"]
    )


def _agreement(gap_models: float, gap_people: float) -> str:
    if np.isnan(gap_models) or np.isnan(gap_people):
        return "open"
    if gap_models == 0 or gap_people == 0:
        return "tie"
    return "yes" if (gap_models > 0) == (gap_people > 0) else "no"


def human_values(version: str, countries: Iterable[str] | Mapping[str, str]) -> pd.DataFrame:
    """Hofstede's values of people, 0 to 100: group, country, dimension, value, source.

    `version`: "current" (The Culture Factor's tool, as the paper cites) or "2015" (the data matrix).
    `countries`: names, or a mapping from group to country; Problem for a country or version that the table lacks.

    >>> human_values("2015", {"China": "China"})["value"].tolist()
    [80, 20, 66, 30, 87, 24]
    """
    table = pd.read_csv(REFERENCE / "human_values.csv", dtype={"version": str})
    allowed("human_values", version)
    wanted = dict(countries) if isinstance(countries, Mapping) else {c: c for c in countries}
    known = table[table["version"] == version].set_index("country")
    for country in wanted.values():
        if country not in known.index:
            raise Problem(_missing(country, version, known, table))
    rows = [
        (g, c, d, known.at[c, d], known.at[c, "source"])
        for g, c in wanted.items()
        for d in DIMENSIONS
    ]
    return pd.DataFrame(rows, columns=["group", "country", "dimension", "value", "source"])


def _missing(country: str, version: str, known: pd.DataFrame, table: pd.DataFrame) -> str:
    """What to say about a country that a version of the human values lacks."""
    others = table.loc[(table["country"] == country) & (table["version"] != version), "version"]
    instead = "".join(f' The version "{v}" has it: -p human_values={v}.' for v in others)
    return (
        f'data/reference/human_values.csv has no "{country}" in the version "{version}".{instead}'
        f"{nearest(country, known.index)} It has {', '.join(known.index)}; another country is one more row there."
    )


def in_order(dimensions: Iterable[str]) -> list[str]:
    """Dimensions in the order of the paper's tables, a study's own ones after them.

    >>> in_order(["own", "IND", "PDI"])
    ['PDI', 'IND', 'own']
    """
    known = list(dimensions)
    return [d for d in DIMENSIONS if d in known] + [d for d in known if d not in DIMENSIONS]
