"""What several tests share: the neighbour folder with third-party data, copies of the project and of its data folders."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from alignment.study import paths
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
