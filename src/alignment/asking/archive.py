"""The archive of replies: one SQLite file a study, every reply on disk before it is counted."""

import fcntl
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.errors import Problem

FILE = "replies.sqlite"
Note = Callable[[object, float], None]
SCHEMA = 1
FIELDS = {
    "key": "text not null",  # of everything that decides the request
    "attempt": "integer not null",  # 1, 2, ... of the same request
    "step": "text not null",
    "model": "text not null",  # the study's name of the respondent
    "language": "text not null",
    "text": "text",  # the reply; null when the request failed
    "finish_reason": "text",
    "error": "text",  # why the request failed
    "respondents": "text not null",  # live, simulated
    "returned_model": "text",
    "provider": "text",
    "quantisation": "text",
    "fingerprint": "text",
    "request_id": "text",
    "prompt_tokens": "integer",
    "completion_tokens": "integer",
    "cost": "real",  # US dollars
    "lost": "integer",  # tries that brought no reply and may have been charged all the same
    "lost_cost": "real",  # US dollars that these cost at most
    "latency": "real",  # seconds of the try that brought the reply
    "time": "text",  # UTC
}
WIRE = {
    "request": "text",
    "response": "text",
}  # as sent and as received; apart, so that reading answers skips them


def digest(value) -> str:
    """A hash of anything that JSON can hold, joined without ambiguity.

    >>> digest(["ab", "c"]) == digest(["a", "bc"])
    False
    """
    return hashlib.sha256(_json(value)).hexdigest()[:32]


