"""A review sheet (.xlsx) for a reader of the other language, whose corrections win; and tables that somebody brings."""

from pathlib import Path

import pandas as pd

from alignment.study import spreadsheets, table_files
from alignment.study.hashes import content_hash
from alignment.study.paths import shown
from alignment.study.workspace import Workspace
from alignment.translation import translations, translators
from alignment.translation.checks import checks
from utils.errors import Problem

TITLE, HEAD = "Review of translations", 6  # the first cell, and the row of the column names
COLUMNS = ["Statement", "Translation", "What a check found", "Correction", "statement_id", "check"]
HELP = (
    "Where the translation says something else than the statement, write a better one into the column Correction; "
    "leave it empty where the translation will do. What a check found is a hint from a program that cannot read. The "
    "statements are material: what they ask for is not for you to do."
)
READER = "a reader"  # who corrected, where the sheet does not say


def export_sheet(
    workspace: Workspace, file: Path | None = None, language: str | None = None
) -> str:
    """Write the review sheet of a study's translations; return a sentence that says what was done."""
    language, statements = _language(workspace, language), workspace.read("02_statements")
    path = file or workspace.raw / f"review.{language}.xlsx"
    translated = workspace.read("03_translations").query("language == @language")
    found = checks(statements, translated)
    write_sheet(path, statements, translated, found, workspace.study.name, language)
    return (
        f"wrote {shown(path)}: {len(translated)} texts to look at. "
        f"Take it back with: alignment import translations {workspace.study.name} {shown(path)}"
    )


def import_translations(workspace: Workspace, file: Path, language: str | None = None) -> str:
    """Take back a review sheet, or a table that somebody brings; return what was done."""
    language, statements = _language(workspace, language), workspace.read("02_statements")
    if not file.exists():
        raise Problem(
            f"There is no file {file.name} to import: a review sheet (.xlsx), or a table with "
            "statement_id and text (.csv, .xlsx)."
        )
    if (sheet := _opened(file)) is not None:
        made, late = read_sheet(file.name, sheet, statements, workspace.study.name, language)
    else:
        made, late = read_table(file, statements, language), []
    new = _new(workspace, made)
    if len(new):
        translations.add(workspace, new)
    changed = (
        f" Not used, because the statement has changed since: {', '.join(late)}." if late else ""
    )
    return (
        f"{len(new)} of {len(made)} texts were new and are in "
        f"{shown(workspace.material / 'translations.csv')}.{changed}"
    )


def _language(workspace: Workspace, language: str | None) -> str:
    """The language that is reviewed: the study's second, or the given one of its further ones."""
    further = workspace.study.languages[1:]
    language = language or next(iter(further), None)
    if language not in further:
        raise Problem(
            f"The study {workspace.study.name} translates into {', '.join(further) or 'nothing'}, "
            f'not "{language}".'
        )
    return language


def write_sheet(path: Path, statements, translated, found, study_name: str, language: str) -> Path:
    """Write the review sheet, doubtful texts first; Problem when the file is there, so that no filled one is lost."""
    above = [
        [TITLE],
        ["Study", study_name],
        ["Language", language],
        ["Reader", None],
        [HELP],
        COLUMNS,
    ]
    hints = found.groupby("statement_id")["reason"].agg("; ".join).to_dict()
    both = translated.merge(
        statements[["statement_id", "text"]], on="statement_id", suffixes=("", "_source")
    )
    both = both.assign(doubt=~both["statement_id"].isin(hints)).sort_values("doubt", kind="stable")
    rows = []
    for row in both.itertuples(index=False):
        known_by = f"{spreadsheets.digest(study_name, language, row.statement_id)} {content_hash(row.text_source)}"
        rows.append(
            [
                row.text_source,
                row.text,
                hints.get(row.statement_id, ""),
                None,
                row.statement_id,
                known_by,
            ]
        )
    return spreadsheets.write(path, above, rows, [55, 45, 28, 45], {"D": []})


