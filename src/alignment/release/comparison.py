"""A release beside the debates of today: what became of each of its statements."""

import re

import pandas as pd

from alignment.study.hashes import content_hash

STATES = ("unchanged", "changed", "gone")
COLUMNS = ["statement_id", "state", "why", "votes_then", "votes_now", "moved"]


def compared(release: pd.DataFrame, debates: pd.DataFrame, theses: pd.DataFrame) -> pd.DataFrame:
    """What became of each released statement, a row each: `COLUMNS`, with text and language ("" when it is gone).

    A statement is looked for by its id, else in its debate by its hash (exports know no claim numbers), else it is the
    only thesis of its debate. `moved` is votes now less votes then, NA where either is unknown.
    """
    asked = release.drop_duplicates("statement_id")
    hashed = theses.assign(hash=theses["text"].map(content_hash))
    at = {str(debate): rows for debate, rows in hashed.groupby("debate_id")}
    debates_by_id = debates.drop_duplicates("debate_id").set_index("debate_id")
    alone = asked["statement_id"].map(debate_of).value_counts()
    found = [_one(row, at, debates_by_id, alone) for row in asked.itertuples(index=False)]
    frame = pd.DataFrame(
        found,
        columns=["statement_id", "state", "why", "text", "language", "votes_then", "votes_now"],
    )
    frame = frame.astype({"votes_then": "Int64", "votes_now": "Int64"})
    return frame.assign(moved=frame["votes_now"] - frame["votes_then"])


def debate_of(statement_id: str) -> str:
    """The debate of a statement.

    >>> [debate_of(s) for s in ("17.4", "17#2", "x-0a1b#1", "demo-3.1")]
    ['17', '17', 'x-0a1b', 'demo-3']
    """
    return re.sub(r"[.#][^.#]*$", "", statement_id)


def _one(row, at: dict, debates_by_id: pd.DataFrame, alone: pd.Series) -> tuple:
    debate = debate_of(row.statement_id)
    votes_then = pd.NA if pd.isna(row.votes) else int(row.votes)
    if debate not in at:
        why = "the debate is not there"
        if debate in debates_by_id.index:
            why = f"the debate has no thesis now ({debates_by_id['source'][debate]})"
        return row.statement_id, "gone", why, "", "", votes_then, pd.NA
    rows, language = at[debate], debates_by_id["language"].get(debate, "")
    same, alike = (
        rows[rows["statement_id"] == row.statement_id],
        rows[rows["hash"] == row.content_hash],
    )
    only = rows if len(rows) == 1 and alone[debate] == 1 else rows.iloc[:0]
    ways = [
        (same[same["hash"] == row.content_hash], ""),
        (same, ""),
        (alike, "found by its text"),
        (only, "the debate's only thesis"),
    ]
    if "#" in row.statement_id:  # the k-th of an export: its place says less than its text
        ways[1:3] = ways[2:0:-1]
    now, why = next(
        ((r.iloc[0], w) for r, w in ways if len(r)), (None, "the debate has other theses now")
    )
    if now is None:
        return row.statement_id, "gone", why, "", "", votes_then, pd.NA
    state = "unchanged" if now["hash"] == row.content_hash else "changed"
    return row.statement_id, state, why, now["text"], language, votes_then, now["votes"]
