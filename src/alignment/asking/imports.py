"""Import statements, labels and answers from elsewhere (`alignment import`), in place of asking.

Each table is checked whole before anything is written, and what was taken from it is said.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment.asking import answers, imported_tables, labels_file, plan, wording_texts
from alignment.study import brought_tables, statement_table, table_files
from alignment.study.workspace import Workspace
from utils.cells import CELL, VOTER
from utils.errors import Problem
from utils.rules import Rules
from utils.votes import cast_votes

NOT_ASKED = "are in the wording {}, in which the study does not ask (its `wordings:`)"
FEW = 5  # labels that may all have one sign
KEPT = (
    *CELL,
    "wording",
    "answer",
    "polarity",
    "text",
    "votes",
)  # what an import may not change in silence


def import_answers(workspace: Workspace, file: Path, parameters: Mapping[str, object]) -> list[str]:
    """Check a table of answers and put it into the study; return what was taken, in sentences.

    `parameters` are the study's, by name: from its runs follows which of the answers count.

    A table in the documented columns (step, statement_id, dimension, model, language, run, answer,
    respondents) is taken as it is; any other is read as the study file says under `table:`. Nothing
    is written if anything is wrong.
    """
    if workspace.study.table is None:
        table, own, tables = *imported_tables.read_documented(file), {}
    else:
        table, own, tables = imported_tables.read_mapped(workspace, file)
    own = answers.check_answers(workspace, own, table.name)
    runs, rules = plan.runs_by_step(workspace.study, parameters), Rules.from_parameters(parameters)
    lines, notes = describe_answers(own), describe_votes(own, runs, rules, file.name) + table.notes
    known = labels_file.read_known(workspace)
    if known is not None and statement_table.FILE not in tables:
        notes += labels_file.keep_known(own, known, file.name)[1]
    lines += _name_silent(workspace, own) + notes
    return _write(workspace, tables | {answers.FILE: own[answers.COLUMNS]}) + lines


def import_statements(workspace: Workspace, file: Path) -> list[str]:
    """Check a table of statements and put it into the study; return what was taken."""
    if workspace.study.debates.source != "table":
        raise Problem("Only a study with debates: {source: table} takes a table of statements.")
    table = statement_table.read(file, workspace.study.languages[0])
    lines = [f"{len(table.frame)} statements", *table.notes]
    return _write(workspace, {statement_table.FILE: table.frame}) + lines


def import_labels(workspace: Workspace, file: Path) -> list[str]:
    """Check a table of labels and put it into the study; return what was taken."""
    if not workspace.study.labels:
        name = f"the study {workspace.study.name}"
        raise Problem(f"In its file, {name} names no labels file: write labels: labels.csv.")
    table, labels = labels_file.check(workspace, file)
    statements, counts = labels["statement_id"].nunique(), labels["polarity"].value_counts()
    each = ", ".join(f"{value:+d} {n:,} times" for value, n in counts.sort_index().items())
    lines = [f"{len(labels)} labels of {statements} statements: polarity {each}"]
    if len(labels) > FEW and len({value > 0 for value in counts.index}) == 1:
        side = "negative" if counts.index[0] > 0 else "positive"
        lines.append(f"no label is {side}: does its sign stand in another column?")
    lines += table.notes
    if (known := labels_file.read_known(workspace)) is not None:
        lines += labels_file.keep_known(labels, known, file.name)[1]
    return _write(workspace, {workspace.study.labels: labels}) + lines


def import_wordings(workspace: Workspace, file: Path) -> list[str]:
    """Check a table of negations and paraphrases and put it into the study; return what was taken.

    Those of statements that the study does not keep are counted, and used if it keeps them later.
    """
    table = wording_texts.check(workspace, file)
    counts = table.frame.groupby(["wording", "language"]).size()
    lines = [f"{n:,} {wording} in {language}" for (wording, language), n in counts.items()]
    unused = sorted(set(table.frame["wording"]) - set(workspace.study.wordings))
    lines += [f"{counts[w].sum():,} {NOT_ASKED.format(w)}" for w in unused]
    if (known := labels_file.read_known(workspace)) is not None:
        lines += labels_file.keep_known(table.frame, known, file.name)[1]
    return _write(workspace, {wording_texts.FILE: table.frame}) + lines + table.notes


def _write(workspace: Workspace, tables: dict[str, pd.DataFrame]) -> list[str]:
    """Write tables into the study's folder, unless something that is there would be lost."""
    for name, table in tables.items():
        if (workspace.raw / name).exists():
            _refuse_loss(workspace, name, table)
    written = [table_files.write(table, workspace.raw / name) for name, table in tables.items()]
    return [f"wrote {workspace.shown(path)}" for path in written]


