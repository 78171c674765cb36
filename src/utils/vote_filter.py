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
    of = debates[["debate_id", "language", "n_theses"]].drop_duplicates("debate_id")
    joined = theses.merge(of, on="debate_id", how="left").fillna({"language": "", "n_theses": 1})
    by_thesis = allowed("vote_source", vote_source) == "thesis"
    votes = joined["votes" if by_thesis else "debate_votes"].astype("Int64")
    single_only = allowed("multi_thesis", multi_thesis) == "leave_out"
    text = joined["text"].fillna("")
    reasons = {
        "empty text": (text == "") & (min_votes > 0),
        f"language is not {language}": ~joined["language"].isin([language, ""]),
        "debate with several theses": (joined["n_theses"] > 1) & single_only,
        "votes unknown": votes.isna() & (min_votes > 0),
        TOO_FEW.format(min_votes): (votes < min_votes).fillna(False),
    }
    applies = [rows.astype(bool) for rows in reasons.values()]
    joined = joined.assign(votes=votes, reason=np.select(applies, list(reasons), ""))
    passes = joined["reason"] == ""
    same = text.map(lambda t: t.casefold().strip()).where(passes)
    repeated = passes & (text != "") & same.duplicated()
    joined.loc[repeated, "reason"] = "same text as another statement"
    passes &= ~repeated
    left = [joined.loc[~passes, LEFT_OUT], _without_theses(debates, theses)]
    kept = joined.loc[passes, LEFT_OUT[:-1]].reset_index(drop=True)
    return kept, pd.concat(left, ignore_index=True)


def account(
    debates: pd.DataFrame, theses: pd.DataFrame, kept: pd.DataFrame, left_out: pd.DataFrame
) -> pd.DataFrame:
    """Count what became of all that came in: a row for each reason, *kept*, and *came in*.

    Counts theses and debates; a debate counts as kept if any of its theses is, else by the first
    reason among them.
    """
    rows = pd.concat([kept.assign(reason="kept"), left_out])
    kept_first = rows.sort_values("reason", key=lambda r: r != "kept", kind="stable")
    of_debates = kept_first.drop_duplicates("debate_id")["reason"].value_counts()
    of_theses = rows.loc[rows["statement_id"] != "", "reason"].value_counts()
    counts = pd.DataFrame({"theses": of_theses, "debates": of_debates}).fillna(0).astype(int)
    ordered = counts.drop(index="kept", errors="ignore")
    ordered = ordered.sort_values(["debates", "theses"], ascending=False, kind="stable")
    ordered.loc["kept"] = counts.loc["kept"] if "kept" in counts.index else 0
    ordered.loc["came in"] = [len(theses), len({*debates["debate_id"], *theses["debate_id"]})]
    if (ordered.iloc[:-1].sum() != ordered.iloc[-1]).any():
        raise Problem(f"What was kept and left out does not add up to what came in:\n{ordered}")
    return ordered.rename_axis("reason").reset_index()


def _without_theses(debates: pd.DataFrame, theses: pd.DataFrame) -> pd.DataFrame:
    """Return the debates that came without a thesis, each with the reason that its source gives."""
    empty = debates[~debates["debate_id"].isin(theses["debate_id"])].drop_duplicates("debate_id")
    why = empty["source"].str.replace(r"^[^:]*(?:: )?", "", regex=True)
    reason = ("debate " + why).where(why != "", "debate without a thesis")
    rows = empty[["debate_id"]].assign(statement_id="", text="", votes=pd.NA, reason=reason)
    return rows.astype({"votes": "Int64"})[LEFT_OUT]
