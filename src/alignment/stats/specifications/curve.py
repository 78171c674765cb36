"""The specification curve: what becomes of each claim under every defensible choice of rules."""

from functools import lru_cache
from itertools import product

import pandas as pd

from alignment.stats.specifications import claims, reanalysis
from alignment.stats.specifications.claims import CLAIMS, NOBODY, Verdict
from alignment.stats.specifications.reanalysis import (
    FREE,
    LABELLING,
    SCORING,
    Collected,
    Specification,
)
from utils import scores
from utils.rules import Rules

THRESHOLDS = ("relevance_quorum", "min_votes")  # lowered, they only add what nobody was asked about


def list_specifications(
    rules: dict[str, tuple] = FREE, single_changes: dict[str, list] | None = None
) -> pd.DataFrame:
    """List the full product of the rules (the first of each is its default), then single changes.

    Columns: spec (from 1, the default), varies ("rules", or the one that is changed), a column for
    each choice.

    >>> len(list_specifications()), len(list_specifications(single_changes={"runs": [1, 3]}))
    (192, 194)
    """
    default = {name: getattr(Specification(), name) for name in (*FREE, *reanalysis.SINGLE)}
    default |= {name: choices[0] for name, choices in rules.items()}
    rows = []
    for chosen in product(*rules.values()):
        rows.append({"varies": "rules"} | default | dict(zip(rules, chosen, strict=True)))
    for name, values in (single_changes or {}).items():
        rows += [{"varies": name} | default | {name: value} for value in values]
    table = pd.DataFrame(rows)
    table.insert(0, "spec", range(1, len(table) + 1))
    return table


def compute_outcomes(have: Collected, specs: pd.DataFrame) -> pd.DataFrame:
    """Compute what comes out of each specification, beside its choices.

    state: computed, in part (some of the pairs or statements that it needs were never asked; the
    rest is used), or not asked (nothing but such). calls: cells that it would have to ask first.
    labels: the size of the scored set. For each claim its name (whether it holds; NA where that
    cannot be said), `_right` and `_of`: how many of the directions, leanings and cells are as
    expected, and `_missed`, the others by name. with_people: directions that agree with people.
    Then each group's position on each dimension, 0 to 100, on the statements answered differently.
    """
    rows = pd.DataFrame([_outcome(have, row) for row in specs.to_dict("records")])
    counts = [c for c in rows if c in ("labels", "with_people") or c.endswith(("_right", "_of"))]
    rows = rows.astype(dict.fromkeys(CLAIMS, "boolean") | dict.fromkeys(counts, "Int64"))
    return pd.concat([specs.reset_index(drop=True), rows], axis=1)


def _outcome(have: Collected, row: dict) -> dict:
    spec = Specification.from_row(row)
    of_labels = spec.only(*LABELLING)
    calls, labels = sum(reanalysis.count_not_asked(have, of_labels).values()), pd.NA
    state = "computed" if not calls else "in part"
    if calls and row["varies"] in THRESHOLDS:
        state = "not asked"
    else:
        labels = len(reanalysis.labels_under(have, of_labels))
    out = {"state": state, "calls": calls, "labels": labels}
    if state == "not asked" or not labels:
        return out | dict.fromkeys(CLAIMS, pd.NA)
    version = spec.human_values
    groups = _positions(have, spec.only(*SCORING, "split_group", "differ"))
    agree = claims.compare_directions(groups, have.people.get(version, NOBODY))
    verdicts = {
        "directions": claims.judge_expected(agree, expected(have, version, spec.differ)[0]),
        "leanings": _judge_leanings(have, spec.only(*SCORING, "human_values")),
        "language": _judge_language(have, spec.only(*SCORING, "test")),
    }
    for claim, verdict in verdicts.items():
        missed = "; ".join(f"{dimension}: {' / '.join(who)}" for dimension, *who in verdict.missed)
        out |= {claim: verdict.holds, f"{claim}_right": verdict.right, f"{claim}_of": verdict.of}
        out[f"{claim}_missed"] = missed
    places = {f"{r.dimension} {r.group}": r.value for r in groups.itertuples()}
    return out | {"with_people": list(agree.values()).count("yes")} | places


def compute_shares(table: pd.DataFrame, rules: dict[str, tuple]) -> pd.DataFrame:
    """Compute in which share of the specifications each claim holds: of all, and by each choice.

    Columns: claim, choice, alternative, specifications, open (those that cannot decide the claim),
    holds, share (of all of them, so that an open one does not help a claim).
    """
    whole, rows = table[table["varies"] == "rules"], []
    single = table[table["varies"] != "rules"]
    for claim in CLAIMS:
        rows.append((claim, "all rules", "", *_count(whole[claim])))
        for name, choices in rules.items():
            for choice in choices:
                rows.append((claim, name, choice, *_count(whole.loc[whole[name] == choice, claim])))
        for index, row in single.iterrows():
            name = row["varies"]
            rows.append((claim, name, str(row[name]), *_count(single.loc[[index], claim])))
    columns = ["claim", "choice", "alternative", "specifications", "open", "holds"]
    out = pd.DataFrame(rows, columns=columns)
    return out.assign(share=out["holds"] / out["specifications"].where(out["specifications"] > 0))


