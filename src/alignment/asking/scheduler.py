"""Requests -> replies, many at a time; every reply is in the archive before it is counted."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

import openai

from alignment.asking import archive, client, endpoint, record, retries
from alignment.asking.batches import files
from alignment.asking.budget import Budget, check_prices, highest_cost
from alignment.asking.endpoint import Failure
from alignment.asking.health import Health
from alignment.asking.request import Request
from alignment.asking.writer import Writer
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace
from utils.errors import Problem

WATCH = 0.5  # seconds between two looks at whether asking is over
APART = 0.001  # seconds between the first requests: what leaves as one burst comes back as one


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
    check_prices_of(workspace, requests)
    budget = files.open_budget(workspace, connection)
    health = Health(archive.read_models(connection))
    path = workspace.raw / archive.FILE
    scheduler = carry_out(workspace, requests, path, connection, progress, budget, health)
    if scheduler.writer.fault:
        raise Problem(scheduler.writer.fault)
    if scheduler.interrupted:
        raise KeyboardInterrupt
    refuse_unasked(requests, budget, health, scheduler.capped)


def check_prices_of(workspace: Workspace, requests: list[Request]) -> None:
    """Refuse a cap in US dollars where a model that is asked has no price."""
    if workspace.study.respondents == "live":
        check_prices(workspace.study, dict.fromkeys(request.model for request in requests))


def refuse_unasked(requests: list[Request], budget: Budget, health: Health, capped: bool) -> None:
    """Raise a Problem when a model was stopped or the cap was reached."""
    if health.stopped:
        end = "Replies that arrived are saved; running again asks only for what is missing."
        raise Problem("\n".join([*health.stopped.values(), end]))
    if capped:
        spent = f"{budget.calls:,} calls and ${budget.usd:,.2f} so far. Replies that arrived"
        way = "are saved; a higher cap (in the study file, or --cap) lets it go on."
        silent = sorted({request.model for request in requests} - health.replied)
        never = f" No reply has come yet of {', '.join(silent)}." if silent else ""
        raise Problem(f"The study's cap is reached: {spent} {way}{never}")


def carry_out(
    workspace: Workspace,
    requests: list[Request],
    path: Path,
    connection: Connection,
    progress: Progress,
    budget: Budget,
    health: Health,
    is_called_off: Callable[[], bool] | None = None,
    limits: dict[str, float] | None = None,
) -> "Scheduler":
    """Ask requests with an archive at `path`; return the scheduler, which says how it ended.

    As soon as `is_called_off` says so, only what is in flight is finished. `limits`: by endpoint,
    the requests in flight to begin with, where that is not all that it bears.
    """
    with archive.open_journal(path) as note:
        ending = asyncio.Event()
        writer = Writer(path, connection, note, progress, ending)
        scheduler = Scheduler(workspace, requests, progress, budget, health, writer, ending)
        scheduler.is_called_off, scheduler.limits = is_called_off, limits or {}
        scheduler.interrupted = scheduler.run()
    return scheduler


@dataclass
class Scheduler:
    """The requests under way, and what they share."""

    workspace: Workspace
    requests: list[Request]
    progress: Progress
    budget: Budget
    health: Health
    writer: Writer
    ending: asyncio.Event  # Ctrl-C, the cap is reached, or the disk fails
    is_called_off: Callable[[], bool] | None = None  # asked now and then; true ends the asking
    limits: dict[str, float] = field(default_factory=dict)  # of endpoints, to begin with
    capped: bool = False
    interrupted: bool = False
    lanes: list[Lane] = field(default_factory=list)
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
                    pace = Pace(settings.in_flight)
                    pace.limit = min(pace.limit, self.limits.get(name, pace.limit))
                    self.lanes.append(Lane(name, own_client, pace, iter(own)))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            writer = group.create_task(self.writer.run())
            watch = group.create_task(self._watch()) if self.is_called_off else None
            try:
                async with asyncio.TaskGroup() as workers:
                    for lane in self.lanes:
                        for number in range(lane.pace.most):
                            workers.create_task(self._work(lane, APART * number))
            finally:
                if watch:
                    watch.cancel()
                if not writer.done():
                    await self.writer.queue.put(None)
                    await writer

    async def _watch(self) -> None:
        """End when somebody else says that asking is over."""
        while not self.is_called_off():
            await asyncio.sleep(WATCH)
        self._end()

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
                    await self.writer.queue.put(reply)
            finally:
                lane.pace.under_way -= 1
                self._wake()

    async def _admit(self, pace: Pace, model: str, most: float) -> bool:
        """Wait for room at the endpoint and under the cap; False when its model is over."""
        while not self._is_over(model):
            pause = pace.until - time.monotonic()
            if pause > 0 or self.writer.blocked:
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
        while not self._is_over(model) and await self.writer.write_down(request, most):
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
                if self.health.judge(request, failure, self._describe(lane)):
                    break
                most_tries = retries.TRIES if model in self.health.replied else retries.FIRST_TRIES
                if tries >= most_tries or delays >= retries.PATIENCE or lost >= retries.PAID_TRIES:
                    self.health.count_failure(request, reason)
                    break
                self.progress.add(again=1)
                await self._slow_down(lane.pace, failure, began, tries + delays)
        losses = {"request": body.decode(), "lost": lost, "lost_cost": lost * most}
        if reply is not None:
            lane.pace.speed_up()
            if not reply.get("error"):
                self.health.count_reply(request, reply)
            self.budget.settle(most, reply["cost"])
            return reply | losses | {"latency": time.monotonic() - began}
        self.budget.settle(most, 0.0)
        if not sent or (not lost and self._is_over(model)):
            self.budget.calls -= 1
        if not lost and self._is_over(model):
            return None
        return record.describe_failure(study, request, reason, sent) | losses

    async def _slow_down(self, pace: Pace, failure: Failure, began: float, tries: int) -> None:
        """Wait before the next try; an endpoint that says "slow down" gets fewer requests, too."""
        seconds = retries.seconds_to_wait(tries - 1, failure.retry_after)
        if failure.status in endpoint.SLOW_DOWN:
            pace.slow_down(began, time.monotonic(), seconds)
        await self._pause(seconds)

    def _describe(self, lane: Lane) -> str:
        variable = self.workspace.study.endpoints[lane.name].key
        hint = f" (its key is the environment variable {variable})" if variable else ""
        return f'the endpoint "{lane.name}"{hint}'

    async def _pause(self, seconds: float) -> None:
        """Wait, but not when asking ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    def _is_over(self, model: str) -> bool:
        return model in self.health.stopped or self.ending.is_set()

    def _end(self) -> None:
        """Begin no more requests; those in flight are finished."""
        self.ending.set()
        self._wake()

    def _wake(self) -> None:
        for lane in self.lanes:
            lane.pace.free.set()
