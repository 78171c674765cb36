"""Compare what the wordings show of simulated respondents with the habits planted in them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.asking import ground_truth
from alignment.asking.planted_recovery import CONTROLS, read_noise
from alignment.stats import wordings
from alignment.stats.known_noise import vote_chances
from alignment.stats.wordings import ASKED, VOTER, list_wordings
from alignment.study.paths import WORDINGS
from alignment.study.workspace import Workspace
from utils.cells import is_stance

HABITS = ["model", "language", "measure", "planted", "estimate", "tolerance", "recovered"]
STUDIES = 1000  # simulated ones with the known noise
CHECK = "habits within the tolerance"
Stances = dict[str, np.ndarray]  # by wording: statements x (model, language), NaN: none


@dataclass(frozen=True)
class Recovery:
    """What of the habits was recovered; both tables are empty where nothing was planted."""

    habits: pd.DataFrame  # HABITS
    controls: pd.DataFrame  # as `planted_recovery` has them


def assess(
    workspace: Workspace, stances: pd.DataFrame, rng: Generator, studies: int = STUDIES
) -> Recovery:
    """Hold the leanings that a study finds against those planted, and spoilt ones, which must fail.

    The tolerance is the deviation to which 99 of 100 studies with the known noise of runs keep, and
    as many have to keep to it as do in 99 of 100 such studies.
    `stances`: as `wordings.align` gives them.
    """
    if workspace.study.respondents != "simulated" or list_wordings(stances) == [ASKED]:
        return Recovery(pd.DataFrame(columns=HABITS), pd.DataFrame(columns=CONTROLS))
    found, truth = _by_wording(stances), _by_wording(_read_truth(workspace, stances))
    if not _measures(truth):
        return Recovery(pd.DataFrame(columns=HABITS), pd.DataFrame(columns=CONTROLS))
    planted, chances = _leanings(truth), _chances(workspace)
    far = np.array([_far(_leanings(_blur(truth, chances, rng)), planted) for _ in range(studies)])
    tolerance = np.quantile(far, 0.99, axis=0, method="higher") + 1e-9
    needed = int(np.quantile((far <= tolerance).sum(axis=(1, 2)), 0.01, method="lower"))
    rows, spoilt = [], SPOILT if np.nan_to_num(planted).any() else {MISREAD: SPOILT[MISREAD]}
    spoilt = {
        name: spoil for name, spoil in spoilt.items() if name != MISREAD or "negated" in truth
    }
    for name, spoil in {"as estimated": lambda same: same, **spoilt}.items():
        passed = int((_far(_leanings(spoil(found)), planted) <= tolerance).sum())
        must = "hold" if name == "as estimated" else "fail"
        rows.append((name, CHECK, passed, planted.size, needed, passed >= needed, must))
    voters = stances[["model", "language"]].drop_duplicates().sort_values(["model", "language"])
    table = voters.merge(pd.DataFrame({"measure": list(_measures(truth))}), how="cross")
    estimate = _leanings(found)
    values = {"planted": planted, "estimate": estimate, "tolerance": tolerance}
    table = table.assign(**{name: value.ravel() for name, value in values.items()})
    table["recovered"] = (_far(estimate, planted) <= tolerance).ravel()
    return Recovery(table[HABITS], pd.DataFrame(rows, columns=CONTROLS))


def _read_truth(workspace: Workspace, stances: pd.DataFrame) -> pd.DataFrame:
    """Return the planted stances as `wordings.align` has those that were found."""
    truth = ground_truth.plant(workspace, sorted(set(stances["statement_id"])))
    truth = truth[truth["step"].map(is_stance)]
    wording = truth["step"].str.removeprefix("stance_").replace("stance", ASKED)
    wide = truth.assign(wording=wording).pivot(index=VOTER, columns="wording", values="value")
    return stances[VOTER].merge(wide.astype(float).reset_index(), on=VOTER)


def _by_wording(stances: pd.DataFrame) -> Stances:
    names = list_wordings(stances)
    wide = stances.pivot(index="statement_id", columns=["model", "language"], values=names)
    return {name: wide[name].sort_index(axis=1).to_numpy(dtype=float) for name in names}


def _chances(workspace: Workspace) -> dict[str, tuple[float, float]]:
    """Return how often a vote is the planted answer, and the other one, in each wording."""
    noise, runs = read_noise(workspace), workspace.read(WORDINGS)["run"].max()
    asked = vote_chances(noise.runs["stance"], noise)
    return {ASKED: asked} | dict.fromkeys(workspace.study.wordings, vote_chances(runs, noise))


def _blur(truth: Stances, chances: dict[str, tuple[float, float]], rng: Generator) -> Stances:
    """Return stances as one study with the known noise reads them."""
    blurred = {}
    for wording, stance in truth.items():
        held, other = chances[wording]
        draw = rng.random(stance.shape)
        read = [draw < held, draw < held + other]
        blurred[wording] = np.select(read, [stance, -stance], np.nan)
    return blurred


def _measures(stances: Stances) -> dict[str, np.ndarray]:
    """Return what shows each habit that these wordings can show: statements x voters."""
    measures = {}
    for name in wordings.HABITS:
        (wording,), take = wordings.CONTRIBUTES[name]
        if wording in stances:
            there = ~np.isnan(stances[ASKED] + stances[wording])
            measures[name] = np.where(there, take(stances), np.nan)
    return measures


def _leanings(stances: Stances) -> np.ndarray:
    """Return each measure of each voter: voters x measures, NaN where there is no statement."""
    values = np.array(list(_measures(stances).values()))
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return (np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1)).T


def _far(found: np.ndarray, planted: np.ndarray) -> np.ndarray:
    return np.nan_to_num(np.abs(found - planted), nan=np.inf)


def _misread_negation(stances: Stances) -> Stances:
    """Take an answer to the negation for one to the statement."""
    return {w: -s if w == "negated" else s for w, s in stances.items()}


def _shuffle_models(stances: Stances) -> Stances:
    """Give every voter the stances of the one before it, mostly of another model."""
    return {wording: np.roll(stance, 1, axis=1) for wording, stance in stances.items()}


def _forget_wordings(stances: Stances) -> Stances:
    """Take the answers of the paper's wording for those of all others, where nothing leans."""
    return dict.fromkeys(stances, stances[ASKED])


MISREAD = "negation read as the statement"
SPOILT: dict[str, Callable[[Stances], Stances]] = {  # the last two change nothing without a habit
    MISREAD: _misread_negation,
    "shuffled between models": _shuffle_models,
    "one wording for all": _forget_wordings,
}
