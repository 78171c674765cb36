"""The annotators' ratings of a sample: read from their sheets, or simulated."""

import numpy as np
import pandas as pd

from alignment.annotation import rating_sheets, sampling
from alignment.study.paths import shown
from alignment.study.workspace import Workspace
from utils.cells import PAIR
from utils.errors import Problem


def read_ratings(
    workspace: Workspace, sample: pd.DataFrame, labels: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Return a sample's ratings, from data/raw/<study>/ratings or simulated, as the study says.

    Also returns sentences on what of the folder was not used.

    Empty when nobody has rated yet. Pairs that lost their label since the sheets were written are
    left out. Problem when there are both: simulated annotators never stand beside real ones.
    """
    folder, settings = workspace.raw / "ratings", workspace.study.annotators
    labelled = sample.merge(labels[[*PAIR, "polarity"]], on=PAIR, how="left")
    is_asked = labelled["polarity"].notna() | (labelled["called"] == sampling.CALLED[1])
    labelled = labelled[is_asked]
    if not settings.simulated:
        ratings, notes = rating_sheets.read_sheets(folder, sample, workspace.study.name)
        return ratings.merge(labelled[PAIR], on=PAIR), notes
    if rating_sheets.list_sheets(folder):
        why = f"The study simulates its annotators, and {shown(folder)} holds real sheets"
        mend = "set `annotators: {simulated: 0}` in the study's file, or move the sheets away"
        raise Problem(f"{why}: {mend}.")
    rng = np.random.default_rng(settings.seed)
    return sampling.simulate_ratings(labelled, settings.simulated, settings.error, rng), []
