"""The paper's tables as a page shows them."""

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from alignment.paper import published
from alignment.stats.significance import ALPHA, named_pairs

GREEN = "background-color: #cfe8cf; color: #10300f"
MARK = "◆"  # survives Holm's correction


def table3(table: pd.DataFrame) -> Styler:
    """Table 3 as the paper prints it: both means of each model, green where p < 0.05 under the bootstrap.

    A mark stands where the exact test with Holm's correction agrees. `table`: as `significance.compare` gives it; with
    more than two languages every pair of them has lines of its own, since it rests on statements of its own.
    """
    sides = [table.assign(side=table[s], mean=table[f"mean_{s}"]) for s in ("a", "b")]
    both = pd.concat(sides).assign(pair=table["a"] + " → " + table["b"])
    both = both.assign(significant=both["p_bootstrap"] < ALPHA, survives=both["p_holm"] < ALPHA)
    both["shown"] = both["mean"].map("{:.2f}".format, na_action="ignore").fillna("–")
    both["shown"] += both["significant"].map({True: " *", False: ""}) + both["survives"].map(
        {True: f" {MARK}", False: ""}
    )
    several = both["pair"].nunique() > 1 and both["model"].str.contains(" / ").sum() == 0
    keys = {"index": ["dimension", *(["pair"] if several else []), "side"], "columns": "model"}
    order = pd.MultiIndex.from_frame(
        both.sort_index(kind="stable")[keys["index"]].drop_duplicates()
    )
    wide = (
        both.pivot(**keys, values="shown").reindex(order)[list(table["model"].unique())].fillna("")
    )
    green = both.pivot(**keys, values="significant").reindex_like(wide).eq(True)
    colours = green.replace({True: GREEN, False: ""}).astype("str")
    style = wide.style.set_uuid("table3").apply(lambda _: colours, axis=None)
    return style.set_caption(
        f"Green, and * where colours are lost: p < 0.05 (bootstrap). {MARK}: p < 0.05, exact test after Holm's correction."
    )


def tests(table: pd.DataFrame) -> pd.DataFrame:
    """The tests of `compare` as a page shows them: the change with its interval, and p four ways; * below 0.05."""
    table = named_pairs(table)
    ends = [
        f" ({r.low:+.2f} to {r.high:+.2f})" if r.changed and pd.notna(r.low) else ""
        for r in table.itertuples()
    ]
    interval_ = [
        f"{r.difference:+.2f}{end}" if r.n else ""
        for r, end in zip(table.itertuples(), ends, strict=True)
    ]
    shown = table[["dimension", "model"]].assign(change=interval_)
    names = {
        "p_bootstrap": "bootstrap p",
        "p_exact": "exact p",
        "p_holm": "Holm",
        "p_bh": "Benjamini-Hochberg",
    }
    return shown.assign(**{name: table[p].map(_p) for p, name in names.items()}).set_index(
        ["dimension", "model"]
    )


def _p(p: float) -> str:
    return "" if np.isnan(p) else f"{p:.3f}" + (" *" if p < ALPHA else "")


def reach(table: pd.DataFrame) -> pd.DataFrame:
    """What each cell of `compare` could have shown: the smallest difference at 80 % power, and the smallest exact p."""
    table = named_pairs(table)
    columns = {
        "n": "n",
        "changed": "changed",
        "smallest_difference": "smallest difference",
        "smallest_p": "smallest exact p",
    }
    shown = table.set_index(["dimension", "model"])[list(columns)].rename(columns=columns)
    places = {"smallest difference": "{:.2f}", "smallest exact p": "{:.3f}"}
    return shown.assign(
        **{
            c: shown[c].map(form.format, na_action="ignore").fillna("")
            for c, form in places.items()
        }
    )


def table2(table: pd.DataFrame) -> pd.DataFrame:
    """Table 2 with the paper's printed values beside it, as `figures.mae_bars` draws it; without the row "all".

    Without any rating the printed values stand there alone.
    """
    printed = published.read_published("paper_table2")
    printed.columns = ["dimension", "paper_between", "paper_models"]
    ours = (
        table[table["dimension"] != "all"]
        .rename(columns={"n_to_models": "n"})
        .rename(columns=lambda c: c.replace("to_models", "models"))
    )
    both = ours.merge(printed, on="dimension", how="left" if len(ours) else "right")
    ends = [f"{side}{end}" for side in ("between", "models") for end in ("", "_low", "_high")]
    names = [*ends, "n", "paper_between", "paper_models"]
    return both.astype(dict.fromkeys(names, float))[["dimension", *names]]


def table2_text(table: pd.DataFrame) -> pd.DataFrame:
    """Table 2 to read: every estimate with its interval and n, and what the paper prints in the last two columns."""
    names = {
        "between": "between annotators",
        "to_models": "annotators and label",
        "alpha": "alpha of annotators",
    }
    rests_on = {"between": "n_between", "to_models": "n_to_models", "alpha": "n_between"}
    ours = pd.DataFrame({names[v]: with_n(table, v, n) for v, n in rests_on.items()}).set_axis(
        table["dimension"]
    )
    printed = published.read_published("paper_table2").set_index("dimension")
    printed.columns = ["the paper: between annotators", "the paper: annotators and label"]
    if not table["n_to_models"].any():
        return printed.assign(**{"here": "not yet rated"})
    return ours.join(printed).fillna("")


def with_n(table: pd.DataFrame, value: str, n: str) -> pd.Series:
    """Estimates as text with their interval and the number they rest on; a dash where there is none.

    The interval stands in `<value>_low` and `<value>_high`, or in `low` and `high`.

    >>> one = pd.DataFrame({"mae": [0.336], "mae_low": [0.25], "mae_high": [0.43], "n": [81]})
    >>> with_n(one, "mae", "n").tolist()
    ['0.34 [0.25, 0.43] (n=81)']
    """
    prefix = f"{value}_" if f"{value}_low" in table else ""
    rows = table[[value, f"{prefix}low", f"{prefix}high", n]].itertuples(index=False, name=None)
    return pd.Series([_with_n(*row) for row in rows], index=table.index, dtype="str")


def _with_n(x: float, low: float, high: float, n: int) -> str:
    return f"{x:.2f} [{low:.2f}, {high:.2f}] (n={n:,})" if pd.notna(x) else f"– (n={n:,})"
