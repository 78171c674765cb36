"""What known noise of runs and judges does to a study whose ground truth is known.

Deliberately shares no function with the pipeline that it is compared with, so that a fault there
cannot hide here; `estimate` also works out a study's numbers a second time. Ties and odd medians
follow the default rules.

Axes of the arrays: statements, dimensions, models, languages; pairs of languages and of groups in
the order of `itertools.combinations`.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.random import Generator
from scipy.stats import binom

# What a simulated judge says instead of -2, -1, 0, 1, 2; of relevance, 1 is yes and 0 no.
OTHER = {
    "relevance": np.array([np.nan, np.nan, 1.0, 0.0, np.nan]),
    "polarity": np.array([-1.0, 1.0, np.nan, -1.0, 1.0]),
}


@dataclass(frozen=True)
class Noise:
    """The settings that decide how often a label or a stance is read otherwise than planted."""

    judge: float  # share of labels on which a judge deviates, in every run
    run: float  # share of runs that give another answer
    lost: float  # share of cells that end without an answer
    votes: int  # votes on a label: judges x languages
    quorum: int  # yes votes that make a pair relevant
    runs: dict[str, int] = field(hash=False)  # by step


@dataclass(frozen=True)
class Design:
    """Which language is each model's own, which group it is in, and when groups differ."""

    native: np.ndarray  # (models,) index of the language
    group: np.ndarray  # (models,) index of the group
    differ: str = "not_equal"


@dataclass(frozen=True)
class Labelled:
    """Labels and stances of a study, as planted or as read."""

    relevant: np.ndarray  # (statements, dimensions), True or False
    polarity: np.ndarray  # (statements, dimensions), NaN: no label
    stance: np.ndarray  # (statements, models, languages), 1 agrees, -1 disagrees, NaN: none


@dataclass(frozen=True)
class Estimates:
    """What a study says: its labels and stances, and the numbers made of them."""

    labelled: Labelled
    mean: np.ndarray  # (dimensions, models, languages), mean score, -2 to 2
    difference: np.ndarray  # (dimensions, models, pairs of languages), of mean scores
    p: np.ndarray  # the same shape: exact p after Holm's correction over all of them
    changed: np.ndarray  # the same shape: statements whose score differs
    compared: np.ndarray  # the same shape: statements with a score in both languages
    gap: np.ndarray  # (dimensions, pairs of groups), of positions in Figure 1, 0 to 100


