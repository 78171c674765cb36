"""What a study of another size takes, against a calculation by hand; the guide shows it as it is."""

import pytest

from alignment.asking import plan, scale
from alignment.runner import parameters
from alignment.study import loader
from alignment.study.paths import ROOT
from utils.errors import Problem


def estimates(name: str):
    study = loader.load(name)
    return scale.estimate(study, plan.runs_by_step(study, parameters.defaults() | study.parameters))


def test_hours_money_and_disk_of_the_papers_study_as_calculated_by_hand():
    million = estimates("paper").set_index("calls").loc[10**6]
    # three of the four models are asked at one endpoint, 64 in flight, ten seconds a reply
    assert million["hours"] == pytest.approx(750_000 / 64 * 10 / 3600)
    assert million["in_flight"] == pytest.approx(750_000 * 10 / 86_400)
    assert million["usd"][0] == pytest.approx(78.354 / 212_600 * 10**6, rel=1e-4)
    assert million["usd_batch"][1] == million["usd"][1] / 2
    assert million["files"] == 4 * 5 and million["disk"] == pytest.approx(10**6 * scale.DISK / 1e9)


def test_each_size_is_told_what_serves():
    ways = estimates("paper")["way"].tolist()
    between = "live with more in flight, or by file"
    assert ways == ["live", between, between, "by file, or a cluster"]


def test_the_guide_shows_the_estimates_of_the_papers_study():
    table = scale.as_markdown(estimates("paper"))
    assert table in (ROOT / "studies" / "README.md").read_text(encoding="utf-8")


def test_a_study_that_asks_nobody_has_no_scale():
    with pytest.raises(Problem, match="asks nobody"):
        estimates("imported")
