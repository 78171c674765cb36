"""The paper's tables as a page shows them."""

import pandas as pd
from pandas.io.formats.style import Styler

from alignment.paper.published import read_published
from alignment.stats.language_changes import name_pairs
from alignment.stats.significance import ALPHA

GREEN = "background-color: #cfe8cf; color: #10300f"
MARK = "◆"  # survives Holm's correction


def show_table3(table: pd.DataFrame, stamp: str = "") -> Styler:
    """Show Table 3 as the paper prints it: both means of each model, green where p < 0.05.

    p is the bootstrap's; a mark stands where the exact test with Holm's correction agrees. `table`:
    as `compare_languages` gives it. With more than two languages every pair of them has lines of
    its own, since it rests on statements of its own. `stamp`: who answered, for the caption.
    """
    sides = [table.assign(side=table[s], mean=table[f"mean_{s}"]) for s in ("base", "other")]
    both = pd.concat(sides).assign(pair=table["base"] + " → " + table["other"])
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
    caption = f"{stamp}. " if stamp else ""
    caption += "Green, and * where colours are lost: p < 0.05 (bootstrap). "
    return style.set_caption(f"{caption}{MARK}: p < 0.05, exact test after Holm's correction.")


def show_tests(table: pd.DataFrame) -> pd.DataFrame:
    """Show the tests of `compare`: the change with its interval, and its p; * below 0.05.

    `table`: as `compare_languages` gives it, with p_joint (`joint_test`) if it is there.
    """
    table = name_pairs(table).set_index(["dimension", "model"])
    names = {"p_bootstrap": "bootstrap p", "p_exact": "exact p", "p_holm": "Holm"}
    names |= {"p_joint": "joint", "p_bh": "Benjamini-Hochberg"}
    tests = table[[name for name in names if name in table]].map(_format_p).rename(columns=names)
    tests.insert(0, "change", _format_changes(table))
    return tests


def _format_changes(table: pd.DataFrame) -> list[str]:
    """Return each change with its interval, as text; nothing where no statement was answered."""
    changes = []
    for row in table.itertuples():
        change = f"{row.difference:+.2f}" if row.n else ""
        if pd.notna(row.low):
            change += f" ({row.low:+.2f} to {row.high:+.2f})"
        changes.append(change)
    return changes


def _format_p(p: float) -> str:
    if pd.isna(p):
        return ""
    return (f"{p:.3f}" if p >= 0.0005 else "< 0.001") + (" *" if p < ALPHA else "")


def show_verdicts(judged: pd.DataFrame) -> pd.DataFrame:
    """Show what each entry of Table 3 says: different, equivalent or undecided, and what would.

    `judged`: as `equivalence.judge_changes` gives it. `statements needed` stands where undecided,
    `smallest difference` where a statement changed, so that there is a size to go by.
    """
    table = name_pairs(judged).set_index(["dimension", "model"])
    rows = list(table.itertuples())
    needed = [f"{r.needed:.0f}: {r.towards}" if pd.notna(r.needed) else "" for r in rows]
    smallest = [f"{r.smallest:.2f}" if pd.notna(r.smallest) else "" for r in rows]
    texts = {"change, 90 %": _format_changes(table)}
    texts |= {"equivalence p": table["p_equivalent"].map(_format_p), "verdict": table["verdict"]}
    texts |= {"statements needed": needed, "smallest difference": smallest}
    return table[["n", "changed"]].assign(**texts)


def show_annotators(tested: pd.DataFrame) -> pd.DataFrame:
    """Show the alternative annotator test, as `compare_with_each` gives it."""
    shares = tested[["advantage", "as_near"]].map("{:.2f}".format)
    return tested.assign(**shares, p=tested["p"].map(_format_p))


def show_noise_floor(floor: pd.DataFrame) -> pd.DataFrame:
    """Show how often two answers differ, as `noise_floor.compare_runs` gives it, in per cent."""
    ends = zip(floor["low"], floor["high"], strict=True)
    shares = floor[["within_1", "within_2", "between", "excess"]].map("{:.1%}".format)
    shares["95 %"] = [f"[{low:+.1%}, {high:+.1%}]" for low, high in ends]
    return pd.concat([floor[["model", "language_1", "language_2", "n"]], shares], axis=1)


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
