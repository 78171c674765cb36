"""Requests that leave by batch file: in which file each is, and how far that has come.

All of this is in `batches.sqlite` beside the archive, on disk before the next step begins.
`batches/NNNN.jsonl` is what leaves, in the line format of OpenAI's batch interface.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

import orjson

from alignment.asking import archive
from alignment.asking.budget import Budget, check_prices, highest_cost
from alignment.asking.plan import estimate_tokens
from alignment.asking.request import Request, hash_json, request_keys
from alignment.study import schema
from alignment.study.files import replacing
from alignment.study.workspace import Workspace
from utils.cells import WORDING_STEPS
from utils.errors import Problem

FILE, FOLDER = "batches.sqlite", "batches"
ADDRESS = "/v1/chat/completions"
MEGABYTE = 10**6
NAME_IN_ID = 20  # letters of the study's name in an id, which may have 64 in all
TABLES = """
create table if not exists batches (
    number integer primary key, model text not null, step text not null,
    state text not null default 'written', -- uploaded, creating, sent, ended
    input_file text not null default '', since real not null default 0, -- when creating began
    job text not null default '', ending text not null default '');
create table if not exists requests (
    custom_id text primary key, batch integer not null, key text not null,
    attempt integer not null, language text not null, run integer not null,
    replies integer not null, tokens integer not null, most real not null, -- US dollars
    body blob not null, outcome text); -- reply, failed, not run; null while it is under way
create index if not exists by_batch on requests (batch);
"""
UNDER_WAY = """from requests join batches on batch = number
    where state != 'ended' and outcome is null"""


class Batch(NamedTuple):
    """A file of requests to one model, and how far it has come."""

    number: int
    model: str
    step: str
    state: str
    input_file: str
    since: float
    job: str
    ending: str

    @property
    def name(self) -> str:
        return f"{self.number:04}.jsonl ({self.model}, {self.step})"


class Waiting(NamedTuple):
    """What is under way in batch files: requests, and the US dollars that they cost at most."""

    calls: int = 0
    usd: float = 0.0


@contextmanager
def open_batches(workspace: Workspace) -> Iterator[Connection]:
    """Open what is known of a study's batch files; Problem when it cannot be read."""
    (workspace.raw / FOLDER).mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(workspace.raw / FILE, isolation_level=None, timeout=30)
    try:
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        connection.executescript(TABLES)
        yield connection
    except sqlite3.DatabaseError as error:
        raise Problem(f"{FILE}, or the archive beside it, cannot be used: {error}.") from error
    finally:
        connection.close()


def path_of(workspace: Workspace, batch: int, ending: str = "jsonl") -> Path:
    """Return the path of a batch's file."""
    return workspace.raw / FOLDER / f"{batch:04}.{ending}"


def read_batches(connection: Connection, *states: str) -> list[Batch]:
    """Read the batches that are in some states, in the order in which they were written."""
    slots = ", ".join("?" * len(states))
    query = f"select * from batches where state in ({slots}) order by number"
    return [Batch(*row) for row in connection.execute(query, states)]


def save(connection: Connection, batch: Batch, **changes) -> Batch:
    """Write down how far a batch has come, which is on disk when this returns."""
    slots = ", ".join(f"{name} = ?" for name in changes)
    values = (*changes.values(), batch.number)
    connection.execute(f"update batches set {slots} where number = ?", values)
    return batch._replace(**changes)


def sum_waiting(workspace: Workspace) -> Waiting:
    """Sum what is under way in batch files, for which a cap has to leave room."""
    if not (workspace.raw / FILE).exists():
        return Waiting()
    with open_batches(workspace) as connection:
        query = f"select count(*), coalesce(sum(most), 0) {UNDER_WAY}"
        return Waiting(*connection.execute(query).fetchone())


def open_budget(workspace: Workspace, connection: Connection) -> Budget:
    """Return what the cap leaves, with all that is under way in batch files set aside."""
    calls, usd = archive.sum_spending(connection)
    waiting = sum_waiting(workspace)
    return Budget(workspace.study.cap, calls + waiting.calls, usd, waiting.usd)


def keys_under_way(workspace: Workspace) -> set[str]:
    """Return the keys of requests that are in batch files and have no outcome yet."""
    if not (workspace.raw / FILE).exists():
        return set()
    with open_batches(workspace) as connection:
        return {key for (key,) in connection.execute(f"select key {UNDER_WAY}")}


def asked_live(workspace: Workspace, requests: list[Request]) -> list[Request]:
    """Return those of some requests that are asked live, and are in no batch file either."""
    study, under_way = workspace.study, keys_under_way(workspace)
    return [r for r in requests if not study.batches(r.model) and r.key not in under_way]


def hand_over(workspace: Workspace, requests: list[Request], archived: Connection) -> None:
    """Write those of some requests that leave by file; Problem while any reply is to come so.

    One that failed by file as often as the study allows attempts is not asked again.
    """
    study, under_way = workspace.study, keys_under_way(workspace)
    fresh = [r for r in requests if study.batches(r.model) and r.key not in under_way]
    fresh = [r for r in fresh if r.attempt <= study.attempts]
    if not fresh and not any(request.key in under_way for request in requests):
        return
    left = write(workspace, fresh, open_budget(workspace, archived))
    waiting = sum_waiting(workspace)
    if not waiting.calls:
        way = "a higher cap (in the study file, or --cap) lets it go on"
        raise Problem(f"The study's cap is reached: it leaves no room for a batch file; {way}.")
    where = workspace.shown(workspace.raw / FOLDER)
    most = f"{waiting.calls:,} requests, at most ${waiting.usd:,.2f}"
    room = f" The cap has no room for {left:,} more before these are settled." if left else ""
    way = f"`.venv/bin/alignment batch submit {study.name} --wait` sends the files and fetches them"
    raise Problem(
        f"Replies are to come by batch file ({most}; {where}).{room} {way}; then run this again."
    )


