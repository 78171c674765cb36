"""How often intervals and tests hold in worlds whose truth is known: by enumeration where it can be."""

from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import binom, multinomial, t

from alignment.stats import intervals

SIZES = (6, 12, 22, 55, 116)
MEANS = (0.0, 0.96, 1.19)  # the last two: where percentile intervals failed most
STRONG = (0.25, 0.5, 0.75, 1.0)  # share of labels that are -2 or +2
LEAST = 1e-9  # outcomes rarer than this are left out
BLOCK = 4000


class World(NamedTuple):
    """A distribution of scores, or of differences of scores, and the ends of its scale."""

    name: str
    values: np.ndarray
    chances: np.ndarray
    ends: tuple[float, float]

    @property
    def mean(self) -> float:
        return float(self.values @ self.chances)


def score_worlds() -> list[World]:
    """Scores of -2, -1, 1, 2 with the three means; a strong label is as often positive as a weak one."""
    values, worlds = np.array([-2.0, -1.0, 1.0, 2.0]), []
    for mean, strong in product(MEANS, STRONG):
        up = (1 + mean / (1 + strong)) / 2
        sizes = np.array([strong, 1 - strong])
        chances = np.concatenate([sizes * (1 - up), sizes[::-1] * up])
        name = f"scores, {strong:.0%} of labels ±2"
        worlds.append(World(name, values, chances, intervals.SCORES))
    return worlds


def two_ends(n: int) -> World:
    """Scores of -2 and 2 alone with the mean at which coverage is lowest, to a thousandth.

    An interval of a share, the mid-p one: it leaves a count out as soon as the tail of the binomial
    distribution, with half of that count itself, is below 0.025.
    """
    shares, k = np.linspace(0.5, 1, 2000, endpoint=False), np.arange(n + 1)[:, None]
    chance = binom.pmf(k, n, shares)
    tail = binom.sf(k, n, shares) + chance / 2
    held = (chance * ((tail >= 0.025) & (tail <= 0.975))).sum(axis=0)
    share = shares[held.argmin()]
    name = "scores, -2 and 2 alone, the worst mean"
    return World(name, np.array([-2.0, 2.0]), np.array([1 - share, share]), intervals.SCORES)


def difference_worlds(changed: float = 0.1) -> list[World]:
    """Differences between languages: so many statements change, all or nine in ten of them one way."""
    values, worlds = np.array([-4.0, -2.0, 0.0, 2.0, 4.0]), []
    for back, (size, far) in product((0.0, 0.1), {"2": 0, "2 or 4": 0.5, "4": 1}.items()):
        up = changed * (1 - back) * np.array([1 - far, far])
        down = changed * back * np.array([far, 1 - far])
        way = "one way" if back == 0 else "nine in ten one way"
        chances = np.concatenate([down, [1 - changed], up])
        name = f"differences, {changed:.0%} change by {size}, {way}"
        worlds.append(World(name, values, chances, intervals.DIFFERENCES))
    return worlds


