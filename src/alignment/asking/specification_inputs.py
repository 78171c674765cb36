"""What the specification curve needs of a study, from the tables of its notebooks."""

import pandas as pd

from alignment.asking import recovery
from alignment.paper import hofstede
from alignment.stats.relabelling import STEPS, Collected
from alignment.study.workspace import Workspace
from utils import rules, vote_filter
from utils.errors import Problem


def read_collected(workspace: Workspace) -> Collected:
    """Everything that the curve needs, from the tables of lower number."""
    kept, left = workspace.read("02_statements"), workspace.read("02_left_out")
    few = left[left["reason"].str.fullmatch(vote_filter.TOO_FEW.format(r"\d+"))]
    known = pd.concat([kept.assign(kept=True), few.assign(kept=False)])[
        ["statement_id", "votes", "kept"]
    ]
    answers = {
        s: workspace.read(f"{n}_answers.csv.gz")
        for s, n in zip(STEPS, ("04", "05", "07"), strict=True)
    }
    brought = workspace.read("05_sociocultural_statements") if workspace.study.labels else None
    planted = (
        recovery.score_ground_truth(workspace)
        if workspace.study.respondents == "simulated"
        else None
    )
    return Collected(answers, known.reset_index(drop=True), workspace.models, workspace.judges, workspace.study.languages,
                     _people(workspace), workspace.dimensions, brought, planted, workspace.parameters.get("relevance_quorum", 0))  # fmt: skip


def _people(workspace: Workspace) -> dict[str, pd.DataFrame]:
    """The versions of the human values that hold every country of the study and any of its dimensions."""
    countries, found = (
        {c: workspace.study.cultures[c].people for c in workspace.models["culture"].unique()},
        {},
    )
    for version in rules.RULES["human_values"]:
        try:
            people = hofstede.read_human_values(version, countries)
        except Problem:
            continue
        found[version] = people[people["dimension"].isin(workspace.dimensions)]
    return {version: people for version, people in found.items() if len(people)}
