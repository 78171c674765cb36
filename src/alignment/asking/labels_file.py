"""The labels file of a study, which takes the place of notebooks 04 and 05."""

from pathlib import Path

import pandas as pd

from alignment.study import brought_tables, dimensions, statement_table, table_files
from alignment.study.brought_tables import Brought
from alignment.study.workspace import Workspace
from utils.cells import PAIR, SCORES
from utils.errors import Problem

LABEL = [*PAIR, "polarity"]
KINDS = ["live", "simulated", "planted", "imported"]  # of labels


def read_known(workspace: Workspace) -> pd.Series | None:
    """Return the ids of the study's statements, if they are known already."""
    given = workspace.material / statement_table.FILE
    if workspace.study.debates.source == "table" and given.exists():
        return statement_table.read(given).frame["statement_id"]
    kept = workspace.path_of("02_statements")
    return table_files.read(kept)["statement_id"] if kept.exists() else None


def keep_known(table: pd.DataFrame, known: pd.Series, where: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of statements that are known, and a sentence on the others, if any.

    Problem where no statement is known.
    """
    is_known = table["statement_id"].isin(set(known))
    others = table.loc[~is_known, "statement_id"].unique()
    if known.empty:
        raise Problem(f"{where}: the study has no statements yet; bring or collect them first.")
    if not is_known.any():
        examples = f"it has {', '.join(others[:3])}, the study {', '.join(known[:3])}"
        raise Problem(f"{where} names no statement that this study keeps: {examples}.")
    if not len(others):
        return table, []
    covered = table.loc[is_known, "statement_id"].nunique()
    if len(others) > covered and covered < len(known) / 2:
        why = "does not keep, and only"
        few = f"it has {len(others):,} statements that the study {why} {covered:,} of its"
        examples = f"{', '.join(others[:3])}; the study's are {', '.join(known[:3])}"
        raise Problem(f"{where}: {few} {len(known):,} ({examples}).")
    names = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
    rows = f"{(~is_known).sum():,} rows of {where} on {len(others):,} statements"
    note = f"{rows} are not used, since the study does not keep these ({names})"
    return table[is_known].reset_index(drop=True), [note]


def check(workspace: Workspace, path: Path) -> tuple[Brought, pd.DataFrame]:
    """Read a table of labels and check it whole: as it is, and the labels alone."""
    table = brought_tables.read(path, LABEL, ["respondents"])
    brought_tables.check_ids(table)
    _refuse_irrelevant(table)
    names = dimensions.list_names(workspace.study.languages)
    brought_tables.check_values(table, "dimension", workspace.dimensions, names)
    polarity = brought_tables.read_whole(table, "polarity")
    scale = list(SCORES["polarity"].values())
    listed = ", ".join(map(str, scale))
    table.refuse(~polarity.isin(scale), f'the polarity "{{polarity}}" is not one of {listed}')
    columns = LABEL
    if "respondents" in table.frame:
        brought_tables.check_values(table, "respondents", KINDS)
        columns = [*LABEL, "respondents"]
    table.refuse(table.frame.duplicated(PAIR), "{statement_id} on {dimension} is labelled twice")
    labels = table.frame.assign(polarity=polarity.astype("int64"))
    return table, labels[columns].reset_index(drop=True)


def _refuse_irrelevant(table: Brought) -> None:
    """Raise a Problem for a row that another column calls not relevant."""
    for column in (c for c in table.frame if c.casefold().startswith("relevan")):
        said = table.frame[column].str.casefold()
        is_relevant = said.isin(["yes", "y", "1", "true", "x", "ja", "是", "相关"])
        what = f'its column "{column}" says "{{{column}}}", and a label is of a relevant pair'
        table.refuse(~is_relevant, f"{what}; take such rows out")


def read_labels(workspace: Workspace) -> tuple[pd.DataFrame, list[str]]:
    """Return the labels that the study brings, of the statements it keeps, and what was left out.

    Columns statement_id, dimension, polarity.
    """
    path = workspace.raw / workspace.study.labels
    if not path.exists():
        raise Problem(f"The study's labels file {workspace.shown(path)} is not there.")
    _, labels = check(workspace, path)
    known = workspace.read("02_statements")["statement_id"]
    return keep_known(labels[LABEL], known, workspace.shown(path))


def describe_left_out(workspace: Workspace) -> list[str]:
    """Return a sentence on the labels that the study brings and cannot use, if there are any."""
    return read_labels(workspace)[1] if workspace.study.labels else []


def read_relevance(workspace: Workspace) -> pd.DataFrame:
    """Read the labels file as a relevance table: all its pairs relevant, without any vote."""
    counts = dict.fromkeys(("yes", "no", "missing", "tied", "planned", "quorum"), 0)
    verdict = {"relevant": True, "marginal": False, "open": False}
    return read_labels(workspace)[0][PAIR].assign(**counts, **verdict)


def read_polarity(workspace: Workspace) -> pd.DataFrame:
    """Read the labels file as a polarity table, without any vote."""
    labels, _ = read_labels(workspace)
    counts = dict.fromkeys(("votes", "positive", "negative", "missing", "tied", "planned"), 0)
    medians = {"median": labels["polarity"], "polarity": labels["polarity"]}
    return labels[PAIR].assign(**counts, **medians, how="brought", marginal=False)
