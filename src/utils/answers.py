"""Cells -> answers: what the archive holds is read, what is missing is asked for, imported answers are checked."""

import os
from pathlib import Path

import pandas as pd

from utils import asking, plan, prompts, replies, simulation, tables
from utils.errors import Problem
from utils.execution import Execution
from utils.paths import PROCESSED, shown
from utils.progress import Progress

CELL = plan.COLUMNS
COLUMNS = [*CELL, "state", "answer", "respondents"]
FILE = "answers.csv.gz"


def answers(here: Execution, cells: pd.DataFrame) -> pd.DataFrame:
    """The answer of every cell, in the order of the cells: state, answer and respondents beside them.

    Read from the answers file in a study of imported answers and with `--recorded`, else from the archive; what the
    archive lacks is asked for first. Problem when asking had to stop; what arrived is kept.
    """
    if here.study.respondents == "imported" or os.environ.get("STUDY_RECORDED"):
        return recorded(here.raw / FILE, cells, here)
    return collected(here, cells, plan.texts(here))


def collected(here: Execution, cells: pd.DataFrame, texts: dict) -> pd.DataFrame:
    """Answers from the archive, asking for what it lacks. `texts`: (statement_id, language) -> text."""
    path = here.raw / "replies.sqlite"
    keys = _keys(here, cells, texts)
    with replies.archive(path) as connection:
        known = replies.kept(connection, keys)
        for _ in range(here.study.attempts):  # an unreadable reply is asked for again, and so is a failed one
            todo = _missing(here, cells, keys, known, texts)
            if not todo:
                break
            with replies.only_one(path):
                asking.run(asking.ask(here, todo, connection, Progress(len(cells), len(cells) - len(todo))))
            known = replies.kept(connection, keys)
    return _read(cells, keys, known)


def recorded(path: Path, cells: pd.DataFrame, here: Execution) -> pd.DataFrame:
    """Answers from a file; a missing, duplicate, unexpected or unreadable cell stops, by name."""
    if not path.exists():
        raise Problem(f"{shown(path)} is not there: this study's answers are read from it (python -m utils.replies import makes it).")
    found = checked(tables.read(path), shown(path), here)
    found = found[found["step"].isin(cells["step"].unique()) & (found["run"] <= cells["run"].max())]
    joined = cells.merge(found, on=CELL, how="outer", indicator=True)
    for side, what in (("left_only", "is missing from"), ("right_only", "is not expected in")):
        odd = joined[joined["_merge"] == side]
        if len(odd) and not (side == "right_only" and here.folder != here.study.name):
            raise Problem(f"{_name(odd.iloc[0])} {what} {shown(path)} ({len(odd):,} such cells).")
    return cells.merge(found, on=CELL, how="left", validate="one_to_one")[COLUMNS]


def checked(found: pd.DataFrame, where: str, here: Execution) -> pd.DataFrame:
    """A table of answers whose every row is a known cell with a known state and answer, no cell twice."""
    for column in COLUMNS:
        if column not in found and column != "state":
            raise Problem(f'{where} has no column "{column}"; a table of answers has {", ".join(COLUMNS)}.')
    if "state" not in found:
        found = found.assign(state="answered")
    known = {"step": prompts.STEPS, "model": here.study.models, "language": here.study.languages, "state": prompts.STATES}
    known["respondents"] = ("live", "simulated", "imported")
    for column, values in known.items():
        blank = found["state"].eq("not asked") & (column == "respondents")
        odd = found[~found[column].isin(list(values)) & ~blank]
        if len(odd):
            raise Problem(f'{where}: {_name(odd.iloc[0])} has the unknown {column} "{odd.iloc[0][column]}" (known: {", ".join(values)}).')
    _answers_fit(found, where)
    twice = found[found.duplicated(CELL)]
    if len(twice):
        raise Problem(f"{where}: {_name(twice.iloc[0])} stands there twice ({len(twice):,} such cells).")
    return found


def _answers_fit(found: pd.DataFrame, where: str) -> None:
    """Every answered row holds an answer of its step, and no other row holds one."""
    for step, rows in found.groupby("step"):
        allowed = list(prompts.SCORES[step])
        odd = rows[rows["answer"].isin(allowed) != (rows["state"] == "answered")]
        if len(odd):
            raise Problem(f'{where}: {_name(odd.iloc[0])} is {odd.iloc[0]["state"]} with "{odd.iloc[0]["answer"]}" (answers: {", ".join(allowed)}).')


def _name(cell) -> str:
    on = f" on {cell['dimension']}" if cell["dimension"] else ""
    return f"The cell {cell['step']} of {cell['statement_id']}{on} by {cell['model']} in {cell['language']}, run {cell['run']},"


