"""From a release back to texts: which of its statements still stand as they were labelled, and how their votes moved.

`alignment rehydrate RELEASE.csv --exports FOLDER` reads a folder of exports, `--study NAME` goes where that
study's debates come from: to live Kialo (with its permission), or to what is kept. Texts are written locally only.
"""

from hashlib import sha256
from pathlib import Path

import pandas as pd

from alignment.kialo import client, exports, responses, sources
from alignment.release.comparison import COLUMNS, STATES, compared, debate_of
from alignment.study import paths, table_files
from alignment.study.paths import shown
from alignment.study.workspace import open_own
from utils.errors import Problem

TEXTS = ["statement_id", "text", "language", "votes"]  # as a study with `source: table` reads them


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
