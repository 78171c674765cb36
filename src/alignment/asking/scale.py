"""What a study of another size takes: hours, money, disk and memory, and which of them binds.

Rates are those that the benchmarks measured; prices, endpoints and models are the study's own.
"""

import math

import pandas as pd

from alignment.asking import plan
from alignment.study.schema import Study
from utils.errors import Problem

SIZES = (10**5, 10**6, 10**7, 10**8)
# Measured on two cores that other programs shared, with the benchmark named.
RATE = 1200  # replies a second that one process takes in (bench_asking speed: 1,240 to 2,736)
DISK = 2.4e3  # bytes of archive for each reply of 180 tokens (bench_asking growth)
MEMORY = 300.0  # bytes for each cell while answers are read (growth: 629 MB for 2,126,000)
READING = 20.0  # microseconds for each, with nothing left to ask (growth: 34 to 46 s for these)
# Assumed, as no provider was asked.
SECONDS = 10.0  # that a reply takes
HALF = 0.5  # of the live price, by batch file
DAY = 24  # hours within which a batch file comes back
MOST = 1024  # requests that a process may have in flight at an endpoint

COLUMNS = {
    "calls": "calls",
    "hours": "hours live",
    "in_flight": "in flight for one day",
    "usd": "US dollars live",
    "usd_batch": "by batch file",
    "files": "batch files",
    "queued": "queued tokens for one day",
    "disk": "archive, GB",
    "memory": "memory, GB",
    "reading": "reading, minutes",
    "way": "what serves",
}


def estimate(study: Study, runs: dict[str, int]) -> pd.DataFrame:
    """Return for each of SIZES what a study takes that asks as this one does, only more; COLUMNS.

    `hours`: live, with each endpoint's `in_flight`, when a reply takes SECONDS. `in_flight`: what
    the busiest endpoint has to bear for all to be there in a day. `queued`: the tokens of questions
    that the account of the model with most of them has to take for that, by batch file. Problem for
    a study that asks nobody.
    """
    if study.respondents == "imported":
        raise Problem(f"The study {study.name} asks nobody: its answers are imported.")
    calls = plan.plan_expected_calls(study, runs)
    calls = calls.assign(endpoint=calls["model"].map(lambda name: study.models[name].endpoint))
    total = calls["calls"].sum()
    by_endpoint = calls.groupby("endpoint")["calls"].sum() / total
    by_model = calls.groupby("model")[["calls", "input_tokens"]].sum() / total
    in_flight = pd.Series({name: study.endpoints[name].in_flight for name in by_endpoint.index})
    low, high = (calls[name].sum() / total for name in ("usd_low", "usd_high"))
    requests = max((m.batch.requests for m in study.models.values() if m.batch), default=50_000)
    rows = []
    for n in SIZES:
        live = max((n * by_endpoint / in_flight).max() * SECONDS, n / RATE) / 3600
        needed = (n * by_endpoint * SECONDS / (DAY * 3600)).max()
        files = sum(math.ceil(share * n / requests) for share in by_model["calls"])
        row = {"calls": n, "hours": live, "in_flight": needed, "usd": (n * low, n * high)}
        row |= {"usd_batch": (HALF * n * low, HALF * n * high), "files": files}
        row |= {"queued": n * by_model["input_tokens"].max(), "disk": n * DISK / 1e9}
        row |= {"memory": n * MEMORY / 1e9, "reading": n * READING / 1e6 / 60}
        rows.append(row | {"way": _way(live, needed, n)})
    return pd.DataFrame(rows)


def _way(hours: float, in_flight: float, calls: int) -> str:
    """Return which way serves: what one process can do in a day it does live."""
    if hours <= DAY:
        return "live"
    if in_flight <= MOST and calls / RATE <= DAY * 3600:
        return "live with more in flight, or by file"
    return "by file, or a cluster"


def as_markdown(estimates: pd.DataFrame) -> str:
    """Return the estimates as a table of Markdown, rounded to two digits."""
    lines = [f"| {' | '.join(COLUMNS.values())} |", "|" + "---|" * len(COLUMNS)]
    for row in estimates[list(COLUMNS)].to_dict("records"):
        lines.append(f"| {' | '.join(map(_show, row.values()))} |")
    return "\n".join(lines)


def _show(value) -> str:
    """Return a number with two digits that count, or a range of two.

    >>> _show(212_600), _show(0.0314), _show((369.0, 1727.0))
    ('210,000', '0.031', '370 to 1,700')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return " to ".join(map(_show, value))
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"
