"""The specification curve: what becomes of each claim under every defensible choice of rules."""

from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd

from utils import scores, significance
from utils.relabelling import LABELLING, ONE_BY_ONE, RULES, Collected, groups_of, labels_of, not_asked, scored_of

THRESHOLDS = ("relevance_quorum", "min_votes")  # lowered, they only add what nobody was asked about
NOBODY = pd.DataFrame(columns=["group", "dimension", "value"])
CLAIMS = {
    "directions": "Groups differ as their peoples on every dimension",
    "leanings": "Models lean with their people on every dimension",
    "language": "No model changes with the language",
}
PLANTED = {
    "directions": "Every planted direction of the groups is found",
    "leanings": "Every planted leaning of a model is found",
    "language": "No unplanted change with the language is found",
}


def specifications(rules: dict[str, tuple] = RULES, one_by_one: dict[str, list] | None = None) -> pd.DataFrame:
    """The full product of the rules (the first of each is its default), then single changes of the default.

    Columns: spec (from 1, the default), varies ("rules", or the one that is changed), a column for each choice.

    >>> len(specifications()), len(specifications(one_by_one={"runs": [1, 3]}))
    (192, 194)
    """
    default = {name: choices[0] for name, choices in (RULES | rules).items()} | ONE_BY_ONE
    rows = [{"varies": "rules"} | default | dict(zip(rules, chosen, strict=True)) for chosen in product(*rules.values())]
    rows += [{"varies": n} | default | {n: value} for n, values in (one_by_one or {}).items() for value in values]
    table = pd.DataFrame(rows)
    table.insert(0, "spec", range(1, len(table) + 1))
    return table


def outcomes(have: Collected, specs: pd.DataFrame) -> pd.DataFrame:
    """What comes out of each specification, beside its choices.

    state: computed, in part (some of the pairs or statements that it needs were never asked; the rest is used), or not
    asked (nothing but such). calls: cells that it would have to ask first. labels: the size of the scored set.
    For each claim its name (whether it holds; NA where that cannot be said), `_right` and `_of`: how many of the
    directions, leanings and cells are as expected. with_people: directions that agree with people. Then each group's
    position on each dimension, 0 to 100, on the statements answered differently.
    """
    rows = pd.DataFrame([_outcome(have, spec) for spec in specs.to_dict("records")])
    whole = {c: "Int64" for c in rows if c in ("labels", "with_people") or c.endswith(("_right", "_of"))}
    rows = rows.astype(dict.fromkeys(CLAIMS, "boolean") | whole)
    return pd.concat([specs.reset_index(drop=True), rows], axis=1)


def _outcome(have: Collected, spec: dict) -> dict:
    rules, version = tuple(spec[name] for name in LABELLING), spec["human_values"]
    calls = sum(not_asked(have, *rules).values())
    state = "computed" if not calls else "not asked" if spec["varies"] in THRESHOLDS else "in part"
    out = {"state": state, "calls": calls, "labels": len(labels_of(have, *rules)) if state != "not asked" else pd.NA}
    if state == "not asked" or not out["labels"]:
        return out | dict.fromkeys(CLAIMS, pd.NA)
    groups = _positions(have, spec["differ"], spec["split_group"], *rules)
    agree = directions(groups, have.people.get(version, NOBODY))
    found = {
        "directions": as_expected(agree, _expected(have, version)[0]),
        "leanings": _leaning(have, version, *rules),
        "language": _language(have, *rules),
    }
    for claim, (holds, right, of) in found.items():
        out |= {claim: holds, f"{claim}_right": right, f"{claim}_of": of}
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
        parts += [(n, v, product_[product_[n] == v]) for n, choices in rules.items() for v in choices]
        single = table[table["varies"] != "rules"]
        parts += [(n, str(getattr(r, n)), single[single["spec"] == r.spec]) for r in single.itertuples() for n in [r.varies]]
        rows += [(claim, n, v, *_counted(part[claim])) for n, v, part in parts]
    out = pd.DataFrame(rows, columns=["claim", "choice", "alternative", "specifications", "open", "holds"])
    return out.assign(share=out["holds"] / out["specifications"].where(out["specifications"] > 0))


