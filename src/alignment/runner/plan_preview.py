"""What an execution will ask, counted before anything runs from the answers that are there."""

from collections.abc import Iterator

import pandas as pd

from alignment.asking import answers, archive, collection, plan, wording_texts
from alignment.asking.batches import files
from alignment.runner import parameters
from alignment.study.workspace import Workspace
from alignment.translation import translations
from utils import vote_filter
from utils.cells import PAIR, cells_of_pairs, is_stance
from utils.errors import Problem
from utils.labels import label_votes, relevant_pairs, scored_set
from utils.rules import Rules
from utils.votes import cast_votes


def plan_calls(workspace: Workspace, values: dict) -> pd.DataFrame:
    """Return the plan of calls of an execution with these parameters, with two more columns.

    `new`: calls that no answer in the archive spares. `sure`: whether that is certain; where
    answers still to come decide what a step asks about, it is counted for the labels of now.
    """
    base = workspace.base
    if not (base.processed / "01_debates.csv").exists():
        base = workspace
    values = parameters.defaults() | values
    runs = plan.runs_by_step(workspace.study, values)
    steps = {step: (cells, sure) for step, cells, sure in _steps(base, values, runs)}
    sizes = {step: _size(base, step, cells) for step, (cells, _) in steps.items()}
    calls = plan.plan_calls(workspace.study, sizes, runs, _average_usage(base))
    new, sure = [], []
    for row in calls.itertuples():
        cells, is_sure = steps[row.step]
        if cells is None:
            new.append(row.calls)
        else:
            own = cells["model"].eq(row.model) & cells["language"].eq(row.language)
            new.append(int(cells.loc[own, "new"].sum()))
        sure.append(is_sure)
    return calls.assign(new=new, sure=sure)


def _steps(
    base: Workspace, values: dict, runs: dict
) -> Iterator[tuple[str, pd.DataFrame | None, bool]]:
    """Yield each step, its cells with what the archive holds of them, and whether that is sure.

    The cells are None while no table says which they are.
    """
    recorded = base.study.respondents == "imported" or base.recorded
    kept, pairs, texts = _filter_statements(base, values), None, {}
    if kept is not None and not base.study.labels:
        dimensions = pd.Series(base.dimensions, name="dimension")
        pairs = kept[["statement_id"]].merge(dimensions, how="cross")
    if kept is not None and not recorded:
        texts = _texts(base, kept)
    sure = kept is not None or base.study.respondents == "imported"
    for step in base.study.steps:
        cells = _cells(base, step, pairs, runs[step])
        if cells is None and base.study.respondents == "imported":
            cells = answers.read_cells(base, step)
        if cells is not None and recorded:
            cells = cells.assign(new=False)
        elif cells is not None:
            cells = collection.read_archived(base, cells, texts)
        sure = sure and cells is not None
        yield step, cells, sure
        if is_stance(step):  # other wordings ask about the same statements
            continue
        sure, pairs = sure and not cells["new"].any(), None
        if sure and not (recorded or base.study.labels):
            pairs = _next_pairs(base, step, cells, values)


def _filter_statements(base: Workspace, values: dict) -> pd.DataFrame | None:
    """Return the statements that the filter keeps; None while there are no debates."""
    rules = [values[name] for name in ("min_votes", "vote_source", "multi_thesis")]
    try:
        return vote_filter.filter_statements(
            base.read("01_debates"), base.read("01_theses"), *rules, base.study.languages[0]
        )[0]
    except Problem:
        return None


def _texts(base: Workspace, kept: pd.DataFrame) -> dict[tuple[str, ...], str]:
    """Return the texts of statements that are there; others were never asked about."""
    study = base.study
    if study.translator == "simulated":
        translated = [translations.translate(base, kept)]
    else:
        translated = [translations.read_current(base, kept, l) for l in study.languages[1:]]
    both = pd.concat([kept.assign(language=study.languages[0]), *translated])
    texts = both.set_index(["statement_id", "language"])["text"].to_dict()
    return texts | wording_texts.read(base)


def _cells(
    base: Workspace, step: str, pairs: pd.DataFrame | None, runs: int
) -> pd.DataFrame | None:
    """Return the cells of a step: of these pairs, or as the study's tables have them now."""
    if pairs is not None:
        models = list(base.study.models) if is_stance(step) else base.judges
        return cells_of_pairs(step, pairs, models, base.study.languages, runs)
    try:
        return plan.step_cells(base, step, runs)
    except Problem:
        return None


