"""Requests -> replies, many at a time; every reply is in the archive before it is counted."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

import openai

from alignment.asking import archive, client, endpoint, record
from alignment.asking.budget import Budget, check_prices, highest_cost
from alignment.asking.endpoint import Failure
from alignment.asking.request import Request
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace
from utils import reply_parser
from utils.cells import STEPS
from utils.errors import Problem

TRIES = 9  # for one attempt at a reply before it counts as failed: an outage of a minute and a half
FIRST_TRIES = 6  # of a model that has not replied yet: perhaps nobody listens
PAID_TRIES = 2  # that may have been charged without bringing a reply
PATIENCE = 30  # times that an endpoint may say "slow down" to one request
USED_UP = 5  # times that it may say to a model that a limit of the day is reached
HOPELESS = 10  # failures in a row of a model without any reply: it is stopped
IN_A_ROW = 30  # failures, or replies that cannot be read, in one step and language: likewise
UNSAVED = 1000  # replies that may wait for the disk
DISK_PATIENCE = 300.0  # seconds until replies that cannot be written are written beside
APART = 0.001  # seconds between the first requests: what leaves as one burst comes back as one
GATHER = 0.05  # seconds in which replies gather for a transaction: a disk bears few of them


@dataclass
class Pace:
    """How many requests an endpoint bears: fewer when it says "slow down", then slowly more again.

    >>> pace = Pace(most=64)
    >>> pace.slow_down(began=1.0, now=2.0, wait=0.5)
    >>> pace.slow_down(began=1.5, now=2.1, wait=0.0)  # sent before the first signal: the same one
    >>> pace.limit, pace.until
    (48.0, 2.5)
    """

    most: int
    limit: float = 0.0
    under_way: int = 0
    until: float = 0.0  # monotonic time before which nothing new is sent
    lowered: float = 0.0  # when the limit was last lowered
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.limit = float(self.most)

    def slow_down(self, began: float, now: float, wait: float) -> None:
        if began > self.lowered:
            self.limit, self.lowered = max(1.0, 0.75 * self.limit), now
        self.until = max(self.until, now + wait)

    def speed_up(self) -> None:
        self.limit = min(float(self.most), self.limit + 1 / self.limit)


@dataclass
class Lane:
    """An endpoint's name, its client, its pace and the requests that it has yet to be sent."""

    name: str
    client: openai.AsyncOpenAI
    pace: Pace
    requests: Iterator[Request]


def ask(
    workspace: Workspace, requests: list[Request], connection: Connection, progress: Progress
) -> None:
    """Ask all requests, each endpoint with as many in flight as it bears; archive every reply.

    Problem when a model was stopped, the cap is reached or the disk failed. Ctrl-C finishes what is
    in flight and then raises KeyboardInterrupt; a second one waits no longer.
    """
    study, path = workspace.study, workspace.raw / archive.FILE
    if study.respondents == "live":
        check_prices(study, dict.fromkeys(request.model for request in requests))
    with archive.open_journal(path) as note:
        budget = Budget(study.cap, *archive.sum_spending(connection))
        models = archive.read_models(connection)
        scheduler = Scheduler(workspace, requests, connection, progress, note, budget, models)
        interrupted = scheduler.run()
    if scheduler.disk_fault:
        raise Problem(scheduler.disk_fault)
    if interrupted:
        raise KeyboardInterrupt
    silent = sorted({r.model for r in requests} - scheduler.replied - set(scheduler.stopped))
    if scheduler.stopped:
        end = "Replies that arrived are saved; running again asks only for what is missing."
        raise Problem("\n".join([*scheduler.stopped.values(), end]))
    if scheduler.capped:
        spent = f"{budget.calls:,} calls and ${budget.usd:,.2f} so far. Replies that arrived"
        way = "are saved; a higher cap (in the study file, or --cap) lets it go on."
        never = f" No reply has come yet of {', '.join(silent)}." if silent else ""
        raise Problem(f"The study's cap is reached: {spent} {way}{never}")


