"""A language is added as CONTRIBUTING says, by its files alone: a third one, of which no code knows, beside English and Chinese."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alignment.study.loader import load
from alignment.study.paths import ROOT
from project import QUICK, Project
from utils.errors import Problem

FILES = ROOT / "tests" / "support" / "language_ro"
TRIED = """
import json
from utils import prompts, simulation
from alignment.study.workspace import Workspace
from alignment.study.loader import load

here = Workspace(load("three_languages"), "three_languages")
respondents = simulation.Respondents(here, {"o afirmație oarecare": "demo-2.1"})
said = {}
for step in prompts.STEPS:
    dimension = None if step == "stance" else here.describe("ro")["PDI"]
    messages = prompts.fill(step, "ro", "o afirmație oarecare", dimension)
    assert prompts.recognise(messages)[:3] == (step, "ro", "o afirmație oarecare")
    replies = [respondents.reply({"model": "sim-us-1", "messages": messages, "seed": n})["choices"][0] for n in range(400)]
    read = [reply_parser.read(step, "ro", r["message"]["content"], r["finish_reason"]) for r in replies]
    said[step] = sorted({answer for state, answer in read if state == "answered"}), sorted({state for state, _ in read})
print(json.dumps(said))
"""


def add_language(folder: Path) -> None:
    """The recipe: three templates and the words, rows of dimensions, a study that names the language."""
    for path in [*FILES.glob("*.txt"), FILES / "words.ro.yaml"]:
        shutil.copy(path, folder / "src" / "utils" / "templates")
    with (folder / "data" / "reference" / "dimensions.csv").open("a", encoding="utf-8") as table:
        table.writelines(
            (FILES / "dimensions.csv").read_text(encoding="utf-8").splitlines(keepends=True)[1:]
        )
    shutil.copy(FILES / "three_languages.yaml", folder / "studies")


@pytest.fixture
def project(tmp_path) -> Project:
    made = Project(tmp_path / "a project")
    add_language(made.folder)
    return made


def test_a_new_language_is_asked_in_answered_in_and_read(project):
    env = os.environ | {"PYTHONPATH": str(project.folder / "src")}
    run = subprocess.run(
        [sys.executable, "-c", TRIED], cwd=project.folder, env=env, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["relevance"][0] == ["no", "yes"] and said["stance"][0] == ["agree", "disagree"]
    assert len(said["polarity"][0]) > 1
    troubles = {state for _, states in said.values() for state in states}
    assert {"answered", "refused", "unreadable", "wrong language"} <= troubles


def test_a_simulated_study_without_leanings_for_a_language_is_told_which(tmp_path):
    path = tmp_path / "two_of_three.yaml"
    shutil.copy(ROOT / "studies" / "demo.yaml", tmp_path)
    path.write_text(
        "extends: demo.yaml\nname: two_of_three\nlanguages: [en, zh, ro]\n", encoding="utf-8"
    )
    with pytest.raises(
        Problem, match='"sim-us-1" has 2 leanings on PDI, and the study has 3 languages'
    ):
        load(path)


@pytest.mark.slow
def test_three_languages_run_to_the_last_notebook(project):
    run = project.run("--study", "three_languages", *QUICK)
    assert run.returncode == 0, run.stderr
    (folder,) = [
        p.name
        for p in (project.folder / "data" / "processed").iterdir()
        if p.name.startswith("three_languages")
    ]
    accounting = project.table(folder, "07_accounting").groupby("language")["answered"].sum()
    assert set(accounting.index) == {"en", "zh", "ro"} and accounting.min() > 0.9 * accounting.max()
    recovery = project.table(folder, "13_recovery")
    assert len(recovery) == 72 and recovery["covered"].mean() >= 0.9
    assert (
        len(project.table(folder, "10_table3")) == 72
    )  # 4 models, 6 dimensions, 3 pairs of languages
