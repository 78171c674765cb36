"""Cells -> answers: what the archive holds of each cell is read, and what it lacks is asked for."""

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

import numpy as np
import pandas as pd

from alignment.asking import archive, simulation
from alignment.asking.batches import files
from alignment.asking.request import Request, hash_json, request_keys
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace
from utils import prompts, reply_parser
from utils.cells import CELL
from utils.errors import Problem

QUESTION = [name for name in CELL if name not in ("model", "run")]  # decides what is asked
BUSY = 2000  # milliseconds to wait for another program that has locked the archive
ASKED_AGAIN = ("unreadable", "cut off")  # states of a reply, as far as `attempts` allows


class History(NamedTuple):
    """What the archives hold of one cell, and what its latest reply says."""

    attempts: int = 0
    replies: int = 0
    latest: int = 0  # the attempt that brought the latest reply
    state: str = "not asked"
    answer: str = ""
    respondents: str = ""

    def is_open(self, attempts: int) -> bool:
        """Return whether to ask it (again): without a reply, or unreadable with attempts left."""
        return not self.replies or (self.state in ASKED_AGAIN and self.replies < attempts)


NEVER_ASKED = History()
Histories = dict[str, History]  # by the key of a cell


def collect(workspace: Workspace, cells: pd.DataFrame, texts: dict, ask=True) -> pd.DataFrame:
    """Return the answers of cells from the archive, asking first for what it lacks.

    `texts`: (statement_id, language) -> text. The rows are the cells, with state, answer and
    respondents beside them.
    """
    path, attempts = workspace.raw / archive.FILE, workspace.study.attempts
    if not ask and not archive_paths(workspace):
        where = workspace.shown(workspace.raw)
        why = "there are no recorded answers of this study."
        raise Problem(f"Neither answers.csv.gz nor {path.name} is in {where}: {why}")
    keys = cell_keys(workspace, cells, texts)
    histories = _read_histories(workspace, cells, keys)

    def open_requests(_) -> list[Request]:
        nonlocal histories
        histories = _read_histories(workspace, cells, keys)
        return _open_requests(workspace, cells, keys, histories, texts)

    if ask and any(histories.get(key, NEVER_ASKED).is_open(attempts) for key in keys):
        ask_rounds(workspace, len(cells), open_requests)
    return _with_answers(cells, keys, histories)


def read_archived(workspace: Workspace, cells: pd.DataFrame, texts: dict) -> pd.DataFrame:
    """Return the answers of cells as the archive has them; `new`: a request is still to be made.

    A cell whose statement has no text yet is new; cells of the same words are one request.
    """
    places = zip(cells["statement_id"], cells["language"], strict=True)
    has_text = np.array([place in texts for place in places], dtype=bool)
    with_text, without = cells[has_text], cells[~has_text]
    keys = cell_keys(workspace, with_text, texts)
    histories, attempts = _read_histories(workspace, with_text, keys), workspace.study.attempts
    is_open = [histories.get(key, NEVER_ASKED).is_open(attempts) for key in keys]
    new = np.array(is_open, dtype=bool) & ~pd.Series(keys, dtype=str).duplicated().to_numpy()
    answers = _with_answers(with_text, keys, histories).assign(new=new)
    return pd.concat([answers, _with_answers(without, [""] * len(without), {}).assign(new=True)])


def archive_paths(workspace: Workspace) -> list[Path]:
    """Return where replies are: the archive of the study whose debates this one uses, then its own.

    So a study that adds a model to another asks that model alone; its own archive wins.
    """
    folders = dict.fromkeys((workspace.material, workspace.raw))
    return [path for folder in folders if (path := folder / archive.FILE).exists()]


def read_last_replies(workspace: Workspace, names: list[str]) -> dict[str, tuple]:
    """Read some fields of the last reply to every request, by its key, from all archives."""
    replies: dict[str, tuple] = {}
    for path in archive_paths(workspace):
        with archive.open_archive(path) as connection:
            replies |= archive.read_last_replies(connection, names)
    return replies


def cell_keys(workspace: Workspace, cells: pd.DataFrame, texts: dict) -> list[str]:
    """Return the archive's key of every cell, in the order of the cells."""
    study, keys = workspace.study, np.empty(len(cells), dtype=object)
    messages = message_writer(workspace, texts)
    hash_messages = cache(lambda *question: hash_json(messages(*question)))
    # A simulated respondent is decided by its ground truth as a real one is by its weights.
    is_simulated = study.respondents == "simulated"
    simulated = f"simulated {simulation.fingerprint(workspace)}" if is_simulated else ""
    runs = cells["run"].to_numpy()
    groups = cells.groupby([*QUESTION, "model"], sort=False).indices if len(cells) else {}
    for (*question, model), rows in groups.items():
        messages_hash = hash_messages(*question)
        keys[rows] = request_keys(study, question[0], model, messages_hash, runs[rows], simulated)
    return keys.tolist()


