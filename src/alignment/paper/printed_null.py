"""The null model of Figure 1 for the paper's own groups and its stated numbers of labels."""

import numpy as np
import pandas as pd

from alignment.paper.hofstede import read_human_values
from alignment.paper.published import MODELS, read_stated_n
from alignment.stats import null_model


def chance_directions() -> pd.DataFrame:
    """Return the null model for the paper's two groups of two models, which claims all six.

    As many labels as Appendix A states, each on a statement of its own; their polarities are not
    printed (NaN: each of the four as likely), and models agree with half of the statements.
    Columns: design, directions, share (exact), observed (claimed).
    """
    stated = read_stated_n()
    rows = [(f"{d}-{i}", d, np.nan) for d, n in stated.items() for i in range(n)]
    labels = pd.DataFrame(rows, columns=["statement_id", "dimension", "polarity"])
    rates = pd.Series(0.5, index=MODELS["model"])
    people = read_human_values("current", list(MODELS["culture"].unique()))
    tables = []
    for differ, design in null_model.DESIGNS.items():
        share = null_model.chance_directions(labels, MODELS, rates, people, differ)
        tables.append(null_model.distribution(share, design, len(stated)))
    return pd.concat(tables, ignore_index=True)
