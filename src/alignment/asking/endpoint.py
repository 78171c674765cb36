"""One request -> one reply, over any OpenAI-compatible endpoint; what an endpoint can do wrong is told apart here."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
import openai
import orjson

from alignment.asking import plan
from alignment.study.schema import Study
from alignment.study.workspace import Workspace

AGAIN = {408, 409, 425, 429}
SLOWER = {429, 503, 529}
STOP = {
    401: "the key was refused",
    402: "the account has no credit",
    403: "access was refused",
    404: "the model is unknown",
}
OMITTED = {
    f"X-Stainless-{name}": openai.Omit()
    for name in ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
}
KEPT_HEADERS = {"retry-after", "x-request-id", "content-type"}
LONGEST_WAIT = 120.0  # seconds, whatever an endpoint asks for


@dataclass(frozen=True, slots=True)
class Request:
    """One request that a cell needs: its key in the archive, who is asked, and what is sent."""

    key: str
    step: str
    language: str
    model: str
    run: int
    attempt: int
    messages: list[dict]
    unread: int = 0  # replies to it that could not be read


@dataclass
class Failure(Exception):
    """A try without a reply: whether to try "again", to "give up" on this cell, or to "stop" the model."""

    kind: str
    why: str
    status: int = 0
    retry_after: str | None = None
    paid: bool = False  # it may have been charged all the same


@dataclass
class Pace:
    """How many requests an endpoint bears just now: a quarter fewer when it says "slow down", slowly more again.

    >>> pace = Pace(most=64)
    >>> pace.slower(began=1.0, now=2.0, wait=0.5)
    >>> pace.slower(began=1.5, now=2.1, wait=0.0)  # sent before the first signal came: the same signal
    >>> pace.limit, pace.until
    (48.0, 2.5)
    """

    most: int
    limit: float = 0.0
    under_way: int = 0
    until: float = 0.0  # monotonic time before which nothing new is sent
    cut: float = 0.0  # when the limit was last lowered
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.limit = float(self.most)

    def slower(self, began: float, now: float, wait: float) -> None:
        if began > self.cut:
            self.limit, self.cut = max(1.0, 0.75 * self.limit), now
        self.until = max(self.until, now + wait)

    def faster(self) -> None:
        self.limit = min(float(self.most), self.limit + 1 / self.limit)


class Lean(httpx2.AsyncClient):
    """What the openai package sends through, straight to aiohttp: an endpoint needs no cookies, redirects or streams.

    The package's own transports spend as much time on these as on the request.
    """

    def __init__(self, base_url: str, in_flight: int, seconds: float) -> None:
        super().__init__()
        connector = aiohttp.TCPConnector(limit=in_flight, ssl=httpx2.create_ssl_context())
        timeout = aiohttp.ClientTimeout(total=seconds)  # of a whole reply: a trickle must end, too
        self.session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
        )
        self.proxy, self.urls = _proxy(base_url), {}

    def build_request(
        self, method: str, url: str, *, headers=None, content=None, **_
    ) -> httpx2.Request:
        if url not in self.urls:
            self.urls[url] = httpx2.URL(url)
        return httpx2.Request(method, self.urls[url], headers=headers, content=content)

    async def send(self, request: httpx2.Request, **_) -> httpx2.Response:
        asked = self.session.request(
            request.method,
            str(request.url),
            headers=request.headers.items(),
            data=request.content,
            proxy=self.proxy,
        )
        async with asked as reply:
            content = await reply.read()  # already unpacked
            headers = {
                name: value for name, value in reply.headers.items() if name.lower() in KEPT_HEADERS
            }
            return httpx2.Response(reply.status, headers=headers, content=content, request=request)

    async def aclose(self) -> None:
        await self.session.close()
        await super().aclose()


def _proxy(base_url: str) -> str | None:
    """The proxy that the environment names for an address; asked for once, not with every request."""
    address = urlsplit(base_url)
    return None if proxy_bypass(address.netloc) else getproxies().get(address.scheme)


@contextlib.asynccontextmanager
async def client(workspace: Workspace, name: str):
    """The openai client of an endpoint; simulated respondents are reached in the process, without a port."""
    endpoint = workspace.study.endpoints[name]
    if workspace.study.respondents == "simulated":
        from alignment.asking import simulation

        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=simulation.app(workspace)))
        base_url, key = "http://simulated/v1", "none"
    else:
        base_url, key = endpoint.base_url, plan.key_of(workspace.study, name)
        http = Lean(base_url, endpoint.in_flight, endpoint.timeout_seconds)
    settings = {
        "base_url": base_url,
        "api_key": key,
        "http_client": http,
        "timeout": endpoint.timeout_seconds,
    }
    async with openai.AsyncOpenAI(**settings, max_retries=0, default_headers=OMITTED) as made:
        yield made


def body(study: Study, request: Request) -> bytes:
    """What is sent: the exact messages and the study's sampling settings, as JSON."""
    model = study.models[request.model]
    sent = {"model": model.request or request.model, "messages": request.messages}
    sent |= {"temperature": study.sampling.temperature, "max_tokens": study.limit(request.model)}
    if model.provider:
        sent["provider"] = model.provider
    if study.respondents == "simulated" or study.endpoints[model.endpoint].send_seed:
        sent["seed"] = (
            100 * request.run + request.unread + 1
        )  # a failed attempt changes no later answer
    return orjson.dumps(sent)


