"""Directions that are decided, models given to countries, placebo countries."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.paper import grim, hofstede, published
from alignment.stats import gaps
from alignment.stats import significance as sig
from alignment.stats.intervals import DIFFERENCES, mean_interval
from utils import scores

MODELS = pd.DataFrame(
    [("us-1", "US", "en"), ("us-2", "US", "en"), ("cn-1", "China", "zh"), ("cn-2", "China", "zh")],
    columns=["model", "culture", "language"],
)
PEOPLE = pd.DataFrame(
    [(g, d, v) for d, values in {"PDI": (40, 80), "IDV": (60, 43)}.items()
     for g, v in zip(["US", "China"], values, strict=True)],
    columns=["group", "dimension", "value"],
)  # fmt: skip


def scored_of(votes, polarities, dimension="PDI"):
    """The scores table of votes (statements x the four models, native languages)."""
    names = [f"{dimension}-{i}" for i in range(len(votes))]
    labels = pd.DataFrame({"statement_id": names, "dimension": dimension, "polarity": polarities})
    rows = [
        (s, m, language, v)
        for s, row in zip(names, votes, strict=True)
        for (m, _, language), v in zip(MODELS.to_numpy(), row, strict=True)
    ]
    stances = pd.DataFrame(rows, columns=["statement_id", "model", "language", "vote"])
    return scores.label_scores(labels, stances, MODELS)


def decided(votes, polarities):
    groups = scores.group_scores(scored_of(votes, polarities), MODELS)
    return gaps.decide_directions(groups, PEOPLE).iloc[0]


US_HIGHER, CHINA_HIGHER, ALIKE, SPLIT = [1, 1, -1, -1], [-1, -1, 1, 1], [1, 1, 1, 1], [1, 1, 1, -1]


def test_a_gap_has_the_interval_and_the_p_of_its_differences():
    votes = [US_HIGHER] * 5 + [CHINA_HIGHER] * 2 + [SPLIT] * 3 + [ALIKE] * 9
    polarities = [2, 1, 1, 2, 1] + [1, -2] + [-1, 2, 1] + [2] * 9
    row = decided(votes, polarities)
    differences = [4, 2, 2, 4, 2, -2, 4, -1, 2, 1]
    low, high = mean_interval(differences, DIFFERENCES)
    assert (row["n"], row["gap_models"]) == (10, pytest.approx(25 * np.mean(differences)))
    assert (row["low"], row["high"]) == pytest.approx((25 * low, 25 * high))
    assert row["p_exact"] == row["p_holm"] == sig.sign_flip_p(np.array(differences))


def test_six_statements_that_all_go_one_way_are_significant_and_decide_nothing_yet():
    """Six of six: p = 0.03, and an interval that still holds 0, since a seventh could be opposite."""
    row = decided([US_HIGHER] * 6, [1] * 6)
    assert row["p_exact"] == 2 / 64 and row["low"] < 0 < row["high"] and not row["decided"]
    assert row["agrees"] == "no"
    assert decided([US_HIGHER] * 9, [1] * 9)["decided"]


def test_where_nothing_differs_no_direction_is_decided():
    row = decided([ALIKE] * 7, [1] * 7)
    assert row["n"] == 0 and row["agrees"] == "open" and not row["decided"]
    assert row[["low", "high", "p_exact", "p_holm"]].isna().all()


VOTES = st.lists(st.tuples(*[st.sampled_from([-1, 1])] * 4), min_size=1, max_size=20)


@settings(max_examples=15, deadline=None)
@given(VOTES, st.integers(0, 2**32))
def test_a_direction_that_is_decided_is_that_of_the_gap_and_swapping_groups_turns_it(votes, seed):
    polarities = np.random.default_rng(seed).choice([-2, -1, 1, 2], len(votes))
    row, swapped = decided(votes, polarities), decided([v[2:] + v[:2] for v in votes], polarities)
    if not row["n"]:
        return
    assert row["low"] <= row["gap_models"] + 1e-4 and row["gap_models"] - 1e-4 <= row["high"]
    turned = (-swapped["gap_models"], -swapped["high"], -swapped["low"])
    assert (row["gap_models"], row["low"], row["high"]) == pytest.approx(turned, abs=1e-4)
    assert row["p_exact"] == swapped["p_exact"] and row["decided"] == swapped["decided"]


@settings(max_examples=8, deadline=None)
@given(VOTES, VOTES, st.integers(0, 2**32))
def test_an_assignment_and_its_mirror_share_the_directions(of_power, of_self, seed):
    generator = np.random.default_rng(seed)
    tables = [
        scored_of(votes, generator.choice([-2, -1, 1, 2], len(votes)), dimension)
        for votes, dimension in ((of_power, "PDI"), (of_self, "IDV"))
    ]
    table = gaps.assign_models(pd.concat(tables), MODELS, PEOPLE)
    assert len(table) == 6 and table["actual"].tolist() == [True] + [False] * 5
    sides = table["assignment"].str.extract("China: (.*); US: (.*)").apply(frozenset, axis=1)
    for _, both in table.groupby(sides):
        assert len(both) == 2 and both["agree"].sum() == both["decidable"].iloc[0]
    assert 1 / 6 <= gaps.assignment_p(table) <= 1


def test_the_actual_assignment_counts_as_the_directions_do():
    scored = scored_of([CHINA_HIGHER] * 3 + [ALIKE], [1, 2, 1, 1])
    table = gaps.assign_models(scored, MODELS, PEOPLE)
    assert table.loc[0, ["agree", "decidable"]].tolist() == [1, 1]
    assert table["agree"].sum() == 1 and gaps.assignment_p(table) == pytest.approx(1 / 6)


def test_a_model_keeps_the_answers_of_its_own_language_in_another_country():
    scored = scored_of([CHINA_HIGHER] * 3, [1, 1, 1])
    other = scored.assign(vote=-scored["vote"], score=-scored["score"])
    other["language"] = other["language"].map({"en": "zh", "zh": "en"})
    both = pd.concat([scored, other])
    alone, table = (gaps.assign_models(s, MODELS, PEOPLE) for s in (scored, both))
    pd.testing.assert_frame_equal(alone, table)


@pytest.mark.parametrize(
    ("sizes", "ways"), [((2, 2), 6), ((1, 1), 2), ((3, 3), 20), ((2, 2, 2), 90)]
)
def test_there_are_as_many_assignments_as_the_multinomial_coefficient_says(sizes, ways):
    cultures = [f"c{i}" for i, size in enumerate(sizes) for _ in range(size)]
    orders = gaps.list_assignments(cultures)
    assert len(orders) == len(set(orders)) == ways
    assert all(sorted(order) == sorted(cultures) for order in orders) and tuple(cultures) in orders


def test_of_182_pairs_of_countries_ten_match_the_five_decided_signs_of_the_paper():
    ns = grim.n_by_row(published.read_table3(), published.read_stated_n())
    people = hofstede.read_human_values("current", ["US", "China"])
    signs = grim.figure1_signs(published.read_table3(), published.MODELS, people, ns)
    directions = signs.drop_duplicates("dimension").rename(columns={"here": "gap_models"})
    values = hofstede.read_human_values("2015", hofstede.list_countries("2015"))
    table = gaps.compare_placebos(directions, values)
    assert len(table) == 182 == 14 * 13
    assert ((table["agree"] == 5) & (table["of"] == 5)).sum() == 10


def test_a_pair_of_countries_and_its_reverse_share_the_directions():
    values = hofstede.read_human_values("2015", hofstede.list_countries("2015"))
    directions = pd.DataFrame({"dimension": ["PDI", "IDV", "LTO"], "gap_models": [3.0, -1.0, 0.0]})
    table = gaps.compare_placebos(directions, values).set_index(["first", "second"])
    assert table["of"].max() == 2
    for a, b in product(["US", "China"], repeat=2):
        if a != b:
            assert table["agree"][a, b] + table["agree"][b, a] == table["of"][a, b] == 2
