"""The claims of the sensitivity analysis, each judged on one set of scores: directions, leanings, the language."""

import numpy as np
import pandas as pd

from alignment.stats import significance
from utils import scores
from utils.cells import in_paper_order

NOBODY = pd.DataFrame(columns=["group", "dimension", "value"])
CLAIMS = {
    "directions": "Groups differ as their peoples on every dimension",
    "leanings": "Models lean with their people on every dimension",
    "language": "No model changes with the language",
}
PLANTED = {
    "directions": "Every planted direction of the groups is found",
    "leanings": "Every planted leaning of a model is found",
    "language": "No unplanted change with the language is found",
}
Found = tuple[
    bool | None, int, int, list[tuple]
]  # whether a claim holds, how much is as it says, of how much, what is not


def in_words(simulated: bool) -> dict[str, str]:
    """The claims in words: of a simulated study they are about what was planted, and never about models."""
    return PLANTED if simulated else CLAIMS


def group_positions(groups: pd.DataFrame, differ: str) -> pd.DataFrame:
    """Where each group stands on the labels answered differently, 0 to 100 as in Figure 1: dimension, group, value."""
    table = groups.merge(
        scores.differing(groups, differ).query("differs"), on=["statement_id", "dimension"]
    )
    means = table.groupby(["dimension", "group"])["score"].mean()
    names = [in_paper_order(groups["dimension"].unique()), groups["group"].unique()]
    every = pd.MultiIndex.from_product(names, names=means.index.names)
    return scores.to_0_100(means.reindex(every)).rename("value").reset_index()


def directions(positions: pd.DataFrame, people: pd.DataFrame) -> dict[tuple, str]:
    """Whether two groups differ as their peoples do: (dimension, first, second) -> yes, no, tie or open."""
    table = scores.directions(positions, people)
    return {(r.dimension, r.first, r.second): r.agrees for r in table.itertuples(index=False)}


def model_positions(scored: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Each model's mean score in its native language: dimension, model, culture, value (-2 to 2)."""
    native = scores.positions(
        scored.merge(models[["model", "language"]]), ["dimension", "model", "culture"]
    )
    return native.rename(columns={"position": "value"})[["dimension", "model", "culture", "value"]]


def leanings(positions: pd.DataFrame, people: pd.DataFrame) -> dict[tuple, str]:
    """Whether a model lies on that side of another group's mean on which its people lie of that group's people.

    Only sides are compared, since the scales of models and of people need not have the same middle or width.
    (dimension, model, other culture) -> yes, no, tie or open.
    """
    culture = positions.drop_duplicates("model").set_index("model")["culture"]
    groups = positions.groupby(["dimension", "culture"], sort=False)["value"].mean().reset_index()
    both = pd.concat(
        [positions.rename(columns={"model": "group"}), groups.rename(columns={"culture": "group"})]
    )
    of_models = (
        culture.rename_axis("model")
        .reset_index()
        .merge(people.rename(columns={"group": "culture"}), on="culture")
    )
    peoples = pd.concat([of_models.rename(columns={"model": "group"}), people])
    pairs = directions(both, peoples)
    others = {m: set(culture) - {own} for m, own in culture.items()}
    return {
        (d, first, second): agrees
        for (d, first, second), agrees in pairs.items()
        if second in others.get(first, ())
    }


def changes(scored: pd.DataFrame) -> dict[tuple, tuple[float, bool]]:
    """Each model's change with the language: its sign, and whether it is significant (exact test, Holm over all cells).

    Keys: (dimension, model, language, language); none in a study with one language.
    """
    models, languages = scored["model"].unique(), list(scored["language"].unique())
    if len(languages) < 2:
        return {}
    wide = scored.pivot(
        index="statement_id", columns=["dimension", "model", "language"], values="score"
    )
    keys = [
        (d, m, a, b)
        for d in scored["dimension"].unique()
        for m, a, _, b in significance.pairs_of(models, languages)
    ]
    gaps = [(wide[d, m, b] - wide[d, m, a]).dropna().to_numpy() for d, m, a, b in keys]
    p = holm(np.array([significance.sign_flip_p(gap) for gap in gaps]))
    return {
        k: (np.sign(g.sum()), bool(q < significance.ALPHA))
        for k, g, q in zip(keys, gaps, p, strict=True)
    }


def holm(p: np.ndarray) -> np.ndarray:
    """p after Holm's correction, as `significance.adjusted` gives it, at a thousandth of the time; NaN is no test.

    >>> holm(np.array([0.01, 0.04, float("nan")])).tolist()
    [0.02, 0.04, nan]
    """
    order = np.argsort(p)  # NaN last
    steps = np.maximum.accumulate(p[order] * (np.count_nonzero(~np.isnan(p)) - np.arange(len(p))))
    out = np.empty_like(p)
    out[order] = np.minimum(1.0, steps)
    return out


def as_expected(found: dict[tuple, str], expected: dict[tuple, str]) -> Found:
    """Whether all that is decided in `expected` is found alike, how much of it is, of how much, and what is not.

    None when nothing is expected, or when all that is not alike is open, for want of data.

    >>> as_expected({("PDI",): "yes", ("IDV",): "tie"}, {("PDI",): "yes", ("IDV",): "no"})
    (False, 1, 2, [('IDV',)])
    >>> as_expected({}, {("PDI",): "tie"})
    (None, 0, 0, [])
    """
    wanted = {key: value for key, value in expected.items() if value in ("yes", "no")}
    missed = [key for key, value in wanted.items() if found.get(key) != value]
    wrong = any(found.get(key, "open") != "open" for key in missed)
    holds = None if not wanted else False if wrong else not missed or None
    return holds, len(wanted) - len(missed), len(wanted), missed


def as_planned(found: dict[tuple, tuple], planted: dict[tuple, tuple]) -> Found:
    """Whether no change with the language is significant but planted ones, of the planted sign; None: one language.

    Also the number of cells of which this is true, of cells, and the others.
    """
    wrong = [
        key
        for key, (sign, significant) in found.items()
        if significant and planted.get(key, (None,))[0] != sign
    ]
    return (not wrong if found else None), len(found) - len(wrong), len(found), wrong
