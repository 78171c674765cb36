"""The archive of replies: one SQLite file per study, every reply on disk before it is counted."""

import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

import pandas as pd

from alignment.asking.record import FIELDS, ORIGIN, SCHEMA, WIRE
from alignment.asking.request import Request
from utils.errors import Problem

FILE = "replies.sqlite"
Note = Callable[[Request, float], object]  # called with the most US dollars that it can cost


@contextmanager
def open_archive(path: Path) -> Iterator[Connection]:
    """Open an archive, made when it is missing; Problem when its schema is another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        _check_schema(connection, path)
        yield connection
    except sqlite3.DatabaseError as error:
        raise Problem(f"{path.name} cannot be used as an archive of replies: {error}.") from error
    finally:
        connection.close()


def _check_schema(connection: Connection, path: Path) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    if version == 0 and not connection.execute("select count(*) from sqlite_master").fetchone()[0]:
        columns, wire = (", ".join(map(" ".join, f.items())) for f in (FIELDS, WIRE))
        connection.executescript(
            f"""begin immediate;
            create table if not exists replies
                (id integer primary key, {columns}, unique (key, attempt));
            create table if not exists wire (id integer primary key, {wire});
            pragma user_version = {SCHEMA};
            commit;"""
        )
    elif version != SCHEMA:
        how = "use the version that wrote it, or move the file away to start anew."
        schemas = f"has schema {version}, and this version reads schema {SCHEMA}"
        raise Problem(f"{path.name} {schemas}: {how}")


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the archive for asking; a second process gets a Problem, so nothing is asked twice."""
    with path.with_suffix(".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = f"Another execution is asking for {path.name} just now"
            raise Problem(f"{other}; wait for it, or stop it.") from None
        yield


@contextmanager
def open_journal(path: Path) -> Iterator[Note]:
    """Open the file that notes each try before it is sent; after a kill it is still there."""
    with _journal(path).open("ab", buffering=0) as file:

        def note(request: Request, most: float) -> None:
            origin = [getattr(request, name) for name in ORIGIN]
            file.write(json.dumps([*origin, most]).encode() + b"\n")

        yield note
    _journal(path).unlink()


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-under-way")


def add_lost_tries(path: Path, connection: Connection, respondents: str) -> None:
    """Add what was under way when an earlier process was killed, as failed but perhaps charged."""
    if not _journal(path).exists():
        return
    tries: dict[tuple, list[float]] = {}
    for line in _journal(path).read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):  # else the process ended while it wrote, before it sent
            *origin, most = json.loads(line)
            tries.setdefault(tuple(origin), []).append(most)
    archived = set(connection.execute("select key, attempt from replies"))
    error, records = "the process ended while this was under way", []
    for origin, costs in tries.items():
        if origin[:2] not in archived:
            record = dict(zip(ORIGIN, origin, strict=True), error=error, respondents=respondents)
            records.append(record | {"cost": 0.0, "lost": len(costs), "lost_cost": sum(costs)})
    add_records(connection, records)
    _journal(path).unlink()


def add_records(connection: Connection, records: Iterable[dict]) -> None:
    """Add records of replies in one transaction; when this returns they are on disk."""
    connection.execute("begin immediate")
    try:
        first = connection.execute("select coalesce(max(id), 0) + 1 from replies").fetchone()[0]
        numbered = list(enumerate(records, first))
        for table, fields in (("replies", FIELDS), ("wire", WIRE)):
            rows = [(i, *map(record.get, fields)) for i, record in numbered]
            into = f"{table} (id, {', '.join(fields)})"
            slots = ", ".join("?" * (1 + len(fields)))
            connection.executemany(f"insert into {into} values ({slots})", rows)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def read_attempts(connection: Connection, steps: list[str]) -> Iterator[tuple]:
    """Read all attempts of some steps, in any order.

    Each is (key, attempt, step, language, text, finish_reason, respondents).
    """
    names = "key, attempt, step, language, text, finish_reason, respondents"
    slots = ", ".join("?" * len(steps))
    return connection.execute(f"select {names} from replies where step in ({slots})", steps)


def read_last_replies(connection: Connection, names: list[str]) -> dict[str, tuple]:
    """Read some fields of the last reply to every request, by its key."""
    last = f"select key, {', '.join(names)}, max(attempt) from replies where text is not null"
    return {key: tuple(fields) for key, *fields, _ in connection.execute(f"{last} group by key")}


def read_models(connection: Connection) -> set[str]:
    """Read which models have replied at all."""
    rows = connection.execute("select distinct model from replies where text is not null")
    return {model for (model,) in rows}


def sum_spending(connection: Connection) -> tuple[int, float]:
    """Sum the calls and US dollars of the whole study so far.

    Lost tries are calls, too, and count with the most that they can have cost.
    """
    usd = "coalesce(sum(cost), 0) + coalesce(sum(lost_cost), 0)"
    query = f"select count(*) + coalesce(sum(lost), 0), {usd} from replies"
    return connection.execute(query).fetchone()


def average_usage(connection: Connection) -> pd.DataFrame:
    """Average what a cell took, all its attempts together, by step, model and language.

    Lost tries count with the most that they can have cost, as they do under the cap. Columns: step,
    model, language, cells (whose tokens are known), input_tokens, output_tokens, usd, usd_error
    (standard error of the mean).
    """
    rows = connection.execute(
        """select step, model, language, count(i), avg(i), avg(o), avg(c), avg(c * c) from (
            select step, model, language, sum(prompt_tokens) i, sum(completion_tokens) o,
                sum(coalesce(cost, 0) + coalesce(lost_cost, 0)) c from replies group by key
            having (i is not null and o is not null) or sum(lost) > 0
        ) group by step, model, language"""
    )
    names = "step model language cells input_tokens output_tokens usd squares".split()
    usage = pd.DataFrame(rows.fetchall(), columns=names)
    squares, degrees = usage.pop("squares"), (usage["cells"] - 1).clip(lower=1)
    variance = (squares - usage["usd"] ** 2).clip(lower=0) / degrees
    return usage.assign(usd_error=variance**0.5)


def copy_replies(source: Path, target: Path) -> int:
    """Copy all replies, texts included, into an archive that may hold some; return how many."""
    if not source.is_file():
        raise Problem(f"There is no archive {source.name}.")
    with open_archive(source), open_archive(target) as connection:  # the first checks its schema
        connection.execute("attach ? as other", (str(source),))
        connection.execute("begin immediate")
        fresh = "select id from other.replies where not (key, attempt) in"
        fresh += " (select key, attempt from replies)"
        connection.execute(f"create temp table fresh as {fresh}")
        last = connection.execute("select coalesce(max(id), 0) from replies").fetchone()
        for table, fields in (("wire", WIRE), ("replies", FIELDS)):
            names = ", ".join(fields)
            source = f"select id + ?, {names} from other.{table} where id in fresh"
            copied = connection.execute(f"insert into {table} (id, {names}) {source}", last)
        connection.execute("commit")
        return copied.rowcount  # of the replies, which come last
