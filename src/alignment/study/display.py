"""Tables as a page shows them: in HTML, and in letters alone for whoever has no browser."""

import textwrap
from collections.abc import Iterable
from html import escape
from itertools import groupby, zip_longest

import pandas as pd

MISSING = "–"
MOST_ROWS = 100  # of a table on a page
WIDTH = 50  # characters of a text on one line of a table in letters alone


def show_on_pages() -> None:
    """Have Jupyter show every DataFrame by `html` and `plain`: the notebooks' and a reader's."""
    from IPython import get_ipython

    pd.set_option("display.max_rows", MOST_ROWS)
    if shell := get_ipython():
        formatters = shell.display_formatter.formatters
        formatters["text/html"].for_type(pd.DataFrame, html)
        formatters["text/plain"].for_type(
            pd.DataFrame, lambda frame, page, cycle: page.text(plain(frame))
        )


def html(frame: pd.DataFrame) -> str:
    """Return a table for a page: text left, numbers right, "–" for what is missing.

    A table stamped by `page_notes.stamped` says in its head who answered.
    Sides are given twice: as attributes, which GitHub keeps, and as styles, which Jupyter puts
    above attributes.
    """
    heads, rows, sides = _lay_out(frame)
    lines = ['<table class="dataframe tex2jax_ignore">', "<thead>"]
    if words := frame.attrs.get("stamp"):
        lines.append(_row("th", [(words, "left", len(sides))]))
    lines += [_row("th", _join_equal(head, sides)) for head in heads[:-1]]
    lines += [_row("th", zip(heads[-1], sides, strict=True)), "</thead>", "<tbody>"]
    lines += [_row("td", zip(row, sides, strict=True)) for row in rows]
    lines += ["</tbody>", "</table>"]
    return "\n".join([*lines, *(f"<p>{line}</p>" for line in _explain_rows(frame))])


def plain(frame: pd.DataFrame) -> str:
    """Return the same table in letters alone, long texts on several lines.

    >>> columns = {"dimension": ["PDI", "LTO"], "labels": [1200, 22], "mean": [0.25, None]}
    >>> print(plain(pd.DataFrame(columns)))
    dimension  labels  mean
    PDI         1,200  0.25
    LTO            22     –
    """
    heads, rows, sides = _lay_out(frame)
    wrapped = [[textwrap.wrap(text, WIDTH) or [""] for text in row] for row in [*heads, *rows]]
    widths = [max(len(t) for cell in c for t in cell) for c in zip(*wrapped, strict=True)]
    columns = list(zip(widths, sides, strict=True))
    lines = []
    for row in wrapped:
        for parts in zip_longest(*row, fillvalue=""):
            line = ""
            for part, (width, side) in zip(parts, columns, strict=True):
                line += (part.ljust(width) if side == "left" else part.rjust(width)) + "  "
            lines.append(line.rstrip())
    if words := frame.attrs.get("stamp"):
        lines.insert(0, words)
    return "\n".join([*lines, *_explain_rows(frame)])


def _explain_rows(frame: pd.DataFrame) -> list[str]:
    """Say of rows that they are not shown, or not there."""
    most = pd.get_option("display.max_rows")
    if len(frame) > most:
        return [f"The first {most} of {len(frame):,} rows."]
    return [] if len(frame) else ["No rows."]


def _lay_out(frame: pd.DataFrame) -> tuple[list[list[str]], list[list[str]], list[str]]:
    """Return the rows of the head, the rows below it, and the side of each column.

    An index that only counts is left out.
    """
    index, shown = frame.index, frame.head(pd.get_option("display.max_rows"))
    counts = index.names == [None] and pd.api.types.is_integer_dtype(index)
    n = 0 if counts else index.nlevels
    values = [shown.index.get_level_values(i) for i in range(n)]
    values += [shown.iloc[:, i] for i in range(shown.shape[1])]
    columns = [_format_column(list(column)) for column in values]
    rows = [list(row) for row in zip(*(texts for texts, _ in columns), strict=True)]
    _blank_repeated(rows, n - 1)
    keys = [key if isinstance(key, tuple) else (key,) for key in frame.columns]
    heads = [[""] * n + [_format(key[i]) for key in keys] for i in range(frame.columns.nlevels)]
    if frame.columns.nlevels == 1 and frame.columns.name is not None:
        heads.insert(0, [""] * n + [str(frame.columns.name)] * len(keys))
    heads[-1][:n] = ["" if name is None else str(name) for name in index.names[:n]]
    return heads, rows, [side for _, side in columns]


def _blank_repeated(rows: list[list[str]], outer: int) -> None:
    """Blank what already stands above in the outer levels of an index."""
    above: list[str] = []
    for row in rows:
        now, same = row[: max(outer, 0)], 0
        while same < len(above) and now[same] == above[same]:
            same += 1
        row[:same], above = [""] * same, now


def _format_column(values: list) -> tuple[list[str], str]:
    """Return the texts of a column and its side; numbers share their decimals, three at most.

    >>> _format_column([0.5, float("nan"), 1.25]), _format_column([True, None])
    ((['0.50', '–', '1.25'], 'right'), (['yes', '–'], 'left'))
    >>> _format_column([12000.0, -0.0]), _format_column([1e-5, 0.5])
    ((['12,000', '0'], 'right'), (['1e-05', '0.500'], 'right'))
    """
    present = [value for value in values if not _is_missing(value)]
    if not present or not all(_is_number(value) for value in present):
        return [_format(value) for value in values], "left"
    digits = 0
    while digits < 3 and any(abs(v - round(v, digits)) >= 1e-9 for v in map(float, present)):
        digits += 1
    texts = [MISSING if _is_missing(v) else _format_number(float(v), digits) for v in values]
    return texts, "right"


def _format_number(value: float, digits: int) -> str:
    rounded = round(value, digits) + 0.0  # no -0
    return f"{value:.0e}" if rounded == 0 and abs(value) > 1e-9 else f"{rounded:,.{digits}f}"


def _format(value: object) -> str:
    """Return one value in words: no value of Python shows its own notation."""
    if _is_missing(value):
        return MISSING
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{_format(k)}: {_format(v)}" for k, v in value.items())
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(map(_format, value)))
    if pd.api.types.is_list_like(value):
        return ", ".join(map(_format, value))
    return _format_column([value])[0][0] if _is_number(value) else str(value)


def _is_number(value: object) -> bool:
    return pd.api.types.is_number(value) and not pd.api.types.is_bool(value)


def _is_missing(value: object) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _join_equal(texts: list[str], sides: list[str]) -> list[tuple[str, str, int]]:
    """Return the cells of a head, neighbours of one name as one: text, side, columns.

    >>> _join_equal(["", "", "US", "US"], ["left", "left", "right", "right"])
    [('', 'left', 1), ('', 'left', 1), ('US', 'center', 2)]
    """
    cells = []
    for _, group in groupby(range(len(texts)), key=lambda i: texts[i] or i):
        first, *more = group
        cells.append((texts[first], "center" if more else sides[first], 1 + len(more)))
    return cells


def _row(kind: str, cells: Iterable[tuple]) -> str:
    return f"<tr>{''.join(_cell(kind, *cell) for cell in cells)}</tr>"


def _cell(kind: str, text: str, side: str, span: int = 1) -> str:
    wide = f' colspan="{span}"' if span > 1 else ""
    style = f"text-align: {side}; vertical-align: top"
    return f'<{kind}{wide} align="{side}" style="{style}">{escape(text)}</{kind}>'
