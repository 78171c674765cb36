"""Hofstede's values of people, from the reference table."""

from collections.abc import Iterable, Mapping

import pandas as pd

from alignment.study.paths import REFERENCE
from utils.cells import DIMENSIONS
from utils.errors import Problem, nearest
from utils.rules import allowed


def read_human_values(version: str, countries: Iterable[str] | Mapping[str, str]) -> pd.DataFrame:
    """Hofstede's values of people, 0 to 100: group, country, dimension, value, source.

    `version`: "current" (The Culture Factor's tool, as the paper cites) or "2015" (the data matrix).
    `countries`: names, or a mapping from group to country; Problem for a country or version that the table lacks.

    >>> read_human_values("2015", {"China": "China"})["value"].tolist()
    [80, 20, 66, 30, 87, 24]
    """
    table = pd.read_csv(REFERENCE / "human_values.csv", dtype={"version": str})
    allowed("human_values", version)
    wanted = dict(countries) if isinstance(countries, Mapping) else {c: c for c in countries}
    known = table[table["version"] == version].set_index("country")
    for country in wanted.values():
        if country not in known.index:
            raise Problem(_missing(country, version, known, table))
    rows = [
        (g, c, d, known.at[c, d], known.at[c, "source"])
        for g, c in wanted.items()
        for d in DIMENSIONS
    ]
    return pd.DataFrame(rows, columns=["group", "country", "dimension", "value", "source"])


def _missing(country: str, version: str, known: pd.DataFrame, table: pd.DataFrame) -> str:
    """What to say about a country that a version of the human values lacks."""
    others = table.loc[(table["country"] == country) & (table["version"] != version), "version"]
    instead = "".join(f' The version "{v}" has it: -p human_values={v}.' for v in others)
    return (
        f'data/reference/human_values.csv has no "{country}" in the version "{version}".{instead}'
        f"{nearest(country, known.index)} It has {', '.join(known.index)}; another country is one more row there."
    )
