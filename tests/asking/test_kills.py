"""A study that is killed again and again is whole in the end, and asks nothing twice."""

import json
import os
import random
import subprocess
import sys
import time

import pandas as pd
import pytest

from alignment.asking import archive, collection, plan, simulation
from alignment.study import loader, schema, table_files
from alignment.study.workspace import Workspace
from odd_endpoints import FAILED, UNUSABLE, as_usual
from servers import Faulty, serve

CHILD = """
import sys
from pathlib import Path
from alignment.asking import answers, plan, retries
from alignment.study import loader, paths, schema, workspace
folder, address = Path(sys.argv[1]), sys.argv[2]
paths.ROOT = folder
retries.seconds_to_wait = lambda *_: 0.001
server = schema.Endpoint(base_url=f"{address}/v1", in_flight=16, send_seed=True)
study, price = loader.load("demo"), schema.Price(input=1.0, output=10.0)
models = {n: m.model_copy(update={"price": price}) for n, m in study.models.items()}
changes = {"respondents": "live", "endpoints": {"simulated": server}, "models": models}
changes |= {"cap": schema.Cap(calls=int(sys.argv[3]))}
here = workspace.Workspace(study.model_copy(update=changes), "demo")
answers.collect(here, plan.step_cells(here, "relevance", int(sys.argv[4])))
"""


class Slow(Faulty):
    """Respondents that think for a while."""

    async def __call__(self, scope, receive, send) -> None:
        import asyncio

        await asyncio.sleep(0.02)
        await super().__call__(scope, receive, send)


DRESSES = ["white space first", "comments first", "a byte-order mark", "not a number"]
DRESSES += ["half a character", "bytes that are no text", "one event", "an empty error"]
COST = (100 * 1.0 + 10 * 10.0) / 1e6  # US dollars of each of these replies


class Odd(Slow):
    """Answers in one odd dress or another; one try in four fails, with something to pay or not."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(self.dress, self.choose)
        self.rng, self.unusable = rng, 0

    def choose(self, asked: int, body: dict):
        luck = self.rng.random()
        if luck < 0.18:
            return self.rng.choice(list(FAILED.values()))
        if luck < 0.25:
            self.unusable += 1
            return self.rng.choice(list(UNUSABLE.values()))
        return None

    async def dress(self, scope, receive, send) -> None:
        chinese = "陈述" in json.loads((await receive())["body"])["messages"][-1]["content"]
        said = "理由若干。\n\n答案：是" if chinese else "Some reasons.\n\nAnswer: yes"
        await as_usual(said)[self.rng.choice(DRESSES)](send)


def prepared(folder) -> Workspace:
    here = Workspace(loader.load("demo"), "demo")
    names = [f"demo-{i}.1" for i in range(1, 11)]
    statements = pd.DataFrame(
        {
            "statement_id": names,
            "text": [f"Motion {n} should pass." for n in names],
            "language": "en",
        }
    )
    table_files.write(
        statements.assign(debate_id="x", votes=5), here.processed / "02_statements.csv"
    )
    chinese = statements.assign(text=[f"应通过动议{n}。" for n in names], language="zh")
    table_files.write(chinese, here.processed / "03_translations.csv")
    return here


def killed_until_done(
    here: Workspace, folder, server: Slow, address: str, runs: int, kills: int, rng: random.Random
) -> int:
    """Kill the study at random moments, then let it end; return how often it was killed."""
    command = [sys.executable, "-c", CHILD, str(folder), address, "1000000", str(runs)]
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.PIPE,
        "env": os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    }
    acknowledged, done = {}, 0
    for _ in range(kills):
        child, before = subprocess.Popen(command, **quiet), sum(server.asked.values())
        while (
            child.poll() is None and sum(server.asked.values()) == before and rng.random() < 0.995
        ):
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 0.15))
        child.kill()
        child.communicate()
        done += child.returncode == -9
        time.sleep(0.05)  # what was sent arrives
        for sent in kept(here):
            assert acknowledged.setdefault(sent, server.asked[sent]) == server.asked[sent]
    last = subprocess.run(command, **quiet)
    assert last.returncode == 0, last.stderr.decode()
    assert all(server.asked[sent] == times for sent, times in acknowledged.items())
    return done


def kept(here: Workspace) -> list[bytes]:
    """The requests whose reply is on disk."""
    with archive.open_archive(here.raw / archive.FILE) as connection:
        return [
            sent.encode()
            for (sent,) in connection.execute(
                "select request from replies join wire using (id) where text is not null"
            )
        ]


def holds_exactly_the_plan(here: Workspace, server: Slow, address: str, runs: int) -> None:
    endpoint = schema.Endpoint(base_url=f"{address}/v1", send_seed=True)
    live = Workspace(
        here.study.model_copy(update={"respondents": "live", "endpoints": {"simulated": endpoint}}),
        "demo",
    )
    cells = plan.step_cells(live, "relevance", runs)
    planned = collection.cell_keys(live, cells, plan.read_texts(live))
    with archive.open_archive(here.raw / archive.FILE) as connection:
        keys = connection.execute("select key from replies group by key").fetchall()
        doubled = connection.execute(
            """select key from replies where text is not null
            group by key, attempt having count(*) > 1"""
        ).fetchall()
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        calls, _ = archive.sum_spending(connection)
    assert sorted(key for (key,) in keys) == sorted(planned) and not doubled
    assert calls >= sum(server.answered.values())  # no request was made without being counted


@pytest.mark.parametrize(
    ("kills", "runs"),
    [(8, 6), pytest.param(55, 20, marks=pytest.mark.slow)],
)
def test_killed_at_random_moments_it_loses_nothing_and_asks_nothing_twice(elsewhere, kills, runs):
    here = prepared(elsewhere)
    server, rng = Slow(simulation.app(here)), random.Random(kills)
    with serve(server) as address:
        assert killed_until_done(here, elsewhere, server, address, runs, kills, rng) == kills
        holds_exactly_the_plan(here, server, address, runs)


@pytest.mark.parametrize(("kills", "runs"), [(5, 4), pytest.param(50, 20, marks=pytest.mark.slow)])
def test_killed_while_an_odd_server_answers_the_bill_is_right_to_the_cent(elsewhere, kills, runs):
    here, rng = prepared(elsewhere), random.Random(kills)
    server = Odd(rng)
    with serve(server) as address:
        assert killed_until_done(here, elsewhere, server, address, runs, kills, rng) == kills
        command = [sys.executable, "-c", CHILD, str(elsewhere), address, "1000000", str(runs)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        for _ in range(5):  # what failed is open again at the next execution
            subprocess.run(command, env=environment, check=True, capture_output=True)
        holds_exactly_the_plan(here, server, address, runs)
    with archive.open_archive(here.raw / archive.FILE) as connection:
        costs = [c for (c,) in connection.execute("select cost from replies where text not null")]
        _, usd = archive.sum_spending(connection)
        (lost,) = connection.execute("select coalesce(sum(lost), 0) from replies").fetchone()
    answered = sum(server.answered.values())
    assert costs == pytest.approx([COST] * len(costs)) and len(costs) == len(kept(here))
    # under way, or not yet on disk, when it was killed: each counted with the most it can cost
    unknown = answered - len(costs)
    assert usd >= answered * COST - 1e-9
    assert 0 <= unknown <= lost <= server.unusable + 64 * kills