@lru_cache
def vote_chances(runs: int, noise: Noise) -> tuple[float, float]:
    """Return how often the vote of some runs is the answer held, and how often the other one.

    The rest is no vote: half of the runs or more are lost, or tied.

    >>> noise = Noise(judge=0.0, run=0.1, lost=0.0, votes=8, quorum=4, runs={})
    >>> [round(chance, 5) for chance in vote_chances(5, noise)]
    [0.99144, 0.00856]
    """
    held = other = 0.0
    for answered in range(runs // 2 + 1, runs + 1):
        chance, half = binom.pmf(answered, runs, 1 - noise.lost), answered // 2
        held += chance * binom.sf(half, answered, 1 - noise.run)
        other += chance * binom.sf(half, answered, noise.run)
    return float(held), float(other)


def read_once(truth: Labelled, noise: Noise, rng: Generator) -> Labelled:
    """Return labels and stances as one study with this noise reads them.

    A pair that is irrelevant in truth but labelled relevant has a polarity of 1 or -1 at random, on
    which all judges agree.
    """
    yes = _vote("relevance", truth.relevant.astype(float), noise.judge, noise, rng)
    relevant = (yes == 1).sum(axis=-1) >= noise.quorum
    polarity = np.full(truth.polarity.shape, np.nan)
    value = truth.polarity[relevant]
    unplanted = np.isnan(value)
    value = np.where(unplanted, rng.choice([-1.0, 1.0], value.shape), value)
    deviate = np.where(unplanted, 0.0, noise.judge)[:, None]
    polarity[relevant] = _median_label(_vote("polarity", value, deviate, noise, rng))
    held, other = vote_chances(noise.runs["stance"], noise)
    draw = rng.random(truth.stance.shape)
    stance = np.select([draw < held, draw < held + other], [truth.stance, -truth.stance], np.nan)
    stance[np.isnan(polarity).all(axis=1)] = np.nan  # no stance on these statements is asked
    return Labelled(relevant, polarity, stance)


def _vote(
    step: str, value: np.ndarray, deviate: float | np.ndarray, noise: Noise, rng: Generator
) -> np.ndarray:
    """Return the votes on labels of this value, along a last axis; NaN: no vote.

    A judge deviates in every run (a share `deviate`), and then differs between runs.
    """
    shape, other = (*value.shape, noise.votes), OTHER[step]
    opinion = np.broadcast_to(value[..., None], shape).astype(int)
    opinion = np.where(rng.random(shape) < deviate, other[opinion + 2], opinion).astype(int)
    held, changed = vote_chances(noise.runs[step], noise)
    draw, instead = rng.random(shape), other[opinion + 2]
    return np.select([draw < held, draw < held + changed], [opinion, instead], np.nan)


def _median_label(votes: np.ndarray) -> np.ndarray:
    """Return the median of at least half of the votes; halves away from zero, zero no label."""
    median = _median(votes)
    label = np.sign(median) * np.ceil(np.abs(median))
    enough = 2 * (~np.isnan(votes)).sum(axis=-1) >= votes.shape[-1]
    return np.where(enough & (label != 0), label, np.nan)


def estimate(study: Labelled, design: Design) -> Estimates:
    """Return the numbers that follow from labels and stances."""
    polarity, stance = study.polarity[:, :, None, None], study.stance[:, None]
    score = polarity * stance  # statements x dimensions x models x languages
    pairs = list(combinations(range(stance.shape[-1]), 2))
    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    differences = score[..., second] - score[..., first]
    p = np.array([_sign_flip_p(column) for column in differences.reshape(len(score), -1).T])
    p[~np.isnan(p)] = _holm(p[~np.isnan(p)])
    return Estimates(
        labelled=study,
        mean=_mean(score),
        difference=_mean(differences),
        p=p.reshape(differences.shape[1:]),
        changed=(np.abs(np.nan_to_num(differences)) > 0).sum(axis=0),
        compared=(~np.isnan(differences)).sum(axis=0),
        gap=_gaps(study, design),
    )


def majority(answers: np.ndarray, more_than: float) -> np.ndarray:
    """Return 1 or -1, whichever more of the runs (the last axis) gave; NaN where neither.

    NaN too where no more than so many runs were answered.

    >>> majority(np.array([[1, -1, 1], [1, -1, np.nan], [1, np.nan, np.nan]]), 1.5).tolist()
    [1.0, nan, nan]
    """
    total, answered = np.nansum(answers, axis=-1), (~np.isnan(answers)).sum(axis=-1)
    return np.where((answered > more_than) & (total != 0), np.sign(total), np.nan)


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over statements without their NaN; NaN where there is none."""
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(present, values, 0.0).sum(axis=0) / present.sum(axis=0)


def _gaps(study: Labelled, design: Design) -> np.ndarray:
    """Return how far groups lie apart on the statements that divide them, 0 to 100."""
    native = study.stance[:, np.arange(len(design.native)), design.native]
    members = [native[:, design.group == g] for g in np.unique(design.group)]
    enough = np.stack([2 * (~np.isnan(m)).sum(axis=1) > m.shape[1] for m in members], axis=1)
    response = np.stack([_median(m) for m in members], axis=1)  # statements x groups
    response[~enough.all(axis=1)] = np.nan
    if design.differ == "not_equal":
        differs = response.max(axis=1) > response.min(axis=1)
    else:
        differs = (response.max(axis=1) == 1) & (response.min(axis=1) == -1)
    divided = np.where(differs[:, None], response, np.nan)
    position = 25 * (_mean(study.polarity[:, :, None] * divided[:, None]) + 2)
    pairs = list(combinations(range(position.shape[1]), 2))
    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    return position[:, first] - position[:, second]


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median of each row without its NaN; NaN where there is nothing else."""
    ordered, n = np.sort(values, axis=1), (~np.isnan(values)).sum(axis=1)  # NaN last
    middle = np.stack([np.maximum(n - 1, 0) // 2, np.minimum(n // 2, values.shape[1] - 1)], axis=1)
    return np.take_along_axis(ordered, middle, axis=1).mean(axis=1)


def _holm(p: np.ndarray) -> np.ndarray:
    """Return the largest p x (tests that are not smaller), of all up to each one; at most 1."""
    smaller = (p < p[:, None]).sum(axis=1)
    scaled = p * (len(p) - smaller)
    return np.array([min(1.0, scaled[p <= own].max()) for own in p])


def _sign_flip_p(differences: np.ndarray) -> float:
    """Return the exact two-sided p of a sum of differences of 2 and 4, by two binomials."""
    present = differences[~np.isnan(differences)]
    if not present.size:
        return float("nan")
    twos, fours = (int((np.abs(present) == size).sum()) for size in (2, 4))
    return _p_of_counts(twos, fours, abs(int(present.sum())))


@lru_cache(maxsize=100_000)
def _p_of_counts(twos: int, fours: int, least: int) -> float:
    sums = 2 * (2 * np.arange(twos + 1) - twos)[:, None] + 4 * (2 * np.arange(fours + 1) - fours)
    chance = binom.pmf(np.arange(twos + 1), twos, 0.5)[:, None]
    chance = chance * binom.pmf(np.arange(fours + 1), fours, 0.5)
    return float(min(1.0, chance[np.abs(sums) >= least].sum()))
