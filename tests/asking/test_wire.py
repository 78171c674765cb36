"""What odd endpoints do to answers and to the bill: real servers, real executions."""

import json
import socket

import pytest

from alignment.asking import (
    answers,
    archive,
    budget,
    health,
    record,
    retries,
    simulation,
)
from alignment.study import schema
from alignment.study.schema import Price
from odd_endpoints import AS_USUAL, BLOCKED, FAILED, STOPPED, UNUSABLE, completion, error, says
from servers import Faulty, serve
from three_statements import live, relevance
from utils.errors import Problem

PRICE = Price(input=1.0, output=10.0)
REPLY = 100e-6 + 10 * 10e-6  # US dollars of 100 tokens in and 10 out


def asked(here, address, price=PRICE, **changes):
    """The study over HTTP, one model that has a price."""
    models = {"sim-us-1": here.study.models["sim-us-1"].model_copy(update={"price": price})}
    return live(here, address, models=models, judges=[], **changes)


def one_cell(here, n: int = 1):
    return relevance(here, 1).query("model == 'sim-us-1' and language == 'en'").iloc[:n]


def spent(here) -> tuple[int, float]:
    with archive.open_archive(here.raw / archive.FILE) as connection:
        return archive.sum_spending(connection)


def ask(here, way, n=1, **changes):
    """Ask n cells of a server that always answers one way; the answers, and how often it was."""
    server = Faulty(None, lambda asked, body: way)
    with serve(server) as address:
        frame = answers.collect(asked(here, address, **changes), one_cell(here, n))
    return frame, sum(server.asked.values())


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(retries, "seconds_to_wait", lambda attempt, after=None: 0.01)


@pytest.mark.parametrize("way", AS_USUAL)
def test_a_body_in_odd_dress_is_read_as_usual(here, way):
    frame, calls = ask(here, AS_USUAL[way])
    assert list(frame["answer"]) == ["yes"] and calls == 1
    with archive.open_archive(here.raw / archive.FILE) as connection:
        (raw,) = connection.execute("select response from wire").fetchone()
    assert "Answer" in raw


@pytest.mark.parametrize("way", FAILED)
def test_an_error_in_place_of_a_reply_is_tried_again_costs_nothing_and_stays_open(here, way):
    frame, calls = ask(here, FAILED[way])
    assert list(frame["state"]) == ["failed"]
    assert calls == 2 * retries.FIRST_TRIES  # and one more round
    assert spent(here) == (2, 0.0)
    frame, calls = ask(here, says(completion()))
    assert list(frame["answer"]) == ["yes"] and calls == 1


def test_an_outage_costs_nothing_but_time(here):
    down = FAILED["an error in the choice"]
    server = Faulty(simulation.app(here), lambda asked, body: down if 1 <= asked <= 5 else None)
    with serve(server) as address:
        frame = answers.collect(asked(here, address), one_cell(here, 18))
    assert "failed" not in set(frame["state"]) and max(server.answered.values()) == 1
    assert spent(here)[0] == 18


@pytest.mark.parametrize("way", UNUSABLE)
def test_a_body_that_cannot_be_used_is_not_asked_for_again_and_again(here, way):
    frame, calls = ask(here, UNUSABLE[way])
    assert list(frame["state"]) == ["failed"]
    assert calls == 2 * retries.PAID_TRIES
    n, usd = spent(here)
    most = budget.highest_cost(asked(here, "").study, "sim-us-1", _messages(here))
    assert usd == pytest.approx(calls * most)


def _messages(here):
    with archive.open_archive(here.raw / archive.FILE) as connection:
        (sent,) = connection.execute("select request from wire").fetchone()
    return json.loads(sent)["messages"]


@pytest.mark.parametrize("way", BLOCKED)
def test_a_blocked_prompt_is_refused_and_nobody_is_stopped(here, way):
    frame, calls = ask(here, BLOCKED[way], n=18)
    assert set(frame["state"]) == {"refused"} and calls == 18
    again, calls = ask(here, BLOCKED[way], n=18)
    assert calls == 0
    is_reply = way in ("no choice", "by its end", "without a message")  # its tokens are paid
    assert (spent(here)[1] > 0) == is_reply


@pytest.mark.parametrize("way", STOPPED)
def test_what_no_trying_mends_stops_the_model_at_once(here, way):
    answer, words = STOPPED[way]
    with pytest.raises(Problem, match=words):
        ask(here, answer, n=18, in_flight=1)
    assert spent(here)[1] == 0.0


def test_a_key_that_an_endpoint_repeats_is_shown_nowhere(here, monkeypatch):
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    server = schema.Endpoint(base_url="x", key="SOME_KEY", in_flight=4)
    way = says(error("Insufficient credits of sk-very-secret", code=402), 402)
    faulty = Faulty(None, lambda asked, body: way)
    with serve(faulty) as address, pytest.raises(Problem) as said:
        settings = server.model_copy(update={"base_url": f"{address}/v1"})
        answers.collect(asked(here, "", endpoints={"simulated": settings}), one_cell(here))
    assert "Insufficient credits of (the key)" in str(said.value)
    assert b"sk-very-secret" not in (here.raw / archive.FILE).read_bytes()