def _counted(holds: pd.Series) -> tuple[int, int, int]:
    return int(holds.notna().sum()), int(holds.isna().sum()), int(holds.sum())


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The outcomes as a page shows them: what each specification changes ("runs: 1"), and of each claim "5 of 6"."""
    rows = table.to_dict("records")
    names = ["default" if r["varies"] == "rules" else f"{r['varies']}: {r[r['varies']]}" for r in rows]
    out = table[["state", "calls", "labels"]].set_index(pd.Index(names, name="change"))
    for claim in CLAIMS:
        out[claim] = ["" if pd.isna(r[f"{claim}_of"]) else f"{r[f'{claim}_right']} of {r[f'{claim}_of']}" for r in rows]
    return out.assign(labels=[str(r["labels"]) if pd.notna(r["labels"]) else "" for r in rows])


def ranges(table: pd.DataFrame, figure1: pd.DataFrame) -> pd.DataFrame:
    """How far the rules move each group, beside how far other statements would: both on the scale of 0 to 100.

    `figure1`: the default's positions with their intervals. Adds least and most, over all specifications of the product.
    """
    rows = figure1[figure1["selection"] == "differing"].drop(columns="selection").reset_index(drop=True)
    places = table.loc[table["varies"] == "rules", [f"{r.dimension} {r.group}" for r in rows.itertuples()]]
    return rows.assign(least=places.min().to_numpy(), most=places.max().to_numpy())


def default_groups(have: Collected, specs: pd.DataFrame) -> pd.DataFrame:
    """The groups' responses under the first specification, the default."""
    first = specs.iloc[0]
    return groups_of(have, first["split_group"], *(first[name] for name in LABELLING))


def claims_of(have: Collected) -> dict[str, str]:
    """The claims in words: of a simulated study they are about what was planted, and never about models."""
    return CLAIMS if have.planted is None else PLANTED


def group_positions(groups: pd.DataFrame, differ: str) -> pd.DataFrame:
    """Where each group stands on the labels answered differently, 0 to 100 as in Figure 1: dimension, group, value."""
    table = groups.merge(scores.differing(groups, differ).query("differs"), on=["statement_id", "dimension"])
    means = table.groupby(["dimension", "group"])["score"].mean()
    names = [scores.in_order(groups["dimension"].unique()), groups["group"].unique()]
    every = pd.MultiIndex.from_product(names, names=means.index.names)
    return scores.to_0_100(means.reindex(every)).rename("value").reset_index()


def directions(positions: pd.DataFrame, people: pd.DataFrame) -> dict[tuple, str]:
    """Whether two groups differ as their peoples do: (dimension, first, second) -> yes, no, tie or open."""
    table = scores.directions(positions, people)
    return {(r.dimension, r.first, r.second): r.agrees for r in table.itertuples(index=False)}


