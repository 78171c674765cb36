"""The paper's claims, each with one rule, for what this study computed and for what print alone decides.

What a study computed stands under the names by which `published.items` knows the paper's numbers.
"""

import numpy as np
import pandas as pd

from alignment.paper import grim, hofstede, published
from alignment.paper.published import MODELS, NAMED, stated_n
from alignment.stats.significance import ALPHA
from alignment.study.workspace import Workspace
from utils.rules import RULES

FILTER = {"min_votes": 3} | {
    rule: RULES[rule][0] for rule in ("vote_source", "multi_thesis")
}  # the paper's own
KEPT = "debates kept by vote filter (at least 3 votes)"
COUNTED = {"between annotators": "between", "annotators and models": "to_models"}


def same_debates(workspace: Workspace) -> bool:
    """Whether the debates are Kialo's, as the paper's are."""
    return workspace.study.debates.source == "kialo"


def values(workspace: Workspace, human_version: str = "current") -> dict[str, object]:
    """Every item that this study has a value for: item -> number or word; people as a version of the human values has them."""
    found = (
        counts(workspace)
        | _design(workspace)
        | _quality(workspace)
        | _table3(workspace)
        | _table4(workspace)
        | _figure1(workspace)
    )
    found |= _named_claims(_of_models(workspace, human_version) | _of_annotators(workspace))
    if any(workspace.parameters.get(name, value) != value for name, value in FILTER.items()):
        del found[KEPT]  # another filter's count is not to be held against the paper's
    known = set(published.items()["item"])
    return {item: value for item, value in found.items() if item in known}


def counts(workspace: Workspace) -> dict[str, object]:
    """The counts of Appendix A, and the questions asked in all, under the names of `paper_counts`."""
    relevant = workspace.read("04_relevance").query("relevant")
    by_dimension = relevant["dimension"].value_counts()
    asked = sum(int(workspace.read(f"{n}_accounting")["planned"].sum()) for n in ("04", "05", "07"))
    return {
        "debates scraped": len(workspace.read("01_debates")),
        KEPT: len(workspace.read("02_statements")),
        "statements relevant to at least one dimension": relevant["statement_id"].nunique(),
        "model requests in all": asked,
    } | {f"relevant {d}": int(by_dimension.get(d, 0)) for d in workspace.dimensions}


def _design(workspace: Workspace) -> dict[str, object]:
    relevance, votes = workspace.read("04_relevance"), workspace.read("07_votes")
    return {
        "relevance votes cast per pair": len(workspace.judges) * len(workspace.study.languages),
        "relevance votes needed": relevance["quorum"].max(),
        "runs per model and language": votes["planned"].max(),
        "sampling temperature": workspace.study.sampling.temperature,
        "significance level": ALPHA,
        published.LTO_POLE: workspace.describe("en")["LTO"]["positive_pole"].partition(":")[0]
        if "LTO" in workspace.dimensions
        else None,
    }


def _quality(workspace: Workspace) -> dict[str, object]:
    """Sizes of the check by people and what it found; nothing where nobody has rated yet."""
    ratings, sample = workspace.read("06_ratings"), workspace.read("06_sample")
    if ratings.empty:
        return {}
    found = {
        "quality control statements": sample["statement_id"].nunique(),
        "quality control predictions": len(sample),
        "quality control annotators": ratings["annotator"].nunique(),
    }
    precision = workspace.read("06_precision").set_index("dimension")["precision"]
    found["relevance labels confirmed by annotators"] = 100 * precision["all"]
    table = workspace.read("06_table2").set_index("dimension")
    return found | {
        f"Table 2: {d}, {what}": table.at[d, column]
        for what, column in COUNTED.items()
        for d in table.index
    }


def _table3(workspace: Workspace) -> dict[str, object]:
    table = workspace.read("10_table3")
    found: dict[str, object] = {}
    for row in table.itertuples():
        found[f"Table 3: {row.dimension}, {row.model}, {row.a}"] = row.mean_a
        found[f"Table 3: {row.dimension}, {row.model}, {row.b}"] = row.mean_b
        found[f"Significant: {row.dimension}, {row.model}"] = (
            "yes" if row.p_bootstrap < ALPHA else "no"
        )
    return found


def _table4(workspace: Workspace) -> dict[str, object]:
    """Labels of the statements that the paper quotes, where the study holds them word for word."""
    texts = workspace.read("02_statements").set_index("text")["statement_id"]
    labels = workspace.read("05_sociocultural_statements").set_index(["statement_id", "dimension"])[
        "polarity"
    ]
    quoted = published.read("paper_table4").itertuples()
    return {
        f"Table 4: {row.statement}": labels[texts[row.statement], row.dimension]
        for row in quoted
        if row.statement in texts and (texts[row.statement], row.dimension) in labels
    }


