"""Cells -> replies: what the archive holds of each cell is read, and what it lacks is asked for."""

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from alignment.asking import archive, plan, scheduler, simulation
from alignment.asking.endpoint import Request
from alignment.study.paths import shown
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace
from utils import prompts, reply_parser
from utils.cells import CELL, STEPS
from utils.errors import Problem

RUN_APART = [name for name in CELL if name != "run"]


class Held(NamedTuple):
    """What the archive holds of one cell: its attempts, how many brought a reply, and what the last of these says."""

    attempts: int = 0
    readable: int = 0
    last: int = 0
    state: str = "not asked"
    answer: str = ""
    respondents: str = ""

    def is_open(self, allowed: int) -> bool:
        """Whether it is still to be asked: never asked, failed, or unreadable with attempts left."""
        return not self.readable or (
            self.state in ("unreadable", "cut off") and self.readable < allowed
        )


NOTHING = Held()


def collected(
    workspace: Workspace, cells: pd.DataFrame, texts: dict, ask: bool = True
) -> pd.DataFrame:
    """Answers from the archive, asking for what it lacks. `texts`: (statement_id, language) -> text."""
    path, attempts = workspace.raw / archive.FILE, workspace.study.attempts
    if not ask and not archives(workspace):
        raise Problem(
            f"Neither answers.csv.gz nor {path.name} is in {shown(workspace.raw)}: there are no recorded answers of this study."
        )
    keys = keys_of(workspace, cells, texts)
    held = _held(workspace, cells, keys)
    if ask and any(held.get(key, NOTHING).is_open(attempts) for key in keys):
        with archive.open_archive(path) as connection, archive.only_one(path):
            held = _asked(workspace, cells, keys, texts, connection)
    return _read(cells, keys, held)


def archives(workspace: Workspace) -> list[Path]:
    """Where replies may be: in the archive of the study whose debates this one uses, and in its own, which comes last and wins.

    So a study that adds a model to another asks that model alone.
    """
    return [
        path
        for path in dict.fromkeys((workspace.material / archive.FILE, workspace.raw / archive.FILE))
        if path.exists()
    ]


def last(workspace: Workspace, names: list[str]) -> dict[str, tuple]:
    """Some fields of the last reply of every request, by its key (`replies.last`), from all archives of a study."""
    found: dict[str, tuple] = {}
    for path in archives(workspace):
        with archive.open_archive(path) as connection:
            found |= archive.last(connection, names)
    return found


def known(workspace: Workspace, cells: pd.DataFrame, texts: dict) -> pd.DataFrame:
    """What the archive holds of the cells, asking nothing: the answers table, with `new` where a request is still to be made.

    A cell whose statement has no text yet (`texts` as above) is new; cells of the same words are one request.
    """
    has_text = np.array(
        [where in texts for where in zip(cells["statement_id"], cells["language"], strict=True)],
        dtype=bool,
    )
    there = cells[has_text]
    keys = keys_of(workspace, there, texts)
    held = _held(workspace, there, keys)
    is_open = np.array(
        [held.get(key, NOTHING).is_open(workspace.study.attempts) for key in keys], dtype=bool
    )
    found = _read(there, keys, held).assign(
        new=is_open & ~pd.Series(keys, dtype=str).duplicated().to_numpy()
    )
    without = cells[~has_text]
    return pd.concat([found, _read(without, [""] * len(without), {}).assign(new=True)])


def _asked(
    workspace: Workspace, cells: pd.DataFrame, keys: list[str], texts: dict, connection
) -> dict[str, Held]:
    """Ask until no cell is open; an unreadable reply is asked for again, and so is a failed one, but not for ever."""
    archive.recover(workspace.raw / archive.FILE, connection, workspace.study.respondents)
    held = _held(workspace, cells, keys)
    for _ in range(workspace.study.attempts):
        todo = _missing(workspace, cells, keys, held, texts)
        if not todo:
            break
        cap = (
            workspace.study.cap.usd
            if workspace.study.cap and workspace.study.respondents == "live"
            else None
        )
        scheduler.ask(
            workspace,
            todo,
            connection,
            Progress(
                len(cells),
                len(cells) - len(todo),
                archive.spent(connection)[1],
                cap,
                file=workspace.progress,
            ),
        )
        held = _held(workspace, cells, keys)
    return held


def pilot(workspace: Workspace, n: int) -> None:
    """Ask about n real cells of each step of every model in every language, so that the plan goes by real tokens.

    They are cells of the study (run 1), so nothing of it is asked twice later; the cap holds as always.
    """
    for step in STEPS:
        cells = plan.pilot_cells(workspace, step, n)
        if len(cells):
            collected(workspace, cells, plan.texts(workspace))