def _next_pairs(
    base: Workspace, step: str, answered: pd.DataFrame, values: dict
) -> pd.DataFrame | None:
    """Return what the next step asks about, as notebooks 04 and 05 decide."""
    rules, planned = Rules.from_parameters(values), len(base.judges) * len(base.study.languages)
    votes = cast_votes(answered, values[f"{step}_runs"], rules)
    labels = label_votes(step, votes, planned, rules)
    if step == "relevance":
        return relevant_pairs(labels)
    return scored_set(labels)[["statement_id"]].drop_duplicates().assign(dimension="")


def _size(base: Workspace, step: str, cells: pd.DataFrame | None) -> int:
    """Count what a step asks about, or return what the study expects while no table says it."""
    if cells is None:
        return plan.expected_sizes(base.study)[step]
    items = PAIR if step == "polarity" else ["statement_id"]
    return len(cells[items].drop_duplicates())


def _average_usage(base: Workspace) -> pd.DataFrame | None:
    if not (base.raw / archive.FILE).exists():
        return None
    with archive.open_archive(base.raw / archive.FILE) as connection:
        return archive.average_usage(connection)


def lets_more_through(workspace: Workspace) -> bool:
    """Return whether a changed rule keeps or labels more than the study's expected sizes count."""
    study, changed = workspace.study, workspace.changed
    usual = parameters.defaults() | study.parameters
    half = len(study.judges or study.models) * len(study.languages) / 2
    fewer_votes = changed.get("min_votes", usual["min_votes"]) < usual["min_votes"]
    lower_quorum = 0 < changed.get("relevance_quorum", 0) < (usual["relevance_quorum"] or half)
    other = {"vote_source", "multi_thesis", "missing_votes", "zero_median"} & set(changed)
    return bool(fewer_votes or lower_quorum or other)


def describe_cost(calls: pd.DataFrame, more: bool = False) -> str:
    """Return a sentence on a plan's new calls and their cost, and on what is not certain yet.

    `more`: a changed rule lets more through than the sizes that the study expects.

    >>> row = {"calls": 10, "new": 5, "usd_low": 2.0, "usd_high": 4.0, "sure": True}
    >>> describe_cost(pd.DataFrame([row]))
    '5 new calls, about $1.00 to $2.00.'
    >>> print(describe_cost(pd.DataFrame([row, row | {"sure": False}])))
    ... # doctest: +NORMALIZE_WHITESPACE
    At least 5 new calls, about $1.00 to $2.00; later steps depend on these answers;
    with the present labels they need 5 more, about $1.00 to $2.00.
    """
    certain = _count_new(calls[calls["sure"]])
    if calls["sure"].all():
        return f"{certain}."
    if not calls["sure"].any():
        if more:
            rest = "the study's expected sizes, and a changed rule lets more through."
            return f"At least {_count_new(calls)}: counted from {rest}"
        return f"About {_count_new(calls)}, from the sizes that the study expects."
    later = _count_new(calls[~calls["sure"]], "more")
    rest = f"later steps depend on these answers; with the present labels they need {later}."
    return f"At least {certain}; {rest}"


def _count_new(calls: pd.DataFrame, what: str = "new calls") -> str:
    share = (calls["new"] / calls["calls"].where(calls["calls"] > 0, 1)).to_numpy()
    low, high = ((calls[side] * share).sum() for side in ("usd_low", "usd_high"))
    cost = f"about ${low:,.2f} to ${high:,.2f}" if high else "nothing to pay"
    return f"{int(calls['new'].sum()):,} {what}, {cost}"


def describe_cap(workspace: Workspace) -> str:
    """Return a sentence on what the cap of a live study leaves; nothing without a cap."""
    cap, waiting = workspace.study.cap, files.sum_waiting(workspace)
    if cap is None or workspace.study.respondents != "live":
        return ""
    calls, usd = waiting
    if (path := workspace.raw / archive.FILE).exists():
        with archive.open_archive(path) as connection:
            budget = files.open_budget(workspace, connection)
            calls, usd = budget.calls, budget.usd + budget.reserved
    parts = []
    if cap.usd is not None:
        parts.append(f"${max(cap.usd - usd, 0.0):,.2f} of ${cap.usd:,.2f}")
    if cap.calls is not None:
        parts.append(f"{max(cap.calls - calls, 0):,} of {cap.calls:,} calls")
    aside = f"{waiting.calls:,} requests in batch files, at most ${waiting.usd:,.2f}, set aside"
    counted = f" ({aside})" if waiting.calls else ""
    return f" The cap leaves {' and '.join(parts)}{counted}; asking stops there."
