"""The runner, as a user drives it: in a copy of the project, through the command line, to the last notebook."""

import json
import random
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from alignment.asking import simulation
from alignment.runner import parameters
from alignment.study import loader
from alignment.study.paths import ROOT
from alignment.study.workspace import Workspace
from project import NUMBERS, QUICK, outputs, prose
from servers import Faulty, answer, kialo, serve


def test_what_is_committed_is_what_another_folder_makes_byte_for_byte(demo_project):
    here, there = outputs(ROOT, "demo"), outputs(demo_project.folder, "demo")
    assert sorted(here) == sorted(there)
    different = [name for name in here if here[name] != there[name]]
    assert not different, (
        f"{different} differ from what is committed: ./run_all.sh --force mends it"
    )


def test_no_page_table_or_figure_names_this_machine(demo_project):
    names = [
        str(demo_project.folder).encode(),
        str(ROOT).encode(),
        str(Path.home()).encode() + b"/",
        sys.prefix.encode(),
    ]
    for path, content in outputs(demo_project.folder, "demo").items():
        assert not any(name in content for name in names), path


def test_every_page_of_a_simulated_study_says_so_first(demo_project):
    for number in NUMBERS:
        assert "Simulated respondents." in prose(demo_project.page("demo", number)), number
    for path in (demo_project.folder / "data" / "processed" / "demo").glob("*.csv*"):
        if path.name >= "04":
            respondents = set(pd.read_csv(path)["respondents"].dropna())
            assert respondents <= {"simulated", "printed"}, path.name


def test_the_ledger_of_a_simulated_study_never_reproduces_what_rests_on_answers(demo_project):
    ledger = demo_project.table("demo", "13_ledger")
    assert set(ledger.loc[ledger["where"].isin(["Table 2", "Table 3", "Figure 1"]), "verdict"]) == {
        "cannot be checked: simulated"
    }


def test_the_demo_recovers_what_was_planted(demo_project):
    recovery = demo_project.table("demo", "13_recovery")
    assert len(recovery) == 48 and recovery["covered"].mean() >= 0.95
    assert (recovery["estimate"] - recovery["planted"]).abs().mean() < 0.15


def test_a_second_run_does_nothing_and_says_so(demo_project):
    before = outputs(demo_project.folder, "demo")
    run = demo_project.run()
    assert run.returncode == 0 and run.stdout.startswith(
        f"Nothing to do: all {len(NUMBERS)} pages are fresh."
    )
    assert outputs(demo_project.folder, "demo") == before


def test_recorded_answers_alone_make_the_same_tables(demo_project):
    archive, aside = (
        demo_project.folder / "data" / "raw" / "demo" / "replies.sqlite",
        demo_project.folder / "aside.sqlite",
    )
    archive.rename(aside)
    before = outputs(demo_project.folder, "demo")
    run = demo_project.run("--recorded", "--force")
    assert run.returncode == 0, run.stderr
    assert not archive.exists()
    aside.rename(archive)
    after = outputs(demo_project.folder, "demo")
    different = [p for p in before if before[p] != after[p] and not p.endswith(".ipynb")]
    assert not different
    for number in NUMBERS:
        assert "Simulated respondents." in prose(demo_project.page("demo", number))


def test_a_changed_parameter_writes_beside_the_default_and_asks_nothing_new(demo_project):
    before = outputs(demo_project.folder, "demo")
    run = demo_project.run("-p", "relevance_quorum=5", "-p", "resamples=200")
    assert run.returncode == 0, run.stderr
    assert ": 0 new calls" in run.stdout and "nothing to pay" in run.stdout
    assert outputs(demo_project.folder, "demo") == before
    name = "demo--relevance_quorum=5--resamples=200"
    page = (demo_project.folder / "notebooks" / "rendered" / name / "what_changed.ipynb").read_text(
        encoding="utf-8"
    )
    assert "labels** have changed" in page and "Simulated respondents." in page
    assert "`relevance_quorum = 5`" in page and "8 gone, 0 new, 0 with another value" in page
    assert (
        page.count(", before**") == page.count(", after**") > 8
        and "The same before and after: " in page
    )
    assert not demo_project.faults("demo", name)
    changed = demo_project.table(name, "04_relevance")
    assert set(changed["quorum"]) == {5}
    assert changed["relevant"].sum() < demo_project.table("demo", "04_relevance")["relevant"].sum()


