"""Tables checked against the data dictionary."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pandera.pandas as pandera

from alignment.study.data_dictionary import FILE, Column, _read, columns_of
from alignment.study.paths import ROOT

DTYPES = {"text": "str", "whole": "Int64", "number": "float64", "boolean": "boolean"}


def find_faults(
    path: Path, part: str, cultures: Iterable[str] = (), dimensions: Iterable[str] = ()
) -> list[str]:
    """List what of a table is not as documented: columns, order, types, values, empty fields."""
    folder = path.parents[1] if path.parent.name == "12_release" else path.parent
    columns = columns_of(part, path.relative_to(folder).as_posix())
    if columns is None:
        where = FILE.relative_to(ROOT).as_posix()
        return [f"{path.name} is not documented: describe it in {where}."]
    columns = _fill_slots(columns, list(cultures), list(dimensions))
    text = {name: "str" for name, column in columns.items() if column.type == "text"}
    names = pd.read_csv(path, nrows=0).columns
    frame = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    checks = {name: _check(column) for name, column in columns.items()}
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
    filled = {}
    for pattern, column in columns.items():
        names = [pattern]
        for slot, values in (("<dimension>", dimensions), ("<culture>", cultures)):
            if slot in pattern:
                names = [name.replace(slot, value) for name in names for value in values]
        filled |= dict.fromkeys(names, column)
    return filled


def _check(column: Column) -> pandera.Column:
    """Return a column as pandera checks it."""
    if isinstance(column.kind, list):
        checks = [pandera.Check.isin(column.kind)]
    else:
        _, least, most, _ = _read()["kinds"][column.kind]
        checks = [pandera.Check.ge(least - 1e-9)] if least is not None else []
        checks += [pandera.Check.le(most + 1e-9)] if most is not None else []
    how = {"nullable": column.empty is not None, "required": column.always, "coerce": True}
    return pandera.Column(DTYPES[column.type], checks, **how)
