"""How far annotators agree: published examples, other packages, and properties that no renaming may break."""

import math
from itertools import combinations

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa, to_table

from alignment.annotation import sampling
from alignment.stats import agreement, agreement_coefficients
from utils.errors import Problem

few = settings(max_examples=25, deadline=None)
_ = np.nan
# Krippendorff's reliability data (four observers, twelve units; Content Analysis 2004, chapter 11), which is also
# the example of Gwet, Handbook of Inter-Rater Reliability, 4th edition, page 120.
RELIABILITY = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T


def ratings_of(table, value="polarity", dimension="PDI"):
    """Long ratings from items x annotators."""
    rows = [
        (f"A{a}", f"{i}.1", dimension, v) for i, row in enumerate(table) for a, v in enumerate(row)
    ]
    frame = pd.DataFrame(rows, columns=["annotator", "statement_id", "dimension", value])
    return frame.assign(
        **{"polarity" if value == "relevant" else "relevant": np.nan}, respondents="live"
    )


def labels_of(values, dimension="PDI"):
    return pd.DataFrame(
        {
            "statement_id": [f"{i}.1" for i in range(len(values))],
            "dimension": dimension,
            "polarity": values,
        }
    )


def rng(seed=7):
    return np.random.default_rng(seed)


def measured(ratings, labels=None):
    """The row "all" of Table 2."""
    return agreement.table2(ratings, labels_of([]) if labels is None else labels, rng(), 2).iloc[-1]


# Published examples


def test_gwets_twelve_units_give_his_ac1():
    assert agreement_coefficients.gwet_ac1(RELIABILITY) == pytest.approx(0.77544, abs=5e-6)


def test_gwets_complete_rows_alone_give_another_ac1():
    complete = RELIABILITY[~np.isnan(RELIABILITY).any(axis=1)]
    assert agreement_coefficients.gwet_ac1(complete) == pytest.approx(0.6743, abs=5e-5)


def test_krippendorffs_reliability_data_give_his_ordinal_alpha():
    assert measured(ratings_of(RELIABILITY))["alpha"] == pytest.approx(0.815, abs=5e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 5), st.integers(1, 12))
def test_alpha_is_that_of_krippendorffs_package_in_every_resample(seed, annotators, items):
    draw = np.random.default_rng(seed)
    table = draw.choice(
        [-2, -1, 1, 2, np.nan], size=(items, annotators), p=[0.1, 0.2, 0.2, 0.2, 0.3]
    )
    counted, drawn = agreement_coefficients.value_counts(table), draw.integers(0, 3, (4, items))
    for times, ours in zip(
        drawn, agreement_coefficients.ordinal_alpha(counted, drawn), strict=True
    ):
        repeated = np.repeat(counted, times, axis=0)
        shared = repeated[repeated.sum(axis=1) > 1]
        if np.count_nonzero(shared.sum(axis=0)) < 2:
            assert math.isnan(ours)
        else:
            assert ours == pytest.approx(
                krippendorff.alpha(value_counts=shared, level_of_measurement="ordinal")
            )


def test_two_equally_good_annotators_have_no_kappa_where_all_pairs_are_relevant():
    draw, n = rng(), 200_000
    for row in agreement_coefficients.at_prevalence(0.9, [0.5, 0.9, 1.0]).itertuples():
        truth = draw.random(n) < row.relevant
        said = pd.DataFrame(
            {a: np.where(draw.random(n) < 0.9, truth, ~truth) for a in "ab"}
        ).astype(float)
        assert [row.kappa, row.ac1] == pytest.approx(
            [agreement_coefficients.kappa(said), agreement_coefficients.gwet_ac1(said)], abs=0.01
        )
        assert row.yes == pytest.approx(said["a"].mean(), abs=0.01)
    assert row.kappa == pytest.approx(0) and row.ac1 > 0.75


def test_the_interval_of_a_mean_error_is_wilsons_where_errors_are_0_or_1():
    errors = np.repeat([1.0, 0.0], [15, 133])
    assert agreement_coefficients.mean_interval(errors, errors.mean(), 148) == pytest.approx(
        agreement_coefficients.wilson(15, 148)
    )


def test_the_interval_of_a_mean_error_grows_with_the_size_of_the_errors_and_never_below_zero():
    small, large = (
        agreement_coefficients.mean_interval(np.array([size, 0, 0, 0, 0, 0, 0, 0]), size / 8, 8)
        for size in (1.0, 4.0)
    )
    assert (
        large == pytest.approx(tuple(4 * end for end in small)) and 0 <= small[0] < 1 / 8 < small[1]
    )
    assert all(
        math.isnan(end) for end in agreement_coefficients.mean_interval(np.array([]), math.nan, 0)
    )