def _figure1(workspace: Workspace) -> dict[str, object]:
    """The directions of Figure 1 for the two groups of the paper, and the two claims about them."""
    rows = workspace.read("08_directions").query("first == 'US' and second == 'China'")
    sides = {
        f"Figure 1: {r.dimension}, US models": _side(r.gap_models)
        for r in rows.itertuples()
        if pd.notna(r.gap_models)
    }
    if len(rows) < len(stated_n()):
        return sides
    largest = (
        rows.loc[rows["gap_models"].abs().idxmax(), "dimension"]
        if rows["gap_models"].notna().any()
        else ""
    )
    return sides | _named_claims(
        {
            "own_people": _share(int((rows["agrees"] == "yes").sum()), len(rows)),
            "largest_gap": _holds(largest == "IND"),
        }
    )


def _of_models(workspace: Workspace, human_version: str) -> dict[str, str]:
    table = workspace.read("10_table3")
    places = workspace.read("09_figure3").merge(MODELS, on=["model", "language"])
    native = places.pivot(index="dimension", columns="model", values="mean").reindex(
        index=list(stated_n()), columns=MODELS["model"]
    )
    if native.isna().any(axis=None):
        return {}
    us, people = (
        native[["GPT", "Llama"]].mean(axis=1),
        hofstede.read_human_values(human_version, ["US", "China"]),
    )
    found = {claim: row[1] for claim, row in _figure3(native).items()} | {
        "qwen_people": _qwen(native, us, people)[1]
    }
    significant = table.assign(green=table["p_bootstrap"] < ALPHA).set_index(
        ["dimension", "model"]
    )["green"]
    if not set(NAMED) <= set(significant.index):
        return found
    return found | {
        "named_significant": _share(int(significant[NAMED].sum()), len(NAMED)),
        "others_not": _holds(significant.drop(NAMED).mean() < 0.5),
    }


def _of_annotators(workspace: Workspace) -> dict[str, str]:
    if workspace.read("06_ratings").empty:
        return {}
    table = workspace.read("06_table2").set_index("dimension").drop("all", errors="ignore")
    return {claim: row[1] for claim, row in _mae(table["between"], table["to_models"]).items()}


def _named_claims(verdicts: dict[str, str]) -> dict[str, object]:
    """Verdicts by the claim's id, under the names of the ledger."""
    claims = published.read("paper_claims").set_index("id")["claim"]
    return {f"Claim: {claims[i]}": verdict for i, verdict in verdicts.items()}


def _side(gap: float) -> str:
    return "higher" if gap > 0 else "lower" if gap < 0 else "equal"


def claims_from_print() -> pd.DataFrame:
    """What the printed numbers alone say about the paper's claims: id, claim, section, finding, verdict, reason.

    Verdicts: holds, holds in part, does not hold, cannot be decided. n is the one that Table 3 allows with integer
    labels (`consistency.n_by_row`), and Figure 1's selection is taken as "the groups' responses are not equal".
    """
    table3 = published.table3_long()
    native = (
        table3[table3["native"]]
        .pivot(index="dimension", columns="model", values="mean")
        .loc[list(stated_n())]
    )
    us, people = (
        native[["GPT", "Llama"]].mean(axis=1),
        hofstede.read_human_values("current", ["US", "China"]),
    )
    ns = grim.n_by_row(table3, stated_n())
    decided = {
        **_directions(table3, people, ns), **_figure3(native), "qwen_people": _qwen(native, us, people),
        "llama_gpt": ("", "cannot be decided", "left and right are not among the six dimensions"),
        **_language(grim.best_exact_p(table3, ns)), **_printed_table2(),
    }  # fmt: skip
    nothing = ("", "cannot be decided", "a statement of the paper, not a number that is printed")
    claims = published.read("paper_claims")[["id", "claim", "section"]]
    found = pd.DataFrame(
        [decided.get(i, nothing) for i in claims["id"]], columns=["finding", "verdict", "reason"]
    )
    return pd.concat([claims, found], axis=1)


def _holds(good: bool) -> str:
    return "holds" if good else "does not hold"


def _share(good: int, of: int) -> str:
    return "holds in part" if 0 < good < of else _holds(good == of)


def _directions(table3: pd.DataFrame, people: pd.DataFrame, ns: dict) -> dict[str, tuple]:
    """The two claims about Figure 1, as far as Table 3's native cells carry them."""
    signs = grim.figure1_signs(table3, MODELS, people, ns).drop_duplicates("dimension", keep="last")
    agree, rest = signs[signs["agrees"] == "yes"], signs[signs["agrees"] != "yes"]
    finding = f"{len(agree)} of {len(signs)} directions agree"
    for r in rest.itertuples():
        finding += (
            f"; {r.dimension}: {r.agrees}, sums {r.sum_first} and {r.sum_second} at n = {r.n}"
        )
    gap = signs.set_index("dimension")["gap"].abs().sort_values(ascending=False)
    order = ", ".join(f"{d} {v:.2f}" for d, v in gap.items())
    return {
        "own_people": (finding, _share(len(agree), len(signs)),
                       "gap of the groups on all statements; its sign is that on the differing ones"),
        "largest_gap": (f"gaps on all statements: {order}", "cannot be decided",
                        "on differing statements each gap grows by n / (how many differ), which is not printed"),
    }  # fmt: skip


