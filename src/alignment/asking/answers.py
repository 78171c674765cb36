"""The answers of a study: collected, or read from a file that is checked; and published."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from alignment.asking import archive, collection, plan, serving
from alignment.study import table_files
from alignment.study.paths import ASKING, WORDINGS
from alignment.study.workspace import Workspace
from utils.cells import CELL, SCORES, STATES, is_stance
from utils.errors import Problem

COLUMNS = [*CELL, "state", "answer", "respondents"]
FILE = "answers.csv.gz"


def collect(workspace: Workspace, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the answer of every cell, in the order of the cells; COLUMNS.

    Read from the answers file in a study of imported answers and with `--recorded` (without such a
    file, from the archive alone), else from the archive; what the archive lacks is asked for first.
    Problem when asking had to stop; replies that arrived are saved.
    """
    study, raw = workspace.study, workspace.raw
    if study.respondents == "imported" or (workspace.recorded and (raw / FILE).exists()):
        return read_recorded(workspace, cells)
    texts = plan.read_texts(workspace)
    if study.respondents == "live" and study.cap is None and not workspace.recorded:
        if collection.read_archived(workspace, cells, texts)["new"].any():
            how = "give one in the study file or with --cap USD, or read what is recorded."
            raise Problem(f"A live study asks only with a cap: {how}")
    answers = collection.collect(workspace, cells, texts, ask=not workspace.recorded)
    missing = answers[answers["state"] == "not asked"]
    _refuse(missing, f"is missing from {workspace.shown(raw / archive.FILE)}")
    return answers


def read_recorded(workspace: Workspace, cells: pd.DataFrame) -> pd.DataFrame:
    """Read the answers file; Problem that names the first missing, double or unexpected cell.

    Of answers from elsewhere, what is missing was not asked; others are left (`describe_unused`).
    """
    study, where = workspace.study, workspace.shown(workspace.raw / FILE)
    if not (workspace.raw / FILE).exists():
        why = "this study's answers are read from it (alignment import answers makes it)."
        raise Problem(f"{where} is not there: {why}")
    answers = check_answers(workspace, table_files.read(workspace.raw / FILE), where)
    expected, used = cells[CELL], answers[answers["step"].isin(cells["step"].unique())]
    joined = expected.merge(used, on=CELL, how="left", validate="one_to_one")[COLUMNS]
    missing = joined["state"].isna()
    if study.respondents != "imported":
        _refuse(joined[missing], f"is missing from {where}")
        used = used[used["run"] <= cells["run"].max()]
        if not workspace.is_changed:
            _refuse(_not_among(used, expected), f"is not expected in {where}")
    elif len(cells) and missing.all():
        raise Problem(f"{where} answers none of the {len(cells):,} cells of this step.")
    return joined.fillna({"state": "not asked", "answer": "", "respondents": ""})


def read_cells(workspace: Workspace, step: str) -> pd.DataFrame | None:
    """Read the cells of a step that the answers file holds; None without such a file."""
    path = workspace.raw / FILE
    if not path.exists():
        return None
    answers = table_files.read(path)
    return answers.loc[answers["step"] == step, CELL].reset_index(drop=True)


