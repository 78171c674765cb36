"""The table of statements of a study that brings its own (`debates: {source: table}`)."""

from pathlib import Path

import pandas as pd

from alignment.study import brought_tables
from alignment.study.brought_tables import Brought

FILE = "statements.csv"


def read(path: Path) -> Brought:
    """Read and check a table of statements: statement_id; text, votes and language if known."""
    table = brought_tables.read(path, ["statement_id"], ["text", "votes", "language"])
    brought_tables.check_ids(table)
    table.refuse(table.frame["statement_id"].duplicated(), "{statement_id} is listed twice")
    if "votes" in table.frame:
        brought_tables.read_whole_or_empty(table, "votes", 0)
    if without := (table.frame.get("text", pd.Series("-")) == "").sum():
        table.notes.append(f"{without:,} statements without a text")
    columns = [c for c in ("statement_id", "text", "votes", "language") if c in table.frame]
    return table._replace(frame=table.frame[columns])
