"""The numbers that the paper prints, and the ledger that binds each of them to a computed one."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import Markdown

from alignment.paper.hofstede import read_human_values as human_values
from alignment.study.paths import REFERENCE
from utils.cells import DIMENSIONS
from utils.errors import Problem, nearest

MODELS = pd.DataFrame(
    [
        ("GPT", "US", "en"),
        ("Llama", "US", "en"),
        ("DeepSeek", "China", "zh"),
        ("Qwen", "China", "zh"),
    ],
    columns=["model", "culture", "language"],
)
SIZES = (
    "debates scraped",
    "debates kept by vote filter (at least 3 votes)",
    "statements relevant to at least one dimension",
    "relevance votes cast per pair",
    "runs per model and language",
)
COMPARED = ("reproduced", "differs")
SIMULATED = {
    "answers": "simulated respondents say nothing about the paper's models",
    "design": "a setting, not a finding",
    "debates": "the debates of this study are not the paper's",
    "text": "a statement of the paper, not a number",
}
LTO_POLE = "Table 1: LTO, positive pole"
NOTES = {
    LTO_POLE: "printed the other way round than in the introduction, in Table 4 and in Hofstede's index"
}
NAMED = [
    ("UAI", "GPT"),
    ("LTO", "GPT"),
    ("PDI", "DeepSeek"),
    ("LTO", "DeepSeek"),
]  # section 6.2.3; the marks are lost


def read(name: str) -> pd.DataFrame:
    """A table of data/reference (`paper_counts`, `paper_table1` to `paper_table4`, `paper_claims`), all of it text."""
    path = REFERENCE / f"{name}.csv"
    if not path.exists():
        known = sorted(p.stem for p in REFERENCE.glob("*.csv"))
        raise Problem(
            f'data/reference has no table "{name}".{nearest(name, known)} It has {", ".join(known)}.'
        )
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def table(number: int) -> pd.DataFrame:
    """Table 1, 2, 3 or 4 as printed, all of it text."""
    return read(f"paper_table{number}")


def count(item: str) -> float:
    """A number that the paper states, by its item in paper_counts.

    >>> count("debates scraped"), count("relevance labels confirmed by annotators")
    (1534.0, 94.65)
    """
    return float(read("paper_counts").set_index("item").at[item, "value"])


def request_readings() -> pd.DataFrame:
    """How many requests the paper's own sizes need under three readings of its first step: reading, three steps, calls.

    >>> request_readings()["calls"].tolist()
    [99992, 63608, 212600]
    """
    scraped, kept, scored, votes, runs = (int(count(item)) for item in SIZES)
    steps = {"one run over every scraped statement": scraped, "one run over the kept statements": kept,
             "every run over the kept statements": kept * runs}  # fmt: skip
    per_statement = len(DIMENSIONS) * votes
    table = pd.DataFrame(
        {"reading": steps.keys(), "relevance": [n * per_statement for n in steps.values()]}
    )
    table = table.assign(
        polarity=sum(stated_n().values()) * votes * runs, stance=scored * votes * runs
    )
    return table.assign(calls=table[["relevance", "polarity", "stance"]].sum(axis=1))


def stated_n() -> dict[str, int]:
    """How many statements Appendix A states for each dimension.

    >>> stated_n()["LTO"]
    24
    """
    counts = read("paper_counts").set_index("item")["value"]
    return {d: int(counts[f"relevant {d}"]) for d in read("paper_table3")["dimension"].unique()}


def table3_long() -> pd.DataFrame:
    """Table 3, one row a cell: dimension, model, culture, language, native, printed (text), mean."""
    long = read("paper_table3").melt(
        ["dimension", "language"], var_name="model", value_name="printed"
    )
    native = MODELS.set_index("model")
    long = long.assign(
        culture=long["model"].map(native["culture"]), mean=long["printed"].astype(float)
    )
    long["native"] = long["language"] == long["model"].map(native["language"])
    place = long["dimension"].map({d: i for i, d in enumerate(long["dimension"].unique())})
    long = long.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)
    return long[["dimension", "model", "culture", "language", "native", "printed", "mean"]]


def table3_pairs() -> pd.DataFrame:
    """Table 3 as `significance.compare` would give it, one row a model and dimension; p is not printed (NaN)."""
    wide = (
        table3_long()
        .pivot(index=["dimension", "model", "culture"], columns="language", values="mean")
        .reset_index()
    )
    wide = (
        table3_long()[["dimension", "model"]]
        .drop_duplicates()
        .merge(wide, on=["dimension", "model"])
    )
    return wide.rename(columns={"en": "mean_a", "zh": "mean_b"}).assign(
        a="en", b="zh", p_bootstrap=np.nan, p_holm=np.nan
    )


def items(human_version: str = "current") -> pd.DataFrame:
    """Every number and claim that the paper prints: item, where, paper (text), depends, tolerance.

    `depends` says on what it rests: design, debates, answers, or text (nothing that can be computed). `tolerance` is
    half a unit of the last printed digit; NaN for words. Figure 1's six directions are the peoples', which the paper
    says that the groups follow.
    """
    counts = read("paper_counts").rename(columns={"value": "paper"})
    rows = [counts[["item", "where", "paper", "depends"]], _tables(), _words(human_version)]
    table = pd.concat(rows, ignore_index=True).reset_index(drop=True)
    return table.assign(tolerance=[_tolerance(r.paper, r.item) for r in table.itertuples()])


def _tolerance(printed: str, item: str) -> float:
    """Half a unit of the last digit; "roughly 100,000" is a number of tens of thousands."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", printed):
        return float("nan")
    if item == "model requests in all":
        return 5_000.0
    return 0.5 * 10.0 ** -len(printed.partition(".")[2]) if "." in printed else 0.0


