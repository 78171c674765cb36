"""Complete accounting: where every planned cell of a step ended."""

import pandas as pd

from utils.cells import CELL, STATES, name_row, select_keys
from utils.errors import Problem, check_choice


def account_cells(answers: pd.DataFrame, planned_cells: pd.DataFrame) -> pd.DataFrame:
    """Count by model and language: planned = answered + refused + ... + not asked.

    A planned cell without a row was not asked. Problem for a cell that stands twice, was not
    planned or is in no known state, so that the parts always sum to the plan. One row for each
    model and language, in the plan's order.
    """
    plan, cells = select_keys(planned_cells, CELL), select_keys(answers, CELL)
    joined = plan.merge(cells.assign(state=answers["state"].fillna("")), how="left", on=CELL)
    if len(joined) != len(plan) or joined["state"].notna().sum() != len(cells):
        raise _unplanned(plan, cells)
    state = joined["state"].fillna("not asked")
    by_voter = state.groupby([joined["model"], joined["language"]], sort=False)
    parts = by_voter.value_counts().unstack(fill_value=0)
    planned = plan.groupby(["model", "language"], sort=False).size()
    for name in parts.columns:
        check_choice("state", name, STATES)
    table = parts.reindex(index=planned.index, columns=list(STATES), fill_value=0)
    table.insert(0, "planned", planned)
    return table.rename_axis(columns=None).reset_index()


def _unplanned(plan: pd.DataFrame, cells: pd.DataFrame) -> Problem:
    for table, where in ((plan, "the plan"), (cells, "the answers")):
        twice = table[table.duplicated()]
        if len(twice):
            row = name_row(twice.iloc[0])
            return Problem(f"{row} stands twice in {where}; a cell has one answer.")
    beyond = cells.merge(plan, how="left", indicator=True).query("_merge == 'left_only'")
    row = name_row(beyond.iloc[0])
    return Problem(f"{row} was answered but not planned; was another number of runs planned?")
