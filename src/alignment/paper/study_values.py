"""What a study computed, under the names by which the ledger knows the paper's numbers."""

import numpy as np

from alignment.paper import claim_rules, hofstede, ledger
from alignment.paper.claim_rules import hold, hold_all
from alignment.paper.published import MODELS, SIGNIFICANT, read_published, read_stated_n
from alignment.stats.significance import ALPHA
from alignment.study.paths import ASKING
from alignment.study.workspace import Workspace
from utils.cells import PAIR
from utils.rules import CHOICES

# the paper's vote filter
FILTER = {"min_votes": 3} | {rule: CHOICES[rule][0] for rule in ("vote_source", "multi_thesis")}
KEPT = "debates kept by vote filter (at least 3 votes)"


def has_papers_debates(workspace: Workspace) -> bool:
    """Return whether the debates are Kialo's, as the paper's are."""
    return workspace.study.debates.source == "kialo"


def compute_study_values(workspace: Workspace, human_version: str = "current") -> dict[str, object]:
    """Return a number or word for every item of the ledger that this study has one for.

    `human_version` is the version of the human values that people's positions are taken from.
    """
    verdicts = _judge_models(workspace, human_version) | _judge_annotators(workspace)
    values = {
        **count_pipeline(workspace),
        **_read_design(workspace),
        **_read_quality(workspace),
        **_read_table3(workspace),
        **_read_table4(workspace),
        **_read_figure1(workspace),
        **_name_claims(verdicts),
    }
    if any(workspace.parameters.get(name, value) != value for name, value in FILTER.items()):
        del values[KEPT]  # another filter's count is not to be held against the paper's
    items = set(ledger.list_items()["item"])
    return {item: value for item, value in values.items() if item in items}


def count_pipeline(workspace: Workspace) -> dict[str, int]:
    """Count debates, statements, pairs and requests, under the names of `paper_counts`."""
    relevant = workspace.read("04_relevance").query("relevant")
    by_dimension = relevant["dimension"].value_counts()
    planned = [workspace.read(f"{n}_accounting")["planned"].sum() for n in ASKING.values()]
    is_asked = workspace.study.respondents != "imported"  # imported answers are no requests
    asked = {"model requests in all": sum(map(int, planned))} if is_asked else {}
    return {
        "debates scraped": len(workspace.read("01_debates")),
        KEPT: len(workspace.read("02_statements")),
        "statements relevant to at least one dimension": relevant["statement_id"].nunique(),
        **asked,
        **{f"relevant {d}": int(by_dimension.get(d, 0)) for d in workspace.dimensions},
    }


def _read_design(workspace: Workspace) -> dict[str, object]:
    """Return the settings of the study that decided something: none of what was done elsewhere."""
    values = {
        "runs per model and language": workspace.read("07_votes")["planned"].max(),
        "significance level": ALPHA,
    }
    if workspace.study.respondents != "imported":
        values["sampling temperature"] = workspace.study.sampling.temperature
    if not workspace.study.labels:  # no judge voted on labels that are brought
        votes = len(workspace.judges) * len(workspace.study.languages)
        values["relevance votes cast per pair"] = votes
        values["relevance votes needed"] = workspace.read("04_relevance")["quorum"].max()
    if "LTO" in workspace.dimensions:
        pole = workspace.describe("en")["LTO"]["positive_pole"]
        values[ledger.LTO_POLE] = pole.partition(":")[0]
    return values


def _read_quality(workspace: Workspace) -> dict[str, object]:
    """Return the sizes and results of the annotators' check; nothing where nobody has rated."""
    ratings, sample = workspace.read("06_ratings"), workspace.read("06_sample")
    if ratings.empty:
        return {}
    sample = sample[sample["called"] == "relevant"]
    precision = workspace.read("06_precision").set_index("dimension")["precision"]
    values = {
        "quality control statements": sample["statement_id"].nunique(),
        "quality control predictions": len(sample),
        "quality control annotators": ratings["annotator"].nunique(),
        "relevance labels confirmed by annotators": 100 * precision["all"],
    }
    for row in workspace.read("06_table2").itertuples():
        values[f"Table 2: {row.dimension}, between annotators"] = row.between
        values[f"Table 2: {row.dimension}, annotators and models"] = row.to_models
    return values


