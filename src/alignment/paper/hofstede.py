"""Hofstede's values of people, from the reference table."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from alignment.study import brought_tables
from alignment.study.paths import REFERENCE
from utils.cells import DIMENSIONS
from utils.errors import Problem, nearest
from utils.rules import allowed

COLUMNS = ["country", "version", *DIMENSIONS, "source"]
MOST = 120  # a few countries lie above 100


def read_human_values(version: str, countries: Iterable[str] | Mapping[str, str]) -> pd.DataFrame:
    """Read Hofstede's values of people, 0 to 100: group, country, dimension, value, source.

    A value that the table does not have is NaN: nothing can agree or disagree with it.

    `version`: "current" (The Culture Factor's tool, as the paper cites) or "2015" (the matrix).
    `countries`: names, or a mapping from group to country. Raises Problem for a country or version
    that the table lacks.

    >>> read_human_values("2015", {"China": "China"})["value"].tolist()
    [80, 20, 66, 30, 87, 24]
    """
    table = _read_table()
    allowed("human_values", version)
    groups = dict(countries) if isinstance(countries, Mapping) else {c: c for c in countries}
    values = table[table["version"] == version].set_index("country")
    rows = []
    for group, country in groups.items():
        if country not in values.index:
            raise Problem(_explain_missing(country, version, table))
        row = values.loc[country]
        values_of = {d: np.nan if pd.isna(row[d]) else int(row[d]) for d in DIMENSIONS}
        rows += [(group, country, d, value, row["source"]) for d, value in values_of.items()]
    return pd.DataFrame(rows, columns=["group", "country", "dimension", "value", "source"])


def read_matrix(version: str) -> pd.DataFrame:
    """Read the values of all countries of a version: a row a country, a column a dimension."""
    table = _read_table()
    own = table[table["version"] == allowed("human_values", version)].set_index("country")[
        DIMENSIONS
    ]
    return own.astype(float)


def _read_table() -> pd.DataFrame:
    """Read the reference table, to which people add countries, and check it whole."""
    table = brought_tables.read(REFERENCE / "human_values.csv", COLUMNS)
    for dimension in DIMENSIONS:
        value = brought_tables.read_whole_or_empty(table, dimension, 0)
        too_far = f"{dimension} is {{{dimension}}}, and the scale ends at {MOST}"
        table.refuse((value > MOST).fillna(False).astype(bool), too_far)
        table.frame[dimension] = value
    twice = table.frame.duplicated(["country", "version"])
    table.refuse(twice, "{country} stands twice in the version {version}")
    return table.frame


def _explain_missing(country: str, version: str, table: pd.DataFrame) -> str:
    """Say what to do about a country that a version of the human values lacks."""
    others = table.loc[(table["country"] == country) & (table["version"] != version), "version"]
    instead = "".join(f' The version "{v}" has it: -p human_values={v}.' for v in others)
    names = table.loc[table["version"] == version, "country"]
    return (
        f'data/reference/human_values.csv has no "{country}" in the version "{version}".{instead}'
        f"{nearest(country, names)} It has {', '.join(names)}; another country is one more row "
        "there."
    )
