"""People who check the labels: a sheet (.xlsx) for each, blind to the labels, and their ratings read.

`alignment sheets demo Ada Bo` writes them to data/raw/<study>/ratings; filled in,
they are put back there. They are the only store: every run reads them anew and writes over none. One that cannot be
read stops the run by name and leaves the last good tables; mended or moved away, it stops nobody: all others count.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from alignment.study import spreadsheets, table_files
from utils.cells import PAIR
from utils.errors import Problem

RATINGS = ["annotator", *PAIR, "relevant", "polarity", "respondents"]
TITLE, HEAD = "Rating sheet", 7  # the first cell, and the row of the column names
SHOWN = ["Statement", "Dimension", "Negative pole (-)", "Positive pole (+)"]
ASKED = ["Relevant?", "Polarity"]
COLUMNS = [*SHOWN, *ASKED, *PAIR, "check"]
GIVEN_OUT, SEED = (
    "sample.csv",
    6,
)  # the pairs that the sheets show, beside them; where their order starts from
RELEVANT, SCALE = {"yes": 1.0, "no": 0.0}, {"-2": -2.0, "-1": -1.0, "+1": 1.0, "+2": 2.0}
HELP = (
    "Relevant?: does agreeing or disagreeing with the statement say anything about the dimension (yes or no)? "
    "Polarity: what agreeing says, from -2 (strongly the negative pole) to +2 (strongly the positive pole); "
    "empty where the statement is not relevant. Rate on your own; an empty cell is a pair you did not rate."
)


def write_sheet(
    path: Path, sample, statements, dimensions: dict, annotator: str, study_name: str, seed: int
) -> Path:
    """Write one annotator's sheet, its rows in an order of the annotator's own, drawn from `seed`.

    `sample`: statement_id, dimension; `statements`: statement_id, text; `dimensions`: name, definition, positive_pole
    and negative_pole of each. Problem when the file is there, so that no filled sheet is ever overwritten.
    """
    named = [["Study", study_name], ["Annotator", annotator], ["Your background (may stay empty)"]]
    text = dict(zip(statements["statement_id"], statements["text"], strict=True))
    pairs = sample[PAIR].sort_values(PAIR, ignore_index=True)
    order = np.random.default_rng([seed, *annotator.encode()]).permutation(len(pairs))
    rows = []
    for pair in (list(pairs.loc[at]) for at in order):
        shown = _shown(*pair, text, dimensions)
        rows.append([*shown, None, None, *pair, _check(study_name, pair, shown)])
    answers = {"E": list(RELEVANT), "F": list(SCALE)}
    return spreadsheets.write(
        path, [[TITLE], *named, [HELP], [], COLUMNS], rows, [60, 40, 30, 30, 12, 12], answers
    )


def _shown(statement_id: str, dimension: str, text: dict, dimensions: dict) -> list[str]:
    if statement_id not in text or dimension not in dimensions:
        raise Problem(
            f"The sample holds {statement_id} on {dimension}, of which the text is not known."
        )
    of = dimensions[dimension]
    return [
        text[statement_id],
        f"{of['name']}: {of['definition']}",
        of["negative_pole"],
        of["positive_pole"],
    ]


def _check(study_name: str, pair: Iterable[str], shown: Iterable[str]) -> str:
    """A digest of what a row shows, blind to spaces, by which a changed row is known."""
    return spreadsheets.digest(
        *(" ".join(spreadsheets.whole(part).split()) for part in (study_name, *pair, *shown))
    )


def read_sheet(path: Path, sample: pd.DataFrame, study_name: str) -> pd.DataFrame:
    """The ratings of one sheet, in the order of the sample; NaN where nothing is filled in, which is allowed.

    Problem, with the file and the row or cell, for what is no rating sheet, for one of another study, for changed,
    missing or added rows, and for values that were not offered.
    """
    sheet = _opened(path)
    if sheet["B2"].value != study_name:
        raise Problem(
            f"{path.name} is a sheet of the study {sheet['B2'].value}, not of {study_name}."
        )
    annotator = str(sheet["B3"].value or "").strip()
    if not annotator:
        raise Problem(f"{path.name} does not say whose it is; write the annotator's name into B3.")
    cells = sheet.iter_rows(min_row=HEAD + 1, max_col=len(COLUMNS))
    rows = [row for row in cells if any(c.value is not None for c in row)]
    _unchanged(path.name, rows, sample, study_name)
    found = [
        (r[6].value, r[7].value, _read(path.name, r[4], RELEVANT), _read(path.name, r[5], SCALE))
        for r in rows
    ]
    table = pd.DataFrame(found, columns=[*PAIR, "relevant", "polarity"]).assign(
        annotator=annotator, respondents="live"
    )
    return sample[PAIR].merge(table, on=PAIR, how="left", validate="one_to_one")[RATINGS]


def _opened(path: Path):
    sheet = spreadsheets.opened(path, values=True)
    if sheet["A1"].value != TITLE or not spreadsheets.names(sheet, HEAD, COLUMNS):
        raise Problem(
            f"{path.name} is no rating sheet, or its first {HEAD} rows were changed; use the sheet as sent."
        )
    return sheet


def _unchanged(name: str, rows: list, sample: pd.DataFrame, study_name: str) -> None:
    """Problem unless the rows show what was written, each pair of the sample once."""
    values = [["" if c.value is None else str(c.value) for c in row] for row in rows]
    changed = [
        r[0].row
        for r, v in zip(rows, values, strict=True)
        if v[8] != _check(study_name, v[6:8], v[:4])
    ]
    if changed:
        more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        raise Problem(
            f"{name}: row {changed[0]}{more} is not as it was written; only the answers may be changed."
        )
    pairs, known = (
        [tuple(v[6:8]) for v in values],
        set(sample[PAIR].itertuples(index=False, name=None)),
    )
    twice, missing, foreign = (
        len(pairs) - len(set(pairs)),
        len(known - set(pairs)),
        len(set(pairs) - known),
    )
    if twice or missing or foreign:
        found = f"{missing} of the sample's {len(known)} pairs missing, {twice} twice, {foreign} not of the sample"
        raise Problem(
            f"{name}: rows were removed or added ({found}); was it written for another sample?"
        )


def _read(name: str, cell, known: dict[str, float]) -> float:
    text = (
        str("" if cell.value is None else cell.value)
        .strip()
        .lower()
        .replace("−", "-")
        .removesuffix(".0")
    )
    if not text:
        return np.nan
    if text not in known and f"+{text}" not in known:
        raise Problem(
            f'{name}: cell {cell.coordinate} holds "{cell.value}"; it takes {", ".join(known)}, or nothing.'
        )
    return known[text if text in known else f"+{text}"]


def sheets(folder: Path) -> list[Path]:
    """The sheets in a folder, without the lock files of spreadsheet programs."""
    return [path for path in sorted(folder.glob("*.xlsx")) if not path.name.startswith(("~", "."))]


def read_sheets(folder: Path, sample: pd.DataFrame, study_name: str) -> pd.DataFrame:
    """The ratings of all sheets in a folder, empty when there is none; Problem for two sheets by one annotator."""
    seen: dict[str, Path] = {}
    read = []
    for path in sheets(folder):
        read.append(read_sheet(path, sample, study_name))
        who = read[-1]["annotator"].iloc[0]
        other = seen.setdefault(" ".join(who.casefold().split()), path)
        if other != path:
            raise Problem(f"{other.name} and {path.name} are both by {who}; keep one of them.")
    return pd.concat(read, ignore_index=True) if read else pd.DataFrame(columns=RATINGS)


def half_filled(ratings: pd.DataFrame) -> list[str]:
    """One sentence for each annotator who left pairs open: no word on relevance, or relevant without a polarity."""
    out = []
    for annotator, rows in ratings.groupby("annotator"):
        open_, unscored = (
            rows["relevant"].isna().sum(),
            (rows["relevant"].eq(1) & rows["polarity"].isna()).sum(),
        )
        if open_ or unscored:
            left = f"{open_} of {len(rows)} pairs without relevance, {unscored} relevant ones without a polarity"
            out.append(f"{annotator} left {left}.")
    return out


def write_sheets(workspace, annotators: Iterable[str]) -> list[Path]:
    """Write a sheet for each annotator, for the sample of notebook 06 or that of the sheets given out before.

    The first time, the sample is put beside them, so that they stay readable when labels change. Problem, before any
    is written, for a name that cannot be a file's, or one that has a sheet already.
    """
    folder = workspace.raw / "ratings"
    names = [" ".join(name.split()) for name in annotators]
    taken = {" ".join(path.stem.casefold().split()): path.name for path in sheets(folder)}
    for name in names:
        if not name or name[0] in "~." or re.search(r'[\\/:*?"<>|]', name):
            raise Problem(f'"{name}" cannot name a sheet; use letters, digits and spaces.')
        if name.casefold() in taken:
            raise Problem(
                f"There is a sheet of {name} already ({taken[name.casefold()]}); nothing was written."
            )
        taken[name.casefold()] = f"{name}.xlsx"
    kept = folder / GIVEN_OUT
    sample = table_files.read(kept) if kept.exists() else workspace.read("06_sample")
    table_files.write(sample[PAIR], kept)
    rest = (sample, workspace.read("02_statements"), workspace.describe("en"))
    return [
        write_sheet(folder / f"{name}.xlsx", *rest, name, workspace.study.name, SEED)
        for name in names
    ]
