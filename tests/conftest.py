"""What several tests share: the neighbour folder with third-party data, a study in a folder of its own."""

import importlib
import shutil
from pathlib import Path

import pytest

from utils import paths

SHARED = paths.ROOT.parent / "shared"


@pytest.fixture
def shared() -> Path:
    """Third-party data for local testing; never part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with third-party data is not here")
    return SHARED


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data folders, to which everything that a test runs writes."""
    for name in ("RAW", "PROCESSED", "FIGURES", "RENDERED", "STUDIES"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        for module in ("paths", "execution", "answers", "study", "simulation", "freshness", "pipeline"):
            found = importlib.import_module(f"utils.{module}")
            if hasattr(found, name):
                monkeypatch.setattr(found, name, folder)
    for study in paths.ROOT.joinpath("studies").glob("*.yaml"):
        shutil.copy(study, tmp_path / "studies")
    shutil.copytree(paths.ROOT / "data" / "raw" / "demo", tmp_path / "raw" / "demo", ignore=shutil.ignore_patterns("*.sqlite*", "answers.csv.gz"))
    return tmp_path
