"""One try over any OpenAI-compatible endpoint: a reply's record, or a Failure."""

import contextlib
import json
import re
import time
from dataclasses import dataclass

import aiohttp
import httpx2
import openai

from alignment.asking import record, retries
from alignment.asking.request import Request
from alignment.study.schema import Study

SLOW_DOWN = {429, 503, 529}
STOP = {
    401: "the key was refused",
    402: "the account has no credit",
    403: "access was refused",
    404: "the model or the address is unknown",
}
NEVER_LEFT = (  # nobody listens, no such host or proxy, no usable address or header
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    httpx2.ConnectError,
    httpx2.InvalidURL,
    httpx2.UnsupportedProtocol,
    UnicodeError,
)
# How providers say that they do not take a prompt: a word in the code, message or details.
BLOCKED = re.compile(
    r"content.?filter|content.?policy|content.?management|data.?inspection|responsible.?ai|"
    r"moderation|flagged|inappropriate content|sensitive (content|words?)|exists risk|"
    r"prohibited.?content|safety (system|settings|reasons)|内容安全|敏感",
    re.I,
)
# A field of the request that no request of this model may have.
UNSUPPORTED = re.compile(r"unsupported_(parameter|value)|unsupported (parameter|value)", re.I)
DAILY = re.compile(r"per.day|daily|\b[RT]PD\b", re.I)


@dataclass
class Failure(Exception):
    """A try without a reply, and what it means for the request.

    `action`: try "again", "give up" on this request, take it as "refused", or "stop" the model; a
    limit is "used up" that waiting may not mend.
    """

    action: str
    reason: str
    status: int = 0
    retry_after: str | None = None
    paid: bool = False  # it may have been charged all the same
    sent: bool = True  # it left this machine


async def fetch(client: openai.AsyncOpenAI, study: Study, request: Request, body: bytes) -> dict:
    """Try once to get a reply; return its record. Failure when none came, or none that is usable.

    An error in place of a reply counts as what its status says, also when it comes with status 200.
    """
    response = await _send(client, body)
    content, request_id = response.content, response.headers.get("x-request-id")
    try:
        completion = record.parse(content)
        error = record.find_error(completion)
        if error is None:
            return record.read_completion(study, request, completion, content, request_id)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as fault:
        start = " ".join(content[:200].decode("utf-8", "replace").split())
        reason = f"no chat completion ({type(fault).__name__}: {fault}): {start}"
        raise Failure("again", reason, paid=True) from None
    status, details = error
    raise read_refusal(str(client.base_url), status, details, response.headers)


async def _send(client: openai.AsyncOpenAI, body: bytes) -> httpx2.Response:
    address = f"{client.base_url}chat/completions"  # whole: a relative one is parsed twice
    try:
        return await client.post(address, content=body, cast_to=httpx2.Response)
    except openai.APIStatusError as error:
        details = error.body if error.body is not None else error.response.text
        address, headers = str(client.base_url), error.response.headers
        raise read_refusal(address, error.status_code, details, headers) from None
    except (openai.APIError, aiohttp.ClientError, OSError, *NEVER_LEFT) as error:
        fault = error.__cause__ if isinstance(error, openai.APIError) and error.__cause__ else error
        reason = f"{type(fault).__name__}: {fault}"[:500]
        if isinstance(fault, NEVER_LEFT):
            raise Failure("again", reason, sent=False) from None
        late = isinstance(fault, TimeoutError)
        raise Failure("again", "no whole reply in time" if late else reason, paid=True) from None


def read_refusal(base_url: str, status: int, details, headers) -> Failure:
    """Return the failure that an error is: its status and what its body says."""
    error = details.get("error", details) if isinstance(details, dict) else details
    error = error if isinstance(error, dict) else {"message": error}
    whole = json.dumps(details, ensure_ascii=False, default=str)
    message = str(error.get("message") or whole)[:300]
    code, said = str(error.get("code") or ""), f"{status}: {message}"
    if status == 400 and (UNSUPPORTED.search(whole) or error.get("param") in ("model", "stream")):
        how = "`fields:` in the study file renames, leaves out or adds fields of the request"
        return Failure("stop", f'it takes no such request ("{message}"; {how})', status)
    if status in (400, 403, 422, 451) and BLOCKED.search(whole):
        return Failure("refused", said, status)
    if 300 <= status < 400:
        moved = f"{base_url}chat/completions points to {headers.get('location', 'nowhere')}"
        how = "put the address that answers into the study file (redirects are not followed)"
        return Failure("stop", f"the address {moved}; {how}", status)
    if code == "insufficient_quota":  # OpenAI says so with a 429, which no waiting mends
        return Failure("stop", f'{STOP[402]} ("{message}")', status)
    if status == 404:
        asked = f"asked was {base_url}chat/completions"
        hint = "" if "/v1" in base_url else "; does /v1 lack at the end of base_url?"
        return Failure("stop", f'{STOP[404]} ("{message}"; {asked}{hint})', status)
    if status in STOP:
        quoted = f' ("{message}")' if status == 402 else ""
        return Failure("stop", STOP[status] + quoted, status)
    action = "again" if status in retries.TRY_AGAIN or status >= 500 else "give up"
    if status == 429 and (DAILY.search(whole) or _is_far(headers.get("x-ratelimit-reset"))):
        action = "used up"
    return Failure(action, said, status, _wait_of(headers))


def _wait_of(headers) -> str | None:
    """Return how long to wait, as the endpoint says: seconds or a date."""
    with contextlib.suppress(KeyError, ValueError):
        return str(float(headers["retry-after-ms"]) / 1000)
    return headers.get("retry-after")


def _is_far(reset: str | None) -> bool:
    """Return whether a limit ends in more than an hour: seconds or milliseconds since 1970."""
    with contextlib.suppress(TypeError, ValueError):
        seconds = float(reset)
        return (seconds / 1000 if seconds > 1e11 else seconds) > time.time() + 3600
    return False
