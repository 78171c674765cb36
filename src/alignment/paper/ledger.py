"""The ledger: each number and claim that the paper prints beside the one computed in a study."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import Markdown

from alignment.paper import hofstede, published
from alignment.paper.published import MODELS, SIGNIFICANT, read_published, read_stated_n
from utils.errors import Problem, nearest

LTO_POLE = "Table 1: LTO, positive pole"
LTO_NOTE = "printed the other way round from the introduction, Table 4 and Hofstede's index"
OTHER_DEBATES = "the debates of this study are not the paper's"
SIMULATED = {  # the reason by what an item rests on
    "answers": "simulated respondents say nothing about the paper's models",
    "design": "a setting, not a finding",
    "debates": OTHER_DEBATES,
    "text": "a statement of the paper, not a number",
}


def list_items(human_version: str = "current") -> pd.DataFrame:
    """List every number and claim that the paper prints: item, where, paper, depends, tolerance.

    `depends` says what an item rests on: design, debates, answers, or text (nothing that can be
    computed). `tolerance` is half a unit of the last printed digit; NaN for words. Figure 1's six
    directions are the peoples', which the paper says that the groups follow.
    """
    counts = read_published("paper_counts").rename(columns={"value": "paper"})
    counts = counts[["item", "where", "paper", "depends"]]
    rows = _list_table_items() + _list_word_items(human_version)
    table = pd.concat([counts, pd.DataFrame(rows, columns=counts.columns)], ignore_index=True)
    tolerances = [_tolerance(r.paper, r.item) for r in table.itertuples()]
    return table.assign(tolerance=tolerances)


def _tolerance(printed: str, item: str) -> float:
    """Return half a unit of the last digit; "roughly 100,000" is a number of tens of thousands."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", printed):
        return float("nan")
    if item == "model requests in all":
        return 5_000.0
    return 0.5 * 10.0 ** -len(printed.partition(".")[2]) if "." in printed else 0.0


def _list_table_items() -> list[tuple]:
    """List the numbers of Tables 2 to 4, and the pole of Table 1 that is printed otherwise."""
    rows = []
    for dimension, between, to_models in read_published("paper_table2").itertuples(index=False):
        item = f"Table 2: {dimension}"
        rows.append((f"{item}, between annotators", "Table 2", between, "answers"))
        rows.append((f"{item}, annotators and models", "Table 2", to_models, "answers"))
    for row in published.read_table3().itertuples():
        # a trailing zero was dropped in print: -0.3 stands among numbers of two digits
        item = f"Table 3: {row.dimension}, {row.model}, {row.language}"
        rows.append((item, "Table 3", f"{row.mean:.2f}", "answers"))
    for row in read_published("paper_table4").itertuples():
        rows.append((f"Table 4: {row.statement}", "Table 4", row.score, "answers"))
    return [*rows, (LTO_POLE, "Table 1", "short-term", "design")]


def _list_word_items(human_version: str) -> list[tuple]:
    """List what the paper says in words: significance, the directions of Figure 1, its claims."""
    rows = [(f"Significant: {d}, {m}", "Section 6.2.3", "yes", "answers") for d, m in SIGNIFICANT]
    people = hofstede.read_human_values(human_version, ["US", "China"])
    people = people.pivot(index="dimension", columns="country", values="value")
    for d in read_stated_n():
        side = "higher" if people.at[d, "US"] > people.at[d, "China"] else "lower"
        rows.append((f"Figure 1: {d}, US models", "Figure 1", side, "answers"))
    for claim in read_published("paper_claims").itertuples():
        rows.append((f"Claim: {claim.claim}", claim.section, "holds", claim.depends))
    return rows


def build_ledger(
    values: Mapping[str, object],
    respondents: str,
    same_debates: bool = True,
    human_version: str = "current",
) -> pd.DataFrame:
    """Set each printed number beside the computed one.

    `values`: item (as `list_items` spells it) -> number or word. `same_debates=False`: the study's
    debates are not those of Kialo. Columns: item, where, paper, here, difference, verdict, reason.
    Verdicts: reproduced, differs, cannot be checked; in a simulated study only "cannot be checked:
    simulated", whatever the item, and no word on whether a claim holds. Raises Problem for an
    unknown item.
    """
    items = list_items(human_version)
    for item in values:
        if item not in set(items["item"]):
            raise Problem(f'The ledger has no item "{item}".{nearest(item, items["item"])}')
    rows = []
    for item in items.itertuples():
        rows.append(_entry(item, values.get(item.item), respondents, same_debates))
    return items[["item", "where", "paper"]].join(pd.DataFrame(rows))


