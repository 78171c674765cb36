"""Requests -> replies, over any OpenAI-compatible endpoint; every reply is in the archive before it is counted."""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2
import openai
import orjson

from utils import plan, replies
from utils.errors import Problem
from utils.execution import Execution
from utils.progress import Progress

TRIES = 6  # requests for one attempt at a reply before it counts as failed
AGAIN = {408, 409, 425, 429}
STOP = {401: "the key was refused", 402: "the account has no credit", 403: "access was refused", 404: "the model is unknown"}


@dataclass(frozen=True)
class Request:
    """One request that a cell needs: its key in the archive, who is asked, and what is sent."""

    key: str
    step: str
    language: str
    model: str
    run: int
    attempt: int
    messages: list[dict]


@dataclass
class Asking:
    """What the requests under way share: the archive's queue, the budget, and who has been stopped."""

    here: Execution
    queue: asyncio.Queue
    calls: int
    usd: float
    reserved: float = 0.0
    stopped: dict[str, str] = field(default_factory=dict)  # model -> why
    pause_until: dict[str, float] = field(default_factory=dict)  # endpoint -> monotonic time
    full: bool = False  # the cap is reached


def run(coroutine) -> None:
    """Run a coroutine to its end, also inside JupyterLab, where a loop is already running."""
    failure: list[BaseException] = []

    def target() -> None:
        try:
            asyncio.run(coroutine)
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


async def ask(here: Execution, todo: list[Request], connection, progress: Progress) -> None:
    """Ask everything that is missing, each endpoint with as many requests in flight as it bears."""
    calls, usd = replies.spent(connection)
    shared = Asking(here, asyncio.Queue(maxsize=1000), calls, usd)
    writer = asyncio.create_task(_write(shared.queue, connection, progress))
    try:
        async with contextlib.AsyncExitStack() as stack:
            clients = {e: await stack.enter_async_context(_client(here, e)) for e in _endpoints(here, todo)}
            async with asyncio.TaskGroup() as group:
                for endpoint, client in clients.items():
                    mine = iter([r for r in todo if here.study.models[r.model].endpoint == endpoint])
                    for _ in range(here.study.endpoints[endpoint].in_flight):
                        group.create_task(_work(shared, endpoint, client, mine))
    finally:
        await shared.queue.put(None)
        await writer
        progress.close()
    _stop_if_needed(shared)


def _endpoints(here: Execution, todo: list[Request]) -> list[str]:
    return sorted({here.study.models[r.model].endpoint for r in todo})


def _stop_if_needed(shared: Asking) -> None:
    if shared.stopped:
        raise Problem("\n".join(shared.stopped.values()) + "\nWhat arrived is kept; running again asks only what is missing.")
    if shared.full:
        raise Problem(
            f"The study's cap is reached: {shared.calls:,} calls and ${shared.usd:,.2f} so far. What arrived is kept; "
            "a higher cap (in the study file, or --cap) lets it go on."
        )


async def _write(queue: asyncio.Queue, connection, progress: Progress) -> None:
    """Move replies from the queue to disk, as many as there are in one transaction; count them only then."""
    done = False
    while not done:
        rows = [await queue.get()]
        while not queue.empty():
            rows.append(queue.get_nowait())
        done = None in rows
        rows = [row for row in rows if row is not None]
        if rows:
            await asyncio.to_thread(replies.keep, connection, rows)
            progress.add(len(rows), sum(row["text"] is None for row in rows), sum(row["cost"] or 0 for row in rows))


@contextlib.asynccontextmanager
async def _client(here: Execution, name: str):
    """The openai client of an endpoint; simulated respondents are reached in the process, without a port."""
    endpoint = here.study.endpoints[name]
    if here.study.respondents == "simulated":
        from utils import simulation

        transport = httpx2.ASGITransport(app=simulation.app(here))
        http = httpx2.AsyncClient(transport=transport)
        base_url, key = "http://simulated/v1", "none"
    else:
        base_url, key = endpoint.base_url, plan.key_of(here.study, name)
        http = openai.DefaultAioHttpClient(limits=httpx2.Limits(max_connections=endpoint.in_flight))
    client = openai.AsyncOpenAI(
        base_url=base_url, api_key=key, http_client=http, max_retries=0, timeout=endpoint.timeout_seconds
    )
    async with client:
        yield client


async def _work(shared: Asking, endpoint: str, client: openai.AsyncOpenAI, requests: Iterator[Request]) -> None:
    """One request after another, until there are no more or asking stops."""
    for request in requests:
        if request.model in shared.stopped:
            continue
        cost = plan.most(shared.here.study, request.model, request.messages)
        if not _afford(shared, cost):
            return
        row = await _one(shared, endpoint, client, request)
        shared.reserved -= cost
        if row:
            shared.usd += row["cost"] or 0
            await shared.queue.put(row)


