"""Time the results: the bootstraps of Table 3 and the specification curve, against a plain loop
and scipy's.

    .venv/bin/python benchmarks/bench_results.py

Side by side in one run, as ratios to ours, since seconds depend on the machine. Each line is the
median of several repetitions with the least and the greatest; what is too slow to repeat in full is
timed on a part and scaled, and says so. Needs the tables of the demo (./run_all.sh).
"""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from alignment.asking import specification_inputs
from alignment.paper.published import MODELS, read_stated_n
from alignment.stats import language_changes, significance
from alignment.stats.specifications import curve, reanalysis
from alignment.study.loader import load
from alignment.study.workspace import Workspace

RESAMPLES, REPETITIONS = 10_000, 5


def cells(rng: np.random.Generator) -> pd.DataFrame:
    """Return scores of four models in two languages on as many statements as Appendix A states."""
    rows = [
        (f"{d}-{i}", d, rng.choice([-2.0, -1.0, 1.0, 2.0]))
        for d, n in read_stated_n().items()
        for i in range(n)
    ]
    labels = pd.DataFrame(rows, columns=["statement_id", "dimension", "polarity"])
    table = labels.merge(MODELS[["model", "culture"]], how="cross").merge(
        pd.DataFrame({"language": ["en", "zh"]}), how="cross"
    )
    return table.assign(score=table["polarity"] * rng.choice([-1, 1], len(table)))


def ours(scores: pd.DataFrame) -> pd.DataFrame:
    """Compute Table 3: one resample for 24 entries, with intervals, p, corrections and power."""
    rng = np.random.default_rng(1)
    counts = significance.resample_counts(scores["statement_id"].nunique(), RESAMPLES, rng)
    return language_changes.compare_languages(
        scores, language_changes.pair_answers(MODELS["model"], ["en", "zh"]), counts
    )


def bootstrap_alone(scores: pd.DataFrame) -> tuple:
    """Of it, the intervals and p of the bootstrap."""
    wide = scores.pivot(
        index="statement_id", columns=["dimension", "model", "language"], values="score"
    )
    values = (
        wide.xs("zh", level="language", axis=1) - wide.xs("en", level="language", axis=1)
    ).to_numpy()
    counts = significance.resample_counts(len(values), RESAMPLES, np.random.default_rng(1))
    means = significance.bootstrap_means(values, counts)
    return significance.interval(means), significance.bootstrap_p(means)


def differences(scores: pd.DataFrame) -> list[np.ndarray]:
    """The differences of each of the 24 cells, statement by statement."""
    wide = scores.pivot(
        index="statement_id", columns=["dimension", "model", "language"], values="score"
    )
    keys = scores[["dimension", "model"]].drop_duplicates().itertuples(index=False, name=None)
    return [(wide[d, m, "zh"] - wide[d, m, "en"]).dropna().to_numpy() for d, m in keys]


def plain_loop(scores: pd.DataFrame) -> list[tuple]:
    """A resample at a time, a cell at a time."""
    rng, found = np.random.default_rng(1), []
    for cell in differences(scores):
        means = np.array([rng.choice(cell, cell.size).mean() for _ in range(RESAMPLES)])
        found.append(
            (
                *np.quantile(means, [0.025, 0.975]),
                min(1, 2 * min((means <= 0).mean(), (means >= 0).mean())),
            )
        )
    return found


def of_scipy(scores: pd.DataFrame) -> list[tuple]:
    """Use scipy.stats.bootstrap, an entry at a time, with p from its distribution."""
    found = []
    for cell in differences(scores):
        result = bootstrap(
            [cell],
            np.mean,
            n_resamples=RESAMPLES,
            method="percentile",
            rng=np.random.default_rng(1),
        )
        means = result.bootstrap_distribution
        found.append(
            (*result.confidence_interval, min(1, 2 * min((means <= 0).mean(), (means >= 0).mean())))
        )
    return found


def forget() -> None:
    """Empty what the curve remembers between specifications."""
    for module in (reanalysis, curve):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


def whole_curve(have: reanalysis.Collected, specs: pd.DataFrame) -> None:
    forget()
    curve.compute_outcomes(have, specs)


def curve_from_scratch(have: reanalysis.Collected, specs: pd.DataFrame) -> None:
    """Every specification on its own: votes, labels, scores and claims anew each time."""
    for i in range(len(specs)):
        whole_curve(have, specs.iloc[[i]])


def timed(work: Callable[[], object], repetitions: int = REPETITIONS) -> list[float]:
    seconds = []
    for _ in range(repetitions):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds


def line(name: str, seconds: list[float], base: list[float]) -> None:
    ratio, least, most = (f(seconds) / median(base) for f in (median, min, max))
    spread = f"{least:.2f} to {most:.2f}; n = {len(seconds)}; {median(seconds):.2f} s here"
    print(f"  {name:<58} {ratio:8.2f}   ({spread})")


def main() -> None:
    scores = cells(np.random.default_rng(0))
    print(f"24 cells, {RESAMPLES:,} resamples, as a ratio to ours:")
    base = timed(lambda: bootstrap_alone(scores))
    line("ours: one resample of 378 statements for all cells", base, base)
    line("ours with exact tests, corrections and power", timed(lambda: ours(scores)), base)
    line("scipy.stats.bootstrap, cell by cell", timed(lambda: of_scipy(scores)), base)
    line("a plain loop, cell by cell", timed(lambda: plain_loop(scores), 2), base)
    have = specification_inputs.read_collected(Workspace(load("demo"), "demo"))
    specs = curve.list_specifications(
        reanalysis.choices_of(have, {}), reanalysis.single_changes_of(have)
    )
    part = specs.iloc[:: len(specs) // 16]
    print(f"The specification curve of the demo, {len(specs)} specifications, as a ratio to ours:")
    base = timed(lambda: whole_curve(have, specs), 3)
    line("ours: what specifications share is computed once", base, base)
    scratch = [s * len(specs) / len(part) for s in timed(lambda: curve_from_scratch(have, part), 2)]
    line(f"each from scratch (on {len(part)} of them, scaled)", scratch, base)


if __name__ == "__main__":
    main()
