"""Sheets (.xlsx) that people fill in: texts stay text, only the answers may be changed."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation

from alignment.study.files import replacing
from utils.errors import Problem

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


def open_sheet(path: Path, *, formulas_as_text: bool):
    """Return the first sheet of a file; Problem when it cannot be read."""
    try:
        return load_workbook(path, data_only=not formulas_as_text).worksheets[0]
    except (BadZipFile, InvalidFileException, KeyError, OSError):
        how = "save it as .xlsx from the spreadsheet program."
        raise Problem(f"{path.name} cannot be opened; {how}") from None


def has_form(sheet, form: Form) -> bool:
    """Return whether the title and the column names are where they were written."""
    names = [cell.value for cell in sheet[form.head][: len(form.columns)]]
    return sheet["A1"].value == form.title and names == form.columns


def read_rows(sheet, form: Form) -> dict[int, dict[str, str]]:
    """Return the rows that are not empty, by their number: column -> text."""
    rows = {}
    for cells in sheet.iter_rows(min_row=form.head + 1, max_col=len(form.columns)):
        values = ["" if cell.value is None else str(cell.value) for cell in cells]
        if any(values):
            rows[cells[0].row] = dict(zip(form.columns, values, strict=True))
    return rows


def refuse_changed(name: str, form: Form, changed: list[int]) -> None:
    """Raise a Problem that names the first of the changed rows, if there are any."""
    if changed:
        more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        rule = f"only the columns {', '.join(form.answers)} may be changed."
        raise Problem(f"{name}: row {changed[0]}{more} is not as it was written; {rule}")


def checksum(*parts: str) -> str:
    """Return the row checksum: twelve hexadecimal digits that change with any of the parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
