"""Debates -> statements: where a study's debates come from, and which of their theses are kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from alignment.kialo import client, exports, responses
from alignment.study import table_files
from alignment.study.paths import shown
from alignment.study.progress import Progress
from alignment.study.schema import allowed
from alignment.study.workspace import Execution, folder_of
from utils.errors import Problem

DEBATES = ["debate_id", "title", "language", "question", "n_theses", "debate_votes", "source"]
THESES = ["statement_id", "debate_id", "thesis_no", "text", "votes", "debate_votes"]
REFUSED = ["file", "reason"]
LEFT_OUT = ["statement_id", "debate_id", "text", "votes", "reason"]
TOO_FEW = "fewer than {} votes"


def debates(here: Execution) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The study's debates, their theses, and what was refused with a reason, from where the study says they are."""
    settings, default = here.study.debates, here.material / "debates"
    none = pd.DataFrame(columns=REFUSED)
    if settings.source == "exports":
        folder = folder_of(settings.folder, default)
        votes = folder_of(settings.votes, default) if settings.votes else None
        return exports.read_exports(folder, votes, keep_twins=settings.keep_twins)
    if settings.source == "table":
        return *_brought(here), none
    if settings.source == "kialo":
        with bar(default) as progress:
            client.scrape(settings, default, progress=progress)
    return *responses.read_responses(folder_of("", default)), none


@contextmanager
def bar(folder: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar with the time left for a collection into a folder; debates that lie there already count as done."""
    kept, shown_bar = len({path.stem for path in (folder / "graphs").glob("[!.]*")}), []

    def progress(done: int, total: int) -> None:
        if not shown_bar:
            shown_bar.append(Progress(total, min(kept, total), what="debates"))
        if done > kept:
            shown_bar[0].add(1)

    try:
        yield progress
    finally:
        for one in shown_bar:
            one.close()


def _brought(here: Execution) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Statements that somebody brings: data/raw/<study>/statements.csv with statement_id, perhaps text and votes."""
    path = here.material / "statements.csv"
    if not path.exists():
        raise Problem(
            f"{shown(path)} is not there: it lists the statements (statement_id, and if known text, votes, language)."
        )
    brought = table_files.read(path)
    if "statement_id" not in brought or brought["statement_id"].duplicated().any():
        raise Problem(f"{shown(path)} needs a column statement_id in which no id stands twice.")
    ids = brought["statement_id"]
    given = {
        c: brought.get(c, default)
        for c, default in (("text", ""), ("language", ""), ("votes", pd.NA))
    }
    theses = pd.DataFrame(
        {"statement_id": ids, "debate_id": ids, "thesis_no": 1, "debate_votes": pd.NA} | given
    )
    kinds = {
        "title": given["text"],
        "language": given["language"],
        "question": "",
        "n_theses": 1,
        "source": "table",
    }
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
    """The statements that pass the filter, and all that does not, with the first reason that applies.

    Kept: statement_id, debate_id, text, votes. Left out: the same with `reason`, a row for each thesis, and one with an
    empty statement_id for each debate that has none (private, deleted); together they are all that came in (`account`).
    A thesis whose votes nobody knows passes only a filter that asks for none.
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
    """What became of all that came in: a row for each reason, then *kept*, then *came in*, the sum of those above.

    Counts theses and debates; a debate counts as kept if any of its theses is, else by the first reason among them.
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
