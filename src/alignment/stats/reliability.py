"""What a score is made of, and how reliable a position is: variance components and what they give.

Generalizability theory: L. J. Cronbach and others, The Dependability of Behavioral Measurements
(1972); R. L. Brennan, Generalizability Theory (2001). Statements, models and languages are crossed,
runs lie within their cells. Components are those of the analysis of variance; one below 0 is 0.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy.stats import f as f_distribution

from utils.cells import PAIR
from utils.votes import score_answers

FACETS = ("statement", "model", "language")
RUN = "run"
ENOUGH = 0.8  # of a coefficient: the usual bound for a reliable measure
SPLITS = 200


def run_scores(labels: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the score of every answered run: each label's polarity x the run's stance.

    Columns: statement_id, dimension, model, language, run, score.
    """
    stances = score_answers(answers).dropna(subset="score").drop(columns="dimension")
    table = labels[[*PAIR, "polarity"]].merge(stances, on="statement_id")
    table["score"] = table["polarity"] * table["score"]
    return table[[*PAIR, "model", "language", "run", "score"]]


def cells_of(scores: pd.DataFrame) -> tuple[np.ndarray, float, float]:
    """Return a dimension's mean scores (statements, models, languages), and what its runs add.

    Only statements that every model answered in every language; a model that left out half of them
    or more, in some language, does not count. The second value is the variance of a run within its
    cell, the third the harmonic mean of the runs in a cell.
    """
    if scores.empty:
        return np.empty((0, 0, 0)), float("nan"), float("nan")
    names = ["statement_id", "model", "language"]
    cells = scores.groupby(names)["score"].agg(["mean", "var", "size"])
    wide = cells.unstack(["model", "language"])
    sizes = wide["size"].fillna(0)
    kept = (sizes > 0).mean().unstack("language").min(axis=1) > 0.5
    models, languages = kept.index[kept], scores["language"].unique()
    columns = pd.MultiIndex.from_product([models, languages])
    sizes = sizes.reindex(columns=columns, fill_value=0)
    whole = sizes.index[(sizes > 0).all(axis=1)]
    shape = (len(whole), len(models), len(languages))
    means = wide["mean"].reindex(whole, columns=columns).to_numpy().reshape(shape)
    n = sizes.loc[whole].to_numpy()
    spread = np.nan_to_num(wide["var"].reindex(whole, columns=columns).to_numpy())
    within = (spread * (n - 1)).sum() / max(1.0, (n - 1).sum())
    return means, float(within), float(n.size / (1 / n).sum()) if n.size else float("nan")


def components(cells: np.ndarray, within: float, runs: float) -> dict[str, float]:
    """Return the variance components of crossed cells: each facet, their interactions, and runs.

    `cells`: means of `runs` runs, one axis for each of `FACETS`; `within`: the variance of a run.
    An axis of length 1 has no component. The highest interaction is what runs do not explain.

    >>> cells = np.array([[1.0, 3.0], [2.0, 4.0]])[..., None]  # statement + model, nothing else
    >>> components(cells, 0.0, 1)
    {'statement': 0.5, 'model': 2.0, 'statement x model': 0.0, 'run': 0.0}
    """
    present = [axis for axis in range(cells.ndim) if cells.shape[axis] > 1]
    subsets = [s for k in range(1, len(present) + 1) for s in combinations(present, k)]
    squares = {subset: _mean_square(cells, subset) for subset in subsets}
    found: dict[tuple[int, ...], float] = {}
    for subset in reversed(subsets):  # the largest first
        above = within / runs + sum(
            value * _cells_of(cells, set(present) - set(larger))
            for larger, value in found.items()
            if set(larger) > set(subset)
        )
        found[subset] = (squares[subset] - above) / _cells_of(cells, set(present) - set(subset))
    named = {" x ".join(FACETS[a] for a in s): max(0.0, float(found[s])) for s in subsets}
    return named | {RUN: float(within)}


def _cells_of(cells: np.ndarray, axes: set[int]) -> int:
    return int(np.prod([cells.shape[axis] for axis in axes]))


