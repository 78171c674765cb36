"""What somebody brings in place of asking: answers collected elsewhere, and labels made elsewhere."""

from pathlib import Path

import pandas as pd

from alignment.asking import answers
from alignment.study import table_files
from alignment.study.paths import shown
from alignment.study.workspace import Workspace
from utils import reply_parser
from utils.cells import PAIR
from utils.errors import Problem, nearest

POLARITIES = (-2, -1, 1, 2)


def import_answers(workspace: Workspace, file: Path) -> list[Path]:
    """Check a table of answers (CSV or Excel) and put it into the study's raw folder; nothing is written if it is wrong.

    A table in the documented columns (step, statement_id, dimension, model, language, run, answer, respondents) is
    taken as it is; any other is read as the study file says under `table:`. Returns the files written.
    """
    if not file.is_file():
        raise Problem(f"There is no file {file.name} to import.")
    frame = table_files.read_as_text(file)
    if workspace.study.table is None:
        written = {answers.FILE: _numbered(frame, file.name)}
    else:
        written = _mapped(frame, workspace, file.name)
    written[answers.FILE] = answers.checked(written[answers.FILE], file.name, workspace)
    return [table_files.write(table, workspace.raw / name) for name, table in written.items()]


def _numbered(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """The table with its runs as numbers."""
    if "run" not in frame:
        return frame
    odd = frame[~frame["run"].str.fullmatch(r"[1-9]\d*")]
    if len(odd):
        raise Problem(
            f'{where}: the run "{odd.iloc[0]["run"]}" is not a number from 1 on (row {odd.index[0] + 2}).'
        )
    return frame.astype({"run": "int64"})


def _mapped(frame: pd.DataFrame, workspace: Workspace, where: str) -> dict[str, pd.DataFrame]:
    """Answers, labels and statements out of somebody else's columns: statements and runs are numbered as they come."""
    settings, column = workspace.study.table, workspace.study.table.columns
    for name in [*column.values(), *settings.where]:
        if name not in frame:
            raise Problem(
                f'{where} has no column "{name}", which the study names.{nearest(name, frame.columns)}'
            )
    for name, value in settings.where.items():
        frame = frame[frame[name] == value]
    if frame.empty:
        raise Problem(
            f"{where} holds no row with {', '.join(f'{k} = {v}' for k, v in settings.where.items())}."
        )
    number = {text: str(i) for i, text in enumerate(frame[column["statement"]].unique(), 1)}
    ids = frame[column["statement"]].map(number)
    models = frame[column["model"]].map(lambda m: settings.models.get(m, m))
    answer = frame[column["answer"]].map(reply_parser.agreement)
    out = pd.DataFrame(
        {
            "step": "stance",
            "statement_id": ids,
            "dimension": "",
            "model": models,
            "language": settings.language,
        }
    )
    out["run"] = out.groupby(["statement_id", "model"]).cumcount() + 1
    out["state"] = answer.notna().map({True: "answered", False: "unreadable"})
    out = out.assign(answer=answer.fillna(""), respondents="imported")
    statements = pd.DataFrame(
        {"statement_id": list(number.values()), "text": list(number), "language": settings.language}
    )
    return {answers.FILE: out, "statements.csv": statements} | _labels_of(frame, ids, workspace)


def _labels_of(
    frame: pd.DataFrame, ids: pd.Series, workspace: Workspace
) -> dict[str, pd.DataFrame]:
    """A labels file from a column of dimensions, every statement with the one polarity that the study gives."""
    if "dimension" not in workspace.study.table.columns:
        return {}
    pairs = pd.DataFrame(
        {"statement_id": ids, "dimension": frame[workspace.study.table.columns["dimension"]]}
    ).drop_duplicates()
    return {"labels.csv": pairs.assign(polarity=workspace.study.table.polarity)}


def labels(workspace: Workspace) -> pd.DataFrame:
    """The labels that the study brings: statement_id, dimension, polarity; checked."""
    path = workspace.raw / workspace.study.labels
    if not path.exists():
        raise Problem(f"The study's labels file {shown(path)} is not there.")
    found = table_files.read(path)
    for column in ("statement_id", "dimension", "polarity"):
        if column not in found:
            raise Problem(
                f'{shown(path)} has no column "{column}"; a labels file has statement_id, dimension, polarity.'
            )
    for column, known in (("dimension", workspace.dimensions), ("polarity", POLARITIES)):
        odd = found[~found[column].isin(known)]
        if len(odd):
            raise Problem(
                f"{shown(path)}: {odd.iloc[0]['statement_id']} has the {column} {odd.iloc[0][column]} (known: {', '.join(map(str, known))})."
            )
    if found.duplicated(["statement_id", "dimension"]).any():
        raise Problem(f"{shown(path)} holds a pair of statement and dimension twice.")
    return found[["statement_id", "dimension", "polarity"]]


def relevance(workspace: Workspace) -> pd.DataFrame:
    """The labels file as a relevance table: every pair of it relevant, without any vote."""
    none = {"yes": 0, "no": 0, "missing": 0, "tied": 0, "planned": 0, "quorum": 0}
    return labels(workspace)[["statement_id", "dimension"]].assign(
        **none, relevant=True, marginal=False, open=False
    )


def polarity(workspace: Workspace) -> pd.DataFrame:
    """The labels file as a polarity table, without any vote."""
    given = labels(workspace)
    none = {"votes": 0, "positive": 0, "negative": 0, "missing": 0, "tied": 0, "planned": 0}
    return given[PAIR].assign(
        **none, median=given["polarity"], polarity=given["polarity"], how="brought", marginal=False
    )
