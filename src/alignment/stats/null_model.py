"""What chance does: directions of Figure 1 that agree with people, false positives of Table 3."""

from functools import reduce
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.stats import significance
from utils import scores
from utils.cells import in_paper_order
from utils.rules import Rules

POLARITIES = (-2.0, -1.0, 1.0, 2.0)
SIZES = (22, 55, 116)  # numbers of statements as the paper's dimensions have them: LTO, MAS and IDV
DESIGNS = {"not_equal": "groups not equal", "opposite": "groups strictly opposite"}


def agreement_rates(voted: pd.DataFrame, models: pd.DataFrame) -> pd.Series:
    """Return how often each model agrees in its native language; a half where it has no stance."""
    native = voted.merge(models[["model", "language"]]).dropna(subset="vote")
    rates = native.groupby("model")["vote"].agg(lambda votes: (votes > 0).mean())
    return rates.reindex(models["model"], fill_value=0.5)


def simulate_directions(
    labels: pd.DataFrame,
    models: pd.DataFrame,
    rates: pd.Series,
    people: pd.DataFrame,
    rng: Generator,
    draws: int = 2000,
    differ: str = Rules.differ,
) -> np.ndarray:
    """Return how many directions agree with people in each simulated null world: (draws,).

    In a world each model agrees with each statement at random, at its own rate. Which statements
    count follows `differ`, as in Figure 1: a statement that groups answer alike adds nothing to
    their gap. A gap of nothing agrees with nobody. Polarities that are not known (NaN) are drawn
    anew in every world, each of the four as likely.
    """
    ids, statement = np.unique(labels["statement_id"], return_inverse=True)
    dimensions = in_paper_order(labels["dimension"].unique())
    of_dimension = (labels["dimension"].to_numpy()[:, None] == np.array(dimensions)).astype(float)
    stances = np.where(rng.random((draws, len(ids), len(models))) < rates.to_numpy(), 1.0, -1.0)
    polarity = labels["polarity"].to_numpy(dtype=float)
    if np.isnan(polarity).any():
        at_random = rng.choice(POLARITIES, size=(draws, len(labels)))
        polarity = np.where(np.isnan(polarity), at_random, polarity)
    responses = {}
    for culture in models["culture"].unique():
        members = (models["culture"] == culture).to_numpy()
        responses[culture] = np.median(stances[:, :, members], axis=2)
    counts = _counts(np.stack(list(responses.values())), differ)
    value = people.set_index(["group", "dimension"])["value"]
    total = np.zeros(draws, dtype=int)
    for a, b in combinations(responses, 2):
        gaps = ((responses[a] - responses[b]) * counts)[:, statement] * polarity @ of_dimension
        of_people = [value.get((a, d), np.nan) - value.get((b, d), np.nan) for d in dimensions]
        total += (np.sign(np.round(gaps, 6)) * np.sign(of_people) > 0).sum(axis=1)
    return total


def _counts(responses: np.ndarray, differ: str) -> np.ndarray:
    """Return which statements count in which world, by responses (groups, draws, statements)."""
    if differ == "not_equal":
        return responses.min(axis=0) < responses.max(axis=0)
    return (responses.min(axis=0) == -1) & (responses.max(axis=0) == 1)


def chance_responses(rates: np.ndarray) -> np.ndarray:
    """Return P(response = -1, 0, 1) of a group whose models agree independently, at their rates.

    >>> chance_responses(np.array([0.5, 0.5])).tolist()
    [0.25, 0.5, 0.25]
    """
    agreeing = _convolve([np.array([1 - rate, rate]) for rate in rates])
    side = np.sign(2 * np.arange(len(agreeing)) - len(rates)).astype(int)
    return np.bincount(side + 1, weights=agreeing, minlength=3)


def chance_gaps(first: np.ndarray, second: np.ndarray, differ: str = Rules.differ) -> np.ndarray:
    """Return P(first response - second = -2, ..., 2), two groups' rates given; see `_counts`.

    A statement that does not count under `differ` adds nothing: its gap is 0.
    """
    gaps = np.convolve(chance_responses(first), chance_responses(second)[::-1])
    if differ == "opposite":
        gaps = np.array([gaps[0], 0.0, gaps[1:4].sum(), 0.0, gaps[4]])
    return gaps


