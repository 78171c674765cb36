"""A third language, unknown to all code, is added as CONTRIBUTING says, by its files alone."""

import json
import shutil
from pathlib import Path

import pytest

from alignment.study.loader import load
from alignment.study.paths import ROOT
from project import QUICK, Project
from utils.errors import Problem

FILES = ROOT / "tests" / "support" / "language_ro"
ASK = """
import json
from alignment.asking import simulation
from alignment.study.loader import load
from alignment.study.workspace import Workspace
from utils import cells, prompts, reply_parser

here = Workspace(load("three_languages"), "three_languages")
respondents = simulation.Respondents(here, {"o afirmație oarecare": "demo-2.1"})
results = {}
for step in cells.STEPS:
    dimension = None if step == "stance" else here.describe("ro")["PDI"]
    messages = prompts.fill(step, "ro", "o afirmație oarecare", dimension)
    assert prompts.recognise(messages)[:3] == (step, "ro", "o afirmație oarecare")
    states, answers = set(), set()
    for seed in range(400):
        question = {"model": "sim-us-1", "messages": messages, "seed": seed}
        reply = respondents.reply(question)["choices"][0]
        text, finish_reason = reply["message"]["content"], reply["finish_reason"]
        state, answer = reply_parser.read(step, "ro", text, finish_reason)
        states.add(state)
        if state == "answered":
            answers.add(answer)
    results[step] = sorted(answers), sorted(states)
print(json.dumps(results))
"""


def add_language(folder: Path) -> None:
    """Follow the recipe: templates, words, rows of dimensions, a study with the language."""
    for path in [*FILES.glob("*.txt"), FILES / "words.ro.yaml"]:
        shutil.copy(path, folder / "src" / "utils" / "templates")
    _, rows = (FILES / "dimensions.csv").read_text(encoding="utf-8").split("\n", 1)
    with (folder / "data" / "reference" / "dimensions.csv").open("a", encoding="utf-8") as table:
        table.write(rows)
    shutil.copy(FILES / "three_languages.yaml", folder / "studies")


@pytest.fixture
def project(tmp_path) -> Project:
    project = Project.new(tmp_path / "a project", "data/raw/demo")
    add_language(project.folder)
    return project


def test_a_new_language_is_asked_in_answered_in_and_read(project):
    run = project.python("-c", ASK)
    assert run.returncode == 0, run.stderr
    results = json.loads(run.stdout)
    answers = {step: answers for step, (answers, _) in results.items()}
    assert answers["relevance"] == ["no", "yes"] and answers["stance"] == ["agree", "disagree"]
    assert len(answers["polarity"]) > 1
    troubles = {state for _, states in results.values() for state in states}
    assert {"answered", "refused", "unreadable", "wrong language"} <= troubles


def test_a_simulated_study_without_leanings_for_a_language_is_told_which(tmp_path):
    path = tmp_path / "two_of_three.yaml"
    shutil.copy(ROOT / "studies" / "demo.yaml", tmp_path)
    path.write_text("extends: demo.yaml\nname: two_of_three\nlanguages: [en, zh, ro]\n")
    sentence = '"sim-us-1" has 2 leanings on PDI, and the study has 3 languages'
    with pytest.raises(Problem, match=sentence):
        load(path)


@pytest.mark.slow
def test_three_languages_run_to_the_last_notebook(project):
    run = project.run("--study", "three_languages", *QUICK)
    assert run.returncode == 0, run.stderr
    folder = project.folder_of("three_languages")
    accounting = project.table(folder, "07_accounting").groupby("language")["answered"].sum()
    assert set(accounting.index) == {"en", "zh", "ro"} and accounting.min() > 0.9 * accounting.max()
    recovery = project.table(folder, "13_recovery")
    assert len(recovery) == 72 and recovery["recovered"].mean() >= 0.95
    assert len(project.table(folder, "10_table3")) == 4 * 6 * 3  # models, dimensions, pairs