def _mean_square(cells: np.ndarray, subset: tuple[int, ...]) -> float:
    """Return the mean square of an effect or interaction, on the scale of the cells."""
    effect = cells
    for axis in range(cells.ndim):
        mean = effect.mean(axis=axis, keepdims=True)
        effect = effect - mean if axis in subset else np.broadcast_to(mean, effect.shape)
    freedom = np.prod([cells.shape[axis] - 1 for axis in subset])
    return float((effect**2).sum() / freedom)


def coefficients(
    respondents: np.ndarray, within: float, runs: float, statements: float | None = None
) -> tuple[float, float]:
    """Return how reliable respondents' means are: the coefficients of generalizability, 0 to 1.

    The first is relative (who stands above whom), the second absolute (where on the scale).
    `respondents`: cell means (statements, respondents); `within`, `runs`: as in `components`;
    `statements`: as if there were so many. NaN for fewer than two of either.

    >>> judges = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    >>> [round(c, 2) for c in coefficients(np.array(judges, float), 0.0, 1)]  # Shrout, Fleiss 1979
    [0.91, 0.62]
    """
    n = respondents.shape[0] if statements is None else statements
    if min(respondents.shape) < 2:
        return float("nan"), float("nan")
    of = components(respondents[..., None], within, runs)
    between = of["model"]
    relative = (of["statement x model"] + of[RUN] / runs) / n
    absolute = relative + of["statement"] / n
    if between + absolute == 0:
        return float("nan"), float("nan")
    both = [between / (between + error) if between else 0.0 for error in (relative, absolute)]
    return both[0], both[1]


