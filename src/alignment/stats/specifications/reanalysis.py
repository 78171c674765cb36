"""What the collected answers say under another specification: votes, labels and scores once more.

Nobody is asked anything. Results are remembered by the choices that they hang on
(`Specification.only`), so that specifications share what they have in common.
"""

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Self

import pandas as pd

from alignment.stats.specifications.claims import TESTS
from utils import scores
from utils.cells import PAIR, STEPS, WORDINGS, cells_of_pairs, cells_of_statements
from utils.label_robustness import list_quorums
from utils.labels import label_votes, relevant_pairs, scale_quorum, scored_set
from utils.rules import CHOICES, Rules
from utils.votes import cast_votes

VOTING = ("tie_rule", "missing_votes", "runs")  # what votes hang on
LABELLING = (*VOTING, "zero_median", "half_median", "relevance_quorum", "min_votes", "judges")
SCORING = (*LABELLING, "wording")  # what scores hang on
# the rules of which every combination is tried: they need no new answers
FREE = {n: CHOICES[n] for n in CHOICES if n not in ("vote_source", "multi_thesis", "resample")}
SINGLE = ("relevance_quorum", "min_votes", "runs", "judges", "test", "wording")  # one at a time


@dataclass(frozen=True)
class Specification(Rules):
    """Rules, and what else can be chosen without new answers; 0 and "all": as the study has it."""

    human_values: str = "current"
    test: str = "Holm"  # of a change with the language, a key of `claims.TESTS`
    min_votes: int = 0
    runs: int = 0
    judges: str = "all"
    wording: str = "asked"  # of the stance question, a column of `Collected.stances`

    @classmethod
    def from_row(cls, row: dict) -> Self:
        """Return the specification of a row of `curve.list_specifications`."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})


@dataclass(frozen=True, eq=False)
class Collected:
    """What a study has collected, its design, and, of a simulated one, what was planted."""

    answers: dict[str, pd.DataFrame]  # step -> answers
    statements: pd.DataFrame  # statement_id, votes, kept: also those of a lower min_votes
    models: pd.DataFrame  # model, culture, language (native)
    judges: list[str]
    languages: list[str]
    people: dict[str, pd.DataFrame]  # version -> group, dimension, value (0 to 100)
    dimensions: list[str]
    brought: pd.DataFrame | None = None  # labels that came with the study, in place of judges
    planted: pd.DataFrame | None = None  # scores as planted
    stances: pd.DataFrame | None = None  # in the other wordings, as `wordings.align` gives them
    quorum: int = 0  # yes votes that a relevant pair needs, of all that were planned; 0: half


def choices_of(have: Collected, defaults: dict[str, object]) -> dict[str, tuple]:
    """Return the rules that can decide anything in this study, each with its default first.

    `defaults`: what this execution sets.
    """
    rules = FREE | {"human_values": tuple(have.people)}
    if have.brought is not None:
        rules = {n: c for n, c in rules.items() if n not in ("zero_median", "half_median")}
    ordered = {}
    for name, choices in rules.items():
        first = [choice for choice in choices if choice == defaults.get(name)]
        if choices:
            ordered[name] = tuple(dict.fromkeys([*first, *choices]))
    return ordered


def single_changes_of(have: Collected) -> dict[str, list]:
    """Return the single changes that mean anything: fewer runs, other thresholds, judges, tests."""
    most = max(runs_of(have, step, 0) for step in STEPS)
    changes: dict[str, list] = {"runs": [runs for runs in (1, 3) if runs < most]}
    if have.brought is None:
        has_votes = have.statements["votes"].notna().any()
        changes["relevance_quorum"] = list(list_quorums(len(have.judges) * len(have.languages)))
        changes["min_votes"] = list(range(1, 11)) if has_votes else []
        changes["judges"] = [name for name in judges_of(have) if name != "all"]
    if len(have.languages) > 1:
        changes["test"] = [name for name in TESTS if name != Specification.test]
    if have.stances is not None:
        names = (*WORDINGS, "corrected", "consistent")
        changes["wording"] = [name for name in names if name in have.stances]
    return changes


@lru_cache(maxsize=16)
def judges_of(have: Collected) -> dict[str, list[str]]:
    """Return who may label: all judges, all but one of them, or those of one culture alone."""
    culture = have.models.set_index("model")["culture"]
    panels = {f"all but {j}": [k for k in have.judges if k != j] for j in have.judges}
    for name in culture.unique():
        panels[f"{name} only"] = [j for j in have.judges if culture[j] == name]
    smaller = {n: panel for n, panel in panels.items() if 0 < len(panel) < len(have.judges)}
    return {"all": have.judges} | smaller


def runs_of(have: Collected, step: str, runs: int) -> int:
    """Return the runs that count: all that were planned, or the first so many of them."""
    answers = have.answers[step]
    planned = int(answers["run"].max()) if len(answers) else 0
    return min(runs, planned) if runs else planned


@lru_cache(maxsize=64)
def _votes(have: Collected, step: str, spec: Specification) -> pd.DataFrame:
    return cast_votes(have.answers[step], runs_of(have, step, spec.runs), spec)


def _labels(have: Collected, step: str, spec: Specification, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the labels of these pairs, or of these statements, by the chosen judges."""
    votes = _votes(have, step, spec.only(*VOTING))
    votes = votes[votes["model"].isin(judges_of(have)[spec.judges])].merge(pairs)
    planned = len(have.judges) * len(have.languages)
    chosen = len(judges_of(have)[spec.judges]) * len(have.languages)
    if have.quorum and not spec.relevance_quorum:
        spec = replace(spec, relevance_quorum=int(scale_quorum(have.quorum, planned, chosen)))
    return label_votes(step, votes, chosen, spec)