def write(workspace: Workspace, requests: list[Request], budget: Budget) -> int:
    """Write requests to files, one model and step a file; return how many the cap leaves out.

    Problem for a model without a price under a cap in US dollars, and for a request that alone is
    over a limit.
    """
    study, written = workspace.study, 0
    check_prices(study, dict.fromkeys(request.model for request in requests))
    with open_batches(workspace) as connection:
        for whose, group in groupby(sorted(requests, key=_whose), _whose):
            for part in _parts(study.batches(whose[0]), _rows(study, group, budget)):
                _add(workspace, connection, whose, part)
                written += len(part)
    return len(requests) - written


def _whose(request: Request) -> tuple[str, str]:
    return request.model, request.step


def _rows(study: schema.Study, requests: Iterable[Request], budget: Budget) -> Iterator[tuple]:
    """Yield requests as the table has them, but for their batch, as far as the cap allows."""
    for request in requests:
        most = highest_cost(study, request.model, request.messages)
        if budget.reserve(most):
            custom_id = f"{study.name[:NAME_IN_ID]}.{request.key}.{request.attempt}"
            tokens = sum(estimate_tokens(message["content"]) for message in request.messages)
            of_request = (request.language, request.run, request.replies, tokens, most)
            yield custom_id, request.key, request.attempt, *of_request, request.body(study)


def _parts(limits: schema.Batch, rows: Iterable[tuple]) -> Iterator[list[tuple]]:
    """Yield rows in parts that are each within the limits of a file."""
    most_bytes, most_tokens = limits.megabytes * MEGABYTE, limits.queued_tokens or float("inf")
    part, size, queued = [], 0, 0
    for row in rows:
        custom_id, *_, tokens, _, body = row
        length = len(write_line(custom_id, body))
        if length > most_bytes or tokens > most_tokens:
            what = f"{length:,} bytes, about {tokens:,} tokens"
            mend = "raise the limits under batch: of its model, or ask it live"
            raise Problem(f"The request {custom_id} alone ({what}) is over a limit: {mend}.")
        is_full = len(part) >= limits.requests or size + length > most_bytes
        if is_full or queued + tokens > most_tokens:
            yield part
            part, size, queued = [], 0, 0
        part.append(row)
        size, queued = size + length, queued + tokens
    if part:
        yield part


def _add(workspace: Workspace, connection: Connection, whose: tuple, rows: list[tuple]) -> None:
    """Add a batch; its file is there before it counts, and one that was given back moves here."""
    connection.execute("begin immediate")
    number = connection.execute("insert into batches (model, step) values (?, ?)", whose).lastrowid
    slots = ", ".join("?" * 10)
    connection.executemany(
        f"insert or replace into requests values ({slots}, null)",
        [(row[0], number, *row[1:]) for row in rows],
    )
    write_file(workspace, connection, number)
    connection.execute("commit")


def write_line(custom_id: str, body: bytes) -> bytes:
    """Return a line of a batch file; its body is the one that would be sent live.

    >>> write_line("demo.0123.1", b'{"n": 1}')
    b'{"custom_id":"demo.0123.1","method":"POST","url":"/v1/chat/completions","body":{"n": 1}}\\n'
    """
    line = {"custom_id": custom_id, "method": "POST", "url": ADDRESS, "body": orjson.Fragment(body)}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def write_file(workspace: Workspace, connection: Connection, number: int) -> Path:
    """Write a batch's file, whole or not at all, from what is known of it."""
    query = "select custom_id, body from requests where batch = ? order by rowid"
    with replacing(path_of(workspace, number)) as temporary, temporary.open("wb") as file:
        file.writelines(write_line(*row) for row in connection.execute(query, (number,)))
    return path_of(workspace, number)


def find_requests(
    study: schema.Study, connection: Connection, where: str, values: Iterable
) -> Iterator[tuple[str, Batch, Request | None]]:
    """Yield the id, batch and request of each row that fits; None for one that no longer matches.

    That is so when the study has changed since: its model's name at the endpoint, sampling, fields.
    """
    query = "select custom_id, key, attempt, language, run, replies, body, batches.* from requests"
    rows = connection.execute(f"{query} join batches on batch = number where {where}", values)
    for custom_id, key, attempt, language, run, replies, body, *of_batch in rows:
        batch, request = Batch(*of_batch), None
        if batch.model in study.models:
            messages = orjson.loads(body)["messages"]
            who = (batch.model, run, attempt, messages, replies)
            request = Request(key, batch.step, language, *who)
            asked, is_plain = hash_json(messages), batch.step == "stance"
            steps = [batch.step, *(WORDING_STEPS if is_plain else [])]  # a text may be a wording's
            own = [request_keys(study, step, batch.model, asked, [run]) for step in steps]
            if [key] not in own or request.body(study) != body:
                request = None
        yield custom_id, batch, request
