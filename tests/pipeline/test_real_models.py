"""The recorded study of two real models: its pages are made again without any model."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from alignment.asking import archive
from alignment.study.paths import ROOT
from project import Project, outputs, prose

RAW = ROOT / "data" / "raw" / "local"


def somebodys_own(folder: Path) -> dict[str, str]:
    """Return the environment of somebody whose IPython and matplotlib are set up otherwise."""
    startup = folder / "home" / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text(
        "import pandas\npandas.options.display.max_rows = 1\nprint('Hi')"
    )
    rc = folder / "home" / "matplotlibrc"
    rc.write_text("font.size: 30\naxes.facecolor: red\nlines.linewidth: 9\n")
    return {"HOME": str(folder / "home"), "MATPLOTLIBRC": str(rc)}


@pytest.fixture(scope="session")
def recorded(once) -> Project:
    """The study made from its records. To be read only."""

    def make(folder: Path) -> None:
        project = Project.new(folder, "data/raw/demo", "data/raw/local")
        shutil.copy(RAW / "answers.csv.gz", folder / "data" / "raw" / "local")
        with archive.open_archive(folder / "data" / "raw" / "local" / archive.FILE):
            pass  # as after asking without a server: empty
        run = project.run("--study", "local", "--recorded", **somebodys_own(folder.parent))
        assert run.returncode == 0, run.stderr

    return once("real models", make)


def test_the_committed_pages_of_the_real_models_are_made_again_from_the_records(recorded):
    made, committed = recorded.outputs("local"), outputs(ROOT, "local")
    assert len(committed) > 80 and made.keys() == committed.keys()
    different = [name for name in committed if made[name] != committed[name]]
    assert not different, f"./run_all.sh --study local --recorded --force mends {different}"


def test_a_study_of_one_culture_shows_its_group_beside_its_people_on_all_statements(recorded):
    page = prose(recorded.page("local", "08"))
    assert "one group, which nothing divides" in page
    table = recorded.table("local", "08_figure1")
    shown = table[(table["selection"] == "all") & (table["kind"] == "models")]
    assert set(shown["group"]) == {"China"} and (shown["n"] > 0).all()


def test_scores_on_planted_labels_are_stamped_and_no_data_set(recorded):
    for number in ("08", "09", "10"):
        assert "Planted labels." in prose(recorded.page("local", number))
    release = recorded.folder / "data" / "processed" / "local" / "12_release"
    assert list(release.glob("simulated_*"))


def test_a_study_that_expects_no_sizes_has_its_first_pages_and_a_plan_asks_for_them(project):
    settings = {"extends": "local.yaml", "material": "demo", "expected": None}
    study = project.write_study("own", **settings)
    labels = project.folder / "data" / "raw" / study / "labels.csv"
    labels.parent.mkdir()
    shutil.copy(RAW / "labels.csv", labels)
    run = project.run("--study", study, "--until", "03")
    assert run.returncode == 0, run.stderr
    assert "not known yet" in prose(project.page(study, "00"))
    assert "under `expected:`" in project.run("--study", study, "--plan").stderr


@pytest.mark.slow
def test_a_server_that_is_named_answers_a_few_questions(project):
    """STUDY_TEST_SERVER=http://127.0.0.1:8080/v1 STUDY_TEST_MODEL=name ./run_tests.sh -m slow -k named"""
    if not (server := os.environ.get("STUDY_TEST_SERVER")):
        pytest.skip("no server is named (STUDY_TEST_SERVER, STUDY_TEST_MODEL)")
    asked = {"request": os.environ.get("STUDY_TEST_MODEL", "model")}
    settings = {"extends": "local.yaml", "material": "demo", "cap": {"calls": 40}}
    settings["endpoints"] = {"small": {"base_url": server, "in_flight": 2}}
    settings["models"] = {"Qwen-Coder-0.5B": asked, "Qwen-Coder-1.5B": None}
    study = project.write_study("named", **settings)
    raw = project.folder / "data" / "raw" / study
    raw.mkdir()
    shutil.copy(RAW / "labels.csv", raw)
    run = project.run("--study", study, "--until", "03")
    assert run.returncode == 0, run.stderr
    run = project.run("--study", study, "--pilot", "10")
    assert run.returncode == 0, run.stderr
    with sqlite3.connect(raw / archive.FILE) as connection:
        replies = [text for (text,) in connection.execute("select text from replies")]
    assert 20 <= len(replies) <= 40, "10 statements in two languages, some of them asked again"
    assert all(replies) and "answered" in run.stdout, run.stdout
    print(run.stdout)
