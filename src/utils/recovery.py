"""Planted against found: what a simulated study is for. Nothing else in the project reads the plan."""

import numpy as np
import pandas as pd

from utils import scores, simulation
from utils.execution import Execution

COLUMNS = ["dimension", "model", "language", "leaning", "planted", "estimate", "low", "high", "n_planted", "n", "covered"]
LABELS = ["dimension", "planted", "found", "both", "precision", "recall", "same_polarity"]


def table(here: Execution, rng: np.random.Generator, resamples: int) -> pd.DataFrame:
    """For each dimension, model and language: the leaning drawn from, the mean score that was planted, and what was found.

    `planted` is the mean over the kept statements of the plan's own labels and stances; `estimate` the pipeline's mean
    with its interval (bootstrap over statements). Empty in a study that is not simulated.
    """
    if here.study.respondents != "simulated":
        return pd.DataFrame(columns=COLUMNS)
    found = scores.model_positions(here.read("07_scores"), rng, resamples).rename(columns={"mean": "estimate"})
    both = _planted_positions(here).merge(found, on=["dimension", "model", "language"], how="left")
    at = {language: i for i, language in enumerate(here.study.languages)}
    leanings = here.study.simulation.leanings
    both["leaning"] = [leanings[r.model].get(r.dimension, [np.nan] * len(at))[at[r.language]] for r in both.itertuples()]
    both["covered"] = (both["low"] <= both["planted"]) & (both["planted"] <= both["high"])
    return both[COLUMNS]


def _plan(here: Execution) -> pd.DataFrame:
    return simulation.planted(here, list(here.read("02_statements")["statement_id"]))


def _planted_positions(here: Execution) -> pd.DataFrame:
    plan = _plan(here)
    labels = plan.query("step == 'polarity'")[["statement_id", "dimension", "value"]]
    stances = plan.query("step == 'stance'")[["statement_id", "model", "language", "value"]]
    both = labels.merge(stances, on="statement_id", suffixes=("", "_stance"))
    both["planted"] = both["value"] * both["value_stance"]
    keys = ["dimension", "model", "language"]
    means = both.groupby(keys, sort=False)["planted"].agg(planted="mean", n_planted="count").reset_index()
    place = {d: i for i, d in enumerate(here.dimensions)}
    return means.sort_values("dimension", key=lambda d: d.map(place), kind="stable").reset_index(drop=True)


def labels(here: Execution) -> pd.DataFrame:
    """For each dimension: pairs planted and found as relevant, precision, recall, and how often the polarity is the same."""
    if here.study.respondents != "simulated":
        return pd.DataFrame(columns=LABELS)
    plan, dims = _plan(here), here.dimensions
    planted = plan.query("step == 'polarity'").set_index(["statement_id", "dimension"])["value"]
    relevant = here.read("04_relevance").query("relevant").set_index(["statement_id", "dimension"]).index
    polarity = here.read("05_sociocultural_statements").set_index(["statement_id", "dimension"])["polarity"]
    shared = relevant.intersection(planted.index)
    same = polarity.reindex(shared) == planted.reindex(shared)
    out = pd.DataFrame({"planted": _count(planted.index, dims), "found": _count(relevant, dims), "both": _count(shared, dims)})
    out = out.assign(precision=out["both"] / out["found"], recall=out["both"] / out["planted"])
    return out.assign(same_polarity=same.groupby(level=1).mean()).rename_axis("dimension").reset_index()


def _count(index: pd.MultiIndex, dimensions: list[str]) -> pd.Series:
    return pd.Series(index.get_level_values(1)).value_counts().reindex(dimensions, fill_value=0)


def sentence(table: pd.DataFrame) -> str:
    """What the recovery table says, in a sentence or two."""
    if table.empty:
        return "Nothing was planted in this study, so there is nothing to recover."
    off = (table["estimate"] - table["planted"]).abs()
    return (
        f"**{int(table['covered'].sum())} of {len(table)} intervals hold the planted value**; what was found is off by "
        f"{off.mean():.2f} on average and by {off.max():.2f} at most, on a scale from -2 to 2. The intervals are for "
        "other statements of the same kind, so they are wider than the error on these."
    )
