"""The data dictionary: what every column of every table means, and checks of tables against it."""

from collections.abc import Iterable
from fnmatch import fnmatch
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml

from alignment.study.files import write_whole
from alignment.study.paths import ROOT

FILE = Path(__file__).with_name("dictionary.yaml")
PARTS = ("processed", "raw", "reference")
DTYPES = {"text": "str", "whole": "Int64", "number": "float64", "boolean": "boolean"}
MARK = (
    "<!-- From here on made by `.venv/bin/alignment dictionary` from "
    "src/alignment/study/dictionary.yaml. -->"
)


class Column(NamedTuple):
    """A column of a table: its kind or the values it may hold, its meaning, what empty says."""

    kind: str | list
    meaning: str
    empty: str | None = None
    always: bool = True  # there in every study

    @property
    def type(self) -> str:
        if isinstance(self.kind, list):
            return "text" if isinstance(self.kind[0], str) else "number"
        return _read()["kinds"][self.kind][0]

    @property
    def content(self) -> str:
        """What the column holds, in words."""
        values = ", ".join(map(str, self.kind)) if isinstance(self.kind, list) else self.kind
        empty = f"; empty: {self.empty}" if self.empty else ""
        return f"{values}{empty}{'' if self.always else '; only in some studies'}"


@cache
def _read() -> dict:
    # in C where it can be had: every notebook reads this
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(FILE.read_text(encoding="utf-8"), loader)


def tables(part: str) -> dict[str, dict]:
    """Return the documented tables of data/<part>: file or pattern -> rows, columns, own, where."""
    return _read()[part]


def columns_of(part: str, file: str) -> dict[str, Column] | None:
    """Return the columns of a table as documented, by name; None for one that is not.

    >>> columns_of("processed", "07_votes.csv")["vote"]
    Column(kind=[-1, 1], meaning='1: agrees, -1: disagrees', empty='undecided', always=True)
    """
    table = next((t for name, t in tables(part).items() if fnmatch(file, name)), None)
    if table is None:
        return None
    meanings = _read()["columns"] | table.get("own", {})
    columns = {}
    for listed in table["columns"].split(", "):
        name = listed.rstrip("?")
        columns[name] = Column(*meanings[name])._replace(always=name == listed)
    return columns


def text_columns(path: Path, names: Iterable[str]) -> set[str]:
    """Return which columns of a table are text.

    As the dictionary says of that table, or of the name where it does not list the table.

    >>> text_columns(Path("11_counts.csv"), ["item", "paper"])
    {'item'}
    >>> sorted(text_columns(Path("13_ledger.csv"), ["item", "paper"]))
    ['item', 'paper']
    """
    own = columns_of("processed", path.name) or columns_of("raw", path.name) or {}
    columns = {name: Column(*meaning) for name, meaning in _read()["columns"].items()} | own
    return {name for name in names if name in columns and columns[name].type == "text"}


def faults(
    path: Path, part: str, cultures: Iterable[str] = (), dimensions: Iterable[str] = ()
) -> list[str]:
    """List what of a table is not as documented: columns, order, types, values, empty fields."""
    import pandera.pandas as pandera

    folder = path.parents[1] if path.parent.name == "12_release" else path.parent
    columns = columns_of(part, path.relative_to(folder).as_posix())
    if columns is None:
        where = FILE.relative_to(ROOT).as_posix()
        return [f"{path.name} is not documented: describe it in {where}."]
    columns = _fill_slots(columns, list(cultures), list(dimensions))
    text = {name: "str" for name, column in columns.items() if column.type == "text"}
    names = pd.read_csv(path, nrows=0).columns
    frame = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    checks = {name: _check(pandera, column) for name, column in columns.items()}
    try:
        schema = pandera.DataFrameSchema(checks, strict=True, ordered=True)
        schema.validate(frame.reindex(columns=names), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        first = {}  # of each column
        for case in errors.failure_cases.itertuples():
            sentence = _describe_fault(columns, case.column, case.check, case.failure_case)
            key = case.column if case.column in columns else sentence
            first.setdefault(key, f"{path.name}: {sentence}")
        return list(first.values())
    return []


def _describe_fault(
    columns: dict[str, Column], column: str | None, check: str, case: object
) -> str:
    if check == "column_in_schema":
        return f'the column "{case}" is not documented.'
    if check == "column_in_dataframe":
        return f'the column "{case}" is documented, and not there.'
    if check == "column_ordered":
        return f'the column "{case}" stands in another place than documented.'
    if check == "not_nullable":
        return f'"{column}" is empty in a row, and the dictionary does not say what that means.'
    return f'"{column}" holds {case}; the dictionary says: {columns[column].content}.'


def _fill_slots(
    columns: dict[str, Column], cultures: list[str], dimensions: list[str]
) -> dict[str, Column]:
    """Put a column for each culture, or dimension, in the place of `<culture>`, `<dimension>`."""
    slots = {"<culture>": cultures, "<dimension>": dimensions}
    out = {}
    for pattern, column in columns.items():
        used = sorted((slot for slot in slots if slot in pattern), key=pattern.index)
        for values in product(*(slots[slot] for slot in used)):
            name = pattern
            for slot, value in zip(used, values, strict=True):
                name = name.replace(slot, value)
            out[name] = column
    return out


def _check(pandera, column: Column):
    """Return a column as pandera checks it."""
    if isinstance(column.kind, list):
        checks = [pandera.Check.isin(column.kind)]
    else:
        _, least, most, _ = _read()["kinds"][column.kind]
        checks = [pandera.Check.ge(least - 1e-9)] if least is not None else []
        checks += [pandera.Check.le(most + 1e-9)] if most is not None else []
    how = {"nullable": column.empty is not None, "required": column.always, "coerce": True}
    return pandera.Column(DTYPES[column.type], checks, **how)


def page(part: str) -> str:
    """Return the list of the tables of data/<part> and of their columns, as its README shows it."""
    used = [column.kind for file in tables(part) for column in columns_of(part, file).values()]
    lines = [MARK, "", "## Every table and column", ""]
    lines += ["A field that is empty says so under *holds*.", "", "| kind | is |", "|---|---|"]
    lines += [f"| {name} | {kind[-1]} |" for name, kind in _read()["kinds"].items() if name in used]
    for file, table in tables(part).items():
        where = f" Only in {table['where']}." if "where" in table else ""
        lines += ["", f"### {file.replace('*', '')}", "", f"A row is {table['rows']}.{where}", ""]
        lines += ["| column | holds | meaning |", "|---|---|---|"]
        for name, column in columns_of(part, file).items():
            lines.append(f"| `{name}` | {column.content} | {column.meaning} |")
    return "\n".join([*lines, ""])


def renew_readme(part: str) -> str:
    """Return the README of data/<part>: what people wrote, then the list anew."""
    written, _, _ = (ROOT / "data" / part / "README.md").read_text(encoding="utf-8").partition(MARK)
    return f"{written.rstrip()}\n\n{page(part)}"


def write_readmes() -> None:
    """Put the lists into the READMEs of the data folders."""
    for part in PARTS:
        write_whole(ROOT / "data" / part / "README.md", renew_readme(part))
