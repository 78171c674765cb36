"""A sheet (.xlsx) for each annotator, blind to the labels, and the ratings read from it.

`alignment sheets demo Ada Bo` writes the sheets to data/raw/<study>/ratings; filled in, they are
put back there. They are the only store: every run reads them anew and overwrites none. One that
cannot be read stops the run by name and leaves the last good tables; mended or moved away, it
stops nothing: all others count.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from alignment.study import spreadsheets, table_files
from alignment.study.spreadsheets import BOOKS
from utils.cells import PAIR
from utils.errors import Problem

RATINGS = ["annotator", *PAIR, "relevant", "polarity", "respondents"]
SHOWN = ["Statement", "Dimension", "Negative pole (-)", "Positive pole (+)"]
RELEVANT, SCALE = {"yes": 1.0, "no": 0.0}, {"-2": -2.0, "-1": -1.0, "+1": 1.0, "+2": 2.0}
GIVEN_OUT = "sample.csv"  # the pairs that the sheets show, beside them
SEED = 6  # of the order of the rows
FORM = spreadsheets.Form(
    title="Rating sheet",
    help="Relevant?: does agreeing or disagreeing with the statement say anything about the "
    "dimension (yes or no)? Polarity: what agreeing says, from -2 (strongly the negative pole) to "
    "+2 (strongly the positive pole); empty where the statement is not relevant. Rate on your own; "
    "an empty cell is a pair you did not rate.",
    columns=[*SHOWN, "Relevant?", "Polarity", *PAIR, "check"],
    widths=[60, 40, 30, 30, 12, 12],
    answers={"Relevant?": list(RELEVANT), "Polarity": list(SCALE)},
    head=7,
)


def write_sheets(workspace, annotators: Iterable[str]) -> list[Path]:
    """Write a sheet for each annotator, for notebook 06's sample or that of the sheets before.

    The first time, the sample is put beside them, so that they stay readable when labels change.
    Problem, before any is written, for a name that no file can have, or that has a sheet already.
    """
    folder = workspace.raw / "ratings"
    names = [" ".join(name.split()) for name in annotators]
    taken = {" ".join(path.stem.casefold().split()): path.name for path in list_sheets(folder)}
    for name in names:
        if not name or name[0] in "~." or re.search(r'[\\/:*?"<>|]', name):
            raise Problem(f'"{name}" cannot name a sheet; use letters, digits and spaces.')
        if other := taken.get(name.casefold()):
            raise Problem(f"There is a sheet of {name} already ({other}); nothing was written.")
        taken[name.casefold()] = f"{name}.xlsx"
    archived = folder / GIVEN_OUT
    sample = table_files.read(archived) if archived.exists() else workspace.read("06_sample")
    own = [c for c in (*PAIR, "called", "chance") if c in sample]
    table_files.write(sample[own], archived)
    shown = sample, workspace.read("02_statements"), workspace.describe("en")
    study = workspace.study.name
    return [write_sheet(folder / f"{name}.xlsx", *shown, name, study) for name in names]


def write_sheet(
    path: Path, sample, statements, dimensions: dict, annotator: str, study_name: str
) -> Path:
    """Write one annotator's sheet, its rows in an order of the annotator's own.

    `sample`: statement_id, dimension; `statements`: statement_id, text; `dimensions`: name,
    definition, positive_pole and negative_pole of each. Problem when the file is there.
    """
    about = [["Study", study_name], ["Annotator", annotator], ["Your background (may stay empty)"]]
    texts = dict(zip(statements["statement_id"], statements["text"], strict=True))
    pairs = sample[PAIR].sort_values(PAIR, ignore_index=True)
    order = np.random.default_rng([SEED, *annotator.encode()]).permutation(len(pairs))
    rows = []
    for statement_id, name in pairs.iloc[order].itertuples(index=False):
        if statement_id not in texts or name not in dimensions:
            pair = f"{statement_id} on {name}"
            raise Problem(f"The sample holds {pair}, of which the text is not known.")
        dimension = dimensions[name]
        shown = [texts[statement_id], f"{dimension['name']}: {dimension['definition']}"]
        shown += [dimension["negative_pole"], dimension["positive_pole"]]
        check = _checksum(study_name, statement_id, name, *shown)
        rows.append([*shown, None, None, statement_id, name, check])
    return spreadsheets.write_sheet(path, FORM, about, rows)


def _checksum(*parts: str) -> str:
    """Return the row checksum of what a row shows, blind to spaces."""
    words = (" ".join(spreadsheets.remove_illegal(part).split()) for part in parts)
    return spreadsheets.checksum(*words)


def list_sheets(folder: Path) -> list[Path]:
    """Return the workbooks in a folder, without the lock files of spreadsheet programs."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    books = [path for path in paths if path.name.casefold().endswith(BOOKS)]
    return [path for path in books if path.name[0] not in "~."]


