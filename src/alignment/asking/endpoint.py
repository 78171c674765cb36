"""One try over any OpenAI-compatible endpoint: a reply's record, or a Failure."""

import contextlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import httpx2
import openai

from alignment.asking import record
from alignment.asking.request import Request
from alignment.study.schema import Study

TRY_AGAIN = {408, 409, 425, 429}
SLOW_DOWN = {429, 503, 529}
STOP = {
    401: "the key was refused",
    402: "the account has no credit",
    403: "access was refused",
    404: "the model is unknown",
}
LONGEST_WAIT = 120.0  # seconds, whatever an endpoint asks for


@dataclass
class Failure(Exception):
    """A try without a reply: whether to try "again", to "give up" on it, or to "stop" the model."""

    action: str
    reason: str
    status: int = 0
    retry_after: str | None = None
    paid: bool = False  # it may have been charged all the same


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
