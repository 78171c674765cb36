"""What the collected answers say under other rules: votes, labels and scores once more, without asking anybody."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import pandas as pd

from utils import rules, scores, votes
from utils.cells import cells_of_pairs, cells_of_statements

FREE = (
    "tie_rule",
    "missing_votes",
    "zero_median",
    "half_median",
    "split_group",
    "differ",
    "human_values",
)
RULES = {name: rules.RULES[name] for name in FREE}  # those that need no new answers
ONE_BY_ONE = {
    "relevance_quorum": 0,
    "min_votes": 0,
    "runs": 0,
    "judges": "all",
}  # 0: as the study has it
LABELLING = [
    "tie_rule",
    "missing_votes",
    "zero_median",
    "half_median",
    *ONE_BY_ONE,
]  # the order of `*rules` below
STEPS = ("relevance", "polarity", "stance")


@dataclass(frozen=True, eq=False)
class Collected:
    """What a study has collected, its whole design, and, of a simulated one, what was planted."""

    answers: dict[str, pd.DataFrame]  # step -> answers
    statements: (
        pd.DataFrame
    )  # statement_id, votes, kept: also those that a lower min_votes would keep
    models: pd.DataFrame  # model, culture, language (native)
    judges: list[str]
    languages: list[str]
    people: dict[str, pd.DataFrame]  # version -> group, dimension, value (0 to 100)
    dimensions: list[str]
    brought: pd.DataFrame | None = None  # labels that came with the study, in place of judges
    planted: pd.DataFrame | None = None  # scores as planted
    quorum: int = 0  # yes votes that a relevant pair needs, of all that were planned; 0: half


def rules_of(have: Collected, given: dict[str, object]) -> dict[str, tuple]:
    """The rules that can decide anything in this study, each with its default first; `given`: what this execution sets."""
    rules = RULES | {"human_values": tuple(have.people)}
    if have.brought is not None:
        rules = {
            n: choices for n, choices in rules.items() if n not in ("zero_median", "half_median")
        }
    first = {n: value for n, value in given.items() if value in rules.get(n, ())}
    return {
        n: tuple(sorted(c, key=lambda v: v != first.get(n, c[0]))) for n, c in rules.items() if c
    }


def one_by_one_of(have: Collected) -> dict[str, list]:
    """The single changes that mean anything in this study: fewer runs, other thresholds, other judges."""
    found: dict[str, list] = {
        "runs": [r for r in (1, 3) if r < max(runs_of(have, step, 0) for step in STEPS)]
    }
    if have.brought is None:
        planned = len(have.judges) * len(have.languages)
        found["relevance_quorum"] = sorted({ceil(q * planned / 8) for q in (3, 4, 5, 6)})
        found["min_votes"] = list(range(1, 11)) if have.statements["votes"].notna().any() else []
        found["judges"] = [name for name in judges_of(have) if name != "all"]
    return found


@lru_cache(maxsize=16)
def judges_of(have: Collected) -> dict[str, list[str]]:
    """Who may label: all judges, all but one of them, or those of one culture alone."""
    culture = have.models.set_index("model")["culture"]
    groups = {f"{c} only": [j for j in have.judges if culture[j] == c] for c in culture.unique()}
    others = {f"all but {j}": [k for k in have.judges if k != j] for j in have.judges} | groups
    return {"all": have.judges} | {
        n: who for n, who in others.items() if 0 < len(who) < len(have.judges)
    }


def runs_of(have: Collected, step: str, runs: int) -> int:
    """The runs that count: all that were planned, or the first so many of them."""
    answers = have.answers[step]
    planned = int(answers["run"].max()) if len(answers) else 0
    return min(runs, planned) if runs else planned


@lru_cache(maxsize=64)
def _voted(
    have: Collected, step: str, tie_rule: str, missing_votes: str, runs: int
) -> pd.DataFrame:
    return votes.votes(have.answers[step], runs_of(have, step, runs), tie_rule, missing_votes)


def _kept(have: Collected, min_votes: int) -> pd.Series:
    """The statements whose votes suffice: those of the study, or by another threshold."""
    enough = have.statements["votes"] >= min_votes if min_votes else have.statements["kept"]
    return have.statements.loc[enough.fillna(False).astype(bool), "statement_id"]


@lru_cache(maxsize=256)
def _relevant(
    have: Collected, tie_rule, missing_votes, quorum, min_votes, runs, judges
) -> pd.DataFrame:
    """The pairs that these rules call relevant."""
    voted, who = _voted(have, "relevance", tie_rule, missing_votes, runs), judges_of(have)[judges]
    voted = voted[voted["model"].isin(who) & voted["statement_id"].isin(_kept(have, min_votes))]
    quorum = quorum or ceil(have.quorum * len(who) / len(have.judges))
    found = votes.relevance_labels(voted, len(who) * len(have.languages), quorum, missing_votes)
    return found.loc[found["relevant"], ["statement_id", "dimension"]]


@lru_cache(maxsize=256)
def labels_of(
    have: Collected, tie_rule, missing_votes, zero, half, quorum, min_votes, runs, judges
) -> pd.DataFrame:
    """The scored set under these rules, of the pairs whose polarity was asked: statement_id, dimension, polarity."""
    if have.brought is not None:
        return have.brought[["statement_id", "dimension", "polarity"]]
    voted, who = _voted(have, "polarity", tie_rule, missing_votes, runs), judges_of(have)[judges]
    relevant = _relevant(have, tie_rule, missing_votes, quorum, min_votes, runs, judges)
    voted = voted[voted["model"].isin(who)].merge(relevant, on=["statement_id", "dimension"])
    found = votes.polarity_labels(voted, len(who) * len(have.languages), zero, half, missing_votes)
    return found.dropna(subset="polarity")[["statement_id", "dimension", "polarity"]]


@lru_cache(maxsize=256)
def not_asked(have: Collected, *rules) -> dict[str, int]:
    """How many cells of each step these rules need that nobody was asked; what follows from their answers is not in it.

    `rules`: in the order of `LABELLING`. A statement that a lower threshold would keep lacks its relevance, a pair that
    is newly relevant its polarity, a statement that is newly labelled its stances.
    """
    tie_rule, missing_votes, _, _, *others = rules
    _, min_votes, runs, judges = others
    who, missing = judges_of(have)[judges], {}
    if have.brought is None:
        new = _new(_kept(have, min_votes).to_frame(), have.answers["relevance"], ["statement_id"])[
            "statement_id"
        ]
        asked = cells_of_statements(
            "relevance", new, have.dimensions, who, have.languages, runs_of(have, "relevance", runs)
        )
        pairs = _new(
            _relevant(have, tie_rule, missing_votes, *others),
            have.answers["polarity"],
            ["statement_id", "dimension"],
        )
        cells = cells_of_pairs(
            "polarity", pairs, who, have.languages, runs_of(have, "polarity", runs)
        )
        missing = {"relevance": len(asked), "polarity": len(cells)}
    labelled = _new(labels_of(have, *rules), have.answers["stance"], ["statement_id"]).assign(
        dimension=""
    )
    stances = cells_of_pairs(
        "stance",
        labelled,
        list(have.models["model"]),
        have.languages,
        runs_of(have, "stance", runs),
    )
    return missing | {"stance": len(stances)}


def _new(wanted: pd.DataFrame, answers: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """What is wanted and stands in no answer."""
    asked = answers.loc[answers["state"] != "not asked", keys].drop_duplicates()
    both = wanted[keys].drop_duplicates().merge(asked, how="left", on=keys, indicator=True)
    return both.loc[both["_merge"] == "left_only", keys]


@lru_cache(maxsize=256)
def scored_of(have: Collected, *rules) -> pd.DataFrame:
    tie_rule, missing_votes, runs = rules[0], rules[1], rules[LABELLING.index("runs")]
    return scores.label_scores(
        labels_of(have, *rules), _voted(have, "stance", tie_rule, missing_votes, runs), have.models
    )


@lru_cache(maxsize=256)
def groups_of(have: Collected, split_group: str, *rules) -> pd.DataFrame:
    answers, runs = have.answers["stance"], runs_of(have, "stance", rules[LABELLING.index("runs")])
    return scores.group_scores(
        scored_of(have, *rules), have.models, split_group, answers[answers["run"] <= runs]
    )
