"""Every planned cell ends in exactly one state, whatever the endpoint does; and nothing is asked twice."""

import json

import pandas as pd
import pytest

from servers import Faulty, answer, serve
from utils import answers, asking, endpoint, plan, simulation, study, tables
from utils.errors import Problem
from utils.execution import Execution

STATES = ("answered", "refused", "unreadable", "cut off", "wrong language")


@pytest.fixture
def here(elsewhere, monkeypatch) -> Execution:
    """A live study of the demo's respondents, with three statements, that has yet to be given an endpoint."""
    monkeypatch.setattr(endpoint, "wait", lambda attempt, retry_after=None: 0.001)
    demo = study.load("demo")
    made = Execution(demo, "demo")
    statements = pd.DataFrame({"statement_id": ["demo-2.1", "demo-3.1", "demo-4.1"], "debate_id": "x", "text": ["Ban cars.", "Plant trees.", "Tax meat."], "votes": 5})  # fmt: skip
    tables.write(statements, made.processed / "02_statements.csv")
    chinese = statements.assign(language="zh", text=["禁止汽车。", "多种树。", "对肉类征税。"])
    tables.write(chinese[["statement_id", "language", "text"]], made.processed / "03_translations.csv")
    return made


def live(here: Execution, address: str, **changes) -> Execution:
    """The same study, asked over HTTP."""
    server = study.Endpoint(base_url=f"{address}/v1", in_flight=16, timeout_seconds=5, send_seed=True)
    return Execution(here.study.model_copy(update={"respondents": "live", "endpoints": {"simulated": server}} | changes), "demo")


def relevance(here: Execution, runs: int = 2) -> pd.DataFrame:
    return plan.step_cells(here, "relevance", runs)


def test_simulated_respondents_answer_in_the_process_and_only_once(here):
    cells = relevance(here)
    first = answers.answers(here, cells)
    assert len(first) == 3 * 6 * 4 * 2 * 2 and set(first["state"]) <= set(STATES)
    assert set(first["respondents"]) == {"simulated"}
    with_nobody = Execution(here.study.model_copy(update={"endpoints": {}}), "demo")
    pd.testing.assert_frame_equal(first, answers.answers(with_nobody, cells))


def test_the_same_questions_get_the_same_answers_in_a_new_archive(here):
    first = answers.answers(here, relevance(here))
    (here.raw / "replies.sqlite").unlink()
    pd.testing.assert_frame_equal(first, answers.answers(here, relevance(here)))


def test_a_simulated_reply_is_marked_as_such_even_in_a_live_study(here):
    with serve(simulation.app(here)) as address:
        found = answers.answers(live(here, address), relevance(here))
    assert set(found["respondents"]) == {"simulated"}