def _entry(item, value, respondents: str, same_debates: bool) -> dict[str, object]:
    """Return the study's side of one item: here, difference, verdict, reason."""
    number = not np.isnan(item.tolerance)
    missing = value is None or (not isinstance(value, str) and bool(np.isnan(value)))
    difference = float(value) - float(item.paper) if number and not missing else np.nan
    same = abs(difference) <= item.tolerance + 1e-9 if number else value == item.paper
    verdict, reason = _judge(item.depends, missing, same, respondents, same_debates)
    if verdict not in ("reproduced", "differs"):
        difference = np.nan
    if item.item == LTO_POLE and verdict == "differs":
        reason = LTO_NOTE
    here = str(value)
    if number and not missing:
        here = f"{float(value):.{len(item.paper.partition('.')[2])}f}"
    if missing or (respondents == "simulated" and not number and item.depends == "answers"):
        here = ""
    return {"here": here, "difference": difference, "verdict": verdict, "reason": reason}


def _judge(
    depends: str, missing: bool, same: bool, respondents: str, same_debates: bool
) -> tuple[str, str]:
    """Return what the ledger may say about one item, and why."""
    design = depends == "design"
    if respondents == "simulated":
        return "cannot be checked: simulated", SIMULATED[depends]
    if depends == "text":
        return "cannot be checked", SIMULATED["text"]
    if not (design or same_debates):
        return "cannot be checked", OTHER_DEBATES
    if missing:
        return "cannot be checked", "not computed in this study"
    if same:
        reason = "this is a setting of the study" if design else "equal at the printed precision"
        return "reproduced", reason
    reason = "set differently in this study" if design else "outside the printed precision"
    return "differs", reason


def show_entries(entries: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger as a page shows it, without the entries of Table 3.

    Items that have no number of this study are left out; `count_hidden` says how many.
    """
    rows = entries[_is_shown(entries)].reset_index(drop=True)
    rows = rows.assign(paper=rows["paper"].replace("holds", "claimed"))  # a verdict is ours alone
    columns = ["where", "item", "paper", "here", "difference", "verdict", "reason"]
    return rows[columns if rows["difference"].notna().any() else columns[:4] + columns[5:]]


def count_hidden(entries: pd.DataFrame) -> str:
    """Say how many items stand in the ledger's file alone, since this study has no number of them.

    The entries of Table 3 have a table of their own.
    """
    of_table3 = entries["item"].str.startswith("Table 3: ")
    hidden = (~_is_shown(entries) & ~of_table3).sum()
    if not hidden:
        return ""
    return f"{hidden} further items, of which this study has no number, are in `13_ledger.csv`."


def _is_shown(entries: pd.DataFrame) -> pd.Series:
    return ~entries["item"].str.startswith("Table 3: ") & (entries["here"] != "")


def show_table3(entries: pd.DataFrame) -> pd.DataFrame | Markdown:
    """Return the ledger's items of Table 3 in the table's own shape, each as "paper | here".

    A missing value is "–". A study that asked no model of the paper's gets a sentence instead.
    """
    rows = entries[entries["item"].str.startswith("Table 3: ")]
    if (rows["here"] == "").all():
        nothing = "have no counterpart: none of the paper's models was asked here."
        return Markdown(f"The {len(rows)} cells of Table 3 {nothing}")
    items = rows["item"].str.removeprefix("Table 3: ").str.split(", ", expand=True)
    keys = items.set_axis(["dimension", "model", "language"], axis=1)
    keys["entry"] = rows["paper"] + " | " + rows["here"].replace("", "–")
    wide = keys.pivot(index=["dimension", "language"], columns="model", values="entry")
    order = pd.MultiIndex.from_frame(keys[["dimension", "language"]].drop_duplicates())
    return wide.reindex(index=order, columns=MODELS["model"])
