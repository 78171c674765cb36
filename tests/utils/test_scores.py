"""From votes to positions: what a model, a group and a people stand for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.paper import hofstede
from alignment.stats import positions
from alignment.stats.intervals import mean_interval
from utils import scores
from utils.errors import Problem

MODELS = pd.DataFrame(
    [("us-1", "US", "en"), ("us-2", "US", "en"), ("cn-1", "China", "zh"), ("cn-2", "China", "zh")],
    columns=["model", "culture", "language"],
)
NATIVE = list(MODELS.itertuples(index=False, name=None))


def labels_of(polarities, dimension="PDI"):
    rows = [(f"s{i}", dimension, p) for i, p in enumerate(polarities)]
    return pd.DataFrame(rows, columns=["statement_id", "dimension", "polarity"])


def votes_of(native, foreign=1.0):
    """One list of votes for each statement, in the order of MODELS; in the other language everybody votes `foreign`."""
    rows = []
    for i, statement in enumerate(native):
        for vote, (model, _, language) in zip(statement, NATIVE, strict=True):
            other = "zh" if language == "en" else "en"
            rows += [(f"s{i}", "", model, language, vote), (f"s{i}", "", model, other, foreign)]
    return pd.DataFrame(rows, columns=["statement_id", "dimension", "model", "language", "vote"])


def groups_of(native, polarities=None, dimension="PDI"):
    labels = labels_of([1] * len(native) if polarities is None else polarities, dimension)
    return scores.group_scores(scores.label_scores(labels, votes_of(native), MODELS), MODELS)


def response(groups, statement, group):
    return groups.set_index(["statement_id", "group"])["response"][statement, group]


def test_agreeing_scores_the_polarity_and_disagreeing_its_opposite():
    table = scores.label_scores(labels_of([-2]), votes_of([[1, -1, 1, -1]]), MODELS)
    native = table.merge(MODELS).set_index("model")["score"]
    assert native.to_dict() == {"us-1": -2, "us-2": 2, "cn-1": -2, "cn-2": 2}


def test_an_undecided_vote_is_never_a_score_and_is_counted_as_missing():
    table = scores.label_scores(
        labels_of([2, 1]), votes_of([[np.nan, 1, 1, 1], [1, 1, 1, 1]]), MODELS
    )
    row = scores.positions(table).set_index(["model", "language"]).loc[("us-1", "en")]
    assert (row["position"], row["n"], row["missing"]) == (1.0, 1, 1)


def test_a_statement_of_two_dimensions_scores_on_each_with_its_own_polarity():
    labels = pd.concat([labels_of([2], "PDI"), labels_of([-1], "IND")])
    table = scores.positions(
        scores.label_scores(labels, votes_of([[1, 1, 1, 1]]), MODELS), by=["dimension"]
    )
    assert table.set_index("dimension")["position"].to_dict() == {"PDI": 2, "IND": -1}


def test_an_interval_of_a_position_is_that_of_its_own_statements():
    votes = votes_of([[1, -1, 1, 1]] * 30 + [[-1, -1, 1, 1]] * 30)
    table = positions.model_positions(scores.label_scores(labels_of([1] * 60), votes, MODELS))
    rows = table.merge(MODELS).set_index("model")
    us_1, us_2 = rows.loc["us-1"], rows.loc["us-2"]
    ends = mean_interval([1.0] * 30 + [-1.0] * 30)
    assert (us_1["mean"], us_1["n"], us_2["mean"]) == (0.0, 60, -1.0)
    assert (us_1["low"], us_1["high"]) == ends and us_2["low"] < -1.0 < us_2["high"] < -0.8


def test_a_label_without_a_vote_still_has_its_row():
    votes = votes_of([[1, 1, 1, 1]])
    table = scores.label_scores(labels_of([1, 1]), votes, MODELS)
    assert len(table) == 2 * 8 and table.loc[table["statement_id"] == "s1", "score"].isna().all()


def test_a_vote_of_an_unknown_model_is_a_problem_that_names_it():
    votes = votes_of([[1, 1, 1, 1]]).replace({"model": {"us-1": "stranger"}})
    with pytest.raises(Problem, match="stranger"):
        scores.label_scores(labels_of([1]), votes, MODELS)


def test_a_group_speaks_only_in_its_native_language():
    labels, votes = labels_of([1]), votes_of([[-1, -1, -1, -1]], foreign=1.0)
    groups = scores.group_scores(scores.label_scores(labels, votes, MODELS), MODELS)
    assert groups["response"].tolist() == [-1, -1]


def test_a_split_group_of_two_responds_zero_and_scores_zero():
    groups = groups_of([[1, -1, 1, 1]], [2])
    assert response(groups, "s0", "US") == 0 and response(groups, "s0", "China") == 1
    assert groups["score"].tolist() == [0, 2]


def test_a_group_of_two_with_one_undecided_model_does_not_respond():
    groups = groups_of([[np.nan, 1, 1, 1]])
    assert np.isnan(response(groups, "s0", "US"))
    assert scores.differing(groups)["comparable"].tolist() == [False]


def test_all_runs_can_decide_a_group_that_votes_would_split():
    runs = {"us-1": "AAAAA", "us-2": "AADDD", "cn-1": "DDDDD", "cn-2": "DDDDD"}
    rows = [("stance", "s0", m, lang, i, {"A": "agree", "D": "disagree"}[r])
            for m, _, lang in NATIVE for i, r in enumerate(runs[m])]  # fmt: skip
    rows += [
        ("stance", "s0", "us-2", "zh", i, "disagree") for i in range(5)
    ]  # not its native language: does not count
    answers = pd.DataFrame(
        rows, columns=["step", "statement_id", "model", "language", "run", "answer"]
    )
    table = scores.label_scores(labels_of([1]), votes_of([[1, -1, -1, -1]]), MODELS)
    assert response(scores.group_scores(table, MODELS), "s0", "US") == 0
    assert response(scores.group_scores(table, MODELS, "all_runs", answers), "s0", "US") == 1
    answers.loc[answers["model"] == "us-1", "answer"] = (
        ""  # five of ten runs are no answer: not more than half
    )
    assert np.isnan(response(scores.group_scores(table, MODELS, "all_runs", answers), "s0", "US"))


def test_a_split_group_and_an_agreeing_one_differ_but_are_not_opposite():
    groups = groups_of([[1, -1, 1, 1], [1, 1, -1, -1], [1, 1, 1, 1]])
    assert scores.differing(groups, "not_equal")["differs"].tolist() == [True, True, False]
    assert scores.differing(groups, "opposite")["differs"].tolist() == [False, True, False]


def test_of_three_groups_one_that_stands_alone_makes_the_difference():
    rows = [("a", "PDI", g, r) for g, r in zip("xyz", [1, 1, 0], strict=True)]
    rows += [("b", "PDI", g, r) for g, r in zip("xyz", [1, 0, -1], strict=True)]
    groups = pd.DataFrame(rows, columns=["statement_id", "dimension", "group", "response"])
    assert scores.differing(groups, "not_equal")["differs"].tolist() == [True, True]
    assert scores.differing(groups, "opposite")["differs"].tolist() == [False, True]
    groups.loc[groups["group"] == "y", "response"] = (
        np.nan
    )  # a label without one group's response is not counted
    assert not scores.differing(groups, "not_equal")["differs"].any()
    assert not scores.differing(groups, "opposite")["differs"].any()


@pytest.mark.parametrize("call", [
    lambda g: scores.differing(g, "different"),
    lambda g: scores.group_scores(pd.DataFrame(), MODELS, "mean"),
    lambda g: hofstede.read_human_values("2016", ["US"]),
])  # fmt: skip
def test_an_unknown_rule_is_a_problem_that_names_the_choices(call):
    with pytest.raises(Problem, match="is one of"):
        call(groups_of([[1, 1, 1, 1]]))


STANCES = st.lists(st.tuples(*[st.sampled_from([-1, 1])] * 4), min_size=1, max_size=25)


def wide(figure):
    n = figure.set_index(["selection", "group"])["n"]
    return figure.pivot(index="selection", columns="group", values="value"), n


@settings(max_examples=40, deadline=None)
@given(STANCES, st.integers(0, 2**32))
def test_strictly_opposite_groups_are_mirror_images_about_fifty(native, seed):
    polarities = np.random.default_rng(seed).choice([-2, -1, 1, 2], len(native))
    figure = positions.figure1(groups_of(native, polarities), "opposite")
    us, china = figure[figure["selection"] == "differing"]["value"]
    assert np.isnan(us) and np.isnan(china) or us + china == pytest.approx(100)


@settings(max_examples=40, deadline=None)
@given(STANCES, st.integers(0, 2**32))
def test_statements_on_which_groups_agree_add_nothing_to_their_gap(native, seed):
    polarities = np.random.default_rng(seed).choice([-2, -1, 1, 2], len(native))
    value, n = wide(positions.figure1(groups_of(native, polarities), "not_equal"))
    gap = (value["US"] - value["China"]).fillna(0)
    assert gap["all"] * n["all", "US"] == pytest.approx(gap["differing"] * n["differing", "US"])


def test_figure_one_by_hand():
    native = [[1, 1, -1, -1], [1, -1, 1, 1], [-1, -1, -1, -1], [np.nan, 1, -1, -1]]
    figure = positions.figure1(groups_of(native, [2, 1, 1, 2]), "not_equal")
    value, n = wide(figure)
    # differing: s0 and s1. US scores 2 and 0, China -2 and 1; s3 lacks a response and is in neither selection
    assert value.loc["differing"].to_dict() == {"US": 75.0, "China": 37.5}
    assert value.loc["all", "US"] == pytest.approx((2 + 0 - 1) / 3 * 25 + 50)
    assert n.to_dict() == {
        ("differing", "US"): 2,
        ("differing", "China"): 2,
        ("all", "US"): 3,
        ("all", "China"): 3,
    }
    low, high = mean_interval([2, 0])
    us = figure.query("group == 'US' and selection == 'differing'").iloc[0]
    assert (us["low"], us["high"]) == pytest.approx((50 + 25 * low, 50 + 25 * high))


def test_figure_one_has_a_row_for_a_dimension_on_which_nothing_differs():
    figure = positions.figure1(groups_of([[1, 1, 1, 1]]))
    row = figure[figure["selection"] == "differing"].iloc[0]
    assert row["n"] == 0 and np.isnan(row["value"])


def test_three_cultures_and_six_models_run_through_the_same_code():
    models = pd.concat(
        [MODELS, pd.DataFrame([("gb-1", "GB", "en"), ("gb-2", "GB", "en")], columns=MODELS.columns)]
    )
    extra = votes_of([[1, 1, -1, -1], [1, 1, 1, 1]])
    british = extra[extra["model"].str.startswith("us")].replace(
        {"model": {"us-1": "gb-1", "us-2": "gb-2"}}
    )
    british["vote"] = -1
    table = scores.label_scores(labels_of([1, 2]), pd.concat([extra, british]), models)
    figure = positions.figure1(scores.group_scores(table, models))
    assert wide(figure)[1]["differing"].to_dict() == {"US": 2, "China": 2, "GB": 2}
    people = hofstede.read_human_values(
        "2015", {"US": "US", "China": "China", "GB": "Great Britain"}
    )
    shown = scores.directions(figure[figure["selection"] == "all"], people)
    assert shown[["group", "other_group"]].apply(tuple, axis=1).tolist() == [
        ("US", "China"),
        ("US", "GB"),
        ("China", "GB"),
    ]


def test_the_human_values_are_those_of_their_sources():
    def values(version, country):
        return hofstede.read_human_values(version, [country])["value"].tolist()

    assert values("2015", "US") == [40, 91, 62, 46, 26, 68]
    assert values("2015", "China") == [80, 20, 66, 30, 87, 24]
    assert values("current", "US") == [40, 60, 62, 46, 50, 68]
    assert values("current", "China") == [80, 43, 66, 30, 77, 24]
    assert values("2015", "Great Britain") == [35, 89, 66, 35, 51, 69]


def test_the_two_peoples_differ_in_the_same_directions_in_both_versions():
    both = [hofstede.read_human_values(v, ["US", "China"]) for v in ("2015", "current")]
    assert scores.directions(*both)["agrees"].tolist() == ["yes"] * 6


def test_a_missing_country_is_named_with_those_that_are_there():
    with pytest.raises(Problem, match='no "Atlantis".*US, China, Brazil'):
        hofstede.read_human_values("2015", ["Atlantis"])
    with pytest.raises(Problem, match='"2015" has it: -p human_values=2015'):
        hofstede.read_human_values("current", {"GB": "Great Britain"})


def test_no_gap_is_a_tie_and_a_missing_value_is_open():
    people = pd.DataFrame(
        {"group": ["a", "b"] * 2, "dimension": ["PDI"] * 2 + ["IND"] * 2, "value": [1, 2, 3, 4]}
    )
    models = people.assign(value=[5.0, 5.0, np.nan, 1.0])
    assert scores.directions(models, people)["agrees"].tolist() == ["tie", "open"]


def test_appendix_b_lists_each_dividing_statement_once_with_every_models_reply():
    native = [[1, -1, 1, 1], [1, 1, -1, -1], [1, 1, 1, 1]]
    votes = votes_of(native).assign(support=4, answered=5)
    votes.loc[
        (votes["model"] == "us-2") & (votes["language"] == "en") & (votes["statement_id"] == "s1"),
        "support",
    ] = 3
    labels = pd.concat([labels_of([2, -1, 1]), labels_of([1, 1, 1], "IND").iloc[1:]])
    groups = scores.group_scores(scores.label_scores(labels, votes, MODELS), MODELS)
    table = scores.divided(groups, scores.differing(groups), votes, MODELS)
    assert table["statement_id"].tolist() == [
        "s1",
        "s0",
    ]  # the strictly opposite one first; s2 divides nobody
    assert table["labels"].tolist() == ["PDI -1, IND +1", "PDI +2"] and table[
        "opposite"
    ].tolist() == [True, False]
    assert table.loc[0, ["US", "China"]].tolist() == [
        "us-1 agrees 4/5; us-2 agrees 3/5",
        "cn-1 disagrees 4/5; cn-2 disagrees 4/5",
    ]
    assert table.loc[1, "US"] == "us-1 agrees 4/5; us-2 disagrees 4/5"


def test_appendix_b_says_undecided_where_no_vote_was_reached():
    votes = votes_of([[1, 1, -1, -1]]).assign(support=5, answered=5)
    votes.loc[votes["model"] == "us-2", "vote"] = np.nan
    groups = groups_of([[1, 1, -1, -1]])
    assert (
        scores.divided(groups, scores.differing(groups), votes, MODELS)
        .loc[0, "US"]
        .endswith("us-2 undecided")
    )


def test_nothing_divides_groups_that_agree():
    votes = votes_of([[1, 1, 1, 1]]).assign(support=5, answered=5)
    groups = groups_of([[1, 1, 1, 1]])
    assert scores.divided(groups, scores.differing(groups), votes, MODELS).empty
