"""The specification curve: what becomes of each claim under every defensible choice of rules."""

from functools import lru_cache
from itertools import product

import pandas as pd

from alignment.stats import claims
from alignment.stats.claims import CLAIMS, NOBODY, Found
from alignment.stats.relabelling import (
    LABELLING,
    ONE_BY_ONE,
    RULES,
    Collected,
    groups_of,
    labels_of,
    not_asked,
    scored_of,
)
from utils import scores

THRESHOLDS = ("relevance_quorum", "min_votes")  # lowered, they only add what nobody was asked about


def specifications(
    rules: dict[str, tuple] = RULES, one_by_one: dict[str, list] | None = None
) -> pd.DataFrame:
    """The full product of the rules (the first of each is its default), then single changes of the default.

    Columns: spec (from 1, the default), varies ("rules", or the one that is changed), a column for each choice.

    >>> len(specifications()), len(specifications(one_by_one={"runs": [1, 3]}))
    (192, 194)
    """
    default = {name: choices[0] for name, choices in (RULES | rules).items()} | ONE_BY_ONE
    rows = [
        {"varies": "rules"} | default | dict(zip(rules, chosen, strict=True))
        for chosen in product(*rules.values())
    ]
    rows += [
        {"varies": n} | default | {n: value}
        for n, values in (one_by_one or {}).items()
        for value in values
    ]
    table = pd.DataFrame(rows)
    table.insert(0, "spec", range(1, len(table) + 1))
    return table


def outcomes(have: Collected, specs: pd.DataFrame) -> pd.DataFrame:
    """What comes out of each specification, beside its choices.

    state: computed, in part (some of the pairs or statements that it needs were never asked; the rest is used), or not
    asked (nothing but such). calls: cells that it would have to ask first. labels: the size of the scored set.
    For each claim its name (whether it holds; NA where that cannot be said), `_right` and `_of`: how many of the
    directions, leanings and cells are as expected, and `_missed`, the others by name. with_people: directions that agree with people. Then each group's
    position on each dimension, 0 to 100, on the statements answered differently.
    """
    rows = pd.DataFrame([_outcome(have, spec) for spec in specs.to_dict("records")])
    whole = {
        c: "Int64" for c in rows if c in ("labels", "with_people") or c.endswith(("_right", "_of"))
    }
    rows = rows.astype(dict.fromkeys(CLAIMS, "boolean") | whole)
    return pd.concat([specs.reset_index(drop=True), rows], axis=1)


def _outcome(have: Collected, spec: dict) -> dict:
    rules, version = tuple(spec[name] for name in LABELLING), spec["human_values"]
    calls = sum(not_asked(have, *rules).values())
    state = "computed" if not calls else "not asked" if spec["varies"] in THRESHOLDS else "in part"
    out = {
        "state": state,
        "calls": calls,
        "labels": len(labels_of(have, *rules)) if state != "not asked" else pd.NA,
    }
    if state == "not asked" or not out["labels"]:
        return out | dict.fromkeys(CLAIMS, pd.NA)
    groups = _positions(have, spec["differ"], spec["split_group"], *rules)
    agree = claims.directions(groups, have.people.get(version, NOBODY))
    found = {
        "directions": claims.as_expected(agree, _expected(have, version)[0]),
        "leanings": _leaning(have, version, *rules),
        "language": _language(have, *rules),
    }
    for claim, (holds, right, of, missed) in found.items():
        out |= {
            claim: holds,
            f"{claim}_right": right,
            f"{claim}_of": of,
            f"{claim}_missed": "; ".join(
                f"{dimension}: {' / '.join(who)}" for dimension, *who in missed
            ),
        }
    places = {f"{r.dimension} {r.group}": r.value for r in groups.itertuples()}
    return out | {"with_people": list(agree.values()).count("yes")} | places


def shares(table: pd.DataFrame, rules: dict[str, tuple]) -> pd.DataFrame:
    """In which share of the specifications each claim holds: of all, by each choice, and for each single change.

    Columns: claim, choice, alternative, specifications (those that decide the claim), open (those that cannot), holds,
    share (of those that decide).
    """
    product_, rows = table[table["varies"] == "rules"], []
    for claim in CLAIMS:
        parts = [("all rules", "", product_)]
        parts += [
            (n, v, product_[product_[n] == v]) for n, choices in rules.items() for v in choices
        ]
        single = table[table["varies"] != "rules"]
        parts += [
            (n, str(getattr(r, n)), single[single["spec"] == r.spec])
            for r in single.itertuples()
            for n in [r.varies]
        ]
        rows += [(claim, n, v, *_counted(part[claim])) for n, v, part in parts]
    out = pd.DataFrame(
        rows, columns=["claim", "choice", "alternative", "specifications", "open", "holds"]
    )
    return out.assign(share=out["holds"] / out["specifications"].where(out["specifications"] > 0))