def planned(here: Execution, runs: dict[str, int]) -> pd.DataFrame:
    """The plan of calls, with a column `new`: those that neither the archive nor an answers file holds."""
    base = Execution(here.study, here.study.name)
    frame = plan.calls(here.study, *plan.sizes(base), runs)
    missing = [_not_held(base, step, runs[step]) for step in frame["step"].unique()]
    counts = pd.concat([m for m in missing if m is not None] or [pd.DataFrame(columns=[*CELL, "new"])])
    new = counts.groupby(["step", "model", "language"])["new"].sum().to_dict()
    none = here.study.respondents == "imported" or os.environ.get("STUDY_RECORDED")
    known = {m["step"].iloc[0] for m in missing if m is not None and len(m)}
    ask = [0 if none else new.get((r.step, r.model, r.language), r.calls * (r.step not in known)) for r in frame.itertuples()]
    return frame.assign(new=[int(n) for n in ask])


def _not_held(here: Execution, step: str, runs: int) -> pd.DataFrame | None:
    """The cells of a step with `new`, or None while the tables that decide them are not there."""
    try:
        cells, texts = plan.step_cells(here, step, runs), plan.texts(here)
    except Problem:
        return None
    path = here.raw / "replies.sqlite"
    if not path.exists():
        return cells.assign(new=True)
    keys = _keys(here, cells, texts)
    with replies.archive(path) as connection:
        known = replies.kept(connection, keys)
    new = [_open(c.step, c.language, known.get(k, []), here.study.attempts) for k, c in zip(keys, cells.itertuples(index=False), strict=True)]
    return cells.assign(new=new)


def publish(here: Execution) -> None:
    """Put the study's answers, without any text, into the file that `--recorded` reads."""
    parts = [PROCESSED / here.folder / f"{n}_answers.csv.gz" for n in ("04", "05", "07")]
    if here.folder == here.study.name and here.study.respondents != "imported" and all(p.exists() for p in parts):
        whole = pd.concat([tables.read(p) for p in parts])[COLUMNS]
        if not (here.raw / FILE).exists() or not tables.read(here.raw / FILE).equals(whole.reset_index(drop=True)):
            tables.write(whole, here.raw / FILE)


def _keys(here: Execution, cells: pd.DataFrame, texts: dict) -> list[str]:
    """The archive's key of every cell, in the order of the cells."""
    study, seen = here.study, {}
    # A simulated respondent is decided by its plan as a real one is by its weights.
    endpoint = dict.fromkeys(study.models, f"simulated {simulation.fingerprint(here)}") if study.respondents == "simulated" else {}
    out = []
    for cell in cells.itertuples(index=False):
        what = (cell.step, cell.statement_id, cell.dimension, cell.language)
        if what not in seen:
            seen[what] = replies.digest(_messages(here, *what, texts))
        model = study.models[cell.model]
        request = model.request or cell.model
        sampling = {"temperature": study.sampling.temperature, "max_tokens": study.limit(cell.model)}
        out.append(replies.key(cell.step, seen[what], endpoint.get(cell.model, model.endpoint), request, model.provider, sampling, cell.run))
    return out


def _messages(here: Execution, step: str, statement_id: str, dimension: str, language: str, texts: dict) -> list[dict]:
    described = here.describe(language)[dimension] if dimension else None
    return prompts.fill(step, language, texts[statement_id, language], described)


def _missing(here: Execution, cells: pd.DataFrame, keys: list[str], known: dict, texts: dict) -> list[asking.Request]:
    """The requests still to be made: cells without a reply, and those that may be asked once more."""
    out = []
    for key, cell in zip(keys, cells.itertuples(index=False), strict=True):
        attempts = known.get(key, [])
        if _open(cell.step, cell.language, attempts, here.study.attempts):
            messages = _messages(here, cell.step, cell.statement_id, cell.dimension, cell.language, texts)
            out.append(asking.Request(key, cell.step, cell.language, cell.model, cell.run, len(attempts) + 1, messages))
    return out


def _open(step: str, language: str, attempts: list[tuple], allowed: int) -> bool:
    """Whether a cell is still to be asked: never asked, failed, or unreadable with attempts left."""
    readable = [a for a in attempts if a[1] is not None]
    if not readable:
        return True
    state, _ = prompts.read(step, language, *readable[-1][1:3])
    return state in ("unreadable", "cut off") and len(readable) < allowed


def _read(cells: pd.DataFrame, keys: list[str], known: dict) -> pd.DataFrame:
    """The answers table: what each cell's last reply says."""
    rows = [_answer(cell.step, cell.language, known.get(key, [])) for key, cell in zip(keys, cells.itertuples(index=False), strict=True)]
    read = pd.DataFrame(rows, columns=["state", "answer", "respondents"], index=cells.index, dtype="str")
    return pd.concat([cells, read], axis=1)


def _answer(step: str, language: str, attempts: list[tuple]) -> tuple[str, str, str]:
    readable = [a for a in attempts if a[1] is not None]
    if not readable:
        return ("failed", "", attempts[-1][3]) if attempts else ("not asked", "", "")
    _, text, finish_reason, respondents = readable[-1]
    state, answer = prompts.read(step, language, text, finish_reason)
    return state, answer or "", respondents
