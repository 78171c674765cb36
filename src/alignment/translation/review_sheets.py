"""A review sheet (.xlsx) for a reader of the other language, and tables from elsewhere."""

import re
from pathlib import Path

import pandas as pd

from alignment.study import brought_tables, spreadsheets
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
REMARKS = re.compile(  # on a translation, not a better one
    r"\W*|(?:ok(?:ay)?|yes|y|good|fine|correct|right|same|n/?a|none|no change|see above|"
    r"没问题|没有问题|正确|对|好|好的|可以|无|无需修改|不用改|同上|见上)\W*",
    re.I,
)


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


def import_translations(workspace: Workspace, file: Path, language: str | None = None) -> list[str]:
    """Take back a review sheet, or a table from elsewhere; return sentences on what was taken."""
    language, statements = _language(workspace, language), workspace.read("02_statements")
    is_book = file.name.casefold().endswith(spreadsheets.BOOKS)
    if is_book and (sheet := spreadsheets.open_sheet(file, FORM)):
        study = workspace.study.name
        rows, notes = read_sheet(file.name, sheet, statements, study, language)
    else:
        rows, notes = read_table(file, statements, language)
    new, path = _new_rows(workspace, rows), shown(workspace.material / "translations.csv")
    replaced = _count_replaced(workspace, statements, new)
    if len(new):
        translations.add(workspace, new)
    lines = [f"{len(new)} of {len(rows)} texts were new and are in {path}", *notes]
    if replaced and not new["corrected"].any():
        kept = f"those that they had stay in {path}, and do not count"
        lines.insert(1, f"{replaced} statements had another text: {kept}")
    current = translations.read_current(workspace, statements, language)
    findings = check_translations(statements, current)
    findings = findings[findings["statement_id"].isin(rows["statement_id"])]
    if len(findings):
        first = findings.iloc[0]
        looks = f"{findings['statement_id'].nunique():,} texts do not look right"
        example = f"{first['statement_id']}: {first['reason']}"
        lines.append(f"{looks} ({example}); notebook 03 lists them all")
    return lines


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
    """Return a sheet's corrections as rows of the table, and a sentence on the outdated ones.

    Those are of statements that have changed since the sheet was written. Problem for a sheet of
    another study or language, and for a changed row.
    """
    own_study, own_language = sheet.cell(2, 2), sheet.cell(3, 2)
    if (own_study, own_language) != (study, language):
        own = f"{own_study} in {own_language}"
        raise Problem(f"{name} is a sheet of {own}, not of {study} in {language}.")
    reader = sheet.cell(4, 2) or READER
    hashes = translations.hash_statements(statements)
    corrections, outdated = {}, []
    for number, row in spreadsheets.read_rows(sheet, FORM).items():
        correction, statement_id = " ".join(row["Correction"].split()), row["statement_id"]
        if not correction:
            continue
        if REMARKS.fullmatch(correction):
            what = f'the correction "{correction}" is no translation'
            raise Problem(f"{name}, row {number}: {what}; leave the cell empty where it will do.")
        checksum, _, source_hash = row["check"].partition(" ")
        if checksum != spreadsheets.checksum(study, language, statement_id):
            spreadsheets.refuse_changed(name, FORM, [number])
        if statement_id in corrections and corrections[statement_id] != correction:
            raise Problem(f"{name}, row {number}: {statement_id} is corrected twice; keep one.")
        if hashes.get(statement_id) == source_hash:
            corrections[statement_id] = correction
        else:
            outdated.append(statement_id)
    texts = pd.DataFrame(corrections.items(), columns=["statement_id", "text"])
    rows = _rows(texts, statements, language, reader, translators.today())
    what = "not used, because the statement has changed since"
    notes = [f"{what}: {', '.join(outdated)}"] if outdated else []
    return rows.assign(corrected=True), notes


def read_table(
    path: Path, statements: pd.DataFrame, language: str
) -> tuple[pd.DataFrame, list[str]]:
    """Read a table from elsewhere as rows of the study's, for today's statements.

    It has statement_id and text, and perhaps language, translator, date and back_translation. Also
    returns sentences on what was left out.
    """
    own = ["language", "translator", "date", translations.BACK, "source_hash", "corrected"]
    table = brought_tables.read(path, ["statement_id", "text"], own)
    brought_tables.check_ids(table)
    notes, frame = table.notes, table.frame
    if "language" in frame:
        others = frame.loc[frame["language"] != language, "language"]
        if len(others):
            notes.append(f"rows of other languages: {brought_tables.describe_values(others)}")
        frame = frame[frame["language"] == language]
    blank = frame["text"].ne("") & ~frame["text"].str.contains(r"[^\W\d_]")
    table._replace(frame=frame).refuse(blank, 'the text "{text}" has no letter in it')
    twice = frame["statement_id"].duplicated()
    table._replace(frame=frame).refuse(twice, f"{{statement_id}} stands twice in {language}")
    is_known, is_empty = frame["statement_id"].isin(statements["statement_id"]), frame["text"] == ""
    for rows, what in ((~is_known, "of no statement of this study"), (is_empty, "without a text")):
        if rows.any():
            names = ", ".join(frame.loc[rows, "statement_id"].head(3))
            notes.append(f"{rows.sum():,} rows {what}, such as {names}")
    frame = frame[is_known & ~is_empty]
    if frame.empty:
        what = f"no {language} text of any statement of this study"
        raise Problem(f"{path.name} holds {what} (its ids are as in 02_statements.csv).")
    same = frame.loc[frame["text"].duplicated(keep=False), "statement_id"]
    if len(same):
        notes.append(f"the same text for several statements: {', '.join(same.head(4))}")
    if lacking := len(statements) - len(frame):
        notes.append(f"{lacking:,} of {len(statements):,} statements have no text in it")
    rows = _rows(frame, statements, language, "brought", "")
    for column in ("translator", "date", translations.BACK):
        if column in frame:
            rows[column] = frame[column].to_numpy()
    return rows, notes


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


def _count_replaced(workspace: Workspace, statements: pd.DataFrame, new: pd.DataFrame) -> int:
    """Return how many statements have another text at present than the new rows give them."""
    count = 0
    for language, rows in new.groupby("language"):
        now = translations.read_current(workspace, statements, language)
        both = rows.merge(now[["statement_id", "text"]], on="statement_id", suffixes=("", "_now"))
        count += int((both["text"] != both["text_now"]).sum())
    return count


def _new_rows(workspace: Workspace, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that change what the table gives, so that importing twice changes nothing."""
    key = ["statement_id", "language", "source_hash", "corrected"]
    last = translations.read_stored(workspace).drop_duplicates(key, keep="last")
    stored = pd.MultiIndex.from_frame(last[[*key, "text"]])
    return rows[~pd.MultiIndex.from_frame(rows[[*key, "text"]]).isin(stored)]
