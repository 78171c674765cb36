"""Workbooks: what is in one, and the sheets (.xlsx) that people fill in, all but answers locked."""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

import python_calamine
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from alignment.study.files import replacing
from utils.errors import Problem

BOOKS = (".xlsx", ".ods", ".xls")  # endings of workbooks that are read
HELP_ROW, READERS_OWN = 5, "B4"  # the explanation; a cell for the readers about themselves


class Form(NamedTuple):
    """What a kind of sheet looks like."""

    title: str  # the first cell
    help: str
    columns: list[str]
    widths: list[int]  # of the first columns; the others are hidden
    answers: dict[str, list[str]]  # columns to fill in, and what each takes (nothing: any text)
    head: int  # the row of the column names

    def letter(self, column: str) -> str:
        return get_column_letter(self.columns.index(column) + 1)


def write_sheet(path: Path, form: Form, about: list[list], rows: Iterable[list]) -> Path:
    """Write a sheet: `about` what or whom it is, in rows below the title, then the rows.

    Problem when the file is there, so that no filled sheet is ever overwritten.
    """
    if path.exists():
        how = "move it away to have it written anew."
        raise Problem(f"{path.name} is there already and may hold answers; {how}")
    above = [[form.title], *about, [form.help]]
    above += [[]] * (form.head - 1 - len(above))
    book = Workbook()
    sheet = book.active
    for i, row in enumerate([*above, form.columns, *rows], 1):
        for column, text in enumerate(row, 1):
            if text is not None:
                cell = sheet.cell(i, column, remove_illegal(text))
                # Text stays text, also where it begins like a formula.
                cell.data_type, cell.quotePrefix = "s", text.startswith(("=", "+", "-", "@"))
    _format(sheet, form)
    _unlock_answers(sheet, form)
    with replacing(path) as temporary:
        book.save(temporary)
    return path


def remove_illegal(text: str) -> str:
    """Return a text without the characters that no workbook may hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)


def _format(sheet, form: Form) -> None:
    """Wrap the texts, set the columns' widths, and hide those without one."""
    last = len(form.widths)
    for i in range(1, sheet.max_column + 1):
        column = sheet.column_dimensions[get_column_letter(i)]
        column.hidden = i > last
        if not column.hidden:
            column.width = form.widths[i - 1]
    sheet.merge_cells(start_row=HELP_ROW, end_row=HELP_ROW, start_column=1, end_column=last)
    sheet.row_dimensions[HELP_ROW].height = 48
    sheet.freeze_panes = sheet.cell(form.head + 1, 1)
    for row in sheet.iter_rows(max_col=4):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=cell.row in (1, form.head))


def _unlock_answers(sheet, form: Form) -> None:
    """Lock all but the answers and the reader's own cell, and offer the answers as lists."""
    first, last = form.head + 1, sheet.max_row
    unlocked = [sheet[READERS_OWN]]
    for column, options in form.answers.items():
        letter = form.letter(column)
        unlocked += [sheet[f"{letter}{i}"] for i in range(first, last + 1)]
        if options:
            offer = f'"{",".join(options)}"'
            rule = DataValidation("list", formula1=offer, allow_blank=True, showErrorMessage=True)
            rule.error = f"One of {', '.join(options)}, or nothing."
            rule.add(f"{letter}{first}:{letter}{max(last, first)}")
            sheet.add_data_validation(rule)
    for cell in unlocked:
        cell.protection = Protection(locked=False)
        cell.fill = PatternFill("solid", start_color="FFF7DB")
        cell.number_format = "@"  # as text, +1 stays +1 and =... is no formula
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False


class Sheet(NamedTuple):
    """The cells of a sheet as text, by row."""

    rows: dict[int, list[str]]

    def cell(self, row: int, column: int) -> str:
        cells = self.rows.get(row, [])
        return cells[column - 1].strip() if column <= len(cells) else ""


def open_sheet(path: Path, form: Form) -> Sheet | None:
    """Return the sheet of a workbook that has a form's title; None where none has.

    Problem when the file cannot be read, when two sheets have it, and when the first rows differ.
    """
    sheets = {}
    for title, rows in read_cells(path).items():
        texts = {number: [as_text(cell) for cell in cells] for number, cells in rows}
        sheets[title] = Sheet(texts)
    titled = [t for t, sheet in sheets.items() if sheet.cell(1, 1) == form.title]
    if len(titled) > 1:
        which = " and ".join(f'"{title}"' for title in titled)
        raise Problem(f"{path.name} holds several filled sheets ({which}); keep one of them.")
    if not titled:
        return None
    sheet = sheets[titled[0]]
    if sheet.rows.get(form.head, [])[: len(form.columns)] != form.columns:
        head = f"its first {form.head} rows were changed"
        raise Problem(f"{path.name}: {head}; use the sheet as it was written.")
    return sheet


