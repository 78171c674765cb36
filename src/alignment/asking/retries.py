"""When a request is tried again, how often, and after how long."""

import contextlib
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

TRY_AGAIN = {408, 409, 425, 429}  # statuses, beside all from 500 on
TRIES = 9  # for one attempt at a reply before it counts as failed: an outage of a minute and a half
FIRST_TRIES = 6  # of a model that has not replied yet: perhaps nobody listens
PAID_TRIES = 2  # that may have been charged without bringing a reply
PATIENCE = 30  # times that an endpoint may say "slow down" to one request
LONGEST_WAIT = 120.0  # seconds, whatever an endpoint asks for


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
