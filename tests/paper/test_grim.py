"""The GRIM check: on tables made to be possible, made to be impossible, and the paper's."""

from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alignment.paper import grim, hofstede, published
from alignment.stats import positions, significance
from utils import scores

TABLE3 = published.read_table3()
STATED = {"PDI": 68, "IDV": 116, "MAS": 60, "UAI": 62, "LTO": 24, "IND": 48}
PEOPLE = hofstede.read_human_values("current", ["US", "China"])
NS = grim.n_by_row(TABLE3, STATED)


def made_table(n, seed, sizes=(1, 2), cells=8):
    """Sums and printed means of `cells` models that answer n statements with such labels."""
    generator = np.random.default_rng(seed)
    labels = generator.choice([s * sign for s in sizes for sign in (-1, 1)], n)
    stances = np.where(generator.random((cells, n)) < generator.random((cells, 1)), 1, -1)
    sums = stances @ labels
    return sums, np.round(sums / n, 2)


@settings(max_examples=150, deadline=None)
@given(st.integers(10, 200), st.integers(0, 2**32))
def test_a_table_made_from_n_statements_fits_n(n, seed):
    _, means = made_table(n, seed)
    assert grim.fits(means, n)


@settings(max_examples=150, deadline=None)
@given(st.integers(10, 200), st.integers(0, 2**32))
def test_a_table_made_with_half_labels_fits_n_in_half_steps_of_one_parity(n, seed):
    _, means = made_table(n, seed, sizes=(0.5, 1, 1.5, 2))
    assert grim.fits(means, n, grid=0.5, one_parity=True)


@settings(max_examples=100, deadline=None)
@given(st.integers(10, 49), st.integers(0, 2**32), st.integers(0, 7))
def test_one_sum_of_the_other_parity_makes_a_row_impossible(n, seed, cell):
    sums, _ = made_table(n, seed)
    sums[cell] += 1 if sums[cell] < 2 * n else -1
    means = np.round(sums / n, 2)
    assert not grim.fits(means, n) and grim.fits(means, n, one_parity=False)


@settings(max_examples=100, deadline=None)
@given(st.integers(10, 90), st.integers(0, 2**32), st.integers(0, 7), st.integers(-150, 150))
def test_one_mean_that_no_sum_gives_makes_a_row_impossible(n, seed, cell, hundredths):
    assume(all(abs(hundredths / 100 - k / n) > 0.0051 for k in range(-2 * n, 2 * n + 1)))
    _, means = made_table(n, seed)
    means[cell] = hundredths / 100
    assert not grim.fits(means, n, one_parity=False)


@given(
    st.integers(1, 300),
    st.integers(-600, 600),
    st.sampled_from([0.5, 1.0]),
    st.sampled_from([1, 2, 3]),
)
def test_every_sum_is_among_the_possible_sums_of_what_its_mean_prints_as(n, k, grid, digits):
    mean = k * grid / n
    for printed in (np.floor(mean * 10**digits), np.ceil(mean * 10**digits)):
        near = abs(printed / 10**digits - mean) <= 0.5 * 10.0**-digits + 1e-12
        low, high = grim.sum_bounds(printed / 10**digits, n, digits, grid)
        assert (low <= k <= high) == near


def test_a_half_may_have_been_rounded_either_way():
    for sign in (1, -1):  # 1/8 is 0.125
        assert grim.sum_bounds(sign * 0.12, 8) == grim.sum_bounds(sign * 0.13, 8) == (sign, sign)


def test_one_printed_digit_allows_more_than_two():
    (low, high), (least, most) = grim.sum_bounds(-0.3, 54, 1), grim.sum_bounds(-0.3, 54, 2)
    assert high - low > most - least == 0


def found(dimension, labels):
    return (
        grim.check_rows(TABLE3, STATED).set_index(["dimension", "labels"]).loc[(dimension, labels)]
    )


