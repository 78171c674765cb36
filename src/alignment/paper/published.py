"""The numbers that the paper prints, as data/reference holds them."""

import numpy as np
import pandas as pd

from alignment.study.paths import REFERENCE
from utils.cells import DIMENSIONS
from utils.errors import Problem, nearest

MODELS = pd.DataFrame({"model": ["GPT", "Llama", "DeepSeek", "Qwen"]})
MODELS = MODELS.assign(culture=["US", "US", "China", "China"], language=["en", "en", "zh", "zh"])
SIZES = (
    "debates scraped",
    "debates kept by vote filter (at least 3 votes)",
    "statements relevant to at least one dimension",
    "relevance votes cast per pair",
    "runs per model and language",
)
# Section 6.2.3 names these entries of Table 3 as significant; the marks in the table are lost.
SIGNIFICANT = [("UAI", "GPT"), ("LTO", "GPT"), ("PDI", "DeepSeek"), ("LTO", "DeepSeek")]


def read_published(name: str) -> pd.DataFrame:
    """Read a table of data/reference as text: `paper_counts`, `paper_table1` to 4, `paper_claims`.

    Raises Problem with the nearest name for a table that is not there.
    """
    path = REFERENCE / f"{name}.csv"
    if not path.exists():
        names = sorted(p.stem for p in REFERENCE.glob("*.csv"))
        hint = f"{nearest(name, names)} It has {', '.join(names)}."
        raise Problem(f'data/reference has no table "{name}".{hint}')
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def read_count(item: str) -> float:
    """Return a number that the paper states, by its item in paper_counts.

    >>> read_count("debates scraped"), read_count("relevance labels confirmed by annotators")
    (1534.0, 94.65)
    """
    return float(read_published("paper_counts").set_index("item").at[item, "value"])


def read_stated_n() -> dict[str, int]:
    """Return the number of statements that Appendix A states for each dimension.

    >>> read_stated_n()["LTO"]
    24
    """
    dimensions = read_published("paper_table3")["dimension"].unique()
    return {d: int(read_count(f"relevant {d}")) for d in dimensions}


def count_requests() -> pd.DataFrame:
    """Count the requests that the paper's sizes need under three readings of its first step.

    Columns: reading, relevance, polarity, stance, calls (their sum).

    >>> count_requests()["calls"].tolist()
    [99992, 63608, 212600]
    """
    scraped, kept, scored, votes, runs = (int(read_count(item)) for item in SIZES)
    readings = {
        "one run over every scraped statement": scraped,
        "one run over the kept statements": kept,
        "every run over the kept statements": kept * runs,
    }
    table = pd.DataFrame(readings.items(), columns=["reading", "relevance"])
    table["relevance"] *= len(DIMENSIONS) * votes
    table["polarity"] = sum(read_stated_n().values()) * votes * runs
    table["stance"] = scored * votes * runs
    return table.assign(calls=table[["relevance", "polarity", "stance"]].sum(axis=1))


def read_table3() -> pd.DataFrame:
    """Read Table 3, one row per entry.

    Columns: dimension, model, culture, language, native (truth), printed (text), mean.
    """
    table = read_published("paper_table3")
    order = {d: i for i, d in enumerate(table["dimension"].unique())}
    long = table.melt(["dimension", "language"], var_name="model", value_name="printed")
    long = long.sort_values("dimension", key=lambda d: d.map(order), kind="stable")
    models = MODELS.set_index("model")
    long["culture"] = long["model"].map(models["culture"])
    long["native"] = long["language"] == long["model"].map(models["language"])
    long["mean"] = long["printed"].astype(float)
    columns = ["dimension", "model", "culture", "language", "native", "printed", "mean"]
    return long[columns].reset_index(drop=True)


def read_table3_pairs() -> pd.DataFrame:
    """Read Table 3 as `compare_languages` would give it, one row per dimension and model.

    The p-values are not printed (NaN); `named`: the text calls the change significant.
    """
    table = read_table3()
    keys = ["dimension", "model", "culture"]
    wide = table.pivot(index=keys, columns="language", values="mean")
    wide = table[keys].drop_duplicates().merge(wide.reset_index(), on=keys)
    wide = wide.rename(columns={"en": "mean_base", "zh": "mean_other"})
    named = [row in SIGNIFICANT for row in zip(wide["dimension"], wide["model"], strict=True)]
    return wide.assign(base="en", other="zh", p_bootstrap=np.nan, p_holm=np.nan, named=named)
