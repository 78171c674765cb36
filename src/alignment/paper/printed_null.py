"""The null model of Figure 1 for the paper's own groups and its stated numbers of labels."""

import numpy as np
import pandas as pd

from alignment.paper import hofstede, published
from alignment.stats.null_model import DESIGNS, table


def paper_labels() -> pd.DataFrame:
    """As many labels as Appendix A states, each on a statement of its own; their polarities are not printed (NaN).

    >>> paper_labels()["dimension"].value_counts()["LTO"]
    np.int64(24)
    """
    rows = [(f"{d}-{i}", d, np.nan) for d, n in published.stated_n().items() for i in range(n)]
    return pd.DataFrame(rows, columns=["statement_id", "dimension", "polarity"])


def paper_table(rng: np.random.Generator, draws: int = 2000) -> pd.DataFrame:
    """The same for the paper's two groups of two models and its stated numbers of labels; its claim is all six."""
    even = pd.Series(0.5, index=published.MODELS["model"])
    people = hofstede.read_human_values("current", list(published.MODELS["culture"].unique()))
    return table(
        paper_labels(),
        published.MODELS,
        even,
        people,
        dict.fromkeys(DESIGNS, len(published.stated_n())),
        rng,
        draws,
    )