def read_rows(sheet: Sheet, form: Form) -> dict[int, dict[str, str]]:
    """Return the rows that are not empty, by their number: column -> text."""
    rows, width = {}, len(form.columns)
    for number, cells in sheet.rows.items():
        texts = [*cells, *[""] * width][:width]
        if number > form.head and any(texts):
            rows[number] = dict(zip(form.columns, texts, strict=True))
    return rows


def read_cells(path: Path) -> dict[str, list[tuple[int, list]]]:
    """Return the rows of each sheet of a workbook (.xlsx, .ods, .xls) that are not empty.

    Each with its number; the cells as the workbook has them, nothing as "". Problem where it cannot
    be opened, or where a cell holds an error or a formula without its value.
    """
    try:
        with python_calamine.load_workbook(path) as book:
            sheets = {}
            for title in book.sheet_names:
                grid = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
                numbered = enumerate(grid, 1)
                sheets[title] = [(n, row) for n, row in numbered if any(c != "" for c in row)]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # the library's own, and the panics of what it is written in
        how = "save it anew as .xlsx from the spreadsheet program, without a password."
        raise Problem(f"{path.name} cannot be opened as a workbook; {how}") from None
    _refuse_without_value(path)
    return sheets


def refuse_merged(path: Path, title: str, head: int) -> None:
    """Raise a Problem for merged cells below the head of a table: only the first has the value.

    Of .ods it is not known which cells are merged.
    """
    with python_calamine.load_workbook(path) as book:
        ranges = book.get_sheet_by_name(title).merged_cell_ranges or []
    below = [(first, last) for first, last in ranges if last[0] + 1 > head]
    if below:
        first, last = (f"{get_column_letter(column + 1)}{row + 1}" for row, column in below[0])
        what = f"the cells {first}:{last} are merged, and only the first has a value"
        raise Problem(f'{path.name}, sheet "{title}": {what}; separate them and fill each.')


def count_hidden(path: Path, title: str) -> int:
    """Return how many rows of a sheet (.xlsx) are hidden, as by a filter; 0 of other kinds."""
    try:
        with ZipFile(path) as parts:
            names = [n for n in parts.namelist() if n.startswith("xl/worksheets/")]
            if not any(b"hidden=" in parts.read(name) for name in names):
                return 0
        sheet = load_workbook(path)[title]
    except (BadZipFile, KeyError, OSError, ValueError, TypeError, AttributeError):
        return 0
    if sheet.sheet_state != "visible":
        return sheet.max_row - 1
    return sum(bool(row.hidden) for row in sheet.row_dimensions.values())


def _refuse_without_value(path: Path) -> None:
    """Raise a Problem for a cell of an .xlsx that has no value: an error, or a bare formula."""
    try:
        with ZipFile(path) as parts:
            names = [n for n in parts.namelist() if n.startswith("xl/worksheets/")]
            if not any(re.search(rb'<f[ />]|t="e"', parts.read(name)) for name in names):
                return
        formulas, values = load_workbook(path), load_workbook(path, data_only=True)
        pairs = zip(formulas.worksheets, values.worksheets, strict=True)
    except (BadZipFile, KeyError, OSError, ValueError, TypeError, AttributeError):
        return  # not of this kind
    for written, valued in pairs:
        for cell in (cell for row in written.iter_rows() for cell in row if cell.data_type in "fe"):
            value = valued[cell.coordinate]
            if value.value is None:
                what = f"the formula {cell.value} without its value"
                how = "open the file in a spreadsheet program and save it"
            elif value.data_type == "e":
                what, how = f"the error {value.value}", "write the value there"
            else:
                continue
            raise Problem(f"{path.name}: cell {cell.coordinate} holds {what}; {how}.")


def as_text(cell: object) -> str:
    """Return a cell as text: 1.0 as 1, true as TRUE, a date as 2026-01-31.

    >>> [as_text(cell) for cell in (1.0, 1.5, True, "007")]
    ['1', '1.5', 'TRUE', '007']
    """
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def refuse_changed(name: str, form: Form, changed: list[int]) -> None:
    """Raise a Problem that names the first of the changed rows, if there are any."""
    if changed:
        more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        rule = f"only the columns {', '.join(form.answers)} may be changed."
        raise Problem(f"{name}: row {changed[0]}{more} is not as it was written; {rule}")


def checksum(*parts: str) -> str:
    """Return the row checksum: twelve hexadecimal digits that change with any of the parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
