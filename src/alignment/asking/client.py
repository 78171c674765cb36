"""The client of an endpoint: its key, its proxy, and the lean way to its address."""

import contextlib
import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
import openai

from alignment.asking import simulation
from alignment.study.schema import Study
from alignment.study.workspace import Workspace
from utils.errors import Problem

OMITTED = {
    f"X-Stainless-{name}": openai.Omit()
    for name in ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
}
KEPT_HEADERS = {"retry-after", "retry-after-ms", "x-ratelimit-reset", "x-request-id"}
KEPT_HEADERS |= {"content-type", "location"}
CONNECTING = 30.0  # seconds; later than that, a request has surely not been sent


class LeanClient(httpx2.AsyncClient):
    """What the openai package sends through, straight to aiohttp.

    An endpoint needs no cookies, redirects or streams, and the package's own transports spend as
    much time on these as on the request.
    """

    def __init__(self, base_url: str, in_flight: int, seconds: float) -> None:
        super().__init__()
        connector = aiohttp.TCPConnector(limit=in_flight, ssl=httpx2.create_ssl_context())
        # of a whole reply: a trickle must end, too
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECTING, seconds))
        how = {"timeout": timeout, "cookie_jar": aiohttp.DummyCookieJar()}
        self.session = aiohttp.ClientSession(connector=connector, **how)
        self.proxy, self.urls = _proxy_for(base_url), {}

    def build_request(self, method, url, *, headers=None, content=None, **_) -> httpx2.Request:
        if url not in self.urls:
            self.urls[url] = httpx2.URL(url)
        return httpx2.Request(method, self.urls[url], headers=headers, content=content)

    async def send(self, request: httpx2.Request, **_) -> httpx2.Response:
        how = {"headers": request.headers.items(), "data": request.content, "proxy": self.proxy}
        how["allow_redirects"] = False  # another address is never told the key
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