def test_one_error_of_a_half_leaves_room_for_errors_of_one():
    errors = np.array([0.5, 0, 0, 0, 0, 0, 0, 0])
    assert agreement_coefficients.mean_interval(errors, 1 / 16, 8) == pytest.approx(
        agreement_coefficients.wilson(0.5, 8)
    )


@pytest.mark.parametrize(
    "k, n, low, high", [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]
)
def test_wilsons_interval_is_the_one_of_newcombes_table(k, n, low, high):
    assert agreement_coefficients.wilson(k, n) == (
        pytest.approx(low, abs=5e-5),
        pytest.approx(high, abs=5e-5),
    )


@pytest.mark.parametrize(
    "both_yes, only_first, only_second, both_no, kappa",
    [(40, 9, 6, 45, 0.70), (80, 10, 5, 5, 0.32)],
)
def test_kappa_shows_the_paradox_of_feinstein_and_cicchetti(
    both_yes, only_first, only_second, both_no, kappa
):
    table = np.repeat(
        [[1, 1], [1, 0], [0, 1], [0, 0]], [both_yes, only_first, only_second, both_no], axis=0
    )
    assert agreement_coefficients.kappa(pd.DataFrame(table)) == pytest.approx(kappa, abs=5e-3)
    assert agreement_coefficients.gwet_ac1(table) > 0.69  # 85 % agree in both, and AC1 says so


# Another package, and by hand

yes_no = st.lists(
    st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=2), min_size=2, max_size=30
)


@few
@given(yes_no)
def test_kappa_is_that_of_statsmodels(rows):
    table = np.array(rows)
    ours = agreement_coefficients.kappa(pd.DataFrame(table))
    if math.isnan(ours):
        assert len(np.unique(table)) == 1
    else:
        assert ours == pytest.approx(cohens_kappa(to_table(table, bins=2)[0], return_results=False))


ratings_tables = st.integers(0, 2**32).map(
    lambda seed: np.random.default_rng(seed).choice(
        [-2, -1, 1, 2, np.nan], size=(8, 4), p=[0.1, 0.2, 0.3, 0.3, 0.1]
    )
)


@few
@given(ratings_tables)
def test_both_maes_are_what_a_plain_loop_gives(table):
    pairs = []
    for a, b in combinations(range(4), 2):
        shared = [abs(row[a] - row[b]) for row in table if not np.isnan(row[a] + row[b])]
        pairs += [sum(shared) / len(shared)] if shared else []
    ratings, labels = ratings_of(table), labels_of([1, 2] * 4)
    assert measured(ratings)["between"] == pytest.approx(sum(pairs) / len(pairs))
    medians = [
        np.median([v for v in row if not np.isnan(v)]) for row in table if not np.isnan(row).all()
    ]
    known = [p for p, row in zip([1, 2] * 4, table, strict=True) if not np.isnan(row).all()]
    assert measured(ratings, labels)["to_models"] == pytest.approx(
        np.mean(np.abs(np.array(medians) - known))
    )


def test_the_annotators_median_is_compared_as_it_is_without_rounding():
    assert measured(ratings_of([[1, 2], [-1, 1]]), labels_of([2, 1]))["to_models"] == (0.5 + 1) / 2


def test_annotators_who_share_no_pair_are_not_compared():
    assert measured(ratings_of([[1, 2, _], [_, _, 1]]))["between"] == 1
    assert math.isnan(measured(ratings_of([[1, _], [_, 1]]))["between"])


# Table 2 and precision


def study_ratings(seed=1, n=40):
    labels = pd.concat(
        [
            labels_of(rng(seed).choice([-2, -1, 1, 2], n)[: n - 10 * i], d)
            for i, d in enumerate(["PDI", "IDV"])
        ]
    )
    return labels, sampling.simulate_ratings(labels, 4, 0.2, rng(seed))


def test_table2_holds_the_estimates_with_their_n_and_intervals_around_them():
    labels, ratings = study_ratings()
    table = agreement.table2(ratings, labels, rng(), 300).set_index("dimension")
    assert list(table.index) == ["PDI", "IDV", "all"] and table["n_between"].tolist() == [
        40,
        30,
        70,
    ]
    of_idv = measured(ratings[ratings["dimension"] == "IDV"], labels)
    for name in ("between", "to_models", "alpha"):
        assert table.at["IDV", name] == pytest.approx(of_idv[name])
    for name in ("between", "to_models", "alpha"):
        assert (table[f"{name}_low"] <= table[name]).all() and (
            table[name] <= table[f"{name}_high"]
        ).all()
        assert table.at["all", f"{name}_low"] < table.at["all", f"{name}_high"]


