"""Tables of answers from elsewhere: in our columns, or in somebody's own (`table:` of a study)."""

from pathlib import Path

import numpy as np
import pandas as pd

from alignment.asking import answers
from alignment.study import brought_tables, statement_table
from alignment.study.brought_tables import Brought
from alignment.study.workspace import Workspace
from utils import reply_parser
from utils.cells import PAIR, SCORES, STATES, WORDING_STEPS, WORDINGS
from utils.errors import Problem

STEP_OF = {"asked": "stance"} | dict(zip(WORDINGS, WORDING_STEPS, strict=True))
LONG = 60  # characters; an answer is shorter
TOLD_APART = ("run", "language", "wording", "state")  # columns that must not be overlooked


def read_documented(file: Path) -> tuple[Brought, pd.DataFrame]:
    """Read a table in the documented columns: as it is, and with its runs as numbers."""
    table = brought_tables.read(file, [c for c in answers.COLUMNS if c != "state"], ["state"])
    return table, _number_runs(table)


def read_mapped(
    workspace: Workspace, file: Path
) -> tuple[Brought, pd.DataFrame, dict[str, pd.DataFrame]]:
    """Read somebody's own table: as it is, its answers, and the tables that come with them."""
    settings, column = workspace.study.table, workspace.study.table.columns.named()
    table = brought_tables.read(file, [*column.values(), *settings.where], ())
    named = {*column, *(name.casefold() for name in settings.where)}
    overlooked = [c for c in table.frame if c.casefold() in {*TOLD_APART} - named]
    if overlooked:
        name = overlooked[0]
        mend = f"write {name.casefold()}: {name} under table: columns:, or take it out of the file"
        raise Problem(f'{file.name} has a column "{name}", which the study does not name: {mend}.')
    for name, value in settings.where.items():
        is_wanted = table.frame[name] == value
        others = table.frame.loc[~is_wanted, name]
        if len(others) and is_wanted.any():
            left = brought_tables.describe_values(others)
            table.notes.append(f"left out by where ({name}: {value}): {left}")
        table = table._replace(frame=table.frame[is_wanted])
    if table.frame.empty:
        wanted = ", ".join(f"{name} = {value}" for name, value in settings.where.items())
        raise Problem(f"{file.name} holds no row with {wanted}.")
    for field in ("statement", "statement_id", "model", "dimension"):
        if field in column:
            empty = table.frame[column[field]] == ""
            table.refuse(empty, f'the {field} (column "{column[field]}") is empty')
    steps = _read_steps(table, column.get("wording"), settings.wordings)
    own, statements = _identify(workspace, table, column, steps == "stance")
    own["step"] = steps
    _refuse_alone(table._replace(frame=own))
    if "dimension" in own:
        brought_tables.check_values(table._replace(frame=own), "dimension", workspace.dimensions)
    own["model"] = own["model"].map(lambda name: settings.models.get(name, name))
    if "language" in column:
        own["language"] = own["language"].map(lambda name: settings.languages.get(name, name))
    else:
        own["language"] = settings.language or workspace.study.languages[0]
    own = _read_stances(table._replace(frame=own), settings.answers)
    voter = ["step", "statement_id", "model", "language"]
    if "run" in column:
        own = _number_runs(table._replace(frame=own))
    else:
        if not settings.rows_are_runs:
            same = "is the same in every column as a row before it: name the column that tells "
            mend = "runs apart (run), say rows_are_runs: true, or leave one of them out"
            table.refuse(table.frame.duplicated(), f"the row {same}{mend}")
        own["run"] = own.groupby(voter).cumcount() + 1
    own = own.assign(respondents="imported")
    return table, own.assign(dimension=""), _with_labels(workspace, own, statements)


