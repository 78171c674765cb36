"""What an execution will ask, counted before anything runs from the answers that are there."""

from collections.abc import Iterator

import pandas as pd

from alignment.asking import archive, collection, plan
from alignment.runner import parameters
from alignment.study.workspace import Workspace
from alignment.translation import translations
from utils import vote_filter
from utils.cells import PAIR, STEPS, cells_of_pairs
from utils.errors import Problem
from utils.labels import label_votes, relevant_pairs, scored_set
from utils.rules import Rules
from utils.votes import cast_votes


def planned(workspace: Workspace, values: dict) -> pd.DataFrame:
    """Return the plan of calls of an execution with these parameters, with two more columns.

    `new`: calls that no answer in the archive spares. `sure`: whether that is certain; where
    answers still to come decide what a step asks about, it is counted for the labels of now.
    """
    base = workspace.base
    base = base if (base.processed / "01_debates.csv").exists() else workspace
    given = {
        name: found[0].default for name, found in parameters.all_of(parameters.sources()).items()
    } | values
    runs = {step: given[f"{step}_runs"] for step in STEPS}
    steps = {step: (cells, sure) for step, cells, sure in _steps(base, given, runs)}
    sizes = {step: _size(base, step, cells) for step, (cells, _) in steps.items()}
    frame = plan.plan_calls(workspace.study, sizes, runs, _used(base))
    known = {
        step: cells.groupby(["model", "language"])["new"].sum()
        for step, (cells, _) in steps.items()
        if cells is not None
    }
    new = [
        known[r.step].get((r.model, r.language), 0) if r.step in known else r.calls
        for r in frame.itertuples()
    ]
    return frame.assign(new=[int(n) for n in new], sure=[steps[step][1] for step in frame["step"]])


def _steps(
    base: Workspace, given: dict, runs: dict
) -> Iterator[tuple[str, pd.DataFrame | None, bool]]:
    """Yield each step, its cells with what is known of them, and whether that is sure.

    The cells are None while no table says which they are.
    """
    recorded = base.study.respondents == "imported" or base.recorded
    kept = _kept(base, given)
    pairs = (
        None
        if kept is None or base.study.labels
        else kept[["statement_id"]].merge(pd.Series(base.dimensions, name="dimension"), how="cross")
    )
    texts, sure = {} if kept is None or recorded else _texts(base, kept), kept is not None
    for step in STEPS:
        cells = _cells(base, step, pairs, runs[step])
        if cells is not None:
            cells = (
                cells.assign(new=False)
                if recorded
                else collection.read_archived(base, cells, texts)
            )
        sure = sure and cells is not None
        yield step, cells, sure
        sure = sure and not cells["new"].any()
        pairs = (
            _next_pairs(base, step, cells, given)
            if sure and not (recorded or base.study.labels)
            else None
        )


def _kept(base: Workspace, given: dict) -> pd.DataFrame | None:
    """Return the statements that the filter keeps; None while there are no debates."""
    rules = [given[name] for name in ("min_votes", "vote_source", "multi_thesis")]
    try:
        return vote_filter.filter_statements(
            base.read("01_debates"), base.read("01_theses"), *rules, base.study.languages[0]
        )[0]
    except Problem:
        return None


def _texts(base: Workspace, kept: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return the texts of statements that are there; others were never asked about."""
    if base.study.translator == "simulated":
        there = translations.translate(base, kept)
    else:
        there = pd.concat(
            [
                translations.read_current(base, kept, language)
                for language in base.study.languages[1:]
            ]
            or [kept.head(0)]
        )
    both = pd.concat([kept.assign(language=base.study.languages[0]), there])
    return dict(
        zip(zip(both["statement_id"], both["language"], strict=True), both["text"], strict=True)
    )


def _cells(
    base: Workspace, step: str, pairs: pd.DataFrame | None, runs: int
) -> pd.DataFrame | None:
    """Return the cells of a step: of these pairs, or as the study's tables have them now."""
    if pairs is not None:
        return cells_of_pairs(
            step,
            pairs,
            list(base.study.models) if step == "stance" else base.judges,
            base.study.languages,
            runs,
        )
    try:
        return plan.step_cells(base, step, runs)
    except Problem:
        return None


def _next_pairs(
    base: Workspace, step: str, answers: pd.DataFrame, given: dict
) -> pd.DataFrame | None:
    """Return what the next step will ask about, as notebooks 04 and 05 decide; None after stances."""
    if step == "stance":
        return None
    rules, planned = Rules.from_parameters(given), len(base.judges) * len(base.study.languages)
    votes = cast_votes(answers, given[f"{step}_runs"], rules)
    labels = label_votes(step, votes, planned, rules)
    if step == "relevance":
        return relevant_pairs(labels)
    return scored_set(labels)[["statement_id"]].drop_duplicates().assign(dimension="")


def _size(base: Workspace, step: str, cells: pd.DataFrame | None) -> int:
    """Count what a step asks about, or return what the study expects while no table says it."""
    if cells is None:
        return plan.expected_sizes(base.study)[step]
    return (
        len(cells[PAIR].drop_duplicates())
        if step == "polarity"
        else cells["statement_id"].nunique()
    )


def _used(base: Workspace) -> pd.DataFrame | None:
    if not (base.raw / archive.FILE).exists():
        return None
    with archive.open_archive(base.raw / archive.FILE) as connection:
        return archive.average_usage(connection)


def sentence(frame: pd.DataFrame) -> str:
    """The new calls of a plan and what they cost, in a sentence that says what is not certain yet.

    >>> row = {"calls": 10, "new": 5, "usd_low": 2.0, "usd_high": 4.0, "sure": True}
    >>> sentence(pd.DataFrame([row]))
    '5 new calls, about $1.00 to $2.00.'
    >>> print(sentence(pd.DataFrame([row, row | {"sure": False}])))  # doctest: +NORMALIZE_WHITESPACE
    At least 5 new calls, about $1.00 to $2.00; the later steps depend on their answers,
    and need with today's labels 5 more, about $1.00 to $2.00.
    """
    said = _counted(frame[frame["sure"]])
    if frame["sure"].all():
        return f"{said}."
    if not frame["sure"].any():
        return f"About {_counted(frame)}, as the study expects."
    later = _counted(frame[~frame["sure"]], "more")
    rest = f"the later steps depend on their answers, and need with today's labels {later}."
    return f"At least {said}; {rest}"


def _counted(frame: pd.DataFrame, what: str = "new calls") -> str:
    share = (frame["new"] / frame["calls"].where(frame["calls"] > 0, 1)).to_numpy()
    low, high = ((frame[side] * share).sum() for side in ("usd_low", "usd_high"))
    return f"{int(frame['new'].sum()):,} {what}, " + (
        f"about ${low:,.2f} to ${high:,.2f}" if high else "nothing to pay"
    )


def left(workspace: Workspace) -> str:
    """What the cap of a live study leaves, in a sentence; nothing without a cap."""
    cap, spent = workspace.study.cap, (0, 0.0)
    if cap is None or workspace.study.respondents != "live":
        return ""
    if (workspace.raw / archive.FILE).exists():
        with archive.open_archive(workspace.raw / archive.FILE) as connection:
            spent = archive.sum_spending(connection)
    of_money = (
        [f"${max(cap.usd - spent[1], 0.0):,.2f} of ${cap.usd:,.2f}"] if cap.usd is not None else []
    )
    of_calls = (
        [f"{max(cap.calls - spent[0], 0):,} of {cap.calls:,} calls"]
        if cap.calls is not None
        else []
    )
    return f" The cap leaves {' and '.join(of_money + of_calls)}; asking stops there."