def _refuse_loss(workspace: Workspace, name: str, table: pd.DataFrame) -> None:
    """Raise a Problem where a table lacks something of the one that it would take the place of.

    Statements with their texts and votes, labels, and answers are kept. What could not be read may
    be answered now, and what is on statements that the study does not have counts for nothing.
    """
    path = workspace.raw / name
    there = brought_tables.read(path, ["statement_id"]).frame
    known = labels_file.read_known(workspace)
    if name != statement_table.FILE and known is not None:
        there = there[there["statement_id"].isin(set(known))]
    if "state" in there:
        there = there[there["state"] == "answered"]
    for column in KEPT:
        if column in there and column not in table and (there[column] != "").any():
            raise Problem(f"{workspace.shown(path)} has a column {column}, which this table lacks.")
    _refuse_rows(workspace, path, there, table, [c for c in KEPT if c in there and c in table])


def _refuse_rows(
    workspace: Workspace, path: Path, there: pd.DataFrame, table: pd.DataFrame, keys: list[str]
) -> None:
    ids = [key for key in keys if key in CELL]
    kept, cells = (pd.MultiIndex.from_frame(table[k].astype("str").fillna("")) for k in (keys, ids))
    lost = there[~pd.MultiIndex.from_frame(there[keys].astype("str")).isin(kept)]
    if lost.empty:
        return
    is_other = pd.MultiIndex.from_frame(lost[ids].astype("str")).isin(cells)
    row = ", ".join(f"{key} {lost.iloc[0][key]}" for key in keys if lost.iloc[0][key])
    counts = {"rows that this table lacks": ~is_other, "rows that differ in it": is_other}
    what = " and ".join(f"{n.sum():,} {words}" for words, n in counts.items() if n.any())
    mend = "move that file away to have it written anew"
    if not is_other.any():
        mend += ", or put all rows into one table (or into sheets of one workbook)"
    raise Problem(f"{workspace.shown(path)} holds {what} ({row}); {mend}.")


def _name_silent(workspace: Workspace, own: pd.DataFrame) -> list[str]:
    """Return a sentence on the models and languages that a table of answers has nothing of."""
    there = set(own.loc[own["state"] == "answered", ["model", "language"]].itertuples(False, None))
    study = workspace.study
    silent = [f"{m} in {l}" for m in study.models for l in study.languages if (m, l) not in there]
    return [f"no answer at all: {', '.join(silent)}"] if silent else []


def describe_answers(own: pd.DataFrame) -> list[str]:
    """Return sentences on a table of answers: how many were read, of whom, and what was not."""
    answered = own["state"] == "answered"
    of = f"of {own['statement_id'].nunique()} statements in up to {own['run'].max()} runs"
    lines = [f"{answered.sum():,} of {len(own):,} answers read, {of}"]
    for (model, language), rows in own.groupby(["model", "language"], sort=False):
        n = (rows["state"] == "answered").sum()
        per = rows.groupby(CELL[:-1]).size()
        few = f"; {per.min()} to {per.max()} runs" if per.min() < per.max() else ""
        lines.append(f"  {model} in {language}: {n:,} of {len(rows):,}{few}")
    if "said" in own and not answered.all():
        unread = brought_tables.describe_values(own.loc[own["state"] == "unreadable", "said"])
        mean = "say what they mean under table: answers:"
        lines += [f"could not be read: {unread}; {mean}"] if unread else []
    return lines


def describe_votes(
    own: pd.DataFrame, runs: Mapping[str, int], rules: Rules, name: str
) -> list[str]:
    """Say which of the answers read will not count: of further runs, or too few for a vote.

    `runs`: of each step of the study. Problem where all are of further runs.
    """
    lines = []
    for step, rows in own.groupby("step", sort=False):
        if step not in runs:
            wording = step.removeprefix("stance_")
            lines.append(f"{len(rows):,} {NOT_ASKED.format(wording)}")
            continue
        planned = runs[step]
        is_further = (rows["run"] > planned) & (rows["state"] == "answered")
        if is_further.any():
            takes = f"the study takes {planned} (its parameter {plan.runs_parameter(step)})"
            lines.append(f"{is_further.sum():,} answers of further runs will not be used: {takes}")
        votes, voters = cast_votes(rows, planned, rules), rows.groupby(VOTER).ngroups
        is_cast = votes["vote"].notna() | (votes["tie"] == "undecided")
        if (rows["run"] > planned).all():
            runs = ", ".join(map(str, sorted(rows["run"].unique())[:5]))
            why = f"runs are numbered from 1 to {planned}, and these are {runs}"
            raise Problem(f"{name}: no {step} vote would be left of it, since {why}.")
        if few := voters - is_cast.sum():
            half = (
                f"more than half of {planned} runs" if rules.missing_votes == "planned" else "one"
            )
            missing = f"{few:,} of {voters:,} {step} votes will be missing"
            change = f"the parameters {plan.runs_parameter(step)} and missing_votes decide"
            lines.append(f"{missing}, since {half} must be answered ({change})")
    return lines
