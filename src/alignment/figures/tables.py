"""The paper's tables as a page shows them."""

import pandas as pd
from pandas.io.formats.style import Styler

from alignment.paper.published import read_published
from alignment.stats.language_changes import name_pairs
from alignment.stats.significance import ALPHA

GREEN = "background-color: #cfe8cf; color: #10300f"
MARK = "◆"  # survives Holm's correction


def show_table3(table: pd.DataFrame) -> Styler:
    """Show Table 3 as the paper prints it: both means of each model, green where p < 0.05.

    p is the bootstrap's; a mark stands where the exact test with Holm's correction agrees. `table`:
    as `compare_languages` gives it. With more than two languages every pair of them has lines of
    its own, since it rests on statements of its own.
    """
    sides = [table.assign(side=table[s], mean=table[f"mean_{s}"]) for s in ("a", "b")]
    both = pd.concat(sides).assign(pair=table["a"] + " → " + table["b"])
    both["significant"] = both["p_bootstrap"] < ALPHA
    both["shown"] = both["mean"].map("{:.2f}".format, na_action="ignore").fillna("–")
    both["shown"] += both["significant"].map({True: " *", False: ""})
    both["shown"] += (both["p_holm"] < ALPHA).map({True: f" {MARK}", False: ""})
    several = both["pair"].nunique() > 1 and both["model"].str.contains(" / ").sum() == 0
    index = ["dimension", "pair", "side"] if several else ["dimension", "side"]
    order = both.sort_index(kind="stable")[index].drop_duplicates()
    wide = both.pivot(index=index, columns="model", values="shown")
    wide = wide.reindex(pd.MultiIndex.from_frame(order))[list(table["model"].unique())].fillna("")
    green = both.pivot(index=index, columns="model", values="significant").reindex_like(wide)
    colours = green.eq(True).replace({True: GREEN, False: ""}).astype("str")
    style = wide.style.set_uuid("table3").apply(lambda _: colours, axis=None)
    caption = "Green, and * where colours are lost: p < 0.05 (bootstrap). "
    return style.set_caption(f"{caption}{MARK}: p < 0.05, exact test after Holm's correction.")


def show_tests(table: pd.DataFrame) -> pd.DataFrame:
    """Show the tests of `compare`: the change with its interval, and p four ways; * below 0.05."""
    table = name_pairs(table).set_index(["dimension", "model"])
    changes = []
    for row in table.itertuples():
        change = f"{row.difference:+.2f}" if row.n else ""
        if row.changed and pd.notna(row.low):
            change += f" ({row.low:+.2f} to {row.high:+.2f})"
        changes.append(change)
    tests = table[["p_bootstrap", "p_exact", "p_holm", "p_bh"]].map(_format_p)
    tests.columns = ["bootstrap p", "exact p", "Holm", "Benjamini-Hochberg"]
    tests.insert(0, "change", changes)
    return tests


def _format_p(p: float) -> str:
    if pd.isna(p):
        return ""
    return (f"{p:.3f}" if p >= 0.0005 else "< 0.001") + (" *" if p < ALPHA else "")


def show_power(table: pd.DataFrame) -> pd.DataFrame:
    """Show what each entry of `compare` could have found.

    The smallest difference at 80 % power, and the smallest exact p.
    """
    table = name_pairs(table).set_index(["dimension", "model"])
    difference = table["smallest_difference"].map("{:.2f}".format, na_action="ignore")
    p = table["smallest_p"].map("{:.3f}".format, na_action="ignore")
    texts = {"smallest difference": difference.fillna(""), "smallest exact p": p.fillna("")}
    return table[["n", "changed"]].assign(**texts)


def join_printed(table: pd.DataFrame) -> pd.DataFrame:
    """Return Table 2 with the paper's values beside it, as `paper_figures.mae_bars` draws it.

    The row "all" is left out. Without any rating the printed values stand alone.
    """
    printed = read_published("paper_table2")
    printed.columns = ["dimension", "paper_between", "paper_models"]
    ours = table[table["dimension"] != "all"].rename(columns={"n_to_models": "n"})
    ours = ours.rename(columns=lambda name: name.replace("to_models", "models"))
    both = ours.merge(printed, on="dimension", how="left" if len(ours) else "right")
    names = [f"{side}{end}" for side in ("between", "models") for end in ("", "_low", "_high")]
    names += ["n", "paper_between", "paper_models"]
    return both.astype(dict.fromkeys(names, float))[["dimension", *names]]


def show_table2(table: pd.DataFrame) -> pd.DataFrame:
    """Show Table 2: every estimate with its interval and n, and then what the paper prints."""
    printed = read_published("paper_table2").set_index("dimension")
    printed.columns = ["the paper: between annotators", "the paper: annotators and label"]
    if not table["n_to_models"].any():
        return printed.assign(here="not yet rated")
    table = table.set_index("dimension")
    ours = {
        "between annotators": format_estimates(table, "between", "n_between"),
        "annotators and label": format_estimates(table, "to_models", "n_to_models"),
        "alpha of annotators": format_estimates(table, "alpha", "n_between"),
    }
    return pd.DataFrame(ours).join(printed).fillna("")


def format_estimates(table: pd.DataFrame, value: str, n: str) -> pd.Series:
    """Return estimates as text with their interval and the number they rest on.

    A dash stands where there is none. The interval is in `<value>_low` and `<value>_high`, or in
    `low` and `high`.

    >>> one = pd.DataFrame({"mae": [0.336], "mae_low": [0.25], "mae_high": [0.43], "n": [81]})
    >>> format_estimates(one, "mae", "n").tolist()
    ['0.34 [0.25, 0.43] (n=81)']
    """
    prefix = f"{value}_" if f"{value}_low" in table else ""
    rows = table[[value, f"{prefix}low", f"{prefix}high", n]].itertuples(index=False, name=None)
    texts = []
    for estimate, low, high, size in rows:
        text = f"{estimate:.2f} [{low:.2f}, {high:.2f}]" if pd.notna(estimate) else "–"
        texts.append(f"{text} (n={size:,})")
    return pd.Series(texts, index=table.index, dtype="str")
