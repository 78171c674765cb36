"""A study that is killed again and again is whole in the end, and asks nothing twice."""

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
from servers import Faulty, serve

CHILD = """
import sys
from pathlib import Path
from alignment.asking import answers, plan
from alignment.study import loader, paths, schema, workspace
folder, address = Path(sys.argv[1]), sys.argv[2]
paths.ROOT = folder
server = schema.Endpoint(base_url=f"{address}/v1", in_flight=16, send_seed=True)
changes = {"respondents": "live", "endpoints": {"simulated": server}}
changes |= {"cap": schema.Cap(calls=int(sys.argv[3]))}
here = workspace.Workspace(loader.load("demo").model_copy(update=changes), "demo")
answers.collect(here, plan.step_cells(here, "relevance", int(sys.argv[4])))
"""


class Slow(Faulty):
    """Respondents that think for a while."""

    async def __call__(self, scope, receive, send) -> None:
        import asyncio

        await asyncio.sleep(0.02)
        await super().__call__(scope, receive, send)


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
