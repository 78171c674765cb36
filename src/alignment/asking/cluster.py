"""Requests -> replies by the workers of a Dask cluster, each with an archive of its own.

A task is a part of the requests to one endpoint, with a share of that endpoint's pace and of the
study's cap. It lies in `workers/` beside the study's archive, where the worker keeps its replies,
and is over when its archive can be locked and has been taken in, whatever Dask thinks of the
worker. So no reply is lost or asked for twice, whoever is killed.
"""

import contextlib
import json
import logging
import math
import os
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from sqlite3 import Connection

import yaml

from alignment.asking import archive, scheduler
from alignment.asking.batches import files
from alignment.asking.budget import highest_cost
from alignment.asking.cluster_worker import STALE, list_left, recover, work
from alignment.asking.health import Health
from alignment.asking.request import Request
from alignment.asking.retries import PAID_TRIES
from alignment.study.files import write_whole
from alignment.study.progress import Progress
from alignment.study.schema import Cap
from alignment.study.workspace import VARIABLE, Workspace, pack
from utils.errors import Problem, check_choice

FOLDER = "workers"
PER_SLOT = 50  # requests of a task for each that it may have in flight
TICK = 0.1  # seconds between two looks at the tasks
PATIENCE = 30.0  # seconds without any worker, after which it is said
DEATHS = 10  # tasks in a row whose worker died without a reply, before asking ends
JOBQUEUES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
INSTALL = "bash -c 'source ./environment.sh cluster'"
Ask = Callable[[Workspace, list[Request], Connection, Progress], None]


@contextmanager
def open_asker(workspace: Workspace) -> Iterator[Ask]:
    """Give the function that asks: of this process or, where the study names one, of a cluster.

    The cluster is connected to when there is something to ask, and kept until the end.
    """
    if not workspace.study.cluster:
        yield scheduler.ask
        return
    with contextlib.ExitStack() as stack:
        connect = cache(lambda: stack.enter_context(_connect(workspace)))

        def ask(workspace, requests, connection, progress) -> None:
            scheduler.check_prices_of(workspace, requests)
            Dispatcher(connect(), workspace, requests, connection, progress).run()

        yield ask