def message_writer(workspace: Workspace, texts: dict) -> Callable[..., list[dict]]:
    """Return the function from the values of QUESTION to the messages that ask it."""
    described = {language: workspace.describe(language) for language in workspace.study.languages}

    @lru_cache(maxsize=16)  # neighbouring cells ask the same
    def messages(step: str, statement_id: str, dimension: str, language: str) -> list[dict]:
        about = described[language][dimension] if dimension else None
        return prompts.fill(step, language, texts[statement_id, language], about)

    return messages


def ask_rounds(
    workspace: Workspace,
    total: int,
    open_requests: Callable[[Connection], list[Request]],
    what: str = "replies",
) -> None:
    """Ask until no request is open, for as many rounds as the study allows attempts.

    `open_requests` reads from the study's archive what is still to be asked, at first and after
    each round. `total` and `what` are for the progress bar. Problem as `scheduler.ask` raises it,
    when another execution is asking, or while replies are to come by batch file.
    """
    from alignment.asking import cluster  # the client takes longer to import than all else here

    study, path = workspace.study, workspace.raw / archive.FILE
    cap = study.cap.usd if study.cap and study.respondents == "live" else None
    with (
        archive.open_archive(path) as connection,
        archive.lock(path),
        cluster.open_asker(workspace) as ask,
    ):
        connection.execute(f"pragma busy_timeout = {BUSY}")
        archive.add_from_beside(path, connection)
        archive.add_lost_tries(path, connection, study.respondents)
        cluster.take_in_earlier(workspace)
        opened = open_requests(connection)
        for _ in range(study.attempts):
            requests = files.asked_live(workspace, opened)
            if not requests:
                break
            done, (_, usd) = total - len(requests), archive.sum_spending(connection)
            progress = Progress(total, done, usd, cap, what, workspace.progress)
            ask(workspace, requests, connection, progress)
            opened = open_requests(connection)
        files.hand_over(workspace, opened, connection)


def _open_requests(
    workspace: Workspace, cells: pd.DataFrame, keys: list[str], histories: Histories, texts: dict
) -> list[Request]:
    """Return the requests still to be made; statements of the same words are one question."""
    messages, attempts = message_writer(workspace, texts), workspace.study.attempts
    requests: dict[str, Request] = {}
    for key, cell in zip(keys, cells.itertuples(index=False), strict=True):
        history = histories.get(key, NEVER_ASKED)
        if key not in requests and history.is_open(attempts):
            who = {"model": cell.model, "run": cell.run, "attempt": history.attempts + 1}
            what = {"step": cell.step, "language": cell.language, "replies": history.replies}
            question = messages(*(getattr(cell, name) for name in QUESTION))
            requests[key] = Request(key, messages=question, **who, **what)
    return list(requests.values())


def _read_histories(workspace: Workspace, cells: pd.DataFrame, keys: list[str]) -> Histories:
    """Read what the archives hold of cells."""
    histories: Histories = {}
    for path in archive_paths(workspace):
        with archive.open_archive(path) as connection:
            own = _read_archive(connection, cells["step"].unique(), set(keys))
        histories |= {k: h for k, h in own.items() if h.replies or k not in histories}
    return histories


def _read_archive(connection: Connection, steps: list[str], keys: set[str]) -> Histories:
    """Read an archive's histories; each reply is parsed as it comes and its text let go."""
    histories: Histories = {}
    parse = lru_cache(maxsize=1000)(reply_parser.read)  # short replies are mostly the same few
    for row in archive.read_attempts(connection, steps):
        key, attempt, step, language, text, finish_reason, respondents = row
        if key not in keys:
            continue
        past = histories.get(key, NEVER_ASKED)
        state, answer = "failed", ""
        if text is not None:
            state, answer = parse(step, language, text, finish_reason)
        is_reply = state != "failed"
        attempts, replies = max(past.attempts, attempt), past.replies + is_reply
        if is_reply and attempt > past.latest:
            histories[key] = History(attempts, replies, attempt, state, answer, respondents)
        elif past.replies:
            histories[key] = past._replace(attempts=attempts, replies=replies)
        else:
            histories[key] = History(attempts, 0, 0, "failed", "", respondents)
    return histories


def _with_answers(cells: pd.DataFrame, keys: list[str], histories: Histories) -> pd.DataFrame:
    """Return the answers table: beside each cell what its latest reply says."""
    names = ["state", "answer", "respondents"]
    values = [histories.get(key, NEVER_ASKED)[3:] for key in keys]
    answers = pd.DataFrame(values, columns=names, index=cells.index, dtype="str")
    return pd.concat([cells, answers], axis=1)