def _tables() -> pd.DataFrame:
    """The numbers of Tables 2, 3 and 4 as items of the ledger, and the pole of Table 1 that is printed otherwise."""
    columns = {
        "mae_between_annotators": "between annotators",
        "mae_annotators_vs_llms": "annotators and models",
    }
    rows = [(f"Table 2: {r['dimension']}, {what}", "Table 2", r[c]) for _, r in read("paper_table2").iterrows()
            for c, what in columns.items()]  # fmt: skip
    for r in table3_long().itertuples():
        # a trailing zero was dropped in print: -0.3 stands among numbers of two digits
        rows.append(
            (f"Table 3: {r.dimension}, {r.model}, {r.language}", "Table 3", f"{r.mean:.2f}")
        )
    rows += [
        (f"Table 4: {r.statement}", "Table 4", r.score) for r in read("paper_table4").itertuples()
    ]
    found = pd.DataFrame(rows, columns=["item", "where", "paper"]).assign(depends="answers")
    found.loc[len(found)] = [LTO_POLE, "Table 1", "short-term", "design"]
    return found


def _words(human_version: str) -> pd.DataFrame:
    """What the paper says in words: significant cells, the directions of Figure 1, and its claims."""
    rows = [(f"Significant: {d}, {m}", "Section 6.2.3", "yes", "answers") for d, m in NAMED]
    people = human_values(human_version, ["US", "China"]).pivot(
        index="dimension", columns="country", values="value"
    )
    for d in stated_n():
        side = "higher" if people.at[d, "US"] > people.at[d, "China"] else "lower"
        rows.append((f"Figure 1: {d}, US models", "Figure 1", side, "answers"))
    for claim in read("paper_claims").itertuples():
        rows.append((f"Claim: {claim.claim}", claim.section, "holds", claim.depends))
    return pd.DataFrame(rows, columns=["item", "where", "paper", "depends"])


