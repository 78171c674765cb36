"""The numbers that the paper prints, the ledger that binds each to a computed one, and what print alone decides."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from utils import consistency
from utils.errors import Problem, nearest
from utils.paths import REFERENCE
from utils.scores import human_values

MODELS = pd.DataFrame(
    [("GPT", "US", "en"), ("Llama", "US", "en"), ("DeepSeek", "China", "zh"), ("Qwen", "China", "zh")],
    columns=["model", "culture", "language"],
)
COMPARED = ("reproduced", "differs")
NAMED = [("UAI", "GPT"), ("LTO", "GPT"), ("PDI", "DeepSeek"), ("LTO", "DeepSeek")]  # section 6.2.3; the marks are lost


def read(name: str) -> pd.DataFrame:
    """A table of data/reference (`paper_counts`, `paper_table1` to `paper_table4`, `paper_claims`), all of it text."""
    path = REFERENCE / f"{name}.csv"
    if not path.exists():
        known = sorted(p.stem for p in REFERENCE.glob("*.csv"))
        raise Problem(f'data/reference has no table "{name}".{nearest(name, known)} It has {", ".join(known)}.')
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def table(number: int) -> pd.DataFrame:
    """Table 1, 2, 3 or 4 as printed, all of it text."""
    return read(f"paper_table{number}")


def stated_n() -> dict[str, int]:
    """How many statements Appendix A states for each dimension.

    >>> stated_n()["LTO"]
    24
    """
    counts = read("paper_counts").set_index("item")["value"]
    return {d: int(counts[f"relevant {d}"]) for d in read("paper_table3")["dimension"].unique()}


def table3_long() -> pd.DataFrame:
    """Table 3, one row a cell: dimension, model, culture, language, native, printed (text), mean."""
    long = read("paper_table3").melt(["dimension", "language"], var_name="model", value_name="printed")
    native = MODELS.set_index("model")
    long = long.assign(culture=long["model"].map(native["culture"]), mean=long["printed"].astype(float))
    long["native"] = long["language"] == long["model"].map(native["language"])
    place = long["dimension"].map({d: i for i, d in enumerate(long["dimension"].unique())})
    long = long.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)
    return long[["dimension", "model", "culture", "language", "native", "printed", "mean"]]


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
    """The numbers of Tables 2, 3 and 4 as items of the ledger."""
    columns = {"mae_between_annotators": "between annotators", "mae_annotators_vs_llms": "annotators and models"}
    rows = [(f"Table 2: {r['dimension']}, {what}", "Table 2", r[c]) for _, r in read("paper_table2").iterrows()
            for c, what in columns.items()]  # fmt: skip
    for r in table3_long().itertuples():
        # a trailing zero was dropped in print: -0.3 stands among numbers of two digits
        rows.append((f"Table 3: {r.dimension}, {r.model}, {r.language}", "Table 3", f"{r.mean:.2f}"))
    rows += [(f"Table 4: {r.statement}", "Table 4", r.score) for r in read("paper_table4").itertuples()]
    return pd.DataFrame(rows, columns=["item", "where", "paper"]).assign(depends="answers")


def _words(human_version: str) -> pd.DataFrame:
    """What the paper says in words: significant cells, the directions of Figure 1, and its claims."""
    rows = [(f"Significant: {d}, {m}", "Section 6.2.3", "yes", "answers") for d, m in NAMED]
    people = human_values(human_version, ["US", "China"]).pivot(index="dimension", columns="country", values="value")
    for d in stated_n():
        side = "higher" if people.at[d, "US"] > people.at[d, "China"] else "lower"
        rows.append((f"Figure 1: {d}, US models", "Figure 1", side, "answers"))
    for claim in read("paper_claims").itertuples():
        rows.append((f"Claim: {claim.claim}", claim.section, "holds", claim.depends))
    return pd.DataFrame(rows, columns=["item", "where", "paper", "depends"])


def ledger(
    study_values: Mapping | pd.DataFrame, respondents: str, same_debates: bool = True, human_version: str = "current"
) -> pd.DataFrame:
    """Each printed number against the computed one: item, where, paper, here, difference, verdict, reason.

    `study_values`: item (as `items` spells it) -> number or word, or a table with the columns item and here.
    Verdicts: reproduced, differs, cannot be checked; in a simulated study
    only "cannot be checked: simulated". `same_debates=False`: the study's debates are not those of Kialo.
    """
    if isinstance(study_values, pd.DataFrame):
        study_values = study_values.set_index("item")["here"].to_dict()
    table = items(human_version)
    for item in study_values:
        if item not in set(table["item"]):
            raise Problem(f'The ledger has no item "{item}".{nearest(item, table["item"])}')
    rows = [_row(item, study_values.get(item.item), respondents, same_debates) for item in table.itertuples()]
    return pd.DataFrame(rows, columns=["item", "where", "paper", "here", "difference", "verdict", "reason"])


def _row(item, here, respondents: str, same_debates: bool) -> tuple:
    number = not np.isnan(item.tolerance)
    missing = here is None or (not isinstance(here, str) and bool(np.isnan(here)))
    difference = float(here) - float(item.paper) if number and not missing else np.nan
    digits = len(item.paper.partition(".")[2]) if number else 0
    shown = "" if missing else f"{float(here):.{digits}f}" if number else str(here)
    same = abs(difference) <= item.tolerance + 1e-9 if number else here == item.paper
    verdict, reason = _verdict(item.depends, missing, same, respondents, same_debates)
    return item.item, item.where, item.paper, shown, difference if verdict in COMPARED else np.nan, verdict, reason


def _verdict(depends: str, missing: bool, same: bool, respondents: str, same_debates: bool) -> tuple[str, str]:
    """What the ledger may say about one item, and why."""
    if depends == "text":
        return "cannot be checked", "a statement of the paper, not a number"
    if respondents == "simulated":
        why = {"answers": "simulated respondents say nothing about the paper's models", "design": "a setting, not a finding"}
        return "cannot be checked: simulated", why.get(depends, "the debates of this study are not the paper's")
    if depends != "design" and not same_debates:
        return "cannot be checked", "the debates of this study are not the paper's"
    if missing:
        return "cannot be checked", "not computed in this study"
    if same:
        return "reproduced", "equal at the printed precision" if depends != "design" else "the study is set up so"
    return "differs", "set differently in this study" if depends == "design" else "outside the printed precision"


def claims_from_print() -> pd.DataFrame:
    """What the printed numbers alone say about the paper's claims: id, claim, section, finding, verdict, reason.

    Verdicts: holds, holds in part, does not hold, cannot be decided. n is the one that Table 3 allows with integer
    labels (`consistency.n_by_row`), and Figure 1's selection is taken as "the groups' responses are not equal".
    """
    table3 = table3_long()
    native = table3[table3["native"]].pivot(index="dimension", columns="model", values="mean").loc[list(stated_n())]
    us, people = native[["GPT", "Llama"]].mean(axis=1), human_values("current", ["US", "China"])
    ns = consistency.n_by_row(table3, stated_n())
    decided = {
        **_directions(table3, people, ns), **_deepseek(native), "qwen_people": _qwen(native, us, people),
        "llama_gpt": ("", "cannot be decided", "left and right are not among the six dimensions"),
        **_language(consistency.best_exact_p(table3, ns)), **_table2(),
    }  # fmt: skip
    nothing = ("", "cannot be decided", "a statement of the paper, not a number that is printed")
    claims = read("paper_claims")[["id", "claim", "section"]]
    found = pd.DataFrame([decided.get(i, nothing) for i in claims["id"]], columns=["finding", "verdict", "reason"])
    return pd.concat([claims, found], axis=1)


def _holds(good: bool) -> str:
    return "holds" if good else "does not hold"


def _share(good: int, of: int) -> str:
    return "holds in part" if 0 < good < of else _holds(good == of)


def _directions(table3: pd.DataFrame, people: pd.DataFrame, ns: dict) -> dict[str, tuple]:
    """The two claims about Figure 1, as far as Table 3's native cells carry them."""
    signs = consistency.figure1_signs(table3, MODELS, people, ns).drop_duplicates("dimension", keep="last")
    agree, rest = signs[signs["agrees"] == "yes"], signs[signs["agrees"] != "yes"]
    finding = f"{len(agree)} of {len(signs)} directions agree"
    for r in rest.itertuples():
        finding += f"; {r.dimension}: {r.agrees}, sums {r.sum_first} and {r.sum_second} at n = {r.n}"
    gap = signs.set_index("dimension")["gap"].abs().sort_values(ascending=False)
    order = ", ".join(f"{d} {v:.2f}" for d, v in gap.items())
    return {
        "own_people": (finding, _share(len(agree), len(signs)),
                       "gap of the groups on all statements; its sign is that on the differing ones"),
        "largest_gap": (f"gaps on all statements: {order}", "cannot be decided",
                        "on differing statements each gap grows by n / (how many differ), which is not printed"),
    }  # fmt: skip


