"""A study asked by workers elsewhere ends as one asked in one process, whoever is killed."""

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from test_kills import Slow, holds_exactly_the_plan, kept, prepared

from alignment.asking import answers, archive, cluster, plan, simulation
from alignment.study import schema
from alignment.study.workspace import Workspace
from servers import Faulty, answer, serve
from three_statements import live, relevance
from utils.errors import Problem
from utils.labels import label_relevance
from utils.votes import cast_votes

CHILD = """
import sys
from pathlib import Path
from alignment.asking import answers, plan
from alignment.study import loader, paths, schema, workspace
folder, address, place, runs = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
if __name__ == "__main__":
    paths.ROOT = folder
    server = schema.Endpoint(base_url=f"{address}/v1", in_flight=16, send_seed=True)
    changes = {"respondents": "live", "endpoints": {"simulated": server}, "cluster": place}
    changes |= {"cap": schema.Cap(calls=10**6)}
    here = workspace.Workspace(loader.load("demo").model_copy(update=changes), "demo")
    answers.collect(here, plan.step_cells(here, "relevance", runs))
"""
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


class InFlight(Faulty):
    """Counts how many requests are in flight at once, and at most."""

    now = most = 0

    async def __call__(self, scope, receive, send) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.02)
            await super().__call__(scope, receive, send)
        finally:
            self.now -= 1


@contextmanager
def dask(workers: int, port: int = 0):
    """A scheduler and workers of Dask as processes of their own; gives its address and them."""
    module = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    quiet = {"env": ENVIRONMENT, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    begun = subprocess.Popen([*module, "--port", str(port), "--no-dashboard"], text=True, **quiet)
    address = next(m[1] for line in begun.stderr if (m := re.search(r"(tcp://[\d.]+:\d+)", line)))
    module = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
    module += ["--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--memory-limit", "0"]
    quiet["stderr"] = subprocess.DEVNULL
    processes = [begun, *(subprocess.Popen(module, **quiet) for _ in range(workers))]
    try:
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextmanager
def execution(folder, address: str, place: str, runs: int):
    """Ask the study in a process of its own; gives it."""
    command = [sys.executable, "-c", CHILD, str(folder), address, place, str(runs)]
    own = {"env": ENVIRONMENT, "start_new_session": True}
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **own)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def wait_for(server: Faulty, n: int, child: subprocess.Popen) -> None:
    while server.answered.total() < n:
        assert child.poll() is None, child.communicate()[1]
        time.sleep(0.02)


def acknowledged(here: Workspace) -> list[bytes]:
    """The requests whose reply is on disk, in the study's archive or a worker's."""
    rows = kept(here)
    for path in (here.raw / cluster.FOLDER).glob("*.sqlite"):
        with archive.open_archive(path) as connection:
            query = "select request from replies join wire using (id) where text is not null"
            rows += [sent.encode() for (sent,) in connection.execute(query)]
    return rows


def labels(here: Workspace, runs: int) -> str:
    """The labels of what the archive holds, as a file would hold them."""
    asked = answers.collect(here, plan.step_cells(here, "relevance", runs))
    return label_relevance(cast_votes(asked, runs), 8).to_csv(index=False)


@pytest.mark.takes(seconds=40)
def test_a_worker_and_then_the_scheduler_are_killed_and_nothing_is_lost_or_doubled(elsewhere):
    here, runs = prepared(elsewhere), 8
    server = Slow(simulation.app(here))
    with serve(server) as address:
        with dask(workers=2) as (place, (scheduler, first, _)):
            with execution(elsewhere, address, place, runs) as child:
                wait_for(server, 500, child)
                first.kill()
                wait_for(server, 1500, child)
                scheduler.kill()
                _, said = child.communicate(timeout=120)
            assert child.returncode == 1 and "The cluster's scheduler has gone" in said, said
            saved = {sent: server.asked[sent] for sent in acknowledged(here)}
            assert not list((here.raw / cluster.FOLDER).glob("*.json"))
        assert 1400 < len(saved) < 3840
        with dask(workers=2) as (place, _):
            with execution(elsewhere, address, place, runs) as child:
                _, said = child.communicate(timeout=120)
                assert child.returncode == 0, said
        assert all(server.asked[sent] == times for sent, times in saved.items())
        holds_exactly_the_plan(here, server, address, runs)
        found = labels(live(here, address), runs)
        (here.raw / archive.FILE).unlink()
        assert found == labels(live(here, address), runs)  # all asked again, in this process


@pytest.mark.takes(seconds=20)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_execution_that_is_killed_or_stopped_is_gone_on_with_in_one_process(elsewhere, how):
    here, runs = prepared(elsewhere), 4
    server = Slow(simulation.app(here))
    with serve(server) as address:
        with execution(elsewhere, address, "local:2", runs) as child:
            wait_for(server, 500, child)
            send = os.kill if how == signal.SIGKILL else os.killpg  # Ctrl-C goes to workers, too
            send(child.pid, how)
            child.communicate(timeout=120)
        saved = {sent: server.asked[sent] for sent in acknowledged(here)}
        with execution(elsewhere, address, "", runs) as child:
            _, said = child.communicate(timeout=150)
            assert child.returncode == 0, said
        assert saved and all(server.asked[sent] == times for sent, times in saved.items())
        holds_exactly_the_plan(here, server, address, runs)


