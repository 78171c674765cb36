"""A copy of the project in a folder of its own, driven as a user drives it: by the command line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from alignment.runner import parameters
from alignment.study import loader
from alignment.study.paths import ROOT
from table_faults import find_faults

CODE = ("src", "notebooks", "studies", "data/reference")
FILES = ("requirements.lock", "data/raw/README.md", "data/processed/README.md")
NUMBERS = [source.name[:2] for source in parameters.sources()]
FEW = {"relevance_runs": 1, "polarity_runs": 1, "stance_runs": 1, "resamples": 200}
QUICK = [argument for name, value in FEW.items() for argument in ("-p", f"{name}={value}")]
NOT_COPIED = shutil.ignore_patterns(
    "*.sqlite*", "rendered", "answers.csv.gz", "*.lock", ".ipynb_checkpoints", "html"
)  # with what Python compiled, so that it need not compile again


class Project:
    """A folder with the project's code, and with what was made there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def new(cls, folder: Path, *parts: str) -> "Project":
        """Copy the code and the named folders, without anything that was made from them."""
        for part in (*CODE, *parts):
            shutil.copytree(ROOT / part, folder / part, ignore=NOT_COPIED)
        for file in FILES:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)
        return cls(folder)

    def copy(self, folder: Path) -> "Project":
        """Copy the whole folder with all that was made in it."""
        return Project(shutil.copytree(self.folder, folder))

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run Python on this folder's code: ("-m", "alignment.cli", "sheets", ...)."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
        )

    def environment(self, **more: str) -> dict[str, str]:
        """Return variables by which Python finds this folder's code and not the installed one."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("STUDY_", "JUPYTER"))}
        return clean | {"PYTHONPATH": str(self.folder / "src")} | more

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Call ./run_all.sh with these arguments."""
        return self.python("-m", "alignment.cli", "run", *arguments, **environment)

    def write_study(self, name: str, **settings) -> str:
        """Write a study file; return its name."""
        text = yaml.safe_dump({"name": name, **settings}, sort_keys=False)
        (self.folder / "studies" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return name

    def folder_of(self, study: str) -> str:
        """Return the name of the one folder of tables that executions of a study have written."""
        (folder,) = (self.folder / "data" / "processed").glob(f"{study}*")
        return folder.name

    def page(self, name: str, number: str) -> dict:
        (path,) = (self.folder / "notebooks" / "rendered" / name).glob(f"{number}_*.ipynb")
        return json.loads(path.read_text(encoding="utf-8"))

    def table(self, name: str, table: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / "data" / "processed" / name / f"{table}.csv")

    def outputs(self, name: str) -> dict[str, bytes]:
        """Read all that an execution wrote, by path."""
        return outputs(self.folder, name)

    def faults(self, name: str, folder: str) -> list[str]:
        """Return what of the tables of an execution is not as the data dictionary says."""
        study = loader.load(name)
        tables = sorted((self.folder / "data" / "processed" / folder).rglob("*.csv*"))
        assert len(tables) > 40
        faults = []
        for path in tables:
            faults += find_faults(path, "processed", study.cultures, study.dimensions)
        return faults


def outputs(root: Path, name: str) -> dict[str, bytes]:
    """Read all that an execution wrote below a root, by path."""
    parts = ("data/processed", "figures", "notebooks/rendered")
    paths = [path for part in parts for path in sorted((root / part / name).rglob("*"))]
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def prose(page: dict) -> str:
    """Return what a page says and shows, without its pictures."""
    texts = ["".join(cell["source"]) for cell in page["cells"]]
    for cell in page["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            kinds = ("text/markdown", "text/html", "text/plain")
            texts += ["".join(data[kind]) for kind in kinds if kind in data]
    return "\n".join(texts)
