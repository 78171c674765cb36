"""Whole studies, made once for all tests that read them, in however many processes."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from kernel_trace import traced
from project import NUMBERS, Project

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The code, the studies and the demo's raw data, without anything that was made from them."""
    return Project.new(tmp_path / "a project", "data/raw/demo")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """Return `once(name, make)`: the project in a folder that the first process to want it made."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def once(name: str, make: Callable[[Path], object]) -> Project:
        folder, made = base / name / "a project", base / name / "made"
        folder.parent.mkdir(exist_ok=True)
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                assert not folder.exists(), f"{name} could not be made: see the test that tried"
                make(folder)
                made.touch()
        return Project(folder)

    return once


@pytest.fixture(scope="session")
def demo_project(once) -> Project:
    """The default study, made from nothing. To be read only: `demo_copy` is to be changed.

    What its kernels loaded, read and wrote is noted in the folder `ipython` beside it.
    """

    def make(folder: Path) -> None:
        project = Project.new(folder, "data/raw/demo", "site")
        run = project.run(**traced(folder, folder.parent / "ipython" / "traces"))
        assert run.returncode == 0, run.stderr
        assert f"{len(NUMBERS)} of {len(NUMBERS)} pages made" in run.stdout

    return once("demo", make)


@pytest.fixture
def demo_copy(demo_project, tmp_path) -> Project:
    """A copy of the default study as it was made, that a test may change."""
    return demo_project.copy(tmp_path / "a project")


@pytest.fixture(scope="session")
def what_if(once, demo_project) -> Project:
    """The default study and the same with other human values, so far that changes are shown.

    To be read only. What was printed when it had come to notebook 08 is in `printed.txt`.
    """

    def make(folder: Path) -> None:
        made = demo_project.copy(folder)
        run = made.run("-p", "human_values=2015", "--until", "08")
        assert run.returncode == 0, run.stderr
        (folder / "printed.txt").write_text(run.stdout, encoding="utf-8")
        run = made.run("-p", "human_values=2015", "--until", "11")
        assert run.returncode == 0, run.stderr
        assert "What changed: " in run.stdout

    return once("what if", make)


@pytest.fixture(scope="session")
def browser():
    """A real browser without a window."""
    path = os.environ.get("BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        pytest.skip(
            "no browser is here (on Debian and Ubuntu: apt install chromium); "
            "one can be named: BROWSER=/path/to/chrome"
        )
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