def test_the_same_seed_gives_the_same_table():
    labels, ratings = study_ratings()
    assert agreement.table2(ratings, labels, rng(), 50).equals(
        agreement.table2(ratings, labels, rng(), 50)
    )


def test_a_statement_rated_on_two_dimensions_is_drawn_whole_so_its_interval_does_not_shrink():
    labels, ratings = study_ratings()
    once = ratings[ratings["dimension"] == "PDI"]
    twice = pd.concat([once, once.assign(dimension="IDV")])
    widths = [
        table["between_high"] - table["between_low"]
        for table in (agreement.disagreement(r, rng(), 1500).iloc[-1] for r in (once, twice))
    ]
    assert widths[1] == pytest.approx(widths[0], rel=0.15)


def test_n_counts_what_each_figure_rests_on():
    ratings, labels = ratings_of([[1, 2, 1], [1, _, _], [_, _, _]]), labels_of([1, 1, 1])
    row = agreement.table2(ratings, labels, rng(), 10).iloc[0]
    assert (row["annotators"], row["n_between"], row["n_to_models"]) == (3, 1, 2)


def test_precision_counts_judgements_overall_and_by_dimension():
    ratings = pd.concat(
        [ratings_of([[1, 1], [1, 0]], "relevant"), ratings_of([[1, _]], "relevant", "LTO")]
    )
    table = agreement.precision(ratings).set_index("dimension")
    assert table.loc["PDI", ["pairs", "judgements", "confirmed", "precision"]].tolist() == [
        2,
        4,
        3,
        0.75,
    ]
    assert table.loc["all", ["pairs", "judgements", "confirmed", "precision"]].tolist() == [
        3,
        5,
        4,
        0.8,
    ]
    assert (table.at["all", "low"], table.at["all", "high"]) == agreement_coefficients.wilson(4, 5)


def test_when_nearly_all_say_yes_kappa_falls_to_nothing_and_ac1_does_not():
    table = np.ones((81, 4))
    table[np.arange(16), np.arange(16) % 4] = 0  # sixteen pairs, each doubted by one annotator
    row = agreement.precision(ratings_of(table, "relevant")).iloc[-1]
    assert row["precision"] > 0.95 and row["ac1"] > 0.85 and row["kappa"] < 0.05


def test_when_all_say_yes_ac1_is_one_and_kappa_is_not_defined():
    row = agreement.precision(ratings_of(np.ones((5, 3)), "relevant")).iloc[-1]
    assert row["ac1"] == 1 and math.isnan(row["kappa"])


@few
@given(st.permutations(["A0", "A1", "A2", "A3"]), st.integers(0, 100), ratings_tables)
def test_renaming_annotators_or_moving_rows_changes_no_figure(names, seed, table):
    ratings, labels = ratings_of(table), labels_of([1, -2] * 4)
    ratings["relevant"] = (ratings["polarity"] > 0).astype(float)
    renamed = ratings.assign(
        annotator=ratings["annotator"].map(dict(zip(["A0", "A1", "A2", "A3"], names, strict=True)))
    )
    moved = renamed.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        agreement.table2(ratings, labels, rng(), 20), agreement.table2(moved, labels, rng(), 20)
    )
    pd.testing.assert_frame_equal(agreement.precision(ratings), agreement.precision(moved))


@pytest.mark.parametrize(
    "table",
    [np.empty((0, 3)), np.full((4, 3), _), np.array([[1.0], [2.0]])],
    ids=["empty", "all missing", "one annotator"],
)
def test_without_two_annotators_who_share_a_pair_there_is_no_figure_and_no_error(table):
    ratings, labels = ratings_of(table), labels_of([1] * len(table))
    row = agreement.table2(ratings, labels, rng(), 20).iloc[-1]
    assert (
        row["n_between"] == 0
        and np.isnan(row[["between", "between_low", "alpha"]].astype(float)).all()
    )
    empty = agreement.precision(ratings.assign(relevant=np.nan)).iloc[-1]
    assert empty["judgements"] == 0 and math.isnan(empty["precision"])


def test_ratings_without_any_difference_have_no_alpha():
    assert math.isnan(measured(ratings_of([[1, 1], [1, 1]]))["alpha"])