POSSIBLE_N = {"PDI": "67", "IDV": "96, 104", "MAS": "55", "UAI": "54", "LTO": "22", "IND": "44"}


@pytest.mark.parametrize(("dimension", "n"), POSSIBLE_N.items())
def test_integer_labels_of_one_parity_leave_these_n_and_not_the_stated(dimension, n):
    row = found(dimension, "integer labels, one parity")
    assert row["up_to_stated"] == n and not row["stated_fits"]
    cells = TABLE3[TABLE3["dimension"] == dimension]
    digits = (
        cells["printed"].str.partition(".")[2].str.len().to_numpy()
    )  # 0.0 and -0.3 taken as they stand
    bounds = {
        k: grim.sum_bounds(cells["mean"], k, digits) for k in range(10, STATED[dimension] + 1)
    }
    as_printed = [
        k
        for k, (low, high) in bounds.items()
        if any((high - (high + odd) % 2 >= low).all() for odd in (0, 1))
    ]
    assert grim.in_ranges(as_printed) == n


def test_without_parity_only_idv_can_have_the_stated_n():
    fits = [found(d, "integer labels")["stated_fits"] for d in STATED]
    assert fits == [d == "IDV" for d in STATED]


def test_half_labels_reach_the_stated_n_of_lto_in_no_way():
    assert not found("LTO", "half labels")["stated_fits"]
    assert [found(d, "half labels")["stated_fits"] for d in STATED] == [d != "LTO" for d in STATED]


def test_half_labels_of_one_parity_leave_the_stated_n_to_idv_alone():
    assert [found(d, "half labels, one parity")["stated_fits"] for d in STATED] == [
        d == "IDV" for d in STATED
    ]


def test_a_random_row_seldom_fits_a_small_n_and_always_a_large_one():
    row = TABLE3.loc[TABLE3["dimension"] == "LTO", "mean"]
    rng = np.random.default_rng(0)
    assert grim.chance_of_fit(row, range(10, 25), rng) < 0.01
    assert grim.chance_of_fit(row, [200], rng) == 1.0


def best(dimension, model):
    table = grim.best_exact_p(TABLE3, NS)
    return table[(table["dimension"] == dimension) & (table["model"] == model)].iloc[0]


def test_deepseeks_change_on_lto_is_one_statement_in_22():
    row = best("LTO", "DeepSeek")
    assert (row["n"], row["most_changed"], row["best_p"]) == (22, 1, 1.0)
    assert row["best_bootstrap_p"] == pytest.approx(2 * (21 / 22) ** 22)  # 0.72


def test_gpts_change_on_lto_cannot_reach_five_percent_and_qwens_larger_one_can():
    assert best("LTO", "GPT")["best_p"] == 0.0625
    assert best("LTO", "Qwen")["best_p"] == 0.03125 and best("LTO", "Qwen")["can_reach"]


def test_the_best_exact_p_covers_all_cells():
    cells = grim.best_exact_p(TABLE3, NS).drop_duplicates(["dimension", "model"])
    assert len(cells) == 24 and cells["most_changed"].notna().all()


@pytest.mark.parametrize("distance", [2, 4, 6, 8])
def test_no_other_set_of_changes_with_the_same_difference_has_a_smaller_p(distance):
    """Every set of up to seven changes of 2 or 4 in either direction whose sum is `distance`."""
    every = (c for m in range(1, 8) for c in combinations_with_replacement([-4, -2, 2, 4], m))
    sets = [c for c in every if sum(c) == distance]
    least = min(significance.sign_flip_p(np.array(c)) for c in sets)
    changed = grim.most_changed(0.0, distance / 50, 50)
    assert changed == distance // 2 and least == significance.smallest_exact_p(changed)


