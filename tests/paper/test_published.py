"""The published numbers are carried over unchanged, and the ledger says no more than it can."""

import csv
import io
import re

import numpy as np
import pytest

from alignment.figures import tables
from alignment.paper import claim_rules, hofstede, ledger, published
from alignment.study.paths import REFERENCE, ROOT
from utils import scores
from utils.errors import Problem

SHARED = ROOT.parent / "shared" / "reference"


def rows(text, columns=None):
    table = list(csv.DictReader(io.StringIO(text)))
    return [{k: r[k] for k in columns or r} for r in table]


@pytest.mark.parametrize(
    "name", ["paper_counts", "paper_claims", *(f"paper_table{k}" for k in (1, 2, 3, 4))]
)
def test_the_facts_are_those_that_were_handed_over(name):
    if not SHARED.exists():
        pytest.skip("the folder ../shared/reference with the facts as handed over is not here")
    theirs = rows((SHARED / f"{name}.csv").read_text("utf-8"))
    ours = rows((REFERENCE / f"{name}.csv").read_text("utf-8"), list(theirs[0]))
    assert ours[: len(theirs)] == theirs and len(ours) == len(theirs) + (
        2 if name == "paper_claims" else 0
    )


def test_the_two_claims_that_were_added_stand_in_the_papers_text():
    papers = list(SHARED.parent.glob("000_*.txt"))
    if not papers:
        pytest.skip("the folder ../shared with the paper's text is not here")
    text = papers[0].read_text("utf-8")
    assert (
        "scores ranged from 0.33 to 0.59" in text
        and "[-1, 1] for the axis as it fits the average scores" in text
    )
    assert list(published.read_published("paper_claims")["id"][-2:]) == [
        "mae_models_range",
        "axis_fits",
    ]


@pytest.mark.parametrize("name", ["hofstede_us_china", "hofstede_2015_selected"])
def test_the_human_values_are_those_that_were_handed_over(name):
    if not SHARED.exists():
        pytest.skip("the folder ../shared/reference with the facts as handed over is not here")
    ours = {
        (r["country"], r["version"]): r
        for r in rows((REFERENCE / "human_values.csv").read_text("utf-8"))
    }
    for row in rows((SHARED / f"{name}.csv").read_text("utf-8")):
        version = "current" if row.get("version", "").startswith("current") else "2015"
        country = {"U.S.A.": "US", "Korea South": "South Korea"}.get(row["country"], row["country"])
        mine = ours[country, version]
        assert [mine[d] for d in published.read_stated_n()] == [
            row[d] for d in published.read_stated_n()
        ]


def test_the_stated_n_are_those_of_appendix_a():
    assert published.read_stated_n() == {
        "PDI": 68,
        "IDV": 116,
        "MAS": 60,
        "UAI": 62,
        "LTO": 24,
        "IND": 48,
    }


def test_table_three_has_48_cells_of_which_24_are_native():
    table = published.read_table3()
    assert len(table) == 48 and table["native"].sum() == 24
    cell = table.set_index(["dimension", "model", "language"]).loc[("UAI", "Llama", "zh")]
    assert (cell["printed"], cell["mean"], cell["culture"], cell["native"]) == (
        "-0.3",
        -0.3,
        "US",
        False,
    )


def test_table_one_says_that_its_lto_poles_are_swapped():
    lto = published.read_published("paper_table1").set_index("dimension").loc["LTO"]
    assert lto["positive_pole"] == "immediate gratification" and "other way round" in lto["note"]


def test_a_table_that_is_not_there_is_a_problem_with_the_right_spelling():
    with pytest.raises(Problem, match='Did you mean "paper_table3"'):
        published.read_published("paper_table33")


def test_every_printed_number_and_claim_is_an_item_of_its_own():
    items = ledger.list_items()
    assert items["item"].is_unique
    kinds = (
        items["item"]
        .str.extract(r"^(Table \d|Figure 1|Significant|Claim)", expand=False)
        .fillna("count")
    )
    assert kinds.value_counts().to_dict() == {
        **{"Table 1": 1, "Table 2": 12, "Table 3": 48, "Table 4": 6, "Figure 1": 6},
        **{"count": 19, "Claim": 19, "Significant": 4},
    }


