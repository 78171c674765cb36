"""How far the runs that brought no answer could move a result."""

import pandas as pd


def bound_means(scores: pd.DataFrame, votes: pd.DataFrame) -> pd.DataFrame:
    """Return how far the missing runs could move each mean score.

    A stance could be the other one where the missing runs of its cell could outvote the ones that
    are there; `low` and `high` are the means if all of these fell in the worst way. A row for each
    model, language and dimension: ..., labels, missing (runs), mean, low, high.
    """
    by = ["statement_id", "model", "language"]
    counts = votes[[*by, "planned", "answered", "support"]]
    both = scores.merge(counts, on=by, how="left", validate="many_to_one")
    missing, support = both["planned"] - both["answered"], both["support"].fillna(0)
    is_loose = both["vote"].isna() | (missing > 0) & (both["planned"] - support >= support)
    size = both["polarity"].abs()
    both["low"], both["high"] = (both["score"].mask(is_loose, worst) for worst in (-size, size))
    by = both.assign(missing=missing).groupby(["model", "language", "dimension"], sort=False)
    means = {"mean": ("score", "mean"), "low": ("low", "mean"), "high": ("high", "mean")}
    table = by.agg(labels=("score", "size"), missing=("missing", "sum"), **means)
    return table.reset_index()
