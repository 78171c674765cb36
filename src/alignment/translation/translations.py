"""Statements in the study's other languages: stored translations are used, missing ones are made.

`alignment review NAME` writes a review sheet for a reader of the other language, whose corrections
win, and `alignment import translations NAME FILE` takes it back, or a table from elsewhere.
"""

from collections.abc import Iterable

import pandas as pd

from alignment.asking.budget import cost_of_tokens
from alignment.study import brought_tables, table_files
from alignment.study.hashes import content_hash
from alignment.study.paths import shown
from alignment.study.workspace import Workspace
from alignment.translation import translators
from utils.errors import Problem

COLUMNS = ["statement_id", "language", "text", "translator", "date", "source_hash", "corrected"]
OUTDATED = ["statement_id", "language", "correction_lost"]
BACK = "back_translation"  # a column that a table from elsewhere may have
USUAL_LENGTH = 90  # characters of a statement, where none is known yet
GOOGLE_PRICE = 20.0  # US dollars for a million characters, as listed in 2026
PROMPT_TOKENS = 150  # of a request for a translation, without the text
PLACEHOLDER = "【模拟译文】{id}"  # says of itself that it is no translation


def translate(workspace: Workspace, statements: pd.DataFrame) -> pd.DataFrame:
    """Return the statements in every language but the first (`COLUMNS`, and BACK where known).

    What data/raw/<study>/translations.csv holds for the text as it is today is used (a reader's
    correction wins); the rest comes from the study's translator. Problem where a translation is
    missing and nothing can make it.
    """
    parts = []
    for language in workspace.study.languages[1:]:
        current = read_current(workspace, statements, language)
        missing = statements[~statements["statement_id"].isin(current["statement_id"])]
        if len(missing) and workspace.study.translator == "simulated":
            texts = [PLACEHOLDER.format(id=i) for i in missing["statement_id"]]
            parts.append(make_rows(missing, texts, language, "simulated", ""))
        elif len(missing):
            _translate_missing(workspace, missing, language)
            current = read_current(workspace, statements, language)
        parts.append(current)
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    place = {statement: i for i, statement in enumerate(statements["statement_id"])}
    table = pd.concat(parts)
    table = table.sort_values("statement_id", key=lambda ids: ids.map(place), kind="stable")
    back = [BACK] if BACK in table and table[BACK].fillna("").ne("").any() else []
    return table[[*COLUMNS, *back]].reset_index(drop=True)


def read_current(workspace: Workspace, statements: pd.DataFrame, language: str) -> pd.DataFrame:
    """Return the stored translations of just these texts, one each, a correction before others."""
    hashes, stored = hash_statements(statements), read_stored(workspace)
    stored = stored[stored["language"] == language]
    current = stored[stored["statement_id"].map(hashes) == stored["source_hash"]]
    corrected_last = current.sort_values("corrected", kind="stable")
    return corrected_last.drop_duplicates("statement_id", keep="last")


def describe_plan(workspace: Workspace) -> str:
    """Say what translating will ask and cost, beside the plan of calls; "" where nothing is asked.

    Counted from the statements that are there, else from the expected number.
    """
    study, translator = workspace.study, workspace.study.translator
    is_google = translator == "google"
    if workspace.recorded or not (is_google or translator in study.models):
        return ""
    languages, kept = study.languages[1:], workspace.base.processed / "02_statements.csv"
    if kept.exists():
        statements, parts = table_files.read(kept), []
        for language in languages:
            done = read_current(workspace.base, statements, language)["statement_id"]
            parts.append(statements.loc[~statements["statement_id"].isin(done), "text"])
        texts, how = pd.concat(parts).str.len(), ""
    elif study.expected:
        texts = pd.Series([USUAL_LENGTH] * study.expected.statements * len(languages))
        how = "about "
    else:
        return ""
    if texts.empty or not len(texts):
        return ""
    what = f"Translating asks for {how}{len(texts):,} texts"
    if is_google:
        usd = texts.sum() * GOOGLE_PRICE / 1e6
        cost = f"${usd:,.2f} at ${GOOGLE_PRICE:g} a million, beside the cap"
        return f"{what} of {texts.sum():,} characters from Google, {cost}."
    tokens = [(PROMPT_TOKENS + length / 4, length / 2) for length in texts]
    usd = sum(cost_of_tokens(study, translator, *both) for both in tokens)
    return f"{what} from {translator}, a call each, about ${usd:,.2f}, under the same cap."


