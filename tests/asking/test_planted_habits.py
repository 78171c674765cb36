"""The habits planted in the default study: recovered, and checks that can fail."""

from dataclasses import replace

import numpy as np
import pytest

from alignment.asking import ground_truth, planted_habits
from alignment.study.loader import load
from alignment.study.workspace import Workspace
from utils.cells import is_stance


@pytest.fixture(scope="module")
def demo():
    return Workspace(load("demo"), "demo")


@pytest.fixture(scope="module")
def stances(demo):
    return demo.read("07_stances")


def assess(workspace, stances):
    return planted_habits.assess(workspace, stances, np.random.default_rng(1), 200)


def test_what_was_planted_is_recovered_and_every_control_fails(demo, stances):
    found = assess(demo, stances)
    controls = found.controls.set_index("control")
    assert controls.loc["as estimated", "holds"] and len(controls) == 4
    assert not controls.query("must == 'fail'")["holds"].any()
    planted = found.habits.query("planted > 0.1").groupby("measure")["model"].agg(set)
    assert planted["leaning to agree"] == {"sim-us-1", "sim-cn-1"}
    assert planted["leaning to the first"] == {"sim-cn-1"}
    assert planted["neither if offered"] == {"sim-cn-2"}


def test_habits_that_nobody_planted_are_told_from_those_that_were(demo, stances):
    without = demo.study.simulation.model_copy(update={"habits": {}})
    other = replace(demo, study=demo.study.model_copy(update={"simulation": without}))
    found = assess(other, stances)
    controls = found.controls.set_index("control")
    assert not controls.loc["as estimated", "holds"]
    assert list(controls.index) == ["as estimated", planted_habits.MISREAD]
    assert (found.habits["planted"] == 0).all()


@pytest.mark.parametrize("wording", ["negated", "turned", "unforced"])
def test_a_wording_read_the_wrong_way_round_is_noticed(demo, stances, wording):
    spoilt = stances.assign(**{wording: 1 - stances[wording].abs() if wording == "unforced"
                               else -stances[wording]})  # fmt: skip
    controls = assess(demo, spoilt).controls.set_index("control")
    assert not controls.loc["as estimated", "holds"]


def test_a_habit_answers_alike_in_every_language_and_its_wordings(demo):
    truth = ground_truth.plant(demo, [f"x{i}" for i in range(400)])
    truth = truth[truth["step"].map(is_stance)]
    wide = truth.pivot(index=["statement_id", "model", "language"], columns="step", values="value")
    agrees_with_both = (wide["stance"] == 1) & (wide["stance_negated"] == -1)
    share = agrees_with_both.groupby(["model", "language"]).mean().unstack()
    assert (share["en"] == share["zh"]).all()
    assert abs(share.loc["sim-us-1", "en"] - 0.25) < 0.08
    assert abs(share.loc["sim-cn-1", "en"] - 0.3) < 0.08
    assert share.loc["sim-us-2", "en"] == 0 == share.loc["sim-cn-2", "en"]
    middle = (wide["stance_unforced"] == 0).groupby("model").mean()
    assert abs(middle["sim-cn-2"] - 0.2) < 0.08 and middle.drop("sim-cn-2").eq(0).all()


def test_nothing_is_compared_where_nothing_was_planted_or_one_wording_was_asked(demo, stances):
    live = replace(demo, study=demo.study.model_copy(update={"respondents": "live"}))
    one = stances[["statement_id", "model", "language", "asked"]]
    assert assess(live, stances).controls.empty and assess(demo, one).habits.empty


@pytest.mark.parametrize("wording", [["reworded"], ["turned"], ["unforced"], ["negated", "turned"]])
def test_any_choice_of_wordings_is_compared_as_far_as_it_can_be(demo, stances, wording):
    names = ["statement_id", "model", "language", "asked", *wording]
    names += ["corrected", "consistent"] if "negated" in wording else []
    fewer = replace(demo, study=demo.study.model_copy(update={"wordings": wording}))
    controls = assess(fewer, stances[names]).controls
    assert controls.empty == (wording == ["reworded"])
    assert not controls.query("must == 'fail'")["holds"].any()
