"""Debates -> statements: where a study's debates come from, and which of their theses are kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from alignment.kialo import client, exports, responses
from alignment.study import table_files
from alignment.study.paths import shown
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace, folder_of
from utils.errors import Problem

DEBATES = ["debate_id", "title", "language", "question", "n_theses", "debate_votes", "source"]
THESES = ["statement_id", "debate_id", "thesis_no", "text", "votes", "debate_votes"]
REFUSED = ["file", "reason"]


def debates(workspace: Workspace) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The study's debates, their theses, and what was refused with a reason, from where the study says they are."""
    settings, default = workspace.study.debates, workspace.material / "debates"
    none = pd.DataFrame(columns=REFUSED)
    if settings.source == "exports":
        folder = folder_of(workspace, settings.folder, default)
        votes = folder_of(workspace, settings.votes, default) if settings.votes else None
        return exports.read_exports(folder, votes, keep_twins=settings.keep_twins)
    if settings.source == "table":
        return *_brought(workspace), none
    if settings.source == "kialo":
        with bar(default, workspace.progress) as progress:
            client.scrape(settings, default, progress=progress)
    return *responses.read_responses(folder_of(workspace, "", default)), none


@contextmanager
def bar(folder: Path, file: str = "") -> Iterator[Callable[[int, int], None]]:
    """A bar with the time left for a collection into a folder; debates that lie there already count as done."""
    kept, shown_bar = len({path.stem for path in (folder / "graphs").glob("[!.]*")}), []

    def progress(done: int, total: int) -> None:
        if not shown_bar:
            shown_bar.append(Progress(total, min(kept, total), what="debates", file=file))
        if done > kept:
            shown_bar[0].add(1)

    try:
        yield progress
    finally:
        for one in shown_bar:
            one.close()


def _brought(workspace: Workspace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Statements that somebody brings: data/raw/<study>/statements.csv with statement_id, perhaps text and votes."""
    path = workspace.material / "statements.csv"
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
