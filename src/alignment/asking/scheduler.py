"""Requests -> replies, many at a time; every reply is in the archive before it is counted."""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from alignment.asking import archive, endpoint, plan
from alignment.asking.endpoint import Failure, Pace, Request
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace
from utils.errors import Problem

TRIES = 6  # for one attempt at a reply before it counts as failed
PATIENCE = 30  # times that an endpoint may say "slow down" to one request
HOPELESS = 10  # requests of a model that were turned down, before any reply of it: it is stopped
UNSAVED = 1000  # replies that may wait for the disk
APART = 0.001  # seconds between the first requests: what leaves as one burst comes back as one, again and again
GATHER = 0.05  # seconds in which replies gather for one transaction: a disk bears some hundred of them a second
END = "What arrived is kept; running again asks only what is missing."


@dataclass
class Asking:
    """What the requests under way share."""

    workspace: Workspace
    note: archive.Note  # writes down what is about to be sent
    budget: plan.Budget
    progress: Progress
    paces: dict[str, Pace]
    queue: asyncio.Queue = field(default_factory=lambda: asyncio.Queue(UNSAVED))
    ending: asyncio.Event = field(default_factory=asyncio.Event)  # Ctrl-C, or the cap is reached
    full: bool = False
    stopped: dict[str, str] = field(default_factory=dict)  # model -> why
    turned_down: Counter = field(default_factory=Counter)  # model -> requests
    replied: set[str] = field(default_factory=set)  # models
    loop: asyncio.AbstractEventLoop | None = None
    task: asyncio.Task | None = None
    started: threading.Event = field(default_factory=threading.Event)

    def over(self, model: str) -> bool:
        return model in self.stopped or self.ending.is_set()

    def wake(self) -> None:
        for pace in self.paces.values():
            pace.free.set()

    def end(self) -> None:
        self.ending.set()
        self.wake()


def ask(workspace: Workspace, todo: list[Request], connection, progress: Progress) -> None:
    """Ask everything that is missing, each endpoint with as many requests in flight as it bears.

    Problem when a model was stopped or the cap is reached. Ctrl-C finishes what is in flight and then raises
    KeyboardInterrupt; a second one waits no longer.
    """
    names = sorted({workspace.study.models[r.model].endpoint for r in todo})
    paces = {name: Pace(workspace.study.endpoints[name].in_flight) for name in names}
    with archive.journal(workspace.raw / archive.FILE) as note:
        budget = plan.Budget(workspace.study.cap, *archive.spent(connection))
        shared = Asking(
            workspace, note, budget, progress, paces, replied=archive.models(connection)
        )
        interrupted = _run(_ask(shared, todo, connection), shared)
    if interrupted:
        raise KeyboardInterrupt
    if shared.stopped:
        raise Problem("\n".join([*shared.stopped.values(), END]))
    if shared.full:
        raise Problem(
            f"The study's cap is reached: {shared.budget.calls:,} calls and ${shared.budget.usd:,.2f} so far. What arrived is "
            "kept; a higher cap (in the study file, or --cap) lets it go on."
        )


def _run(coroutine, shared: Asking) -> bool:
    """Run a coroutine to its end in a thread (JupyterLab has a loop of its own in this one); whether Ctrl-C came."""
    failures, pressed, done = [], 0, threading.Event()

    def target() -> None:
        try:
            asyncio.run(coroutine)
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    threading.Thread(target=target).start()
    while (
        not done.is_set()
    ):  # a join that Ctrl-C interrupts takes the thread for finished (Python 3.11)
        try:
            done.wait()
        except KeyboardInterrupt:
            pressed += 1
            shared.started.wait(5)
            with contextlib.suppress(RuntimeError):  # the loop has just closed
                shared.loop.call_soon_threadsafe(shared.end if pressed == 1 else shared.task.cancel)
    for failure in failures:
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        raise KeyboardInterrupt if isinstance(failure, asyncio.CancelledError) else failure
    return pressed > 0


async def _ask(shared: Asking, todo: list[Request], connection) -> None:
    shared.loop, shared.task, models = (
        asyncio.get_running_loop(),
        asyncio.current_task(),
        shared.workspace.study.models,
    )
    shared.started.set()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(shared.progress.close)
        clients = {
            name: await stack.enter_async_context(endpoint.client(shared.workspace, name))
            for name in shared.paces
        }
        group = await stack.enter_async_context(asyncio.TaskGroup())
        writer = group.create_task(
            _write(shared.queue, connection, shared.progress)
        )  # if the disk is full, all of it ends
        try:
            async with asyncio.TaskGroup() as asking:
                for name, client in clients.items():
                    mine = iter([r for r in todo if models[r.model].endpoint == name])
                    for number in range(shared.paces[name].most):
                        asking.create_task(_work(shared, name, client, mine, APART * number))
        finally:
            if not writer.done():
                await shared.queue.put(None)
                await writer