def _afford(shared: Asking, cost: float) -> bool:
    """Reserve the most that a request can cost; False when the cap would not hold."""
    cap = shared.here.study.cap
    if cap and cap.usd is not None and shared.usd + shared.reserved + cost > cap.usd:
        shared.full = True
    if cap and cap.calls is not None and shared.calls >= cap.calls:
        shared.full = True
    if shared.full:
        return False
    shared.calls += 1
    shared.reserved += cost
    return True


async def _one(shared: Asking, endpoint: str, client: openai.AsyncOpenAI, request: Request) -> dict | None:
    """The archive's row for one request; None when its model has been stopped meanwhile."""
    body = _body(shared.here, endpoint, request)
    started, error = time.monotonic(), ""
    for attempt in range(TRIES):
        await asyncio.sleep(max(0.0, shared.pause_until.get(endpoint, 0.0) - time.monotonic()))
        if request.model in shared.stopped:
            return None
        try:
            response = await client.post("/chat/completions", body=body, cast_to=httpx2.Response)
            parsed = orjson.loads(response.content)
            return _row(shared.here, request, body, parsed, response, time.monotonic() - started)
        except openai.APIStatusError as failure:
            error = f"{failure.status_code}: {failure.message}"[:500]
            if failure.status_code in STOP:
                shared.stopped[request.model] = _why(shared.here, endpoint, request.model, failure)
                return None
            if failure.status_code not in AGAIN and failure.status_code < 500:
                break
            wait = _wait(attempt, failure.response.headers.get("retry-after"))
            if failure.status_code == 429:
                shared.pause_until[endpoint] = max(shared.pause_until.get(endpoint, 0.0), time.monotonic() + wait)
        except (openai.APIError, httpx2.HTTPError, orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as failure:
            error, wait = f"{type(failure).__name__}: {failure}"[:500], _wait(attempt, None)
        if attempt + 1 < TRIES:
            await asyncio.sleep(wait)
    return _failed(shared.here, request, body, error, time.monotonic() - started)


def _body(here: Execution, endpoint: str, request: Request) -> dict:
    """What is sent: the exact messages and the study's sampling settings."""
    study, model = here.study, here.study.models[request.model]
    body = {"model": model.request or request.model, "messages": request.messages}
    body |= {"temperature": study.sampling.temperature, "max_tokens": study.limit(request.model)}
    if model.provider:
        body["provider"] = model.provider
    if study.endpoints[endpoint].send_seed or study.respondents == "simulated":
        body["seed"] = 100 * request.run + request.attempt
    return body


def _wait(attempt: int, retry_after: str | None) -> float:
    """Seconds to wait before trying again: what the endpoint says, else doubling from half a second."""
    with contextlib.suppress(TypeError, ValueError):
        return min(float(retry_after), 120.0)
    return min(0.5 * 2**attempt, 30.0) * random.uniform(0.75, 1.25)


def _why(here: Execution, endpoint: str, model: str, failure: openai.APIStatusError) -> str:
    variable = here.study.endpoints[endpoint].key
    hint = f" (its key is the environment variable {variable})" if variable else ""
    return f'"{model}" was stopped: {STOP[failure.status_code]} by the endpoint "{endpoint}"{hint}, status {failure.status_code}.'


def _row(here: Execution, request: Request, body: dict, parsed: dict, response, latency: float) -> dict:
    choice = parsed["choices"][0]
    usage, fingerprint = parsed.get("usage") or {}, str(parsed.get("system_fingerprint") or "")
    simulated = here.study.respondents == "simulated" or fingerprint.startswith("simulated")
    return _common(request, body, latency) | {
        "text": choice["message"].get("content") or "",
        "finish_reason": choice.get("finish_reason") or "",
        "respondents": "simulated" if simulated else "live",
        "returned_model": parsed.get("model"),
        "provider": parsed.get("provider"),
        "fingerprint": fingerprint,
        "request_id": response.headers.get("x-request-id") or parsed.get("id"),
        "prompt_tokens": usage.get("prompt_tokens"),
        "completion_tokens": usage.get("completion_tokens"),
        "cost": plan.cost(here.study, request.model, usage),
        "response": response.text,
    }


def _failed(here: Execution, request: Request, body: dict, error: str, latency: float) -> dict:
    respondents = "simulated" if here.study.respondents == "simulated" else "live"
    return _common(request, body, latency) | {"text": None, "error": error, "respondents": respondents, "cost": 0.0}


def _common(request: Request, body: dict, latency: float) -> dict:
    return {
        "key": request.key,
        "attempt": request.attempt,
        "model": request.model,
        "request": orjson.dumps(body).decode(),
        "latency": latency,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