def test_a_setting_of_the_study_is_changed_like_a_parameter_and_planned_anew(demo_project):
    run = demo_project.run(
        "-p", "sampling.temperature=0.5", "-p", "judges=sim-us-1,sim-cn-1", "--until", "00"
    )
    assert run.returncode == 0 and re.search(
        r"temperature=0.5: (At least )?[1-9][\d,]* new calls", run.stdout
    ), run.stdout + run.stderr
    page = prose(
        demo_project.page("demo--judges=sim-us-1+sim-cn-1--sampling.temperature=0.5", "00")
    )
    assert re.search(r"relevance +5 +0\.5", page) and "15,080 questions" in page
    assert prose(demo_project.page("demo", "00")) != page


def test_what_a_changed_parameter_cannot_touch_is_taken_from_the_default_as_if_it_had_run(
    demo_project,
):
    name = "demo--human_values=2015"
    run = demo_project.run("-p", "human_values=2015", "--until", "08")
    assert run.returncode == 0 and "1 of 9 pages made, 8 are as in demo" in run.stdout
    borrowed = outputs(demo_project.folder, name)
    assert demo_project.run("-p", "human_values=2015", "--until", "08", "--force").returncode == 0
    assert outputs(demo_project.folder, name) == borrowed
    assert (
        demo_project.run("-p", "human_values=2015", "--until", "08").stdout.count("Nothing to do")
        == 1
    )


def test_the_first_failing_notebook_stops_it_and_leaves_the_last_good_page(demo_project):
    (source,) = (demo_project.folder / "notebooks").glob("09_*.py")
    good, page = source.read_text(encoding="utf-8"), demo_project.page("demo", "09")
    source.write_text(good + "\n# %%\nraise ValueError('on purpose')\n", encoding="utf-8")
    run = demo_project.run("--from", "09", "--recorded")
    source.write_text(good, encoding="utf-8")
    assert run.returncode == 1
    assert "09_figure3_models stopped: ValueError: on purpose" in run.stderr
    assert "in the cell that begins: raise ValueError" in run.stderr
    assert "10_table3" not in run.stdout
    assert demo_project.page("demo", "09") == page


def test_the_plan_of_the_papers_study_is_212600_calls_and_is_all_that_happens_without_a_cap(
    project,
):
    plan = project.run("--study", "paper", "--plan")
    total = next(line for line in plan.stdout.splitlines() if line.startswith("total"))
    assert plan.returncode == 0 and "212,600" in total
    refused = project.run("--study", "paper")
    assert (
        refused.returncode == 1
        and "a live study needs a cap" in refused.stderr
        and "212,600" in refused.stderr
    )
    no_key = project.run(
        "--study", "paper", "--cap", "10", OPENAI_API_KEY="", OPENROUTER_API_KEY=""
    )
    assert no_key.returncode == 1 and "environment variable OPEN" in no_key.stderr
    assert not (project.folder / "data" / "processed" / "paper").exists()


