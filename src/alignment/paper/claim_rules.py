"""The paper's claims: one rule for each, for what a study computed and for what print decides."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from alignment.paper import grim, hofstede, published
from alignment.paper.published import MODELS, SIGNIFICANT, read_published
from alignment.stats.significance import ALPHA

UNDECIDED = "cannot be decided"


class Judgement(NamedTuple):
    """What the numbers say about a claim, what follows for it, and why."""

    finding: str
    verdict: str  # holds, holds in part, does not hold, cannot be decided
    reason: str


def hold(good: bool) -> str:
    """Return the verdict on a claim that is true or false."""
    return "holds" if good else "does not hold"


def hold_all(good: int, of: int) -> str:
    """Return the verdict on a claim about `of` cases that holds in `good` of them."""
    return "holds in part" if 0 < good < of else hold(good == of)


def judge_printed_claims() -> pd.DataFrame:
    """Judge each claim by the printed numbers alone: id, claim, section, finding, verdict, reason.

    n is the one that Table 3 allows with integer labels (`grim.n_by_row`), and Figure 1's
    selection is taken as "the groups' responses are not equal".
    """
    table3, stated = published.read_table3(), published.read_stated_n()
    native = table3[table3["native"]].pivot(index="dimension", columns="model", values="mean")
    people = hofstede.read_human_values("current", ["US", "China"])
    ns = grim.n_by_row(table3, stated)
    table2 = read_published("paper_table2").set_index("dimension").astype(float)
    axes = Judgement("", UNDECIDED, "left and right are not among the six dimensions")
    judgements = {
        **_judge_directions(table3, people, ns),
        **judge_native(native.loc[list(stated)], people),
        "llama_gpt": axes,
        **_judge_changes(grim.best_exact_p(table3, ns)),
        **judge_errors(table2["mae_between_annotators"], table2["mae_annotators_vs_llms"]),
    }
    text = Judgement("", UNDECIDED, "a statement of the paper, not a number that is printed")
    claims = read_published("paper_claims")[["id", "claim", "section"]]
    return claims.join(pd.DataFrame([judgements.get(i, text) for i in claims["id"]]))


def _judge_directions(table3: pd.DataFrame, people: pd.DataFrame, ns: dict) -> dict[str, Judgement]:
    """Judge the two claims about Figure 1, as far as Table 3's native entries carry them."""
    signs = grim.figure1_signs(table3, MODELS, people, ns).drop_duplicates("dimension", keep="last")
    agree = int((signs["agrees"] == "yes").sum())
    finding = f"{agree} of {len(signs)} directions agree"
    for r in signs[signs["agrees"] != "yes"].itertuples():
        sums = f"sums {r.sum} and {r.other_sum} at n = {r.n}"
        finding += f"; {r.dimension}: {r.agrees}, {sums}"
    gaps = signs.set_index("dimension")["gap"].abs().sort_values(ascending=False)
    order = ", ".join(f"{d} {gap:.2f}" for d, gap in gaps.items())
    own = "gap of the groups on all statements; its sign is that on the differing ones"
    why = "on differing statements each gap grows by n / (how many differ), which is not printed"
    return {
        "own_people": Judgement(finding, hold_all(agree, len(signs)), own),
        "largest_gap": Judgement(f"gaps on all statements: {order}", UNDECIDED, why),
    }


