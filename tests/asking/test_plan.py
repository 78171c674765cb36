"""The price is known before, from guesses, then from real replies; and the cap always holds."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alignment import cli
from alignment.asking import answers, archive, plan, retries, serving, simulation
from alignment.asking.budget import Budget
from alignment.runner import plan_and_pilot, plan_preview
from alignment.study import loader, schema, table_files, workspace
from alignment.study.workspace import Workspace
from odd_endpoints import FAILED
from servers import Faulty, serve
from three_statements import live, relevance
from utils.errors import Problem

PAPER = loader.load("paper")
SIZES = {"relevance": 776, "polarity": 378, "stance": 281}
FIVE = {"relevance": 5, "polarity": 5, "stance": 5}


def test_the_papers_study_is_212600_calls():
    calls = plan.plan_expected_calls(PAPER, FIVE)
    assert calls.groupby("step")["calls"].sum().to_dict() == {
        "polarity": 15_120,
        "relevance": 186_240,
        "stance": 11_240,
    }


def test_one_reading_that_fits_the_papers_own_total_is_99992():
    calls = plan.plan_calls(PAPER, SIZES | {"relevance": 1534}, FIVE | {"relevance": 1})
    assert calls["calls"].sum() == 1534 * 6 * 8 + 378 * 8 * 5 + 281 * 8 * 5 == 99_992


def test_a_cell_that_was_asked_twice_costs_both(tmp_path):
    row = {
        "step": "stance",
        "model": "GPT",
        "language": "zh",
        "text": "x",
        "respondents": "live",
        "prompt_tokens": 100,
    }
    costs = {"a": [(50, 0.1), (50, 0.1)], "b": [(300, 0.4)]}
    with archive.open_archive(tmp_path / "a.sqlite") as connection:
        for key, attempts in costs.items():
            archive.add_records(
                connection,
                [
                    row | {"key": key, "attempt": i, "completion_tokens": t, "cost": c}
                    for i, (t, c) in enumerate(attempts, 1)
                ],
            )
        used = archive.average_usage(connection).iloc[0]
    assert used[["cells", "input_tokens", "output_tokens"]].tolist() == [2, 150, 200]
    assert used["usd"] == pytest.approx(0.3) and used["usd_error"] == pytest.approx(
        0.1
    )  # 0.2 and 0.4: s / sqrt(2)


def test_tries_that_brought_no_reply_and_may_be_charged_raise_the_plan_as_they_raise_what_is_spent(
    tmp_path,
):
    row = {"step": "stance", "model": "GPT", "language": "zh", "respondents": "live"}
    replied = {"text": "x", "prompt_tokens": 100, "completion_tokens": 50, "cost": 0.1}
    with archive.open_archive(tmp_path / "a.sqlite") as connection:
        lost = [
            ("a", 1, {"lost": 2, "lost_cost": 0.4}),
            ("a", 2, replied),
            ("b", 1, replied | {"lost": 1, "lost_cost": 0.2}),
            ("c", 1, {"lost": 1, "lost_cost": 0.2}),
        ]
        archive.add_records(
            connection, [row | what | {"key": key, "attempt": n} for key, n, what in lost]
        )
        used, (_, spent) = (
            archive.average_usage(connection).iloc[0],
            archive.sum_spending(connection),
        )
    assert used[["cells", "input_tokens", "output_tokens"]].tolist() == [2, 100, 50]
    assert 3 * used["usd"] == pytest.approx(spent) == pytest.approx(1.0)


def real(cells: int, usd: float, error: float) -> pd.DataFrame:
    names = "step model language cells input_tokens output_tokens usd usd_error".split()
    row = ("stance", "DeepSeek", "zh", cells, 150.0, 2000.0, usd, error)
    return pd.DataFrame([row], columns=names)


def test_real_replies_take_the_place_of_guesses_where_there_are_enough():
    guessed = plan.plan_calls(PAPER, SIZES, FIVE)
    few = plan.plan_calls(PAPER, SIZES, FIVE, real(plan.ENOUGH - 1, 0.005, 0.0005))
    pd.testing.assert_frame_equal(guessed, few)
    frame = plan.plan_calls(PAPER, SIZES, FIVE, real(40, 0.005, 0.0005))
    changed = frame[frame["basis"] != "a guess"]
    assert changed["basis"].tolist() == ["40 cells"] and changed["output_tokens"].tolist() == [
        1405 * 2000
    ]
    assert changed[["usd_low", "usd_high"]].to_numpy().tolist() == [
        pytest.approx([1405 * 0.0035, 1405 * 0.0065])
    ]


@given(
    st.floats(0, 10),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 1), st.integers(0, 2)), max_size=30),
)
def test_a_cap_holds_whatever_is_asked_lost_and_asked_again(usd, requests):
    budget, under_way = Budget(schema.Cap(usd=usd, calls=20), calls=0, usd=0.0), []
    for most, share, lost in requests:
        if budget.reserve(most):
            goes_on = all(budget.count_lost_try(most) for _ in range(lost))
            under_way.append((most, share * most if goes_on else 0.0))
        if len(under_way) > 3:
            budget.settle(*under_way.pop(0))
        assert budget.calls <= 20
    for most, cost in under_way:
        budget.settle(most, cost)
    assert budget.reserved == pytest.approx(0.0, abs=1e-9)
    assert budget.calls <= 20


def test_a_lost_try_counts_with_the_most_that_it_can_have_cost():
    budget = Budget(schema.Cap(usd=1.0), calls=0, usd=0.0)
    assert budget.reserve(0.4) and budget.count_lost_try(0.4)
    assert not budget.count_lost_try(0.4)  # 0.8 may be gone, and a third try could take it to 1.2
    budget.settle(0.4, 0.0)
    assert budget.usd == pytest.approx(0.8) and budget.reserved == pytest.approx(0.0)


@pytest.mark.filterwarnings("ignore")
def test_a_pilot_asks_a_few_real_cells_that_are_not_asked_again(here):
    server = Faulty(simulation.app(here))
    with serve(server) as address:
        asked = live(here, address)
        report = plan_and_pilot.pilot(asked, 10)
        piloted = sum(server.asked.values())
        cells = plan.step_cells(asked, "relevance", 1)
        answers.collect(asked, cells)
    relevant, others = 10 * 4 * 2, (1 + 5) * 3 * 4 * 2  # three statements, five wordings
    assert relevant + others <= piloted <= relevant + others + 8  # some are asked once more
    relevance = sum(n for body, n in server.answered.items() if b'"seed":101' in body)
    assert relevance == len(cells) + others
    assert report.count("for example: ") == 7 * 8 and "sim-cn-2 in zh: 10 answered" in report
    assert "(planned with" in report
    sized = asked.study.model_copy(
        update={"expected": schema.Expected(statements=3, pairs=2, labelled=2)}
    )
    planned = plan_preview.plan_calls(
        Workspace(sized, "demo"), {"relevance_runs": 1, "polarity_runs": 1, "stance_runs": 1}
    )
    assert planned.query("step == 'relevance'")["basis"].str.endswith("cells").all()


@pytest.mark.filterwarnings("ignore")
def test_a_pilot_keeps_to_the_cap_of_the_command_line(here, elsewhere, monkeypatch, capsys):
    for folder in ("raw", "processed"):
        data = elsewhere / "data" / folder
        shutil.copytree(data / "demo", data / "capped")
    server = Faulty(simulation.app(here))
    with serve(server) as address:
        models = {
            name: {"price": {"input": 0, "output": 1000}, "max_tokens": 100}
            for name in here.study.models
        }
        said = {
            "name": "capped",
            "extends": "demo.yaml",
            "respondents": "live",
            "models": models,
            "endpoints": {"simulated": {"base_url": f"{address}/v1"}},
        }
        (elsewhere / "studies" / "capped.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
        assert cli.main(["run", "--study", "capped", "--pilot", "10", "--cap", "0.25"]) == 0
    assert "cap is reached" in capsys.readouterr().out
    with archive.open_archive(elsewhere / "data" / "raw" / "capped" / archive.FILE) as connection:
        calls, usd = archive.sum_spending(connection)
    assert 0 < calls < 3 * 80 and 0 < usd <= 0.25


def test_a_cap_in_money_on_the_command_line_leaves_the_cap_on_calls():
    capped = workspace.with_cap(PAPER.model_copy(update={"cap": schema.Cap(calls=1000)}), 300.0)
    assert capped.cap == schema.Cap(usd=300, calls=1000)


@pytest.mark.parametrize(
    ("changed", "recorded"), [({}, True), ({"respondents": "imported"}, False)]
)
def test_where_nothing_is_asked_a_pilot_asks_nothing_either(here, changed, recorded):
    server = Faulty(simulation.app(here))
    with serve(server) as address, pytest.raises(Problem, match="leave out --pilot"):
        plan_and_pilot.pilot(replace(live(here, address, **changed), recorded=recorded), 1)
    assert not server.asked


def test_the_answers_alone_can_be_taken_away_without_any_text(here, tmp_path):
    with pytest.raises(Problem, match="has no answers yet"):
        answers.export_answers(here, tmp_path / "mine.csv.gz")
    frame = answers.collect(here, plan.step_cells(here, "relevance", 1))
    for name in ("04_answers", "05_answers", "07_answers", "07_wordings"):
        rows = frame if name == "04_answers" else frame.head(0)
        table_files.write(rows, here.processed / f"{name}.csv.gz")
    assert answers.export_answers(here, tmp_path / "mine.csv.gz") == len(frame)
    taken = table_files.read(tmp_path / "mine.csv.gz")
    assert list(taken.columns) == answers.COLUMNS and set(taken["respondents"]) == {"simulated"}


def test_the_archive_alone_serves_a_recorded_study_and_a_missing_cell_stops_it_by_name(
    here,
):
    recorded = replace(here, recorded=True)
    cells = plan.step_cells(here, "relevance", 1)
    with pytest.raises(Problem, match="there are no recorded answers"):
        answers.collect(recorded, cells)
    frame = answers.collect(here, cells)
    pd.testing.assert_frame_equal(frame, answers.collect(recorded, cells))
    with archive.open_archive(here.raw / archive.FILE) as connection:
        connection.execute("delete from replies where key = (select key from replies limit 1)")
    with pytest.raises(
        Problem,
        match=r"The cell relevance of demo-.* is missing from .*replies.sqlite \(1 such cells\)",
    ):
        answers.collect(recorded, cells)


def test_a_pilot_too_small_to_plan_by_is_refused(here):
    with pytest.raises(Problem, match="--pilot 3 says too little.*Ask 10 or more"):
        plan_and_pilot.pilot(live(here, "http://127.0.0.1:9"), 3)


def test_a_pilot_names_a_model_that_fails_and_asks_the_others(here, monkeypatch):
    monkeypatch.setattr(retries, "FIRST_TRIES", 1)
    down = FAILED["an error in the body"]
    server = Faulty(
        simulation.app(here), lambda asked, body: down if body["model"] == "sim-us-1" else None
    )
    with serve(server) as address:
        report = plan_and_pilot.pilot(live(here, address), 10)
    assert '"sim-us-1" was stopped' in report and "502: upstream failed" in report
    assert "sim-us-2 in en: 10 answered" in report


def test_what_stands_in_the_way_is_told_at_once(here, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    endpoint = schema.Endpoint(base_url="http://127.0.0.1:9/v1", key="NO_SUCH_KEY")
    asked = live(here, "", endpoints={"simulated": endpoint}, cap=schema.Cap(usd=1))
    calls = plan_preview.plan_calls(asked, {})
    obstacles = plan_and_pilot.find_obstacles(asked, calls)
    assert "without the price of sim-us-1" in obstacles[0] and "NO_SUCH_KEY" in obstacles[1]


def test_where_no_call_is_new_no_cap_is_asked_for(here):
    cells = relevance(here, 1)
    with serve(simulation.app(here)) as address:
        frame = answers.collect(live(here, address), cells)
        again = answers.collect(live(here, address, cap=None), cells)
    assert again.equals(frame)
    calls = pd.DataFrame({"new": [0], "sure": [True]})
    assert not plan_and_pilot.find_obstacles(live(here, "", cap=None), calls)


def test_a_guess_of_a_model_that_thinks_is_wide_enough_for_what_was_reported():
    cost = plan.plan_expected_calls(PAPER, {"relevance": 5, "polarity": 5, "stance": 5})
    thinks = cost[cost["model"] == "DeepSeek"]
    price = PAPER.models["DeepSeek"].price
    expected = (thinks["input_tokens"] * price.input + thinks["output_tokens"] * price.output) / 1e6
    tripled = expected + 2 * thinks["output_tokens"] * price.output / 1e6
    assert (tripled <= thinks["usd_high"]).all()


def test_a_rule_that_lets_more_through_makes_the_expected_sizes_a_lower_bound(elsewhere, capsys):
    for rule, word in (("min_votes=0", "At least"), ("min_votes=9", "About")):
        assert cli.main(["run", "--study", "paper", "-p", rule, "--plan"]) == 0
        assert f"{word} 212,600 new calls" in capsys.readouterr().out


def test_when_asking_ends_it_says_what_it_came_to(here, monkeypatch):
    monkeypatch.setattr(retries, "FIRST_TRIES", 1)
    cells, refuse = relevance(here, 1), FAILED["an error in the body"]
    is_bad = "Tax meat."
    server = Faulty(
        simulation.app(here), lambda asked, body: refuse if is_bad in str(body) else None
    )
    with serve(server) as address:
        asked = live(here, address)
        frame = answers.collect(asked, cells)
    usage = serving.read_usage(asked)
    assert list(usage["model"]) == list(here.study.models) and usage["calls"].sum() >= len(cells)
    assert (usage["failed"] == 6).all()  # one statement, in English, on six dimensions
    why = '"502: upstream failed"'
    assert f"**24 failed**: 24 with {why}" in serving.describe_failures(asked, frame)
    assert serving.summarise(asked).count(f"6 without a reply: 6 with {why}") == 4


def test_a_plan_points_out_models_that_no_provider_is_pinned_for(elsewhere, capsys):
    assert cli.main(["run", "--study", "paper", "--plan"]) == 0
    assert "Not pinned to one provider: Llama, DeepSeek, Qwen" in capsys.readouterr().out