async def _write(queue: asyncio.Queue, connection, progress: Progress) -> None:
    """Move replies from the queue to disk, as many as there are in one transaction; count them only then."""
    done = False
    while not done:
        rows = [await queue.get()]
        await asyncio.sleep(GATHER)
        while not queue.empty():
            rows.append(queue.get_nowait())
        done = None in rows
        rows = [row for row in rows if row is not None]
        if rows:
            await asyncio.to_thread(archive.keep, connection, rows)
            spent = sum((row["cost"] or 0) + row.get("lost_cost", 0) for row in rows)
            progress.add(len(rows), sum(row["text"] is None for row in rows), spent)


async def _work(
    shared: Asking, name: str, client, requests: Iterator[Request], after: float
) -> None:
    """One request after another, as the endpoint has room for them, until there are no more or asking ends."""
    pace = shared.paces[name]
    await _pause(shared, after)
    for request in requests:
        most = plan.most(shared.workspace.study, request.model, request.messages)
        if not await _turn(shared, pace, request.model, most):
            continue
        pace.under_way += 1
        try:
            row = await _one(shared, name, client, request, most)
            if row:
                await shared.queue.put(row)
        finally:
            pace.under_way -= 1
            shared.wake()


async def _turn(shared: Asking, pace: Pace, model: str, most: float) -> bool:
    """Wait until the endpoint has room, and the cap; False when this request is not to be made any more."""
    while not shared.over(model):
        pause = pace.until - time.monotonic()
        if pause > 0:
            await _pause(shared, pause)
        elif pace.under_way < int(pace.limit) and shared.budget.reserve(most):
            return True
        elif any(
            p.under_way for p in shared.paces.values()
        ):  # they make room, and may cost less than was set aside
            pace.free.clear()
            await pace.free.wait()
        else:
            shared.full = True
            shared.end()
    return False


async def _pause(shared: Asking, seconds: float) -> None:
    """Wait, but not when asking ends."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(shared.ending.wait(), seconds)


async def _one(shared: Asking, name: str, client, request: Request, most: float) -> dict | None:
    """The archive's row for one request; None when asking ended before a try of it could have been paid for.

    A try that may have been paid for without a reply (no answer in time, half an answer) counts with the most it can
    have cost.
    """
    study, pace = shared.workspace.study, shared.paces[name]
    sent = endpoint.body(study, request)
    tries, slowed, lost, error = 0, 0, 0, ""
    while tries < TRIES and slowed < PATIENCE and not shared.over(request.model):
        began = time.monotonic()
        shared.note(request, most)
        try:
            row = endpoint.row(study, request, await endpoint.send(client, sent))
        except Failure as failure:
            error = failure.why
            tries, slowed = tries + (failure.status != 429), slowed + (failure.status == 429)
            lost += failure.paid
            if failure.paid and not shared.budget.again(most):
                break
            if failure.kind != "again":
                _turned_down(shared, name, request.model, failure)
                break
            if tries < TRIES:
                shared.progress.add(again=1)
                await _slowed(shared, pace, failure, began, tries + slowed)
        else:
            pace.faster()
            shared.replied.add(request.model)
            shared.budget.settle(most, row["cost"])
            latency = time.monotonic() - began
            return row | {
                "request": sent.decode(),
                "latency": latency,
                "lost": lost,
                "lost_cost": lost * most,
            }
    shared.budget.settle(most, 0.0)
    if not lost and shared.over(request.model):
        shared.budget.calls -= 1
        return None
    return endpoint.failed(study, request, error) | {
        "request": sent.decode(),
        "lost": lost,
        "lost_cost": lost * most,
    }


async def _slowed(shared: Asking, pace: Pace, failure: Failure, began: float, tries: int) -> None:
    """Wait before the next try; an endpoint that says "slow down" is given fewer requests, and none for a while."""
    seconds = endpoint.wait(tries - 1, failure.retry_after)
    if failure.status in endpoint.SLOWER:
        pace.slower(began, time.monotonic(), seconds)
    await _pause(shared, seconds)


def _turned_down(shared: Asking, name: str, model: str, failure: Failure) -> None:
    """Stop a model at once for a refused key or an unknown model, and when it only ever turns requests down."""
    shared.turned_down[model] += 1
    hopeless = shared.turned_down[model] >= HOPELESS and model not in shared.replied
    one_statement = (
        failure.status == 403 and model in shared.replied
    )  # a broker's moderation says so of one statement
    if one_statement or (failure.kind != "stop" and not hopeless):
        return
    variable = shared.workspace.study.endpoints[name].key
    hint = f" (its key is the environment variable {variable})" if variable else ""
    why = f"every request was turned down, the last with {failure.why}"
    if failure.kind == "stop":
        why = f'{failure.why} by the endpoint "{name}"{hint}, status {failure.status}'
    shared.stopped[model] = f'"{model}" was stopped: {why}.'
    shared.wake()
