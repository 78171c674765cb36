"""What became of released statements: unchanged, changed or gone, and how their votes moved."""

import re

import pandas as pd

from alignment.study.hashes import content_hash

STATES = ("unchanged", "changed", "gone")
COLUMNS = ["statement_id", "state", "why", "votes_then", "votes_now", "moved"]


def compare_release(
    release: pd.DataFrame, debates: pd.DataFrame, theses: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per released statement: `COLUMNS`, and text and language ("" when it is gone).

    A statement is sought by its id, else in its debate by its hash (exports have no claim numbers);
    else it is the only thesis of its debate. `moved` is votes now minus votes then, NA where either
    is unknown.
    """
    hashes = theses.assign(hash=theses["text"].map(content_hash))
    by_debate = {str(debate): rows for debate, rows in hashes.groupby("debate_id")}
    debates = debates.drop_duplicates("debate_id").set_index("debate_id")
    statements = release.drop_duplicates("statement_id")
    released = statements["statement_id"].map(debate_of).value_counts()
    rows = []
    for row in statements.itertuples(index=False):
        debate = debate_of(row.statement_id)
        thesis, why = None, "the debate is not there"
        if debate in by_debate:
            thesis, why = _find(row, by_debate[debate], released[debate] == 1)
        elif debate in debates.index:
            why = f"the debate has no thesis now ({debates['source'][debate]})"
        state, text, language, votes = "gone", "", "", pd.NA
        if thesis is not None:
            state = "unchanged" if thesis["hash"] == row.content_hash else "changed"
            text, votes = thesis["text"], thesis["votes"]
            language = debates["language"].get(debate, "")
        rows.append((row.statement_id, state, why, text, language, row.votes, votes))
    columns = ["statement_id", "state", "why", "text", "language", "votes_then", "votes_now"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.astype({"votes_then": "Int64", "votes_now": "Int64"})
    return table.assign(moved=table["votes_now"] - table["votes_then"])


def debate_of(statement_id: str) -> str:
    """Return the debate of a statement.

    >>> [debate_of(s) for s in ("17.4", "17#2", "x-0a1b#1", "demo-3.1")]
    ['17', '17', 'x-0a1b', 'demo-3']
    """
    return re.sub(r"[.#][^.#]*$", "", statement_id)


def _find(row, theses: pd.DataFrame, is_alone: bool) -> tuple[pd.Series | None, str]:
    """Return the thesis of its debate that a released statement is now, and how that is known."""
    same_id = theses["statement_id"] == row.statement_id
    same_text = theses["hash"] == row.content_hash
    by_id, by_text = (theses[same_id], ""), (theses[same_text], "found by its text")
    ways = [(theses[same_id & same_text], "")]
    # The k-th thesis of an export: its place says less than its text.
    ways += [by_text, by_id] if "#" in row.statement_id else [by_id, by_text]
    if is_alone and len(theses) == 1:
        ways.append((theses, "the debate's only thesis"))
    for rows, why in ways:
        if len(rows):
            return rows.iloc[0], why
    return None, "the debate has other theses now"


def summarise(comparison: pd.DataFrame) -> str:
    """Return what a comparison shows: states with reasons, and votes where known then and now."""
    counts, moved = comparison["state"].value_counts(), comparison["moved"].dropna()
    states = ", ".join(f"{counts.get(state, 0)} {state}" for state in STATES)
    lines = [f"{len(comparison)} statements: {states}."]
    reasons = comparison[comparison["why"] != ""].groupby(["state", "why"]).size()
    lines += [f"  {n} {state}: {why}" for (state, why), n in reasons.items()]
    if len(moved):
        more, fewer = int((moved > 0).sum()), int((moved < 0).sum())
        spread = f"median {moved.median():+.0f}, from {moved.min():+d} to {moved.max():+d}"
        votes = f"Votes of {len(moved)} are known then and now"
        lines.append(f"{votes}: {more} have more, {fewer} fewer; {spread}.")
    return "\n".join(lines)
