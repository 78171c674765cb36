"""What the specification curve needs of a study, from the tables of its notebooks."""

import pandas as pd

from alignment.asking import planted_recovery
from alignment.paper import hofstede
from alignment.stats.specifications.reanalysis import Collected
from alignment.study.paths import ASKING
from alignment.study.workspace import Workspace
from utils import vote_filter
from utils.errors import Problem
from utils.rules import CHOICES


def read_collected(workspace: Workspace) -> Collected:
    """Read everything that the curve needs, from the tables of lower number."""
    study = workspace.study
    brought = workspace.read("05_sociocultural_statements") if study.labels else None
    simulated = study.respondents == "simulated"
    return Collected(
        answers={s: workspace.read(f"{n}_answers.csv.gz") for s, n in ASKING.items()},
        statements=_read_statements(workspace),
        models=workspace.models,
        judges=workspace.judges,
        languages=study.languages,
        people=_read_people(workspace),
        dimensions=workspace.dimensions,
        brought=brought,
        planted=planted_recovery.score_ground_truth(workspace) if simulated else None,
        stances=_read_stances(workspace),
        quorum=workspace.parameters.get("relevance_quorum", 0),
    )


def _read_stances(workspace: Workspace) -> pd.DataFrame | None:
    """Return the stances in all wordings; None where there is one wording."""
    if not workspace.study.wordings:
        return None
    return workspace.read("07_stances")


def _read_statements(workspace: Workspace) -> pd.DataFrame:
    """Return the statements that were kept, and those that only had too few votes."""
    statements, left_out = workspace.read("02_statements"), workspace.read("02_left_out")
    few = left_out[left_out["reason"].str.fullmatch(vote_filter.TOO_FEW.format(r"\d+"))]
    both = pd.concat([statements.assign(kept=True), few.assign(kept=False)], ignore_index=True)
    return both[["statement_id", "votes", "kept"]]


def _read_people(workspace: Workspace) -> dict[str, pd.DataFrame]:
    """Read the versions of the human values that hold every country and any of the dimensions."""
    cultures = workspace.models["culture"].unique()
    countries, versions = {c: workspace.study.countries[c] for c in cultures}, {}
    for version in CHOICES["human_values"]:
        try:
            people = hofstede.read_human_values(version, countries)
        except Problem:
            continue
        people = people[people["dimension"].isin(workspace.dimensions)]
        if len(people):
            versions[version] = people
    return versions
