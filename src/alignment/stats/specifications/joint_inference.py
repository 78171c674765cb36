"""How often as many specifications would agree if the answers had nothing to do with the labels.

Every statement takes the answers of another one, in all specifications alike: what a study's rules,
its labels and the number of its statements would give by chance. Source: Simonsohn, Simmons and
Nelson, Specification curve analysis, Nature Human Behaviour 4 (2020) 1208-1214.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.stats.specifications import claims, curve, reanalysis
from alignment.stats.specifications.reanalysis import LABELLING, Collected, Specification
from utils.cells import in_paper_order

Targets = dict[tuple[str, str, str], float]  # dimension, two groups or models -> sign of their gap


def judge_curve(
    have: Collected, table: pd.DataFrame, shuffles: int, rng: Generator
) -> pd.DataFrame:
    """Return how far the specifications of the product agree, and how far they would by chance.

    `table`: as `curve.compute_outcomes` gives it. For the claims about directions and leanings, the
    mean number of parts that are as claimed, its mean and p over so many `shuffles`; and the number
    of specifications in which the whole claim holds, with its p. p = (b + 1) / (B + 1). Columns:
    claim, specifications, right, by_chance, p_right, holds, p_holds.
    """
    product = table[(table["varies"] == "rules") & table["labels"].fillna(0).gt(0)]
    specs = [Specification.from_row(row) for row in product.to_dict("records")]
    order = rng.random((shuffles, len(have.statements)))
    rank = dict(zip(have.statements["statement_id"], order.T, strict=True))
    rows = []
    for claim, count in (("directions", _directions), ("leanings", _leanings)):
        parts = [part for part in count(have, specs, rank) if part is not None]
        if not parts:
            continue
        right = np.mean([counts for counts, _ in parts], axis=0)
        holds = np.sum([counts == of for counts, of in parts], axis=0)
        p = [(np.sum(x[1:] >= x[0] - 1e-9) + 1) / (shuffles + 1) for x in (right, holds)]
        rows.append((claim, len(parts), right[0], right[1:].mean(), p[0], int(holds[0]), p[1]))
    columns = ["claim", "specifications", "right", "by_chance", "p_right", "holds", "p_holds"]
    return pd.DataFrame(rows, columns=columns)


def _directions(have: Collected, specs: list[Specification], rank: dict) -> Iterator:
    """Yield how many directions are as claimed in each specification, and of how many."""
    known = {}
    for spec in specs:
        key = spec.only(*LABELLING, "split_group", "differ", "human_values")
        if key not in known:
            targets = _targets(have, spec, 0)
            groups = reanalysis.groups_under(have, spec.only(*LABELLING, "split_group"))
            wide = _wide(groups.drop_duplicates(["statement_id", "group"]), "group", "response")
            known[key] = None
            if targets:
                mask = _differ(spec.differ)
                known[key] = _count_right(_polarity(groups), wide, targets, rank, mask)
        yield known[key]


def _leanings(have: Collected, specs: list[Specification], rank: dict) -> Iterator:
    """Yield the same of the leanings of models."""
    known, culture = {}, have.models.set_index("model")["culture"]
    for spec in specs:
        key = spec.only(*LABELLING, "human_values")
        if key not in known:
            targets = _targets(have, spec, 1)
            scored = reanalysis.scores_under(have, spec.only(*LABELLING))
            native = scored.merge(have.models[["model", "language"]])
            votes = native.drop_duplicates(["statement_id", "model"])
            wide = _wide(votes, "model", "vote")
            known[key] = None
            if targets:
                known[key] = _count_right(_polarity(native), wide, targets, rank, None, culture)
        yield known[key]


def _targets(have: Collected, spec: Specification, which: int) -> Targets:
    """Return the sign that each gap has to have: the peoples' own, or the opposite, as expected."""
    version = spec.human_values
    people = have.people.get(version, claims.NOBODY).set_index(["dimension", "group"])["value"]
    culture = have.models.set_index("model")["culture"]
    targets = {}
    for (dimension, first, second), agrees in curve.expected(have, version, spec.differ)[
        which
    ].items():
        own = people[dimension, culture.get(first, first)] - people[dimension, second]
        if agrees in ("yes", "no"):
            targets[dimension, first, second] = np.sign(own) * (1 if agrees == "yes" else -1)
    return targets


def _wide(rows: pd.DataFrame, columns: str, value: str) -> pd.DataFrame:
    return rows.pivot(index="statement_id", columns=columns, values=value).astype(float)


def _polarity(scored: pd.DataFrame) -> pd.DataFrame:
    labels = scored.drop_duplicates(["statement_id", "dimension"])
    wide = _wide(labels, "dimension", "polarity")
    return wide[in_paper_order(wide.columns)]


def _differ(rule: str):
    """Return which statements count, of answers of groups along the last axis."""

    def is_different(answers: np.ndarray) -> np.ndarray:
        most, least = answers.max(axis=-1), answers.min(axis=-1)  # NaN where a group is silent
        if rule == "not_equal":
            return most > least
        return (most == 1) & (least == -1)

    return is_different


def _count_right(
    polarity: pd.DataFrame,
    answers: pd.DataFrame,
    targets: Targets,
    rank: dict[str, np.ndarray],
    counts=None,
    culture: pd.Series | None = None,
) -> tuple[np.ndarray, int]:
    """Return how many gaps have the sign of their target, as answered and in every shuffle.

    `counts`: which statements count, of their answers; else all that were answered. `culture`: of
    the models, if a gap is a model's to the mean of another culture. Shape (1 + shuffles,).
    """
    statements = polarity.index.intersection(answers.index)
    labels = polarity.loc[statements].to_numpy()
    given, names = answers.loc[statements].to_numpy(), list(answers.columns)
    own = np.arange(len(statements))[None]
    orders = np.concatenate([own, np.argsort([rank[s] for s in statements], axis=0).T])
    shuffled = given[orders]  # shuffles x statements x groups or models
    there = ~np.isnan(shuffled) if counts is None else counts(shuffled)[..., None]
    there = np.broadcast_to(there, shuffled.shape)
    known = (~np.isnan(labels)).astype(float)
    sums = np.einsum("sd,ksg->kdg", np.nan_to_num(labels), np.where(there, shuffled, 0.0))
    n = np.einsum("sd,ksg->kdg", known, there.astype(float))
    with np.errstate(invalid="ignore"):
        means = dict(zip(names, np.moveaxis(sums / n, -1, 0), strict=True))
    if culture is not None:
        for name in culture.unique():
            own_models = [means[m] for m in names if culture[m] == name]
            means[name] = np.nanmean(own_models, axis=0) if own_models else sums[..., 0] * np.nan
    right = np.zeros(len(orders), dtype=int)
    for (dimension, first, second), target in targets.items():
        if dimension in polarity.columns and first in means and second in means:
            at = list(polarity.columns).index(dimension)
            gap = (means[first] - means[second])[:, at]
            right += np.sign(np.round(gap, 9)) == target
    return right, len(targets)