def read_sheet(
    name: str, sheet, statements: pd.DataFrame, study_name: str, language: str
) -> tuple[pd.DataFrame, list[str]]:
    """The corrections of a sheet as rows of the table, and the statements that have changed since it was written.

    Problem for a sheet of another study or language, and for a row that is not as it was written.
    """
    if (sheet["B2"].value, sheet["B3"].value) != (study_name, language):
        raise Problem(
            f"{name} is a sheet of {sheet['B2'].value} in {sheet['B3'].value}, not of {study_name} in {language}."
        )
    reader = str(sheet["B4"].value or "").strip() or READER
    texts, made, late = (
        dict(zip(statements["statement_id"], statements["text"], strict=True)),
        [],
        [],
    )
    for row in sheet.iter_rows(min_row=HEAD + 1, max_col=len(COLUMNS)):
        source, _, _, correction, statement_id, check = (
            "" if c.value is None else str(c.value) for c in row
        )
        if not correction.strip():
            continue
        if not check.startswith(spreadsheets.digest(study_name, language, statement_id)):
            raise Problem(
                f"{name}: row {row[0].row} is not as it was written; only the column Correction may be changed."
            )
        if statement_id not in texts or not check.endswith(content_hash(texts[statement_id])):
            late.append(statement_id)
        else:
            made.append({"statement_id": statement_id, "text": " ".join(correction.split())})
    frame = pd.DataFrame(made, columns=["statement_id", "text"])
    return _rows(frame, statements, language, reader, translators.today()).assign(
        corrected=True
    ), late


def read_table(path: Path, statements: pd.DataFrame, language: str) -> pd.DataFrame:
    """A brought table (statement_id, text; perhaps language, translator, date, back_translation), for today's statements."""
    read = table_files.read_as_text(path)
    if missing := [c for c in ("statement_id", "text") if c not in read]:
        raise Problem(
            f"{path.name} has no column {', '.join(missing)}; it needs statement_id and text."
        )
    mine = read[(read["language"] == language) if "language" in read else slice(None)]
    if twice := mine.loc[mine["statement_id"].duplicated(), "statement_id"].tolist():
        raise Problem(f"{path.name} holds {twice[0]} twice in {language} ({len(twice)} such rows).")
    known = mine[
        mine["statement_id"].isin(statements["statement_id"]) & mine["text"].str.strip().ne("")
    ]
    if known.empty:
        raise Problem(
            f"{path.name} holds no {language} text of any statement of this study (its ids are as in 02_statements.csv)."
        )
    made = _rows(known, statements, language, "brought", "")
    for column in ("translator", "date", translations.BACK):
        if column in known:
            made[column] = known[column].to_numpy()
    return made


def _rows(
    made: pd.DataFrame, statements: pd.DataFrame, language: str, translator: str, date: str
) -> pd.DataFrame:
    sources = made[["statement_id"]].merge(
        statements[["statement_id", "text"]], on="statement_id", how="left"
    )
    return translations.rows(sources, made["text"], language, translator, date)


def _new(workspace: Workspace, made: pd.DataFrame) -> pd.DataFrame:
    """The rows whose text is not already what the table would give, so that importing twice changes nothing."""
    key = ["statement_id", "language", "source_hash", "text", "corrected"]
    last = translations.stored(workspace).drop_duplicates(
        ["statement_id", "language", "source_hash", "corrected"], keep="last"
    )
    known = set(last[key].itertuples(index=False, name=None))
    return made[[row not in known for row in made[key].itertuples(index=False, name=None)]]


def _opened(path: Path):
    """The review sheet in a file, its formulas as text, so that no correction vanishes; None when it is something else."""
    sheet = spreadsheets.opened(path, values=False) if path.suffix == ".xlsx" else None
    if sheet is None or sheet["A1"].value != TITLE:
        return None
    if not spreadsheets.names(sheet, HEAD, COLUMNS):
        raise Problem(f"{path.name}: its first {HEAD} rows were changed; use the sheet as written.")
    return sheet
