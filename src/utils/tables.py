"""Tables on disk: written whole or not at all, the same bytes on every machine."""

import os
from pathlib import Path

import pandas as pd

from utils.errors import Problem

TEXT = {"statement_id", "debate_id", "dimension", "model", "language", "text", "title", "question", "answer", "state", "step",
        "culture", "respondents", "source_hash", "content_hash", "translator", "date", "back_translation", "why", "tie", "how", "reason", "tags", "source", "group", "value_text"}  # fmt: skip


def write(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV (gzip by its suffix) through a temporary file, floats at ten significant digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    packed = {"method": "gzip", "mtime": 0} if path.suffix == ".gz" else None
    frame.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n", compression=packed)
    os.replace(temporary, path)
    return path


def read(path: Path) -> pd.DataFrame:
    """Read a table that `write` wrote; text columns are text (never NaN), empty numbers are NaN."""
    if not path.exists():
        raise Problem(f"The table {path.name} is not there: run the notebook with its number first.")
    if path.stat().st_size <= 1:
        return pd.DataFrame()
    columns = pd.read_csv(path, nrows=0).columns
    text = {c: "str" for c in columns if c in TEXT}
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values={c: [""] for c in columns if c not in text})