@pytest.mark.parametrize("distance", [4, 8, 12])
def test_the_best_bootstrap_p_is_that_of_the_bootstrap(distance):
    n, changed = 22, distance // 2
    differences = np.array([2.0] * changed + [0.0] * (n - changed))[:, None]
    counts = significance.resample_counts(n, 40_000, np.random.default_rng(1))
    samples = significance.bootstrap_means(differences, counts)
    table = pd.DataFrame({"dimension": "X", "model": "m", "language": ["en", "zh"]})
    table["mean"] = [0.0, round(distance / n, 2)]
    row = grim.best_exact_p(table, {"X": [n]}).iloc[0]
    assert significance.bootstrap_p(samples)[0] == pytest.approx(row["best_bootstrap_p"], abs=0.005)


def test_sums_of_different_parity_cannot_differ_by_whole_statements():
    assert grim.most_changed(0.0, 0.05, 20) is None


def test_five_directions_of_figure_one_agree_with_people_and_uai_is_a_tie():
    signs = grim.figure1_signs(TABLE3, published.MODELS, PEOPLE, NS).set_index("dimension")
    assert signs["agrees"].drop("UAI").eq("yes").all()
    uai = signs.loc["UAI"]
    assert (uai["n"], uai["sum"], uai["other_sum"], uai["agrees"]) == (
        54,
        "-16",
        "-16",
        "tie",
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(12, 90), st.integers(0, 2**32))
def test_the_sign_read_from_a_printed_table_is_that_of_the_figure_on_differing_statements(n, seed):
    generator = np.random.default_rng(seed)
    statements = pd.DataFrame({"statement_id": [f"s{i}" for i in range(n)], "dimension": "PDI"})
    statements["polarity"] = generator.choice([-2, -1, 1, 2], n)
    cells = published.MODELS.merge(statements, how="cross")
    cells["vote"] = generator.choice([-1, 1], len(cells))
    cells["score"] = cells["vote"] * cells["polarity"]
    groups = scores.group_scores(cells, published.MODELS)
    figure = positions.figure1(groups)
    figure = figure[figure["selection"] == "differing"].set_index("group")["value"]
    printed = (
        cells.groupby(["dimension", "model", "language"], as_index=False)["score"].mean().round(2)
    )
    sign = grim.figure1_signs(
        printed.rename(columns={"score": "mean"}), published.MODELS, PEOPLE, {"PDI": [n]}
    )
    assert sign["sign"].item() == np.sign(round(figure["US"] - figure["China"], 9))


def test_94_65_percent_is_a_share_of_three_annotators_labels_and_not_of_four():
    totals = {
        "pairs x 4": 324,
        "pairs x 3": 243,
        "pairs": 81,
        "statements x 4": 224,
        "statements": 56,
    }
    table = grim.possible_share(94.65, totals).set_index("of")
    assert (
        table.index[table["possible"]].tolist() == ["pairs x 3"]
        and table.at["pairs x 3", "count"] == 230
    )


def test_one_reading_gives_99992_requests():
    assert (
        published.count_requests()["calls"].tolist()[0]
        == 1534 * 6 * 8 + 378 * 8 * 5 + 281 * 8 * 5
        == 99_992
    )


def test_the_chance_of_a_fit_is_given_for_each_row_in_the_order_of_the_table():
    chances = grim.chances_of_fit(TABLE3, STATED, np.random.default_rng(13))
    assert len(chances) == 6 and max(chances) == chances[list(STATED).index("IDV")] > 0.1
    assert sorted(chances)[-2] < 0.02  # a fit of any other row is worth something


@pytest.mark.parametrize(("mean", "n"), [(np.nan, 22), (np.inf, 22), ([0.5, np.nan], 22), (1.0, 0)])
def test_a_mean_that_is_no_number_has_no_sums(mean, n):
    with pytest.raises(ValueError, match="no sum of"):
        grim.sum_bounds(mean, n)


def test_a_share_of_nothing_is_impossible_and_nan_is_no_percentage():
    assert grim.possible_share(94.65, {"nobody": 0})["possible"].tolist() == [False]
    for odd in (np.nan, -1, 101):
        with pytest.raises(ValueError, match="no percentage"):
            grim.possible_share(odd, {"all": 10})