def _read_table3(workspace: Workspace) -> dict[str, object]:
    values: dict[str, object] = {}
    for row in workspace.read("10_table3").itertuples():
        values[f"Table 3: {row.dimension}, {row.model}, {row.base}"] = row.mean_base
        values[f"Table 3: {row.dimension}, {row.model}, {row.other}"] = row.mean_other
        significant = "yes" if row.p_bootstrap < ALPHA else "no"
        values[f"Significant: {row.dimension}, {row.model}"] = significant
    return values


def _read_table4(workspace: Workspace) -> dict[str, object]:
    """Return labels of the statements that the paper quotes, if the study has the same texts."""
    texts = workspace.read("02_statements").set_index("text")["statement_id"]
    labels = workspace.read("05_sociocultural_statements")
    labels = labels.set_index(PAIR)["polarity"]
    values = {}
    for row in read_published("paper_table4").itertuples():
        pair = (texts.get(row.statement), row.dimension)
        if pair in labels:
            values[f"Table 4: {row.statement}"] = labels[pair]
    return values


def _read_figure1(workspace: Workspace) -> dict[str, object]:
    """Return the directions of Figure 1 for the paper's two groups, and the claims about them."""
    rows = workspace.read("08_directions").query("group == 'US' and other_group == 'China'")
    gaps = rows.set_index("dimension")["gap_models"].dropna()
    sides = np.sign(gaps).map({1: "higher", -1: "lower", 0: "equal"})
    values = {f"Figure 1: {d}, US models": side for d, side in sides.items()}
    if len(rows) < len(read_stated_n()):
        return values
    largest = gaps.abs().idxmax() if len(gaps) else ""
    agree = int((rows["agrees"] == "yes").sum())
    verdicts = {"own_people": hold_all(agree, len(rows)), "largest_gap": hold(largest == "IND")}
    return values | _name_claims(verdicts)


def _judge_models(workspace: Workspace, human_version: str) -> dict[str, str]:
    """Judge the claims about models; none where the study has not asked the paper's four."""
    places = workspace.read("09_figure3").merge(MODELS, on=["model", "language"])
    native = places.pivot(index="dimension", columns="model", values="mean")
    native = native.reindex(index=list(read_stated_n()), columns=MODELS["model"])
    if native.isna().any(axis=None):
        return {}
    people = hofstede.read_human_values(human_version, ["US", "China"])
    judgements = claim_rules.judge_native(native, people)
    verdicts = {claim: judgement.verdict for claim, judgement in judgements.items()}
    p = workspace.read("10_table3").set_index(["dimension", "model"])["p_bootstrap"]
    if set(SIGNIFICANT) <= set(p.index):
        significant = p < ALPHA
        n = int(significant[SIGNIFICANT].sum())
        verdicts["named_significant"] = hold_all(n, len(SIGNIFICANT))
        verdicts["others_not"] = hold(significant.drop(SIGNIFICANT).mean() < 0.5)
    return verdicts


def _judge_annotators(workspace: Workspace) -> dict[str, str]:
    if workspace.read("06_ratings").empty:
        return {}
    table = workspace.read("06_table2").set_index("dimension").drop("all", errors="ignore")
    judgements = claim_rules.judge_errors(table["between"], table["to_models"])
    return {claim: judgement.verdict for claim, judgement in judgements.items()}


def _name_claims(verdicts: dict[str, str]) -> dict[str, object]:
    """Return verdicts by the ledger's name of the claim instead of its id."""
    claims = read_published("paper_claims").set_index("id")["claim"]
    return {f"Claim: {claims[i]}": verdict for i, verdict in verdicts.items()}
