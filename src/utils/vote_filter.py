"""Theses -> statements: which are kept by their votes, and what becomes of the others."""

import numpy as np
import pandas as pd

from utils.errors import Problem
from utils.rules import allowed

LEFT_OUT = ["statement_id", "debate_id", "text", "votes", "reason"]


TOO_FEW = "fewer than {} votes"


def filter_statements(
    debates: pd.DataFrame,
    theses: pd.DataFrame,
    min_votes: int,
    vote_source: str = "thesis",
    multi_thesis: str = "leave_out",
    language: str = "en",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the statements that pass the filter, and all others with the first reason.

    Kept: statement_id, debate_id, text, votes. Left out: the same with `reason`, a row for each
    thesis, and one with an empty statement_id for each debate that has none (private, deleted);
    together they are all that came in (`account`). A thesis whose votes nobody knows passes only a
    filter that asks for none.
    """
    joined = _with_debates(debates, theses)
    votes = (
        joined["votes"]
        if allowed("vote_source", vote_source) == "thesis"
        else joined["debate_votes"]
    ).astype("Int64")
    text = joined["text"].fillna("")
    reasons = {
        "empty text": (text == "") & (min_votes > 0),
        f"language is not {language}": ~joined["language"].isin([language, ""]),
        "debate with several theses": (joined["n_theses"] > 1)
        & (allowed("multi_thesis", multi_thesis) == "leave_out"),
        "votes unknown": votes.isna() & (min_votes > 0),
        TOO_FEW.format(min_votes): (votes < min_votes).fillna(False),
    }
    joined = joined.assign(
        votes=votes,
        reason=np.select([applies.astype(bool) for applies in reasons.values()], list(reasons), ""),
    )
    same = text.map(lambda t: t.casefold().strip())
    repeated = (
        (joined["reason"] == "") & (text != "") & same.where(joined["reason"] == "").duplicated()
    )
    joined.loc[repeated, "reason"] = "same text as another statement"
    passes = joined["reason"] == ""
    left = pd.concat(
        [joined.loc[~passes, LEFT_OUT], _without_theses(debates, theses)], ignore_index=True
    )
    return joined.loc[passes, LEFT_OUT[:-1]].reset_index(drop=True), left


def account(
    debates: pd.DataFrame, theses: pd.DataFrame, kept: pd.DataFrame, left_out: pd.DataFrame
) -> pd.DataFrame:
    """Count what became of all that came in: a row for each reason, *kept*, and *came in*.

    Counts theses and debates; a debate counts as kept if any of its theses is, else by the first
    reason among them.
    """
    rows = pd.concat([kept.assign(reason="kept"), left_out])
    of_debates = rows.sort_values(
        "reason", key=lambda r: r != "kept", kind="stable"
    ).drop_duplicates("debate_id")
    theses_by = rows.loc[rows["statement_id"] != "", "reason"].value_counts()
    counts = (
        pd.DataFrame({"theses": theses_by, "debates": of_debates["reason"].value_counts()})
        .fillna(0)
        .astype(int)
    )
    ordered = counts.drop(index="kept", errors="ignore").sort_values(
        ["debates", "theses"], ascending=False, kind="stable"
    )
    ordered.loc["kept"] = counts.loc["kept"] if "kept" in counts.index else 0
    ordered.loc["came in"] = [
        len(theses),
        len(set(debates["debate_id"]) | set(theses["debate_id"])),
    ]
    if (ordered.iloc[:-1].sum() != ordered.iloc[-1]).any():
        raise Problem(f"What was kept and left out does not add up to what came in:\n{ordered}")
    return ordered.rename_axis("reason").reset_index()


def _with_debates(debates: pd.DataFrame, theses: pd.DataFrame) -> pd.DataFrame:
    of = debates[["debate_id", "language", "n_theses"]].drop_duplicates("debate_id")
    joined = theses.merge(of, on="debate_id", how="left")
    return joined.assign(
        language=joined["language"].fillna(""), n_theses=joined["n_theses"].fillna(1)
    )


def _without_theses(debates: pd.DataFrame, theses: pd.DataFrame) -> pd.DataFrame:
    """Debates that came without a thesis, each with the reason that its source gives."""
    empty = debates[~debates["debate_id"].isin(theses["debate_id"])].drop_duplicates("debate_id")
    why = empty["source"].str.replace(r"^[^:]*(?:: )?", "", regex=True)
    rows = empty[["debate_id"]].assign(
        statement_id="", text="", votes=pd.array([pd.NA] * len(empty), dtype="Int64")
    )
    return rows.assign(reason=("debate " + why).where(why != "", "debate without a thesis"))[
        LEFT_OUT
    ]