def _not_among(answers: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    known = pd.MultiIndex.from_frame(cells)
    return answers[~pd.MultiIndex.from_frame(answers[CELL]).isin(known)]


def describe_unused(workspace: Workspace, cells: pd.DataFrame) -> str:
    """Say how many imported answers of a step are to no cell of it; "" where all are used."""
    if workspace.study.respondents != "imported" or cells.empty:
        return ""
    answers = table_files.read(workspace.raw / FILE)
    answers = answers[answers["step"].isin(cells["step"].unique())]
    unused = _not_among(answers, cells[CELL])
    if unused.empty:
        return ""
    known = unused["statement_id"].isin(cells["statement_id"])
    parts = [(~known, "on statements that the study does not use")]
    parts += [(known & (unused["run"] > cells["run"].max()), "of further runs")]
    parts += [(known & (unused["run"] <= cells["run"].max()), "by models not asked here")]
    listed = ", ".join(f"{rows.sum():,} {what}" for rows, what in parts if rows.any())
    return f"**{len(unused):,} imported answers are not used**: {listed}."


def check_answers(workspace: Workspace, answers: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return a table of answers whose every row is a known cell with a known state and answer.

    Without a column `state` all are answered. Problem that names the first wrong or double cell.
    """
    if "state" not in answers:
        answers = answers.assign(state="answered")
    table_files.check_columns(answers, COLUMNS, where, "a table of answers")
    study = workspace.study
    choices = {
        "step": tuple(SCORES),
        "model": study.models,
        "language": study.languages,
        "state": STATES,
    }
    choices["respondents"] = ("live", "simulated", "imported")
    for column, values in choices.items():
        blank = answers["state"].eq("not asked") & (column == "respondents")
        wrong = answers[~answers[column].isin(values) & ~blank]
        if len(wrong):
            what = f'the unknown {column} "{wrong.iloc[0][column]}" (known: {", ".join(values)})'
            raise Problem(f"{where}: {_first_cell(wrong)} has {what}.")
    if (is_empty := answers["statement_id"] == "").any():
        raise Problem(f"{where}: {_first_cell(answers[is_empty])} has no statement_id.")
    has_none, asks_stance = answers["dimension"] == "", answers["step"].map(is_stance)
    wrong = answers[
        ~np.where(asks_stance, has_none, answers["dimension"].isin(workspace.dimensions))
    ]
    if len(wrong):
        listed = f"a stance has none, the other steps one of {', '.join(workspace.dimensions)}"
        what = f'the dimension "{wrong.iloc[0]["dimension"]}" ({listed})'
        raise Problem(f"{where}: {_first_cell(wrong)} has {what}.")
    for step, rows in answers.groupby("step"):
        wrong = rows[rows["answer"].isin(SCORES[step]) != (rows["state"] == "answered")]
        if len(wrong):
            first, listed = wrong.iloc[0], ", ".join(SCORES[step])
            what = f'{first["state"]} with "{first["answer"]}" (answers: {listed})'
            raise Problem(f"{where}: {_first_cell(wrong)} is {what}.")
    _refuse(answers[answers.duplicated(CELL)], "is listed twice", f"{where}: ")
    return answers


def _refuse(cells: pd.DataFrame, fault: str, where: str = "") -> None:
    """Raise a Problem that names the first of the cells, if there are any."""
    if len(cells):
        first = _first_cell(cells)
        first = first if where else first[0].upper() + first[1:]
        raise Problem(f"{where}{first} {fault} ({len(cells):,} such cells).")


def _first_cell(cells: pd.DataFrame) -> str:
    cell = cells.iloc[0]
    on = f" on {cell['dimension']}" if cell["dimension"] else ""
    row = f"{cells.index[0]}: " if isinstance(cells.index[0], str) else ""
    by = f"by {cell['model']} in {cell['language']}, run {cell['run']},"
    return f"{row}the cell {cell['step']} of {cell['statement_id']}{on} {by}"


def publish_answers(workspace: Workspace) -> None:
    """Write the study's answers, without any text, into the file that `--recorded` reads."""
    if workspace.is_changed or workspace.study.respondents == "imported":
        return
    answers, file = _read_all(workspace), workspace.raw / FILE
    if answers is None:
        return
    if not (file.exists() and table_files.read(file).equals(answers)):
        table_files.write(answers, file)
    if (workspace.raw / archive.FILE).exists():
        for name in serving.COPIED:
            shutil.copyfile(workspace.path_of(name), serving.path_of_copy(workspace, name))


def export_answers(workspace: Workspace, file: Path) -> int:
    """Write the study's answers, without any text, into a file; return how many there are."""
    answers = _read_all(workspace)
    if answers is None:
        todo = "run its notebooks 04, 05 and 07 first."
        raise Problem(f"The study {workspace.study.name} has no answers yet: {todo}")
    table_files.write(answers, file)
    return len(answers)


def _read_all(workspace: Workspace) -> pd.DataFrame | None:
    """Read the answers of all steps from the notebooks' tables; None while one is not there."""
    names = [f"{number}_answers.csv.gz" for number in ASKING.values()]
    names += [WORDINGS] if workspace.study.wordings else []
    paths = [workspace.base.processed / name for name in names]
    if not all(path.exists() for path in paths):
        return None
    return pd.concat([table_files.read(path) for path in paths], ignore_index=True)[COLUMNS]
