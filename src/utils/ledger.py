"""What this study computed, under the names by which `published.items` knows the paper's numbers."""

import pandas as pd

from utils import published
from utils.execution import Execution
from utils.significance import ALPHA

COUNTED = {"between annotators": "between", "annotators and models": "to_models"}


def same_debates(here: Execution) -> bool:
    """Whether the debates are Kialo's, as the paper's are."""
    return here.study.debates.source == "kialo"


def values(here: Execution) -> dict[str, object]:
    """Every item that this study has a value for: item -> number or word."""
    found = _counts(here) | _design(here) | _quality(here) | _table3(here) | _table4(here) | _figure1(here)
    known = set(published.items()["item"])
    return {item: value for item, value in found.items() if item in known}


def _counts(here: Execution) -> dict[str, object]:
    relevant = here.read("04_relevance").query("relevant")
    by_dimension = relevant["dimension"].value_counts()
    asked = sum(int(here.read(f"{n}_accounting")["planned"].sum()) for n in ("04", "05", "07"))
    return {
        "debates scraped": len(here.read("01_debates")),
        "debates kept by vote filter (at least 3 votes)": len(here.read("02_statements")),
        "statements relevant to at least one dimension": relevant["statement_id"].nunique(),
        "model requests in all": asked,
    } | {f"relevant {d}": int(by_dimension.get(d, 0)) for d in here.dimensions}


def _design(here: Execution) -> dict[str, object]:
    relevance, votes = here.read("04_relevance"), here.read("07_votes")
    return {
        "relevance votes cast per pair": len(here.judges) * len(here.study.languages),
        "relevance votes needed": relevance["quorum"].max(),
        "runs per model and language": votes["planned"].max(),
        "sampling temperature": here.study.sampling.temperature,
        "significance level": ALPHA,
    }


def _quality(here: Execution) -> dict[str, object]:
    """Sizes of the check by people and what it found; nothing where nobody has rated yet."""
    ratings, sample = here.read("06_ratings"), here.read("06_sample")
    if ratings.empty:
        return {}
    found = {
        "quality control statements": sample["statement_id"].nunique(),
        "quality control predictions": len(sample),
        "quality control annotators": ratings["annotator"].nunique(),
    }
    precision = here.read("06_precision").set_index("dimension")["precision"]
    found["relevance labels confirmed by annotators"] = 100 * precision["all"]
    table = here.read("06_table2").set_index("dimension")
    return found | {f"Table 2: {d}, {what}": table.at[d, column] for what, column in COUNTED.items() for d in table.index}


def _table3(here: Execution) -> dict[str, object]:
    table = here.read("10_table3")
    found: dict[str, object] = {}
    for row in table.itertuples():
        found[f"Table 3: {row.dimension}, {row.model}, {row.a}"] = row.mean_a
        found[f"Table 3: {row.dimension}, {row.model}, {row.b}"] = row.mean_b
        found[f"Significant: {row.dimension}, {row.model}"] = "yes" if row.p_bootstrap < ALPHA else "no"
    return found


def _table4(here: Execution) -> dict[str, object]:
    """Labels of the statements that the paper quotes, where the study holds them word for word."""
    texts = here.read("02_statements").set_index("text")["statement_id"]
    labels = here.read("05_sociocultural_statements").set_index(["statement_id", "dimension"])["polarity"]
    quoted = published.read("paper_table4").itertuples()
    return {
        f"Table 4: {row.statement}": labels[texts[row.statement], row.dimension]
        for row in quoted
        if row.statement in texts and (texts[row.statement], row.dimension) in labels
    }


def _figure1(here: Execution) -> dict[str, object]:
    """The directions of Figure 1 for the two groups of the paper, and the two claims about them."""
    rows = here.read("08_directions").query("first == 'US' and second == 'China'")
    sides = {f"Figure 1: {r.dimension}, US models": _side(r.gap_models) for r in rows.itertuples() if pd.notna(r.gap_models)}
    if len(rows) < len(published.stated_n()):
        return sides
    largest = rows.loc[rows["gap_models"].abs().idxmax(), "dimension"] if rows["gap_models"].notna().any() else ""
    claims = published.read("paper_claims").set_index("id")["claim"]
    return sides | {
        f"Claim: {claims['own_people']}": _holds((rows["agrees"] == "yes").all()),
        f"Claim: {claims['largest_gap']}": _holds(largest == "IND"),
    }


def _side(gap: float) -> str:
    return "higher" if gap > 0 else "lower" if gap < 0 else "equal"


def _holds(good: bool) -> str:
    return "holds" if good else "does not hold"


