"""What several tests share: the neighbour folder with third-party data, and folders to write to."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from alignment.asking import retries
from alignment.study import loader, paths, table_files
from alignment.study.workspace import Workspace

SHARED = paths.ROOT.parent / "shared"


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first; keep the other tests of a file in one process, with fixtures."""
    items.sort(key=lambda item: -seconds(item))
    for item in items:
        if not seconds(item) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def seconds(item: pytest.Item) -> float:
    """Return about how many seconds a test takes, as its marker says; 0 for a quick one."""
    marker = item.get_closest_marker("takes")
    return marker.kwargs["seconds"] if marker else 0


@pytest.fixture
def shared() -> Path:
    """Third-party data for local testing; never part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with third-party data is not here")
    return SHARED


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root of its own with the studies and the demo's raw data, to which a test may write."""
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
    """The demo with three statements, whose endpoint waits only as long as it is told to."""
    wait = retries.seconds_to_wait

    def hurry(attempt: int, retry_after: str | None = None) -> float:
        return 0.001 if retry_after is None else wait(attempt, retry_after)

    monkeypatch.setattr(retries, "seconds_to_wait", hurry)
    workspace = Workspace(loader.load("demo"), "demo")
    statements = pd.DataFrame(
        {
            "statement_id": ["demo-2.1", "demo-3.1", "demo-4.1"],
            "debate_id": "x",
            "text": ["Ban cars.", "Plant trees.", "Tax meat."],
            "votes": 5,
        }
    )
    debates = pd.DataFrame(
        {
            "debate_id": ["x"],
            "title": "",
            "language": "en",
            "question": "",
            "n_theses": 1,
            "debate_votes": 9,
            "source": "x",
        }
    )
    chinese = statements[["statement_id"]].assign(
        language="zh", text=["禁止汽车。", "多种树。", "对肉类征税。"]
    )
    tables = {
        "01_debates": debates,
        "01_theses": statements.assign(thesis_no=1, debate_votes=9),
        "02_statements": statements,
        "03_translations": chinese,
    }
    for name, table in tables.items():
        table_files.write(table, workspace.processed / f"{name}.csv")
    return workspace