def _deepseek(native: pd.DataFrame) -> dict[str, tuple]:
    """The three claims about DeepSeek, from its native cells."""
    pdi, mas, ind = (native.loc[d] for d in ("PDI", "MAS", "IND"))
    low, high = sorted([pdi["GPT"], pdi["Llama"]])
    return {
        "deepseek_pdi": (f"{pdi['DeepSeek']:.2f}, US models {low:.2f} and {high:.2f}, Qwen {pdi['Qwen']:.2f}",
                         _holds(low <= pdi["DeepSeek"] <= high), "it lies between the US models"),
        "deepseek_mas": (f"{mas['DeepSeek']:.2f}, Qwen {mas['Qwen']:.2f}",
                         _holds(mas["DeepSeek"] < min(0, mas["Qwen"])), "below the middle of the scale and below Qwen"),
        "deepseek_ind": (", ".join(f"{m} {v:.2f}" for m, v in ind.items()), _holds(ind.idxmax() == "DeepSeek"),
                         "the greatest of the four native cells"),
    }  # fmt: skip


def _qwen(native: pd.DataFrame, us: pd.Series, people: pd.DataFrame) -> tuple:
    """Whether Qwen lies to the side of the US models on which Chinese people lie of US people."""
    value = people.pivot(index="dimension", columns="country", values="value")
    side = np.sign((value["China"] - value["US"]).reindex(us.index))
    same = np.sign(native["Qwen"] - us) == side
    apart = -np.sign(native[["GPT", "Llama"]].sub(native["Qwen"], axis=0))
    of_both = us.index[apart.eq(side, axis=0).all(axis=1)]
    finding = f"on {same.sum()} of {len(same)} dimensions Qwen differs from the mean of the US models as the peoples do"
    return finding, _holds(same.all()), f"from each of the two US models it does so on {', '.join(of_both)} only"


