"""Lines of results -> the archive: in any order, twice, or from another machine."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from sqlite3 import Connection

import orjson

from alignment.asking import archive, endpoint, record
from alignment.asking.batches import files
from alignment.asking.budget import highest_cost
from alignment.asking.request import Request
from alignment.study.schema import Study
from alignment.study.workspace import Workspace

NEVER_RUN = ("batch_expired", "batch_cancelled")  # codes of requests given back, not charged
TIMED_OUT = "request_timeout"  # of one that perhaps was
TOGETHER = 1000  # records in one transaction
SHOWN = 5  # ids and places that a sentence names


@dataclass
class Delivery:
    """What lines of results came to."""

    counts: Counter = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)  # why lines were not taken
    reasons: Counter = field(default_factory=Counter)  # of failures

    def describe(self) -> str:
        """Say how many replies came, what else did, and why most failures failed."""
        counts = {"replies": self.counts["replies"]} | self.counts
        said = ", ".join(f"{n:,} {what}" for what, n in counts.items())
        return said + "".join(f" (mostly: {why})" for why, _ in self.reasons.most_common(1))

    def describe_refused(self) -> str:
        """Name the first lines that were not taken."""
        more = len(self.refused) - SHOWN
        return "; ".join(self.refused[:SHOWN]) + (f"; and {more:,} more" if more > 0 else "")


def deliver(
    workspace: Workspace, paths: Iterable[Path], batches: Connection, archived: Connection
) -> Delivery:
    """Add what files of results hold to the archive; what was taken is on disk on return.

    A line is refused, by its id, when that is unknown or of another study, or when the request that
    it names no longer matches the study.
    """
    delivery = Delivery()
    for path in paths:
        results = _read_results(workspace.study, path, batches, delivery)
        while some := list(islice(results, TOGETHER)):
            outcomes = _archive(workspace.study, some, archived, delivery)
            batches.execute("begin immediate")
            batches.executemany("update requests set outcome = ? where custom_id = ?", outcomes)
            batches.execute("commit")
    return delivery


def _read_results(
    study: Study, path: Path, batches: Connection, delivery: Delivery
) -> Iterator[tuple[str, Request, dict]]:
    """Yield the lines that belong to a request, with its id; note why others do not."""
    with path.open("rb") as file:
        for number, content in enumerate(file, 1):
            if not content.strip():
                continue
            try:
                line = record.parse(content)
                custom_id = str(line["custom_id"])
            except (ValueError, LookupError):
                delivery.refused.append(f"line {number} of {path.name} is no result")
                continue
            found = files.find_requests(study, batches, "custom_id = ?", [custom_id])
            _, _, request = next(found, ("", None, None))
            if request is not None:
                yield custom_id, request, line
            else:
                delivery.refused.append(_why_refused(study, batches, custom_id))


def _why_refused(study: Study, batches: Connection, custom_id: str) -> str:
    query = "select count(*) from requests where custom_id = ?"
    whose = custom_id.rpartition(".")[0].rpartition(".")[0]
    if batches.execute(query, [custom_id]).fetchone()[0]:
        return f"{custom_id} no longer matches: the study has changed since it was written"
    if whose and whose != study.name[: files.NAME_IN_ID]:
        return f"{custom_id} is of another study ({whose})"
    return f"{custom_id} is of no batch file of this study"


def _archive(
    study: Study, results: Iterable[tuple], archived: Connection, delivery: Delivery
) -> list[tuple[str, str]]:
    """Archive results, each once; return the outcome of each request, with its id."""
    outcomes, records, there = [], [], {}
    query = "select attempt, text is not null, request_id from replies where key = ?"
    for custom_id, request, line in results:
        found = read_result(study, request, line)
        if found is None:
            delivery.counts["not run"] += 1
            outcomes.append(("not run", custom_id))
            continue
        key = request.key
        if key not in there:
            there[key] = {n: rest for n, *rest in archived.execute(query, [key])}
        outcomes.append(("failed" if found["text"] is None else "reply", custom_id))
        if placed := _place(found, there[key], delivery):
            there[key][placed["attempt"]] = [placed["text"] is not None, placed["request_id"]]
            records.append(placed)
    archive.add_records(archived, records)
    return outcomes


def _place(found: dict, there: dict[int, list], delivery: Delivery) -> dict | None:
    """Return a record with the attempt under which it belongs; None when it came before.

    `there`: by attempt, whether it has a reply, and that one's id. A reply to a request that counts
    as failed is a further attempt. One to a request that has a reply was charged, too, but changes
    no answer: its cost alone is kept.
    """
    attempt, is_reply, request_id = found["attempt"], found["text"] is not None, found["request_id"]
    known = there.get(attempt, [False, None])
    is_there = request_id is not None and any(request_id == other for _, other in there.values())
    if is_there or (attempt in there and (not is_reply or (known[0] and request_id is None))):
        delivery.counts["that had come before"] += 1
        return None
    if not is_reply:
        delivery.counts["failed"] += 1
        delivery.reasons[found["error"]] += 1
    elif known[0]:
        delivery.counts["to a request that had its reply, and charged"] += 1
        found = found | {"text": None, "error": "answered before; charged a second time"}
    else:
        delivery.counts["replies"] += 1
    return found | {"attempt": max(there) + 1 if attempt in there else attempt}


def read_result(study: Study, request: Request, line: dict) -> dict | None:
    """Return the record of a line of results; None for a request that was never run.

    An error in place of a reply is read as it is live.
    """
    response = line["response"] if isinstance(line.get("response"), dict) else {}
    body, error, lost = response.get("body"), line.get("error"), False
    if isinstance(error, dict) and not any(error.values()):
        error = None
    code = error.get("code") if isinstance(error, dict) else None
    if code in NEVER_RUN:
        return None
    request_id = str(response.get("request_id") or line.get("id") or "") or None
    status = response.get("status_code")
    status = status if isinstance(status, int) else 500 if error else 200
    sent = {"request": request.body(study).decode(), "request_id": request_id}
    if status < 400 and not error:
        try:
            fault = record.find_error(body)
            if fault is None:
                content = orjson.dumps(body)
                found = record.read_completion(study, request, body, content, request_id)
                return found | sent | {"lost": 0, "lost_cost": 0.0}
            status, error = fault
        except (ValueError, LookupError, TypeError, AttributeError) as wrong:
            error, lost = f"no chat completion ({type(wrong).__name__}: {wrong})", True
    address = f"{study.endpoints[study.models[request.model].endpoint].base_url}/"
    failure = endpoint.read_refusal(address, status, error or body, {})
    if failure.action == "refused":
        found = record.describe_refusal(study, request, failure.reason)
    else:
        found = record.describe_failure(study, request, failure.reason)
    lost = lost or code == TIMED_OUT
    cost = highest_cost(study, request.model, request.messages) if lost else 0.0
    charged = {"lost": int(lost), "lost_cost": cost, "response": orjson.dumps(line).decode()}
    return found | sent | charged


def count_as_lost(
    study: Study, batch: files.Batch, n: int, batches: Connection, archived: Connection
) -> int:
    """Archive n requests of which nothing came as lost, at the most that they can have cost.

    As it is not known which were charged, they are the dearest of the batch. Return how many.
    """
    names = "custom_id, key, attempt, language, run, most"
    where = "batch = ? and outcome is null order by most desc limit ?"
    rows = batches.execute(f"select {names} from requests where {where}", [batch.number, max(n, 0)])
    error, there = f"the batch {batch.job} ended without a word on this", "key = ? and attempt = ?"
    records, outcomes = [], []
    for custom_id, key, attempt, language, run, most in rows.fetchall():
        query = f"select count(*) from replies where {there}"
        if not archived.execute(query, [key, attempt]).fetchone()[0]:
            request = Request(key, batch.step, language, batch.model, run, attempt, [])
            failed = record.describe_failure(study, request, error)
            records.append(failed | {"lost": 1, "lost_cost": most})
        outcomes.append(("failed", custom_id))
    archive.add_records(archived, records)
    batches.executemany("update requests set outcome = ? where custom_id = ?", outcomes)
    return len(outcomes)
