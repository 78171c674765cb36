"""From a release back to texts, which are written on this machine only.

`alignment rehydrate RELEASE.csv --exports FOLDER` reads a folder of exports, `--study NAME` goes to
where that study's debates come from: live Kialo (with its permission), or what is archived.
"""

from hashlib import sha256
from pathlib import Path

import pandas as pd

from alignment.kialo import client, exports, responses, sources
from alignment.release.comparison import COLUMNS, compare_release, debate_of, summarise
from alignment.study import paths, table_files
from alignment.study.paths import shown
from alignment.study.workspace import open_own
from utils.errors import Problem

TEXTS = ["statement_id", "text", "language", "votes"]  # as a study with `source: table` reads them


def rehydrate(file: Path, folder: Path | None, study: str | None, out: Path | None = None) -> str:
    """Fetch the texts of a release again, write them and a report; return what they show."""
    release, digest = read_release(file), sha256(file.read_bytes()).hexdigest()
    out = out or paths.ROOT / "data" / "raw" / f"rehydrated-{digest[:8]}"
    fetched = out / "debates"
    if folder is not None:
        votes = folder / "votes_json"
        tables = exports.read_exports(folder, votes if votes.is_dir() else None)
    else:
        tables = _read_current(release, study, fetched)
    comparison = compare_release(release, *tables[:2])
    table_files.write(comparison[COLUMNS], out / "report.csv")
    texts = comparison[comparison["state"] != "gone"].rename(columns={"votes_now": "votes"})
    table_files.write(texts[TEXTS], out / "statements.csv")
    lines = [summarise(comparison)]
    if (fetched / "responses.csv").exists():
        dates = pd.read_csv(fetched / "responses.csv")["time"].str[:10]
        lines.append(f"Asked {min(dates)} to {max(dates)}; to ask anew, remove {shown(fetched)}.")
    owners = "they belong to the people who wrote them"
    lines.append(f"Texts in {shown(out / 'statements.csv')} ({owners}), report beside it.")
    return "\n".join(lines)


def read_release(path: Path) -> pd.DataFrame:
    """Read a release's table: statement_id and content_hash as text, votes as Int64 or NA."""
    if not path.exists():
        what = "it is the table of a release (sociocultural_statements.csv)"
        raise Problem(f"{path.name} is not there: {what}.")
    text = {"statement_id": "str", "content_hash": "str"}
    release = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={"votes": [""]})
    missing = [name for name in (*text, "votes") if name not in release]
    if missing:
        raise Problem(f"{path.name} is no release: it has no column {', '.join(missing)}.")
    return release.astype({"votes": "Int64"})


def _read_current(release: pd.DataFrame, study: str, folder: Path) -> tuple[pd.DataFrame, ...]:
    """Return debates and theses as they are today, from where a study's debates come from.

    What live Kialo sends is kept in `folder`.
    """
    workspace = open_own(study)
    if workspace.study.debates.source != "kialo":
        return sources.read_debates(workspace)
    debates = [d for d in release["statement_id"].map(debate_of).unique() if d.isdecimal()]
    with sources.show_progress(folder) as progress:
        client.fetch_debates(workspace.study.debates, folder, debates, progress=progress)
    return responses.read_responses(folder)
