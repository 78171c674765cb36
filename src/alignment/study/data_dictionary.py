"""The data dictionary: what every column of every table means."""

from collections.abc import Iterable
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from alignment.study.files import write_whole
from alignment.study.paths import ROOT

FILE = Path(__file__).with_name("dictionary.yaml")
PARTS = ("processed", "raw", "reference")
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


def page(part: str) -> str:
    """Return the list of the tables of data/<part> and of their columns, as its README shows it."""
    kinds = [column.kind for file in tables(part) for column in columns_of(part, file).values()]
    lines = [MARK, "", "## Every table and column", ""]
    lines += ["A field that is empty says so under *holds*.", "", "| kind | is |", "|---|---|"]
    lines += [f"| {k} | {kind[-1]} |" for k, kind in _read()["kinds"].items() if k in kinds]
    for file, table in tables(part).items():
        where = f" Only in {table['where']}." if "where" in table else ""
        lines += ["", f"### {file.replace('*', '')}", "", f"A row is {table['rows']}.{where}", ""]
        lines += ["| column | holds | meaning |", "|---|---|---|"]
        for name, column in columns_of(part, file).items():
            lines.append(f"| `{name}` | {column.content} | {column.meaning} |")
    return "\n".join([*lines, ""])


def renew_readme(part: str) -> str:
    """Return the README of data/<part>: what people wrote, then the list anew."""
    prose, _, _ = (ROOT / "data" / part / "README.md").read_text(encoding="utf-8").partition(MARK)
    return f"{prose.rstrip()}\n\n{page(part)}"


def write_readmes() -> None:
    """Put the lists into the READMEs of the data folders."""
    for part in PARTS:
        write_whole(ROOT / "data" / part / "README.md", renew_readme(part))
