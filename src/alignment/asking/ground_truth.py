"""What simulated respondents know: the statements' labels, and who agrees with which of them.

Only the respondents read it, and `recovery`, which compares the estimates with it.
"""

import hashlib
import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from alignment.study import table_files
from alignment.study.schema import Study
from alignment.study.workspace import Workspace
from utils.cells import SCORES, is_stance

COLUMNS = ["step", "statement_id", "dimension", "model", "language", "value"]
RELEVANT = 0.1  # share of statement-dimension pairs that are relevant where no table plants them


def planted_file(workspace: Workspace) -> Path:
    """Return where the study's own table of planted labels is, if it has one."""
    return workspace.material / "planted.csv"


def uniform(*parts) -> float:
    """Return a number in [0, 1) that depends on its parts alone, on every machine and in any order.

    >>> uniform(1, "a") == uniform(1, "a"), uniform(1, "a") == uniform("1a")
    (True, False)
    """
    text = json.dumps(parts, ensure_ascii=False)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def plant_labels(workspace: Workspace, statement_ids: list[str]) -> pd.DataFrame:
    """Return relevance and polarity of statements: the study's table, and draws for others.

    Columns as in `plant`; all rows of the study's table are returned.
    """
    path, labels = planted_file(workspace), pd.DataFrame([], columns=COLUMNS)
    if path.exists():
        labels = table_files.read(path).query("step != 'stance'")
    in_table = set(labels["statement_id"])
    draws = [row for s in statement_ids if s not in in_table for row in _draw_labels(workspace, s)]
    if not draws:
        return labels
    return pd.concat([labels, pd.DataFrame(draws, columns=COLUMNS)], ignore_index=True)


def plant(workspace: Workspace, statement_ids: list[str]) -> pd.DataFrame:
    """Return the whole ground truth of statements, one row per label and per stance.

    Columns: step, statement_id, dimension, model, language, value (of stances: 1 is for the
    statement, -1 against it and 0 neither, in whichever wording it is asked).
    """
    labels = plant_labels(workspace, statement_ids)
    polarities: dict[str, dict[str, float]] = {}
    for row in labels[labels["step"] == "polarity"].itertuples():
        polarities.setdefault(row.statement_id, {})[row.dimension] = row.value
    study, stances = workspace.study, []
    for statement, model, language in product(statement_ids, study.models, study.languages):
        opinion = _draw_stance(study, statement, polarities.get(statement, {}), model, language)
        for step in filter(is_stance, study.steps):
            by_habit = _draw_habit(study, step, statement, model)
            value = opinion if by_habit is None else by_habit
            stances.append((step, statement, "", model, language, value))
    labels = labels[labels["statement_id"].isin(statement_ids)]
    return pd.concat([labels, pd.DataFrame(stances, columns=COLUMNS)], ignore_index=True)


def _draw_labels(workspace: Workspace, statement: str) -> list[tuple]:
    seed, rows = workspace.study.simulation.seed, []
    for dimension in workspace.dimensions:
        relevant = uniform(seed, "relevance", statement, dimension) < RELEVANT
        rows.append(("relevance", statement, dimension, "", "", int(relevant)))
        if relevant:
            value = (-2, -1, 1, 2)[int(4 * uniform(seed, "polarity", statement, dimension))]
            rows.append(("polarity", statement, dimension, "", "", value))
    return rows


def _draw_stance(
    study: Study, statement: str, polarities: dict[str, float], model: str, language: str
) -> int:
    """Draw whether a respondent agrees, so that its mean score on a dimension is its leaning.

    Agreeing scores the polarity p, so a leaning L needs a mean stance of L / p; a statement of
    several dimensions takes the mean of theirs. A language has a mean of its own only where the
    leanings on all of these dimensions change with it and move the stance the same way: no change
    spreads to a dimension for which none is planted. A language shares the first language's draw
    with the probability that the study states as their correlation.
    """
    simulation, place = study.simulation, study.languages.index(language)
    leanings = simulation.leanings[model]
    means = [(leanings[d], p) for d, p in polarities.items() if d in leanings]
    moves = {float(np.sign((mean[place] - mean[0]) * p)) for mean, p in means}
    own = place if moves in ({1.0}, {-1.0}) else 0
    tilts = [mean[own] / p for mean, p in means]
    mean = max(-1.0, min(1.0, sum(tilts) / len(tilts))) if tilts else 0.0
    sharing = uniform(simulation.seed, "shares", statement, model, language)
    if place == 0 or sharing < simulation.language_correlation:
        language = study.languages[0]
    draw = uniform(simulation.seed, "stance", statement, model, language)
    return 1 if draw < (1 + mean) / 2 else -1


def _draw_habit(study: Study, step: str, statement: str, model: str) -> int | None:
    """Draw the stance that a respondent's habit makes of its answer; None where it has a view.

    The draw is the same in all wordings and languages: whoever agrees by habit agrees with a
    statement and with its negation.
    """
    habits = study.simulation.habits.get(model)
    if habits is None:
        return None
    draw, meant = uniform(study.simulation.seed, "habit", statement, model), SCORES[step]
    if draw < habits.agree:
        return meant["agree"]
    if draw < habits.agree + habits.first:
        return meant["disagree" if step == "stance_turned" else "agree"]
    is_middle = draw < habits.agree + habits.first + habits.middle
    return 0 if is_middle and "neither" in meant else None
