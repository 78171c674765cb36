"""The null model of Figure 1 for the paper's own groups and its stated numbers of labels."""

import numpy as np
import pandas as pd
from numpy.random import Generator

from alignment.paper.hofstede import read_human_values
from alignment.paper.published import MODELS, read_stated_n
from alignment.stats import null_model


def simulate_directions(rng: Generator, draws: int = 2000) -> pd.DataFrame:
    """Simulate the null model for the paper's two groups of two models, which claims all six.

    The result is that of `null_model.null_distributions`. As many labels as Appendix A states, each
    on a statement of its own; their polarities are not printed (NaN), and models agree with half of
    the statements.
    """
    stated = read_stated_n()
    rows = [(f"{d}-{i}", d, np.nan) for d, n in stated.items() for i in range(n)]
    labels = pd.DataFrame(rows, columns=["statement_id", "dimension", "polarity"])
    rates = pd.Series(0.5, index=MODELS["model"])
    people = read_human_values("current", list(MODELS["culture"].unique()))
    observed = dict.fromkeys(null_model.DESIGNS, len(stated))
    return null_model.null_distributions(labels, MODELS, rates, people, observed, rng, draws)