def test_the_papers_study_runs_against_local_servers_and_cannot_wash_off_who_answered(project):
    """Live Kialo and live endpoints, both on loopback: the whole path of studies/paper.yaml but the hosts themselves."""
    demo = loader.load("demo")
    model_names = dict(zip(("GPT", "Llama", "DeepSeek", "Qwen"), demo.models, strict=True))
    here = Workspace(demo, "demo")
    assert project.run("--until", "03").returncode == 0
    known = {
        f: pd.read_csv(project.folder / "data" / "processed" / "demo" / f"{f}.csv")
        for f in ("02_statements", "03_translations")
    }
    texts = {row.text: row.statement_id for frame in known.values() for row in frame.itertuples()}
    respondents = simulation.Respondents(here, texts)
    server = Faulty(simulation.application(respondents))
    raw = project.folder / "data" / "raw" / "paper"
    raw.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "raw" / "demo" / "translations.csv", raw)
    with serve(server) as models, serve(kialo(ROOT / "data" / "raw" / "demo" / "debates")) as site:
        endpoint = {"base_url": f"{models}/v1", "key": "SOME_KEY", "send_seed": True}
        project.study(
            "paper_here",
            extends="paper.yaml",
            debates={
                "base_url": site,
                "permission": True,
                "contact": "tests@example.org",
                "wait_seconds": 0.0,
            },
            endpoints={"openai": endpoint, "openrouter": endpoint},
            models={name: {"request": request} for name, request in model_names.items()},
            cap={"usd": 1000.0},
            parameters={
                "relevance_runs": 1,
                "polarity_runs": 1,
                "stance_runs": 1,
                "resamples": 200,
            },
        )
        raw.rename(project.folder / "data" / "raw" / "paper_here")
        run = project.run("--study", "paper_here", SOME_KEY="a-secret")
    assert run.returncode == 0, run.stderr
    folder = "paper_here"
    assert len(project.table(folder, "02_statements")) == 85
    assert max(server.answered.values()) == 1
    for number in ("05", "08", "10", "14"):
        assert "Simulated respondents." in prose(project.page(folder, number)), number
    assert set(project.table(folder, "07_scores")["respondents"]) == {"simulated"}
    written = b"".join(p.read_bytes() for p in project.folder.rglob("*") if p.is_file())
    assert b"a-secret" not in written
    more = project.run("--study", "paper_here", "-p", "stance_runs=2", "--plan")
    labelled = project.table(folder, "05_sociocultural_statements")["statement_id"].nunique()
    assert (
        f"\n{8 * labelled:,} new calls, about $" in more.stdout
        and "of $1,000.00; asking stops there." in more.stdout
    )


def test_a_model_that_answers_nonsense_has_no_position_and_the_pages_say_so(project):
    """Random text, nothing at all, or always the same: the study runs through, and no bar is drawn for it."""
    demo, mad = loader.load("demo"), "sim-cn-2"
    made = {
        p.name: pd.read_csv(p)
        for p in sorted((ROOT / "data" / "processed" / "demo").glob("0[0-3]_*.csv"))
        if p.stat().st_size > 1
    }
    few = made["02_statements.csv"]["statement_id"].head(24)
    folder = project.folder / "data" / "processed" / "nonsense"
    folder.mkdir(parents=True)
    for name, table in made.items():
        kept = (
            table[table["statement_id"].isin(few)]
            if name in ("02_statements.csv", "03_translations.csv")
            else table
        )
        kept.to_csv(folder / name, index=False)
    texts = {
        row.text: row.statement_id
        for name in ("02_statements.csv", "03_translations.csv")
        for row in made[name].itertuples()
    }
    chance = random.Random(3)
    kinds = [
        lambda: "",
        lambda: "I weigh both sides. 两方面都有道理。",
        lambda: "".join(chr(chance.randrange(32, 0x9FA5)) for _ in range(300)),
    ]

    async def nonsense(send):
        said = {"message": {"content": chance.choice(kinds)()}, "finish_reason": "stop"}
        await answer(send, 200, json.dumps({"choices": [said], "usage": {}}).encode())

    server = Faulty(
        simulation.application(simulation.Respondents(Workspace(demo, "demo"), texts)),
        lambda asked, body: nonsense if body["model"] == mad else None,
    )
    with serve(server) as address:
        endpoint = {"base_url": f"{address}/v1", "send_seed": True}
        settings = {
            "extends": "demo.yaml",
            "material": "demo",
            "respondents": "live",
            "cap": {"calls": 100_000},
            "annotators": {"simulated": 0},
        }
        once = {"relevance_runs": 1, "polarity_runs": 1, "stance_runs": 1, "resamples": 200}
        project.study("nonsense", **settings, endpoints={"simulated": endpoint}, parameters=once)
        run = project.run("--study", "nonsense", "--from", "04", "--until", "10")
    assert run.returncode == 0, run.stderr
    for number in ("04", "05", "07"):
        accounting = project.table("nonsense", f"{number}_accounting").set_index("model")
        assert (accounting.loc[mad, "answered"] == 0).all() and (
            accounting.drop(mad)["answered"] > 0
        ).all()
    assert project.table("nonsense", "07_scores").query("model == @mad")["score"].isna().all()
    for number in ("08", "09", "10"):
        assert f"No answer of {mad} in en, {mad} in zh could be read" in prose(
            project.page("nonsense", number)
        ), number
    positions = project.table("nonsense", "09_figure3").set_index("model")["mean"]
    assert mad not in positions.dropna() and {"sim-us-1", "sim-us-2", "sim-cn-1"} <= set(
        positions.dropna().index
    )
    assert (
        project.table("nonsense", "10_table3")
        .query("model == @mad")[["mean_a", "mean_b", "p_exact"]]
        .isna()
        .all(axis=None)
    )


