"""The data dictionary: what every column of every table means, and whether a table is as the dictionary says."""

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
MARK = "<!-- From here on made by `.venv/bin/alignment dictionary` from src/alignment/study/dictionary.yaml. -->"


class Column(NamedTuple):
    """A column of a table: its kind, or the values that it may hold; its meaning; and what an empty field says."""

    kind: str | list
    meaning: str
    empty: str | None = None
    always: bool = True  # there in every study

    @property
    def type(self) -> str:
        if isinstance(self.kind, list):
            return "text" if isinstance(self.kind[0], str) else "number"
        return _said()["kinds"][self.kind][0]


@cache
def _said() -> dict:
    loader = getattr(
        yaml, "CSafeLoader", yaml.SafeLoader
    )  # in C where it can be had: every notebook reads this
    return yaml.load(FILE.read_text(encoding="utf-8"), loader)


def tables(part: str) -> dict[str, dict]:
    """The documented tables of data/<part>: file name (or pattern) -> rows, columns, own, where."""
    return _said()[part]


def described(part: str, file: str) -> dict[str, Column] | None:
    """The columns of a table as documented, by name; None for a table that is not.

    >>> described("processed", "07_votes.csv")["vote"]
    Column(kind=[-1, 1], meaning='1: agrees, -1: disagrees', empty='undecided', always=True)
    """
    table = next((t for name, t in tables(part).items() if fnmatch(file, name)), None)
    if table is None:
        return None
    known = _said()["columns"] | table.get("own", {})
    names = [name.strip() for name in table["columns"].split(",")]
    return {
        n.rstrip("?"): Column(*known[n.rstrip("?")])._replace(always=not n.endswith("?"))
        for n in names
    }


def text_columns(path: Path, names: Iterable[str]) -> set[str]:
    """Which columns of a table are text: as the dictionary says of that table, or of the name where it does not know it.

    >>> sorted(text_columns(Path("11_counts.csv"), ["item", "paper"])), sorted(text_columns(Path("13_ledger.csv"), ["item", "paper"]))
    (['item'], ['item', 'paper'])
    """
    own = described("processed", path.name) or described("raw", path.name) or {}
    known = {n: Column(*said) for n, said in _said()["columns"].items()} | own
    return {name for name in names if name in known and known[name].type == "text"}


def faults(
    path: Path, part: str, cultures: Iterable[str] = (), dimensions: Iterable[str] = ()
) -> list[str]:
    """What of a table is not as documented, a sentence each: columns, their order, types, values, empty fields."""
    import pandera.pandas as pandera

    columns = described(
        part,
        path.relative_to(
            path.parents[1] if path.parent.name == "12_release" else path.parent
        ).as_posix(),
    )
    if columns is None:
        return [
            f"{path.name} is not documented: describe it in {FILE.relative_to(ROOT).as_posix()}."
        ]
    columns = _filled(columns, list(cultures), list(dimensions))
    text = {name: "str" for name, column in columns.items() if column.type == "text"}
    names = pd.read_csv(path, nrows=0).columns
    frame = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    schema = pandera.DataFrameSchema(
        {n: _checked(pandera, c) for n, c in columns.items()}, strict=True, ordered=True
    )
    try:
        schema.validate(frame.reindex(columns=names), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        found = [(c.column, c.check, c.failure_case) for c in errors.failure_cases.itertuples()]
        once = {
            case[0] if case[0] in columns else case: case for case in reversed(found)
        }  # the first of each column
        return [f"{path.name}: {_told(columns, *case)}" for case in reversed(once.values())]
    return []


def _told(columns: dict[str, Column], column: str | None, check: str, case: object) -> str:
    if check == "column_in_schema":
        return f'the column "{case}" is not documented.'
    if check == "column_in_dataframe":
        return f'the column "{case}" is documented, and not there.'
    if check == "column_ordered":
        return f'the column "{case}" stands in another place than documented.'
    if check == "not_nullable":
        return f'"{column}" is empty in a row, and the dictionary does not say what that means.'
    return f'"{column}" holds {case}; the dictionary says: {_holds(columns[column])}.'


def _filled(
    columns: dict[str, Column], cultures: list[str], dimensions: list[str]
) -> dict[str, Column]:
    """The columns with one for each culture, or dimension, or both, in the place of `<culture>` and `<dimension>`."""
    slots = {"<culture>": cultures, "<dimension>": dimensions}
    out = {}
    for name, column in columns.items():
        used = sorted((slot for slot in slots if slot in name), key=name.index)
        for chosen in product(*(slots[slot] for slot in used)):
            whole = name
            for slot, value in zip(used, chosen, strict=True):
                whole = whole.replace(slot, value)
            out[whole] = column
    return out


def _checked(pandera, column: Column):
    """A column as pandera checks it."""
    if isinstance(column.kind, list):
        checks = [pandera.Check.isin(column.kind)]
    else:
        _, least, most, _ = _said()["kinds"][column.kind]
        checks = [pandera.Check.ge(least - 1e-9)] if least is not None else []
        checks += [pandera.Check.le(most + 1e-9)] if most is not None else []
    return pandera.Column(
        DTYPES[column.type],
        checks,
        nullable=column.empty is not None,
        coerce=True,
        required=column.always,
    )


def page(part: str) -> str:
    """The list of the tables of data/<part> and of their columns, as its README shows it."""
    used = [column.kind for file in tables(part) for column in described(part, file).values()]
    kinds = [f"| {name} | {said[-1]} |" for name, said in _said()["kinds"].items() if name in used]
    head = [
        "## Every table and column",
        "",
        "A field that is empty says so under *holds*.",
        "",
        "| kind | is |",
        "|---|---|",
        *kinds,
    ]
    return "\n".join(
        [MARK, "", *head, *(line for file in tables(part) for line in _section(part, file)), ""]
    )


def _section(part: str, file: str) -> list[str]:
    table = tables(part)[file]
    there = f" Only in {table['where']}." if "where" in table else ""
    rows = [f"| `{n}` | {_holds(c)} | {c.meaning} |" for n, c in described(part, file).items()]
    title = file.replace("*", "")
    return [
        "",
        f"### {title}",
        "",
        f"A row is {table['rows']}.{there}",
        "",
        "| column | holds | meaning |",
        "|---|---|---|",
        *rows,
    ]


def _holds(column: Column) -> str:
    values = ", ".join(map(str, column.kind)) if isinstance(column.kind, list) else column.kind
    rest = [f"empty: {column.empty}"] if column.empty else []
    return "; ".join([values, *rest, *([] if column.always else ["only in some studies"])])


def renewed(part: str) -> str:
    """The README of data/<part>: what people wrote, then the list anew."""
    written, _, _ = (ROOT / "data" / part / "README.md").read_text(encoding="utf-8").partition(MARK)
    return f"{written.rstrip()}\n\n{page(part)}"


def renew_readmes() -> None:
    """Put the lists into the READMEs of the data folders."""
    for part in PARTS:
        write_whole(ROOT / "data" / part / "README.md", renewed(part))
