"""Votes and labels over the paper's 212,600 cells and over ten times as many: time and memory.

    .venv/bin/python benchmarks/bench_votes.py

Sizes take turns, so that what else the machine does falls on all alike; ratios are what carries
over to another machine. Memory is the peak of what Python and numpy allocate beyond the answers,
from a run of its own.
"""

import statistics
import time
import tracemalloc
from collections import Counter

import numpy as np
import pandas as pd

from utils import label_robustness
from utils.cells import CELL, SCORES
from utils.labels import label_votes
from utils.votes import cast_votes

STATEMENTS, PAIRS, LABELLED = (
    776,
    378,
    281,
)  # of the paper; five runs of eight judges and languages of each
TIMES, ROUNDS = (1, 10), 5
DIMENSIONS = ["PDI", "IDV", "MAS", "UAI", "LTO", "IND"]


def answers_of(
    step: str, statements: int, dimensions: list[str], rng: np.random.Generator
) -> pd.DataFrame:
    """Answers of one step, in an order of arrival; one in a hundred is refused."""
    parts = [
        [f"{i}.1" for i in range(statements)],
        dimensions,
        ["a", "b", "c", "d"],
        ["en", "zh"],
        range(1, 6),
    ]
    cells = pd.MultiIndex.from_product(parts, names=CELL[1:]).to_frame(index=False)
    refused = rng.random(len(cells)) < 0.01
    answer = np.where(refused, "", rng.choice(list(SCORES[step]), len(cells)))
    cells = cells.assign(step=step, state=np.where(refused, "refused", "answered"), answer=answer)
    return cells.sample(frac=1, random_state=1)


def study(times: int) -> dict[str, pd.DataFrame]:
    """The answers of the three steps of a study so many times the paper's."""
    rng = np.random.default_rng(times)
    sizes = {
        "relevance": (STATEMENTS, DIMENSIONS),
        "polarity": (PAIRS, ["PDI"]),
        "stance": (LABELLED, [""]),
    }
    return {
        step: answers_of(step, times * n, dimensions, rng)
        for step, (n, dimensions) in sizes.items()
    }


def voted_and_labelled(answers: dict[str, pd.DataFrame]) -> None:
    votes = {step: cast_votes(table, 5) for step, table in answers.items()}
    for step in ("relevance", "polarity"):
        label_votes(step, votes[step], 8)


def other_rules(answers: dict[str, pd.DataFrame]) -> None:
    for step, label in (("relevance", "relevant"), ("polarity", "polarity")):
        by_rule = label_robustness.label_by_rule(step, answers[step], 5, 8)
        label_robustness.count_flips(by_rule, label)


def plain_loop(answers: dict[str, pd.DataFrame]) -> None:
    """Count the votes alone, cell by cell, as most code does; the order of runs decides ties."""
    for table in answers.values():
        counted: dict[tuple, Counter] = {}
        for row in table.itertuples(index=False):
            if row.state == "answered":
                key = (row.statement_id, row.dimension, row.model, row.language)
                counted.setdefault(key, Counter())[row.answer] += 1
        for cell in counted.values():
            cell.most_common(1)


def seconds(what, answers: dict[str, pd.DataFrame]) -> float:
    began = time.perf_counter()
    what(answers)
    return time.perf_counter() - began


def peak(what, answers: dict[str, pd.DataFrame]) -> float:
    """Megabytes at the highest."""
    tracemalloc.start()
    what(answers)
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return most


def main() -> None:
    studies = {times: study(times) for times in TIMES}
    jobs = {"votes and labels": voted_and_labelled, "every other rule": other_rules}
    jobs["plain loop, votes only"] = plain_loop
    took = {(name, times): [] for name in jobs for times in TIMES}
    for _ in range(ROUNDS):
        for name, times in took:
            took[name, times].append(seconds(jobs[name], studies[times]))
    rows = []
    for (name, times), all_of in took.items():
        cells = sum(map(len, studies[times].values()))
        row = {
            "what": name,
            "cells": f"{cells:,}",
            "n": ROUNDS,
            "seconds": statistics.median(all_of),
        }
        row |= {"from": min(all_of), "to": max(all_of), "peak MB": peak(jobs[name], studies[times])}
        rows.append(row)
    table = pd.DataFrame(rows)
    print(table.round(2).to_string(index=False))
    small, large = table[::2].reset_index(), table[1::2].reset_index()
    print(f"\nten times the cells: {', '.join(large['what'])}")
    for column in ("seconds", "peak MB"):
        print(
            f"  {column} x " + ", ".join(f"{ratio:.1f}" for ratio in large[column] / small[column])
        )
    loop, ours = (
        table.loc[table["what"] == name, "seconds"].to_numpy()
        for name in (list(jobs)[2], list(jobs)[0])
    )
    print(
        f"the plain loop takes {', '.join(f'{r:.1f}' for r in loop / ours)} times as long "
        "as votes and labels"
    )


if __name__ == "__main__":
    main()