def _figure3(native: pd.DataFrame) -> dict[str, tuple]:
    """The claims about Figure 3, three of them about DeepSeek, from the native cells."""
    places = native.unstack()
    outside = ", ".join(f"{m} {d} {v:.2f}" for (m, d), v in places[places.abs() > 1].items())
    pdi, mas, ind = (native.loc[d] for d in ("PDI", "MAS", "IND"))
    low, high = sorted([pdi["GPT"], pdi["Llama"]])
    return {
        "deepseek_pdi": (f"{pdi['DeepSeek']:.2f}, US models {low:.2f} and {high:.2f}, Qwen {pdi['Qwen']:.2f}",
                         _holds(low <= pdi["DeepSeek"] <= high), "it lies between the US models"),
        "deepseek_mas": (f"{mas['DeepSeek']:.2f}, Qwen {mas['Qwen']:.2f}",
                         _holds(mas["DeepSeek"] < min(0, mas["Qwen"])), "below the middle of the scale and below Qwen"),
        "deepseek_ind": (", ".join(f"{m} {v:.2f}" for m, v in ind.items()), _holds(ind.idxmax() == "DeepSeek"),
                         "the greatest of the four native cells"),
        "axis_fits": (f"beyond it: {outside or 'none'}", _holds(not outside), f"of {places.size} native cells"),
    }  # fmt: skip


def _qwen(native: pd.DataFrame, us: pd.Series, people: pd.DataFrame) -> tuple:
    """Whether Qwen lies to the side of the US models on which Chinese people lie of US people."""
    value = people.pivot(index="dimension", columns="country", values="value")
    side = np.sign((value["China"] - value["US"]).reindex(us.index))
    same = np.sign(native["Qwen"] - us) == side
    apart = -np.sign(native[["GPT", "Llama"]].sub(native["Qwen"], axis=0))
    of_both = us.index[apart.eq(side, axis=0).all(axis=1)]
    finding = f"on {same.sum()} of {len(same)} dimensions Qwen differs from the mean of the US models as the peoples do"
    return (
        finding,
        _holds(same.all()),
        f"from each of the two US models it does so on {', '.join(of_both)} only",
    )


def _language(best: pd.DataFrame) -> dict[str, tuple]:
    """The two claims about significant language differences, from the best exact p that each change can reach."""
    best = (
        best.sort_values("best_p")
        .drop_duplicates(["dimension", "model"])
        .set_index(["dimension", "model"])
    )
    named, others = best.loc[NAMED], best.drop(NAMED)
    finding = "best exact p: " + ", ".join(
        f"{m} {d} {p:.4g}" for (d, m), p in named["best_p"].items()
    )
    could = ", ".join(f"{m} {d}" for d, m in others.index[others["can_reach"]])
    reach = int(named["can_reach"].sum())
    return {
        "named_significant": (finding, _share(reach, len(named)), f"{reach} of 4 can reach an exact paired p < {ALPHA}, "
                              f"{(named['best_bootstrap_p'] < ALPHA).sum()} a bootstrap p < {ALPHA}"),
        "others_not": (f"{(~others['can_reach']).sum()} of {len(others)} cannot reach p < {ALPHA}", "cannot be decided",
                       f"these could at best: {could}"),
    }  # fmt: skip


def _printed_table2() -> dict[str, tuple]:
    table = published.table(2).set_index("dimension").astype(float)
    return _mae(table["mae_between_annotators"], table["mae_annotators_vs_llms"])


def _mae(between: pd.Series, models: pd.Series) -> dict[str, tuple]:
    """The three claims about the annotators, from the mean absolute errors by dimension."""
    nearer, least, most = int((models < between).sum()), between.min(), between.max()
    return {
        "mae_range": (f"{least:.2f} to {most:.2f}", _holds((round(least, 2), round(most, 2)) == (0.5, 1.2)), "Table 2"),
        "mae_nearer": (f"on {nearer} of {len(between)} dimensions", _holds(nearer == len(between)),
                       "Table 2; the median of four varies less than one annotator, so some of this is expected"),
        "mae_models_range": (f"{models.min():.2f} to {models.max():.2f}",
                             _holds((round(models.min(), 2), round(models.max(), 2)) == (0.33, 0.59)), "Table 2"),
    }  # fmt: skip
