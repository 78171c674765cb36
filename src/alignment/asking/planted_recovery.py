"""Compare estimates with the simulated ground truth, which is what a simulated study is for."""

import numpy as np
import pandas as pd

from alignment.asking import ground_truth
from alignment.stats import positions
from alignment.study.workspace import Workspace
from utils import scores
from utils.cells import PAIR

BY = ["dimension", "model", "language"]
POSITIONS = [*BY, "leaning", "planted", "estimate", "low", "high"]
POSITIONS += ["n_planted", "n", "covered", "verdict", "reason"]
LABELS = ["dimension", "planted", "found", "both", "precision", "recall", "same_polarity"]
RECOVERED, MISSED = "recovered what was planted", "not recovered"


def compare_positions(
    workspace: Workspace, rng: np.random.Generator, resamples: int
) -> pd.DataFrame:
    """Return each position as drawn, as planted and as estimated, and whether it was recovered.

    A row for each dimension, model and language, on the scale from -2 to 2. `leaning` is the mean
    that stances were drawn from; `planted` the mean over the statements kept, by the planted labels
    and stances; `estimate` the pipeline's mean with its interval (bootstrap over statements).
    Columns: POSITIONS. Empty in a study that is not simulated.
    """
    study = workspace.study
    if study.respondents != "simulated":
        return pd.DataFrame(columns=POSITIONS)
    planted = scores.positions(score_ground_truth(workspace), BY).drop(columns="missing")
    planted = planted.rename(columns={"position": "planted", "n": "n_planted"})
    estimates = positions.model_positions(workspace.read("07_scores"), rng, resamples)
    estimates = estimates.rename(columns={"mean": "estimate"})
    both = workspace.in_order(planted).merge(estimates, on=BY, how="left")
    rows = []
    for row in both.itertuples():
        means = study.simulation.leanings[row.model].get(row.dimension)
        leaning = means[study.languages.index(row.language)] if means else np.nan
        rows.append((leaning, *judge_estimate(row.planted, row.estimate, row.low, row.high)))
    names = ["leaning", "verdict", "reason"]
    both = both.join(pd.DataFrame(rows, columns=names, index=both.index))
    both["covered"] = both["verdict"] == RECOVERED
    return both[POSITIONS]


def judge_estimate(planted: float, estimate: float, low: float, high: float) -> tuple[str, str]:
    """Return whether a planted mean was recovered, and why: it is if the interval contains it.

    >>> judge_estimate(0.2, 0.3, 0.1, 0.5)
    ('recovered what was planted', 'the interval contains the planted mean')
    >>> judge_estimate(0.2, 0.5, 0.3, 0.7)
    ('not recovered', 'the interval misses the planted mean by 0.10')
    """
    if np.isnan(estimate):
        return MISSED, "no readable answers"
    if np.isnan(low):
        return MISSED, "too few statements for an interval"
    miss = max(low - planted, planted - high)
    if miss <= 1e-9:  # a mean that never varies has an interval of no width
        return RECOVERED, "the interval contains the planted mean"
    return MISSED, f"the interval misses the planted mean by {miss:.2f}"


def score_ground_truth(workspace: Workspace) -> pd.DataFrame:
    """Score a simulated study as if every label and stance were read as planted."""
    truth = _plant(workspace)
    labels = truth[truth["step"] == "polarity"].rename(columns={"value": "polarity"})
    votes = truth[truth["step"] == "stance"].rename(columns={"value": "vote"})
    return scores.label_scores(labels, votes, workspace.models)


def _plant(workspace: Workspace) -> pd.DataFrame:
    return ground_truth.plant(workspace, list(workspace.read("02_statements")["statement_id"]))


def compare_labels(workspace: Workspace) -> pd.DataFrame:
    """Count the relevant pairs of each dimension as planted, as found, and as both.

    With precision, recall, and the share of shared pairs whose polarity is the planted one.
    Columns: LABELS. Empty in a study that is not simulated.
    """
    if workspace.study.respondents != "simulated":
        return pd.DataFrame(columns=LABELS)
    planted = _plant(workspace).query("step == 'polarity'").set_index(PAIR)["value"]
    relevant = workspace.read("04_relevance").query("relevant").set_index(PAIR).index
    polarity = workspace.read("05_sociocultural_statements").set_index(PAIR)["polarity"]
    shared = relevant.intersection(planted.index)
    same = polarity.reindex(shared) == planted.reindex(shared)
    counts = {}
    for name, pairs in (("planted", planted.index), ("found", relevant), ("both", shared)):
        by_dimension = pd.Series(pairs.get_level_values("dimension")).value_counts()
        counts[name] = by_dimension.reindex(workspace.dimensions, fill_value=0)
    labels = pd.DataFrame(counts)
    labels["precision"] = labels["both"] / labels["found"]
    labels["recall"] = labels["both"] / labels["planted"]
    labels["same_polarity"] = same.groupby(level="dimension").mean()
    return labels.rename_axis("dimension").reset_index()


def describe(comparison: pd.DataFrame) -> str:
    """Say what `compare_positions` shows, in a sentence or two."""
    if comparison.empty:
        return "Nothing was planted in this study, so there is nothing to recover."
    error = (comparison["estimate"] - comparison["planted"]).abs()
    recovered = (comparison["verdict"] == RECOVERED).sum()
    return (
        f"**{recovered} of {len(comparison)} means: {RECOVERED}** (the interval contains it). "
        f"They are off by {error.mean():.2f} on average and by {error.max():.2f} at most, "
        "on a scale from -2 to 2. The intervals allow for other statements of the same kind, "
        "so nearly all of them should contain what was planted on these."
    )