def test_what_never_left_costs_nothing_and_is_no_call(here):
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for address in (nobody, "http://no-such-host.invalid"):
            with pytest.raises(Problem, match="all of its last 10 requests failed"):
                answers.collect(asked(here, address), one_cell(here, 18))
    assert spent(here) == (0, 0.0)
    frame, calls = ask(here, says(completion()), n=18)
    assert set(frame["answer"]) == {"yes"} and calls == 18 == spent(here)[0]


def test_thoughts_apart_from_the_reply_are_paid(here):
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 2110}
    ask(here, says(completion(usage=usage)))
    assert spent(here) == (1, pytest.approx(100e-6 + 2010 * 10e-6))


def test_a_reply_without_usage_costs_no_less_than_it_can_have(here):
    ask(here, AS_USUAL["no usage"])
    assert spent(here)[1] > REPLY
    (here.raw / archive.FILE).unlink()
    ask(here, says(completion(usage={"cost": "0.25"})))
    assert spent(here)[1] == 0.25


def test_a_cap_in_dollars_needs_a_price(here):
    cap = schema.Cap(usd=5.0)
    with pytest.raises(Problem, match="without the price of sim-us-1"):
        ask(here, says(completion()), price=None, cap=cap)
    frame, calls = ask(here, says(completion()), price=Price(input=0, output=0), cap=cap)
    assert calls == 1


def test_a_cap_that_is_reached_says_who_has_never_answered(here):
    models = {
        name: here.study.models[name].model_copy(update={"price": PRICE})
        for name in ("sim-us-1", "sim-cn-1")
    }
    server = Faulty(simulation.app(here))
    cells = relevance(here, 1).query("model in @models and language == 'en'")
    with serve(server) as address:
        study = live(here, address, models=models, judges=[], cap=schema.Cap(calls=3), in_flight=1)
        with pytest.raises(Problem, match="No reply has come yet of sim-cn-1"):
            answers.collect(study, cells.sort_values("model", ascending=False))


def test_a_model_of_which_nothing_can_be_read_is_stopped_with_an_example(here):
    server = Faulty(None, lambda asked, body: says(completion("I like trains.")))
    cells = relevance(here, 3).query("model == 'sim-us-1' and language == 'en'")
    with serve(server) as address, pytest.raises(Problem, match="30 are unreadable.*like trains"):
        answers.collect(asked(here, address, in_flight=1), cells)
    assert sum(server.asked.values()) == health.IN_A_ROW


def test_a_model_that_fails_again_and_again_after_its_first_reply_is_stopped(here, monkeypatch):
    monkeypatch.setattr(retries, "TRIES", 2)
    down = FAILED["an error in the body"]
    good = []

    def first(asked, body):
        good.append(body)
        return None if len(good) == 1 else down

    server = Faulty(simulation.app(here), first)
    cells = relevance(here, 3).query("model == 'sim-us-1' and language == 'en'")
    with serve(server) as address, pytest.raises(Problem, match="last 30 requests failed"):
        answers.collect(asked(here, address, in_flight=1), cells)


def test_a_body_too_deep_to_be_read_fails_its_cell_alone(here):
    frame, _ = ask(here, says(b'{"choices": ' + b"[" * 100_000))
    assert list(frame["state"]) == ["failed"]


def test_an_old_reply_that_ended_in_an_error_is_open_again(here):
    ask(here, says(completion()))
    with archive.open_archive(here.raw / archive.FILE) as connection:
        connection.execute("update replies set finish_reason = 'error'")
    frame, calls = ask(here, says(completion()))
    assert list(frame["answer"]) == ["yes"] and calls == 1


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({}, (None, None)),
        ({"prompt_tokens": "100", "completion_tokens": 10.0}, (100, 10)),
        ({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 110}, (100, 50)),
        ({"prompt_tokens": 100, "total_tokens": 300}, (100, 200)),
        ({"prompt_tokens": -1, "completion_tokens": True}, (None, None)),
        ({"prompt_tokens": float("nan"), "completion_tokens": float("inf")}, (None, None)),
    ],
)
def test_tokens_are_what_a_server_can_have_meant(usage, tokens):
    assert budget.read_tokens(usage) == tokens


def test_every_body_is_a_completion_an_error_or_no_json_object():
    for body in (b"null", b"1", b'"x"', b"{", b"data: ", b"data: [DONE]", b"\xff"):
        with pytest.raises(ValueError):
            record.parse(body)
    assert record.find_error({}) == (502, {"message": "an empty object"})