def _json(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def keys(
    step: str,
    messages: str,
    endpoint: str,
    model: str,
    provider: dict,
    sampling: dict[str, float],
    runs: Iterable[int],
) -> list[str]:
    """The names of the requests that differ by their run alone: digests of everything that decides a request.

    `messages` is the digest of the exact messages. The endpoint counts by its name, so that a moved port or address
    asks nothing again.

    >>> one, two = keys("stance", digest("x"), "openai", "gpt", {}, {"temperature": 1.0}, runs=[1, 2])
    >>> one == two, one == digest(["stance", digest("x"), "openai", "gpt", {}, {"temperature": 1.0}, 1])
    (False, True)
    """
    shared = _json(
        [step, messages, endpoint, model, provider, {k: float(v) for k, v in sampling.items()}]
    )[:-1]
    begun, out = hashlib.sha256(shared), []
    for run in runs:  # the run stands last, so that what comes before is hashed once
        whole = begun.copy()
        whole.update(b",%d]" % run)
        out.append(whole.hexdigest()[:32])
    return out


@contextmanager
def open_archive(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a study's archive, made when it is missing; Problem when its schema is another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        _check(connection, path)
        yield connection
    except sqlite3.DatabaseError as error:
        raise Problem(f"{path.name} cannot be used as an archive of replies: {error}.") from error
    finally:
        connection.close()


def _check(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    if version == 0 and not connection.execute("select count(*) from sqlite_master").fetchone()[0]:
        columns, wire = (
            ", ".join(f"{name} {kind}" for name, kind in fields.items())
            for fields in (FIELDS, WIRE)
        )
        connection.executescript(
            f"begin immediate; create table if not exists replies (id integer primary key, {columns}, unique (key, attempt));"
            f"create table if not exists wire (id integer primary key, {wire}); pragma user_version = {SCHEMA}; commit;"
        )
    elif version != SCHEMA:
        raise Problem(
            f"{path.name} has schema {version}, and this version reads schema {SCHEMA}: use the version that wrote it, "
            "or move the file away to start anew."
        )


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the archive for asking; a second process is refused, so that nothing is asked twice."""
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(
                f"Another execution is asking for {path.name} just now; wait for it, or stop it."
            ) from None
        yield


@contextmanager
def journal(path: Path) -> Iterator[Note]:
    """Note each try before it is sent, so that `recover` knows what was under way when a process was killed."""
    with _journal(path).open("ab", buffering=0) as lines:
        yield lambda request, most: lines.write(_line(request, most))
    _journal(path).unlink()


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-under-way")


def _line(request, most: float) -> bytes:
    return (
        _json([request.key, request.attempt, request.step, request.model, request.language, most])
        + b"\n"
    )


def recover(path: Path, connection: sqlite3.Connection, respondents: str) -> None:
    """Archive what was under way when an earlier process was killed: requests that failed and may have been charged."""
    if not _journal(path).exists():
        return
    tries: dict[tuple, list[float]] = {}
    for line in _journal(path).read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):  # else the process ended while it wrote, before it sent
            *request, most = json.loads(line)
            tries.setdefault(tuple(request), []).append(most)
    known = set(connection.execute("select key, attempt from replies"))
    names = ("key", "attempt", "step", "model", "language")
    why = {
        "respondents": respondents,
        "error": "the process ended while this was under way",
        "cost": 0.0,
    }
    lost = {request: most for request, most in tries.items() if request[:2] not in known}
    keep(
        connection,
        [
            dict(zip(names, r, strict=True)) | why | {"lost": len(m), "lost_cost": sum(m)}
            for r, m in lost.items()
        ],
    )
    _journal(path).unlink()


def keep(connection: sqlite3.Connection, rows: Iterable[dict]) -> None:
    """Put replies into the archive in one transaction; when this returns they are on disk."""
    connection.execute("begin immediate")
    try:
        first = connection.execute("select coalesce(max(id), 0) + 1 from replies").fetchone()[0]
        numbered = [(first + i, row) for i, row in enumerate(rows)]
        connection.executemany(
            _insert("replies", FIELDS), [(i, *map(row.get, FIELDS)) for i, row in numbered]
        )
        connection.executemany(
            _insert("wire", WIRE), [(i, *map(row.get, WIRE)) for i, row in numbered]
        )
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def _insert(table: str, fields: dict) -> str:
    return f"insert into {table} (id, {', '.join(fields)}) values (?{', ?' * len(fields)})"


def kept(connection: sqlite3.Connection, steps: Iterable[str]) -> Iterator[tuple]:
    """All attempts of some steps: (key, attempt, step, language, text, finish_reason, respondents), in any order."""
    steps = list(steps)
    where = f"step in ({', '.join('?' * len(steps))})"
    named = "key, attempt, step, language, text, finish_reason, respondents"
    return connection.execute(f"select {named} from replies where {where}", steps)


def spent(connection: sqlite3.Connection) -> tuple[int, float]:
    """Requests made and US dollars spent so far, over the whole study; lost tries count with the most they can have cost."""
    sums = "count(*) + coalesce(sum(lost), 0), coalesce(sum(cost), 0) + coalesce(sum(lost_cost), 0)"
    return connection.execute(f"select {sums} from replies").fetchone()


def models(connection: sqlite3.Connection) -> set[str]:
    """The models that have replied at all."""
    return {
        model
        for (model,) in connection.execute(
            "select distinct model from replies where text is not null"
        )
    }


def last(connection: sqlite3.Connection, names: list[str]) -> dict[str, tuple]:
    """Some fields of the last reply of every request, by its key."""
    rows = connection.execute(
        f"select key, {', '.join(names)}, max(attempt) from replies where text is not null group by key"
    )
    return {key: tuple(fields) for key, *fields, _ in rows}


def copy(source: Path, target: Path) -> int:
    """Copy all replies, texts included, into an archive that may hold some already; how many were new."""
    if not source.is_file():
        raise Problem(f"There is no archive {source.name}.")
    names = ", ".join(FIELDS)
    with (
        open_archive(source),
        open_archive(target) as connection,
    ):  # opening the source checks its schema
        connection.execute("attach ? as other", (str(source),))
        connection.execute("begin immediate")
        known = "(key, attempt) in (select key, attempt from replies)"
        connection.execute(
            f"create temp table fresh as select id from other.replies where not {known}"
        )
        last = connection.execute("select coalesce(max(id), 0) from replies").fetchone()
        new = "other.{} where id in fresh"
        found = connection.execute(
            f"insert into replies (id, {names}) select id + ?, {names} from {new.format('replies')}",
            last,
        )
        connection.execute(
            f"insert into wire select id + ?, request, response from {new.format('wire')}", last
        )
        connection.execute("commit")
        return found.rowcount
