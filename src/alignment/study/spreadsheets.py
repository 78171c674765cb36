"""Spreadsheets (.xlsx) that people fill in: texts stay texts, all but the answers are locked, a changed row is known."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation

from alignment.study.files import replacing
from utils.errors import Problem

HELP, OWN = (
    5,
    "B4",
)  # the row that explains the sheet, and a cell that its reader may fill in about themselves
UNREADABLE = (BadZipFile, InvalidFileException, KeyError, OSError)


def write(
    path: Path,
    above: list[list],
    rows: Iterable[list],
    widths: list[int],
    answers: dict[str, list[str]],
) -> Path:
    """Write a sheet: the rows above with the column names last, then the rows; columns without a width are hidden.

    `answers`: the columns that may be written to, by letter, and what each takes (nothing: any text). Problem when the
    file is there, so that no filled one is ever overwritten.
    """
    if path.exists():
        raise Problem(
            f"{path.name} is there already and may hold answers; move it away to have it written anew."
        )
    book = Workbook()
    sheet = book.active
    for i, row in enumerate([*above, *rows], 1):
        for column, value in enumerate(row, 1):
            _put(sheet.cell(i, column), value)
    _dress(sheet, len(above), widths, answers)
    with replacing(path) as temporary:
        book.save(temporary)
    return path


def _put(cell, value: str | None) -> None:
    """Text stays text, also where it begins like a formula."""
    if value is not None:
        cell.value = whole(value)
        cell.data_type, cell.quotePrefix = "s", value.startswith(("=", "+", "-", "@"))


def whole(text: str) -> str:
    """A text without the characters that no workbook may hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)


def _dress(sheet, head: int, widths: list[int], answers: dict[str, list[str]]) -> None:
    """Lock all but the answers, offer these as lists, and make the sheet readable."""
    for i in range(1, sheet.max_column + 1):
        column = sheet.column_dimensions[get_column_letter(i)]
        column.width, column.hidden = (
            (widths[i - 1], False) if i <= len(widths) else (column.width, True)
        )
    sheet.merge_cells(start_row=HELP, end_row=HELP, start_column=1, end_column=len(widths))
    sheet.row_dimensions[HELP].height = 48
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    for cell in (c for row in sheet.iter_rows(max_col=4) for c in row):
        cell.alignment, cell.font = (
            Alignment(wrap_text=True, vertical="top"),
            Font(bold=cell.row in (1, head)),
        )
    free = [sheet[OWN]]
    for letter, known in answers.items():
        free += [sheet[f"{letter}{i}"] for i in range(head + 1, sheet.max_row + 1)]
        if known:
            listed = DataValidation(
                type="list",
                formula1=f'"{",".join(known)}"',
                allow_blank=True,
                showErrorMessage=True,
            )
            listed.error = f"One of {', '.join(known)}, or nothing."
            listed.add(f"{letter}{head + 1}:{letter}{max(sheet.max_row, head + 1)}")
            sheet.add_data_validation(listed)
    for cell in free:
        cell.protection, cell.fill = (
            Protection(locked=False),
            PatternFill("solid", start_color="FFF7DB"),
        )
        cell.number_format = (
            "@"  # as text, +1 stays +1, and what begins with = vanishes into no formula
        )
    sheet.protection.sheet, sheet.protection.formatColumns, sheet.protection.formatRows = (
        True,
        False,
        False,
    )


def opened(path: Path, values: bool):
    """The first sheet of a file, of its formulas the `values` or the formulas as text; Problem when it cannot be read."""
    try:
        return load_workbook(path, data_only=values).worksheets[0]
    except UNREADABLE:
        raise Problem(
            f"{path.name} cannot be opened; save it as .xlsx from the spreadsheet program."
        ) from None


def names(sheet, head: int, columns: list[str]) -> bool:
    """Whether the column names stand where they were written."""
    return [cell.value for cell in sheet[head][: len(columns)]] == columns


def digest(*parts: str) -> str:
    """Twelve digits by which a row is known again."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