def describe_unread(folder: Path) -> list[str]:
    """Return a sentence on the files in a folder that are no sheets, if there are any."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    own = {GIVEN_OUT, *(path.name for path in list_sheets(folder))}
    others = [path.name for path in paths if path.name not in own and path.name[0] not in "~."]
    if not others:
        return []
    kinds = f"a sheet is one of {', '.join(BOOKS)}"
    return [f"Not read, though in the folder of ratings: {', '.join(others)} ({kinds})."]


def read_sheets(
    folder: Path, sample: pd.DataFrame, study_name: str
) -> tuple[pd.DataFrame, list[str]]:
    """Read the ratings of all sheets in a folder (columns `RATINGS`), empty when there is none.

    Also returns sentences on what was not used. Problem for two sheets by one annotator.
    """
    paths: dict[str, Path] = {}
    tables, notes = [], describe_unread(folder)
    for path in list_sheets(folder):
        ratings = read_sheet(path, sample, study_name)
        name = ratings["annotator"].iloc[0]
        other = paths.setdefault(" ".join(name.casefold().split()), path)
        if other != path:
            raise Problem(f"{other.name} and {path.name} are both by {name}; keep one of them.")
        beside = ratings["relevant"].eq(0) & ratings["polarity"].notna()
        if beside.any():
            why = "not relevant, to which the sheet asks for none"
            notes.append(f"{beside.sum()} polarities by {name} are not used: the pairs are {why}.")
        tables.append(ratings.assign(polarity=ratings["polarity"].mask(beside)))
    ratings = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=RATINGS)
    return ratings, notes


def read_sheet(path: Path, sample: pd.DataFrame, study_name: str) -> pd.DataFrame:
    """Read the ratings of one sheet, in the order of the sample; NaN where nothing is filled in.

    Problem, with the file and the row or cell, for what is no rating sheet, for one of another
    study, for changed, missing or added rows, and for values that were not offered.
    """
    name, sheet = path.name, spreadsheets.open_sheet(path, FORM)
    if sheet is None:
        raise Problem(f"{name} is not a rating sheet; use the sheet as sent, or move it away.")
    if sheet.cell(2, 2) != study_name:
        raise Problem(f"{name} is a sheet of the study {sheet.cell(2, 2)}, not of {study_name}.")
    annotator = sheet.cell(3, 2)
    if not annotator:
        raise Problem(f"{name} does not say whose it is; write the annotator's name into B3.")
    rows = spreadsheets.read_rows(sheet, FORM)
    _check_rows(name, rows, sample, study_name)
    answers = []
    for number, row in rows.items():
        relevant = _read_answer(name, number, row, "Relevant?", RELEVANT)
        polarity = _read_answer(name, number, row, "Polarity", SCALE)
        answers.append((row["statement_id"], row["dimension"], relevant, polarity))
    ratings = pd.DataFrame(answers, columns=[*PAIR, "relevant", "polarity"])
    ratings = sample[PAIR].merge(ratings, on=PAIR, how="left", validate="one_to_one")
    return ratings.assign(annotator=annotator, respondents="live")[RATINGS]


def _check_rows(name: str, rows: dict, sample: pd.DataFrame, study_name: str) -> None:
    """Raise a Problem unless the rows show what was written, each pair of the sample once."""
    changed, pairs = [], []
    for number, row in rows.items():
        pair = row["statement_id"], row["dimension"]
        pairs.append(pair)
        if row["check"] != _checksum(study_name, *pair, *(row[column] for column in SHOWN)):
            changed.append(number)
    spreadsheets.refuse_changed(name, FORM, changed)
    planned, present = set(sample[PAIR].itertuples(index=False, name=None)), set(pairs)
    twice, missing, foreign = len(pairs) - len(present), len(planned - present), present - planned
    if twice or missing or foreign:
        raise Problem(
            f"{name}: rows were removed or added ({missing} of the sample's {len(planned)} pairs "
            f"missing, {twice} twice, {len(foreign)} not of the sample); "
            "was it written for another sample?"
        )


def _read_answer(name: str, number: int, row: dict, column: str, values: dict) -> float:
    """Return the value of an answer, NaN where there is none; also one typed as a number."""
    text = row[column].strip().lower().replace("−", "-").removesuffix(".0")
    if not text:
        return np.nan
    for option in (text, f"+{text}"):
        if option in values:
            return values[option]
    cell = f'cell {FORM.letter(column)}{number} holds "{row[column]}"'
    raise Problem(f"{name}: {cell}; it takes {', '.join(values)}, or nothing.")


def describe_open_pairs(ratings: pd.DataFrame) -> list[str]:
    """Return one sentence for each annotator who left a pair without relevance or polarity."""
    sentences = []
    for annotator, rows in ratings.groupby("annotator"):
        unrated = rows["relevant"].isna().sum()
        unscored = (rows["relevant"].eq(1) & rows["polarity"].isna()).sum()
        if unrated or unscored:
            left = f"{unrated} of {len(rows)} pairs without relevance"
            left += f", {unscored} relevant ones without a polarity"
            sentences.append(f"{annotator} left {left}.")
    return sentences
