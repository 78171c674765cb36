"""The client of an endpoint: its key, its proxy, and the lean way to its address."""

import contextlib
import ipaddress
import os
import re
import ssl
from collections.abc import AsyncIterator, Iterable
from fnmatch import fnmatch
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
import openai

from alignment.asking import simulation
from alignment.study.endpoint_checks import KEY, is_loopback
from alignment.study.schema import Endpoint, Study
from alignment.study.workspace import Workspace
from utils.errors import Problem

KEPT_HEADERS = {"retry-after", "retry-after-ms", "x-ratelimit-reset", "x-request-id"}
KEPT_HEADERS |= {"content-type", "location"}
CONNECTING = 30.0  # seconds; later than that, a request has surely not been sent
PORTS = {"http": 80, "https": 443}
HIDDEN = b"(the key)"  # takes the place of a key that an endpoint repeats
ERROR = 300  # statuses from here on
Secrets = list[tuple[re.Pattern, int]]  # what to replace, and from which status on


class LeanClient(httpx2.AsyncClient):
    """What the openai package sends through, straight to aiohttp.

    An endpoint needs no cookies, redirects or streams, and the package's own transports spend as
    much time on these as on the request. Its headers are those that the study names and no others:
    the package would add what it finds in the environment. A key in an answer is replaced.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        values, seconds = read_headers(endpoint), endpoint.timeout_seconds
        self.own = {"accept": "application/json", "content-type": "application/json"} | values
        self.secrets, self.urls = secret_patterns(values.values()), {}
        proxy, login = proxy_for(endpoint.base_url)
        context = read_certificates(endpoint.base_url, proxy)
        if context is True:  # without a tunnel, a proxy reads the headers of the request itself
            self.own |= login
        self.through = {"proxy": proxy, "proxy_headers": login} if proxy else {}
        connector = aiohttp.TCPConnector(limit=endpoint.in_flight, ssl=context)
        # of a whole reply: a trickle must end, too
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECTING, seconds))
        how = {"timeout": timeout, "cookie_jar": aiohttp.DummyCookieJar()}
        self.session = aiohttp.ClientSession(connector=connector, **how)

    def build_request(self, method, url, *, content=None, **_) -> httpx2.Request:
        if url not in self.urls:
            self.urls[url] = httpx2.URL(url)
        return httpx2.Request(method, self.urls[url], content=content)

    async def send(self, request: httpx2.Request, **_) -> httpx2.Response:
        how = {"headers": self.own, "data": request.content} | self.through
        how["allow_redirects"] = False  # another address is never told the key
        async with self.session.request(request.method, str(request.url), **how) as reply:
            content = await reply.read()  # already unpacked
            content = without_key(content, reply.status, self.secrets)
            headers = {k: v for k, v in reply.headers.items() if k.lower() in KEPT_HEADERS}
            if "location" in reply.headers:
                place = reply.headers["location"].encode("utf-8", "replace")
                headers["location"] = without_key(place, ERROR, self.secrets).decode()
            return httpx2.Response(reply.status, headers=headers, content=content, request=request)

    async def aclose(self) -> None:
        await self.session.close()
        await super().aclose()


class LeanOpenAI(openai.AsyncOpenAI):
    """The openai package over a `LeanClient`, which sends none of the headers that it would write.

    Writing them takes a quarter of the time of a question.
    """

    def _build_request(self, options, **_) -> httpx2.Request:
        return self._client.build_request(options.method, options.url, content=options.content)


def without_key(content: bytes, status: int, secrets: Secrets) -> bytes:
    """Return an answer of some status without the keys that it may repeat."""
    for secret, least in secrets:
        if status >= least:
            content = secret.sub(HIDDEN, content)
    return content


def secret_patterns(values: Iterable[str]) -> Secrets:
    """Return what to replace in an answer, and from which status on.

    What was sent, but in a reply no word that it may hold by chance ("none"); in an error also
    what only looks like a key, such as the ends of one.
    """
    keys = {value.removeprefix("Bearer ") for value in values}
    patterns = []
    for key in keys:
        is_word = len(key) < 14 and (len(key) < 8 or not re.search(r"\d", key))
        patterns.append((re.compile(re.escape(key.encode())), ERROR if is_word else 0))
    return [*patterns, (re.compile(KEY.pattern.encode()), ERROR)] if patterns else []


def read_headers(endpoint: Endpoint) -> dict[str, str]:
    """Return the headers that carry an endpoint's key and what else its study names.

    Their values come from the environment, without the spaces and quotation marks that copying
    leaves around them. Problem, by the variable's name, where one is missing or cannot be sent.
    """
    named = {name: _read_variable(variable) for name, variable in endpoint.headers.items()}
    bearer = {"authorization": f"Bearer {_read_variable(endpoint.key)}"} if endpoint.key else {}
    return bearer | named


def _read_variable(variable: str) -> str:
    value = os.environ.get(variable, "").strip("\ufeff\u200b\"' \t\r\n")
    if not value:
        raise Problem(f"needs the environment variable {variable}; set it and run again.")
    if wrong := re.search(r"[^ -~]", value):
        where = f"holds {_describe(wrong[0])} at place {wrong.start() + 1} of {len(value)}"
        raise Problem(f"cannot send what the environment variable {variable} {where}; set it anew.")
    return value


def _describe(character: str) -> str:
    return "a line break" if character in "\r\n" else "a character that no key can have"


def proxy_for(base_url: str) -> tuple[str | None, dict[str, str]]:
    """Return the proxy that the environment names for an address, and the header with its login.

    None for this machine and for what NO_PROXY lists: names, their parts, addresses and networks,
    with or without a port. Problem for a proxy that cannot be used; it does not repeat passwords.
    """
    address, proxies = urlsplit(base_url), getproxies()
    name = address.scheme if address.scheme in proxies else "all"
    if not proxies.get(name) or is_loopback(address.hostname or "") or _is_direct(address):
        return None, {}
    where = f"a proxy for {address.hostname} comes from the environment ({name}_proxy)"
    mend = "Name another, or list the host in no_proxy."
    try:
        proxy = urlsplit(proxies[name] if "://" in proxies[name] else f"http://{proxies[name]}")
        if proxy.hostname and proxy.scheme not in PORTS:
            raise Problem(f"cannot be asked: {where} and is {proxy.scheme}, not http. {mend}")
        host = f"[{proxy.hostname}]" if ":" in (proxy.hostname or "") else proxy.hostname
        whole = f"{proxy.scheme}://{host}:{proxy.port or PORTS[proxy.scheme]}"
        login = [unquote(part or "") for part in (proxy.username, proxy.password)]
        basic = aiohttp.encode_basic_auth(*login)
    except ValueError:
        host = None
    if not host:
        raise Problem(f"cannot be asked: {where} and is no address. {mend}")
    return whole, {"proxy-authorization": basic} if any(login) else {}


def _is_direct(address: SplitResult) -> bool:
    """Return whether NO_PROXY, or what the system has in its place, names an address."""
    entries = getproxies().get("no", "").split(",")
    return bool(proxy_bypass(address.netloc)) or any(_covers(e.strip(), address) for e in entries)


def _covers(entry: str, address: SplitResult) -> bool:
    host, port = address.hostname, address.port or PORTS[address.scheme]
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    name, _, own_port = entry.lower().partition(":")
    name = name.removeprefix("*").removeprefix(".")
    if own_port not in ("", str(port)) or not (name or entry == "*"):
        return False
    return not name or host == name or host.endswith(f".{name}") or fnmatch(host, name)


def read_certificates(base_url: str, proxy: str | None) -> ssl.SSLContext | bool:
    """Return how certificates are checked: True, the default, where none will be seen.

    Problem when SSL_CERT_FILE or SSL_CERT_DIR names nothing that can be read.
    """
    if not any(url and url.lower().startswith("https:") for url in (base_url, proxy)):
        return True
    names = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    try:
        if names == ["SSL_CERT_DIR"]:  # a folder that is not there would only be passed over
            os.listdir(os.environ["SSL_CERT_DIR"].split(os.pathsep)[0])
        return httpx2.create_ssl_context()
    except OSError as error:
        which = f"{names[0]} names {os.environ[names[0]]}" if names else "there are none"
        why = f"certificates cannot be read: {which} ({error.strerror or error})"
        raise Problem(f"cannot be asked: {why}. Mend or unset it.") from None


def check_endpoints(study: Study, names: Iterable[str] = ()) -> None:
    """Refuse to ask while a key, a header, a proxy or a certificate is missing; name all that are.

    All endpoints of the study's models are looked at, or those of `names`, so that none is found
    wanting when the others have been paid.
    """
    problems = []
    for name in names or dict.fromkeys(model.endpoint for model in study.models.values()):
        endpoint = study.endpoints[name]
        try:
            read_headers(endpoint)
            read_certificates(endpoint.base_url, proxy_for(endpoint.base_url)[0])
        except Problem as problem:
            problems.append(f'The endpoint "{name}" {problem}')
    if problems:
        raise Problem("\n".join(problems))


@contextlib.asynccontextmanager
async def open_client(workspace: Workspace, name: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """Open the client of an endpoint; simulated respondents answer in this process."""
    endpoint = workspace.study.endpoints[name]
    if workspace.study.respondents == "simulated":
        transport = httpx2.ASGITransport(app=simulation.app(workspace))
        http, url = httpx2.AsyncClient(transport=transport), "http://simulated/v1"
        opened = openai.AsyncOpenAI
    else:
        check_endpoints(workspace.study, [name])
        http, url, opened = LeanClient(endpoint), endpoint.base_url, LeanOpenAI
    how = {"timeout": endpoint.timeout_seconds, "max_retries": 0, "http_client": http}
    how |= {"api_key": "none", "organization": "", "project": ""}  # else from the environment
    async with opened(base_url=url, **how) as client:
        client._custom_headers = {}  # of OPENAI_CUSTOM_HEADERS, which may not even be sendable
        yield client