def printed_values():
    items = ledger.list_items()
    return {
        i.item: i.paper if np.isnan(i.tolerance) else float(i.paper) for i in items.itertuples()
    }


def test_a_live_study_with_the_papers_numbers_reproduces_all_that_can_be_computed():
    entries = ledger.build_ledger(printed_values(), "live")
    text = ledger.list_items()["depends"] == "text"
    assert (entries.loc[~text.to_numpy(), "verdict"] == "reproduced").all()
    assert (
        entries.loc[text.to_numpy(), "verdict"] == "cannot be checked"
    ).all() and text.sum() == 6


def test_simulated_respondents_never_reproduce_nor_contradict_anything():
    wrong = {k: v + 1 if isinstance(v, float) else "no" for k, v in printed_values().items()}
    for values in (printed_values(), wrong, {}):
        entries = ledger.build_ledger(values, "simulated")
        assert (
            set(entries["verdict"]) == {"cannot be checked: simulated"}
            and entries["difference"].isna().all()
        )
        assert set(entries["reason"]) == set(ledger.SIMULATED.values())


def verdict(item, here, **how):
    table = ledger.build_ledger({item: here}, how.pop("respondents", "live"), **how).set_index(
        "item"
    )
    return table.loc[item]


@pytest.mark.parametrize(("item", "here", "says"), [
    ("Table 3: PDI, GPT, en", -0.1049, "reproduced"),
    ("Table 3: PDI, GPT, en", -0.106, "differs"),
    ("Table 3: MAS, Qwen, en", 0.0049, "reproduced"),
    ("Table 3: MAS, Qwen, en", 0.03, "differs"),
    ("debates scraped", 1533, "differs"),
    ("relevance labels confirmed by annotators", 100 * 230 / 243, "reproduced"),
    ("model requests in all", 99_992, "reproduced"),
    ("model requests in all", 212_600, "differs"),
    ("Figure 1: UAI, US models", "lower", "differs"),
    ("Significant: UAI, GPT", "yes", "reproduced"),
])  # fmt: skip
def test_a_number_is_reproduced_when_it_prints_the_same(item, here, says):
    assert verdict(item, here)["verdict"] == says


def test_what_was_not_computed_is_not_judged():
    row = verdict("debates scraped", float("nan"))
    assert (
        row["verdict"] == "cannot be checked" and np.isnan(row["difference"]) and row["here"] == ""
    )


def test_other_debates_cannot_check_the_papers_counts_but_its_design():
    assert verdict("debates scraped", 104, same_debates=False)["verdict"] == "cannot be checked"
    assert verdict("relevance votes needed", 5, same_debates=False)["verdict"] == "differs"


def test_an_item_that_the_ledger_does_not_know_is_a_problem():
    with pytest.raises(Problem, match='Did you mean "Table 3: PDI, GPT, en"'):
        ledger.build_ledger({"Table 3: PDI, GPT, em": 1.0}, "live")


CLAIMS = {
    "own_people": ("holds in part", "5 of 6"),
    "largest_gap": ("cannot be decided", "LTO 0.23"),
    "deepseek_pdi": ("holds", "-0.43"),
    "deepseek_mas": ("holds", "-0.55"),
    "deepseek_ind": ("holds", "DeepSeek 0.11"),
    "qwen_people": ("holds", "6 of 6"),
    "llama_gpt": ("cannot be decided", ""),
    "named_significant": ("does not hold", "GPT LTO 0.0625, DeepSeek PDI 0.01562, DeepSeek LTO 1"),
    "others_not": ("cannot be decided", "15 of 20"),
    "mae_range": ("holds", "0.50 to 1.20"),
    "mae_nearer": ("holds", "6 of 6"),
    "mae_models_range": ("holds", "0.33 to 0.59"),
    "axis_fits": ("does not hold", "beyond it: Llama LTO 1.09"),
}


def test_what_print_alone_says_about_every_claim():
    table = claim_rules.judge_printed_claims().set_index("id")
    assert len(table) == 19
    for claim, row in table.iterrows():
        expected, finding = CLAIMS.get(claim, ("cannot be decided", ""))
        assert row["verdict"] == expected and finding in row["finding"] and row["reason"]