def ledger(
    study_values: Mapping | pd.DataFrame,
    respondents: str,
    same_debates: bool = True,
    human_version: str = "current",
) -> pd.DataFrame:
    """Each printed number against the computed one: item, where, paper, here, difference, verdict, reason.

    `study_values`: item (as `items` spells it) -> number or word, or a table with the columns item and here.
    Verdicts: reproduced, differs, cannot be checked; in a simulated study only "cannot be checked: simulated", whatever
    the item (what was planted is held against what was found in `recovery`), and no word on whether a claim holds. `same_debates=False`: the study's debates are not those of Kialo.
    """
    if isinstance(study_values, pd.DataFrame):
        study_values = study_values.set_index("item")["here"].to_dict()
    table = items(human_version)
    for item in study_values:
        if item not in set(table["item"]):
            raise Problem(f'The ledger has no item "{item}".{nearest(item, table["item"])}')
    rows = [
        _row(item, study_values.get(item.item), respondents, same_debates)
        for item in table.itertuples()
    ]
    return pd.DataFrame(
        rows, columns=["item", "where", "paper", "here", "difference", "verdict", "reason"]
    )


def shown(entries: pd.DataFrame) -> pd.DataFrame:
    """The ledger as a page shows it: items but those of Table 3, with difference and verdict unless all have the same.

    Items that no number of this study stands beside come last, and claims that nothing can decide not at all.
    """
    rows = entries[~entries["item"].str.startswith("Table 3: ")]
    rows = rows[(rows["here"] != "") | (rows["reason"] != SIMULATED["text"])]
    rows = rows.assign(paper=rows["paper"].replace("holds", "claimed"))  # a verdict is ours alone
    columns = ["where", "item", "paper", "here"] + (
        ["difference", "verdict"] if entries["verdict"].nunique() > 1 else []
    )
    return rows.sort_values("here", key=lambda here: here == "", kind="stable")[
        columns
    ].reset_index(drop=True)


def table3_side_by_side(entries: pd.DataFrame) -> pd.DataFrame | Markdown:
    """The ledger's items of Table 3 in the table's own shape, each as "paper | here" ("–" where nothing is).

    A sentence when this study has no model of the paper's, so that nothing would stand beside any cell.
    """
    rows = entries[entries["item"].str.startswith("Table 3: ")]
    if (rows["here"] == "").all():
        return Markdown(
            f"The {len(rows)} cells of Table 3 have nothing beside them: no model of the paper's was asked here."
        )
    keys = (
        rows["item"]
        .str.removeprefix("Table 3: ")
        .str.split(", ", expand=True)
        .set_axis(["dimension", "model", "language"], axis=1)
    )
    keys["cell"] = rows["paper"] + " | " + rows["here"].replace("", "–")
    wide = keys.pivot(index=["dimension", "language"], columns="model", values="cell")
    order = keys[["dimension", "language"]].drop_duplicates()
    return wide.reindex(index=pd.MultiIndex.from_frame(order), columns=MODELS["model"])


def _row(item, here, respondents: str, same_debates: bool) -> tuple:
    number = not np.isnan(item.tolerance)
    missing = here is None or (not isinstance(here, str) and bool(np.isnan(here)))
    difference = float(here) - float(item.paper) if number and not missing else np.nan
    digits = len(item.paper.partition(".")[2]) if number else 0
    hidden = missing or (respondents == "simulated" and not number and item.depends == "answers")
    shown = "" if hidden else f"{float(here):.{digits}f}" if number else str(here)
    same = abs(difference) <= item.tolerance + 1e-9 if number else here == item.paper
    verdict, reason = _verdict(item.depends, missing, same, respondents, same_debates)
    reason = NOTES.get(item.item, reason) if verdict == "differs" else reason
    return (
        item.item,
        item.where,
        item.paper,
        shown,
        difference if verdict in COMPARED else np.nan,
        verdict,
        reason,
    )


def _verdict(
    depends: str, missing: bool, same: bool, respondents: str, same_debates: bool
) -> tuple[str, str]:
    """What the ledger may say about one item, and why."""
    if respondents == "simulated":
        return "cannot be checked: simulated", SIMULATED[depends]
    if depends == "text":
        return "cannot be checked", SIMULATED["text"]
    if depends != "design" and not same_debates:
        return "cannot be checked", "the debates of this study are not the paper's"
    if missing:
        return "cannot be checked", "not computed in this study"
    if same:
        return (
            "reproduced",
            "equal at the printed precision" if depends != "design" else "the study is set up so",
        )
    return (
        "differs",
        "set differently in this study" if depends == "design" else "outside the printed precision",
    )
