"""What comes before asking: the plan of calls as text, a pilot, and a check of cap and keys."""

import pandas as pd

from alignment.asking import collection, plan
from alignment.asking.budget import check_prices
from alignment.asking.request import unpinned_models
from alignment.runner import plan_preview
from alignment.study.workspace import Workspace
from alignment.translation import translations
from utils import reply_parser
from utils.errors import Problem

SUMS = ["calls", "new", "input_tokens", "output_tokens", "usd_low", "usd_high"]
GROUP = ["step", "model", "language"]


def plan_text(workspace: Workspace) -> str:
    """Return the plan of calls of an execution with its tokens and cost, as text."""
    calls = plan_preview.plan_calls(workspace, workspace.given)
    cost = plan_preview.describe_cost(calls, plan_preview.lets_more_through(workspace))
    text = f"{_table(calls)}\n\n{cost}{plan_preview.describe_cap(workspace)}"
    if translating := translations.describe_plan(workspace):
        text += f"\n\n{translating}"
    if unpinned := unpinned_models(workspace.study):
        which = ", ".join(unpinned)
        why = "their broker may serve them by several providers and in several quantisations"
        text += f"\n\nNot pinned to one provider: {which}; {why}. See studies/README.md."
    return text


def pilot(workspace: Workspace, n: int) -> str:
    """Ask a few real cells of each step, live, with a cap and keys; return what came of it.

    A model that has to be stopped is named, and the others are asked all the same.
    """
    if workspace.recorded or workspace.study.respondents == "imported":
        why = "nothing is asked with --recorded or in a study of imported answers"
        raise Problem(f"A pilot asks models, and {why}: leave out --pilot.")
    if n < plan.ENOUGH:
        why = f"a plan rests on at least {plan.ENOUGH} replies of each model, step and language"
        raise Problem(f"--pilot {n} says too little: {why}. Ask {plan.ENOUGH} or more.")
    if not (workspace.base.processed / "03_translations.csv").exists():
        mend = "run the first notebooks before it (--until 03)"
        raise Problem(f"A pilot asks real statements: {mend}.")
    guesses = plan_preview.plan_calls(workspace, workspace.given)
    if workspace.study.respondents == "live":
        if obstacles := find_obstacles(workspace, guesses):
            raise Problem("\n".join(["Nothing was asked.", *obstacles]))
    texts, reports, stopped = plan.read_texts(workspace.base), [], []
    for step in workspace.study.steps:
        cells = plan.pilot_cells(workspace.base, step, n)
        if cells.empty:
            continue
        try:
            collection.collect(workspace.base, cells, texts)
        except Problem as problem:
            stopped.append(str(problem))
        reports.append(_report(workspace.base, cells, texts, guesses))
    if stopped:
        stopped.append("The plan below goes by the replies that there are.")
    return "\n\n".join([*reports, *dict.fromkeys(stopped)])


def _report(workspace: Workspace, cells: pd.DataFrame, texts: dict, guesses: pd.DataFrame) -> str:
    """Return, for each model and language of a step, what its cells came to and one reply."""
    answers = collection.read_archived(workspace, cells, texts)
    keys = collection.cell_keys(workspace, answers, texts)
    fields = ["text", "prompt_tokens", "completion_tokens", "cost"]
    replies = collection.read_last_replies(workspace, fields)
    got = pd.DataFrame([replies.get(key, (None,) * 4) for key in keys], columns=fields)
    answers = pd.concat([answers.reset_index(drop=True), got], axis=1)
    guessed = guesses.set_index(GROUP)
    lines = [f"pilot, {cells['step'].iloc[0]}:"]
    for place, own in answers.groupby(GROUP, sort=False):
        states = ", ".join(f"{n} {state}" for state, n in own["state"].value_counts().items())
        line = f"  {place[1]} in {place[2]}: {states}"
        if (known := own.dropna(subset="completion_tokens")).shape[0]:
            asked, replied = (known[c].mean() for c in ("prompt_tokens", "completion_tokens"))
            line += f"; {asked:.0f} + {replied:.0f} tokens a reply"
            if place in guessed.index and (calls := guessed.loc[place, "calls"]):
                guess = guessed.loc[place, ["input_tokens", "output_tokens"]] / calls
                line += f" (planned with {guess.iloc[0]:.0f} + {guess.iloc[1]:.0f})"
            line += f", ${1000 * known['cost'].mean():,.2f} a thousand"
        lines.append(line)
        if len(said := own["text"].dropna()):
            words = " ".join(reply_parser.visible(said.iloc[0]).split())
            lines.append(f'    for example: "{"..." if len(words) > 160 else ""}{words[-160:]}"')
    return "\n".join(lines)


def find_obstacles(workspace: Workspace, calls: pd.DataFrame) -> list[str]:
    """Return why live models may not be asked yet: no cap, no price under it, no keys.

    Nothing stands in the way where no call is new.
    """
    if calls["sure"].all() and not calls["new"].any():
        return []
    study, obstacles = workspace.study, []
    if study.cap is None:
        why = "Nothing is asked: a live study needs a cap."
        mend = "Give one in the study file or with --cap USD."
        obstacles.append(f"{_table(calls)}\n\n{why} {mend}")
    from alignment.asking.client import check_endpoints  # it takes a second to import

    for check in (
        lambda: check_prices(study, dict.fromkeys(calls["model"])),
        lambda: check_endpoints(study),
    ):
        try:
            check()
        except Problem as problem:
            obstacles.append(str(problem))
    return obstacles


def _table(calls: pd.DataFrame) -> str:
    steps = calls.groupby("step", sort=False)[SUMS].sum()
    names = f"{'step':<15} {'model':<16} {'language':<8} {'calls':>9} {'new':>9} {'about US$':>15}"
    lines = [f"{names}  by"]
    for row in calls.itertuples(index=False):
        lines.append(f"{_line(row.step, row.model, row.language, row)}  {row.basis}")
    lines += [_line(step, "all", "", row) for step, row in steps.iterrows()]
    return "\n".join([*lines, _line("total", "", "", calls[SUMS].sum())])


def _line(step: str, model: str, language: str, row) -> str:
    money = f"{row.usd_low:,.2f} to {row.usd_high:,.2f}" if row.usd_high else "0"
    numbers = f"{int(row.calls):>9,} {int(row.new):>9,}"
    return f"{step:<15} {model:<16} {language:<8} {numbers} {money:>15}"