def test_table_3_redrawn_from_print_equals_it_cell_by_cell():
    printed, pairs = published.read_published("paper_table3"), published.read_table3_pairs()
    assert len(pairs) == 24 and pairs[["p_bootstrap", "p_holm"]].isna().all(axis=None)
    for row in pairs.itertuples():
        cells = (
            printed[printed["dimension"] == row.dimension]
            .set_index("language")[row.model]
            .astype(float)
        )
        assert (row.mean_base, row.mean_other) == (cells["en"], cells["zh"]), row
    shown = tables.show_table3(pairs).data
    for row in printed.itertuples():
        for model in ("GPT", "Llama", "DeepSeek", "Qwen"):
            assert float(shown.loc[(row.dimension, row.language), model]) == float(
                getattr(row, model)
            )


def test_the_ledger_shows_table_3_in_its_own_shape():
    entries = ledger.build_ledger(
        {"Table 3: IND, Qwen, zh": -0.61, "Table 3: PDI, GPT, en": -0.1}, "live"
    )
    shape = ledger.show_table3(entries)
    assert shape.shape == (12, 4) and list(shape) == ["GPT", "Llama", "DeepSeek", "Qwen"]
    assert shape.index[0] == ("PDI", "en") and shape.index[-1] == ("IND", "zh")
    assert (shape.loc[("IND", "zh"), "Qwen"], shape.loc[("MAS", "en"), "Qwen"]) == (
        "-0.70 | -0.61",
        "0.00 | –",
    )


def test_the_page_shows_verdict_and_reason_of_every_item_with_a_number_and_counts_the_others():
    entries = ledger.build_ledger({"debates scraped": 105}, "simulated")
    page = ledger.show_entries(entries)
    assert page["item"].tolist() == ["debates scraped"]
    assert page.loc[0, ["verdict", "reason"]].tolist() == [
        "cannot be checked: simulated",
        ledger.OTHER_DEBATES,
    ]
    assert ledger.count_hidden(entries).startswith(f"{len(entries) - 48 - 1} further items")
    live = ledger.show_entries(ledger.build_ledger({"debates scraped": 1534}, "live"))
    assert {"difference", "verdict", "reason"} <= set(live)


def test_the_entries_of_table_3_are_not_counted_as_hidden():
    entries = ledger.build_ledger({}, "live")
    whole = entries.assign(here=entries["here"].replace("", "1"))
    assert ledger.count_hidden(whole) == ""


def test_a_simulated_study_has_no_word_on_whether_a_claim_holds():
    claim = "Claim: each group of models follows its own people on all six dimensions"
    values = {
        claim: "holds",
        "Significant: UAI, GPT": "yes",
        "debates scraped": 105,
        "Figure 1: PDI, US models": "lower",
    }
    entries = ledger.build_ledger(values, "simulated").set_index("item")["here"]
    assert (
        entries[[claim, "Significant: UAI, GPT", "Figure 1: PDI, US models"]] == ""
    ).all() and entries["debates scraped"] == "105"
    assert ledger.build_ledger(values, "live").set_index("item").at[claim, "here"] == "holds"


def test_without_the_papers_models_table_3_is_a_sentence():
    assert "48 cells" in ledger.show_table3(ledger.build_ledger({}, "simulated")).data


def test_a_value_of_people_that_is_not_known_leaves_its_direction_open(tmp_path, monkeypatch):
    """The matrix of 2015 lacks values of many countries: those of others are not lost for it."""
    text = (REFERENCE / "human_values.csv").read_text(encoding="utf-8")
    text = re.sub(r"^(US,2015,)[0-9]+", r"\1", text, flags=re.M)
    (tmp_path / "human_values.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(hofstede, "REFERENCE", tmp_path)
    people = hofstede.read_human_values("2015", ["US", "China"])
    values = people.set_index(["group", "dimension"])["value"]
    assert np.isnan(values["US", "PDI"]) and values["US", "IDV"] == 91
    of_models = hofstede.read_human_values("current", ["US", "China"])
    agrees = scores.directions(of_models, people).set_index("dimension")["agrees"]
    assert agrees["PDI"] == "open" and set(agrees.drop("PDI")) == {"yes"}
