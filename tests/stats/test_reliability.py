"""Variance components and reliability against published values, statsmodels and simulation."""

import os
import subprocess
import sys
from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.anova import anova_lm

from alignment.stats import pooling, reliability

JUDGES = np.array(
    [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]], float
)  # of six targets


@pytest.mark.parametrize(("judges", "relative", "absolute"), [(4, 0.91, 0.62), (1, 0.71, 0.29)])
def test_the_coefficients_are_the_published_intraclass_correlations(judges, relative, absolute):
    """Shrout and Fleiss, Psychological Bulletin 86 (1979), Table 4: ICC(3, k), ICC(2, k)."""
    found = reliability.coefficients(JUDGES, 0.0, 1, statements=judges)
    assert [round(c, 2) for c in found] == [relative, absolute]


def test_the_intervals_of_the_coefficients_hold_for_scores_as_they_are_here():
    """Scores of -2, -1, 1, 2, which are not normal; 8 respondents, as the paper has."""
    rng, respondents, runs = np.random.default_rng(3), 8, 400

    def draw(n: int, size: int, spread: float) -> np.ndarray:
        views, of_statement = rng.normal(0, spread, size), rng.normal(0, 0.5, (n, 1))
        polarity = rng.choice([-2, -1, 1, 2], (n, 1), p=[0.35, 0.15, 0.2, 0.3])
        agrees = rng.random((n, size)) < 1 / (1 + np.exp(-np.sign(polarity) * views - of_statement))
        return polarity * np.where(agrees, 1.0, -1.0)

    for spread in (0.3, 0.8):
        large = [reliability.components(draw(3000, 60, spread)[..., None], 0, 1) for _ in range(20)]
        of = pd.DataFrame(large).mean()
        for n in (6, 22, 55):
            rest = of["statement x model"] / n
            true = [of["model"] / (of["model"] + e) for e in (rest, rest + of["statement"] / n)]
            ends = [reliability.coefficient_intervals(draw(n, respondents, spread)) for _ in range(runs)]  # fmt: skip
            held = [
                [low <= t <= high for t, (low, high) in zip(true, e, strict=True)] for e in ends
            ]
            assert (np.mean(held, axis=0) >= 0.92).all(), (spread, n, np.mean(held, axis=0))


@given(
    st.integers(0, 10**6), st.integers(2, 40), st.integers(2, 9), st.sampled_from([0.0, 0.2, 1.0])
)
@settings(max_examples=300, deadline=None)
def test_an_interval_lies_on_the_scale_around_its_coefficient(seed, n, size, spread):
    """Also where respondents differ less than chance makes them, so that the coefficient is 0."""
    rng = np.random.default_rng(seed)
    views, of_statement = rng.normal(0, spread, size), rng.normal(0, 1, (n, 1))
    cells = np.sign(views + of_statement + rng.normal(0, 1, (n, size)))
    ends = reliability.coefficient_intervals(cells)
    for found, (low, high) in zip(reliability.coefficients(cells, 0.0, 1), ends, strict=True):
        assert np.isnan(low) or 0 <= low <= found + 0.02 and found - 0.02 <= high <= 1


def test_no_interval_is_given_where_nothing_varies():
    constant, parallel = np.ones((5, 3)), np.arange(5.0)[:, None] + np.arange(3.0)
    for cells in (constant, parallel, np.ones((1, 3)), np.ones((5, 1)), np.ones((0, 4))):
        assert np.isnan(reliability.coefficient_intervals(cells)).all()


