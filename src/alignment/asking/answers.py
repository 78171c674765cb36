"""Cells -> answers: from the archive, or from a file of answers that is checked; and what is published."""

from pathlib import Path

import pandas as pd

from alignment.asking import archive, collection, plan, serving
from alignment.study import table_files
from alignment.study.files import write_whole
from alignment.study.paths import shown
from alignment.study.workspace import Workspace
from utils.cells import CELL, SCORES, STATES, STEPS
from utils.errors import Problem

CELL = CELL
COLUMNS = [*CELL, "state", "answer", "respondents"]
FILE = "answers.csv.gz"


def answers(workspace: Workspace, cells: pd.DataFrame) -> pd.DataFrame:
    """The answer of every cell, in the order of the cells: state, answer and respondents beside them.

    Read from the answers file in a study of imported answers and with `--recorded` (without such a file, from the
    archive alone), else from the archive; what the archive lacks is asked for first. Problem when asking had to stop;
    what arrived is kept.
    """
    is_recorded, file = workspace.recorded, workspace.raw / FILE
    if workspace.study.respondents == "imported" or (is_recorded and file.exists()):
        return recorded(file, cells, workspace)
    if workspace.study.respondents == "live" and workspace.study.cap is None and not is_recorded:
        raise Problem(
            "A live study asks only with a cap: give one in the study file or with --cap USD, or read what is recorded."
        )
    found = collection.collected(workspace, cells, plan.texts(workspace), ask=not is_recorded)
    missing = found[found["state"] == "not asked"]
    if len(missing):
        raise Problem(
            f"{_name(missing.iloc[0])} is missing from {shown(workspace.raw / archive.FILE)} ({len(missing):,} such cells)."
        )
    return found


def bounds(scores: pd.DataFrame, votes: pd.DataFrame) -> pd.DataFrame:
    """How far the missing runs could move each mean score: a row for each model, language and dimension.

    A stance could be the other one where the missing runs of its cell could outvote the ones that are there; `low` and
    `high` are the means if all of these fell in the worst way. Columns: ..., labels, missing (runs), mean, low, high.
    """
    by = ["statement_id", "model", "language"]
    both = scores.merge(
        votes[[*by, "planned", "answered", "support"]], on=by, how="left", validate="many_to_one"
    )
    missing, support = both["planned"] - both["answered"], both["support"].fillna(0)
    loose = both["vote"].isna() | (missing > 0) & (both["planned"] - support >= support)
    size = both["polarity"].abs()
    both = both.assign(
        missing=missing, low=both["score"].mask(loose, -size), high=both["score"].mask(loose, size)
    )
    grouped = both.groupby(["model", "language", "dimension"], sort=False)
    means = {
        name: (column, "mean")
        for name, column in (("mean", "score"), ("low", "low"), ("high", "high"))
    }
    return grouped.agg(labels=("score", "size"), missing=("missing", "sum"), **means).reset_index()


def recorded(path: Path, cells: pd.DataFrame, workspace: Workspace) -> pd.DataFrame:
    """Answers from a file; a missing, duplicate, unexpected or unreadable cell stops, by name."""
    if not path.exists():
        raise Problem(
            f"{shown(path)} is not there: this study's answers are read from it (alignment import answers makes it)."
        )
    found = checked(table_files.read(path), shown(path), workspace)
    found = found[found["step"].isin(cells["step"].unique()) & (found["run"] <= cells["run"].max())]
    joined = cells.merge(found, on=CELL, how="outer", indicator=True)
    for side, what in (("left_only", "is missing from"), ("right_only", "is not expected in")):
        odd = joined[joined["_merge"] == side]
        if len(odd) and not (side == "right_only" and workspace.folder != workspace.study.name):
            raise Problem(f"{_name(odd.iloc[0])} {what} {shown(path)} ({len(odd):,} such cells).")
    return cells.merge(found, on=CELL, how="left", validate="one_to_one")[COLUMNS]


def checked(found: pd.DataFrame, where: str, workspace: Workspace) -> pd.DataFrame:
    """A table of answers whose every row is a known cell with a known state and answer, no cell twice."""
    for column in COLUMNS:
        if column not in found and column != "state":
            raise Problem(
                f'{where} has no column "{column}"; a table of answers has {", ".join(COLUMNS)}.'
            )
    if "state" not in found:
        found = found.assign(state="answered")
    known = {
        "step": STEPS,
        "model": workspace.study.models,
        "language": workspace.study.languages,
        "state": STATES,
    }
    known["respondents"] = ("live", "simulated", "imported")
    for column, values in known.items():
        blank = found["state"].eq("not asked") & (column == "respondents")
        odd = found[~found[column].isin(list(values)) & ~blank]
        if len(odd):
            raise Problem(
                f'{where}: {_name(odd.iloc[0])} has the unknown {column} "{odd.iloc[0][column]}" (known: {", ".join(values)}).'
            )
    _answers_fit(found, where)
    twice = found[found.duplicated(CELL)]
    if len(twice):
        raise Problem(
            f"{where}: {_name(twice.iloc[0])} is listed twice ({len(twice):,} such cells)."
        )
    return found


def _answers_fit(found: pd.DataFrame, where: str) -> None:
    """Every answered row holds an answer of its step, and no other row holds one."""
    for step, rows in found.groupby("step"):
        allowed = list(SCORES[step])
        odd = rows[rows["answer"].isin(allowed) != (rows["state"] == "answered")]
        if len(odd):
            raise Problem(
                f'{where}: {_name(odd.iloc[0])} is {odd.iloc[0]["state"]} with "{odd.iloc[0]["answer"]}" (answers: {", ".join(allowed)}).'
            )


def _name(cell) -> str:
    on = f" on {cell['dimension']}" if cell["dimension"] else ""
    return f"The cell {cell['step']} of {cell['statement_id']}{on} by {cell['model']} in {cell['language']}, run {cell['run']},"


def _whole(workspace: Workspace) -> pd.DataFrame | None:
    """All answers of the study, without any text, from the tables of its notebooks; None while one is not there."""
    parts = [workspace.base.processed / f"{n}_answers.csv.gz" for n in ("04", "05", "07")]
    return (
        pd.concat([table_files.read(p) for p in parts], ignore_index=True)[COLUMNS]
        if all(p.exists() for p in parts)
        else None
    )


def publish(workspace: Workspace) -> None:
    """Put the study's answers, without any text, into the file that `--recorded` reads."""
    whole = (
        _whole(workspace)
        if workspace.folder == workspace.study.name and workspace.study.respondents != "imported"
        else None
    )
    if whole is not None and not (
        (workspace.raw / FILE).exists() and table_files.read(workspace.raw / FILE).equals(whole)
    ):
        table_files.write(whole, workspace.raw / FILE)
    for name in serving.KEPT:
        if whole is not None and (workspace.raw / archive.FILE).exists():
            write_whole(serving.copy_of(workspace, name), workspace.path_of(name).read_bytes())


def export(workspace: Workspace, file: Path) -> int:
    """Write the study's answers, without any text, into a file of somebody's choice; how many there are."""
    whole = _whole(workspace)
    if whole is None:
        raise Problem(
            f"The study {workspace.study.name} has no answers yet: run its notebooks 04, 05 and 07 first."
        )
    table_files.write(whole, file)
    return len(whole)