def test_the_pace_of_the_endpoint_and_the_cap_hold_over_all_workers(here):
    server = InFlight(simulation.app(here))
    with serve(server) as address:
        there = live(here, address, in_flight=6, cluster="local:2", cap=schema.Cap(calls=200))
        with pytest.raises(Problem, match="The study's cap is reached: 200 calls"):
            answers.collect(there, relevance(here))
        assert server.answered.total() == 200 and 4 <= server.most <= 6
        server.most = 0
        asked = answers.collect(
            live(here, address, in_flight=6, cluster="local:2"), relevance(here)
        )
    assert len(asked) == 288 and 4 <= server.most <= 6
    assert server.answered.total() >= 288 and set(server.asked.values()) == {1}


def test_a_cap_in_dollars_is_shared_out_and_used_up(here):
    price = schema.Price(input=0.0, output=100.0)  # a reply may cost 0.4 dollars, and costs 0.001
    models = {n: m.model_copy(update={"price": price}) for n, m in here.study.models.items()}
    usage = b'{"choices": [{"message": {"content": "Answer: yes"}, "finish_reason": "stop"}],'
    usage += b'"usage": {"prompt_tokens": 1, "completion_tokens": 10}}'
    server = InFlight(lambda scope, receive, send: answer(send, 200, usage))
    with serve(server) as address:
        there = live(here, address, cluster="local:2", models=models, cap=schema.Cap(usd=0.5))
        with pytest.raises(
            Problem, match="cap is reached: (9[0-9]|1[0-9][0-9]) calls and \\$0.(09|1)"
        ):
            answers.collect(there, relevance(here))
    assert 90 <= server.answered.total() <= 100


def test_a_model_whose_key_is_refused_is_stopped_for_all_workers(here):
    server = InFlight(lambda scope, receive, send: answer(send, 401, b"{}"))
    with serve(server) as address:
        with pytest.raises(Problem, match='"sim-us-1" was stopped: the key was refused'):
            answers.collect(live(here, address, cluster="local:2"), relevance(here))
    assert server.answered.total() <= 64  # what was in flight at first


def test_a_worker_that_was_given_up_and_still_asks_is_waited_for(here):
    """Its lock says so, not Dask; what it has in the end is taken in once."""
    (here.raw / cluster.FOLDER).mkdir(parents=True)
    path = here.raw / cluster.FOLDER / "x-000001.sqlite"
    with archive.open_archive(path), archive.lock(path):
        with pytest.raises(archive.InUse):
            cluster._take_in(here, path, [])
        assert cluster.work(str(path)) == {}  # nor does another worker begin
    cluster._take_in(here, path, [])
    assert not path.exists() and cluster.work(str(path)) == {}


def test_jobs_are_submitted_to_a_batch_system(here, monkeypatch, tmp_path):
    """A stand-in for Slurm, which runs what is submitted at once."""
    sbatch = (
        '#!/bin/bash\ncp "$1" "$0.$$"\nbash "$0.$$" >/dev/null 2>&1 & echo $! >>$0.pids\n'
        "echo Submitted batch job $!"  # the file is gone when this ends
    )
    scancel = '#!/bin/bash\npkill -P "$1"'
    for name, script in (("sbatch", sbatch), ("scancel", scancel)):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", ENVIRONMENT["PYTHONPATH"])
    file = here.root / "jobs.yaml"
    file.write_text('{system: slurm, jobs: 2, walltime: "00:10:00", interface: lo}')
    there = replace(here, study=here.study.model_copy(update={"cluster": "jobs.yaml"}))
    asked = answers.collect(there, relevance(here))
    assert len((tmp_path / "sbatch.pids").read_text().split()) == 2
    (here.raw / archive.FILE).unlink()
    assert asked.equals(answers.collect(here, relevance(here)))


def test_it_says_once_that_no_worker_is_there(here, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.0)
    said = []
    dask, progress = SimpleNamespace(nthreads=dict), SimpleNamespace(say=said.append)
    with archive.open_archive(here.raw / archive.FILE) as connection:
        dispatcher = cluster.Dispatcher(dask, here, [], connection, progress)
    assert [dispatcher._count_slots() for _ in range(3)] == [0, 0, 0]
    assert said == ["no worker of the cluster is there; waiting for one"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("local:0", "names no cluster"),
        ("somewhere", "names no cluster"),
        ("nowhere.yaml", "not there"),
    ],
)
def test_a_cluster_that_is_none_is_told_in_a_sentence(here, text, match):
    with pytest.raises((Problem, ValueError), match=match):
        schema.Study.model_validate(here.study.model_dump() | {"cluster": text})
        there = replace(here, study=here.study.model_copy(update={"cluster": text}))
        answers.collect(there, relevance(here))


def test_file_of_jobs_and_words_of_a_missing_batch_system(tmp_path):
    file = tmp_path / "jobs.yaml"
    file.write_text("{system: slrum, jobs: 2}")
    with pytest.raises(Problem, match='system in jobs.yaml is one of .*Did you mean "?slurm'):
        cluster.read_jobs(file)
