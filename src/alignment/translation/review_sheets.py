"""A review sheet (.xlsx) for a reader of the other language, and tables from elsewhere."""

from pathlib import Path

import pandas as pd

from alignment.study import spreadsheets, table_files
from alignment.study.hashes import content_hash
from alignment.study.paths import shown
from alignment.study.workspace import Workspace
from alignment.translation import translations, translators
from alignment.translation.checks import check_translations
from utils.errors import Problem

FORM = spreadsheets.Form(
    title="Review of translations",
    help="Where the translation does not say what the statement says, write a better one into the "
    "column Correction; leave it empty where the translation will do. What a check found is a hint "
    "from a program that cannot read. The statements are material: do not do what they ask for.",
    columns=["Statement", "Translation", "What a check found", "Correction"]
    + ["statement_id", "check"],
    widths=[55, 45, 28, 45],
    answers={"Correction": []},
    head=6,
)
READER = "a reader"  # who corrected, where the sheet does not say


def export_sheet(
    workspace: Workspace, file: Path | None = None, language: str | None = None
) -> str:
    """Write the review sheet of a study's translations; return a sentence that says so."""
    language, statements = _language(workspace, language), workspace.read("02_statements")
    path, study = file or workspace.raw / f"review.{language}.xlsx", workspace.study.name
    translated = workspace.read("03_translations").query("language == @language")
    findings = check_translations(statements, translated)
    write_sheet(path, statements, translated, findings, study, language)
    command = f"alignment import translations {study} {shown(path)}"
    return f"wrote {shown(path)}: {len(translated)} texts to look at. Take it back with: {command}"


def import_translations(workspace: Workspace, file: Path, language: str | None = None) -> str:
    """Take back a review sheet, or a table from elsewhere; return a sentence on what is new."""
    language, statements = _language(workspace, language), workspace.read("02_statements")
    if not file.exists():
        kinds = "a review sheet (.xlsx), or a table with statement_id and text (.csv, .xlsx)"
        raise Problem(f"There is no file {file.name} to import: {kinds}.")
    if sheet := _open_sheet(file):
        study = workspace.study.name
        rows, outdated = read_sheet(file.name, sheet, statements, study, language)
    else:
        rows, outdated = read_table(file, statements, language), []
    new = _new_rows(workspace, rows)
    if len(new):
        translations.add(workspace, new)
    path = shown(workspace.material / "translations.csv")
    sentence = f"{len(new)} of {len(rows)} texts were new and are in {path}."
    if outdated:
        sentence += f" Not used, because the statement has changed since: {', '.join(outdated)}."
    return sentence


def write_sheet(path: Path, statements, translated, findings, study: str, language: str) -> Path:
    """Write the review sheet, doubtful texts first; Problem when the file is there."""
    about = [["Study", study], ["Language", language], ["Reader", None]]
    hints = findings.groupby("statement_id")["reason"].agg("; ".join).to_dict()
    sources = statements[["statement_id", "text"]]
    both = translated.merge(sources, on="statement_id", suffixes=("", "_source"))
    is_sound = ~both["statement_id"].isin(hints)
    rows = []
    for row in both.assign(is_sound=is_sound).sort_values("is_sound", kind="stable").itertuples():
        checksum = spreadsheets.checksum(study, language, row.statement_id)
        shown = [row.text_source, row.text, hints.get(row.statement_id, "")]
        check = f"{checksum} {content_hash(row.text_source)}"
        rows.append([*shown, None, row.statement_id, check])
    return spreadsheets.write_sheet(path, FORM, about, rows)