def _language(best: pd.DataFrame) -> dict[str, tuple]:
    """The two claims about significant language differences, from the best exact p that each change can reach."""
    best = best.sort_values("best_p").drop_duplicates(["dimension", "model"]).set_index(["dimension", "model"])
    named, others = best.loc[NAMED], best.drop(NAMED)
    finding = "best exact p: " + ", ".join(f"{m} {d} {p:.4g}" for (d, m), p in named["best_p"].items())
    could = ", ".join(f"{m} {d}" for d, m in others.index[others["can_reach"]])
    reach = int(named["can_reach"].sum())
    return {
        "named_significant": (finding, _share(reach, len(named)), f"{reach} of 4 can reach an exact paired p < 0.05, "
                              f"{(named['best_bootstrap_p'] < 0.05).sum()} a bootstrap p < 0.05"),
        "others_not": (f"{(~others['can_reach']).sum()} of {len(others)} cannot reach p < 0.05", "cannot be decided",
                       f"these could at best: {could}"),
    }  # fmt: skip


def _table2() -> dict[str, tuple]:
    table = read("paper_table2").set_index("dimension").astype(float)
    between, models = table["mae_between_annotators"], table["mae_annotators_vs_llms"]
    nearer = int((models < between).sum())
    return {
        "mae_range": (f"{between.min():.2f} to {between.max():.2f}",
                      _holds((between.min(), between.max()) == (0.5, 1.2)), "Table 2"),
        "mae_nearer": (f"on {nearer} of {len(table)} dimensions", _holds(nearer == len(table)),
                       "Table 2; the median of four varies less than one annotator, so some of this is expected"),
    }  # fmt: skip
