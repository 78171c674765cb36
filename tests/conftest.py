"""What several tests share: the neighbour folder with third-party data, copies of the project and of its data folders."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import sync_playwright

from alignment.asking import endpoint
from alignment.study import loader, paths, table_files
from alignment.study.workspace import Workspace
from project import CODE, NUMBERS, Project

SHARED = paths.ROOT.parent / "shared"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def shared() -> Path:
    """Third-party data for local testing; never part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with third-party data is not here")
    return SHARED


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root of its own with the studies and the demo's raw data, to which all that a test runs writes."""
    shutil.copytree(paths.ROOT / "studies", tmp_path / "studies")
    shutil.copytree(
        paths.ROOT / "data" / "raw" / "demo",
        tmp_path / "data" / "raw" / "demo",
        ignore=shutil.ignore_patterns("*.sqlite*", "answers.csv.gz"),
    )
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def here(elsewhere, monkeypatch) -> Workspace:
    """A live study of the demo's respondents, with three statements, that has yet to be given an endpoint."""
    told = endpoint.wait
    monkeypatch.setattr(
        endpoint,
        "wait",
        lambda attempt, retry_after=None: (
            0.001 if retry_after is None else told(attempt, retry_after)
        ),
    )
    demo = loader.load("demo")
    made = Workspace(demo, "demo")
    statements = pd.DataFrame({"statement_id": ["demo-2.1", "demo-3.1", "demo-4.1"], "debate_id": "x", "text": ["Ban cars.", "Plant trees.", "Tax meat."], "votes": 5})  # fmt: skip
    table_files.write(statements, made.processed / "02_statements.csv")
    table_files.write(
        statements.assign(thesis_no=1, debate_votes=9), made.processed / "01_theses.csv"
    )
    table_files.write(pd.DataFrame({"debate_id": ["x"], "title": "", "language": "en", "question": "", "n_theses": 1, "debate_votes": 9, "source": "x"}), made.processed / "01_debates.csv")  # fmt: skip
    chinese = statements.assign(language="zh", text=["禁止汽车。", "多种树。", "对肉类征税。"])
    table_files.write(
        chinese[["statement_id", "language", "text"]], made.processed / "03_translations.csv"
    )
    return made


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "a project")


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The default study, made from nothing in another folder; a test that changes it puts it back."""
    made = Project(tmp_path_factory.mktemp("demo") / "a project", (*CODE, "data/raw/demo", "site"))
    run = made.run()
    assert run.returncode == 0, run.stderr
    assert f"{len(NUMBERS)} of {len(NUMBERS)} pages made" in run.stdout
    return made


@pytest.fixture(scope="session")
def browser():
    """A real browser without a window."""
    path = os.environ.get("BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        pytest.skip(
            "no browser is here (on Debian and Ubuntu: apt install chromium); one can be named: BROWSER=/path/to/chrome"
        )
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
