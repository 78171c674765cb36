"""The one door for tables that people bring: read whole and as text, or refused in a sentence.

Any of `ENDINGS`, in any case; text with commas, semicolons, tabs or bars, in UTF-8, UTF-16, GB18030
or Windows-1252; of a workbook all sheets that have the columns. Nothing is guessed in silence: what
was done to a file stands in `notes`, and what could be read in two ways is refused.
"""

import re
from collections.abc import Iterable
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from alignment.study import delimited_text, spreadsheets
from alignment.study.spreadsheets import BOOKS
from utils.errors import Problem, nearest

ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", *BOOKS)
MONTH = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*\.?"
# What a spreadsheet program makes of an id: 1.2E+14, or a date.
SPOILT_ID = re.compile(
    r"\d+([.,]\d+)?E\+\d+|\d{4}-\d\d-\d\d([ T].*)?|\d{1,2}[./]\d{1,2}[./](\d\d|\d{4})"
    rf"|\d{{1,2}}[-. ]{{1,2}}{MONTH}([- ]\d{{2,4}})?|{MONTH}[- ]\d{{2,4}}",
    re.I,
)
TOTAL = re.compile(
    r"(?:grand )?total|sums?|summe|gesamt|average|mean|合计|总计|总数|小计|平均", re.I
)
ERROR = re.compile(r"#(?:NAME\?|REF!|N/A|NV|VALUE!|WERT!|DIV/0!|BEZUG!|NUM!|ZAHL!|NULL!)")
SIGNS = str.maketrans("−–＋－０１２３４５６７８９", "--+-0123456789")


class Brought(NamedTuple):
    """A table that somebody brought: all text, stripped; its index says where each row stands."""

    name: str
    frame: pd.DataFrame
    notes: list[str]

    def refuse(self, wrong: pd.Series, reason: str) -> None:
        """Raise a Problem for the first of the wrong rows, if there are any.

        The reason may name values of that row: "the model {model} is not known".
        """
        if wrong.any():
            rows = self.frame[wrong]
            more = f" ({wrong.sum():,} such rows)" if wrong.sum() > 1 else ""
            said = re.sub(r"{(\w+)}", lambda m: str(rows.iloc[0].get(m[1], m[0])), reason)
            raise Problem(f"{self.name}, {rows.index[0]}: {said}{more}.")


def read(path: Path, needed: Iterable[str], known: Iterable[str] | None = None) -> Brought:
    """Read a table with the columns `needed`; of others than `known` it is noted that none is used.

    Problem, which names the file, the row and the reason, where it cannot be read without doubt.
    """
    needed, notes = list(dict.fromkeys(needed)), []
    try:
        content = path.read_bytes()
    except OSError as error:
        kinds = f"a table ({', '.join(ENDINGS)})"
        raise Problem(f"{path.name} cannot be read ({error.strerror}); give {kinds}.") from None
    if not path.name.casefold().endswith(ENDINGS):
        raise Problem(f"{path.name} is no table of a known kind: {', '.join(ENDINGS)}.")
    if path.name.casefold().endswith(BOOKS):
        frame = _read_book(path, needed, notes)
    else:
        text = delimited_text.decode(path.name, content, notes)
        _refuse_other_text(path.name, text, needed)
        head, *rows = delimited_text.parse(path.name, text, notes)
        frame = _as_frame(path.name, "row", head, rows)
        _check_columns(path.name, frame, needed)
    frame = _strip(frame, notes)
    _refuse_garbled(path.name, frame)
    _refuse_errors(path.name, frame, [c for c in frame if c in {*needed, *(known or ())}])
    if frame.empty:
        raise Problem(f"{path.name} holds no row below the names of its columns.")
    if known is not None and (unused := [c for c in frame if c not in {*needed, *known}]):
        notes.append(f"columns not used: {', '.join(unused)}")
    return Brought(path.name, frame, notes)


def _check_columns(name: str, frame: pd.DataFrame, needed: list[str]) -> None:
    for column in needed:
        if column not in frame:
            has, near = ", ".join(frame) or "none", nearest(column, frame)
            if len(frame.columns) == 1 and re.search("[，；]", has):
                near = " Full-width commas separate its columns: put plain ones there."
            elif column.endswith("_id") and (ids := [c for c in frame if c.casefold() == "id"]):
                near = f' Is it "{ids[0]}"? Then give the column that name.'
            raise Problem(f'{name} has no column "{column}"; its columns are {has}.{near}')