def test_the_mean_squares_are_those_of_statsmodels():
    rng = np.random.default_rng(1)
    cells = rng.normal(size=(5, 3, 2)) + rng.normal(size=(5, 1, 1))
    index = pd.MultiIndex.from_product([range(k) for k in cells.shape], names=list("sml"))
    frame = pd.DataFrame({"y": cells.ravel()}, index).reset_index()
    table = anova_lm(smf.ols("y ~ C(s) * C(m) * C(l)", frame).fit())
    for k, name in enumerate(["C(s)", "C(m)", "C(l)"]):
        assert reliability._mean_square(cells, (k,)) == pytest.approx(table.loc[name, "mean_sq"])
    pairs = {(0, 1): "C(s):C(m)", (0, 2): "C(s):C(l)", (1, 2): "C(m):C(l)"}
    for pair, name in pairs.items():
        assert reliability._mean_square(cells, pair) == pytest.approx(table.loc[name, "mean_sq"])
    whole = reliability._mean_square(cells, (0, 1, 2))
    assert whole == pytest.approx(table.loc["C(s):C(m):C(l)", "mean_sq"])


def test_each_component_is_found_on_average():
    """All seven and the runs, drawn with known variances; components may not be cut off at 0."""
    rng, size, runs = np.random.default_rng(2), (40, 6, 4), 3
    true = {"statement": 0.5, "model": 0.3, "language": 0.2, "statement x model": 0.4}
    true |= {"statement x language": 0.3, "model x language": 0.25}
    true |= {"statement x model x language": 0.35, "run": 0.6}
    found = []
    for _ in range(150):
        cells = np.zeros(size)
        for name, variance in true.items():
            axes = [reliability.FACETS.index(part) for part in name.split(" x ") if part != "run"]
            shape = [size[k] if k in axes or name == "run" else 1 for k in range(3)]
            scale = variance / runs if name == "run" else variance
            cells = cells + rng.normal(0, np.sqrt(scale), shape)
        found.append(reliability.components(cells, 0.6, runs))
    means = pd.DataFrame(found).agg(["mean", "sem"])
    for name, variance in true.items():
        assert means.loc["mean", name] == pytest.approx(
            variance, abs=4 * means.loc["sem", name] + 1e-9
        ), name


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 12), st.integers(2, 6), st.integers(1, 5), st.integers(0, 1000))
def test_as_many_statements_as_needed_suffice_and_one_fewer_does_not(n, respondents, runs, seed):
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=(n, respondents)) + 2 * rng.normal(size=respondents)
    needed = reliability.statements_needed(flat, 0.4, runs, runs)
    if np.isnan(needed):
        assert reliability.coefficients(flat, 0.4, runs)[1] == 0
        return
    assert reliability.coefficients(flat, 0.4, runs, needed)[1] >= reliability.ENOUGH - 1e-6
    if needed > 1:
        assert reliability.coefficients(flat, 0.4, runs, needed - 1)[1] < reliability.ENOUGH


def test_two_halves_agree_as_the_relative_coefficient_foretells():
    rng, found = np.random.default_rng(3), []
    for _ in range(60):
        flat = rng.normal(size=(30, 12)) + rng.normal(0, 0.5, 12)
        found.append((reliability.split_half(flat, rng), reliability.coefficients(flat, 0, 1)[0]))
    halves, relative = np.mean(found, axis=0)
    assert halves == pytest.approx(relative, abs=0.04)
    assert np.isnan(reliability.split_half(np.zeros((3, 5)), rng))
    assert reliability.split_half(rng.normal(size=(40, 4)), rng) < 0.9


def scored(rows):
    names = ["statement_id", "dimension", "model", "language", "polarity", "score"]
    return pd.DataFrame(rows, columns=names)


def test_cells_are_those_that_every_model_answered_in_every_language():
    labels = pd.DataFrame({"statement_id": ["a", "b", "c"], "dimension": "PDI", "polarity": 2.0})
    rows = [
        (s, "", m, language, run, "agree" if run < 3 else "disagree")
        for s, m, language, run in product("abc", ["one", "two", "mute"], ["en", "zh"], (1, 2, 3))
        if m != "mute" or (s, language) == ("a", "en")
        if (s, m, language) != ("b", "two", "zh")
    ]
    names = ["statement_id", "dimension", "model", "language", "run", "answer"]
    told = pd.DataFrame(rows, columns=names).assign(step="stance", state="answered")
    runs = reliability.run_scores(labels, told)
    cells, within, n = reliability.cells_of(runs)
    assert cells.shape == (2, 2, 2) and n == 3, "mute left out too many, b lacks a cell"
    assert cells == pytest.approx(np.full((2, 2, 2), 2 / 3))
    assert within == pytest.approx(np.var([2, 2, -2], ddof=1))
    table = reliability.decompose(runs, ["PDI", "IDV"])
    assert set(table["dimension"]) == {"PDI"} and table.set_index("component")["share"]["run"] == 1
    judged = reliability.judge_positions(runs, ["PDI", "IDV"], np.random.default_rng(1))
    assert judged["statements"].tolist() == [2, 0]
    assert "only the run's" in reliability.describe(table, judged)