def test_real_exports_run_to_the_last_notebook(project, shared):
    run = project.run("--study", "exports", *QUICK, KIALO=str(shared / "kialo"))
    assert run.returncode == 0, run.stderr
    (folder,) = [
        p.name
        for p in (project.folder / "data" / "processed").iterdir()
        if p.name.startswith("exports")
    ]
    debates, theses, kept = (
        project.table(folder, t) for t in ("01_debates", "01_theses", "02_statements")
    )
    single = theses.merge(debates[["debate_id", "n_theses"]], on="debate_id")["n_theses"].eq(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIALO", str(shared / "kialo"))
        assert not project.faults("exports", folder)
    assert (len(theses), int(theses.loc[single, "votes"].notna().sum()), len(kept)) == (
        726,
        479,
        278,
    )
    assert project.table(folder, "03_translations")["text"].str.contains("模拟译文").all()
    assert "placeholders, not translations" in prose(project.page(folder, "03"))
    sentences = [t for t in kept["text"] if len(t) > 45]
    for number in NUMBERS:
        page = prose(project.page(folder, number))
        assert not [t for t in sentences if t in page], number


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("imported", "14"),
        pytest.param("imported_usa", "10", marks=pytest.mark.slow),
        pytest.param("imported_china", "10", marks=pytest.mark.slow),
    ],
)
def test_37200_real_answers_are_imported_and_compared(project, shared, name, last):
    """Each context is a study of 12,400 answers; the neutral one goes to the last notebook."""
    imported = project.python(
        "-m",
        "alignment.cli",
        "import",
        "answers",
        name,
        str(shared / "real_replies" / "chatgpt_deepseek_62_statements.xlsx"),
    )
    assert imported.returncode == 0, imported.stderr
    run = project.run("--study", name, "--until", last, "-p", "resamples=200")
    assert run.returncode == 0, run.stderr
    folder = f"{name}--resamples=200"
    accounting = project.table(folder, "07_accounting")
    assert accounting["answered"].sum() == accounting["planned"].sum() == 12_400
    table3 = project.table(folder, "10_table3")
    assert table3["model"].eq("ChatGPT / DeepSeek").all() and table3["n"].sum() == 62
    assert "Imported answers." in prose(project.page(folder, "10"))
    if last == "14":
        assert not project.faults(name, folder)


def test_every_committed_page_is_sealed_and_fresh():
    """A page that is stale, half run or edited by hand is told with the command that mends it."""
    from alignment.runner import freshness, pages

    here = Workspace(loader.load("demo"), "demo")
    for source in parameters.sources():
        page = json.loads(freshness.page_of(here, source).read_text(encoding="utf-8"))
        seal = page["metadata"]["seal"]
        mend = f"{source.stem} is stale; ./run_all.sh mends it"
        assert seal["made_from"] == freshness.inputs(here, source, {}), mend
        assert seal["page"] == pages.digest(json.dumps(page["cells"], sort_keys=True)), mend
        assert all(c["execution_count"] for c in page["cells"] if c["cell_type"] == "code"), mend
