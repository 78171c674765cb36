"""Other groups of models, and other pairs of countries, beside the real ones."""

from math import comb

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.paper import printed_null
from alignment.stats import assignments

MODELS = pd.DataFrame({"model": list("abcd"), "culture": ["US", "US", "China", "China"]})
PEOPLE = pd.DataFrame(
    [(g, d, v) for d in ("PDI", "IDV") for g, v in (("US", 40), ("China", 80))],
    columns=["group", "dimension", "value"],
)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 2), (3, 3), (4, 2)])
def test_every_way_to_deal_out_the_models_comes_once(a, b):
    ways = list(assignments.deal_out(("US",) * a + ("China",) * b))
    assert len(ways) == len(set(ways)) == comb(a + b, a)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=8, max_size=8))
def test_where_the_groups_are_exchanged_every_direction_is_turned(values):
    rows = zip(["PDI", "IDV"] * 4, [m for m in "abcd" for _ in range(2)], values, strict=True)
    means = pd.DataFrame(rows, columns=["dimension", "model", "value"])
    table = assignments.assign_models(means, MODELS, PEOPLE)
    assert len(table) == 6 and table["real"].tolist() == [True, *[False] * 5]
    by = table.set_index("groups")
    for groups, row in by.iterrows():
        us, china = (part.partition(": ")[2] for part in groups.split("; "))
        turned = by.loc[f"US: {china}; China: {us}"]
        assert (row["agree"], row["undecided"]) == (turned["disagree"], turned["undecided"])
    assert assignments.share_as_good(table) >= 1 / 6


def test_of_many_models_some_ways_are_drawn_and_the_real_one_is_among_them():
    models = pd.DataFrame({"model": [str(i) for i in range(14)], "culture": ["US", "China"] * 7})
    means = pd.DataFrame({"dimension": "PDI", "model": models["model"], "value": range(14)})
    table = assignments.assign_models(means, models, PEOPLE)
    assert len(table) <= assignments.MOST + 1 and table["real"].sum() == 1
    assert table.equals(assignments.assign_models(means, models, PEOPLE))


def test_other_groups_and_other_countries_agree_as_well_as_the_printed_ones():
    """The figures were computed independently, from the printed table and the matrix of 2015."""
    table = printed_null.assign_models().set_index("groups")
    assert table.iloc[0][["agree", "disagree", "undecided"]].tolist() == [5, 0, 1]
    assert table.loc["US: Llama, DeepSeek; China: GPT, Qwen", "agree"] == 5
    assert assignments.share_as_good(table) == pytest.approx(2 / 6)
    pairs = printed_null.pair_countries()
    assert len(pairs) == 182 and ((pairs["agree"] == 5) & (pairs["of"] == 5)).sum() == 10


@pytest.mark.parametrize(
    ("sizes", "ways"), [((2, 2), 6), ((1, 1), 2), ((3, 3), 20), ((2, 2, 2), 90)]
)
def test_there_are_as_many_ways_as_the_multinomial_coefficient_says(sizes, ways):
    cultures = tuple(f"c{i}" for i, size in enumerate(sizes) for _ in range(size))
    orders = list(assignments.deal_out(cultures))
    assert len(orders) == len(set(orders)) == ways and cultures in orders
    assert all(sorted(order) == sorted(cultures) for order in orders)
