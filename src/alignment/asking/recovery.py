"""Planted against found: what a simulated study is for. Nothing else in the project reads the plan."""

import numpy as np
import pandas as pd

from alignment.asking import simulation
from alignment.stats import positions
from alignment.study.workspace import Workspace
from utils import scores

COLUMNS = [
    "dimension", "model", "language", "leaning", "planted", "estimate", "low", "high", "n_planted", "n", "covered",
    "verdict", "reason",
]  # fmt: skip
RECOVERED = "recovered what was planted"
LABELS = ["dimension", "planted", "found", "both", "precision", "recall", "same_polarity"]


def table(workspace: Workspace, rng: np.random.Generator, resamples: int) -> pd.DataFrame:
    """For each dimension, model and language: the leaning drawn from, the mean score that was planted, and what was found.

    `planted` is the mean over the kept statements of the plan's own labels and stances; `estimate` the pipeline's mean
    with its interval (bootstrap over statements), verdict and reason as `verdict` gives them. Empty in a study that is
    not simulated.
    """
    if workspace.study.respondents != "simulated":
        return pd.DataFrame(columns=COLUMNS)
    found = positions.model_positions(workspace.read("07_scores"), rng, resamples).rename(
        columns={"mean": "estimate"}
    )
    both = _planted_positions(workspace).merge(
        found, on=["dimension", "model", "language"], how="left"
    )
    at = {language: i for i, language in enumerate(workspace.study.languages)}
    leanings = workspace.study.simulation.leanings
    both["leaning"] = [
        leanings[r.model].get(r.dimension, [np.nan] * len(at))[at[r.language]]
        for r in both.itertuples()
    ]
    found_out = [verdict(r.planted, r.estimate, r.low, r.high) for r in both.itertuples()]
    both["verdict"], both["reason"] = [v for v, _ in found_out], [why for _, why in found_out]
    both["covered"] = both["verdict"] == RECOVERED
    return both[COLUMNS]


def verdict(planted: float, estimate: float, low: float, high: float) -> tuple[str, str]:
    """Whether a planted mean was recovered, which it is when the 95 % interval holds it; and why, in words.

    >>> verdict(0.2, 0.3, 0.1, 0.5)
    ('recovered what was planted', 'the interval holds the planted mean')
    >>> verdict(0.2, 0.5, 0.3, 0.7)
    ('not recovered', 'the interval misses the planted mean by 0.10')
    """
    if np.isnan(estimate):
        return "not recovered", "no readable answers"
    if np.isnan(low):
        return "not recovered", "too few statements for an interval"
    miss = max(low - planted, planted - high)
    if miss <= 1e-9:  # a mean that never varies has an interval of no width
        return RECOVERED, "the interval holds the planted mean"
    return "not recovered", f"the interval misses the planted mean by {miss:.2f}"


def planted_scores(workspace: Workspace) -> pd.DataFrame:
    """What a simulated study would score if every label and stance were read as planted."""
    plan = _plan(workspace)
    labels = plan[plan["step"] == "polarity"].rename(columns={"value": "polarity"})
    return scores.label_scores(
        labels, plan[plan["step"] == "stance"].rename(columns={"value": "vote"}), workspace.models
    )


def _plan(workspace: Workspace) -> pd.DataFrame:
    return simulation.planted(workspace, list(workspace.read("02_statements")["statement_id"]))


def _planted_positions(workspace: Workspace) -> pd.DataFrame:
    planted = scores.positions(planted_scores(workspace), ["dimension", "model", "language"])
    return workspace.in_order(
        planted.rename(columns={"position": "planted", "n": "n_planted"}).drop(columns="missing")
    )


def labels(workspace: Workspace) -> pd.DataFrame:
    """For each dimension: pairs planted and found as relevant, precision, recall, and how often the polarity is the same."""
    if workspace.study.respondents != "simulated":
        return pd.DataFrame(columns=LABELS)
    plan, dims = _plan(workspace), workspace.dimensions
    planted = plan.query("step == 'polarity'").set_index(["statement_id", "dimension"])["value"]
    relevant = (
        workspace.read("04_relevance")
        .query("relevant")
        .set_index(["statement_id", "dimension"])
        .index
    )
    polarity = workspace.read("05_sociocultural_statements").set_index(
        ["statement_id", "dimension"]
    )["polarity"]
    shared = relevant.intersection(planted.index)
    same = polarity.reindex(shared) == planted.reindex(shared)
    out = pd.DataFrame(
        {
            "planted": _count(planted.index, dims),
            "found": _count(relevant, dims),
            "both": _count(shared, dims),
        }
    )
    out = out.assign(precision=out["both"] / out["found"], recall=out["both"] / out["planted"])
    return (
        out.assign(same_polarity=same.groupby(level=1).mean())
        .rename_axis("dimension")
        .reset_index()
    )


def _count(index: pd.MultiIndex, dimensions: list[str]) -> pd.Series:
    return pd.Series(index.get_level_values(1)).value_counts().reindex(dimensions, fill_value=0)


def sentence(table: pd.DataFrame) -> str:
    """What the recovery table says, in a sentence or two."""
    if table.empty:
        return "Nothing was planted in this study, so there is nothing to recover."
    off = (table["estimate"] - table["planted"]).abs()
    return (
        f"**{(table['verdict'] == RECOVERED).sum()} of {len(table)} means: {RECOVERED}** (the interval holds it). They are off by "
        f"{off.mean():.2f} on average and by {off.max():.2f} at most, on a scale from -2 to 2. The intervals allow for "
        "other statements of the same kind, so nearly all of them should hold what was planted on these."
    )
