"""Every planned cell ends in one state, whatever the endpoint does; nothing is asked twice."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
from dataclasses import replace
from email.utils import formatdate

import pandas as pd
import pytest

from alignment import cli
from alignment.asking import (
    answers,
    archive,
    collection,
    health,
    plan,
    retries,
    serving,
    simulation,
    writer,
)
from alignment.asking.request import Request
from alignment.study import schema, table_files
from alignment.study.workspace import Workspace
from servers import FAULTS, Faulty, answer, serve
from three_statements import failing, live, relevance
from utils.accounting import account_cells
from utils.errors import Problem
from utils.votes import cast_votes

STATES = ("answered", "refused", "unreadable", "cut off", "wrong language")


def test_a_live_study_without_a_cap_asks_nothing(here):
    server = Faulty(simulation.app(here))
    with serve(server) as address, pytest.raises(Problem, match="only with a cap"):
        answers.collect(live(here, address, cap=None), relevance(here, 1))
    assert not server.asked


def test_simulated_respondents_answer_in_the_process_and_only_once(here):
    cells = relevance(here)
    first = answers.collect(here, cells)
    assert len(first) == 3 * 6 * 4 * 2 * 2 and set(first["state"]) <= set(STATES)
    assert set(first["respondents"]) == {"simulated"}
    with_nobody = Workspace(here.study.model_copy(update={"endpoints": {}}), "demo")
    pd.testing.assert_frame_equal(first, answers.collect(with_nobody, cells))


def test_the_same_questions_get_the_same_answers_in_a_new_archive(here):
    first = answers.collect(here, relevance(here))
    (here.raw / "replies.sqlite").unlink()
    pd.testing.assert_frame_equal(first, answers.collect(here, relevance(here)))


def test_a_simulated_reply_is_marked_as_such_even_in_a_live_study(here):
    with serve(simulation.app(here)) as address:
        frame = answers.collect(live(here, address), relevance(here))
    assert set(frame["respondents"]) == {"simulated"}


def test_simulated_respondents_are_other_ones_with_another_version_setting_or_ground_truth(
    here, monkeypatch
):
    seeded = here.study.simulation.model_copy(update={"seed": 1})
    other = replace(here, study=here.study.model_copy(update={"simulation": seeded}))
    before = simulation.fingerprint(here)
    assert before == simulation.fingerprint(here) != simulation.fingerprint(other)
    monkeypatch.setattr(simulation, "VERSION", simulation.VERSION + 1)
    newer = simulation.fingerprint(here)
    with (here.raw / "planted.csv").open("a", encoding="utf-8") as file:
        file.write("stance,demo-2.1,,sim-us-1,en,1\n")
    assert len({before, newer, simulation.fingerprint(here)}) == 3


def rows(here: Workspace, columns: str = "*") -> list[tuple]:
    with archive.open_archive(here.raw / archive.FILE) as connection:
        return connection.execute(
            f"select {columns} from replies join wire using (id) order by id"
        ).fetchall()


def all_is_accounted_for(
    here: Workspace, server: Faulty, cells: pd.DataFrame, frame: pd.DataFrame
) -> None:
    """Every cell ends in one state; every reply is in the archive once, as it was given."""
    table = account_cells(frame, cells)
    assert table["planned"].sum() == len(cells) == table[list(STATES)].to_numpy().sum()
    assert max(server.answered.values()) == 1  # nothing was paid twice
    kept = [
        (json.loads(sent), text) for text, sent in rows(here, "text, request") if text is not None
    ]
    respondents = simulation.Respondents(here, simulation.read_statement_ids(here))
    for sent, text in kept:
        assert text == respondents.reply(sent)["choices"][0]["message"]["content"]
    assert len(kept) == sum(server.answered.values()) == len({json.dumps(sent) for sent, _ in kept})


@pytest.mark.filterwarnings("ignore")
def test_whatever_fails_every_cell_is_answered_once_and_none_is_invented(here):
    server, cells = failing(here, list(FAULTS), share=0.3), relevance(here)
    with serve(server) as address:
        frame = until_all_is_there(live(here, address, timeout=1.5), server, cells)
    all_is_accounted_for(here, server, cells, frame)


def until_all_is_there(asked: Workspace, server: Faulty, cells: pd.DataFrame) -> pd.DataFrame:
    """Ask, and again when the server has recovered; what failed first is a few cells at most."""
    frame = answers.collect(asked, cells)
    failed = (frame["state"] == "failed").mean()
    assert failed < 0.03  # a try that may have been charged is made twice, and once more each
    before, server.fault = sum(server.asked.values()), lambda asked, body: None
    frame = answers.collect(asked, cells)
    assert sum(server.asked.values()) - before >= round(failed * len(cells))
    assert "failed" not in set(frame["state"])
    return frame


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("kind", FAULTS)
def test_of_ten_thousand_cells_none_is_lost_doubled_or_invented(here, kind, share):
    server, cells = failing(here, [kind], share), relevance(here, 70)
    timeout = (
        2 if kind in ("no answer", "a trickle") else 60
    )  # a busy machine must not make the others late
    with serve(server) as address:
        asked = live(here, address, timeout=timeout, in_flight=64)
        frame = until_all_is_there(asked, server, cells)
    assert len(frame) == 10_080
    all_is_accounted_for(here, server, cells, frame)


def test_a_reply_without_content_is_kept_and_never_an_answer(here):
    async def nothing_said(send):
        await answer(
            send, 200, b'{"choices": [{"message": {"content": null}, "finish_reason": "stop"}]}'
        )

    server, cells = (
        Faulty(simulation.app(here), lambda asked, body: nothing_said),
        relevance(here, 1),
    )
    with serve(server) as address:
        frame = answers.collect(live(here, address), cells)
    assert set(frame["state"]) == {"unreadable"} and set(frame["answer"]) == {""}
    assert sum(server.asked.values()) == 2 * len(cells)  # asked once more, and each attempt is kept
    assert [r[0] for r in rows(here, "text")] == [""] * 2 * len(cells)


@pytest.mark.parametrize("kind", ["random", "empty", "always the same"])
def test_a_model_that_answers_nonsense_disturbs_nobody(here, kind):
    chance = random.Random(1)

    def letter() -> str:
        return chr(chance.choice([chance.randrange(32, 127), chance.randrange(0x4E00, 0x9FA5)]))

    said = {
        "empty": lambda: "",
        "always the same": lambda: "As a model, I weigh both sides.",
        "random": lambda: "".join(letter() for _ in range(200)),
    }

    async def nonsense(send):
        message = {"message": {"content": said[kind]()}, "finish_reason": "stop"}
        await answer(send, 200, json.dumps({"choices": [message]}).encode())

    cells = relevance(here, 1)
    with serve(
        Faulty(
            simulation.app(here),
            lambda asked, body: nonsense if body["model"] == "sim-cn-2" else None,
        )
    ) as address:
        frame = answers.collect(live(here, address), cells)
    table = account_cells(frame, cells).set_index("model")
    assert (table.loc["sim-cn-2", "answered"] == 0).all() and (
        table.drop("sim-cn-2")["answered"] > 10
    ).all()
    voted = cast_votes(frame, 1)
    assert voted.query("model == 'sim-cn-2'")["vote"].isna().all()


def test_a_refusal_that_has_a_place_of_its_own_is_a_refusal(here):
    async def refuse(send):
        await answer(
            send,
            200,
            b'{"choices": [{"message": {"content": null, "refusal": "I will not."},'
            b' "finish_reason": "stop"}]}',
        )

    with serve(Faulty(simulation.app(here), lambda asked, body: refuse)) as address:
        frame = answers.collect(live(here, address), relevance(here, 1))
    assert set(frame["state"]) == {"refused"}


@pytest.mark.parametrize(
    ("retry_after", "low", "high"),
    [
        ("3", 3, 3),
        ("0.5", 0.5, 0.5),
        ("-1", 0, 0),
        ("86400", 120, 120),
        ("soon", 0.3, 0.7),
        (None, 0.3, 0.7),
    ],
)
def test_the_wait_is_what_the_endpoint_says(retry_after, low, high):
    assert low <= retries.seconds_to_wait(0, retry_after) <= high


def test_the_wait_may_be_given_as_a_date():
    assert 8 < retries.seconds_to_wait(0, formatdate(time.time() + 10, usegmt=True)) <= 10


class Narrow:
    """Respondents that bear only a few requests at once, and say so to the others."""

    def __init__(self, app, most: int) -> None:
        self.app, self.most, self.now, self.refused, self.served = app, most, 0, 0, 0

    async def __call__(self, scope, receive, send) -> None:
        self.now += 1
        try:
            if self.now > self.most:
                self.refused += 1
                await answer(send, 429, b"{}", retry_after="0.02")
                return
            await asyncio.sleep(0.02)
            self.served += 1
            await self.app(scope, receive, send)
        finally:
            self.now -= 1


def test_asking_slows_down_to_what_an_endpoint_bears(here, monkeypatch):
    monkeypatch.setattr(retries, "seconds_to_wait", lambda attempt, retry_after=None: 0.02)
    server, cells = Narrow(simulation.app(here), 4), relevance(here, 3)
    with serve(server) as address:
        frame = answers.collect(live(here, address, in_flight=64), cells)
    assert "failed" not in set(frame["state"])
    assert (
        server.refused < server.served
    )  # at 64 in flight from first to last, 15 of 16 would be refused


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, also in tests that were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c(is_time, times: int = 1) -> None:
    """Interrupt this process as soon as it is time, and again half a second later."""

    def press() -> None:
        while not is_time():
            time.sleep(0.01)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)

    threading.Thread(target=press, daemon=True).start()


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_finishes_what_is_in_flight_keeps_it_and_stops(here):
    class Slow(Faulty):
        async def __call__(self, scope, receive, send) -> None:
            await asyncio.sleep(0.05)
            await super().__call__(scope, receive, send)

    server, cells = Slow(simulation.app(here)), relevance(here, 2)
    with serve(server) as address:
        asked = live(here, address, in_flight=8)
        press_ctrl_c(lambda: sum(server.answered.values()) > 8)
        with pytest.raises(KeyboardInterrupt):
            answers.collect(asked, cells)
        time.sleep(0.5)  # what was sent and not waited for is answered now
        assert 0 < sum(server.answered.values()) < len(cells)
        assert sum(server.answered.values()) == len(rows(here))
        frame = answers.collect(asked, cells)
    all_is_accounted_for(here, server, cells, frame)


@pytest.mark.usefixtures("interruptible")
def test_a_second_ctrl_c_waits_no_longer_and_what_was_under_way_counts_as_spent(here):
    async def hang(send):
        await asyncio.sleep(20)

    server, cells = Faulty(simulation.app(here), lambda asked, body: hang), relevance(here, 1)
    with serve(server) as address:
        asked = live(here, address, timeout=60, in_flight=8)
        press_ctrl_c(lambda: sum(server.asked.values()) == 8, times=2)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            answers.collect(asked, cells)
        assert time.monotonic() - began < 10
    with serve(simulation.app(here)) as address:
        answers.collect(live(here, address), cells)
    with archive.open_archive(here.raw / archive.FILE) as connection:
        lost = connection.execute("select sum(lost) from replies").fetchone()[0]
        assert 0 < lost == sum(server.asked.values())


def test_while_one_execution_asks_a_second_asks_nothing(here):
    server, cells = Faulty(simulation.app(here)), relevance(here, 1)
    with serve(server) as address:
        with (
            archive.lock(here.raw / archive.FILE),
            pytest.raises(Problem, match="Another execution is asking"),
        ):
            answers.collect(live(here, address), cells)
        assert not server.asked
        answers.collect(live(here, address), cells)


def test_what_was_under_way_when_a_process_was_killed_counts_as_spent(here):
    with archive.open_archive(here.raw / archive.FILE) as connection:
        with (
            contextlib.suppress(RuntimeError),
            archive.open_journal(here.raw / archive.FILE) as note,
        ):
            for attempt in (1, 1, 2):
                note(Request("k", "stance", "en", "m", 1, attempt, []), 0.25)
            raise RuntimeError
        with (here.raw / "replies.sqlite-under-way").open("ab") as file:
            file.write(b'["half a li')
        archive.add_lost_tries(here.raw / archive.FILE, connection, "live")
        assert archive.sum_spending(connection) == (
            2 + 3,
            0.75,
        )  # two failed requests, three lost tries of them
        archive.add_lost_tries(here.raw / archive.FILE, connection, "live")
        assert archive.sum_spending(connection) == (5, 0.75)


def test_an_endpoint_that_never_recovers_leaves_failed_cells_that_are_asked_again_next_time(
    here, monkeypatch
):
    monkeypatch.setattr(retries, "TRIES", 2)

    async def broken(send):
        await answer(send, 503, b"{}")

    down = Faulty(simulation.app(here), lambda asked, body: broken)
    cells = relevance(here, 1)
    monkeypatch.setattr(retries, "FIRST_TRIES", 2)
    with serve(down) as address, pytest.raises(Problem, match='"sim-cn-1" was stopped: .* 503'):
        answers.collect(live(here, address), cells)
    assert sum(down.asked.values()) < 2 * len(cells)
    frame = answers.collect(replace(live(here, address), recorded=True), cells.iloc[:1])
    assert set(frame["state"]) == {"failed"} and set(frame["answer"]) == {""}
    with serve(simulation.app(here)) as address:
        frame = answers.collect(live(here, address), cells)
    assert "failed" not in set(frame["state"])


def test_each_endpoint_is_asked_for_its_own_models_and_for_no_other(here):
    cells = relevance(here, 1)
    first, second = (Faulty(simulation.app(here)) for _ in range(2))
    with serve(first) as one, serve(second) as two:
        endpoints = {
            n: schema.Endpoint(base_url=f"{a}/v1", in_flight=8, send_seed=True)
            for n, a in (("one", one), ("two", two))
        }
        at = {"sim-us-1": "one", "sim-us-2": "one", "sim-cn-1": "two", "sim-cn-2": "two"}
        models = {
            name: m.model_copy(update={"endpoint": at[name]})
            for name, m in here.study.models.items()
        }
        frame = answers.collect(live(here, one, endpoints=endpoints, models=models), cells)
    assert len(frame) == len(cells) and set(frame["state"]) <= set(STATES)
    for server, country in ((first, "us"), (second, "cn")):
        assert {json.loads(body)["model"] for body in server.asked} == {
            f"sim-{country}-1",
            f"sim-{country}-2",
        }
        assert max(server.answered.values()) == 1


def test_a_moved_port_asks_nothing_again(here):
    cells = relevance(here, 1)
    with serve(simulation.app(here)) as address:
        first = answers.collect(live(here, address), cells)
    pd.testing.assert_frame_equal(first, answers.collect(live(here, "http://127.0.0.1:9"), cells))


def test_a_study_that_adds_a_model_to_another_asks_that_model_alone(here):
    first, *others = here.study.models
    server = Faulty(simulation.app(here))
    with serve(server) as address:
        known = live(here, address, models={name: here.study.models[name] for name in others})
        answers.collect(known, relevance(known, 1))
        before = sum(server.asked.values())
        more = Workspace(live(here, address, name="more", material="demo").study, "more")
        shutil.copytree(known.processed, more.processed)
        cells = relevance(more, 1)
        assert (
            collection.read_archived(more, cells, plan.read_texts(more))["new"].sum()
            == len(cells) / 4
        )
        frame = answers.collect(more, cells)
        assert {json.loads(body)["model"] for body in list(server.asked)[before:]} == {first}
        assert (
            sum(server.asked.values()) - before == len(cells) / 4
            and (frame["state"] != "not asked").all()
        )
        assert answers.collect(more, cells).equals(frame)
    for name in ("04_answers", "05_answers", "07_answers", "07_wordings"):
        rows = frame if name == "04_answers" else frame.head(0)
        table_files.write(rows, more.processed / f"{name}.csv.gz")
    assert set(serving.read_servers(more)["model"]) == {first, *others}


@pytest.mark.parametrize(
    ("status", "said"), [(401, "the key was refused"), (404, "the model or the address is unknown")]
)
def test_a_refused_key_stops_the_model_at_once_with_a_sentence(here, status, said):
    async def refuse(send):
        await answer(send, status, b'{"error": {"message": "no"}}')

    server = Faulty(
        simulation.app(here), lambda asked, body: refuse if body["model"] == "sim-us-1" else None
    )
    cells = relevance(here, 1)
    with serve(server) as address, pytest.raises(Problem, match=f'"sim-us-1" was stopped: {said}'):
        answers.collect(live(here, address), cells)
    assert (
        sum(n for body, n in server.asked.items() if json.loads(body)["model"] == "sim-us-1") <= 16
    )
    assert (
        sum(n for body, n in server.answered.items() if json.loads(body)["model"] == "sim-cn-1")
        >= 36
    )


def test_a_model_that_turns_every_request_down_is_stopped_and_the_others_go_on(here):
    async def invalid(send):
        await answer(send, 400, b'{"error": {"message": "not a valid model ID"}}')

    server, cells = (
        Faulty(
            simulation.app(here),
            lambda asked, body: invalid if body["model"] == "sim-us-1" else None,
        ),
        relevance(here, 1),
    )
    with (
        serve(server) as address,
        pytest.raises(Problem, match="requests failed, .* with: 400: not a valid model ID"),
    ):
        answers.collect(live(here, address), cells)
    assert (
        sum(n for body, n in server.asked.items() if json.loads(body)["model"] == "sim-us-1")
        <= health.HOPELESS + 16
    )
    assert len([1 for body in server.answered if json.loads(body)["model"] != "sim-us-1"]) >= 3 * 36


def test_no_credit_stops_a_model_though_it_looks_like_a_request_to_slow_down(here):
    async def empty(send):
        await answer(
            send,
            429,
            b'{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}',
        )

    server = Faulty(simulation.app(here), lambda asked, body: empty)
    with serve(server) as address, pytest.raises(Problem, match="the account has no credit"):
        answers.collect(live(here, address), relevance(here, 1))
    assert sum(server.asked.values()) <= 16 * 4


def test_a_statement_that_moderation_forbids_is_refused_and_does_not_stop_the_model(here):
    async def flagged(send):
        await answer(send, 403, b'{"error": {"message": "input flagged"}}')

    server = Faulty(
        simulation.app(here), lambda asked, body: flagged if "Tax meat." in str(body) else None
    )
    with serve(server) as address:
        frame = answers.collect(live(here, address, in_flight=1), relevance(here, 1))
    refused = frame[(frame["state"] == "refused") & (frame["respondents"] == "live")]
    assert set(refused["statement_id"]) == {"demo-4.1"} and set(refused["language"]) == {"en"}
    assert len(refused) == 24 and "failed" not in set(frame["state"])


def test_what_a_full_disk_does_not_take_is_kept_beside_and_taken_in_later(here, monkeypatch):
    def full(connection, rows):
        raise sqlite3.OperationalError("database or disk is full")

    server, cells = Faulty(simulation.app(here)), relevance(here, 1)
    with serve(server) as address:
        with monkeypatch.context() as patch, pytest.raises(Problem, match="disk is full.*beside"):
            patch.setattr(archive, "add_records", full)
            patch.setattr(writer, "PATIENCE", 0.5)
            answers.collect(live(here, address), cells)
        arrived = sum(server.answered.values())
        frame = answers.collect(live(here, address), cells)
    assert 0 < arrived < len(cells)  # it had paused
    all_is_accounted_for(here, server, cells, frame)
    assert not list(here.raw.glob("*not-yet-written"))


def test_while_another_program_locks_the_archive_asking_pauses_and_loses_nothing(here, capsys):
    server, cells = Faulty(simulation.app(here)), relevance(here)
    archived = here.raw / archive.FILE
    with serve(server) as address:
        answers.collect(live(here, address), cells[:1])
        other = sqlite3.connect(archived, isolation_level=None, check_same_thread=False)
        other.execute("begin immediate")
        threading.Timer(4.0, lambda: other.execute("rollback")).start()
        frame = answers.collect(live(here, address), cells)
    all_is_accounted_for(here, server, cells, frame)
    said = capsys.readouterr().err
    assert "cannot be written (database is locked)" in said and "can be written again" in said


def test_two_statements_of_the_same_words_are_asked_once(here):
    statements = here.read("02_statements").assign(text="Ban cars.")
    table_files.write(statements, here.processed / "02_statements.csv")
    server, cells = Faulty(simulation.app(here)), relevance(here, 1).query("language == 'en'")
    with serve(server) as address:
        frame = answers.collect(live(here, address), cells)
    assert (
        len(frame) == 72
        and len({json.dumps(json.loads(body) | {"seed": 0}) for body in server.asked}) == 24
    )


def test_a_cap_lets_cheap_replies_give_back_what_was_set_aside_for_them(here):
    price = schema.Price(input=0.0, output=1000.0)  # at most $0.10 a reply, some $0.02 in fact
    models = {
        name: m.model_copy(update={"price": price, "max_tokens": 100})
        for name, m in here.study.models.items()
    }
    server, cells = Faulty(simulation.app(here)), relevance(here, 1)
    with serve(server) as address, contextlib.suppress(Problem):
        answers.collect(live(here, address, models=models, cap=schema.Cap(usd=1.0)), cells)
    with archive.open_archive(here.raw / archive.FILE) as connection:
        _, usd = archive.sum_spending(connection)
    assert 0.9 < usd <= 1.0 or len(server.answered) == len(cells)


def test_the_cap_on_calls_holds_across_restarts(here):
    server, cells = Faulty(simulation.app(here)), relevance(here, 1)
    with serve(server) as address:
        capped = live(here, address, cap=schema.Cap(calls=50))
        for _ in range(3):
            with pytest.raises(Problem, match="cap is reached: 50 calls"):
                answers.collect(capped, cells)
    assert sum(server.asked.values()) == 50


def test_the_cap_in_money_holds_across_restarts(here):
    price = schema.Price(input=1000.0, output=1000.0)
    models = {
        name: m.model_copy(update={"price": price, "max_tokens": 100})
        for name, m in here.study.models.items()
    }
    server, cells = Faulty(simulation.app(here)), relevance(here, 1)
    with serve(server) as address:
        for _ in range(3):
            with pytest.raises(Problem, match="cap is reached"):
                answers.collect(live(here, address, models=models, cap=schema.Cap(usd=20.0)), cells)
            with archive.open_archive(here.raw / "replies.sqlite") as connection:
                calls, usd = archive.sum_spending(connection)
            assert 0 < calls < len(cells) and 0 < usd <= 20.0


def test_respondents_of_no_study_are_served_to_nobody_and_a_sentence_says_why(elsewhere, capsys):
    assert cli.main(["serve", "demmo"]) == 1 and 'Did you mean "demo"' in capsys.readouterr().err
    assert (
        cli.main(["serve", "demo"]) == 1
        and "./run_all.sh --study demo --until 03" in capsys.readouterr().err
    )


def test_a_missing_key_is_told_before_anything_is_asked(here, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    server = Faulty(simulation.app(here))
    with serve(server) as address:
        keyed = schema.Endpoint(base_url=f"{address}/v1", key="SOME_KEY")
        asked = live(here, address, endpoints={"simulated": keyed})
        with pytest.raises(Problem, match="environment variable SOME_KEY"):
            answers.collect(asked, relevance(here, 1))
    assert not server.asked


def recorded(here: Workspace, change) -> Workspace:
    """A study that is read from its answers file: those of the simulated respondents, changed."""
    frame = answers.collect(here, relevance(here, 1))
    table_files.write(change(frame), here.raw / answers.FILE)
    return replace(here, recorded=True)


def test_recorded_answers_give_the_same_without_an_endpoint(here):
    given = recorded(here, lambda f: f.sample(frac=1, random_state=1))
    frame = answers.collect(given, relevance(here, 1))
    assert frame["answer"].tolist() == answers.collect(here, relevance(here, 1))["answer"].tolist()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.iloc[1:], r"is missing from .* \(1 such cells\)"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "is listed twice"),
        (
            lambda f: f.assign(statement_id=f["statement_id"].mask(f.index == 0, "demo-99.9")),
            "is missing from|is not expected in",
        ),
        (lambda f: f.assign(model=f["model"].mask(f.index == 0, "gpt")), 'unknown model "gpt"'),
        (lambda f: f.assign(answer=f["answer"].mask(f.index == 0, "maybe")), 'with "maybe"'),
        (lambda f: f.drop(columns="run"), 'no column "run"'),
    ],
)
def test_a_missing_double_or_unknown_cell_stops_by_name(here, change, said):
    with pytest.raises(Problem, match=said):
        answers.collect(recorded(here, change), relevance(here, 1))


def test_a_cell_without_a_reply_does_not_count_as_another_way_of_being_served(here):
    frame = answers.collect(here, relevance(here, 1))
    for name in ("04_answers", "05_answers", "07_answers", "07_wordings"):
        rows = frame if name == "04_answers" else frame.head(0)
        table_files.write(rows, here.processed / f"{name}.csv.gz")
    with archive.open_archive(here.raw / archive.FILE) as connection:
        connection.execute("delete from replies where id = 1")
    served = serving.read_servers(here)
    assert served["replies"].sum() == len(frame) - 1 and served["model"].is_unique
    assert serving.describe_mixtures(served) == "Every model was served in one way throughout."
