"""How often answers differ from run to run, against all pairs counted one by one."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.stats import noise_floor

NAMES = ["agree", "disagree", ""]
RUNS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5)


def answers_of(statements: list[tuple[list[str], list[str]]]) -> pd.DataFrame:
    rows = [
        (f"s{i}", "m", language, run, answer)
        for i, both in enumerate(statements)
        for language, answers in zip(("en", "zh"), both, strict=True)
        for run, answer in enumerate(answers, 1)
    ]
    table = pd.DataFrame(rows, columns=["statement_id", "model", "language", "run", "answer"])
    state = np.where(table["answer"] == "", "refused", "answered")
    return table.assign(step="stance", dimension="", state=state)


@given(st.lists(st.tuples(RUNS, RUNS), min_size=1, max_size=8))
def test_the_shares_are_those_of_all_pairs(statements):
    row = noise_floor.compare_runs(answers_of(statements), ["m"]).iloc[0]
    within, between = [], []
    for both in statements:
        en, zh = ([a for a in answers if a] for answers in both)
        if min(len(en), len(zh)) < 2:
            continue
        within.append([np.mean([a != b for a, b in combinations(runs, 2)]) for runs in (en, zh)])
        between.append(np.mean([a != b for a, b in product(en, zh)]))
    assert row["n"] == len(within)
    if not within:
        assert row["within_1":].isna().all()
        return
    means = np.mean(within, axis=0)
    assert row[["within_1", "within_2"]].tolist() == pytest.approx(means)
    assert row["between"] == pytest.approx(np.mean(between))
    assert row["excess"] == pytest.approx(np.mean(between) - means.mean())


def test_noise_alone_has_no_excess_and_a_change_of_language_has():
    rng = np.random.default_rng(3)
    same, turned = [], []
    for _ in range(80):
        en, zh, other = (np.where(rng.random(5) < p, "agree", "disagree") for p in (0.9, 0.9, 0.1))
        same.append((list(en), list(zh)))
        turned.append((list(en), list(other)))
    noise, change = (noise_floor.compare_runs(answers_of(s), ["m"]).iloc[0] for s in (same, turned))
    assert noise["low"] < 0 < noise["high"] and abs(noise["excess"]) < 0.06
    assert change["low"] > 0.5 and change["excess"] == pytest.approx(0.64, abs=0.06)
    assert noise["within_1"] == pytest.approx(0.18, abs=0.04)


def test_one_language_has_nothing_to_compare():
    answers = answers_of([(["agree"] * 2, ["agree"] * 2)])
    assert noise_floor.compare_runs(answers[answers["language"] == "en"], ["m"]).empty
    assert noise_floor.compare_runs(answers, ["other"])["n"].tolist() == [0]


def test_a_language_that_was_answered_by_copying_another_is_noticed():
    rng = np.random.default_rng(2)
    runs = [list(rng.choice(["agree", "disagree"], 5, p=[0.8, 0.2])) for _ in range(12)]
    copied = answers_of([(own, own) for own in runs])
    said = noise_floor.describe_copies(copied)
    assert "m in en and zh (60 cells)" in said and "was one language asked for both?" in said
    other = answers_of([(own, list(rng.permutation(own))) for own in runs])
    assert noise_floor.describe_copies(other) == ""
    steady = answers_of([(["agree"] * 5, ["agree"] * 5)] * 12)  # a model without any noise
    assert noise_floor.describe_copies(steady) == ""
    assert noise_floor.describe_copies(copied.query("run == 1")) == ""
