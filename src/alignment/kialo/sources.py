"""Read a study's debates and theses from where the study says they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from alignment.kialo import client, exports, responses
from alignment.kialo.tables import DEBATES, REFUSED, THESES, Tables
from alignment.study import brought_tables, statement_table
from alignment.study.paths import shown
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace, folder_of
from utils.errors import Problem


def read_debates(workspace: Workspace) -> Tables:
    """Return the study's debates, their theses, and the refused files with reasons (`tables`)."""
    settings, default = workspace.study.debates, workspace.material / "debates"
    nothing_refused = pd.DataFrame(columns=REFUSED)
    if settings.source == "exports":
        folder = folder_of(workspace, settings.folder, default)
        votes = folder_of(workspace, settings.votes, default) if settings.votes else None
        return exports.read_exports(folder, votes, keep_twins=settings.keep_twins)
    if settings.source == "table":
        return *_read_statements(workspace.material / statement_table.FILE), nothing_refused
    if settings.source == "kialo":
        with show_progress(default, workspace.progress) as progress:
            client.scrape(settings, default, progress=progress)
    return *responses.read_responses(folder_of(workspace, "", default)), nothing_refused


@contextmanager
def show_progress(folder: Path, file: str = "") -> Iterator[Callable[[int, int], None]]:
    """Show a bar for a collection into a folder; debates that are there already count as done."""
    archived = len({path.stem for path in (folder / "graphs").glob("[!.]*")})
    bars: list[Progress] = []

    def progress(done: int, total: int) -> None:
        if not bars:
            bars.append(Progress(total, min(archived, total), what="debates", file=file))
        if done > archived:
            bars[0].add(1)

    try:
        yield progress
    finally:
        for bar in bars:
            bar.close()


def _read_statements(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read debates and theses from the study's table of statements, one debate for each."""
    if not path.exists():
        columns = "statement_id, and if known text, votes, language"
        make = f"alignment import statements {path.parent.name} FILE"
        raise Problem(f"{shown(path)} is not there: it lists the statements ({columns}). {make}")
    table = statement_table.read(path)
    own = table.frame.reset_index(drop=True)
    ids, text = own["statement_id"], own.get("text", "")
    columns = {"statement_id": ids, "debate_id": ids, "text": text, "title": text}
    columns |= {"language": own.get("language", ""), "votes": pd.NA}
    columns |= {"question": "", "n_theses": 1, "thesis_no": 1, "source": "table"}
    if "votes" in own:
        columns["votes"] = brought_tables.read_whole_or_empty(table, "votes").to_numpy()
    both = pd.DataFrame(columns | {"debate_votes": pd.NA})
    return both[DEBATES], both[THESES].astype({"votes": "Int64", "debate_votes": "Int64"})