def outcomes(n: int, world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return every outcome of n draws: its values, how often each is drawn, and its probability."""
    there = world.chances > 0
    values, chances = world.values[there], world.chances[there]
    bars = np.array(list(combinations(range(n + len(values) - 1), len(values) - 1)), dtype=int)
    edges = np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), n + len(values) - 1)
    counts = np.diff(np.hstack(edges), axis=1) - 1
    chance = multinomial.pmf(counts, n, chances / chances.sum())
    likely = chance > LEAST
    return values, counts[likely], chance[likely]


def below(at: float, values: np.ndarray, counts: np.ndarray, ends: tuple[float, float]):
    """Return P(mean <= at) of many outcomes, one more statement at the upper, at the lower end."""
    every = np.append(values, ends)
    sides = []
    for extra in ([0, 1], [1, 0]):
        more = np.hstack([counts, np.tile(extra, (len(counts), 1))])
        blocks = np.array_split(more, len(more) // BLOCK + 1)
        sides.append(np.concatenate([intervals.chance_below(at, every, b) for b in blocks]))
    return sides


def our_misses(world: World, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return how often `mean_interval` lies above and below the true mean, exactly."""
    values, counts, chance = outcomes(n, world)
    share = sum(below(world.mean, values, counts, world.ends)) / 2
    tail = (1 - level) / 2
    return float(chance[share < tail].sum()), float(chance[share > 1 - tail].sum())


def rejections(world: World, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Return how often one-sided tests of "mean at least (at most) what it is" reject, exactly."""
    values, counts, chance = outcomes(n, world)
    least, most = below(world.mean, values, counts, world.ends)
    return float(chance[1 - least <= alpha].sum()), float(chance[most <= alpha].sum())


def t_coverage(world: World, n: int) -> float:
    """Return how often Student's interval holds the true mean, exactly."""
    values, counts, chance = outcomes(n, world)
    mean = counts @ values / n
    spread = np.sqrt(np.maximum(counts @ values**2 / n - mean**2, 0) / (n - 1))
    near = np.abs(mean - world.mean) <= t.ppf(0.975, n - 1) * spread + 1e-9
    return float(chance[near].sum())


def bootstrap_intervals(values, counts, resamples: int, rng) -> dict[str, np.ndarray]:
    """Return the percentile and BCa intervals (Efron 1987) of samples given by value counts.

    `counts`: (samples, K). Each interval: (samples, 2).
    """
    n = counts.sum(axis=1)
    mean = counts @ values / n
    drawn = rng.multinomial(n, counts / n[:, None], size=(resamples, len(counts)))
    means = np.sort(drawn @ values / n, axis=0).T
    away = values - mean[:, None]
    spread, cubed = (counts * away**2).sum(axis=1), (counts * away**3).sum(axis=1)
    skew = cubed / (6 * np.where(spread > 0, spread, 1) ** 1.5)
    ranks = (means < mean[:, None] - 1e-9).mean(axis=1) + (means <= mean[:, None] + 1e-9).mean(
        axis=1
    )
    shift = ndtri(ranks / 2)[:, None] + ndtri([0.025, 0.975])
    tails = ndtr(ndtri(ranks / 2)[:, None] + shift / (1 - skew[:, None] * shift))
    plain = np.broadcast_to([0.025, 0.975], tails.shape)
    return {"percentile": _quantiles(means, plain), "bca": _quantiles(means, tails)}


def _quantiles(ordered: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return quantiles (rows, 2) of ordered rows (rows, resamples), a share for each."""
    place = shares * (ordered.shape[1] - 1)
    left = np.floor(place).astype(int)
    right = np.ceil(place).astype(int)
    below, above = (np.take_along_axis(ordered, at, axis=1) for at in (left, right))
    return below + (place - left) * (above - below)


def bootstrap_coverage(world: World, n: int, samples: int, resamples: int, rng) -> dict[str, float]:
    """Return how often the percentile and the BCa interval hold the true mean, by simulation."""
    counts = rng.multinomial(n, world.chances / world.chances.sum(), size=samples)
    held = {}
    for name, ends in bootstrap_intervals(world.values, counts, resamples, rng).items():
        inside = (ends[:, 0] - 1e-9 <= world.mean) & (world.mean <= ends[:, 1] + 1e-9)
        held[name] = float(inside.mean())
    return held


def coverage_table(samples: int = 1000, resamples: int = 1000) -> pd.DataFrame:
    """Return the coverage of four 95 % intervals, a row for each world and n."""
    rows = []
    worlds = list(product([*score_worlds(), *difference_worlds()], SIZES))
    for world, n in [*worlds, *((two_ends(n), n) for n in SIZES)]:
        above, under = our_misses(world, n)
        row = {"world": world.name, "mean": round(world.mean, 2), "n": n}
        row |= {"dirichlet": 1 - above - under, "too_high": above, "too_low": under}
        rng = np.random.default_rng(n)
        boot = bootstrap_coverage(world, n, samples, resamples, rng)
        rows.append(row | boot | {"t": t_coverage(world, n)})
    return pd.DataFrame(rows).round(3)