def read_sheet(
    name: str, sheet, statements: pd.DataFrame, study: str, language: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return a sheet's corrections as rows of the table, and the ids of the outdated ones.

    Those are of statements that have changed since the sheet was written. Problem for a sheet of
    another study or language, and for a changed row.
    """
    own_study, own_language = sheet["B2"].value, sheet["B3"].value
    if (own_study, own_language) != (study, language):
        own = f"{own_study} in {own_language}"
        raise Problem(f"{name} is a sheet of {own}, not of {study} in {language}.")
    reader = str(sheet["B4"].value or "").strip() or READER
    hashes = translations.hash_statements(statements)
    corrections, outdated = {}, []
    for number, row in spreadsheets.read_rows(sheet, FORM).items():
        correction, statement_id = " ".join(row["Correction"].split()), row["statement_id"]
        if not correction:
            continue
        checksum, _, source_hash = row["check"].partition(" ")
        if checksum != spreadsheets.checksum(study, language, statement_id):
            spreadsheets.refuse_changed(name, FORM, [number])
        if hashes.get(statement_id) == source_hash:
            corrections[statement_id] = correction
        else:
            outdated.append(statement_id)
    texts = pd.DataFrame(corrections.items(), columns=["statement_id", "text"])
    rows = _rows(texts, statements, language, reader, translators.today())
    return rows.assign(corrected=True), outdated


def read_table(path: Path, statements: pd.DataFrame, language: str) -> pd.DataFrame:
    """Read a table from elsewhere as rows of the study's, for today's statements.

    It has statement_id and text, and perhaps language, translator, date and back_translation.
    """
    table = table_files.read_as_text(path)
    if missing := [c for c in ("statement_id", "text") if c not in table]:
        columns = ", ".join(missing)
        raise Problem(f"{path.name} has no column {columns}; it needs statement_id and text.")
    if "language" in table:
        table = table[table["language"] == language]
    if twice := table.loc[table["statement_id"].duplicated(), "statement_id"].tolist():
        raise Problem(f"{path.name} holds {twice[0]} twice in {language} ({len(twice)} such rows).")
    is_known = table["statement_id"].isin(statements["statement_id"])
    table = table[is_known & table["text"].str.strip().ne("")]
    if table.empty:
        what = f"no {language} text of any statement of this study"
        raise Problem(f"{path.name} holds {what} (its ids are as in 02_statements.csv).")
    rows = _rows(table, statements, language, "brought", "")
    for column in ("translator", "date", translations.BACK):
        if column in table:
            rows[column] = table[column].to_numpy()
    return rows


def _language(workspace: Workspace, language: str | None) -> str:
    """Return the language under review: the given one of the study's further ones, or the first."""
    further = workspace.study.languages[1:]
    language = language or next(iter(further), None)
    if language not in further:
        targets = ", ".join(further) or "nothing"
        raise Problem(
            f'The study {workspace.study.name} translates into {targets}, not "{language}".'
        )
    return language


def _rows(texts: pd.DataFrame, statements: pd.DataFrame, *how: str) -> pd.DataFrame:
    sources = statements[["statement_id", "text"]]
    sources = texts[["statement_id"]].merge(sources, on="statement_id", how="left")
    return translations.make_rows(sources, texts["text"], *how)


def _new_rows(workspace: Workspace, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that change what the table gives, so that importing twice changes nothing."""
    key = ["statement_id", "language", "source_hash", "corrected"]
    last = translations.read_stored(workspace).drop_duplicates(key, keep="last")
    stored = pd.MultiIndex.from_frame(last[[*key, "text"]])
    return rows[~pd.MultiIndex.from_frame(rows[[*key, "text"]]).isin(stored)]


def _open_sheet(path: Path):
    """Return the review sheet in a file; None when it is something else.

    Formulas are read as text, so that no correction vanishes.
    """
    if path.suffix != ".xlsx":
        return None
    sheet = spreadsheets.open_sheet(path, formulas_as_text=True)
    if sheet["A1"].value != FORM.title:
        return None
    if not spreadsheets.has_form(sheet, FORM):
        head = f"its first {FORM.head} rows were changed"
        raise Problem(f"{path.name}: {head}; use the sheet as written.")
    return sheet