def chance_signs(polarities: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Return P(the gap of a dimension is below, at, above 0): the sum of gap x polarity, convolved.

    Exact. `polarities`: whole or half numbers of the labels, (n,); one that is not known (NaN) is
    each of the four with the same chance. `gaps`: as `chance_gaps` gives it.

    >>> chance_signs(np.array([2.0]), np.array([0.0, 0.25, 0.5, 0.25, 0.0])).tolist()
    [0.25, 0.5, 0.25]
    """
    steps = {p: _step(p, gaps) for p in POLARITIES}
    unknown = sum(steps.values()) / len(steps)
    total = _convolve(
        [unknown if np.isnan(p) else steps.get(p, _step(p, gaps)) for p in polarities]
    )
    middle = len(total) // 2
    return np.array([total[:middle].sum(), total[middle], total[middle + 1 :].sum()])


def _step(polarity: float, gaps: np.ndarray) -> np.ndarray:
    """Return P(gap x polarity = k / 2) for k = -8, ..., 8."""
    step = np.zeros(17)
    np.add.at(step, 8 + np.rint(2 * polarity * np.arange(-2, 3)).astype(int), gaps)
    return step


def _convolve(distributions: list[np.ndarray]) -> np.ndarray:
    return reduce(np.convolve, distributions, np.ones(1))


def chance_directions(
    labels: pd.DataFrame,
    models: pd.DataFrame,
    rates: pd.Series,
    people: pd.DataFrame,
    differ: str = Rules.differ,
) -> np.ndarray:
    """Return P(0, 1, ... directions agree with people) for two groups, without simulation.

    The world is that of `simulate_directions`, but that each label has a statement of its own.
    Where a statement bears several, the chance of each direction is still exact, and so is the mean
    number of those that agree; the shares differ a little (in the demo by 0.006 at most).
    """
    first, second = models["culture"].unique()
    by_group = [rates.to_numpy()[(models["culture"] == c).to_numpy()] for c in (first, second)]
    gaps = chance_gaps(*by_group, differ)
    value = people.set_index(["group", "dimension"])["value"]
    of_each = []
    for dimension, rows in labels.groupby("dimension", sort=False):
        gap = value.get((first, dimension), np.nan) - value.get((second, dimension), np.nan)
        if gap > 0 or gap < 0:
            below, _, above = chance_signs(rows["polarity"].to_numpy(dtype=float), gaps)
            agrees = above if gap > 0 else below
            of_each.append(np.array([1 - agrees, agrees]))
    return _convolve(of_each)


def count_directions(labels: pd.DataFrame, models: pd.DataFrame, people: pd.DataFrame) -> int:
    """Count the directions that could agree: dimensions x pairs on which the peoples differ."""
    labelled = people["dimension"].isin(labels["dimension"])
    rows = people[labelled & people["group"].isin(models["culture"])]
    return int(scores.directions(rows, rows)["agrees"].eq("yes").sum())


def distribution(share: np.ndarray, design: str, observed: float = np.nan) -> pd.DataFrame:
    """Return the share of worlds by their number of agreeing directions, as a table.

    `share`: of the worlds with 0, 1, ... Columns: design, directions, share, observed.

    >>> distribution(np.array([0.25, 0.75]), "any")["directions"].tolist()
    [0, 1]
    """
    table = pd.DataFrame({"design": design, "directions": range(len(share)), "share": share})
    return table.assign(observed=observed)


def null_distributions(
    labels: pd.DataFrame,
    models: pd.DataFrame,
    rates: pd.Series,
    people: pd.DataFrame,
    observed: dict[str, float],
    rng: Generator,
    draws: int = 2000,
) -> pd.DataFrame:
    """Return the null distribution by both readings of "differ", with `observed` beside it.

    Of two groups by convolution, of more by simulation: then the directions of a dimension hang
    together. Empty where no two peoples are known to differ on a dimension that has labels.
    """
    of = count_directions(labels, models, people)
    if not of:
        return distribution(np.ones(1), "").iloc[:0]
    tables = []
    two = models["culture"].nunique() == 2
    for differ, design in DESIGNS.items():
        if two:
            share = chance_directions(labels, models, rates, people, differ)
        else:
            agree = simulate_directions(labels, models, rates, people, rng, draws, differ)
            share = np.bincount(agree, minlength=of + 1) / len(agree)
        tables.append(distribution(share, design, observed.get(differ, np.nan)))
    return pd.concat(tables, ignore_index=True)


def false_positive_rates(
    n: int,
    rng: Generator,
    studies: int = 2000,
    changed: float = 0.25,
    resamples: int = 1000,
) -> dict[str, float]:
    """Return how often each test of Table 3 takes chance for a change with the language.

    In a study of n statements a share of them, `changed`, scores 2 or 4 more or less in the other
    language, up as likely as down. Keys: n, the tests at two levels (of six changed: the bootstrap
    where at least so many statements changed, as in Table 3), and how often the 95 % interval holds
    0.
    """
    moves = rng.choice([-4.0, -2.0, 2.0, 4.0], (n, studies), p=[0.2, 0.3, 0.3, 0.2])
    moves[rng.random((n, studies)) > changed] = 0.0
    samples = significance.bootstrap_means(moves, significance.resample_counts(n, resamples, rng))
    low, high = significance.interval(samples)
    bootstrap = significance.bootstrap_p(samples)
    exact = np.array([significance.sign_flip_p(column) for column in moves.T])
    rates, enough = {"n": n}, (moves != 0).sum(axis=0) >= significance.LEAST_CHANGED
    for level in (0.05, 0.01):
        rates[f"bootstrap p < {level}"] = float((bootstrap < level).mean())
        rates[f"of six changed, p < {level}"] = float(((bootstrap < level) & enough).mean())
        rates[f"exact p < {level}"] = float((exact < level).mean())
    return rates | {"interval holds 0": float(((low <= 0) & (high >= 0)).mean())}


def share_at_least(table: pd.DataFrame, differ: str, directions: int) -> float:
    """Return the share of worlds with so many agreeing directions or more (`differ`: a rule)."""
    rows = (table["design"] == DESIGNS[differ]) & (table["directions"] >= directions)
    return float(table.loc[rows, "share"].sum())
