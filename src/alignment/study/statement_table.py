"""The table of statements of a study that brings its own (`debates: {source: table}`)."""

from pathlib import Path

import pandas as pd

from alignment.study import brought_tables
from alignment.study.brought_tables import Brought
from utils.errors import Problem

FILE = "statements.csv"


def read(path: Path, language: str = "") -> Brought:
    """Read and check a table of statements: statement_id; text, votes and language if known.

    `language`: of the study; what is in another one is noted, and refused where all is.
    """
    table = brought_tables.read(path, ["statement_id"], ["text", "votes", "language"])
    brought_tables.check_ids(table)
    table.refuse(table.frame["statement_id"].duplicated(), "{statement_id} is listed twice")
    if "votes" in table.frame:
        brought_tables.read_whole_or_empty(table, "votes", 0)
    if without := (table.frame.get("text", pd.Series("-")) == "").sum():
        table.notes.append(f"{without:,} statements without a text")
    if language and "language" in table.frame:
        others = table.frame.loc[~table.frame["language"].isin(["", language]), "language"]
        found = brought_tables.describe_values(others)
        what = f'the study keeps statements whose language is "{language}"'
        if len(others) == len(table.frame):
            raise Problem(f"{table.name}: {what}, and this table has {found}.")
        if len(others):
            table.notes.append(f"not kept: {found}, since {what}")
    _note_alike(table)
    columns = [c for c in ("statement_id", "text", "votes", "language") if c in table.frame]
    return table._replace(frame=table.frame[columns])


def _note_alike(table: Brought) -> None:
    """Note ids that differ only in case or zeros, and statements with the same text."""
    ids = table.frame["statement_id"]
    bare = ids.str.casefold().str.replace(r"^0+(?=[0-9])|\.0$", "", regex=True)
    alike = {"ids that differ only in case or zeros": ids[bare.duplicated(keep=False)]}
    if "text" in table.frame:
        texts = table.frame["text"].str.casefold()
        same = texts.duplicated(keep=False) & (texts != "")
        alike["statements with the same text"] = ids[same]
    for what, found in alike.items():
        if len(found):
            table.notes.append(f"{what}: {', '.join(found.head(4))}")
