"""What a changed execution will ask is known before: exactly where the answers decide it, and else as what it is, the least."""

from dataclasses import replace

import pandas as pd
import pytest

from alignment.asking import answers, archive, collection, plan, simulation
from alignment.runner import plan_preview
from alignment.study import loader, schema, table_files
from alignment.study.workspace import Workspace
from alignment.translation import translations
from servers import serve
from three_statements import live
from utils.cells import PAIR, cells_of_pairs, cells_of_statements
from utils.labels import label_polarity, label_relevance, scored_set
from utils.rules import Rules
from utils.votes import cast_votes

ONCE = {"relevance_runs": 1, "polarity_runs": 1, "stance_runs": 1, "wording_runs": 1}
YES = {
    ("relevance", "en"): "Answer: yes",
    ("relevance", "zh"): "答案：是",
    ("polarity", "en"): "Answer: +1",
    ("polarity", "zh"): "答案：+1",
}
YES |= {("stance", "en"): "Answer: agree", ("stance", "zh"): "答案：同意"}


def asked(here: Workspace) -> int:
    """Requests that the archive holds, however often each was tried."""
    with archive.open_archive(here.raw / archive.FILE) as connection:
        return connection.execute("select count(distinct key) from replies").fetchone()[0]


def collect(here: Workspace, **values) -> None:
    """Ask all steps as notebooks 04, 05 and 07 do."""
    given = ONCE | {"relevance_quorum": 0, "zero_median": "drop"} | values
    found = {}
    for step in ("relevance", "polarity", "stance"):
        found[step] = answers.collect(here, plan.step_cells(here, step, given[f"{step}_runs"]))
        rules, voted = Rules.from_parameters(given), cast_votes(found[step], given[f"{step}_runs"])
        if step == "relevance":
            table_files.write(
                label_relevance(voted, 8, rules),
                here.processed / "04_relevance.csv",
            )
        elif step == "polarity":
            labels = scored_set(label_polarity(voted, 8, rules))
            table_files.write(labels, here.processed / "05_sociocultural_statements.csv")
    answers.collect(here, plan.wording_cells(here, given["wording_runs"]))


def stored(here: Workspace) -> None:
    """The translations of the statements, as a study has them."""
    kept, chinese = here.read("02_statements"), here.read("03_translations")
    made = translations.make_rows(kept, chinese["text"], "zh", "google", "2026-01-01")
    table_files.write(made, here.material / "translations.csv")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("changed", [{}, {"stance_runs": 3}, {"polarity_runs": 2, "stance_runs": 2}, {"zero_median": "keep"}, {"relevance_quorum": 2}, {"relevance_quorum": 7}])  # fmt: skip
def test_what_is_foretold_is_what_is_asked(here, changed):
    stored(here)
    with serve(simulation.app(here)) as address:
        made = live(here, address)
        collect(made)
        before, foretold = asked(made), plan_preview.plan_calls(made, ONCE | changed)
        collect(made, **changed)
    new, sure = asked(made) - before, foretold.loc[foretold["sure"], "new"].sum()
    if foretold["sure"].all():
        assert new == foretold["new"].sum() == sure
        assert plan_preview.describe_cost(foretold) == f"{new:,} new calls, nothing to pay."
    else:
        assert 0 < sure <= new and plan_preview.describe_cost(foretold).startswith(
            f"At least {sure:,} new calls"
        )
    assert foretold["sure"].all() == (
        changed.get("relevance_quorum") != 2 and "polarity_runs" not in changed
    )


def test_a_statement_that_nobody_has_translated_yet_is_new_in_every_language(here):
    stored(here)
    theses = here.read("01_theses")
    fourth = theses.head(1).assign(statement_id="demo-5.1", text="Close zoos.", votes=2)
    table_files.write(pd.concat([theses, fourth]), here.processed / "01_theses.csv")
    collect(here)
    assert plan_preview.plan_calls(here, ONCE)["new"].sum() == 0
    foretold = plan_preview.plan_calls(here, ONCE | {"min_votes": 2})
    assert (
        foretold.query("step == 'relevance'")["new"].tolist() == [6] * 8
        and foretold.query("sure")["new"].sum() == 48
    )
    assert plan_preview.describe_cost(foretold).startswith(
        "At least 48 new calls, nothing to pay; later steps depend on these answers"
    )


def test_before_any_debate_is_there_the_study_says_what_it_expects(elsewhere):
    paper = Workspace(loader.load("paper"), "paper")
    foretold = plan_preview.plan_calls(paper, {})
    assert foretold["new"].sum() == 212_600 and not foretold["sure"].any()
    assert plan_preview.describe_cost(foretold).startswith("About 212,600 new calls, about $")


def test_a_study_that_brings_its_labels_asks_for_stances_alone(here):
    stored(here)
    brought = Workspace(here.study.model_copy(update={"labels": "labels.csv"}), "demo")
    table_files.write(
        pd.DataFrame({"statement_id": ["demo-2.1", "demo-3.1"], "dimension": "PDI", "polarity": 1}),
        here.processed / "05_sociocultural_statements.csv",
    )
    foretold = plan_preview.plan_calls(brought, ONCE)
    assert (
        set(foretold["step"]) == set(brought.study.steps[2:])
        and foretold["sure"].all()
        and foretold["new"].sum() == 2 * 8 * 5
    )


