"""Joint inference on a specification curve: what is observed, what chance gives, and controls."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_specifications import a_study, changed, outcomes

from alignment.stats.specifications import curve, joint_inference, reanalysis

SHUFFLES = 200


def judged(have, table, seed=1):
    rng = np.random.default_rng(seed)
    return joint_inference.judge_curve(have, table, SHUFFLES, rng).set_index("claim")


@pytest.mark.parametrize("differ", ["differ", "split_group"])
def test_what_is_observed_is_what_the_curve_says(differ):
    """One model in four answers some statements otherwise, so that parts are missed."""
    have = changed(
        a_study(8), "stance",
        lambda t: t["model"].isin(["us-1", "us-2"]) & t["statement_id"].str.startswith("PDI"),
        "agree",
    )  # fmt: skip
    table = outcomes(have, differ, "human_values")
    joint, product = judged(have, table), table[table["varies"] == "rules"]
    for claim in ("directions", "leanings"):
        assert joint.loc[claim, "right"] == pytest.approx(product[f"{claim}_right"].mean())
        assert joint.loc[claim, "holds"] == product[claim].fillna(False).sum()
        assert joint.loc[claim, "specifications"] == len(product)


def test_two_dimensions_on_which_groups_are_opposite_are_like_two_coins():
    """Whose sides agree by chance in one of four shuffles (a tie agrees with nobody)."""
    have = a_study(12)
    joint = judged(have, outcomes(have, "differ", "split_group"))
    assert joint["p_right"].between(0.12, 0.33).all()
    assert joint["p_holds"].equals(joint["p_right"])
    assert (joint["by_chance"] / joint["right"]).between(0.35, 0.6).all()


def test_answers_that_have_nothing_to_do_with_the_labels_do_not():
    """The control: 40 studies whose statements have exchanged their answers."""
    have, p = a_study(8), []
    for seed in range(40):
        ids = have.statements["statement_id"]
        other = dict(zip(ids, np.random.default_rng(seed).permutation(ids), strict=True))
        stances = have.answers["stance"]
        stances = stances.assign(statement_id=stances["statement_id"].map(other))
        mixed = replace(have, answers=have.answers | {"stance": stances})
        table = curve.compute_outcomes(mixed, curve.list_specifications({"differ": ("not_equal",)}))
        p.append(judged(mixed, table, seed)["p_right"])
    table = pd.DataFrame(p)
    assert (table <= 0.05).mean().max() <= 0.15 and table.mean().between(0.35, 0.85).all()


def test_without_people_there_is_nothing_to_judge():
    have = replace(a_study(), people={})
    table = curve.compute_outcomes(have, curve.list_specifications({"differ": ("not_equal",)}))
    assert judged(have, table).empty


def test_rules_that_change_nothing_give_one_outcome():
    have = a_study()
    rules = reanalysis.choices_of(have, {})
    table = curve.compute_outcomes(have, curve.list_specifications(rules))
    whole = curve.summarise_claims(table, have)
    assert whole["specifications"].tolist() == [192] * 3 and whole["outcomes"].tolist() == [1] * 3