def _identify(
    workspace: Workspace, table: Brought, column: dict[str, str], is_asked: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return a table in our own columns with ids, and its statements where there are texts.

    `is_asked`: the rows in the paper's wording, whose texts are those of the statements.
    """
    own = table.frame[list(column.values())].set_axis(list(column), axis=1)
    if "statement_id" in own:
        brought_tables.check_ids(table._replace(frame=own))
    if "statement" not in own:
        return own, None
    if "statement_id" not in own:
        if "language" in own and own["language"].nunique() > 1:
            why = "a statement has another text in each language"
            raise Problem(f"{table.name} has several languages and no statement_id, but {why}.")
        ids = {text: str(number) for number, text in enumerate(own["statement"].unique(), 1)}
        own["statement_id"] = own["statement"].map(ids)
    language = own.get("language", pd.Series("", own.index))
    texts = own[["statement_id", "statement"]].assign(language=language)
    texts = texts[is_asked].drop_duplicates()
    again = texts[texts.duplicated(["statement_id", "language"])]
    is_two = own["statement_id"].isin(again["statement_id"])
    table._replace(frame=own).refuse(is_two, 'the statement_id "{statement_id}" has two texts')
    is_own = texts["language"] == workspace.study.languages[0]
    first = pd.concat([texts[is_own], texts[~is_own]]).drop_duplicates("statement_id")
    statements = first.drop(columns="language").rename(columns={"statement": "text"})
    of_table = workspace.study.debates.source == "table"
    return own, statements.reset_index(drop=True) if of_table else None


def _read_stances(own: Brought, meanings: dict[str, str]) -> pd.DataFrame:
    """Return the table with `state` and `answer`, by the study's meanings or by the words."""
    frame, meant = (
        own.frame,
        {reply_parser.bare(text): meaning for text, meaning in meanings.items()},
    )
    words = frame["answer"].map(reply_parser.bare)
    read = {w: meant[w] if w in meant else reply_parser.agreement(w) for w in words.unique()}
    stances = words.map(read)
    if "state" in frame:
        brought_tables.check_values(own, "state", STATES)
        stances = stances.where(frame["state"] == "answered", frame["state"])
    places = zip(frame["step"], stances, strict=True)
    is_stance = np.array([stance in SCORES[step] for step, stance in places])
    if not is_stance.any():
        found = brought_tables.describe_values(frame["answer"])
        mend = "say what they mean under table: answers:, as in {1: agree, 0: disagree}"
        if frame["answer"].str.len().median() > LONG:
            mend = "these are whole replies; take the answer out of each first (agree, disagree)"
        raise Problem(f"{own.name}: no answer could be read; it has {found}; {mend}.")
    _refuse_exchanged(own)
    state = stances.where(stances.isin(STATES), "unreadable").mask(is_stance, "answered")
    return frame.assign(said=frame["answer"], answer=stances.where(is_stance, ""), state=state)


def _read_steps(table: Brought, column: str | None, wordings: dict[str, str]) -> pd.Series:
    """Return the step of every row: the stance, in the wording that stands in the column."""
    if column is None:
        return pd.Series("stance", table.frame.index)
    named = table.frame[column].map(lambda name: wordings.get(name, name))
    brought_tables.check_values(table._replace(frame=named.to_frame()), column, STEP_OF)
    return named.map(STEP_OF)


def _refuse_alone(own: Brought) -> None:
    """Refuse answers in another wording to a statement that has none in the paper's own."""
    is_asked, ids = own.frame["step"] == "stance", own.frame["statement_id"]
    how = "keep its statement_id, or its text, in every wording"
    why = f"the statement_id {{statement_id}} has no row in the wording asked; {how}"
    own.refuse(~is_asked & ~ids.isin(ids[is_asked]), why)


def _refuse_exchanged(own: Brought) -> None:
    """Raise a Problem where most English answers are in Chinese and most Chinese ones in English.

    Codes and numbers are in no language.
    """
    words = own.frame[["language", "answer"]].drop_duplicates()
    chinese = words["answer"].str.contains("[\u4e00-\u9fff]")
    latin = words["answer"].str.contains("[A-Za-z]") & ~chinese
    of = {name: words["language"] == name for name in ("en", "zh")}
    rows = own.frame.merge(words.assign(chinese=chinese, latin=latin))
    share = rows.groupby("language")[["chinese", "latin"]].mean()
    if of["en"].any() and of["zh"].any():
        if share.loc["en", "chinese"] > 0.5 and share.loc["zh", "latin"] > 0.5:
            why = "most answers of en are in Chinese, and most of zh in English"
            raise Problem(f"{own.name}: {why}; are the languages exchanged (table: languages:)?")


def _with_labels(
    workspace: Workspace, own: pd.DataFrame, statements: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    """Return the further tables of an import: statements with texts, labels from dimensions."""
    tables = {}
    if statements is not None:
        language = own.groupby("statement_id")["language"].first()
        tables[statement_table.FILE] = statements.assign(
            language=statements["statement_id"].map(language)
        )
    if "dimension" in own:  # all of these have the one polarity that the study gives
        labels = own[PAIR].drop_duplicates(ignore_index=True)
        polarity = workspace.study.table.polarity
        tables[workspace.study.labels or "labels.csv"] = labels.assign(polarity=polarity)
    return tables


def _number_runs(table: Brought) -> pd.DataFrame:
    return table.frame.assign(run=brought_tables.read_whole(table, "run", 1))
