"""Tables as a page shows them: in HTML, and in letters alone for whoever has no browser."""

import textwrap
from html import escape
from itertools import groupby, zip_longest

import pandas as pd

MISSING = "–"
MOST_ROWS = 100  # of a table on a page
WIDTH = 50  # characters of a text on one line of a table in letters alone


def show_on_pages() -> None:
    """Have Jupyter show every DataFrame by `html` and `plain`: the notebooks' and a reader's own."""
    from IPython import get_ipython

    pd.set_option("display.max_rows", MOST_ROWS)
    if shell := get_ipython():
        formatters = shell.display_formatter.formatters
        formatters["text/html"].for_type(pd.DataFrame, html)
        formatters["text/plain"].for_type(
            pd.DataFrame, lambda frame, page, cycle: page.text(plain(frame))
        )


def html(frame: pd.DataFrame) -> str:
    """A table for a page: text left, numbers right, no row numbers, "–" where nothing is known.

    Sides are given twice: as attributes, which GitHub keeps, and as styles, which Jupyter puts above attributes.
    """
    heads, rows, sides = _laid_out(frame)
    cells = [
        *(_spans(h, sides) for h in heads[:-1]),
        [(t, side, 1) for t, side in zip(heads[-1], sides, strict=True)],
    ]
    head = "".join(_row([_cell("th", *cell) for cell in row]) for row in cells)
    body = "".join(
        _row([_cell("td", t, side) for t, side in zip(row, sides, strict=True)]) for row in rows
    )
    table = f'<table class="dataframe tex2jax_ignore">\n<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n</table>'
    return "\n".join([table, *(f"<p>{line}</p>" for line in _rest(frame))])


def plain(frame: pd.DataFrame) -> str:
    """The same table in letters alone, long texts on several lines.

    >>> print(plain(pd.DataFrame({"dimension": ["PDI", "LTO"], "labels": [1200, 22], "mean": [0.25, None]})))
    dimension  labels  mean
    PDI         1,200  0.25
    LTO            22     –
    """
    heads, rows, sides = _laid_out(frame)
    wrapped = [[textwrap.wrap(text, WIDTH) or [""] for text in row] for row in [*heads, *rows]]
    widths = [
        max(len(line) for cell in column for line in cell) for column in zip(*wrapped, strict=True)
    ]
    lines = []
    for row in wrapped:
        for parts in zip_longest(*row, fillvalue=""):
            fitted = [
                p.ljust(w) if s == "left" else p.rjust(w)
                for p, w, s in zip(parts, widths, sides, strict=True)
            ]
            lines.append("  ".join(fitted).rstrip())
    return "\n".join([*lines, *_rest(frame)])


def _rest(frame: pd.DataFrame) -> list[str]:
    """What is to be said of rows that are not shown, or not there."""
    most = pd.get_option("display.max_rows")
    return (
        [f"The first {most} of {len(frame):,} rows."]
        if len(frame) > most
        else []
        if len(frame)
        else ["No rows."]
    )


def _laid_out(frame: pd.DataFrame) -> tuple[list[list[str]], list[list[str]], list[str]]:
    """The rows of the head, the rows below it, and the side of each column; an index that only counts is left out."""
    shown, index = frame.head(pd.get_option("display.max_rows")), frame.index
    counts = index.names == [None] and pd.api.types.is_integer_dtype(index)
    levels = [] if counts else [shown.index.get_level_values(i) for i in range(index.nlevels)]
    columns = [
        _column(list(values))
        for values in [*levels, *(shown.iloc[:, i] for i in range(shown.shape[1]))]
    ]
    rows = [list(row) for row in zip(*(texts for texts, _ in columns), strict=True)]
    _say_once(rows, len(levels) - 1)
    keys = [key if isinstance(key, tuple) else (key,) for key in frame.columns]
    heads = [
        [""] * len(levels) + [_text(key[i]) for key in keys] for i in range(frame.columns.nlevels)
    ]
    if frame.columns.nlevels == 1 and frame.columns.name is not None:
        heads.insert(0, [""] * len(levels) + [str(frame.columns.name)] * len(keys))
    heads[-1][: len(levels)] = [
        "" if name is None else str(name) for name in index.names[: len(levels)]
    ]
    return heads, rows, [side for _, side in columns]


def _say_once(rows: list[list[str]], outer: int) -> None:
    """Leave out what already stands above in the outer levels of an index."""
    above: list[str] = []
    for row in rows:
        now = row[: max(outer, 0)]
        same = next(
            (i for i, (a, b) in enumerate(zip(now, above, strict=False)) if a != b), len(above)
        )
        row[:same], above = [""] * same, now


def _column(values: list) -> tuple[list[str], str]:
    """The texts of a column and its side; numbers of a column share their decimals, three at most.

    >>> _column([0.5, float("nan"), 1.25]), _column([True, None]), _column([12000.0, -0.0]), _column([1e-5, 0.5])
    ((['0.50', '–', '1.25'], 'right'), (['yes', '–'], 'left'), (['12,000', '0'], 'right'), (['1e-05', '0.500'], 'right'))
    """
    known = [value for value in values if not _is_missing(value)]
    if not known or not all(
        pd.api.types.is_number(v) and not pd.api.types.is_bool(v) for v in known
    ):
        return [_text(value) for value in values], "left"
    digits = next(
        (d for d in range(3) if all(abs(v - round(v, d)) < 1e-9 for v in map(float, known))), 3
    )
    return [
        MISSING if _is_missing(value) else _number(float(value), digits) for value in values
    ], "right"


def _number(value: float, digits: int) -> str:
    rounded = round(value, digits) + 0.0  # no -0
    return f"{value:.0e}" if rounded == 0 and abs(value) > 1e-9 else f"{rounded:,.{digits}f}"


def _text(value: object) -> str:
    """One value in words: no value of Python shows its own notation."""
    if _is_missing(value):
        return MISSING
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{_text(k)}: {_text(v)}" for k, v in value.items())
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(map(_text, value)))
    if pd.api.types.is_list_like(value):
        return ", ".join(map(_text, value))
    return _column([value])[0][0] if pd.api.types.is_number(value) else str(value)


def _is_missing(value: object) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _spans(texts: list[str], sides: list[str]) -> list[tuple[str, str, int]]:
    """The cells of a head, neighbours of one name as one: text, side, columns.

    >>> _spans(["", "", "US", "US"], ["left", "left", "right", "right"])
    [('', 'left', 1), ('', 'left', 1), ('US', 'center', 2)]
    """
    places = [list(group) for _, group in groupby(range(len(texts)), key=lambda i: texts[i] or i)]
    return [(texts[p[0]], sides[p[0]] if len(p) == 1 else "center", len(p)) for p in places]


def _row(cells: list[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>\n"


def _cell(kind: str, text: str, side: str, span: int = 1) -> str:
    wide = f' colspan="{span}"' if span > 1 else ""
    return f'<{kind}{wide} align="{side}" style="text-align: {side}; vertical-align: top">{escape(text)}</{kind}>'
