"""A study and the folders that one execution of its notebooks reads and writes."""

import dataclasses
import json
import os
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from alignment.study import brought_tables, dimensions, display, paths, table_files
from alignment.study.loader import load
from alignment.study.schema import Cap, Study
from alignment.study.stamps import combine
from utils.cells import DIMENSIONS
from utils.errors import Problem, nearest

VARIABLE = "STUDY_WORKSPACE"


@dataclass(frozen=True)
class Workspace:
    """A study, the folders that this execution reads and writes, and what it was told to change.

    `folder` names the folders below `root`. `given` are the parameters that differ from the
    notebooks' defaults, `changed` those and the settings that differ from the study's own.
    `recorded`: nothing is asked, answers are those on disk. `progress` is the file through which
    a kernel tells the runner how far asking has come; without one it draws a bar itself.
    `notebook` is the number of the one that runs; without one answers of all notebooks count.
    """

    study: Study
    folder: str
    root: Path = field(default_factory=lambda: paths.ROOT)
    given: dict[str, object] = field(default_factory=dict)
    changed: dict[str, object] = field(default_factory=dict)
    recorded: bool = False
    progress: str = ""
    notebook: str = ""

    @property
    def base(self) -> "Workspace":
        """The same study unchanged, which this execution is compared with."""
        return replace(self, folder=self.study.name, given={}, changed={})

    @property
    def is_changed(self) -> bool:
        return self.folder != self.study.name

    @property
    def is_lab(self) -> bool:
        """Whether it is a run by hand, in JupyterLab: `<study>--lab`."""
        return self.folder.endswith("--lab")

    @property
    def raw(self) -> Path:
        """What cannot be made again: the study's own folder, so that nothing is asked twice."""
        return self.root / "data" / "raw" / self.study.name

    @property
    def material(self) -> Path:
        """Debates, translations and planted labels: its own, or of the study that it names."""
        return self.root / "data" / "raw" / (self.study.material or self.study.name)

    @property
    def processed(self) -> Path:
        return self.root / "data" / "processed" / self.folder

    @property
    def figures(self) -> Path:
        return self.root / "figures" / self.folder

    @property
    def rendered(self) -> Path:
        return self.root / "notebooks" / "rendered" / self.folder

    def shown(self, path: Path) -> str:
        """Return a path as a page may print it: relative to the root, never of this machine."""
        return paths.shown(path, self.root)

    @property
    def judges(self) -> list[str]:
        """The models that label the statements; all of them unless the study names some."""
        return self.study.judges or list(self.study.models)

    @property
    def models(self) -> pd.DataFrame:
        """One row per model: model, culture, language (its native one)."""
        cultures, models = self.study.cultures, self.study.models.items()
        rows = [(name, m.culture, cultures[m.culture].language) for name, m in models]
        return pd.DataFrame(rows, columns=["model", "culture", "language"])

    @property
    def dimensions(self) -> list[str]:
        return list(self.study.dimensions)

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters that the study file or the runner sets, over the notebooks' defaults."""
        return self.study.parameters | self.given

    @property
    def changes(self) -> list[str]:
        """What was changed, as a page shows it: parameters, and settings by their place."""
        lines = []
        for name, value in self.changed.items():
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"{name} = {text}")
        return lines

    def in_order(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows in the study's order: by dimension, model and language; others last."""
        study = self.study
        order = {"dimension": study.dimensions, "model": study.models, "language": study.languages}
        columns = [name for name in order if name in frame]

        def places(column: pd.Series) -> pd.Series:
            return column.map({value: i for i, value in enumerate(order[column.name])})

        return frame.sort_values(columns, key=places, kind="stable", ignore_index=True)

    def describe(self, language: str) -> dict[str, dict]:
        """Return name, definition and poles of every dimension in a language."""
        texts = dimensions.read_dimensions(language)
        own = self.study.dimensions if isinstance(self.study.dimensions, dict) else {}
        texts |= {d: by[language].model_dump() for d, by in own.items() if language in by}
        for dimension in self.dimensions:
            if dimension not in texts:
                hint = nearest(dimension, DIMENSIONS)
                raise Problem(f'The dimension "{dimension}" has no {language} text.{hint}')
        return {d: texts[d] for d in self.dimensions}

    def read(self, name: str) -> pd.DataFrame:
        """Read a table of this execution, as `path_of` finds it."""
        return table_files.read(self.path_of(name))

    def path_of(self, name: str) -> Path:
        """Return a table's path; by hand (`--lab`) the study's own where there is none yet."""
        own, base = self.processed / _file(name), self.base.processed / _file(name)
        return base if self.is_lab and not own.exists() and base.exists() else own

    def write(self, frame: pd.DataFrame, name: str) -> str:
        """Write a table and return its path as a page shows it; from 04 on it says who answered."""
        if name >= "04" and "respondents" not in frame:
            frame = frame.assign(respondents=self.respondents)
        return self.shown(table_files.write(frame, self.processed / _file(name)))

    @property
    def respondents(self) -> str:
        """Who answered and labelled, by the tables themselves, so that nothing can wash it off."""
        numbers = [n for n in paths.ASKING.values() if n <= (self.notebook or n)]
        kinds = {self.study.respondents}
        for number in numbers:
            file = self.path_of(f"{number}_answers.csv.gz")
            if file.exists():
                kinds |= _respondents(file, file.stat().st_mtime_ns)
        if (labels := self.raw / self.study.labels).is_file():
            own = brought_tables.read(labels, ["statement_id"]).frame
            kinds |= set(own.get("respondents", [])) - {""}
        return combine(*kinds)


@lru_cache
def _respondents(answers: Path, _changed: int) -> frozenset[str]:
    column = pd.read_csv(answers, usecols=["respondents"], keep_default_na=False)
    return frozenset(column["respondents"]) - {""}


def _file(name: str) -> str:
    return name if Path(name).suffix else f"{name}.csv"


def pack(workspace: Workspace) -> dict[str, str]:
    """Return the environment variable by which the runner tells its kernels what to work on."""
    fields = {f.name: getattr(workspace, f.name) for f in dataclasses.fields(workspace)}
    fields |= {"study": workspace.study.model_dump(mode="json"), "root": str(workspace.root)}
    return {VARIABLE: json.dumps(fields)}


def unpack(text: str) -> Workspace:
    """Return the workspace that `pack` wrote."""
    fields = json.loads(text)
    study = Study.model_validate(fields["study"])
    return Workspace(**fields | {"study": study, "root": Path(fields["root"])})


def open_study(name: str) -> Workspace:
    """Open a study for a notebook: as the runner says, or by hand, for `<study>--lab`."""
    display.show_on_pages()
    if packed := os.environ.get(VARIABLE):
        workspace = unpack(packed)
        if workspace.study.name == name:
            return workspace
    study = load(name)
    return Workspace(study, f"{study.name}--lab")


def open_own(name: str) -> Workspace:
    """Open a study for a command: it reads and writes the study's own folders."""
    study = load(name)
    return Workspace(study, study.name)


def with_cap(study: Study, usd: float | None) -> Study:
    """Return the study under a cap in US dollars (`--cap`), if given; a cap on calls stays."""
    if usd is None:
        return study
    calls = study.cap.calls if study.cap else None
    return study.model_copy(update={"cap": Cap(usd=usd, calls=calls)})


def folder_of(workspace: Workspace, setting: str, default: Path) -> Path:
    """Return a folder that a study names, relative to the root; Problem if it is not there."""
    path = (workspace.root / setting) if setting else default
    if not path.is_dir():
        raise Problem(f"The folder {workspace.shown(path)}, which the study names, is not there.")
    return path
