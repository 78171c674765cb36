"""What a page was made from, and whether it would come out the same today."""

import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

from alignment.runner import notebooks, pages, parameters
from alignment.study.files import write_whole
from alignment.study.paths import REFERENCE, ROOT
from alignment.study.workspace import Workspace

# How the names of raw files begin that no page depends on.
NOT_INPUT = ("replies.", "served.csv", "reasons.csv", "review.", "rehydrated", "responses.csv")
NOT_INPUT += ("README", ".")


@cache
def _digest_code(files: tuple[Path, ...]) -> str:
    return _digest_files(files, notebooks.SRC)


@cache
def _digest_shared() -> str:
    """Return a digest of what every page depends on: the reference tables and the lock."""
    lock = (ROOT / "requirements.lock").read_bytes()
    return pages.digest(_digest_files(_files_below(REFERENCE), REFERENCE), lock)


@cache
def _digest_exports(folder: Path) -> str:
    """Return a digest of somebody's folder of exports, which nothing here changes."""
    return _digest_files(_files_below(folder), folder)


def _digest_files(files, folder: Path) -> str:
    """Return a digest of files by relative path and content."""
    parts = []
    for path in sorted(files):
        parts += [path.relative_to(folder).as_posix(), _digest_file(path, path.stat().st_mtime_ns)]
    return pages.digest(*parts)


@cache
def _digest_file(path: Path, _changed: int) -> str:
    return pages.digest(path.read_bytes())


def _files_below(folder: Path, skip: tuple[str, ...] = (".",)) -> list[Path]:
    files = [folder] if folder.is_file() else folder.rglob("*")
    return [p for p in files if p.is_file() and not p.name.startswith(skip)]


def _raw_inputs(workspace: Workspace, names: frozenset[str]) -> list[Path]:
    """Return the raw files that a notebook names; "" names those that lie in the folder itself."""
    skip = NOT_INPUT
    if workspace.study.respondents != "imported":
        skip += ("answers.csv.gz",)  # made here, a copy of the tables
    files = []
    for folder in dict.fromkeys((workspace.raw, workspace.material)):
        for name in names - {""}:
            files += _files_below(folder / name, skip)
        if "" in names and folder.is_dir():
            files += [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(skip)]
    return files


def digest_inputs(workspace: Workspace, source: Path) -> str:
    """Return a digest of everything that decides a page.

    The notebook's source, the code that it can load with the files beside it, the study, the raw
    files and tables that it reads, who answered, the reference tables, its parameters, the lock.
    Not the rest of the code, the Python build, the platform or the clock.
    """
    declared, study, root = notebooks.read_declaration(source), workspace.study, workspace.root
    tables = [workspace.processed / name for name in declared.tables]
    tables = [file for table in tables if table.exists() for file in _files_below(table)]
    exports = (study.debates.folder, study.debates.votes) if "debates" in declared.raw else ()
    given = parameters.given_to(workspace, source)
    if declared.takes_every_rule:
        given = workspace.parameters | given
    return pages.digest(
        source.read_bytes(),
        _digest_code(tuple(notebooks.code_of(source))),
        _digest_shared(),
        study.model_dump_json(exclude={"cap", "cluster", "parameters"}),
        _digest_files(_raw_inputs(workspace, declared.raw), root / "data"),
        *(_digest_exports(root / folder) for folder in exports if folder),
        json.dumps(given, sort_keys=True),
        replace(workspace, notebook=source.name[:2]).respondents,
        _digest_files(tables, workspace.processed),
    )


def page_of(workspace: Workspace, source: Path) -> Path:
    """Return where the page of a notebook lies."""
    return workspace.rendered / f"{source.stem}.ipynb"


def _outputs(workspace: Workspace, source: Path) -> dict[str, str]:
    """Return what a notebook wrote, as far as it is there: page, tables, figures, with digests."""
    declared = notebooks.read_declaration(source)
    paths = [page_of(workspace, source), *(workspace.processed / n for n in declared.written)]
    for kind in ("png", "pdf"):
        paths += [workspace.figures / f"{name}.{kind}" for name in declared.figures]
    files = sorted(file for path in paths if path.exists() for file in _files_below(path))
    return {f.relative_to(workspace.root).as_posix(): pages.digest(f.read_bytes()) for f in files}


def remember(workspace: Workspace, source: Path, made_from: str, seconds: float) -> None:
    """Note on this machine what a page was made from, what it wrote and how long that took."""
    record = {"inputs": made_from, "outputs": _outputs(workspace, source), "seconds": seconds}
    memory = _memory(workspace) | {source.stem: record}
    write_whole(_memory_file(workspace), json.dumps(memory, indent=1))


def seconds_of(workspace: Workspace) -> dict[str, float]:
    """Return how long each notebook took when it last ran in the study's unchanged execution."""
    memory = _memory(workspace.base)
    return {stem: record["seconds"] for stem, record in memory.items() if record.get("seconds")}


def is_fresh(workspace: Workspace, source: Path, made_from: str) -> bool:
    """Return whether this machine made this page from just these inputs, and it is unchanged."""
    record = _memory(workspace).get(source.stem)
    if not record or record["inputs"] != made_from:
        return False
    return record["outputs"] == _outputs(workspace, source)


def borrow(workspace: Workspace, source: Path, made_from: str) -> bool:
    """Copy what the study's unchanged execution made from just these inputs; say if it had.

    The page then names this execution's folders, as if the notebook had run here.
    """
    base = workspace.base
    if workspace.folder == base.folder or not is_fresh(base, source, made_from):
        return False
    copies = set()
    for name in _outputs(base, source):
        parts = [workspace.folder if part == base.folder else part for part in Path(name).parts]
        target = workspace.root.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(workspace.root / name, target)
        copies.add(target)
    page, own = page_of(workspace, source), f"data/processed/{workspace.folder}/"
    text = page.read_text(encoding="utf-8").replace(f"data/processed/{base.folder}/", own)
    pages.put(pages.sealed(json.loads(text), made_from), page)
    for file in _tables_of(workspace, source):
        if file not in copies:
            file.unlink()
    remember(workspace, source, made_from, 0.0)
    return True


def forget_leftovers(workspace: Workspace, source: Path, since: float) -> None:
    """Remove what an earlier version of a notebook wrote and this one did not."""
    for file in _tables_of(workspace, source):
        if file.stat().st_mtime < since:
            file.unlink()


def _tables_of(workspace: Workspace, source: Path) -> list[Path]:
    """Return the files in an execution's folder of tables that bear a notebook's number."""
    paths = workspace.processed.glob(f"{source.name[:2]}_*")
    return [file for path in paths for file in _files_below(path, ("..",))]


def _memory_file(workspace: Workspace) -> Path:
    return workspace.root / ".cache" / "executions" / f"{workspace.folder}.json"


def _memory(workspace: Workspace) -> dict:
    try:
        return json.loads(_memory_file(workspace).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
