"""The dimensions' names, definitions and poles in each language, from the reference table."""

import csv

from alignment.study.paths import REFERENCE
from utils.errors import Problem, nearest


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