def test_few_statements_are_drawn_further_to_the_mean_of_all_than_many():
    rng, rows = np.random.default_rng(4), []
    for model in range(8):
        n = 60 if model % 2 else 6
        share = 0.9 if model < 2 else 0.5
        for i in range(n):
            score = 1.0 if rng.random() < share else -1.0
            rows.append((f"s{i}", "PDI", f"m{model}", "en", 1.0, score))
    table = pooling.pool_positions(scored(rows), ["PDI", "IDV"], np.random.default_rng(1))
    few, many = (table.set_index("model").loc[m] for m in ("m0", "m1"))
    shrunk = [(row["raw"] - row["pooled"]) / row["raw"] for row in (few, many)]
    assert shrunk[0] > shrunk[1] + 0.1 and many["low"] > 0
    assert few["high"] - few["low"] > many["high"] - many["low"]
    again = pooling.pool_positions(scored(rows), ["PDI"], np.random.default_rng(1))
    pd.testing.assert_frame_equal(table, again)


def test_the_pooled_interval_holds_what_a_model_of_this_kind_drew():
    rng, held = np.random.default_rng(5), []
    for _ in range(25):
        who, what = rng.normal(0, 1.0, 6), rng.normal(0, 0.7, 25)
        chance = 1 / (1 + np.exp(-(who[:, None] + what)))
        draws = np.where(rng.random(chance.shape) < chance, 1.0, -1.0)
        rows = [(f"s{j}", "PDI", f"m{i}", "en", 1.0, draws[i, j]) for i in range(6)
                for j in range(25)]  # fmt: skip
        table = pooling.pool_positions(scored(rows), ["PDI"], rng)
        held += list(
            table["low"].le(true := (2 * chance - 1).mean(axis=1)) & table["high"].ge(true)
        )
    assert 0.88 <= np.mean(held) <= 1.0


def test_one_respondent_or_one_statement_is_not_pooled():
    rows = [("s0", "PDI", "m0", "en", 1.0, 1.0), ("s1", "PDI", "m0", "en", 1.0, -1.0)]
    rows.append(("s0", "IDV", "m1", "en", 1.0, np.nan))
    assert pooling.pool_positions(scored(rows), ["PDI", "IDV"], np.random.default_rng(1)).empty


def test_a_dimension_on_which_all_take_one_side_is_not_pooled():
    rows = [(f"s{i}", "PDI", f"m{j}", "en", 1.0, 1.0) for i in range(5) for j in range(3)]
    assert pooling.pool_positions(scored(rows), ["PDI"], np.random.default_rng(1)).empty


def test_pooled_positions_do_not_depend_on_the_processor():
    code = """
import numpy as np, pandas as pd
from alignment.stats import pooling
rng = np.random.default_rng(6)
rows = [(f"s{j}", "PDI", f"m{i}", "en", 1.0, rng.choice([-1.0, 1.0])) for i in range(6)
        for j in range(25)]
columns = ["statement_id", "dimension", "model", "language", "polarity", "score"]
table = pooling.pool_positions(pd.DataFrame(rows, columns=columns), ["PDI"], rng)
print(table[["pooled", "low", "high"]].round(10).to_csv())
"""
    kernels = [os.environ, {**os.environ, "OPENBLAS_CORETYPE": "Nehalem"}]
    seen = [subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True,
                           check=True).stdout for env in kernels]  # fmt: skip
    assert seen[0] == seen[1] and seen[0].count("\n") > 6