def test_recorded_answers_need_no_new_call(here):
    stored(here)
    collect(here)
    foretold = plan_preview.plan_calls(replace(here, recorded=True), ONCE | {"stance_runs": 7})
    assert foretold["new"].sum() == 0 and foretold["sure"].all()


@pytest.fixture
def paper(elsewhere) -> Workspace:
    """The paper's study in its published sizes, every question put once and answered."""
    here = Workspace(
        loader.load("paper").model_copy(update={"cap": schema.Cap(usd=300.0)}), "paper"
    )
    ids = [f"{i}.1" for i in range(776)]
    theses = pd.DataFrame({"statement_id": ids, "debate_id": ids, "thesis_no": 1, "text": [f"Motion {i} should pass." for i in ids], "votes": 5, "debate_votes": 9})  # fmt: skip
    debates = pd.DataFrame(
        {
            "debate_id": ids,
            "title": "",
            "language": "en",
            "question": "",
            "n_theses": 1,
            "debate_votes": 9,
            "source": "kialo",
        }
    )
    chinese = translations.make_rows(
        theses, [f"应通过动议{i}。" for i in ids], "zh", "google", "2026-01-01"
    )
    for name, table in (("01_theses", theses), ("01_debates", debates)):
        table_files.write(table, here.processed / f"{name}.csv")
    table_files.write(chinese, here.material / "translations.csv")
    texts = {(s, "en"): t for s, t in zip(ids, theses["text"], strict=True)} | {
        (s, "zh"): t for s, t in zip(ids, chinese["text"], strict=True)
    }
    relevant = pd.DataFrame(
        [(i, "PDI") for i in ids[:281]] + [(i, "IDV") for i in ids[:97]], columns=PAIR
    )  # 378 pairs
    every = relevant.head(281).assign(dimension="")
    models = list(here.study.models)
    cells = {
        "relevance": cells_of_statements("relevance", ids, here.dimensions, models, ["en", "zh"], 1)
    }
    cells |= {
        step: cells_of_pairs(step, pairs, models, ["en", "zh"], 1)
        for step, pairs in (("polarity", relevant), ("stance", every))
    }
    yes = set(zip(relevant["statement_id"], relevant["dimension"], strict=True))
    no = {"en": "Answer: no", "zh": "答案：否"}
    with archive.open_archive(here.raw / archive.FILE) as connection:
        for step, of_step in cells.items():
            archive.add_records(connection, [
                {"key": key, "attempt": 1, "step": step, "model": c.model, "language": c.language, "respondents": "live", "finish_reason": "stop",
                 "text": YES[step, c.language] if step != "relevance" or (c.statement_id, c.dimension) in yes else no[c.language],
                 "prompt_tokens": 200, "completion_tokens": 180, "cost": 0.001}
                for key, c in zip(collection.cell_keys(here, of_step, texts), of_step.itertuples(index=False), strict=True)
            ])  # fmt: skip
    return here


def test_one_more_run_of_the_papers_stances_is_2248_new_calls(paper):
    foretold = plan_preview.plan_calls(paper, ONCE | {"stance_runs": 2})
    assert foretold.groupby("step")["new"].sum().to_dict() == {
        "relevance": 0,
        "polarity": 0,
        "stance": 2_248,
    }
    assert plan_preview.describe_cost(foretold) == "2,248 new calls, about $2.25 to $2.25."
    spent = (776 * 6 + 378 + 281) * 8 * 0.001
    assert (
        plan_preview.describe_cap(paper)
        == f" The cap leaves ${300 - spent:,.2f} of $300.00; asking stops there."
    )
    assert (
        plan_preview.plan_calls(paper, ONCE | {"relevance_quorum": 8, "half_median": "drop"})[
            "new"
        ].sum()
        == 0
    )


def test_another_wording_asks_its_own_cells_and_nothing_of_the_old_ones_again(here):
    stored(here)
    one = Workspace(here.study.model_copy(update={"wordings": []}), "demo")
    collect(one)
    before, old = asked(one), answers.collect(one, plan.step_cells(one, "stance", 1))
    two = Workspace(here.study.model_copy(update={"wordings": ["negated", "turned"]}), "demo")
    statements = two.read("05_sociocultural_statements")["statement_id"].nunique()
    foretold = plan_preview.plan_calls(two, ONCE | {"wording_runs": 2})
    new = foretold.query("new > 0")
    assert new.groupby("step")["new"].sum().to_dict() == dict.fromkeys(
        ["stance_negated", "stance_turned"], statements * 4 * 2 * 2
    )
    answers.collect(two, plan.wording_cells(two, 2))
    assert asked(two) - before == foretold["new"].sum()
    assert answers.collect(two, plan.step_cells(two, "stance", 1)).equals(old)