async def send(asked: openai.AsyncOpenAI, content: bytes) -> httpx2.Response:
    """One try; a Failure when no reply came."""
    try:  # the whole address, since the package parses a relative one twice
        return await asked.post(
            f"{asked.base_url}chat/completions", content=content, cast_to=httpx2.Response
        )
    except openai.APIStatusError as failure:
        raise _refused(failure) from None
    except (openai.APIError, httpx2.HTTPError, aiohttp.ClientError, OSError) as failure:
        cause = failure.__cause__ or failure
        why = (
            f"{type(cause).__name__}: {cause}"[:500]
            if not isinstance(cause, TimeoutError)
            else "no whole reply in time"
        )
        raise Failure(
            "again",
            why,
            paid=not isinstance(cause, (aiohttp.ClientConnectorError, httpx2.ConnectError)),
        ) from None


def _refused(failure: openai.APIStatusError) -> Failure:
    """An answer that is an error, by its status."""
    status, why = failure.status_code, f"{failure.status_code}: {failure.message}"[:500]
    if failure.code == "insufficient_quota":  # OpenAI says so with a 429, which no waiting mends
        return Failure("stop", STOP[402], status)
    if (
        status in STOP
    ):  # only of an unknown model the endpoint is quoted: of a key nothing may be repeated
        return Failure(
            "stop", STOP[status] + (f" ({failure.message[:200]})" if status == 404 else ""), status
        )
    kind = "again" if status in AGAIN or status >= 500 else "give up"
    return Failure(kind, why, status, failure.response.headers.get("retry-after"))


def wait(attempt: int, retry_after: str | None = None) -> float:
    """Seconds before the next try: what the endpoint says (seconds or a date), else doubling from half a second.

    >>> wait(0, "7"), wait(0, "Wed, 21 Oct 2015 07:28:00 GMT"), wait(0, "9999")
    (7.0, 0.0, 120.0)
    """
    with contextlib.suppress(TypeError, ValueError):
        return min(max(float(retry_after), 0.0), LONGEST_WAIT)
    with contextlib.suppress(TypeError, ValueError):
        until = parsedate_to_datetime(retry_after)
        return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_WAIT)
    return min(0.5 * 2**attempt, 30.0) * random.uniform(0.75, 1.25)


def row(study: Study, request: Request, response: httpx2.Response) -> dict:
    """The archive's row for a reply; a Failure when what came is no chat completion."""
    try:
        parsed = orjson.loads(response.content)
        return _known(request) | _read(
            study, request, parsed, response.headers.get("x-request-id"), response.content
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        start = response.content[:200].decode("utf-8", "replace")
        raise Failure(
            "again", f"no chat completion ({type(error).__name__}: {error}): {start}", paid=True
        ) from None


def _read(
    study: Study, request: Request, parsed: dict, request_id: str | None, content: bytes
) -> dict:
    choice, usage = parsed["choices"][0], parsed.get("usage") or {}
    text, finish_reason = _said(choice)
    fingerprint = _text(parsed.get("system_fingerprint")) or ""
    simulated = study.respondents == "simulated" or fingerprint.startswith("simulated")
    return {
        "text": text,
        "finish_reason": finish_reason,
        "respondents": "simulated" if simulated else "live",
        "returned_model": _text(parsed.get("model")),
        "provider": _text(parsed.get("provider")),
        "quantisation": _text(parsed.get("quantization"))
        or _pinned(study.models[request.model].provider),
        "fingerprint": fingerprint,
        "request_id": request_id or _text(parsed.get("id")),
        "prompt_tokens": _count(usage.get("prompt_tokens")),
        "completion_tokens": _count(usage.get("completion_tokens")),
        "cost": plan.cost(study, request.model, usage),
        "response": content.decode("utf-8", "replace"),
    }


def _said(choice: dict) -> tuple[str, str]:
    """The text of a choice and why it ended; a refusal that has a place of its own is one."""
    message = choice["message"]
    content, refusal = message.get("content"), message.get("refusal")
    if not isinstance(content, str | None):
        raise TypeError("the content is not text")
    if not content and isinstance(refusal, str) and refusal:
        return refusal, "refusal"
    return content or "", _text(choice.get("finish_reason")) or ""


def _pinned(provider: dict) -> str | None:
    """The quantisation that a study pins, where it is one."""
    pinned = provider.get("quantizations") or []
    return str(pinned[0]) if len(pinned) == 1 else None


def _text(value) -> str | None:
    return value if isinstance(value, str | None) else orjson.dumps(value).decode()


def _count(value) -> int | None:
    return value if isinstance(value, int | None) else int(value)


def failed(study: Study, request: Request, error: str) -> dict:
    """The archive's row for a request without a reply."""
    respondents = "simulated" if study.respondents == "simulated" else "live"
    return _known(request) | {"text": None, "error": error, "respondents": respondents, "cost": 0.0}


def _known(request: Request) -> dict:
    known = {
        name: getattr(request, name) for name in ("key", "attempt", "step", "language", "model")
    }
    return known | {"time": datetime.now(UTC).isoformat(timespec="milliseconds")}
