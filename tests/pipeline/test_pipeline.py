"""The runner as a user drives it: by the command line, in a copy of the project, to the last page."""

import json
import random
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alignment.asking import simulation
from alignment.runner import freshness, pages, parameters
from alignment.study import loader
from alignment.study.paths import ROOT
from alignment.study.workspace import Workspace
from project import FEW, NUMBERS, QUICK, outputs, prose
from servers import Faulty, answer, kialo, serve

TABLES = ROOT / "data" / "processed" / "demo"


@pytest.mark.takes(seconds=100)
def test_what_is_committed_is_what_another_folder_makes_byte_for_byte(demo_project):
    here, there = outputs(ROOT, "demo"), demo_project.outputs("demo")
    assert sorted(here) == sorted(there)
    different = [name for name in here if here[name] != there[name]]
    assert not different, f"{different} are not as committed: ./run_all.sh --force mends it"


def test_no_page_table_or_figure_names_this_machine(demo_project):
    paths = (str(demo_project.folder), str(ROOT), f"{Path.home()}/", sys.prefix)
    for name, content in demo_project.outputs("demo").items():
        assert not any(path.encode() in content for path in paths), name


def first_words(number: str) -> str:
    return "The paper's printed numbers." if number == "16" else "Simulated respondents."


def test_every_page_of_a_simulated_study_says_so_first(demo_project):
    for number in NUMBERS:
        assert first_words(number) in prose(demo_project.page("demo", number)), number
    for path in (demo_project.folder / "data" / "processed" / "demo").glob("*.csv*"):
        if path.name >= "04":
            respondents = set(pd.read_csv(path)["respondents"].dropna())
            assert respondents <= {"simulated", "printed"}, path.name


def test_the_ledger_of_a_simulated_study_never_reproduces_what_rests_on_answers(demo_project):
    ledger = demo_project.table("demo", "13_ledger")
    rows = ledger[ledger["where"].isin(["Table 2", "Table 3", "Figure 1"])]
    assert set(rows["verdict"]) == {"cannot be checked: simulated"}


def test_the_demo_recovers_what_was_planted(demo_project):
    recovery = demo_project.table("demo", "13_recovery")
    assert len(recovery) == 48 and recovery["recovered"].all()
    assert (recovery["estimate"] - recovery["planted"]).abs().mean() < 0.15


def test_the_controls_of_page_13_fail_and_its_checks_hold(demo_project):
    controls = demo_project.table("demo", "13_controls")
    assert (controls["holds"] == (controls["passed"] >= controls["needed"])).all()
    assert (controls["holds"] == (controls["must"] == "hold")).all()
    assert controls.groupby("must").size().to_dict()["fail"] >= 30
    changes = demo_project.table("demo", "10_equivalence")
    assert set(changes["verdict"]) == {"different", "undecided"}  # none is equivalent after Holm


def test_the_default_of_the_curve_is_what_the_other_pages_say(demo_project):
    """The curve goes from answers to claims by itself; its first row is pages 05, 08, 09 and 10."""
    table = {n: demo_project.table("demo", n) for n in ("08_directions", "10_table3")}
    first = demo_project.table("demo", "14_specifications").iloc[0]
    assert first["labels"] == len(demo_project.table("demo", "05_sociocultural_statements"))
    for row in table["08_directions"].itertuples():
        gap = first[f"{row.dimension} {row.group}"] - first[f"{row.dimension} {row.other_group}"]
        assert gap == pytest.approx(row.gap_models, abs=1e-6), row.dimension
    assert first["with_people"] == (table["08_directions"]["agrees"] == "yes").sum()
    changes = table["10_table3"].set_index(["dimension", "model"])
    planted = demo_project.table("demo", "13_recovery")
    planted = planted.pivot(index=["dimension", "model"], columns="language", values="planted")
    change = (planted["zh"] - planted["en"]).reindex(changes.index)
    false = (changes["p_holm"] < 0.05) & (np.sign(change) != np.sign(changes["difference"]))
    assert first["language_right"] == len(changes) - false.sum()


