"""Tables on disk: written whole or not at all, and the same bytes on every machine."""

from pathlib import Path

import pandas as pd

from alignment.study import data_dictionary
from alignment.study.files import replacing
from utils.errors import Problem


def write(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV, gzip by its suffix, with floats at ten significant digits."""
    packed = {"method": "gzip", "mtime": 0} if path.suffix == ".gz" else None
    how = {"float_format": "%.10g", "lineterminator": "\n", "compression": packed}
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, **how)
    return path


def read(path: Path) -> pd.DataFrame:
    """Read a table that `write` wrote.

    Columns that the dictionary calls text are text (never NaN); an empty number is NaN.
    """
    if not path.exists():
        hint = "run the notebook with its number first."
        raise Problem(f"The table {path.name} is not there: {hint}")
    if path.stat().st_size <= 1:
        return pd.DataFrame()
    columns = pd.read_csv(path, nrows=0).columns
    text = dict.fromkeys(data_dictionary.text_columns(path, columns), "str")
    empty = {c: [""] for c in columns if c not in text}
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=empty)


def check_columns(frame: pd.DataFrame, columns: list[str], where: str, kind: str) -> None:
    """Raise a Problem that names the first column that a table lacks."""
    for column in columns:
        if column not in frame:
            listed = ", ".join(columns)
            raise Problem(f'{where} has no column "{column}"; {kind} has {listed}.')