def model_positions(scored: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Each model's mean score in its native language: dimension, model, culture, value (-2 to 2)."""
    native = scores.positions(scored.merge(models[["model", "language"]]), ["dimension", "model", "culture"])
    return native.rename(columns={"position": "value"})[["dimension", "model", "culture", "value"]]


def leanings(positions: pd.DataFrame, people: pd.DataFrame) -> dict[tuple, str]:
    """Whether a model lies on that side of another group's mean on which its people lie of that group's people.

    Only sides are compared, since the scales of models and of people need not have the same middle or width.
    (dimension, model, other culture) -> yes, no, tie or open.
    """
    culture = positions.drop_duplicates("model").set_index("model")["culture"]
    groups = positions.groupby(["dimension", "culture"], sort=False)["value"].mean().reset_index()
    both = pd.concat([positions.rename(columns={"model": "group"}), groups.rename(columns={"culture": "group"})])
    of_models = culture.rename_axis("model").reset_index().merge(people.rename(columns={"group": "culture"}), on="culture")
    peoples = pd.concat([of_models.rename(columns={"model": "group"}), people])
    pairs = directions(both, peoples)
    others = {m: set(culture) - {own} for m, own in culture.items()}
    return {(d, first, second): agrees for (d, first, second), agrees in pairs.items() if second in others.get(first, ())}


def changes(scored: pd.DataFrame) -> dict[tuple, tuple[float, bool]]:
    """Each model's change with the language: its sign, and whether it is significant (exact test, Holm over all cells).

    Keys: (dimension, model, language, language); none in a study with one language.
    """
    models, languages = scored["model"].unique(), list(scored["language"].unique())
    if len(languages) < 2:
        return {}
    wide = scored.pivot(index="statement_id", columns=["dimension", "model", "language"], values="score")
    keys = [(d, m, a, b) for d in scored["dimension"].unique() for m, a, _, b in significance.pairs_of(models, languages)]
    gaps = [(wide[d, m, b] - wide[d, m, a]).dropna().to_numpy() for d, m, a, b in keys]
    p = holm(np.array([significance.sign_flip_p(gap) for gap in gaps]))
    return {k: (np.sign(g.sum()), bool(q < significance.ALPHA)) for k, g, q in zip(keys, gaps, p, strict=True)}


def holm(p: np.ndarray) -> np.ndarray:
    """p after Holm's correction, as `significance.adjusted` gives it, at a thousandth of the time; NaN is no test.

    >>> holm(np.array([0.01, 0.04, float("nan")])).tolist()
    [0.02, 0.04, nan]
    """
    order = np.argsort(p)  # NaN last
    steps = np.maximum.accumulate(p[order] * (np.count_nonzero(~np.isnan(p)) - np.arange(len(p))))
    out = np.empty_like(p)
    out[order] = np.minimum(1.0, steps)
    return out


def as_expected(found: dict[tuple, str], expected: dict[tuple, str]) -> tuple[bool | None, int, int]:
    """Whether all that is decided in `expected` is found alike, how much of it is, and of how much.

    None when nothing is expected, or when all that is not alike is open, for want of data.

    >>> as_expected({"PDI": "yes", "IDV": "tie"}, {"PDI": "yes", "IDV": "no"}), as_expected({}, {"PDI": "tie"})
    ((False, 1, 2), (None, 0, 0))
    """
    wanted = {key: value for key, value in expected.items() if value in ("yes", "no")}
    alike = sum(found.get(key) == value for key, value in wanted.items())
    wrong = any(found.get(key, "open") not in ("open", value) for key, value in wanted.items())
    return (None if not wanted else False if wrong else alike == len(wanted) or None), alike, len(wanted)


def as_planned(found: dict[tuple, tuple], planted: dict[tuple, tuple]) -> tuple[bool | None, int, int]:
    """Whether no change with the language is significant but planted ones, of the planted sign; None: one language.

    Also the number of cells of which this is true, and of cells.
    """
    right = sum(not significant or planted.get(key, (None,))[0] == sign for key, (sign, significant) in found.items())
    return (right == len(found) if found else None), right, len(found)


@lru_cache(maxsize=512)
def _positions(have: Collected, differ: str, split_group: str, *rules) -> pd.DataFrame:
    return group_positions(groups_of(have, split_group, *rules), differ)


@lru_cache(maxsize=512)
def _leaning(have: Collected, version: str, *rules) -> tuple[bool | None, int, int]:
    positions = model_positions(scored_of(have, *rules), have.models)
    return as_expected(leanings(positions, have.people.get(version, NOBODY)), _expected(have, version)[1])


@lru_cache(maxsize=512)
def _language(have: Collected, *rules) -> tuple[bool | None, int, int]:
    return as_planned(changes(scored_of(have, *rules)), _planted_changes(have))


@lru_cache(maxsize=16)
def _planted_changes(have: Collected) -> dict[tuple, tuple[float, bool]]:
    return {} if have.planted is None else changes(have.planted)


@lru_cache(maxsize=16)
def _expected(have: Collected, version: str) -> tuple[dict, dict]:
    """What the claims say of directions and leanings: that models are like their people; of simulated ones, as planted."""
    people = have.people.get(version, NOBODY)
    if have.planted is None:
        models = have.models[["model", "culture"]].merge(people.rename(columns={"group": "culture"}), on="culture")
        return directions(people, people), leanings(models[["dimension", "model", "culture", "value"]], people)
    groups = group_positions(scores.group_scores(have.planted, have.models), "not_equal")
    return directions(groups, people), leanings(model_positions(have.planted, have.models), people)
