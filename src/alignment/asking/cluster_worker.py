"""What a worker of a cluster does with a task: a part of the requests, in an archive of its own."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection

from alignment.asking import archive, scheduler
from alignment.asking.budget import Budget
from alignment.asking.health import Health
from alignment.asking.request import Request
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace, unpack
from utils.errors import Problem

STALE = 120.0  # seconds after which an execution that gives no sign is taken for dead


def work(file: str) -> dict:
    """Carry out a task in a worker; return how it ended. Replies are in its archive by then.

    Nothing is done, and nothing returned, where another worker still has the task or it is over.
    """
    path = Path(file)
    if not path.parent.is_dir():
        seen = "a cluster's workers need the project's folder, under the same path"
        raise Problem(f"The folder {path.parent} is not there for a worker: {seen}.")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(archive.lock(path))
            task = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except (archive.InUse, FileNotFoundError):
            return {}
        workspace = unpack(task["workspace"])
        connection = stack.enter_context(archive.open_archive(path, alone=True))
        recover(path, connection, workspace)
        requests = list(list_left(connection, [Request(**request) for request in task["requests"]]))
        if not requests:
            return {}
        health = Health(set(task["replied"]) | archive.read_models(connection))
        health.readable |= {tuple(place) for place in task["readable"]}
        budget = Budget(workspace.study.cap, *archive.sum_spending(connection))
        progress = Progress(len(requests), file=str(path.with_suffix(".progress")))
        limits, lease = {task["endpoint"]: task["limit"]}, Lease(path.with_name(task["lease"]))
        whole = (workspace, requests, path, connection, progress, budget, health)
        asked = scheduler.carry_out(*whole, lease.is_over, limits)
    limit = asked.lanes[0].pace.limit / asked.lanes[0].pace.most
    ending = {"stopped": health.stopped, "replied": list(health.replied), "limit": limit}
    return ending | {"readable": list(health.readable), "fault": asked.writer.fault}


@dataclass
class Lease:
    """Says whether the execution that handed out a task has ended, by a file that it touches."""

    path: Path
    touched: int = 0
    since: float = 0.0  # monotonic time of this machine, whose clock may be another

    def is_over(self) -> bool:
        try:
            touched = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return True
        if touched != self.touched:
            self.touched, self.since = touched, time.monotonic()
        return time.monotonic() - self.since > STALE


def recover(path: Path, connection: Connection, workspace: Workspace) -> None:
    """Bring what an earlier worker left beside a task's archive into it."""
    archive.add_from_beside(path, connection)
    archive.add_lost_tries(path, connection, workspace.study.respondents)


def list_left(connection: Connection, requests: list[Request]) -> Iterator[Request]:
    """Yield the requests of a task that are still to be made; what a kill cut off, once more."""
    query = "select key, attempt, text is null and error is ? from replies"
    archived = {(key, n): lost for key, n, lost in connection.execute(query, [archive.LOST])}
    for request in requests:
        while archived.get((request.key, request.attempt)):
            request = replace(request, attempt=request.attempt + 1)
        if (request.key, request.attempt) not in archived:
            yield request
