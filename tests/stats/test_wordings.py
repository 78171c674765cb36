"""Leanings by wording: by hand, over many simulated studies, and at their limits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.stats import language_changes, positions, significance, wordings
from alignment.stats.wordings import ASKED, CORRECTED
from utils.rules import Rules

MODELS = pd.DataFrame({"model": ["m"], "culture": ["US"], "language": ["en"]})
SLIP = 0.02  # of a vote that is the other one by chance


def stances(model="m", language="en", **columns) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    who = {"statement_id": [f"s{i}" for i in range(n)], "model": model, "language": language}
    return pd.DataFrame(who | {name: np.array(v, dtype=float) for name, v in columns.items()})


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """The measures of stances, whose own wording gave the same in 4 of 5 runs."""
    votes = table[[*wordings.VOTER]].assign(vote=table.get(ASKED), support=4, answered=5)
    return wordings.measure(table, votes, 3)


def of(measures: pd.DataFrame, name: str) -> pd.Series:
    return measures.set_index("measure").loc[name]


def test_each_measure_by_hand():
    nan = np.nan
    table = stances(
        asked=[1, 1, 1, -1, -1, nan],
        negated=[1, -1, -1, 1, -1, 1],  # agrees with both twice, with neither once
        turned=[1, 1, -1, 1, -1, -1],  # the first twice once, the last twice once
        reworded=[1, -1, 1, -1, -1, 1],
        unforced=[1, 0, -1, -1, 0, 0],
    )
    found = measured(table)
    by_hand = {"agrees with both": 0.4, "agrees with neither": 0.2, "leaning to agree": 0.2}
    by_hand |= {"leaning to the first": 0.0, "same if reworded": 0.8, "same in all": 0.4}
    by_hand |= {"neither if offered": 0.4, "same if not forced": 2 / 3}
    by_hand["same if asked again"] = 0.8**3 + 3 * 0.8**2 * 0.2  # two or three of three
    assert found.set_index("measure")["value"].to_dict() == pytest.approx(by_hand)
    assert found.set_index("measure")["n"].to_dict() == dict.fromkeys(by_hand, 5) | {
        "same if not forced": 3
    }


def test_answers_become_stances_towards_the_statement():
    rows = [("stance_negated", "agree"), ("stance_turned", "agree"), ("stance_unforced", "neither")]
    answers = pd.DataFrame(rows, columns=["step", "answer"]).assign(
        statement_id="s0", dimension="", model="m", language="en", run=1, state="answered"
    )
    votes = pd.DataFrame({"statement_id": ["s0"], "model": "m", "language": "en", "vote": [1.0]})
    row = wordings.align(votes, wordings.cast_all(answers, 1)).iloc[0]
    assert row[[ASKED, "negated", "turned", "unforced", CORRECTED]].tolist() == [1, -1, 1, 0, 0]
    assert np.isnan(row["consistent"])
    assert list(wordings.align(votes, wordings.cast_all(answers.head(0), 1))) == [
        *wordings.VOTER,
        ASKED,
    ]


def respond(rng, n: int, agree: float, first: float) -> pd.DataFrame:
    """A respondent with views, who answers some statements by habit and slips now and then."""
    view, habit = rng.choice([1.0, -1.0], n), rng.random(n)
    agrees, takes_first = habit < agree, (habit >= agree) & (habit < agree + first)
    said = {
        ASKED: np.where(agrees | takes_first, 1, view),
        "negated": np.where(agrees | takes_first, -1, view),
        "turned": np.where(agrees, 1, np.where(takes_first, -1, view)),
    }
    return stances(**{w: v * np.where(rng.random(n) < SLIP, -1, 1) for w, v in said.items()})


@pytest.mark.parametrize("n", [22, 55, 116])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.6])
@pytest.mark.parametrize("habit", ["agree", "first"])
def test_a_leaning_of_known_size_is_recovered_and_none_is_found_where_none_is(n, share, habit):
    rng, found, held, clear = np.random.default_rng(n), [], 0, 0
    name, expected = f"leaning to {'agree' if habit == 'agree' else 'the first'}", share
    expected *= 1 - 2 * SLIP
    for _ in range(200):
        shares = {"agree": 0.0, "first": 0.0} | {habit: share}
        row = of(measured(respond(rng, n, **shares)), name)
        found.append(row["value"])
        held += row["low"] <= expected <= row["high"]
        clear += row["low"] > 0 or row["high"] < 0
    assert abs(np.mean(found) - expected) < 4 * np.std(found) / np.sqrt(200) + 1e-3
    assert held >= 0.92 * 200
    assert clear <= 0.05 * 200 if share == 0 else clear >= (0.55 if n == 22 else 0.95) * 200


def always_agreeing(n: int = 20) -> tuple[pd.DataFrame, pd.DataFrame]:
    polarity = np.where(np.arange(n) < 15, 2, -1)
    labels = pd.DataFrame({"statement_id": [f"s{i}" for i in range(n)], "polarity": polarity})
    columns = {"asked": [1] * n, "negated": [-1] * n, "turned": [1] * n}
    table = wordings.align(
        stances(vote=columns["asked"]),
        pd.concat(
            [stances(vote=columns[w]).assign(wording=w) for w in ("negated", "turned")],
        ),
    )
    return labels.assign(dimension="PDI"), table


def test_who_always_agrees_stands_at_zero_once_corrected_and_the_interval_says_so():
    labels, table = always_agreeing()
    placed = wordings.place_models(wordings.score_wordings(labels, table, MODELS))
    placed = placed.set_index("wording")
    assert placed.loc[ASKED, "mean"] == wordings.always_agreeing(labels)["PDI"] == 1.25
    assert placed.loc[ASKED, "low"] > 0.5  # a culture, if nothing else were asked
    corrected = placed.loc[CORRECTED]
    assert corrected["mean"] == 0 and corrected["low"] < 0 < corrected["high"]
    said = wordings.describe_leanings(measured(table))
    assert "**1 of 1** lean to agree (m in en, 100 %)" in said
    assert "**0 of 1** lean to the first side" in said


def test_who_flips_with_the_order_is_named_with_the_side():
    table = stances(asked=[1] * 10 + [-1] * 10, turned=[-1] * 10 + [-1] * 10)
    assert "(m in en, 50 %)" in wordings.describe_leanings(measured(table))
    last = stances(asked=[-1] * 20, turned=[1] * 20)
    said = wordings.describe_leanings(measured(last))
    assert (
        "**0 of 1** lean to the first side; **1 of 1** lean to the last side (m in en, 100 %)"
        in said
    )
    assert "agree" not in said
    one = measured(stances(asked=[1] * 5, reworded=[1] * 5))
    assert "a leaning cannot be told from a view" in wordings.describe_leanings(one)


SIGNS = st.lists(st.sampled_from([1.0, -1.0, np.nan]), min_size=3, max_size=3)


@given(st.lists(SIGNS, min_size=1, max_size=30))
def test_both_minus_neither_is_the_leaning_and_turning_the_order_round_negates_it(rows):
    asked, negated, turned = zip(*rows, strict=True)
    table = stances(asked=asked, negated=negated, turned=turned)
    found = measured(table).set_index("measure")
    both, neither, leaning = (
        found.loc[name, "value"]
        for name in ("agrees with both", "agrees with neither", "leaning to agree")
    )
    assert both - neither == pytest.approx(leaning, nan_ok=True)
    other = stances(asked=turned, turned=asked)
    there = found.loc["leaning to the first"]
    back = of(measured(other), "leaning to the first")
    assert there["value"] == pytest.approx(-back["value"], nan_ok=True)
    if there["n"]:
        assert -1 <= there["low"] <= there["value"] <= there["high"] <= 1


def test_in_the_papers_wording_everything_is_as_on_the_pages_of_the_paper():
    rng = np.random.default_rng(3)
    labels = pd.DataFrame(
        {"statement_id": [f"s{i}" for i in range(30)], "dimension": ["PDI", "IDV"] * 15}
    ).assign(polarity=rng.choice([-2, -1, 1, 2], 30))
    models = pd.DataFrame({"model": ["m", "k"], "culture": ["US", "China"]})
    models["language"] = ["en", "zh"]
    table = pd.concat(
        [
            stances(m, l, asked=rng.choice([1, -1], 30))
            for m in models["model"]
            for l in ("en", "zh")
        ]
    )
    scored = wordings.score_wordings(labels, table, models)
    placed = wordings.place_models(scored).drop(columns="wording")
    pd.testing.assert_frame_equal(placed, positions.model_positions(scored[ASKED]))
    pairs = language_changes.pair_answers(["m", "k"], ["en", "zh"])
    own = wordings.compare_languages(scored, pairs)
    counts = significance.resample_counts(30, 10, rng)
    table3 = language_changes.compare_languages(scored[ASKED], pairs, counts)
    names = "dimension model base other n changed difference p_exact p_holm".split()
    pd.testing.assert_frame_equal(own[names], table3[names])
    people = pd.DataFrame({"group": ["US", "China"], "dimension": "PDI", "value": [40, 80]})
    assert wordings.describe_claims(labels, table, models, people) == ""


def test_a_leaning_that_changes_with_the_language_is_found_and_makes_no_change_where_consistent():
    """The same views in both languages; in one of them half of the statements are just agreed with."""
    rng, n = np.random.default_rng(8), 120
    view, habit = rng.choice([1.0, -1.0], n), rng.random(n) < 0.5
    tables = [stances("m", "en", vote=view), stances("m", "zh", vote=np.where(habit, 1, view))]
    others = [stances("m", "en", vote=view), stances("m", "zh", vote=np.where(habit, -1, view))]
    table = wordings.align(pd.concat(tables), pd.concat(others).assign(wording="negated"))
    leanings = wordings.compare_leanings(table, ["en", "zh"])
    row = leanings.set_index("measure").loc["leaning to agree"]
    assert len(leanings) == 1 and row["difference"] == pytest.approx(habit.mean())
    assert row["low"] > 0.3
    assert "**1 of 1** leanings change" in wordings.describe_changed_leanings(leanings)
    labels = pd.DataFrame({"statement_id": [f"s{i}" for i in range(n)], "dimension": "PDI"})
    labels["polarity"] = view.astype(int)  # every view scores 1
    scored = wordings.score_wordings(labels, table, MODELS)
    pairs = language_changes.pair_answers(["m"], ["en", "zh"])
    changes = wordings.compare_languages(scored, pairs).set_index("wording")
    assert changes.loc[ASKED, "p_holm"] < 1e-6 and changes.loc[CORRECTED, "p_holm"] < 1e-6
    assert changes.loc["consistent", "changed"] == 0 and changes.loc["consistent", "p_holm"] == 1


def test_one_language_compares_models_and_one_group_has_no_direction():
    rng = np.random.default_rng(9)
    models = pd.DataFrame({"model": list("abc"), "culture": "US", "language": "en"})
    table = pd.concat([stances(m, asked=rng.choice([1, -1], 8)) for m in "abc"])
    labels = pd.DataFrame({"statement_id": [f"s{i}" for i in range(8)], "dimension": "PDI"})
    scored = wordings.score_wordings(labels.assign(polarity=1), table, models)
    changes = wordings.compare_languages(scored, language_changes.pair_answers("abc", ["en"]))
    assert wordings.spread(changes, "difference", "dimension", "model")["model"].tolist() == [
        "a / b", "a / c", "b / c"]  # fmt: skip
    people = pd.DataFrame({"group": ["US"], "dimension": "PDI", "value": [40]})
    assert wordings.describe_directions(scored, models, people, Rules()) == ""
    assert wordings.compare_leanings(table, ["en"]).empty


def test_what_nobody_answered_is_left_out_and_never_counted_as_no():
    nan = [np.nan] * 8
    labels = pd.DataFrame({"statement_id": [f"s{i}" for i in range(8)], "dimension": "PDI"})
    labels = labels.assign(polarity=2)
    others = [
        stances(vote=nan).assign(wording="negated"),
        stances(vote=[1] * 8).assign(wording="turned"),
    ]
    table = wordings.align(stances(vote=[1] * 8), pd.concat(others))
    scored = wordings.score_wordings(labels, table, MODELS)
    said = wordings.describe_positions(wordings.place_models(scored))
    assert (
        said == "Intervals of a position that exclude 0, by wording: asked 1 of 1, turned 1 of 1."
    )
    assert wordings.describe_sides(wordings.place_models(wordings.on_the_same(scored))) == (
        "**0 of 0** positions change sides when corrected."
    )
    assert of(measured(table), "leaning to agree")["n"] == 0


def test_as_asked_and_corrected_stand_on_the_same_statements():
    labels, table = always_agreeing()
    table.loc[0, ["negated", CORRECTED, "consistent"]] = np.nan
    scored = wordings.on_the_same(wordings.score_wordings(labels, table, MODELS))
    placed = wordings.place_models(scored).set_index("wording")
    assert placed["n"].tolist() == [19, 19]