def _strip(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return the cells without white space around them, and without rows that are empty."""
    stripped = frame.apply(lambda column: column.map(lambda text: text.strip(" \t\r\n\xa0\ufeff")))
    if changed := int((stripped != frame).to_numpy().sum()):
        notes.append(f"white space taken off {changed:,} cells")
    is_empty = (stripped == "").all(axis=1)
    if is_empty.any():
        notes.append(f"{is_empty.sum():,} empty rows left out")
    return stripped[~is_empty]


def _refuse_garbled(name: str, frame: pd.DataFrame) -> None:
    """Raise a Problem for texts in UTF-8 that were read as Windows-1252 on their way."""
    mended = frame.apply(lambda column: column.map(_mend))
    is_garbled = (mended != frame).any(axis=1)
    if is_garbled.any():
        place, first = is_garbled.idxmax(), frame.loc[is_garbled].iloc[0]
        column = (mended.loc[is_garbled].iloc[0] != first).idxmax()
        right = _mend(first[column])
        what = f'"{first[column][:40]}", which was "{right[:40]}" in UTF-8'
        how = "and was read as Windows-1252 on its way; export it anew as UTF-8"
        raise Problem(f"{name}, {place}: {what} {how} ({is_garbled.sum():,} such rows).")


def _refuse_errors(name: str, frame: pd.DataFrame, used: list[str]) -> None:
    """Raise a Problem for an error that a spreadsheet program wrote into a cell that is used."""
    for column in used:
        is_error = frame[column].map(lambda text: bool(ERROR.fullmatch(text)))
        if is_error.any():
            what = f'{column} is the error "{frame.loc[is_error, column].iloc[0]}"'
            how = "of a spreadsheet program; write the value there"
            raise Problem(f"{name}, {is_error.idxmax()}: {what} {how}.")


def _mend(text: str) -> str:
    """Return a text as it was before its UTF-8 was read as Windows-1252, if that is what it is.

    >>> _mend("caf\u00c3\u00a9"), _mend("caf\u00e9")
    ('caf\u00e9', 'caf\u00e9')
    """
    if text.isascii():
        return text
    try:
        code = b"".join(c.encode("cp1252", "ignore") or c.encode("latin-1") for c in text)
        return code.decode()
    except UnicodeError:
        return text


# Text


def _refuse_other_text(name: str, text: str, needed: list[str]) -> None:
    """Raise a Problem for text that is no table, or whose head is not its first row."""
    if kind := re.match(r"\s*(?:(<[!?a-z])|[{\[]\s*[{\[\"\]}])", text, re.I):
        what = "HTML or XML" if kind[1] else "JSON"
        raise Problem(f"{name} is {what}, not a table; save it as a table ({', '.join(ENDINGS)}).")
    rows = [
        (number, re.split(r"[,;\t|]", line)) for number, line in enumerate(text.split("\n", 20), 1)
    ]
    _refuse_title(name, "row", rows[text.casefold().startswith("sep=") :], needed)


def _refuse_title(name: str, place: str, rows: list[tuple[int, list]], needed: list[str]) -> None:
    """Raise a Problem where the names of the needed columns stand in a later row than the first."""
    for number, cells in rows[1:20]:
        if set(needed) <= {str(cell).strip(' "\r') for cell in cells}:
            mend = "take out what stands above them"
            raise Problem(f"{name}: the names of its columns stand in {place} {number}; {mend}.")


# Workbooks


def _read_book(path: Path, needed: list[str], notes: list[str]) -> pd.DataFrame:
    """Return the rows of all sheets that have the needed columns; the others are noted."""
    name, tables, others = path.name, {}, {}
    sheets = {title: rows for title, rows in spreadsheets.read_cells(path).items() if rows}
    if not sheets:
        raise Problem(f"{name} is empty.")
    for title, ((row, head), *rows) in sheets.items():
        names = [" ".join(str(cell).split()) for cell in head]
        if not set(needed) <= set(names):
            _refuse_title(name, f'sheet "{title}", row', [(row, head), *rows], needed)
            others[title] = [n for n in names if n]
            continue
        spreadsheets.refuse_merged(path, title, row)
        if hidden := spreadsheets.count_hidden(path, title):
            notes.append(f'{hidden:,} hidden rows of the sheet "{title}" were read, too')
        place = "row" if len(sheets) == 1 else f'sheet "{title}", row'
        texts = [(number, _as_text(name, place, number, cells)) for number, cells in rows]
        _check_ids(name, place, names, rows)
        tables[title] = _as_frame(name, place, (row, names), texts)
    if not tables:
        first = next(iter(others))
        missing = next(c for c in needed if c not in others[first])
        has = "; ".join(f'sheet "{title}": {", ".join(head)}' for title, head in others.items())
        near = nearest(missing, others[first])
        raise Problem(f'{name} has no sheet with a column "{missing}" ({has}).{near}')
    if len(tables) > 1:
        notes.append(f"{len(tables)} sheets: {', '.join(tables)}")
    if others:
        notes.append(f"sheets without the columns, not used: {', '.join(others)}")
    return pd.concat(tables.values()).fillna("")


def _as_text(name: str, place: str, number: int, cells: list) -> list[str]:
    if any(isinstance(cell, float) and abs(cell) >= 1e15 for cell in cells):
        why = "a number of more than 15 digits, which spreadsheets round; store it as text"
        raise Problem(f"{name}, {place} {number}: {why}.")
    return [spreadsheets.as_text(cell) for cell in cells]


def _check_ids(name: str, place: str, names: list[str], rows: list) -> None:
    """Raise a Problem for an id that a spreadsheet took for a fraction or a date."""
    columns = [i for i, n in enumerate(names) if n.endswith("statement_id")]
    for number, cells in rows:
        for i in columns:
            cell = cells[i] if i < len(cells) else ""
            if isinstance(cell, date) or (isinstance(cell, float) and cell != int(cell)):
                why = "is a number or date to the spreadsheet, in which 17.10 became 17.1"
                mend = "store the column as text"
                raise Problem(f"{name}, {place} {number}: the id {cell} {why}; {mend}.")


# Both


def _as_frame(name: str, place: str, head: tuple[int, list], rows: list) -> pd.DataFrame:
    """Return rows as a frame of text, with the place of each as its index."""
    names = [" ".join(column.strip("\ufeff").split()) for column in head[1]]
    filled = [any(cells) for cells in zip_longest(*(r for _, r in rows), fillvalue="")]
    for i, column in enumerate(names):
        if not column and i < len(filled) and filled[i] or column == "Unnamed: 0":
            index = " (pandas writes its index so; leave it out with index=False)" * (i == 0)
            raise Problem(f"{name}: column {i + 1} has values and no name{index}.")
        if column and column in names[:i]:
            raise Problem(f'{name} has two columns named "{column}"; keep one of them.')
    width = len(names)
    cells = [(row + [""] * width)[:width] for _, row in rows]
    index = [f"{place} {number}" for number, _ in rows]
    frame = pd.DataFrame(cells, index=index, columns=names, dtype="str")
    return frame.loc[:, [bool(column) for column in names]]


# What a column may hold


def check_ids(table: Brought, column: str = "statement_id") -> None:
    """Raise a Problem for an id that is empty, or that a spreadsheet spoilt."""
    ids = table.frame[column]
    table.refuse(ids == "", f"the {column} is empty")
    is_total = ids.map(lambda text: bool(TOTAL.fullmatch(text)))
    table.refuse(is_total, f'"{{{column}}}" looks like the row of a total; take it out')
    spoilt = ids.str.fullmatch(SPOILT_ID)
    how = "looks like a number or date that a spreadsheet made of it; store the column as text"
    table.refuse(spoilt, f'the {column} "{{{column}}}" {how}')


def check_values(
    table: Brought, column: str, values: Iterable[str], names: dict[str, str] | None = None
) -> None:
    """Raise a Problem for a value that is not listed.

    `names`: what else people may call a value, in small letters -> the value.
    """
    values = [str(value) for value in values]
    wrong = ~table.frame[column].isin(values)
    if wrong.any():
        first = table.frame.loc[wrong, column].iloc[0]
        near = nearest(first, values) if first.isalnum() else ""
        if known := (names or {}).get(first.casefold()):
            near = f' Did you mean "{known}"?'
        near = near.removesuffix("?")
        listed = f"{', '.join(values)}{near.replace(' Did you mean', '; perhaps')}"
        table.refuse(wrong, f'the {column} "{{{column}}}" is not one of {listed}')


def read_whole(table: Brought, column: str, least: int | None = None) -> pd.Series:
    """Return a column as whole numbers ("2", "+2", "2.0", "−２"); Problem for anything else."""
    numbers = read_whole_or_empty(table, column, least)
    table.refuse(numbers.isna(), f"the {column} is empty")
    return numbers.astype("int64")


def read_whole_or_empty(table: Brought, column: str, least: int | None = None) -> pd.Series:
    """Return a column as whole numbers, NA where it is empty."""
    # 2.0 is 2, but 12.000 may be 12 or twelve thousand
    texts = table.frame[column].str.translate(SIGNS).str.replace(r"^\+|\.00?$", "", regex=True)
    what = f'the {column} "{{{column}}}" is not a whole number'
    table.refuse(~texts.str.fullmatch(r"-?[0-9]{1,15}|"), what)
    numbers = pd.to_numeric(texts.where(texts != "")).astype("Int64")
    if least is not None:
        table.refuse((numbers < least).fillna(False).astype(bool), f"{what} from {least} on")
    return numbers


def describe_values(values: pd.Series, most: int = 5) -> str:
    """Return the values, most frequent first, each with its number."""
    counts = values.value_counts()
    shown = [f'"{text[:60]}" {n:,} times' for text, n in counts.head(most).items()]
    more = f", and {len(counts) - most:,} others" if len(counts) > most else ""
    return ", ".join(shown) + more