def faults():
    """How an endpoint fails the first times that it is asked a question."""

    async def rate(send):
        await answer(send, 429, b'{"error": {"message": "slow down"}}', retry_after="0.01")

    async def broken(send):
        await answer(send, 500, b"oops", b"text/html")

    async def half(send):
        await answer(send, 200, b'{"choices": [{"mess')

    async def empty(send):
        await answer(send, 200, b'{"choices": []}')

    async def page(send):
        await answer(send, 200, b"<html>proxy</html>", b"text/html")

    async def cut(send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        raise ConnectionError

    async def list_answer(send):
        await answer(send, 200, b"[]")

    return [rate, broken, half, empty, page, cut, list_answer]


@pytest.mark.filterwarnings("ignore")
def test_whatever_fails_every_cell_is_answered_once_and_none_is_invented(here):
    kinds = faults()
    server = Faulty(simulation.app(here), lambda asked, body: kinds[(body["seed"] + len(str(body))) % len(kinds)] if asked <= 2 else None)
    cells = relevance(here)
    with serve(server) as address:
        found = answers.answers(live(here, address), cells)
        assert max(server.answered.values()) == 1
        before = sum(server.asked.values())
        pd.testing.assert_frame_equal(found, answers.answers(live(here, address), cells))
        assert sum(server.asked.values()) == before
    assert set(found["state"]) <= set(STATES) and len(found) == len(cells)
    expected = answers.answers(here, cells)
    pd.testing.assert_series_equal(found["answer"], expected["answer"])


def test_an_endpoint_that_never_recovers_leaves_failed_cells_that_are_asked_again_next_time(here, monkeypatch):
    monkeypatch.setattr(asking, "TRIES", 2)

    async def broken(send):
        await answer(send, 503, b"{}")

    down = Faulty(simulation.app(here), lambda asked, body: broken)
    cells = relevance(here, 1)
    with serve(down) as address:
        found = answers.answers(live(here, address), cells)
    assert set(found["state"]) == {"failed"} and set(found["answer"]) == {""}
    with serve(simulation.app(here)) as address:
        found = answers.answers(live(here, address), cells)
    assert "failed" not in set(found["state"])


def test_a_moved_port_asks_nothing_again(here):
    cells = relevance(here, 1)
    with serve(simulation.app(here)) as address:
        first = answers.answers(live(here, address), cells)
    pd.testing.assert_frame_equal(first, answers.answers(live(here, "http://127.0.0.1:9"), cells))


@pytest.mark.parametrize(("status", "said"), [(401, "the key was refused"), (404, "the model is unknown")])
def test_a_refused_key_stops_the_model_at_once_with_a_sentence(here, status, said):
    async def refuse(send):
        await answer(send, status, b'{"error": {"message": "no"}}')

    server = Faulty(simulation.app(here), lambda asked, body: refuse if body["model"] == "sim-us-1" else None)
    cells = relevance(here, 1)
    with serve(server) as address, pytest.raises(Problem, match=f'"sim-us-1" was stopped: {said}'):
        answers.answers(live(here, address), cells)
    assert sum(n for body, n in server.asked.items() if json.loads(body)["model"] == "sim-us-1") <= 16
    assert sum(n for body, n in server.answered.items() if json.loads(body)["model"] == "sim-cn-1") >= 36


def test_the_cap_on_calls_holds_across_restarts(here):
    server, cells = Faulty(simulation.app(here)), relevance(here, 1)
    with serve(server) as address:
        capped = live(here, address, cap=study.Cap(calls=50))
        for _ in range(3):
            with pytest.raises(Problem, match="cap is reached: 50 calls"):
                answers.answers(capped, cells)
    assert sum(server.asked.values()) == 50


def test_the_cap_in_money_is_never_exceeded(here):
    price = study.Price(input=1000.0, output=1000.0)
    models = {name: m.model_copy(update={"price": price, "max_tokens": 100}) for name, m in here.study.models.items()}
    server, cells = Faulty(simulation.app(here)), relevance(here, 1)
    with serve(server) as address, pytest.raises(Problem, match="cap is reached"):
        answers.answers(live(here, address, models=models, cap=study.Cap(usd=20.0)), cells)
    from utils import replies

    with replies.archive(here.raw / "replies.sqlite") as archive:
        calls, usd = replies.spent(archive)
    assert 0 < calls < len(cells) and 0 < usd <= 20.0


def test_a_missing_key_is_told_before_anything_is_asked(here, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    server = Faulty(simulation.app(here))
    with serve(server) as address:
        server = study.Endpoint(base_url=f"{address}/v1", key="SOME_KEY")
        asked = live(here, address, endpoints={"simulated": server})
        with pytest.raises(Problem, match="environment variable SOME_KEY"):
            answers.answers(asked, relevance(here, 1))
    assert not server.asked


def recorded(here: Execution, change) -> Execution:
    """A study of imported answers: those of the simulated respondents, changed."""
    found = answers.answers(here, relevance(here, 1)).assign(respondents="imported")
    tables.write(change(found), here.raw / answers.FILE)
    return Execution(here.study.model_copy(update={"respondents": "imported"}), "demo")


def test_recorded_answers_give_the_same_without_an_endpoint(here):
    given = recorded(here, lambda f: f.sample(frac=1, random_state=1))
    found = answers.answers(given, relevance(here, 1))
    assert found["answer"].tolist() == answers.answers(here, relevance(here, 1))["answer"].tolist()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.iloc[1:], r"is missing from .* \(1 such cells\)"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "stands there twice"),
        (lambda f: f.assign(statement_id=f["statement_id"].mask(f.index == 0, "demo-99.9")), "is missing from|is not expected in"),
        (lambda f: f.assign(model=f["model"].mask(f.index == 0, "gpt")), 'unknown model "gpt"'),
        (lambda f: f.assign(answer=f["answer"].mask(f.index == 0, "maybe")), 'with "maybe"'),
        (lambda f: f.drop(columns="run"), 'no column "run"'),
    ],
)
def test_a_missing_double_or_unknown_cell_stops_by_name(here, change, said):
    with pytest.raises(Problem, match=said):
        answers.answers(recorded(here, change), relevance(here, 1))
