"""One try over any OpenAI-compatible endpoint: a reply's record, or a Failure."""

import contextlib
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
import openai

from alignment.asking import record, simulation
from alignment.asking.request import Request
from alignment.study.schema import Study
from alignment.study.workspace import Workspace
from utils.errors import Problem

TRY_AGAIN = {408, 409, 425, 429}
SLOW_DOWN = {429, 503, 529}
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


@dataclass
class Failure(Exception):
    """A try without a reply: whether to try "again", to "give up" on it, or to "stop" the model."""

    action: str
    reason: str
    status: int = 0
    retry_after: str | None = None
    paid: bool = False  # it may have been charged all the same


class LeanClient(httpx2.AsyncClient):
    """What the openai package sends through, straight to aiohttp.

    An endpoint needs no cookies, redirects or streams, and the package's own transports spend as
    much time on these as on the request.
    """

    def __init__(self, base_url: str, in_flight: int, seconds: float) -> None:
        super().__init__()
        connector = aiohttp.TCPConnector(limit=in_flight, ssl=httpx2.create_ssl_context())
        timeout = aiohttp.ClientTimeout(total=seconds)  # of a whole reply: a trickle must end, too
        how = {"timeout": timeout, "cookie_jar": aiohttp.DummyCookieJar()}
        self.session = aiohttp.ClientSession(connector=connector, **how)
        self.proxy, self.urls = _proxy_for(base_url), {}

    def build_request(self, method, url, *, headers=None, content=None, **_) -> httpx2.Request:
        if url not in self.urls:
            self.urls[url] = httpx2.URL(url)
        return httpx2.Request(method, self.urls[url], headers=headers, content=content)

    async def send(self, request: httpx2.Request, **_) -> httpx2.Response:
        how = {"headers": request.headers.items(), "data": request.content, "proxy": self.proxy}
        async with self.session.request(request.method, str(request.url), **how) as reply:
            content = await reply.read()  # already unpacked
            headers = {k: v for k, v in reply.headers.items() if k.lower() in KEPT_HEADERS}
            return httpx2.Response(reply.status, headers=headers, content=content, request=request)

    async def aclose(self) -> None:
        await self.session.close()
        await super().aclose()


def _proxy_for(base_url: str) -> str | None:
    """Return the proxy that the environment names for an address, if it names one."""
    address = urlsplit(base_url)
    return None if proxy_bypass(address.netloc) else getproxies().get(address.scheme)


def read_key(study: Study, name: str) -> str:
    """Return an endpoint's key from the environment, and from nowhere else; "none" without one."""
    variable = study.endpoints[name].key
    if not variable:
        return "none"
    if not os.environ.get(variable):
        needed = f"its key in the environment variable {variable}; set it and run again."
        raise Problem(f'The endpoint "{name}" needs {needed}')
    return os.environ[variable]


@contextlib.asynccontextmanager
async def open_client(workspace: Workspace, name: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """Open the client of an endpoint; simulated respondents answer in this process."""
    endpoint = workspace.study.endpoints[name]
    if workspace.study.respondents == "simulated":
        transport = httpx2.ASGITransport(app=simulation.app(workspace))
        http, url, key = httpx2.AsyncClient(transport=transport), "http://simulated/v1", "none"
    else:
        url, key = endpoint.base_url, read_key(workspace.study, name)
        http = LeanClient(url, endpoint.in_flight, endpoint.timeout_seconds)
    how = {"timeout": endpoint.timeout_seconds, "max_retries": 0, "default_headers": OMITTED}
    async with openai.AsyncOpenAI(base_url=url, api_key=key, http_client=http, **how) as client:
        yield client


async def fetch(client: openai.AsyncOpenAI, study: Study, request: Request, body: bytes) -> dict:
    """Try once to get a reply; return its record. Failure when none came, or no chat completion."""
    response = await _send(client, body)
    content, request_id = response.content, response.headers.get("x-request-id")
    try:
        return record.read_completion(study, request, content, request_id)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        start = content[:200].decode("utf-8", "replace")
        reason = f"no chat completion ({type(error).__name__}: {error}): {start}"
        raise Failure("again", reason, paid=True) from None


async def _send(client: openai.AsyncOpenAI, body: bytes) -> httpx2.Response:
    address = f"{client.base_url}chat/completions"  # whole: a relative one is parsed twice
    try:
        return await client.post(address, content=body, cast_to=httpx2.Response)
    except openai.APIStatusError as error:
        raise _refusal(error) from None
    except (openai.APIError, httpx2.HTTPError, aiohttp.ClientError, OSError) as error:
        cause = error.__cause__ or error
        late = isinstance(cause, TimeoutError)
        reason = "no whole reply in time" if late else f"{type(cause).__name__}: {cause}"[:500]
        unsent = isinstance(cause, (aiohttp.ClientConnectorError, httpx2.ConnectError))
        raise Failure("again", reason, paid=not unsent) from None


def _refusal(error: openai.APIStatusError) -> Failure:
    """Return the failure that an answer with an error's status is."""
    status, message = error.status_code, error.message
    if error.code == "insufficient_quota":  # OpenAI says so with a 429, which no waiting mends
        return Failure("stop", STOP[402], status)
    if status in STOP:  # only of an unknown model is it quoted: a message may repeat a key
        quoted = f" ({message[:200]})" if status == 404 else ""
        return Failure("stop", STOP[status] + quoted, status)
    action = "again" if status in TRY_AGAIN or status >= 500 else "give up"
    reason, retry_after = f"{status}: {message}"[:500], error.response.headers.get("retry-after")
    return Failure(action, reason, status, retry_after)


def seconds_to_wait(attempt: int, retry_after: str | None = None) -> float:
    """Return how long to wait before the next try.

    What the endpoint says (seconds or a date), else doubling from half a second.

    >>> seconds_to_wait(0, "7"), seconds_to_wait(0, "Wed, 21 Oct 2015 07:28:00 GMT")
    (7.0, 0.0)
    >>> seconds_to_wait(0, "9999")
    120.0
    """
    with contextlib.suppress(TypeError, ValueError):
        return min(max(float(retry_after), 0.0), LONGEST_WAIT)
    with contextlib.suppress(TypeError, ValueError):
        until = parsedate_to_datetime(retry_after)
        return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_WAIT)
    return min(0.5 * 2**attempt, 30.0) * random.uniform(0.75, 1.25)