def find_outdated(workspace: Workspace, statements: pd.DataFrame) -> pd.DataFrame:
    """Return the statements whose text has changed since it was translated (`OUTDATED`).

    correction_lost: a reader had corrected the old text, and nobody the new one.
    """
    hashes, stored = hash_statements(statements), read_stored(workspace)
    parts = [pd.DataFrame(columns=OUTDATED)]
    for language in workspace.study.languages[1:]:
        own = stored.query("language == @language and statement_id in @hashes")
        is_current = own["statement_id"].map(hashes) == own["source_hash"]
        older = own[~is_current].groupby("statement_id", sort=False)["corrected"].any()
        again = older.index.isin(own.loc[is_current & own["corrected"], "statement_id"])
        older = (older & ~again).rename("correction_lost").reset_index()
        parts.append(older.assign(language=language)[OUTDATED])
    return pd.concat(parts[1:] or parts, ignore_index=True)


def hash_statements(statements: pd.DataFrame) -> dict[str, str]:
    """Return statement id -> hash of its text."""
    return dict(zip(statements["statement_id"], statements["text"].map(content_hash), strict=True))


def read_stored(workspace: Workspace) -> pd.DataFrame:
    """Read the study's table of translations, every version of every text, oldest first."""
    path = workspace.material / "translations.csv"
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS).astype({"corrected": bool})
    table = brought_tables.read(path, ["statement_id", "language", "text"]).frame
    if missing := [c for c in COLUMNS if c not in table]:
        mend = f"alignment import translations {workspace.study.name} FILE"
        why = f"{shown(path)} has no column {', '.join(missing)}."
        raise Problem(f"{why} Import a table from elsewhere with: {mend}")
    table = table.reset_index(drop=True)
    return table.assign(corrected=table["corrected"] == "True")


def add(workspace: Workspace, rows: pd.DataFrame) -> None:
    """Add rows to the study's table of translations; when this returns they are on disk."""
    stored = read_stored(workspace)
    table = pd.concat([stored, rows], ignore_index=True) if len(stored) else rows
    table_files.write(table, workspace.material / "translations.csv")


def make_rows(
    statements: pd.DataFrame, texts: Iterable[str], language: str, translator: str, date: str
) -> pd.DataFrame:
    """Return translations as rows of the table, each with the hash of the text it was made from."""
    rows = statements[["statement_id"]].assign(text=list(texts), language=language, date=date)
    hashes = statements["text"].map(content_hash).to_numpy()
    return rows.assign(translator=translator, corrected=False, source_hash=hashes)[COLUMNS]


def _translate_missing(workspace: Workspace, missing: pd.DataFrame, language: str) -> None:
    """Have the study's translator make missing texts; they are in the table when this returns."""
    translator = workspace.study.translator
    is_google = translator == "google"
    if workspace.recorded or not (is_google or translator in workspace.study.models):
        raise Problem(_describe_missing(workspace, missing, language))
    make = translators.translate_with_google if is_google else translators.translate_with_model
    for batch, texts in make(workspace, missing, language):
        add(workspace, make_rows(batch, texts, language, translator, translators.today()))


def _describe_missing(workspace: Workspace, missing: pd.DataFrame, language: str) -> str:
    changed = find_outdated(workspace, missing)["statement_id"].nunique()
    of_them = f", {changed} of them because the text has changed since" if changed else ""
    path, examples = workspace.material / "translations.csv", missing["statement_id"].head(3)
    return (
        f"{len(missing)} statements have no {language} text for their present wording in "
        f"{shown(path)} (such as {', '.join(examples)}){of_them}: import them with alignment "
        f"import translations {workspace.study.name} FILE, or name a translator in the study file "
        "(google, a model, simulated)."
    )