def _counted(holds: pd.Series) -> tuple[int, int, int]:
    return int(holds.notna().sum()), int(holds.isna().sum()), int(holds.sum())


def summary(table: pd.DataFrame, have: Collected) -> pd.DataFrame:
    """Each claim in words, over the product: in how many specifications it holds, and by how much it fails elsewhere.

    Columns: claim, decided (specifications that decide it), open, holds, least, median, most, of (how many of the
    directions, leanings and cells are as the claim says), missed (those that most often are not, with how often).
    """
    rows = []
    for claim, words in claims.in_words(have.planted is not None).items():
        product_ = table[table["varies"] == "rules"].reindex(
            columns=[claim, f"{claim}_right", f"{claim}_of", f"{claim}_missed"]
        )
        decided = product_.dropna(subset=claim).set_axis(["holds", "right", "of", "missed"], axis=1)
        right, missed = (
            decided["right"].astype(float),
            decided["missed"].str.split("; ").explode().value_counts().drop("", errors="ignore"),
        )
        often = ", ".join(f"{name} ({n})" for name, n in missed.head(2).items())
        rows.append(
            (
                words,
                *_counted(product_[claim]),
                right.min(),
                right.median(),
                right.max(),
                decided["of"].max(),
                often,
            )
        )
    columns = ["claim", "decided", "open", "holds", "least", "median", "most", "of", "missed"]
    return pd.DataFrame(rows, columns=columns).convert_dtypes()


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The outcomes as a page shows them: what each specification changes ("runs: 1"), and of each claim "5 of 6"."""
    rows = table.to_dict("records")
    names = [
        "default" if r["varies"] == "rules" else f"{r['varies']}: {r[r['varies']]}" for r in rows
    ]
    out = table[["state", "calls", "labels"]].set_index(pd.Index(names, name="change"))
    for claim in CLAIMS:
        out[claim] = [
            "" if pd.isna(r[f"{claim}_of"]) else f"{r[f'{claim}_right']} of {r[f'{claim}_of']}"
            for r in rows
        ]
    return out.assign(labels=[str(r["labels"]) if pd.notna(r["labels"]) else "" for r in rows])


def ranges(table: pd.DataFrame, figure1: pd.DataFrame) -> pd.DataFrame:
    """How far the rules move each group, beside how far other statements would: both on the scale of 0 to 100.

    `figure1`: the default's positions with their intervals. Adds least and most, over all specifications of the product.
    """
    rows = (
        figure1[figure1["selection"] == "differing"]
        .drop(columns="selection")
        .reset_index(drop=True)
    )
    places = table.loc[
        table["varies"] == "rules", [f"{r.dimension} {r.group}" for r in rows.itertuples()]
    ]
    return rows.assign(least=places.min().to_numpy(), most=places.max().to_numpy())


def default_groups(have: Collected, specs: pd.DataFrame) -> pd.DataFrame:
    """The groups' responses under the first specification, the default."""
    first = specs.iloc[0]
    return groups_of(have, first["split_group"], *(first[name] for name in LABELLING))


@lru_cache(maxsize=512)
def _positions(have: Collected, differ: str, split_group: str, *rules) -> pd.DataFrame:
    return claims.group_positions(groups_of(have, split_group, *rules), differ)


@lru_cache(maxsize=512)
def _leaning(have: Collected, version: str, *rules) -> Found:
    positions = claims.model_positions(scored_of(have, *rules), have.models)
    return claims.as_expected(
        claims.leanings(positions, have.people.get(version, NOBODY)), _expected(have, version)[1]
    )


@lru_cache(maxsize=512)
def _language(have: Collected, *rules) -> Found:
    return claims.as_planned(claims.changes(scored_of(have, *rules)), _planted_changes(have))


@lru_cache(maxsize=16)
def _planted_changes(have: Collected) -> dict[tuple, tuple[float, bool]]:
    return {} if have.planted is None else claims.changes(have.planted)


@lru_cache(maxsize=16)
def _expected(have: Collected, version: str) -> tuple[dict, dict]:
    """What the claims say of directions and leanings: that models are like their people; of simulated ones, as planted."""
    people = have.people.get(version, NOBODY)
    if have.planted is None:
        models = have.models[["model", "culture"]].merge(
            people.rename(columns={"group": "culture"}), on="culture"
        )
        return claims.directions(people, people), claims.leanings(
            models[["dimension", "model", "culture", "value"]], people
        )
    groups = claims.group_positions(scores.group_scores(have.planted, have.models), "not_equal")
    return claims.directions(groups, people), claims.leanings(
        claims.model_positions(have.planted, have.models), people
    )
