"""What the specification curve needs of a study, from the tables of its notebooks."""

import pandas as pd

from alignment.asking import recovery
from alignment.paper import hofstede
from alignment.stats.relabelling import STEPS, Collected
from alignment.study.workspace import Workspace
from utils import rules, vote_filter
from utils.errors import Problem


def read_collected(here: Workspace) -> Collected:
    """Everything that the curve needs, from the tables of lower number."""
    kept, left = here.read("02_statements"), here.read("02_left_out")
    few = left[left["reason"].str.fullmatch(vote_filter.TOO_FEW.format(r"\d+"))]
    known = pd.concat([kept.assign(kept=True), few.assign(kept=False)])[
        ["statement_id", "votes", "kept"]
    ]
    answers = {
        s: here.read(f"{n}_answers.csv.gz") for s, n in zip(STEPS, ("04", "05", "07"), strict=True)
    }
    brought = here.read("05_sociocultural_statements") if here.study.labels else None
    planted = recovery.planted_scores(here) if here.study.respondents == "simulated" else None
    return Collected(answers, known.reset_index(drop=True), here.models, here.judges, here.study.languages,
                     _people(here), here.dimensions, brought, planted, here.parameters.get("relevance_quorum", 0))  # fmt: skip


def _people(here: Workspace) -> dict[str, pd.DataFrame]:
    """The versions of the human values that hold every country of the study and any of its dimensions."""
    countries, found = (
        {c: here.study.cultures[c].people for c in here.models["culture"].unique()},
        {},
    )
    for version in rules.RULES["human_values"]:
        try:
            people = hofstede.read_human_values(version, countries)
        except Problem:
            continue
        found[version] = people[people["dimension"].isin(here.dimensions)]
    return {version: people for version, people in found.items() if len(people)}
