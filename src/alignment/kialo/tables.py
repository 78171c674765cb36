"""Columns of the tables that every source of debates gives."""

import pandas as pd

DEBATES = ["debate_id", "title", "language", "question", "n_theses", "debate_votes", "source"]
THESES = ["statement_id", "debate_id", "thesis_no", "text", "votes", "debate_votes"]
REFUSED = ["file", "reason"]
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]  # debates, theses, refused files
NUMBERS = ("votes", "debate_votes", "n_theses", "thesis_no")


def as_table(rows: list[dict], columns: list[str]) -> pd.DataFrame:
    """Return rows as a table: whole numbers (NA where unknown) in `NUMBERS`, text elsewhere."""
    types = {column: "Int64" if column in NUMBERS else "str" for column in columns}
    return pd.DataFrame(rows, columns=columns).astype(types)