@dataclass
class Scheduler:
    """The requests under way, and what they share."""

    workspace: Workspace
    requests: list[Request]
    connection: Connection
    progress: Progress
    note: archive.Note  # writes down what is about to be sent
    budget: Budget
    replied: set[str]  # models
    stopped: dict[str, str] = field(default_factory=dict)  # model -> why
    capped: bool = False
    disk_fault: str = ""  # why it ends
    unwritable: float = 0.0  # monotonic time since when nothing can be written; 0: it can be
    failures: dict[tuple, list[str]] = field(default_factory=lambda: defaultdict(list))
    unread: dict[tuple, list[str]] = field(default_factory=lambda: defaultdict(list))
    used_up: Counter = field(default_factory=Counter)  # model -> times
    lanes: list[Lane] = field(default_factory=list)
    queue: asyncio.Queue = field(default_factory=lambda: asyncio.Queue(UNSAVED))
    ending: asyncio.Event = field(default_factory=asyncio.Event)  # Ctrl-C, or the cap is reached
    started: threading.Event = field(default_factory=threading.Event)
    loop: asyncio.AbstractEventLoop | None = None
    task: asyncio.Task | None = None

    def run(self) -> bool:
        """Ask in a thread, as JupyterLab has a loop of its own in this one; whether Ctrl-C came."""
        presses, pool = 0, ThreadPoolExecutor(1)
        asking = pool.submit(asyncio.run, self._ask_all())
        pool.shutdown(wait=False)
        while not asking.done():  # Ctrl-C in a join takes the thread for finished (Python 3.11)
            try:
                asking.exception()
            except KeyboardInterrupt:
                presses += 1
                self.started.wait(5)
                stop = self._end if presses == 1 else self.task.cancel
                with contextlib.suppress(RuntimeError):  # the loop has just closed
                    self.loop.call_soon_threadsafe(stop)
        error = asking.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is not None:
            raise KeyboardInterrupt if isinstance(error, asyncio.CancelledError) else error
        return presses > 0

    async def _ask_all(self) -> None:
        self.loop, self.task = asyncio.get_running_loop(), asyncio.current_task()
        self.started.set()
        study = self.workspace.study
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self.progress.close)
            for name, settings in study.endpoints.items():
                own = [r for r in self.requests if study.models[r.model].endpoint == name]
                if own:
                    opened = client.open_client(self.workspace, name)
                    own_client = await stack.enter_async_context(opened)
                    self.lanes.append(Lane(name, own_client, Pace(settings.in_flight), iter(own)))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            writer = group.create_task(self._write())  # if the disk is full, all of it ends
            try:
                async with asyncio.TaskGroup() as workers:
                    for lane in self.lanes:
                        for number in range(lane.pace.most):
                            workers.create_task(self._work(lane, APART * number))
            finally:
                if not writer.done():
                    await self.queue.put(None)
                    await writer

    async def _write(self) -> None:
        """Move records from the queue to disk, many in one transaction; count them only then."""
        done, records = False, []
        try:
            while not done:
                records = [await self.queue.get()]
                await asyncio.sleep(GATHER)
                while not self.queue.empty():
                    records.append(self.queue.get_nowait())
                done = None in records
                records = [reply for reply in records if reply is not None]
                if records:
                    await self._save(records)
                    failed = sum(reply["text"] is None for reply in records)
                    usd = sum((reply["cost"] or 0) + reply["lost_cost"] for reply in records)
                    self.progress.add(len(records), failed, usd)
        except asyncio.CancelledError:  # a second Ctrl-C
            while not self.queue.empty():
                records.append(self.queue.get_nowait())
            archive.write_beside(self._path, [reply for reply in records if reply is not None])
            raise

    async def _save(self, records: list[dict]) -> None:
        """Write records to disk; while that cannot be, nothing more is asked.

        When it takes too long, and when asking ends, they are written beside the archive, from
        where the next execution takes them.
        """
        while not self.disk_fault:
            try:
                await asyncio.to_thread(archive.add_records, self.connection, records)
            except sqlite3.DatabaseError as error:
                self._find_unwritable(error)
                lasting = not isinstance(error, sqlite3.OperationalError)
                if not (lasting or self.ending.is_set()):
                    await self._pause(1.0)
                    continue
                self._end_for_the_disk(error)
            else:
                self._find_writable()
                return
        archive.write_beside(self._path, records)

    def _find_unwritable(self, error: Exception) -> None:
        """Tell a person, once, that nothing can be written; after a long time it ends."""
        if not self.unwritable:
            self.unwritable = time.monotonic()
            mend = "close what else uses it or free some space"
            kept = f"asking pauses, replies are kept, and it goes on by itself: {mend}"
            self.progress.say(f"{self._path.name} cannot be written ({error}): {kept}.")
        elif time.monotonic() - self.unwritable > DISK_PATIENCE:
            self._end_for_the_disk(error)

    def _find_writable(self) -> None:
        if self.unwritable:
            self.unwritable = 0.0
            self.progress.say(f"{self._path.name} can be written again.")
            self._wake()

    def _end_for_the_disk(self, error: Exception) -> None:
        beside = "Replies that had arrived are beside it, and the next execution takes them in."
        self.disk_fault = f"{self._path.name} cannot be written: {error}. {beside}"
        self._end()

    @property
    def _path(self) -> Path:
        return self.workspace.raw / archive.FILE

    async def _work(self, lane: Lane, delay: float) -> None:
        """Make one request after another until there are no more or asking ends."""
        await self._pause(delay)
        for request in lane.requests:
            most = highest_cost(self.workspace.study, request.model, request.messages)
            if not await self._admit(lane.pace, request.model, most):
                continue
            lane.pace.under_way += 1
            try:
                if reply := await self._fetch(lane, request, most):
                    await self.queue.put(reply)
            finally:
                lane.pace.under_way -= 1
                self._wake()

    async def _admit(self, pace: Pace, model: str, most: float) -> bool:
        """Wait for room at the endpoint and under the cap; False when its model is over."""
        while not self._is_over(model):
            pause = pace.until - time.monotonic()
            if pause > 0 or self.unwritable:
                await self._pause(max(pause, 0.1))
            elif pace.under_way < int(pace.limit) and self.budget.reserve(most):
                return True
            elif any(lane.pace.under_way for lane in self.lanes):
                # They make room, and may cost less than was set aside.
                pace.free.clear()
                await pace.free.wait()
            else:
                self.capped = True
                self._end()
        return False

    async def _fetch(self, lane: Lane, request: Request, most: float) -> dict | None:
        """Return the record of a request; None when asking ended before a try could be charged.

        A try that may have been charged without a reply (no answer in time, half an answer) counts
        with the most that it can have cost. What never left this machine costs nothing, and is no
        call.
        """
        study, model = self.workspace.study, request.model
        tries, delays, lost, sent, reason, reply = 0, 0, 0, False, "", None
        body = request.body(study)
        while not self._is_over(model) and await self._write_down(request, most):
            began = time.monotonic()
            try:
                reply = await endpoint.fetch(lane.client, study, request, body)
                break
            except Failure as failure:
                reason, sent = failure.reason, sent or failure.sent
                slowed = failure.status == 429
                delays, tries, lost = delays + slowed, tries + (not slowed), lost + failure.paid
                if failure.paid and not self.budget.count_lost_try(most):
                    break
                if failure.action == "refused":
                    reply = record.describe_refusal(study, request, reason)
                    break
                if self._judge(lane, request, failure):
                    break
                most_tries = TRIES if model in self.replied else FIRST_TRIES
                if tries >= most_tries or delays >= PATIENCE or lost >= PAID_TRIES:
                    self._count_failure(request, reason)
                    break
                self.progress.add(again=1)
                await self._slow_down(lane.pace, failure, began, tries + delays)
        losses = {"request": body.decode(), "lost": lost, "lost_cost": lost * most}
        if reply is not None:
            lane.pace.speed_up()
            if not reply.get("error"):
                self._count_reply(request, reply)
            self.budget.settle(most, reply["cost"])
            return reply | losses | {"latency": time.monotonic() - began}
        self.budget.settle(most, 0.0)
        if not sent or (not lost and self._is_over(model)):
            self.budget.calls -= 1
        if not lost and self._is_over(model):
            return None
        return record.describe_failure(study, request, reason, sent) | losses

    async def _write_down(self, request: Request, most: float) -> bool:
        """Note what is about to be sent, as soon as the disk bears it; False when asking ends."""
        while True:
            try:
                self.note(request, most)
                return True
            except OSError as error:
                self._find_unwritable(error)
                await self._pause(1.0)
                if self._is_over(request.model):
                    return False

    async def _slow_down(self, pace: Pace, failure: Failure, began: float, tries: int) -> None:
        """Wait before the next try; an endpoint that says "slow down" gets fewer requests, too."""
        seconds = endpoint.seconds_to_wait(tries - 1, failure.retry_after)
        if failure.status in endpoint.SLOW_DOWN:
            pace.slow_down(began, time.monotonic(), seconds)
        await self._pause(seconds)

    def _judge(self, lane: Lane, request: Request, failure: Failure) -> bool:
        """Return whether a request is over after a failure; stop its model where that says so."""
        model = request.model
        if failure.status == 403 and model in self.replied:  # of this request alone
            self._count_failure(request, failure.reason)
        elif failure.action == "stop":
            variable = self.workspace.study.endpoints[lane.name].key
            hint = f" (its key is the environment variable {variable})" if variable else ""
            where = f'the endpoint "{lane.name}"{hint}, status {failure.status}'
            self._stop(model, f"{failure.reason} by {where}")
        elif failure.action == "used up":
            self.used_up[model] += 1
            if self.used_up[model] < USED_UP:
                return False
            self._stop(model, f'a limit of the endpoint "{lane.name}" is used up: {failure.reason}')
        elif failure.action == "give up":
            self._count_failure(request, failure.reason)
        return failure.action != "again"

    def _count_failure(self, request: Request, reason: str) -> None:
        """Stop a model that has only ever failed, or does so many times in a row."""
        model = request.model
        own = self.failures[model, request.step, request.language]
        own.append(reason)
        if model not in self.replied:
            own = [r for key, reasons in self.failures.items() if key[0] == model for r in reasons]
        if len(own) >= (IN_A_ROW if model in self.replied else HOPELESS):
            most, n = Counter(own).most_common(1)[0]
            self._stop(
                model, f"all of its last {len(own)} requests failed, {n} of them with: {most}"
            )

    def _count_reply(self, request: Request, reply: dict) -> None:
        """Stop a model of which nothing can be read in one step and language."""
        self.replied.add(request.model)
        self.used_up[request.model] = 0
        place = request.model, request.step, request.language
        self.failures.pop(place, None)
        unread = self.unread[place]
        if unread == ["read"] or request.step not in STEPS:
            return
        read = reply_parser.read(
            request.step, request.language, reply["text"], reply["finish_reason"]
        )
        if read[0] in ("answered", "refused"):
            unread[:] = ["read"]
            return
        unread.append(read[0])
        if len(unread) >= IN_A_ROW:
            most, n = Counter(unread).most_common(1)[0]
            what = f"none of its first {len(unread)} replies ({request.step}, {request.language})"
            start = " ".join((reply["text"] or "").split())[-200:]
            example = f'the last of them ends "{start}"' if start else "the last of them is empty"
            self._stop(request.model, f"{what} could be read, {n} are {most}; {example}")

    def _stop(self, model: str, why: str) -> None:
        self.stopped.setdefault(model, f'"{model}" was stopped: {why}.')
        self._wake()

    async def _pause(self, seconds: float) -> None:
        """Wait, but not when asking ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    def _is_over(self, model: str) -> bool:
        return model in self.stopped or self.ending.is_set()

    def _end(self) -> None:
        self.ending.set()
        self._wake()

    def _wake(self) -> None:
        for lane in self.lanes:
            lane.pace.free.set()