@contextmanager
def _connect(workspace: Workspace) -> Iterator:
    """Start or find the study's cluster; give the client of Dask that speaks to it."""
    setting = workspace.study.cluster
    try:
        import dask_jobqueue
        import distributed
    except ImportError:
        what = f'The study is asked by the cluster "{setting}", which needs Dask'
        raise Problem(f"{what}; this adds it to .venv: {INSTALL}") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # workers may come and go
    threads = len({model.endpoint for model in workspace.study.models.values()})
    try:
        with contextlib.ExitStack() as stack:
            place = setting
            if setting.startswith("local:"):
                n = int(setting.removeprefix("local:"))
                how = {"n_workers": n, "threads_per_worker": threads, "memory_limit": 0}
                how |= {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
                place = stack.enter_context(distributed.LocalCluster(**how, silence_logs=50))
            elif "://" not in setting:
                name, jobs, how = read_jobs(workspace.root / setting)
                place = getattr(dask_jobqueue, name)(**{"cores": threads, **how})
                stack.enter_context(place).adapt(minimum_jobs=jobs, maximum_jobs=jobs)
            yield stack.enter_context(distributed.Client(place, set_as_default=False))
    except OSError as error:
        raise Problem(f'The cluster "{setting}" does not answer: {error}.') from None


def read_jobs(path: Path) -> tuple[str, int, dict]:
    """Read a file that describes jobs: the class of dask-jobqueue, their number, its settings.

    `queue` names the batch system and `jobs` how many there are; all else is passed on as it is.
    """
    if not path.is_file():
        raise Problem(f"The study is asked by the cluster {path.name}, which is not there.")
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings = settings if isinstance(settings, dict) else {}
    system, jobs = settings.pop("system", ""), settings.pop("jobs", 1)
    check_choice(f"system in {path.name}", system, JOBQUEUES)
    how = {"processes": 1, "memory": "2GB", "scheduler_options": {"dashboard_address": ":0"}}
    return JOBQUEUES[system], int(jobs), how | settings


def take_in_earlier(workspace: Workspace) -> None:
    """Take in what the workers of an execution that was killed have left.

    Problem while one of them is still asking; it ends by itself.
    """
    folder = workspace.raw / FOLDER
    for lease in folder.glob("*.lease"):
        lease.unlink()
    for path in sorted(folder.glob("*.json")):
        for seconds in count():
            try:
                _take_in(workspace, path.with_suffix(".sqlite"), [])
                break
            except archive.InUse:
                if seconds >= STALE:
                    why = "a worker of an earlier execution is still asking; it ends by itself"
                    raise Problem(f"{workspace.shown(path)}: {why}, wait for it.") from None
                time.sleep(1)


def _take_in(workspace: Workspace, path: Path, requests: list[Request]) -> tuple:
    """Copy the replies of a task into the study's archive, and end the task.

    Return the requests that are left, calls, US dollars, and which models replied. InUse while a
    worker has it; nothing happens twice, whenever this is cut off.
    """
    with archive.lock(path):
        ending = requests, 0, 0.0, set()
        if path.exists():
            with archive.open_archive(path, alone=True) as own:
                recover(path, own, workspace)
                left, models = list(list_left(own, requests)), archive.read_models(own)
                ending = (left, *archive.sum_spending(own), models)
            archive.copy_replies(path, workspace.raw / archive.FILE)
            path.unlink()
        for suffix in (".json", ".progress"):
            path.with_suffix(suffix).unlink(missing_ok=True)
    path.with_suffix(".lock").unlink(missing_ok=True)  # a worker that comes late finds no task
    return ending


@dataclass
class Task:
    """A part of the requests to one endpoint, handed out to a worker."""

    path: Path  # of its archive
    endpoint: str
    requests: list[Request]
    in_flight: int
    cap: Cap | None
    future: object = None
    counts: dict[str, float] = field(default_factory=dict)  # of its progress, as last seen
    ending: dict = field(default_factory=dict)  # what its worker said in the end

    def has_just_ended(self) -> bool:
        """Return whether its worker is free for another, once; this is yet to be taken in."""
        if self.future.status == "finished" and not self.ending:
            with contextlib.suppress(Exception):  # it may be lost on the way; the replies are not
                self.ending = self.future.result(timeout=5)
            self.in_flight = 0 if self.ending else self.in_flight
            return bool(self.ending)
        return False


class Dispatcher:
    """Hands out requests to workers until none is left, the cap is reached or something ends it."""

    def __init__(
        self,
        dask,
        workspace: Workspace,
        requests: list[Request],
        connection: Connection,
        progress: Progress,
    ) -> None:
        self.dask, self.workspace, self.requests = dask, workspace, requests
        self.progress, self.study = progress, workspace.study
        self.budget = files.open_budget(workspace, connection)
        self.health = Health(archive.read_models(connection))
        self.waiting: dict[str, deque[Request]] = {}
        for request in requests:
            self.waiting.setdefault(self.study.models[request.model].endpoint, deque())
            self.waiting[self.study.models[request.model].endpoint].append(request)
        self.limits = dict.fromkeys(self.waiting, 1.0)  # shares of the pace that were borne lately
        self.tasks: list[Task] = []
        self.folder, self.numbers = workspace.raw / FOLDER, count(1)
        self.lease = self.folder / f"{uuid.uuid4().hex[:12]}.lease"
        self.ending: BaseException | None = None
        self.capped, self.deaths, self.looked, self.slots = False, 0, 0.0, 0
        self.alone = time.monotonic()  # since when no worker is there; inf: it has been said

    def run(self) -> None:
        """Ask all requests; Problem as `scheduler.ask` raises it, KeyboardInterrupt after Ctrl-C.

        A second Ctrl-C waits no longer; the next execution takes in what then is under way.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lease.touch()
        try:
            while self._step():
                pass
        finally:
            self.lease.unlink(missing_ok=True)
            self.progress.close()
        if self.ending:
            raise self.ending
        scheduler.refuse_unasked(self.requests, self.budget, self.health, self.capped)

    def _step(self) -> bool:
        """Settle what has ended and hand out more; return whether anything is under way."""
        try:
            if self.dask.status != "running":
                self._end(Problem("The cluster's scheduler has gone. Running again goes on."))
            for task in self.tasks:
                self._count(task)
                if task.has_just_ended():
                    self._learn(task)
            if not self.ending:
                os.utime(self.lease)
                while self._hand_out():
                    pass
            for task in list(self.tasks):
                if self.dask.status != "running" or task.future.status != "pending":
                    self._settle(task)
            if self.tasks or (not self.ending and not self.capped and any(self.waiting.values())):
                time.sleep(TICK)
                return True
        except KeyboardInterrupt as pressed:
            if self.ending:
                raise
            self._end(pressed)
            return True
        return False

    def _end(self, why: BaseException) -> None:
        """Hand out no more; the workers finish what is in flight."""
        self.ending = self.ending or why
        self.lease.unlink(missing_ok=True)

    def _count(self, task: Task) -> None:
        """Pass on how far a task has come, which its worker writes into a file."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            state = json.loads(task.path.with_suffix(".progress").read_text(encoding="utf-8"))
            names = {"replies": "done", "failed": "failed", "usd": "usd", "again": "again"}
            counts = {name: state[field] for name, field in names.items()}
            more = {name: max(0, n - task.counts.get(name, 0)) for name, n in counts.items()}
            task.counts = counts
            if any(more.values()):
                self.progress.add(**more)
            if state["note"] and state["note"] != self.progress.state["note"]:
                self.progress.say(state["note"])

    def _settle(self, task: Task) -> None:
        """Take in what a task brought; nothing while a worker still has it."""
        try:
            left, calls, usd, models = _take_in(self.workspace, task.path, task.requests)
        except archive.InUse:
            return
        self.tasks.remove(task)
        self.waiting[task.endpoint].extendleft(reversed(left))
        self._free_cap(task.cap, calls, usd)
        self.health.replied |= models
        if task.future.status == "error":
            self._judge(task.future.exception())
        self._drop_stopped()
        self.deaths = 0 if calls or task.ending else self.deaths + 1
        if self.deaths >= DEATHS:
            self._end(Problem(f"{DEATHS} workers in a row died without a reply; asking ends."))

    def _learn(self, task: Task) -> None:
        """Keep what a task tells of its endpoint and models."""
        self.limits[task.endpoint] = task.ending["limit"]
        self.health.readable |= {tuple(place) for place in task.ending["readable"]}
        self.health.replied |= set(task.ending["replied"])
        self.health.stopped |= task.ending["stopped"]
        self._drop_stopped()
        if task.ending["fault"]:
            self._end(Problem(task.ending["fault"]))

    def _drop_stopped(self) -> None:
        if self.health.stopped:
            for name, requests in self.waiting.items():
                left = (r for r in requests if r.model not in self.health.stopped)
                self.waiting[name] = deque(left)

    def _judge(self, error: BaseException) -> None:
        """End asking for what is wrong with the task itself; that workers die is borne."""
        if isinstance(error, Problem):
            self._end(Problem(f"A worker of the cluster: {error}"))
        elif not type(error).__module__.startswith(("distributed", "concurrent", "asyncio")):
            self._end(error)

    def _free_cap(self, cap: Cap | None, calls: int, usd: float) -> None:
        if cap is not None:
            self.budget.reserved -= cap.usd or 0.0
            self.budget.calls -= cap.calls or 0
        self.budget.calls += calls
        self.budget.usd += usd

    def _hand_out(self) -> bool:
        """Hand out one task; False when no worker, pace, cap or request is left for one."""
        idle = self._count_slots() - sum(task.in_flight > 0 for task in self.tasks)
        names = [name for name, requests in self.waiting.items() if requests]
        if idle < 1 or not names:
            return False
        at_once = max(1, self.slots // len(names))  # tasks of an endpoint
        running = {n: sum(t.in_flight for t in self.tasks if t.endpoint == n) for n in names}
        for name in sorted(names, key=lambda name: running[name]):
            most = self.study.endpoints[name].in_flight
            in_flight = min(most - running[name], max(1, most // at_once))
            if in_flight >= 1:
                waiting = self.waiting[name]
                n = min(PER_SLOT * in_flight, max(in_flight, math.ceil(len(waiting) / at_once)))
                requests = [waiting.popleft() for _ in range(min(n, len(waiting)))]
                cap = self._set_aside(requests, idle, in_flight)
                if cap is not None or self.study.cap is None:
                    self._submit(name, requests, in_flight, cap)
                    return True
                waiting.extendleft(reversed(requests))
                self.capped = not self.tasks
                return False
        return False

    def _count_slots(self) -> int:
        """Return how many tasks the workers can carry out at once."""
        if time.monotonic() - self.looked > 1.0 or not self.slots:
            self.looked = time.monotonic()
            with contextlib.suppress(OSError, RuntimeError, TimeoutError):
                self.slots = sum(self.dask.nthreads().values())
        if self.slots:
            self.alone = time.monotonic()
        elif time.monotonic() - self.alone >= PATIENCE:
            self.alone = math.inf
            self.progress.say("no worker of the cluster is there; waiting for one")
        return self.slots

    def _set_aside(self, requests: list[Request], idle: int, in_flight: int) -> Cap | None:
        """Set aside a task's share of the cap; None without a cap, or when there is no room.

        Near the cap, fewer workers ask, with more room for each.
        """
        cap, budget, tries = self.study.cap, self.budget, 1 + PAID_TRIES
        if cap is None:
            return None
        shares = {}
        if cap.usd is not None:
            costs = [highest_cost(self.study, r.model, r.messages) for r in requests]
            room = cap.usd - budget.usd - budget.reserved
            n = min(idle, room // (in_flight * max(costs) or 1.0))
            shares["usd"] = min(tries * sum(costs), room / max(1, n))
            if shares["usd"] < costs[0] - 1e-9:
                return None
        if cap.calls is not None:
            room = cap.calls - budget.calls
            shares["calls"] = min(
                tries * len(requests), room // max(1, min(idle, room // in_flight))
            )
            if shares["calls"] < 1:
                return None
        budget.reserved += shares.get("usd", 0.0)
        budget.calls += shares.get("calls", 0)
        return Cap(**shares)

    def _submit(self, name: str, requests: list[Request], in_flight: int, cap: Cap | None) -> None:
        own = self.study.endpoints[name].model_copy(update={"in_flight": in_flight})
        changes = {"cap": cap, "endpoints": self.study.endpoints | {name: own}, "cluster": ""}
        workspace = replace(self.workspace, study=self.study.model_copy(update=changes))
        path = self.folder / f"{self.lease.stem}-{next(self.numbers):06}.sqlite"
        content = {"workspace": pack(workspace)[VARIABLE], "requests": list(map(asdict, requests))}
        content |= {"lease": self.lease.name, "endpoint": name}
        content |= {"limit": self.limits[name] * in_flight}
        content |= {"replied": list(self.health.replied), "readable": list(self.health.readable)}
        write_whole(path.with_suffix(".json"), json.dumps(content))
        task = Task(path, name, requests, in_flight, cap)
        task.future = self.dask.submit(work, str(path), key=path.stem, pure=False)
        self.tasks.append(task)
