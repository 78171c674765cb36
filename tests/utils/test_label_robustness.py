"""Who stands apart among the judges, and which labels another rule flips: counted by hand on small tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import label_robustness
from utils.cells import CELL, STATES, VOTER
from utils.labels import label_polarity, label_relevance
from utils.rules import Rules
from utils.votes import cast_votes

few = settings(max_examples=20, deadline=None)
MODELS, LANGUAGES = ["us-1", "us-2", "cn-1", "cn-2"], ["en", "zh"]
WHO = [(m, language) for m in MODELS for language in LANGUAGES]


def voted(rows):
    """Votes of the eight judges and languages on one dimension, a list for each statement."""
    cast = [
        (f"{i}.1", "PDI", *who, v)
        for i, row in enumerate(rows)
        for who, v in zip(WHO, row, strict=True)
    ]
    return pd.DataFrame(cast, columns=[*VOTER, "vote"]).astype({"vote": float})


def answers_of(rows, step):
    """The answers of eight judges and languages in as many runs as each of them has, a list of lists a statement."""
    cells = [
        (step, f"{i}.1", "PDI", *who, run, "answered", str(a))
        for i, row in enumerate(rows)
        for who, runs in zip(WHO, row, strict=True)
        for run, a in enumerate(runs, 1)
    ]
    return pd.DataFrame(cells, columns=[*CELL, "state", "answer"]).assign(respondents="live")


def row_of(table, model, language):
    return table[(table["model"] == model) & (table["language"] == language)].iloc[0]


def test_a_judge_against_the_label_is_counted_with_its_side_and_when_it_is_alone():
    rows = [[0, 1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 1, 1], [1] * 8]
    table = label_robustness.count_dissent(voted(rows), label_relevance(voted(rows), 8), "relevant")
    first, last = row_of(table, "us-1", "en"), row_of(table, "cn-2", "zh")
    assert first[["votes", "against", "lower", "higher", "alone"]].tolist() == [3, 1, 1, 0, 1]
    assert last[["votes", "against", "lower", "higher", "alone"]].tolist() == [3, 1, 0, 1, 0]
    assert first["share"] == pytest.approx(1 / 3)


def test_judges_and_languages_are_summed_up_as_wholes():
    rows = [[0, 1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 1, 1]]
    table = label_robustness.count_dissent(voted(rows), label_relevance(voted(rows), 8), "relevant")
    assert len(table) == 8 + 4 + 2
    assert row_of(table, "cn-2", "all")[["votes", "against"]].tolist() == [4, 2]
    assert row_of(table, "all", "en")[["votes", "against"]].tolist() == [8, 2]


def test_a_missing_vote_and_a_pair_without_a_polarity_count_for_nobody():
    rows = [[np.nan, -1, 1, 2, 1, 2, 1, 1], [1, -1] * 4]
    table = label_robustness.count_dissent(voted(rows), label_polarity(voted(rows), 8), "polarity")
    assert row_of(table, "us-1", "zh")[["votes", "against", "lower", "alone"]].tolist() == [
        1,
        1,
        1,
        1,
    ]
    assert table.loc[table["model"] == "all", "votes"].tolist() == [3, 4]


def test_a_label_of_zero_that_was_kept_has_no_side():
    rows = [[1, -1] * 4]
    labels = label_polarity(voted(rows), 8, Rules(zero_median="keep"))
    assert (
        labels["polarity"].tolist() == [0]
        and label_robustness.count_dissent(voted(rows), labels, "polarity").empty
    )


def test_where_labels_were_brought_nobody_voted_and_nobody_stands_apart():
    nothing = answers_of([], "relevance").astype({"run": "int64"})
    by_rule = label_robustness.label_by_rule("relevance", nothing, 5, 8)
    assert label_robustness.list_flips(by_rule, "relevant").empty
    assert not label_robustness.count_flips(by_rule, "relevant")[["labels", "gained", "lost"]].any(
        axis=None
    )
    labels = pd.DataFrame({"statement_id": ["1.1"], "dimension": ["PDI"], "relevant": [True]})
    assert label_robustness.count_dissent(cast_votes(nothing, 5), labels, "relevant").empty


def test_other_quorums_gain_and_lose_the_pairs_between_them():
    rows = [[["yes"]] * k + [["no"]] * (8 - k) for k in (2, 3, 4, 5, 8)]
    by_rule = label_robustness.label_by_rule("relevance", answers_of(rows, "relevance"), 1, 8)
    table = label_robustness.count_flips(by_rule, "relevant").set_index("rule")
    assert table.loc["as here"].tolist() == [3, 0, 0]
    assert table.loc["relevance_quorum: 3"].tolist() == [4, 1, 0]
    assert table.loc["relevance_quorum: 6"].tolist() == [1, 0, 2]
    of_five = label_robustness.list_flips(by_rule, "relevant").query(
        "rule == 'relevance_quorum: 5'"
    )
    assert of_five[["statement_id", "label", "other"]].values.tolist() == [["2.1", 1, 0]]


def test_every_rule_but_the_one_in_use_is_tried_and_quorums_scale_with_the_votes():
    by_rule = label_robustness.label_by_rule(
        "relevance",
        answers_of([[["yes"]] * 8], "relevance"),
        1,
        8,
        Rules(relevance_quorum=3, tie_rule="drop"),
    )
    assert list(by_rule) == ["as here", "tie_rule: nearest_median", "missing_votes: valid", *(
        f"relevance_quorum: {q}" for q in (4, 5, 6))]  # fmt: skip
    of_six = label_robustness.label_by_rule(
        "relevance", answers_of([], "relevance").astype({"run": "int64"}), 1, 6
    )
    assert [name[-1] for name in of_six if "quorum" in name] == [
        "4",
        "5",
    ]  # 3 to 6 of 8 are 3, 3, 4 and 5 of 6


def test_a_missing_vote_flips_a_label_only_under_the_rule_for_missing_votes():
    rows = [[["yes"], ["yes"], ["no"], *[["no"]] * 5]]
    answers = answers_of(rows, "relevance")
    answers.loc[answers.index[3:], ["state", "answer"]] = ["refused", ""]
    flips = label_robustness.list_flips(
        label_robustness.label_by_rule("relevance", answers, 1, 8), "relevant"
    )
    assert flips["rule"].tolist() == ["missing_votes: valid"]


def test_zeros_halves_and_ties_flip_under_their_own_rules_alone():
    zero, half = [["1"], ["-1"]] * 4, [["1"], ["2"]] * 4
    tied = [["-2", "-2", "1", "2", "2"]] * 8
    rows = [[runs * 5 for runs in zero], [runs * 5 for runs in half], tied]
    by_rule = label_robustness.label_by_rule("polarity", answers_of(rows, "polarity"), 5, 8)
    flips = label_robustness.list_flips(by_rule, "polarity").set_index("rule")
    assert flips["statement_id"].to_dict() == {
        "tie_rule: drop": "2.1", "zero_median: keep": "0.1", "half_median: keep": "1.1", "half_median: drop": "1.1"
    }  # fmt: skip
    table = label_robustness.count_flips(by_rule, "polarity").set_index("rule")
    assert table.loc["zero_median: keep"].tolist() == [3, 1, 0, 0, 0]
    assert table.loc["half_median: keep"].tolist() == [2, 0, 0, 0, 1]
    assert table.loc["tie_rule: drop"].tolist() == [1, 0, 1, 0, 0]


def test_a_label_that_turns_to_the_other_pole_is_told_from_one_that_changes_size():
    one = pd.DataFrame(
        {"statement_id": ["1", "2", "3"], "dimension": "PDI", "polarity": [1.0, 2.0, np.nan]}
    )
    other = one.assign(polarity=[-1.0, 1.0, np.nan])
    table = label_robustness.count_flips({"as here": one, "x": other}, "polarity").set_index("rule")
    assert table.loc["x"].tolist() == [2, 0, 0, 1, 1]


@few
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_no_order_of_the_answers_changes_who_stands_apart_or_what_flips(seed, runs):
    draw = np.random.default_rng(seed)
    rows = [[draw.choice(["-2", "-1", "1", "2"], runs).tolist() for _ in WHO] for _ in range(4)]
    answers = answers_of(rows, "polarity")
    answers["state"] = draw.choice(STATES, len(answers), p=[0.7, *[0.05] * 6])
    answers["answer"] = answers["answer"].where(answers["state"] == "answered", "")
    found = []
    for table in (answers, answers.sample(frac=1, random_state=1)):
        by_rule = label_robustness.label_by_rule("polarity", table, runs, 8)
        apart = label_robustness.count_dissent(
            cast_votes(table, runs), by_rule["as here"], "polarity"
        )
        found.append((label_robustness.list_flips(by_rule, "polarity"), apart))
    assert found[0][0].equals(found[1][0]) and found[0][1].equals(found[1][1])
    counted = (
        label_robustness.count_flips(by_rule, "polarity")
        .set_index("rule")
        .drop(columns="labels")
        .sum(axis=1)
    )
    listed = found[0][0]["rule"].value_counts().reindex(counted.index, fill_value=0)
    assert (counted >= listed - 1e-9).all() and (counted == listed).all()
