"""The archive of replies: one SQLite file per study, every reply on disk before it is counted."""

import fcntl
import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

import pandas as pd

from alignment.asking.record import FIELDS, NEVER_SENT, ORIGIN, SCHEMA, WIRE
from alignment.asking.request import Request
from utils.errors import Problem

FILE = "replies.sqlite"
LOST = "the process ended while this was under way"  # of a try, when a process was killed
Note = Callable[[Request, float], object]  # called with the most US dollars that it can cost


class InUse(Problem):
    """An archive is held by another process."""


@contextmanager
def open_archive(path: Path, alone: bool = False) -> Iterator[Connection]:
    """Open an archive, made when it is missing; Problem when its schema is another one.

    Opened `alone`, nobody else can read it meanwhile, and a network drive will do.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        if alone:
            connection.execute("pragma locking_mode=exclusive")
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
            raise InUse(f"{other}; wait for it, or stop it.") from None
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
    records = []
    for origin, costs in tries.items():
        if origin[:2] not in archived:
            record = dict(zip(ORIGIN, origin, strict=True), error=LOST, respondents=respondents)
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
        if connection.in_transaction:  # a full disk may have ended it
            connection.execute("rollback")
        raise


def write_beside(path: Path, records: list[dict]) -> None:
    """Write records that the archive cannot take into a file beside it, or where there is room."""
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    for file in _beside(path):
        try:
            with file.open("ab") as beside:
                beside.write(lines)
                beside.flush()
                os.fsync(beside.fileno())
            return
        except OSError as error:
            fault = error
    raise Problem(f"{len(records)} replies could not be written anywhere: {fault}.")


def add_from_beside(path: Path, connection: Connection) -> None:
    """Add the records that an earlier execution had to write beside the archive."""
    for file in _beside(path):
        if file.exists():
            lines = file.read_bytes().splitlines(keepends=True)
            records = [json.loads(line) for line in lines if line.endswith(b"\n")]
            archived = set(connection.execute("select key, attempt from replies"))
            fresh = {(r["key"], r["attempt"]): r for r in records}
            add_records(connection, [r for place, r in fresh.items() if place not in archived])
            file.unlink()


def _beside(path: Path) -> list[Path]:
    """Return where records may lie that an archive could not take."""
    name = f"{path.name}-not-yet-written"
    whose = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    return [path.with_name(name), Path(tempfile.gettempdir()) / f"{name}-{whose}"]


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

    Lost tries are calls, too, and count with the most that they can have cost; what never left this
    machine is none.
    """
    usd = "coalesce(sum(cost), 0) + coalesce(sum(lost_cost), 0)"
    calls = "count(*) + coalesce(sum(lost), 0) - coalesce(sum(error like ?), 0)"
    return connection.execute(f"select {calls}, {usd} from replies", [NEVER_SENT + "%"]).fetchone()


def count_failures(connection: Connection, keys: set[str] | None = None) -> pd.DataFrame:
    """Count why cells have no reply to this day: step, model, language, reason, n.

    The commonest reason first, each cell with the reason of its last attempt; of `keys` if given.
    """
    rows = connection.execute(
        """select key, step, model, language, error, max(attempt) from replies
        where key not in (select key from replies where text is not null) group by key"""
    )
    failures = pd.DataFrame(rows, columns="key step model language reason attempt".split())
    if keys is not None:
        failures = failures[failures["key"].isin(keys)]
    by = ["step", "model", "language", "reason"]
    return failures.value_counts(by).rename("n").reset_index()


def sum_by_model(connection: Connection) -> pd.DataFrame:
    """Sum what each model's replies took.

    Columns: model, first, last (UTC, to the minute), calls, asked_again, failed (cells without a
    reply), input_tokens, output_tokens, usd (lost tries at the most that they can have cost).
    """
    rows = connection.execute(
        """select model, substr(min(time), 1, 16), substr(max(time), 1, 16),
            count(*) + coalesce(sum(lost), 0) - coalesce(sum(error like ?), 0),
            count(*) - count(distinct key) + coalesce(sum(lost), 0),
            count(distinct key) - count(distinct case when text is not null then key end),
            coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0),
            coalesce(sum(cost), 0) + coalesce(sum(lost_cost), 0)
        from replies group by model""",
        [NEVER_SENT + "%"],
    )
    names = "model first last calls asked_again failed input_tokens output_tokens usd".split()
    return pd.DataFrame(rows, columns=names)


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
