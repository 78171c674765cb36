"""The dimensions' names, definitions and poles in each language, from the reference table."""

import csv

from alignment.study.paths import REFERENCE
from utils.errors import Problem, nearest

OTHERS = {"ivr": "IND", "ltowvs": "LTO"}  # as the matrix of 2015 abbreviates them


def read_dimensions(language: str) -> dict[str, dict]:
    """Return name, definition, positive_pole and negative_pole of each dimension in a language.

    >>> read_dimensions("en")["LTO"]["name"]
    'Short-term vs. Long-term Orientation'
    """
    path = REFERENCE / "dimensions.csv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    languages = sorted({row["language"] for row in rows})
    if language not in languages:
        listed = f"(languages: {', '.join(languages)}).{nearest(language, languages)}"
        raise Problem(f'{path.name} has no dimensions in "{language}" {listed}')
    columns = ("name", "definition", "positive_pole", "negative_pole")
    rows = [row for row in rows if row["language"] == language]
    return {row["dimension"]: {c: row[c] for c in columns} for row in rows}


def list_names(languages: list[str]) -> dict[str, str]:
    """Return what people call the dimensions, in small letters -> PDI, IDV, ...

    >>> names = list_names(["en"])
    >>> [names[n] for n in ("power distance", "individualism", "ivr")]
    ['PDI', 'IDV', 'IND']
    """
    names = dict(OTHERS)
    for language in languages:
        for dimension, text in read_dimensions(language).items():
            name = text["name"].casefold()
            bare = name.removesuffix(" index").removesuffix("指数")
            for form in (name, bare, bare.rpartition("vs. ")[2], bare.rpartition("与")[2]):
                names.setdefault(form, dimension)
    return names
