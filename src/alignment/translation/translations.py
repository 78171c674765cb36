"""Statements in the study's other languages: what is stored is used, what is missing is made, a correction wins.

`alignment review NAME` writes a review sheet for a reader of the other language, and
`alignment import translations NAME FILE` takes it back, or takes a table that somebody brings.
"""

from collections.abc import Callable, Iterable

import pandas as pd

from alignment.study import table_files
from alignment.study.hashes import content_hash
from alignment.study.paths import shown
from alignment.study.workspace import Workspace
from alignment.translation import translators
from utils.errors import Problem

COLUMNS = ["statement_id", "language", "text", "translator", "date", "source_hash", "corrected"]
BACK = "back_translation"  # a column that a brought table may have
PLACEHOLDER = "【模拟译文】{id}"  # says of itself that it is no translation


def translations(workspace: Workspace, statements: pd.DataFrame) -> pd.DataFrame:
    """The statements in every language but the first, in the columns of `COLUMNS` (and BACK where it is known).

    What data/raw/<study>/translations.csv holds for the text as it is today is used (a reader's correction wins);
    the rest comes from the study's translator. Problem where a translation is missing and nothing can make it.
    """
    parts = []
    for language in workspace.study.languages[1:]:
        missing = statements[
            ~statements["statement_id"].isin(known(workspace, statements, language)["statement_id"])
        ]
        made = _made(workspace, missing, language) if len(missing) else None
        parts += [known(workspace, statements, language), *([made] if made is not None else [])]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    order = {s: i for i, s in enumerate(statements["statement_id"])}
    found = pd.concat(parts).sort_values(
        "statement_id", key=lambda ids: ids.map(order), kind="stable"
    )
    back = [BACK] if BACK in found and found[BACK].fillna("").ne("").any() else []
    return found[[*COLUMNS, *back]].reset_index(drop=True)


def known(workspace: Workspace, statements: pd.DataFrame, language: str) -> pd.DataFrame:
    """Stored translations of just these texts, one each; one whose source changed since is not used."""
    hashes = dict(
        zip(statements["statement_id"], statements["text"].map(content_hash), strict=True)
    )
    store = stored(workspace).query("language == @language")
    current = store[store["statement_id"].map(hashes) == store["source_hash"]]
    return current.sort_values("corrected", kind="stable").drop_duplicates(
        "statement_id", keep="last"
    )


def outdated(workspace: Workspace, statements: pd.DataFrame) -> pd.DataFrame:
    """Statements whose text has changed since it was translated, so that what was stored for it is not used.

    Columns: statement_id, language, correction_lost (a reader had corrected the old text, and nobody the new one).
    """
    parts = []
    for language in workspace.study.languages[1:]:
        hashes = dict(
            zip(statements["statement_id"], statements["text"].map(content_hash), strict=True)
        )
        mine = stored(workspace).query("language == @language and statement_id in @hashes")
        is_current = mine["statement_id"].map(hashes) == mine["source_hash"]
        older = (
            mine[~is_current].groupby("statement_id", sort=False)["corrected"].any().reset_index()
        )
        again = older["statement_id"].isin(mine.loc[is_current & mine["corrected"], "statement_id"])
        parts.append(older.assign(language=language, correction_lost=older["corrected"] & ~again))
    columns = ["statement_id", "language", "correction_lost"]
    return (
        pd.concat(parts)[columns].reset_index(drop=True) if parts else pd.DataFrame(columns=columns)
    )


def stored(workspace: Workspace) -> pd.DataFrame:
    """The study's table of translations as it lies on disk, every version of every text, oldest first."""
    path = workspace.material / "translations.csv"
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS).astype({"corrected": bool})
    # A hash of digits alone is text: 0123e45 read as a number would match nothing.
    read = pd.read_csv(path, dtype="str", keep_default_na=False)
    if missing := [c for c in COLUMNS if c not in read]:
        raise Problem(
            f"{shown(path)} has no column {', '.join(missing)}. A table from elsewhere is brought with: "
            f"alignment import translations {workspace.study.name} FILE"
        )
    return read.assign(corrected=read["corrected"] == "True")


def add(workspace: Workspace, made: pd.DataFrame) -> None:
    """Put translations into the study's table; when this returns they are on disk."""
    before = stored(workspace)
    table_files.write(
        pd.concat([before, made], ignore_index=True) if len(before) else made,
        workspace.material / "translations.csv",
    )


def rows(
    statements: pd.DataFrame, texts: Iterable[str], language: str, translator: str, date: str
) -> pd.DataFrame:
    """Translations as rows of the table, each with the hash of the text that it was made from."""
    made = {
        "text": list(texts),
        "language": language,
        "translator": translator,
        "date": date,
        "corrected": False,
    }
    out = statements[["statement_id"]].assign(
        **made, source_hash=statements["text"].map(content_hash).to_numpy()
    )
    return out[COLUMNS]


def _made(workspace: Workspace, missing: pd.DataFrame, language: str) -> pd.DataFrame | None:
    """Have missing texts made: a placeholder comes back, anything else is in the table when this returns."""
    translator = workspace.study.translator
    if translator == "simulated":
        return rows(
            missing,
            [PLACEHOLDER.format(id=s) for s in missing["statement_id"]],
            language,
            "simulated",
            "",
        )
    makers: dict[str, Callable] = {"google": translators.through_google}
    make = makers.get(
        translator, translators.through_model if translator in workspace.study.models else None
    )
    if make is None or workspace.recorded:
        raise Problem(_lacking(workspace, missing, language))
    for batch, texts in make(workspace, missing, language):
        add(workspace, rows(batch, texts, language, translator, translators.today()))
    return None


def _lacking(workspace: Workspace, missing: pd.DataFrame, language: str) -> str:
    changed = set(outdated(workspace, missing)["statement_id"])
    of_them = f", {len(changed)} of them because the text has changed since" if changed else ""
    names = ", ".join(missing["statement_id"].head(3))
    return (
        f"{len(missing)} statements have no {language} text for their present wording in "
        f"{shown(workspace.material / 'translations.csv')} (such as {names}){of_them}: bring them with alignment import translations "
        f"import --study {workspace.study.name} FILE, or name a translator in the study file (google, a model, simulated)."
    )
