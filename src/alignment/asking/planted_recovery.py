"""Compare estimates with the simulated ground truth, which is what a simulated study is for."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.asking import ground_truth
from alignment.stats import known_noise, recovery_checks
from alignment.stats.known_noise import Design, Estimates, Labelled, Noise
from alignment.study.paths import ASKING
from alignment.study.workspace import Workspace
from utils import scores
from utils.cells import PAIR
from utils.rules import Rules

BY = ["dimension", "model", "language"]
POSITIONS = [*BY, "leaning", "planted", "estimate", "tolerance"]
POSITIONS += ["n_planted", "n", "recovered", "verdict"]
CONTROLS = ["control", "check", "passed", "of", "needed", "holds", "must"]
VOTER = ["statement_id", "model", "language"]  # of a stance
LABELS = ["dimension", "planted", "found", "both", "precision", "recall", "same_polarity"]
RECOVERED, MISSED = "recovered what was planted", "not recovered"
AS_ESTIMATED = "as estimated"
STUDIES = 1000  # simulated studies with the known noise, against which this one is held


@dataclass(frozen=True)
class Recovery:
    """What of the ground truth was recovered; both tables are empty where nothing was planted."""

    positions: pd.DataFrame  # each mean as planted and as estimated; POSITIONS
    controls: pd.DataFrame  # each check of the estimates, and of spoilt ones; CONTROLS


@dataclass(frozen=True)
class Expected:
    """What to expect of a study: its ground truth, and what known noise makes of it."""

    design: Design
    planted: Estimates
    within: recovery_checks.Tolerance
    needed: dict[str, float]  # check -> least share that passed in any noisy study
    found: np.ndarray  # share of noisy studies that find each planted change: the tests' power


def assess(workspace: Workspace, rng: Generator, studies: int = STUDIES) -> Recovery:
    """Hold a simulated study against what known noise makes of its ground truth."""
    if workspace.study.respondents != "simulated":
        return Recovery(pd.DataFrame(columns=POSITIONS), pd.DataFrame(columns=CONTROLS))
    return compare(workspace, expect(workspace, rng, studies))


def expect(workspace: Workspace, rng: Generator, studies: int = STUDIES) -> Expected:
    """Draw the noise of judges, runs and lost replies anew, from what the study states of it.

    The tolerance of a mean or a gap is the deviation that 99 of 100 of these studies keep to.
    """
    truth, noise, design = read_truth(workspace), read_noise(workspace), _design(workspace)
    planted, noisy = known_noise.estimate(truth, design), []
    for _ in range(studies):
        noisy.append(known_noise.estimate(known_noise.read_once(truth, noise, rng), design))
    within = recovery_checks.tolerate(planted, noisy)
    counts = [recovery_checks.count_all(study, planted, within, study) for study in noisy]
    needed = recovery_checks.least_shares(counts)
    found = recovery_checks.power(planted, noisy)
    return Expected(design, planted, within, needed, found)


def compare(workspace: Workspace, expected: Expected) -> Recovery:
    """Check the estimates of a study, then the same estimates spoilt, which have to fail."""
    found = read_estimates(workspace)
    recounted = replace(found.labelled, stance=_recount_stances(workspace))
    again = known_noise.estimate(recounted, expected.design)
    rows = _rows(AS_ESTIMATED, found, again, expected, tuple(recovery_checks.CHECKS), "hold")
    for name, (spoil, checks) in recovery_checks.CONTROLS.items():
        rows += _rows(name, spoil(found), again, expected, checks, "fail")
    positions = _compare_positions(workspace, found, expected)
    return Recovery(positions, pd.DataFrame(rows, columns=CONTROLS))


def _rows(
    control: str,
    found: Estimates,
    again: Estimates,
    expected: Expected,
    checks: tuple[str, ...],
    must: str,
) -> list[tuple]:
    within = expected.within
    counts, rows = recovery_checks.count_all(found, expected.planted, within, again), []
    for check in (name for name in checks if name in counts):
        passed, of = counts[check]
        needed = int(np.ceil(expected.needed[check] * of - 1e-9))
        rows.append((control, check, passed, of, needed, passed >= needed, must))
    return rows


def _compare_positions(workspace: Workspace, found: Estimates, expected: Expected) -> pd.DataFrame:
    """Return each position as drawn, as planted and as estimated, and whether it was recovered.

    A row for each dimension, model and language, on the scale from -2 to 2. `leaning` is what the
    study file says; `planted` the mean over the statements kept, by the planted labels and stances
    and worked out by none of the pipeline's own code.
    """
    study, axes = workspace.study, _axes(workspace, *BY)
    index = pd.MultiIndex.from_product(axes.values(), names=BY)
    labelled = (~np.isnan(expected.planted.labelled.polarity)).sum(axis=0)
    values = {"planted": expected.planted.mean, "estimate": found.mean}
    values |= {"tolerance": expected.within.mean}
    values["n_planted"] = np.broadcast_to(labelled[:, None, None], found.mean.shape)
    table = pd.DataFrame({name: value.ravel() for name, value in values.items()}, index)
    table = table.dropna(subset="planted").reset_index()
    counts = scores.positions(workspace.read("07_scores"), BY)[[*BY, "n"]]
    table = workspace.in_order(table.merge(counts, on=BY, how="left"))
    places = {language: place for place, language in enumerate(study.languages)}
    means = [study.simulation.leanings[r.model].get(r.dimension) for r in table.itertuples()]
    at = table["language"].map(places)
    leanings = [of[k] if of else np.nan for of, k in zip(means, at, strict=True)]
    far = (table["estimate"] - table["planted"]).abs()
    table = table.assign(leaning=leanings, recovered=far <= table["tolerance"] + 1e-9)
    table["verdict"] = table["recovered"].map({True: RECOVERED, False: MISSED})
    return table[POSITIONS]


# The study as arrays, with the axes of `known_noise`.


def read_truth(workspace: Workspace) -> Labelled:
    """Return what was planted: labels of all statements kept, and every stance on them."""
    steps = dict(list(_plant(workspace).groupby("step")))
    pairs = _axes(workspace, *PAIR)
    return Labelled(
        relevant=_spread(steps["relevance"], "value", pairs) == 1,
        polarity=_spread(steps["polarity"], "value", pairs),
        stance=_spread(steps["stance"], "value", _axes(workspace, *VOTER)),
    )


def read_estimates(workspace: Workspace) -> Estimates:
    """Return what the pipeline says of the same, from the tables of notebooks 04 to 10."""
    pairs = _axes(workspace, *PAIR)
    labels = workspace.read("05_sociocultural_statements")
    labelled = Labelled(
        relevant=_spread(workspace.read("04_relevance"), "relevant", pairs) == 1,
        polarity=_spread(labels, "polarity", pairs),
        stance=_spread(workspace.read("07_votes"), "vote", _axes(workspace, *VOTER)),
    )
    means = scores.positions(workspace.read("07_scores"), BY)
    changes = workspace.read("10_table3")
    changes["pair"] = changes["base"] + " " + changes["other"]
    axes = _axes(workspace, "dimension", "model")
    axes["pair"] = [f"{a} {b}" for a, b in combinations(workspace.study.languages, 2)]
    return Estimates(
        labelled=labelled,
        mean=_spread(means, "position", _axes(workspace, *BY)),
        difference=_spread(changes, "difference", axes),
        p=_spread(changes, "p_holm", axes),
        changed=np.nan_to_num(_spread(changes, "changed", axes)),
        compared=np.nan_to_num(_spread(changes, "n", axes)),
        gap=_read_gaps(workspace),
    )


def _recount_stances(workspace: Workspace) -> np.ndarray:
    """Return the stance of each voter, counted a second time from its answers."""
    answers = workspace.read("07_answers.csv.gz")
    runs = sorted(answers["run"].unique())
    answers["value"] = answers["answer"].map({"agree": 1.0, "disagree": -1.0})
    values = _spread(answers, "value", _axes(workspace, *VOTER) | {"run": runs})
    few = workspace.parameters.get("missing_votes", Rules.missing_votes) == "valid"
    return known_noise.majority(values, 0 if few else len(runs) / 2)


def _read_gaps(workspace: Workspace) -> np.ndarray:
    """Return the gaps between groups that page 08 draws: dimensions x pairs of groups."""
    drawn = workspace.read("08_figure1").query("kind == 'models' and selection == 'differing'")
    groups = list(_groups(workspace).unique())
    position = _spread(drawn, "value", _axes(workspace, "dimension") | {"group": groups})
    first, second = np.array(list(combinations(range(len(groups)), 2)), int).reshape(-1, 2).T
    return position[:, first] - position[:, second]


def _groups(workspace: Workspace) -> pd.Series:
    """Return the group of each model; all in one where groups respond by a rule not known here."""
    culture = workspace.models["culture"]
    by_median = workspace.parameters.get("split_group", Rules.split_group) == "median"
    return culture if by_median else pd.Series("all", index=culture.index)


def _axes(workspace: Workspace, *names: str) -> dict[str, list[str]]:
    values = {
        "statement_id": list(workspace.read("02_statements")["statement_id"]),
        "dimension": workspace.dimensions,
        "model": list(workspace.study.models),
        "language": list(workspace.study.languages),
    }
    return {name: values[name] for name in names}


def _spread(frame: pd.DataFrame, value: str, axes: dict[str, list[str]]) -> np.ndarray:
    """Return a column as an array with these axes, NaN where the frame has no row."""
    index = pd.MultiIndex.from_product(axes.values(), names=list(axes))
    column = frame.set_index(list(axes))[value].astype(float)
    return column.reindex(index).to_numpy().reshape([len(values) for values in axes.values()])


def read_noise(workspace: Workspace) -> Noise:
    """Return the noise that a simulated study states, as far as it reaches labels and stances."""
    simulation, votes = workspace.study.simulation, len(workspace.judges)
    votes *= len(workspace.study.languages)
    trouble, lost = simulation.trouble, 1.0
    final, unread = trouble.refused + trouble.wrong_language, trouble.unreadable + trouble.cut_off
    for _ in range(workspace.study.attempts):  # what could not be read is asked again
        lost = final + unread * lost
    runs = {step: workspace.read(f"{n}_answers.csv.gz")["run"].max() for step, n in ASKING.items()}
    quorum = int(workspace.parameters.get("relevance_quorum", 0)) or -(-votes // 2)
    return Noise(simulation.judge_noise, simulation.run_noise, lost, votes, quorum, runs)


def _design(workspace: Workspace) -> Design:
    models, languages = workspace.models, workspace.study.languages
    native = np.array([languages.index(language) for language in models["language"]])
    differ = workspace.parameters.get("differ", Rules.differ)
    return Design(native, pd.factorize(_groups(workspace))[0], differ)


def score_ground_truth(workspace: Workspace) -> pd.DataFrame:
    """Score a simulated study as if every label and stance were read as planted."""
    truth = _plant(workspace)
    labels = truth[truth["step"] == "polarity"].rename(columns={"value": "polarity"})
    votes = truth[truth["step"] == "stance"].rename(columns={"value": "vote"})
    return scores.label_scores(labels, votes, workspace.models)


def _plant(workspace: Workspace) -> pd.DataFrame:
    return ground_truth.plant(workspace, list(workspace.read("02_statements")["statement_id"]))


def compare_labels(workspace: Workspace) -> pd.DataFrame:
    """Count the relevant pairs of each dimension as planted, as found, and as both.

    With precision, recall, and the share of shared pairs whose polarity is the planted one.
    Columns: LABELS. Empty in a study that is not simulated.
    """
    if workspace.study.respondents != "simulated":
        return pd.DataFrame(columns=LABELS)
    planted = _plant(workspace).query("step == 'polarity'").set_index(PAIR)["value"]
    relevant = workspace.read("04_relevance").query("relevant").set_index(PAIR).index
    polarity = workspace.read("05_sociocultural_statements").set_index(PAIR)["polarity"]
    shared = relevant.intersection(planted.index)
    same = polarity.reindex(shared) == planted.reindex(shared)
    counts = {}
    for name, pairs in (("planted", planted.index), ("found", relevant), ("both", shared)):
        by_dimension = pd.Series(pairs.get_level_values("dimension")).value_counts()
        counts[name] = by_dimension.reindex(workspace.dimensions, fill_value=0)
    labels = pd.DataFrame(counts)
    labels["precision"] = labels["both"] / labels["found"]
    labels["recall"] = labels["both"] / labels["planted"]
    labels["same_polarity"] = same.groupby(level="dimension").mean()
    return labels.rename_axis("dimension").reset_index()


def show_controls(recovery: Recovery) -> pd.DataFrame:
    """Return a row for each check: what passed of this study, and of its controls."""
    rows = recovery.controls
    text = rows["passed"].astype(str) + " of " + rows["of"].astype(str)
    wide = rows.assign(text=text).pivot(index="check", columns="control", values="text")
    wide = wide.reindex(index=rows["check"].unique(), columns=rows["control"].unique())
    own = rows[rows["control"] == AS_ESTIMATED].set_index("check")
    if len(wide):
        wide.insert(1, "needed", own["needed"])
    return wide.fillna("").rename_axis(columns=None).reset_index()


def describe(recovery: Recovery) -> str:
    """Say what was recovered, which checks do not hold, and which controls do not fail."""
    rows, positions = recovery.controls, recovery.positions
    if rows.empty:
        return "Nothing was planted in this study, so there is nothing to recover."
    own, spoilt = (rows[rows["must"] == must] for must in ("hold", "fail"))
    lines = {row.check: f"{row.passed} of {row.of}" for row in own.itertuples()}
    said = [f"Mean scores recovered: **{lines[recovery_checks.MEANS]}**"]
    if recovery_checks.FOUND in lines:
        false = own.set_index("check").loc[recovery_checks.FALSE]
        said.append(f"planted changes found: **{lines[recovery_checks.FOUND]}**")
        said.append(f"false ones: **{false['of'] - false['passed']} of {false['of']}**")
    far = (positions["estimate"] - positions["planted"]).abs().max()
    text = f"{', '.join(said)}. No mean is off by more than {far:.2f}, on a scale from -2 to 2. "
    broken = [f"{r.check} ({r.passed} of {r.of})" for r in own[~own["holds"]].itertuples()]
    text += f"**Not recovered: {'; '.join(broken)}.** " if broken else "Every check holds. "
    idle = [f"{r.check}, {r.control}" for r in spoilt[spoilt["holds"]].itertuples()]
    if idle:
        return text + f"**Controls that should fail and do not: {'; '.join(idle)}.**"
    return text + f"All {len(spoilt)} controls fail, as they must."
