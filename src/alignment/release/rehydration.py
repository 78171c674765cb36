"""From a release back to texts: which of its statements still stand as they were labelled, and how their votes moved.

`alignment rehydrate RELEASE.csv --exports FOLDER` reads a folder of exports, `--study NAME` goes where that
study's debates come from: to live Kialo (with its permission), or to what is kept. Texts are written locally only.
"""

import re
from hashlib import sha256
from pathlib import Path

import pandas as pd

from alignment.kialo import client, exports, responses, sources
from alignment.kialo.text import content_hash
from alignment.study import paths, table_files
from alignment.study.paths import shown
from alignment.study.workspace import open_own
from utils.errors import Problem

STATES = ("unchanged", "changed", "gone")
COLUMNS = ["statement_id", "state", "why", "votes_then", "votes_now", "moved"]
TEXTS = ["statement_id", "text", "language", "votes"]  # as a study with `source: table` reads them


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


def read_release(path: Path) -> pd.DataFrame:
    """A release's table: statement_id and content_hash as text, votes as whole numbers or NA."""
    if not path.exists():
        raise Problem(
            f"{path.name} is not there: it is the table of a release (sociocultural_statements.csv)."
        )
    read = pd.read_csv(
        path,
        dtype={"statement_id": "str", "content_hash": "str"},
        keep_default_na=False,
        na_values={"votes": [""]},
    )
    if missing := [c for c in ("statement_id", "content_hash", "votes") if c not in read]:
        raise Problem(f"{path.name} is no release: it has no column {', '.join(missing)}.")
    return read.astype({"votes": "Int64"})


def found_now(
    release: pd.DataFrame, folder: Path | None, study: str, kept: Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Debates and theses as they are today: of a folder of exports, or of where a study's debates come from."""
    if folder is not None:
        votes = folder / "votes_json"
        return exports.read_exports(folder, votes if votes.is_dir() else None)[:2]
    workspace = open_own(study)
    if workspace.study.debates.source != "kialo":
        return sources.debates(workspace)[:2]
    debates = [d for d in release["statement_id"].map(debate_of).unique() if d.isdecimal()]
    with sources.bar(kept) as progress:
        client.fetch(workspace.study.debates, kept, debates, progress=progress)
    return responses.read_responses(kept)


def summary(found: pd.DataFrame, kept: Path | None = None) -> str:
    """What a re-fetch says, as lines for a person."""
    counts, moved = found["state"].value_counts(), found["moved"].dropna()
    lines = [
        f"{len(found)} statements: " + ", ".join(f"{counts.get(s, 0)} {s}" for s in STATES) + "."
    ]
    lines += [
        f"  {n} {state}: {why}"
        for (state, why), n in found[found["why"] != ""].groupby(["state", "why"]).size().items()
    ]
    if len(moved):
        more, fewer = int((moved > 0).sum()), int((moved < 0).sum())
        spread = f"median {moved.median():+.0f}, from {moved.min():+d} to {moved.max():+d}"
        lines.append(
            f"Votes of {len(moved)} are known then and now: {more} have more, {fewer} fewer; {spread}."
        )
    if kept is not None and (kept / "responses.csv").exists():
        when = pd.read_csv(kept / "responses.csv")["time"].agg(["min", "max"]).str[:10]
        lines.append(f"Asked {when['min']} to {when['max']}; to ask anew, remove {shown(kept)}.")
    return "\n".join(lines)


def rehydrate(file: Path, folder: Path | None, study: str | None, out: Path | None = None) -> str:
    """Fetch the texts of a release again, write them and a report, and return what a person is told."""
    release = read_release(file)
    out = (
        out
        or paths.ROOT / "data" / "raw" / f"rehydrated-{sha256(file.read_bytes()).hexdigest()[:8]}"
    )
    found = compared(release, *found_now(release, folder, study, out / "debates"))
    table_files.write(found[COLUMNS], out / "report.csv")
    texts = found[found["state"] != "gone"].rename(columns={"votes_now": "votes"})[TEXTS]
    table_files.write(texts, out / "statements.csv")
    return (
        f"{summary(found, out / 'debates')}\nTexts in {shown(out / 'statements.csv')} "
        "(they belong to the people who wrote them), report beside it."
    )