def test_a_pair_rated_twice_by_one_annotator_is_named():
    with pytest.raises(Problem, match="A0 rated 0.1 on PDI twice"):
        agreement.wide(pd.concat([ratings_of([[1, 2]]), ratings_of([[1]])]))


# Models, languages and runs among themselves


def votes_of(rows):
    return pd.DataFrame(rows, columns=["statement_id", "dimension", "model", "language", "vote"])


def test_models_are_compared_within_a_language_and_languages_within_a_model():
    votes = votes_of(
        [
            ("1", "PDI", "a", "en", 2),
            ("1", "PDI", "b", "en", 2),
            ("1", "PDI", "a", "zh", -2),
            ("1", "PDI", "b", "zh", -2),
        ]
    )
    assert measured(agreement.as_ratings(votes, "model"))["between"] == 0
    assert measured(agreement.as_ratings(votes, "language"))["between"] == 4


def test_runs_are_compared_within_a_model_and_a_language():
    cells = votes_of(
        [("1", "PDI", m, "en", v) for m, v in (("a", 1), ("a", 2), ("b", -2), ("b", -2))]
    ).rename(columns={"vote": "score"})
    runs = agreement.as_ratings(cells.assign(run=[1, 2, 1, 2]), "run")
    table = agreement.disagreement(runs, rng(), 10)
    assert table.loc[0, ["annotators", "n_between", "between"]].tolist() == [2, 2, 0.5]
    assert not [c for c in table if "to_models" in c]


def test_annotators_models_and_runs_stand_below_each_other_each_with_its_n():
    ratings = ratings_of([[1, 2, 1], [1, 1, _]])
    votes = votes_of(
        [("1.1", "PDI", m, x, v) for m, v in (("a", 1), ("b", -1)) for x in ("en", "zh")]
    )
    kinds = {"annotators": ratings, "models": agreement.as_ratings(votes, "model")}
    table = agreement.side_by_side(kinds | {"nobody": ratings.iloc[:0]}, rng(), 20).query(
        "dimension == 'all'"
    )
    assert table["who"].tolist() == ["annotators", "models", "nobody"]
    assert table["n_between"].tolist() == [2, 2, 0] and table["between"].iloc[1] == 2


def test_relevance_votes_compare_as_well():
    votes = votes_of([("1", "PDI", "a", "en", 1), ("1", "PDI", "b", "en", 0)])
    table = agreement.disagreement(
        agreement.as_ratings(votes, "model", "relevant"), rng(), 10, "relevant"
    )
    assert table["between"].tolist() == [1, 1]


def test_a_comparison_that_the_table_cannot_make_names_the_nearest_one():
    with pytest.raises(Problem, match='Did you mean "model"'):
        agreement.as_ratings(votes_of([]), "modell")


# Recovery

# How often a 95 % interval is to hold the truth, at least: what the docstring of `table2` states, less two standard
# errors of 200 repetitions. Percentiles of the bootstrap held the error to the models in 84 % with 20 pairs.
STATED = {
    81: {"between": 0.93, "to_models": 0.94, "alpha": 0.92, "precision": 0.92},
    20: {"between": 0.93, "to_models": 0.94, "alpha": 0.88, "precision": 0.92},
    8: {"between": 0.93, "to_models": 0.93, "alpha": 0.80, "precision": 0.90},
}


@pytest.mark.slow
@pytest.mark.parametrize("error", [0.15, 0.4])
@pytest.mark.parametrize("n", STATED)
def test_intervals_cover_the_truth_of_annotators_of_known_error_at_the_stated_rate(n, error):
    repetitions, names = 200, ("between", "to_models", "alpha")
    many = labels_of([-2, -1, 1, 2] * 5000)
    big = sampling.simulate_ratings(many, 4, error, rng(0))
    truth = measured(big, many)[list(names)].to_dict()
    covered = dict.fromkeys(STATED[n], 0)
    for seed in range(repetitions):
        draw = rng(seed + 1)
        labels = labels_of(draw.choice([-2, -1, 1, 2], n))
        ratings = sampling.simulate_ratings(labels, 4, error, draw)
        row = agreement.table2(ratings, labels, draw, 300).iloc[-1]
        for name in names:
            covered[name] += row[f"{name}_low"] <= truth[name] <= row[f"{name}_high"]
        low, high = agreement_coefficients.wilson(int(ratings["relevant"].sum()), len(ratings))
        covered["precision"] += low <= 1 - error <= high
    assert all(STATED[n][name] <= k / repetitions for name, k in covered.items()), covered