def _kept(have: Collected, min_votes: int) -> pd.DataFrame:
    """Return the statements whose votes suffice: those of the study, or by another threshold."""
    enough = have.statements["votes"] >= min_votes if min_votes else have.statements["kept"]
    return have.statements.loc[enough.fillna(False).astype(bool), ["statement_id"]]


@lru_cache(maxsize=256)
def _relevant(have: Collected, spec: Specification) -> pd.DataFrame:
    return relevant_pairs(_labels(have, "relevance", spec, _kept(have, spec.min_votes)))


@lru_cache(maxsize=256)
def labels_under(have: Collected, spec: Specification) -> pd.DataFrame:
    """Return the scored set of the pairs that were asked: statement_id, dimension, polarity."""
    if have.brought is not None:
        return have.brought[[*PAIR, "polarity"]]
    return scored_set(_labels(have, "polarity", spec, _relevant(have, spec)))


@lru_cache(maxsize=256)
def scores_under(have: Collected, spec: Specification) -> pd.DataFrame:
    """Return the scores table (`scores.label_scores`) under a specification.

    Stances in another wording are those by the study's own rules of voting.
    """
    stances = _votes(have, "stance", spec.only(*VOTING))
    if spec.wording != Specification.wording and have.stances is not None:
        voter = ["statement_id", "model", "language"]
        stances = have.stances[[*voter, spec.wording]].rename(columns={spec.wording: "vote"})
    return scores.label_scores(labels_under(have, spec.only(*LABELLING)), stances, have.models)


@lru_cache(maxsize=256)
def groups_under(have: Collected, spec: Specification) -> pd.DataFrame:
    """Return the groups' responses (`scores.group_scores`) under a specification."""
    answers = have.answers["stance"]
    counted = answers[answers["run"] <= runs_of(have, "stance", spec.runs)]
    scored = scores_under(have, spec.only(*SCORING))
    split = spec.split_group if spec.wording == Specification.wording else Rules.split_group
    return scores.group_scores(scored, have.models, split, counted)


@lru_cache(maxsize=256)
def count_not_asked(have: Collected, spec: Specification) -> dict[str, int]:
    """Count the cells of each step that a specification needs and nobody was asked.

    A statement that a lower threshold would keep lacks its relevance, a pair that is newly relevant
    its polarity, a statement that is newly labelled its stances. What follows from the answers to
    these is not counted.
    """
    judges, models = judges_of(have)[spec.judges], list(have.models["model"])
    runs = {step: runs_of(have, step, spec.runs) for step in STEPS}
    missing = {}
    if have.brought is None:
        new = _without_answers(_kept(have, spec.min_votes), have.answers["relevance"])
        parts = (new["statement_id"], have.dimensions, judges, have.languages, runs["relevance"])
        missing["relevance"] = len(cells_of_statements("relevance", *parts))
        pairs = _without_answers(_relevant(have, spec), have.answers["polarity"])
        parts = (pairs, judges, have.languages, runs["polarity"])
        missing["polarity"] = len(cells_of_pairs("polarity", *parts))
    labelled = labels_under(have, spec)[["statement_id"]]
    new = _without_answers(labelled, have.answers["stance"])
    parts = (new["statement_id"], [""], models, have.languages, runs["stance"])
    return missing | {"stance": len(cells_of_statements("stance", *parts))}


def _without_answers(rows: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the distinct rows of keys, statements or pairs, that stand in no answer."""
    keys = list(rows.columns)
    answered = answers.loc[answers["state"] != "not asked", keys].drop_duplicates()
    both = rows.drop_duplicates().merge(answered, how="left", on=keys, indicator=True)
    return both.loc[both["_merge"] == "left_only", keys]