def keys_of(workspace: Workspace, cells: pd.DataFrame, texts: dict) -> list[str]:
    """The archive's key of every cell, in the order of the cells."""
    study = workspace.study
    # A simulated respondent is decided by its plan as a real one is by its weights.
    simulated = (
        f"simulated {simulation.fingerprint(workspace)}" if study.respondents == "simulated" else ""
    )
    question = questions(workspace, texts)
    digest = cache(lambda *what: archive.digest(question(*what)))
    number = (
        cells.groupby(RUN_APART, sort=False).ngroup().to_numpy()
    )  # cells that differ by their run alone
    order = np.argsort(number, kind="stable")
    runs = (
        np.split(cells["run"].to_numpy()[order], np.cumsum(np.bincount(number))[:-1])
        if len(cells)
        else []
    )
    found: list[str] = []
    for what, of_it in zip(
        cells.drop_duplicates(RUN_APART)[RUN_APART].itertuples(index=False), runs, strict=True
    ):
        model = study.models[what.model]
        sampling = {
            "temperature": study.sampling.temperature,
            "max_tokens": study.limit(what.model),
        }
        if not simulated and study.endpoints[model.endpoint].send_seed:
            sampling["seed"] = 1  # on; which it is, the run says
        messages = digest(what.step, what.statement_id, what.dimension, what.language)
        found += archive.keys(
            what.step,
            messages,
            simulated or model.endpoint,
            model.request or what.model,
            model.provider,
            sampling,
            of_it,
        )
    out = np.empty(len(cells), dtype=object)
    out[order] = found
    return out.tolist()


def questions(workspace: Workspace, texts: dict) -> Callable[..., list[dict]]:
    """A function from step, statement_id, dimension and language to the messages that ask it."""
    described = {language: workspace.describe(language) for language in workspace.study.languages}

    @lru_cache(maxsize=16)  # neighbouring cells ask the same
    def question(step: str, statement_id: str, dimension: str, language: str) -> list[dict]:
        return prompts.fill(
            step,
            language,
            texts[statement_id, language],
            described[language][dimension] if dimension else None,
        )

    return question


def _missing(
    workspace: Workspace, cells: pd.DataFrame, keys: list[str], held: dict[str, Held], texts: dict
) -> list[Request]:
    """The requests still to be made: cells without a reply, and those that may be asked once more."""
    question, out = questions(workspace, texts), {}
    for key, cell in zip(keys, cells.itertuples(index=False), strict=True):
        known = held.get(key, NOTHING)
        if key not in out and known.is_open(
            workspace.study.attempts
        ):  # statements of the same words are one question
            messages = question(cell.step, cell.statement_id, cell.dimension, cell.language)
            out[key] = Request(
                key,
                cell.step,
                cell.language,
                cell.model,
                cell.run,
                known.attempts + 1,
                messages,
                known.readable,
            )
    return list(out.values())


def _held(workspace: Workspace, cells: pd.DataFrame, keys: list[str]) -> dict[str, Held]:
    """What the archives hold of these cells, by key."""
    held: dict[str, Held] = {}
    for path in archives(workspace):
        with archive.open_archive(path) as connection:
            found = _in_archive(connection, cells, keys)
        held |= {key: what for key, what in found.items() if what.readable or key not in held}
    return held


def _in_archive(connection, cells: pd.DataFrame, keys: list[str]) -> dict[str, Held]:
    """What the archive holds of these cells, by key; each reply is read as it comes and its text let go."""
    wanted, found = set(keys), {}
    read = lru_cache(maxsize=1000)(reply_parser.read)  # short replies are mostly the same few
    for key, attempt, step, language, text, finish_reason, respondents in archive.kept(
        connection, cells["step"].unique()
    ):
        if key not in wanted:
            continue
        before = found.get(key, NOTHING)
        attempts, readable = max(before.attempts, attempt), before.readable + (text is not None)
        if text is not None and attempt > before.last:
            state, answer = read(step, language, text, finish_reason)
            found[key] = Held(attempts, readable, attempt, state, answer, respondents)
        elif before.readable:
            found[key] = before._replace(attempts=attempts, readable=readable)
        else:
            found[key] = Held(attempts, 0, 0, "failed", "", respondents)
    return found


def _read(cells: pd.DataFrame, keys: list[str], held: dict[str, Held]) -> pd.DataFrame:
    """The answers table: what each cell's last reply says."""
    rows = [held.get(key, NOTHING)[3:] for key in keys]
    read = pd.DataFrame(
        rows, columns=["state", "answer", "respondents"], index=cells.index, dtype="str"
    )
    return pd.concat([cells, read], axis=1)