def _count(holds: pd.Series) -> tuple[int, int, int]:
    """Return how many there are, leave a claim open, and say that it holds."""
    return len(holds), int(holds.isna().sum()), int(holds.sum())


def summarise_claims(table: pd.DataFrame, have: Collected) -> pd.DataFrame:
    """Return each claim in words: in how many specifications of the product it holds, and how far.

    Columns: claim, specifications, open, holds, outcomes (how many different ones there are: which
    parts are not as claimed), least, median, most, of (how many of the directions, leanings and
    cells are as the claim says), missed (those that most often are not, with how often).
    """
    rows = []
    for claim, words in claims.describe_claims(have.planted is not None).items():
        columns = [claim, f"{claim}_right", f"{claim}_of", f"{claim}_missed"]
        whole = table[table["varies"] == "rules"].reindex(columns=columns)
        decided = whole.dropna(subset=claim).set_axis(["holds", "right", "of", "missed"], axis=1)
        right = decided["right"].astype(float)
        missed = decided["missed"].str.split("; ").explode().value_counts()
        often = missed.drop("", errors="ignore").head(2).items()
        outcomes = decided["missed"].nunique() + int(whole[claim].isna().any())
        row = (words, *_count(whole[claim]), outcomes, right.min(), right.median(), right.max())
        row = (*row, decided["of"].max(), ", ".join(f"{name} ({n})" for name, n in often))
        rows.append(row)
    columns = ["claim", "specifications", "open", "holds", "outcomes"]
    columns += ["least", "median", "most", "of", "missed"]
    return pd.DataFrame(rows, columns=columns).convert_dtypes()


def format_outcomes(table: pd.DataFrame) -> pd.DataFrame:
    """Return outcomes as a page shows them: what is changed ("runs: 1"), of each claim "5 of 6"."""
    rows = table.to_dict("records")
    changes = [(row["varies"], row.get(row["varies"])) for row in rows]
    names = [f"{rule}: {value}" if rule != "rules" else "default" for rule, value in changes]
    out = table[["state", "calls", "labels"]].set_index(pd.Index(names, name="change"))
    for claim in CLAIMS:
        right, of = f"{claim}_right", f"{claim}_of"
        out[claim] = ["" if pd.isna(row[of]) else f"{row[right]} of {row[of]}" for row in rows]
    return out.assign(labels=["" if pd.isna(row["labels"]) else str(row["labels"]) for row in rows])


def compare_ranges(table: pd.DataFrame, figure1: pd.DataFrame) -> pd.DataFrame:
    """Return how far the rules move each group, beside how far other statements would, 0 to 100.

    `figure1`: the default's positions with their intervals. Adds least and most, over all
    specifications of the product.
    """
    rows = figure1[figure1["selection"] == "differing"].drop(columns="selection")
    names = [f"{row.dimension} {row.group}" for row in rows.itertuples()]
    places = table.loc[table["varies"] == "rules", names]
    rows = rows.assign(least=places.min().to_numpy(), most=places.max().to_numpy())
    return rows.reset_index(drop=True)


def default_groups(have: Collected, specs: pd.DataFrame) -> pd.DataFrame:
    """Return the groups' responses under the first specification, the default."""
    spec = Specification.from_row(specs.iloc[0].to_dict())
    return reanalysis.groups_under(have, spec.only(*SCORING, "split_group"))


@lru_cache(maxsize=512)
def _positions(have: Collected, spec: Specification) -> pd.DataFrame:
    groups = reanalysis.groups_under(have, spec.only(*SCORING, "split_group"))
    return claims.group_positions(groups, spec.differ)


@lru_cache(maxsize=512)
def _judge_leanings(have: Collected, spec: Specification) -> Verdict:
    scored = reanalysis.scores_under(have, spec.only(*SCORING))
    positions = claims.model_positions(scored, have.models)
    leanings = claims.compare_leanings(positions, have.people.get(spec.human_values, NOBODY))
    return claims.judge_expected(leanings, expected(have, spec.human_values)[1])


@lru_cache(maxsize=512)
def _judge_language(have: Collected, spec: Specification) -> Verdict:
    changes = claims.language_changes(reanalysis.scores_under(have, spec.only(*SCORING)), spec.test)
    return claims.judge_planted(changes, _planted_changes(have))


@lru_cache(maxsize=16)
def _planted_changes(have: Collected) -> dict[tuple, tuple[float, bool]]:
    return {} if have.planted is None else claims.language_changes(have.planted)


@lru_cache(maxsize=16)
def expected(have: Collected, version: str, differ: str = Rules.differ) -> tuple[dict, dict]:
    """Return the directions and leanings that the claims expect.

    Models are like their people; simulated ones as they were planted, on the statements that
    divide the groups by the same rule (`differ`) as those of the study.
    """
    people = have.people.get(version, NOBODY)
    if have.planted is None:
        of_culture = people.rename(columns={"group": "culture"})
        positions = have.models[["model", "culture"]].merge(of_culture, on="culture")
        positions, groups = positions[["dimension", "model", "culture", "value"]], people
    else:
        planted = scores.group_scores(have.planted, have.models)
        positions = claims.model_positions(have.planted, have.models)
        groups = claims.group_positions(planted, differ)
    directions = claims.compare_directions(groups, people)
    return directions, claims.compare_leanings(positions, people)