def coefficient_intervals(
    respondents: np.ndarray, level: float = 0.95
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the intervals of both coefficients of `coefficients`, for respondents as drawn.

    The first is exact for normal scores, the second by Satterthwaite's degrees of freedom (P. E.
    Shrout and J. L. Fleiss, Psychological Bulletin 86, 1979; K. O. McGraw and S. P. Wong,
    Psychological Methods 1, 1996). NaN for fewer than two of either, or where nothing varies by
    chance. `respondents`: cell means (statements, respondents).

    >>> judges = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    >>> of = coefficient_intervals(np.array(judges, float))  # `ICC` of the R package psych
    >>> [[round(float(end), 2) for end in ends] for ends in of]
    [[0.68, 0.99], [0.07, 0.93]]
    """
    (k, n), nothing = respondents.shape, (float("nan"), float("nan"))
    if min(k, n) < 2 or np.ptp(respondents - respondents.mean(axis=0), axis=1).max() < 1e-9:
        return nothing, nothing
    cells, tail = respondents[..., None], (1 + level) / 2
    statements, between, error = (_mean_square(cells, s) for s in ((0,), (1,), (0, 1)))
    freedom, ratio = (n - 1) * (k - 1), between / error
    if ratio == 0:
        return nothing, nothing
    relative = (
        1 - f_distribution.ppf(tail, n - 1, freedom) / ratio,
        1 - 1 / (ratio * f_distribution.ppf(tail, freedom, n - 1)),
    )
    # The absolute one of a single statement, then of all k (Spearman and Brown).
    one = (between - error) / (between + (k - 1) * error + k * (statements - error) / n)
    of_statements, of_rest = k * one * statements / error, n * (1 + (k - 1) * one) - k * one
    own = (of_statements + of_rest) ** 2 / (of_statements**2 / (k - 1) + of_rest**2 / freedom)
    above, below = (f_distribution.ppf(tail, *both) for both in ((n - 1, own), (own, n - 1)))
    rest = k * statements + (k * n - k - n) * error
    low = n * (between - above * error) / (above * rest + n * between)
    high = n * (below * between - error) / (rest + n * below * between)
    singles = np.clip([low, high], 0.0, 1.0)  # below 0, stepping up would turn them round
    absolute = k * singles / (1 + (k - 1) * singles)
    return tuple(tuple(np.clip(ends, 0.0, 1.0).tolist()) for ends in (relative, absolute))


def statements_needed(respondents: np.ndarray, within: float, runs: float, assumed: float) -> float:
    """Return how many statements give an absolute coefficient of `ENOUGH`, with `assumed` runs.

    NaN where respondents do not differ, so that no number would.
    """
    if min(respondents.shape) < 2:
        return float("nan")
    of = components(respondents[..., None], within, runs)
    error = of["statement"] + of["statement x model"] + of[RUN] / assumed
    if not of["model"]:
        return float("nan")
    return float(max(1, np.ceil(round(error / of["model"] * ENOUGH / (1 - ENOUGH), 6))))


def split_half(respondents: np.ndarray, rng: Generator) -> float:
    """Return how far two halves of the statements agree, stepped up to all (Spearman and Brown).

    From the mean correlation of random halves; 0 where that is not positive. NaN for fewer than
    three respondents or four statements.
    """
    n = respondents.shape[0]
    if n < 4 or respondents.shape[1] < 3:
        return float("nan")
    correlations = []
    for _ in range(SPLITS):
        order = rng.permutation(n)
        halves = [respondents[half].mean(axis=0) for half in (order[: n // 2], order[n // 2 :])]
        if min(np.ptp(half) for half in halves) > 1e-9:
            correlations.append(np.corrcoef(*halves)[0, 1])
    r = np.mean(correlations) if correlations else float("nan")
    return float(r if np.isnan(r) else 2 * max(r, 0.0) / (1 + max(r, 0.0)))


def decompose(scores: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    """Return the components of each dimension's scores, as variances and as shares of one score.

    `scores`: as `run_scores` gives them. Columns: dimension, statements, models, component,
    variance, share.
    """
    rows = []
    for dimension in dimensions:
        cells, within, runs = cells_of(scores[scores["dimension"] == dimension])
        if cells.shape[0] < 2:
            continue
        of = components(cells, within, runs)
        total = sum(of.values())
        shares = [value / total if total else np.nan for value in of.values()]
        counts = cells.shape[:2]
        rows += [(dimension, *counts, *row) for row in zip(of, of.values(), shares, strict=True)]
    columns = ["dimension", "statements", "models", "component", "variance", "share"]
    return pd.DataFrame(rows, columns=columns)


def judge_positions(scores: pd.DataFrame, dimensions: list[str], rng: Generator) -> pd.DataFrame:
    """Return how reliable the positions of a dimension are, of every model in every language.

    Columns: dimension, statements, positions, runs (of a cell), relative and absolute with their
    95 % intervals, split_half, needed (statements for an absolute coefficient of `ENOUGH`),
    needed_one_run.
    """
    rows = []
    for dimension in dimensions:
        cells, within, runs = cells_of(scores[scores["dimension"] == dimension])
        flat = cells.reshape(len(cells), cells.shape[1] * cells.shape[2])
        found = zip(coefficients(flat, within, runs), coefficient_intervals(flat), strict=True)
        both = [value for coefficient, ends in found for value in (coefficient, *ends)]
        needed = [statements_needed(flat, within, runs, assumed) for assumed in (runs, 1)]
        rows.append((dimension, *flat.shape, runs, *both, split_half(flat, rng), *needed))
    columns = ["dimension", "statements", "positions", "runs"]
    for name in ("relative", "absolute"):
        columns += [name, f"{name}_low", f"{name}_high"]
    return pd.DataFrame(rows, columns=[*columns, "split_half", "needed", "needed_one_run"])


def describe(parts: pd.DataFrame, judged: pd.DataFrame) -> str:
    """Say what a score is made of and which positions are reliable, in two sentences."""
    if parts.empty:
        return "No statement was answered by all models in all languages."
    shares = parts.groupby("component")["share"].sum() / parts["dimension"].nunique()
    own = shares.reindex(["model", "language", "model x language"]).sum()
    good, sure = (int((judged[name] >= ENOUGH).sum()) for name in ("absolute", "absolute_low"))
    return (
        f"**On average over dimensions, {100 * own:.0f} % of the variance of a score is the "
        f"model's or the language's, and {100 * shares[RUN]:.0f} % only the run's. Positions have "
        f"an absolute coefficient of {ENOUGH} or more on {good} of {len(judged)} dimensions, with "
        f"its whole interval on {sure}.**"
    )