def test_a_second_run_does_nothing_and_says_so(demo_project):
    before, run = demo_project.outputs("demo"), demo_project.run()
    assert run.returncode == 0
    assert run.stdout.startswith(f"Nothing to do: all {len(NUMBERS)} pages are fresh.")
    assert demo_project.outputs("demo") == before


@pytest.mark.takes(seconds=75)
def test_recorded_answers_alone_make_the_same_tables(demo_copy):
    archive = demo_copy.folder / "data" / "raw" / "demo" / "replies.sqlite"
    archive.unlink()
    before = demo_copy.outputs("demo")
    run = demo_copy.run("--recorded", "--force")
    assert run.returncode == 0, run.stderr
    assert not archive.exists()
    after = demo_copy.outputs("demo")
    assert not [p for p in before if before[p] != after[p] and not p.endswith(".ipynb")]
    for number in NUMBERS:
        assert first_words(number) in prose(demo_copy.page("demo", number))


@pytest.mark.takes(seconds=80)
def test_a_changed_parameter_writes_beside_the_default_and_asks_nothing_new(demo_copy):
    before = demo_copy.outputs("demo")
    run = demo_copy.run("-p", "relevance_quorum=5", "-p", "resamples=200")
    assert run.returncode == 0, run.stderr
    assert ": 0 new calls" in run.stdout and "nothing to pay" in run.stdout
    assert demo_copy.outputs("demo") == before
    name = "demo--relevance_quorum=5--resamples=200"
    path = demo_copy.folder / "notebooks" / "rendered" / name / "what_changed.ipynb"
    page = path.read_text(encoding="utf-8")
    assert "labels** have changed" in page and "Simulated respondents." in page
    assert "`relevance_quorum = 5`" in page and "8 gone, 0 new, 0 with another value" in page
    assert page.count(", before**") == page.count(", after**") > 8
    assert "The same before and after: " in page
    assert not demo_copy.faults("demo", name)
    changed, usual = (demo_copy.table(folder, "04_relevance") for folder in (name, "demo"))
    assert set(changed["quorum"]) == {5}
    assert changed["relevant"].sum() < usual["relevant"].sum()


def test_a_setting_of_the_study_is_changed_like_a_parameter_and_planned_anew(demo_copy):
    settings = ["-p", "sampling.temperature=0.5", "-p", "judges=sim-us-1,sim-cn-1"]
    run = demo_copy.run(*settings, "--until", "00")
    plan = r"temperature=0.5: (At least )?[1-9][\d,]* new calls"
    assert run.returncode == 0 and re.search(plan, run.stdout), run.stdout + run.stderr
    name = "demo--judges=sim-us-1+sim-cn-1--sampling.temperature=0.5"
    page = prose(demo_copy.page(name, "00"))
    assert re.search(r"relevance +5 +0\.5", page) and "21,416 questions" in page
    assert prose(demo_copy.page("demo", "00")) != page


@pytest.mark.takes(seconds=70)
def test_what_a_changed_parameter_cannot_touch_is_taken_from_the_default_as_if_it_had_run(
    what_if, tmp_path
):
    printed = (what_if.folder / "printed.txt").read_text(encoding="utf-8")
    assert "1 of 9 pages made, 8 are as in demo" in printed
    name, until_08 = "demo--human_values=2015", ("-p", "human_values=2015", "--until", "08")
    copy = what_if.copy(tmp_path / "a project")
    assert copy.run(*until_08, "--force").returncode == 0
    assert copy.outputs(name) == what_if.outputs(name)
    assert copy.run(*until_08).stdout.count("Nothing to do") == 1


def test_the_first_failing_notebook_stops_it_and_leaves_the_last_good_page(demo_copy):
    (source,) = (demo_copy.folder / "notebooks").glob("09_*.py")
    page = demo_copy.page("demo", "09")
    with source.open("a", encoding="utf-8") as notebook:
        notebook.write("\n# %%\nraise ValueError('on purpose')\n")
    run = demo_copy.run("--from", "09", "--recorded")
    assert run.returncode == 1
    assert "09_figure3_models stopped: ValueError: on purpose" in run.stderr
    assert "in the cell that begins: raise ValueError" in run.stderr
    assert "10_table3" not in run.stdout
    assert demo_copy.page("demo", "09") == page


