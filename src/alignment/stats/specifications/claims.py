"""The claims of the specification curve, each judged on one set of scores."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from alignment.stats import significance
from alignment.stats.joint_test import joint_p
from alignment.stats.language_changes import pair_answers, paired_differences
from utils import scores
from utils.cells import PAIR, in_paper_order

DRAWS = 4000  # of the tests that draw
NOBODY = pd.DataFrame(columns=["group", "dimension", "value"])
CLAIMS = {
    "directions": "Groups differ in the same direction as people on every dimension",
    "leanings": "Models lean in the same direction as their people on every dimension",
    "language": "No change with the language is significant",
}
PLANTED = {
    "directions": "Every planted direction of the groups is recovered",
    "leanings": "Every planted leaning of the models is recovered",
    "language": "No change with the language is found where none was planted",
}


class Verdict(NamedTuple):
    """Whether a claim holds (None: open), how much is as it says, of how much, and what is not."""

    holds: bool | None
    right: int
    of: int
    missed: list[tuple]


def describe_claims(simulated: bool) -> dict[str, str]:
    """Return the claims in words: of a simulated study they are about what was planted."""
    return PLANTED if simulated else CLAIMS


def group_positions(groups: pd.DataFrame, differ: str) -> pd.DataFrame:
    """Return where each group stands on the labels answered differently, 0 to 100 as in Figure 1.

    Columns: dimension, group, value.
    """
    differing = scores.differing(groups, differ).query("differs")
    means = groups.merge(differing, on=PAIR).groupby(["dimension", "group"])["score"].mean()
    names = [in_paper_order(groups["dimension"].unique()), groups["group"].unique()]
    every = pd.MultiIndex.from_product(names, names=means.index.names)
    return scores.to_0_100(means.reindex(every)).rename("value").reset_index()


def compare_directions(positions: pd.DataFrame, people: pd.DataFrame) -> dict[tuple, str]:
    """Return whether groups differ as peoples: (dimension, first, second) -> yes|no|tie|open."""
    table = scores.directions(positions, people)
    return {(r.dimension, r.group, r.other_group): r.agrees for r in table.itertuples(index=False)}


def model_positions(scored: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return each model's mean in its native language: dimension, model, culture, value."""
    native = scored.merge(models[["model", "language"]])
    table = scores.positions(native, ["dimension", "model", "culture"])
    return table.rename(columns={"position": "value"})[["dimension", "model", "culture", "value"]]


def compare_leanings(positions: pd.DataFrame, people: pd.DataFrame) -> dict[tuple, str]:
    """Return whether a model lies on that side of another group on which its people lie of theirs.

    Only sides are compared, since the scales of models and of people need not have the same middle
    or width. (dimension, model, other culture) -> yes, no, tie or open.
    """
    own = positions.drop_duplicates("model")[["model", "culture"]]
    means = positions.groupby(["dimension", "culture"], sort=False)["value"].mean().reset_index()
    models = positions.rename(columns={"model": "group"})
    both = pd.concat([models, means.rename(columns={"culture": "group"})])
    of_models = own.merge(people.rename(columns={"group": "culture"}), on="culture")
    peoples = pd.concat([of_models.rename(columns={"model": "group"}), people])
    culture = dict(zip(own["model"], own["culture"], strict=True))
    leanings = {}
    for (dimension, first, second), agrees in compare_directions(both, peoples).items():
        if first in culture and second in culture.values() and second != culture[first]:
            leanings[dimension, first, second] = agrees
    return leanings


def language_changes(scored: pd.DataFrame, test: str = "Holm") -> dict[tuple, tuple[float, bool]]:
    """Return each model's change with the language: its sign, and whether it is significant.

    By one of `TESTS`. Keys: (dimension, model, language, language); none in a study with one
    language.
    """
    models, languages = scored["model"].unique(), list(scored["language"].unique())
    if len(languages) < 2:
        return {}
    pairs = pair_answers(models, languages)
    gaps = paired_differences(scored, pairs)
    signs = np.sign(np.nansum(gaps, axis=0))
    significant = (TESTS[test](gaps) < significance.ALPHA).tolist()
    keys = [(d, model, a, b) for d in scored["dimension"].unique() for model, a, _, b in pairs]
    return dict(zip(keys, zip(signs, significant, strict=True), strict=True))


def _exact(gaps: np.ndarray) -> np.ndarray:
    return np.array([significance.sign_flip_p(gap) for gap in gaps.T])


def _bootstrap(gaps: np.ndarray) -> np.ndarray:
    counts = significance.resample_counts(len(gaps), DRAWS, np.random.default_rng(14))
    p = significance.bootstrap_p(significance.bootstrap_means(gaps, counts))
    enough = (np.nan_to_num(gaps) != 0).sum(axis=0) >= significance.LEAST_CHANGED
    return np.where(enough, p, np.nan)


TESTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # differences by column -> their p
    "Holm": lambda gaps: significance.adjust_holm(_exact(gaps)),
    "Benjamini-Hochberg": lambda gaps: significance.adjust_benjamini_hochberg(_exact(gaps)),
    "joint": lambda gaps: joint_p(gaps, DRAWS, np.random.default_rng(14)),
    "exact, uncorrected": _exact,
    "bootstrap, uncorrected": _bootstrap,
}


def judge_expected(observed: dict[tuple, str], expected: dict[tuple, str]) -> Verdict:
    """Judge whether all that `expected` decides is observed alike.

    None when nothing is expected, or when all that is not alike is open, for want of data.

    >>> observed, expected = {"PDI": "yes", "IDV": "tie"}, {"PDI": "yes", "IDV": "no"}
    >>> judge_expected(observed, expected)
    Verdict(holds=False, right=1, of=2, missed=['IDV'])
    >>> judge_expected({}, {"PDI": "tie"})
    Verdict(holds=None, right=0, of=0, missed=[])
    """
    decided = {key: value for key, value in expected.items() if value in ("yes", "no")}
    missed = [key for key, value in decided.items() if observed.get(key) != value]
    if any(observed.get(key, "open") != "open" for key in missed):
        holds = False
    else:
        holds = True if decided and not missed else None
    return Verdict(holds, len(decided) - len(missed), len(decided), missed)


def judge_planted(changes: dict[tuple, tuple], planted: dict[tuple, tuple]) -> Verdict:
    """Judge whether no change with the language is significant but planted ones, of their sign.

    None in a study with one language.
    """
    wrong = []
    for key, (sign, significant) in changes.items():
        if significant and planted.get(key, (None,))[0] != sign:
            wrong.append(key)
    holds = not wrong if changes else None
    return Verdict(holds, len(changes) - len(wrong), len(changes), wrong)
