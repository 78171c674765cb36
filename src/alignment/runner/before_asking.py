"""What comes before asking: the plan of calls as text, a pilot, and a check of cap and keys."""

import pandas as pd

from alignment.asking import collection
from alignment.runner import preview
from alignment.study.workspace import Workspace
from utils.errors import Problem

SUMS = ["calls", "new", "input_tokens", "output_tokens", "usd_low", "usd_high"]


def plan_text(workspace: Workspace) -> str:
    """Return the plan of calls of an execution with its tokens and cost, as text."""
    calls = preview.plan_calls(workspace, workspace.given)
    return f"{_table(calls)}\n\n{preview.describe_cost(calls)}{preview.describe_cap(workspace)}"


def pilot(workspace: Workspace, n: int) -> None:
    """Ask a few real cells, so that the plan goes by real tokens; live, with a cap and keys."""
    if n < 1:
        raise Problem(f"--pilot takes a number of cells from 1 on, not {n}.")
    if workspace.recorded or workspace.study.respondents == "imported":
        why = "nothing is asked with --recorded or in a study of imported answers"
        raise Problem(f"A pilot asks models, and {why}: leave out --pilot.")
    if not (workspace.base.processed / "03_translations.csv").exists():
        mend = "run the first notebooks before it (--until 03)"
        raise Problem(f"A pilot asks real statements: {mend}.")
    if workspace.study.respondents == "live":
        allow(workspace, preview.plan_calls(workspace, workspace.given))
    collection.ask_pilot(workspace.base, n)


def allow(workspace: Workspace, calls: pd.DataFrame) -> None:
    """Refuse to ask live models without a cap, or without keys where a call may be new.

    The cap is demanded even when nothing seems to be missing: a reply that cannot be read may be
    asked for again.
    """
    study = workspace.study
    if study.cap is None:
        why = "Nothing was asked: a live study needs a cap."
        mend = "Give one in the study file or with --cap USD."
        raise Problem(f"{_table(calls)}\n\n{why} {mend}")
    if calls["new"].any() or not calls["sure"].all():
        _check_keys(workspace, sorted({study.models[m].endpoint for m in calls["model"]}))


def _check_keys(workspace: Workspace, endpoints: list[str]) -> None:
    """Refuse to begin while a key is missing, and name all that are."""
    from alignment.asking.client import read_key  # the client takes a second to import

    problems = []
    for endpoint in endpoints:
        try:
            read_key(workspace.study, endpoint)
        except Problem as problem:
            problems.append(str(problem))
    if problems:
        raise Problem("\n".join(problems))


def _table(calls: pd.DataFrame) -> str:
    steps = calls.groupby("step", sort=False)[SUMS].sum()
    names = f"{'step':<10} {'model':<14} {'language':<8} {'calls':>9} {'new':>9} {'about US$':>15}"
    lines = [names]
    for row in calls.itertuples(index=False):
        lines.append(_line(row.step, row.model, row.language, row))
    lines += [_line(step, "all", "", row) for step, row in steps.iterrows()]
    return "\n".join([*lines, _line("total", "", "", calls[SUMS].sum())])


def _line(step: str, model: str, language: str, row) -> str:
    money = f"{row.usd_low:,.2f} to {row.usd_high:,.2f}" if row.usd_high else "0"
    numbers = f"{int(row.calls):>9,} {int(row.new):>9,}"
    return f"{step:<10} {model:<14} {language:<8} {numbers} {money:>15}"