def test_the_plan_of_the_papers_study_is_212600_calls_and_is_all_that_happens_without_a_cap(
    project,
):
    plan = project.run("--study", "paper", "--plan")
    total = next(line for line in plan.stdout.splitlines() if line.startswith("total"))
    assert plan.returncode == 0 and "212,600" in total
    refused = project.run("--study", "paper")
    assert refused.returncode == 1
    assert "a live study needs a cap" in refused.stderr and "212,600" in refused.stderr
    keys = {"OPENAI_API_KEY": "", "OPENROUTER_API_KEY": ""}
    no_key = project.run("--study", "paper", "--cap", "10", **keys)
    assert no_key.returncode == 1 and "environment variable OPEN" in no_key.stderr
    assert not (project.folder / "data" / "processed" / "paper").exists()


def demo_texts() -> dict[str, str]:
    """Read the demo's statements in both languages: text -> statement id."""
    names = ("02_statements", "03_translations")
    rows = pd.concat([pd.read_csv(TABLES / f"{name}.csv") for name in names])
    return dict(zip(rows["text"], rows["statement_id"], strict=True))


def simulated_endpoint(fault=lambda asked, body: None) -> Faulty:
    """Return a server that answers as the demo's simulated respondents do, with faults."""
    workspace = Workspace(loader.load("demo"), "demo")
    return Faulty(simulation.app(workspace, demo_texts()), fault)


@pytest.mark.takes(seconds=85)
def test_the_papers_study_runs_against_local_servers_and_cannot_wash_off_who_answered(project):
    """Kialo and endpoints on loopback: the whole path of studies/paper.yaml but the hosts."""
    requests = loader.load("demo").models
    names = dict(zip(("GPT", "Llama", "DeepSeek", "Qwen"), requests, strict=True))
    server, folder = simulated_endpoint(), "paper_here"
    debates = {
        "permission": True,
        "contact": "tests@example.org",
        "wait_seconds": 0.0,
    }
    raw = project.folder / "data" / "raw"
    (raw / folder).mkdir()
    shutil.copy(raw / "demo" / "translations.csv", raw / folder)
    with serve(server) as models, serve(kialo(raw / "demo" / "debates")) as site:
        endpoint = {"base_url": f"{models}/v1", "key": "SOME_KEY", "send_seed": True}
        project.write_study(
            folder,
            extends="paper.yaml",
            debates=debates | {"base_url": site},
            endpoints={"openai": endpoint, "openrouter": endpoint},
            models={name: {"request": request} for name, request in names.items()},
            cap={"usd": 1000.0},
            parameters=FEW,
        )
        run = project.run("--study", folder, SOME_KEY="a-secret")
    assert run.returncode == 0, run.stderr
    assert len(project.table(folder, "02_statements")) == 85
    assert max(server.answered.values()) == 1
    for number in ("05", "08", "10", "14"):
        assert first_words(number) in prose(project.page(folder, number)), number
    assert set(project.table(folder, "07_scores")["respondents"]) == {"simulated"}
    written = b"".join(p.read_bytes() for p in project.folder.rglob("*") if p.is_file())
    assert b"a-secret" not in written
    more = project.run("--study", folder, "-p", "stance_runs=2", "--plan").stdout
    labelled = project.table(folder, "05_sociocultural_statements")["statement_id"].nunique()
    assert f"\n{8 * labelled:,} new calls, about $" in more
    assert "of $1,000.00; asking stops there." in more


