"""A copy of the project in a folder of its own, driven as a user drives it: through the command line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from alignment.runner import parameters
from alignment.study import data_dictionary, loader
from alignment.study.paths import ROOT

CODE = ("src", "notebooks", "studies", "data/reference")
NUMBERS = [source.name[:2] for source in parameters.sources()]
QUICK = [
    a
    for p in ("relevance_runs=1", "polarity_runs=1", "stance_runs=1", "resamples=200")
    for a in ("-p", p)
]
NOT_COPIED = (
    "*.sqlite*",
    "rendered",
    "__pycache__",
    "answers.csv.gz",
    "*.lock",
    ".ipynb_checkpoints",
    "html",
)


class Project:
    """The code, the studies and the demo's raw data, without anything that was made from them."""

    def __init__(self, folder: Path, parts: tuple[str, ...] = (*CODE, "data/raw/demo")) -> None:
        self.folder = folder
        for part in parts:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns(*NOT_COPIED))
        for file in ("requirements.lock", "data/raw/README.md", "data/processed/README.md"):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run Python in the project's folder, as run_all.sh does: ("-m", "alignment.cli", "sheets", ...)."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("STUDY_")}
        env = clean | {"PYTHONPATH": str(self.folder / "src")} | environment
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=env, capture_output=True, text=True
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """./run_all.sh with these arguments."""
        return self.python("-m", "alignment.cli", "run", *arguments, **environment)

    def page(self, name: str, number: str) -> dict:
        (path,) = (self.folder / "notebooks" / "rendered" / name).glob(f"{number}_*.ipynb")
        return json.loads(path.read_text(encoding="utf-8"))

    def table(self, name: str, table: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / "data" / "processed" / name / f"{table}.csv")

    def faults(self, name: str, folder: str) -> list[str]:
        """What of the tables of an execution is not as the data dictionary says."""
        known = loader.load(name)
        paths = sorted((self.folder / "data" / "processed" / folder).rglob("*.csv*"))
        assert len(paths) > 40
        return [
            told
            for path in paths
            for told in data_dictionary.faults(path, "processed", known.cultures, known.dimensions)
        ]

    def study(self, name: str, **settings) -> str:
        path = self.folder / "studies" / f"{name}.yaml"
        path.write_text(
            yaml.safe_dump({"name": name, **settings}, sort_keys=False), encoding="utf-8"
        )
        return name


def outputs(root: Path, study: str) -> dict[str, bytes]:
    """Everything that an execution wrote, by path."""
    folders = [
        root / "data" / "processed" / study,
        root / "figures" / study,
        root / "notebooks" / "rendered" / study,
    ]
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for f in folders
        for p in sorted(f.rglob("*"))
        if p.is_file()
    }


def prose(page: dict) -> str:
    """What a page says and shows, without its pictures."""
    texts = ["".join(cell["source"]) for cell in page["cells"]]
    for cell in page["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts += [
                "".join(data[k]) for k in ("text/markdown", "text/html", "text/plain") if k in data
            ]
    return "\n".join(texts)
