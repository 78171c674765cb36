"""Which means are possible for which number of statements (GRIM), and what Table 3 then allows.

A mean of n scores on a grid is a whole number of grid steps divided by n. With labels of -2, -1,
1, 2 and a stance that agrees or disagrees, a changed stance moves a sum by twice the label, so all
sums over the same statements are odd or all are even. The same holds in half steps when half labels
are kept. Source: Brown and Heathers, The GRIM test, Social Psychological and Personality Science 8
(2017) 363-369.

Every function takes the tables it judges. One copy of the paper was read, and another rule may have
been used.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.stats.significance import ALPHA, smallest_exact_p
from utils.scores import compare_gaps

NS = range(10, 201)  # the numbers of statements that are tried

READINGS = [  # what the labels can be, grid of a score, whether all sums of a row share one parity
    ("integer labels, one parity", 1.0, True),
    ("integer labels", 1.0, False),
    ("half labels, one parity", 0.5, True),
    ("half labels", 0.5, False),
]


def sum_bounds(mean, n: int, digits=2, grid: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest sum, in grid steps, whose mean over n prints as `mean`.

    The least is above the greatest where no sum does. `mean` and `digits` may be arrays. A half may
    have been rounded either way, so both ends count.

    Raises ValueError for a mean that is no number, and for less than one statement.

    >>> [int(k) for k in sum_bounds(1.09, 22)]
    [24, 24]
    >>> [int(k) for k in sum_bounds(0.18, 24)]  # 4/24 is 0.17, 5/24 is 0.21
    [5, 4]
    """
    if not np.isfinite(mean).all() or n < 1:
        raise ValueError(f"no sum of {n} scores has the mean {mean}")
    scale = 10 ** np.asarray(digits)  # whole numbers throughout: no rounding error at a boundary
    centre = 2 * np.rint(np.asarray(mean) * scale).astype(int)
    steps = n * round(1 / grid)
    return -((1 - centre) * steps // (2 * scale)), (centre + 1) * steps // (2 * scale)


def fits(means, n: int, grid: float = 1.0, one_parity: bool = True) -> np.ndarray | bool:
    """Return whether all printed means of a row, its last axis, can come from n statements.

    >>> bool(fits([0.18, 0.64, 1.09, 1.18, 1.09, 1.00, 0.18, 0.73], 22))
    True
    >>> bool(fits([0.18, 0.64], 24))
    False
    """
    low, high = sum_bounds(means, n, grid=grid)
    if not one_parity:
        return (high >= low).all(-1)
    return (high - high % 2 >= low).all(-1) | (high - (high + 1) % 2 >= low).all(-1)


def in_ranges(numbers: Sequence[int]) -> str:
    """Return whole numbers in order as text, runs of three and more shortened.

    >>> in_ranges([22, 44, 66, 67, 68])
    '22, 44, 66-68'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if not runs or number != runs[-1][-1] + 1:
            runs.append([])
        runs[-1].append(number)
    return ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs)


def check_rows(table3: pd.DataFrame, stated: Mapping[str, int]) -> pd.DataFrame:
    """Return, for each dimension and reading of the labels, the n that Table 3 allows.

    `table3`: dimension, mean, as `published.read_table3` gives it; 0.0 and -0.3 are taken for 0.00
    and -0.30. `stated`: the n of Appendix A.
    Columns: dimension, labels, stated, stated_fits, up_to_stated (text), all (text, of `NS`).
    """
    rows = []
    for dimension, means in _rows_of(table3):
        n = stated[dimension]
        for labels, grid, one_parity in READINGS:
            possible = [k for k in NS if fits(means, k, grid, one_parity)]
            below = in_ranges([k for k in possible if k <= n])
            rows.append((dimension, labels, n, n in possible, below, in_ranges(possible)))
    columns = ["dimension", "labels", "stated", "stated_fits", "up_to_stated", "all"]
    return pd.DataFrame(rows, columns=columns)


def _rows_of(table3: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    groups = table3.groupby("dimension", sort=False)["mean"]
    return [(dimension, means.to_numpy()) for dimension, means in groups]


def n_by_row(table3: pd.DataFrame, stated: Mapping[str, int]) -> dict[str, list[int]]:
    """Return the n up to the stated one that each row allows with integer labels of one parity."""
    return {d: [n for n in NS if n <= stated[d] and fits(row, n)] for d, row in _rows_of(table3)}


def chance_of_fit(means, ns: Iterable[int], rng: Generator) -> float:
    """Return how often a row fits some n when each mean is moved at random by up to 0.05."""
    hundredths = np.rint(np.asarray(means, dtype=float) * 100)
    moved = hundredths + rng.integers(-5, 6, size=(2000, hundredths.size))
    moved = np.clip(moved, -200, 200) / 100
    return float(np.any([fits(moved, n) for n in ns], axis=0).mean())


def chances_of_fit(table3: pd.DataFrame, stated: Mapping[str, int], rng: Generator) -> list[float]:
    """Return `chance_of_fit` of each row of Table 3, for every n of `NS` up to the stated one."""
    rows = _rows_of(table3)
    return [chance_of_fit(row, [n for n in NS if n <= stated[d]], rng) for d, row in rows]


def most_changed(
    mean_a: float, mean_b: float, n: int, grid: float = 1.0, one_parity: bool = True
) -> int | None:
    """Return the most statements that can have changed, all one way, between two printed means.

    Each changed statement moves the sum by at least two grid steps; by one where undecided stances
    count 0 and sums need not share a parity. None: no change gives these means.

    >>> most_changed(1.09, 1.00, 22), most_changed(0.18, 0.64, 22)
    (1, 5)
    """
    (low_a, high_a), (low_b, high_b) = (sum_bounds(mean, n, grid=grid) for mean in (mean_a, mean_b))
    sums = [(a, b) for a in range(low_a, high_a + 1) for b in range(low_b, high_b + 1)]
    least = 2 if one_parity else 1
    return max((abs(b - a) // least for a, b in sums if (a - b) % least == 0), default=None)


def best_exact_p(
    table3: pd.DataFrame,
    ns: Mapping[str, Iterable[int]],
    grid: float = 1.0,
    one_parity: bool = True,
) -> pd.DataFrame:
    """Return the best exact paired p that each printed change can reach at each possible n.

    Changes in both directions, or of statements with label 2, leave the same difference with a
    greater p. best_bootstrap_p is that of the paired bootstrap on the same statements: twice the
    chance that a resample holds none of those that changed.
    Columns: dimension, model, n, mean_en, mean_zh, difference, most_changed, best_p,
    best_bootstrap_p, can_reach (best_p < 0.05).
    """
    wide = table3.pivot(index=["dimension", "model"], columns="language", values="mean")
    rows = []
    for dimension, model in table3[["dimension", "model"]].drop_duplicates().to_numpy():
        a, b = wide.loc[(dimension, model), ["en", "zh"]]
        for n in ns[dimension]:
            changed, exact, bootstrap = most_changed(a, b, n, grid, one_parity), np.nan, np.nan
            if changed is not None:
                exact = smallest_exact_p(changed)
                bootstrap = min(1.0, 2 * (1 - changed / n) ** n)
            difference = round(b - a, 2)
            rows.append((dimension, model, n, a, b, difference, changed, exact, bootstrap))
    columns = ["dimension", "model", "n", "mean_en", "mean_zh", "difference", "most_changed"]
    table = pd.DataFrame(rows, columns=[*columns, "best_p", "best_bootstrap_p"])
    return table.assign(can_reach=table["best_p"] < ALPHA).astype({"most_changed": "Int64"})


def figure1_signs(
    table3: pd.DataFrame,
    models: pd.DataFrame,
    people: pd.DataFrame,
    ns: Mapping[str, Iterable[int]],
) -> pd.DataFrame:
    """Return the direction of Figure 1's gaps, group against group, from Table 3's native entries.

    The median of two models is their mean, and statements on which the groups agree add nothing to
    their difference: under "not equal" the sign of the gap on differing statements is its sign on
    all of them.
    `models`: model, culture, language, two models a culture, two cultures; `people`: group,
    dimension, value.
    Columns: dimension, n, mean, other_mean (of the groups), sum, other_sum (least and greatest,
    in statements, as text), gap (mean - other_mean), gap_low, gap_high (what rounding leaves), sign
    and people_sign (+1, 0, -1; sign NaN when rounding hides it), agrees (yes, no, tie or open).
    """
    keys = ["model", "language"]
    native = table3[["dimension", *keys, "mean"]].merge(models, on=keys)
    cultures = list(models["culture"].unique())
    value = people.set_index(["group", "dimension"])["value"]
    rows = []
    for dimension, row in native.groupby("dimension", sort=False):
        of_people = np.sign(value[cultures[0], dimension] - value[cultures[1], dimension])
        printed = [row.loc[row["culture"] == culture, "mean"].to_numpy() for culture in cultures]
        first, second = (means.mean() for means in printed)
        for n in ns[dimension]:
            # the sum of a group's scores is the mean of its models' sums
            sums = [[float(end.mean()) for end in sum_bounds(means, n)] for means in printed]
            (least, most), (least_second, most_second) = sums
            gap = ((least - most_second) / n, (most - least_second) / n)
            here = np.sign(gap[0]) if np.sign(gap[0]) == np.sign(gap[1]) else np.nan
            agrees = compare_gaps(here, of_people)
            texts = [" to ".join(f"{end:g}" for end in dict.fromkeys(ends)) for ends in sums]
            gaps = (first - second, *gap)
            rows.append((dimension, n, first, second, *texts, *gaps, here, of_people, agrees))
    columns = ["dimension", "n", "mean", "other_mean", "sum", "other_sum", "gap", "gap_low"]
    return pd.DataFrame(rows, columns=[*columns, "gap_high", "sign", "people_sign", "agrees"])


def possible_share(percent: float, totals: Mapping[str, int]) -> pd.DataFrame:
    """Return whether a percentage printed with two digits can be a share of each total.

    Columns: total, of, count (nearest), share, possible.

    >>> possible_share(94.65, {"81 x 4": 324, "81 x 3": 243})["possible"].tolist()
    [False, True]
    """
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} is no percentage")
    table = pd.DataFrame(totals.items(), columns=["of", "total"])
    table["count"] = (percent / 100 * table["total"]).round().astype(int)
    table["share"] = 100 * table["count"] / table["total"]
    return table.assign(possible=(table["share"] - percent).abs() <= 0.005 + 1e-9)
