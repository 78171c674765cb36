"""What else agrees with people as well as the paper's groups: chance, other groups or peoples."""

import numpy as np
import pandas as pd

from alignment.paper import grim
from alignment.paper.hofstede import read_human_values, read_matrix
from alignment.paper.published import MODELS, read_stated_n, read_table3
from alignment.stats import assignments, null_model


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


def read_native_positions() -> pd.DataFrame:
    """Return the printed native entries as sums over statements: dimension, model, value.

    A sum is the whole number that the printed mean stands for at the greatest n that its row
    allows.
    """
    table = read_table3()
    ns = grim.n_by_row(table, read_stated_n())
    native = table[table["native"]]
    n = native["dimension"].map({dimension: max(allowed) for dimension, allowed in ns.items()})
    return native.assign(value=(native["mean"] * n).round())[["dimension", "model", "value"]]


def assign_models() -> pd.DataFrame:
    """Return how many printed directions agree with people for each way to deal out the models."""
    people = read_human_values("current", list(MODELS["culture"].unique()))
    return assignments.assign_models(read_native_positions(), MODELS, people)


def pair_countries() -> pd.DataFrame:
    """Return how many of the printed directions each ordered pair of countries has (2015)."""
    positions = read_native_positions().merge(MODELS[["model", "culture"]])
    means = positions.groupby(["dimension", "culture"])["value"].mean().unstack()
    first, second = MODELS["culture"].unique()
    return assignments.pair_countries(means[first] - means[second], read_matrix("2015"))


def describe_units(dealt: pd.DataFrame) -> str:
    """Say what `assign_models` and `pair_countries` show of the printed directions."""
    agree, ways = dealt["agree"].iloc[0], len(dealt)
    same, p = (dealt["agree"] >= agree).sum(), assignments.share_as_good(dealt)
    pairs = pair_countries()
    every = pairs[pairs["agree"] == pairs["of"].max()]
    return (
        f"By the printed table the real groups agree with people on {agree} of "
        f"{len(read_stated_n())} dimensions, as do **{same} of the {ways} ways** to deal out the "
        f"models, the real one among them (p = {p:.2f}). The {pairs['of'].max()} decided "
        f"directions are those of **{len(every) - 1} of the {len(pairs) - 1} other ordered pairs "
        f"of countries**, too, in the matrix of 2015, such as {every['country'].iloc[-1]} and "
        f"{every['other_country'].iloc[-1]}."
    )
