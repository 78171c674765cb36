"""Debates -> statements: where a study's debates come from, and which of their theses are kept."""

import pandas as pd

from utils import exports, kialo, scraping, tables
from utils.errors import Problem
from utils.execution import Execution, folder_of
from utils.paths import shown

DEBATES = ["debate_id", "title", "language", "question", "n_theses", "debate_votes", "source"]
THESES = ["statement_id", "debate_id", "thesis_no", "text", "votes", "debate_votes"]
REFUSED = ["file", "reason"]


def debates(here: Execution, progress=None) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The study's debates, their theses, and what was refused with a reason, from where the study says they are."""
    settings, default = here.study.debates, here.raw / "debates"
    none = pd.DataFrame(columns=REFUSED)
    if settings.source == "exports":
        folder = folder_of(settings.folder, default)
        votes = folder_of(settings.votes, default) if settings.votes else None
        return exports.read_exports(folder, votes, keep_twins=settings.keep_twins)
    if settings.source == "table":
        return *_brought(here), none
    if settings.source == "kialo":
        scraping.scrape(settings, default, progress=progress)
    return *kialo.read_responses(folder_of("", default)), none


def _brought(here: Execution) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Statements that somebody brings: data/raw/<study>/statements.csv with statement_id and, if known, text and votes."""
    path = here.raw / "statements.csv"
    if not path.exists():
        raise Problem(f"{shown(path)} is not there: it lists the statements (statement_id, and if known text, votes, language).")
    brought = tables.read(path)
    if "statement_id" not in brought or brought["statement_id"].duplicated().any():
        raise Problem(f"{shown(path)} needs a column statement_id in which no id stands twice.")
    ids = brought["statement_id"]
    given = {c: brought[c] if c in brought else default for c, default in (("text", ""), ("language", ""), ("votes", pd.NA))}
    theses = pd.DataFrame({"statement_id": ids, "debate_id": ids, "thesis_no": 1, "debate_votes": pd.NA} | given)
    kinds = {"title": given["text"], "language": given["language"], "question": "", "n_theses": 1, "source": "table"}
    found = pd.DataFrame({"debate_id": ids, "debate_votes": pd.NA} | kinds)
    return found[DEBATES], theses[THESES].astype({"votes": "Int64", "debate_votes": "Int64"})


def kept(
    debates: pd.DataFrame,
    theses: pd.DataFrame,
    min_votes: int,
    vote_source: str = "thesis",
    multi_thesis: str = "leave_out",
    language: str = "en",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The statements that pass the filter, and every thesis that does not, with the first reason that applies.

    Kept: statement_id, debate_id, text, votes. Left out: the same with `reason`; the two add up to `theses`.
    A thesis whose votes nobody knows passes only a filter that asks for none.
    """
    joined = theses.merge(debates[["debate_id", "language", "n_theses"]].drop_duplicates("debate_id"), on="debate_id", how="left")
    votes = (joined["votes"] if vote_source == "thesis" else joined["debate_votes"]).astype("Int64")
    text = joined["text"].fillna("")
    reasons = {
        "empty text": (text == "") & (min_votes > 0),
        f"language is not {language}": ~joined["language"].isin([language, ""]),
        "debate with several theses": (joined["n_theses"] > 1) & (multi_thesis == "leave_out"),
        "votes unknown": votes.isna() & (min_votes > 0),
        f"fewer than {min_votes} votes": (votes < min_votes).fillna(False),
    }
    joined = joined.assign(votes=votes, reason=_first(reasons, joined.index))
    same = text.map(lambda t: t.casefold().strip())
    repeated = (joined["reason"] == "") & (text != "") & same.where(joined["reason"] == "").duplicated()
    joined.loc[repeated, "reason"] = "same text as another statement"
    columns = ["statement_id", "debate_id", "text", "votes"]
    passes = joined["reason"] == ""
    return joined.loc[passes, columns].reset_index(drop=True), joined.loc[~passes, [*columns, "reason"]].reset_index(drop=True)


def _first(reasons: dict[str, pd.Series], index) -> pd.Series:
    out = pd.Series("", index=index, dtype="str")
    for reason, applies in reasons.items():
        out = out.mask((out == "") & applies.astype(bool), reason)
    return out