@pytest.mark.takes(seconds=40)
def test_a_model_that_answers_nonsense_has_no_position_and_the_pages_say_so(project):
    """Random text, nothing, or always the same: the study runs through, and no bar is drawn."""
    mad, study, folder = "sim-cn-2", "nonsense", project.folder / "data" / "processed" / "nonsense"
    folder.mkdir(parents=True)
    for path in TABLES.glob("0[0-3]_*.csv"):
        shutil.copy(path, folder)
    few = pd.read_csv(TABLES / "02_statements.csv")["statement_id"].head(24)
    for name in ("02_statements", "03_translations"):
        table = project.table(study, name)
        table[table["statement_id"].isin(few)].to_csv(folder / f"{name}.csv", index=False)
    rng = random.Random(3)
    kinds = [
        lambda: "",
        lambda: "I weigh both sides. 两方面都有道理。",
        lambda: "".join(chr(rng.randrange(32, 0x9FA5)) for _ in range(300)),
    ]

    async def nonsense(send):
        choice = {"message": {"content": rng.choice(kinds)()}, "finish_reason": "stop"}
        await answer(send, 200, json.dumps({"choices": [choice], "usage": {}}).encode())

    server = simulated_endpoint(lambda asked, body: nonsense if body["model"] == mad else None)
    with serve(server) as address:
        project.write_study(
            study,
            extends="demo.yaml",
            material="demo",
            respondents="live",
            cap={"calls": 100_000},
            annotators={"simulated": 0},
            judges=["sim-us-1", "sim-us-2", "sim-cn-1"],  # as a judge it would be stopped
            endpoints={"simulated": {"base_url": f"{address}/v1", "send_seed": True}},
            wordings=["negated"],
            parameters=FEW | {"wording_runs": 1},
        )
        run = project.run("--study", study, "--from", "04", "--until", "10")
    assert run.returncode == 0, run.stderr
    answered = project.table(study, "07_accounting").set_index("model")["answered"]
    assert (answered.loc[mad] == 0).all() and (answered.drop(mad) > 0).all()
    assert project.table(study, "07_scores").query("model == @mad")["score"].isna().all()
    sentence = f"No answer of {mad} in en, {mad} in zh could be read"
    for number in ("08", "09", "10"):
        assert sentence in prose(project.page(study, number)), number
    positions = project.table(study, "09_figure3").set_index("model")["mean"].dropna()
    assert mad not in positions and {"sim-us-1", "sim-us-2", "sim-cn-1"} <= set(positions.index)
    table3 = project.table(study, "10_table3").query("model == @mad")
    assert table3[["mean_base", "mean_other", "p_exact"]].isna().all(axis=None)


@pytest.mark.takes(seconds=90)
def test_real_exports_run_to_the_last_notebook(project, shared, monkeypatch):
    monkeypatch.setenv("KIALO", str(shared / "kialo"))
    run = project.run("--study", "exports", *QUICK)
    assert run.returncode == 0, run.stderr
    folder = project.folder_of("exports")
    assert not project.faults("exports", folder)
    debates = project.table(folder, "01_debates")
    theses, kept = (project.table(folder, name) for name in ("01_theses", "02_statements"))
    single = theses["debate_id"].isin(debates.query("n_theses == 1")["debate_id"])
    assert len(theses) == 726
    assert theses.loc[single, "votes"].notna().sum() == 479
    assert len(kept) == 277
    assert project.table(folder, "03_translations")["text"].str.contains("模拟译文").all()
    assert "placeholders, not translations" in prose(project.page(folder, "03"))
    sentences = [text for text in kept["text"] if len(text) > 45]
    for number in NUMBERS:
        page = prose(project.page(folder, number))
        assert not [text for text in sentences if text in page], number


@pytest.mark.parametrize(
    ("name", "last"),
    [
        pytest.param("imported", "14", marks=pytest.mark.takes(seconds=60)),
        pytest.param("imported_usa", "10", marks=pytest.mark.slow),
        pytest.param("imported_china", "10", marks=pytest.mark.slow),
    ],
)
def test_37200_real_answers_are_imported_and_compared(project, shared, name, last):
    """Each context is a study of 12,400 answers; the neutral one goes to the last notebook."""
    answers = shared / "real_replies" / "chatgpt_deepseek_62_statements.xlsx"
    imported = project.python("-m", "alignment.cli", "import", "answers", name, str(answers))
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
    workspace = Workspace(loader.load("demo"), "demo")
    for source in parameters.sources():
        page = json.loads(freshness.page_of(workspace, source).read_text(encoding="utf-8"))
        seal, cells = page["metadata"]["seal"], page["cells"]
        mend = f"{source.stem} is stale; ./run_all.sh mends it"
        assert seal["made_from"] == freshness.digest_inputs(workspace, source), mend
        assert seal["page"] == pages.digest(json.dumps(cells, sort_keys=True)), mend
        assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code"), mend
