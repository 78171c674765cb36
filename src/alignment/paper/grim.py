"""Which means are possible for which number of statements (GRIM), and what the printed tables then allow.

A mean of n scores on a grid is a whole number of grid steps divided by n. With labels of -2, -1, 1, 2 and a stance
that agrees or disagrees, another stance moves a sum by twice the label, so that all sums over the same statements
are odd together or even together. The same holds in half steps when half labels are kept.
Source: Brown and Heathers, The GRIM test, Social Psychological and Personality Science 8 (2017) 363-369.

Every function takes the tables it judges. One copy of the paper was read, and another rule may have been used.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from alignment.stats.significance import ALPHA, smallest_exact_p

NS = range(10, 201)  # the numbers of statements that are tried

READINGS = [  # what the labels can be, grid of a score, whether all sums of a row share one parity
    ("integer labels, one parity", 1.0, True),
    ("integer labels", 1.0, False),
    ("half labels, one parity", 0.5, True),
    ("half labels", 0.5, False),
]


def sum_bounds(mean, n, digits=2, grid: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest sum, in grid steps, whose mean over n prints as `mean`; least > greatest means none.

    `mean`, `n` and `digits` may be arrays. A half may have been rounded either way, so both ends count.

    >>> [int(k) for k in sum_bounds(1.09, 22)]
    [24, 24]
    >>> [int(k) for k in sum_bounds(0.18, 24)]  # 4/24 is 0.17, 5/24 is 0.21
    [5, 4]
    """
    scale = 10 ** np.asarray(digits)
    centre = 2 * np.rint(np.asarray(mean) * scale).astype(int)
    steps, half_units = (
        round(1 / grid),
        2 * scale,
    )  # whole numbers throughout: no rounding error at a boundary
    low = -((1 - centre) * n * steps // half_units)
    return low, (centre + 1) * n * steps // half_units


def fits(means, n: int, digits=2, grid: float = 1.0, one_parity: bool = True) -> np.ndarray | bool:
    """Whether all printed means of a row can come from the same n statements; rows in the last axis.

    >>> bool(fits([0.18, 0.64, 1.09, 1.18, 1.09, 1.00, 0.18, 0.73], 22)), bool(fits([0.18, 0.64], 24))
    (True, False)
    """
    low, high = sum_bounds(means, n, digits, grid)
    if not one_parity:
        return (high >= low).all(-1)
    return (high - high % 2 >= low).all(-1) | (high - (high + 1) % 2 >= low).all(-1)


def possible_n(
    means, ns: Iterable[int], digits=2, grid: float = 1.0, one_parity: bool = True
) -> list[int]:
    """Every n for which a row of printed means is possible."""
    return [n for n in ns if fits(means, n, digits, grid, one_parity)]


def in_ranges(numbers: Sequence[int]) -> str:
    """Whole numbers in order as text, runs of three and more shortened.

    >>> in_ranges([22, 44, 66, 67, 68])
    '22, 44, 66-68'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs)


def check_rows(table3: pd.DataFrame, stated: Mapping[str, int]) -> pd.DataFrame:
    """For each dimension and reading of the labels: the n that Table 3 allows against the n that Appendix A states.

    `table3`: dimension, mean, as `published.table3_long` gives it; 0.0 and -0.3 are 0.00 and -0.30, a zero dropped.
    Columns: dimension, labels, stated, stated_fits, up_to_stated (text), all (text, of `NS`).
    """
    rows = []
    for dimension, row in table3.groupby("dimension", sort=False):
        n = stated[dimension]
        for labels, grid, one_parity in READINGS:
            found = possible_n(row["mean"].to_numpy(), NS, 2, grid, one_parity)
            below = [k for k in found if k <= n]
            rows.append((dimension, labels, n, n in found, in_ranges(below), in_ranges(found)))
    return pd.DataFrame(
        rows, columns=["dimension", "labels", "stated", "stated_fits", "up_to_stated", "all"]
    )


def n_by_row(table3: pd.DataFrame, stated: Mapping[str, int]) -> dict[str, list[int]]:
    """The n up to the stated one that each row allows with integer labels of one parity."""
    groups = table3.groupby("dimension", sort=False)["mean"]
    return {d: possible_n(row.to_numpy(), [n for n in NS if n <= stated[d]]) for d, row in groups}


def chance_of_fit(means, ns: Iterable[int], rng: np.random.Generator) -> float:
    """How often a row whose means are moved at random, each by up to five hundredths, would fit some n."""
    means = np.asarray(means, dtype=float)
    moved = (
        np.clip(np.rint(means * 100) + rng.integers(-5, 6, size=(2000, means.size)), -200, 200)
        / 100
    )
    return float(np.any([fits(moved, n) for n in ns], axis=0).mean())


def chances_of_fit(
    table3: pd.DataFrame, stated: Mapping[str, int], rng: np.random.Generator
) -> list[float]:
    """`chance_of_fit` of each row of Table 3, in its order, for every n of `NS` up to the stated one."""
    groups = table3.groupby("dimension", sort=False)["mean"]
    return [chance_of_fit(row, [n for n in NS if n <= stated[d]], rng) for d, row in groups]


def most_changed(mean_a: float, mean_b: float, n: int) -> int | None:
    """The most statements that can have changed, all in one direction, between two printed means; None: impossible.

    Each changed statement moves the sum by at least two.

    >>> most_changed(1.09, 1.00, 22), most_changed(0.18, 0.64, 22)
    (1, 5)
    """
    (low_a, high_a), (low_b, high_b) = (sum_bounds(m, n) for m in (mean_a, mean_b))
    pairs = [
        (a, b)
        for a in range(low_a, high_a + 1)
        for b in range(low_b, high_b + 1)
        if (a - b) % 2 == 0
    ]
    return max((abs(b - a) // 2 for a, b in pairs), default=None)


def best_exact_p(table3: pd.DataFrame, ns: Mapping[str, Iterable[int]]) -> pd.DataFrame:
    """For every cell of Table 3: the best exact paired p that its printed change can reach at each possible n.

    Changes in both directions, or of statements with label 2, leave the same difference with a greater p.
    best_bootstrap_p is that of the paired bootstrap on the same statements: twice the chance that a resample holds
    none of those that changed.
    Columns: dimension, model, n, mean_a, mean_b, difference, most_changed, best_p, best_bootstrap_p, can_reach
    (best_p < 0.05).
    """
    wide = table3.pivot(index=["dimension", "model"], columns="language", values="mean")
    rows = []
    for dimension, model in (
        table3[["dimension", "model"]].drop_duplicates().itertuples(index=False)
    ):
        a, b = wide.loc[(dimension, model), ["en", "zh"]]
        for n in ns[dimension]:
            changed = most_changed(a, b, n)
            exact, bootstrap = (np.nan, np.nan) if changed is None else (
                smallest_exact_p(changed), min(1.0, 2 * (1 - changed / n) ** n))  # fmt: skip
            rows.append(
                (
                    dimension,
                    model,
                    n,
                    a,
                    b,
                    round(b - a, 2),
                    changed,
                    exact,
                    bootstrap,
                    exact < ALPHA,
                )
            )
    columns = ["dimension", "model", "n", "mean_a", "mean_b", "difference", "most_changed", "best_p",
               "best_bootstrap_p", "can_reach"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"most_changed": "Int64"})


def figure1_signs(
    table3: pd.DataFrame,
    models: pd.DataFrame,
    people: pd.DataFrame,
    ns: Mapping[str, Iterable[int]],
) -> pd.DataFrame:
    """The direction of Figure 1's gaps, group against group, as Table 3's native cells give it.

    The median of two models is their mean, and statements on which the groups agree add nothing to their
    difference: under "not equal" the sign of the gap on differing statements is its sign on all of them.
    `models`: model, culture, language, two models a culture, two cultures; `people`: group, dimension, value.
    Columns: dimension, n, first, second (group means), sum_first, sum_second (least and greatest, in statements, as
    text), gap (first - second), gap_low, gap_high (what rounding leaves), here, of_people (+1, 0, -1; here NaN when
    rounding hides it), agrees ("yes", "no", "tie", "open").
    """
    native = table3[["dimension", "model", "language", "mean"]].merge(
        models, on=["model", "language"]
    )
    first, second = models["culture"].unique()
    value = people.set_index(["group", "dimension"])["value"]
    rows = []
    for dimension, row in native.groupby("dimension", sort=False):
        of_people = np.sign(value[first, dimension] - value[second, dimension])
        means = row.groupby("culture")["mean"].mean()
        for n in ns[dimension]:
            low, high = (_sums(row, group, n) for group in (first, second))
            gap = ((low[0] - high[1]) / n, (low[1] - high[0]) / n)
            here = np.sign(gap[0]) if np.sign(gap[0]) == np.sign(gap[1]) else np.nan
            agrees = (
                "open"
                if np.isnan(here)
                else "tie"
                if here == 0
                else "yes"
                if here == of_people
                else "no"
            )
            rows.append((dimension, n, means[first], means[second], _text(low), _text(high),
                         means[first] - means[second], *gap, here, of_people, agrees))  # fmt: skip
    columns = ["dimension", "n", "first", "second", "sum_first", "sum_second", "gap", "gap_low", "gap_high", "here",
               "of_people", "agrees"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _sums(row: pd.DataFrame, culture: str, n: int) -> tuple[float, float]:
    """The least and the greatest sum of a group's scores: the mean of its models' sums."""
    low, high = sum_bounds(row.loc[row["culture"] == culture, "mean"].to_numpy(), n)
    return float(low.mean()), float(high.mean())


def _text(bounds: tuple[float, float]) -> str:
    return " to ".join(f"{b:g}" for b in dict.fromkeys(bounds))


def possible_share(percent: float, digits: int, totals: Mapping[str, int]) -> pd.DataFrame:
    """Whether a printed percentage can be a share of each total: total, of, count (nearest), share, possible.

    >>> possible_share(94.65, 2, {"81 x 4": 324, "81 x 3": 243})["possible"].tolist()
    [False, True]
    """
    rows = []
    for of, total in totals.items():
        count = round(percent / 100 * total)
        share = 100 * count / total
        rows.append((of, total, count, share, abs(share - percent) <= 0.5 * 10**-digits + 1e-9))
    return pd.DataFrame(rows, columns=["of", "total", "count", "share", "possible"])
