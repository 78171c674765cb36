"""Import answers and labels from elsewhere, in place of asking."""

from pathlib import Path

import pandas as pd

from alignment.asking import answers
from alignment.study import table_files
from alignment.study.workspace import Workspace
from utils import reply_parser
from utils.cells import PAIR, SCORES
from utils.errors import Problem, nearest

LABEL = [*PAIR, "polarity"]


def import_answers(workspace: Workspace, file: Path) -> list[Path]:
    """Check a table of answers (CSV or Excel) and put it into the study; return the files.

    A table in the documented columns (step, statement_id, dimension, model, language, run, answer,
    respondents) is taken as it is; any other is read as the study file says under `table:`. Nothing
    is written if anything is wrong.
    """
    if not file.is_file():
        raise Problem(f"There is no file {file.name} to import.")
    frame = table_files.read_as_text(file)
    if workspace.study.table is None:
        tables = {answers.FILE: _number_runs(frame, file.name)}
    else:
        tables = _map_columns(workspace, frame, file.name)
    tables[answers.FILE] = answers.check_answers(workspace, tables[answers.FILE], file.name)
    return [table_files.write(table, workspace.raw / name) for name, table in tables.items()]


def _number_runs(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    if "run" not in frame:
        return frame
    wrong = frame[~frame["run"].str.fullmatch(r"[1-9]\d*")]
    if len(wrong):
        run, row = wrong.iloc[0]["run"], wrong.index[0] + 2
        raise Problem(f'{where}: the run "{run}" is not a number from 1 on (row {row}).')
    return frame.astype({"run": "int64"})


def _map_columns(workspace: Workspace, frame: pd.DataFrame, where: str) -> dict[str, pd.DataFrame]:
    """Return the tables made from somebody's own; statements and runs are numbered in order."""
    settings, column = workspace.study.table, workspace.study.table.columns
    for name in [*column.values(), *settings.where]:
        if name not in frame:
            near = nearest(name, frame.columns)
            raise Problem(f'{where} has no column "{name}", which the study names.{near}')
    for name, value in settings.where.items():
        frame = frame[frame[name] == value]
    if frame.empty:
        wanted = ", ".join(f"{name} = {value}" for name, value in settings.where.items())
        raise Problem(f"{where} holds no row with {wanted}.")
    texts = frame[column["statement"]]
    ids = {text: str(number) for number, text in enumerate(texts.unique(), 1)}
    models = frame[column["model"]].map(lambda name: settings.models.get(name, name))
    stances = frame[column["answer"]].map(reply_parser.agreement)
    own = pd.DataFrame({"step": "stance", "statement_id": texts.map(ids), "dimension": ""})
    own = own.assign(model=models, language=settings.language)
    own["run"] = own.groupby(["statement_id", "model"]).cumcount() + 1
    own["state"] = stances.notna().map({True: "answered", False: "unreadable"})
    own = own.assign(answer=stances.fillna(""), respondents="imported")
    statements = pd.DataFrame({"statement_id": ids.values(), "text": ids.keys()})
    statements["language"] = settings.language
    tables = {answers.FILE: own, "statements.csv": statements}
    if "dimension" in column:  # all of these have the one polarity that the study gives
        pairs = own[["statement_id"]].assign(dimension=frame[column["dimension"]])
        tables["labels.csv"] = pairs.drop_duplicates().assign(polarity=settings.polarity)
    return tables


def read_labels(workspace: Workspace) -> pd.DataFrame:
    """Read and check the labels that the study brings: statement_id, dimension, polarity."""
    path = workspace.raw / workspace.study.labels
    where = workspace.shown(path)
    if not path.exists():
        raise Problem(f"The study's labels file {where} is not there.")
    labels = table_files.read(path)
    table_files.check_columns(labels, LABEL, where, "a labels file")
    choices = {"dimension": workspace.dimensions, "polarity": list(SCORES["polarity"].values())}
    if "respondents" in labels:
        choices["respondents"] = ["live", "simulated", "planted", "imported"]
    for column, values in choices.items():
        wrong = labels[~labels[column].isin(values)]
        if len(wrong):
            what = f"{wrong.iloc[0]['statement_id']} has the {column} {wrong.iloc[0][column]}"
            raise Problem(f"{where}: {what} (known: {', '.join(map(str, values))}).")
    if labels.duplicated(PAIR).any():
        raise Problem(f"{where} holds a pair of statement and dimension twice.")
    return labels[LABEL]


def read_relevance(workspace: Workspace) -> pd.DataFrame:
    """Read the labels file as a relevance table: all its pairs relevant, without any vote."""
    counts = dict.fromkeys(("yes", "no", "missing", "tied", "planned", "quorum"), 0)
    verdict = {"relevant": True, "marginal": False, "open": False}
    return read_labels(workspace)[PAIR].assign(**counts, **verdict)


def read_polarity(workspace: Workspace) -> pd.DataFrame:
    """Read the labels file as a polarity table, without any vote."""
    labels = read_labels(workspace)
    counts = dict.fromkeys(("votes", "positive", "negative", "missing", "tied", "planned"), 0)
    medians = {"median": labels["polarity"], "polarity": labels["polarity"]}
    return labels[PAIR].assign(**counts, **medians, how="brought", marginal=False)
