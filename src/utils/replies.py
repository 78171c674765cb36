"""The archive of replies: one SQLite file a study, every reply on disk before it is counted."""

import fcntl
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.errors import Problem

SCHEMA = 1
FIELDS = {
    "key": "text not null",  # of everything that decides the request
    "attempt": "integer not null",  # 1, 2, ... of the same request
    "model": "text not null",  # the study's name of the respondent
    "text": "text",  # the reply; null when the request failed
    "finish_reason": "text",
    "error": "text",  # why the request failed
    "respondents": "text not null",  # live, simulated
    "returned_model": "text",
    "provider": "text",
    "fingerprint": "text",
    "request_id": "text",
    "prompt_tokens": "integer",
    "completion_tokens": "integer",
    "cost": "real",  # US dollars
    "latency": "real",  # seconds
    "time": "text",  # UTC
    "request": "text not null",
    "response": "text",
}


def digest(value) -> str:
    """A hash of anything that JSON can hold, joined without ambiguity.

    >>> digest(["ab", "c"]) == digest(["a", "bc"])
    False
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def key(step: str, messages: str, endpoint: str, model: str, provider: dict, sampling: dict[str, float], run: int) -> str:
    """The name of a request: a digest of everything that decides it; `messages` is the digest of the exact messages.

    The endpoint counts by its name, so that a moved port or address asks nothing again.

    >>> one = key("stance", digest("x"), "openai", "gpt", {}, {"temperature": 1.0}, run=1)
    >>> one == key("stance", digest("x"), "openai", "gpt", {}, {"temperature": 1.0}, run=2)
    False
    """
    return digest([step, messages, endpoint, model, provider, {k: float(v) for k, v in sampling.items()}, int(run)])


@contextmanager
def archive(path: Path) -> Iterator[sqlite3.Connection]:
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
    columns = ", ".join(f"{name} {kind}" for name, kind in FIELDS.items())
    version = connection.execute("pragma user_version").fetchone()[0]
    if version == 0 and not connection.execute("select count(*) from sqlite_master").fetchone()[0]:
        connection.executescript(
            f"begin immediate; create table if not exists replies ({columns}, primary key (key, attempt)) without rowid;"
            f"pragma user_version = {SCHEMA}; commit;"
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
            raise Problem(f"Another execution is asking for {path.name} just now; wait for it, or stop it.") from None
        yield


def keep(connection: sqlite3.Connection, rows: Iterable[dict]) -> None:
    """Put replies into the archive in one transaction; when this returns they are on disk."""
    names = list(FIELDS)
    statement = f"insert into replies ({', '.join(names)}) values ({', '.join(':' + n for n in names)})"
    connection.execute("begin immediate")
    try:
        connection.executemany(statement, [dict.fromkeys(names) | row for row in rows])
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def kept(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, list[tuple]]:
    """All attempts for these keys: key -> [(attempt, text, finish_reason, respondents), ...], first attempt first."""
    wanted, found = set(keys), {}
    rows = connection.execute("select key, attempt, text, finish_reason, respondents from replies order by key, attempt")
    for name, *attempt in rows:
        if name in wanted:
            found.setdefault(name, []).append(tuple(attempt))
    return found


def spent(connection: sqlite3.Connection) -> tuple[int, float]:
    """Requests made and US dollars spent so far, over the whole study."""
    calls, usd = connection.execute("select count(*), coalesce(sum(cost), 0) from replies").fetchone()
    return calls, usd


def main() -> int:
    """`python -m utils.replies import STUDY FILE`: bring answers that were collected elsewhere."""
    import argparse
    import sys

    from utils.execution import Execution
    from utils.imported import import_answers
    from utils.paths import shown
    from utils.study import load

    parser = argparse.ArgumentParser(prog="python -m utils.replies")
    parser.add_argument("command", choices=["import"])
    parser.add_argument("study", help="a study file, by name or path")
    parser.add_argument("file", type=Path, help="a table of answers, .csv or .xlsx")
    chosen = parser.parse_args()
    try:
        study = load(chosen.study)
        for path in import_answers(Execution(study, study.name), chosen.file):
            print(f"wrote {shown(path)}")
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