def judge_native(native: pd.DataFrame, people: pd.DataFrame) -> dict[str, Judgement]:
    """Judge the claims about Figure 3 from native means: dimensions by models."""
    places = native.unstack()
    outside = ", ".join(f"{m} {d} {v:.2f}" for (m, d), v in places[places.abs() > 1].items())
    pdi, mas, ind = (native.loc[d] for d in ("PDI", "MAS", "IND"))
    low, high = sorted([pdi["GPT"], pdi["Llama"]])
    us = f"US models {low:.2f} and {high:.2f}"
    between = low <= pdi["DeepSeek"] <= high
    near = [
        n for n in ("GPT", "Llama") if abs(pdi["Qwen"] - pdi[n]) < abs(pdi["DeepSeek"] - pdi[n])
    ]
    place = "it lies between the US models" + "".join(f"; Qwen is nearer to {n}" for n in near)
    of_pdi = f"{pdi['DeepSeek']:.2f}, {us}, Qwen {pdi['Qwen']:.2f}"
    of_mas = f"{mas['DeepSeek']:.2f}, Qwen {mas['Qwen']:.2f}"
    of_ind = ", ".join(f"{m} {v:.2f}" for m, v in ind.items())
    beyond, of_cells = f"beyond it: {outside or 'none'}", f"of {places.size} native cells"
    is_below = mas["DeepSeek"] < min(0, mas["Qwen"])
    is_greatest = ind.idxmax() == "DeepSeek"
    rows = {
        "deepseek_pdi": (of_pdi, between, place),
        "deepseek_mas": (of_mas, is_below, "below the middle of the scale and below Qwen"),
        "deepseek_ind": (of_ind, is_greatest, "the greatest of the four native cells"),
        "axis_fits": (beyond, not outside, of_cells),
    }
    judgements = {c: Judgement(text, hold(good), why) for c, (text, good, why) in rows.items()}
    return judgements | {"qwen_people": _judge_qwen(native, people)}


def _judge_qwen(native: pd.DataFrame, people: pd.DataFrame) -> Judgement:
    """Judge whether Qwen lies to the side of the US models on which Chinese people lie of US."""
    us = native[["GPT", "Llama"]]
    value = people.pivot(index="dimension", columns="country", values="value")
    side = np.sign(value["China"] - value["US"]).reindex(native.index)
    same = np.sign(native["Qwen"] - us.mean(axis=1)) == side
    of_each = np.sign(-us.sub(native["Qwen"], axis=0)).eq(side, axis=0).all(axis=1)
    finding = f"on {same.sum()} of {len(same)} dimensions Qwen differs from the mean of the US "
    names = ", ".join(native.index[of_each])
    reason = f"from each of the two US models it does so on {names} only"
    return Judgement(f"{finding}models in the same direction as people", hold(same.all()), reason)


def _judge_changes(best: pd.DataFrame) -> dict[str, Judgement]:
    """Judge the two claims about significance by the best exact p that each change can reach."""
    keys = ["dimension", "model"]
    best = best.sort_values("best_p").drop_duplicates(keys).set_index(keys)
    named, others = best.loc[SIGNIFICANT], best.drop(SIGNIFICANT)
    listed = ", ".join(f"{m} {d} {p:.4g}" for (d, m), p in named["best_p"].items())
    could = ", ".join(f"{m} {d}" for d, m in others.index[others["can_reach"]])
    reach, below = int(named["can_reach"].sum()), f"p < {ALPHA}"
    by_bootstrap = (named["best_bootstrap_p"] < ALPHA).sum()
    cannot = named.index[named["best_bootstrap_p"] >= ALPHA]
    reason = f"{reach} of 4 could reach an exact paired {below}, {by_bootstrap} a bootstrap {below}"
    reason += "".join(f"; {m} {d} cannot by either" for d, m in cannot) + "; whether the others did"
    reason += " is not printed"
    verdict = hold(False) if len(cannot) else UNDECIDED
    finding = f"{(~others['can_reach']).sum()} of {len(others)} cannot reach {below}"
    return {
        "named_significant": Judgement(f"best exact p: {listed}", verdict, reason),
        "others_not": Judgement(finding, UNDECIDED, f"these could at best: {could}"),
    }


def judge_errors(between: pd.Series, models: pd.Series) -> dict[str, Judgement]:
    """Judge the three claims about annotators from the mean absolute errors by dimension."""
    nearer = int((models < between).sum())
    ranges = [(round(e.min(), 2), round(e.max(), 2)) for e in (between, models)]
    findings = [f"{e.min():.2f} to {e.max():.2f}" for e in (between, models)]
    expected = "the median of four varies less than one annotator, so some of this is expected"
    finding, is_nearer = f"on {nearer} of {len(between)} dimensions", nearer == len(between)
    return {
        "mae_range": Judgement(findings[0], hold(ranges[0] == (0.5, 1.2)), "Table 2"),
        "mae_nearer": Judgement(finding, hold(is_nearer), f"Table 2; {expected}"),
        "mae_models_range": Judgement(findings[1], hold(ranges[1] == (0.33, 0.59)), "Table 2"),
    }
