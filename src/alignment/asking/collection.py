"""Cells -> answers: what the archive holds of each cell is read, and what it lacks is asked for."""

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from sqlite3 import Connection

import numpy as np
import pandas as pd

from alignment.asking import archive, simulation
from alignment.asking.batches import files
from alignment.asking.histories import KEY, Histories
from alignment.asking.request import Request, hash_json, request_keys
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace
from utils import prompts
from utils.cells import CELL
from utils.errors import Problem

QUESTION = [name for name in CELL if name not in ("model", "run")]  # decides what is asked
BUSY = 2000  # milliseconds to wait for another program that has locked the archive
BLOCK = 500_000  # cells whose keys are made at once


def collect(workspace: Workspace, cells: pd.DataFrame, texts: dict, ask=True) -> pd.DataFrame:
    """Return the answers of cells from the archive, asking first for what it lacks.

    `texts`: as `plan.read_texts` gives them. The rows are the cells, with state, answer and
    respondents beside them.
    """
    path, attempts = workspace.raw / archive.FILE, workspace.study.attempts
    if not ask and not archive_paths(workspace):
        where = workspace.shown(workspace.raw)
        why = "there are no recorded answers of this study."
        raise Problem(f"Neither answers.csv.gz nor {path.name} is in {where}: {why}")
    keys = _key_array(workspace, cells, texts)
    histories = _read_histories(workspace, cells, keys, texts)

    def open_requests(_) -> list[Request]:
        nonlocal histories
        histories = _read_histories(workspace, cells, keys, texts)
        return _open_requests(workspace, cells, histories, texts)

    if ask and histories.is_open(attempts).any():
        ask_rounds(workspace, len(cells), open_requests)
    return _with_answers(cells, histories)


def read_archived(workspace: Workspace, cells: pd.DataFrame, texts: dict) -> pd.DataFrame:
    """Return the answers of cells as the archive has them; `new`: a request is still to be made.

    A cell whose statement has no text yet is new; cells of the same words are one request.
    """
    places = zip(cells["statement_id"], cells["language"], strict=True)
    has_text = np.array([place in texts for place in places], dtype=bool)
    with_text, without = cells[has_text], cells[~has_text]
    keys = _key_array(workspace, with_text, texts)
    histories = _read_histories(workspace, with_text, keys, texts)
    is_first = np.zeros(len(keys), dtype=bool)
    is_first[np.unique(keys, return_index=True)[1]] = True
    new = histories.is_open(workspace.study.attempts) & is_first
    answers = _with_answers(with_text, histories).assign(new=new)
    never = Histories.of(np.array([b""], dtype=KEY)).at(np.zeros(len(without), dtype=KEY))
    return pd.concat([answers, _with_answers(without, never).assign(new=True)])


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
    return _key_array(workspace, cells, texts).astype(str).tolist()


def _key_array(workspace: Workspace, cells: pd.DataFrame, texts: dict) -> np.ndarray:
    """Return the archive's key of every cell as an array, made block by block."""
    study, keys = workspace.study, np.empty(len(cells), dtype=KEY)
    messages = message_writer(workspace, texts)
    # A simulated respondent is decided by its ground truth as a real one is by its weights.
    is_simulated = study.respondents == "simulated"
    simulated = f"simulated {simulation.fingerprint(workspace)}" if is_simulated else ""
    for start in range(0, len(cells), BLOCK):
        block, own = cells.iloc[start : start + BLOCK], keys[start : start + BLOCK]
        hash_messages = cache(lambda *question: hash_json(messages(*question)))
        runs = block["run"].to_numpy()
        groups = block.groupby([*QUESTION, "model"], sort=False).indices
        for (*question, model), rows in groups.items():
            messages_hash = hash_messages(*question)
            own[rows] = request_keys(
                study, question[0], model, messages_hash, runs[rows], simulated
            )
    return keys


def message_writer(workspace: Workspace, texts: dict) -> Callable[..., list[dict]]:
    """Return the function from the values of QUESTION to the messages that ask it."""
    described = {language: workspace.describe(language) for language in workspace.study.languages}

    @lru_cache(maxsize=16)  # neighbouring cells ask the same
    def messages(step: str, statement_id: str, dimension: str, language: str) -> list[dict]:
        own = texts.get((statement_id, language, step))
        step = asked_as(texts, step, statement_id, language)
        about = described[language][dimension] if dimension else None
        return prompts.fill(step, language, own or texts[statement_id, language], about)

    return messages


def asked_as(texts: dict, step: str, statement_id: str, language: str) -> str:
    """Return the step whose question is asked: of a text that was brought, that of any stance."""
    return "stance" if (statement_id, language, step) in texts else step


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
    workspace: Workspace, cells: pd.DataFrame, histories: Histories, texts: dict
) -> list[Request]:
    """Return the requests still to be made; statements of the same words are one question."""
    messages, requests = message_writer(workspace, texts), {}
    is_open = histories.is_open(workspace.study.attempts)
    keys, replies = histories.keys[is_open].astype(str).tolist(), histories.replies[is_open]
    attempts, open_cells = histories.attempts[is_open] + 1, cells[is_open]
    rows = zip(keys, attempts.tolist(), replies.tolist(), open_cells.itertuples(), strict=True)
    for key, attempt, n, cell in rows:
        if key not in requests:
            who = {"model": cell.model, "run": cell.run, "attempt": attempt}
            what = {"language": cell.language, "replies": n}
            what["step"] = asked_as(texts, cell.step, cell.statement_id, cell.language)
            question = messages(*(getattr(cell, name) for name in QUESTION))
            requests[key] = Request(key, messages=question, **who, **what)
    return list(requests.values())


def _read_histories(
    workspace: Workspace, cells: pd.DataFrame, keys: np.ndarray, texts: dict
) -> Histories:
    """Read what the archives hold of cells, whose keys are given; the last archive wins."""
    histories = Histories.of(keys)
    steps = set(cells["step"]) | ({"stance"} if any(len(key) == 3 for key in texts) else set())
    for path in archive_paths(workspace):
        with archive.open_archive(path) as connection:
            histories.read(connection, sorted(steps))
    return histories.at(keys)


def _with_answers(cells: pd.DataFrame, histories: Histories) -> pd.DataFrame:
    """Return the answers table: beside each cell what its latest reply says."""
    answers = pd.DataFrame(histories.columns(), index=cells.index, dtype="str")
    return pd.concat([cells, answers], axis=1)
