"""Tables as a page shows them."""

import pandas as pd
from pandas.io.formats.style import Styler

from utils import published
from utils.significance import ALPHA

GREEN = "background-color: #cfe8cf; color: #10300f"
MARK = "◆"  # survives Holm's correction


def table3(table: pd.DataFrame) -> Styler:
    """Table 3 as the paper prints it: both means of each model, green where p < 0.05 under the bootstrap.

    A mark stands where the exact test with Holm's correction agrees. `table`: as `significance.compare` gives it.
    """
    sides = [table.assign(side=table[s], mean=table[f"mean_{s}"]) for s in ("a", "b")]
    both = pd.concat(sides).assign(significant=lambda t: t["p_bootstrap"] < ALPHA, survives=lambda t: t["p_holm"] < ALPHA)
    both["shown"] = both["mean"].map("{:.2f}".format) + both["survives"].map({True: f" {MARK}", False: ""})
    keys = {"index": ["dimension", "side"], "columns": "model"}
    order = pd.MultiIndex.from_tuples([(d, s) for d in table["dimension"].unique() for s in both["side"].unique()])
    wide = both.pivot(**keys, values="shown").reindex(order)[list(table["model"].unique())].fillna("")
    green = both.pivot(**keys, values="significant").reindex_like(wide).eq(True)
    style = wide.style.set_uuid("table3").apply(lambda _: green.replace({True: GREEN, False: ""}).astype("str"), axis=None)
    return style.set_caption(f"Green: p < 0.05 (bootstrap). {MARK}: p < 0.05 in the exact test after Holm's correction.")


def table2(table: pd.DataFrame) -> pd.DataFrame:
    """Table 2 with the paper's printed values beside it, as `figures.mae_bars` draws it; without the row "all"."""
    printed = published.table(2).rename(columns={"mae_between_annotators": "paper_between", "mae_annotators_vs_llms": "paper_models"})
    ours = table[table["dimension"] != "all"].rename(columns=lambda c: c.replace("to_models", "models"))
    both = ours.merge(printed, on="dimension", how="left").astype({"paper_between": float, "paper_models": float})
    ends = [f"{side}{end}" for side in ("between", "models") for end in ("", "_low", "_high")]
    return both[["dimension", *ends, "paper_between", "paper_models"]]
