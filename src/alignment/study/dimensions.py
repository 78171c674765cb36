"""The dimensions' names, definitions and poles in each language, from the reference table."""

import csv
from pathlib import Path

from alignment.study.paths import REFERENCE
from utils.errors import Problem, nearest


def read_dimensions(language: str, path: Path = REFERENCE / "dimensions.csv") -> dict[str, dict]:
    """Name, definition, positive_pole and negative_pole of each dimension in a language, from the reference table.

    >>> read_dimensions("en")["LTO"]["name"]
    'Short-term vs. Long-term Orientation'
    """
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    spoken = sorted({row["language"] for row in rows})
    if language not in spoken:
        listed = f"(languages: {', '.join(spoken)}).{nearest(language, spoken)}"
        raise Problem(f'{path.name} has no dimensions in "{language}" {listed}')
    columns = ("name", "definition", "positive_pole", "negative_pole")
    return {
        row["dimension"]: {c: row[c] for c in columns}
        for row in rows
        if row["language"] == language
    }
